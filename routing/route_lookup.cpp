// Where the kernel really sends packets: the second half of standing.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "routing/sync_status.h"

namespace routing {
namespace {

/// The address of that many bits of the prefix's host part: 0x1, 0x7fff… of them, from its end.
net::Address host_of(const net::Prefix& prefix, std::uint32_t pattern) {
  const auto network = prefix.network().bytes();
  std::array<std::uint8_t, 16> bytes{};
  std::copy(network.begin(), network.end(), bytes.begin());
  const unsigned host_bits = net::address_bits(prefix.family()) - prefix.length();
  // The pattern fills the upper bits of the host part and 1 its last one: neither the first nor the last.
  for (unsigned bit = 0; bit < std::min(host_bits, 32U); ++bit) {
    if ((pattern >> (31 - bit) & 1U) == 0) continue;
    const auto at = prefix.length() + bit;
    bytes[at / 8] = static_cast<std::uint8_t>(bytes[at / 8] | (0x80U >> (at % 8)));
  }
  if (host_bits > 1) {
    auto& last = bytes[network.size() - 1];
    last = static_cast<std::uint8_t>((last & ~1U) | 1U);
  }
  return *net::Address::from_bytes(std::span(bytes).first(network.size()));
}

/// A lookup's answer that is not a route: by the type of the route at which it ends (fib_props[] in
/// net/ipv4/fib_semantics.c), or since there is none.
bool says_that_it_is_dropped(int error) {
  return error == EINVAL || error == EACCES || error == EHOSTUNREACH || error == ENETUNREACH;
}

bool is_taken(const net::Route& wanted, const net::Route& found) {
  return found.key == wanted.key && found.protocol == wanted.protocol && found.gateway == wanted.gateway &&
         found.device == wanted.device && !found.multipath;
}

std::string text_of(net::Route other) {
  other.device = 0;  // protocol and next hop identify it; an interface index would not
  return net::route_text(other);
}

/// What stands in the way of a wanted route.
struct Obstacle {
  RouteState state = RouteState::shadowed;
  std::string what;
  bool detours = true;
  std::optional<LedAway> led_away = {};
  bool passed_by = false;  ///< the other routes to its destination show why
};

Obstacle obstacle_of(const net::Route& wanted, const net::Route& found) {
  if (found.key == wanted.key) {
    const bool same_way = net::leads_the_same_way(found, wanted);
    return {.state = same_way ? RouteState::shadowed : RouteState::failed,
            .what = fmt::format("{} takes precedence over it under the same key{}", text_of(found),
                                same_way ? " and leads the same way" : ""),
            .detours = !same_way};
  }
  // Ours is there, and yet not found: the nodes of an IPv6 table that have routes `from` certain sources are
  // passed by altogether for the packets of other sources.
  if (found.key.table == wanted.key.table && found.key.destination != wanted.key.destination &&
      found.key.destination.contains(wanted.key.destination)) {
    const bool ipv6 = wanted.key.destination.family() == net::Family::ipv6;
    return {.state = RouteState::shadowed,
            .what = fmt::format("the kernel takes {} in its place, whose prefix is shorter{}", text_of(found),
                                ipv6 ? ", as it does where there is a route to the same destination for "
                                       "certain sources alone (\"from PREFIX\")"
                                     : ""),
            .passed_by = true};
  }
  const auto why = found.key.table != wanted.key.table ? "in another table, by a rule that comes first,"
                   : found.key.destination != wanted.key.destination ? "with a longer prefix"
                                                                     : "with the lower metric";
  return {.state = RouteState::shadowed,
          .what = fmt::format("{} {} wins", text_of(found), why),
          .detours = !net::leads_the_same_way(found, wanted)};
}

Obstacle dropped(const net::Address& address, const net::Error& error) {
  return {
      .state = RouteState::shadowed,
      .what = fmt::format("a route or rule of others drops packets to {} ({})", address.text(), error.what),
      .led_away = LedAway{.to = address, .dropped = true}};
}

Obstacle led_away(const net::Route& wanted, const net::Address& address, const net::Route& found) {
  auto obstacle = obstacle_of(wanted, found);
  if (obstacle.passed_by) return obstacle;
  obstacle.led_away = LedAway{.to = address, .other_table = found.key.table != wanted.key.table};
  return obstacle;
}

/// Not where rules of ours lead to the table: they are for packets of pods, and the kernel is asked as for
/// the node's own.
bool is_looked_up(const net::Route& route, std::span<const net::Rule> rules) {
  return route.type == net::RouteType::unicast &&
         std::none_of(rules.begin(), rules.end(),
                      [&route](const net::Rule& rule) { return rule.table == route.key.table; });
}

bool is_known(std::span<const OutOfSyncRoute> known, RouteIndex::Position position) {
  const auto at =
      std::lower_bound(known.begin(), known.end(), position,
                       [](const OutOfSyncRoute& each, auto wanted) { return each.position < wanted; });
  return at != known.end() && at->position == position;
}

OutOfSyncRoute out_of_sync(RouteIndex::Position position, Obstacle obstacle) {
  return {.position = position,
          .state = obstacle.state,
          .error = std::move(obstacle.what),
          .detours = obstacle.detours,
          .led_away = obstacle.led_away};
}

/// The position of the wanted route that is to lead to the address: the one with the longest prefix.
std::optional<RouteIndex::Position> way_to(const net::Address& address, std::span<const net::Route> routes,
                                           std::span<const net::Rule> rules) {
  std::optional<RouteIndex::Position> best;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const auto& destination = routes[i].key.destination;
    if (!is_looked_up(routes[i], rules) || !destination.contains(address)) continue;
    if (!best || routes[*best].key.destination.length() < destination.length())
      best = static_cast<RouteIndex::Position>(i);
  }
  return best;
}

/// How many addresses of a destination are asked for before its route counts as taken.
enum class Probing : std::uint8_t { until_one_is_taken, each };

class Lookups {
 public:
  Lookups(net::Kernel& kernel, std::span<const net::Prefix> node_cidrs)
      : kernel_(kernel), node_cidrs_(node_cidrs) {}

