#include "core/node_controller.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "core/azure_changes.h"

namespace core {
namespace {

// A storm of notifications without end must not keep the loop from everything else.
constexpr int kReadsAtOnce = 100;
// A turn over a hundred thousand routes leaves megabytes behind, a usual one nothing worth the call.
constexpr auto kCostlyTurn = std::chrono::milliseconds(5);
// As many as a page shows: the rest is in the journal and on disk.
constexpr std::size_t kPastEvents = 32;

}  // namespace

NodeController::NodeController(Ports ports, Configuration configuration, std::string version,
                               std::uint32_t seed, NodeEngine::Role role)
    : ports_(std::move(ports)),
      version_(std::move(version)),
      in_force_(std::move(configuration.in_force)),
      kernel_(ports_.kernel, ports_.clock, meters_),
      engine_(kernel_, ports_.sysctls, std::move(configuration.policy), std::move(configuration.node_name),
              seed, ports_.clock().mono, role),
      started_(ports_.clock().mono) {
  // While a route is missing packets are lost: a long dump is no reason to wait.
  if (ports_.watch != nullptr) ports_.kernel.set_between_parts([this] { drain_notifications(); });
}

NodeController::~NodeController() { ports_.kernel.set_between_parts(nullptr); }

Effects NodeController::handle(Event event) {
  const auto next = std::visit([this](auto& each) { return take(std::move(each)); }, event);
  const bool turn_now =
      next == Next::turn || (next != Next::nothing && (turn_postponed_ || is_due(engine_.due())));
  if (turn_now) {
    turn();
  } else if (next == Next::publish) {
    publish();
  } else if (next == Next::due) {
    if (is_due(repair_log_.due())) publish_repairs();
    if (is_due(transition_log_.due())) log_transitions();
    if (is_due(link_log_.due())) log_links();
    if (is_due(maintenance_log_.due())) log_maintenance();
  }
  effects_.wake_at = next_wakeup();
  return std::exchange(effects_, {});
}

net::Result<NodePlan> NodeController::plan() {
  const auto now = ports_.clock();
  return engine_.plan(now.mono, now.wall);
}

NodeController::Next NodeController::take(NotificationsReady /*event*/) {
  drain_notifications();
  return Next::due;
}

NodeController::Next NodeController::take(ImdsDocument event) {
  const auto now = ports_.clock();
  meters_.count({.to = observed::Service::imds, .took = event.took});
  last_document_ = event.network;
  engine_.take_reading(std::move(event.network), std::move(event.api_version), now.mono, now.wall);
  return Next::turn;
}

NodeController::Next NodeController::take(ImdsFailure event) {
  meters_.count({.to = observed::Service::imds, .outcome = event.outcome, .took = event.took});
  engine_.take_failure(std::move(event.error));
  return Next::publish;
}

/// Before the first turn: nothing is known of it yet.
NodeController::Next NodeController::take(CachedDocument event) {
  cached_document_ = event.network;
  engine_.take_cached(std::move(event.network), std::move(event.api_version), event.saved,
                      ports_.clock().mono);
  return Next::nothing;
}

/// It is tried again after the next document.
NodeController::Next NodeController::take(CacheFailure /*event*/) {
  cached_document_.reset();
  return Next::nothing;
}

NodeController::Next NodeController::take(observed::CloudState event) {
  for (const auto& request : std::exchange(event.requests, {})) meters_.count(request);
  if (event.azure) {
    if (azure_) tell(azure_changes(*azure_, *event.azure));
    azure_ = azure_ ? last_known(*azure_, *event.azure) : *event.azure;
  }
  engine_.take_cloud_state(std::move(event), ports_.clock().mono);
  return Next::publish;
}

/// The first one comes before the first turn, and decides on the mode of it.
NodeController::Next NodeController::take(observed::NodeEnvironment event) {
  const auto before = engine_.policy().mode;
  if (event.took.count() > 0) meters_.looks.observe(event.took);  // not of the files alone, at the start
  engine_.take_environment(std::move(event), ports_.clock().mono);
  if (published_->sequence == 0) return Next::nothing;
  // Another mode is never published with the routes of the one before, however busy the node is.
  return engine_.policy().mode == before ? Next::publish : Next::turn;
}

NodeController::Next NodeController::take(PersistedState event) {
  persisted_ = event;
  engine_.take_persisted(std::move(event), ports_.clock().mono);
  return Next::nothing;
}

NodeController::Next NodeController::take(Configuration event) {
  in_force_ = std::move(event.in_force);
  engine_.set_node_name(std::move(event.node_name));
  engine_.set_policy(std::move(event.policy), ports_.clock().mono);
  queried_.reset();  // where to ask may have changed, too
  return Next::turn;
}

NodeController::Next NodeController::take(ScheduledEvents event) {
  scheduled_ = std::move(event);
  return Next::publish;
}

NodeController::Next NodeController::take(ResyncDue /*event*/) {
  engine_.request_full_resync(ports_.clock().mono);
  return Next::turn;
}

NodeController::Next NodeController::take(Wakeup /*event*/) {
  return published_->sequence == 0 ? Next::turn : Next::due;
}

/// Some checks age by themselves. Of a node that is ready only slowly: each answer of IMDS judges them.
NodeController::Next NodeController::take(Beat /*event*/) {
  return published_->ready ? Next::due : Next::publish;
}

void NodeController::drain_notifications() {
  for (int i = 0; i < kReadsAtOnce; ++i) {
    const auto now = ports_.clock().mono;
    notifications_.clear();
    if (const auto read = ports_.watch->read(notifications_); !read) {
      tell(warning(EventKind::events_lost, read.error().what));
      ++meters_.overruns;
      return engine_.request_full_resync(now);
    }
    if (notifications_.empty()) return;
    auto made = engine_.take_notifications(notifications_, now).made;
    const auto took = ports_.clock().mono - now;
    for (std::size_t repairs = made.size(); repairs > 0; --repairs) meters_.repairs.observe(took);
    record(std::move(made), took);
    meters_.overruns += static_cast<std::uint64_t>(
        std::count_if(notifications_.begin(), notifications_.end(),
                      [](const auto& each) { return each.subject == net::Notification::Subject::overrun; }));
    // Rules and settings of links are judged by what an inspection sees, and so are links of pods.
    effects_.inspect_again = effects_.inspect_again ||
                             std::any_of(notifications_.begin(), notifications_.end(), [](const auto& each) {
                               using Subject = net::Notification::Subject;
                               return each.subject == Subject::link || each.subject == Subject::rule ||
                                      each.subject == Subject::settings;
                             });
  }
}

/// Who did it is looked up at once: the process may soon have ended.
void NodeController::record(std::vector<routing::AppliedChange> made,
                            std::optional<net::MonoTime::duration> took) {
  if (made.empty()) return;
  ProcessNames processes;
  for (const auto& each : made) {
    if (each.removed_by != 0 && !processes.contains(each.removed_by))
      processes.emplace(each.removed_by, ports_.watch->process_of(each.removed_by));
  }
  count_losses(made, processes, took.has_value());
  repair_log_.note(made, engine_.links(), processes, took);
  history_.note(made, engine_.links(), processes, ports_.clock().wall);
  if (effects_.applied.empty()) {
    effects_.applied = std::move(made);
  } else {
    effects_.applied.insert(effects_.applied.end(), std::move_iterator(made.begin()),
                            std::move_iterator(made.end()));
  }
  effects_.processes.merge(processes);
}

void NodeController::count_losses(std::span<const routing::AppliedChange> made, const ProcessNames& processes,
                                  bool notified) {
  for (const auto& each : made) {
    if (!each.repaired) continue;
    auto cause = notified ? LossCause::link : LossCause::found;
    if (each.removed_by != 0) cause = LossCause::removed;
    if (each.change.verb == net::Verb::replace) cause = LossCause::replaced;
    // "bird (process 812)"
    const auto name = name_of(each.removed_by, processes);
    ++meters_.losses[{cause, remover_of(std::string_view(name).substr(0, name.find(" (")))}];
  }
}

/// Each once, in the first state that shows it.
void NodeController::note_phases(const Snapshot& snapshot, net::MonoTime now) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_);
  if (!meters_.until_document && engine_.network()) meters_.until_document = since;
  const auto& routes = snapshot.routes;
  const bool in_sync = routes.size() > 0 && routes.count(routing::RouteState::in_sync) == routes.size();
  if (!meters_.until_routes && in_sync) meters_.until_routes = since;
  if (!meters_.until_ready && snapshot.ready) meters_.until_ready = since;
}

