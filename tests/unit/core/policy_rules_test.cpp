// Rules of others before table main: those that may lead pods' packets elsewhere are named, the others are
// not.
#include <gtest/gtest.h>

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

CheckResult shadowed(const net::PolicyRule& rule, Mode mode = Mode::udr) {
  auto facts = testing::udr_with_calico();
  facts.policy.mode = mode;
  facts.links.push_back(testing::link(99, "docker0", "02:42:ac:11:00:01"));
  testing::data_plane_of(facts).rules_before_main = {rule};
  return testing::result(facts, "routes.shadowed");
}

TEST(PolicyRules, ThatMayLeadPodsAwayAreNamed) {
  const std::string pod_link = [] {
    const auto facts = testing::udr_with_calico();
    for (const auto& link : facts.links) {
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
  };
  for (const auto& [each, text] : kRules) {
    const auto result = shadowed(each);
    EXPECT_EQ(result.status, CheckStatus::unknown) << text;
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
    EXPECT_EQ(shadowed(each).status, CheckStatus::pass)
        << each.source.text() << ' ' << each.destination.text();
  EXPECT_NE(shadowed(rule("10.244.1.0/24"), Mode::flannel).status, CheckStatus::unknown);
}

TEST(PolicyRules, WhoeverRequiresThatNothingShadowsIsNotLetThrough) {
  auto facts = testing::udr_with_calico();
  testing::data_plane_of(facts).rules_before_main = {rule("10.244.1.0/24")};
  EXPECT_TRUE(is_ready(assess(facts, {}, WallTime{})));
  facts.policy.require = {"routes.shadowed"};
  const auto result = testing::result(facts, "routes.shadowed");
  EXPECT_TRUE(result.holds());
  EXPECT_EQ(result.remedy, "ip rule show && ip route show table 77");
}

}  // namespace
}  // namespace agent
