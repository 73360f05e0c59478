#include "agent/cli/repairs.h"

#include <algorithm>

#include "checks/check_table.h"

namespace agent {

namespace {

bool is_of_kernel(const checks::CheckResult* check) {
  return checks::check_named(check->id).group == checks::Group::kernel;
}

}  // namespace

std::vector<std::string> repairs(std::span<const checks::CheckResult> checks) {
  std::vector<const checks::CheckResult*> failed;
  for (const auto& check : checks) {
    if (check.status == checks::CheckStatus::fail && !check.remedy.empty()) failed.push_back(&check);
  }
  std::stable_sort(failed.begin(), failed.end(),
                   [](const checks::CheckResult* one, const checks::CheckResult* other) {
                     if (one->gate != other->gate) return one->gate;
                     return !is_of_kernel(one) && is_of_kernel(other);
                   });
  std::vector<std::string> commands;
  for (const auto* check : failed) {
    if (std::find(commands.begin(), commands.end(), check->remedy) == commands.end())
      commands.push_back(check->remedy);
  }
  return commands;
}

}  // namespace agent
