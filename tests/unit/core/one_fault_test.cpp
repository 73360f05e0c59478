// One fault of the NIC or of the kernel's forwarding takes several things away. One check tells it, with what
// fixes all of them; the others are `unknown` and name it. Readiness is held all the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/core/broken_nodes.h"
#include "tests/unit/core/judged.h"
#include "tests/unit/core/node_changes.h"
#include "tests/unit/core/shell.h"

namespace agent {
namespace {

using testing::healthy_dual_stack;
using testing::prefix;
using testing::set_sysctl;

/// The kernel holds the wanted routes but for those that `gone` is true of.
void lose_routes(checks::Facts& facts, bool (*gone)(const net::Route&)) {
  auto held = facts.desired.routes.list();
  std::erase_if(held, gone);
  facts.sync = routing::evaluate_sync(facts.desired, {held, {}}, {}, {});
}

bool is_by_link(const net::Route& route) { return route.device != 0; }
bool is_ipv6_by_link(const net::Route& route) {
  return route.device != 0 && route.key.destination.family() == net::Family::ipv6;
}
bool is_ipv4_by_link(const net::Route& route) { return is_by_link(route) && !is_ipv6_by_link(route); }

void lose_addresses(checks::Facts& facts, net::Family family) {
  std::erase_if(facts.nic.nic->link.addresses,
                [family](const auto& each) { return each.address.family() == family; });
}

struct OneFault {
  const char* name;
  void (*inject)(checks::Facts&);
  const char* teller;
  const char* message;
  const char* remedy;
  std::set<std::string> others = {};  ///< what are unknown for it
};

const OneFault kFaults[] = {
    {"NoIpv6InAzure",
     [](checks::Facts& f) {
       auto& nic = *f.nic.nic;
       nic.azure.addresses.pop_back();
       lose_addresses(f, net::Family::ipv6);
       nic.gateway_v6.reset();
       set_sysctl(f, "net/ipv6/conf/eth0/accept_ra", "1");
       f.desired = node::desired_routes(f.policy, *f.network, &nic);
       f.sync = routing::evaluate_sync(f.desired, {f.desired.routes.list(), {}}, {}, {});
     },
     "nic.address",
     "IMDS names no IPv6 address for eth0",
     "IPv6 ipconfig",
     {"nic.gateway", "routes.in_sync", "sysctl.accept_ra"}},
    {"Ipv6SwitchedOff",
     [](checks::Facts& f) {
       set_sysctl(f, "net/ipv6/conf/eth0/disable_ipv6", "1");
       lose_addresses(f, net::Family::ipv6);
       f.nic.nic->gateway_v6->assumed = true;
       set_sysctl(f, "net/ipv6/conf/eth0/accept_ra", "0");
       lose_routes(f, is_ipv6_by_link);
     },
     "nic.address",
     "net.ipv6.conf.eth0.disable_ipv6 is 1: eth0 has no IPv6 address, fd00::4 neither",
     "sysctl -w net.ipv6.conf.eth0.disable_ipv6=0",
     {"nic.gateway", "routes.in_sync", "sysctl.accept_ra"}},
    {"Ipv6SwitchedOffWithItsAddressKept",
     [](checks::Facts& f) { set_sysctl(f, "net/ipv6/conf/eth0/disable_ipv6", "1"); }, "nic.address",
     "net.ipv6.conf.eth0.disable_ipv6 is 1", "sysctl -w net.ipv6.conf.eth0.disable_ipv6=0"},
    {"LinkDown",
     [](checks::Facts& f) {
       auto& nic = *f.nic.nic;
       nic.link.up = false;
       lose_addresses(f, net::Family::ipv6);
       nic.gateway_v4->assumed = nic.gateway_v6->assumed = true;
       set_sysctl(f, "net/ipv6/conf/eth0/accept_ra", "1");
       f.desired = node::desired_routes(f.policy, *f.network, &nic);
       lose_routes(f, is_by_link);
     },
     "nic.up",
     "eth0 is down",
     "ip link set dev eth0 up",
     {"nic.address", "nic.gateway", "routes.in_sync", "sysctl.accept_ra"}},
    {"NoIpv4AddressOnTheLink",
     [](checks::Facts& f) {
       lose_addresses(f, net::Family::ipv4);
       f.nic.nic->gateway_v4->assumed = true;
       lose_routes(f, is_ipv4_by_link);
     },
     "nic.address",
     "IMDS names 10.240.0.4",
     "networkctl renew eth0",
     {"nic.gateway", "routes.in_sync"}},
    {"RefusedForTheAddress",
     [](checks::Facts& f) {
       lose_addresses(f, net::Family::ipv4);
       auto held = f.desired.routes.list();
       const auto refused = std::find_if(held.begin(), held.end(), is_ipv4_by_link);
       const routing::Refusals refusals = {{refused->key, "Invalid prefsrc address"}};
       held.erase(refused);
       f.sync = routing::evaluate_sync(f.desired, {held, {}}, {}, refusals);
     },
     "nic.address",
     "IMDS names 10.240.0.4",
     "networkctl renew eth0",
     {"routes.in_sync"}},
    {"ForwardingSwitchedOff",
     [](checks::Facts& f) {
       set_sysctl(f, "net/ipv4/ip_forward", "0");
       set_sysctl(f, "net/ipv4/conf/eth0/forwarding", "0");
     },
     "sysctl.ip_forward",
     "net.ipv4.ip_forward is 0",
     "sysctl -w net.ipv4.ip_forward=1",
     {"sysctl.nic_forwarding"}},
};

const bool kFaultsAreListed = testing::list_broken(kFaults, healthy_dual_stack);

std::set<std::string> ids_with(const std::vector<checks::CheckResult>& results, checks::CheckStatus status) {
  std::set<std::string> ids;
  for (const auto& each : results) {
    if (each.status == status) ids.insert(each.id);
  }
  return ids;
}

class OneFaultTest : public ::testing::TestWithParam<OneFault> {
 protected:
  OneFaultTest() : facts_(healthy_dual_stack()) { GetParam().inject(facts_); }
  [[nodiscard]] std::vector<checks::CheckResult> checks() const {
    return checks::assess(facts_, {}, net::WallTime{});
  }

