#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "agent/core/checks/check_table.h"
#include "tests/unit/core/healthy_nodes.h"
#include "tests/unit/core/judged.h"
#include "tests/unit/core/shell.h"

namespace agent {
namespace {

using testing::address;
using testing::azure_cni;
using testing::azure_cni_with_cns;
using testing::calico_vxlan;
using testing::canal;
using testing::cni_of;
using testing::data_plane_of;
using testing::failures;
using testing::felix_of;
using testing::host_of;
using testing::link_of;
using testing::plain_flannel;
using testing::prefix;
using testing::result;
using testing::route;
using testing::udr_with_calico;
using testing::udr_with_kubenet;
using testing::winner_of;

void put_before(Facts& facts, net::CniFile file) {
  auto& files = cni_of(facts).configuration->files;
  files.insert(files.begin(), std::move(file));
}

void put_behind(Facts& facts, net::CniFile file) {
  cni_of(facts).configuration->files.push_back(std::move(file));
}

/// host-local has given away the first `count` addresses of 10.244.1.0/24 that pods may have.
void give_away(Facts& facts, int count) {
  auto& reserved = cni_of(facts).host_local->front().reserved;
  reserved.clear();
  for (int last = 2; last < count + 2; ++last) reserved.push_back(address(fmt::format("10.244.1.{}", last)));
}

/// … and pods on the bridge have them.
void add_veths(Facts& facts, int count) {
  for (int i = 0; i < count; ++i) {
    auto made = testing::pod_link(100U + static_cast<std::uint32_t>(i), fmt::format("vethff{:06x}", i),
                                  "6e:1b:30:af:c2:11", 1450);
    made.master = testing::kBridgeLink;
    facts.links.push_back(std::move(made));
  }
}

void add_tunnel(Facts& facts, std::string_view its_address) {
  net::Link tunnel;
  tunnel.index = 90;
  tunnel.name = "tunl0";
  tunnel.kind = "ipip";
  tunnel.mtu = 1480;
  tunnel.up = true;
  if (!its_address.empty()) tunnel.addresses = {{address(its_address), 32}};
  facts.links.push_back(tunnel);
}

void add_stray_vxlan(Facts& facts) {
  auto made = testing::link(91, "vxlan.calico", "66:00:00:00:00:91");
  made.kind = "vxlan";
  facts.links.push_back(made);
  data_plane_of(facts).routes.push_back(route("10.244.2.64/26", "10.244.2.64", 91, 80, 0));
}

/// The last pod gets another address.
void move_last_pod(Facts& facts, std::string_view to) {
  data_plane_of(facts).routes.back().key.destination = prefix(to);
}

void use_addresses(Facts& facts, std::size_t count) { cni_of(facts).azure->pool->in_use = count; }

/// One thing that is wrong on a node of one kind; exactly one check says so.
struct Fault {
  const char* name;
  Facts (*node)();
  std::function<void(Facts&)> inject;
  const char* id;
  const char* message;
  const char* remedy;
};

const Fault kCniFaults[] = {
    {"BrokenFileComesFirst", udr_with_calico,
     [](Facts& f) {
       put_before(f, {"/etc/cni/net.d/05-old.conf", "", {}, "ends in the middle of an object"});
     },
     "cni.winner",
     "/etc/cni/net.d/05-old.conf comes first and cannot be used: ends in the middle of an object",
     "mv /etc/cni/net.d/05-old.conf /etc/cni/net.d/05-old.conf.broken"},
    {"TheOnlyFileIsBroken", canal, [](Facts& f) { winner_of(f).problem = "is empty"; }, "cni.winner",
     "10-canal.conflist comes first and cannot be used: is empty", "mv /etc/cni/net.d/10-canal.conflist"},
    {"LeftOverWins", udr_with_kubenet,
     [](Facts& f) {
       put_before(f, testing::cni_file("/etc/cni/net.d/10-calico.conflist", "k8s-pod-network",
                                       testing::calico_plugin("calico-ipam", "", 9000)));
       cni_of(f).configuration->missing_programs = {"/opt/cni/bin/calico is not there"};
     },
     "cni.winner", "/etc/cni/net.d/10-calico.conflist wins over /etc/cni/net.d/10-containerd-net.conflist",
     "rm /etc/cni/net.d/10-calico.conflist   # /etc/cni/net.d/10-containerd-net.conflist stays"},
    {"LeftOverWaits", azure_cni,
     [](Facts& f) {
       put_behind(f, testing::cni_file("/etc/cni/net.d/10-calico it's.conflist", "k8s-pod-network",
                                       testing::calico_plugin("host-local", "usePodCidr", 1500)));
     },
     "cni.winner", "/etc/cni/net.d/10-azure.conflist wins over /etc/cni/net.d/10-calico it's.conflist",
     "rm '/etc/cni/net.d/10-calico it'\\''s.conflist'"},
    {"LeftOverWinsOverAzureCni", azure_cni,
     [](Facts& f) {
       put_before(f, testing::cni_file("/etc/cni/net.d/05-flannel.conflist", "cbr0",
                                       {"flannel", "", "", "", "", std::nullopt}));
     },
     "cni.winner", "05-flannel.conflist wins over", "rm /etc/cni/net.d/05-flannel.conflist"},
    {"ProgramsMissing", udr_with_calico,
     [](Facts& f) {
       cni_of(f).configuration->missing_programs = {"/opt/cni/bin/calico is not there",
                                                    "/opt/cni/bin/portmap may not be executed"};
     },
     "cni.plugins", "/opt/cni/bin/calico is not there, and 1 more",
     "kubectl delete pod --all-namespaces --selector 'k8s-app in (calico-node, canal)' --field-selector "
     "spec.nodeName=worker-1"},
    {"ProgramsMissingOfKubenet", udr_with_kubenet,
     [](Facts& f) { cni_of(f).configuration->missing_programs = {"/opt/cni/bin/bridge is not there"}; },
     "cni.plugins", "/opt/cni/bin/bridge", "apt-get install"},
    {"CalicoIpam", udr_with_calico,
     [](Facts& f) {
       winner_of(f).plugins.front().ipam = "calico-ipam";
       winner_of(f).plugins.front().subnet = "";
       move_last_pod(f, "10.244.77.65/32");
     },
     "cni.ipam",
     "10-calico.conflist: calico with calico-ipam gives pods addresses outside the node's pod CIDR",
     "\"subnet\": \"usePodCidr\""},
    {"CalicoIpamInCanal", canal, [](Facts& f) { winner_of(f).plugins.front().ipam = "calico-ipam"; },
     "cni.ipam", "10-canal.conflist: calico with calico-ipam", "host-local"},
    {"ForeignRange", udr_with_calico,
     [](Facts& f) { winner_of(f).plugins.front().subnet = "192.168.0.0/16"; }, "cni.ipam",
     "of 192.168.0.0/16, outside this node's pod CIDR 10.244.1.0/24", "usePodCidr"},
    {"KubenetInAnotherNodesRange", udr_with_kubenet,
     [](Facts& f) { winner_of(f).plugins.front().subnet = "10.244.9.0/24"; }, "cni.ipam", "of 10.244.9.0/24",
     "\"subnet\": \"10.244.1.0/24\""},
    {"FlannelWithoutHostLocal", plain_flannel, [](Facts& f) { winner_of(f).plugins.front().ipam = "dhcp"; },
     "cni.ipam", "flannel with dhcp", "\"delegate\": {\"ipam\": {\"type\": \"host-local\"}}"},
    {"HostLocalWithVxlan", calico_vxlan, [](Facts& f) { winner_of(f).plugins.front().ipam = "host-local"; },
     "cni.ipam", "host-local with Calico's VXLAN", "\"calico-ipam\""},
    {"AzureCniWithHostLocal", azure_cni, [](Facts& f) { winner_of(f).plugins.front().ipam = "host-local"; },
     "cni.ipam", "azure-vnet with host-local", "\"azure-vnet-ipam\""},
    {"AzureIpamWithoutASubnet", azure_cni,
     [](Facts& f) { winner_of(f).plugins.front() = testing::calico_plugin("azure-vnet-ipam", "", 1500); },
     "cni.ipam", "calico with azure-vnet-ipam, which is given no subnet", "\"subnet\": \"10.240.0.0/24\""},
    {"HostLocalExhausted", plain_flannel,
     [](Facts& f) {
       give_away(f, 253);
       add_veths(f, 250);
     },
     "cni.host_local", "253 of 253 addresses of 10.244.1.0/24 are reserved: exhausted",
     "kubectl cordon worker-1"},
    {"HostLocalNearlyExhausted", plain_flannel,
     [](Facts& f) {
       give_away(f, 203);
       add_veths(f, 200);
     },
     "cni.host_local", "203 of 253 addresses of 10.244.1.0/24 are reserved",
     "maxPods of node worker-1 to 253"},
    {"ReservationsLeaked", udr_with_calico, [](Facts& f) { give_away(f, 40); }, "cni.host_local",
     "40 of 253 addresses of 10.244.1.0/24 are reserved, 37 of them for no pod",
     "echo 'r! /var/lib/cni/networks/k8s-pod-network/*' > /etc/tmpfiles.d/host-local.conf"},
    {"ReservationsLeakedOnABridge", udr_with_kubenet, [](Facts& f) { give_away(f, 253); }, "cni.host_local",
     "are reserved: exhausted, 250 of them for no pod", "kubectl drain worker-1"},
};

const Fault kCalicoFaults[] = {
    {"AnotherNodesName", udr_with_calico, [](Facts& f) { cni_of(f).calico_node_name = "worker-9"; },
     "calico.node_name", "/var/lib/calico/nodename says worker-9, this node is worker-1", "NODENAME"},
    {"FelixNotReady", canal, [](Facts& f) { host_of(f).felix = 503; }, "calico.felix", "answers 503",
     "kubectl get pod"},
    {"PrefixOfCalicoInAzureCni", azure_cni, [](Facts& f) { felix_of(f).erase("FELIX_INTERFACEPREFIX"); },
     "calico.interface_prefix", "links named cali*, but pods have links such as azv0a1b2c3d4e5",
     "FELIX_INTERFACEPREFIX=azv"},
    {"PrefixOfAzureInUdr", udr_with_calico, [](Facts& f) { felix_of(f)["FELIX_INTERFACEPREFIX"] = "azv"; },
     "calico.interface_prefix", "links named azv*, but pods have links such as cali0a1b2c3d4e5",
     "FELIX_INTERFACEPREFIX=cali"},
    {"PrefixBeforeTheFirstPod", azure_cni_with_cns,
     [](Facts& f) {
       felix_of(f)["FELIX_INTERFACEPREFIX"] = "cali,tap";
       std::erase_if(f.links, [](const auto& each) { return each.name.starts_with("azv"); });
       data_plane_of(f).routes.clear();
     },
     "calico.interface_prefix", "links named cali,tap*, but azure-vnet names pods' links azv*",
     "FELIX_INTERFACEPREFIX=azv"},
    {"RoutesOfBird", udr_with_calico,
     [](Facts& f) {
       data_plane_of(f).routes.push_back(route("10.244.2.0/24", "10.240.0.5", 2, 12, 0));
       felix_of(f)["CALICO_NETWORKING_BACKEND"] = "bird";
     },
     "calico.residue", "1 route of BIRD (protocol 12), calico-node runs with CALICO_NETWORKING_BACKEND=bird",
     "ip route flush proto 12"},
    {"RoutesByTunnel", calico_vxlan,
     [](Facts& f) {
       add_tunnel(f, "10.200.0.1");
       data_plane_of(f).routes.push_back(route("10.244.2.0/24", "10.240.0.5", 90, 12, 0));
       data_plane_of(f).routes.push_back(route("10.244.3.0/24", "10.240.0.6", 90, 12, 0));
     },
     "calico.residue", "2 routes by tunl0", "ip route flush dev tunl0"},
    {"TunnelWithAPodsAddress", canal, [](Facts& f) { add_tunnel(f, "10.244.1.9"); }, "calico.residue",
     "tunl0 has 10.244.1.9 of this node's pod CIDR", "ip address flush dev tunl0"},
    {"AnotherModesOverlay", udr_with_kubenet, add_stray_vxlan, "cni.mode",
     "but vxlan.calico is Calico's overlay", "mode = \"calico-vxlan\""},
};

const Fault kPodFaults[] = {
    {"PodOutsideTheNodesCidr", udr_with_calico, [](Facts& f) { move_last_pod(f, "10.244.9.7/32"); },
     "pods.addresses",
     "the pod of cali2a1b2c3d4e5 has 10.244.9.7, outside this node's pod CIDR 10.244.1.0/24 (1 of 3)",
     "spec.nodeName=worker-1"},
    {"PodOfCanalOutsideTheNodesCidr", canal, [](Facts& f) { move_last_pod(f, "192.168.3.4/32"); },
     "pods.addresses", "has 192.168.3.4", "kubectl get pods"},
    {"PodWithoutARoute", calico_vxlan, [](Facts& f) { data_plane_of(f).routes.pop_back(); }, "pods.links",
     "cali1a1b2c3d4e5 is up and no route leads to its pod (1 of 2)", "kubectl delete pod"},
    {"PodOfAzureCniWithoutARoute", azure_cni, [](Facts& f) { data_plane_of(f).routes.pop_back(); },
     "pods.links", "azv2a1b2c3d4e5 is up and no route", "kubectl get pods"},
    {"NoProxyArp", canal, [](Facts& f) { testing::set_pod_sysctl(f, "cali1a1b2c3d4e5", "proxy_arp", "0"); },
     "pods.links", "net.ipv4.conf.cali1a1b2c3d4e5.proxy_arp is 0",
     "sysctl -w net.ipv4.conf.cali1a1b2c3d4e5.proxy_arp=1"},
    {"NoForwardingForAPod", udr_with_calico,
     [](Facts& f) { testing::set_pod_sysctl(f, "cali2a1b2c3d4e5", "forwarding", "0"); }, "pods.links",
     "net.ipv4.conf.cali2a1b2c3d4e5.forwarding is 0", "sysctl -w"},
    {"MacRewritten", azure_cni,
     [](Facts& f) { link_of(f, "azv1a1b2c3d4e5").mac = testing::mac("3a:01:02:03:04:05"); }, "pods.links",
     "azv1a1b2c3d4e5 has MAC 3a:01:02:03:04:05", "MACAddressPolicy=none"},
    {"PodsLargerThanTheNic", udr_with_calico,
     [](Facts& f) {
       link_of(f, "eth0").mtu = 1400;
       f.nic.nic->link.mtu = 1400;
       winner_of(f).plugins.front().mtu.reset();
     },
     "pods.mtu", "cali0a1b2c3d4e5 has MTU 1500, above the 1400 of eth0 (3 of 3)", "mtu to 1400"},
    {"PodLargerThanTheOverlay", plain_flannel, [](Facts& f) { link_of(f, "veth2a2b3c4d").mtu = 1500; },
     "pods.mtu", "veth2a2b3c4d has MTU 1500, above the 1450 of flannel.1 (1 of 3)", "mtu to 1450"},
    {"ConfigurationLargerThanTheOverlay", calico_vxlan,
     [](Facts& f) { winner_of(f).plugins.front().mtu = 1500; }, "pods.mtu",
     "10-calico.conflist: mtu 1500 is above the 1450 of vxlan.calico",
     "sed -i 's/\"mtu\": *1500/\"mtu\": 1450/' /etc/cni/net.d/10-calico.conflist"},
};

const Fault kAzureCniFaults[] = {
    {"BridgeWithCalico", azure_cni, [](Facts& f) { winner_of(f).plugins.front().mode = "bridge"; },
     "azure_cni.configuration", "azure-vnet is in mode bridge, and Calico is here",
     "sed -i 's/\"mode\": *\"bridge\"/\"mode\": \"transparent\"/' /etc/cni/net.d/10-azure.conflist"},
    {"NotAzureVnet", azure_cni,
     [](Facts& f) {
       winner_of(f).path = "/etc/cni/net.d/10-flannel.conflist";
       winner_of(f).plugins.front() = {"flannel", "", "", "", "", std::nullopt};
     },
     "cni.mode", "10-flannel.conflist runs flannel", "mode = \"flannel\""},
    {"NeitherAzureVnetNorAnotherMode", azure_cni,
     [](Facts& f) {
       winner_of(f).plugins.front() = {.type = "cilium-cni"};
       std::erase_if(f.links, [](const net::Link& each) { return each.name.starts_with("azv"); });
       data_plane_of(f).routes.clear();
     },
     "azure_cni.configuration", "10-azure.conflist is cilium-cni, not azure-vnet", "10-azure.conflist"},
    {"NothingConfiguresPods", azure_cni, [](Facts& f) { cni_of(f).configuration->files.clear(); },
     "azure_cni.configuration", "no CNI configuration in /etc/cni/net.d, and no azure-cns",
     "kubectl get pod"},
    {"AddressesExhausted", azure_cni, [](Facts& f) { use_addresses(f, 30); }, "azure_cni.addresses",
     "0 of 30 addresses for pods on eth0 are free", "maxPods to 30"},
    {"AddressesNearlyExhausted", azure_cni, [](Facts& f) { use_addresses(f, 28); }, "azure_cni.addresses",
     "2 of 30 addresses", "ip-config create"},
    {"BrokenState", azure_cni,
     [](Facts& f) {
       cni_of(f).azure->broken_files = {"/var/run/azure-vnet.json: ends in the middle of an object"};
     },
     "azure_cni.state", "/var/run/azure-vnet.json: ends in the middle", "kubectl drain worker-1"},
    {"OldLock", azure_cni_with_cns,
     [](Facts& f) {
       cni_of(f).azure->locks = {{"/var/run/azure-vnet/azure-vnet.json.lock", std::chrono::minutes(17)}};
     },
     "azure_cni.state", "azure-vnet.json.lock has been held for 17 min",
     "fuser -v /var/run/azure-vnet/azure-vnet.json.lock"},
    {"CnsDown", azure_cni_with_cns,
     [](Facts& f) { host_of(f).cns = net::failure(ECONNREFUSED, "127.0.0.1:10092: connection refused"); },
     "azure_cni.cns", "azure-cns does not run: 127.0.0.1:10092", "k8s-app=azure-cns"},
    {"CnsNotReady", azure_cni_with_cns, [](Facts& f) { host_of(f).cns = 503; }, "azure_cni.cns",
     "/readyz answers 503", "k8s-app=azure-cns"},
    {"WireServerUnreachable", azure_cni,
     [](Facts& f) { host_of(f).wire_server = net::failure(ETIMEDOUT, "168.63.129.16:80: timed out"); },
     "azure_cni.wire_server", "168.63.129.16:80: timed out", "ip route get 168.63.129.16"},
};

class PodNetworkFault : public ::testing::TestWithParam<Fault> {};

TEST_P(PodNetworkFault, IsNamedByOneCheckAloneWithARemedyThatAShellCanReadAndHoldsNothing) {
  const auto& fault = GetParam();
  auto facts = fault.node();
  ASSERT_TRUE(failures(facts).empty()) << failures(facts).front().message;
  fault.inject(facts);
  const auto failed = failures(facts);
  std::string ids;
  for (const auto& each : failed) ids += each.id + ": " + each.message + "\n";
  ASSERT_EQ(failed.size(), 1U) << ids;
  EXPECT_EQ(failed.front().id, fault.id);
  EXPECT_NE(failed.front().message.find(fault.message), std::string::npos) << failed.front().message;
  EXPECT_NE(failed.front().remedy.find(fault.remedy), std::string::npos) << failed.front().remedy;
  EXPECT_TRUE(testing::is_shell(failed.front().remedy)) << failed.front().remedy;
  EXPECT_FALSE(failed.front().why.empty());
  EXPECT_FALSE(failed.front().gate);
}

const auto kNameOfFault = [](const auto& fault) { return std::string(fault.param.name); };
INSTANTIATE_TEST_SUITE_P(Cni, PodNetworkFault, ::testing::ValuesIn(kCniFaults), kNameOfFault);
INSTANTIATE_TEST_SUITE_P(Calico, PodNetworkFault, ::testing::ValuesIn(kCalicoFaults), kNameOfFault);
INSTANTIATE_TEST_SUITE_P(Pods, PodNetworkFault, ::testing::ValuesIn(kPodFaults), kNameOfFault);
INSTANTIATE_TEST_SUITE_P(AzureCni, PodNetworkFault, ::testing::ValuesIn(kAzureCniFaults), kNameOfFault);

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
       f.policy.node_cidrs.clear();
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
