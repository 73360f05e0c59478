// /status against the contract, field by field, read back by a JSON parser.
#include "agent/http/renderings.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sample.h"

namespace {

using Json = nlohmann::ordered_json;

Json status_of(const core::Snapshot& node, net::MonoTime now = sample::kMonoNow) {
  return Json::parse(agent::status_json(node, now));
}

std::vector<std::string> keys(const Json& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  return names;
}

TEST(StatusJson, OfAReadyNodeIsTheContractsDocument) {
  const auto expected = Json::parse(R"({
    "schema": "calico-azure-agent/v1", "version": "0.1.0", "mode": "udr",
    "mode_reason": "mode = \"udr\" in config.toml", "ready": true, "ready_since": "2026-08-01T07:29:59.123Z",
    "config": {"file": "/etc/calico-azure-agent/config.toml", "overrides": ["routes.metric=1024"],
               "digest": "cbf29ce484222325", "values": ["mode=udr"]},
    "node": {"name": "aks-pool1-3000-vmss000002", "vm_id": "13f56399-bd52-4150-9748-7190aae1ff21",
             "resource_id": "/subscriptions/8d10da13/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/aks-pool1-3000-vmss/virtualMachines/2",
             "location": "westeurope", "vm_scale_set": "aks-pool1-3000-vmss"},
    "imds": {"source": "live", "last_success": "2026-08-01T09:29:48.000Z", "age_seconds": 12,
             "api_version": "2021-02-01"},
    "nic": {"name": "eth0", "index": 2, "mac": "00:0d:3a:f8:06:ec", "addresses": ["10.240.0.4"],
            "subnets": ["10.240.0.0/24"], "gateways": ["10.240.0.1"], "mtu": 1500},
    "pods": {"cluster_cidrs": ["10.240.128.0/17"], "node_cidrs": ["10.240.130.0/24"], "source": "static"},
    "routes": [
      {"destination": "10.240.128.0/17", "type": "unicast", "gateway": "10.240.0.1", "device": "eth0",
       "source": "10.240.0.4", "table": 254, "metric": 1024, "protocol": 169, "state": "in_sync", "error": ""},
      {"destination": "10.240.130.0/24", "type": "blackhole", "gateway": "", "device": "",
       "source": "", "table": 254, "metric": 1000000, "protocol": 169, "state": "in_sync", "error": ""}],
    "changes": [
      {"time": "2026-08-01T09:29:50.000Z", "action": "add", "destination": "10.240.128.0/17",
       "route": "10.240.128.0/17 via 10.240.0.1 dev eth0 src 10.240.0.4 table 254 metric 1024 protocol 169",
       "repaired_after": "systemd-network"}],
    "maintenance": []
  })");
  auto status = status_of(sample::ready_node());
  EXPECT_EQ(keys(status),
            (std::vector<std::string>{"schema", "version", "mode", "mode_reason", "ready", "ready_since",
                                      "config", "node", "imds", "nic", "pods", "routes", "checks", "path",
                                      "changes", "maintenance", "counters"}));
  const auto checks = status["checks"];
  const auto counters = status["counters"];
  const auto path = status["path"];
  status.erase("checks");
  status.erase("path");
  status.erase("counters");
  EXPECT_EQ(status.dump(1), expected.dump(1));
  EXPECT_EQ(counters, Json::parse(R"({"routes_repaired": 3, "resyncs": 41, "imds_errors": 7})"));
  EXPECT_EQ(path.size(), 7U);
  EXPECT_EQ(
      path.at(2).dump(),
      R"({"hop":"route","name":"this node's route","at":"10.240.128.0/17 via 10.240.0.1","state":"unknown","checks":["nic.gateway","routes.in_sync"]})");
  EXPECT_EQ(checks.size(), 10U);
  EXPECT_EQ(
      checks.at(1).dump(),
      R"({"id":"nic.found","status":"pass","gate":true,"message":"as it should be","why":"","remedy":"","since":"2026-08-01T07:30:00.000Z"})");
}

TEST(StatusJson, OfABrokenNodeSaysWhatWhyAndHowToRepair) {
  const auto status = status_of(sample::broken_node());
  EXPECT_EQ(status["ready"], false);
  EXPECT_TRUE(status["ready_since"].is_null());
  EXPECT_EQ(status["routes"][0]["state"], "failed");
  EXPECT_EQ(status["routes"][0]["error"], "Nexthop has invalid gateway");
  EXPECT_EQ(
      status["checks"][6].dump(),
      R"({"id":"sysctl.ip_forward","status":"fail","gate":true,"message":"net.ipv4.ip_forward is 0","why":"pods of this node cannot be reached","remedy":"sysctl -w net.ipv4.ip_forward=1","since":"2026-08-01T09:28:30.000Z"})");
  EXPECT_EQ(status["checks"][4]["status"], "unknown");
  EXPECT_EQ(status["checks"][7]["status"], "skip");
}

TEST(StatusJson, OfANewNodeHasEveryFieldEmptyOrNull) {
  const auto status = status_of(sample::new_node());
  const auto full = status_of(sample::ready_node());
  EXPECT_EQ(keys(status), keys(full));
  for (const char* object : {"node", "imds", "nic", "pods", "counters"}) {
    EXPECT_EQ(keys(status[object]), keys(full[object])) << object;
  }
  EXPECT_TRUE(status["ready_since"].is_null());
  EXPECT_EQ(status["imds"].dump(),
            R"({"source":"none","last_success":null,"age_seconds":null,"api_version":""})");
  EXPECT_EQ(status["nic"].dump(),
            R"({"name":"","index":null,"mac":"","addresses":[],"subnets":[],"gateways":[],"mtu":null})");
  EXPECT_EQ(status["pods"].dump(), R"({"cluster_cidrs":[],"node_cidrs":[],"source":""})");
  EXPECT_EQ(status["routes"], Json::array());
  EXPECT_EQ(status["checks"], Json::array());
}

TEST(StatusJson, ReadySinceIsNullWhileNotReadyWhateverTheSnapshotRemembers) {
  auto node = sample::broken_node();
  node.ready_since = sample::kNow;
  EXPECT_TRUE(status_of(node)["ready_since"].is_null());
}

TEST(StatusJson, AgeIsMeasuredOnTheMonotonicClockAndNeverNegative) {
  auto node = sample::ready_node();
  node.imds.last_success = sample::kNow + std::chrono::hours{5};  // the wall clock was set back
  EXPECT_EQ(status_of(node)["imds"]["age_seconds"], 12);
  EXPECT_EQ(status_of(node, sample::kMonoNow + std::chrono::seconds{60})["imds"]["age_seconds"], 72);
  EXPECT_EQ(status_of(node, sample::kMonoNow - std::chrono::hours{1})["imds"]["age_seconds"], 0);
}

TEST(StatusJson, IsValidUtf8WhateverTheStringsHold) {
  // Json::parse refuses ill-formed UTF-8 and bare control characters.
  const auto status = status_of(sample::node_of_strings("\xC3\x28 \xFF \"quoted\"\n\x01 \xE2\x82"));
  EXPECT_EQ(status["node"]["location"], "\xEF\xBF\xBD( \xEF\xBF\xBD \"quoted\"\n\x01 \xEF\xBF\xBD");
}

TEST(StatusJson, ListsIpv4AndIpv6Together) {
  auto node = sample::ready_node();
  node.cluster_cidrs = {node.cluster_cidrs.front(), sample::prefix("fd00:128::/64")};
  auto route = sample::cluster_route();
  route.route.key.destination = sample::prefix("fd00:128::/64");
  route.route.gateway = sample::address("fe80::1234:5678:9abc");
  auto routes = node.routes.list();
  routes.push_back(route);
  node.routes = routing::RouteStatuses(routes);
  const auto status = status_of(node);
  EXPECT_EQ(status["pods"]["cluster_cidrs"], Json::parse(R"(["10.240.128.0/17","fd00:128::/64"])"));
  EXPECT_EQ(status["routes"][2]["gateway"], "fe80::1234:5678:9abc");
}

TEST(StatusJson, ShowsARouteAsThePlanDoes) {
  const auto node = sample::broken_node();
  const auto status = status_of(node);
  for (std::size_t i = 0; i < node.routes.size(); ++i) {
    EXPECT_EQ(agent::route_json(node.routes.at(i)).dump(), status["routes"][i].dump());
  }
}

TEST(StatusJson, EscapesEveryControlCharacter) {
  std::string controls;
  for (char c = 0; c < 0x20; ++c) controls += c;
  controls += "\"\\/\x7F";
  EXPECT_EQ(status_of(sample::node_of_strings(controls))["nic"]["name"], controls);
}

TEST(StatusJson, HasWhatAzureAnnouncesForTheVm) {
  auto node = sample::ready_node();
  node.maintenance = {{.id = "F1",
                       .type = observed::MaintenanceType::redeploy,
                       .started = false,
                       .vms = {"vm1"},
                       .not_before = net::WallTime(std::chrono::seconds(1798761600)),
                       .source = "Platform",
                       .description = "The VM is moved."}};
  EXPECT_EQ(status_of(node)["maintenance"],
            Json::parse(R"([{"id": "F1", "type": "Redeploy", "status": "Scheduled",
                             "not_before": "2027-01-01T00:00:00.000Z", "source": "Platform",
                             "description": "The VM is moved."}])"));
}

}  // namespace
