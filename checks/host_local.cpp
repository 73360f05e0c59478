#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "checks/check_row.h"
#include "checks/fills.h"
#include "checks/pod_network.h"
#include "remedy/commands.h"

namespace checks {
namespace {

/// From as many in a hundred on, reservations that no pod has are named, and from this number on: a few
/// belong to pods that are just being made or removed.
constexpr std::uint64_t kLeakPercent = 10;
constexpr std::uint64_t kFewestLeaks = 5;
constexpr std::uint64_t kFullPercent = 80;

/// A pod CIDR of this node, and what host-local has given away of it.
struct Range {
  net::Prefix cidr;
  std::uint64_t usable = 0;  ///< without the network's own address, the gateway's and the broadcast one
  std::vector<net::Address> reserved;
  std::optional<std::uint64_t> unowned;  ///< of those, reserved for no pod; nullopt: not known
};

/// Pods on a bridge have no routes of their own: only their number is known.
std::optional<std::uint64_t> unowned_on(const Facts& facts, std::string_view bridge, const Range& range) {
  if (!facts.kernel_error.empty()) return std::nullopt;
  const auto* master = link_named(facts, bridge);
  const auto is_pods = [master](const net::Link& link) {
    return master != nullptr && link.kind == "veth" && link.master == master->index;
  };
  const auto pods =
      static_cast<std::uint64_t>(std::count_if(facts.links->begin(), facts.links->end(), is_pods));
  return range.reserved.size() > pods ? range.reserved.size() - pods : 0;
}

std::optional<std::uint64_t> unowned(const Facts& facts, const observed::CniPlugin& main,
                                     const Range& range) {
  if (const auto bridge = bridge_of(main); !bridge.empty()) return unowned_on(facts, bridge, range);
  if (main.type != "calico" && main.type != "ptp") return std::nullopt;
  const auto plane = seen_data_plane(facts);
  if (!plane || (*plane)->routes_cut) return std::nullopt;
  const auto pods = routed_pods(facts, **plane);
  return static_cast<std::uint64_t>(
      std::count_if(range.reserved.begin(), range.reserved.end(), [&pods](const auto& address) {
        return std::none_of(pods.begin(), pods.end(),
                            [&address](const auto& pod) { return pod.address == address; });
      }));
}

bool leaks(const Range& range) {
  return range.unowned && *range.unowned >= kFewestLeaks &&
         *range.unowned * 100 >= range.usable * kLeakPercent;
}

bool is_filling(const Range& range) {
  return range.usable > 0 && range.reserved.size() * 100 > range.usable * kFullPercent;
}

Finding judged(const Facts& facts, const observed::HostLocalNetwork& network, const Range& range) {
  const auto given = range.reserved.size();
  const bool exhausted = given >= range.usable;
  const auto said = fmt::format("{} of {} addresses of {} are reserved{}{}", given, range.usable,
                                range.cidr.text(), exhausted ? ": exhausted" : "",
                                leaks(range) ? fmt::format(", {} of them for no pod", *range.unowned) : "");
  if (leaks(range)) {
    return Finding::fail(
        said, "host-local never gives them away again: new pods fail with \"no IP addresses available\"",
        remedy::cordon(node_word(facts))
            .note("then drain this node and reboot it: the files of {} that no pod has go then, where "
                  "/etc/tmpfiles.d/host-local.conf says {}",
                  network.folder, fmt::format("r! {}/*", network.folder)));
  }
  if (exhausted) {
    return Finding::fail(
        said, "new pods fail with \"no IP addresses available in range set\"",
        remedy::cordon(node_word(facts))
            .note("then give nodes a larger pod CIDR (--node-cidr-mask-size), or kubelet a lower maxPods"));
  }
  return Finding::fail(said, "soon new pods fail with \"no IP addresses available in range set\"",
                       remedy::edit("set maxPods of the kubelet of node {} to {} or less, or give nodes a "
                                    "larger pod CIDR (--node-cidr-mask-size)",
                                    node_word(facts), range.usable));
}

Finding cni_host_local(const Facts& facts) {
  const auto seen = seen_network(facts);
  if (!seen) return seen.error();
  const auto& main = *seen->main;
  if (main.ipam != "host-local" && !(main.type == "flannel" && main.ipam.empty())) {
    return Finding::skip(
        fmt::format("{} does not give addresses by host-local", sanitized(seen->file->path)));
  }
  const auto& networks = facts.environment->cni->host_local;
  if (!networks && networks.error().code.value() != ENOENT) return Finding::unknown(networks.error().what);
  const auto* network = networks ? network_named(*networks, seen->name) : nullptr;
  if (network == nullptr) return Finding::pass("host-local has given no address away yet");
  if (auto nothing = without_node_cidrs(facts)) return *nothing;
  std::string said;
  for (const auto& cidr : facts.policy.node_cidrs) {
    Range range{.cidr = cidr,
                .usable = usable_addresses(cidr),
                .reserved = reserved_of(*network, cidr),
                .unowned = {}};
    range.unowned = unowned(facts, main, range);
    if (is_filling(range) || leaks(range)) return judged(facts, *network, range);
    said += fmt::format("{}{} of {} addresses of {}", said.empty() ? "" : ", ", range.reserved.size(),
                        range.usable, cidr.text());
  }
  return Finding::pass(said + " are reserved");
}

}  // namespace

std::vector<Check> rows_of_host_local() {
  return {
      {.order = 280, .id = "cni.host_local", .group = Group::cni, .look = cni_host_local},
  };
}

}  // namespace checks
