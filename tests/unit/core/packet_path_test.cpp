// A pod's packet to a pod of another node: which stations it has, what stands there and what is known of
// each.
#include "core/packet_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "checks/check_table.h"
#include "tests/unit/core/healthy_nodes.h"

namespace agent {
namespace {

using checks::CheckStatus;
using checks::Hop;
using core::HopState;
using ::testing::Contains;
using ::testing::IsEmpty;
using testing::prefix;

constexpr auto kEveryMode = std::to_array<node::Mode>(
    {node::Mode::udr, node::Mode::flannel, node::Mode::calico_vxlan, node::Mode::azure_cni});

core::Snapshot judged_snapshot(const checks::Facts& facts) {
  core::Snapshot snapshot;
  snapshot.mode = facts.policy.mode;
  snapshot.cluster_cidrs = facts.policy.cluster_cidrs;
  snapshot.node_cidrs = facts.policy.node_cidrs;
  snapshot.nic.name = "eth0";
  snapshot.nic.addresses = {"10.240.0.4"};
  snapshot.path_links = core::path_links(facts);
  snapshot.routes = facts.sync.routes;
  snapshot.checks = checks::assess(facts, {}, facts.wall);
  return snapshot;
}

core::PathHop hop_in(const core::Snapshot& snapshot, Hop hop) {
  for (auto& each : core::packet_path(snapshot)) {
    if (each.hop == hop) return each;
  }
  return {};
}

checks::CheckResult with_status(std::string id, CheckStatus status, bool gate = false) {
  checks::CheckResult check;
  check.id = std::move(id);
  check.status = status;
  check.gate = gate;
  return check;
}

TEST(PacketPath, EveryCheckHasOnePlaceOnTheWayOrAReasonToHaveNone) {
  std::multiset<std::string_view> rows;
  for (const auto& check : checks::check_table()) rows.insert(check.id);
  const auto placed = checks::placed_checks();
  EXPECT_EQ(std::multiset<std::string_view>(placed.begin(), placed.end()), rows);
}

TEST(PacketPath, ACheckThatAppliesInAModeIsOnItsWay) {
  for (const auto& node : testing::kHealthyNodes) {
    const auto snapshot = judged_snapshot(node.facts());
    std::vector<std::string> on_the_way;
    for (const auto& hop : core::packet_path(snapshot))
      on_the_way.insert(on_the_way.end(), hop.checks.begin(), hop.checks.end());
    for (const auto& check : snapshot.checks) {
      const bool expected = check.status != CheckStatus::skip && checks::reason_off_the_way(check.id).empty();
      EXPECT_EQ(std::count(on_the_way.begin(), on_the_way.end(), check.id), expected ? 1 : 0)
          << check.id << " on " << node.name;
    }
  }
}

TEST(PacketPath, ChecksStandOnlyAtHopsThatTheModeHas) {
  for (const auto mode : kEveryMode) {
    const auto hops = checks::hops_of(mode);
    for (const auto id : checks::placed_checks()) {
      const auto hop = checks::hop_of(id, mode);
      if (hop != Hop::none) {
        EXPECT_NE(std::find(hops.begin(), hops.end(), hop), hops.end()) << id << node::mode_name(mode);
      }
    }
  }
}

TEST(PacketPath, OfEachModeLeadsFromPodToPod) {
  const auto hops_of = [](const checks::Facts& facts) {
    std::string text;
    for (const auto& hop : core::packet_path(judged_snapshot(facts))) {
      text += std::string(net::name_of(checks::kHopKeys, hop.hop));
      text += hop.at.empty() ? "; " : ": " + hop.at + "; ";
    }
    return text;
  };
  EXPECT_EQ(hops_of(testing::udr_with_kubenet()),
            "pod: 10.244.1.0/24; link: cbr0; route: 10.244.0.0/16 via 10.240.0.1; nic: eth0 (10.240.0.4); "
            "route_table; peer_nic; peer_pod; ");
  EXPECT_EQ(hops_of(testing::canal()),
            "pod: 10.244.1.0/24; link: cali*; overlay: flannel.1; nic: eth0 (10.240.0.4); vnet; peer_nic; "
            "peer_overlay; peer_pod; ");
  EXPECT_EQ(hops_of(testing::plain_flannel()),
            "pod: 10.244.1.0/24; link: cni0; overlay: flannel.1; nic: eth0 (10.240.0.4); vnet; peer_nic; "
            "peer_overlay; peer_pod; ");
  EXPECT_EQ(hops_of(testing::calico_vxlan()),
            "pod: 10.244.1.0/24; link: cali*; overlay: vxlan.calico; nic: eth0 (10.240.0.4); vnet; peer_nic; "
            "peer_overlay; peer_pod; ");
  EXPECT_EQ(hops_of(testing::azure_cni()),
            "pod; link: azv*; nic: eth0 (10.240.0.4); vnet; peer_nic; peer_pod; ");
}

TEST(PacketPath, OfAHealthyNodeIsGoodUpToAzureAndUnknownBeyond) {
  for (const auto& node : testing::kHealthyNodes) {
    for (const auto& hop : core::packet_path(judged_snapshot(node.facts()))) {
      const bool is_here = !hop.checks.empty();
      EXPECT_EQ(hop.state, is_here ? HopState::good : HopState::unknown)
          << net::name_of(checks::kHopKeys, hop.hop) << " on " << node.name;
    }
    const auto path = core::packet_path(judged_snapshot(node.facts()));
    EXPECT_EQ(path.back().hop, Hop::peer_pod);
    EXPECT_EQ(path.back().state, HopState::unknown);
  }
}

TEST(PacketPath, AHopIsAsItsWorstCheck) {
  core::Snapshot snapshot;
  const auto state_with = [&snapshot](std::vector<checks::CheckResult> checks) {
    snapshot.checks = std::move(checks);
    return hop_in(snapshot, Hop::nic).state;
  };
  const auto pass = with_status("nic.found", CheckStatus::pass, true);
  EXPECT_EQ(state_with({pass}), HopState::good);
  EXPECT_EQ(state_with({pass, with_status("nic.vf", CheckStatus::unknown)}), HopState::unknown);
  EXPECT_EQ(state_with({pass, with_status("nic.vf", CheckStatus::unknown),
                        with_status("sysctl.rp_filter", CheckStatus::fail)}),
            HopState::warning);
  EXPECT_EQ(state_with({pass, with_status("sysctl.rp_filter", CheckStatus::fail),
                        with_status("nic.up", CheckStatus::fail, true)}),
            HopState::broken);
  // Looked at by nobody: no colour.
  EXPECT_EQ(state_with({}), HopState::unknown);
  EXPECT_EQ(state_with({with_status("nic.vf", CheckStatus::skip)}), HopState::unknown);
  EXPECT_THAT(hop_in(snapshot, Hop::nic).checks, IsEmpty());
}

TEST(PacketPath, ShowsTheRouteThatIsAtFaultAndHowManyThereAre) {
  auto facts = testing::udr_with_kubenet();
  facts.policy.cluster_cidrs = {prefix("10.244.0.0/16"), prefix("10.245.0.0/16"), prefix("10.246.0.0/16")};
  facts.desired = node::desired_routes(facts.policy, *facts.network, &*facts.nic.nic);
  auto held = facts.desired.routes.list();
  facts.sync = routing::evaluate_sync(facts.desired, {held, {}}, {}, {});
  EXPECT_EQ(hop_in(judged_snapshot(facts), Hop::route).at, "10.244.0.0/16 via 10.240.0.1 and 2 more");
  std::erase_if(held,
                [](const net::Route& route) { return route.key.destination == prefix("10.245.0.0/16"); });
  facts.sync = routing::evaluate_sync(facts.desired, {held, {}}, {}, {});
  const auto hop = hop_in(judged_snapshot(facts), Hop::route);
  EXPECT_EQ(hop.at, "10.245.0.0/16 via 10.240.0.1 and 2 more");
  EXPECT_EQ(hop.state, HopState::broken);
  EXPECT_THAT(hop.checks, Contains("routes.in_sync"));
}

TEST(PacketPath, OfANodeOfWhichNothingIsKnownIsUnknown) {
  for (const auto mode : kEveryMode) {
    core::Snapshot snapshot;
    snapshot.mode = mode;
    for (const auto& hop : core::packet_path(snapshot)) {
      EXPECT_EQ(hop.state, HopState::unknown);
      EXPECT_EQ(hop.at, "");
    }
  }
}

TEST(PacketPath, LinksAreOnlyThoseThatAreThere) {
  auto facts = testing::plain_flannel();
  std::erase_if(facts.links.edit(), [](const auto& link) { return link.name != "eth0"; });
  const auto links = core::path_links(facts);
  EXPECT_EQ(links.pod, "");
  EXPECT_EQ(links.overlay, "");
}

}  // namespace
}  // namespace agent
