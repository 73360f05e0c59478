#include "agent/http/readyz.h"

#include <algorithm>

#include "checks/check_table.h"
#include "net/foreign_text.h"

namespace agent::http {
namespace {

enum class Scope { gates, all };

bool contains(const std::vector<std::string>& ids, std::string_view id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::string line_of(const checks::CheckResult& check, bool excluded) {
  constexpr std::size_t kLongestMessage = 4096;
  const auto& id = check.id;
  const auto with_message = [&check](std::string line) {
    if (!check.message.empty()) line += ": " + net::foreign_text(check.message, kLongestMessage);
    return line + '\n';
  };
  if (excluded) return "[+]" + id + " excluded: ok\n";
  switch (check.status) {
    case checks::CheckStatus::pass:
      return "[+]" + id + " ok\n";
    case checks::CheckStatus::unknown:
      return with_message("[+]" + id + " unknown");
    case checks::CheckStatus::skip:
      return with_message("[+]" + id + " skipped");
    case checks::CheckStatus::fail:
      break;
  }
  return with_message("[-]" + id + " failed");
}

Health health(std::string_view endpoint, Scope scope, const core::Snapshot& snapshot,
              const HealthQuery& query) {
  std::string lines;
  bool failed = false;
  bool gate_fails = false;
  if (query.loop_silent_for) {
    failed = true;
    lines += main_loop_failed(*query.loop_silent_for);
  }
  for (const auto& check : snapshot.checks) {
    if (scope == Scope::gates && !check.gate) continue;
    const bool excluded = contains(query.exclude, check.id);
    gate_fails = gate_fails || check.holds();
    failed = failed || (check.status == checks::CheckStatus::fail && !excluded);
    lines += line_of(check, excluded);
  }
  if (!snapshot.ready && !gate_fails) {
    failed = true;
    lines += "[-]agent.settled failed: what this node needs is not yet confirmed in the kernel\n";
  }
  if (!failed && !query.verbose) return {true, "ok"};
  lines.append(endpoint).append(failed ? " check failed\n" : " check passed\n");
  return {!failed, std::move(lines)};
}

}  // namespace

std::string main_loop_failed(std::chrono::seconds silence) {
  return "[-]main_loop failed: it has not turned for " + std::to_string(silence.count()) + " s\n";
}

Health readyz(const core::Snapshot& snapshot, const HealthQuery& query) {
  return health("readyz", Scope::gates, snapshot, query);
}

Health healthz(const core::Snapshot& snapshot, const HealthQuery& query) {
  return health("healthz", Scope::all, snapshot, query);
}

std::vector<std::string> unknown_checks(const core::Snapshot& snapshot, const std::vector<std::string>& ids) {
  std::vector<std::string> unknown;
  for (const auto& id : ids) {
    const auto known = checks::check_ids();
    const bool is_known = std::find(known.begin(), known.end(), id) != known.end() ||
                          std::any_of(snapshot.checks.begin(), snapshot.checks.end(),
                                      [&id](const checks::CheckResult& check) { return check.id == id; });
    if (!is_known) unknown.push_back(id);
  }
  return unknown;
}

}  // namespace agent::http
