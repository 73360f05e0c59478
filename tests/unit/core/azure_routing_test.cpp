#include "node/azure_routing.h"

#include <gtest/gtest.h>

#include "tests/unit/core/healthy.h"

namespace agent {
namespace {

using testing::address;
using testing::azure_as_it_should_be;
using testing::prefix;

struct Case {
  const char* destination;
  const char* next_hop_type;
  const char* prefix;
  const char* route;
};

class AzureRouting : public ::testing::TestWithParam<Case> {};

TEST_P(AzureRouting, TakesTheLongestPrefixAndOfEqualOnesTheUserDefined) {
  auto azure = azure_as_it_should_be();
  auto& table = **azure.route_table;
  table.routes.push_back(
      {"hole", "10.244.2.128/25", prefix("10.244.2.128/25"), "None", std::nullopt, "Succeeded"});
  table.routes.push_back({"nowhere-but-here", "192.168.0.0/16", prefix("192.168.0.0/16"), "VirtualAppliance",
                          address("10.240.0.9"), "Succeeded"});
  table.routes.push_back(
      {"going", "10.244.3.0/24", prefix("10.244.3.0/24"), "None", std::nullopt, "Deleting"});
  const auto choice = node::azure_choice(&table, &*azure.network, address(GetParam().destination));
  EXPECT_EQ(choice.next_hop_type, GetParam().next_hop_type);
  EXPECT_EQ(choice.prefix, prefix(GetParam().prefix));
  EXPECT_EQ(choice.route, GetParam().route);
}

INSTANTIATE_TEST_SUITE_P(
    Destinations, AzureRouting,
    ::testing::Values(Case{"10.244.2.7", "VirtualAppliance", "10.244.2.0/24", "worker-2"},
                      Case{"10.244.2.200", "None", "10.244.2.128/25", "hole"},
                      Case{"10.244.3.7", "VnetLocal", "10.240.0.0/12", ""},
                      Case{"10.9.0.1", "None", "10.0.0.0/8", ""},
                      Case{"192.168.7.7", "VirtualAppliance", "192.168.0.0/16", "nowhere-but-here"},
                      Case{"100.64.0.1", "None", "100.64.0.0/10", ""},
                      Case{"8.8.8.8", "Internet", "0.0.0.0/0", ""},
                      Case{"2001:db8::1", "Internet", "::/0", ""}));

TEST(AzureRouting, KnowsTheCidrsOfOtherNodes) {
  const auto facts = testing::healthy_with_cloud_state();
  auto cloud_state = *facts.cloud_state;
  auto& routes = (*cloud_state.azure->route_table)->routes;
  const auto add = [&routes](const char* cidr, const char* hop, const char* state = "Succeeded") {
    routes.push_back({"", cidr, prefix(cidr), "VirtualAppliance", address(hop), state});
  };
  add("10.244.3.0/24", "10.240.0.4");  // led here: a former CIDR, with pods that are still here
  add("10.244.4.0/24", "10.240.0.6", "Deleting");
  add("10.244.0.0/16", "10.240.0.9");   // the cluster's, which is asked for anyway
  add("192.168.0.0/24", "10.240.0.9");  // nobody's pods
  add("10.244.5.0/24", "10.240.0.7");
  const std::vector others = {prefix("10.244.2.0/24"), prefix("10.244.5.0/24")};
  EXPECT_EQ(node::cidrs_of_other_nodes(facts.policy, cloud_state), others);

  auto policy = facts.policy;
  policy.node_cidrs = {};
  EXPECT_TRUE(node::cidrs_of_other_nodes(policy, cloud_state).empty()) << "one may be this node's";
  policy = facts.policy;
  policy.mode = node::Mode::flannel;
  EXPECT_TRUE(node::cidrs_of_other_nodes(policy, cloud_state).empty());
  cloud_state.azure->nic = net::failure(EACCES, "may not be read");
  EXPECT_TRUE(node::cidrs_of_other_nodes(facts.policy, cloud_state).empty()) << "they may lead here";
  EXPECT_TRUE(node::cidrs_of_other_nodes(facts.policy, {}).empty());
}

TEST(AzureRouting, WithoutATableTheSystemRoutesStand) {
  EXPECT_EQ(node::azure_choice(nullptr, nullptr, address("10.244.2.7")).next_hop_type, "None");
}

}  // namespace
}  // namespace agent
