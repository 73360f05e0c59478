#include "agent/http/renderings.h"

#include <algorithm>
#include <chrono>
#include <concepts>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/http/text.h"
#include "core/packet_path.h"
#include "core/snapshot.h"

namespace agent {
namespace {

/// Compact JSON written straight into a string, in the order of the calls; always valid UTF-8. A tree of the
/// JSON library takes several times as long for /status, and that time is what a burst of requests waits for.
///
///     json.object([&] { json.member("name").text("eth0"); json.member("mtu").number(1500); });
class JsonText {
 public:
  /// The name of an object's next member; its value is to follow.
  JsonText& member(std::string_view name) {
    text(name);
    text_ += ':';
    after_value_ = false;
    return *this;
  }

  void text(std::string_view value) { raw("\"").append(http::json_escaped(value)).append("\""); }
  void boolean(bool value) { raw(value ? "true" : "false"); }
  void null() { raw("null"); }
  void number(std::integral auto value) { raw(std::to_string(value)); }

  template <class Members>
  void object(Members write_members) {
    enclosed('{', '}', write_members);
  }
  /// Each item is written by `write_item(item)`.
  template <class Items, class WriteItem>
  void array(const Items& items, WriteItem write_item) {
    enclosed('[', ']', [&] {
      for (const auto& item : items) write_item(item);
    });
  }

  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  /// A value: behind a comma unless it is the first of its object or array, or a member's.
  std::string& raw(std::string_view value) {
    if (after_value_) text_ += ',';
    after_value_ = true;
    return text_.append(value);
  }
  template <class Contents>
  void enclosed(char open, char close, Contents write_contents) {
    raw({&open, 1});
    after_value_ = false;
    write_contents();
    text_ += close;
    after_value_ = true;
  }