void NodeController::turn() {
  const auto begin = ports_.clock();
  if (announce_mode_change()) return;
  update_filter();
  report(engine_.turn(begin.mono, begin.wall));
  // A route that was removed after the dump and restored now may have looked shadowed in between: once more.
  if (restored_meanwhile()) report(engine_.turn(begin.mono, begin.wall));
  publish();
  const auto end = ports_.clock().mono;
  engine_.charge(end, end - begin.mono);
  meters_.turns.observe(end - begin.mono);
  effects_.turned = true;
  effects_.costly = end - begin.mono > kCostlyTurn;
  ask_others();
}

/// True: the node is no longer ready, which is to be published before the turn that changes its routes.
bool NodeController::announce_mode_change() {
  const bool awaited = engine_.awaits_look();
  const bool changes = engine_.reconsider_mode(ports_.clock().mono);
  effects_.inspect_again = effects_.inspect_again || (engine_.awaits_look() && !awaited);
  const bool announced = std::exchange(mode_change_announced_, changes);
  turn_postponed_ = changes && !announced;
  if (!turn_postponed_) return false;
  publish();
  effects_.resume = true;
  return true;
}

/// Before the dump that follows a change of the desired routes: later changes are then notified.
void NodeController::update_filter() {
  if (ports_.watch == nullptr) return;
  auto filter = engine_.filter();
  if (installed_filter_ && *installed_filter_ == filter) return;
  if (const auto installed = ports_.watch->set_filter(filter); !installed) {
    tell(warning(EventKind::events_lost, installed.error().what + "; notifications of every route are read"));
  }
  installed_filter_ = std::move(filter);
}

