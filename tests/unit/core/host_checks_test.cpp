#include <fnmatch.h>
#include <gtest/gtest.h>

#include "tests/unit/core/broken_nodes.h"
#include "tests/unit/core/each_node.h"

namespace agent {
namespace {

using testing::address;
using testing::anywhere;
using testing::data_plane_of;
using testing::FaultOfNodes;
using testing::HealthyNodes;
using testing::host_of;
using testing::mac;
using testing::on_azure_cni;
using testing::on_calico_vxlan;
using testing::on_flannel;
using testing::on_overlays;
using testing::result;
using testing::route;
using testing::with_calico;
using testing::with_named_links;
using testing::with_sink;

net::Link vf_of(const checks::Facts& facts) {
  auto vf = testing::link(3, "enP30832s1", facts.nic.nic->azure.mac.text());
  vf.master = facts.nic.nic->link.index;
  vf.slave = true;
  return vf;
}

void use_network_manager(checks::Facts& facts, std::vector<std::string> unmanaged) {
  host_of(facts).networkd->runs = false;
  host_of(facts).network_manager = {.runs = true, .unmanaged = std::move(unmanaged), .cloud_setup = false};
}

void make_random(observed::LinkFile& file, std::string path) {
  file.mac_origin = observed::MacOrigin::random;
  file.file = std::move(path);
}

void set_at_boot(checks::Facts& facts, std::string key, std::string value) {
  std::erase_if(*host_of(facts).boot_sysctls, [&key](const auto& each) { return each.key == key; });
  host_of(facts).boot_sysctls->push_back(
      {std::move(key), std::move(value), "/etc/sysctl.d/60-hardening.conf"});
}

bool with_a_told_mac(const checks::Facts& facts) { return on_overlays(facts) || on_azure_cni(facts); }

const FaultOfNodes kHostFaults[] = {
    {"networkd drops the sink", with_sink,
     [](checks::Facts& f) {
       host_of(f).networkd = {
           .runs = true, .manages_foreign_routes = true, .manages_foreign_rules = true, .file = ""};
     },
     "networkd.foreign_routes", "systemd-networkd manages routes and rules of others",
     "mkdir -p /etc/systemd/networkd.conf.d && printf "
     "'[Network]\\nManageForeignRoutes=no\\nManageForeignRoutingPolicyRules=no\\n' > "
     "/etc/systemd/networkd.conf.d/10-calico-azure-agent.conf && systemctl restart systemd-networkd"},
    {"networkd is told by a file behind ours", anywhere,
     [](checks::Facts& f) {
       host_of(f).networkd->manages_foreign_rules = true;
       host_of(f).networkd->file = "/etc/systemd/networkd.conf.d/90-site.conf";
     },
     "networkd.foreign_routes", "manages rules of others: /etc/systemd/networkd.conf.d/90-site.conf",
     "# set ManageForeignRoutes=no"},
    {"networkd is told by a file before ours", anywhere,
     [](checks::Facts& f) {
       host_of(f).networkd->manages_foreign_routes = true;
       host_of(f).networkd->file = "/etc/systemd/networkd.conf.d/05-site.conf";
     },
     "networkd.foreign_routes", "05-site.conf", "mkdir -p /etc/systemd/networkd.conf.d"},
    {"networkd is told by its own file", anywhere,
     [](checks::Facts& f) {
       host_of(f).networkd->manages_foreign_routes = true;
       host_of(f).networkd->file = "/etc/systemd/networkd.conf";
     },
     "networkd.foreign_routes", "manages routes of others: /etc/systemd/networkd.conf",
     "mkdir -p /etc/systemd/networkd.conf.d"},
    {"NetworkManager takes Calico's WireGuard", on_calico_vxlan,
     [](checks::Facts& f) {
       f.links.edit().push_back(testing::link(95, "wireguard.cali", "66:00:00:00:00:95"));
       f.links.edit().back().mtu = 1440;
       f.links.edit().push_back(testing::link(96, "wg-v6.cali", "66:00:00:00:00:96"));
       f.links.edit().back().mtu = 1420;
       use_network_manager(f, {"interface-name:cali*", "interface-name:vxlan.calico"});
     },
     "networkmanager.unmanaged", "NetworkManager manages wireguard.cali, wg-v6.cali",
     "interface-name:wireguard.cali;interface-name:wg-v6.cali'"},
    {"NetworkManager takes Calico's VXLAN of IPv6", on_calico_vxlan,
     [](checks::Facts& f) {
       f.links.edit().push_back(testing::link(95, "vxlan-v6.calico", "66:00:00:00:00:95"));
       use_network_manager(f, {"interface-name:cali*", "interface-name:vxlan.calico"});
     },
     "networkmanager.unmanaged", "NetworkManager manages vxlan-v6.calico", "interface-name:vxlan-v6.calico'"},
    {"NetworkManager takes Calico's links", with_calico,
     [](checks::Facts& f) {
       use_network_manager(f, {"interface-name:flannel*", "interface-name:vxlan.calico"});
     },
     "networkmanager.unmanaged", "NetworkManager manages ", "interface-name:"},
    {"NetworkManager takes flannel's link", on_flannel,
     [](checks::Facts& f) {
       use_network_manager(f, {"interface-name:cali*", "type:veth", "mac:00:0d:3a:f8:06:ec"});
     },
     "networkmanager.unmanaged", "NetworkManager manages flannel*", "interface-name:flannel*"},
    {"NetworkManager takes a name that is spelled out", on_calico_vxlan,
     [](checks::Facts& f) {
       use_network_manager(f, {"interface-name:=cali*", "interface-name:vxlan*"});
     },
     "networkmanager.unmanaged", "NetworkManager manages cali*",
     "printf '%s\\n' '[keyfile]' 'unmanaged-devices+=interface-name:cali*;interface-name:vxlan.calico' > "
     "/etc/NetworkManager/conf.d/90-calico-azure-agent.conf"},
    {"NetworkManager makes an exception", on_azure_cni,
     [](checks::Facts& f) {
       use_network_manager(f, {"*", "except:interface-name:azv*"});
     },
     "networkmanager.unmanaged", "NetworkManager manages azv*", "interface-name:azv*"},
    {"nm-cloud-setup", anywhere,
     [](checks::Facts& f) {
       use_network_manager(f, {"*"});
       host_of(f).network_manager->cloud_setup = true;
     },
     "networkmanager.unmanaged", "nm-cloud-setup is enabled", "systemctl disable --now nm-cloud-setup.timer"},
    {"udev rewrites MACs", with_a_told_mac,
     [](checks::Facts& f) {
       make_random(host_of(f).link_files->back(), "/usr/lib/systemd/network/99-default.link");
     },
     "udev.mac_policy", "/usr/lib/systemd/network/99-default.link sets MACAddressPolicy=persistent for ",
     "MACAddressPolicy=none > /etc/systemd/network/50-calico-azure-agent.link"},
    {"udev is told by a file before ours", with_a_told_mac,
     [](checks::Facts& f) {
       make_random(host_of(f).link_files->back(), "/etc/systemd/network/20-site.link");
     },
     "udev.mac_policy", "/etc/systemd/network/20-site.link sets MACAddressPolicy=persistent for ",
     "# set MACAddressPolicy=none in /etc/systemd/network/20-site.link"},
    {"forwarding off at the next boot", anywhere,
     [](checks::Facts& f) { set_at_boot(f, "net/ipv4/ip_forward", "0"); }, "sysctl.persistence",
     "/etc/sysctl.d/60-hardening.conf sets net.ipv4.ip_forward = 0 for the next boot",
     "# set net.ipv4.ip_forward = 1 in /etc/sysctl.d/60-hardening.conf"},
    {"all forwarding off at the next boot", anywhere,
     [](checks::Facts& f) { set_at_boot(f, "net/ipv4/conf/all/forwarding", "0"); }, "sysctl.persistence",
     "net.ipv4.conf.all.forwarding = 0", "# set"},
    {"the NIC's forwarding off at the next boot", anywhere,
     [](checks::Facts& f) { set_at_boot(f, "net/ipv4/conf/eth0/forwarding", "0"); }, "sysctl.persistence",
     "net.ipv4.conf.eth0.forwarding = 0", "# set"},
    {"forwarding off at the next boot, with words behind it", anywhere,
     [](checks::Facts& f) { set_at_boot(f, "net/ipv4/ip_forward", "0 # CIS 3.1.1"); }, "sysctl.persistence",
     "sets net.ipv4.ip_forward = 0 # CIS 3.1.1 for the next boot, which the kernel reads as 0", "# set"},
    {"forwarding off at the next boot, as C spells it", anywhere,
     [](checks::Facts& f) { set_at_boot(f, "net/ipv4/ip_forward", "0x0"); }, "sysctl.persistence",
     "sets net.ipv4.ip_forward = 0x0 for the next boot", "# set"},
    {"forwarding off at the next boot, with two digits", anywhere,
     [](checks::Facts& f) { set_at_boot(f, "net/ipv4/ip_forward", "00"); }, "sysctl.persistence",
     "sets net.ipv4.ip_forward = 00 for the next boot", "# set"},
    {"a value that the kernel refuses has the last word", anywhere,
     [](checks::Facts& f) { set_at_boot(f, "net/ipv4/ip_forward", "0;"); }, "sysctl.persistence",
     "sets net.ipv4.ip_forward = 0; for the next boot, which the kernel refuses: it stays 0",
     "# set net.ipv4.ip_forward = 1 in /etc/sysctl.d/60-hardening.conf"},
    {"switched on by hand", anywhere, [](checks::Facts& f) { host_of(f).boot_sysctls->clear(); },
     "sysctl.persistence", "no file sets net.ipv4.ip_forward",
     "printf '%s\\n' 'net.ipv4.ip_forward = 1' >> /etc/sysctl.d/99-calico-azure.conf"},
    {"forwarding off now and at the next boot is one fault", anywhere,
     [](checks::Facts& f) {
       set_at_boot(f, "net/ipv4/ip_forward", "0");
       f.sysctls.insert_or_assign("net/ipv4/ip_forward", net::Result<std::string>("0"));
     },
     "sysctl.ip_forward", "net.ipv4.ip_forward is 0", "sysctl -w"},
    {"DHCP on the virtual function", anywhere,
     [](checks::Facts& f) {
       f.links.edit().push_back(vf_of(f));
       f.links.edit().back().addresses = {{address("fe80::1"), 64}, {address("10.240.0.4"), 24}};
     },
     "nic.vf", "enP30832s1 is the virtual function of eth0 and has 10.240.0.4",
     "drain and reboot this node: enP30832s1 comes up without"},
    {"a default route by the virtual function", anywhere,
     [](checks::Facts& f) {
       f.links.edit().push_back(vf_of(f));
       data_plane_of(f).routes.insert(data_plane_of(f).routes.begin(),
                                      route("0.0.0.0/0", "10.240.0.1", 3, 16, 100));
     },
     "nic.vf", "has a default route", "ATTR{flags}==\"0x?[89a-f]??\""},
    {"no rule to table main", anywhere,
     [](checks::Facts& f) {
       data_plane_of(f).main_rule = false;
       data_plane_of(f).default_rule = false;
     },
     "routes.main_rules", "\"from all lookup main\" is gone", "ip rule add from all lookup main pref 32766"},
    {"no rule to table default", anywhere, [](checks::Facts& f) { data_plane_of(f).default_rule = false; },
     "routes.main_rules", "\"from all lookup default\" is gone",
     "ip rule add from all lookup default pref 32767"},
};

TEST(HostChecks, EveryFaultIsToldByOneCheckAloneWithARemedyThatAShellCanRead) {
  for (const auto& fault : kHostFaults) testing::expect_told_by_one_check(fault);
}

const bool kHostFaultsAreListed = testing::list_broken(kHostFaults);

const HealthyNodes kHealthyHosts[] = {
    {"networkd may not have read the file that says no", anywhere,
     [](checks::Facts& f) { host_of(f).networkd->unread_file = host_of(f).networkd->file; },
     "networkd.foreign_routes", checks::CheckStatus::unknown,
     "started before the last change of /etc/systemd/networkd.conf.d/10-calico-azure-agent.conf, and what it "
     "has read cannot be seen: where the file is new, systemctl restart systemd-networkd"},
    {"forwarding on, spelled otherwise", anywhere,
     [](checks::Facts& f) { set_at_boot(f, "net/ipv4/ip_forward", "0x1\t# on"); }, "sysctl.persistence",
     checks::CheckStatus::pass, "the next boot switches forwarding on"},
    {"the NIC keeps what it has where the kernel refuses its value", anywhere,
     [](checks::Facts& f) { set_at_boot(f, "net/ipv4/conf/eth0/forwarding", "no"); }, "sysctl.persistence",
     checks::CheckStatus::pass, "the next boot switches forwarding on"},
    {"no networkd", anywhere, [](checks::Facts& f) { host_of(f).networkd = observed::NetworkdSettings{}; },
     "networkd.foreign_routes", checks::CheckStatus::skip, "does not run"},
    {"NetworkManager leaves them alone", with_named_links,
     [](checks::Facts& f) {
       use_network_manager(
           f, {"interface-name:cali*", "interface-name:~azv*", "interface-name:flannel.?", "type:vxlan"});
     },
     "networkmanager.unmanaged", checks::CheckStatus::pass, "leaves links"},
    {"the distribution's 99-default.link, and MACs that their makers have set", with_a_told_mac,
     [](checks::Facts&) {}, "udev.mac_policy", checks::CheckStatus::pass, "leaves the MAC of"},
    {"NetworkManager where there is no link of Azure CNI's", on_azure_cni,
     [](checks::Facts& f) {
       use_network_manager(f, {});
       host_of(f).cns = 200;
       testing::winner_of(f).plugins.front() = {.type = "cilium-cni", .ipam = "azure-ipam"};
       std::erase_if(f.links.edit(), [](const auto& each) { return each.name.starts_with("azv"); });
       data_plane_of(f).routes.clear();
       f.environment.edit().pod_sysctls.clear();
     },
     "networkmanager.unmanaged", checks::CheckStatus::skip, "no link of a pod"},
    {"no .link file is about the links", with_a_told_mac,
     [](checks::Facts& f) { host_of(f).link_files->clear(); }, "udev.mac_policy", checks::CheckStatus::pass,
     "leaves the MAC of"},
    {"sysctls that the agent enforces", anywhere,
     [](checks::Facts& f) {
       f.policy.enforce_sysctls = true;
       set_at_boot(f, "net/ipv4/ip_forward", "0");
     },
     "sysctl.persistence", checks::CheckStatus::pass, "sysctls.action"},
    {"what Ubuntu and systemd set at boot", anywhere,
     [](checks::Facts& f) {
       set_at_boot(f, "net/ipv4/conf/all/rp_filter", "2");
       f.sysctls.insert_or_assign("net/ipv4/conf/all/rp_filter", net::Result<std::string>("2"));
     },
     "sysctl.persistence", checks::CheckStatus::pass, "switches forwarding on again"},
    {"a virtual function that is left alone", anywhere,
     [](checks::Facts& f) {
       f.links.edit().push_back(vf_of(f));
       f.links.edit().back().addresses = {{address("fe80::1"), 64}};
     },
     "nic.vf", checks::CheckStatus::pass, "enP30832s1 has no address"},
};

TEST(HostChecks, AccuseNobodyWhereNothingIsWrong) {
  for (const auto& healthy : kHealthyHosts) testing::expect_healthy(healthy);
}

TEST(HostChecks, AVirtualFunctionIsToldFromANicOfTheSameDriverThatStandsUnderNone) {
  auto facts = testing::udr_with_calico();
  facts.links.edit().push_back(vf_of(facts));
  facts.links.edit().back().addresses = {{address("10.240.0.4"), 24}};
  const auto remedy = result(facts, "nic.vf").remedy;
  const auto has = [&remedy](std::string_view part) { return remedy.find(part) != std::string::npos; };
  constexpr std::string_view kFlags = "ATTR{flags}==\"";
  ASSERT_TRUE(has(kFlags)) << remedy;
  const auto begin = remedy.find(kFlags) + kFlags.size();
  const auto glob = remedy.substr(begin, remedy.find('"', begin) - begin);
  // Up, broadcast, running, multicast; with IFF_SLAVE the second digit is 8 more. As sysfs writes them.
  for (const auto* slave : {"0x1843", "0x1803", "0x1c43"}) EXPECT_EQ(fnmatch(glob.c_str(), slave, 0), 0);
  for (const auto* none : {"0x1043", "0x1003", "0x1443"}) EXPECT_NE(fnmatch(glob.c_str(), none, 0), 0);
  // Who manages links: systemd-networkd from 255 on, an older one, NetworkManager.
  EXPECT_TRUE(has("ENV{ID_NET_MANAGED_BY}=\"unmanaged\"")) << remedy;
  EXPECT_TRUE(has("ENV{CALICO_AZURE_AGENT_VF}=\"1\"")) << remedy;
  EXPECT_TRUE(has("'[Match]\\nProperty=CALICO_AZURE_AGENT_VF=1\\n[Link]\\nUnmanaged=yes\\n'")) << remedy;
  EXPECT_TRUE(has("ENV{NM_UNMANAGED}=\"1\"")) << remedy;
}

TEST(HostChecks, SayUnknownWhereNobodyCouldLook) {
  for (const auto& node : testing::kHealthyNodes) {
    auto refused = node.facts();
    const auto error = net::failure(EACCES, "permission denied");
    refused.environment.edit().data_plane = error;
    auto& host = host_of(refused);
    host.boot_sysctls = error;
    host.networkd = error;
    host.network_manager = error;
    host.link_files = error;
    host.packet_filters = error;
    host.conntrack = error;
    host.firewalld = error;
    host.resolver = error;
    host.checksum_errors = error;
    auto unseen = node.facts();
    unseen.environment = {};
    for (const auto& facts : {refused, unseen}) {
      for (const auto* id :
           {"overlay.peers", "overlay.checksum_offload", "overlay.backend", "netfilter.forward",
            "netfilter.backends", "conntrack.room", "networkd.foreign_routes", "networkmanager.unmanaged",
            "udev.mac_policy", "sysctl.persistence", "routes.main_rules", "netfilter.firewalld",
            "host.resolver"}) {
        const auto said = result(facts, id);
        EXPECT_TRUE(said.status == checks::CheckStatus::unknown || said.status == checks::CheckStatus::skip)
            << node.name << ": " << id << ": " << said.message;
      }
      EXPECT_EQ(result(facts, "conntrack.room").status, checks::CheckStatus::unknown);
    }
  }
}

TEST(HostChecks, ForeignTextStaysOneLineAndRunsNothing) {
  auto facts = testing::udr_with_calico();
  set_at_boot(facts, "net/ipv4/ip_forward", "0");
  host_of(facts).boot_sysctls->back().file = "/etc/sysctl.d/1\nreboot #.conf";
  const auto said = result(facts, "sysctl.persistence");
  EXPECT_EQ(said.remedy,
            "# set net.ipv4.ip_forward = 1 in '/etc/sysctl.d/1 reboot #.conf', which is read last");
}

}  // namespace
}  // namespace agent
