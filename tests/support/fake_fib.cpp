#include "tests/support/fake_fib.h"

#include <algorithm>
#include <cerrno>

namespace test_support {
namespace {

bool is_ipv6(const net::Route& route) { return route.key.destination.family() == net::Family::ipv6; }

/// IPv6 turns metric 0 into IP6_RT_PRIO_USER and has no TOS.
net::Route as_stored(net::Route route) {
  if (is_ipv6(route)) {
    if (route.key.metric == 0) route.key.metric = 1024;
    route.key.tos = 0;
  }
  return route;
}

/// rt6_qualify_for_ecmp(): what has a gateway can be a sibling.
bool can_be_sibling(const net::Route& route) { return is_ipv6(route) && route.gateway.has_value(); }

bool are_siblings(const net::Route& a, const net::Route& b) {
  return a.key == b.key && can_be_sibling(a) && can_be_sibling(b);
}

bool same_way(const net::Route& a, const net::Route& b) {
  return a.type == b.type && a.gateway == b.gateway && a.device == b.device && a.source == b.source;
}

/// What RTM_DELROUTE names must agree; what it does not name may be anything.
bool names(const net::Route& wanted, const net::Route& present) {
  const auto& key = wanted.key;
  const bool key_agrees = key.table == present.key.table && key.destination == present.key.destination &&
                          (key.metric == 0 || key.metric == present.key.metric) && key.tos == present.key.tos;
  if (!key_agrees || wanted.protocol != present.protocol) return false;
  // IPv6 looks neither at the type nor at the preferred source.
  if (!is_ipv6(wanted)) {
    if (wanted.type != present.type) return false;
    if (wanted.source && wanted.source != present.source) return false;
  }
  return (!wanted.gateway || wanted.gateway == present.gateway) &&
         (wanted.device == 0 || wanted.device == present.device);
}

}  // namespace

Verdict FakeFib::insert(net::Route route, Meeting meeting) {
  route = as_stored(route);
  const auto has_key = [&route](const net::Route& each) { return each.key == route.key; };
  const auto first = std::find_if(routes_.begin(), routes_.end(), has_key);
  if (first == routes_.end()) {
    routes_.push_back(route);
    return {};
  }
  if (meeting == Meeting::add) return {.error = EEXIST, .words = "File exists"};
  if (meeting == Meeting::append || meeting == Meeting::prepend) {
    const bool there = std::any_of(first, routes_.end(), [&](const net::Route& each) {
      return has_key(each) && same_way(each, route) && (is_ipv6(each) || each.protocol == route.protocol);
    });
    if (there) return {.error = EEXIST, .words = "File exists"};
    if (meeting == Meeting::prepend && !is_ipv6(route)) {
      routes_.insert(first, route);
      return {};
    }
    const auto last = std::find_if(routes_.rbegin(), routes_.rend(), has_key);
    routes_.insert(last.base(), route);
    return {};
  }
  const bool elsewhere =
      !is_ipv6(route) &&
      std::any_of(first + 1, routes_.end(), [&](const net::Route& each) { return each == route; });
  if (elsewhere) return {.error = EEXIST, .words = "File exists"};
  // IPv4 replaces the first; IPv6 the first that is as able to be a sibling, else the first.
  const auto alike = std::find_if(first, routes_.end(), [&](const net::Route& each) {
    return has_key(each) && can_be_sibling(each) == can_be_sibling(route);
  });
  const auto target = is_ipv6(route) && alike != routes_.end() ? alike : first;
  const auto replaced = *target;
  *target = route;
  const auto behind = target + 1;
  routes_.erase(std::remove_if(behind, routes_.end(),
                               [&](const net::Route& each) { return are_siblings(each, replaced); }),
                routes_.end());
  return {};
}

Verdict FakeFib::remove(const net::Route& route) {
  const auto wanted = as_stored(route);
  // Metric 0 matches any, and the lowest comes first.
  auto found = routes_.end();
  for (auto each = routes_.begin(); each != routes_.end(); ++each) {
    if (names(wanted, *each) && (found == routes_.end() || each->key.metric < found->key.metric))
      found = each;
  }
  if (found == routes_.end()) return {.error = ESRCH, .words = "No such process"};
  const auto gone = *found;
  routes_.erase(found);
  // Without a gateway all siblings go, whoever made them.
  if (!wanted.gateway) {
    std::erase_if(routes_, [&](const net::Route& each) { return are_siblings(each, gone); });
  }
  return {};
}

net::Route FakeFib::as_shown(net::Route route) const {
  if (!can_be_sibling(route)) return route;
  const auto is_sibling = [&route](const net::Route& each) { return are_siblings(each, route); };
  if (std::count_if(routes_.begin(), routes_.end(), is_sibling) == 1) return route;  // itself
  route.protocol = std::find_if(routes_.begin(), routes_.end(), is_sibling)->protocol;
  route.multipath = true;
  return route;
}

std::vector<net::Route> FakeFib::shown() const {
  std::vector<net::Route> shown;
  for (const auto& route : routes_) shown.push_back(as_shown(route));
  return shown;
}

std::optional<net::Route> FakeFib::best(const net::Address& destination, std::uint32_t table,
                                        std::uint32_t device) const {
  std::optional<net::Route> best;
  for (const auto& route : routes_) {
    if (route.key.table != table || !route.key.destination.contains(destination)) continue;
    if (route.key.tos != 0) continue;  // the packets of a lookup bear none
    if (device != 0 && route.device != device) continue;
    const auto length = route.key.destination.length();
    if (!best || length > best->key.destination.length() ||
        (length == best->key.destination.length() && route.key.metric < best->key.metric)) {
      best = route;
    }
  }
  if (best) best = as_shown(*best);
  return best;
}

std::vector<net::Route> FakeFib::take_out(const std::function<bool(const net::Route&)>& which) {
  std::vector<net::Route> gone;
  std::copy_if(routes_.begin(), routes_.end(), std::back_inserter(gone), which);
  std::erase_if(routes_, which);
  return gone;
}

void FakeFib::for_each(const std::function<void(net::Route&)>& visit) {
  for (auto& route : routes_) visit(route);
}

}  // namespace test_support
