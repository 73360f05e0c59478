#include "agent/core/mode.h"
#include "agent/core/mode_keeper.h"

#include <gtest/gtest.h>

#include "tests/unit/core/node.h"

namespace agent {
namespace {

using testing::link;
using testing::Node;
using namespace std::chrono_literals;

net::CniFile file(std::string name, std::string type, std::string ipam = "") {
  return {.path = "/etc/cni/net.d/" + name,
          .network = "pods",
          .plugins = {{.type = std::move(type), .ipam = std::move(ipam)}},
          .problem = ""};
}

const auto kCalico = file("10-calico.conflist", "calico", "host-local");
const auto kCalicoIpam = file("10-calico.conflist", "calico", "calico-ipam");
const auto kAzure = file("10-azure.conflist", "azure-vnet", "azure-vnet-ipam");
const auto kFlannel = file("10-flannel.conflist", "flannel");
const auto kBridge = file("10-containerd-net.conflist", "bridge", "host-local");
const auto kCilium = file("05-cilium.conflist", "cilium-cni");

const auto kPodman = [] {
  auto podman = file("87-podman-bridge.conflist", "bridge", "host-local");
  podman.network = "podman";
  return podman;
}();

net::CniFile multus(std::string to) {
  auto made = file("00-multus.conf", "multus");
  made.network = "multus-cni-network";
  made.delegation.to = std::move(to);
  return made;
}

net::CniFile multus_inline(net::CniPlugin delegate) {
  auto made = multus("");
  made.delegation.plugins = {std::move(delegate)};
  return made;
}

net::Link of_kind(net::Link link, std::string kind, std::uint32_t master = 0) {
  link.kind = std::move(kind);
  link.master = master;
  return link;
}

const auto kFlannel1 = of_kind(link(5, "flannel.1", "02:00:00:00:00:05", {}), "vxlan");
const auto kVxlanCalico = of_kind(link(6, "vxlan.calico", "02:00:00:00:00:06", {}), "vxlan");
const auto kCali = of_kind(link(7, "cali0123456789a", "ee:ee:ee:ee:ee:ee", {}), "veth");
const auto kAzv = of_kind(link(8, "azv0123456789a", "aa:aa:aa:aa:aa:aa", {}), "veth");
const auto kCbr0 = of_kind(link(9, "cbr0", "02:00:00:00:00:09", {}), "bridge");
const auto kBridged = of_kind(link(10, "veth12345678", "02:00:00:00:00:10", {}), "veth", 9);

struct Case {
  const char* name;
  std::vector<net::CniFile> files;
  std::vector<net::Link> links;
  std::optional<Mode> mode;
  bool conclusive;
  const char* reason;
};

TEST(ModeEvidence, IsTheWinningPlugInThenTheOverlayThenThePods) {
  const Case cases[] = {
      {"nothing", {}, {}, std::nullopt, false, ""},
      {"a CNI that is not known",
       {kCilium},
       {},
       Mode::udr,
       false,
       "runs cilium-cni, whose routing the agent does not know: user-defined routes are assumed"},
      {"Azure CNI's pods by a plug-in that is not known", {kCilium}, {kAzv}, Mode::azure_cni, true, "azv*"},
      {"Cilium with Azure's addresses",
       {file("05-cilium.conflist", "cilium-cni", "azure-ipam")},
       {},
       Mode::azure_cni,
       true,
       "05-cilium.conflist runs cilium-cni with azure-ipam"},
      {"AKS' overlay",
       {file("15-azure-swift-overlay.conflist", "azure-vnet", "azure-cns")},
       {},
       Mode::azure_cni,
       true,
       "runs azure-vnet"},
      {"Multus before Azure CNI",
       {multus("/host/etc/cni/net.d/10-azure.conflist"), kAzure, kCalico},
       {kAzv},
       Mode::azure_cni,
       true,
       "00-multus.conf hands pods to /etc/cni/net.d/10-azure.conflist, which runs azure-vnet"},
      {"Multus before the next file", {multus(""), kFlannel}, {}, Mode::flannel, true, "which runs flannel"},
      {"Multus before Calico",
       {multus("pods"), kCalico},
       {kCali},
       Mode::udr,
       false,
       "calico with host-local"},
      {"Multus with its delegate inline",
       {multus_inline({.type = "azure-vnet", .ipam = "azure-vnet-ipam"})},
       {},
       Mode::azure_cni,
       true,
       "00-multus.conf runs azure-vnet"},
      {"Multus, and its delegate is elsewhere: the pods' links tell",
       {multus("elsewhere"), kCalico},
       {kAzv},
       Mode::azure_cni,
       true,
       "azv*"},
      {"Multus, and nothing tells",
       {multus("elsewhere")},
       {},
       Mode::udr,
       false,
       "hands pods to elsewhere: it is not in /etc/cni/net.d: user-defined routes are assumed"},
      {"podman's network before the pods' one", {kPodman}, {kAzv}, Mode::azure_cni, true, "azv*"},
      {"podman's network alone", {kPodman}, {}, std::nullopt, false, ""},
      {"ptp", {file("10-ptp.conflist", "ptp", "host-local")}, {}, Mode::udr, false, "ptp with host-local"},
      {"Azure CNI", {kAzure, kCalico}, {}, Mode::azure_cni, true, "10-azure.conflist runs azure-vnet"},
      {"Azure CNI's pods alone", {}, {kAzv}, Mode::azure_cni, true, "links of Azure CNI"},
      {"flannel", {kFlannel}, {}, Mode::flannel, true, "10-flannel.conflist runs flannel"},
      {"canal", {kCalico}, {kFlannel1, kCali}, Mode::flannel, true, "flannel.1 is flannel's overlay"},
      {"Calico VXLAN", {kCalicoIpam}, {kVxlanCalico}, Mode::calico_vxlan, true, "vxlan.calico is Calico's"},
      {"Calico's files before anything is up", {kCalico}, {}, Mode::udr, false, "calico with host-local"},
      {"the same with pods", {kCalico}, {kCali}, Mode::udr, false, "there is no overlay"},
      {"Calico's VXLAN before it is up",
       {kCalicoIpam},
       {kCali},
       Mode::calico_vxlan,
       false,
       "calico with calico-ipam, whose addresses need Calico's overlay"},
      {"kubenet", {kBridge}, {kCbr0, kBridged}, Mode::udr, true, "bridge with host-local"},
      {"Calico's pods alone", {}, {kCali}, Mode::udr, false, "links of Calico"},
      {"a link that is only named so",
       {kCalico},
       {link(5, "flannel.1", "02:00:00:00:00:05", {})},
       Mode::udr,
       false,
       "there is no overlay"},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    const net::CniConfiguration configuration{.folder = "/etc/cni/net.d", .files = each.files};
    const auto found = evident_mode(&configuration, each.links);
    ASSERT_EQ(found.has_value(), each.mode.has_value());
    if (!found) continue;
    EXPECT_EQ(found->choice.mode, *each.mode);
    EXPECT_EQ(found->conclusive, each.conclusive);
    EXPECT_NE(found->choice.reason.find(each.reason), std::string::npos) << found->choice.reason;
  }
  EXPECT_FALSE(evident_mode(nullptr, {}));
}

TEST(ModeEvidence, AzureCniIsRuledOutByAnotherIpamAndNoPodOfAzureCnis) {
  struct {
    const char* name;
    std::vector<net::CniFile> files;
    std::vector<net::Link> links;
    std::optional<Mode> instead;
  } const cases[] = {
      {"Calico with host-local", {kCalico}, {kCali}, Mode::udr},
      {"the same before the first pod", {kCalico}, {}, Mode::udr},
      {"Calico with calico-ipam", {kCalicoIpam}, {}, Mode::calico_vxlan},
      {"kubenet before the first pod", {kBridge}, {kCbr0}, Mode::udr},
      {"Multus before Calico", {multus("pods"), kCalico}, {kCali}, Mode::udr},
      {"pods of Azure CNI's are left: its file is being replaced, or the node is not drained",
       {kCalico},
       {kCali, kAzv},
       std::nullopt},
      {"policy of Calico's on Azure CNI", {kAzure, kCalico}, {kAzv}, std::nullopt},
      {"policy of Calico's on Azure CNI, without pods", {kAzure, kCalico}, {}, std::nullopt},
      {"Calico's plug-in with Azure's addresses",
       {file("10-calico.conflist", "calico", "azure-vnet-ipam")},
       {kCali},
       std::nullopt},
      {"no file", {}, {}, std::nullopt},
      {"no file, and pods of Calico's", {}, {kCali}, std::nullopt},
      {"Multus, and its delegate is away",
       {multus("/etc/cni/net.d/10-azure.conflist"), kCalico},
       {},
       std::nullopt},
      {"podman's network", {kPodman}, {}, std::nullopt},
      {"a CNI that is not known", {kCilium}, {}, std::nullopt},
      {"Calico with an IPAM that is not known",
       {file("10-calico.conflist", "calico", "whereabouts")},
       {},
       std::nullopt},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    const net::CniConfiguration configuration{.folder = "/etc/cni/net.d", .files = each.files};
    const auto found = evident_mode(&configuration, each.links);
    const bool against = found && speaks_against(*found, Mode::azure_cni);
    ASSERT_EQ(against, each.instead.has_value());
    if (!against) continue;
    EXPECT_EQ(found->choice.mode, *each.instead);
    EXPECT_EQ(speaks_against(*found, Mode::flannel), found->conclusive)
        << "canal, whose overlay is not up yet";
  }
}

TEST(ModeContradiction, NamesWhatWinsAndWhatToRemove) {
  struct {
    const char* name;
    Mode mode;
    std::vector<net::CniFile> files;
    std::vector<net::Link> links;
    const char* what;
    const char* remedy;
  } const cases[] = {
      {"Calico's pods beside Azure CNI",
       Mode::azure_cni,
       {kAzure},
       {kCali},
       "10-azure.conflist runs azure-vnet, but cali0123456789a",
       "drain"},
      {"an overlay beside Azure CNI", Mode::azure_cni, {kAzure}, {kFlannel1}, "flannel.1", "drain"},
      {"Azure CNI's pods beside Calico", Mode::udr, {kCalico}, {kAzv}, "azv0123456789a", "drain"},
      {"flannel under udr",
       Mode::udr,
       {kCalico},
       {kFlannel1},
       "the mode in force is udr",
       "mode = \"flannel\""},
      {"two overlays",
       Mode::flannel,
       {kCalico},
       {kFlannel1, kVxlanCalico},
       "two overlays",
       "# take away what makes vxlan.calico"},
      {"Azure CNI behind Multus under udr",
       Mode::udr,
       {multus("/etc/cni/net.d/10-azure.conflist"), kAzure},
       {kAzv},
       "which runs azure-vnet",
       "# set mode = \"azure-cni\""},
      {"Calico with host-local under azure-cni",
       Mode::azure_cni,
       {kCalico},
       {kCali},
       "the mode in force is azure-cni, but /etc/cni/net.d/10-calico.conflist runs calico with host-local",
       "mode = \"udr\""},
      {"fine", Mode::udr, {kCalico}, {kCali}, "", ""},
      {"an overlay that is away contradicts nobody", Mode::flannel, {kCalico}, {kCali}, "", ""},
      {"kubenet under flannel", Mode::flannel, {kBridge}, {kCbr0, kBridged}, "bridge with host-local", "udr"},
      {"nothing at all", Mode::flannel, {}, {}, "", ""},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    const net::CniConfiguration configuration{.folder = "/etc/cni/net.d", .files = each.files};
    const auto found = contradiction_to(each.mode, &configuration, each.links);
    ASSERT_EQ(found.has_value(), *each.what != '\0') << found->what;
    if (!found) continue;
    EXPECT_NE(found->what.find(each.what), std::string::npos) << found->what;
    EXPECT_NE(found->remedy.text().find(each.remedy), std::string::npos) << found->remedy.text();
  }
}

ModeEvidence evidence(Mode mode, bool conclusive = true) {
  return {.choice = {.mode = mode, .reason = "seen"}, .conclusive = conclusive};
}

class ModeKeeperTest : public ::testing::Test {
 protected:
  Mode after(std::optional<ModeEvidence> seen, std::chrono::seconds pause = 0s) {
    now_ += pause;
    keeper_.see(std::move(seen), now_);
    return keeper_.in_force().mode;
  }

