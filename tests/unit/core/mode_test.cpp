#include "node/mode.h"

#include <gtest/gtest.h>

#include "tests/unit/core/node.h"

namespace agent {
namespace {

using testing::link;

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
    const bool against = found && node::contradicts(*found, node::Mode::azure_cni);
    ASSERT_EQ(against, each.instead.has_value());
    if (!against) continue;
    EXPECT_EQ(found->choice.mode, *each.instead);
    EXPECT_EQ(node::contradicts(*found, node::Mode::flannel), found->conclusive)
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
       "# remove what makes vxlan.calico"},
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

}  // namespace
}  // namespace agent
