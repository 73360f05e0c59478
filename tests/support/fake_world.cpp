// What happens to the fake kernel from outside: links, addresses, foreign routes, and the notifications of it
// all.
#include <algorithm>
#include <stdexcept>
#include <utility>

#include "tests/support/fake_kernel.h"

namespace test_support {
namespace {

constexpr std::uint32_t kMain = 254;   // RT_TABLE_MAIN
constexpr std::uint32_t kLocal = 255;  // RT_TABLE_LOCAL
constexpr std::uint8_t kKernel = 2;    // RTPROT_KERNEL

using Subject = net::Notification::Subject;

net::LinkAddress parsed(std::string_view cidr) {
  const auto slash = cidr.find('/');
  const auto address = net::Address::parse(cidr.substr(0, slash));
  if (!address || slash == std::string_view::npos) throw std::invalid_argument(std::string(cidr));
  const auto length = std::stoul(std::string(cidr.substr(slash + 1)));
  return {.address = *address, .prefix_length = static_cast<std::uint8_t>(length)};
}

net::Family family_of(const net::Route& route) { return route.key.destination.family(); }

net::Prefix subnet_of(const net::LinkAddress& address) {
  return *net::Prefix::around(address.address, address.prefix_length);
}

/// The routes that the kernel makes for an address itself.
std::vector<net::Route> own_routes(std::uint32_t device, const net::LinkAddress& address) {
  const bool ipv6 = address.address.family() == net::Family::ipv6;
  net::Route connected;
  connected.key = {.table = kMain, .destination = subnet_of(address), .metric = ipv6 ? 256U : 0U, .tos = 0};
  connected.protocol = kKernel;
  connected.device = device;
  if (!ipv6) connected.source = address.address;
  auto local = connected;
  local.type = net::RouteType::local;
  local.key.table = kLocal;
  local.key.metric = 0;
  local.key.destination = net::Prefix::host(address.address);
  return {connected, local};
}

}  // namespace

net::Link FakeKernel::loopback() {
  net::Link link;
  link.index = 1;
  link.name = "lo";
  link.mac = net::MacAddress{};
  link.mtu = 65536;
  link.up = true;
  link.carrier = true;
  link.loopback = true;
  link.addresses = {parsed("127.0.0.1/8"), parsed("::1/128")};
  return link;
}

net::Link* FakeKernel::link(std::uint32_t index) {
  const auto found = std::find_if(links_.begin(), links_.end(),
                                  [index](const net::Link& each) { return each.index == index; });
  return found == links_.end() ? nullptr : &*found;
}

net::Link& FakeKernel::demand(std::uint32_t index) {
  auto* found = link(index);
  if (found == nullptr) throw std::invalid_argument("no link " + std::to_string(index));
  return *found;
}

void FakeKernel::notify(Subject subject, bool removal, std::uint32_t device, std::uint32_t removed_by) {
  auto& notification = notifications_.emplace_back();
  notification.subject = subject;
  notification.removal = removal;
  notification.device = device;
  notification.removed_by = removed_by;
  const auto* of = link(device);
  notification.up = subject == Subject::link && of != nullptr && of->up;
}

void FakeKernel::notify_route(const net::Route& route, bool removal, std::uint32_t removed_by) {
  notify(Subject::route, removal, route.device, removed_by);
  notifications_.back().route = route;
}

std::vector<net::Notification> FakeKernel::take_notifications() { return std::exchange(notifications_, {}); }

void FakeKernel::overrun() {
  notifications_.clear();
  notify(Subject::overrun, false, 0, 0);
}

void FakeKernel::change_settings(std::uint32_t index) { notify(Subject::settings, false, index, 0); }

std::uint32_t FakeKernel::add_link(net::Link link) {
  if (link.index == 0) link.index = links_.back().index + 1;
  links_.push_back(std::move(link));
  notify(Subject::link, false, links_.back().index, 0);
  return links_.back().index;
}

std::uint32_t FakeKernel::add_link(std::string name) {
  net::Link link;
  link.index = links_.back().index + 1;
  link.name = std::move(name);
  link.mac = net::MacAddress{{2, 0, 0, 0, 0, static_cast<std::uint8_t>(link.index)}};
  link.mtu = 1500;
  link.kind = "veth";
  link.up = true;
  link.carrier = true;
  return add_link(std::move(link));
}

void FakeKernel::remove_link(std::uint32_t index) {
  set_up(index, false);
  for (const auto& address : demand(index).addresses) {
    notify(Subject::address, true, index, 0);
    fib_.take_out([&address](const net::Route& each) { return each.source == address.address; });
  }
  std::erase_if(links_, [index](const net::Link& each) { return each.index == index; });
  notify(Subject::link, true, index, 0);
}

/// Every IPv4 route by the device goes, and nobody is told (fib_disable_ip()).
void FakeKernel::lose_ipv4(std::uint32_t index) {
  fib_.take_out([index](const net::Route& each) {
    return family_of(each) == net::Family::ipv4 && each.device == index;
  });
}

/// Every IPv6 route by the device goes, and the addresses with them; each with a notification
/// (addrconf_ifdown()).
void FakeKernel::lose_ipv6(net::Link& link) {
  for (const auto& route : fib_.take_out([&link](const net::Route& each) {
         return family_of(each) == net::Family::ipv6 && each.device == link.index;
       })) {
    notify_route(route, true, 0);
  }
  const auto gone = std::erase_if(link.addresses, [](const net::LinkAddress& each) {
    return each.address.family() == net::Family::ipv6;
  });
  for (std::size_t i = 0; i < gone; ++i) notify(Subject::address, true, link.index, 0);
}

void FakeKernel::set_up(std::uint32_t index, bool up) {
  auto& link = demand(index);
  if (link.up == up) return;
  link.up = up;
  link.carrier = up;
  if (up) {
    for (const auto& address : link.addresses) connect(link, address);
  } else {
    lose_ipv4(index);
    lose_ipv6(link);
  }
  notify(Subject::link, false, index, kForeignPort);
}

void FakeKernel::set_carrier(std::uint32_t index, bool carrier) {
  demand(index).carrier = carrier;
  notify(Subject::link, false, index, 0);
}

void FakeKernel::connect(const net::Link& link, const net::LinkAddress& address) {
  for (const auto& route : own_routes(link.index, address)) {
    if (fib_.insert(route, Meeting::add).error == 0) notify_route(route, false, 0);
  }
}

void FakeKernel::add_address(std::uint32_t index, std::string_view cidr) {
  auto& link = demand(index);
  link.addresses.push_back(parsed(cidr));
  notify(Subject::address, false, index, kForeignPort);
  if (link.up) connect(link, link.addresses.back());
}

void FakeKernel::remove_address(std::uint32_t index, std::string_view cidr) {
  auto& link = demand(index);
  const auto address = parsed(cidr);
  if (std::erase(link.addresses, address) == 0)
    throw std::invalid_argument("no address " + std::string(cidr));
  notify(Subject::address, true, index, kForeignPort);
  for (const auto& route : own_routes(index, address)) {
    if (fib_.remove(route).error == 0) notify_route(route, true, 0);
  }
  if (address.address.family() == net::Family::ipv6) {
    // Routes keep standing, without their preferred source; nobody is told (rt6_remove_prefsrc()).
    fib_.for_each([&address](net::Route& each) {
      if (each.source == address.address) each.source.reset();
    });
    return;
  }
  const bool last = std::none_of(link.addresses.begin(), link.addresses.end(),
                                 [](const auto& each) { return each.address.family() == net::Family::ipv4; });
  if (last) return lose_ipv4(index);
  for (const auto& route :
       fib_.take_out([&address](const net::Route& each) { return each.source == address.address; })) {
    notify_route(route, true, 0);
  }
}

/// Why the kernel would not take the route as things stand; fills in the device that a gateway implies.
Verdict FakeKernel::objection(net::Route& route) {
  if (!net::leads_somewhere(route.type)) return {};
  const bool ipv6 = family_of(route) == net::Family::ipv6;
  if (route.gateway) {
    const auto way = fib_.best(*route.gateway, kMain, route.device);
    const bool on_link = way && way->type == net::RouteType::unicast && !way->gateway;
    const auto* device = link(route.device);
    const bool link_local = ipv6 && route.gateway->is_link_local() && device != nullptr;
    if (ipv6 && route.device != 0 && device == nullptr) return {.error = ENODEV, .words = "No such device"};
    if (!on_link && !link_local) {
      if (ipv6) return {.error = EHOSTUNREACH, .words = "No route to host"};
      return {.error = ENETUNREACH, .words = "Nexthop has invalid gateway"};
    }
    if (link_local && !device->up) return {.error = ENETDOWN, .words = "Nexthop device is not up"};
    if (route.device == 0) route.device = way->device;
  } else {
    const auto* device = link(route.device);
    if (device == nullptr) return {.error = ENODEV, .words = "No such device"};
    if (!device->up) {
      return {.error = ENETDOWN, .words = ipv6 ? "Nexthop device is not up" : "Device for nexthop is not up"};
    }
  }
  const bool local = !route.source || std::any_of(links_.begin(), links_.end(), [&](const net::Link& each) {
    return each.has(*route.source);
  });
  if (local) return {};
  return {.error = EINVAL, .words = ipv6 ? "Invalid source address" : "Invalid prefsrc address"};
}

Verdict FakeKernel::insert(net::Route route, Meeting meeting) {
  const auto family = family_of(route);
  const bool expressible = route.type != net::RouteType::other && !route.multipath &&
                           (!route.gateway || route.gateway->family() == family) &&
                           (!route.source || route.source->family() == family);
  if (!expressible) return {.error = EINVAL, .words = "no message says this"};
  if (auto verdict = objection(route); verdict.error != 0) return verdict;
  return fib_.insert(route, meeting);
}

Verdict FakeKernel::insert(const net::Rule& rule) {
  if (rule.unknown_selectors) return {.error = EINVAL, .words = "no message says this"};
  if (std::find(rules_.begin(), rules_.end(), rule) != rules_.end()) {
    return {.error = EEXIST, .words = "File exists"};
  }
  rules_.push_back(rule);
  return {};
}

Verdict FakeKernel::remove(const net::Rule& rule) {
  const auto found = std::find_if(rules_.begin(), rules_.end(), [&rule](const net::Rule& each) {
    return each.priority == rule.priority && each.table == rule.table && each.protocol == rule.protocol &&
           each.source.family() == rule.source.family() &&
           (rule.source.length() == 0 || each.source == rule.source);
  });
  if (found == rules_.end()) return {.error = ENOENT, .words = "No such file or directory"};
  rules_.erase(found);
  return {};
}

Verdict FakeKernel::as_foreign(Meeting meeting, const net::Route& route) {
  auto verdict = insert(route, meeting);
  if (verdict.error == 0) notify_route(route, false, kForeignPort);
  return verdict;
}

Verdict FakeKernel::remove_foreign(const net::Route& route) {
  auto verdict = fib_.remove(route);
  if (verdict.error == 0) notify_route(route, true, kForeignPort);
  return verdict;
}

Verdict FakeKernel::add_foreign(const net::Rule& rule) {
  auto verdict = insert(rule);
  if (verdict.error == 0) notify(Subject::rule, false, 0, kForeignPort);
  return verdict;
}

Verdict FakeKernel::remove_foreign(const net::Rule& rule) {
  auto verdict = remove(rule);
  if (verdict.error == 0) notify(Subject::rule, true, 0, kForeignPort);
  return verdict;
}

}  // namespace test_support