  /// `answers` are those about the first of its probes, one or more. Sets error() where the kernel could not
  /// be asked.
  std::optional<Obstacle> judge(const net::Route& wanted, Probing probing,
                                std::span<const net::Result<net::Route>> answers) {
    const auto& first = answers.front();
    if (probing == Probing::until_one_is_taken && first && is_taken(wanted, *first)) return std::nullopt;
    std::optional<Obstacle> obstacle;
    std::optional<Obstacle> of_a_part;
    bool all_dropped = true;
    bool taken = false;
    const auto probes = probes_of(wanted.key.destination, node_cidrs_);
    for (std::size_t i = 0; i < probes.size(); ++i) {
      const auto& address = probes[i];
      const auto found = i < answers.size() ? answers[i] : kernel_.lookup(net::Flow(address));
      if (!found && !says_that_it_is_dropped(found.error().code.value())) {
        error_ = found.error().what;
        return std::nullopt;
      }
      if (found && is_taken(wanted, *found)) {
        if (probing == Probing::until_one_is_taken) return std::nullopt;
        taken = true;
        continue;
      }
      if (!found) {
        obstacle = dropped(address, found.error());
        if (is_wider_than_a_node(wanted.key.destination)) of_a_part = obstacle;
        continue;
      }
      all_dropped = false;
      obstacle = led_away(wanted, address, *found);
      if (leaves_by_another_link(wanted, *found) && is_wider_than_a_node(found->key.destination))
        of_a_part = obstacle;
      // One that holds all of the destination; a longer prefix takes a part alone.
      if (found->key.destination.contains(wanted.key.destination)) return obstacle;
    }
    if (taken) return of_a_part;
    // Nothing takes its packets elsewhere: they go nowhere.
    if (obstacle && all_dropped) obstacle->state = RouteState::failed;
    return obstacle;
  }

  /// What leads away, or drops, what is meant for `address`, one of the wanted route's.
  std::optional<Obstacle> judge_part(const net::Route& wanted, const net::Address& address) {
    const auto found = kernel_.lookup(net::Flow(address));
    if (!found) {
      if (says_that_it_is_dropped(found.error().code.value())) return dropped(address, found.error());
      error_ = found.error().what;
      return std::nullopt;
    }
    if (!leaves_by_another_link(wanted, *found)) return std::nullopt;
    return led_away(wanted, address, *found);
  }

  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  static bool leaves_by_another_link(const net::Route& wanted, const net::Route& found) {
    return found.device != wanted.device || found.multipath;
  }

  /// Nodes have a part each: an overlay's route to another one, or a pod's own, is narrower than what is
  /// wrong.
  [[nodiscard]] bool is_wider_than_a_node(const net::Prefix& part) const {
    return std::any_of(node_cidrs_.begin(), node_cidrs_.end(), [&part](const net::Prefix& own) {
      return own.family() == part.family() && part.length() < own.length();
    });
  }

  net::Kernel& kernel_;
  std::span<const net::Prefix> node_cidrs_;
  std::string error_;
};

}  // namespace

