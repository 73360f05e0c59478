#include "agent/daemon/loop.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <csignal>
#include <random>
#include <utility>

#include "agent/config/in_force.h"
#include "agent/daemon/identity.h"
#include "agent/daemon/memory.h"
#include "agent/daemon/paths.h"
#include "agent/daemon/version.h"
#include "netlink/port_owner.h"
#include "netlink/watch_filter.h"

namespace agent {
namespace {

using Clock = std::chrono::steady_clock;

// How often the loop proves that it turns where nobody asks for more; /livez tolerates 90 s. That of a node
// that is ready is longer than IMDS's default interval, so that the turn after each poll does for it.
constexpr auto kBeat = std::chrono::seconds(20);
constexpr auto kQuietBeat = std::chrono::seconds(70);
// While the service manager has no room for what it was told.
constexpr auto kBeatWhileUnheard = std::chrono::seconds(1);
// Azure may take its time; a loop that no longer turns may not. More than two beats.
constexpr auto kStartExtension = std::chrono::seconds(60);

// A storm without end must not keep the loop from everything else.
constexpr int kReadsAtOnce = 100;
constexpr auto kCostlyTurn = std::chrono::milliseconds(5);

/// ±10 %, so that nodes which started together do not audit together.
Clock::duration jittered(std::chrono::milliseconds interval) {
  static std::minstd_rand random(std::random_device{}());
  const auto count = interval.count();
  return std::chrono::milliseconds(
      std::uniform_int_distribution(count - count / 10, count + count / 10)(random));
}

/// Only a process that still lives can be named, and only its first socket's port is its process id: best
/// effort.
std::string text_of_port(std::uint32_t port) {
  const auto name = netlink::process_name_of_port(port);
  return name.empty() ? fmt::format("netlink port {}", port) : fmt::format("{} (process {})", name, port);
}

}  // namespace

Daemon::Loop::Loop(ConfigSources sources, LoadedConfig loaded, KernelHandles handles)
    : sources_(std::move(sources)),
      config_(std::move(loaded.config)),
      in_force_(std::make_shared<const core::ConfigInForce>(in_force(sources_, config_))),
      loaded_file_(loaded.file_hash),
      log_(config_.log.level, config_.log.format, STDERR_FILENO),
      handles_(std::move(handles)),
      controller_(*handles_.kernel, sysctls_, policy_of(config_), node_name(config_), std::random_device{}(),
                  Clock::now()),
      published_(core::Snapshot{}),
      ready_file_(runtime_directory()),
      listening_file_(runtime_directory()),
      watch_(io_, handles_.watch->descriptor()),
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      timer_(io_),
      beat_(io_),
      audit_(io_),
      listen_again_(io_),
      config_watch_(
          io_, [this] { reload(); }, [this] { miss_configuration(); }),
      cloud_(io_, log_,
             [this](observed::CloudState cloud_state) {
               boost::asio::post(io_, [this, cloud_state = std::move(cloud_state)]() mutable {
                 on_cloud_state(std::move(cloud_state));
               });
             }),
      kept_file_(kept_file(),
                 [this](const net::Error& error) {
                   boost::asio::post(io_, [this, what = error.what] {
                     log_.write(warning(EventKind::file_refused, what));
                   });
                 }),
      cni_(io_) {
  heartbeat_.beat(Clock::now());
}

void Daemon::Loop::run() {
  load_cache();  // before the poller, which may write it anew
  // What decides on the mode, before the first route is made.
  controller_.take_environment(look_at_files(), Clock::now());
  log_.write(
      {.kind = EventKind::started,
       .message = fmt::format("calico-azure-agent {} starts: mode {} ({}), node {}, {}", version(),
                              node::mode_name(controller_.policy().mode),
                              controller_.mode().in_force().reason, node_name(config_),
                              server_ ? "status on " + listen_text(config_.listen) : "no status yet")});
  if (!handles_.lock.remark().empty()) log_.write(warning(EventKind::name_taken, handles_.lock.remark()));
  start_poller();
  inspector_ = std::make_unique<Inspector>([this](observed::NodeEnvironment environment) {
    boost::asio::post(io_, [this, environment = std::move(environment)]() mutable {
      on_environment(std::move(environment));
    });
  });
  handles_.kernel->set_pause([this] { drain_notifications(); });
  await_cni();
  await_notifications();
  await_signal();
  turn();
  await_audit();
  if (!has_been_ready_) watch_configuration();
  io_.run();

  log_.write({.kind = EventKind::stopped, .message = "stopping; routes are left in place"});
  (void)notifier_.stopping();
  ready_file_.withdraw();
  listening_file_.withdraw();
  inspector_.reset();
  poller_.reset();
  server_.reset();
}

void Daemon::Loop::await_notifications() {
  watch_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [this](const boost::system::error_code& error) {
                      if (error) return;
                      on_notifications();
                      await_notifications();
                    });
}

void Daemon::Loop::await_cni() {
  if (!cni_watch_) {
    auto watch = cni::Watch::open(cni::Paths{});
    if (!watch) {
      return log_.write(
          warning(EventKind::file_refused, watch.error().what + "; changes are seen within a minute"));
    }
    cni_watch_ = std::move(*watch);
    cni_.assign(::dup(cni_watch_->descriptor()));
  }
  cni_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                  [this](const boost::system::error_code& error) {
                    if (error) return;
                    if (cni_watch_->drain().value_or(true)) inspector_->request_inspection();
                    await_cni();
                  });
}

