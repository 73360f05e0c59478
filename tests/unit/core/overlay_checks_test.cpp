#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "tests/unit/core/broken_nodes.h"
#include "tests/unit/core/each_node.h"

namespace agent {
namespace {

using testing::address;
using testing::cni_of;
using testing::data_plane_of;
using testing::FaultOfNodes;
using testing::HealthyNodes;
using testing::host_of;
using testing::kOverlayLink;
using testing::link_of;
using testing::mac;
using testing::on_calico_vxlan;
using testing::on_flannel;
using testing::on_overlays;
using testing::prefix;
using testing::route;

net::Link& overlay_of(checks::Facts& facts) {
  for (auto& each : facts.links.edit()) {
    if (each.index == kOverlayLink) return each;
  }
  throw std::out_of_range("no overlay in this literal");
}

observed::FlannelAnnotations& annotations_of(checks::Facts& facts) {
  return *(**facts.cloud_state.edit().node).flannel;
}

/// What the kernel drops with a link that goes down: the routes and the neighbours by it, permanent or not.
void lose_ways(checks::Facts& facts) {
  std::erase_if(data_plane_of(facts).routes, [](const auto& each) { return each.device == kOverlayLink; });
  std::erase_if(data_plane_of(facts).neighbours,
                [](const auto& each) { return each.device == kOverlayLink; });
}

void lose_overlay(checks::Facts& facts) {
  lose_ways(facts);
  data_plane_of(facts).forwarding.clear();
  data_plane_of(facts).checksums.clear();
  host_of(facts).link_files->clear();
  std::erase_if(facts.links.edit(), [](const auto& each) { return each.index == kOverlayLink; });
}

void add_direct_route(checks::Facts& facts) {
  data_plane_of(facts).routes.push_back(
      route("10.244.2.0/24", "10.240.0.5", facts.nic.nic->link.index, 3, 0));
}

bool on_plain_flannel(const checks::Facts& facts) {
  return facts.environment->cni->flannel_lease.has_value();
}
bool on_canal(const checks::Facts& facts) { return testing::on_flannel(facts) && !on_plain_flannel(facts); }

const FaultOfNodes kOverlayFaults[] = {
    {"no overlay in flannel", on_flannel, lose_overlay, "overlay.device",
     "there is no flannel.1, though pods are here", "kubectl delete pod"},
    {"no overlay in Calico's VXLAN", on_calico_vxlan, lose_overlay, "overlay.device",
     "there is no vxlan.calico", "'k8s-app in (calico-node, canal)'"},
    {"the overlay is down, and its routes went with it", on_overlays,
     [](checks::Facts& f) {
       overlay_of(f).up = false;
       lose_ways(f);
     },
     "overlay.device", "is down", "up && kubectl delete pod"},
    {"another VNI than the name says", on_flannel, [](checks::Facts& f) { overlay_of(f).vxlan->vni = 7; },
     "overlay.device", "flannel.1 carries VNI 7", "kubectl delete pod"},
    {"no port", on_overlays, [](checks::Facts& f) { overlay_of(f).vxlan->port = 0; }, "overlay.device",
     "UDP port 0", "kubectl delete pod"},
    {"the address of another NIC", on_overlays,
     [](checks::Facts& f) { overlay_of(f).vxlan->local = address("10.241.0.4"); }, "overlay.device",
     "sends from 10.241.0.4, which is no address of eth0", "where it comes back like this"},
    {"another node's own address", on_flannel,
     [](checks::Facts& f) {
       overlay_of(f).addresses = {{address("10.244.9.0"), 32}};
     },
     "overlay.device", "flannel.1 has 10.244.9.0, not 10.244.1.0 of this node's 10.244.1.0/24",
     "kubectl delete pod"},
    {"no own address", on_flannel, [](checks::Facts& f) { overlay_of(f).addresses.clear(); },
     "overlay.device", "flannel.1 has no address", "kubectl delete pod"},
    {"a NIC without room for the overlay", on_overlays, [](checks::Facts& f) { f.nic.nic->link.mtu = 1400; },
     "overlay.device", "eth0 has MTU 1400, below the 1500 of ", "ip link set dev eth0 mtu 1500"},
    {"an overlay as large as its NIC", on_overlays, [](checks::Facts& f) { overlay_of(f).mtu = 1500; },
     "overlay.device", "has MTU 1500, above the 1500 - 50 of eth0", "mtu 1450 && kubectl"},
    {"a MAC that udev has rewritten", on_flannel,
     [](checks::Facts& f) { overlay_of(f).mac = mac("3a:01:02:03:04:05"); }, "overlay.vtep",
     "flannel announces MAC 66:00:00:00:00:01, flannel.1 has 3a:01:02:03:04:05", "udev.mac_policy"},
    {"an old public address", on_flannel,
     [](checks::Facts& f) { annotations_of(f).public_ip = address("10.240.0.99"); }, "overlay.vtep",
     "flannel announces 10.240.0.99, which is no address of eth0", "--iface"},
    {"no neighbour", on_overlays, [](checks::Facts& f) { data_plane_of(f).neighbours.pop_back(); },
     "overlay.peers", "no permanent neighbour entry has the MAC of 10.244.3.", "kubectl delete pod"},
    {"no forwarding entry", on_overlays, [](checks::Facts& f) { data_plane_of(f).forwarding.clear(); },
     "overlay.peers", "no forwarding entry has the node of 66:00:00:00:00:02, and 1 more", "kubectl"},
    {"a route by flannel lost", on_flannel,
     [](checks::Facts& f) {
       auto& routes = data_plane_of(f).routes;
       routes.erase(std::find_if(routes.begin(), routes.end(),
                                 [](const auto& each) { return each.device == kOverlayLink; }));
     },
     "overlay.peers", "no route by flannel.1 leads to the pods of node 10.240.0.5 (66:00:00:00:00:02)",
     "does not look again by itself"},
    {"flannel's link went down and came back", on_flannel, lose_ways, "overlay.peers",
     "node 10.240.0.5 (66:00:00:00:00:02), and 1 more", "does not look again by itself"},
    {"host-gw", on_flannel,
     [](checks::Facts& f) {
       lose_overlay(f);
       annotations_of(f) = {.backend_type = "host-gw", .vtep_mac = {}, .public_ip = address("10.240.0.4")};
       add_direct_route(f);
     },
     "overlay.backend", "host-gw", "kubectl edit configmap"},
    {"host-gw, and the API server is not asked", on_flannel,
     [](checks::Facts& f) {
       lose_overlay(f);
       f.cloud_state.edit().node.reset();
       add_direct_route(f);
     },
     "overlay.backend", "10.244.2.0/24 via 10.240.0.5 dev eth0", "kubectl edit configmap"},
    {"DirectRouting", on_flannel, add_direct_route, "overlay.backend", "DirectRouting of vxlan",
     "without DirectRouting"},
    {"CrossSubnet", on_calico_vxlan, add_direct_route, "overlay.backend", "vxlanMode CrossSubnet",
     "kubectl patch ippool default-ipv4-ippool --type merge --patch '{\"spec\":{\"vxlanMode\":\"Always\"}}'"},
    {"CrossSubnet in a pool of the operator's", on_calico_vxlan,
     [](checks::Facts& f) {
       add_direct_route(f);
       testing::felix_of(f)["CLUSTER_TYPE"] = "k8s,operator";
     },
     "overlay.backend", "vxlanMode CrossSubnet",
     "kubectl edit installation default   # spec.calicoNetwork.ipPools: encapsulation: VXLAN"},
    {"alloc", on_flannel,
     [](checks::Facts& f) {
       lose_overlay(f);
       annotations_of(f) = {.backend_type = "alloc", .vtep_mac = {}, .public_ip = address("10.240.0.4")};
     },
     "overlay.backend", "flannel's backend is alloc", "mode = \"udr\""},
    {"ipip", on_flannel,
     [](checks::Facts& f) {
       lose_overlay(f);
       annotations_of(f).backend_type = "ipip";
     },
     "overlay.backend", "flannel's backend is ipip", "\"vxlan\""},
    {"udp", on_flannel,
     [](checks::Facts& f) {
       lose_overlay(f);
       annotations_of(f).backend_type = "udp";
     },
     "overlay.backend", "flannel's backend is udp", "\"vxlan\""},
    {"no lease", on_plain_flannel,
     [](checks::Facts& f) {
       cni_of(f).flannel_lease = net::failure(ENOENT, "/run/flannel/subnet.env is not there");
     },
     "flannel.subnet_env", "/run/flannel/subnet.env is not there", "--selector app=flannel"},
    {"another node's lease, which flannel.1 follows", on_plain_flannel,
     [](checks::Facts& f) {
       cni_of(f).flannel_lease->subnets = {prefix("10.244.9.0/24")};
       overlay_of(f).addresses = {{address("10.244.9.0"), 32}};
     },
     "flannel.subnet_env", "has 10.244.9.0/24, this node's pod CIDR is 10.244.1.0/24", "kubectl delete pod"},
    {"a stale lease beside a flannel.1 as it should be", on_plain_flannel,
     [](checks::Facts& f) { cni_of(f).flannel_lease->subnets = {prefix("10.244.7.0/24")}; },
     "flannel.subnet_env", "has 10.244.7.0/24, this node's pod CIDR is 10.244.1.0/24", "kubectl delete pod"},
    {"another node's lease is all that is believed", on_plain_flannel,
     [](checks::Facts& f) {
       cni_of(f).flannel_lease->subnets = {prefix("10.244.9.0/24")};
       overlay_of(f).addresses = {{address("10.244.9.0"), 32}};
       link_of(f, "cni0").addresses = {{address("10.244.9.1"), 24}};
       f.policy.node_cidrs = {prefix("10.244.9.0/24")};
       cni_of(f).host_local->clear();
       testing::settle(f, node::Mode::flannel);
     },
     "flannel.subnet_env", "has 10.244.9.0/24, this node's pod CIDR is 10.244.1.0/24", "kubectl delete pod"},
    {"a lease without a subnet", on_plain_flannel,
     [](checks::Facts& f) { cni_of(f).flannel_lease->subnets.clear(); }, "flannel.subnet_env",
     "has no subnet", "kubectl"},
    {"a lease outside flannel's network", on_plain_flannel,
     [](checks::Facts& f) { cni_of(f).flannel_lease->networks = {prefix("10.42.0.0/16")}; },
     "flannel.subnet_env", "10.244.1.0/24 is outside flannel's network 10.42.0.0/16", "kube-flannel-cfg"},
    {"a lease as large as the NIC", on_plain_flannel,
     [](checks::Facts& f) { cni_of(f).flannel_lease->mtu = 1500; }, "flannel.subnet_env",
     "FLANNEL_MTU 1500 is above the 1450 of flannel.1", "MTU above 1450"},
    {"lease and flannel.1 as large as the NIC", on_plain_flannel,
     [](checks::Facts& f) {
       cni_of(f).flannel_lease->mtu = 1500;
       overlay_of(f).mtu = 1500;
     },
     "overlay.device", "has MTU 1500", "mtu 1450"},
};

TEST(OverlayChecks, EveryFaultIsToldByOneCheckAloneWithARemedyThatAShellCanRead) {
  for (const auto& fault : kOverlayFaults) testing::expect_told_by_one_check(fault);
}

const bool kOverlayFaultsAreListed = testing::list_broken(kOverlayFaults);

const HealthyNodes kHealthyOverlays[] = {
    {"flannel tells an address that somebody has chosen", on_flannel,
     [](checks::Facts& f) {
       annotations_of(f).public_ip = address("20.1.2.3");
       annotations_of(f).public_ip_overwrite = address("20.1.2.3");
     },
     "overlay.vtep", checks::CheckStatus::pass, "20.1.2.3, as public-ip-overwrite asks for"},
    {"flanneld has not started, and there is no pod", on_flannel,
     [](checks::Facts& f) {
       lose_overlay(f);
       std::erase_if(f.links.edit(), [](const auto& each) { return each.kind == "veth"; });
       data_plane_of(f).routes.clear();
       f.environment.edit().pod_sysctls.clear();
       for (auto& each : *cni_of(f).host_local) each.reserved.clear();
       (**f.cloud_state.edit().node).flannel.reset();
     },
     "overlay.device", checks::CheckStatus::unknown, "flanneld makes it when it starts"},
    {"another port is read and named", on_overlays,
     [](checks::Facts& f) { overlay_of(f).vxlan->port = 4790; }, "overlay.device", checks::CheckStatus::pass,
     "UDP port 4790, from 10.240.0.4, MTU 1450"},
    {"FelixConfiguration says another VNI", on_calico_vxlan,
     [](checks::Facts& f) { overlay_of(f).vxlan->vni = 77; }, "overlay.device", checks::CheckStatus::pass,
     "VNI 77 instead of Calico's 4096"},
    {"a smaller overlay", on_overlays, [](checks::Facts& f) { overlay_of(f).mtu = 1400; }, "overlay.device",
     checks::CheckStatus::pass, "MTU 1400"},
    {"an address that the NIC has besides", on_overlays,
     [](checks::Facts& f) {
       f.nic.nic->azure.addresses.push_back(address("10.240.0.77"));
       overlay_of(f).vxlan->local = address("10.240.0.77");
     },
     "overlay.device", checks::CheckStatus::pass, "from 10.240.0.77"},
    {"leases in etcd", on_flannel, [](checks::Facts& f) { (**f.cloud_state.edit().node).flannel.reset(); },
     "overlay.vtep", checks::CheckStatus::unknown, "keeps leases in etcd"},
    {"Calico has no annotation", on_calico_vxlan, [](checks::Facts&) {}, "overlay.vtep",
     checks::CheckStatus::skip, "Felix"},
    {"a cluster of one node", on_overlays,
     [](checks::Facts& f) {
       lose_ways(f);
       data_plane_of(f).forwarding.clear();
     },
     "overlay.peers", checks::CheckStatus::pass, "no other node"},
    {"Felix knows a node without pods", on_calico_vxlan, lose_ways, "overlay.peers",
     checks::CheckStatus::pass, "no other node"},
    {"a peer's former MAC stays behind", on_flannel,
     [](checks::Facts& f) {
       data_plane_of(f).forwarding.push_back({kOverlayLink, mac("66:00:00:00:00:ff"), address("10.240.0.5")});
     },
     "overlay.peers", checks::CheckStatus::pass, "2 other nodes, each with its route"},
    {"routes that were cut accuse nobody", on_overlays,
     [](checks::Facts& f) {
       data_plane_of(f).routes_cut = true;
       data_plane_of(f).neighbours.clear();
     },
     "overlay.peers", checks::CheckStatus::unknown, "more routes"},
    {"entries that were cut accuse nobody", on_overlays,
     [](checks::Facts& f) {
       data_plane_of(f).entries_cut = true;
       data_plane_of(f).forwarding.clear();
     },
     "overlay.peers", checks::CheckStatus::unknown, "more routes"},
    {"offload is what a fresh link has", on_flannel,
     [](checks::Facts& f) { data_plane_of(f).checksums.front().on = true; }, "overlay.checksum_offload",
     checks::CheckStatus::pass, "take 63 s: a file /etc/systemd/network/50-flannel.link with [Match]"},
    {"offload of Calico's overlay has a switch of Felix's", on_calico_vxlan,
     [](checks::Facts& f) { data_plane_of(f).checksums.front().on = true; }, "overlay.checksum_offload",
     checks::CheckStatus::pass,
     "take 63 s: kubectl patch felixconfiguration default --type merge --patch "
     "'{\"spec\":{\"featureDetectOverride\":\"ChecksumOffloadBroken=true\"}}'"},
    {"our own routes are no host-gw", on_overlays,
     [](checks::Facts& f) {
       data_plane_of(f).routes.push_back(route("10.244.0.0/16", "10.240.0.9", 2, f.policy.protocol));
       data_plane_of(f).routes.push_back(route("10.244.9.0/24", "10.240.0.1", 2, 4, 0));
       data_plane_of(f).routes.push_back(route("192.168.0.0/16", "10.240.0.9", 2, 4, 0));
     },
     "overlay.backend", checks::CheckStatus::pass, "no route past it"},
    {"WireGuard is not checked", on_flannel,
     [](checks::Facts& f) {
       lose_overlay(f);
       annotations_of(f).backend_type = "wireguard";
     },
     "overlay.backend", checks::CheckStatus::unknown, "flannel's backend wireguard is not checked"},
    {"canal keeps its lease to itself", on_canal, [](checks::Facts&) {}, "flannel.subnet_env",
     checks::CheckStatus::skip, "not made by flannel's plug-in"},
    {"no lease before flanneld", on_plain_flannel,
     [](checks::Facts& f) {
       lose_overlay(f);
       std::erase_if(f.links.edit(),
                     [](const auto& each) { return each.kind == "veth" || each.kind == "bridge"; });
       cni_of(f).host_local->clear();
       cni_of(f).flannel_lease = net::failure(ENOENT, "/run/flannel/subnet.env is not there");
     },
     "flannel.subnet_env", checks::CheckStatus::unknown, "flanneld has not acquired a lease yet"},
};

TEST(OverlayChecks, AccuseNobodyWhereNothingIsWrong) {
  for (const auto& healthy : kHealthyOverlays) testing::expect_healthy(healthy);
}

TEST(OverlayChecks, AModeThatNothingShowsAnyLongerIsNotCalledUncontradicted) {
  auto facts = testing::canal();
  facts.policy.mode_is_automatic = true;
  EXPECT_EQ(testing::result(facts, "cni.mode").status, checks::CheckStatus::pass);
  lose_overlay(facts);
  const auto gone = testing::result(facts, "cni.mode");
  EXPECT_EQ(gone.status, checks::CheckStatus::unknown);
  EXPECT_NE(gone.message.find("nothing shows mode flannel now"), std::string::npos) << gone.message;
  EXPECT_NE(gone.message.find("set mode = \"udr\""), std::string::npos) << gone.message;
  facts.policy.mode_is_automatic = false;
  EXPECT_EQ(testing::result(facts, "cni.mode").status, checks::CheckStatus::pass) << "as configured";
}

}  // namespace
}  // namespace agent