  checks::Facts facts_;
};

TEST_P(OneFaultTest, IsToldByOneCheckAndTheOthersNameIt) {
  const auto& fault = GetParam();
  const auto results = checks();
  EXPECT_EQ(ids_with(results, checks::CheckStatus::fail), std::set<std::string>{fault.teller});
  EXPECT_EQ(ids_with(results, checks::CheckStatus::unknown), fault.others);
  EXPECT_FALSE(checks::is_ready(results));
  EXPECT_FALSE(checks::is_ready_for_kubelet(results));
  const auto told = testing::result(facts_, fault.teller);
  EXPECT_TRUE(told.message.starts_with(fault.message)) << told.message;
  EXPECT_NE(told.remedy.find(fault.remedy), std::string::npos) << told.remedy;
  EXPECT_TRUE(testing::is_shell(told.remedy)) << told.remedy;
  for (const auto& id : fault.others) {
    const auto message = testing::result(facts_, id).message;
    EXPECT_TRUE(message.ends_with(std::string("see ") + fault.teller)) << id << ": " << message;
  }
}

TEST_P(OneFaultTest, WhoeverIsRequiredFailsForIt) {
  const auto& fault = GetParam();
  facts_.policy.require = {fault.others.begin(), fault.others.end()};
  auto failing = fault.others;
  failing.insert(fault.teller);
  EXPECT_EQ(ids_with(checks(), checks::CheckStatus::fail), failing);
}

TEST_P(OneFaultTest, WhereItsCheckOnlyWarnsTheOtherGatesHold) {
  const auto& fault = GetParam();
  facts_.policy.ignore = {fault.teller};
  const auto results = checks();
  for (const auto& result : results) {
    EXPECT_EQ(result.message.find(std::string("see ") + fault.teller), std::string::npos)
        << result.id << ": " << result.message;
  }
  const bool alone = fault.others.empty();
  EXPECT_EQ(checks::is_ready(results), alone);
}

INSTANTIATE_TEST_SUITE_P(Of, OneFaultTest, ::testing::ValuesIn(kFaults),
                         [](const auto& fault) { return std::string(fault.param.name); });

TEST(OneFault, AForeignRouteUnderOurKeyIsTheRoutesOwnWhateverTheLink) {
  auto facts = healthy_dual_stack();
  lose_addresses(facts, net::Family::ipv4);
  const std::vector foreign_routes = {testing::route("10.244.0.0/16", "10.240.0.99", 2, 4)};
  facts.sync = routing::evaluate_sync(facts.desired, {facts.desired.routes.list(), {}}, foreign_routes, {});
  EXPECT_EQ(testing::result(facts, "routes.in_sync").status, checks::CheckStatus::fail);
}

TEST(OneFault, TheNicsOwnForwardingIsItsOwn) {
  auto facts = healthy_dual_stack();
  set_sysctl(facts, "net/ipv4/conf/eth0/forwarding", "0");
  EXPECT_TRUE(testing::result(facts, "sysctl.nic_forwarding").holds());
}

TEST(OneFault, WithoutADaemonRoutesDoNotWaitForTheLinkAlone) {
  auto facts = healthy_dual_stack();
  kFaults[3].inject(facts);
  facts.no_daemon = true;
  const auto routes = testing::result(facts, "routes.in_sync");
  EXPECT_EQ(routes.status, checks::CheckStatus::fail);
  EXPECT_NE(routes.remedy.find("systemctl start"), std::string::npos) << routes.remedy;
}

/// What leaves the fault to another check, as if it did not.
constexpr std::array<std::string_view, 4> kLeaveItToOthers = {"nic.address", "routes.in_sync",
                                                              "sysctl.nic_forwarding", "sysctl.accept_ra"};

TEST(OneFault, NoNodeIsReadyForThatWhateverIsIgnored) {
  std::size_t held = 0;
  for (const auto& node : testing::broken_nodes()) {
    const auto facts = node.facts();
    if (facts.sync.routes.first_detour()) continue;  // a warning by intent, see routes.shadowed
    // What passes leaves nothing to others, ignored or not.
    for (const auto& check : checks::assess(facts, {}, net::WallTime{})) {
      if (check.status != checks::CheckStatus::fail) continue;
      auto lenient = facts;
      lenient.policy.ignore = {check.id};
      auto strict = lenient;
      for (const auto id : kLeaveItToOthers) {
        if (id != check.id) strict.policy.require.emplace_back(id);
      }
      if (checks::is_ready(checks::assess(strict, {}, net::WallTime{}))) continue;
      ++held;
      EXPECT_FALSE(checks::is_ready(checks::assess(lenient, {}, net::WallTime{})))
          << node.name << " without " << check.id;
    }
  }
  EXPECT_GT(held, 10U);
}

}  // namespace
}  // namespace agent
