#include "checks/check_table.h"

#include <algorithm>
#include <stdexcept>

#include "net/foreign_text.h"

namespace checks {
namespace {

// A message is one line whatever names are in it: nothing that others have named gets past here unsanitized.
constexpr std::size_t kLongestSentence = 2000;

Finding judge(const Check& check, const Facts& facts) {
  auto finding = check.look(facts);
  if (finding.why.empty()) finding.why = check.why;
  if (finding.status != CheckStatus::fail) return finding;
  if (check.once_installed && facts.network_is_new) {
    finding.status = CheckStatus::unknown;
    finding.fails_if_required = true;
    finding.message += "; its installer may still be at work, the CNI configuration is about a minute old";
    return finding;
  }
  if (!check.once_mode_is_known || !facts.mode_is_a_guess) return finding;
  finding.status = CheckStatus::unknown;
  finding.fails_if_required = true;
  finding.message += "; whether it matters is not known yet: nothing on this node shows how pods are routed";
  return finding;
}

}  // namespace

std::span<const Check> check_table() {
  static const auto kTable = [] {
    auto rows = rows_of_all_files();
    std::sort(rows.begin(), rows.end(), [](const Check& a, const Check& b) { return a.order < b.order; });
    return rows;
  }();
  return kTable;
}

const Check& check_named(std::string_view id) {
  static constexpr Check kNone;
  const auto table = check_table();
  const auto found =
      std::find_if(table.begin(), table.end(), [id](const Check& each) { return each.id == id; });
  return found == table.end() ? kNone : *found;
}

const Check& check_about(Subject subject) {
  for (const auto& check : check_table()) {
    if (check.subject == subject) return check;
  }
  throw std::logic_error("no check is about this");
}

std::vector<CheckResult> assess(const Facts& facts, std::span<const CheckResult> before, net::WallTime now) {
  std::vector<CheckResult> results;
  results.reserve(check_table().size());
  const auto& policy = facts.policy;
  for (const auto& check : check_table()) {
    auto finding = judge(check, facts);
    const bool required =
        std::find(policy.require.begin(), policy.require.end(), check.id) != policy.require.end();
    const bool gates =
        may_hold(policy, check.id) && (required || (applies(check.gate, policy) && !finding.advisory));
    const auto last = std::find_if(before.begin(), before.end(),
                                   [&check](const CheckResult& result) { return result.id == check.id; });
    if (required && finding.fails_if_required) finding.status = CheckStatus::fail;
    const bool fails = finding.status == CheckStatus::fail;
    const bool unchanged = last != before.end() && last->status == finding.status;
    results.push_back({.id = std::string(check.id),
                       .status = finding.status,
                       .gate = gates,
                       .needs_kubelet = applies(check.needs_kubelet, policy),
                       .message = net::foreign_text(finding.message, kLongestSentence),
                       .why = fails ? net::foreign_text(finding.why, kLongestSentence) : "",
                       .remedy = fails ? finding.remedy.text() : "",
                       .since = unchanged ? last->since : now});
  }
  return results;
}

bool nothing_fails(std::span<const CheckResult> checks) {
  return std::none_of(checks.begin(), checks.end(),
                      [](const CheckResult& check) { return check.status == CheckStatus::fail; });
}

bool is_ready(std::span<const CheckResult> checks) {
  return std::none_of(checks.begin(), checks.end(), [](const CheckResult& check) { return check.holds(); });
}

bool is_ready_for_kubelet(std::span<const CheckResult> checks) {
  return std::none_of(checks.begin(), checks.end(),
                      [](const CheckResult& check) { return check.holds() && !check.needs_kubelet; });
}

}  // namespace checks
