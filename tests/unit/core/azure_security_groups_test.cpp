// azure.security_groups: what Azure's groups drop of pods, in each mode.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "net/foreign_text.h"
#include "tests/unit/core/azure_changes.h"
#include "tests/unit/core/broken_nodes.h"
#include "tests/unit/core/judged.h"
#include "tests/unit/core/shell.h"

namespace agent {
namespace {

using checks::CheckStatus;
using observed::AzureAccess;
using observed::AzureDirection;
using observed::AzureProtocol;
using testing::prefix;

constexpr auto kGroupsCheck = "azure.security_groups";

observed::AzureSecurityRule rule_for_everything(const char* name, std::uint32_t priority,
                                                AzureDirection direction, AzureAccess access) {
  return {.name = name,
          .priority = priority,
          .direction = direction,
          .access = access,
          .protocol = AzureProtocol::any,
          .source = testing::addresses_of("*"),
          .destination = testing::addresses_of("*"),
          .source_ports = {{0, 65535}},
          .destination_ports = {{0, 65535}}};
}

observed::AzureSecurityRule deny_all_rule(std::uint32_t priority, AzureDirection direction) {
  return rule_for_everything("deny-all", priority, direction, AzureAccess::deny);
}

observed::AzureNetwork& azure_in(checks::Facts& facts) { return *facts.cloud_state.edit().azure; }

void add_security_rule(checks::Facts& facts, observed::AzureSecurityRule rule, std::size_t group = 0) {
  auto& rules = azure_in(facts).security_groups->at(group).rules;
  rules.insert(rules.begin(), std::move(rule));
}

void add_group_of_nic(checks::Facts& facts) {
  auto& azure = azure_in(facts);
  azure.nic->security_group_id = std::string(testing::kNetworkGroup) + "/networkSecurityGroups/nic-nsg";
  azure.security_groups->push_back({*azure.nic->security_group_id, testing::default_security_rules()});
}

/// A node of another mode, whose Azure is looked at by azure.verify = "on".
checks::Facts with_azure_verified(checks::Facts facts) {
  facts.policy.azure_verified_always = true;
  auto azure = testing::azure_as_it_should_be();
  azure.route_table = std::optional<observed::AzureRouteTable>();
  azure.subnet->route_table_id.clear();
  facts.cloud_state.edit().azure = azure;
  return facts;
}

checks::Facts verified_vxlan() { return with_azure_verified(testing::calico_vxlan()); }
checks::Facts verified_canal() { return with_azure_verified(testing::canal()); }
checks::Facts verified_azure_cni() { return with_azure_verified(testing::azure_cni()); }

struct GroupFault {
  const char* name;
  checks::Facts (*node)();
  std::function<void(checks::Facts&)> inject;
  const char* message;
  const char* remedy;
};

constexpr auto kInto = AzureDirection::inbound;
constexpr auto kOutOf = AzureDirection::outbound;

const GroupFault kGroupFaults[] = {
    {"InboundBySubnet", testing::udr_with_calico,
     [](checks::Facts& f) { add_security_rule(f, deny_all_rule(300, kInto)); },
     "rule deny-all of network security group nodes-nsg (priority 300, inbound), the subnet's, drops what "
     "pods "
     "of other nodes send to those of this node: everything from 10.244.2.0/24 to 10.244.1.0/24",
     "az network nsg rule create --subscription sub-1 --resource-group 'net (east)' --nsg-name nodes-nsg "
     "--name "
     "AllowPodsInbound --priority 299 --direction Inbound --access Allow --protocol '*' "
     "--source-address-prefixes 10.244.0.0/16 10.240.0.0/24 --source-port-ranges '*' "
     "--destination-address-prefixes 10.244.0.0/16 --destination-port-ranges '*'"},
    {"OutboundByNic", testing::udr_with_calico,
     [](checks::Facts& f) {
       add_group_of_nic(f);
       add_security_rule(f, deny_all_rule(300, kOutOf), 1);
     },
     "nic-nsg (priority 300, outbound), the NIC's, drops what pods of this node send to those of other nodes",
     "--direction Outbound --access Allow --protocol '*' --source-address-prefixes 10.244.0.0/16 "
     "--source-port-ranges '*' --destination-address-prefixes 10.244.0.0/16 --destination-port-ranges '*'"},
    {"BothGroups", testing::udr_with_calico,
     [](checks::Facts& f) {
       add_group_of_nic(f);
       add_security_rule(f, deny_all_rule(300, kInto), 0);
       add_security_rule(f, deny_all_rule(400, kInto), 1);
     },
     "nodes-nsg (priority 300, inbound)",
     "&& az network nsg rule create --subscription sub-1 --resource-group "
     "'net (east)' --nsg-name nic-nsg --name AllowPodsInbound --priority 399"},
    {"PriorityTaken", testing::udr_with_calico,
     [](checks::Facts& f) {
       add_security_rule(f, deny_all_rule(300, kInto));
       auto ssh = rule_for_everything("AllowPodsInbound", 299, kInto, AzureAccess::allow);
       ssh.protocol = AzureProtocol::tcp;
       ssh.destination_ports = {{22, 22}};
       add_security_rule(f, ssh);
     },
     "deny-all", "--name AllowPodsInbound2 --priority 298 "},
    {"NoPriorityLeft", testing::udr_with_calico,
     [](checks::Facts& f) { add_security_rule(f, deny_all_rule(100, kInto)); }, "priority 100",
     "# give rule deny-all of network security group nodes-nsg a later priority than 100"},
    {"OneOtherNode", testing::udr_with_calico,
     [](checks::Facts& f) {
       auto rule = deny_all_rule(300, kInto);
       rule.source = {};
       rule.source.prefixes = {prefix("10.244.2.0/24")};
       add_security_rule(f, rule);
     },
     "from 10.244.2.0/24 to 10.244.1.0/24", "--priority 299 "},
    {"NodesToPods", testing::udr_with_calico,
     [](checks::Facts& f) {
       auto rule = deny_all_rule(300, kInto);
       rule.source = {};
       rule.source.prefixes = {prefix("10.240.0.0/16")};
       add_security_rule(f, rule);
     },
     "drops what nodes send to pods of this node: everything from 10.240.0.0/24", "--priority 299 "},
    {"TcpAndUdpApart", testing::udr_with_calico,
     [](checks::Facts& f) {
       for (const auto& [protocol, priority] :
            {std::pair{AzureProtocol::tcp, 300U}, {AzureProtocol::udp, 250U}}) {
         auto rule = deny_all_rule(priority, kInto);
         rule.protocol = protocol;
         add_security_rule(f, rule);
       }
     },
     "deny-all", "--priority 249 "},
    {"GroupOfAks", testing::udr_with_kubenet,
     [](checks::Facts& f) {
       testing::run_by_aks(f);
       auto& azure = azure_in(f);
       azure.subnet->security_group_id =
           "/subscriptions/s/resourceGroups/MC_rg/providers/Microsoft.Network/networkSecurityGroups/aks-nsg";
       azure.security_groups->front().id = *azure.subnet->security_group_id;
       add_security_rule(f, deny_all_rule(300, kInto));
     },
     "aks-nsg", "# network security group aks-nsg is that of AKS"},
    {"OverlaysPort", verified_vxlan,
     [](checks::Facts& f) {
       auto rule = deny_all_rule(300, kInto);
       rule.protocol = AzureProtocol::udp;
       rule.destination_ports = {{4789, 4789}};
       add_security_rule(f, rule);
     },
     "drops what nodes send to this node by the overlay: UDP port 4789 from 10.240.0.0/24 to 10.240.0.4/32",
     "--name AllowOverlayInbound --priority 299 --direction Inbound --access Allow --protocol Udp "
     "--source-address-prefixes 10.240.0.0/24 --source-port-ranges '*' --destination-address-prefixes "
     "10.240.0.0/24 --destination-port-ranges 4789"},
    {"FlannelsPort", verified_canal,
     [](checks::Facts& f) { add_security_rule(f, deny_all_rule(300, kOutOf)); },
     "this node sends to others by the overlay: UDP port 8472", "--destination-port-ranges 8472"},
    {"AzureCni", verified_azure_cni,
     [](checks::Facts& f) { add_security_rule(f, deny_all_rule(300, kInto)); },
     "drops what pods and nodes of this subnet send each other: everything from 10.240.0.0/24 to "
     "10.240.0.0/24",
     "--protocol '*' --source-address-prefixes 10.240.0.0/24 "},
};

const bool kGroupFaultsAreListed = testing::list_broken(kGroupFaults);

TEST(SecurityGroupFaults, AreReportedByOneCheckWithItsRemedy) {
  for (const auto& fault : kGroupFaults) {
    SCOPED_TRACE(fault.name);
    auto facts = fault.node();
    EXPECT_EQ(testing::failures(facts).size(), 0U) << testing::failures(facts).front().message;
    fault.inject(facts);
    const auto failed = testing::failures(facts);
    ASSERT_EQ(failed.size(), 1U);
    EXPECT_EQ(failed.front().id, kGroupsCheck);
    EXPECT_NE(failed.front().message.find(fault.message), std::string::npos) << failed.front().message;
    EXPECT_NE(failed.front().remedy.find(fault.remedy), std::string::npos) << failed.front().remedy;
    EXPECT_FALSE(failed.front().gate);
  }
}

struct QuietGroup {
  const char* name;
  checks::Facts (*node)();
  std::function<void(checks::Facts&)> change;
  CheckStatus status;
  const char* message;
};

const QuietGroup kQuietGroups[] = {
    {"default rules", testing::udr_with_calico, [](checks::Facts&) {}, CheckStatus::pass,
     "network security group nodes-nsg admits what pods send"},
    {"no group", testing::udr_with_calico,
     [](checks::Facts& f) {
       azure_in(f).subnet->security_group_id.reset();
       azure_in(f).security_groups->clear();
     },
     CheckStatus::pass, "neither subnet nodes nor this node's NIC has a network security group"},
    {"no right", testing::udr_with_calico,
     [](checks::Facts& f) { azure_in(f).security_groups = net::failure(EACCES, "no permission to read"); },
     CheckStatus::unknown, "no permission to read"},
    {"a policy for one port", testing::udr_with_calico,
     [](checks::Facts& f) {
       auto rule = deny_all_rule(300, kInto);
       rule.protocol = AzureProtocol::tcp;
       rule.destination_ports = {{25, 25}};
       add_security_rule(f, rule);
     },
     CheckStatus::pass, "admits what pods send"},
    {"UDP alone denied", testing::udr_with_calico,
     [](checks::Facts& f) {
       auto rule = deny_all_rule(300, kInto);
       rule.protocol = AzureProtocol::udp;
       add_security_rule(f, rule);
     },
     CheckStatus::pass, "admits what pods send"},
    {"pods' ports chosen", testing::udr_with_calico,
     [](checks::Facts& f) {
       add_security_rule(f, deny_all_rule(400, kInto));
       auto web = rule_for_everything("web", 300, kInto, AzureAccess::allow);
       web.destination = {};
       web.destination.prefixes = {prefix("10.244.0.0/16")};
       web.protocol = AzureProtocol::tcp;
       web.destination_ports = {{443, 443}};
       add_security_rule(f, web);
       auto udp = web;
       udp.priority = 301;
       udp.protocol = AzureProtocol::udp;
       udp.destination_ports = {{53, 53}};
       auto& rules = azure_in(f).security_groups->front().rules;
       rules.insert(rules.begin() + 1, udp);
     },
     CheckStatus::pass, "rule web of network security group nodes-nsg (priority 300, inbound) admits a part"},
    {"an application security group", testing::udr_with_calico,
     [](checks::Facts& f) {
       auto rule = deny_all_rule(300, kInto);
       rule.source = {};
       rule.source.groups = {"web"};
       add_security_rule(f, rule);
     },
     CheckStatus::unknown,
     "rule deny-all of network security group nodes-nsg (priority 300, inbound) decides on"},
    {"its own route is missing", testing::udr_with_calico,
     [](checks::Facts& f) {
       azure_in(f).network->address_space = {prefix("10.240.0.0/16")};
       testing::azure_routes(f).erase(testing::azure_routes(f).begin());
     },
     CheckStatus::unknown, "rule AllowVnetInBound"},
    {"no route table", testing::udr_with_calico, testing::dissociate, CheckStatus::unknown,
     "see azure.route_table"},
    {"azure.verify is off", testing::udr_with_calico,
     [](checks::Facts& f) { f.policy.azure_verified = false; }, CheckStatus::skip, "azure.verify is off"},
    {"an overlay without azure.verify = on", testing::calico_vxlan, [](checks::Facts&) {}, CheckStatus::skip,
     "in mode calico-vxlan only with azure.verify"},
    {"an overlay's group denies all but its port", verified_vxlan,
     [](checks::Facts& f) {
       add_security_rule(f, deny_all_rule(400, kInto));
       auto rule = rule_for_everything("vxlan", 300, kInto, AzureAccess::allow);
       rule.protocol = AzureProtocol::udp;
       rule.destination_ports = {{4789, 4789}};
       add_security_rule(f, rule);
     },
     CheckStatus::pass, "admits what pods send"},
};

TEST(SecurityGroups, WhatIsNoFaultFailsNothing) {
  for (const auto& [name, node, change, status, message] : kQuietGroups) {
    SCOPED_TRACE(name);
    auto facts = node();
    change(facts);
    const auto found = testing::result(facts, kGroupsCheck);
    EXPECT_EQ(found.status, status) << found.message;
    EXPECT_NE(found.message.find(message), std::string::npos) << found.message;
  }
}

}  // namespace
}  // namespace agent
