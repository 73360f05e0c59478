#include "node/node_document.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/core/build.h"

namespace agent {
namespace {

using testing::address;
using testing::eth0;
using testing::eth1;
using testing::network;
using testing::nic;
using testing::prefix;
using testing::second_nic;

const std::vector<net::Link> kOneNic = {eth0()};
const std::vector<net::Link> kTwoNics = {eth0(), eth1()};

void read(node::NodeDocument& document, const observed::NodeNetwork& network,
          const node::Machine& machine = {kOneNic}) {
  document.take_reading(network, "2021-02-01", machine, net::MonoTime{}, net::WallTime{});
}

observed::Nic dual_stack_nic() {
  auto both = nic();
  both.addresses.push_back(address("fd00::4"));
  both.subnets.push_back(prefix("fd00::/64"));
  return both;
}

observed::Nic without_ipv4(observed::Nic nic) {
  std::erase_if(nic.addresses, [](const auto& each) { return each.family() == net::Family::ipv4; });
  return nic;
}

TEST(NodeDocument, AFailureNeverTakesTheDocumentAway) {
  node::NodeDocument document;
  read(document, network());
  document.take_failure("timed out");
  EXPECT_EQ(document.in_force(), network());
  EXPECT_EQ(document.status().source, node::ImdsSource::live);
  EXPECT_EQ(document.status().last_error, "timed out");
}

/// A document that is not believed at once.
struct Incomplete {
  const char* name;
  observed::NodeNetwork before;
  observed::NodeNetwork read;
  node::Machine machine;
  const char* why;
};

std::vector<net::Link> dual_stack_link() {
  auto link = eth0();
  link.addresses.push_back({address("fd00::4"), 128});
  link.addresses.push_back({address("fe80::20d:3aff:fef8:6ec"), 64});
  return {link};
}
const auto kDualStackLink = dual_stack_link();

std::vector<net::Link> two_addresses() {
  auto link = eth0();
  link.addresses.push_back({address("10.240.0.5"), 24});
  return {link};
}
const auto kTwoAddresses = two_addresses();

observed::Nic with_second_address() {
  auto both = nic();
  both.addresses.push_back(address("10.240.0.5"));
  return both;
}

const std::vector<Incomplete> kIncomplete = {
    {"NoNicOfItIsHere",
     network(),
     network({second_nic()}),
     {kOneNic},
     "no link has a MAC that IMDS names: 00:0d:3a:f8:06:ed"},
    {"IPv4LeftOutOfADualStackNic",
     network({dual_stack_nic()}),
     network({without_ipv4(dual_stack_nic())}),
     {kDualStackLink, {}, {}, /*ipv6=*/true},
     "IMDS leaves out 10.240.0.4, which eth0 has"},
    {"IPv6LeftOutWherePodsUseIt",
     network({dual_stack_nic()}),
     network(),
     {kDualStackLink, {}, {}, /*ipv6=*/true},
     "IMDS leaves out fd00::4, which eth0 has"},
    {"EmptyListOfOneOfTwoNics",
     network({nic(), second_nic()}),
     network({without_ipv4(nic()), second_nic()}),
     {kTwoNics},
     "IMDS leaves out 10.240.0.4, which eth0 has"},
    {"AnAddressThatItHadAndTheLinkBears",
     network({with_second_address()}),
     network(),
     {kTwoAddresses},
     "IMDS leaves out 10.240.0.5, which eth0 has"},
    {"ThePrimaryNicLeftOut",
     network({nic(), second_nic()}),
     network({second_nic()}),
     {kTwoNics, {testing::mac(testing::kMac)}},
     "IMDS leaves out the NIC of eth0"},
    {"TheNicOfNicSelectLeftOutByName",
     network({nic(), second_nic()}),
     network(),
     {kTwoNics, {}, node::LinkNamed{"eth1"}},
     "IMDS leaves out the NIC of eth1"},
    {"TheNicOfNicSelectLeftOutByMac",
     network({nic(), second_nic()}),
     network(),
     {kTwoNics, {}, testing::mac(testing::kSecondMac)},
     "which nic.select names"},
    {"TheNicOfNicSelectLeftOutBySubnet",
     network({nic(), second_nic()}),
     network(),
     {kTwoNics, {}, prefix("10.241.0.0/24")},
     "which nic.select names"},
};

class IncompleteReading : public ::testing::TestWithParam<Incomplete> {};
INSTANTIATE_TEST_SUITE_P(NodeDocument, IncompleteReading, ::testing::ValuesIn(kIncomplete),
                         [](const auto& each) { return std::string(each.param.name); });

TEST_P(IncompleteReading, CountsOnlyAfterThreeAgreeingReadingsInARow) {
  const auto& [name, before, incomplete, machine, why] = GetParam();
  node::NodeDocument document;
  read(document, before, machine);
  read(document, incomplete, machine);
  EXPECT_EQ(document.in_force(), before);
  EXPECT_NE(document.status().last_error.find(why), std::string::npos) << document.status().last_error;
  EXPECT_TRUE(document.wants_another_reading());
  read(document, incomplete, machine);
  read(document, before, machine);
  EXPECT_FALSE(document.wants_another_reading());
  EXPECT_EQ(document.status().last_error, "");
  read(document, incomplete, machine);
  document.take_failure("timed out");
  read(document, incomplete, machine);
  EXPECT_EQ(document.in_force(), before) << "the row was broken by the whole one";
  read(document, incomplete, machine);
  EXPECT_EQ(document.in_force(), incomplete);
  EXPECT_TRUE(document.is_confirmed());
}

TEST_P(IncompleteReading, IsNotBelievedAtTheStartEither) {
  const auto& [name, before, incomplete, machine, why] = GetParam();
  if (std::string_view(name) == "AnAddressThatItHadAndTheLinkBears") return;  // nothing was had
  node::NodeDocument document;
  read(document, incomplete, machine);
  EXPECT_FALSE(document.in_force());
}

TEST(NodeDocument, OneThatSaysWhatIsInForceCountsHoweverIncomplete) {
  node::NodeDocument document;
  const node::Machine machine{kTwoNics, {testing::mac(testing::kMac)}};
  document.take_cached(network({second_nic()}), "2021-02-01", net::WallTime{});
  read(document, network({second_nic()}), machine);
  EXPECT_EQ(document.status().source, node::ImdsSource::live);
}

TEST(NodeDocument, IncompleteReadingsThatDifferDoNotAgree) {
  node::NodeDocument document;
  read(document, network());
  auto other = second_nic();
  for (int i = 0; i < 6; ++i) {
    other.addresses = {address("10.241.0." + std::to_string(4 + i))};
    read(document, network({other}));
  }
  EXPECT_EQ(document.in_force(), network());
}

TEST(NodeDocument, AddressesOfOthersOnTheLinkDoNotMakeItIncomplete) {
  node::NodeDocument document;
  auto link = eth0();
  link.addresses.push_back({address("10.240.0.200"), 32});  // a virtual address of keepalived's
  link.addresses.push_back({address("fd99::1"), 64});
  read(document, network(), {std::span(&link, 1)});
  EXPECT_EQ(document.in_force(), network());
}

TEST(NodeDocument, ASelectorThatNoLinkHereFitsIsNoReasonToWait) {
  node::NodeDocument document;
  read(document, network(), {kOneNic, {}, node::LinkNamed{"eth7"}});
  EXPECT_EQ(document.in_force(), network()) << "a typo is nic.found's to name";
}

TEST(NodeDocument, ALinkThatComesMakesTheDocumentAtHandCount) {
  node::NodeDocument document;
  read(document, network(), {kOneNic});
  read(document, network({second_nic()}), {kOneNic});
  EXPECT_FALSE(document.reconsider({kOneNic}));
  EXPECT_TRUE(document.reconsider({kTwoNics}));
  EXPECT_EQ(document.in_force(), network({second_nic()}));
  EXPECT_FALSE(document.is_confirmed()) << "one reading said so";
  EXPECT_FALSE(document.reconsider({kTwoNics}));
}

TEST(NodeDocument, CountsAtOnceWhenTheLinksCouldNotBeLookedAt) {
  node::NodeDocument document;
  document.take_reading(network({second_nic()}), "2021-02-01", std::nullopt, net::MonoTime{},
                        net::WallTime{});
  EXPECT_TRUE(document.in_force());
}

TEST(NodeDocument, AKeptOneIsInForceUntilTheFirstLiveOne) {
  node::NodeDocument document;
  document.take_cached(network({second_nic()}), "2021-02-01", net::WallTime{});
  EXPECT_EQ(document.status().source, node::ImdsSource::cache);
  EXPECT_TRUE(document.is_confirmed()) << "it was in force before";
  document.take_failure("timed out");
  EXPECT_EQ(document.status().source, node::ImdsSource::cache);
  read(document, network());
  EXPECT_EQ(document.in_force(), network());
  EXPECT_EQ(document.status().source, node::ImdsSource::live);
  EXPECT_FALSE(document.is_confirmed());
}

TEST(NodeDocument, ASecondReadingConfirmsTheFirst) {
  node::NodeDocument document;
  read(document, network());
  EXPECT_FALSE(document.is_confirmed());
  read(document, network());
  EXPECT_TRUE(document.is_confirmed());
}

}  // namespace
}  // namespace agent
