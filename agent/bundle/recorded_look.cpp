#include "agent/bundle/recorded_look.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>

#include "agent/bundle/observed_json.h"
#include "agent/cloud/cloud_state_json.h"
#include "json/json.h"
#include "net/foreign_text.h"
#include "node/mode.h"

namespace nlohmann {

template <>
struct adl_serializer<observed::RequestOutcome>
    : ::json::NamedSerializer<observed::RequestOutcome, observed::kRequestOutcomeNames> {};
template <>
struct adl_serializer<node::Mode> : ::json::NamedSerializer<node::Mode, node::kModeNames> {};

}  // namespace nlohmann

namespace node {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NodeCidrs, cidrs, source, kept, awaited, disagreement, refused)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ModeChoice, mode, reason)
}  // namespace node

namespace core {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PersistedState, vm_id, node_cidrs, mode, primary, protocols)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ImdsDocument, network, api_version, took)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ImdsFailure, error, outcome, took)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CachedDocument, network, api_version, saved)
}  // namespace core

namespace agent {
namespace {

using nlohmann::json;

/// A route table of 400 routes is 3,000 values; a hundred thousand routes of the kernel two million.
constexpr ::json::Limits kLimits{.depth = 32, .unique_keys = true, .values = 8'000'000};
/// Environment variables of Felix that a check reads: others may hold what is nobody's business, such as
/// FELIX_ETCDPASSWORD.
constexpr std::array kFelixVariables = {"FELIX_INTERFACEPREFIX",     "FELIX_IPTABLESBACKEND",
                                        "FELIX_HEALTHENABLED",       "FELIX_TYPHAADDR",
                                        "FELIX_TYPHAK8SSERVICENAME", "CLUSTER_TYPE"};

constexpr auto kOriginNames = std::to_array<net::Named<OriginKind>>({{OriginKind::by_default, "default"},
                                                                     {OriginKind::file, "file"},
                                                                     {OriginKind::environment, "environment"},
                                                                     {OriginKind::flag, "flag"}});
constexpr auto kRoleNames = std::to_array<net::Named<core::NodeEngine::Role>>(
    {{core::NodeEngine::Role::observes, "beside a daemon"},
     {core::NodeEngine::Role::observes_without_daemon, "without a daemon"}});

template <class Enum, std::size_t Size>
Enum named(const std::array<net::Named<Enum>, Size>& names, const json& from) {
  const auto value = net::value_named(names, from.get_ref<const std::string&>());
  if (!value) throw std::invalid_argument("a name that is not known");
  return *value;
}

observed::NodeEnvironment without_other_variables(observed::NodeEnvironment environment) {
  if (!environment.host || !environment.host->calico_environment) return environment;
  std::map<std::string, std::string> kept;
  for (const char* name : kFelixVariables) {
    const auto found = environment.host->calico_environment->find(name);
    if (found != environment.host->calico_environment->end()) kept.insert(*found);
  }
  environment.host->calico_environment = std::move(kept);
  return environment;
}

struct EventWriter {
  json operator()(const core::PersistedState& event) const { return {{"kept", event}}; }
  json operator()(const core::CachedDocument& event) const { return {{"cached_document", event}}; }
  json operator()(const core::ImdsDocument& event) const { return {{"imds_document", event}}; }
  json operator()(const core::ImdsFailure& event) const { return {{"imds_failure", event}}; }
  json operator()(const observed::NodeEnvironment& event) const {
    return {{"environment", without_other_variables(event)}};
  }
  json operator()(const observed::CloudState& event) const {
    return {{"cloud_state", json::parse(cloud_state_line(event))}};
  }
  json operator()(const core::Wakeup& /*event*/) const { return {{"turn", nullptr}}; }
  // Of a daemon alone.
  template <class Other>
  json operator()(const Other& /*event*/) const {
    throw std::logic_error("a look has no such event");
  }
};

core::Event event_of(const json& from) {
  if (from.size() != 1) throw std::invalid_argument("no event");
  const auto& kind = from.begin().key();
  const auto& value = from.begin().value();
  if (kind == "kept") return value.get<core::PersistedState>();
  if (kind == "cached_document") return value.get<core::CachedDocument>();
  if (kind == "imds_document") return value.get<core::ImdsDocument>();
  if (kind == "imds_failure") return value.get<core::ImdsFailure>();
  if (kind == "environment") return value.get<observed::NodeEnvironment>();
  if (kind == "turn") return core::Wakeup{};
  if (kind != "cloud_state") throw std::invalid_argument("an event that is not known");
  auto cloud_state = parse_cloud_state(value.dump());
  if (!cloud_state) throw std::invalid_argument(cloud_state.error().what);
  return std::move(*cloud_state);
}

json times_json(const std::vector<net::Now>& times) {
  auto list = json::array();
  for (const auto& each : times) {
    list.push_back({std::chrono::nanoseconds(each.mono.time_since_epoch()).count(),
                    std::chrono::nanoseconds(each.wall.time_since_epoch()).count()});
  }
  return list;
}

std::vector<net::Now> times_of(const json& list) {
  std::vector<net::Now> times;
  for (const auto& each : list) {
    const auto since_epoch = [&each](std::size_t i) {
      return std::chrono::nanoseconds(each.at(i).get<std::int64_t>());
    };
    times.push_back(
        {.mono = net::MonoTime(std::chrono::duration_cast<net::MonoTime::duration>(since_epoch(0))),
         .wall = net::WallTime(std::chrono::duration_cast<net::WallTime::duration>(since_epoch(1)))});
  }
  return times;
}

/// Names of links stay as they are, for who prints them knows what they may hold.
void tame(json& value, bool all) {
  if (value.is_string() && all) {
    // Whole, for a setting lists every CIDR: the archive is bounded.
    value = net::foreign_text(value.get_ref<const std::string&>(), std::numeric_limits<std::size_t>::max());
  } else if (value.is_object()) {
    for (auto& [key, member] : value.items()) tame(member, all || key == "error");
  } else if (value.is_array()) {
    for (auto& member : value) tame(member, all);
  }
}

}  // namespace

std::string recorded_look_text(const RecordedLook& look) {
  auto origins = json::object();
  for (const auto& [key, origin] : look.origins)
    origins[key] = {net::name_of(kOriginNames, origin.kind), origin.where};
  auto events = json::array();
  for (const auto& each : look.events) events.push_back(std::visit(EventWriter{}, each));
  const json text = {{"schema", kBundleSchema},
                     {"version", look.version},
                     {"time", look.time},
                     {"node_name", look.node_name},
                     {"settings", look.settings},
                     {"origins", std::move(origins)},
                     {"role", net::name_of(kRoleNames, look.role)},
                     {"note", look.note},
                     {"hung", look.hung},
                     {"no_daemon", look.no_daemon},
                     {"is_the_daemons", look.is_the_daemons},
                     {"is_edited", look.is_edited},
                     {"events", std::move(events)},
                     {"answers", look.tape.answers},
                     {"times", times_json(look.tape.times)}};
  return text.dump(1, ' ', false, json::error_handler_t::replace) + '\n';
}

net::Result<RecordedLook> parse_recorded_look(std::string_view text) {
  auto parsed = ::json::parse(text, kLimits);
  if (!parsed) return net::failure(EBADMSG, "no recorded look: " + parsed.error().what);
  try {
    auto& value = *parsed;
    if (value.at("schema") != kBundleSchema)
      return net::failure(EBADMSG, fmt::format("no recorded look: its schema is not {}", kBundleSchema));
    for (const char* key : {"version", "node_name", "settings", "origins", "note", "hung", "events"})
      tame(value.at(key), true);
    tame(value.at("answers"), false);
    RecordedLook look;
    value.at("version").get_to(look.version);
    value.at("time").get_to(look.time);
    value.at("node_name").get_to(look.node_name);
    value.at("settings").get_to(look.settings);
    for (const auto& [key, origin] : value.at("origins").items()) {
      look.origins.insert_or_assign(
          key, Origin{.kind = named(kOriginNames, origin.at(0)), .where = origin.at(1).get<std::string>()});
    }
    look.role = named(kRoleNames, value.at("role"));
    value.at("note").get_to(look.note);
    value.at("hung").get_to(look.hung);
    value.at("no_daemon").get_to(look.no_daemon);
    value.at("is_the_daemons").get_to(look.is_the_daemons);
    value.at("is_edited").get_to(look.is_edited);
    for (const auto& each : value.at("events")) look.events.push_back(event_of(each));
    value.at("answers").get_to(look.tape.answers);
    look.tape.times = times_of(value.at("times"));
    return look;
  } catch (const std::exception& error) {
    constexpr std::size_t kQuoted = 200;
    return net::failure(EBADMSG, "no recorded look: " + net::foreign_text(error.what(), kQuoted));
  }
}

}  // namespace agent
