#include "agent/cli/check_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/cli/presentation.h"

namespace agent {
namespace {

using checks::CheckResult;
using checks::CheckStatus;

/// What belongs to a check stands below its id.
constexpr std::string_view kBelow = "           ";

std::string line_of(const CheckResult& check) {
  return fmt::format("  {}  {:<25}{}\n",
                     coloured(fmt::format("{:<7}", checks::status_name(check.status)), check.status),
                     check.id, check.message);
}

std::vector<const CheckResult*> those(std::span<const CheckResult> checks, CheckStatus status) {
  std::vector<const CheckResult*> found;
  for (const auto& check : checks) {
    if (check.status == status) found.push_back(&check);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const CheckResult* one, const CheckResult* other) { return one->gate > other->gate; });
  return found;
}

std::string counts_of(std::span<const CheckResult> checks, CheckStatus status) {
  std::vector<std::pair<std::string_view, int>> groups;
  for (const auto& check : checks) {
    if (check.status != status) continue;
    const auto group = std::string_view(check.id).substr(0, check.id.find('.'));
    auto at =
        std::find_if(groups.begin(), groups.end(), [&](const auto& each) { return each.first == group; });
    if (at == groups.end()) at = groups.insert(groups.end(), {group, 0});
    ++at->second;
  }
  std::string text;
  for (const auto& group : groups)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", group.first, group.second);
  if (text.empty()) return "";
  return fmt::format("  {}  {}\n", coloured(fmt::format("{:<7}", checks::status_name(status)), status), text);
}

}  // namespace

std::string open_checks(std::span<const CheckResult> checks) {
  std::string text;
  for (const auto* check : those(checks, CheckStatus::fail)) {
    text += line_of(*check);
    text += fmt::format("{0}why: {1}\n{0}fix: {2}\n", kBelow, check->why, check->remedy);
  }
  std::vector<std::string_view> said;
  const auto unknown = those(checks, CheckStatus::unknown);
  for (const auto* check : unknown) {
    if (std::find(said.begin(), said.end(), check->message) != said.end()) continue;
    said.push_back(check->message);
    text += line_of(*check);
    std::string also;
    for (const auto* other : unknown) {
      if (other != check && other->message == check->message) also += (also.empty() ? "" : ", ") + other->id;
    }
    if (!also.empty()) text += fmt::format("{}same reason: {}\n", kBelow, also);
  }
  return text;
}

std::string settled_checks(std::span<const CheckResult> checks, bool all) {
  std::string text;
  for (const auto status : {CheckStatus::pass, CheckStatus::skip}) {
    if (!all) {
      text += counts_of(checks, status);
      continue;
    }
    for (const auto& check : checks) {
      if (check.status == status) text += line_of(check);
    }
  }
  return text;
}

}  // namespace agent
