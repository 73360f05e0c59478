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
    events.push_back({.kind = EventKind::check_failed,
                      .level = after.gate ? LogLevel::error : LogLevel::warn,
                      .message = fmt::format("{} failed: {}: {} | to mend: {}", after.id, after.message,
                                             after.why, after.remedy),
                      .fields = {{"CHECK", after.id}, {"REMEDY", after.remedy}}});
  } else if (was == CheckStatus::fail && after.status != CheckStatus::fail) {
    const bool passes = after.status == CheckStatus::pass;
    events.push_back({.kind = passes ? EventKind::check_passes : EventKind::check_unknown,
                      .message = fmt::format("{} {}: {}", after.id,
                                             passes ? "passes again" : "no longer fails", after.message),
                      .fields = {{"CHECK", after.id}}});
  }
}

/// Azure and the API server are optional: that one cannot be asked, or why no longer, is said in one line.
void compare_source(const CheckResult* before, const CheckResult& after, std::vector<Event>& events) {
  if (after.id != "azure.ip_forwarding" && after.id != "kubernetes.node_cidr") return;
  if (before == nullptr || after.status != CheckStatus::unknown || after.message == before->message) return;
  events.push_back({.kind = EventKind::check_unknown,
                    .message = fmt::format("{} is unknown: {}", after.id, after.message),
                    .fields = {{"CHECK", after.id}}});
}

void compare_imds(const Snapshot& before, const Snapshot& after, std::vector<Event>& events) {
  if (after.imds.source != before.imds.source && after.imds.source != ImdsSource::none) {
    const bool live = after.imds.source == ImdsSource::live;
    events.push_back(
        {.kind = live ? EventKind::imds_answers : EventKind::imds_silent,
         .message = live ? fmt::format("IMDS answers (api-version {})", after.imds.api_version)
                         : std::string("IMDS has not answered yet: using the document kept from before")});
  }
  // Before there is a document imds.reachable says it, as an error.
  if (after.imds.last_error != before.imds.last_error && !after.imds.last_error.empty() &&
      after.imds.source != ImdsSource::none) {
    events.push_back({.kind = EventKind::imds_silent,
                      .level = LogLevel::warn,
                      .message = after.imds.last_error,
                      .fields = {{"CHECK", "imds.reachable"}}});
  }
}

void compare_nic(const Snapshot& before, const Snapshot& after, std::vector<Event>& events) {
  if (after.nic.name.empty()) return;
  if (after.nic.name == before.nic.name && after.nic.index == before.nic.index) return;
  events.push_back({.kind = EventKind::nic_chosen,
                    .message = fmt::format("pod traffic goes by {} (index {}, {}, MTU {})", after.nic.name,
                                           after.nic.index, after.nic.mac, after.nic.mtu),
                    .fields = {{"NIC", after.nic.name}}});
}

/// On a node at work: what runs at the start is in its first line.
void compare_mode(const Snapshot& before, const Snapshot& after, std::vector<Event>& events) {
  if (before.version.empty() || after.mode == before.mode) return;
  events.push_back({.kind = EventKind::mode_changed,
                    .level = LogLevel::warn,
                    .message = fmt::format("mode {} is in force, no longer {}: {}", mode_name(after.mode),
                                           mode_name(before.mode), after.mode_reason),
                    .fields = {{"MODE", std::string(mode_name(after.mode))}}});
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
  compare_imds(before, after, events);
  compare_nic(before, after, events);
  compare_mode(before, after, events);
  for (const auto& check : after.checks) {
    if (too_early(check.id, after)) continue;
    const auto* last = too_early(check.id, before) ? nullptr : find(before.checks, check.id);
    compare_check(last, check, events);
    compare_source(last, check, events);
  }
  if (after.ready && !before.ready) {
    events.push_back({.kind = EventKind::ready, .message = "ready"});
  } else if (before.ready && !after.ready) {
    events.push_back({.kind = EventKind::not_ready,
                      .level = LogLevel::error,
                      .message = fmt::format("not ready any more: {}", failing_gates(after)),
                      .fields = {{"CHECK", failing_gates(after)}}});
  }
  return events;
}

}  // namespace agent
