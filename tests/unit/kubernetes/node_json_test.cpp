#include "kubernetes/node_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <nlohmann/json.hpp>

namespace {

using kubernetes::Event;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono;

json node() {
  return json::parse(R"({
    "kind": "Node", "apiVersion": "v1",
    "metadata": {"name": "n1", "resourceVersion": "42", "creationTimestamp": "2026-03-01T12:00:00Z"},
    "spec": {"podCIDR": "10.244.1.0/24", "podCIDRs": ["10.244.1.0/24", "fd00:1::/64"],
             "providerID": "azure:///subscriptions/s/resourceGroups/rg/providers/x/virtualMachines/n1"},
    "status": {"addresses": [
      {"type": "Hostname", "address": "n1"}, {"type": "InternalIP", "address": "10.0.0.4"},
      {"type": "ExternalIP", "address": "20.0.0.4"}, {"type": "InternalIP", "address": "?"},
      {"type": "InternalIP", "address": "fd00::4"}],
     "conditions": [
      {"type": "Ready", "status": "True"},
      {"type": "NetworkUnavailable", "status": "False", "reason": "RouteCreated", "message": "it is there",
       "lastHeartbeatTime": null, "lastTransitionTime": "2026-03-01T12:00:07Z"}]}})");
}

TEST(NodeJson, EveryFieldIsTaken) {
  const auto versioned = kubernetes::parse_node(node());
  ASSERT_TRUE(versioned) << versioned.error().what;
  const observed::KubernetesNode expected{
      .name = "n1",
      .pod_cidrs = {*net::Prefix::parse("10.244.1.0/24"), *net::Prefix::parse("fd00:1::/64")},
      .created = sys_days(year(2026) / 3 / 1) + 12h,
      .network_unavailable = observed::KubernetesCondition{.status = "False",
                                                           .reason = "RouteCreated",
                                                           .message = "it is there",
                                                           .since = sys_days(year(2026) / 3 / 1) + 12h + 7s},
      .flannel = {},
      .provider_id = "azure:///subscriptions/s/resourceGroups/rg/providers/x/virtualMachines/n1",
      .internal_addresses = {*net::Address::parse("10.0.0.4"), *net::Address::parse("fd00::4")}};
  EXPECT_EQ(versioned->node, expected);
  EXPECT_EQ(versioned->resource_version, "42");
}

TEST(NodeJson, PodCidrsComeFromEitherField) {
  const struct {
    const char* spec;
    std::vector<std::string> cidrs;
  } cases[] = {
      {R"({"podCIDRs": ["10.1.0.0/24"], "podCIDR": "10.2.0.0/24"})", {"10.1.0.0/24"}},
      {R"({"podCIDRs": [], "podCIDR": "10.2.0.0/24"})", {"10.2.0.0/24"}},
      {R"({"podCIDRs": null, "podCIDR": "10.2.0.0/24"})", {"10.2.0.0/24"}},
      {R"({"podCIDR": "10.2.0.0/24"})", {"10.2.0.0/24"}},
      {R"({"podCIDRs": ["10.1.0.0/24", "10.1.0.0/24"]})", {"10.1.0.0/24"}},
      {R"({"podCIDR": ""})", {}},
      {R"({"podCIDR": null})", {}},
      {R"({})", {}},
      {R"(null)", {}},
  };
  for (const auto& [spec, cidrs] : cases) {
    SCOPED_TRACE(spec);
    auto object = node();
    object["spec"] = json::parse(spec);
    const auto versioned = kubernetes::parse_node(object);
    ASSERT_TRUE(versioned) << versioned.error().what;
    std::vector<std::string> texts;
    for (const auto& cidr : versioned->node.pod_cidrs) texts.push_back(cidr.text());
    EXPECT_EQ(texts, cidrs);
  }
}

TEST(NodeJson, ANodeWithoutTheConditionHasNone) {
  for (const char* status : {"{}", "null", R"({"conditions": null})", R"({"conditions": []})",
                             R"({"conditions": [7, null, {}, {"type": 7}, {"type": "Ready"}]})"}) {
    SCOPED_TRACE(status);
    auto object = node();
    object["status"] = json::parse(status);
    const auto versioned = kubernetes::parse_node(object);
    ASSERT_TRUE(versioned) << versioned.error().what;
    EXPECT_FALSE(versioned->node.network_unavailable);
  }
}

