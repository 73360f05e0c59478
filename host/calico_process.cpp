#include "host/calico_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "host/processes.h"
#include "host/text.h"

namespace host {
namespace {

bool concerns_networking(std::string_view name) {
  constexpr std::array<std::string_view, 6> kWhole = {
      "CALICO_NETWORKING_BACKEND", "CLUSTER_TYPE", "USE_POD_CIDR", "IP", "IP6", "NO_DEFAULT_POOLS"};
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

/// Felix takes its settings' names in any case (felix/config/env_var_loader.go).
std::string in_capitals(std::string_view name) {
  std::string text(name);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

}  // namespace

std::map<std::string, std::string> parse_environment(std::string_view text) {
  std::map<std::string, std::string> found;
  while (!text.empty()) {
    const auto end = text.find('\0');
    const auto entry = text.substr(0, end);
    const auto sign = std::min(entry.find('='), entry.size());
    auto name = in_capitals(entry.substr(0, sign));
    if (sign < entry.size() && concerns_networking(name))
      found.emplace(std::move(name), entry.substr(sign + 1));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return found;
}

net::Result<std::map<std::string, std::string>> calico_environment(const std::filesystem::path& root) {
  // felix/run in node/filesystem/etc/service/available of https://github.com/projectcalico/calico, by
  // release: calico-felix; `calico-node -felix` up to 3.32; `calico component felix` from 3.33 on.
  const std::array<ProcessPattern, 3> felix = {ProcessPattern{.name = "calico-felix"},
                                               {.name = "calico-node", .arguments = {"-felix"}},
                                               {.name = "calico", .arguments = {"component", "felix"}}};
  const auto process = running(root, felix);
  if (!process) return net::pass_on(process);
  const auto text = read_text(root / "proc" / std::to_string(*process) / "environ");
  if (!text) return net::pass_on(text);
  return parse_environment(*text);
}

std::string calico_namespace(const std::filesystem::path& root) {
  // legacySymlink() in kubelet's pkg/kubelet/kuberuntime/legacy.go; no name holds a '_'.
  std::error_code error;
  std::string found;
  for (std::filesystem::directory_iterator entry(root / "var/log/containers", error), end;
       !error && entry != end; entry.increment(error)) {
    const auto name = parts(entry->path().filename().string(), "_");
    // Where a pod of another installation has left its own, the first by name: each look says the same.
    if (name.size() == 3 && name.at(2).starts_with("calico-node-") && (found.empty() || name.at(1) < found))
      found = name.at(1);
  }
  return found;
}

net::Result<bool> bird_runs(const std::filesystem::path& root) {
  const std::array<ProcessPattern, 2> bird = {ProcessPattern{.name = "bird"}, {.name = "bird6"}};
  const auto process = running(root, bird);
  if (process) return true;
  if (process.error().code.value() == ESRCH) return false;
  return net::pass_on(process);
}

}  // namespace host
