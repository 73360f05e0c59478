#include "core/meters.h"

namespace core {

std::string_view remover_of(std::string_view process) {
  // As /proc/PID/comm has it: 15 characters.
  constexpr auto kKnown = std::to_array<std::string_view>(
      {"NetworkManager", "systemd-network", "dhclient", "dhcpcd", "ip", "bird", "zebra", "calico-node",
       "calico-felix", "flanneld", "kube-router", "cilium-agent", "azure-vnet", "waagent"});
  if (process.empty()) return "";
  const auto found = std::find(kKnown.begin(), kKnown.end(), process);
  return found == kKnown.end() ? "other" : *found;
}

}  // namespace core
