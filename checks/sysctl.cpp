#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "checks/check_row.h"
#include "checks/pod_network.h"
#include "remedy/commands.h"

namespace checks {
namespace {

constexpr auto kForwardingWhy = "the kernel drops packets between pods and the NIC";

std::optional<int> number(const Facts& facts, std::string_view key) {
  const auto reading = facts.sysctls.find(key);
  if (reading == facts.sysctls.end() || !reading->second) return std::nullopt;
  const auto& text = *reading->second;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Finding could_not_read(const Facts& facts, std::string_view key) {
  const auto reading = facts.sysctls.find(key);
  if (reading == facts.sysctls.end())
    return Finding::unknown(fmt::format("{} was not read", net::sysctl_name(key)));
  if (!reading->second) return Finding::unknown(reading->second.error().what);
  return Finding::unknown(fmt::format("{} is '{}', not a number", net::sysctl_name(key), *reading->second));
}

/// Passes when the key is at least `wanted`.
Finding at_least(const Facts& facts, const std::string& key, int wanted) {
  const auto value = number(facts, key);
  if (!value) return could_not_read(facts, key);
  const auto said = fmt::format("{} is {}", net::sysctl_name(key), *value);
  if (*value >= wanted) return Finding::pass(said);
  return Finding::fail(said, remedy::set_sysctl(key, std::to_string(wanted)));
}

std::string forwarding_of(std::string_view link) { return fmt::format("net/ipv6/conf/{}/forwarding", link); }

std::string force_forwarding_of(std::string_view link) {
  return fmt::format("net/ipv6/conf/{}/force_forwarding", link);
}

/// A host, to IPv6 routers: it takes their advertisements with accept_ra = 1 too (ipv6_accept_ra(),
/// net/ipv6.h).
bool is_host(const Facts& facts, std::string_view link) { return number(facts, forwarding_of(link)) == 0; }

/// Of the kernel's own default route, learned from a router advertisement: RTPROT_RA (linux/rtnetlink.h) and
/// IP6_RT_PRIO_USER (net/ipv6.h, ipv6_devconf.ra_defrtr_metric). systemd-networkd, NetworkManager and dhcpcd
/// mark theirs as of router advertisements too; with their metrics as they come, 512, 100 and 1000 and more,
/// these can be told apart.
constexpr std::uint8_t kRouterAdvertisement = 9;
constexpr std::uint32_t kKernelsMetric = 1024;

constexpr auto kExpires = "nobody takes router advertisements: the IPv6 default route expires after 9000 s";

/// Whether a network service processes router advertisements in place of the kernel; nullopt: not known.
std::optional<bool> has_network_service(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host || !(*host)->networkd || !(*host)->network_manager) return std::nullopt;
  return (*host)->networkd->runs || (*host)->network_manager->runs;
}

/// accept_ra is 0 or 1 on a NIC that forwards: the kernel takes no router advertisements. That is right where
/// the default route needs none, or is a network service's: those set 0 and take them themselves.
Finding without_the_kernels_help(const Facts& facts, const std::string& key, int value) {
  const auto said = fmt::format("{} is {}", net::sysctl_name(key), value);
  const auto& nic = *facts.nic.nic;
  const auto& router = nic.gateway(net::Family::ipv6);
  if (!router || router->assumed) {
    constexpr auto kNobody = "neither the kernel nor a network service takes router advertisements";
    const auto without = fmt::format("{} and {} has no IPv6 default route", said, nic.link.name);
    const auto teller = nic_fault(facts, net::Family::ipv6);
    if (teller.empty()) return Finding::fail(without, kNobody, remedy::set_sysctl(key, "2"));
    return Finding::reported_by(teller, without, kNobody);
  }
  const auto by = fmt::format("the default route by {}", router->address.text());
  if (router->protocol != kRouterAdvertisement)
    return Finding::pass(fmt::format("{}: {} is of no router advertisement", said, by));
  auto expires = Finding::fail(fmt::format("{}, and {} is of a router advertisement", said, by), kExpires,
                               remedy::set_sysctl(key, "2"));
  if (value == 1) return expires;
  const auto services = fmt::format("{}: router advertisements and {} are the network service's", said, by);
  if (router->metric != kKernelsMetric) return Finding::pass(services);
  const auto served = has_network_service(facts);
  if (!served) return Finding::unknown(fmt::format("{}: it cannot be seen whose {} is", said, by));
  return *served ? Finding::pass(services) : expires;
}

/// The NIC whose address pods of other nodes write to, though pods' packets leave by another: a strict filter
/// drops what comes from them, since the way back to pods is by the other one. (Strict on the pods' own NIC
/// drops nothing: the rules for their CIDR count in the kernel's look back too.)
std::optional<Finding> drops_as_spoofed(const Facts& facts, int all) {
  if (!facts.network || facts.nic.nic->primary) return std::nullopt;
  for (const auto& nic : facts.network->nics) {
    const auto link = node::find_link(nic, *facts.links);
    if (!link || link->index == facts.nic.nic->link.index) continue;
    const auto key = fmt::format("net/ipv4/conf/{}/rp_filter", link->name);
    const auto own = number(facts, key);
    // The kernel takes the larger of the two (ip-sysctl.rst).
    if (!own || std::max(all, *own) != 1) continue;
    return Finding::fail(
        fmt::format("{} is {} and net.ipv4.conf.all.rp_filter {}, and pods' packets leave by {}",
                    net::sysctl_name(key), *own, all, facts.nic.nic->link.name),
        fmt::format("what pods of other nodes send to this node's address on {} is dropped as spoofed",
                    link->name),
        remedy::set_sysctl(key, "2"));
  }
  return std::nullopt;
}

Finding sysctl_ip_forward(const Facts& facts) { return at_least(facts, "net/ipv4/ip_forward", 1); }

Finding sysctl_nic_forwarding(const Facts& facts) {
  if (!facts.nic.nic) return Finding::unknown("the NIC is not found, see nic.found");
  auto own = at_least(facts, fmt::format("net/ipv4/conf/{}/forwarding", facts.nic.nic->link.name), 1);
  // Whoever writes net.ipv4.ip_forward writes every link's forwarding with it (ip-sysctl.rst).
  const bool with_all = own.status == CheckStatus::fail && number(facts, "net/ipv4/ip_forward") == 0 &&
                        may_hold(facts.policy, "sysctl.ip_forward");
  if (!with_all) return own;
  return Finding::unless_required(own.message + ", as net.ipv4.ip_forward is: see sysctl.ip_forward",
                                  remedy::edit("see sysctl.ip_forward"));
}

/// Whether the kernel forwards IPv6 is decided by `all` and, from Linux 6.17 on, by force_forwarding of the
/// link by which a packet comes in; a link's own key decides about router advertisements alone. See
/// ip6_forward() in https://github.com/torvalds/linux/blob/master/net/ipv6/ip6_output.c
Finding sysctl_ipv6_forwarding(const Facts& facts) {
  if (!facts.policy.uses(net::Family::ipv6)) return Finding::skip("no pod CIDR is IPv6");
  auto all = at_least(facts, "net/ipv6/conf/all/forwarding", 1);
  if (!facts.nic.nic) return all;
  const auto& nic = facts.nic.nic->link.name;
  if (all.status == CheckStatus::fail && number(facts, force_forwarding_of(nic)).value_or(0) != 0) {
    return Finding::unknown(
        fmt::format("{}, and {} is on: what comes in by {} is forwarded, and what pods send only where their "
                    "links have it too",
                    all.message, net::sysctl_name(force_forwarding_of(nic)), nic));
  }
  if (all.status == CheckStatus::pass && is_host(facts, nic)) {
    all.message += fmt::format(", which decides; {} is 0, and only makes {} a host to IPv6 routers",
                               net::sysctl_name(forwarding_of(nic)), nic);
  }
  return all;
}

Finding sysctl_accept_ra(const Facts& facts) {
  if (!facts.policy.uses(net::Family::ipv6)) return Finding::skip("no pod CIDR is IPv6");
  if (!facts.nic.nic) return Finding::unknown("the NIC is not found, see nic.found");
  const auto forwarding = number(facts, "net/ipv6/conf/all/forwarding");
  if (!forwarding) return could_not_read(facts, "net/ipv6/conf/all/forwarding");
  if (*forwarding == 0) return Finding::skip("IPv6 forwarding is off, see sysctl.ipv6_forwarding");
  const auto key = fmt::format("net/ipv6/conf/{}/accept_ra", facts.nic.nic->link.name);
  const auto value = number(facts, key);
  if (!value) return could_not_read(facts, key);
  if (*value >= 2) return Finding::pass(fmt::format("{} is {}", net::sysctl_name(key), *value));
  if (*value == 1 && is_host(facts, facts.nic.nic->link.name)) {
    return Finding::pass(fmt::format("{} is 1, which is enough while {} is 0", net::sysctl_name(key),
                                     net::sysctl_name(forwarding_of(facts.nic.nic->link.name))));
  }
  return without_the_kernels_help(facts, key, *value);
}

/// Loose (2) is the default of Ubuntu and of systemd. Felix up to Calico 3.11 (January 2020) refuses to start
/// with it, and a node does not show Felix's version: the message mentions it, and the check passes.
Finding sysctl_rp_filter(const Facts& facts) {
  const std::string all_key = "net/ipv4/conf/all/rp_filter";
  const auto all = number(facts, all_key);
  if (!all) return could_not_read(facts, all_key);
  if (!facts.nic.nic) return Finding::unknown("the NIC is not found, see nic.found");
  if (auto drops = drops_as_spoofed(facts, *all)) return *drops;
  if (*all == 2) {
    return Finding::pass(
        "net.ipv4.conf.all.rp_filter is 2, loose; Felix up to Calico 3.11 does not start with it");
  }
  const auto nic_key = fmt::format("net/ipv4/conf/{}/rp_filter", facts.nic.nic->link.name);
  const auto own = number(facts, nic_key);
  if (!own) return could_not_read(facts, nic_key);
  return Finding::pass(
      fmt::format("{} is {}, net.ipv4.conf.all.rp_filter is {}", net::sysctl_name(nic_key), *own, *all));
}

}  // namespace

std::vector<Check> rows_of_sysctl() {
  return {
      {.order = 90,
       .id = "sysctl.ip_forward",
       .gate = Gate::always,
       .why = kForwardingWhy,
       .look = sysctl_ip_forward},
      {.order = 100,
       .id = "sysctl.nic_forwarding",
       .subject = Subject::nic,
       .gate = Gate::always,
       .why = kForwardingWhy,
       .look = sysctl_nic_forwarding},
      {.order = 110,
       .id = "sysctl.ipv6_forwarding",
       .gate = Gate::with_ipv6,
       .why = kForwardingWhy,
       .look = sysctl_ipv6_forwarding},
      {.order = 120,
       .id = "sysctl.accept_ra",
       .subject = Subject::nic,
       .gate = Gate::with_ipv6,
       .look = sysctl_accept_ra},
      {.order = 130, .id = "sysctl.rp_filter", .subject = Subject::nic, .look = sysctl_rp_filter},
  };
}

}  // namespace checks
