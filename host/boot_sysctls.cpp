#include "host/boot_sysctls.h"

#include <algorithm>
#include <array>
#include <utility>

#include "host/drop_ins.h"
#include "host/text.h"
#include "net/sysctls.h"

namespace host {
namespace {

/// Dots and slashes change places where the first separator is a dot (sysctl.d(5)).
std::string path_of(std::string_view key) {
  const auto first = key.find_first_of("./");
  return first != std::string_view::npos && key[first] == '.' ? net::sysctl_name(key) : std::string(key);
}

bool is_pattern(const std::string& key) { return key.find_first_of("*?[") != std::string::npos; }

}  // namespace

std::vector<SysctlLine> parse_sysctls(std::string_view text) {
  std::vector<SysctlLine> found;
  for (const auto each : lines(text)) {
    auto line = trimmed(each);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    const bool dashed = line.front() == '-';  // before an assignment: a failure to set it would be ignored
    if (dashed) line = trimmed(line.substr(1));
    const auto sign = line.find('=');
    if (sign != std::string_view::npos) {
      found.push_back({.key = path_of(trimmed(line.substr(0, sign))),
                       .value = std::string(trimmed(line.substr(sign + 1)))});
    } else if (dashed) {
      found.push_back({.key = path_of(line), .value = std::nullopt});
    }
  }
  return found;
}

net::Result<std::vector<observed::BootSysctl>> boot_sysctls(const std::filesystem::path& root,
                                                            std::span<const std::string> keys) {
  struct Found {
    SysctlLine line;
    std::string file;
  };
  std::vector<Found> exact;
  std::vector<Found> by_pattern;
  // Nothing of /run is there after a reboot.
  const std::array folders = {root / "etc/sysctl.d", root / "usr/local/lib/sysctl.d",
                              root / "usr/lib/sysctl.d"};
  for (const auto& file : drop_ins(folders, ".conf")) {
    const auto text = read_text(file);
    if (!text) return net::pass_on(text);
    for (auto& line : parse_sysctls(*text)) {
      auto& into = is_pattern(line.key) ? by_pattern : exact;
      into.push_back({.line = std::move(line), .file = file.string()});
    }
  }
  std::vector<observed::BootSysctl> found;
  for (const auto& key : keys) {
    auto last = std::find_if(exact.rbegin(), exact.rend(),
                             [&key](const Found& each) { return each.line.key == key; });
    if (last == exact.rend()) {
      last = std::find_if(by_pattern.rbegin(), by_pattern.rend(),
                          [&key](const Found& each) { return matches(each.line.key, key); });
      if (last == by_pattern.rend()) continue;
    }
    if (last->line.value) found.push_back({.key = key, .value = *last->line.value, .file = last->file});
  }
  return found;
}

}  // namespace host
