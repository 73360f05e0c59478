#include "observed/cni.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using testing::HasSubstr;

observed::CniFile file(std::string name, std::string network, std::string type) {
  return {.path = "/etc/cni/net.d/" + name,
          .network = std::move(network),
          .plugins = {{.type = std::move(type)}}};
}

observed::CniFile meta(std::string type, std::string to) {
  auto made = file("00-meta.conf", "meta", std::move(type));
  made.delegation.to = std::move(to);
  return made;
}

const auto kCalico = file("10-calico.conflist", "k8s-pod-network", "calico");
const auto kFlannel = file("20-flannel.conflist", "cbr0", "flannel");
const auto kLoopback = file("99-loopback.conf", "lo", "loopback");
const auto kPodman = file("87-podman-bridge.conflist", "podman", "bridge");

observed::CniConfiguration with(std::vector<observed::CniFile> files) {
  return {.folder = "/etc/cni/net.d", .files = std::move(files)};
}

/// The name of the file that makes pods' interfaces, or why none does.
std::string file_of(const observed::CniConfiguration& configuration) {
  const auto network = configuration.network();
  return network ? network->file->path.substr(configuration.folder.size() + 1) : network.error().what;
}

TEST(CniNetwork, IsTheFirstFilesWhereThatMakesInterfaces) {
  EXPECT_EQ(file_of(with({kCalico, kFlannel, kLoopback})), "10-calico.conflist");
  auto broken = kCalico;
  broken.problem = "is empty";
  EXPECT_EQ(file_of(with({broken, kFlannel})), "20-flannel.conflist");
}

TEST(CniNetwork, IsThatOfWhomAMetaPluginHandsPodsTo) {
  for (const auto* type : {"multus", "multus-shim", "danm", "genie"}) {
    SCOPED_TRACE(type);
    EXPECT_EQ(file_of(with({meta(type, ""), kCalico, kFlannel})), "10-calico.conflist") << "the next by name";
    EXPECT_EQ(file_of(with({meta(type, "cbr0"), kCalico, kFlannel})), "20-flannel.conflist")
        << "by its network";
    EXPECT_EQ(file_of(with({meta(type, "/etc/cni/net.d/20-flannel.conflist"), kCalico, kFlannel})),
              "20-flannel.conflist");
    EXPECT_EQ(file_of(with({meta(type, "/host/etc/cni/net.d/20-flannel.conflist"), kCalico, kFlannel})),
              "20-flannel.conflist")
        << "as multus-daemon sees the node's folder";
    EXPECT_EQ(file_of(with({meta(type, "/etc/cni/net.d/"), kCalico, kFlannel})), "10-calico.conflist")
        << "the first in a folder";
  }
}

TEST(CniNetwork, NamesTheMetaPluginsFileAndTheNetworkThatHostLocalKnows) {
  const auto configuration = with({meta("multus", "cbr0"), kCalico, kFlannel});
  const auto network = configuration.network().value();
  EXPECT_EQ(network.by, &configuration.files.front());
  EXPECT_EQ(network.name, "cbr0");
  EXPECT_EQ(network.main->type, "flannel");
}

TEST(CniNetwork, MayStandInTheMetaPluginsOwnFile) {
  auto inlined = meta("multus", "");
  inlined.delegation.network = "azure";
  inlined.delegation.plugins = {{.type = "azure-vnet"}};
  const auto configuration = with({inlined, kCalico});
  const auto network = configuration.network().value();
  EXPECT_EQ(network.file, network.by);
  EXPECT_EQ(network.main->type, "azure-vnet");
  EXPECT_EQ(network.name, "azure");
}

TEST(CniNetwork, ElsewhereIsNotGuessed) {
  for (const auto* to : {"a-network-attachment", "/run/multus/cni/net.d/10-ovn.conf", "/run/multus/cni/net.d",
                         "/etc/cni/net.d/30-gone.conf"}) {
    const auto network = with({meta("multus", to), kCalico}).network();
    ASSERT_FALSE(network) << to;
    EXPECT_EQ(network.error().code.value(), EREMOTE);
    EXPECT_THAT(network.error().what, HasSubstr("hands pods to " + std::string(to)));
  }
}

TEST(CniNetwork, NeverEndsInAMetaPlugin) {
  EXPECT_EQ(with({meta("multus", "meta"), kCalico}).network().error().code.value(), EREMOTE);
  EXPECT_EQ(with({meta("multus", "")}).network().error().code.value(), ENOENT);
}

TEST(CniNetwork, IsNoneOfAnEnginesAndNotLoopback) {
  for (const auto& [network, bridge, engine] :
       {std::tuple{"podman", "cni-podman0", "podman"}, std::tuple{"mine", "cni-podman1", "podman"},
        std::tuple{"crio", "cni0", "CRI-O"}, std::tuple{"crio-bridge", "cni0", "CRI-O"},
        std::tuple{"bridge", "nerdctl0", "nerdctl"}, std::tuple{"containerd-net", "cni0", "containerd"}}) {
    auto other = file("05-other.conflist", network, "bridge");
    other.plugins.front().bridge = bridge;
    EXPECT_EQ(observed::engine_of(other), engine);
    const auto configuration = with({other, kCalico});
    EXPECT_EQ(configuration.network().error().code.value(), ENOENT);
    EXPECT_THAT(file_of(configuration), HasSubstr(std::string("is for ") + engine + "'s own containers"));
    EXPECT_EQ(configuration.of_pods().size(), 1U);
  }
  EXPECT_THAT(file_of(with({kLoopback})), HasSubstr("runs loopback, which makes no interface"));
  EXPECT_EQ(with({kCalico, kPodman, kLoopback}).of_pods().size(), 1U);
  EXPECT_EQ(observed::engine_of(kCalico), "");
}

TEST(CniNetwork, IsNoneWithoutAUsableFile) {
  EXPECT_EQ(with({}).network().error().what, "no usable CNI configuration in /etc/cni/net.d");
}

}  // namespace
