#include "host/packet_filters.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "host/program.h"
#include "host/text.h"

namespace host {
namespace {

/// Where distributions install it; empty: nowhere.
std::string found(const std::string& program) {
  for (const auto* folder : {"/usr/sbin/", "/sbin/", "/usr/bin/"}) {
    auto path = folder + program;
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return "";
}

/// The chain that a rule of FORWARD hands its packets to: the word after -j or -g, unless it is a verdict.
std::string jump_of(const std::vector<std::string>& words) {
  for (std::size_t i = 2; i + 1 < words.size(); ++i) {
    if (words[i] != "-j" && words[i] != "-g") continue;
    const auto& target = words[i + 1];
    const bool verdict = target == "ACCEPT" || target == "DROP" || target == "REJECT" || target == "RETURN";
    return verdict ? "" : target;
  }
  return "";
}

}  // namespace

net::PacketFilter parse_iptables_save(std::string backend, std::string_view text) {
  net::PacketFilter filter;
  filter.backend = std::move(backend);
  std::string table;
  for (const auto line : lines(text)) {
    if (line.starts_with('*')) table = line.substr(1);
    const auto words = parts(line, " ");
    if (words.size() < 2) continue;
    if (words[0] == "-A") ++filter.rules;
    if (table != "filter") continue;
    if (words[0] == ":FORWARD") filter.forward_policy = words[1];
    if (words[0] != "-A" || words[1] != "FORWARD") continue;
    if (auto jump = jump_of(words); !jump.empty()) filter.forward_jumps.push_back(std::move(jump));
    if (words == std::vector<std::string>{"-A", "FORWARD", "-j", "ACCEPT"}) filter.forward_accepts_all = true;
  }
  return filter;
}

net::Result<std::vector<net::PacketFilter>> packet_filters(std::chrono::steady_clock::time_point finish_by) {
  std::vector<net::PacketFilter> filters;
  // Without naming a table, iptables-legacy-save shows those that are loaded and loads none.
  for (const std::string backend : {"nft", "legacy"}) {
    const auto program = found("iptables-" + backend + "-save");
    if (program.empty()) continue;
    const auto text = run_program({program}, finish_by);
    if (!text) return net::pass_on(text);
    filters.push_back(parse_iptables_save(backend, *text));
  }
  return filters;
}

}  // namespace host