void Daemon::Loop::await_audit() {
  audit_.expires_after(jittered(config_.routes.resync_interval));
  audit_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;  // a reload sets another interval
    controller_.request_full_resync(Clock::now());
    turn();
    await_audit();
  });
}

void Daemon::Loop::on_notifications() {
  drain_notifications();
  on_timer();
}

/// Before anything else, and between the parts of a long look too: while a route is missing packets are lost.
void Daemon::Loop::drain_notifications() {
  for (int i = 0; i < kReadsAtOnce; ++i) {
    notifications_.clear();
    if (const auto read = handles_.watch->read(notifications_); !read) {
      log_.write(warning(EventKind::events_lost, read.error().what));
      return controller_.request_full_resync(Clock::now());
    }
    if (notifications_.empty()) return;
    const auto report = controller_.take_notifications(notifications_, Clock::now());
    for (const auto& notification : notifications_) {
      const bool ours = notification.route && notification.route->protocol == controller_.policy().protocol;
      if (ours && notification.removal && notification.removed_by != 0)
        removed_by_port_ = notification.removed_by;
      if (notification.subject == net::Notification::Subject::link) inspector_->request_inspection();
    }
    if (!report.made.empty()) note(report.made, report.repaired);
  }
}

void Daemon::Loop::note(const std::vector<net::Change>& made, std::size_t repaired) {
  const auto removed_by = removed_by_port_ == 0 ? std::string() : text_of_port(removed_by_port_);
  removed_by_port_ = 0;
  repair_log_.note(made, controller_.links(), repaired, removed_by);
  history_.note(made, controller_.links(), repaired > 0 ? removed_by : "", std::chrono::system_clock::now());
}

/// Before the look that follows another wish: what happens after it is then heard of.
void Daemon::Loop::update_notification_filter() {
  auto interest = controller_.interest();
  if (installed_filter_ && *installed_filter_ == interest) return;
  const auto installed =
      handles_.watch->set_filter({.protocols = interest.protocols, .destinations = interest.destinations});
  installed_filter_ = std::move(interest);
  if (!installed)
    log_.write(warning(EventKind::events_lost, installed.error().what + "; every route is heard"));
}

bool Daemon::Loop::has_come(const std::optional<net::MonoTime>& due) { return due && *due <= Clock::now(); }

void Daemon::Loop::on_timer() {
  if (has_come(controller_.due())) return turn();
  if (has_come(repair_log_.due())) publish_repairs();
  if (has_come(transition_log_.due())) tell_of_changes();
  arm();
}

void Daemon::Loop::turn() {
  // A turn over a hundred thousand routes leaves megabytes behind, a usual one nothing worth the call.
  if (turn_once() > kCostlyTurn) give_back_memory();
  // It proves what a beat does: one waking less. The first one begins the beats.
  if (beat_.expiry() < Clock::now() + between_beats() / 2) beat();
}

/// With what it cost.
Daemon::Loop::Clock::duration Daemon::Loop::turn_once() {
  const auto begin = Clock::now();
  if (controller_.reconsider_mode(begin)) publish();
  update_notification_filter();
  const auto report = controller_.turn(begin);
  note(report.made, report.repaired);
  for (const auto& set : report.sysctls_set)
    log_.write({.kind = EventKind::sysctl_set, .message = "set " + set, .fields = {{"SYSCTL", set}}});
  const auto problem = report.sysctl_problems.empty() ? std::string() : report.sysctl_problems.front();
  if (problem != last_sysctl_problem_ && !problem.empty())
    log_.write(warning(EventKind::sysctl_refused, "sysctls.action is enforce: " + problem));
  last_sysctl_problem_ = problem;
  if (report.another_reading_wanted) poller_->poll_soon();
  publish();
  const auto end = Clock::now();
  controller_.charge(end, end - begin);
  keep_document();
  ask_cloud();  // last: starting a program takes longer than a route
  inspect_environment();
  arm();
  return end - begin;
}

void Daemon::Loop::arm() {
  auto next = controller_.due();
  for (const auto& line : {repair_log_.due(), transition_log_.due()}) {
    if (line) next = next ? std::min(*next, *line) : line;
  }
  if (!next) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(*next);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) on_timer();
  });
}

void Daemon::Loop::on_beat() {
  // Some checks age by themselves. Of a node that is ready only slowly: each poll of IMDS looks at them.
  if (!published_.read()->ready) publish();
  beat();
}

void Daemon::Loop::beat() {
  heartbeat_.beat(Clock::now());
  write_what_is_owed();
  if (notifier_.waiting() || notifier_.watchdog_interval()) (void)notifier_.watchdog();
  if (!said_ready_) (void)notifier_.extend_timeout(kStartExtension);
  await_beat();
}

Daemon::Loop::Clock::duration Daemon::Loop::between_beats() const {
  const bool owes = !ready_file_problem_.empty() || !listening_file_problem_.empty();
  const bool quiet = published_.read()->ready && !owes;
  const Clock::duration ours = notifier_.waiting() ? kBeatWhileUnheard : quiet ? kQuietBeat : kBeat;
  const auto asked = notifier_.watchdog_interval();
  return asked ? std::min<Clock::duration>(ours, *asked) : ours;
}

void Daemon::Loop::await_beat() {
  beat_.expires_after(between_beats());
  beat_.async_wait([this](const boost::system::error_code& error) {
    if (!error) on_beat();
  });
}

void Daemon::Loop::await_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (signal == SIGHUP) {
      reload();
      await_signal();
    } else {
      io_.stop();
    }
  });
}

}  // namespace agent
