#include <fmt/format.h>

#include <algorithm>

#include "checks/check_row.h"
#include "checks/pod_network.h"
#include "remedy/commands.h"

namespace checks {
namespace {

/// RFC 7348: the outer headers of VXLAN over IPv4.
constexpr std::uint32_t kVxlanOverhead = 50;
/// What azure-vnet gives every link of a pod in transparent mode, and pods as their gateway's.
constexpr auto kAzureHostMac = "aa:aa:aa:aa:aa:aa";

/// Linked to the host by a route, not by a bridge, as Azure CNI's mode bridge does.
bool is_routed(const net::Link& link) { return (is_calicos(link) || is_azures(link)) && link.master == 0; }

// CNI plug-in and Felix finish a pod's link after it is there; Felix itself leaves what it does not know
// alone for 10 s.
constexpr auto kTimeToSettle = std::chrono::seconds(30);

/// False while the CNI plug-in or Felix may still be setting it up.
bool is_settled(const Facts& facts, const net::Link& link) {
  if (facts.links_since.empty()) return true;
  const auto since = facts.links_since.find(link.index);
  return since != facts.links_since.end() && facts.now - since->second >= kTimeToSettle;
}

std::string some_of(std::size_t count, std::size_t all) {
  return all > 1 ? fmt::format(" ({} of {})", count, all) : "";
}

/// A sysctl of a pod's link that is 0: nullptr is none.
const std::string* switched_off(const Facts& facts, const net::Link& link) {
  for (const auto* name : {"proxy_arp", "forwarding"}) {
    const auto reading =
        facts.environment->pod_sysctls.find(fmt::format("net/ipv4/conf/{}/{}", link.name, name));
    if (reading != facts.environment->pod_sysctls.end() && reading->second && *reading->second == "0")
      return &reading->first;
  }
  return nullptr;
}

/// Whoever writes it writes every link's forwarding with it (ip-sysctl.rst).
bool forwards_nothing(const Facts& facts) {
  const auto reading = facts.sysctls.find("net/ipv4/ip_forward");
  return reading != facts.sysctls.end() && reading->second && *reading->second == "0";
}

std::optional<Finding> sysctls_of(const Facts& facts) {
  for (const auto& link : *facts.links) {
    if (!is_routed(link) || !is_settled(facts, link)) continue;
    const auto* key = switched_off(facts, link);
    if (key == nullptr) continue;
    const auto name = net::sysctl_name(*key);
    if (!key->ends_with("proxy_arp") && forwards_nothing(facts))
      return Finding::reported_by("sysctl.ip_forward",
                                  fmt::format("{} is 0, as net.ipv4.ip_forward is", name));
    return Finding::fail(fmt::format("{} is 0", name),
                         key->ends_with("proxy_arp") ? "the pod asks for its gateway's MAC and gets no answer"
                                                     : "the kernel drops what this pod sends",
                         remedy::set_sysctl_now(*key, "1"));
  }
  return std::nullopt;
}

std::optional<Finding> macs_of(const Facts& facts) {
  if (facts.policy.mode != node::Mode::azure_cni) return std::nullopt;
  const auto network = seen_network(facts);
  if (!network || network->main->type != "azure-vnet" || network->main->mode != "transparent")
    return std::nullopt;
  const auto wanted = net::MacAddress::parse(kAzureHostMac);
  for (const auto& link : *facts.links) {
    if (!is_azures(link) || !is_routed(link) || !is_settled(facts, link) || !link.mac || *link.mac == *wanted)
      continue;
    return Finding::fail(
        fmt::format("{} has MAC {}, azure-vnet gave it {}", link.name, link.mac->text(), kAzureHostMac),
        "the pod sends to a MAC that is gone: udev's 99-default.link (MACAddressPolicy=persistent) rewrites "
        "it",
        remedy::command("ip link set dev {} address {} && mkdir -p /etc/systemd/network && printf "
                        "'[Match]\\nOriginalName=azv*\\n[Link]\\nMACAddressPolicy=none\\n' > "
                        "/etc/systemd/network/10-azure-cni.link",
                        link.name, kAzureHostMac));
  }
  return std::nullopt;
}

/// The links of pods: Calico's, Azure's, and pairs on the plug-in's bridge or the ptp plug-in's.
std::vector<const net::Link*> links_of_pods(const Facts& facts) {
  const auto network = seen_network(facts);
  const auto bridge = network ? bridge_of(*network->main) : "";
  const auto* master = bridge.empty() ? nullptr : link_named(facts, bridge);
  const bool by_ptp = network && network->main->type == "ptp";
  std::vector<const net::Link*> links;
  for (const auto& link : *facts.links) {
    const bool on_bridge = master != nullptr && link.kind == "veth" && link.master == master->index;
    const bool of_ptp = by_ptp && link.name.starts_with("veth") && link.master == 0;
    if (is_calicos(link) || is_azures(link) || on_bridge || of_ptp) links.push_back(&link);
  }
  return links;
}

struct Ceiling {
  std::uint32_t mtu = 0;
  std::string of;
};

/// The most that pods may send at once. That an overlay has the MTU which its NIC allows is another check's.
Ceiling ceiling_of(const Facts& facts) {
  const auto& nic = facts.nic.nic->link;
  const auto overlay = std::find_if(facts.links->begin(), facts.links->end(), [&facts](const auto& link) {
    return facts.policy.mode == node::Mode::flannel
               ? link.vxlan && link.name.starts_with("flannel.")
               : facts.policy.mode == node::Mode::calico_vxlan && link.name == "vxlan.calico";
  });
  if (overlay == facts.links->end()) return {nic.mtu, nic.name};
  const auto room = nic.mtu > kVxlanOverhead ? nic.mtu - kVxlanOverhead : 0;
  return {std::max(overlay->mtu, room), overlay->name};
}

remedy::Remedy lower_mtu(const Facts& facts, const observed::CniNetwork& network, std::uint32_t from,
                         std::uint32_t to) {
  if (network.main->type == "calico" && is_by_operator(facts))
    return remedy::edit_installation().note("spec.calicoNetwork.mtu: {}, then restart the pods of this node",
                                            to);
  return remedy::command("sed -i.mtu 's/\"mtu\": *{}/\"mtu\": {}/' {}", from, to, network.file->path)
      .note(
          "and veth_mtu in the ConfigMap that install-cni writes it from, then restart the pods of this "
          "node");
}

Finding pods_addresses(const Facts& facts) {
  if (facts.policy.mode != node::Mode::udr && facts.policy.mode != node::Mode::flannel) {
    return Finding::skip(
        fmt::format("in mode {} pods need no address of a node's CIDR", node::mode_name(facts.policy.mode)));
  }
  if (cni_ipam(facts).status == CheckStatus::fail)
    return Finding::skip("the plug-in's range is wrong, see cni.ipam");
  const auto plane = seen_data_plane(facts);
  if (!plane) return plane.error();
  auto pods = routed_pods(facts, **plane);
  if (pods.empty()) return Finding::pass("no pod has a route of its own");
  if (auto nothing = without_node_cidrs(facts)) return *nothing;
  const auto all = pods.size();
  std::erase_if(pods, [&facts](const auto& pod) {
    const auto& own = facts.policy.node_cidrs;
    const bool judged = std::any_of(
        own.begin(), own.end(), [&pod](const auto& cidr) { return cidr.family() == pod.address.family(); });
    return !judged || is_of_this_node(facts, pod.address);
  });
  if (pods.empty())
    return Finding::pass(fmt::format("{} of pods, all of {}",
                                     all == 1 ? "1 address" : fmt::format("{} addresses", all),
                                     net::joined(facts.policy.node_cidrs)));
  return Finding::fail(fmt::format("the pod of {} has {}, outside this node's pod CIDR {}{}",
                                   pods.front().link->name, pods.front().address.text(),
                                   net::joined(facts.policy.node_cidrs), some_of(pods.size(), all)),

                       remedy::list_pods(node_word(facts))
                           .note("delete those with such addresses: their successors get others"));
}

Finding pods_links(const Facts& facts) {
  if (!facts.kernel_error.empty()) return Finding::unknown("could not read the links: " + facts.kernel_error);
  const auto routed =
      static_cast<std::size_t>(std::count_if(facts.links->begin(), facts.links->end(), is_routed));
  if (routed == 0) return Finding::skip("no pod has a link of its own by Calico or Azure CNI");
  if (auto wrong = sysctls_of(facts)) return *wrong;
  if (auto wrong = macs_of(facts)) return *wrong;
  const auto plane = seen_data_plane(facts);
  if (!plane) return plane.error();
  if ((*plane)->routes_cut) return Finding::unknown("there are more routes to pods than are checked");
  const auto pods = routed_pods(facts, **plane);
  std::vector<const net::Link*> without;
  for (const auto& link : *facts.links) {
    const auto leads_there = [&link](const auto& pod) { return pod.link == &link; };
    if (is_routed(link) && link.up && is_settled(facts, link) &&
        std::none_of(pods.begin(), pods.end(), leads_there))
      without.push_back(&link);
  }
  if (without.empty())
    return Finding::pass(fmt::format("{} of pods, each with its route",
                                     routed == 1 ? "1 link" : fmt::format("{} links", routed)));
  return Finding::fail(fmt::format("{} is up and no route leads to its pod{}", without.front()->name,
                                   some_of(without.size(), routed)),
                       "nothing reaches this pod: the state of Felix or of the CNI plug-in is stale",
                       is_calicos(*without.front())
                           ? remedy::restart_pods(node_word(facts), kCalicoNode)
                           : remedy::list_pods(node_word(facts)).note("delete those that do not answer"));
}

Finding pods_mtu(const Facts& facts) {
  if (!facts.nic.nic) return Finding::unknown("the NIC is not found, see nic.found");
  const auto ceiling = ceiling_of(facts);
  const auto of_nic = [&](std::uint32_t wanted) {
    return ceiling.of == facts.nic.nic->link.name ? nic_too_small(facts, wanted, "pods") : std::nullopt;
  };

  const auto network = seen_network(facts);
  if (network && !is_in_the_way(facts)) {
    const auto wanted = network->main->mtu.value_or(0);
    if (wanted > ceiling.mtu) {
      if (auto wrong = of_nic(wanted)) return *wrong;
      const auto& path = network->file->path;
      return Finding::fail(
          fmt::format("{}: mtu {} is above the {} of {}", sanitized(path), wanted, ceiling.mtu, ceiling.of),
          lower_mtu(facts, *network, wanted, ceiling.mtu));
    }
  }
  const auto links = links_of_pods(facts);
  const auto is_larger = [&ceiling](const auto* link) { return link->mtu > ceiling.mtu; };
  const auto larger = std::find_if(links.begin(), links.end(), is_larger);
  if (larger == links.end())
    return Finding::pass(fmt::format("no pod's link is above the {} of {}", ceiling.mtu, ceiling.of));
  const auto largest = *std::max_element(links.begin(), links.end(),
                                         [](const auto* a, const auto* b) { return a->mtu < b->mtu; });
  if (auto wrong = of_nic(largest->mtu)) return *wrong;
  const auto count = static_cast<std::size_t>(std::count_if(links.begin(), links.end(), is_larger));
  return Finding::fail(
      fmt::format("{} has MTU {}, above the {} of {}{}", (*larger)->name, (*larger)->mtu, ceiling.mtu,
                  ceiling.of, some_of(count, links.size())),

      remedy::edit("set the mtu of the CNI plug-in to {} (veth_mtu of calico-config, spec.calicoNetwork.mtu "
                   "of the operator), then restart the pods of this node: their successors have it",
                   ceiling.mtu));
}

}  // namespace

std::vector<Check> rows_of_pod_links() {
  return {
      {.order = 330,
       .id = "pods.addresses",
       .group = Group::cni,
       .why = "other nodes look for such addresses elsewhere: these pods are reached from this node alone",
       .look = pods_addresses},
      {.order = 340, .id = "pods.links", .group = Group::cni, .look = pods_links},
      {.order = 350,
       .id = "pods.mtu",
       .group = Group::cni,
       .why = "larger packets are lost: small answers arrive, large ones hang",
       .look = pods_mtu},
  };
}

}  // namespace checks
