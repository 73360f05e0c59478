#include "agent/history/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "agent/cli/commands.h"
#include "agent/cli/presentation.h"
#include "agent/daemon/paths.h"
#include "agent/history/records.h"
#include "json/json.h"
#include "net/address.h"
#include "net/foreign_text.h"
#include "net/prefix.h"

namespace agent {
namespace {

using std::chrono::system_clock;

/// A little more than a busy daemon takes over a sign of life.
constexpr auto kSlack = std::chrono::minutes(1);

/// Somebody else's file may stand there: nothing in it steers a terminal.
std::string shown(const nlohmann::json& record, const char* key) {
  constexpr std::size_t kLongestText = 4000;
  return net::foreign_text(json::string(json::at(record, key)), kLongestText);
}

bool is_state(const nlohmann::json& record) { return json::string(json::at(record, "event")) == "state"; }

std::string names(const nlohmann::json& record, const char* key) {
  std::string list;
  for (const auto& each : json::entries(json::at(record, key)))
    list += fmt::format("{}{}", list.empty() ? "" : ", ", net::foreign_text(json::string(each), 100));
  return list;
}

/// "ready", "not ready: sysctl.ip_forward fails"
std::string readiness(const nlohmann::json& state) {
  const bool ready = json::at(state, "ready") == true;
  const auto failed = names(state, "fail");
  return fmt::format("{}{}", ready ? "ready" : "not ready",
                     failed.empty() ? "" : fmt::format("; failed: {}", failed));
}

void print(const Record& record) {
  const auto value = record.value();
  const auto level = shown(value, "level");
  std::string text =
      is_state(value)
          ? fmt::format("mode {}, NIC {}, {}", shown(value, "mode"),
                        shown(value, "nic").empty() ? "not known" : shown(value, "nic"), readiness(value))
          : shown(value, "message");
  if (const auto took = shown(value, "repair_ms"); !took.empty()) text += fmt::format(" (in {} ms)", took);
  const auto word = fmt::format("{:<6}", is_state(value) ? "state" : level);
  std::cout << fmt::format(
      "{}  {}{}\n", core::wall_time_text(record.time),
      level == "warn" || level == "error" ? coloured(word, checks::CheckStatus::fail) : word, text);
}

/// Otherwise the exit code, after words.
tl::expected<Records, int> own_records_for(std::string_view command) {
  auto records = read_records(state_directory());
  if (records) return std::move(*records);
  const bool not_ours = records.error().code.value() == EACCES;
  std::cerr << fmt::format("{}: {}{}\n", command, records.error().what, not_ours ? ": run it as root" : "");
  return tl::unexpected<int>(kUndetermined);
}

void note_unreadable(const Records& records) {
  if (!records.problem.empty()) std::cerr << "note: " << net::foreign_text(records.problem, 1000) << '\n';
  if (records.unreadable == 0) return;
  std::cerr << fmt::format("note: {} line{} of the record cannot be read\n", records.unreadable,
                           records.unreadable == 1 ? "" : "s");
}

void say_at(std::string_view title, std::string_view text) {
  std::cout << fmt::format("{:<9}{}\n", title, text);
}

/// The latest record up to the moment for which `fits` is true.
template <class Fits>
const Record* last_before(const Records& records, net::WallTime moment, const Fits& fits) {
  const Record* found = nullptr;
  for (const auto& record : records.list) {
    if (record.time <= moment && fits(record.value())) found = &record;
  }
  return found;
}

/// What the recorder could not write of a time up to which no state is known again; nullptr: nothing.
const Record* gap_at(const Records& records, net::WallTime moment, const Record* state) {
  for (const auto& record : records.list) {
    const auto from = parse_moment(json::string(json::at(record.value(), "from")), moment);
    const bool is_gap = from && json::string(json::at(record.value(), "event")) == "events_lost";
    if (is_gap && *from <= moment && (state == nullptr || &record > state)) return &record;
  }
  return nullptr;
}

/// Of changes that came together the first alone is named.
bool is_about(const nlohmann::json& record, const net::Prefix& destination) {
  if (!json::string(json::at(record, "more")).empty()) return true;
  const auto route = net::Prefix::parse(json::string(json::at(record, "route")));
  return route && (route->contains(destination) || destination.contains(*route));
}

void explain_state(const nlohmann::json& state, const net::Prefix& destination) {
  say_at("node",
         fmt::format("mode {}, NIC {}, {}", shown(state, "mode"), shown(state, "nic"), readiness(state)));
  std::optional<net::Prefix> best;
  std::string text;
  for (const auto& route : json::entries(json::at(state, "routes"))) {
    const auto prefix = net::Prefix::parse(json::string(json::at(route, "destination")));
    if (!prefix || !prefix->contains(destination) || (best && best->length() > prefix->length())) continue;
    best = *prefix;
    text = fmt::format("{}: {}", shown(route, "route"), shown(route, "state"));
  }
  const auto all = json::at(state, "routes_in_all");
  const bool some_are_missing =
      !all.is_number_unsigned() || all.get<std::size_t>() > json::entries(json::at(state, "routes")).size();
  if (text.empty())
    text = some_are_missing ? "not known: more routes were wanted than are recorded"
                            : "no route of the agent's covered it";
  say_at("wanted", text);
}

/// What was recorded about the destination, NIC and settings around the moment.
void explain_events(const Records& records, net::WallTime moment, const net::Prefix& destination) {
  constexpr auto kBefore = std::chrono::hours(1);
  constexpr auto kAfter = std::chrono::minutes(10);
  constexpr std::size_t kMost = 40;
  std::vector<const Record*> around;
  for (const auto& record : records.list) {
    if (record.time < moment - kBefore || record.time > moment + kAfter) continue;
    const auto value = record.value();
    const bool is_of_other_route =
        !json::string(json::at(value, "route")).empty() && !is_about(value, destination);
    const bool says_nothing = is_state(value) || json::string(json::at(value, "event")) == kAlive;
    if (!is_of_other_route && !says_nothing) around.push_back(&record);
  }
  std::cout << fmt::format("\nrecorded from {} to {}:\n", core::wall_time_text(moment - kBefore),
                           core::wall_time_text(moment + kAfter));
  if (around.empty()) std::cout << "  nothing that concerns it\n";
  // Those nearest to the moment.
  const auto middle = std::find_if(around.begin(), around.end(),
                                   [moment](const auto* record) { return record->time > moment; });
  const auto before = static_cast<std::size_t>(middle - around.begin());
  const auto first = before > kMost / 2 ? before - kMost / 2 : 0;
  const auto last = std::min(around.size(), first + kMost);
  for (auto i = first; i < last; ++i) print(*around[i]);
  if (around.size() > last - first) {
    std::cout << fmt::format("  and {} more: calico-azure-agent history --since {}\n",
                             around.size() - (last - first), core::wall_time_text(moment - kBefore));
  }
}

}  // namespace

namespace {

/// Whether the agent ran at that moment. What ended without a word has left no record of its end.
std::string life_at(const Records& records, net::WallTime moment, const Record& last) {
  const auto event_of = [](const Record& record) { return json::string(json::at(record.value(), "event")); };
  const auto is_of = [](std::string_view event) {
    return [event](const nlohmann::json& value) { return json::string(json::at(value, "event")) == event; };
  };
  const auto when = [](const Record& record) { return core::wall_time_text(record.time); };
  const auto* stopped = last_before(records, moment, is_of("stopped"));
  const auto* started = last_before(records, moment, is_of("started"));
  if (stopped != nullptr && (started == nullptr || started <= stopped))
    return fmt::format("did not run: it was stopped at {}, and left its routes in place", when(*stopped));
  auto ran = started == nullptr ? std::string("ran") : fmt::format("ran since {}", when(*started));
  const auto* next = &last + 1;
  const bool is_last = next == records.list.data() + records.list.size();
  if (!is_last && event_of(*next) != "started") return ran;
  if (!is_last) {
    return fmt::format("{} to {}, and ended without a word before it started again at {}", ran, when(last),
                       when(*next));
  }
  if (moment - last.time <= kSignOfLife + kSlack)
    return fmt::format("{}, last heard of at {}", ran, when(last));
  return fmt::format("{} to {}; whether it did after that is not known", ran, when(last));
}

}  // namespace

int print_history(const HistoryOptions& options) {
  const auto records = own_records_for("history");
  return records ? print_history(*records, system_clock::now(), options) : records.error();
}

int print_history(const Records& records, net::WallTime now, const HistoryOptions& options) {
  const auto since = parse_moment(options.since, now);
  if (!since) {
    std::cerr << "history: --since: " << since.error().what << '\n';
    return kUsage;
  }
  note_unreadable(records);
  bool any = false;
  for (const auto& record : records.list) {
    if (record.time < *since) continue;
    any = true;
    if (!options.json && json::string(json::at(record.value(), "event")) == kAlive) continue;
    if (options.json) {
      std::cout << record.value().dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) << '\n';
    } else {
      print(record);
    }
  }
  if (!any) std::cerr << fmt::format("history: nothing since {}\n", core::wall_time_text(*since));
  return kOk;
}

