// What is made of the rules in force, by the real programs in a namespace.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <utility>

#include "host/packet_filters.h"
#include "tests/support/netns.h"

namespace {

using testing::IsEmpty;

/// Nothing asks for them where nft is installed.
net::Result<std::vector<observed::FilterHook>> no_chains() { return net::failure(ENOSYS, "asked"); }

/// Chains that nft shows beside iptables' own, in the namespace of the thread.
std::size_t hooks_seen(host::PacketFilterReader& reader) {
  return reader.read(std::chrono::steady_clock::now() + std::chrono::seconds(20)).by_nft.value().size();
}

TEST(PacketFilterReader, AsksTheProgramsAgainOnceTheRulesAreOthers) {
  const test_support::NetNamespace space;
  const test_support::NetNamespace::Inside inside(space);
  net::Result<std::uint32_t> generation = 7;
  host::PacketFilterReader reader([&generation] { return generation; }, no_chains);
  EXPECT_FALSE(reader.is_outdated()) << "nothing has been read";
  EXPECT_EQ(hooks_seen(reader), 0U);
  EXPECT_FALSE(reader.is_outdated());
  space.run("nft add table ip firewall");
  space.run(test_support::words("nft add chain ip firewall forward {type filter hook forward priority 0;}"));
  EXPECT_EQ(hooks_seen(reader), 0U) << "the kernel says that nothing has changed";
  generation = 8;
  EXPECT_TRUE(reader.is_outdated());
  EXPECT_EQ(hooks_seen(reader), 1U);
  space.run("nft delete table ip firewall");
  generation = net::failure(EPERM, "not told");
  EXPECT_EQ(hooks_seen(reader), 0U) << "what is not told may have changed";
  generation = 8;
  EXPECT_EQ(hooks_seen(reader), 0U) << "and what was seen then is of no known generation";
}

/// What the reader makes of one rule of nft's own in iptables' chain FORWARD.
observed::PacketFilter seen_with(const std::string& rule) {
  const test_support::NetNamespace space;
  const test_support::NetNamespace::Inside inside(space);
  space.run("nft add table ip filter");
  space.run(test_support::words("nft add chain ip filter FORWARD {type filter hook forward priority 0;}"));
  space.run(test_support::words("nft add set ip filter some {type ipv4_addr;}"));
  space.run(test_support::words("nft add rule ip filter FORWARD " + rule));
  host::PacketFilterReader reader([] { return 7; }, no_chains);
  const auto filters = reader.read(std::chrono::steady_clock::now() + std::chrono::seconds(20));
  const auto by_nft = std::find_if(filters.by_iptables.begin(), filters.by_iptables.end(),
                                   [](const auto& each) { return each.backend == "nft"; });
  return by_nft == filters.by_iptables.end() ? observed::PacketFilter{.backend = "nft", .problem = "not read"}
                                             : *by_nft;
}

TEST(PacketFilterReader, DoesNotBelieveWhatIptablesMakesOfRulesThatNftAloneCanWrite) {
  for (const auto* rule : {"ip saddr @some drop", "ip saddr {1.2.3.4,1.2.3.5} drop", "udp length 5 drop",
                           "ip saddr 1.2.3.4-1.2.3.9 drop", "meta l4proto {tcp,udp} drop",
                           "ct state vmap {established:accept,invalid:drop}", "ct state invalid drop"}) {
    EXPECT_THAT(seen_with(rule).problem, testing::HasSubstr("see nft list table ip filter")) << rule;
  }
}

TEST(PacketFilterReader, TakesADormantTableForNone) {
  const test_support::NetNamespace space;
  const test_support::NetNamespace::Inside inside(space);
  for (const auto* table : {"ip filter", "inet firewall"}) {
    space.run(test_support::words(fmt::format("nft add table {} {{flags dormant;}}", table)));
    space.run(test_support::words(
        fmt::format("nft add chain {} FORWARD {{type filter hook forward priority 0;policy drop;}}", table)));
  }
  host::PacketFilterReader reader([] { return 7; }, no_chains);
  const auto filters = reader.read(std::chrono::steady_clock::now() + std::chrono::seconds(20));
  for (const auto& each : filters.by_iptables) EXPECT_EQ(each.forward_policy, "") << each.backend;
  EXPECT_THAT(filters.by_nft.value(), IsEmpty());
}

/// The backends whose FORWARD drops, of each family.
std::set<std::pair<net::Family, std::string>> dropping(const host::PacketFilters& filters) {
  std::set<std::pair<net::Family, std::string>> dropping;
  for (const auto& each : filters.by_iptables) {
    if (each.forward_policy == "DROP" && each.problem.empty()) dropping.emplace(each.family, each.backend);
  }
  return dropping;
}

TEST(PacketFilterReader, ReadsIpv6sRulesWherePodsUseIt) {
  const test_support::NetNamespace space;
  const test_support::NetNamespace::Inside inside(space);
  space.run("ip6tables-nft -P FORWARD DROP");
  space.run("ip6tables-legacy -P FORWARD DROP");
  host::PacketFilterReader reader([] { return 7; }, no_chains);
  const auto in_time = [] { return std::chrono::steady_clock::now() + std::chrono::seconds(20); };
  EXPECT_THAT(dropping(reader.read(in_time())), IsEmpty());
  EXPECT_THAT(dropping(reader.read(in_time(), true)),
              testing::UnorderedElementsAre(std::pair(net::Family::ipv6, "nft"),
                                            std::pair(net::Family::ipv6, "legacy")))
      << "what was read of IPv4 alone is not taken for both";
  space.run("ip6tables-nft -A FORWARD -s fd00:10::/48 -j ACCEPT");
  host::PacketFilterReader again([] { return 8; }, no_chains);
  const auto filters = again.read(in_time(), true);
  const auto of_nft = std::find_if(
      filters.by_iptables.begin(), filters.by_iptables.end(),
      [](const auto& each) { return each.family == net::Family::ipv6 && each.backend == "nft"; });
  ASSERT_NE(of_nft, filters.by_iptables.end());
  EXPECT_THAT(of_nft->forward.front().rules,
              testing::ElementsAre(observed::FilterRule{.source = net::Prefix::parse("fd00:10::/48").value(),
                                                        .target = "ACCEPT"}));
}

TEST(PacketFilterReader, WithoutNftNamesTheChainOfWhichNothingIsShown) {
  using net::Family;
  const auto said = [](const observed::FilterHook& chain, bool ipv6 = true) {
    const auto shown = host::shown_without_nft({chain}, {Family::ipv4}, ipv6);
    return shown ? std::string() : shown.error().what;
  };
  EXPECT_THAT(said({.table = "inet f", .chain = "fw"}),
              testing::StartsWith("chain fw of table inet f is there"));
  EXPECT_EQ(said({.table = "ip filter", .chain = "FORWARD", .family = Family::ipv4}), "") << "saved";
  EXPECT_NE(said({.table = "ip own", .chain = "forward", .family = Family::ipv4}), "");
  EXPECT_NE(said({.table = "inet own", .chain = "FORWARD"}), "") << "no save program shows inet";
  EXPECT_NE(said({.table = "ip6 filter", .chain = "FORWARD", .family = Family::ipv6}), "") << "not saved";
  EXPECT_EQ(said({.table = "ip6 filter", .chain = "FORWARD", .family = Family::ipv6}, false), "");
  EXPECT_EQ(said({.table = "ip kube-proxy", .chain = "filter-forward", .family = Family::ipv4}), "");
}

TEST(PacketFilterReader, BelievesWhatIptablesCouldHaveWritten) {
  for (const auto* rule : {"drop", "counter drop", "ip saddr 10.0.0.0/8 counter drop", "tcp dport 20-30 drop",
                           "iifname docker0 drop", "ip daddr 10.1.1.1 udp sport 53 drop", "meta mark 5 drop",
                           "limit rate 5/second drop"}) {
    EXPECT_EQ(seen_with(rule).problem, "") << rule;
    EXPECT_FALSE(seen_with(rule).forward.empty()) << rule;
  }
}

}  // namespace
