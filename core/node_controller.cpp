#include "core/node_controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "checks/check_table.h"
#include "checks/policy_rules.h"
#include "node/azure_routing.h"

namespace core {

namespace {

std::optional<node::Mode> configured_mode(const node::Policy& policy) {
  if (policy.mode_is_automatic) return std::nullopt;
  return policy.mode;
}

std::vector<net::PolicyRule> rules_of_others(const observed::NodeEnvironment& environment) {
  const auto& plane = environment.data_plane;
  return plane && *plane ? (*plane)->rules_before_main : std::vector<net::PolicyRule>();
}

}  // namespace

NodeController::NodeController(net::Kernel& kernel, net::Sysctls& sysctls, node::Policy policy,
                               std::string node_name, std::uint32_t seed, net::MonoTime now)
    : kernel_(kernel),
      sysctls_(sysctls),
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

void NodeController::set_policy(node::Policy policy, net::MonoTime now) {
  configured_ = policy;
  const auto mode = std::exchange(policy_, std::move(policy)).mode;
  mode_.configure(configured_mode(configured_));
  policy_.mode = configured_.mode = mode;  // until follow_mode() knows better
  follow_mode(now);
  follow_node_cidrs(now);
  watched_ = node::watched_destinations(policy_);
  configuration_changed_ = true;
  request_full_resync(now);
}

void NodeController::take_cloud_state(observed::CloudState cloud_state, net::MonoTime now) {
  cloud_state_ = std::move(cloud_state);
  heard_node_ = std::move(cloud_state_.node);
  cloud_state_.node = node::own_node(heard_node_, document_.in_force(), view_.kernel_state.links);
  follow_node_cidrs(now);
}

/// Again, now that these links are here, or another document.
void NodeController::judge_node(std::span<const net::Link> links, net::MonoTime now) {
  const auto verdict = [this] {
    return !cloud_state_.node || *cloud_state_.node ? 0 : cloud_state_.node->error().code.value();
  };
  const auto before = verdict();
  cloud_state_.node = node::own_node(heard_node_, document_.in_force(), links);
  if (verdict() != before) follow_node_cidrs(now);
}

void NodeController::take_environment(observed::NodeEnvironment environment, net::MonoTime now) {
  const auto rules_before = rules_of_others(environment_);
  environment_ = std::move(environment);
  if (rules_of_others(environment_) != rules_before)
    reconciler_.request_sync(now);  // where they lead shows the next step
  const auto links = kernel_.links();
  if (links) note_age(*links, now);
  if (links && environment_.cni) {
    const auto& configuration = environment_.cni->configuration;
    const bool known = !mode_.is_a_guess(now);
    mode_.see(node::evident_mode(configuration ? &*configuration : nullptr, *links), now);
    if (follow_mode(now)) mode_before_was_known_ = known;
  }
  follow_node_cidrs(now);
}

void NodeController::note_age(std::span<const net::Link> links, net::MonoTime now) {
  std::map<std::uint32_t, net::MonoTime> since;
  for (const auto& link : links) {
    const auto known = links_since_.find(link.index);
    since.emplace(link.index, known == links_since_.end() ? now : known->second);
  }
  links_since_ = std::move(since);
}

void NodeController::restore(node::NodeCidrs cidrs, std::optional<node::ModeChoice> mode,
                             std::optional<net::MacAddress> primary, net::MonoTime now) {
  node_cidrs_ = std::move(cidrs);
  node_cidrs_since_.reset();
  if (!view_.primary) view_.primary = primary;
  follow_node_cidrs(now);
  if (!mode) return;
  mode_.restore(std::move(*mode));
  follow_mode(now);
}

bool NodeController::reconsider_mode(net::MonoTime now) {
  if (const auto due = mode_.due(); due && *due <= now) take_environment(std::move(environment_), now);
  return mode_before_ && mode_before_was_known_;
}

/// True where it is another one.
bool NodeController::follow_mode(net::MonoTime now) {
  const auto& chosen = mode_.in_force().mode;
  if (chosen == policy_.mode) return false;
  mode_before_was_known_ = true;
  if (reconciler_.has_looked()) mode_before_ = policy_.mode;
  policy_.mode = configured_.mode = chosen;
  configuration_changed_ = true;
  request_full_resync(now);
  return true;
}

std::optional<net::MonoTime> NodeController::due() const {
  const auto routes = reconciler_.due();
  const auto mode = mode_.due();
  return routes && mode ? std::min(*routes, *mode) : (routes ? routes : mode);
}

void NodeController::follow_node_cidrs(net::MonoTime now) {
  auto told = node::decide_node_cidrs(configured_, cloud_state_, environment_, node_name_, node_cidrs_);
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

void NodeController::take_cached(observed::NodeNetwork network, std::string api_version, net::WallTime saved,
                                 net::MonoTime now) {
  document_.take_cached(std::move(network), std::move(api_version), saved);
  request_full_resync(now);
}

void NodeController::take_reading(observed::NodeNetwork network, std::string api_version, net::MonoTime now,
                                  net::WallTime wall) {
  // Whether the document fits this machine is judged against the links of now, not of the last audit.
  node::KernelState seen{
      .links = {}, .platform_routes = view_.kernel_state.platform_routes, .foreign_routes = {}};
  std::optional<node::Machine> machine;
  if (auto links = kernel_.links()) {
    seen.links = std::move(*links);
    machine = node::machine_of(seen, policy_, view_.primary);
  }
  document_.take_reading(std::move(network), std::move(api_version), machine, now, wall);
  request_full_resync(now);
}

void NodeController::take_failure(std::string error) {
  document_.take_failure(std::move(error));
  counters_.imds_errors = document_.failures();
}

routing::RepairReport NodeController::take_notifications(std::span<const net::Notification> notifications,
                                                         net::MonoTime now) {
  bool nic_is_back = false;
  for (const auto& notification : notifications) {
    if (node::classify(notification, policy_.protocol, watched_) != node::NotificationScope::all) continue;
    look_wanted_ = true;
    reconciler_.request_sync(now);
    nic_is_back = follow_nic(notification) || nic_is_back;
  }
  const auto device = nic_is_back ? view_.nic.nic->link.index : 0;
  auto report = reconciler_.repair_from_notifications(notifications, device, now);
  if (device != 0 && report.complete) nic_flapped_ = false;
  counters_.routes_repaired += report.repaired;
  return report;
}

/// True when the NIC is back after it was shaken: IPv4 routes go with their link or address without a word,
/// so this is the word for all of them.
bool NodeController::follow_nic(const net::Notification& notification) {
  using Subject = net::Notification::Subject;
  if (!view_.nic.nic || notification.device != view_.nic.nic->link.index) return false;
  if (notification.subject != Subject::link && notification.subject != Subject::address) return false;
  const bool back = notification.subject == Subject::link ? notification.up : !notification.removal;
  if (notification.subject == Subject::link && policy_.mode == node::Mode::udr)
    reconciler_.set_link_state(notification.device, notification.up);
  nic_flapped_ = nic_flapped_ || !back;
  return back && nic_flapped_;
}

void NodeController::request_full_resync(net::MonoTime now) {
  look_wanted_ = true;
  reconciler_.request_full_resync(now);
}

TurnReport NodeController::turn(net::MonoTime now) {
  TurnReport report;
  reconsider_mode(now);
  if (look_wanted_) look(now, report);
  const auto other_nodes = node::cidrs_of_other_nodes(policy_, cloud_state_);
  std::vector<routing::PodFlow> flows;
  if (!rules_of_others(environment_).empty()) flows = checks::flows_that_rules_choose(facts(now, {}));
  auto step = reconciler_.step(now, policy_.node_cidrs.list(), other_nodes, flows);
  if (step.strangers_moved) {
    // Somebody holds a key of ours: learn who, so that the standing names the owner before anybody reads it.
    look(now, report);
    auto again = reconciler_.step(now, policy_.node_cidrs.list(), other_nodes, flows);
    again.made.insert(again.made.begin(), step.made.begin(), step.made.end());
    again.repaired += step.repaired;
    step = std::move(again);
  }
  removals_held_ = step.removals_held;
  report.another_reading_wanted = step.removals_held || document_.wants_another_reading();
  report.made = std::move(step.made);
  report.repaired = step.repaired;
  counters_.routes_repaired += step.repaired;
  if (reconciler_.desired()) ++counters_.resyncs;
  if (look_wanted_ && view_.error.empty()) reconciler_.request_sync(now);
  if (look_wanted_ && !view_.error.empty()) reconciler_.retry_later(now);
  const bool in_line =
      !reconciler_.last_error() && reconciler_.sync().settled() && reconciler_.sync().unwanted == 0;
  if (in_line) {
    mode_before_.reset();
    nic_flapped_ = false;
  }
  mode_before_was_known_ = true;  // what a turn has not put in line is news, guess or not
  return report;
}

void NodeController::look(net::MonoTime now, TurnReport& report) {
  look_wanted_ = false;
  const auto ours = reconciler_.owned(policy_.protocol);
  auto seen = node::read_kernel_state(kernel_, policy_, ours);
  if (!seen) {
    view_.error = seen.error().what;
    look_wanted_ = true;
    return;
  }
  // A link has come, or its address, with which the document at hand is complete: it counts at once.
  document_.reconsider(node::machine_of(*seen, policy_, view_.primary));
  judge_node(seen->links, now);
  view_ = node::view_of(std::move(*seen), sysctls_, policy_, document_.in_force(), view_.primary);
  view_.desired.node_cidrs_awaited = node_cidrs_.awaited;
  if (policy_.enforce_sysctls) enforce_sysctls(report);
  if (!policy_.routes_enabled) reconciler_.release_all();
  if (!document_.in_force() || !policy_.routes_enabled) return;
  const bool agreed = std::exchange(configuration_changed_, false) || document_.is_confirmed();
  reconciler_.want(std::move(view_.desired), policy_.protocol, agreed, now);
  view_.desired = *reconciler_.desired();
  reconciler_.set_foreign_routes(std::move(view_.kernel_state.foreign_routes), now);
}

void NodeController::enforce_sysctls(TurnReport& report) {
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

checks::Facts NodeController::facts(net::MonoTime now, net::WallTime wall) const {
  checks::Facts facts;
  facts.policy = policy_;
  facts.mode_reason = mode_.in_force().reason;
  facts.mode_is_a_guess = mode_.is_a_guess(now);
  if (mode_before_was_known_) facts.mode_before = mode_before_;
  facts.started = started_;
  facts.now = now;
  facts.wall = wall;
  facts.node_name = node_name_;
  facts.imds = document_.status();
  facts.network = document_.in_force();
  facts.survey_error = view_.error;
  facts.nic = view_.nic;
  facts.links = view_.kernel_state.links;
  facts.links_since = links_since_;
  facts.sysctls = view_.sysctls;
  facts.cloud_state = cloud_state_;
  facts.environment = environment_;
  facts.node_cidrs = node_cidrs_;
  facts.node_cidrs_since = node_cidrs_since_;
  facts.desired = view_.desired;
  facts.routes_seen = reconciler_.has_looked();
  facts.sync = reconciler_.sync();
  facts.route_error = reconciler_.last_error() ? reconciler_.last_error()->what : "";
  facts.removals_held = removals_held_;
  return facts;
}

NicStatus NodeController::nic_status() const {
  NicStatus status;
  if (!view_.nic.nic) return status;
  const auto& nic = *view_.nic.nic;
  status.name = nic.link.name;
  status.index = nic.link.index;
  status.mac = nic.azure.mac.text();
  status.mtu = nic.link.mtu;
  for (const auto& address : nic.azure.addresses) status.addresses.push_back(address.text());
  for (const auto& subnet : nic.azure.subnets) status.subnets.push_back(subnet.text());
  for (const auto* gateway : {&nic.gateway_v4, &nic.gateway_v6}) {
    if (*gateway) status.gateways.push_back((*gateway)->address.text());
  }
  return status;
}

Snapshot NodeController::snapshot(net::MonoTime now, net::WallTime wall) {
  const auto known = facts(now, wall);
  checks_ = checks::assess(known, checks_, wall);
  const bool ready = checks::is_ready(checks_);
  if (!ready) {
    ready_since_.reset();
  } else if (!ready_since_) {
    ready_since_ = wall;
  }
  Snapshot snapshot;
  snapshot.mode = policy_.mode;
  snapshot.mode_reason = mode_.in_force().reason;
  snapshot.mode_is_a_guess = known.mode_is_a_guess;
  snapshot.ready = ready;
  snapshot.ready_for_kubelet = checks::is_ready_for_kubelet(checks_);
  snapshot.ready_since = ready_since_;
  snapshot.node_name = node_name_;
  if (known.network) snapshot.node = known.network->identity;
  snapshot.imds = known.imds;
  snapshot.nic = nic_status();
  snapshot.cluster_cidrs = policy_.cluster_cidrs;
  snapshot.node_cidrs = policy_.node_cidrs;
  snapshot.pods_source = node_cidrs_.source;
  snapshot.routes = known.sync.routes;
  snapshot.routes.name_devices(view_.kernel_state.links);
  snapshot.checks = checks_;
  snapshot.counters = counters_;
  return snapshot;
}

}  // namespace core
