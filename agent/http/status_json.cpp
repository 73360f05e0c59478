#include "agent/http/status_json.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "agent/core/wall_time.h"
#include "agent/http/route_json.h"

namespace agent {
namespace {

/// Keeps the contract's order of fields, which is also the order in which people read them.
using Json = nlohmann::ordered_json;

Json time_or_null(const std::optional<WallTime>& time) {
  return time && *time != WallTime{} ? Json(wall_time_text(*time)) : Json();
}

Json number_or_null(std::uint32_t number) { return number != 0 ? Json(number) : Json(); }

Json texts(const std::vector<net::Prefix>& prefixes) {
  Json list = Json::array();
  for (const auto& prefix : prefixes) list.push_back(prefix.text());
  return list;
}

Json node_of(const Snapshot& snapshot) {
  return {{"name", snapshot.node_name},
          {"vm_id", snapshot.node.vm_id},
          {"resource_id", snapshot.node.resource_id},
          {"location", snapshot.node.location},
          {"vm_scale_set", snapshot.node.vm_scale_set}};
}

Json imds_of(const ImdsStatus& imds, MonoTime now) {
  Json age;
  if (imds.last_success_mono) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now - *imds.last_success_mono).count();
    age = std::max<std::int64_t>(0, seconds);
  }
  return {{"source", source_name(imds.source)},
          {"last_success", time_or_null(imds.last_success)},
          {"age_seconds", std::move(age)},
          {"api_version", imds.api_version}};
}

Json nic_of(const NicStatus& nic) {
  return {{"name", nic.name},
          {"index", number_or_null(nic.index)},
          {"mac", nic.mac},
          {"addresses", nic.addresses},
          {"subnets", nic.subnets},
          {"gateways", nic.gateways},
          {"mtu", number_or_null(nic.mtu)}};
}

Json routes_of(const std::vector<RouteStatus>& routes) {
  Json list = Json::array();
  for (const auto& each : routes) list.push_back(route_json(each));
  return list;
}

Json checks_of(const std::vector<CheckResult>& checks) {
  Json list = Json::array();
  for (const auto& check : checks) {
    list.push_back({{"id", check.id},
                    {"status", status_name(check.status)},
                    {"gate", check.gate},
                    {"message", check.message},
                    {"why", check.why},
                    {"remedy", check.remedy},
                    {"since", time_or_null(check.since)}});
  }
  return list;
}

}  // namespace

std::string status_json(const Snapshot& snapshot, MonoTime mono_now) {
  const Json status = {
      {"schema", "calico-azure-agent/v1"},
      {"version", snapshot.version},
      {"mode", mode_name(snapshot.mode)},
      {"mode_reason", snapshot.mode_reason},
      {"ready", snapshot.ready},
      {"ready_since", snapshot.ready ? time_or_null(snapshot.ready_since) : Json()},
      {"node", node_of(snapshot)},
      {"imds", imds_of(snapshot.imds, mono_now)},
      {"nic", nic_of(snapshot.nic)},
      {"pods",
       {{"cluster_cidrs", texts(snapshot.cluster_cidrs)},
        {"node_cidrs", texts(snapshot.node_cidrs)},
        {"source", snapshot.pods_source}}},
      {"routes", routes_of(snapshot.routes)},
      {"checks", checks_of(snapshot.checks)},
      {"counters",
       {{"routes_repaired", snapshot.counters.routes_repaired},
        {"resyncs", snapshot.counters.resyncs},
        {"imds_errors", snapshot.counters.imds_errors}}},
  };
  return status.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace agent
