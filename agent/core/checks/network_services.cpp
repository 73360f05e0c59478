#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>

#include "agent/core/azure_names.h"
#include "agent/core/checks/checks.h"
#include "agent/core/checks/overlay.h"
#include "agent/core/checks/pod_network.h"

namespace agent {
namespace {

constexpr std::string_view kNetworkdDropIn = "10-calico-azure-agent.conf";
constexpr std::string_view kLinkFile = "50-calico-azure-agent.link";

/// True where a file is read after ours and so has the last word.
bool overrules_ours(std::string_view file) {
  return file.find("/networkd.conf.d/") != std::string_view::npos && name_of(file) > kNetworkdDropIn;
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

std::vector<LinkPattern> patterns(const Facts& facts) {
  constexpr LinkPattern kCali = {"cali*", "cali0a1b2c3d4e5", "veth"};
  std::vector<LinkPattern> wanted;
  if (facts.policy.mode == Mode::azure_cni) {
    wanted.push_back({"azv*", "azv0a1b2c3d4e5", "veth"});
  } else if (shows_calico(facts)) {
    wanted.push_back(kCali);
  }
  if (facts.policy.mode == Mode::flannel) wanted.push_back({"flannel*", "flannel.1", "vxlan"});
  if (facts.policy.mode == Mode::calico_vxlan) wanted.push_back({"vxlan.calico", "vxlan.calico", "vxlan"});
  if (link_named(facts, "tunl0") != nullptr) wanted.push_back({"tunl*", "tunl0", "ip-tunnel"});
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

/// Links of which a MAC is told to others, or kept by pods: a glob.
std::string_view links_with_a_told_mac(Mode mode) {
  switch (mode) {
    case Mode::flannel:
      return "flannel*";
    case Mode::calico_vxlan:
      return "vxlan*.calico";
    case Mode::azure_cni:
      return "azv*";
    case Mode::udr:
      break;
  }
  return "";
}

}  // namespace

Finding networkd_foreign_routes(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return host.error();
  const auto& networkd = (*host)->networkd;
  if (!networkd) return Finding::unknown(networkd.error().what);
  if (!networkd->runs) return Finding::skip("systemd-networkd does not run");
  if (!networkd->manages_foreign_routes && !networkd->manages_foreign_rules)
    return Finding::pass("systemd-networkd leaves routes and rules of others alone");
  const auto& policy = facts.policy;
  const bool has_sink = policy.routes_enabled && policy.local_sink != LocalSink::none &&
                        policy.mode != Mode::azure_cni && networkd->manages_foreign_routes;
  const auto said = fmt::format("systemd-networkd manages {} of others{}",
                                !networkd->manages_foreign_routes  ? "rules"
                                : !networkd->manages_foreign_rules ? "routes"
                                                                   : "routes and rules",
                                networkd->file.empty() ? "" : ": " + shown(networkd->file));
  const auto* why = has_sink
                        ? "whenever it configures a link it drops what catches unused pod addresses: such "
                          "routes have no device"
                        : "whenever it configures a link it drops what others have made there";
  if (overrules_ours(networkd->file)) {
    return Finding::warn(
        said, why,
        fmt::format("# set ManageForeignRoutes=no and ManageForeignRoutingPolicyRules=no in {}, then "
                    "systemctl restart systemd-networkd",
                    shown(networkd->file)));
  }
  return Finding::warn(
      said, why,
      fmt::format("mkdir -p /etc/systemd/networkd.conf.d && printf "
                  "'[Network]\\nManageForeignRoutes=no\\nManageForeignRoutingPolicyRules=no\\n' > "
                  "/etc/systemd/networkd.conf.d/{} && systemctl restart systemd-networkd",
                  kNetworkdDropIn));
}

Finding networkmanager_unmanaged(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return host.error();
  const auto& manager = (*host)->network_manager;
  if (!manager) return Finding::unknown(manager.error().what);
  if (!manager->runs) return Finding::skip("NetworkManager does not run");
  if (manager->cloud_setup) {
    return Finding::warn("nm-cloud-setup is enabled", "it removes routes and rules that it did not make",
                         "systemctl disable --now nm-cloud-setup.timer nm-cloud-setup.service");
  }
  std::string managed;
  std::string entries;
  for (const auto& each : patterns(facts)) {
    entries += fmt::format("{}interface-name:{}", entries.empty() ? "" : ";", each.pattern);
    if (!is_unmanaged(manager->unmanaged, each))
      managed += fmt::format("{}{}", managed.empty() ? "" : ", ", each.pattern);
  }
  if (entries.empty()) return Finding::skip("no link of pods is named in a way that it could be told");
  if (managed.empty()) return Finding::pass("NetworkManager leaves links of pods and overlays alone");
  return Finding::warn(
      fmt::format("NetworkManager manages {}", managed), "it takes addresses and routes of these links away",
      fmt::format("mkdir -p /etc/NetworkManager/conf.d && printf '[keyfile]\\nunmanaged-devices+={}\\n' > "
                  "/etc/NetworkManager/conf.d/90-calico-azure-agent.conf && systemctl reload NetworkManager",
                  entries));
}

Finding udev_mac_policy(const Facts& facts) {
  const auto glob = links_with_a_told_mac(facts.policy.mode);
  if (glob.empty())
    return Finding::skip(fmt::format("in mode {} nobody is told a link's MAC", mode_name(facts.policy.mode)));
  const auto host = seen_host(facts);
  if (!host) return host.error();
  const auto& files = (*host)->link_files;
  if (!files) return Finding::unknown(files.error().what);
  const auto is_theirs = [glob](const net::Link& link) { return matches(glob, link.name); };
  if (std::none_of(facts.links.begin(), facts.links.end(), is_theirs))
    return Finding::unknown(fmt::format("there is no link {} yet", glob));
  for (const auto& each : *files) {
    if (!matches(glob, each.link) || each.mac_address_policy != "persistent") continue;
    // The first file by name that matches a link is the only one that counts for it.
    const bool comes_first = name_of(each.file) < kLinkFile;
    return Finding::warn(
        fmt::format("{} says MACAddressPolicy=persistent for {}", shown(each.file), shown(each.link)),
        "udev may give the link another MAC than the one that others were told: their packets are dropped",
        comes_first ? fmt::format("# set MACAddressPolicy=none in {}, then udevadm control --reload",
                                  shown(each.file))
                    : fmt::format("mkdir -p /etc/systemd/network && printf "
                                  "'[Match]\\nOriginalName={}\\n[Link]\\nMACAddressPolicy=none\\n' > "
                                  "/etc/systemd/network/{} && udevadm control --reload",
                                  glob, kLinkFile));
  }
  return Finding::pass(fmt::format("udev leaves the MAC of {} alone", glob));
}

}  // namespace agent
