// What is known of the node: for the checks, and for all readers of its state.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "checks/check_table.h"
#include "core/node_engine.h"
#include "core/packet_path.h"

namespace core {

checks::Facts NodeEngine::facts(net::MonoTime now, net::WallTime wall) const {
  checks::Facts facts;
  facts.policy = policy_;
  facts.mode_reason = mode_.in_force().reason;
  const bool observes = role_ != Role::reconciles;
  facts.mode_is_a_guess = mode_.is_a_guess(observes ? now + node::ModeTracker::kGuess : now);
  facts.network_is_new = !observes && winner_since_ && now - *winner_since_ < kInstalling;
  if (mode_before_was_known_) facts.mode_before = mode_before_;
  facts.started = observes ? now : started_;
  facts.now = now;
  facts.wall = wall;
  facts.node_name = node_name_;
  facts.imds = document_.status();
  facts.network = document_.in_force();
  facts.kernel_error = view_.error;
  facts.nic = view_.nic;
  facts.links = view_.kernel_state.links;
  if (!observes) facts.links_since = links_since_;
  facts.sysctls = view_.sysctls;
  facts.cloud_state = cloud_state_;
  facts.environment = environment_;
  facts.node_cidrs = node_cidrs_;
  if (!observes) facts.node_cidrs_since = node_cidrs_since_;
  facts.desired = view_.desired;
  facts.routes_seen = reconciler_.has_looked();
  facts.sync = reconciler_.sync();
  facts.route_error = reconciler_.last_error() ? reconciler_.last_error()->what : "";
  facts.removals_held = removals_held_;
  facts.no_daemon = role_ == Role::observes_without_daemon;
  return facts;
}

NicStatus NodeEngine::nic_status() const {
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

Snapshot NodeEngine::snapshot(net::MonoTime now, net::WallTime wall) {
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
  snapshot.path_links = path_links(known);
  snapshot.cluster_cidrs = policy_.cluster_cidrs;
  snapshot.node_cidrs = policy_.node_cidrs;
  snapshot.pods_source = node_cidrs_.source;
  snapshot.routes = known.sync.routes;
  snapshot.routes.name_devices(*view_.kernel_state.links);
  snapshot.checks = checks_;
  snapshot.counters = counters_;
  snapshot.fills = checks::fills(known);
  return snapshot;
}

std::string wall_time_text(net::WallTime time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time - whole).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(whole)),
                     milliseconds);
}

}  // namespace core
