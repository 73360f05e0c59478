#include "agent/core/keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/core/azure_routing.h"
#include "agent/core/checks/check_table.h"
#include "agent/core/checks/policy_rules.h"

namespace agent {

namespace {

std::optional<Mode> configured_mode(const Policy& policy) {
  if (policy.mode_is_automatic) return std::nullopt;
  return policy.mode;
}

std::vector<net::PolicyRule> rules_of_others(const Surroundings& surroundings) {
  const auto& plane = surroundings.data_plane;
  return plane && *plane ? (*plane)->rules_before_main : std::vector<net::PolicyRule>();
}

}  // namespace

Keeper::Keeper(net::Kernel& kernel, net::Sysctls& sysctls, Policy policy, std::string node_name,
               std::uint32_t seed, MonoTime now)
    : kernel_(kernel),
      sysctls_(sysctls),
      configured_(policy),
      policy_(std::move(policy)),
      mode_(configured_mode(policy_), std::nullopt),
      node_name_(std::move(node_name)),
      started_(now),
      reconciler_(kernel, seed),
      watched_(watched_destinations(policy_)) {
  follow_node_cidrs(now);
  reconciler_.hint(now);
}

void Keeper::set_policy(Policy policy, MonoTime now) {
  configured_ = policy;
  const auto mode = std::exchange(policy_, std::move(policy)).mode;
  mode_.configure(configured_mode(configured_));
  policy_.mode = configured_.mode = mode;  // until follow_mode() knows better
  follow_mode(now);
  follow_node_cidrs(now);
  watched_ = watched_destinations(policy_);
  configuration_changed_ = true;
  audit(now);
}

void Keeper::take_evidence(Evidence evidence, MonoTime now) {
  evidence_ = std::move(evidence);
  heard_node_ = std::move(evidence_.node);
  evidence_.node = own_node(heard_node_, document_.in_force(), outlook_.survey.links);
  follow_node_cidrs(now);
}

/// Again, now that these links are here, or another document.
void Keeper::judge_node(std::span<const net::Link> links, MonoTime now) {
  const auto verdict = [this] {
    return !evidence_.node || *evidence_.node ? 0 : evidence_.node->error().code.value();
  };
  const auto before = verdict();
  evidence_.node = own_node(heard_node_, document_.in_force(), links);
  if (verdict() != before) follow_node_cidrs(now);
}

void Keeper::take_surroundings(Surroundings surroundings, MonoTime now) {
  const auto rules_before = rules_of_others(surroundings_);
  surroundings_ = std::move(surroundings);
  if (rules_of_others(surroundings_) != rules_before)
    reconciler_.hint(now);  // where they lead shows the next step
  const auto links = kernel_.links();
  if (links) note_age(*links, now);
  if (links && surroundings_.cni) {
    const auto& configuration = surroundings_.cni->configuration;
    const bool known = !mode_.is_a_guess(now);
    mode_.see(evident_mode(configuration ? &*configuration : nullptr, *links), now);
    if (follow_mode(now)) mode_before_was_known_ = known;
  }
  follow_node_cidrs(now);
}

void Keeper::note_age(std::span<const net::Link> links, MonoTime now) {
  std::map<std::uint32_t, MonoTime> since;
  for (const auto& link : links) {
    const auto known = links_since_.find(link.index);
    since.emplace(link.index, known == links_since_.end() ? now : known->second);
  }
  links_since_ = std::move(since);
}

void Keeper::recall(NodeCidrs cidrs, std::optional<ModeChoice> mode, std::optional<net::MacAddress> primary,
                    MonoTime now) {
  node_cidrs_ = std::move(cidrs);
  node_cidrs_since_.reset();
  if (!outlook_.primary) outlook_.primary = primary;
  follow_node_cidrs(now);
  if (!mode) return;
  mode_.recall(std::move(*mode));
  follow_mode(now);
}

bool Keeper::reconsider_mode(MonoTime now) {
  if (const auto due = mode_.due(); due && *due <= now) take_surroundings(std::move(surroundings_), now);
  return mode_before_ && mode_before_was_known_;
}

/// True where it is another one.
bool Keeper::follow_mode(MonoTime now) {
  const auto& chosen = mode_.in_force().mode;
  if (chosen == policy_.mode) return false;
  mode_before_was_known_ = true;
  if (reconciler_.has_looked()) mode_before_ = policy_.mode;
  policy_.mode = configured_.mode = chosen;
  configuration_changed_ = true;
  audit(now);
  return true;
}

std::optional<MonoTime> Keeper::due() const {
  const auto routes = reconciler_.due();
  const auto mode = mode_.due();
  return routes && mode ? std::min(*routes, *mode) : (routes ? routes : mode);
}

void Keeper::follow_node_cidrs(MonoTime now) {
  auto told = decide_node_cidrs(configured_, evidence_, surroundings_, node_name_, node_cidrs_);
  const bool moved = told.cidrs != policy_.node_cidrs || told.awaited != node_cidrs_.awaited;
  if (told.cidrs != node_cidrs_.cidrs) {
    const bool are_new = !told.kept && !told.cidrs.empty();
    node_cidrs_since_ = are_new ? std::optional(now) : std::nullopt;
  }
  node_cidrs_ = std::move(told);
  if (!moved) return;
  policy_.node_cidrs = node_cidrs_.cidrs;
  watched_ = watched_destinations(policy_);
  configuration_changed_ = true;
  audit(now);
}

void Keeper::take_cached(net::NodeNetwork network, std::string api_version, WallTime saved, MonoTime now) {
  document_.take_cached(std::move(network), std::move(api_version), saved);
  audit(now);
}

void Keeper::take_reading(net::NodeNetwork network, std::string api_version, MonoTime now, WallTime wall) {
  // Whether the document fits this machine is judged against the links of now, not of the last audit.
  Survey seen{.links = {}, .landmarks = outlook_.survey.landmarks, .strangers = {}};
  std::optional<Machine> machine;
  if (auto links = kernel_.links()) {
    seen.links = std::move(*links);
    machine = machine_of(seen, policy_, outlook_.primary);
  }
  document_.take_reading(std::move(network), std::move(api_version), machine, now, wall);
  audit(now);
}

void Keeper::take_failure(std::string error) {
  document_.take_failure(std::move(error));
  counters_.imds_errors = document_.failures();
}

MendReport Keeper::take_hints(std::span<const net::Hint> hints, MonoTime now) {
  bool nic_is_back = false;
  for (const auto& hint : hints) {
    if (concern_of(hint, policy_.protocol, watched_) != Concern::all) continue;
    look_wanted_ = true;
    reconciler_.hint(now);
    nic_is_back = follow_nic(hint) || nic_is_back;
  }
  const auto device = nic_is_back ? outlook_.nic.nic->link.index : 0;
  auto report = reconciler_.mend(hints, device, now);
  if (device != 0 && report.complete) nic_shaken_ = false;
  counters_.routes_repaired += report.repaired;
  return report;
}

/// True when the NIC is back after it was shaken: IPv4 routes go with their link or address without a word,
/// so this is the word for all of them.
bool Keeper::follow_nic(const net::Hint& hint) {
  using Subject = net::Hint::Subject;
  if (!outlook_.nic.nic || hint.device != outlook_.nic.nic->link.index) return false;
  if (hint.subject != Subject::link && hint.subject != Subject::address) return false;
  const bool back = hint.subject == Subject::link ? hint.up : !hint.removal;
  if (hint.subject == Subject::link && policy_.mode == Mode::udr) reconciler_.link_is(hint.device, hint.up);
  nic_shaken_ = nic_shaken_ || !back;
  return back && nic_shaken_;
}

void Keeper::audit(MonoTime now) {
  look_wanted_ = true;
  reconciler_.audit(now);
}

TurnReport Keeper::turn(MonoTime now) {
  TurnReport report;
  reconsider_mode(now);
  if (look_wanted_) look(now, report);
  const auto other_nodes = cidrs_of_other_nodes(policy_, evidence_);
  std::vector<PodFlow> flows;
  if (!rules_of_others(surroundings_).empty()) flows = flows_that_rules_choose(facts(now, {}));
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
  if (look_wanted_ && outlook_.error.empty()) reconciler_.hint(now);
  if (look_wanted_ && !outlook_.error.empty()) reconciler_.retry_later(now);
  const bool in_line =
      !reconciler_.last_error() && reconciler_.standing().settled() && reconciler_.standing().unwanted == 0;
  if (in_line) {
    mode_before_.reset();
    nic_shaken_ = false;
  }
  mode_before_was_known_ = true;  // what a turn has not put in line is news, guess or not
  return report;
}

void Keeper::look(MonoTime now, TurnReport& report) {
  look_wanted_ = false;
  const auto ours = reconciler_.owned(policy_.protocol);
  auto seen = survey(kernel_, policy_, ours);
  if (!seen) {
    outlook_.error = seen.error().what;
    look_wanted_ = true;
    return;
  }
  // A link has come, or its address, with which the document at hand is complete: it counts at once.
  document_.reconsider(machine_of(*seen, policy_, outlook_.primary));
  judge_node(seen->links, now);
  outlook_ = outlook_of(std::move(*seen), sysctls_, policy_, document_.in_force(), outlook_.primary);
  outlook_.desired.node_cidrs_awaited = node_cidrs_.awaited;
  if (policy_.enforce_sysctls) enforce_sysctls(report);
  if (!policy_.routes_enabled) reconciler_.let_go();
  if (!document_.in_force() || !policy_.routes_enabled) return;
  const bool agreed = std::exchange(configuration_changed_, false) || document_.is_confirmed();
  reconciler_.want(std::move(outlook_.desired), policy_.protocol, agreed, now);
  outlook_.desired = *reconciler_.desired();
  reconciler_.know_strangers(std::move(outlook_.survey.strangers), now);
}

void Keeper::enforce_sysctls(TurnReport& report) {
  const std::string nic = outlook_.nic.nic ? outlook_.nic.nic->link.name : "";
  for (const auto& wish : unmet(wanted_sysctls(policy_, nic), outlook_.sysctls)) {
    if (const auto written = sysctls_.write(wish.key, wish.value)) {
      report.sysctls_set.push_back(fmt::format("{} = {}", net::sysctl_name(wish.key), wish.value));
    } else {
      report.sysctl_problems.push_back(written.error().what);
    }
  }
  if (report.sysctls_set.empty()) return;
  for (auto& [key, reading] : read_sysctls(sysctls_, policy_, nic))
    outlook_.sysctls.insert_or_assign(key, std::move(reading));
}

Facts Keeper::facts(MonoTime now, WallTime wall) const {
  Facts facts;
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
  facts.survey_error = outlook_.error;
  facts.nic = outlook_.nic;
  facts.links = outlook_.survey.links;
  facts.links_since = links_since_;
  facts.sysctls = outlook_.sysctls;
  facts.evidence = evidence_;
  facts.surroundings = surroundings_;
  facts.node_cidrs = node_cidrs_;
  facts.node_cidrs_since = node_cidrs_since_;
  facts.desired = outlook_.desired;
  facts.routes_seen = reconciler_.has_looked();
  facts.standing = reconciler_.standing();
  facts.route_error = reconciler_.last_error() ? reconciler_.last_error()->what : "";
  facts.removals_held = removals_held_;
  return facts;
}

NicStatus Keeper::nic_status() const {
  NicStatus status;
  if (!outlook_.nic.nic) return status;
  const auto& nic = *outlook_.nic.nic;
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

Snapshot Keeper::snapshot(MonoTime now, WallTime wall) {
  const auto known = facts(now, wall);
  checks_ = assess(known, checks_, wall);
  const bool ready = is_ready(checks_);
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
  snapshot.ready_for_kubelet = is_ready_for_kubelet(checks_);
  snapshot.ready_since = ready_since_;
  snapshot.node_name = node_name_;
  if (known.network) snapshot.node = known.network->identity;
  snapshot.imds = known.imds;
  snapshot.nic = nic_status();
  snapshot.cluster_cidrs = policy_.cluster_cidrs;
  snapshot.node_cidrs = policy_.node_cidrs;
  snapshot.pods_source = node_cidrs_.source;
  snapshot.routes = known.standing.routes;
  snapshot.routes.name_devices(outlook_.survey.links);
  snapshot.checks = checks_;
  snapshot.counters = counters_;
  return snapshot;
}

}  // namespace agent