bool NodeController::restored_meanwhile() {
  if (ports_.watch == nullptr) return false;
  const auto before = engine_.counters().routes_repaired;
  drain_notifications();
  return engine_.counters().routes_repaired != before;
}

void NodeController::report(TurnReport done) {
  record(std::move(done.made), std::nullopt);
  for (const auto& set : done.sysctls_set) {
    tell({.kind = EventKind::sysctl_set, .message = "set " + set, .fields = {{"SYSCTL", set}}});
  }
  const auto problem = done.sysctl_problems.empty() ? std::string() : done.sysctl_problems.front();
  if (problem != last_sysctl_problem_ && !problem.empty()) {
    tell(warning(EventKind::sysctl_refused, "sysctls.action is enforce: " + problem));
  }
  last_sysctl_problem_ = problem;
  effects_.poll_imds = effects_.poll_imds || done.another_reading_wanted;
}

void NodeController::publish() {
  note_maintenance();
  const auto now = ports_.clock();
  auto snapshot = std::make_shared<Snapshot>(engine_.snapshot(now.mono, now.wall));
  snapshot->sequence = published_->sequence + 1;
  snapshot->version = version_;
  snapshot->config = in_force_;
  snapshot->changes = history_.list();
  snapshot->maintenance = maintenance_log_.list();
  note_phases(*snapshot, now.mono);
  meters_.interrupted_dumps = ports_.kernel.interrupted_dumps();
  snapshot->meters = meters_;
  effects_.ready_file_goes = published_->ready && !snapshot->ready;
  effects_.ready_file_comes = snapshot->ready && !published_->ready;
  published_ = effects_.publish = snapshot;
  if (auto event = repair_log_.event(now.mono)) tell(std::move(*event));
  log_links();
  log_transitions();
  if (published_->ready_for_kubelet && !std::exchange(service_is_ready_, true)) {
    effects_.service_is_ready = true;
    if (!published_->ready) tell(kubelet_may_start(*published_));
  }
  snapshot->events = past_;  // nobody has seen it yet
  persist();
}