  std::string text_;
  bool after_value_ = false;
};

void time_or_null(JsonText& json, const std::optional<net::WallTime>& time) {
  time&&* time != net::WallTime{} ? json.text(core::wall_time_text(*time)) : json.null();
}

void number_or_null(JsonText& json, std::uint32_t number) { number != 0 ? json.number(number) : json.null(); }

void texts(JsonText& json, const std::vector<std::string>& list) {
  json.array(list, [&json](const std::string& text) { json.text(text); });
}

void texts(JsonText& json, const net::SharedList<net::Prefix>& prefixes) {
  json.array(prefixes, [&json](const net::Prefix& prefix) { json.text(prefix.text()); });
}

void write_config(JsonText& json, const core::ConfigInForce& config) {
  json.object([&] {
    json.member("file").text(config.file);
    texts(json.member("overrides"), config.overrides);
    json.member("digest").text(config.digest);
    texts(json.member("values"), config.values);
  });
}

void write_node(JsonText& json, const core::Snapshot& snapshot) {
  json.object([&] {
    json.member("name").text(snapshot.node_name);
    json.member("vm_id").text(snapshot.node.vm_id);
    json.member("resource_id").text(snapshot.node.resource_id);
    json.member("location").text(snapshot.node.location);
    json.member("vm_scale_set").text(snapshot.node.vm_scale_set);
  });
}

void write_imds(JsonText& json, const node::ImdsStatus& imds, net::MonoTime now) {
  json.object([&] {
    json.member("source").text(node::source_name(imds.source));
    time_or_null(json.member("last_success"), imds.last_success);
    json.member("age_seconds");
    if (imds.last_success_mono) {
      const auto age = std::chrono::floor<std::chrono::seconds>(now - *imds.last_success_mono);
      json.number(std::max<std::int64_t>(0, age.count()));
    } else {
      json.null();
    }
    json.member("api_version").text(imds.api_version);
  });
}

void write_nic(JsonText& json, const core::NicStatus& nic) {
  json.object([&] {
    json.member("name").text(nic.name);
    number_or_null(json.member("index"), nic.index);
    json.member("mac").text(nic.mac);
    using List = std::pair<std::string_view, const std::vector<std::string>*>;
    for (const auto& [name, list] :
         {List{"addresses", &nic.addresses}, List{"subnets", &nic.subnets}, List{"gateways", &nic.gateways}})
      texts(json.member(name), *list);
    number_or_null(json.member("mtu"), nic.mtu);
  });
}

void write_pods(JsonText& json, const core::Snapshot& snapshot) {
  json.object([&] {
    texts(json.member("cluster_cidrs"), snapshot.cluster_cidrs);
    texts(json.member("node_cidrs"), snapshot.node_cidrs);
    json.member("source").text(snapshot.pods_source);
  });
}

void write_check(JsonText& json, const checks::CheckResult& check) {
  json.object([&] {
    json.member("id").text(check.id);
    json.member("status").text(checks::status_name(check.status));
    json.member("gate").boolean(check.gate);
    json.member("message").text(check.message);
    json.member("why").text(check.why);
    json.member("remedy").text(check.remedy);
    time_or_null(json.member("since"), check.since);
  });
}

std::string text_or_empty(const std::optional<net::Address>& address) {
  return address ? address->text() : std::string();
}

void write_route(JsonText& json, const routing::RouteStatus& status) {
  const net::Route& route = status.route;
  json.object([&] {
    json.member("destination").text(route.key.destination.text());
    json.member("type").text(net::route_type_name(route.type));
    json.member("gateway").text(text_or_empty(route.gateway));
    json.member("device").text(status.device);
    json.member("source").text(text_or_empty(route.source));
    json.member("table").number(route.key.table);
    json.member("metric").number(route.key.metric);
    json.member("protocol").number(route.protocol);
    json.member("state").text(routing::route_state_name(status.state));
    json.member("error").text(status.error);
  });
}

void write_change(JsonText& json, const core::RouteChange& change) {
  json.object([&] {
    time_or_null(json.member("time"), change.time);
    json.member("action").text(change.action);
    json.member("destination").text(change.route.key.destination.text());
    json.member("route").text(net::route_text(change.route, change.device));
    json.member("repaired_after").text(change.removed_by);
  });
}

void write_hop(JsonText& json, const core::PathHop& hop) {
  json.object([&] {
    json.member("hop").text(net::name_of(checks::kHopKeys, hop.hop));
    json.member("name").text(net::name_of(checks::kHopNames, hop.hop));
    json.member("at").text(hop.at);
    json.member("state").text(core::hop_state_name(hop.state));
    texts(json.member("checks"), hop.checks);
  });
}

void write_maintenance(JsonText& json, const observed::Maintenance& event) {
  json.object([&] {
    json.member("id").text(event.id);
    json.member("type").text(net::name_of(observed::kMaintenanceTypeNames, event.type));
    json.member("status").text(event.started ? "Started" : "Scheduled");
    time_or_null(json.member("not_before"), event.not_before);
    json.member("source").text(event.source);
    json.member("description").text(event.description);
  });
}

void write_counters(JsonText& json, const core::Counters& counters) {
  json.object([&] {
    json.member("routes_repaired").number(counters.routes_repaired);
    json.member("resyncs").number(counters.resyncs);
    json.member("imds_errors").number(counters.imds_errors);
  });
}

}  // namespace

nlohmann::ordered_json route_json(const routing::RouteStatus& status) {
  JsonText json;
  write_route(json, status);
  return nlohmann::ordered_json::parse(std::move(json).take());
}

std::string status_json(const core::Snapshot& snapshot, net::MonoTime now) {
  JsonText json;
  json.object([&] {
    json.member("schema").text("calico-azure-agent/v1");
    json.member("version").text(snapshot.version);
    json.member("mode").text(node::mode_name(snapshot.mode));
    json.member("mode_reason").text(snapshot.mode_reason);
    json.member("ready").boolean(snapshot.ready);
    time_or_null(json.member("ready_since"), snapshot.ready ? snapshot.ready_since : std::nullopt);
    write_config(json.member("config"), snapshot.config ? *snapshot.config : core::ConfigInForce{});
    write_node(json.member("node"), snapshot);
    write_imds(json.member("imds"), snapshot.imds, now);
    write_nic(json.member("nic"), snapshot.nic);
    write_pods(json.member("pods"), snapshot);
    json.member("routes").array(snapshot.routes,
                                [&](const routing::RouteStatus& each) { write_route(json, each); });
    json.member("checks").array(snapshot.checks,
                                [&](const checks::CheckResult& each) { write_check(json, each); });
    json.member("path").array(core::packet_path(snapshot),
                              [&](const core::PathHop& each) { write_hop(json, each); });
    json.member("changes").array(snapshot.changes,
                                 [&](const core::RouteChange& each) { write_change(json, each); });
    json.member("maintenance").array(snapshot.maintenance, [&](const observed::Maintenance& each) {
      write_maintenance(json, each);
    });
    write_counters(json.member("counters"), snapshot.counters);
  });
  return std::move(json).take() + '\n';
}

}  // namespace agent
