#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "agent/core/checks/check_table.h"
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
struct Calm {
  const char* name;
  Facts (*node)();
  std::function<void(Facts&)> change;
  const char* id;
  CheckStatus status;
  const char* message;
};

const Calm kCalms[] = {
    {"AFreshNodeHasNoConfigurationYet", udr_with_calico,
     [](Facts& f) { cni_of(f).configuration->files.clear(); }, "cni.winner", CheckStatus::unknown,
     "no CNI configuration in /etc/cni/net.d yet"},
    {"AFreshNodeHasNoFolderYet", udr_with_kubenet,
     [](Facts& f) { cni_of(f).configuration = net::failure(ENOENT, "/etc/cni/net.d is not there"); },
     "cni.winner", CheckStatus::unknown, "/etc/cni/net.d is not there: calico-node, flannel or Azure CNI"},
    {"AzureCnsBringsTheConfiguration", azure_cni_with_cns,
     [](Facts& f) { cni_of(f).configuration->files.clear(); }, "azure_cni.configuration",
     CheckStatus::unknown, "azure-cns, which may bring one, runs"},
    {"ABrokenFileBehindTheWinnerIsNoMatter", canal,
     [](Facts& f) {
       put_behind(f, {"/etc/cni/net.d/99-old.conf", "", {}, "is empty"});
     },
     "cni.winner", CheckStatus::pass, "/etc/cni/net.d/10-canal.conflist wins: calico with host-local"},
    {"CalicoWithARangeOfTheNodes", udr_with_calico,
     [](Facts& f) { winner_of(f).plugins.front().subnet = "10.244.1.0/25"; }, "cni.ipam", CheckStatus::pass,
     "of 10.244.1.0/25"},
    {"CalicoWithAzuresIpamAndASubnet", azure_cni,
     [](Facts& f) {
       winner_of(f).plugins.front() = testing::calico_plugin("azure-vnet-ipam", "10.240.0.0/24", 1500);
       cni_of(f).calico_node_name = "worker-1";
     },
     "cni.ipam", CheckStatus::pass, "calico with azure-vnet-ipam"},
    {"AFewReservationsBelongToPodsInTheMaking", udr_with_calico, [](Facts& f) { give_away(f, 24); },
     "cni.host_local", CheckStatus::pass, "24 of 253 addresses of 10.244.1.0/24 are reserved"},
    {"AFewReservationsOfASmallRangeToo", canal,
     [](Facts& f) {
       f.policy.node_cidrs = {prefix("10.244.1.0/28")};
       testing::settle(f, Mode::flannel);
       give_away(f, 6);
     },
     "cni.host_local", CheckStatus::pass, "6 of 13 addresses of 10.244.1.0/28 are reserved"},
    {"RoutesThatWereCutAccuseNobody", udr_with_calico,
     [](Facts& f) {
       give_away(f, 100);
       data_plane_of(f).routes.resize(1);
       data_plane_of(f).routes_cut = true;
     },
     "pods.links", CheckStatus::unknown, "more routes"},
    {"CalicoHasNotStarted", udr_with_calico,
     [](Facts& f) {
       cni_of(f).calico_node_name = net::failure(ENOENT, "/var/lib/calico/nodename is not there");
       host_of(f).calico_environment = net::failure(ESRCH, "no calico-felix runs");
       host_of(f).felix = net::failure(ECONNREFUSED, "127.0.0.1:9099: connection refused");
     },
     "calico.node_name", CheckStatus::unknown, "calico/node has not started yet, or is older than 3.1"},
    {"FelixsHealthIsOff", canal,
     [](Facts& f) { host_of(f).felix = net::failure(ECONNREFUSED, "127.0.0.1:9099: connection refused"); },
     "calico.felix", CheckStatus::unknown, "FELIX_HEALTHENABLED"},
    {"FelixsEnvironmentIsNotOurs", azure_cni,
     [](Facts& f) {
       host_of(f).calico_environment = net::failure(EACCES, "/proc/77/environ: permission denied");
       host_of(f).felix = net::failure(ECONNREFUSED, "127.0.0.1:9099: connection refused");
     },
     "calico.interface_prefix", CheckStatus::unknown, "/proc/77/environ"},
    {"FelixTakesSeveralPrefixes", azure_cni,
     [](Facts& f) { felix_of(f)["FELIX_INTERFACEPREFIX"] = "cali,azv"; }, "calico.interface_prefix",
     CheckStatus::pass, "cali,azv"},
    {"ATunnelOfAStrangersIsNoResidue", udr_with_calico,
     [](Facts& f) {
       add_tunnel(f, "172.20.0.1");
       f.links.back().name = "vpn0";
       data_plane_of(f).routes.push_back(route("172.20.0.0/24", "", 90, 3, 0));
     },
     "calico.residue", CheckStatus::pass, "is left"},
    {"ATunnelOfAnotherRangeIsNoResidue", canal, [](Facts& f) { add_tunnel(f, "10.200.0.1"); },
     "calico.residue", CheckStatus::pass, "is left"},
    {"WithoutNodeCidrsNoPodIsAstray", canal,
     [](Facts& f) {
       f.policy.node_cidrs = {};
       testing::settle(f, Mode::flannel);
       move_last_pod(f, "192.168.3.4/32");
     },
     "pods.addresses", CheckStatus::unknown, "see pods.node_cidr"},
    {"PodsOnAzuresBridgeNeedNoRoutes", azure_cni,
     [](Facts& f) {
       winner_of(f).plugins.front().mode = "bridge";
       host_of(f).calico_environment = net::failure(ESRCH, "no calico-felix runs");
       host_of(f).felix = net::failure(ECONNREFUSED, "127.0.0.1:9099: connection refused");
       data_plane_of(f).routes.clear();
       for (auto& each : f.links) {
         if (each.name.starts_with("azv")) each.master = 77;
       }
     },
     "azure_cni.configuration", CheckStatus::pass, "in mode bridge"},
    {"AddressesThatImdsDoesNotListAreCounted", azure_cni,
     [](Facts& f) { move_last_pod(f, "10.240.0.99/32"); }, "azure_cni.addresses", CheckStatus::pass,
     "28 of 30 addresses for pods on eth0 are free, 1 in use are not in IMDS"},
    {"ALockOfNow", azure_cni,
     [](Facts& f) {
       cni_of(f).azure->locks = {{"/var/run/azure-vnet/lock", std::chrono::seconds(20)}};
     },
     "azure_cni.state", CheckStatus::pass, "no lock is old"},
};

