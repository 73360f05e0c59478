#include "agent/cli/one_look.h"

#include <algorithm>
#include <array>
#include <future>

#include "agent/daemon/cached_document.h"
#include "agent/daemon/cloud_program.h"
#include "agent/daemon/identity.h"
#include "agent/daemon/paths.h"
#include "agent/daemon/persisted_state.h"
#include "agent/inspect/inspect.h"
#include "checks/policy_rules.h"
#include "imds/fetch.h"
#include "netlink/linux_kernel.h"
#include "netlink/proc_sysctls.h"
#include "node/azure_routing.h"
#include "node/mode_tracker.h"
#include "node/node_view.h"
#include "node/own_node.h"

namespace agent {
namespace {

node::NodeDocument obtain_document(const Config& config, std::chrono::milliseconds patience,
                                   const node::Machine& machine) {
  node::NodeDocument document;
  imds::Options options;
  options.endpoint = config.imds.endpoint;
  options.read_timeout = std::min(config.imds.read_timeout, patience);
  auto reading = imds::fetch_once(options);
  if (reading) {
    document.take_reading(std::move(reading->network), std::move(reading->api_version), machine,
                          std::chrono::steady_clock::now(), std::chrono::system_clock::now());
    if (document.in_force()) return document;
  } else {
    document.take_failure(reading.error().what);
  }
  if (auto cached = cached_document(document_cache(), machine.links)) {
    document.take_cached(std::move(cached->reading.network), std::move(cached->reading.api_version),
                         cached->saved);
  }
  return document;
}

/// What a daemon on this VM has found out before.
PersistedState known_before(const observed::NodeNetwork* network) {
  if (network == nullptr) return {};
  return load_state(kept_file(), network->identity.vm_id).value_or(PersistedState{});
}

/// True where one was not there.
bool add_numbers(std::span<const std::uint8_t> more, std::vector<std::uint8_t>& numbers) {
  const auto before = numbers.size();
  for (const auto each : more) {
    if (std::find(numbers.begin(), numbers.end(), each) == numbers.end()) numbers.push_back(each);
  }
  return numbers.size() > before;
}

/// As the daemon finds it when it starts.
node::ModeTracker mode_now(const Config& config, const PersistedState& kept,
                           const observed::NodeEnvironment& environment, std::span<const net::Link> links) {
  const auto& configuration = environment.cni->configuration;
  node::ModeTracker controller(config.mode, kept.mode);
  controller.see(node::evident_mode(configuration ? &*configuration : nullptr, links), {});
  return controller;
}

}  // namespace

std::vector<std::uint8_t> own_protocols(const Config& config, std::span<const net::Link> links) {
  std::vector<std::uint8_t> numbers = {policy_of(config).protocol};
  const auto document = cached_document(document_cache(), links);
  if (document) add_numbers(known_before(&document->reading.network).protocols, numbers);
  return numbers;
}

net::Result<routing::Actual> take_actual(net::Kernel& kernel, std::span<const std::uint8_t> protocols) {
  routing::Actual actual;
  for (const auto protocol : protocols) {
    const auto routes = kernel.routes(protocol);
    if (!routes) return net::pass_on(routes);
    actual.routes.insert(actual.routes.end(), routes->begin(), routes->end());
    const auto rules = kernel.rules(protocol);
    if (!rules) return net::pass_on(rules);
    actual.rules.insert(actual.rules.end(), rules->begin(), rules->end());
  }
  return actual;
}

net::Result<OneLook> look_once(const Config& config, std::chrono::milliseconds patience, Scope scope) {
  const auto finish_by = std::chrono::steady_clock::now() + patience;
  auto kernel = netlink::LinuxKernel::open();
  if (!kernel) return net::pass_on(kernel);
  OneLook look;
  auto& facts = look.facts;
  facts.policy = policy_of(config);
  std::vector<std::uint8_t> ours = {facts.policy.protocol};
  auto seen = node::read_kernel_state(**kernel, facts.policy, ours);
  if (!seen) return net::pass_on(seen);
  const auto links = seen->links;

  // A slow IMDS must leave time for the others.
  const auto document = obtain_document(config, scope == Scope::everything ? patience * 5 / 8 : patience,
                                        node::machine_of(*seen, facts.policy, std::nullopt));
  facts.environment = look_at_files();
  facts.imds = document.status();
  facts.network = document.in_force();
  facts.node_name = node_name(config);
  const auto kept = known_before(facts.network ? &*facts.network : nullptr);
  if (add_numbers(kept.protocols, ours)) {
    seen = node::read_kernel_state(**kernel, facts.policy, ours);
    if (!seen) return net::pass_on(seen);
  }
  const auto mode = mode_now(config, kept, facts.environment, links);
  facts.policy.mode = mode.in_force().mode;
  facts.mode_reason = mode.in_force().reason;
  // Of what is not conclusive nobody knows here for how long it has been seen: it is taken as it is.
  facts.mode_is_a_guess = mode.is_a_guess(net::MonoTime{} + node::ModeTracker::kGuess);
  netlink::ProcSysctls sysctls;
  auto view = node::view_of(std::move(*seen), sysctls, facts.policy, facts.network, kept.primary);
  const auto* network = facts.network ? &*facts.network : nullptr;
  if (scope == Scope::everything) {
    const auto* nic = view.nic.nic ? &*view.nic.nic : nullptr;
    const InspectionTarget aim{.mode = facts.policy.mode, .nic = nic != nullptr ? nic->link.name : ""};
    auto environment = std::async(std::launch::async, [&] { return inspect(aim, links, finish_by); });
    const auto left = finish_by - std::chrono::steady_clock::now();
    facts.cloud_state = ask_cloud_once(query_of(config, facts.policy.mode, network, nic),
                                       std::chrono::duration_cast<std::chrono::milliseconds>(left));
    facts.environment = environment.get();
  }
  facts.cloud_state.node = node::own_node(std::move(facts.cloud_state.node), facts.network, links);
  facts.node_cidrs = node::decide_node_cidrs(facts.policy, facts.cloud_state, facts.environment,
                                             facts.node_name, kept.node_cidrs);
  if (facts.node_cidrs.cidrs != facts.policy.node_cidrs) {
    facts.policy.node_cidrs = facts.node_cidrs.cidrs;
    seen = node::read_kernel_state(**kernel, facts.policy, ours);
    if (!seen) return net::pass_on(seen);
    view = node::view_of(std::move(*seen), sysctls, facts.policy, facts.network, view.primary);
  }
  view.desired.node_cidrs_awaited = facts.node_cidrs.awaited;

  auto actual = take_actual(**kernel, ours);
  if (!actual) return net::pass_on(actual);
  look.links = view.kernel_state.links;
  look.actual = std::move(*actual);
  facts.started = facts.now = std::chrono::steady_clock::now();
  facts.wall = std::chrono::system_clock::now();
  facts.nic = std::move(view.nic);
  facts.links = look.links;
  facts.sysctls = std::move(view.sysctls);
  facts.desired = std::move(view.desired);
  if (facts.network && facts.policy.routes_enabled) {
    look.difference = routing::diff(facts.desired, look.actual, view.kernel_state.foreign_routes);
    facts.routes_seen = true;
    facts.sync = routing::evaluate_sync(facts.desired, look.actual, view.kernel_state.foreign_routes, {});
    routing::look_up(**kernel, facts.desired.rules, facts.policy.node_cidrs.list(), 0, facts.sync);
    routing::look_up_parts(**kernel, facts.desired.rules,
                           node::cidrs_of_other_nodes(facts.policy, facts.cloud_state), facts.sync);
    routing::look_up_flows(**kernel, facts.desired.rules, checks::flows_that_rules_choose(facts), facts.sync);
  }
  return look;
}

}  // namespace agent
