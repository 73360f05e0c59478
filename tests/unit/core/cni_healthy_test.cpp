#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "checks/check_table.h"
#include "tests/unit/core/healthy_nodes.h"
#include "tests/unit/core/judged.h"
#include "tests/unit/core/pod_network_changes.h"
#include "tests/unit/core/shell.h"

namespace agent {
namespace {

using testing::add_tunnel;
using testing::azure_cni;
using testing::azure_cni_with_cns;
using testing::canal;
using testing::cni_of;
using testing::data_plane_of;
using testing::failures;
using testing::felix_of;
using testing::give_away;
using testing::host_of;
using testing::link_of;
using testing::move_last_pod;
using testing::prefix;
using testing::put_before;
using testing::put_behind;
using testing::result;
using testing::route;
using testing::udr_with_calico;
using testing::udr_with_kubenet;
using testing::winner_of;

/// A state in which nothing is wrong as far as anyone can tell: no check fails, and one says what it knows.
struct HealthyNode {
  const char* name;
  checks::Facts (*node)();
  std::function<void(checks::Facts&)> change;
  const char* id;
  checks::CheckStatus status;
  const char* message;
};

const HealthyNode kHealthy[] = {
    {"AFreshNodeHasNoConfigurationYet", udr_with_calico,
     [](checks::Facts& f) { cni_of(f).configuration->files.clear(); }, "cni.winner",
     checks::CheckStatus::unknown, "no CNI configuration in /etc/cni/net.d yet"},
    {"AFreshNodeHasNoFolderYet", udr_with_kubenet,
     [](checks::Facts& f) { cni_of(f).configuration = net::failure(ENOENT, "/etc/cni/net.d is not there"); },
     "cni.winner", checks::CheckStatus::unknown,
     "/etc/cni/net.d is not there: calico-node, flannel or Azure CNI"},
    {"AzureCnsBringsTheConfiguration", azure_cni_with_cns,
     [](checks::Facts& f) { cni_of(f).configuration->files.clear(); }, "azure_cni.configuration",
     checks::CheckStatus::unknown, "azure-cns, which may bring one, runs"},
    {"ABrokenFileBehindTheWinnerIsNoMatter", canal,
     [](checks::Facts& f) {
       put_behind(f, {"/etc/cni/net.d/99-old.conf", "", {}, "is empty"});
     },
     "cni.winner", checks::CheckStatus::pass,
     "/etc/cni/net.d/10-canal.conflist wins: calico with host-local"},
    {"CalicoWithARangeOfTheNodes", udr_with_calico,
     [](checks::Facts& f) { winner_of(f).plugins.front().subnet = "10.244.1.0/25"; }, "cni.ipam",
     checks::CheckStatus::pass, "of 10.244.1.0/25"},
    {"CalicoWithAzuresIpamAndASubnet", azure_cni,
     [](checks::Facts& f) {
       winner_of(f).plugins.front() = testing::calico_plugin("azure-vnet-ipam", "10.240.0.0/24", 1500);
       cni_of(f).calico_node_name = "worker-1";
     },
     "cni.ipam", checks::CheckStatus::pass, "calico with azure-vnet-ipam"},
    {"AFewReservationsBelongToPodsInTheMaking", udr_with_calico, [](checks::Facts& f) { give_away(f, 24); },
     "cni.host_local", checks::CheckStatus::pass, "24 of 253 addresses of 10.244.1.0/24 are reserved"},
    {"AFewReservationsOfASmallRangeToo", canal,
     [](checks::Facts& f) {
       f.policy.node_cidrs = {prefix("10.244.1.0/28")};
       testing::settle(f, node::Mode::flannel);
       give_away(f, 6);
     },
     "cni.host_local", checks::CheckStatus::pass, "6 of 13 addresses of 10.244.1.0/28 are reserved"},
    {"RoutesThatWereCutAccuseNobody", udr_with_calico,
     [](checks::Facts& f) {
       give_away(f, 100);
       data_plane_of(f).routes.resize(1);
       data_plane_of(f).routes_cut = true;
     },
     "pods.links", checks::CheckStatus::unknown, "more routes"},
    {"CalicoHasNotStarted", udr_with_calico,
     [](checks::Facts& f) {
       cni_of(f).calico_node_name = net::failure(ENOENT, "/var/lib/calico/nodename is not there");
       host_of(f).calico_environment = net::failure(ESRCH, "no calico-felix runs");
       host_of(f).felix = net::failure(ECONNREFUSED, "127.0.0.1:9099: connection refused");
     },
     "calico.node_name", checks::CheckStatus::unknown,
     "calico/node has not started yet, or is older than 3.1"},
    {"AHostNameWithCapitals", udr_with_calico,
     [](checks::Facts& f) { cni_of(f).calico_node_name = "Worker-1"; }, "calico.node_name",
     checks::CheckStatus::pass, "calico/node calls this node Worker-1"},
    {"FelixsHealthIsOff", canal,
     [](checks::Facts& f) {
       host_of(f).felix = net::failure(ECONNREFUSED, "127.0.0.1:9099: connection refused");
     },
     "calico.felix", checks::CheckStatus::unknown, "FELIX_HEALTHENABLED"},
    {"FelixsEnvironmentIsNotOurs", azure_cni,
     [](checks::Facts& f) {
       host_of(f).calico_environment = net::failure(EACCES, "/proc/77/environ: permission denied");
       host_of(f).packet_filters->front().forward.clear();
       host_of(f).felix = net::failure(ECONNREFUSED, "127.0.0.1:9099: connection refused");
     },
     "calico.interface_prefix", checks::CheckStatus::unknown, "/proc/77/environ"},
    {"FelixTakesSeveralPrefixes", azure_cni,
     [](checks::Facts& f) {
       felix_of(f)["FELIX_INTERFACEPREFIX"] = "cali,azv";
       host_of(f).packet_filters->front().forward.clear();
     },
     "calico.interface_prefix", checks::CheckStatus::pass, "cali,azv"},
    {"FelixConfigurationSaysThePrefixAndFelixsRulesShowIt", azure_cni,
     [](checks::Facts& f) { felix_of(f).erase("FELIX_INTERFACEPREFIX"); }, "calico.interface_prefix",
     checks::CheckStatus::pass, "links named azv*"},
    {"FelixConfigurationMaySayThePrefixAndNothingShowsIt", azure_cni,
     [](checks::Facts& f) {
       felix_of(f).erase("FELIX_INTERFACEPREFIX");
       host_of(f).packet_filters->front().forward.clear();
     },
     "calico.interface_prefix", checks::CheckStatus::unknown, "FelixConfiguration may, and is not checked"},
    {"LoopbackBehindTheWinner", udr_with_calico,
     [](checks::Facts& f) {
       put_behind(f, testing::cni_file("/etc/cni/net.d/99-loopback.conf", "lo", {.type = "loopback"}));
     },
     "cni.winner", checks::CheckStatus::pass, "10-calico.conflist wins: calico with host-local"},
    {"PodmansNetworkBehindTheWinner", azure_cni,
     [](checks::Facts& f) {
       put_behind(
           f, testing::cni_file("/etc/cni/net.d/87-podman-bridge.conflist", "podman", {.type = "bridge"}));
     },
     "cni.winner", checks::CheckStatus::pass, "10-azure.conflist wins: azure-vnet"},
    {"CriOsNetworksBehindTheWinner", canal,
     [](checks::Facts& f) {
       put_behind(f, testing::cni_file("/etc/cni/net.d/100-crio-bridge.conflist", "crio",
                                       {.type = "bridge", .ipam = "host-local", .subnet = "10.85.0.0/16"}));
       put_behind(
           f, testing::cni_file("/etc/cni/net.d/200-loopback.conflist", "loopback", {.type = "loopback"}));
     },
     "cni.winner", checks::CheckStatus::pass, "10-canal.conflist wins: calico with host-local"},
    {"CriOsNetworkBeforeCalicosIsThere", udr_with_calico,
     [](checks::Facts& f) {
       cni_of(f).configuration->files.clear();
       put_behind(f, testing::cni_file("/etc/cni/net.d/100-crio-bridge.conflist", "crio",
                                       {.type = "bridge", .ipam = "host-local", .subnet = "10.85.0.0/16"}));
     },
     "cni.winner", checks::CheckStatus::unknown,
     "100-crio-bridge.conflist is for CRI-O's own containers: calico-node"},
    {"ALeftOverWaitsBehindTheWinner", azure_cni,
     [](checks::Facts& f) {
       put_behind(f, testing::cni_file("/etc/cni/net.d/10-calico.conflist", "k8s-pod-network",
                                       testing::calico_plugin("host-local", "usePodCidr", 1500)));
     },
     "cni.winner", checks::CheckStatus::pass,
     "10-azure.conflist wins: azure-vnet with azure-vnet-ipam; behind it: /etc/cni/net.d/10-calico.conflist"},
    {"ContainerdsOwnNetworkBehindTheWinner", udr_with_calico,
     [](checks::Facts& f) {
       put_behind(f, testing::cni_file("/etc/cni/net.d/10-containerd-net.conflist", "containerd-net",
                                       {.type = "bridge", .ipam = "host-local", .subnet = "10.88.0.0/16"}));
     },
     "cni.winner", checks::CheckStatus::pass, "10-calico.conflist wins: calico with host-local"},
    {"MultusHandsPodsToAzureCni", testing::azure_cni_behind_multus, [](checks::Facts&) {}, "cni.winner",
     checks::CheckStatus::pass,
     "00-multus.conf wins: multus-shim hands pods to azure-vnet with azure-vnet-ipam, in "
     "/etc/cni/net.d/10-azure.conflist"},
    {"MultusHandsPodsElsewhere", testing::udr_behind_multus,
     [](checks::Facts& f) { cni_of(f).configuration->files.front().delegation.to = "a-network-attachment"; },
     "cni.winner", checks::CheckStatus::unknown,
     "hands pods to a-network-attachment: it is not in /etc/cni/net.d"},
    {"MultusHasItsDelegateInline", testing::azure_cni,
     [](checks::Facts& f) {
       auto& file = cni_of(f).configuration->files.front();
       file.delegation = {.to = "", .network = "azure", .plugins = file.plugins};
       file.plugins = {{.type = "multus"}};
     },
     "azure_cni.configuration", checks::CheckStatus::pass, "azure-vnet in mode transparent"},
    {"BirdRunsOnPurpose", udr_with_calico,
     [](checks::Facts& f) {
       data_plane_of(f).routes.push_back(route("10.100.0.0/16", "10.240.0.5", 2, 12, 0));
       host_of(f).bird_runs = true;
     },
     "calico.residue", checks::CheckStatus::pass, "1 route of BIRD (protocol 12), which runs"},
    {"WhetherBirdRunsCannotBeSeen", udr_with_calico,
     [](checks::Facts& f) {
       data_plane_of(f).routes.push_back(route("10.100.0.0/16", "10.240.0.5", 2, 12, 0));
       host_of(f).bird_runs = net::failure(EACCES, "other processes are not shown");
     },
     "calico.residue", checks::CheckStatus::unknown,
     "1 route of BIRD (protocol 12): other processes are not shown"},
    {"TheTunnelsAddressIsOneOfCalicosOwnIpam", testing::calico_vxlan,
     [](checks::Facts& f) { add_tunnel(f, "10.244.1.9"); }, "calico.residue", checks::CheckStatus::pass,
     "is left"},
    {"TheWireServerAnswersRootAlone", azure_cni,
     [](checks::Facts& f) {
       host_of(f).wire_server = net::failure(EPERM, "takes connections from root alone");
     },
     "azure_cni.wire_server", checks::CheckStatus::unknown, "from root alone"},
    {"TheGuestProxyAgentAnswersForTheWireServer", azure_cni,
     [](checks::Facts& f) { host_of(f).wire_server = 403; }, "azure_cni.wire_server",
     checks::CheckStatus::unknown, "168.63.129.16 port 80 answers 403 to root"},
    {"CiliumWithAzuresIpam", testing::azure_cni_with_cns,
     [](checks::Facts& f) {
       winner_of(f).plugins.front() = {.type = "cilium-cni", .ipam = "azure-ipam"};
       std::erase_if(f.links.edit(), [](const auto& each) { return each.name.starts_with("azv"); });
       data_plane_of(f).routes.clear();
       f.environment.edit().pod_sysctls.clear();
     },
     "azure_cni.configuration", checks::CheckStatus::pass, "10-azure.conflist: cilium-cni with azure-ipam"},
    {"AnotherModeIsFollowedBeforeLong", udr_with_kubenet,
     [](checks::Facts& f) {
       f.policy.mode_is_automatic = true;
       testing::add_stray_vxlan(f);
     },
     "cni.mode", checks::CheckStatus::unknown,
     "vxlan.calico is Calico's overlay: mode udr is followed by calico-vxlan once that has held"},
    {"AnUnknownPlugInIsNotJudged", udr_with_kubenet,
     [](checks::Facts& f) {
       winner_of(f).plugins.front() = {.type = "cilium-cni"};
       f.policy.mode_is_automatic = true;
     },
     "cni.mode", checks::CheckStatus::unknown, "runs cilium-cni: whether mode udr fits it is not known"},
    {"AnUnknownPlugInIsNotInTheWayOfWhatAutoAssumes", udr_with_calico,
     [](checks::Facts& f) {
       f.policy.mode_is_automatic = true;
       put_before(f,
                  testing::cni_file("/etc/cni/net.d/05-cilium.conflist", "cilium", {.type = "cilium-cni"}));
     },
     "cni.winner", checks::CheckStatus::pass, "05-cilium.conflist wins: cilium-cni; behind it"},
    {"AForeignTunnelIsNoResidue", udr_with_calico,
     [](checks::Facts& f) {
       add_tunnel(f, "172.20.0.1");
       f.links.edit().back().name = "vpn0";
       data_plane_of(f).routes.push_back(route("172.20.0.0/24", "", 90, 3, 0));
     },
     "calico.residue", checks::CheckStatus::pass, "is left"},
    {"ATunnelOfAnotherRangeIsNoResidue", canal, [](checks::Facts& f) { add_tunnel(f, "10.200.0.1"); },
     "calico.residue", checks::CheckStatus::pass, "is left"},
    {"WithoutNodeCidrsNoPodIsAstray", canal,
     [](checks::Facts& f) {
       f.policy.node_cidrs = {};
       testing::settle(f, node::Mode::flannel);
       move_last_pod(f, "192.168.3.4/32");
     },
     "pods.addresses", checks::CheckStatus::unknown, "see pods.node_cidr"},
    {"PodsOnAzuresBridgeNeedNoRoutes", azure_cni,
     [](checks::Facts& f) {
       winner_of(f).plugins.front().mode = "bridge";
       host_of(f).calico_environment = net::failure(ESRCH, "no calico-felix runs");
       host_of(f).felix = net::failure(ECONNREFUSED, "127.0.0.1:9099: connection refused");
       data_plane_of(f).routes.clear();
       for (auto& each : f.links.edit()) {
         if (each.name.starts_with("azv")) each.master = 77;
       }
     },
     "azure_cni.configuration", checks::CheckStatus::pass, "in mode bridge"},
    {"AddressesThatImdsDoesNotListAreCounted", azure_cni,
     [](checks::Facts& f) { move_last_pod(f, "10.240.0.99/32"); }, "azure_cni.addresses",
     checks::CheckStatus::pass, "28 of 30 addresses for pods on eth0 are free, 1 in use are not in IMDS"},
    {"ALockOfNow", azure_cni,
     [](checks::Facts& f) {
       cni_of(f).azure->locks = {{"/var/run/azure-vnet/lock", std::chrono::seconds(20)}};
     },
     "azure_cni.state", checks::CheckStatus::pass, "no lock is old"},
};

class HealthyPodNetwork : public ::testing::TestWithParam<HealthyNode> {};

TEST_P(HealthyPodNetwork, FailsNoCheck) {
  const auto& healthy = GetParam();
  auto facts = healthy.node();
  healthy.change(facts);
  for (const auto& each : failures(facts)) ADD_FAILURE() << each.id << ": " << each.message;
  const auto said = result(facts, healthy.id);
  EXPECT_EQ(said.status, healthy.status) << said.message;
  EXPECT_NE(said.message.find(healthy.message), std::string::npos) << said.message;
}

INSTANTIATE_TEST_SUITE_P(PodNetwork, HealthyPodNetwork, ::testing::ValuesIn(kHealthy),
                         [](const auto& healthy) { return std::string(healthy.param.name); });

bool is_about_environment(std::string_view id) {
  return id.starts_with("cni.") || id.starts_with("calico.") || id.starts_with("azure_cni.") ||
         id == "pods.addresses" || id == "pods.links";
}

TEST(PodNetworkChecks, SayUnknownWhereNobodyCouldLookAndAccuseNobody) {
  for (const auto& node : testing::kHealthyNodes) {
    auto unseen = node.facts();
    unseen.environment = {};
    auto refused = node.facts();
    const auto error = net::failure(EACCES, "permission denied");
    cni_of(refused) = {error, error, error, error, error};
    refused.environment.edit().data_plane = error;
    refused.environment.edit().pod_sysctls.clear();
    auto& host = host_of(refused);
    host.calico_environment = error;
    host.felix = error;
    host.cns = error;
    host.wire_server = error;
    host.packet_filters = error;
    host.bird_runs = error;
    for (const auto& facts : {unseen, refused}) {
      for (const auto& each : checks::assess(facts, {}, facts.wall)) {
        EXPECT_NE(each.status, checks::CheckStatus::fail)
            << node.name << ": " << each.id << ": " << each.message;
        if (is_about_environment(each.id)) {
          EXPECT_NE(each.status, checks::CheckStatus::pass)
              << node.name << ": " << each.id << ": " << each.message;
        }
      }
    }
  }
}

TEST(PodNetworkChecks, PodsAreNotBlamedForTheMtuOfTheirOverlay) {
  for (const std::uint32_t mtu : {1300U, 1500U}) {
    auto facts = canal();
    link_of(facts, "flannel.1").mtu = mtu;
    EXPECT_EQ(result(facts, "pods.mtu").status, checks::CheckStatus::pass) << mtu;
  }
}

TEST(PodNetworkChecks, ForeignTextStaysOneLineAndRunsNothing) {
  auto facts = udr_with_calico();
  put_before(facts, {"/etc/cni/net.d/05-$(reboot)\n'.conf", "", {}, "line\none"});
  const auto said = result(facts, "cni.winner");
  EXPECT_EQ(said.message, "/etc/cni/net.d/05-$(reboot) '.conf comes first and cannot be used: line one");
  EXPECT_TRUE(said.remedy.starts_with("mv '/etc/cni/net.d/05-$(reboot) '\\''.conf' ")) << said.remedy;
  EXPECT_EQ(said.remedy.find("rm "), std::string::npos) << said.remedy;
  EXPECT_TRUE(testing::is_shell(said.remedy));
}

TEST(PodLinks, AreJudgedOnceTheyHaveBeenHereForThirtySeconds) {
  auto facts = testing::calico_vxlan();
  data_plane_of(facts).routes.pop_back();
  ASSERT_EQ(result(facts, "pods.links").status, checks::CheckStatus::fail) << "who looks once judges at once";
  for (const auto& link : *facts.links)
    facts.links_since.emplace(link.index, facts.now - std::chrono::seconds(29));
  EXPECT_EQ(result(facts, "pods.links").status, checks::CheckStatus::pass);
  facts.now += std::chrono::seconds(1);
  EXPECT_EQ(result(facts, "pods.links").status, checks::CheckStatus::fail);
  facts.links_since.erase(facts.links.edit().back().index);
  EXPECT_EQ(result(facts, "pods.links").status, checks::CheckStatus::pass)
      << "a link that came since the last look";
}

}  // namespace
}  // namespace agent
