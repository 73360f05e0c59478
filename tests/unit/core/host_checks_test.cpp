#include <gtest/gtest.h>

#include "tests/unit/core/each_node.h"

namespace agent {
namespace {

using testing::address;
using testing::anywhere;
using testing::CalmOfNodes;
using testing::data_plane_of;
using testing::FaultOfNodes;
using testing::host_of;
using testing::mac;
using testing::on_azure_cni;
using testing::on_calico_vxlan;
using testing::on_flannel;
using testing::on_overlays;
using testing::result;
using testing::route;
using testing::with_calico;

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

/// Where others make links by names that they can be told by.
bool with_named_links(const Facts& facts) { return with_calico(facts) || on_overlays(facts); }
bool with_sink(const Facts& facts) { return !on_azure_cni(facts); }
bool with_a_told_mac(const Facts& facts) { return on_overlays(facts) || on_azure_cni(facts); }

const FaultOfNodes kHostFaults[] = {
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
    {"networkd is told by a file before ours", anywhere,
     [](Facts& f) {
       host_of(f).networkd->manages_foreign_routes = true;
       host_of(f).networkd->file = "/etc/systemd/networkd.conf.d/05-site.conf";
     },
     "networkd.foreign_routes", "05-site.conf", "mkdir -p /etc/systemd/networkd.conf.d"},
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
     "echo 'net.ipv4.ip_forward = 1' >> /etc/sysctl.d/99-calico-azure.conf"},
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

TEST(HostChecks, EveryFaultIsToldByOneCheckAloneWithARemedyThatAShellCanRead) {
  for (const auto& fault : kHostFaults) testing::expect_told_by_one_check(fault);
}

const CalmOfNodes kHostCalms[] = {
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
  for (const auto& calm : kHostCalms) testing::expect_calm(calm);
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