/// What was restored without a dump changes nothing else: the next turn judges.
void NodeController::publish_repairs() {
  auto snapshot = std::make_shared<Snapshot>(*published_);
  ++snapshot->sequence;
  snapshot->counters = engine_.counters();
  snapshot->changes = history_.list();
  snapshot->meters = meters_;
  published_ = effects_.publish = snapshot;
  if (auto event = repair_log_.event(ports_.clock().mono)) tell(std::move(*event));
  snapshot->events = past_;
}

void NodeController::log_transitions() {
  const auto now = ports_.clock().mono;
  if (maintenance_log_.holds(now)) return;
  const auto phase = start_up_.phase(published_->ready, now);
  tell(transition_log_.see(published_, phase, now));
}

/// The same events again say nothing: that they are this VM's may have come to be known after them.
void NodeController::note_maintenance() {
  const auto& network = engine_.network();
  if (!scheduled_ || !network) return;
  tell(maintenance_log_.take(scheduled_->events, network->identity.name, published_->checks,
                             ports_.clock().mono));
}

/// What was held meanwhile is told now, where it still is so.
void NodeController::log_maintenance() {
  if (auto event = maintenance_log_.see(published_->checks, ports_.clock().mono)) tell(std::move(*event));
  log_transitions();
}

void NodeController::log_links() {
  tell(link_log_.see(engine_.links(), published_->nic.name, ports_.clock().mono));
}

void NodeController::tell(LogEvent event) {
  if (event.level >= LogLevel::info) {
    auto& past = past_.edit();
    if (past.size() == kPastEvents) past.erase(past.begin());
    past.push_back({.time = ports_.clock().wall, .event = event});
  }
  effects_.log.push_back(std::move(event));
}

void NodeController::tell(std::vector<LogEvent> events) {
  for (auto& event : events) tell(std::move(event));
}

/// Whenever it is no longer what is on disk, and not only repeated from there.
void NodeController::persist() {
  auto state = engine_.persisted(persisted_);
  if (!state || *state == persisted_) return;
  persisted_ = std::move(*state);
  effects_.persist = persisted_;
}

/// About the NIC, once it is known: Azure's answer about another one is of no use.
void NodeController::ask_others() {
  const auto& network = engine_.network();
  const auto& nic = engine_.nic();
  // An incomplete answer on disk would be believed after a restart.
  if (network && last_document_ == network && cached_document_ != network) {
    cached_document_ = network;
    effects_.cache_document = true;
  }
  if (network && nic) {
    CloudTarget target{.mode = engine_.policy().mode, .vm = network->identity, .mac = nic->azure.mac.text()};
    if (queried_ != target) effects_.query = queried_ = std::move(target);
  }
  InspectionTarget target{.mode = engine_.policy().mode,
                          .nic = nic ? nic->link.name : "",
                          .ipv6 = engine_.policy().uses(net::Family::ipv6)};
  if (inspected_ != target) effects_.inspect = inspected_ = std::move(target);
}

bool NodeController::is_due(const std::optional<net::MonoTime>& time) const {
  return time && *time <= ports_.clock().mono;
}

std::optional<net::MonoTime> NodeController::next_wakeup() const {
  std::optional<net::MonoTime> next;
  for (const auto& each :
       {engine_.due(), repair_log_.due(), transition_log_.due(), link_log_.due(), maintenance_log_.due()}) {
    if (each) next = next ? std::min(*next, *each) : each;
  }
  return next;
}

}  // namespace core
