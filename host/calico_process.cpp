#include "host/calico_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "host/processes.h"
#include "host/text.h"

namespace host {
namespace {

bool concerns_networking(std::string_view name) {
  constexpr std::array<std::string_view, 5> kWhole = {"CALICO_NETWORKING_BACKEND", "USE_POD_CIDR", "IP",
                                                      "IP6", "NO_DEFAULT_POOLS"};
  constexpr std::array<std::string_view, 2> kBegins = {"FELIX_", "CALICO_IPV4POOL_"};
  // Felix takes its datastore's password and keys by the same prefix.
  constexpr std::array<std::string_view, 7> kSecret = {"TOKEN", "PASSWORD", "SECRET", "KEY",
                                                       "CERT",  "ETCD",     "CRED"};
  const auto holds = [name](std::string_view word) { return name.find(word) != std::string_view::npos; };
  const auto begins = [name](std::string_view prefix) { return name.starts_with(prefix); };
  return (std::find(kWhole.begin(), kWhole.end(), name) != kWhole.end() ||
          std::any_of(kBegins.begin(), kBegins.end(), begins)) &&
         std::none_of(kSecret.begin(), kSecret.end(), holds);
}

}  // namespace

std::map<std::string, std::string> parse_environment(std::string_view text) {
  std::map<std::string, std::string> found;
  while (!text.empty()) {
    const auto end = text.find('\0');
    const auto entry = text.substr(0, end);
    const auto sign = entry.find('=');
    if (sign != std::string_view::npos && concerns_networking(entry.substr(0, sign)))
      found.emplace(entry.substr(0, sign), entry.substr(sign + 1));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return found;
}

net::Result<std::map<std::string, std::string>> calico_environment(const std::filesystem::path& root) {
  const auto process = find_process(root, {"calico-felix", "calico-node"});
  if (!process) return net::failure(ESRCH, "neither calico-felix nor calico-node runs here");
  const auto text = read_text(root / "proc" / std::to_string(*process) / "environ");
  if (!text) return net::pass_on(text);
  return parse_environment(*text);
}

}  // namespace host
