#include <fmt/format.h>

#include <algorithm>

#include "checks/azure_state.h"
#include "checks/check_row.h"
#include "checks/overlay.h"
#include "checks/pod_network.h"

namespace checks {
namespace {

/// Why the file is not what this node's pods need; nullopt: it is.
std::optional<Finding> wrong_lease(const Facts& facts, const observed::FlannelLease& lease) {
  constexpr auto kWhy =
      "flannel's plug-in gives pods addresses of that file, which are not routed to this node";
  for (const auto& subnet : lease.subnets) {
    if (net::any_contains(lease.networks, subnet)) continue;
    return Finding::fail(fmt::format("/run/flannel/subnet.env: {} is outside flannel's network {}",
                                     subnet.text(), net::joined(lease.networks)),
                         kWhy, edit_flannel(facts).note("\"Network\" is the pod CIDR of the cluster"));
  }
  const auto links = overlay_links(facts);
  if (!facts.nic.nic || links.empty()) return std::nullopt;
  const auto& nic = facts.nic.nic->link;
  // overlay.device compares the overlay's MTU with its NIC's.
  const auto room = std::max(links.front()->mtu, nic.mtu > 50 ? nic.mtu - 50 : 0);
  if (lease.mtu <= room) return std::nullopt;
  return Finding::fail(fmt::format("/run/flannel/subnet.env: FLANNEL_MTU {} is above the {} of {}", lease.mtu,
                                   room, links.front()->name),
                       "new pods send packets that are lost: small answers arrive, large ones hang",
                       edit_flannel(facts).note("\"Backend\" without an MTU above {}", room));
}

Finding overlay_vtep(const Facts& facts) {
  if (auto nothing = without_overlay(facts)) return *nothing;
  if (is_calicos_overlay(facts)) return Finding::skip("Felix announces them in Calico's own resources");
  const auto& node = facts.cloud_state->node;
  if (!node) return Finding::unknown("the API server has not been asked yet");
  if (!*node) return Finding::unknown(node->error().what);
  const auto* told = flannel_annotations(facts);
  if (told == nullptr)
    return Finding::unknown(
        fmt::format("node {} has no annotation of flannel's: it has not started, or keeps leases in etcd",
                    sanitized((*node)->name)));
  if (told->backend_type != "vxlan")
    return Finding::skip(
        fmt::format("flannel's backend is {}, see overlay.backend", sanitized(told->backend_type)));
  const auto links = overlay_links(facts);
  const auto link = std::find_if(links.begin(), links.end(),
                                 [](const auto* each) { return each->name.starts_with("flannel."); });
  if (link == links.end()) return Finding::unknown("there is no flannel.1, see overlay.device");
  if (!told->vtep_mac || !(*link)->mac || !told->public_ip || !facts.nic.nic)
    return Finding::unknown(fmt::format("what flannel announces of {} could not be compared", (*link)->name));
  if (*told->vtep_mac != *(*link)->mac) {
    return Finding::fail(fmt::format("flannel announces MAC {}, {} has {}", told->vtep_mac->text(),
                                     (*link)->name, (*link)->mac->text()),
                         "other nodes send to a MAC that no link here has: their packets are dropped",
                         restart_overlay(facts).note("where it comes back: see udev.mac_policy"));
  }
  if (told->public_ip == told->public_ip_overwrite) {
    return Finding::pass(fmt::format("flannel announces {} and {}, as public-ip-overwrite asks for",
                                     told->vtep_mac->text(), told->public_ip->text()));
  }
  if (!is_own_address(facts, *told->public_ip)) {
    return Finding::fail(
        fmt::format("flannel announces {}, which is no address of {}", told->public_ip->text(),
                    facts.nic.nic->link.name),
        "other nodes send this node's packets elsewhere",
        restart_overlay(facts).note(
            "where it comes back like this: --iface of flanneld, or canal_iface of canal-config"));
  }
  return Finding::pass(fmt::format("flannel announces {} and {}, as they are", told->vtep_mac->text(),
                                   told->public_ip->text()));
}

Finding flannel_subnet_env(const Facts& facts) {
  const auto network = seen_network(facts);
  if (!network) return network.error();
  if (network->main->type != "flannel")
    return Finding::skip("pods are not made by flannel's plug-in, which alone reads the lease");
  const auto& lease = facts.environment->cni->flannel_lease;
  if (!lease) {
    const auto& error = lease.error();
    if (error.code.value() != ENOENT) return Finding::unknown(error.what);
    if (facts.policy.mode != node::Mode::flannel || overlay_links(facts).empty())
      return Finding::unknown(error.what + ": flanneld has not acquired a lease yet");
    return Finding::fail(error.what, "flannel's plug-in reads it for every pod: none starts",
                         restart_overlay(facts));
  }
  if (auto wrong = wrong_lease(facts, *lease)) return *wrong;
  if (auto nothing = without_node_cidrs(facts)) return *nothing;
  const auto& node = facts.cloud_state->node;
  auto own =
      node && *node && !(*node)->pod_cidrs.empty() ? (*node)->pod_cidrs : facts.policy.node_cidrs.list();
  auto leased = lease->subnets;
  std::sort(own.begin(), own.end());
  std::sort(leased.begin(), leased.end());
  // One family alone may be flannel's.
  const auto is_own = [&own](const auto& each) {
    return std::find(own.begin(), own.end(), each) != own.end();
  };
  if (leased.empty() || !std::all_of(leased.begin(), leased.end(), is_own)) {
    return Finding::fail(
        fmt::format("/run/flannel/subnet.env has {}, this node's pod CIDR is {}",
                    leased.empty() ? std::string("no subnet") : net::joined(leased), net::joined(own)),
        "flannel's plug-in gives pods addresses of that file, which are not routed to this node",
        restart_overlay(facts));
  }
  return Finding::pass(fmt::format("flannel's lease is {}, MTU {}", net::joined(leased), lease->mtu));
}

}  // namespace

std::vector<Check> rows_of_flannel() {
  return {
      {.order = 420, .id = "overlay.vtep", .group = Group::cni, .once_installed = true, .look = overlay_vtep},
      {.order = 460,
       .id = "flannel.subnet_env",
       .group = Group::cni,
       .once_installed = true,
       .look = flannel_subnet_env},
  };
}

}  // namespace checks