TEST(NodeJson, WhatCannotBeTrustedIsRefusedByField) {
  const struct {
    const char* patch;
    const char* why;
  } cases[] = {
      {R"({"kind": "Pod"})", "another kind"},
      {R"({"kind": 7})", "another kind"},
      {R"({"metadata": null})", "metadata.name"},
      {R"({"metadata": [1]})", "metadata.name"},
      {R"({"metadata": {"name": 7}})", "metadata.name"},
      {R"({"metadata": {"creationTimestamp": "yesterday"}})", "creationTimestamp"},
      {R"({"metadata": {"creationTimestamp": null}})", "creationTimestamp"},
      {R"({"spec": {"podCIDRs": "10.1.0.0/24"}})", "no list"},
      {R"({"spec": {"podCIDRs": {"a": 1}}})", "no list"},
      {R"({"spec": {"podCIDRs": [7]}})", "other than text"},
      {R"({"spec": {"podCIDRs": ["10.1.0.7/24"]}})", "host bits"},
      {R"({"spec": {"podCIDRs": ["10.1.0.0/33"]}})", "not a CIDR"},
      {R"({"spec": {"podCIDRs": ["\u0000\n"]}})", "?' is not a CIDR"},
      {R"({"spec": {"podCIDRs": null, "podCIDR": 7}})", "other than text"},
      {R"({"status": {"conditions": {"a": 1}}})", "no list"},
      {R"({"status": {"conditions": [{"type": "NetworkUnavailable"}]}})", "no status"},
      {R"({"status": {"conditions": [{"type": "NetworkUnavailable", "status": true}]}})", "no status"},
      {R"({"status": {"conditions": [{"type": "NetworkUnavailable", "status": "True", "lastTransitionTime": "x"}]}})",
       "lastTransitionTime"},
  };
  for (const auto& [patch, why] : cases) {
    SCOPED_TRACE(patch);
    auto object = node();
    object.merge_patch(json::parse(patch));
    const auto versioned = kubernetes::parse_node(object);
    ASSERT_FALSE(versioned);
    EXPECT_EQ(versioned.error().code.value(), EBADMSG);
    EXPECT_THAT(versioned.error().what, HasSubstr(why));
  }
  for (const char* text : {"null", "[]", "7", "\"x\"", "{}"}) {
    EXPECT_FALSE(kubernetes::parse_node(json::parse(text))) << text;
  }
}