int explain_past(const net::Prefix& destination, const std::string& at) {
  const auto records = own_records_for("explain");
  return records ? explain_past(*records, system_clock::now(), destination, at) : records.error();
}

int explain_past(const Records& records, net::WallTime now, const net::Prefix& destination,
                 const std::string& at) {
  const auto moment = parse_moment(at, now);
  if (!moment) {
    std::cerr << "explain: --at: " << moment.error().what << '\n';
    return kUsage;
  }
  if (*moment > now + kSlack) {
    std::cerr << fmt::format("explain: --at: {} has not come yet\n", core::wall_time_text(*moment));
    return kUsage;
  }
  note_unreadable(records);
  std::cout << bold(fmt::format("{} at {}", destination.text(), core::wall_time_text(*moment))) << '\n';
  const auto* last = last_before(records, *moment, [](const auto&) { return true; });
  if (last == nullptr) {
    say_at("node", records.list.empty() ? "nothing is recorded"
                                        : fmt::format("not known: the record begins at {}",
                                                      core::wall_time_text(records.list.front().time)));
    return kUndetermined;
  }
  say_at("agent", life_at(records, *moment, *last));
  const auto* state = last_before(records, *moment, is_state);
  const auto* gap = gap_at(records, *moment, state);
  if (gap != nullptr) {
    say_at("node", fmt::format("not known: {}", shown(gap->value(), "message")));
  } else if (state != nullptr) {
    say_at("as of", core::wall_time_text(state->time));
    explain_state(state->value(), destination);
  }
  explain_events(records, *moment, destination);
  return gap == nullptr && state != nullptr ? kOk : kUndetermined;
}

}  // namespace agent
