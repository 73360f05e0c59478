#include "core/node_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "checks/policy_rules.h"
#include "node/azure_routing.h"

namespace core {

namespace {

std::optional<node::Mode> configured_mode(const node::Policy& policy) {
  if (policy.mode_is_automatic) return std::nullopt;
  return policy.mode;
}

std::span<const net::PolicyRule> rules_of_others(const observed::NodeEnvironment& environment) {
  const auto& plane = environment.data_plane;
  if (!plane || !*plane) return {};
  return (*plane)->rules_before_main;
}

/// The CNI configuration of pods; empty: there is none.
std::string winner_of(const observed::NodeEnvironment& environment) {
  if (!environment.cni || !environment.cni->configuration) return "";
  const auto* winner = environment.cni->configuration->winner();
  return winner == nullptr ? "" : winner->path;
}

std::size_t repaired(const std::vector<routing::AppliedChange>& made) {
  return static_cast<std::size_t>(
      std::count_if(made.begin(), made.end(), [](const auto& each) { return each.repaired; }));
}

}  // namespace

NodeEngine::NodeEngine(net::Kernel& kernel, net::Sysctls& sysctls, node::Policy policy, std::string node_name,
                       std::uint32_t seed, net::MonoTime now, Role role)
    : kernel_(kernel),
      sysctls_(sysctls),
      role_(role),
      configured_(policy),
      policy_(std::move(policy)),
      mode_(configured_mode(policy_), std::nullopt),
      node_name_(std::move(node_name)),
      started_(now),
      reconciler_(kernel, seed),
      watched_(node::watched_destinations(policy_)) {
  follow_node_cidrs(now);
  reconciler_.request_sync(now);
}

void NodeEngine::set_policy(node::Policy policy, net::MonoTime now) {
  configured_ = policy;
  const auto mode = std::exchange(policy_, std::move(policy)).mode;
  mode_.configure(configured_mode(configured_));
  policy_.mode = mode;  // until follow_mode() changes it
  follow_mode(now);
  follow_node_cidrs(now);
  watched_ = node::watched_destinations(policy_);
  configuration_changed_ = true;
  request_full_resync(now);
}

void NodeEngine::take_cloud_state(observed::CloudState cloud_state, net::MonoTime now) {
  received_node_ = std::move(cloud_state.node);
  cloud_state.node = node::own_node(received_node_, document_.in_force(), *view_.kernel_state.links);
  cloud_state_ = std::move(cloud_state);
  follow_node_cidrs(now);
}

/// Again, now that these links are here, or another document.
void NodeEngine::judge_node(std::span<const net::Link> links, net::MonoTime now) {
  const auto refusal = [](const node::NodeAnswer& answer) {
    return !answer || *answer ? std::string() : answer->error().what;
  };
  auto judged = node::own_node(received_node_, document_.in_force(), links);
  if (refusal(judged) == refusal(cloud_state_->node)) return;
  cloud_state_.edit().node = std::move(judged);
  follow_node_cidrs(now);
}

void NodeEngine::take_environment(observed::NodeEnvironment environment, net::MonoTime now) {
  const auto before = std::exchange(environment_, std::move(environment));
  awaits_look_ = false;
  if (before->cni && winner_of(*before) != winner_of(*environment_)) winner_since_ = now;
  if (!std::ranges::equal(rules_of_others(*environment_), rules_of_others(*before)))
    reconciler_.request_sync(now);  // the next step looks up where they lead
  consider_evidence(now);
}

/// Of the mode, as the CNI's files and the links show it now.
void NodeEngine::consider_evidence(net::MonoTime now) {
  const auto links = kernel_.links();
  if (links) note_age(*links, now);
  if (links && environment_->cni) {
    const auto& configuration = environment_->cni->configuration;
    const bool known = !mode_.is_a_guess(now);
    mode_.see(node::evident_mode(configuration ? &*configuration : nullptr, *links), now,
              !document_.in_force());
    if (follow_mode(now)) mode_before_was_known_ = known;
  }
  follow_node_cidrs(now);
}

void NodeEngine::note_age(std::span<const net::Link> links, net::MonoTime now) {
  std::map<std::uint32_t, net::MonoTime> since;
  for (const auto& link : links) {
    const auto known = links_since_.find(link.index);
    since.emplace(link.index, known == links_since_.end() ? now : known->second);
  }
  links_since_ = std::move(since);
}

void NodeEngine::take_persisted(PersistedState before, net::MonoTime now) {
  before_ = std::move(before);
  restore(now);
}

void NodeEngine::restore(net::MonoTime now) {
  if (!before_ || !document_.in_force()) return;
  auto before = std::move(*before_);
  before_.reset();
  if (before.vm_id != document_.in_force()->identity.vm_id) return;
  reconciler_.restore(before.protocols, now);
  node_cidrs_ = std::move(before.node_cidrs);
  node_cidrs_since_.reset();
  if (!view_.primary) view_.primary = before.primary;
  follow_node_cidrs(now);
  if (before.mode) {
    mode_.restore(std::move(*before.mode));
    follow_mode(now);
  }
  request_full_resync(now);
}

std::optional<PersistedState> NodeEngine::persisted(const PersistedState& before) const {
  const auto& network = document_.in_force();
  if (!network) return std::nullopt;
  auto state = before.vm_id == network->identity.vm_id ? before : PersistedState{};
  state.vm_id = network->identity.vm_id;
  state.protocols = protocols();
  std::sort(state.protocols.begin(), state.protocols.end());
  if (!node_cidrs_.kept && !node_cidrs_.source.empty() && node_cidrs_.source != "static")
    state.node_cidrs = {.cidrs = node_cidrs_.cidrs, .source = node_cidrs_.source, .kept = true};
  // What the configuration contradicts is not what the next start should go by.
  const auto& found = mode_.found();
  const bool is_contradicted = found && !configured_.mode_is_automatic && found->mode != configured_.mode;
  if (is_contradicted) {
    state.mode.reset();
  } else if (found) {
    state.mode = *found;
  }
  if (view_.primary) state.primary = view_.primary;
  return state;
}

bool NodeEngine::reconsider_mode(net::MonoTime now) {
  // What was seen when the evidence came may be gone without a notification: routes are not removed for it.
  if (const auto due = mode_.due(); due && *due <= now) awaits_look_ = true;
  return mode_before_ && mode_before_was_known_;
}

/// True where it is another one.
bool NodeEngine::follow_mode(net::MonoTime now) {
  const auto& chosen = mode_.in_force().mode;
  if (chosen == policy_.mode) return false;
  mode_before_was_known_ = true;
  if (reconciler_.has_looked()) mode_before_ = policy_.mode;
  policy_.mode = chosen;
  configuration_changed_ = true;
  request_full_resync(now);
  return true;
}

std::optional<net::MonoTime> NodeEngine::due() const {
  const auto routes = reconciler_.due();
  const auto mode = awaits_look_ ? std::nullopt : mode_.due();
  return routes && mode ? std::min(*routes, *mode) : (routes ? routes : mode);
}

void NodeEngine::follow_node_cidrs(net::MonoTime now) {
  auto asked = configured_;
  asked.mode = policy_.mode;
  auto told = node::decide_node_cidrs(asked, *cloud_state_, *environment_, node_name_, node_cidrs_);
  const bool moved = told.cidrs != policy_.node_cidrs || told.awaited != node_cidrs_.awaited;
  if (told.cidrs != node_cidrs_.cidrs) {
    const bool are_new = !told.kept && !told.cidrs.empty();
    node_cidrs_since_ = are_new ? std::optional(now) : std::nullopt;
  }
  node_cidrs_ = std::move(told);
  if (!moved) return;
  policy_.node_cidrs = node_cidrs_.cidrs;
  watched_ = node::watched_destinations(policy_);
  configuration_changed_ = true;
  request_full_resync(now);
}

void NodeEngine::take_cached(observed::NodeNetwork network, std::string api_version, net::WallTime saved,
                             net::MonoTime now) {
  document_.take_cached(std::move(network), std::move(api_version), saved);
  restore(now);
  request_full_resync(now);
}

void NodeEngine::take_reading(observed::NodeNetwork network, std::string api_version, net::MonoTime now,
                              net::WallTime wall) {
  if (document_.is_repeated_by(network)) {
    document_.take_reading(std::move(network), std::move(api_version), std::nullopt, now, wall);
    document_repeated_ = true;
    return;
  }
  reading_ =
      Reading{.network = std::move(network), .api_version = std::move(api_version), .now = now, .wall = wall};
  request_full_resync(now);
}

void NodeEngine::take_failure(std::string error) {
  document_.take_failure(std::move(error));
  counters_.imds_errors = document_.failures();
}

routing::RepairReport NodeEngine::take_notifications(std::span<const net::Notification> notifications,
                                                     net::MonoTime now) {
  bool nic_is_back = false;
  for (const auto& notification : notifications) {
    if (node::classify(notification, policy_.protocol, watched_) != node::NotificationScope::all) continue;
    kernel_read_wanted_ = true;
    reconciler_.request_sync(now);
    nic_is_back = follow_nic(notification) || nic_is_back;
  }
  const auto device = nic_is_back ? view_.nic.nic->link.index : 0;
  auto report = reconciler_.repair_from_notifications(notifications, device, now);
  if (device != 0 && report.complete) nic_flapped_ = false;
  counters_.routes_repaired += repaired(report.made);
  return report;
}

/// True if the NIC has recovered from a flap. The kernel removes IPv4 routes with their link or address
/// without RTM_DELROUTE, so this event stands in for them.
bool NodeEngine::follow_nic(const net::Notification& notification) {
  using Subject = net::Notification::Subject;
  if (!view_.nic.nic || notification.device != view_.nic.nic->link.index) return false;
  if (notification.subject != Subject::link && notification.subject != Subject::address) return false;
  const bool back = notification.subject == Subject::link ? notification.up : !notification.removal;
  if (notification.subject == Subject::link && policy_.mode == node::Mode::udr)
    reconciler_.set_link_state(notification.device, notification.up);
  nic_flapped_ = nic_flapped_ || !back;
  return back && nic_flapped_;
}

void NodeEngine::request_full_resync(net::MonoTime now) {
  kernel_read_wanted_ = true;
  reconciler_.request_full_resync(now);
}

TurnReport NodeEngine::turn(net::MonoTime now, net::WallTime wall) {
  TurnReport report;
  reconsider_mode(now);
  if (std::exchange(document_repeated_, false)) {
    if (finds_all_as_it_was(now, wall, report)) return report;
    request_full_resync(now);
  }
  const bool was_read = read_kernel(now);
  if (was_read && role_ == Role::reconciles && policy_.enforce_sysctls) enforce_sysctls(report);
  if (role_ == Role::reconciles) reconcile(now, wall, report);
  report.another_reading_wanted = removals_held_ || document_.wants_another_reading();
  return report;
}

/// By what no notification tells: lookups, and sysctls.
bool NodeEngine::finds_all_as_it_was(net::MonoTime now, net::WallTime wall, TurnReport& report) {
  if (kernel_read_wanted_ || role_ != Role::reconciles) return false;
  const auto lookups = wanted_lookups(now, wall);
  if (!reconciler_.still_leads(targets_of(lookups))) return false;
  view_.sysctls = node::sysctls_around(view_, sysctls_, policy_, document_.in_force());
  if (policy_.enforce_sysctls) enforce_sysctls(report);
  return true;
}

void NodeEngine::reconcile(net::MonoTime now, net::WallTime wall, TurnReport& report) {
  const auto lookups = wanted_lookups(now, wall);
  auto step = reconciler_.step(now, targets_of(lookups));
  report.made = std::move(step.made);
  if (step.foreign_routes_moved) {
    // Another route holds a key of ours: learn whose, so that the status names the owner before it is read.
    kernel_read_wanted_ = true;
    read_kernel(now);
    step = reconciler_.step(now, targets_of(lookups));
    report.made.insert(report.made.end(), std::move_iterator(step.made.begin()),
                       std::move_iterator(step.made.end()));
  }
  removals_held_ = step.removals_held;
  counters_.routes_repaired += repaired(report.made);
  if (reconciler_.desired()) ++counters_.resyncs;
  if (kernel_read_wanted_ && view_.error.empty()) reconciler_.request_sync(now);
  if (kernel_read_wanted_ && !view_.error.empty()) reconciler_.retry_later(now);
  const bool in_line =
      !reconciler_.last_error() && reconciler_.sync().settled() && reconciler_.sync().unwanted == 0;
  if (in_line) {
    mode_before_.reset();
    nic_flapped_ = false;
  }
  mode_before_was_known_ = true;  // what a turn has not put in line is news, guess or not
}

net::Result<NodePlan> NodeEngine::plan(net::MonoTime now, net::WallTime wall) {
  read_kernel(now);
  if (!view_.error.empty()) return net::failure(EIO, view_.error);
  const auto lookups = wanted_lookups(now, wall);
  auto routes = reconciler_.plan(targets_of(lookups));
  if (!routes) return net::pass_on(routes);
  removals_held_ = routes->removals_held;
  return NodePlan{.routes = std::move(*routes), .facts = facts(now, wall)};
}

NodeEngine::Lookups NodeEngine::wanted_lookups(net::MonoTime now, net::WallTime wall) const {
  Lookups lookups{.other_nodes = node::cidrs_of_other_nodes(policy_, *cloud_state_), .flows = {}};
  if (!rules_of_others(*environment_).empty()) lookups.flows = checks::flows_of_rules(facts(now, wall));
  return lookups;
}

routing::LookupTargets NodeEngine::targets_of(const Lookups& lookups) const {
  return {
      .node_cidrs = policy_.node_cidrs.list(), .other_nodes = lookups.other_nodes, .flows = lookups.flows};
}

/// Where that was asked for, and what follows from it for the wanted routes. True when it has been read.
bool NodeEngine::read_kernel(net::MonoTime now) {
  if (!std::exchange(kernel_read_wanted_, false)) return false;
  auto seen = take_kernel_state(now);
  if (!seen) {
    view_.error = seen.error().what;
    kernel_read_wanted_ = true;
    return false;
  }
  judge_node(*seen->links, now);
  view_ = node::view_of(std::move(*seen), sysctls_, policy_, document_.in_force(), view_.primary);
  view_.desired.node_cidrs_awaited = node_cidrs_.awaited;
  if (!policy_.routes_enabled) reconciler_.release_all();
  if (!document_.in_force() || !policy_.routes_enabled) return true;
  // The configuration removes at once, but not what a document that is not confirmed yet asks for beside it.
  const bool same_document = std::exchange(wanted_of_, document_.in_force()) == document_.in_force();
  const bool configured = std::exchange(configuration_changed_, false) && same_document && !removals_held_;
  const bool agreed = document_.is_confirmed() || configured;
  reconciler_.want(view_.desired, policy_.protocol, agreed, now);
  view_.desired = *reconciler_.desired();
  reconciler_.set_foreign_routes(std::move(view_.kernel_state.foreign_routes), now);
  return true;
}

/// With the document that is in force given these links: one that has come since, or one that waited for a
/// link, or its address, with which it is complete.
net::Result<node::KernelState> NodeEngine::take_kernel_state(net::MonoTime now) {
  auto seen = node::read_kernel_state(kernel_, policy_, reconciler_.owned(policy_.protocol));
  if (!seen) return seen;
  const auto machine = node::machine_of(*seen, policy_, view_.primary);
  if (auto reading = std::exchange(reading_, std::nullopt)) {
    document_.take_reading(std::move(reading->network), std::move(reading->api_version), machine,
                           reading->now, reading->wall);
  } else {
    document_.reconsider(machine);
  }
  const bool waits = before_.has_value();
  restore(now);
  // Routes and CIDRs that were only now found to be this node's count, too.
  if (waits && !before_)
    return node::read_kernel_state(kernel_, policy_, reconciler_.owned(policy_.protocol));
  return seen;
}

void NodeEngine::enforce_sysctls(TurnReport& report) {
  const std::string nic = view_.nic.nic ? view_.nic.nic->link.name : "";
  for (const auto& wish : node::unmet(node::wanted_sysctls(policy_, nic), view_.sysctls)) {
    if (const auto written = sysctls_.write(wish.key, wish.value)) {
      report.sysctls_set.push_back(fmt::format("{} = {}", net::sysctl_name(wish.key), wish.value));
    } else {
      report.sysctl_problems.push_back(written.error().what);
    }
  }
  if (report.sysctls_set.empty()) return;
  for (auto& [key, reading] : node::read_sysctls(sysctls_, policy_, nic))
    view_.sysctls.insert_or_assign(key, std::move(reading));
}

}  // namespace core