class PodNetworkCalm : public ::testing::TestWithParam<Calm> {};

TEST_P(PodNetworkCalm, FailsNoCheck) {
  const auto& calm = GetParam();
  auto facts = calm.node();
  calm.change(facts);
  for (const auto& each : failures(facts)) ADD_FAILURE() << each.id << ": " << each.message;
  const auto said = result(facts, calm.id);
  EXPECT_EQ(said.status, calm.status) << said.message;
  EXPECT_NE(said.message.find(calm.message), std::string::npos) << said.message;
}

INSTANTIATE_TEST_SUITE_P(PodNetwork, PodNetworkCalm, ::testing::ValuesIn(kCalms),
                         [](const auto& calm) { return std::string(calm.param.name); });

bool is_about_surroundings(std::string_view id) {
  return id.starts_with("cni.") || id.starts_with("calico.") || id.starts_with("azure_cni.") ||
         id == "pods.addresses" || id == "pods.links";
}

TEST(PodNetworkChecks, SayUnknownWhereNobodyCouldLookAndAccuseNobody) {
  for (const auto& node : testing::kHealthyNodes) {
    auto unseen = node.facts();
    unseen.surroundings = {};
    auto refused = node.facts();
    const auto error = net::failure(EACCES, "permission denied");
    cni_of(refused) = {error, error, error, error, error};
    refused.surroundings.data_plane = error;
    refused.surroundings.pod_sysctls.clear();
    auto& host = host_of(refused);
    host.calico_environment = error;
    host.felix = error;
    host.cns = error;
    host.wire_server = error;
    for (const auto& facts : {unseen, refused}) {
      for (const auto& each : assess(facts, {}, facts.wall)) {
        EXPECT_NE(each.status, CheckStatus::fail) << node.name << ": " << each.id << ": " << each.message;
        if (is_about_surroundings(each.id)) {
          EXPECT_NE(each.status, CheckStatus::pass) << node.name << ": " << each.id << ": " << each.message;
        }
      }
    }
  }
}

TEST(PodNetworkChecks, PodsAreNotBlamedForTheMtuOfTheirOverlay) {
  for (const std::uint32_t mtu : {1300U, 1500U}) {
    auto facts = canal();
    link_of(facts, "flannel.1").mtu = mtu;
    EXPECT_EQ(result(facts, "pods.mtu").status, CheckStatus::pass) << mtu;
  }
}

TEST(PodNetworkChecks, AStrangersWordsStayOneLineAndRunNothing) {
  auto facts = udr_with_calico();
  put_before(facts, {"/etc/cni/net.d/05-$(reboot)\n'.conf", "", {}, "line\none"});
  const auto said = result(facts, "cni.winner");
  EXPECT_EQ(said.message, "/etc/cni/net.d/05-$(reboot) '.conf comes first and cannot be used: line one");
  EXPECT_TRUE(said.remedy.starts_with("mv '/etc/cni/net.d/05-$(reboot) '\\''.conf' ")) << said.remedy;
  EXPECT_TRUE(testing::is_shell(said.remedy));
}

TEST(PodLinks, AreJudgedOnceTheyHaveBeenHereForThirtySeconds) {
  auto facts = testing::calico_vxlan();
  data_plane_of(facts).routes.pop_back();
  ASSERT_EQ(result(facts, "pods.links").status, CheckStatus::fail) << "who looks once judges at once";
  for (const auto& link : facts.links)
    facts.links_since.emplace(link.index, facts.now - std::chrono::seconds(29));
  EXPECT_EQ(result(facts, "pods.links").status, CheckStatus::pass);
  facts.now += std::chrono::seconds(1);
  EXPECT_EQ(result(facts, "pods.links").status, CheckStatus::fail);
  facts.links_since.erase(facts.links.back().index);
  EXPECT_EQ(result(facts, "pods.links").status, CheckStatus::pass) << "a link that came since the last look";
}

}  // namespace
}  // namespace agent
