#include "node/mode.h"
#include "node/mode_tracker.h"

#include <gtest/gtest.h>

#include "tests/unit/core/node.h"

namespace agent {
namespace {

using testing::link;
using testing::Node;
using namespace std::chrono_literals;

observed::CniFile file(std::string name, std::string type, std::string ipam = "") {
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

observed::CniFile multus(std::string to) {
  auto made = file("00-multus.conf", "multus");
  made.network = "multus-cni-network";
  made.delegation.to = std::move(to);
  return made;
}

observed::CniFile multus_inline(observed::CniPlugin delegate) {
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
  std::vector<observed::CniFile> files;
  std::vector<net::Link> links;
  std::optional<node::Mode> mode;
  bool conclusive;
  const char* reason;
};

TEST(ModeEvidence, IsTheWinningPlugInThenTheOverlayThenThePods) {
  const Case cases[] = {
      {"nothing", {}, {}, std::nullopt, false, ""},
      {"a CNI that is not known",
       {kCilium},
       {},
       node::Mode::udr,
       false,
       "runs cilium-cni, whose routing the agent does not know: user-defined routes are assumed"},
      {"Azure CNI's pods by a plug-in that is not known",
       {kCilium},
       {kAzv},
       node::Mode::azure_cni,
       true,
       "azv*"},
      {"Cilium with Azure's addresses",
       {file("05-cilium.conflist", "cilium-cni", "azure-ipam")},
       {},
       node::Mode::azure_cni,
       true,
       "05-cilium.conflist runs cilium-cni with azure-ipam"},
      {"AKS' overlay",
       {file("15-azure-swift-overlay.conflist", "azure-vnet", "azure-cns")},
       {},
       node::Mode::azure_cni,
       true,
       "runs azure-vnet"},
      {"Multus before Azure CNI",
       {multus("/host/etc/cni/net.d/10-azure.conflist"), kAzure, kCalico},
       {kAzv},
       node::Mode::azure_cni,
       true,
       "00-multus.conf hands pods to /etc/cni/net.d/10-azure.conflist, which runs azure-vnet"},
      {"Multus before the next file",
       {multus(""), kFlannel},
       {},
       node::Mode::flannel,
       true,
       "which runs flannel"},
      {"Multus before Calico",
       {multus("pods"), kCalico},
       {kCali},
       node::Mode::udr,
       false,
       "calico with host-local"},
      {"Multus with its delegate inline",
       {multus_inline({.type = "azure-vnet", .ipam = "azure-vnet-ipam"})},
       {},
       node::Mode::azure_cni,
       true,
       "00-multus.conf runs azure-vnet"},
      {"Multus, and its delegate is elsewhere: the pods' links tell",
       {multus("elsewhere"), kCalico},
       {kAzv},
       node::Mode::azure_cni,
       true,
       "azv*"},
      {"Multus, and nothing tells",
       {multus("elsewhere")},
       {},
       node::Mode::udr,
       false,
       "hands pods to elsewhere: it is not in /etc/cni/net.d: user-defined routes are assumed"},
      {"podman's network before the pods' one", {kPodman}, {kAzv}, node::Mode::azure_cni, true, "azv*"},
      {"podman's network alone", {kPodman}, {}, std::nullopt, false, ""},
      {"ptp",
       {file("10-ptp.conflist", "ptp", "host-local")},
       {},
       node::Mode::udr,
       false,
       "ptp with host-local"},
      {"Azure CNI", {kAzure, kCalico}, {}, node::Mode::azure_cni, true, "10-azure.conflist runs azure-vnet"},
      {"Azure CNI's pods alone", {}, {kAzv}, node::Mode::azure_cni, true, "links of Azure CNI"},
      {"flannel", {kFlannel}, {}, node::Mode::flannel, true, "10-flannel.conflist runs flannel"},
      {"canal", {kCalico}, {kFlannel1, kCali}, node::Mode::flannel, true, "flannel.1 is flannel's overlay"},
      {"Calico VXLAN",
       {kCalicoIpam},
       {kVxlanCalico},
       node::Mode::calico_vxlan,
       true,
       "vxlan.calico is Calico's"},
      {"Calico's files before anything is up",
       {kCalico},
       {},
       node::Mode::udr,
       false,
       "calico with host-local"},
      {"the same with pods", {kCalico}, {kCali}, node::Mode::udr, false, "there is no overlay"},
      {"Calico's VXLAN before it is up",
       {kCalicoIpam},
       {kCali},
       node::Mode::calico_vxlan,
       false,
       "calico with calico-ipam, whose addresses need Calico's overlay"},
      {"kubenet", {kBridge}, {kCbr0, kBridged}, node::Mode::udr, true, "bridge with host-local"},
      {"Calico's pods alone", {}, {kCali}, node::Mode::udr, false, "links of Calico"},
      {"a link that is only named so",
       {kCalico},
       {link(5, "flannel.1", "02:00:00:00:00:05", {})},
       node::Mode::udr,
       false,
       "there is no overlay"},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    const observed::CniConfiguration configuration{.folder = "/etc/cni/net.d", .files = each.files};
    const auto found = node::evident_mode(&configuration, each.links);
    ASSERT_EQ(found.has_value(), each.mode.has_value());
    if (!found) continue;
    EXPECT_EQ(found->choice.mode, *each.mode);
    EXPECT_EQ(found->conclusive, each.conclusive);
    EXPECT_NE(found->choice.reason.find(each.reason), std::string::npos) << found->choice.reason;
  }
  EXPECT_FALSE(node::evident_mode(nullptr, {}));
}

TEST(ModeEvidence, AzureCniIsRuledOutByAnotherIpamAndNoPodOfAzureCnis) {
  struct {
    const char* name;
    std::vector<observed::CniFile> files;
    std::vector<net::Link> links;
    std::optional<node::Mode> instead;
  } const cases[] = {
      {"Calico with host-local", {kCalico}, {kCali}, node::Mode::udr},
      {"the same before the first pod", {kCalico}, {}, node::Mode::udr},
      {"Calico with calico-ipam", {kCalicoIpam}, {}, node::Mode::calico_vxlan},
      {"kubenet before the first pod", {kBridge}, {kCbr0}, node::Mode::udr},
      {"Multus before Calico", {multus("pods"), kCalico}, {kCali}, node::Mode::udr},
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
    const observed::CniConfiguration configuration{.folder = "/etc/cni/net.d", .files = each.files};
    const auto found = node::evident_mode(&configuration, each.links);
    const bool against = found && node::speaks_against(*found, node::Mode::azure_cni);
    ASSERT_EQ(against, each.instead.has_value());
    if (!against) continue;
    EXPECT_EQ(found->choice.mode, *each.instead);
    EXPECT_EQ(node::speaks_against(*found, node::Mode::flannel), found->conclusive)
        << "canal, whose overlay is not up yet";
  }
}

TEST(ModeContradiction, NamesWhatWinsAndWhatToRemove) {
  struct {
    const char* name;
    node::Mode mode;
    std::vector<observed::CniFile> files;
    std::vector<net::Link> links;
    const char* what;
    const char* remedy;
  } const cases[] = {
      {"Calico's pods beside Azure CNI",
       node::Mode::azure_cni,
       {kAzure},
       {kCali},
       "10-azure.conflist runs azure-vnet, but cali0123456789a",
       "drain"},
      {"an overlay beside Azure CNI", node::Mode::azure_cni, {kAzure}, {kFlannel1}, "flannel.1", "drain"},
      {"Azure CNI's pods beside Calico", node::Mode::udr, {kCalico}, {kAzv}, "azv0123456789a", "drain"},
      {"flannel under udr",
       node::Mode::udr,
       {kCalico},
       {kFlannel1},
       "the mode in force is udr",
       "mode = \"flannel\""},
      {"two overlays",
       node::Mode::flannel,
       {kCalico},
       {kFlannel1, kVxlanCalico},
       "two overlays",
       "# take away what makes vxlan.calico"},
      {"Azure CNI behind Multus under udr",
       node::Mode::udr,
       {multus("/etc/cni/net.d/10-azure.conflist"), kAzure},
       {kAzv},
       "which runs azure-vnet",
       "# set mode = \"azure-cni\""},
      {"Calico with host-local under azure-cni",
       node::Mode::azure_cni,
       {kCalico},
       {kCali},
       "the mode in force is azure-cni, but /etc/cni/net.d/10-calico.conflist runs calico with host-local",
       "mode = \"udr\""},
      {"fine", node::Mode::udr, {kCalico}, {kCali}, "", ""},
      {"an overlay that is away contradicts nobody", node::Mode::flannel, {kCalico}, {kCali}, "", ""},
      {"kubenet under flannel",
       node::Mode::flannel,
       {kBridge},
       {kCbr0, kBridged},
       "bridge with host-local",
       "udr"},
      {"nothing at all", node::Mode::flannel, {}, {}, "", ""},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    const observed::CniConfiguration configuration{.folder = "/etc/cni/net.d", .files = each.files};
    const auto found = node::contradiction_to(each.mode, &configuration, each.links);
    ASSERT_EQ(found.has_value(), *each.what != '\0') << found->what;
    if (!found) continue;
    EXPECT_NE(found->what.find(each.what), std::string::npos) << found->what;
    EXPECT_NE(found->remedy.text().find(each.remedy), std::string::npos) << found->remedy.text();
  }
}

node::ModeEvidence cloud_state(node::Mode mode, bool conclusive = true) {
  return {.choice = {.mode = mode, .reason = "seen"}, .conclusive = conclusive};
}

class ModeKeeperTest : public ::testing::Test {
 protected:
  node::Mode after(std::optional<node::ModeEvidence> seen, std::chrono::seconds pause = 0s) {
    now_ += pause;
    controller_.see(std::move(seen), now_);
    return controller_.in_force().mode;
  }

  node::ModeTracker controller_{std::nullopt, std::nullopt};
  net::MonoTime now_ = net::MonoTime{} + 1h;
};

TEST_F(ModeKeeperTest, TheFirstLookIsBelievedAtOnceAndSaysWhy) {
  EXPECT_NE(controller_.in_force().reason.find("assumed"), std::string::npos);
  EXPECT_EQ(after(cloud_state(node::Mode::flannel)), node::Mode::flannel);
  EXPECT_EQ(controller_.in_force().reason, "mode = \"auto\": seen");
}

TEST_F(ModeKeeperTest, AChangedMindNeedsEvidenceThatHoldsForThirtySeconds) {
  after(cloud_state(node::Mode::udr));
  EXPECT_EQ(after(cloud_state(node::Mode::azure_cni), 1s), node::Mode::udr);
  EXPECT_EQ(controller_.due(), now_ + 30s);
  EXPECT_EQ(after(cloud_state(node::Mode::azure_cni), 29s), node::Mode::udr);
  EXPECT_EQ(after(cloud_state(node::Mode::azure_cni), 1s), node::Mode::azure_cni);
  EXPECT_EQ(controller_.due(), std::nullopt);
}

TEST_F(ModeKeeperTest, AnInterruptionStartsTheThirtySecondsAnew) {
  after(cloud_state(node::Mode::udr));
  for (const auto& interruption :
       {std::optional<node::ModeEvidence>(), std::optional(cloud_state(node::Mode::udr)),
        std::optional(cloud_state(node::Mode::flannel))}) {
    after(cloud_state(node::Mode::azure_cni), 1s);
    after(interruption, 20s);
    EXPECT_EQ(after(cloud_state(node::Mode::azure_cni), 20s), node::Mode::udr);
  }
}

TEST_F(ModeKeeperTest, TheFirstEvidenceIsBelievedAtOnceWheneverItComes) {
  after(std::nullopt);
  EXPECT_TRUE(controller_.is_a_guess(now_));
  EXPECT_EQ(after(cloud_state(node::Mode::azure_cni), 1h), node::Mode::azure_cni);
  EXPECT_FALSE(controller_.is_a_guess(now_));
}

TEST_F(ModeKeeperTest, WhatIsNotConclusiveIsAGuessForThreeMinutes) {
  after(cloud_state(node::Mode::udr, false));
  EXPECT_TRUE(controller_.is_a_guess(now_));
  after(cloud_state(node::Mode::udr, false), 2min);
  EXPECT_TRUE(controller_.is_a_guess(now_)) << "the same again is no more conclusive";
  EXPECT_FALSE(controller_.is_a_guess(now_ + 1min));
  after(cloud_state(node::Mode::flannel), 1s);
  EXPECT_EQ(after(cloud_state(node::Mode::flannel), 30s), node::Mode::flannel)
      << "and another mode has to hold";
}

TEST_F(ModeKeeperTest, ANodeThatShowsNothingForTenMinutesIsWhatItWasTakenFor) {
  after(std::nullopt);
  after(std::nullopt, 9min);
  EXPECT_TRUE(controller_.is_a_guess(now_));
  EXPECT_FALSE(controller_.is_a_guess(now_ + 1min));
}

TEST_F(ModeKeeperTest, TheConfigurationAndWhatWasKnownBeforeAreNoGuess) {
  controller_.restore({.mode = node::Mode::udr, .reason = "as before"});
  EXPECT_FALSE(controller_.is_a_guess(now_));
  after(cloud_state(node::Mode::udr, false));
  EXPECT_FALSE(controller_.is_a_guess(now_));
  EXPECT_FALSE(node::ModeTracker(node::Mode::udr, std::nullopt).is_a_guess(now_));
}

TEST_F(ModeKeeperTest, EvidenceThatGoesAwayOrIsAGuessChangesNothing) {
  after(cloud_state(node::Mode::flannel));
  after(std::nullopt, 1h);
  after(cloud_state(node::Mode::udr, false), 1h);
  EXPECT_EQ(after(cloud_state(node::Mode::udr, false), 1h), node::Mode::flannel);
}

TEST_F(ModeKeeperTest, WhatWasKnownBeforeARestartOutlastsAGuess) {
  controller_.restore({.mode = node::Mode::flannel, .reason = "as before"});
  EXPECT_EQ(after(cloud_state(node::Mode::udr, false)), node::Mode::flannel);
  EXPECT_EQ(after(cloud_state(node::Mode::udr), 1s), node::Mode::flannel);
  EXPECT_EQ(after(cloud_state(node::Mode::udr), 30s), node::Mode::udr);
}

TEST_F(ModeKeeperTest, AGuessThatRulesOutAzureCniIsFollowedOnceItHolds) {
  auto not_azure = cloud_state(node::Mode::udr, false);
  not_azure.is_not_azure_cni = true;
  controller_.restore({.mode = node::Mode::azure_cni, .reason = "as before"});
  EXPECT_EQ(after(not_azure), node::Mode::azure_cni);
  EXPECT_EQ(after(std::nullopt, 29s), node::Mode::azure_cni) << "no file for a moment";
  EXPECT_EQ(after(not_azure, 1s), node::Mode::azure_cni);
  EXPECT_EQ(after(cloud_state(node::Mode::azure_cni), 29s), node::Mode::azure_cni)
      << "Azure CNI's file is back";
  EXPECT_EQ(after(not_azure, 1h), node::Mode::azure_cni);
  EXPECT_EQ(controller_.due(), now_ + 30s);
  EXPECT_EQ(after(not_azure, 30s), node::Mode::udr);
  after(cloud_state(node::Mode::flannel), 1s);
  EXPECT_EQ(after(cloud_state(node::Mode::flannel), 30s), node::Mode::flannel);
  EXPECT_EQ(after(not_azure, 1h), node::Mode::flannel) << "an overlay that has gone is a fault";
  EXPECT_EQ(after(not_azure, 1h), node::Mode::flannel);
}

TEST_F(ModeKeeperTest, TheConfigurationsWordIsTheLast) {
  after(cloud_state(node::Mode::flannel));
  controller_.configure(node::Mode::calico_vxlan);
  EXPECT_EQ(after(cloud_state(node::Mode::udr), 1h), node::Mode::calico_vxlan);
  EXPECT_EQ(controller_.in_force().reason, "mode = \"calico-vxlan\"");
  controller_.configure(std::nullopt);
  EXPECT_EQ(controller_.in_force().mode, node::Mode::flannel);
}

observed::NodeEnvironment with(std::vector<observed::CniFile> files) {
  observed::NodeEnvironment environment;
  environment.cni.emplace();
  environment.cni->configuration =
      observed::CniConfiguration{.folder = "/etc/cni/net.d", .files = std::move(files)};
  return environment;
}

TEST(KeeperMode, AnotherNetworkingIsFollowedAndTheNodeIsNotReadyMeanwhile) {
  auto policy = Node::udr();
  policy.mode_is_automatic = true;
  Node node(policy);
  node.controller().take_environment(with({kCalico}), node.now);
  node.reading(testing::network());
  node.run_for(4min);  // no longer a guess
  ASSERT_EQ(node.routes(), testing::kHealthyRoutes);
  ASSERT_TRUE(node.ready());

  node.controller().take_environment(with({kAzure}), node.now);
  node.run_for(29s);
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  node.now += 1s;
  ASSERT_TRUE(node.controller().reconsider_mode(node.now));
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
  node.controller().take_environment(with({kAzure}), node.now);
  node.reading(testing::network());
  node.run_for(4min);
  ASSERT_TRUE(node.ready());
  ASSERT_TRUE(node.routes().empty());

  node.controller().take_environment(with({kCalico}), node.now);
  node.run_for(29s);
  EXPECT_EQ(node.check("mode.contradicted").status, checks::CheckStatus::unknown);
  EXPECT_TRUE(node.routes().empty());
  node.now += 1s;
  ASSERT_TRUE(node.controller().reconsider_mode(node.now));
  EXPECT_FALSE(node.ready());
  node.run_for(1s);
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  EXPECT_TRUE(node.ready());
}

TEST(KeeperMode, AGuessGivesWayInOneTurnAndNobodyNeedsToKnow) {
  auto policy = Node::udr();
  policy.mode_is_automatic = true;
  Node node(policy);
  node.controller().take_environment(with({}), node.now);
  node.reading(testing::network());
  node.run_for(1min);
  ASSERT_TRUE(node.ready());
  node.controller().take_environment(with({kAzure}), node.now);
  EXPECT_FALSE(node.controller().reconsider_mode(node.now)) << "nothing to tell before the turn";
  node.run_for(0s);
  EXPECT_EQ(node.controller().policy().mode, node::Mode::azure_cni);
  EXPECT_TRUE(node.routes().empty());
  EXPECT_TRUE(node.ready());
}

TEST(KeeperMode, TheConfigurationChangesItWithoutWaiting) {
  Node node;
  node.reading(testing::network());
  node.run_for(1s);
  auto policy = Node::udr();
  policy.mode = node::Mode::flannel;
  node.controller().set_policy(policy, node.now);
  EXPECT_FALSE(node.ready());
  node.run_for(1s);
  EXPECT_TRUE(node.ready());
  EXPECT_EQ(node.routes(), (std::vector<std::string>{testing::kHealthyRoutes.back()}));
}

}  // namespace
}  // namespace agent
