#include "agent/history/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "agent/log/log.h"
#include "agent/log/one_line.h"
#include "net/foreign_text.h"

namespace agent {
namespace {

constexpr std::size_t kLongestText = 2000;
/// More wanted routes are a number.
constexpr std::size_t kRoutesNamed = 32;

constexpr std::string_view kBegin = "{\"time\":\"";

std::string record(std::string_view time, const std::string& members) {
  return fmt::format("{}{}\",{}", kBegin, time, members);
}
std::string record(net::WallTime time, const std::string& members) {
  return record(core::wall_time_text(time), members);
}

std::string state_members(const core::Snapshot& snapshot) {
  nlohmann::ordered_json state;
  state["event"] = "state";
  state["version"] = snapshot.version;
  state["mode"] = node::mode_name(snapshot.mode);
  state["ready"] = snapshot.ready;
  state["nic"] = snapshot.nic.name;
  state["imds"] = node::source_name(snapshot.imds.source);
  for (const auto status : {checks::CheckStatus::fail, checks::CheckStatus::unknown}) {
    auto ids = nlohmann::ordered_json::array();
    for (const auto& check : snapshot.checks) {
      if (check.status == status) ids.push_back(check.id);
    }
    state[std::string(checks::status_name(status))] = std::move(ids);
  }
  auto routes = nlohmann::ordered_json::array();
  for (const auto& each : snapshot.routes) {
    if (routes.size() == kRoutesNamed) break;
    routes.push_back({{"destination", each.route.key.destination.text()},
                      {"route", net::route_text(each.route, each.device)},
                      {"state", routing::route_state_name(each.state)}});
  }
  state["routes"] = std::move(routes);
  state["routes_in_all"] = snapshot.routes.size();
  const auto text = state.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return text.substr(1);
}

/// Without looking at each route: those out of sync are counted.
bool is_same(const core::Snapshot& one, const core::Snapshot& other) {
  const auto same_checks = [&] {
    return std::equal(one.checks.begin(), one.checks.end(), other.checks.begin(), other.checks.end(),
                      [](const auto& a, const auto& b) { return a.id == b.id && a.status == b.status; });
  };
  const auto same_count = [&](routing::RouteState state) {
    return one.routes.count(state) == other.routes.count(state);
  };
  return one.mode == other.mode && one.ready == other.ready && one.nic.name == other.nic.name &&
         one.imds.source == other.imds.source && one.routes.routes() == other.routes.routes() &&
         same_count(routing::RouteState::pending) && same_count(routing::RouteState::failed) &&
         same_count(routing::RouteState::shadowed) && same_checks();
}

}  // namespace

std::string event_record(const core::LogEvent& event, net::WallTime time) {
  return event_record(event, core::wall_time_text(time));
}

std::string event_record(const core::LogEvent& event, std::string_view time) {
  auto shown = event;
  shown.message = net::foreign_text(shown.message, kLongestText);
  for (auto& field : shown.fields) field.value = net::foreign_text(field.value, kLongestText);
  return record(
      time, fmt::format("\"level\":\"{}\",{}", net::name_of(kLevelNames, event.level), json_members(shown)));
}

std::string time_of_record(const std::string& record) {
  return record.substr(kBegin.size(), record.find('"', kBegin.size()) - kBegin.size());
}

std::string alive_record(net::WallTime time) {
  return record(time, fmt::format("\"event\":\"{}\"}}", kAlive));
}

bool StateRecords::may_speak(net::MonoTime now) {
  const auto earned = std::min<std::int64_t>((now - earned_at_) / kPause, kAtOnce);
  if (earned > 0) {
    budget_ = std::min(budget_ + static_cast<int>(earned), kAtOnce);
    earned_at_ = now;
  }
  if (budget_ == 0) return false;
  --budget_;
  return true;
}

std::optional<std::string> StateRecords::see(const std::shared_ptr<const core::Snapshot>& published,
                                             net::Now now) {
  if (told_ && is_same(*told_, *published)) return std::nullopt;
  if (!may_speak(now.mono)) return std::nullopt;
  told_ = published;
  return record(now.wall, state_members(*published));
}

}  // namespace agent