  ModeKeeper keeper_{std::nullopt, std::nullopt};
  MonoTime now_ = MonoTime{} + 1h;
};

TEST_F(ModeKeeperTest, TheFirstLookIsBelievedAtOnceAndSaysWhy) {
  EXPECT_NE(keeper_.in_force().reason.find("assumed"), std::string::npos);
  EXPECT_EQ(after(evidence(Mode::flannel)), Mode::flannel);
  EXPECT_EQ(keeper_.in_force().reason, "mode = \"auto\": seen");
}

TEST_F(ModeKeeperTest, AChangedMindNeedsEvidenceThatHoldsForThirtySeconds) {
  after(evidence(Mode::udr));
  EXPECT_EQ(after(evidence(Mode::azure_cni), 1s), Mode::udr);
  EXPECT_EQ(keeper_.due(), now_ + 30s);
  EXPECT_EQ(after(evidence(Mode::azure_cni), 29s), Mode::udr);
  EXPECT_EQ(after(evidence(Mode::azure_cni), 1s), Mode::azure_cni);
  EXPECT_EQ(keeper_.due(), std::nullopt);
}

TEST_F(ModeKeeperTest, AnInterruptionStartsTheThirtySecondsAnew) {
  after(evidence(Mode::udr));
  for (const auto& interruption : {std::optional<ModeEvidence>(), std::optional(evidence(Mode::udr)),
                                   std::optional(evidence(Mode::flannel))}) {
    after(evidence(Mode::azure_cni), 1s);
    after(interruption, 20s);
    EXPECT_EQ(after(evidence(Mode::azure_cni), 20s), Mode::udr);
  }
}

TEST_F(ModeKeeperTest, TheFirstEvidenceIsBelievedAtOnceWheneverItComes) {
  after(std::nullopt);
  EXPECT_TRUE(keeper_.is_a_guess(now_));
  EXPECT_EQ(after(evidence(Mode::azure_cni), 1h), Mode::azure_cni);
  EXPECT_FALSE(keeper_.is_a_guess(now_));
}

TEST_F(ModeKeeperTest, WhatIsNotConclusiveIsAGuessForThreeMinutes) {
  after(evidence(Mode::udr, false));
  EXPECT_TRUE(keeper_.is_a_guess(now_));
  after(evidence(Mode::udr, false), 2min);
  EXPECT_TRUE(keeper_.is_a_guess(now_)) << "the same again is no more conclusive";
  EXPECT_FALSE(keeper_.is_a_guess(now_ + 1min));
  after(evidence(Mode::flannel), 1s);
  EXPECT_EQ(after(evidence(Mode::flannel), 30s), Mode::flannel) << "and another mode has to hold";
}

TEST_F(ModeKeeperTest, ANodeThatShowsNothingForTenMinutesIsWhatItWasTakenFor) {
  after(std::nullopt);
  after(std::nullopt, 9min);
  EXPECT_TRUE(keeper_.is_a_guess(now_));
  EXPECT_FALSE(keeper_.is_a_guess(now_ + 1min));
}

TEST_F(ModeKeeperTest, TheConfigurationAndWhatWasKnownBeforeAreNoGuess) {
  keeper_.recall({.mode = Mode::udr, .reason = "as before"});
  EXPECT_FALSE(keeper_.is_a_guess(now_));
  after(evidence(Mode::udr, false));
  EXPECT_FALSE(keeper_.is_a_guess(now_));
  EXPECT_FALSE(ModeKeeper(Mode::udr, std::nullopt).is_a_guess(now_));
}

TEST_F(ModeKeeperTest, EvidenceThatGoesAwayOrIsAGuessChangesNothing) {
  after(evidence(Mode::flannel));
  after(std::nullopt, 1h);
  after(evidence(Mode::udr, false), 1h);
  EXPECT_EQ(after(evidence(Mode::udr, false), 1h), Mode::flannel);
}

TEST_F(ModeKeeperTest, WhatWasKnownBeforeARestartOutlastsAGuess) {
  keeper_.recall({.mode = Mode::flannel, .reason = "as before"});
  EXPECT_EQ(after(evidence(Mode::udr, false)), Mode::flannel);
  EXPECT_EQ(after(evidence(Mode::udr), 1s), Mode::flannel);
  EXPECT_EQ(after(evidence(Mode::udr), 30s), Mode::udr);
}

TEST_F(ModeKeeperTest, AGuessThatRulesOutAzureCniIsFollowedOnceItHolds) {
  auto not_azure = evidence(Mode::udr, false);
  not_azure.is_not_azure_cni = true;
  keeper_.recall({.mode = Mode::azure_cni, .reason = "as before"});
  EXPECT_EQ(after(not_azure), Mode::azure_cni);
  EXPECT_EQ(after(std::nullopt, 29s), Mode::azure_cni) << "no file for a moment";
  EXPECT_EQ(after(not_azure, 1s), Mode::azure_cni);
  EXPECT_EQ(after(evidence(Mode::azure_cni), 29s), Mode::azure_cni) << "Azure CNI's file is back";
  EXPECT_EQ(after(not_azure, 1h), Mode::azure_cni);
  EXPECT_EQ(keeper_.due(), now_ + 30s);
  EXPECT_EQ(after(not_azure, 30s), Mode::udr);
  after(evidence(Mode::flannel), 1s);
  EXPECT_EQ(after(evidence(Mode::flannel), 30s), Mode::flannel);
  EXPECT_EQ(after(not_azure, 1h), Mode::flannel) << "an overlay that has gone is a fault";
  EXPECT_EQ(after(not_azure, 1h), Mode::flannel);
}

TEST_F(ModeKeeperTest, TheConfigurationsWordIsTheLast) {
  after(evidence(Mode::flannel));
  keeper_.configure(Mode::calico_vxlan);
  EXPECT_EQ(after(evidence(Mode::udr), 1h), Mode::calico_vxlan);
  EXPECT_EQ(keeper_.in_force().reason, "mode = \"calico-vxlan\"");
  keeper_.configure(std::nullopt);
  EXPECT_EQ(keeper_.in_force().mode, Mode::flannel);
}

Surroundings with(std::vector<net::CniFile> files) {
  Surroundings surroundings;
  surroundings.cni.emplace();
  surroundings.cni->configuration =
      net::CniConfiguration{.folder = "/etc/cni/net.d", .files = std::move(files)};
  return surroundings;
}

TEST(KeeperMode, AnotherNetworkingIsFollowedAndTheNodeIsNotReadyMeanwhile) {
  auto policy = Node::udr();
  policy.mode_is_automatic = true;
  Node node(policy);
  node.keeper().take_surroundings(with({kCalico}), node.now);
  node.reading(testing::network());
  node.run_for(4min);  // no longer a guess
  ASSERT_EQ(node.routes(), testing::kHealthyRoutes);
  ASSERT_TRUE(node.ready());

  node.keeper().take_surroundings(with({kAzure}), node.now);
  node.run_for(29s);
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  node.now += 1s;
  ASSERT_TRUE(node.keeper().reconsider_mode(node.now));
  EXPECT_FALSE(node.ready());
  EXPECT_EQ(node.check("mode.in_force").message,
            "the mode changes from udr to azure-cni: mode = \"auto\": /etc/cni/net.d/10-azure.conflist runs "
            "azure-vnet");
  node.run_for(1s);
  EXPECT_TRUE(node.routes().empty());
  EXPECT_TRUE(node.ready());
}

TEST(KeeperMode, CalicoWithHostLocalInThePlaceOfAzureCniIsFollowed) {
  auto policy = Node::udr();
  policy.mode_is_automatic = true;
  Node node(policy);
  node.keeper().take_surroundings(with({kAzure}), node.now);
  node.reading(testing::network());
  node.run_for(4min);
  ASSERT_TRUE(node.ready());
  ASSERT_TRUE(node.routes().empty());

  node.keeper().take_surroundings(with({kCalico}), node.now);
  node.run_for(29s);
  EXPECT_EQ(node.check("mode.contradicted").status, CheckStatus::unknown);
  EXPECT_TRUE(node.routes().empty());
  node.now += 1s;
  ASSERT_TRUE(node.keeper().reconsider_mode(node.now));
  EXPECT_FALSE(node.ready());
  node.run_for(1s);
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  EXPECT_TRUE(node.ready());
}

TEST(KeeperMode, AGuessGivesWayInOneTurnAndNobodyNeedsToKnow) {
  auto policy = Node::udr();
  policy.mode_is_automatic = true;
  Node node(policy);
  node.keeper().take_surroundings(with({}), node.now);
  node.reading(testing::network());
  node.run_for(1min);
  ASSERT_TRUE(node.ready());
  node.keeper().take_surroundings(with({kAzure}), node.now);
  EXPECT_FALSE(node.keeper().reconsider_mode(node.now)) << "nothing to tell before the turn";
  node.run_for(0s);
  EXPECT_EQ(node.keeper().policy().mode, Mode::azure_cni);
  EXPECT_TRUE(node.routes().empty());
  EXPECT_TRUE(node.ready());
}

TEST(KeeperMode, TheConfigurationChangesItWithoutWaiting) {
  Node node;
  node.reading(testing::network());
  node.run_for(1s);
  auto policy = Node::udr();
  policy.mode = Mode::flannel;
  node.keeper().set_policy(policy, node.now);
  EXPECT_FALSE(node.ready());
  node.run_for(1s);
  EXPECT_TRUE(node.ready());
  EXPECT_EQ(node.routes(), (std::vector<std::string>{testing::kHealthyRoutes.back()}));
}

}  // namespace
}  // namespace agent
