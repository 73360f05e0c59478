#include "agent/cli/repairs.h"

#include <algorithm>
#include <array>

namespace agent {

std::string_view group_of(std::string_view check_id) {
  const auto subject = check_id.substr(0, check_id.find('.'));
  if (subject == "azure" || subject == "imds") return "Azure";
  if (subject == "kubernetes") return "Kubernetes";
  constexpr std::array<std::string_view, 7> kNetworking = {"cni",     "pods",      "calico", "flannel",
                                                           "overlay", "azure_cni", "mode"};
  if (std::find(kNetworking.begin(), kNetworking.end(), subject) != kNetworking.end()) return "CNI";
  return "kernel";
}

std::vector<std::string> repairs(std::span<const checks::CheckResult> checks) {
  std::vector<const checks::CheckResult*> failed;
  for (const auto& check : checks) {
    if (check.status == checks::CheckStatus::fail && !check.remedy.empty()) failed.push_back(&check);
  }
  std::stable_sort(failed.begin(), failed.end(),
                   [](const checks::CheckResult* one, const checks::CheckResult* other) {
                     if (one->gate != other->gate) return one->gate;
                     return (group_of(one->id) != "kernel") && (group_of(other->id) == "kernel");
                   });
  std::vector<std::string> commands;
  for (const auto* check : failed) {
    if (std::find(commands.begin(), commands.end(), check->remedy) == commands.end())
      commands.push_back(check->remedy);
  }
  return commands;
}

}  // namespace agent
