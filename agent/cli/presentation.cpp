#include "agent/cli/presentation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "agent/cli/terminal.h"
#include "checks/check_table.h"

namespace agent {

namespace {

bool colour_wanted() {
  static const bool kWanted = [] {
    const char* refused = std::getenv("NO_COLOR");
    return can_redraw() && (refused == nullptr || *refused == '\0');
  }();
  return kWanted;
}

std::string in_colour(std::string_view text, int code) {
  return colour_wanted() ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

}  // namespace

std::string coloured(std::string_view text, checks::CheckStatus status) {
  switch (status) {
    case checks::CheckStatus::pass:
      return in_colour(text, 32);
    case checks::CheckStatus::fail:
      return in_colour(text, 31);
    case checks::CheckStatus::unknown:
      return in_colour(text, 33);
    case checks::CheckStatus::skip:
      break;
  }
  return in_colour(text, 2);
}

std::string bold(std::string_view text) { return in_colour(text, 1); }

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
