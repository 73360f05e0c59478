#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "checks/check_table.h"
#include "tests/unit/core/broken_nodes.h"
#include "tests/unit/core/healthy_nodes.h"
#include "tests/unit/core/judged.h"
#include "tests/unit/core/pod_network_changes.h"
#include "tests/unit/core/shell.h"

namespace agent {
namespace {

using testing::add_stray_vxlan;
using testing::add_tunnel;
using testing::add_veths;
using testing::address;
using testing::azure_cni;
using testing::azure_cni_with_cns;
using testing::calico_vxlan;
using testing::canal;
using testing::cni_of;
using testing::data_plane_of;
using testing::failures;
using testing::felix_of;
using testing::give_away;
using testing::host_of;
using testing::link_of;
using testing::move_last_pod;
using testing::plain_flannel;
using testing::put_before;
using testing::put_behind;
using testing::route;
using testing::udr_with_calico;
using testing::udr_with_kubenet;
using testing::use_addresses;
using testing::winner_of;

/// In its environment and in its rules.
void set_prefix_of_felix(checks::Facts& facts, const std::string& prefix) {
  felix_of(facts)["FELIX_INTERFACEPREFIX"] = prefix;
  for (auto& chain : host_of(facts).packet_filters->front().forward) {
    for (auto& rule : chain.rules) {
      if (!rule.in.empty()) rule.in = prefix + "+";
    }
  }
}

/// One thing that is wrong on a node of one kind; exactly one check says so.
struct Fault {
  const char* name;
  checks::Facts (*node)();
  std::function<void(checks::Facts&)> inject;
  const char* id;
  const char* message;
  const char* remedy;
};

const Fault kCniFaults[] = {
    {"BrokenFileComesFirst", udr_with_calico,
     [](checks::Facts& f) {
       put_before(f, {"/etc/cni/net.d/05-old.conf", "", {}, "ends in the middle of an object"});
     },
     "cni.winner",
     "/etc/cni/net.d/05-old.conf comes first and cannot be used: ends in the middle of an object",
     "mv /etc/cni/net.d/05-old.conf /etc/cni/net.d/05-old.conf.disabled"},
    {"TheOnlyFileIsBroken", canal, [](checks::Facts& f) { winner_of(f).problem = "is empty"; }, "cni.winner",
     "10-canal.conflist comes first and cannot be used: is empty", "mv /etc/cni/net.d/10-canal.conflist"},
    {"ABrokenFileWithAnOddName", udr_with_calico,
     [](checks::Facts& f) {
       put_before(f, {.path = "/etc/cni/net.d/05-?.conf",
                      .network = "",
                      .plugins = {},
                      .problem = "is empty: half written?",
                      .has_odd_name = true});
     },
     "cni.winner", "05-?.conf comes first and cannot be used", "# no command is given, for the name of"},
    {"LeftOverWins", udr_with_kubenet,
     [](checks::Facts& f) {
       put_before(f, testing::cni_file("/etc/cni/net.d/10-calico.conflist", "k8s-pod-network",
                                       testing::calico_plugin("calico-ipam", "", 9000)));
       cni_of(f).configuration->missing_programs = {"/opt/cni/bin/calico is not there"};
     },
     "cni.winner", "/etc/cni/net.d/10-calico.conflist wins over /etc/cni/net.d/10-containerd-net.conflist",
     "mv /etc/cni/net.d/10-calico.conflist /etc/cni/net.d/10-calico.conflist.disabled   # "
     "/etc/cni/net.d/10-containerd-net.conflist stays"},
    {"LeftOverWinsOverAzureCni", azure_cni,
     [](checks::Facts& f) {
       put_before(f, testing::cni_file("/etc/cni/net.d/05-flannel it's.conflist", "cbr0",
                                       {"flannel", "", "", "", "", std::nullopt}));
     },
     "cni.winner", "05-flannel it's.conflist wins over /etc/cni/net.d/10-azure.conflist",
     "mv '/etc/cni/net.d/05-flannel it'\\''s.conflist' '/etc/cni/net.d/05-flannel "
     "it'\\''s.conflist'.disabled"},
    {"AnUnknownPlugInWins", udr_with_calico,
     [](checks::Facts& f) {
       put_before(f,
                  testing::cni_file("/etc/cni/net.d/05-cilium.conflist", "cilium", {.type = "cilium-cni"}));
     },
     "cni.winner", "05-cilium.conflist wins over /etc/cni/net.d/10-calico.conflist, which fits mode udr",
     "# where cilium-cni is left over, mv /etc/cni/net.d/05-cilium.conflist"},
    {"MultusHandsPodsToALeftOver", testing::udr_behind_multus,
     [](checks::Facts& f) {
       put_behind(f, testing::cni_file("/etc/cni/net.d/20-flannel.conflist", "cbr0", {.type = "flannel"}));
       cni_of(f).configuration->files.front().delegation.to = "cbr0";
       host_of(f).calico_environment = net::failure(ESRCH, "no calico-felix runs");
     },
     "cni.winner", "20-flannel.conflist wins over /etc/cni/net.d/10-calico.conflist",
     "# set clusterNetwork to /etc/cni/net.d/10-calico.conflist in /etc/cni/net.d/00-multus.conf"},
    {"LoopbackWins", udr_with_kubenet,
     [](checks::Facts& f) {
       put_before(f, testing::cni_file("/etc/cni/net.d/00-loopback.conf", "lo", {.type = "loopback"}));
     },
     "cni.winner", "00-loopback.conf runs loopback, which makes no interface, and wins over",
     "mv /etc/cni/net.d/00-loopback.conf /etc/cni/net.d/00-loopback.conf.disabled"},
    {"PodmanWins", azure_cni_with_cns,
     [](checks::Facts& f) {
       put_before(
           f, testing::cni_file("/etc/cni/net.d/07-podman-bridge.conflist", "podman", {.type = "bridge"}));
     },
     "cni.winner", "07-podman-bridge.conflist is for podman's own containers, and wins over",
     "mv /etc/cni/net.d/07-podman-bridge.conflist"},
    {"ProgramsMissing", udr_with_calico,
     [](checks::Facts& f) {
       cni_of(f).configuration->missing_programs = {"/opt/cni/bin/calico is not there",
                                                    "/opt/cni/bin/portmap may not be executed"};
     },
     "cni.plugins", "/opt/cni/bin/calico is not there, and 1 more",
     "kubectl delete pod --all-namespaces --selector 'k8s-app in (calico-node, canal)' --field-selector "
     "spec.nodeName=worker-1"},
    {"ProgramsMissingOfKubenet", udr_with_kubenet,
     [](checks::Facts& f) {
       cni_of(f).configuration->missing_programs = {"/opt/cni/bin/bridge is not there"};
     },
     "cni.plugins", "/opt/cni/bin/bridge", "# install the reference plug-ins"},
    {"CalicoIpam", udr_with_calico,
     [](checks::Facts& f) {
       winner_of(f).plugins.front().ipam = "calico-ipam";
       winner_of(f).plugins.front().subnet = "";
       move_last_pod(f, "10.244.77.65/32");
     },
     "cni.ipam",
     "10-calico.conflist: calico with calico-ipam gives pods addresses outside the node's pod CIDR",
     "\"subnet\": \"usePodCidr\""},
    {"CalicoIpamInCanal", canal, [](checks::Facts& f) { winner_of(f).plugins.front().ipam = "calico-ipam"; },
     "cni.ipam", "10-canal.conflist: calico with calico-ipam", "host-local"},
    {"ForeignRange", udr_with_calico,
     [](checks::Facts& f) { winner_of(f).plugins.front().subnet = "192.168.0.0/16"; }, "cni.ipam",
     "of 192.168.0.0/16, outside this node's pod CIDR 10.244.1.0/24", "usePodCidr"},
    {"KubenetInAnotherNodesRange", udr_with_kubenet,
     [](checks::Facts& f) { winner_of(f).plugins.front().subnet = "10.244.9.0/24"; }, "cni.ipam",
     "of 10.244.9.0/24", "\"subnet\": \"10.244.1.0/24\""},
    {"FlannelWithoutHostLocal", plain_flannel,
     [](checks::Facts& f) { winner_of(f).plugins.front().ipam = "dhcp"; }, "cni.ipam", "flannel with dhcp",
     "\"delegate\": {\"ipam\": {\"type\": \"host-local\"}}"},
    {"HostLocalWithVxlan", calico_vxlan,
     [](checks::Facts& f) { winner_of(f).plugins.front().ipam = "host-local"; }, "cni.ipam",
     "host-local with Calico's VXLAN", "\"calico-ipam\""},
    {"AzureCniWithHostLocal", azure_cni,
     [](checks::Facts& f) { winner_of(f).plugins.front().ipam = "host-local"; }, "cni.ipam",
     "azure-vnet with host-local", "\"azure-vnet-ipam\""},
    {"AzureIpamWithoutASubnet", azure_cni,
     [](checks::Facts& f) {
       winner_of(f).plugins.front() = testing::calico_plugin("azure-vnet-ipam", "", 1500);
     },
     "cni.ipam", "calico with azure-vnet-ipam, which is given no subnet", "\"subnet\": \"10.240.0.0/24\""},
    {"HostLocalExhausted", plain_flannel,
     [](checks::Facts& f) {
       give_away(f, 253);
       add_veths(f, 250);
     },
     "cni.host_local", "253 of 253 addresses of 10.244.1.0/24 are reserved: exhausted",
     "kubectl cordon worker-1"},
    {"HostLocalNearlyExhausted", plain_flannel,
     [](checks::Facts& f) {
       give_away(f, 203);
       add_veths(f, 200);
     },
     "cni.host_local", "203 of 253 addresses of 10.244.1.0/24 are reserved",
     "maxPods of the kubelet of node worker-1 to 253"},
    {"ReservationsLeaked", udr_with_calico, [](checks::Facts& f) { give_away(f, 40); }, "cni.host_local",
     "40 of 253 addresses of 10.244.1.0/24 are reserved, 37 of them for no pod",
     "kubectl cordon worker-1   # then drain this node and reboot it"},
    {"ReservationsLeakedOnABridge", udr_with_kubenet, [](checks::Facts& f) { give_away(f, 253); },
     "cni.host_local", "are reserved: exhausted, 250 of them for no pod", "kubectl cordon worker-1"},
};

const Fault kCalicoFaults[] = {
    {"AnotherNodesName", udr_with_calico, [](checks::Facts& f) { cni_of(f).calico_node_name = "worker-9"; },
     "calico.node_name", "/var/lib/calico/nodename has worker-9, this node is worker-1", "NODENAME"},
    {"FelixNotReady", canal, [](checks::Facts& f) { host_of(f).felix = 503; }, "calico.felix", "answers 503",
     "kubectl get pod"},
    {"PrefixOfCalicoInAzureCni", azure_cni,
     [](checks::Facts& f) {
       set_prefix_of_felix(f, "cali");
       felix_of(f).erase("FELIX_INTERFACEPREFIX");
     },
     "calico.interface_prefix", "links named cali*, but pods have links such as azv0a1b2c3d4e5",
     "kubectl set env --namespace kube-system daemonset/calico-node FELIX_INTERFACEPREFIX=azv"},
    {"PrefixInFelixsRulesAlone", azure_cni,
     [](checks::Facts& f) {
       set_prefix_of_felix(f, "cali");
       host_of(f).calico_environment = net::failure(EACCES, "/proc/77/environ: permission denied");
     },
     "calico.interface_prefix", "links named cali*, but pods have links such as azv0a1b2c3d4e5",
     "FELIX_INTERFACEPREFIX=azv"},
    {"PrefixOfCalicoInItsOwnNamespace", azure_cni,
     [](checks::Facts& f) {
       set_prefix_of_felix(f, "cali");
       host_of(f).calico_namespace = "network-policy";
     },
     "calico.interface_prefix", "links named cali*",
     "kubectl set env --namespace network-policy daemonset/calico-node FELIX_INTERFACEPREFIX=cali,azv"},
    {"PrefixOfTheOperatorsFelixConfiguration", azure_cni,
     [](checks::Facts& f) {
       set_prefix_of_felix(f, "cali");
       felix_of(f).erase("FELIX_INTERFACEPREFIX");
       felix_of(f)["CLUSTER_TYPE"] = "k8s,operator,aks";
       testing::add_routed_pod(f, "cali0a1b2c3d4e5", "10.240.0.13", testing::kStatic, 1500);
       winner_of(f).plugins.front() = testing::calico_plugin("azure-vnet-ipam", "10.240.0.0/24", 1500);
       cni_of(f).calico_node_name = "worker-1";
     },
     "calico.interface_prefix", "links named cali*, but pods have links such as azv0a1b2c3d4e5",
     "kubectl patch felixconfiguration default --type merge --patch "
     "'{\"spec\":{\"interfacePrefix\":\"cali,azv\"}}'"},
    {"PrefixOfTheOperatorsInstallation", azure_cni,
     [](checks::Facts& f) {
       set_prefix_of_felix(f, "cali");
       host_of(f).calico_namespace = "calico-system";
     },
     "calico.interface_prefix", "links named cali*",
     "kubectl edit installation default   # spec.cni.type: AzureVNET"},
    {"PrefixOfAzureInUdr", udr_with_calico, [](checks::Facts& f) { set_prefix_of_felix(f, "azv"); },
     "calico.interface_prefix", "links named azv*, but pods have links such as cali0a1b2c3d4e5",
     "FELIX_INTERFACEPREFIX=azv,cali"},
    {"PrefixBeforeTheFirstPod", azure_cni_with_cns,
     [](checks::Facts& f) {
       set_prefix_of_felix(f, "cali,tap");
       std::erase_if(f.links.edit(), [](const auto& each) { return each.name.starts_with("azv"); });
       data_plane_of(f).routes.clear();
     },
     "calico.interface_prefix", "links named cali,tap*, but azure-vnet names pods' links azv*",
     "FELIX_INTERFACEPREFIX=cali,tap,azv"},
    {"RoutesOfBird", udr_with_calico,
     [](checks::Facts& f) {
       data_plane_of(f).routes.push_back(route("10.244.2.0/24", "10.240.0.5", 2, 12, 0));
     },
     "calico.residue", "1 route of BIRD (protocol 12), which does not run any more",
     "ip route show proto 12   # they go when this node is drained and rebooted"},
    {"RoutesByTunnel", calico_vxlan,
     [](checks::Facts& f) {
       add_tunnel(f, "10.200.0.1");
       data_plane_of(f).routes.push_back(route("10.244.2.0/24", "10.240.0.5", 90, 12, 0));
       data_plane_of(f).routes.push_back(route("10.244.3.0/24", "10.240.0.6", 90, 12, 0));
     },
     "calico.residue", "2 routes by tunl0",
     "# set ipipMode Never in each IPPool (kubectl edit ippools) and CALICO_NETWORKING_BACKEND=vxlan"},
    {"RoutesByTunnelOfFelixAndTheOperator", udr_with_calico,
     [](checks::Facts& f) {
       add_tunnel(f, "10.200.0.1");
       data_plane_of(f).routes.push_back(route("10.244.2.0/24", "10.240.0.5", 90, testing::kCalico, 0));
       host_of(f).calico_namespace = "calico-system";
       host_of(f).bird_runs = true;
     },
     "calico.residue", "1 route by tunl0", "kubectl edit installation default   # spec.calicoNetwork"},
    {"TunnelWithAPodsAddress", canal, [](checks::Facts& f) { add_tunnel(f, "10.244.1.9"); }, "calico.residue",
     "tunl0 has 10.244.1.9 of this node's pod CIDR", "# set ipipMode Never"},
    {"AnotherModesOverlay", udr_with_kubenet, add_stray_vxlan, "cni.mode",
     "but vxlan.calico is Calico's overlay", "mode = \"calico-vxlan\""},
};

const Fault kPodFaults[] = {
    {"PodOutsideTheNodesCidr", udr_with_calico, [](checks::Facts& f) { move_last_pod(f, "10.244.9.7/32"); },
     "pods.addresses",
     "the pod of cali2a1b2c3d4e5 has 10.244.9.7, outside this node's pod CIDR 10.244.1.0/24 (1 of 3)",
     "spec.nodeName=worker-1"},
    {"PodOfCanalOutsideTheNodesCidr", canal, [](checks::Facts& f) { move_last_pod(f, "192.168.3.4/32"); },
     "pods.addresses", "has 192.168.3.4", "kubectl get pods"},
    {"PodWithoutARoute", calico_vxlan, [](checks::Facts& f) { data_plane_of(f).routes.pop_back(); },
     "pods.links", "cali1a1b2c3d4e5 is up and no route leads to its pod (1 of 2)", "kubectl delete pod"},
    {"PodOfAzureCniWithoutARoute", azure_cni, [](checks::Facts& f) { data_plane_of(f).routes.pop_back(); },
     "pods.links", "azv2a1b2c3d4e5 is up and no route", "kubectl get pods"},
    {"NoProxyArp", canal,
     [](checks::Facts& f) { testing::set_pod_sysctl(f, "cali1a1b2c3d4e5", "proxy_arp", "0"); }, "pods.links",
     "net.ipv4.conf.cali1a1b2c3d4e5.proxy_arp is 0", "sysctl -w net.ipv4.conf.cali1a1b2c3d4e5.proxy_arp=1"},
    {"NoForwardingForAPod", udr_with_calico,
     [](checks::Facts& f) { testing::set_pod_sysctl(f, "cali2a1b2c3d4e5", "forwarding", "0"); }, "pods.links",
     "net.ipv4.conf.cali2a1b2c3d4e5.forwarding is 0", "sysctl -w"},
    {"MacRewritten", azure_cni,
     [](checks::Facts& f) { link_of(f, "azv1a1b2c3d4e5").mac = testing::mac("3a:01:02:03:04:05"); },
     "pods.links", "azv1a1b2c3d4e5 has MAC 3a:01:02:03:04:05", "MACAddressPolicy=none"},
    {"NicSmallerThanItsPods", udr_with_calico,
     [](checks::Facts& f) {
       link_of(f, "eth0").mtu = 1400;
       f.nic.nic->link.mtu = 1400;
       winner_of(f).plugins.front().mtu.reset();
     },
     "pods.mtu", "eth0 has MTU 1400, below the 1500 of pods: Azure carries 1500",
     "ip link set dev eth0 mtu 1500"},
    {"PodLargerThanAzure", udr_with_calico,
     [](checks::Facts& f) { link_of(f, "cali0a1b2c3d4e5").mtu = 9000; }, "pods.mtu",
     "cali0a1b2c3d4e5 has MTU 9000, above the 1500 of eth0 (1 of 3)", "mtu of the CNI plug-in to 1500"},
    {"PodLargerThanTheOverlay", plain_flannel,
     [](checks::Facts& f) { link_of(f, "veth2a2b3c4d").mtu = 1500; }, "pods.mtu",
     "veth2a2b3c4d has MTU 1500, above the 1450 of flannel.1 (1 of 3)", "mtu of the CNI plug-in to 1450"},
    {"ConfigurationLargerThanTheOverlay", calico_vxlan,
     [](checks::Facts& f) { winner_of(f).plugins.front().mtu = 1500; }, "pods.mtu",
     "10-calico.conflist: mtu 1500 is above the 1450 of vxlan.calico",
     "sed -i.mtu 's/\"mtu\": *1500/\"mtu\": 1450/' /etc/cni/net.d/10-calico.conflist"},
};

const Fault kAzureCniFaults[] = {
    {"BridgeWithCalico", azure_cni, [](checks::Facts& f) { winner_of(f).plugins.front().mode = "bridge"; },
     "azure_cni.configuration", "azure-vnet is in mode bridge, and Calico is here",
     "sed -i.bridge 's/\"mode\": *\"bridge\"/\"mode\": \"transparent\"/' /etc/cni/net.d/10-azure.conflist"},
    {"NotAzureVnet", azure_cni,
     [](checks::Facts& f) {
       winner_of(f).path = "/etc/cni/net.d/10-flannel.conflist";
       winner_of(f).plugins.front() = {"flannel", "", "", "", "", std::nullopt};
     },
     "cni.mode", "10-flannel.conflist runs flannel", "mode = \"flannel\""},
    {"NeitherAzureVnetNorAnotherMode", azure_cni,
     [](checks::Facts& f) {
       winner_of(f).plugins.front() = {.type = "cilium-cni"};
       std::erase_if(f.links.edit(), [](const net::Link& each) { return each.name.starts_with("azv"); });
       data_plane_of(f).routes.clear();
     },
     "azure_cni.configuration", "10-azure.conflist is cilium-cni, not azure-vnet", "10-azure.conflist"},
    {"NothingConfiguresPods", azure_cni, [](checks::Facts& f) { cni_of(f).configuration->files.clear(); },
     "azure_cni.configuration", "no CNI configuration in /etc/cni/net.d, and no azure-cns",
     "kubectl get pod"},
    {"AddressesExhausted", azure_cni, [](checks::Facts& f) { use_addresses(f, 30); }, "azure_cni.addresses",
     "0 of 30 addresses for pods on eth0 are free", "maxPods of the kubelet to 30"},
    {"AddressesNearlyExhausted", azure_cni, [](checks::Facts& f) { use_addresses(f, 28); },
     "azure_cni.addresses", "2 of 30 addresses", "ip-config create"},
    {"BrokenState", azure_cni,
     [](checks::Facts& f) {
       cni_of(f).azure->broken_files = {"/var/run/azure-vnet.json: ends in the middle of an object"};
     },
     "azure_cni.state", "/var/run/azure-vnet.json: ends in the middle", "kubectl cordon worker-1"},
    {"OldLock", azure_cni_with_cns,
     [](checks::Facts& f) {
       cni_of(f).azure->locks = {{"/var/run/azure-vnet/azure-vnet.json.lock", std::chrono::minutes(17)}};
     },
     "azure_cni.state", "azure-vnet.json.lock has been held for 17 min",
     "fuser -v /var/run/azure-vnet/azure-vnet.json.lock"},
    {"CnsDown", azure_cni_with_cns,
     [](checks::Facts& f) {
       host_of(f).cns = net::failure(ECONNREFUSED, "127.0.0.1:10092: connection refused");
     },
     "azure_cni.cns", "azure-cns does not run: 127.0.0.1:10092", "k8s-app=azure-cns"},
    {"CnsNotReady", azure_cni_with_cns, [](checks::Facts& f) { host_of(f).cns = 503; }, "azure_cni.cns",
     "/readyz answers 503", "k8s-app=azure-cns"},
    {"WireServerUnreachable", azure_cni,
     [](checks::Facts& f) {
       host_of(f).wire_server = net::failure(ETIMEDOUT, "168.63.129.16:80: timed out");
     },
     "azure_cni.wire_server", "168.63.129.16:80: timed out",
     "ip route get 168.63.129.16   # then look for what denies it to root"},
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

const bool kCniFaultsAreListed = testing::list_broken(kCniFaults) && testing::list_broken(kCalicoFaults) &&
                                 testing::list_broken(kPodFaults) && testing::list_broken(kAzureCniFaults);

const auto kNameOfFault = [](const auto& fault) { return std::string(fault.param.name); };
INSTANTIATE_TEST_SUITE_P(Cni, PodNetworkFault, ::testing::ValuesIn(kCniFaults), kNameOfFault);
INSTANTIATE_TEST_SUITE_P(Calico, PodNetworkFault, ::testing::ValuesIn(kCalicoFaults), kNameOfFault);
INSTANTIATE_TEST_SUITE_P(Pods, PodNetworkFault, ::testing::ValuesIn(kPodFaults), kNameOfFault);
INSTANTIATE_TEST_SUITE_P(AzureCni, PodNetworkFault, ::testing::ValuesIn(kAzureCniFaults), kNameOfFault);

}  // namespace
}  // namespace agent
