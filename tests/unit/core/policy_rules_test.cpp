// Rules of others before table main: those that may lead pods' packets elsewhere are named, the others are
// not.
#include <gtest/gtest.h>

#include "checks/policy_rules.h"
#include "tests/unit/core/judged.h"
#include "tests/unit/core/node_changes.h"

namespace agent {
namespace {

using testing::prefix;
using Action = net::PolicyRule::Action;

net::PolicyRule rule(std::string_view source, std::string_view destination = "0.0.0.0/0",
                     std::string iif = "", Action action = Action::lookup) {
  return {.priority = 100,
          .source = prefix(source),
          .destination = prefix(destination),
          .iif = std::move(iif),
          .action = action,
          .table = 77,
          .protocol = 4};
}

net::PolicyRule changed(net::PolicyRule rule, void (*change)(net::PolicyRule&)) {
  change(rule);
  return rule;
}

net::PolicyRule by_port(std::uint16_t first, std::uint16_t last) {
  auto made = rule("0.0.0.0/0");
  made.by_traffic = true;
  made.ip_protocol = 6;
  made.destination_ports = {first, last};
  return made;
}

checks::CheckResult shadowed(const net::PolicyRule& rule, node::Mode mode = node::Mode::udr) {
  auto facts = testing::udr_with_calico();
  facts.policy.mode = mode;
  facts.links.edit().push_back(testing::link(99, "docker0", "02:42:ac:11:00:01"));
  testing::data_plane_of(facts).rules_before_main = {rule};
  return testing::result(facts, "routes.shadowed");
}

TEST(PolicyRules, ThatMayLeadPodsAwayAreNamed) {
  const std::string pod_link = [] {
    const auto facts = testing::udr_with_calico();
    for (const auto& link : *facts.links) {
      if (link.name.starts_with("cali")) return link.name;
    }
    return std::string("none");
  }();
  const std::pair<net::PolicyRule, std::string> kRules[] = {
      {rule("10.244.1.0/24"), "from 10.244.1.0/24 lookup 77"},
      {rule("10.244.0.0/16", "10.244.0.0/16"), "from 10.244.0.0/16 to 10.244.0.0/16 lookup 77"},
      {rule("0.0.0.0/0", "10.244.2.0/24", "", Action::drop), "from all to 10.244.2.0/24, which drops,"},
      {rule("0.0.0.0/0", "0.0.0.0/0", "eth0"), "from all iif eth0 lookup 77"},
      {rule("0.0.0.0/0", "0.0.0.0/0", pod_link), "iif " + pod_link},
      {changed(rule("10.99.0.0/16"), [](auto& each) { each.inverted = true; }), "not from 10.99.0.0/16"},
      {by_port(80, 80), "from all ipproto tcp dport 80 lookup 77"},
      {by_port(80, 90), "from all ipproto tcp dport 80-90 lookup 77"},
      {changed(rule("0.0.0.0/0"), [](auto& each) { each.by_traffic = true, each.tos = 0x10; }),
       "from all tos 0x10 lookup 77"},
  };
  for (const auto& [each, text] : kRules) {
    const auto result = shadowed(each);
    EXPECT_EQ(result.status, checks::CheckStatus::unknown) << text;
    EXPECT_NE(result.message.find("rule 100 \""), std::string::npos) << result.message;
    EXPECT_NE(result.message.find(text), std::string::npos) << result.message;
  }
}

TEST(PolicyRules, OfHealthyNodesAreNoConcern) {
  const net::PolicyRule kRules[] = {
      rule("10.240.0.4/32"),                      // of a NIC's own address, as cloud-init makes them
      rule("172.17.0.0/16"),                      // other containers
      rule("0.0.0.0/0", "0.0.0.0/0", "docker0"),  // the same
      rule("10.244.1.0/24", "8.8.8.8/32"),        // not between pods
      rule("0.0.0.0/0", "10.244.0.0/16"),         // the kernel's lookups go by it
      rule("fd44::/48"),                          // a family that pods do not use
      changed(rule("10.244.1.0/24"), [](auto& each) { each.table = 254; }),
      changed(rule("10.244.1.0/24"), [](auto& each) { each.action = Action::other; }),
      changed(rule("10.244.1.0/24"), [](auto& each) { each.protocol = 169; }),
  };
  for (const auto& each : kRules)
    EXPECT_EQ(shadowed(each).status, checks::CheckStatus::pass)
        << each.source.text() << ' ' << each.destination.text();
  EXPECT_NE(shadowed(rule("10.244.1.0/24"), node::Mode::flannel).status, checks::CheckStatus::unknown);
}

TEST(PolicyRules, RoutesAreInPlaceButWhetherTheyLeadIsNotClaimed) {
  auto facts = testing::udr_with_calico();
  testing::data_plane_of(facts).rules_before_main = {rule("10.244.1.0/24")};
  const auto result = testing::result(facts, "routes.in_sync");
  EXPECT_EQ(result.status, checks::CheckStatus::pass);
  EXPECT_NE(result.message.find("rule 100 \"from 10.244.1.0/24 lookup 77\""), std::string::npos);
  EXPECT_NE(result.message.find("is not known"), std::string::npos) << result.message;
}

/// What the kernel is asked where the rule stands on a healthy node.
std::optional<routing::PodFlow> asked_for(const net::PolicyRule& rule) {
  auto facts = testing::udr_with_calico();
  testing::data_plane_of(facts).rules_before_main = {rule};
  const auto flows = checks::flows_of_rules(facts);
  return flows.empty() ? std::nullopt : std::optional(flows.front());
}

TEST(PolicyRules, ThatChooseAPodsPacketAreAskedForWithIt) {
  const auto flow = asked_for(rule("10.244.1.0/24"));
  ASSERT_TRUE(flow);
  EXPECT_TRUE(prefix("10.244.1.0/24").contains(flow->flow.from.value()));
  EXPECT_TRUE(prefix("10.244.2.0/24").contains(flow->flow.to)) << "of another node, by the route table";
  EXPECT_NE(flow->flow.incoming, 0U);
  EXPECT_FALSE(flow->link);
  EXPECT_TRUE(flow->forwards);
  EXPECT_TRUE(flow->stands_for_all);
  EXPECT_EQ(flow->table, 77U);

  const auto web = asked_for(by_port(80, 90));
  ASSERT_TRUE(web);
  EXPECT_EQ(web->flow.ip_protocol, 6);
  EXPECT_EQ(web->flow.destination_port, 80);
  EXPECT_FALSE(web->stands_for_all) << "other ports get through";

  const auto part = asked_for(rule("10.244.0.0/16", "10.244.77.7/32"));
  ASSERT_TRUE(part);
  EXPECT_EQ(part->flow.to, testing::address("10.244.77.7"));
  EXPECT_FALSE(part->stands_for_all);

  const auto in = asked_for(rule("0.0.0.0/0", "0.0.0.0/0", "eth0", Action::drop));
  ASSERT_TRUE(in);
  EXPECT_TRUE(prefix("10.244.1.0/24").contains(in->flow.to));
  EXPECT_TRUE(in->link);
  EXPECT_TRUE(in->stands_for_all);
  EXPECT_EQ(in->table, 0U);
}

TEST(PolicyRules, ThatChooseNoPacketOfAPodHereAreNotAskedFor) {
  EXPECT_FALSE(asked_for(rule("10.244.2.0/24"))) << "of another node's pods, by whatever link";
  EXPECT_FALSE(asked_for(rule("172.17.0.0/16")));
  EXPECT_FALSE(asked_for(changed(rule("10.244.1.0/24"), [](auto& each) { each.protocol = 169; })));
}

TEST(PolicyRules, WhoeverRequiresThatNothingShadowsIsNotLetThrough) {
  auto facts = testing::udr_with_calico();
  testing::data_plane_of(facts).rules_before_main = {rule("10.244.1.0/24")};
  EXPECT_TRUE(checks::is_ready(checks::assess(facts, {}, net::WallTime{})));
  facts.policy.require = {"routes.shadowed"};
  const auto result = testing::result(facts, "routes.shadowed");
  EXPECT_TRUE(result.holds());
  EXPECT_EQ(result.remedy, "ip rule show && ip route show table 77");
}

}  // namespace
}  // namespace agent
