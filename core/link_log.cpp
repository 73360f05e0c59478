#include "core/link_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace core {
namespace {

LogEvent link_event(LogLevel level, const std::string& link, std::string message) {
  return {.kind = EventKind::link_changed,
          .level = level,
          .message = std::move(message),
          .fields = {{"LINK", link}}};
}

std::string_view state_text(bool up, bool carrier) {
  if (!up) return "down";
  return carrier ? "up" : "up without carrier";
}

}  // namespace

std::vector<LinkLog::Told> LinkLog::told_of(std::span<const net::Link> links, const std::string& nic) {
  std::vector<Told> told;
  const auto found =
      std::find_if(links.begin(), links.end(), [&nic](const auto& link) { return link.name == nic; });
  if (found == links.end()) return told;
  for (const auto& link : links) {
    const bool is_nic = link.index == found->index;
    // Hardware below the NIC, not a bridge's or bond's other members.
    const bool is_function = link.master == found->index && link.slave && link.kind.empty();
    if (!is_nic && !is_function) continue;
    told.push_back({.index = link.index,
                    .name = link.name,
                    .is_nic = is_nic,
                    .up = link.up,
                    .carrier = link.carrier,
                    .mtu = link.mtu});
  }
  return told;
}

std::vector<LogEvent> LinkLog::changes(std::span<const Told> before, std::span<const Told> after) {
  std::vector<LogEvent> events;
  const auto find = [](std::span<const Told> list, std::uint32_t index) {
    return std::find_if(list.begin(), list.end(), [index](const auto& each) { return each.index == index; });
  };
  const auto what = [](const Told& link) {
    return fmt::format("{} {}", link.is_nic ? "NIC" : "virtual function", link.name);
  };
  for (const auto& old : before) {
    if (find(after, old.index) != after.end()) continue;
    events.push_back(link_event(old.is_nic ? LogLevel::warn : LogLevel::info, old.name,
                                fmt::format("{} is gone", what(old))));
  }
  for (const auto& link : after) {
    const auto old = find(before, link.index);
    if (old == before.end()) {
      events.push_back(link_event(
          LogLevel::info, link.name,
          fmt::format("{} has come, {}, MTU {}", what(link), state_text(link.up, link.carrier), link.mtu)));
      continue;
    }
    const auto was = state_text(old->up, old->carrier);
    const auto is = state_text(link.up, link.carrier);
    const bool lost = link.is_nic && (!link.up || !link.carrier);
    if (was != is) {
      events.push_back(link_event(lost ? LogLevel::warn : LogLevel::info, link.name,
                                  fmt::format("{} is {}, it was {}", what(link), is, was)));
    }
    if (old->mtu != link.mtu) {
      events.push_back(link_event(LogLevel::info, link.name,
                                  fmt::format("MTU of {} is {}, it was {}", what(link), link.mtu, old->mtu)));
    }
  }
  return events;
}

std::vector<LogEvent> LinkLog::see(std::span<const net::Link> links, const std::string& nic,
                                   net::MonoTime now) {
  if (nic.empty()) return {};
  auto seen = told_of(links, nic);
  if (nic != nic_) {  // another NIC, or the first: that is told as such
    nic_ = nic;
    told_ = std::move(seen);
    return {};
  }
  waits_ = seen != told_ && last_ && now < *last_ + kPause;
  if (waits_ || seen == told_) return {};
  last_ = now;
  return changes(std::exchange(told_, seen), seen);
}

std::optional<net::MonoTime> LinkLog::due() const {
  if (!waits_) return std::nullopt;
  return *last_ + kPause;
}

}  // namespace core
