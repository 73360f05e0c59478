#include "core/transitions.h"

#include <fmt/format.h>

#include <algorithm>

#include "checks/check_table.h"

namespace core {
namespace {

const checks::CheckResult* find(const std::vector<checks::CheckResult>& checks, const std::string& id) {
  const auto found =
      std::find_if(checks.begin(), checks.end(), [&id](const auto& check) { return check.id == id; });
  return found == checks.end() ? nullptr : &*found;
}

/// Before the first attempt has ended there is nothing to log about IMDS.
bool too_early(const std::string& id, const Snapshot& snapshot) {
  return checks::check_named(id).subject == checks::Subject::imds &&
         snapshot.imds.source == node::ImdsSource::none && snapshot.imds.last_error.empty();
}

bool is_number(std::string_view word) {
  return word.find_first_of("0123456789") != word.npos &&
         word.find_first_not_of("0123456789%,;:()") == word.npos;
}

/// The message without the words that are numbers: counts and ages go on while the cause is the same.
std::string without_numbers(std::string_view message) {
  std::string rest;
  while (!message.empty()) {
    const auto word = message.substr(0, message.find(' '));
    if (!is_number(word)) rest.append(word).push_back(' ');
    message.remove_prefix(std::min(word.size() + 1, message.size()));
  }
  return rest;
}

bool is_news(const checks::CheckResult* before, const checks::CheckResult& after) {
  return before == nullptr || before->status != after.status || before->gate != after.gate ||
         before->remedy != after.remedy || without_numbers(before->message) != without_numbers(after.message);
}

/// The route that a failed check is about, if it is about one.
std::optional<routing::RouteStatus> culprit(checks::Subject subject, const Snapshot& snapshot) {
  if (subject == checks::Subject::shadowed_route) return snapshot.routes.first(routing::RouteState::shadowed);
  if (subject != checks::Subject::routes) return std::nullopt;
  const auto failed = snapshot.routes.first(routing::RouteState::failed);
  return failed ? failed : snapshot.routes.first(routing::RouteState::pending);
}

std::vector<LogField> fields_of(const checks::CheckResult& check, const Snapshot& snapshot) {
  std::vector<LogField> fields = {{"CHECK", check.id}};
  const auto subject = checks::check_named(check.id).subject;
  if (subject == checks::Subject::nic && !snapshot.nic.name.empty())
    fields.push_back({"NIC", snapshot.nic.name});
  if (check.status != checks::CheckStatus::fail) return fields;
  fields.push_back({"REMEDY", check.remedy});
  if (const auto status = culprit(subject, snapshot))
    fields.push_back({"ROUTE", status->route.key.destination.text()});
  return fields;
}

LogEvent failed(const checks::CheckResult& check, const Snapshot& snapshot) {
  return {
      .kind = EventKind::check_failed,
      .level = check.gate ? LogLevel::error : LogLevel::warn,
      .message = fmt::format("{} failed: {}: {} | fix: {}", check.id, check.message, check.why, check.remedy),
      .fields = fields_of(check, snapshot)};
}

void compare_check(const checks::CheckResult* before, const checks::CheckResult& after,
                   const Snapshot& snapshot, Phase phase, std::vector<LogEvent>& events) {
  if (phase == Phase::starting && !after.gate) return;
  const bool fails = after.status == checks::CheckStatus::fail;
  if (fails && phase == Phase::starting && is_news(before, after)) {
    events.push_back({.kind = EventKind::waiting,
                      .message = fmt::format("waiting for {}: {}", after.id, after.message),
                      .fields = fields_of(after, snapshot)});
  } else if (fails && (phase == Phase::started || is_news(before, after))) {
    events.push_back(failed(after, snapshot));
  } else if (!fails && before != nullptr && before->status == checks::CheckStatus::fail) {
    const bool passes = after.status == checks::CheckStatus::pass;
    const auto* verb = !passes ? "no longer fails" : phase == Phase::running ? "passes again" : "passes";
    events.push_back({.kind = passes ? EventKind::check_passes : EventKind::check_unknown,
                      .message = fmt::format("{} {}: {}", after.id, verb, after.message),
                      .fields = fields_of(after, snapshot)});
  }
}

/// Azure and the API server are optional: why one of them cannot be queried is one line.
void compare_source(const checks::CheckResult* before, const checks::CheckResult& after,
                    std::vector<LogEvent>& events) {
  if (!checks::check_named(after.id).reports_source) return;
  if (before == nullptr || after.status != checks::CheckStatus::unknown || !is_news(before, after)) return;
  events.push_back({.kind = EventKind::check_unknown,
                    .message = fmt::format("{} is unknown: {}", after.id, after.message),
                    .fields = {{"CHECK", after.id}}});
}

/// IMDS misses a request now and then; its check warns when it has not answered for long.
void compare_imds(const node::ImdsStatus& before, const node::ImdsStatus& after,
                  std::vector<LogEvent>& events) {
  if (after.source == node::ImdsSource::none) return;  // its check reports that
  const std::string check_id(checks::check_about(checks::Subject::imds).id);
  const bool found = after.source != before.source;
  if (after.source == node::ImdsSource::cache && found) {
    events.push_back({.kind = EventKind::document_recalled,
                      .message = "IMDS has not answered yet: using the document kept from before"});
  } else if (found || (after.last_error.empty() && !before.last_error.empty())) {
    events.push_back(
        {.kind = EventKind::imds_answers,
         .message = fmt::format("IMDS answers{} (api-version {})", found ? "" : " again", after.api_version),
         .fields = {{"CHECK", check_id}}});
  }
  if (after.last_error != before.last_error && !after.last_error.empty()) {
    events.push_back(
        {.kind = EventKind::imds_silent, .message = after.last_error, .fields = {{"CHECK", check_id}}});
  }
}

void compare_nic(const Snapshot& before, const Snapshot& after, std::vector<LogEvent>& events) {
  if (after.nic.name.empty()) return;
  if (after.nic.name == before.nic.name && after.nic.index == before.nic.index) return;
  events.push_back({.kind = EventKind::nic_chosen,
                    .message = fmt::format("pod traffic goes by {} (index {}, {}, MTU {})", after.nic.name,
                                           after.nic.index, after.nic.mac, after.nic.mtu),
                    .fields = {{"NIC", after.nic.name}}});
}

/// On a node at work: what runs at the start is in its first line.
void compare_mode(const Snapshot& before, const Snapshot& after, std::vector<LogEvent>& events) {
  if (before.sequence == 0 || after.mode == before.mode) return;
  events.push_back(
      {.kind = EventKind::mode_changed,
       .level = before.mode_is_a_guess ? LogLevel::info : LogLevel::warn,
       .message = fmt::format("mode {} is in force, no longer {}: {}", node::mode_name(after.mode),
                              node::mode_name(before.mode), after.mode_reason),
       .fields = {{"MODE", std::string(node::mode_name(after.mode))}}});
}

std::string failing_gates(const Snapshot& snapshot) {
  std::string gates;
  for (const auto& check : snapshot.checks) {
    if (check.holds()) gates += fmt::format("{}{}", gates.empty() ? "" : ", ", check.id);
  }
  return gates;
}

}  // namespace

Phase StartUp::phase(bool ready, net::MonoTime now) {
  if (over_) return Phase::running;
  if (!begun_) begun_ = now;
  over_ = ready || now >= *begun_ + kPatience;
  return over_ ? Phase::started : Phase::starting;
}

std::vector<LogEvent> transitions(const Snapshot& before, const Snapshot& after, Phase phase) {
  std::vector<LogEvent> events;
  compare_imds(before.imds, after.imds, events);
  compare_nic(before, after, events);
  compare_mode(before, after, events);
  for (const auto& check : after.checks) {
    if (too_early(check.id, after)) continue;
    const auto* last = too_early(check.id, before) ? nullptr : find(before.checks, check.id);
    compare_check(last, check, after, phase, events);
    compare_source(last, check, events);
  }
  if (after.ready && !before.ready) {
    events.push_back({.kind = EventKind::ready, .message = "ready"});
  } else if (before.ready && !after.ready) {
    events.push_back({.kind = EventKind::not_ready,
                      .level = LogLevel::error,
                      .message = fmt::format("no longer ready: {}", failing_gates(after)),
                      .fields = {{"CHECK", failing_gates(after)}}});
  }
  return events;
}

LogEvent kubelet_may_start(const Snapshot& snapshot) {
  const auto gates = failing_gates(snapshot);
  return {
      .kind = EventKind::kubelet_may_start,
      .message = fmt::format("READY=1: what the node itself needs is there; {} comes with the kubelet, and "
                             "/readyz, the ready file and `wait` wait for it",
                             gates),
      .fields = {{"CHECK", gates}}};
}

}  // namespace core
