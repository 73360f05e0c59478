// Packet filters of nodes whose pods use IPv6, and of nodes of which the NIC is not found.
#include <gtest/gtest.h>

#include "tests/unit/core/each_node.h"

namespace agent {
namespace {

using testing::drop_by_nftables;
using testing::forward_of;
using testing::host_of;

/// kube-proxy's and ip6tables' own: what a node of both families has of IPv6.
observed::PacketFilter ipv6_backend() {
  return {.backend = "nft",
          .family = net::Family::ipv6,
          .rules = 9,
          .forward_policy = "ACCEPT",
          .forward = {{"FORWARD", {{.target = "KUBE-FORWARD"}}}, testing::kube_forward()}};
}

checks::Facts of_both_families() {
  auto facts = testing::udr_with_calico();
  facts.policy.cluster_cidrs = std::vector{testing::prefix("10.244.0.0/16"), testing::prefix("fd00:10::/48")};
  facts.policy.node_cidrs =
      std::vector{testing::prefix("10.244.1.0/24"), testing::prefix("fd00:10:0:1::/64")};
  host_of(facts).packet_filters->push_back(ipv6_backend());
  return facts;
}

observed::FilterRule accept_from(std::string_view cidr, net::Family family) {
  return {.family = family, .source = testing::prefix(cidr), .target = "ACCEPT"};
}

observed::FilterRule accept_to(std::string_view cidr, net::Family family) {
  return {.family = family, .destination = testing::prefix(cidr), .target = "ACCEPT"};
}

struct OfBothFamilies {
  const char* name;
  void (*change)(checks::Facts&);
  checks::CheckStatus status;
  const char* message;
  const char* remedy = "";
};

observed::PacketFilter& ipv6_of(checks::Facts& facts) { return host_of(facts).packet_filters->back(); }

const OfBothFamilies kOfBothFamilies[] = {
    {"nothing drops", [](checks::Facts&) {}, checks::CheckStatus::pass, "no rule drops all"},
    {"docker drops what it does not know of IPv6",
     [](checks::Facts& f) { ipv6_of(f).forward_policy = "DROP"; }, checks::CheckStatus::fail,
     "FORWARD's policy is DROP in ip6tables' nft backend, and no rule accepts what pods send over IPv6 "
     "before",
     "ip6tables-nft -P FORWARD ACCEPT"},
    {"a rule drops what pods get over IPv6",
     [](checks::Facts& f) {
       ipv6_of(f).forward = {
           {"FORWARD", {{.destination = testing::prefix("fd00:10:0:1::/64"), .target = "DROP"}}}};
     },
     checks::CheckStatus::fail,
     "chain FORWARD in ip6tables' nft backend has a rule that drops what pods get over IPv6",
     "have the owner of the rule (ip6tables-nft-save) accept"},
    {"the pods' CIDRs of IPv6 are accepted before",
     [](checks::Facts& f) {
       ipv6_of(f).forward_policy = "DROP";
       ipv6_of(f).forward = {{"FORWARD",
                              {{.source = testing::prefix("fd00:10::/48"), .target = "ACCEPT"},
                               {.destination = testing::prefix("fd00:10::/48"), .target = "ACCEPT"}}}};
     },
     checks::CheckStatus::pass, "no rule drops all"},
    {"what is said of addresses of IPv4 says nothing of IPv6",
     [](checks::Facts& f) {
       drop_by_nftables(f, {accept_from("10.244.0.0/16", net::Family::ipv4),
                            accept_to("10.244.0.0/16", net::Family::ipv4)});
     },
     checks::CheckStatus::fail,
     "table inet filter has the policy drop, and no rule accepts what pods send over IPv6 before",
     "nft list table inet filter"},
    {"both families are accepted before",
     [](checks::Facts& f) {
       drop_by_nftables(f, {accept_from("10.244.0.0/16", net::Family::ipv4),
                            accept_to("10.244.0.0/16", net::Family::ipv4),
                            {.family = net::Family::ipv6, .target = "ACCEPT"}});
     },
     checks::CheckStatus::pass, "no rule drops all"},
    {"a table of IPv6 alone drops",
     [](checks::Facts& f) {
       host_of(f).nft_chains = std::vector<observed::FilterHook>{
           {.table = "ip6 filter", .chain = "forward", .family = net::Family::ipv6, .policy = "DROP"}};
     },
     checks::CheckStatus::fail, "nftables' chain forward of table ip6 filter has the policy drop",
     "nft list table ip6 filter"},
    {"nothing shows IPv6's rules",
     [](checks::Facts& f) {
       host_of(f).packet_filters->pop_back();
       host_of(f).nft_chains = net::failure(ENOENT, "nft is not installed");
     },
     checks::CheckStatus::unknown, "neither ip6tables nor nft is installed"},
    {"ip6tables does not answer",
     [](checks::Facts& f) { ipv6_of(f).problem = "/usr/sbin/ip6tables-nft-save does not end in time"; },
     checks::CheckStatus::unknown, "ip6tables' nft backend could not be read: /usr/sbin/ip6tables"},
    {"no pod uses IPv6",
     [](checks::Facts& f) {
       f.policy.cluster_cidrs = std::vector{testing::prefix("10.244.0.0/16")};
       f.policy.node_cidrs = std::vector{testing::prefix("10.244.1.0/24")};
       ipv6_of(f).forward_policy = "DROP";
       host_of(f).nft_chains = std::vector<observed::FilterHook>{
           {.table = "ip6 filter", .chain = "forward", .family = net::Family::ipv6, .policy = "DROP"}};
     },
     checks::CheckStatus::pass, "no rule drops all"},
    {"no pod uses IPv4",
     [](checks::Facts& f) {
       f.policy.cluster_cidrs = std::vector{testing::prefix("fd00:10::/48")};
       f.policy.node_cidrs = std::vector{testing::prefix("fd00:10:0:1::/64")};
       host_of(f).packet_filters->front().forward_policy = "DROP";
     },
     checks::CheckStatus::pass, "no rule drops all"},
};

TEST(PacketFilterChecks, JudgeEachFamilyThatPodsUse) {
  for (const auto& each : kOfBothFamilies) {
    auto facts = of_both_families();
    each.change(facts);
    const auto said = testing::result(facts, "netfilter.forward");
    EXPECT_EQ(said.status, each.status) << each.name << ": " << said.message;
    EXPECT_NE(said.message.find(each.message), std::string::npos) << each.name << ": " << said.message;
    EXPECT_NE(said.remedy.find(each.remedy), std::string::npos) << each.name << ": " << said.remedy;
    if (!said.remedy.empty()) {
      EXPECT_TRUE(testing::is_shell(said.remedy)) << said.remedy;
    }
  }
}

TEST(PacketFilterChecks, SayNothingOfARuleByALinkWhereTheNicIsNotFound) {
  auto facts = testing::udr_with_calico();
  facts.nic.nic.reset();
  EXPECT_EQ(testing::result(facts, "netfilter.forward").status, checks::CheckStatus::pass);
  forward_of(facts).insert(forward_of(facts).begin(), {.out = "eth0", .target = "DROP"});
  auto said = testing::result(facts, "netfilter.forward");
  EXPECT_EQ(said.status, checks::CheckStatus::unknown);
  EXPECT_NE(said.message.find("chain FORWARD in iptables' nft backend has a rule that drops by a link"),
            std::string::npos)
      << said.message;
  forward_of(facts).erase(forward_of(facts).begin());
  drop_by_nftables(facts, {{.out = "eth0", .target = "DROP"}});
  host_of(facts).nft_chains->front().policy = "ACCEPT";
  said = testing::result(facts, "netfilter.forward");
  EXPECT_EQ(said.status, checks::CheckStatus::unknown);
  EXPECT_NE(said.message.find("see nic.found"), std::string::npos) << said.message;
  drop_by_nftables(facts, {{.in = "lo", .target = "ACCEPT"}, {.target = "REJECT"}});
  said = testing::result(facts, "netfilter.forward");
  EXPECT_NE(said.status, checks::CheckStatus::pass) << "no packet of a pod comes by lo";
}

TEST(PacketFilterChecks, NeedNotReadTheBackendsOfAFamilyThatNoPodUses) {
  auto facts = of_both_families();
  facts.policy.cluster_cidrs = std::vector{testing::prefix("fd00:10::/48")};
  facts.policy.node_cidrs = std::vector{testing::prefix("fd00:10:0:1::/64")};
  host_of(facts).packet_filters->front().problem = "permission denied";
  EXPECT_EQ(testing::result(facts, "netfilter.backends").status, checks::CheckStatus::pass);
}

TEST(PacketFilterChecks, CompareTheBackendsOfAFamilyAlone) {
  auto facts = of_both_families();
  ipv6_of(facts).backend = "legacy";
  EXPECT_EQ(
      testing::result(facts, "netfilter.backends").message,
      "all 214 rules that forwarded packets meet are in nft; all 9 rules that forwarded packets meet over "
      "IPv6 are in legacy");
  host_of(facts).packet_filters->push_back(ipv6_backend());
  ipv6_of(facts).rules = 3;
  const auto both = testing::result(facts, "netfilter.backends");
  EXPECT_EQ(both.message,
            "forwarded packets meet 9 rules in ip6tables' legacy backend and 3 in nft: they must pass both");
  EXPECT_EQ(both.remedy.rfind("ip6tables-nft-save", 0), 0U) << both.remedy;
}

}  // namespace
}  // namespace agent
