#include <fmt/format.h>

#include <algorithm>

#include "checks/check_row.h"
#include "checks/pod_network.h"
#include "checks/policy_rules.h"
#include "remedy/commands.h"

namespace checks {
namespace {

/// ip-route(8)'s command that shows what is in the route's way: not ours, which its destination would show.
remedy::Remedy show_command(const routing::RouteStatus& status) {
  const auto& key = status.route.key;
  const auto family = key.destination.family();
  if (!status.led_away)
    return remedy::ip(family, "route show table {} exact {}", key.table, key.destination.text());
  const auto address = status.led_away->to.text();
  const auto rules = remedy::ip(family, "rule show");
  if (const auto table = status.led_away->rule_table)
    return *table == 0 ? rules : rules.then(remedy::ip(family, "route show table {}", *table));
  // For a packet that is dropped, `route get` prints no more than that.
  if (status.led_away->dropped)
    return rules.then(remedy::ip(family, "route show table all match {}", address));
  const auto get = remedy::ip(family, "route get {}", address);
  return status.led_away->other_table ? get.then(rules) : get;
}

/// Who brings about what is not there.
remedy::Remedy bring_about(const Facts& facts, const remedy::Remedy& beside_daemon) {
  if (!facts.no_daemon) return beside_daemon;
  return remedy::command("systemctl start calico-azure-agent")
      .note("it keeps the routes. Where a DaemonSet is to run it: see why its pod is not here");
}

/// The gate of the NIC that explains all missing routes: they wait for their link or its address. Empty: at
/// least one has another cause.
std::string_view reporting_check(const Facts& facts) {
  if (facts.no_daemon || !facts.nic.nic || !facts.route_error.empty()) return "";
  std::string_view teller;
  const auto& routes = facts.sync.routes;
  for (const auto& each : routes.out_of_sync()) {
    if (each.state == routing::RouteState::shadowed) continue;
    const auto& route = routes.routes()[each.position];
    if (each.detours || route.device != facts.nic.nic->link.index) return "";
    teller = nic_fault(facts, route.key.destination.family());
    if (teller.empty()) return "";
  }
  return teller;
}

/// True when nothing keeps the pending routes from the kernel but a link that is down.
bool all_wait_for_the_link(const Facts& facts) {
  const auto down = facts.desired.down_device;
  const auto& routes = facts.sync.routes;
  return !facts.no_daemon && facts.nic.nic && down != 0 && facts.route_error.empty() &&
         std::all_of(routes.out_of_sync().begin(), routes.out_of_sync().end(), [&](const auto& each) {
           return each.state != routing::RouteState::pending || routes.routes()[each.position].device == down;
         });
}

/// Why a route that is wanted by the configuration is not even in the wanted set, if one is not.
std::optional<Finding> missing_way(const Facts& facts) {
  if (facts.policy.mode != node::Mode::udr || !facts.nic.nic) return std::nullopt;
  for (const auto& cidr : facts.policy.cluster_cidrs) {
    const auto family = cidr.family();
    if (facts.nic.nic->azure.primary(family) && facts.nic.nic->gateway(family)) continue;
    const auto said = fmt::format("{} cannot be routed: {} has no {} {}", cidr.text(),
                                  facts.nic.nic->link.name, net::family_name(family),
                                  facts.nic.nic->azure.primary(family) ? "gateway" : "address in IMDS");
    const auto teller = nic_fault(facts, family);
    if (teller.empty()) return Finding::fail(said, remedy::edit("see nic.address and nic.gateway"));
    return Finding::reported_by(teller, said);
  }
  return std::nullopt;
}

Finding routes_in_sync(const Facts& facts) {
  if (!facts.policy.routes_enabled) return Finding::skip("routes.enabled is false");
  if (facts.policy.mode == node::Mode::azure_cni)
    return Finding::skip("the agent makes no route in mode azure-cni");
  if (!facts.network) return Finding::unknown("no document from IMDS yet: no route is added or removed");
  const auto& sync = facts.sync;
  if (!facts.routes_seen) {
    return Finding::fail(facts.route_error.empty()
                             ? "the kernel's routes have not been read yet"
                             : "could not read the kernel's routes: " + facts.route_error,
                         remedy::command("journalctl -u calico-azure-agent -n 50"));
  }
  if (const auto teller = reporting_check(facts); !teller.empty()) {
    return Finding::reported_by(teller, fmt::format("{} of {} routes wait for {}",
                                                    sync.routes.count(routing::RouteState::pending) +
                                                        sync.routes.count(routing::RouteState::failed),
                                                    sync.routes.size(), facts.nic.nic->link.name));
  }
  if (const auto failed = sync.routes.first(routing::RouteState::failed)) {
    return Finding::fail(failed->error, show_command(*failed));
  }
  if (const auto pending = sync.routes.first(routing::RouteState::pending)) {
    const auto some =
        fmt::format("{} of {} routes", sync.routes.count(routing::RouteState::pending), sync.routes.size());
    if (all_wait_for_the_link(facts)) {
      const auto& name = facts.nic.nic->link.name;
      return Finding::fail(fmt::format("{} wait for {} to be up", some, name), remedy::set_link_up(name));
    }
    return Finding::fail(
        fmt::format("{} are not in place yet, first {}{}{}{}", some,
                    net::route_text(pending->route, net::link_name(*facts.links, pending->route.device)),
                    facts.no_daemon ? ": no daemon runs" : "", facts.route_error.empty() ? "" : ": ",
                    facts.route_error),
        bring_about(facts, remedy::command("calico-azure-agent plan")));
  }
  if (!sync.rule_problems.empty()) {
    return Finding::fail(sync.rule_problems.front(), "replies of pods leave by the wrong NIC",
                         bring_about(facts, remedy::command("ip rule show")));
  }
  if (auto missing = missing_way(facts)) return *missing;
  if (!facts.route_error.empty()) return Finding::unknown("could not look again: " + facts.route_error);
  if (!facts.desired.complete) return Finding::unknown("the NIC is not found: its routes cannot be wanted");
  if (!sync.lookup_error.empty())
    return Finding::unknown("could not ask the kernel where packets go: " + sync.lookup_error);
  if (sync.routes.first_detour()) {
    return Finding::reported_by("routes.shadowed", "the kernel takes another route to pods",
                                "packets follow the other route; the agent never touches it");
  }
  if (sync.routes.empty()) {
    return Finding::pass(
        "no route is wanted: pods.cluster_cidrs and pods.node_cidrs name none that needs one");
  }
  const auto in_doubt = diverting_rule(facts);
  return Finding::pass(
      fmt::format("{} routes in place{}{}", sync.routes.size(),
                  facts.removals_held
                      ? fmt::format(", {} unwanted ones stay until a second reading agrees", sync.unwanted)
                      : "",
                  in_doubt ? "; " + in_doubt->message : ""));
}

Finding routes_shadowed(const Facts& facts) {
  if (!facts.routes_seen) return Finding::skip("no route is in place yet");
  if (const auto shadowed = facts.sync.routes.first(routing::RouteState::shadowed)) {
    return Finding::fail(
        fmt::format("{}: {}",
                    net::route_text(shadowed->route, net::link_name(*facts.links, shadowed->route.device)),
                    shadowed->error),
        "packets follow the other route; the agent never touches it", show_command(*shadowed));
  }
  if (!facts.sync.lookup_error.empty())
    return Finding::unknown("could not ask the kernel where packets go: " + facts.sync.lookup_error);
  if (auto rule = diverting_rule(facts)) return *rule;
  return Finding::pass(
      "no foreign route takes precedence where the kernel was asked: some addresses of each CIDR and, by "
      "Azure's route table, of other nodes'");
}

}  // namespace

std::vector<Check> rows_of_routes() {
  return {
      {.order = 70,
       .id = "routes.in_sync",
       .subject = Subject::routes,
       .gate = Gate::with_routes,
       .why = "pod packets without their route take the node's default route or none",
       .look = routes_in_sync},
      {.order = 80, .id = "routes.shadowed", .subject = Subject::shadowed_route, .look = routes_shadowed},
  };
}

}  // namespace checks
