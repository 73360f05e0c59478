// Network security groups: which are asked for, how often, and what a rule says.
#include "arm/security_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "azure.h"

namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Azure with_groups(const std::string& subnets, const std::string& nics) {
  Azure azure;
  if (!subnets.empty()) azure.put(::kSubnet, reply(secured(subnet_document(), subnets)));
  if (!nics.empty()) azure.put(kNic, reply(secured(nic_document(), nics)));
  azure.put(kSubnetsGroup, reply(security_group_json().dump()));
  azure.put(kNicsGroup, reply(security_group_json(kNicsGroup).dump()));
  return azure;
}

TEST(SecurityGroups, OfSubnetAndNicAreAskedForOnceEachAndNoneWhereNoneIs) {
  const struct {
    std::string subnets;
    std::string nics;
    std::vector<std::string> asked;
  } cases[] = {{"", "", {}},
               {kSubnetsGroup, "", {"nodes-nsg"}},
               {"", kNicsGroup, {"nic-nsg"}},
               {kSubnetsGroup, kNicsGroup, {"nodes-nsg", "nic-nsg"}},
               {kSubnetsGroup, net::lower(kSubnetsGroup), {"nodes-nsg"}}};
  for (const auto& [subnets, nics, groups] : cases) {
    SCOPED_TRACE(subnets + " " + nics);
    auto azure = with_groups(subnets, nics);
    auto client = azure.client();
    for (const auto* first : {"node-0", ""}) {
      const auto verification = client.verify(kVm, kMac, azure.finish_by);
      std::vector<std::string> asked = {"nic-0", "nodes", "pods", "vnet"};
      if (*first != '\0') asked.insert(asked.begin(), first);
      asked.insert(asked.end(), groups.begin(), groups.end());
      EXPECT_EQ(azure.asked(), asked);
      ASSERT_TRUE(verification.seen.security_groups) << verification.seen.security_groups.error().what;
      EXPECT_EQ(verification.seen.security_groups->size(), groups.size());
    }
  }
}

TEST(SecurityGroups, WithoutTheRightNameItAndChangeNothingElse) {
  auto azure = with_groups(kSubnetsGroup, "");
  azure.put(kSubnetsGroup, refuse(403, "AuthorizationFailed"));
  const auto seen = azure.client().verify(kVm, kMac, azure.finish_by).seen;
  EXPECT_EQ(error_of(seen.security_groups).code.value(), EACCES);
  EXPECT_THAT(error_of(seen.security_groups).what, HasSubstr("Microsoft.Network/networkSecurityGroups/read"));
  EXPECT_TRUE(seen.nic && seen.subnet && seen.route_table && seen.network);
}

TEST(SecurityGroups, ThatNobodyCanReadRuinNoOtherPart) {
  for (const auto& id : {std::string(), kTable, kSubnetsGroup + "/../x"}) {
    auto azure = with_groups(id.empty() ? "" : id, "");
    if (id.empty()) {
      auto document = json::parse(subnet_document());
      document["properties"]["networkSecurityGroup"] = json::object();
      azure.put(::kSubnet, reply(document.dump()));
    }
    const auto seen = azure.client().verify(kVm, kMac, azure.finish_by).seen;
    EXPECT_EQ(error_of(seen.security_groups).code.value(), EBADMSG) << id;
    EXPECT_TRUE(seen.nic && seen.subnet && seen.route_table && seen.network);
  }
}

TEST(SecurityGroups, TakeNoRequestFromTheOtherParts) {
  auto azure = with_groups(kSubnetsGroup, kNicsGroup);
  azure.put(kNic, {refuse(401, "ExpiredAuthenticationToken"), reply(secured(nic_document(), kNicsGroup))});
  const auto verification = azure.client().verify(kVm, kMac, azure.finish_by);
  EXPECT_THAT(azure.asked(), ElementsAre("node-0", "nic-0", "nic-0", "nodes", "pods"));
  EXPECT_THAT(error_of(verification.seen.security_groups).what, HasSubstr("next time"));
}

