#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "agent/cli/commands.h"
#include "agent/cli/node_look.h"
#include "agent/http/renderings.h"
#include "checks/check_table.h"
#include "net/foreign_text.h"

namespace agent {
namespace {

constexpr std::size_t kLongestProblem = 10'000;  // it names every link

struct PendingSysctl {
  std::string key;
  std::string have;
  std::string want;
};

std::vector<PendingSysctl> pending_sysctls(const checks::Facts& facts) {
  const auto nic = facts.nic.nic ? facts.nic.nic->link.name : "";
  std::vector<PendingSysctl> pending;
  for (const auto& wish : node::unmet(node::wanted_sysctls(facts.policy, nic), facts.sysctls)) {
    pending.push_back({.key = net::sysctl_name(wish.key),
                       .have = *facts.sysctls.find(wish.key)->second,
                       .want = wish.value});
  }
  return pending;
}

/// Also where another check reports why.
bool is_not_as_wanted(const checks::Finding& verdict) {
  return verdict.status == checks::CheckStatus::fail || verdict.fails_if_required;
}

/// Of several next hops of one IPv6 key a dump does not show whose they are; the kernel would remove the
/// agent's alone.
bool is_of_unknown_owner(const net::Change& change) {
  const auto* route = std::get_if<net::Route>(&change.object);
  return change.verb == net::Verb::remove && route != nullptr && route->multipath;
}

/// How the route that the change is about stands: the wanted one's judgement, else plainly pending.
routing::RouteStatus status_of(const core::NodePlan& plan, const net::Route& route) {
  routing::RouteStatus status{.route = route,
                              .device = std::string(net::link_name(*plan.facts.links, route.device)),
                              .state = routing::RouteState::pending,
                              .error = ""};
  for (const auto& wanted : plan.facts.sync.routes) {
    if (wanted.route == route) {
      status.state = wanted.state;
      status.error = wanted.error;
    }
  }
  return status;
}

std::string json_text(const core::NodePlan& plan, const std::vector<PendingSysctl>& sysctls, bool in_sync,
                      const std::string& note) {
  using Json = nlohmann::ordered_json;
  Json routes = Json::array();
  Json rules = Json::array();
  for (const auto& change : plan.routes.changes) {
    Json entry = {{"action", net::verb_name(change.verb)}};
    if (const auto* rule = std::get_if<net::Rule>(&change.object)) {
      entry.update({{"from", rule->source.text()}, {"table", rule->table}, {"priority", rule->priority}});
      rules.push_back(std::move(entry));
    } else {
      entry.update(route_json(status_of(plan, std::get<net::Route>(change.object))));
      routes.push_back(std::move(entry));
    }
  }
  Json keys = Json::array();
  for (const auto& sysctl : sysctls) {
    keys.push_back({{"key", sysctl.key}, {"have", sysctl.have}, {"want", sysctl.want}});
  }
  const Json report = {{"schema", "calico-azure-agent/plan/v1"},
                       {"note", note},
                       {"source", node::source_name(plan.facts.imds.source)},
                       {"in_sync", in_sync},
                       {"routes", std::move(routes)},
                       {"rules", std::move(rules)},
                       {"sysctls", std::move(keys)}};
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

void print_text(const core::NodePlan& plan, const std::vector<PendingSysctl>& sysctls,
                const checks::Finding& verdict, bool in_sync) {
  if (plan.facts.imds.source == node::ImdsSource::cache) {
    std::cout << fmt::format("IMDS does not answer ({}): judged by the document kept on disk\n",
                             plan.facts.imds.last_error);
  }
  for (const auto& change : plan.routes.changes) {
    if (const auto* rule = std::get_if<net::Rule>(&change.object)) {
      std::cout << fmt::format("{:<8}rule from {} lookup {} priority {}\n", net::verb_name(change.verb),
                               rule->source.text(), rule->table, rule->priority);
    } else {
      const auto& route = std::get<net::Route>(change.object);
      std::cout << fmt::format("{:<8}{}{}\n", net::verb_name(change.verb),
                               net::route_text(route, net::link_name(*plan.facts.links, route.device)),
                               is_of_unknown_owner(change) ? ", where it is the agent's" : "");
    }
  }
  if (plan.facts.desired.node_cidrs_awaited)
    std::cout << "this node's pod CIDR is not known yet: what it asks for stays as it is\n";
  if (plan.routes.removals_held)
    std::cout << "removals wait until IMDS gives the same answer a second time\n";
  for (const auto& sysctl : sysctls) {
    std::cout << fmt::format("{:<8}{} from {} to {}\n", "set", net::foreign_text(sysctl.key), sysctl.have,
                             sysctl.want);
  }
  for (const auto& route : plan.facts.sync.routes) {
    if (route.error.empty()) continue;
    std::cout << fmt::format(
        "{:<7} {}: {}\n", routing::route_state_name(route.state),
        net::route_text(route.route, net::link_name(*plan.facts.links, route.route.device)), route.error);
  }
  if (!plan.facts.nic.problem.empty())
    std::cout << "the NIC is not found: " << net::foreign_text(plan.facts.nic.problem, kLongestProblem)
              << '\n';
  // A route that cannot even be wanted is in no difference.
  if (plan.routes.changes.empty() && is_not_as_wanted(verdict)) std::cout << verdict.message << '\n';
  if (in_sync) std::cout << "in sync\n";
}

struct Difference {
  std::vector<PendingSysctl> sysctls;
  checks::Finding verdict;
  bool in_sync = false;
};

Difference difference_of(const core::NodePlan& plan) {
  Difference difference{.sysctls = pending_sysctls(plan.facts),
                        .verdict = checks::check_about(checks::Subject::routes).look(plan.facts)};
  difference.in_sync = plan.routes.changes.empty() && difference.sysctls.empty() &&
                       (!plan.facts.policy.routes_enabled || plan.facts.sync.leads_as_wanted()) &&
                       !is_not_as_wanted(difference.verdict) && plan.facts.nic.problem.empty();
  return difference;
}

}  // namespace

int print_plan(const Beside& beside, const OutputOptions& output) {
  const auto look = look_at_node(beside.loaded.config, kEverythingPatience);
  if (!look) {
    std::cerr << "plan: " << look.error().what << '\n';
    return kUndetermined;
  }
  return print_plan(*look, beside, output);
}

int print_plan(const NodeLook& look, const Beside& beside, const OutputOptions& output) {
  const auto& plan = look.plan;
  if (!plan.facts.network) {
    std::cerr << "plan: neither IMDS nor a cached document describes this VM: " << plan.facts.imds.last_error
              << '\n';
    return kUndetermined;
  }
  const auto difference = difference_of(plan);
  if (output.json) {
    std::cout << json_text(plan, difference.sysctls, difference.in_sync, beside.note);
  } else {
    say_note(beside);
    print_text(plan, difference.sysctls, difference.verdict, difference.in_sync);
  }
  return difference.in_sync ? kOk : kNo;
}

std::string plan_json(const NodeLook& look, const Beside& beside) {
  if (!look.plan.facts.network) return "";
  const auto difference = difference_of(look.plan);
  return json_text(look.plan, difference.sysctls, difference.in_sync, beside.note);
}

}  // namespace agent
