#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <cerrno>

#include "checks/check_row.h"
#include "checks/overlay.h"
#include "checks/pod_network.h"
#include "node/azure_routing.h"

namespace checks {
namespace {

constexpr std::string_view kNetworkdDropIn = "10-calico-azure-agent.conf";
constexpr std::string_view kLinkFile = "50-calico-azure-agent.link";

/// True where a file is read after the agent's drop-in and so overrides it.
bool overrules_ours(std::string_view file) {
  return file.find("/networkd.conf.d/") != std::string_view::npos && node::name_of(file) > kNetworkdDropIn;
}

bool matches(std::string_view glob, std::string_view name) {
  return fnmatch(std::string(glob).c_str(), std::string(name).c_str(), FNM_NOESCAPE) == 0;
}

/// Links of others' networking in this mode, as patterns, each with a name that stands for them.
struct LinkPattern {
  std::string_view pattern;
  std::string_view example;
  std::string_view type;  ///< NetworkManager's
};

bool has_link(const Facts& facts, bool (*is_theirs)(const net::Link&)) {
  return std::any_of(facts.links->begin(), facts.links->end(), is_theirs);
}

/// https://docs.tigera.io/calico/latest/operations/troubleshoot/troubleshooting (Configure NetworkManager):
/// what comes with an option of Calico's is expected only where it is there.
std::vector<LinkPattern> patterns(const Facts& facts) {
  const auto mode = facts.policy.mode;
  std::vector<LinkPattern> wanted;
  const auto network = seen_network(facts);
  const bool makes_azv = network && network->main->type == "azure-vnet";
  if (has_link(facts, is_azures) || (mode == node::Mode::azure_cni && makes_azv))
    wanted.push_back({"azv*", "azv0a1b2c3d4e5", "veth"});
  if (has_link(facts, is_calicos) || (mode != node::Mode::azure_cni && shows_calico(facts)))
    wanted.push_back({"cali*", "cali0a1b2c3d4e5", "veth"});
  if (mode == node::Mode::flannel) wanted.push_back({"flannel*", "flannel.1", "vxlan"});
  if (mode == node::Mode::calico_vxlan) wanted.push_back({"vxlan.calico", "vxlan.calico", "vxlan"});
  const auto if_present = [&](const LinkPattern& pattern) {
    if (link_named(facts, pattern.example) != nullptr) wanted.push_back(pattern);
  };
  if_present({"vxlan-v6.calico", "vxlan-v6.calico", "vxlan"});
  if_present({"wireguard.cali", "wireguard.cali", "wireguard"});
  if_present({"wg-v6.cali", "wg-v6.cali", "wireguard"});
  if_present({"tunl*", "tunl0", "ip-tunnel"});
  return wanted;
}

/// NetworkManager.conf(5), "Device List Format", as far as it can mean these links.
bool names(std::string_view entry, const LinkPattern& link) {
  const auto take = [&entry](std::string_view prefix) {
    if (!entry.starts_with(prefix)) return false;
    entry.remove_prefix(prefix.size());
    return true;
  };
  if (take("type:")) return entry == link.type;
  if (take("interface-name:=")) return entry == link.example;
  if (take("interface-name:")) return matches(entry.starts_with('~') ? entry.substr(1) : entry, link.example);
  return entry == "*" || entry == link.example;
}

bool is_unmanaged(const std::vector<std::string>& entries, const LinkPattern& link) {
  bool named = false;
  for (const std::string_view entry : entries) {
    constexpr std::string_view kExcept = "except:";
    if (entry.starts_with(kExcept)) {
      if (names(entry.substr(kExcept.size()), link)) return false;
    } else {
      named = named || names(entry, link);
    }
  }
  return named;
}

/// Links whose MAC other nodes or pods remember: a glob.
std::string_view links_with_a_told_mac(node::Mode mode) {
  switch (mode) {
    case node::Mode::flannel:
      return "flannel*";
    case node::Mode::calico_vxlan:
      return "vxlan*.calico";
    case node::Mode::azure_cni:
      return "azv*";
    case node::Mode::udr:
      break;
  }
  return "";
}

Finding networkd_foreign_routes(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return host.error();
  const auto& networkd = (*host)->networkd;
  if (!networkd) return Finding::unknown(networkd.error().what);
  if (!networkd->runs) return Finding::skip("systemd-networkd does not run");
  const bool leaves_alone = !networkd->manages_foreign_routes && !networkd->manages_foreign_rules;
  if (leaves_alone && networkd->unread_file.empty())
    return Finding::pass("systemd-networkd leaves routes and rules of others alone");
  // The file may not have changed in content: a package upgrade, a copy or a chmod changes its time, too.
  if (leaves_alone) {
    return Finding::unknown(fmt::format(
        "systemd-networkd was started before the last change of {}, and what it has read cannot be seen: "
        "where the file is new, systemctl restart systemd-networkd, which configures every link anew and may "
        "drop routes of others once; where it said the same before, nothing is to be done",
        sanitized(networkd->unread_file)));
  }
  const auto& policy = facts.policy;
  const bool has_sink = policy.routes_enabled && policy.local_sink != node::LocalSink::none &&
                        policy.mode != node::Mode::azure_cni && networkd->manages_foreign_routes;
  const auto* why = has_sink ? "whenever it configures a link it drops what catches unused pod addresses: "
                               "such routes have no device"
                             : "whenever it configures a link it removes routes and rules of others there";
  const auto said = fmt::format("systemd-networkd manages {} of others{}",
                                !networkd->manages_foreign_routes  ? "rules"
                                : !networkd->manages_foreign_rules ? "routes"
                                                                   : "routes and rules",
                                networkd->file.empty() ? "" : ": " + sanitized(networkd->file));
  if (overrules_ours(networkd->file)) {
    return Finding::fail(said, why,
                         remedy::edit("set ManageForeignRoutes=no and ManageForeignRoutingPolicyRules=no in "
                                      "{}, then systemctl restart systemd-networkd",
                                      networkd->file));
  }
  return Finding::fail(
      said, why,
      remedy::command(
          "mkdir -p /etc/systemd/networkd.conf.d && printf "
          "'[Network]\\nManageForeignRoutes=no\\nManageForeignRoutingPolicyRules=no\\n' > "
          "/etc/systemd/networkd.conf.d/10-calico-azure-agent.conf && systemctl restart systemd-networkd"));
}

Finding networkmanager_unmanaged(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return host.error();
  const auto& manager = (*host)->network_manager;
  if (!manager) return Finding::unknown(manager.error().what);
  if (!manager->runs) return Finding::skip("NetworkManager does not run");
  if (manager->cloud_setup) {
    return Finding::fail(
        "nm-cloud-setup is enabled", "it removes routes and rules that it did not make",
        remedy::command("systemctl disable --now nm-cloud-setup.timer nm-cloud-setup.service"));
  }
  std::string managed;
  std::string entries;
  for (const auto& each : patterns(facts)) {
    entries += fmt::format(";interface-name:{}", each.pattern);
    if (!is_unmanaged(manager->unmanaged, each))
      managed += fmt::format("{}{}", managed.empty() ? "" : ", ", each.pattern);
  }
  if (entries.empty()) return Finding::skip("no link of a pod has a name that NetworkManager could match");
  if (managed.empty()) return Finding::pass("NetworkManager leaves links of pods and overlays alone");
  return Finding::fail(
      fmt::format("NetworkManager manages {}", managed), "it removes addresses and routes of these links",
      remedy::command(
          "mkdir -p /etc/NetworkManager/conf.d && printf '%s\\n' '[keyfile]' {} > "
          "/etc/NetworkManager/conf.d/90-calico-azure-agent.conf && systemctl reload NetworkManager",
          "unmanaged-devices+=" + entries.substr(1)));
}

/// udev rewrites the MAC of a link whose kernel has drawn it at random; one that its maker has set stays, as
/// Felix, flannel (since its #1485) and azure-vnet (since its #1524) do. link_generate_new_hw_addr() in
/// https://github.com/systemd/systemd/blob/main/src/udev/net/link-config.c
Finding udev_mac_policy(const Facts& facts) {
  const auto glob = links_with_a_told_mac(facts.policy.mode);
  if (glob.empty())
    return Finding::skip(
        fmt::format("in mode {} no other node depends on a link's MAC", node::mode_name(facts.policy.mode)));
  const auto host = seen_host(facts);
  if (!host) return host.error();
  const auto& files = (*host)->link_files;
  if (!files) return Finding::unknown(files.error().what);
  const auto is_theirs = [glob](const net::Link& link) { return matches(glob, link.name); };
  if (std::none_of(facts.links->begin(), facts.links->end(), is_theirs))
    return Finding::unknown(fmt::format("there is no link {} yet", glob));
  for (const auto& each : *files) {
    if (!matches(glob, each.link) || each.mac_address_policy != "persistent" ||
        each.mac_origin != observed::MacOrigin::random)
      continue;
    // The first file by name that matches a link is the only one that counts for it.
    const bool comes_first = node::name_of(each.file) < kLinkFile;
    return Finding::fail(
        fmt::format("{} sets MACAddressPolicy=persistent for {}, whose MAC is random", sanitized(each.file),
                    sanitized(each.link)),

        comes_first
            ? remedy::edit("set MACAddressPolicy=none in {}, then udevadm control --reload", each.file)
            : remedy::command("mkdir -p /etc/systemd/network && printf '%s\\n' '[Match]' {} '[Link]' "
                              "MACAddressPolicy=none > /etc/systemd/network/50-calico-azure-agent.link && "
                              "udevadm control --reload",
                              fmt::format("OriginalName={}", glob)));
  }
  return Finding::pass(fmt::format("udev leaves the MAC of {} alone", glob));
}

/// kops#17881: with each pod's link cloud-init writes the network's configuration anew, and networkd takes it
/// up. Off by default on Azure (DataSourceAzure.py).
Finding cloudinit_hotplug(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return host.error();
  const auto& rules = (*host)->hotplug_rules;
  if (rules.empty()) return Finding::skip("cloud-init does not configure links that appear");
  return Finding::fail(
      fmt::format("cloud-init configures the network anew with each link that appears: {}", sanitized(rules)),
      remedy::command("mkdir -p /etc/cloud/cloud.cfg.d && printf '%s\\n' {} > "
                      "/etc/cloud/cloud.cfg.d/99-disable-network-hotplug.cfg && mv {} {} && udevadm control "
                      "--reload",
                      std::string_view("updates: {network: {when: []}}"), rules, rules + ".off"));
}

/// As in AKS#3162: the lease is lost, and the servers with it.
Finding host_resolver(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return host.error();
  const auto& resolver = (*host)->resolver;
  // A pod's file is what the kubelet and its dnsPolicy make of the node's.
  if (!resolver && resolver.error().code.value() == EXDEV) return Finding::skip(resolver.error().what);
  if (!resolver) return Finding::unknown(resolver.error().what);
  if (!resolver->servers.empty()) {
    const auto more = resolver->servers.size() - 1;
    return Finding::pass(fmt::format("names are asked of {}{}", sanitized(resolver->servers.front()),
                                     more == 0 ? "" : fmt::format(" and {} more", more)));
  }
  const auto* nic = facts.nic.nic ? &facts.nic.nic->link : nullptr;
  const auto networkd = (*host)->networkd && (*host)->networkd->runs;
  const auto found = fmt::format("{} names no DNS server", sanitized(resolver->file));
  if (nic == nullptr || !networkd)
    return Finding::fail(
        found, remedy::edit("have the DHCP client renew its lease, or give {} a nameserver", resolver->file));
  return Finding::fail(
      found, remedy::command("networkctl renew {}", nic->name).note("which asks DHCP for the servers again"));
}

}  // namespace

std::vector<Check> rows_of_network_services() {
  return {
      {.order = 500, .id = "networkd.foreign_routes", .look = networkd_foreign_routes},
      {.order = 510, .id = "networkmanager.unmanaged", .look = networkmanager_unmanaged},
      {.order = 520,
       .id = "udev.mac_policy",
       .why = "udev may change the MAC that other nodes know: their packets are dropped",
       .look = udev_mac_policy},
      {.order = 522,
       .id = "cloudinit.hotplug",
       .why = "routes and rules of pods may go with every pod that starts",
       .look = cloudinit_hotplug},
      {.order = 524,
       .id = "host.resolver",
       .why = "the kubelet pulls no image, and pods that use the node's resolver find no name",
       .look = host_resolver},
  };
}

}  // namespace checks