TEST(SecurityGroups, AnUnusableRuleIsNamed) {
  auto azure = with_groups(kSubnetsGroup, "");
  auto group = security_group_json();
  group["properties"]["securityRules"][0]["properties"]["destinationPortRange"] = "eighty";
  azure.put(kSubnetsGroup, reply(group.dump()));
  const auto seen = azure.client().verify(kVm, kMac, azure.finish_by).seen;
  EXPECT_THAT(error_of(seen.security_groups).what,
              HasSubstr("rule 'deny-all': its \"destinationPortRange\" has 'eighty'"));
}

observed::AzureSecurityRule parsed(const json& changes) {
  auto group = security_group_json();
  group["properties"]["securityRules"][0]["properties"].merge_patch(changes);
  const auto read = arm::parse_security_group(group.dump());
  EXPECT_TRUE(read) << read.error().what;
  return read ? read->rules.front() : observed::AzureSecurityRule{};
}

TEST(SecurityGroups, RulesAreReadInTheSingularAndThePlural) {
  const auto one = parsed({{"protocol", "UDP"},
                           {"access", "allow"},
                           {"direction", "outbound"},
                           {"sourceAddressPrefix", "10.1.2.3"},
                           {"destinationAddressPrefix", "Storage.WestEurope"},
                           {"sourcePortRange", "1-1023"},
                           {"destinationPortRange", "4789"}});
  EXPECT_EQ(one.protocol, observed::AzureProtocol::udp);
  EXPECT_EQ(one.access, observed::AzureAccess::allow);
  EXPECT_EQ(one.direction, observed::AzureDirection::outbound);
  EXPECT_THAT(one.source.prefixes, ElementsAre(*net::Prefix::parse("10.1.2.3/32")));
  EXPECT_THAT(one.destination.tags, ElementsAre("Storage.WestEurope"));
  EXPECT_THAT(one.source_ports, ElementsAre(net::PortRange{1, 1023}));
  EXPECT_THAT(one.destination_ports, ElementsAre(net::PortRange{4789, 4789}));

  const auto several = parsed(
      {{"sourceAddressPrefix", nullptr},
       {"sourceAddressPrefixes", {"10.1.0.0/16", "fd00::/8"}},
       {"destinationAddressPrefix", ""},
       {"destinationAddressPrefixes", json::array()},
       {"destinationApplicationSecurityGroups", {{{"id", kGroup + "x/applicationSecurityGroups/web"}}}},
       {"sourcePortRange", nullptr},
       {"sourcePortRanges", {"*"}},
       {"destinationPortRange", nullptr},
       {"destinationPortRanges", {"80", "443"}}});
  EXPECT_THAT(several.source.prefixes,
              ElementsAre(*net::Prefix::parse("10.1.0.0/16"), *net::Prefix::parse("fd00::/8")));
  EXPECT_THAT(several.destination.groups, ElementsAre("web"));
  EXPECT_THAT(several.destination.prefixes, IsEmpty());
  EXPECT_THAT(several.source_ports, ElementsAre(net::PortRange{0, 65535}));
  EXPECT_THAT(several.destination_ports, ElementsAre(net::PortRange{80, 80}, net::PortRange{443, 443}));
}

TEST(SecurityGroups, RulesComeByPriority) {
  auto group = security_group_json();
  group["properties"]["securityRules"].push_back(security_rule("first", 100, "Allow", "10.0.0.0/8"));
  const auto read = arm::parse_security_group(group.dump());
  ASSERT_TRUE(read) << read.error().what;
  std::vector<std::string> names;
  for (const auto& rule : read->rules) names.push_back(rule.name);
  EXPECT_THAT(names, ElementsAre("first", "deny-all", "AllowVnetInBound"));
}

TEST(VirtualNetwork, HoldsTheAddressSpacesOfPeeringsThatAreConnected) {
  Azure azure;
  auto network = json::parse(network_document());
  for (const auto& [state, space] : {std::pair{"Connected", "10.9.0.0/16"}, {"Initiated", "10.8.0.0/16"}}) {
    network["properties"]["virtualNetworkPeerings"].push_back(
        {{"properties", {{"peeringState", state}, {"remoteAddressSpace", {{"addressPrefixes", {space}}}}}}});
  }
  azure.put(kNetwork, reply(network.dump()));
  const auto seen = azure.client().verify(kVm, kMac, azure.finish_by).seen;
  ASSERT_TRUE(seen.network);
  EXPECT_THAT(seen.network->peered, ElementsAre(*net::Prefix::parse("10.9.0.0/16")));
}

}  // namespace
