#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "tests/unit/core/healthy_nodes.h"
#include "tests/unit/core/judged.h"
#include "tests/unit/core/shell.h"

// The checks about overlays and about the rest of the machine, each on every kind of node that it is about.
namespace agent {
namespace {

using testing::address;
using testing::cni_of;
using testing::data_plane_of;
using testing::failures;
using testing::host_of;
using testing::kOverlayLink;
using testing::link_of;
using testing::mac;
using testing::prefix;
using testing::result;
using testing::route;

net::Link& overlay_of(Facts& facts) {
  for (auto& each : facts.links) {
    if (each.index == kOverlayLink) return each;
  }
  throw std::out_of_range("no overlay in this literal");
}

net::FlannelAnnotations& annotations_of(Facts& facts) { return *(**facts.evidence.node).flannel; }

/// What the kernel drops with a link that goes down: the routes and the neighbours by it, permanent or not.
void lose_ways(Facts& facts) {
  std::erase_if(data_plane_of(facts).routes, [](const auto& each) { return each.device == kOverlayLink; });
  std::erase_if(data_plane_of(facts).neighbours,
                [](const auto& each) { return each.device == kOverlayLink; });
}

void lose_overlay(Facts& facts) {
  lose_ways(facts);
  data_plane_of(facts).forwarding.clear();
  data_plane_of(facts).checksums.clear();
  host_of(facts).link_files->clear();
  std::erase_if(facts.links, [](const auto& each) { return each.index == kOverlayLink; });
}

void add_direct_route(Facts& facts) {
  data_plane_of(facts).routes.push_back(
      route("10.244.2.0/24", "10.240.0.5", facts.nic.nic->link.index, 3, 0));
}

net::Link vf_of(const Facts& facts) {
  auto vf = testing::link(3, "enP30832s1", facts.nic.nic->azure.mac.text());
  vf.master = facts.nic.nic->link.index;
  vf.slave = true;
  return vf;
}

void use_network_manager(Facts& facts, std::vector<std::string> unmanaged) {
  host_of(facts).networkd->runs = false;
  host_of(facts).network_manager = {.runs = true, .unmanaged = std::move(unmanaged), .cloud_setup = false};
}

net::PacketFilter legacy(std::size_t rules, std::string policy) {
  return {.backend = "legacy",
          .rules = rules,
          .forward_policy = std::move(policy),
          .forward_jumps = {"DOCKER-USER"},
          .forward_accepts_all = false};
}

void set_at_boot(Facts& facts, std::string key, std::string value) {
  std::erase_if(*host_of(facts).boot_sysctls, [&key](const auto& each) { return each.key == key; });
  host_of(facts).boot_sysctls->push_back(
      {std::move(key), std::move(value), "/etc/sysctl.d/60-hardening.conf"});
}

bool anywhere(const Facts&) { return true; }
bool on_overlays(const Facts& facts) {
  return facts.policy.mode == Mode::flannel || facts.policy.mode == Mode::calico_vxlan;
}
bool on_flannel(const Facts& facts) { return facts.policy.mode == Mode::flannel; }
bool on_plain_flannel(const Facts& facts) { return facts.surroundings.cni->flannel_lease.has_value(); }
bool on_calico_vxlan(const Facts& facts) { return facts.policy.mode == Mode::calico_vxlan; }
bool with_calico(const Facts& facts) { return facts.surroundings.host->felix.has_value(); }
bool on_azure_cni(const Facts& facts) { return facts.policy.mode == Mode::azure_cni; }
bool with_named_links(const Facts& facts) { return with_calico(facts) || on_overlays(facts); }
bool with_sink(const Facts& facts) { return facts.policy.mode != Mode::azure_cni; }
bool with_a_told_mac(const Facts& facts) { return facts.policy.mode != Mode::udr; }

/// One thing that is wrong; on every node that it can happen to, exactly one check says so.
struct HostFault {
  const char* name;
  bool (*where)(const Facts&);
  std::function<void(Facts&)> inject;
  const char* id;
  const char* message;
  const char* remedy;
};

const HostFault kOverlayFaults[] = {
    {"no overlay in flannel", on_flannel, lose_overlay, "overlay.device",
     "there is no flannel.1, though pods are here", "kubectl delete pod"},
    {"no overlay in Calico's VXLAN", on_calico_vxlan, lose_overlay, "overlay.device",
     "there is no vxlan.calico", "'k8s-app in (calico-node, canal)'"},
    {"nobody says that flannel has been here",
     [](const Facts& f) { return on_flannel(f) && !on_plain_flannel(f); },
     [](Facts& f) {
       lose_overlay(f);
       (**f.evidence.node).flannel.reset();
     },
     "cni.mode", "there is no overlay", "# set mode = \"udr\""},
    {"the overlay is down, and its routes went with it", on_overlays,
     [](Facts& f) {
       overlay_of(f).up = false;
       lose_ways(f);
     },
     "overlay.device", "is down", "up && kubectl delete pod"},
    {"another VNI than the name says", on_flannel, [](Facts& f) { overlay_of(f).vxlan->vni = 7; },
     "overlay.device", "flannel.1 carries VNI 7", "ip link delete flannel.1 && kubectl"},
    {"no port", on_overlays, [](Facts& f) { overlay_of(f).vxlan->port = 0; }, "overlay.device", "UDP port 0",
     "ip link delete"},
    {"the address of another NIC", on_overlays,
     [](Facts& f) { overlay_of(f).vxlan->local = address("10.241.0.4"); }, "overlay.device",
     "sends from 10.241.0.4, which is no address of eth0", "where it comes back like this"},
    {"another node's own address", on_flannel,
     [](Facts& f) {
       overlay_of(f).addresses = {{address("10.244.9.0"), 32}};
     },
     "overlay.device", "flannel.1 has 10.244.9.0, not 10.244.1.0 of this node's 10.244.1.0/24",
     "kubectl delete pod"},
    {"no own address", on_flannel, [](Facts& f) { overlay_of(f).addresses.clear(); }, "overlay.device",
     "flannel.1 has no address", "kubectl delete pod"},
    {"an overlay as large as its NIC", on_overlays, [](Facts& f) { overlay_of(f).mtu = 1500; },
     "overlay.device", "has MTU 1500, above the 1500 - 50 of eth0", "mtu 1450 && kubectl"},
    {"a MAC that udev has rewritten", on_flannel,
     [](Facts& f) { overlay_of(f).mac = mac("3a:01:02:03:04:05"); }, "overlay.vtep",
     "other nodes are told MAC 66:00:00:00:00:01, flannel.1 has 3a:01:02:03:04:05", "udev.mac_policy"},
    {"an old public address", on_flannel,
     [](Facts& f) { annotations_of(f).public_ip = address("10.240.0.99"); }, "overlay.vtep",
     "other nodes are told 10.240.0.99, which is no address of eth0", "--iface"},
    {"no neighbour", on_overlays, [](Facts& f) { data_plane_of(f).neighbours.pop_back(); }, "overlay.peers",
     "no permanent neighbour entry has the MAC of 10.244.3.", "kubectl delete pod"},
    {"no forwarding entry", on_overlays, [](Facts& f) { data_plane_of(f).forwarding.clear(); },
     "overlay.peers", "no forwarding entry has the node of 66:00:00:00:00:02, and 1 more", "kubectl"},
    {"a route by flannel lost", on_flannel,
     [](Facts& f) {
       auto& routes = data_plane_of(f).routes;
       routes.erase(std::find_if(routes.begin(), routes.end(),
                                 [](const auto& each) { return each.device == kOverlayLink; }));
     },
     "overlay.peers", "no route by flannel.1 leads to the pods of node 10.240.0.5 (66:00:00:00:00:02)",
     "does not look again by itself"},
    {"flannel's link went down and came back", on_flannel, lose_ways, "overlay.peers",
     "node 10.240.0.5 (66:00:00:00:00:02), and 1 more", "does not look again by itself"},
    {"host-gw", on_flannel,
     [](Facts& f) {
       lose_overlay(f);
       annotations_of(f) = {.backend_type = "host-gw", .vtep_mac = {}, .public_ip = address("10.240.0.4")};
       add_direct_route(f);
     },
     "overlay.backend", "host-gw", "kubectl edit configmap"},
    {"host-gw, and the API server is not asked", on_flannel,
     [](Facts& f) {
       lose_overlay(f);
       f.evidence.node.reset();
       add_direct_route(f);
     },
     "overlay.backend", "10.244.2.0/24 via 10.240.0.5 dev eth0", "kubectl edit configmap"},
    {"DirectRouting", on_flannel, add_direct_route, "overlay.backend", "DirectRouting of vxlan",
     "without DirectRouting"},
    {"CrossSubnet", on_calico_vxlan, add_direct_route, "overlay.backend", "vxlanMode CrossSubnet",
     "{\"spec\":{\"vxlanMode\":\"Always\"}}"},
    {"alloc", on_flannel,
     [](Facts& f) {
       lose_overlay(f);
       annotations_of(f) = {.backend_type = "alloc", .vtep_mac = {}, .public_ip = address("10.240.0.4")};
     },
     "overlay.backend", "flannel's backend is alloc", "mode = \"udr\""},
    {"ipip", on_flannel,
     [](Facts& f) {
       lose_overlay(f);
       annotations_of(f).backend_type = "ipip";
     },
     "overlay.backend", "flannel's backend is ipip", "\"vxlan\""},
    {"udp", on_flannel,
     [](Facts& f) {
       lose_overlay(f);
       annotations_of(f).backend_type = "udp";
     },
     "overlay.backend", "flannel's backend is udp", "\"vxlan\""},
    {"no lease", on_plain_flannel,
     [](Facts& f) { cni_of(f).flannel_lease = net::failure(ENOENT, "/run/flannel/subnet.env is not there"); },
     "flannel.subnet_env", "/run/flannel/subnet.env is not there", "--selector app=flannel"},
    {"another node's lease, which flannel.1 follows", on_plain_flannel,
     [](Facts& f) {
       cni_of(f).flannel_lease->subnets = {prefix("10.244.9.0/24")};
       overlay_of(f).addresses = {{address("10.244.9.0"), 32}};
     },
     "flannel.subnet_env", "says 10.244.9.0/24, this node's pod CIDR is 10.244.1.0/24", "kubectl delete pod"},
    {"another node's lease is all that is believed", on_plain_flannel,
     [](Facts& f) {
       cni_of(f).flannel_lease->subnets = {prefix("10.244.9.0/24")};
       overlay_of(f).addresses = {{address("10.244.9.0"), 32}};
       link_of(f, "cni0").addresses = {{address("10.244.9.1"), 24}};
       f.policy.node_cidrs = {prefix("10.244.9.0/24")};
       cni_of(f).host_local->clear();
       testing::settle(f, Mode::flannel);
     },
     "flannel.subnet_env", "says 10.244.9.0/24, this node's pod CIDR is 10.244.1.0/24", "kubectl delete pod"},
    {"a lease without a subnet", on_plain_flannel, [](Facts& f) { cni_of(f).flannel_lease->subnets.clear(); },
     "flannel.subnet_env", "says no subnet", "kubectl"},
    {"a lease outside flannel's network", on_plain_flannel,
     [](Facts& f) { cni_of(f).flannel_lease->networks = {prefix("10.42.0.0/16")}; }, "flannel.subnet_env",
     "10.244.1.0/24 is outside flannel's network 10.42.0.0/16", "kube-flannel-cfg"},
    {"a lease as large as the NIC", on_plain_flannel, [](Facts& f) { cni_of(f).flannel_lease->mtu = 1500; },
     "flannel.subnet_env", "FLANNEL_MTU 1500 is above the 1450 of flannel.1", "MTU above 1450"},
    {"lease and flannel.1 as large as the NIC", on_plain_flannel,
     [](Facts& f) {
       cni_of(f).flannel_lease->mtu = 1500;
       overlay_of(f).mtu = 1500;
     },
     "overlay.device", "has MTU 1500", "mtu 1450"},
};

const HostFault kMachineFaults[] = {
    {"docker drops what it does not know", anywhere,
     [](Facts& f) { host_of(f).packet_filters->push_back(legacy(0, "DROP")); }, "netfilter.forward",
     "DROP in iptables' legacy backend", "iptables-legacy -P FORWARD ACCEPT"},
    {"FORWARD drops, and nobody accepts", anywhere,
     [](Facts& f) {
       host_of(f).packet_filters->front().forward_policy = "DROP";
       host_of(f).packet_filters->front().forward_jumps = {"DOCKER-USER"};
     },
     "netfilter.forward", "DROP in iptables' nft backend", "iptables-nft -P FORWARD ACCEPT"},
    {"rules in both backends", anywhere,
     [](Facts& f) { host_of(f).packet_filters->push_back(legacy(31, "ACCEPT")); }, "netfilter.backends",
     "iptables' nft backend holds 214 rules and legacy 31", "iptables-legacy-save"},
    {"a full table of connections", anywhere,
     [](Facts& f) { host_of(f).conntrack = net::Conntrack{.entries = 240000, .room = 262144}; },
     "conntrack.room", "240000 of 262144 connections",
     "sysctl -w net.netfilter.nf_conntrack_max=524288 && echo"},
    {"networkd drops the sink", with_sink,
     [](Facts& f) {
       host_of(f).networkd = {
           .runs = true, .manages_foreign_routes = true, .manages_foreign_rules = true, .file = ""};
     },
     "networkd.foreign_routes", "systemd-networkd manages routes and rules of others",
     "mkdir -p /etc/systemd/networkd.conf.d && printf "
     "'[Network]\\nManageForeignRoutes=no\\nManageForeignRoutingPolicyRules=no\\n' > "
     "/etc/systemd/networkd.conf.d/10-calico-azure-agent.conf && systemctl restart systemd-networkd"},
    {"networkd is told by a file behind ours", anywhere,
     [](Facts& f) {
       host_of(f).networkd->manages_foreign_rules = true;
       host_of(f).networkd->file = "/etc/systemd/networkd.conf.d/90-site.conf";
     },
     "networkd.foreign_routes", "manages rules of others: /etc/systemd/networkd.conf.d/90-site.conf",
     "# set ManageForeignRoutes=no"},
    {"networkd is told by its own file", anywhere,
     [](Facts& f) {
       host_of(f).networkd->manages_foreign_routes = true;
       host_of(f).networkd->file = "/etc/systemd/networkd.conf";
     },
     "networkd.foreign_routes", "manages routes of others: /etc/systemd/networkd.conf",
     "mkdir -p /etc/systemd/networkd.conf.d"},
    {"NetworkManager takes Calico's links", with_calico,
     [](Facts& f) {
       use_network_manager(f, {"interface-name:flannel*", "interface-name:vxlan.calico"});
     },
     "networkmanager.unmanaged", "NetworkManager manages ", "interface-name:"},
    {"NetworkManager takes flannel's link", on_flannel,
     [](Facts& f) {
       use_network_manager(f, {"interface-name:cali*", "type:veth", "mac:00:0d:3a:f8:06:ec"});
     },
     "networkmanager.unmanaged", "NetworkManager manages flannel*", "interface-name:flannel*"},
    {"NetworkManager takes a name that is spelled out", on_calico_vxlan,
     [](Facts& f) {
       use_network_manager(f, {"interface-name:=cali*", "interface-name:vxlan*"});
     },
     "networkmanager.unmanaged", "NetworkManager manages cali*",
     "unmanaged-devices+=interface-name:cali*;interface-name:vxlan.calico\\n' > "
     "/etc/NetworkManager/conf.d/90-calico-azure-agent.conf"},
    {"NetworkManager makes an exception", on_azure_cni,
     [](Facts& f) {
       use_network_manager(f, {"*", "except:interface-name:azv*"});
     },
     "networkmanager.unmanaged", "NetworkManager manages azv*", "interface-name:azv*"},
    {"nm-cloud-setup", anywhere,
     [](Facts& f) {
       use_network_manager(f, {"*"});
       host_of(f).network_manager->cloud_setup = true;
     },
     "networkmanager.unmanaged", "nm-cloud-setup is enabled", "systemctl disable --now nm-cloud-setup.timer"},
    {"udev rewrites MACs", with_a_told_mac,
     [](Facts& f) {
       host_of(f).link_files->back().mac_address_policy = "persistent";
       host_of(f).link_files->back().file = "/usr/lib/systemd/network/99-default.link";
     },
     "udev.mac_policy", "/usr/lib/systemd/network/99-default.link says MACAddressPolicy=persistent for ",
     "MACAddressPolicy=none\\n' > /etc/systemd/network/50-calico-azure-agent.link"},
    {"udev is told by a file before ours", with_a_told_mac,
     [](Facts& f) {
       host_of(f).link_files->back().mac_address_policy = "persistent";
       host_of(f).link_files->back().file = "/etc/systemd/network/20-site.link";
     },
     "udev.mac_policy", "/etc/systemd/network/20-site.link says MACAddressPolicy=persistent for ",
     "# set MACAddressPolicy=none in /etc/systemd/network/20-site.link"},
    {"forwarding off at the next boot", anywhere,
     [](Facts& f) { set_at_boot(f, "net/ipv4/ip_forward", "0"); }, "sysctl.persistence",
     "/etc/sysctl.d/60-hardening.conf sets net.ipv4.ip_forward = 0 for the next boot",
     "# set net.ipv4.ip_forward = 1 in /etc/sysctl.d/60-hardening.conf"},
    {"all forwarding off at the next boot", anywhere,
     [](Facts& f) { set_at_boot(f, "net/ipv4/conf/all/forwarding", "0"); }, "sysctl.persistence",
     "net.ipv4.conf.all.forwarding = 0", "# set"},
    {"the NIC's forwarding off at the next boot", anywhere,
     [](Facts& f) { set_at_boot(f, "net/ipv4/conf/eth0/forwarding", "0"); }, "sysctl.persistence",
     "net.ipv4.conf.eth0.forwarding = 0", "# set"},
    {"Felix will not start after the next boot", anywhere,
     [](Facts& f) { set_at_boot(f, "net/ipv4/conf/all/rp_filter", "2"); }, "sysctl.persistence",
     "net.ipv4.conf.all.rp_filter = 2", "# set net.ipv4.conf.all.rp_filter = 1"},
    {"switched on by hand", anywhere, [](Facts& f) { host_of(f).boot_sysctls->clear(); },
     "sysctl.persistence", "no file sets net.ipv4.ip_forward",
     "echo 'net.ipv4.ip_forward = 1' >> /etc/sysctl.d/99-calico-azure-agent.conf"},
    {"forwarding off now and at the next boot is one fault", anywhere,
     [](Facts& f) {
       set_at_boot(f, "net/ipv4/ip_forward", "0");
       f.sysctls.insert_or_assign("net/ipv4/ip_forward", net::Result<std::string>("0"));
     },
     "sysctl.ip_forward", "net.ipv4.ip_forward is 0", "sysctl -w"},
    {"DHCP on the virtual function", anywhere,
     [](Facts& f) {
       f.links.push_back(vf_of(f));
       f.links.back().addresses = {{address("fe80::1"), 64}, {address("10.240.0.4"), 24}};
     },
     "nic.vf", "enP30832s1 is the virtual function of eth0 and has 10.240.0.4",
     "ip address flush dev enP30832s1 && ip route flush dev enP30832s1"},
    {"a default route by the virtual function", anywhere,
     [](Facts& f) {
       f.links.push_back(vf_of(f));
       data_plane_of(f).routes.insert(data_plane_of(f).routes.begin(),
                                      route("0.0.0.0/0", "10.240.0.1", 3, 16, 100));
     },
     "nic.vf", "has a default route", "Driver=mlx4_core mlx5_core mana"},
    {"no rule to table main", anywhere,
     [](Facts& f) {
       data_plane_of(f).main_rule = false;
       data_plane_of(f).default_rule = false;
     },
     "routes.main_rules", "\"from all lookup main\" is gone", "ip rule add from all lookup main pref 32766"},
    {"no rule to table default", anywhere, [](Facts& f) { data_plane_of(f).default_rule = false; },
     "routes.main_rules", "\"from all lookup default\" is gone",
     "ip rule add from all lookup default pref 32767"},
};

void expect_told_by_one_check(const HostFault& fault) {
  std::set<std::string> remedies;
  std::size_t nodes = 0;
  for (const auto& node : testing::kHealthyNodes) {
    auto facts = node.facts();
    if (!fault.where(facts)) continue;
    SCOPED_TRACE(std::string(fault.name) + " on " + node.name);
    ++nodes;
    EXPECT_TRUE(failures(facts).empty());
    fault.inject(facts);
    const auto failed = failures(facts);
    std::string all;
    for (const auto& each : failed) all += each.id + ": " + each.message + "\n";
    EXPECT_EQ(failed.size(), 1U) << all;
    if (failed.size() != 1) continue;
    const auto& told = failed.front();
    EXPECT_EQ(told.id, fault.id) << all;
    EXPECT_NE(told.message.find(fault.message), std::string::npos) << told.message;
    EXPECT_EQ(told.message.find('\n'), std::string::npos) << told.message;
    EXPECT_NE(told.remedy.find(fault.remedy), std::string::npos) << told.remedy;
    if (remedies.insert(told.remedy).second) {
      EXPECT_TRUE(testing::is_shell(told.remedy)) << told.remedy;
    }
    EXPECT_FALSE(told.why.empty());
    EXPECT_TRUE(!told.gate || told.id == "sysctl.ip_forward");
  }
  EXPECT_GT(nodes, 0U) << fault.name;
}

TEST(HostChecks, EveryFaultOfAnOverlayIsToldByOneCheckAloneWithARemedyThatAShellCanRead) {
  for (const auto& fault : kOverlayFaults) expect_told_by_one_check(fault);
}

TEST(HostChecks, EveryFaultOfTheMachineIsToldByOneCheckAloneWithARemedyThatAShellCanRead) {
  for (const auto& fault : kMachineFaults) expect_told_by_one_check(fault);
}

/// A state in which nothing is wrong as far as anyone can tell: no check fails, and one says what it knows.
struct HostCalm {
  const char* name;
  bool (*where)(const Facts&);
  std::function<void(Facts&)> change;
  const char* id;
  CheckStatus status;
  const char* message;
};

const HostCalm kHostCalms[] = {
    {"flanneld has not started, and there is no pod", on_flannel,
     [](Facts& f) {
       lose_overlay(f);
       std::erase_if(f.links, [](const auto& each) { return each.kind == "veth"; });
       data_plane_of(f).routes.clear();
       f.surroundings.pod_sysctls.clear();
       for (auto& each : *cni_of(f).host_local) each.reserved.clear();
       (**f.evidence.node).flannel.reset();
     },
     "overlay.device", CheckStatus::unknown, "flanneld makes it when it starts"},
    {"another port is read and named", on_overlays, [](Facts& f) { overlay_of(f).vxlan->port = 4790; },
     "overlay.device", CheckStatus::pass, "UDP port 4790, from 10.240.0.4, MTU 1450"},
    {"FelixConfiguration says another VNI", on_calico_vxlan, [](Facts& f) { overlay_of(f).vxlan->vni = 77; },
     "overlay.device", CheckStatus::pass, "VNI 77 instead of Calico's 4096"},
    {"a smaller overlay", on_overlays, [](Facts& f) { overlay_of(f).mtu = 1400; }, "overlay.device",
     CheckStatus::pass, "MTU 1400"},
    {"an address that the NIC has besides", on_overlays,
     [](Facts& f) {
       f.nic.nic->azure.addresses.push_back(address("10.240.0.77"));
       overlay_of(f).vxlan->local = address("10.240.0.77");
     },
     "overlay.device", CheckStatus::pass, "from 10.240.0.77"},
    {"leases in etcd", on_flannel, [](Facts& f) { (**f.evidence.node).flannel.reset(); }, "overlay.vtep",
     CheckStatus::unknown, "keeps leases in etcd"},
    {"Calico has no annotation", on_calico_vxlan, [](Facts&) {}, "overlay.vtep", CheckStatus::skip, "Felix"},
    {"a cluster of one node", on_overlays,
     [](Facts& f) {
       lose_ways(f);
       data_plane_of(f).forwarding.clear();
     },
     "overlay.peers", CheckStatus::pass, "no other node"},
    {"Felix knows a node without pods", on_calico_vxlan, lose_ways, "overlay.peers", CheckStatus::pass,
     "no other node"},
    {"a peer's former MAC stays behind", on_flannel,
     [](Facts& f) {
       data_plane_of(f).forwarding.push_back({kOverlayLink, mac("66:00:00:00:00:ff"), address("10.240.0.5")});
     },
     "overlay.peers", CheckStatus::pass, "2 other nodes, each with its route"},
    {"routes that were cut accuse nobody", on_overlays,
     [](Facts& f) {
       data_plane_of(f).routes_cut = true;
       data_plane_of(f).neighbours.clear();
     },
     "overlay.peers", CheckStatus::unknown, "more routes"},
    {"entries that were cut accuse nobody", on_overlays,
     [](Facts& f) {
       data_plane_of(f).entries_cut = true;
       data_plane_of(f).forwarding.clear();
     },
     "overlay.peers", CheckStatus::unknown, "more routes"},
    {"offload is what a fresh link has", on_flannel,
     [](Facts& f) { data_plane_of(f).checksums.front().on = true; }, "overlay.checksum_offload",
     CheckStatus::pass, "take 63 s: ethtool -K flannel.1 tx-checksum-ip-generic off"},
    {"our own routes are no host-gw", on_overlays,
     [](Facts& f) {
       data_plane_of(f).routes.push_back(route("10.244.0.0/16", "10.240.0.9", 2, f.policy.protocol));
       data_plane_of(f).routes.push_back(route("10.244.9.0/24", "10.240.0.1", 2, 4, 0));
       data_plane_of(f).routes.push_back(route("192.168.0.0/16", "10.240.0.9", 2, 4, 0));
     },
     "overlay.backend", CheckStatus::pass, "no route past it"},
    {"WireGuard is not looked at", on_flannel,
     [](Facts& f) {
       lose_overlay(f);
       annotations_of(f).backend_type = "wireguard";
     },
     "overlay.backend", CheckStatus::unknown, "flannel's backend wireguard is not looked at"},
    {"canal keeps its lease to itself", [](const Facts& f) { return on_flannel(f) && !on_plain_flannel(f); },
     [](Facts&) {}, "flannel.subnet_env", CheckStatus::skip, "not made by flannel's plug-in"},
    {"no lease before flanneld", on_plain_flannel,
     [](Facts& f) {
       lose_overlay(f);
       std::erase_if(f.links, [](const auto& each) { return each.kind == "veth" || each.kind == "bridge"; });
       cni_of(f).host_local->clear();
       cni_of(f).flannel_lease = net::failure(ENOENT, "/run/flannel/subnet.env is not there");
     },
     "flannel.subnet_env", CheckStatus::unknown, "flanneld has not acquired a lease yet"},
    {"FORWARD drops, and somebody accepts before", anywhere,
     [](Facts& f) { host_of(f).packet_filters->front().forward_policy = "DROP"; }, "netfilter.forward",
     CheckStatus::pass, "no FORWARD chain"},
    {"FORWARD drops after all was accepted", anywhere,
     [](Facts& f) {
       host_of(f).packet_filters->push_back(legacy(0, "DROP"));
       host_of(f).packet_filters->back().forward_accepts_all = true;
     },
     "netfilter.forward", CheckStatus::pass, "no FORWARD chain"},
    {"an empty backend", anywhere,
     [](Facts& f) { host_of(f).packet_filters->push_back(legacy(0, "ACCEPT")); }, "netfilter.backends",
     CheckStatus::pass, "all 214 rules are in nft"},
    {"no iptables", anywhere, [](Facts& f) { host_of(f).packet_filters->clear(); }, "netfilter.backends",
     CheckStatus::skip, "not installed"},
    {"a table of connections without a limit", anywhere,
     [](Facts& f) { host_of(f).conntrack = net::Conntrack{.entries = 240000, .room = 0}; }, "conntrack.room",
     CheckStatus::pass, "240000 of 0"},
    {"no networkd", anywhere, [](Facts& f) { host_of(f).networkd = net::NetworkdSettings{}; },
     "networkd.foreign_routes", CheckStatus::skip, "does not run"},
    {"NetworkManager leaves them alone", with_named_links,
     [](Facts& f) {
       use_network_manager(
           f, {"interface-name:cali*", "interface-name:~azv*", "interface-name:flannel.?", "type:vxlan"});
     },
     "networkmanager.unmanaged", CheckStatus::pass, "leaves links"},
    {"no .link file is about the links", with_a_told_mac, [](Facts& f) { host_of(f).link_files->clear(); },
     "udev.mac_policy", CheckStatus::pass, "leaves the MAC of"},
    {"sysctls that the agent enforces", anywhere,
     [](Facts& f) {
       f.policy.enforce_sysctls = true;
       set_at_boot(f, "net/ipv4/ip_forward", "0");
     },
     "sysctl.persistence", CheckStatus::pass, "sysctls.action"},
    {"a virtual function that is left alone", anywhere,
     [](Facts& f) {
       f.links.push_back(vf_of(f));
       f.links.back().addresses = {{address("fe80::1"), 64}};
     },
     "nic.vf", CheckStatus::pass, "enP30832s1 has no address"},
};

TEST(HostChecks, AccuseNobodyWhereNothingIsWrong) {
  for (const auto& calm : kHostCalms) {
    std::size_t nodes = 0;
    for (const auto& node : testing::kHealthyNodes) {
      auto facts = node.facts();
      if (!calm.where(facts)) continue;
      SCOPED_TRACE(std::string(calm.name) + " on " + node.name);
      ++nodes;
      calm.change(facts);
      for (const auto& each : failures(facts)) ADD_FAILURE() << each.id << ": " << each.message;
      const auto said = result(facts, calm.id);
      EXPECT_EQ(said.status, calm.status) << said.message;
      EXPECT_NE(said.message.find(calm.message), std::string::npos) << said.message;
    }
    EXPECT_GT(nodes, 0U) << calm.name;
  }
}

TEST(HostChecks, PassOrDoNotApplyOnEveryHealthyNode) {
  for (const auto& node : testing::kHealthyNodes) {
    for (const auto& each : assess(node.facts(), {}, WallTime{})) {
      EXPECT_NE(each.status, CheckStatus::fail) << node.name << ": " << each.id << ": " << each.message;
      if (each.id.starts_with("overlay.") || each.id.starts_with("netfilter.") ||
          each.id == "sysctl.persistence") {
        EXPECT_NE(each.status, CheckStatus::unknown) << node.name << ": " << each.id << ": " << each.message;
      }
    }
  }
}

TEST(HostChecks, SayUnknownWhereNobodyCouldLook) {
  for (const auto& node : testing::kHealthyNodes) {
    auto refused = node.facts();
    const auto error = net::failure(EACCES, "permission denied");
    refused.surroundings.data_plane = error;
    auto& host = host_of(refused);
    host.boot_sysctls = error;
    host.networkd = error;
    host.network_manager = error;
    host.link_files = error;
    host.packet_filters = error;
    host.conntrack = error;
    auto unseen = node.facts();
    unseen.surroundings = {};
    for (const auto& facts : {refused, unseen}) {
      for (const auto* id :
           {"overlay.peers", "overlay.checksum_offload", "overlay.backend", "netfilter.forward",
            "netfilter.backends", "conntrack.room", "networkd.foreign_routes", "networkmanager.unmanaged",
            "udev.mac_policy", "sysctl.persistence", "routes.main_rules"}) {
        const auto said = result(facts, id);
        EXPECT_TRUE(said.status == CheckStatus::unknown || said.status == CheckStatus::skip)
            << node.name << ": " << id << ": " << said.message;
      }
      EXPECT_EQ(result(facts, "conntrack.room").status, CheckStatus::unknown);
    }
  }
}

TEST(HostChecks, AStrangersWordsStayOneLineAndRunNothing) {
  auto facts = testing::udr_with_calico();
  set_at_boot(facts, "net/ipv4/ip_forward", "0");
  host_of(facts).boot_sysctls->back().file = "/etc/sysctl.d/1\nreboot #.conf";
  const auto said = result(facts, "sysctl.persistence");
  EXPECT_EQ(said.remedy,
            "# set net.ipv4.ip_forward = 1 in /etc/sysctl.d/1 reboot #.conf, which has the last word");
}

}  // namespace
}  // namespace agent
