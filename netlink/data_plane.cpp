#include "netlink/data_plane.h"

#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "netlink/codecs.h"
#include "netlink/dump.h"
#include "netlink/route_dump.h"

namespace netlink {

std::optional<bool> checksum_offload(const Socket& socket, std::uint32_t device) {
  // Not by netlink's own "ethtool" family: that is generic netlink, another socket and another library, to
  // ask for one bit that every kernel reports here.
  const auto name = socket.device_name(device);
  ethtool_value value{};
  value.cmd = ETHTOOL_GTXCSUM;
  ifreq request{};
  if (name.empty() || name.size() >= sizeof(request.ifr_name)) return std::nullopt;
  std::copy(name.begin(), name.end(), std::begin(request.ifr_name));
  request.ifr_data = reinterpret_cast<char*>(&value);
  if (ioctl(socket.descriptor(), SIOCETHTOOL, &request) != 0) return std::nullopt;
  return value.data != 0;
}

namespace {

/// What Calico's Felix makes beside the routes to its own pods (DefaultRouteProto in
/// felix/dataplane/linux/dataplanedefs).
constexpr std::uint8_t kProtocolFelix = 80;

/// One more than is kept is taken: it shows that there was more.
template <class Value>
bool has_room(const std::vector<Value>& list) {
  return list.size() <= kMaxDataPlaneEntries;
}

template <class Value>
bool cut(std::vector<Value>& list) {
  if (has_room(list)) return false;
  list.erase(list.begin() + kMaxDataPlaneEntries, list.end());
  return true;
}

/// The kernel gives every link with IPv6 its fe80::/64: it leads to no pod.
bool is_of_the_link_alone(const net::Prefix& destination) {
  return destination.family() == net::Family::ipv6 && destination.network().is_link_local();
}

/// A table that the kernel does not know (EOPNOTSUPP) is an empty one.
template <class T>
net::Result<void> looked(const net::Result<T>& done, std::string_view at) {
  if (done || done.error().code.value() == EOPNOTSUPP) return {};
  return tl::unexpected(net::Error{done.error().code, std::string(at) + ": " + done.error().what});
}

bool is_for_all(const net::PolicyRule& rule) {
  return !rule.narrow && !rule.by_traffic && !rule.inverted && rule.iif.empty() &&
         rule.source.length() == 0 && rule.destination.length() == 0 &&
         rule.action == net::PolicyRule::Action::lookup;
}

net::Result<void> look_at_rules(Socket& socket, net::Family family, observed::DataPlane& plane) {
  std::vector<net::PolicyRule> rules;
  // Fwmarks are others' way to choose single connections: Calico's and Cilium's, kube-proxy's, Istio's.
  const auto done = collect(socket, encode_rule_dump(family), rules, [&rules](const nlmsghdr& header) {
    auto rule = decode_policy_rule(header);
    return rule && !rule->narrow && has_room(rules) ? rule : std::nullopt;
  });
  if (auto seen = looked(done, "policy rules"); !done) return seen;
  const auto to_table = [&rules](std::uint32_t table) {
    return std::find_if(rules.begin(), rules.end(), [table](const net::PolicyRule& each) {
      return is_for_all(each) && each.table == table;
    });
  };
  plane.rules_cut = cut(rules) || plane.rules_cut;
  const auto main = to_table(RT_TABLE_MAIN);
  std::copy_if(rules.begin(), main, std::back_inserter(plane.rules_before_main),
               [](const net::PolicyRule& each) { return !is_for_all(each); });
  if (family != net::Family::ipv4) return {};
  plane.main_rule = plane.rules_cut || main != rules.end();
  plane.default_rule = plane.rules_cut || to_table(RT_TABLE_DEFAULT) != rules.end();
  return {};
}

net::Result<void> look_at_routes(Socket& socket, std::span<const net::Link> links,
                                 observed::DataPlane& plane) {
  auto detector = Socket::open(kForChangeDetector);
  if (!detector) return net::pass_on(detector);
  std::vector<std::uint32_t> devices;
  for (const auto& each : links) devices.push_back(each.index);
  std::sort(devices.begin(), devices.end());

  const auto matters = [&devices](const RouteHeader& gist) {
    return gist.protocol == RTPROT_BIRD || gist.protocol == kProtocolFelix ||
           std::binary_search(devices.begin(), devices.end(), gist.device);
  };
  const auto sift = [&](const nlmsghdr& header) -> std::optional<net::Route> {
    const auto gist = header_of_route(header);
    if (!gist || !matters(*gist) || !has_room(plane.routes)) return std::nullopt;
    auto route = decode_route(header);
    const bool wanted =
        route && route->key.table == RT_TABLE_MAIN && !is_of_the_link_alone(route->key.destination);
    return wanted ? route : std::nullopt;
  };
  for (const auto family : {net::Family::ipv4, net::Family::ipv6}) {
    const auto done =
        collect_routes(socket, *detector, {.family = family, .table = RT_TABLE_MAIN}, plane.routes, sift);
    if (auto seen = looked(done, "routes of table main"); !seen) return seen;
  }
  plane.routes_cut = cut(plane.routes);
  return {};
}

net::Result<void> look_at_overlay(Socket& socket, const net::Link& link, observed::DataPlane& plane) {
  // Checked here too: old kernels do not filter.
  const auto of_link = [&link](const auto& entry, const auto& list) {
    return entry && entry->device == link.index && has_room(list) ? entry : std::nullopt;
  };
  const auto neighbours =
      collect(socket, encode_neighbour_dump(link.index), plane.neighbours,
              [&](const nlmsghdr& header) { return of_link(decode_neighbour(header), plane.neighbours); });
  if (auto seen = looked(neighbours, "neighbours"); !seen) return seen;
  const auto forwarding =
      collect(socket, encode_forwarding_dump(link.index), plane.forwarding,
              [&](const nlmsghdr& header) { return of_link(decode_forwarding(header), plane.forwarding); });
  if (auto seen = looked(forwarding, "forwarding database"); !seen) return seen;
  if (const auto on = checksum_offload(socket, link.index)) {
    plane.checksums.push_back({.device = link.index, .on = *on});
  }
  return {};
}

}  // namespace

net::Result<observed::DataPlane> read_data_plane(std::span<const net::Link> links) {
  auto socket = Socket::open(kForDumps);
  if (!socket) return net::pass_on(socket);
  observed::DataPlane plane;
  // The rules first: the first answer on a socket comes in parts of a page, later ones in parts of 32 KiB.
  for (const auto family : {net::Family::ipv4, net::Family::ipv6}) {
    if (auto seen = look_at_rules(*socket, family, plane); !seen) return net::pass_on(seen);
  }
  if (auto seen = look_at_routes(*socket, links, plane); !seen) return net::pass_on(seen);
  for (const auto& link : links) {
    if (link.kind != "vxlan") continue;
    if (auto seen = look_at_overlay(*socket, link, plane); !seen) return net::pass_on(seen);
  }
  const bool neighbours_cut = cut(plane.neighbours);
  plane.entries_cut = cut(plane.forwarding) || neighbours_cut;
  return plane;
}

}  // namespace netlink
