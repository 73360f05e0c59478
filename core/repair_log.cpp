#include "core/repair_log.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>
#include <variant>

namespace core {

std::string name_of(std::uint32_t port, const ProcessNames& processes) {
  const auto found = processes.find(port);
  return found == processes.end() ? std::string() : found->second;
}

void History::note(std::span<const routing::AppliedChange> made, std::span<const net::Link> links,
                   const ProcessNames& processes, net::WallTime now) {
  // What would fall out again need not come in.
  for (const auto& [change, repaired, port] : made.last(std::min(made.size(), kLength))) {
    const auto* route = std::get_if<net::Route>(&change.object);
    if (route == nullptr) continue;
    changes_.push_back({.time = now,
                        .action = std::string(net::verb_name(change.verb)),
                        .route = *route,
                        .device = std::string(net::link_name(links, route->device)),
                        .removed_by = repaired ? name_of(port, processes) : ""});
    if (changes_.size() > kLength) changes_.pop_front();
  }
}

namespace {

std::string_view verb_text(net::Verb verb) {
  switch (verb) {
    case net::Verb::add:
      return "added";
    case net::Verb::replace:
      return "replaced";
    case net::Verb::remove:
      return "removed";
  }
  return "";
}

std::string object_text(const net::Change& change, std::span<const net::Link> links) {
  if (const auto* rule = std::get_if<net::Rule>(&change.object)) {
    return fmt::format("rule from {} lookup {}", rule->source.text(), rule->table);
  }
  const auto& route = std::get<net::Route>(change.object);
  return fmt::format("route {}", net::route_text(route, net::link_name(links, route.device)));
}

/// What `calico-azure-agent explain` takes.
std::string destination_text(const net::Change& change) {
  if (const auto* rule = std::get_if<net::Rule>(&change.object)) return rule->source.text();
  return std::get<net::Route>(change.object).key.destination.text();
}

/// "ip (process 7), bird (process 9) and 3 others".
std::string first_of(const std::set<std::string>& processes) {
  constexpr std::size_t kNamed = 3;
  const auto named = std::min(processes.size(), kNamed);
  const auto text = fmt::format(
      "{}",
      fmt::join(processes.begin(), std::next(processes.begin(), static_cast<std::ptrdiff_t>(named)), ", "));
  const auto more = processes.size() - named;
  return more == 0 ? text : fmt::format("{} and {} other{}", text, more, more == 1 ? "" : "s");
}

}  // namespace

void RepairLog::note(std::span<const routing::AppliedChange> made, std::span<const net::Link> links,
                     const ProcessNames& processes, std::optional<std::chrono::nanoseconds> took) {
  if (made.empty()) return;
  if (changed_ == 0) {
    const auto& first = made.front().change;
    first_ = fmt::format("{} {}", verb_text(first.verb), object_text(first, links));
    first_destination_ = destination_text(first);
  }
  changed_ += made.size();
  for (const auto& [change, repaired, port] : made) {
    if (!repaired) continue;
    ++repaired_;
    longest_ = std::max(longest_, took.value_or(std::chrono::nanoseconds(0)));
    if (auto name = name_of(port, processes); !name.empty()) removed_by_.insert(std::move(name));
  }
}

std::optional<LogEvent> RepairLog::event(net::MonoTime now) {
  if (changed_ == 0 || (last_ && now < *last_ + kPause)) return std::nullopt;
  last_ = now;
  LogEvent event{.kind = EventKind::routes_changed, .message = std::exchange(first_, {})};
  event.fields.push_back({"ROUTE", std::exchange(first_destination_, {})});
  if (const auto more = changed_ - 1; more > 0) {
    event.message += fmt::format(", and {} more change{}", more, more == 1 ? "" : "s");
    event.fields.push_back({"MORE", std::to_string(more)});
  }
  if (repaired_ > 0) {
    const auto by =
        removed_by_.empty() ? std::string("the kernel or an unknown process") : first_of(removed_by_);
    event.kind = EventKind::routes_put_back;
    event.level = LogLevel::warn;  // what went there meanwhile was lost
    event.message = fmt::format("restored {} route{} removed by {}: {}", repaired_, repaired_ == 1 ? "" : "s",
                                by, event.message);
    event.fields.push_back({"BY", by});
    if (longest_.count() > 0) {
      const auto milliseconds = std::chrono::duration<double, std::milli>(longest_).count();
      event.fields.push_back({"REPAIR_MS", fmt::format("{:.3f}", milliseconds)});
    }
  }
  changed_ = 0;
  repaired_ = 0;
  removed_by_.clear();
  longest_ = {};
  return event;
}

std::optional<net::MonoTime> RepairLog::due() const {
  if (changed_ == 0) return std::nullopt;
  return last_ ? *last_ + kPause : net::MonoTime{};
}

}  // namespace core