TEST(NodeJson, FlannelsAnnotationsAreTakenAndNonsenseInOneLeavesThatOneOut) {
  const std::string key = "flannel.alpha.coreos.com/";
  const json vxlan = R"({"VNI":1,"VtepMAC":"7e:2a:00:11:22:33"})";
  const observed::FlannelAnnotations whole{.backend_type = "vxlan",
                                           .vtep_mac = net::MacAddress::parse("7e:2a:00:11:22:33").value(),
                                           .public_ip = net::Address::parse("10.240.0.4").value()};
  auto without_mac = whole;
  without_mac.vtep_mac.reset();
  auto without_address = whole;
  without_address.public_ip.reset();
  auto host_gw = without_mac;
  host_gw.backend_type = "host-gw";
  const struct {
    json type, data, address;
    std::optional<observed::FlannelAnnotations> expected;
  } cases[] = {
      {"vxlan", vxlan, "10.240.0.4", whole},
      {"host-gw", "null", "10.240.0.4", host_gw},
      {"vxlan", nullptr, "10.240.0.4", without_mac},
      {"vxlan", json::object({{"VtepMAC", "7e:2a:00:11:22:33"}}), "10.240.0.4", without_mac},
      {"vxlan", R"({"VtepMAC":"7e:2a")", "10.240.0.4", without_mac},
      {"vxlan", R"({"VtepMAC":"7e:2a"})", "10.240.0.4", without_mac},
      {"vxlan", R"([{"VtepMAC":7}])", "10.240.0.4", without_mac},
      {"vxlan", std::string(100'000, '['), "10.240.0.4", without_mac},
      {"vxlan", vxlan, "10.240.0.4/32", without_address},
      {"vxlan", vxlan, json::array({1}), without_address},
      {nullptr, vxlan, "10.240.0.4", std::nullopt},
      {"", vxlan, "10.240.0.4", std::nullopt},
      {7, vxlan, "10.240.0.4", std::nullopt},
  };
  for (const auto& [type, data, address, expected] : cases) {
    auto object = node();
    object["metadata"]["annotations"] = {
        {key + "backend-type", type}, {key + "backend-data", data}, {key + "public-ip", address}};
    SCOPED_TRACE(object["metadata"]["annotations"].dump().substr(0, 200));
    const auto versioned = kubernetes::parse_node(object);
    ASSERT_TRUE(versioned) << versioned.error().what;
    EXPECT_EQ(versioned->node.flannel, expected);
  }
  auto overwritten = node();
  overwritten["metadata"]["annotations"] = {{key + "backend-type", "vxlan"},
                                            {key + "public-ip", "20.1.2.3"},
                                            {key + "public-ip-overwrite", "20.1.2.3"}};
  EXPECT_EQ(kubernetes::parse_node(overwritten).value().node.flannel->public_ip_overwrite,
            net::Address::parse("20.1.2.3").value());
  for (const json& annotations : {json(nullptr), json("x"), json::array({1}), json::object()}) {
    auto object = node();
    object["metadata"]["annotations"] = annotations;
    EXPECT_EQ(kubernetes::parse_node(object).value().node.flannel, std::nullopt) << annotations;
  }
}

TEST(WatchEvent, HasItsMeaning) {
  const auto event = [](const char* type, const json& object) {
    return kubernetes::parse_event(json{{"type", type}, {"object", object}}.dump());
  };
  for (const char* type : {"ADDED", "MODIFIED"}) {
    const auto seen = event(type, node());
    ASSERT_TRUE(seen) << seen.error().what;
    EXPECT_EQ(seen->kind, Event::Kind::seen);
    EXPECT_EQ(seen->versioned.node.name, "n1");
  }
  EXPECT_EQ(event("DELETED", node())->kind, Event::Kind::deleted);
  EXPECT_EQ(event("BOOKMARK", {{"metadata", {{"resourceVersion", "50"}}}})->kind, Event::Kind::nothing);
  const auto error = event("ERROR", {{"kind", "Status"}, {"reason", "Expired"}, {"code", 410}});
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().code.value(), ESTALE);
  EXPECT_THAT(error.error().what, HasSubstr("Expired"));
}

TEST(WatchEvent, GarbageIsRefused) {
  for (const std::string& line :
       {std::string("{"), std::string("null"), std::string("[]"), std::string("7"), std::string("{}"),
        std::string("{\"type\":7}"), std::string("{\"type\":\"NEW\"}"), std::string("{\"type\":\"ADDED\"}"),
        std::string("{\"type\":\"ADDED\",\"object\":[]}"), std::string("\xff\xfe"),
        std::string("{\"a\":1e999}"), std::string("{\"a\":\"\x80\"}"), std::string(1'000'000, '['),
        std::string("{} {}"), std::string("\0", 1),
        "{\"type\":\"BOOKMARK\",\"object\":" + std::string(100, '[') + std::string(100, ']') + "}"}) {
    SCOPED_TRACE(line.substr(0, 40));
    const auto event = kubernetes::parse_event(line);
    ASSERT_FALSE(event);
    EXPECT_EQ(event.error().code.value(), EBADMSG);
  }
}

TEST(NodeJson, WordsSteerNoTerminalAndEndNoLine) {
  constexpr auto kHostile = "a\x1b]0;owned\x07\u009b2Kb\r\nc\u202ed\u200be";
  constexpr auto kTamed = "a?]0;owned??2Kb c?d?e";
  auto object = node();
  auto& condition = object["status"]["conditions"][1];
  for (const auto* field : {"status", "reason", "message"}) condition[field] = kHostile;
  object["metadata"]["annotations"] = {{"flannel.alpha.coreos.com/backend-type", kHostile}};
  const auto versioned = kubernetes::parse_node(object);
  ASSERT_TRUE(versioned) << versioned.error().what;
  EXPECT_EQ(versioned->node.network_unavailable->status, kTamed);
  EXPECT_EQ(versioned->node.network_unavailable->reason, kTamed);
  EXPECT_EQ(versioned->node.network_unavailable->message, kTamed);
  EXPECT_EQ(versioned->node.flannel->backend_type, kTamed);
  condition["message"] = std::string(5000, 'x');
  EXPECT_LT(kubernetes::parse_node(object)->node.network_unavailable->message.size(), 600U);
  object["metadata"]["name"] = kHostile;
  EXPECT_FALSE(kubernetes::parse_node(object)) << "a name is what is asked for: none is made up";
}

}  // namespace
