#include "node/security_rules.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/core/healthy.h"

namespace agent {
namespace {

using node::Cover;
using node::SecurityDecision;
using observed::AzureAccess;
using observed::AzureDirection;
using observed::AzureProtocol;
using observed::AzureSecurityRule;
using testing::prefix;
using Verdict = SecurityDecision::Verdict;

AzureSecurityRule security_rule(std::uint32_t priority, AzureAccess access, std::string_view source,
                                std::string_view destination) {
  const auto side = [](std::string_view text) {
    if (net::Prefix::parse(text)) {
      observed::AzureAddresses one;
      one.prefixes = {prefix(text)};
      return one;
    }
    if (!text.starts_with("group:")) return testing::addresses_of(text);
    observed::AzureAddresses group;
    group.groups = {std::string(text.substr(6))};
    return group;
  };
  return {.name = "r" + std::to_string(priority),
          .priority = priority,
          .direction = AzureDirection::inbound,
          .access = access,
          .protocol = AzureProtocol::any,
          .source = side(source),
          .destination = side(destination),
          .source_ports = {{0, 65535}},
          .destination_ports = {{0, 65535}}};
}

AzureSecurityRule for_traffic(AzureSecurityRule made, AzureProtocol protocol,
                              std::vector<net::PortRange> ports) {
  made.protocol = protocol;
  made.destination_ports = std::move(ports);
  return made;
}

constexpr auto kAllows = AzureAccess::allow;
constexpr auto kDenies = AzureAccess::deny;
constexpr auto kOfTcp = AzureProtocol::tcp;
constexpr auto kOfUdp = AzureProtocol::udp;

struct SecurityCase {
  const char* name;
  std::vector<AzureSecurityRule> rules;  ///< before Azure's own
  Verdict verdict;
  const char* by;  ///< the rule that is named
  node::SecurityNeed need = {.protocol = kOfTcp, .port = {}};
};

AzureSecurityRule from_ports(AzureSecurityRule made, std::vector<net::PortRange> ports) {
  made.source_ports = std::move(ports);
  return made;
}

AzureSecurityRule outbound_rule(AzureSecurityRule made) {
  made.direction = AzureDirection::outbound;
  return made;
}

// What 10.244.2.0/24 sends to 10.244.1.0/24; the cluster is 10.244.0.0/16, the network 10.240.0.0/16.
const std::vector<SecurityCase> kSecurityCases = {
    {"only Azure's own rules", {}, Verdict::admitted, "AllowVnetInBound"},
    {"all is denied", {security_rule(200, kDenies, "*", "*")}, Verdict::denied, "r200"},
    {"what comes first decides",
     {security_rule(100, kAllows, "10.244.0.0/16", "*"), security_rule(200, kDenies, "*", "*")},
     Verdict::admitted,
     "r100"},
    {"what comes later does not",
     {security_rule(200, kDenies, "*", "*"), security_rule(300, kAllows, "*", "*")},
     Verdict::denied,
     "r200"},
    {"the other direction's",
     {outbound_rule(security_rule(200, kDenies, "*", "*"))},
     Verdict::admitted,
     "AllowVnetInBound"},
    {"by a wider network",
     {security_rule(200, kDenies, "10.0.0.0/8", "10.244.0.0/16")},
     Verdict::denied,
     "r200"},
    {"another source",
     {security_rule(200, kDenies, "10.245.0.0/16", "*")},
     Verdict::admitted,
     "AllowVnetInBound"},
    {"another destination",
     {security_rule(200, kDenies, "*", "10.244.3.0/24")},
     Verdict::admitted,
     "AllowVnetInBound"},
    {"of the other family",
     {security_rule(200, kDenies, "::/0", "*")},
     Verdict::admitted,
     "AllowVnetInBound"},
    {"one pod", {security_rule(200, kDenies, "10.244.2.7/32", "*")}, Verdict::admitted, "AllowVnetInBound"},
    {"one port",
     {for_traffic(security_rule(200, kDenies, "*", "*"), kOfTcp, {{25, 25}})},
     Verdict::admitted,
     "AllowVnetInBound"},
    {"every port of the protocol",
     {for_traffic(security_rule(200, kDenies, "*", "*"), kOfTcp, {{1, 65535}})},
     Verdict::denied,
     "r200"},
    {"every port in two ranges",
     {for_traffic(security_rule(200, kDenies, "*", "*"), kOfTcp, {{1000, 65535}, {0, 999}})},
     Verdict::denied,
     "r200"},
    {"every port but one",
     {for_traffic(security_rule(200, kDenies, "*", "*"), kOfTcp, {{0, 79}, {81, 65535}})},
     Verdict::admitted,
     "AllowVnetInBound"},
    {"another protocol",
     {for_traffic(security_rule(200, kDenies, "*", "*"), kOfUdp, {{0, 65535}})},
     Verdict::admitted,
     "AllowVnetInBound"},
    {"from some ports",
     {from_ports(security_rule(200, kDenies, "*", "*"), {{1024, 65535}})},
     Verdict::admitted,
     "AllowVnetInBound"},
    {"the network, which has the routes' prefixes",
     {security_rule(200, kDenies, "VirtualNetwork", "VIRTUALNETWORK")},
     Verdict::denied,
     "r200"},
    {"probes",
     {security_rule(200, kDenies, "AzureLoadBalancer", "*")},
     Verdict::admitted,
     "AllowVnetInBound"},
    {"the Internet", {security_rule(200, kDenies, "Internet", "*")}, Verdict::admitted, "AllowVnetInBound"},
    {"a service", {security_rule(200, kDenies, "Sql", "*")}, Verdict::uncertain, "r200"},
    {"a service behind what denies",
     {security_rule(200, kDenies, "*", "*"), security_rule(300, kAllows, "Sql", "*")},
     Verdict::denied,
     "r200"},
    {"a service before what denies",
     {security_rule(200, kAllows, "Sql", "*"), security_rule(300, kDenies, "*", "*")},
     Verdict::uncertain,
     "r200"},
    {"a service that would change nothing",
     {security_rule(200, kAllows, "Sql", "*")},
     Verdict::admitted,
     "AllowVnetInBound"},
    {"an application security group",
     {security_rule(200, kDenies, "*", "group:web")},
     Verdict::uncertain,
     "r200"},
    {"a group, of which one port",
     {for_traffic(security_rule(200, kDenies, "*", "group:web"), kOfTcp, {{80, 80}})},
     Verdict::admitted,
     "AllowVnetInBound"},
    {"a service and other pods",
     {security_rule(200, kDenies, "Sql", "10.244.9.0/24")},
     Verdict::admitted,
     "AllowVnetInBound"},
    {"a rule for administrators, and nothing else",
     {for_traffic(security_rule(200, kAllows, "*", "*"), kOfTcp, {{22, 22}}),
      security_rule(4096, kDenies, "*", "*")},
     Verdict::denied,
     "r4096"},
    {"some ports of pods, and nothing else",
     {for_traffic(security_rule(200, kAllows, "10.244.0.0/16", "10.244.0.0/16"), kOfTcp, {{443, 443}}),
      security_rule(4096, kDenies, "*", "*")},
     Verdict::by_policy,
     "r200"},
    {"one pod alone",
     {security_rule(200, kAllows, "10.244.2.7/32", "*"), security_rule(4096, kDenies, "*", "*")},
     Verdict::by_policy,
     "r200"},
    {"a part of the network's addresses, of which only that is known to be in it",
     {security_rule(200, kAllows, "10.244.2.0/25", "VirtualNetwork"), security_rule(300, kDenies, "*", "*")},
     Verdict::uncertain,
     "r200"},
    {"the overlay's port",
     {for_traffic(security_rule(200, kDenies, "*", "*"), kOfUdp, {{4000, 5000}})},
     Verdict::denied,
     "r200",
     {kOfUdp, 4789}},
    {"another port than the overlay's",
     {for_traffic(security_rule(200, kDenies, "*", "*"), kOfUdp, {{53, 53}})},
     Verdict::admitted,
     "AllowVnetInBound",
     {kOfUdp, 4789}},
    {"the overlay's port before the rest is denied",
     {for_traffic(security_rule(200, kAllows, "*", "*"), kOfUdp, {{4789, 4789}}),
      security_rule(300, kDenies, "*", "*")},
     Verdict::admitted,
     "r200",
     {kOfUdp, 4789}},
};

observed::AzureVirtualNetwork tag_network() {
  return {.id = "/vnet", .address_space = {prefix("10.240.0.0/16")}, .peered = {prefix("10.9.0.0/16")}};
}

observed::AzureRouteTable tag_table() {
  observed::AzureRouteTable made{.id = "/rt", .provisioning_state = "Succeeded", .routes = {}};
  for (const char* each : {"10.244.1.0/24", "10.244.2.0/24", "0.0.0.0/0"}) {
    made.routes.push_back({.name = each,
                           .destination = each,
                           .prefix = prefix(each),
                           .next_hop_type = "VirtualAppliance",
                           .next_hop = {},
                           .provisioning_state = "Succeeded"});
  }
  return made;
}

observed::AzureSecurityGroup nsg_of(const std::vector<AzureSecurityRule>& own) {
  observed::AzureSecurityGroup group{.id = "/nsg", .rules = own};
  for (auto& each : testing::default_security_rules()) group.rules.push_back(std::move(each));
  return group;
}

SecurityDecision decided_by(const observed::AzureSecurityGroup& group, const node::SecurityNeed& need) {
  static const auto kNetwork = tag_network();
  static const auto kTable = tag_table();
  static const std::vector<net::Prefix> kOurs = {prefix("10.244.0.0/16")};
  const node::VirtualNetworkTag tag(kNetwork, &kTable);
  return node::decide(group, {AzureDirection::inbound, prefix("10.244.2.0/24"), prefix("10.244.1.0/24")},
                      need, tag, kOurs);
}

TEST(SecurityRules, TheFirstByPriorityThatTakesAllOfItDecides) {
  for (const auto& [name, rules, verdict, by, need] : kSecurityCases) {
    SCOPED_TRACE(name);
    const auto group = nsg_of(rules);
    const auto decision = decided_by(group, need);
    EXPECT_EQ(static_cast<int>(decision.verdict), static_cast<int>(verdict));
    ASSERT_NE(decision.rule, nullptr);
    EXPECT_EQ(decision.rule->name, by);
  }
}

TEST(SecurityRules, ARuleThatIsToAdmitStandsBeforeEachThatMayDeny) {
  const auto group = nsg_of({security_rule(200, kDenies, "Sql", "*"), security_rule(300, kDenies, "*", "*")});
  const auto decision = decided_by(group, {.protocol = kOfTcp});
  EXPECT_EQ(decision.rule->name, "r300");
  EXPECT_EQ(decision.before, 200U);
}

TEST(SecurityRules, WithoutAzuresOwnNothingIsDecided) {
  const observed::AzureSecurityGroup group{.id = "/nsg", .rules = {}};
  const auto decision = decided_by(group, {.protocol = kOfTcp});
  EXPECT_EQ(static_cast<int>(decision.verdict), static_cast<int>(Verdict::uncertain));
  EXPECT_EQ(decision.rule, nullptr);
}

TEST(VirtualNetworkTag, HoldsTheNetworkItsPeersAndTheRoutesPrefixesButNoDefaultRouteForSure) {
  const auto seen = tag_network();
  auto routes = tag_table();
  const node::VirtualNetworkTag tag(seen, &routes);
  const struct {
    const char* prefix;
    Cover cover;
  } cases[] = {{"10.240.3.0/24", Cover::whole},   {"10.9.1.0/24", Cover::whole},
               {"10.244.1.0/24", Cover::whole},   {"10.244.1.7/32", Cover::whole},
               {"10.244.3.0/24", Cover::unknown}, {"10.0.0.0/8", Cover::part},
               {"8.8.8.0/24", Cover::unknown},    {"168.63.129.16/32", Cover::part}};
  for (const auto& [text, cover] : cases)
    EXPECT_EQ(static_cast<int>(tag.of(prefix(text))), static_cast<int>(cover)) << text;
  routes.routes.front().provisioning_state = "Deleting";
  EXPECT_EQ(static_cast<int>(tag.of(prefix("10.244.1.0/24"))), static_cast<int>(Cover::unknown));
}

}  // namespace
}  // namespace agent
