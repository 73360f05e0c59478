#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "checks/check_row.h"
#include "checks/pod_network.h"

namespace checks {
namespace {

/// firewalld's "feat(direct): avoid iptables flush if using nftables backend" came with it.
constexpr unsigned kLeavesIptablesAlone = 2;

std::optional<unsigned> major_of(std::string_view version) {
  unsigned major = 0;
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), major);
  if (error != std::errc{} || end == version.data() + version.size() || *end != '.') return std::nullopt;
  return major;
}

/// Whether somebody has rules in iptables that would be missed.
bool has_rules(const observed::HostSettings& host) {
  return host.packet_filters && std::any_of(host.packet_filters->begin(), host.packet_filters->end(),
                                            [](const auto& each) { return each.rules > 0; });
}

/// What it does itself with pods' packets is netfilter.forward's to judge; here is what it does to others'
/// rules. rancher/rke2#10469, firewalld#779, #863.
Finding netfilter_firewalld(const Facts& facts) {
  const auto host = seen_host(facts);
  if (!host) return host.error();
  const auto& firewalld = (*host)->firewalld;
  if (!firewalld) return Finding::unknown(firewalld.error().what);
  if (!firewalld->runs) return Finding::skip("firewalld does not run");
  const bool by_iptables = firewalld->backend == "iptables" || firewalld->has_direct_rules;
  const auto major = major_of(firewalld->version);
  if (!by_iptables && major && *major >= kLeavesIptablesAlone)
    return Finding::pass(
        fmt::format("firewalld {} leaves iptables to others", sanitized(firewalld->version)));
  if (!(*host)->packet_filters) return Finding::unknown((*host)->packet_filters.error().what);
  if (!has_rules(**host)) return Finding::pass("firewalld runs, and nobody has rules in iptables");
  if (!by_iptables && !major)
    return Finding::unknown(
        "firewalld runs, and its version is not shown: before 2.0 a reload of it deletes "
        "the iptables rules of others");
  const auto name =
      fmt::format("firewalld{}{}", firewalld->version.empty() ? "" : " ", sanitized(firewalld->version));
  return Finding::fail(
      fmt::format("{} runs{}: each reload of it deletes the iptables rules of others", name,
                  firewalld->backend == "iptables" ? " with FirewallBackend=iptables"
                  : firewalld->has_direct_rules    ? " with direct rules"
                                                   : ""),
      remedy::command("systemctl disable --now firewalld")
          .note("which deletes them once more, until kube-proxy and Felix look again. Where it has to stay: "
                "firewalld 2.0 or later with FirewallBackend=nftables and no direct rules"));
}

}  // namespace

std::vector<Check> rows_of_firewalld() {
  return {
      {.order = 485,
       .id = "netfilter.firewalld",
       .why = "those of kube-proxy and Calico are back within minutes, those of host ports never",
       .look = netfilter_firewalld},
  };
}

}  // namespace checks
