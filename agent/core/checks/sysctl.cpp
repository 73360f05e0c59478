#include <fmt/format.h>

#include <charconv>

#include "agent/core/checks/checks.h"

namespace agent {
namespace {

constexpr auto kForwardingWhy = "the kernel drops packets between pods and the NIC";

std::string persist(const std::string& key, std::string_view value) {
  const auto name = net::sysctl_name(key);
  return fmt::format("sysctl -w {0}={1} && echo '{0} = {1}' >> /etc/sysctl.d/99-calico-azure.conf", name,
                     value);
}

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
Finding at_least(const Facts& facts, const std::string& key, int wanted, std::string_view why) {
  const auto value = number(facts, key);
  if (!value) return could_not_read(facts, key);
  const auto said = fmt::format("{} is {}", net::sysctl_name(key), *value);
  if (*value >= wanted) return Finding::pass(said);
  return Finding::fail(said, std::string(why), persist(key, std::to_string(wanted)));
}

/// accept_ra = 0: systemd-networkd and NetworkManager set it on their links and take router advertisements
/// themselves. The default route that they bring is what shows it.
Finding left_to_a_network_service(const ResolvedNic& nic, const std::string& key) {
  const auto said = fmt::format("{} is 0", net::sysctl_name(key));
  const auto& router = nic.gateway(net::Family::ipv6);
  if (router && !router->assumed) {
    return Finding::pass(
        fmt::format("{}: router advertisements are the network service's, whose default router is {}", said,
                    router->address.text()));
  }
  return Finding::fail(fmt::format("{} and {} has no IPv6 default route", said, nic.link.name),
                       "neither the kernel nor a network service takes router advertisements",
                       persist(key, "2"));
}

}  // namespace

Finding sysctl_ip_forward(const Facts& facts) {
  return at_least(facts, "net/ipv4/ip_forward", 1, kForwardingWhy);
}

Finding sysctl_nic_forwarding(const Facts& facts) {
  if (!facts.nic.nic) return Finding::unknown("the NIC is not found, see nic.found");
  return at_least(facts, fmt::format("net/ipv4/conf/{}/forwarding", facts.nic.nic->link.name), 1,
                  kForwardingWhy);
}

Finding sysctl_ipv6_forwarding(const Facts& facts) {
  if (!facts.policy.uses(net::Family::ipv6)) return Finding::skip("no pod CIDR is IPv6");
  auto all = at_least(facts, "net/ipv6/conf/all/forwarding", 1, kForwardingWhy);
  if (all.status != CheckStatus::pass || !facts.nic.nic) return all;
  return at_least(facts, fmt::format("net/ipv6/conf/{}/forwarding", facts.nic.nic->link.name), 1,
                  kForwardingWhy);
}

Finding sysctl_accept_ra(const Facts& facts) {
  if (!facts.policy.uses(net::Family::ipv6)) return Finding::skip("no pod CIDR is IPv6");
  if (!facts.nic.nic) return Finding::unknown("the NIC is not found, see nic.found");
  const auto forwarding = number(facts, "net/ipv6/conf/all/forwarding");
  if (!forwarding) return could_not_read(facts, "net/ipv6/conf/all/forwarding");
  if (*forwarding == 0) return Finding::skip("IPv6 forwarding is off, see sysctl.ipv6_forwarding");
  const auto key = fmt::format("net/ipv6/conf/{}/accept_ra", facts.nic.nic->link.name);
  if (number(facts, key) == 0) return left_to_a_network_service(*facts.nic.nic, key);
  return at_least(facts, key, 2,
                  "a forwarding node takes no router advertisements below 2: the IPv6 default route expires "
                  "after 9000 s");
}

Finding sysctl_rp_filter(const Facts& facts) {
  const std::string all_key = "net/ipv4/conf/all/rp_filter";
  const auto all = number(facts, all_key);
  if (!all) return could_not_read(facts, all_key);
  if (*all == 2) {
    return Finding::warn("net.ipv4.conf.all.rp_filter is 2",
                         "Felix up to Calico 3.11 refuses to start: \"Kernel's RPF check is set to 'loose'\"",
                         persist(all_key, "1"));
  }
  if (!facts.nic.nic) return Finding::unknown("the NIC is not found, see nic.found");
  const auto nic_key = fmt::format("net/ipv4/conf/{}/rp_filter", facts.nic.nic->link.name);
  const auto own = number(facts, nic_key);
  if (!own) return could_not_read(facts, nic_key);
  // The kernel takes the larger of the two (ip-sysctl.rst).
  if (std::max(*all, *own) == 1 && facts.network && facts.network->nics.size() > 1) {
    return Finding::warn(
        fmt::format("{} is {} with {} NICs", net::sysctl_name(*all >= *own ? all_key : nic_key),
                    std::max(*all, *own), facts.network->nics.size()),
        "replies that come back by another NIC are dropped as spoofed", persist(nic_key, "2"));
  }
  return Finding::pass(
      fmt::format("{} is {}, net.ipv4.conf.all.rp_filter is {}", net::sysctl_name(nic_key), *own, *all));
}

}  // namespace agent
