// Gates never dead-lock: calico/node, flannel and CNI plug-ins wait for them, so none may wait for what these
// bring.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/unit/core/healthy_nodes.h"
#include "tests/unit/core/judged.h"

namespace agent {
namespace {

struct Kind {
  const char* name;
  checks::Facts (*healthy)();
};

const Kind kKinds[] = {{"udr with Calico", testing::udr_with_calico},
                       {"udr with kubenet", testing::udr_with_kubenet},
                       {"canal", testing::canal},
                       {"flannel", testing::plain_flannel},
                       {"Calico VXLAN", testing::calico_vxlan},
                       {"Azure CNI", testing::azure_cni}};

bool is_of_the_node(const net::Link& link) { return link.loopback || link.kind.empty(); }

/// The node as it boots: nothing that calico/node, flannel or a plug-in makes, writes or answers is there,
/// nor has the cluster heard of it.
checks::Facts before_the_gate(checks::Facts facts) {
  std::erase_if(facts.links.edit(), [](const net::Link& link) { return !is_of_the_node(link); });
  facts.environment = {};
  facts.cloud_state = {};
  return facts;
}

/// All of it is there, and wrong.
checks::Facts everything_wrong_behind_it(checks::Facts facts) {
  auto& files = facts.environment.edit().cni.emplace();
  files.configuration = observed::CniConfiguration{
      .folder = "/etc/cni/net.d",
      .files = {{.path = "/etc/cni/net.d/05.conf", .network = "", .plugins = {}, .problem = "half written"}},
      .missing_programs = {"/opt/cni/bin/calico is not there"}};
  facts.environment.edit().data_plane = net::failure(EPERM, "not allowed");
  auto& host = facts.environment.edit().host.emplace();
  host.felix = 503;
  host.cns = 503;
  host.conntrack = observed::Conntrack{.entries = 1, .room = 1};
  facts.cloud_state.edit().node = net::failure(ETIMEDOUT, "no answer");
  facts.cloud_state.edit().azure = observed::AzureNetwork{};
  return facts;
}

std::vector<checks::CheckResult> gates_of(const checks::Facts& facts) {
  auto results = checks::assess(facts, {}, facts.wall);
  std::erase_if(results, [](const checks::CheckResult& result) { return !result.gate; });
  return results;
}

TEST(Gates, WaitForNothingThatIsStartedAfterThem) {
  for (const auto& kind : kKinds) {
    SCOPED_TRACE(kind.name);
    const auto healthy = kind.healthy();
    const auto gates = gates_of(healthy);
    EXPECT_FALSE(gates.empty());
    EXPECT_TRUE(checks::is_ready(gates));
    EXPECT_EQ(gates_of(before_the_gate(healthy)), gates);
    EXPECT_EQ(gates_of(everything_wrong_behind_it(healthy)), gates);
    EXPECT_EQ(gates_of(everything_wrong_behind_it(before_the_gate(healthy))), gates);
  }
}

TEST(Gates, ANodeCidrThatFlannelIsToTellHoldsNobody) {
  auto facts = before_the_gate(testing::udr_with_calico());
  facts.policy.node_cidrs = {};
  facts.node_cidrs = {};
  facts.policy.node_cidr_source = node::NodeCidrSource::flannel;
  EXPECT_EQ(testing::result(facts, "pods.node_cidr").status, checks::CheckStatus::fail);
  EXPECT_TRUE(checks::is_ready(gates_of(facts)));
  facts.policy.node_cidr_source = node::NodeCidrSource::kubernetes;
  EXPECT_FALSE(checks::is_ready(gates_of(facts)));
}

TEST(Gates, TheKubeletIsNotKeptWaitingForWhatItBrings) {
  auto facts = before_the_gate(testing::udr_with_calico());
  facts.policy.node_cidrs = {};
  facts.node_cidrs = {};
  for (const auto source : {node::NodeCidrSource::kubernetes, node::NodeCidrSource::route_table}) {
    facts.policy.node_cidr_source = source;
    const auto gates = gates_of(facts);
    EXPECT_FALSE(checks::is_ready(gates));
    EXPECT_TRUE(checks::is_ready_for_kubelet(gates));
  }
  facts.policy.node_cidr_source = node::NodeCidrSource::static_list;
  EXPECT_FALSE(checks::is_ready_for_kubelet(gates_of(facts)));
  facts.policy.node_cidr_source = node::NodeCidrSource::kubernetes;
  facts.sysctls["net/ipv4/ip_forward"] = "0";
  EXPECT_FALSE(checks::is_ready_for_kubelet(gates_of(facts)));
}

TEST(Gates, ApplyWhereTheirWordsInTheManualSay) {
  const auto words = [](checks::Gate gate) { return net::name_of(checks::kGateWords, gate); };
  const auto names = [](std::string_view text, std::string_view word) {
    return text.find(word) != text.npos;
  };
  using checks::Gate;
  for (const auto& mode : node::kModeNames) {
    node::Policy policy;
    policy.mode = mode.value;
    EXPECT_EQ(checks::applies(Gate::with_pod_cidrs, policy), names(words(Gate::with_pod_cidrs), mode.name));
    EXPECT_EQ(checks::applies(Gate::with_routes, policy), names(words(Gate::with_routes), mode.name));
    using node::NodeCidrSource;
    for (const auto& source :
         std::initializer_list<net::Named<NodeCidrSource>>{{NodeCidrSource::automatic, "auto"},
                                                           {NodeCidrSource::static_list, "static"},
                                                           {NodeCidrSource::kubernetes, "kubernetes"},
                                                           {NodeCidrSource::route_table, "route-table"},
                                                           {NodeCidrSource::flannel, "flannel"}}) {
      policy.node_cidr_source = source.value;
      const auto text = words(Gate::with_demanded_node_cidr);
      EXPECT_EQ(checks::applies(Gate::with_demanded_node_cidr, policy),
                names(text, "mode " + std::string(mode.name)) && names(text, source.name))
          << mode.name << ' ' << source.name;
    }
    policy.routes_enabled = false;
    EXPECT_FALSE(checks::applies(Gate::with_routes, policy));
  }
}

TEST(Gates, AreTheseAlone) {
  const std::set<std::string> always = {"mode.in_force",        "imds.reachable", "nic.found",
                                        "nic.address",          "nic.up",         "sysctl.ip_forward",
                                        "sysctl.nic_forwarding"};
  for (const auto& kind : kKinds) {
    SCOPED_TRACE(kind.name);
    const auto facts = kind.healthy();
    auto expected = always;
    if (facts.policy.mode != node::Mode::azure_cni) expected.insert({"routes.in_sync", "pods.overlap"});
    std::set<std::string> found;
    for (const auto& gate : gates_of(facts)) found.insert(gate.id);
    EXPECT_EQ(found, expected);
  }
}

}  // namespace
}  // namespace agent