std::vector<net::Address> probes_of(const net::Prefix& prefix, std::span<const net::Prefix> elsewhere,
                                    std::size_t most) {
  constexpr std::array<std::uint32_t, 8> kPatterns = {0x5a5a5a5a, 0xc33cc33c, 0x00000000, 0xa5a5a5a5,
                                                      0x3cc33cc3, 0xffffffff, 0x0ff00ff0, 0xf00ff00f};
  std::vector<net::Address> probes;
  for (const auto pattern : kPatterns) {
    const auto address = host_of(prefix, pattern);
    const auto holds = [&address](const net::Prefix& each) { return each.contains(address); };
    if (std::any_of(elsewhere.begin(), elsewhere.end(), holds)) continue;
    if (std::find(probes.begin(), probes.end(), address) != probes.end()) continue;
    probes.push_back(address);
    if (probes.size() == most) break;
  }
  return probes;
}

std::vector<RouteIndex::Position> look_up(net::Kernel& kernel, std::span<const net::Rule> rules,
                                          std::span<const net::Prefix> node_cidrs, std::size_t round,
                                          std::vector<RouteIndex::Position> obstructed, SyncStatus& sync) {
  const auto& routes = sync.routes.routes();
  const auto& known = sync.routes.out_of_sync();
  const auto count = routes.size() <= kAlwaysLookedUp ? routes.size() : kLookedUpOfMany;
  const auto stride = count == 0 ? 1 : routes.size() / count;
  const auto probing_of = [&](RouteIndex::Position position) {
    const auto groups = (routes.size() + kWhollyLookedUp - 1) / kWhollyLookedUp;
    const bool is_its_turn = routes.size() <= kAlwaysLookedUp && position / kWhollyLookedUp == round % groups;
    return is_its_turn || std::binary_search(obstructed.begin(), obstructed.end(), position)
               ? Probing::each
               : Probing::until_one_is_taken;
  };
  auto positions = obstructed;
  for (std::size_t i = 0; i < count; ++i)
    positions.push_back(static_cast<RouteIndex::Position>(i * stride + round % stride));
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  struct Asked {
    RouteIndex::Position position;
    std::size_t first;  ///< of its flows
    std::size_t count;
  };
  std::vector<Asked> asked;
  std::vector<net::Flow> flows;
  for (const auto position : positions) {
    const auto& route = routes[position];
    if (!is_looked_up(route, rules) || is_known(known, position)) continue;
    const bool wholly = probing_of(position) == Probing::each;
    const auto probes = probes_of(route.key.destination, node_cidrs, wholly ? kProbes : 1);
    if (probes.empty()) continue;
    asked.push_back({.position = position, .first = flows.size(), .count = probes.size()});
    for (const auto& probe : probes) flows.emplace_back(probe);
  }
  // On a healthy node no other question follows.
  const auto answers = kernel.lookups(flows);
  Lookups lookups(kernel, node_cidrs);
  std::vector<OutOfSyncRoute> found;
  for (const auto& [position, first, probes] : asked) {
    auto obstacle =
        lookups.judge(routes[position], probing_of(position), std::span(answers).subspan(first, probes));
    if (!lookups.error().empty()) break;
    if (obstacle) found.push_back(out_of_sync(position, std::move(*obstacle)));
  }
  sync.lookup_error = lookups.error();
  obstructed.clear();
  for (const auto& each : found) obstructed.push_back(each.position);
  sync.routes.add(std::move(found));
  return obstructed;
}

std::vector<net::Prefix> look_up_parts(net::Kernel& kernel, std::span<const net::Rule> rules,
                                       std::span<const net::Prefix> parts, SyncStatus& sync) {
  std::vector<net::Prefix> led_away;
  const auto& routes = sync.routes.routes();
  if (routes.size() > kAlwaysLookedUp || !sync.lookup_error.empty()) return led_away;
  Lookups lookups(kernel, {});
  for (const auto& part : parts) {
    const auto address = probes_of(part, {}).front();
    const auto position = way_to(address, routes, rules);
    if (!position || is_known(sync.routes.out_of_sync(), *position)) continue;
    auto obstacle = lookups.judge_part(routes[*position], address);
    if (!lookups.error().empty()) break;
    if (!obstacle) continue;
    obstacle->what = fmt::format("for {} of another node {}", part.text(), obstacle->what);
    sync.routes.add({out_of_sync(*position, std::move(*obstacle))});
    led_away.push_back(part);
  }
  sync.lookup_error = lookups.error();
  return led_away;
}

}  // namespace routing
