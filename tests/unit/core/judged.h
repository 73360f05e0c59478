#pragma once

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "checks/check_table.h"

namespace agent::testing {

/// The checks that fail.
inline std::vector<checks::CheckResult> failures(const checks::Facts& facts) {
  auto results = checks::assess(facts, {}, facts.wall);
  std::erase_if(results, [](const auto& each) { return each.status != checks::CheckStatus::fail; });
  return results;
}

/// What the check of that id says.
inline checks::CheckResult result(const checks::Facts& facts, std::string_view id) {
  const auto results = checks::assess(facts, {}, facts.wall);
  const auto found =
      std::find_if(results.begin(), results.end(), [id](const auto& each) { return each.id == id; });
  if (found == results.end()) throw std::out_of_range("no such check");
  return *found;
}

}  // namespace agent::testing
