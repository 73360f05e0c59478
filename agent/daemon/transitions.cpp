#include "agent/daemon/transitions.h"

#include <fmt/format.h>

#include <algorithm>

namespace agent {
namespace {

const CheckResult* find(const std::vector<CheckResult>& checks, const std::string& id) {
  const auto found =
      std::find_if(checks.begin(), checks.end(), [&id](const auto& check) { return check.id == id; });
  return found == checks.end() ? nullptr : &*found;
}

/// Before the first attempt has ended there is nothing to say about IMDS.
bool too_early(const std::string& id, const Snapshot& snapshot) {
  return id == "imds.reachable" && snapshot.imds.source == ImdsSource::none &&
         snapshot.imds.last_error.empty();
}

void compare_check(const CheckResult* before, const CheckResult& after, std::vector<Event>& events) {
  const auto was = before == nullptr ? CheckStatus::unknown : before->status;
  if (after.status == CheckStatus::fail && (was != CheckStatus::fail || before->message != after.message)) {
    events.push_back({.level = after.gate ? LogLevel::error : LogLevel::warn,
                      .message = fmt::format("{} failed: {}: {} | to mend: {}", after.id, after.message,
                                             after.why, after.remedy),
                      .check = after.id});
  } else if (was == CheckStatus::fail && after.status != CheckStatus::fail) {
    events.push_back(
        {.level = LogLevel::info,
         .message = fmt::format("{} {}: {}", after.id,
                                after.status == CheckStatus::pass ? "passes again" : "no longer fails",
                                after.message),
         .check = after.id});
  }
}

/// Azure and the API server are optional: that one cannot be asked, or why no longer, is said in one line.
void compare_source(const CheckResult* before, const CheckResult& after, std::vector<Event>& events) {
  if (after.id != "azure.ip_forwarding" && after.id != "kubernetes.node_cidr") return;
  if (before == nullptr || after.status != CheckStatus::unknown || after.message == before->message) return;
  events.push_back({.level = LogLevel::info,
                    .message = fmt::format("{} is unknown: {}", after.id, after.message),
                    .check = after.id});
}

std::string failing_gates(const Snapshot& snapshot) {
  std::string gates;
  for (const auto& check : snapshot.checks) {
    if (check.holds()) gates += fmt::format("{}{}", gates.empty() ? "" : ", ", check.id);
  }
  return gates;
}

}  // namespace

std::vector<Event> transitions(const Snapshot& before, const Snapshot& after) {
  std::vector<Event> events;
  if (after.imds.source != before.imds.source && after.imds.source != ImdsSource::none) {
    events.push_back(
        {.level = LogLevel::info,
         .message = after.imds.source == ImdsSource::live
                        ? fmt::format("IMDS answers (api-version {})", after.imds.api_version)
                        : std::string("IMDS has not answered yet: using the document kept from before"),
         .check = ""});
  }
  if (after.imds.last_error != before.imds.last_error && !after.imds.last_error.empty()) {
    // Before there is a document imds.reachable says it, as an error.
    if (after.imds.source != ImdsSource::none) {
      events.push_back(
          {.level = LogLevel::warn, .message = after.imds.last_error, .check = "imds.reachable"});
    }
  }
  if ((after.nic.name != before.nic.name || after.nic.index != before.nic.index) && !after.nic.name.empty()) {
    events.push_back({.level = LogLevel::info,
                      .message = fmt::format("pod traffic goes by {} (index {}, {}, MTU {})", after.nic.name,
                                             after.nic.index, after.nic.mac, after.nic.mtu),
                      .check = ""});
  }
  for (const auto& check : after.checks) {
    if (too_early(check.id, after)) continue;
    const auto* last = too_early(check.id, before) ? nullptr : find(before.checks, check.id);
    compare_check(last, check, events);
    compare_source(last, check, events);
  }
  if (after.ready != before.ready) {
    events.push_back({.level = after.ready ? LogLevel::info : LogLevel::error,
                      .message = after.ready ? std::string("ready")
                                             : fmt::format("not ready any more: {}", failing_gates(after)),
                      .check = ""});
  }
  return events;
}

}  // namespace agent
