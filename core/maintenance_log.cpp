#include "core/maintenance_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/snapshot.h"
#include "net/foreign_text.h"

namespace core {
namespace {

bool is_of(const observed::Maintenance& event, const std::string& vm) {
  return std::any_of(event.vms.begin(), event.vms.end(),
                     [&vm](const auto& each) { return net::same_ignoring_case(each, vm); });
}

const observed::Maintenance* find(const std::vector<observed::Maintenance>& list, const std::string& id) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&id](const auto& each) { return each.id == id; });
  return found == list.end() ? nullptr : &*found;
}

bool is_under_way(const std::vector<observed::Maintenance>& list) {
  return std::any_of(list.begin(), list.end(), [](const auto& each) { return each.started; });
}

std::string_view type_of(const observed::Maintenance& event) {
  return net::name_of(observed::kMaintenanceTypeNames, event.type);
}

LogEvent announced(const observed::Maintenance& event) {
  std::string text = fmt::format("Azure announces {} of this VM", type_of(event));
  if (event.started) text = fmt::format("Azure has begun {} of this VM", type_of(event));
  if (!event.started && event.not_before)
    text += fmt::format(", not before {}", wall_time_text(*event.not_before));
  if (event.duration) text += fmt::format(", for {} s", event.duration->count());
  if (!event.source.empty()) text += fmt::format(" ({})", event.source);
  if (!event.description.empty()) text += ": " + event.description;
  return {.kind = EventKind::maintenance_announced,
          .level = LogLevel::warn,
          .message = std::move(text),
          .fields = {{"MAINTENANCE", std::string(type_of(event))}, {"EVENT_ID", event.id}}};
}

std::set<std::string> failing(std::span<const checks::CheckResult> checks) {
  std::set<std::string> ids;
  for (const auto& each : checks) {
    if (each.status == checks::CheckStatus::fail) ids.insert(each.id);
  }
  return ids;
}

}  // namespace

void MaintenanceLog::begin(std::span<const checks::CheckResult> checks, net::MonoTime now) {
  if (!failed_before_) failed_before_ = failing(checks);
  took_.reset();
  began_ = now;
  held_until_ = now + kLongestHold;
}

std::vector<LogEvent> MaintenanceLog::take(const net::Result<std::vector<observed::Maintenance>>& events,
                                           const std::string& vm, std::span<const checks::CheckResult> checks,
                                           net::MonoTime now) {
  std::vector<LogEvent> told;
  if (!events) {
    if (std::exchange(refused_, events.error().what) != events.error().what)
      told.push_back(warning(EventKind::imds_silent, "Scheduled Events are not known: " + refused_));
    return told;  // what was announced stays so
  }
  refused_.clear();
  std::vector<observed::Maintenance> own;
  for (const auto& each : *events) {
    if (is_of(each, vm)) own.push_back(each);
  }
  const bool was_under_way = is_under_way(list_);
  for (const auto& each : own) {
    const auto* before = find(list_, each.id);
    if (before != nullptr && before->started == each.started) continue;
    told.push_back(announced(each));
    if (each.started) last_type_ = type_of(each);
  }
  for (const auto& each : list_) {
    if (each.started || find(own, each.id) != nullptr) continue;
    told.push_back({.kind = EventKind::maintenance_over,
                    .message = fmt::format("Azure no longer announces {} of this VM", type_of(each))});
  }
  list_ = std::move(own);
  if (is_under_way(list_)) {
    if (!was_under_way) begin(checks, now);
  } else if (was_under_way) {
    took_ = std::chrono::duration_cast<std::chrono::seconds>(now - began_);
    held_until_ = now + kUntilBack;
  }
  return told;
}

std::optional<LogEvent> MaintenanceLog::see(std::span<const checks::CheckResult> checks, net::MonoTime now) {
  if (!held_until_ || now < *held_until_) return std::nullopt;
  held_until_.reset();
  if (!took_) return std::nullopt;  // it goes on
  const auto took = *std::exchange(took_, std::nullopt);
  const auto before = *std::exchange(failed_before_, std::nullopt);
  std::string missing;
  for (const auto& id : failing(checks)) {
    if (!before.contains(id)) missing += (missing.empty() ? "" : ", ") + id;
  }
  const auto over = fmt::format("{} of this VM is over after {} s: ", last_type_, took.count());
  if (!missing.empty())
    return warning(EventKind::maintenance_over, over + "not in order since then: " + missing);
  return LogEvent{.kind = EventKind::maintenance_over,
                  .message = over + "everything that was in order is so again"};
}

std::optional<net::MonoTime> MaintenanceLog::due() const { return held_until_; }

}  // namespace core
