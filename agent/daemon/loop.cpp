#include "agent/daemon/loop.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <random>
#include <system_error>
#include <utility>

#include "agent/cloud/cloud_query.h"
#include "agent/daemon/daemon.h"
#include "agent/daemon/paths.h"
#include "agent/daemon/persisted_state.h"
#include "agent/daemon/process.h"
#include "checks/check_table.h"
#include "net/random.h"

namespace agent {

namespace {

/// Longer than a start takes, shorter than whoever looks afterwards.
constexpr auto kUntilRecorded = std::chrono::milliseconds(50);

/// ±10 %, so that nodes which started together do not dump together.
std::chrono::milliseconds jittered(std::chrono::milliseconds interval) {
  static std::minstd_rand random(net::random_number());
  const auto count = interval.count();
  return std::chrono::milliseconds(
      std::uniform_int_distribution(count - count / 10, count + count / 10)(random));
}

}  // namespace

Daemon::Loop::Loop(ConfigSources sources, LoadedConfig loaded, KernelHandles handles)
    : sources_(std::move(sources)),
      config_(std::move(loaded.config)),
      loaded_file_(loaded.file_hash),
      log_(config_.log.level, config_.log.format, STDERR_FILENO),
      handles_(std::move(handles)),
      controller_(
          {.kernel = *handles_.kernel, .sysctls = sysctls_, .watch = handles_.watch.get(), .clock = net::now},
          configuration(), version(), net::random_number()),
      published_(core::Snapshot{}),
      reporter_(runtime_directory(), log_),
      recorder_(state_directory(),
                {.failed =
                     [this](const net::Error& error) {
                       boost::asio::post(io_, [this, what = error.what] {
                         log_.write(core::warning(core::EventKind::file_refused, what));
                       });
                     },
                 .resumed = [this] { boost::asio::post(io_, [this] { record_state_again(); }); }}),
      watch_(io_, handles_.watch->descriptor()),
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      timer_(io_),
      beat_(io_),
      resync_(io_),
      recording_(io_),
      config_watch_(
          io_, [this] { reload(); }, [this] { miss_configuration(); }),
      cloud_(io_, log_, [this](observed::CloudState cloud_state) { post(std::move(cloud_state)); }),
      kept_file_(kept_file(),
                 [this](const net::Error& error) {
                   boost::asio::post(io_, [this, what = error.what] {
                     log_.write(core::warning(core::EventKind::file_refused, what));
                   });
                 }),
      cni_(io_),
      status_(io_, log_, "http.listen", StatusServer::Content::all, published_, heartbeat_,
              [this] { on_listening(); }),
      metrics_(io_, log_, "http.metrics_listen", StatusServer::Content::metrics, published_, heartbeat_,
               [] {}) {
  heartbeat_.beat(Clock::now());
  log_.set_witness([this](const core::LogEvent& event) { record(event_record(event, net::now().wall)); });
  start_poller();  // first of all: what the kernel is asked for takes as long as the answer
}

void Daemon::Loop::listen() {
  status_.listen(config_.listen);
  listen_for_metrics();
}

/// http.listen serves /metrics, too: the same address twice is the one.
void Daemon::Loop::listen_for_metrics() {
  const auto& wanted = config_.metrics_listen;
  metrics_.listen(wanted == config_.listen ? std::nullopt : wanted);
}

void Daemon::Loop::on_listening() {
  if (auto where = status_.address()) {
    reporter_.listens_at(std::move(*where));
    if (!config_.listen.is_unix() && !config_.listen.address.is_loopback()) {
      log_.write(core::warning(
          core::EventKind::listens_outside,
          fmt::format("http.listen = {} is reachable from outside this node", listen_text(config_.listen))));
    }
  }
  report_status();
}

void Daemon::Loop::run() {
  // First: the controller reads notifications while it dumps the links, before its first turn, too.
  inspector_ = std::make_unique<Inspector>([this](observed::NodeEnvironment environment) {
    post(std::move(environment));
    boost::asio::post(io_, forget_code);
  });
  load_kept();
  const auto& engine = controller_.engine();
  log_.write({.kind = core::EventKind::started,
              .message = fmt::format(
                  "calico-azure-agent {} starts: mode {} ({}), node {}, {}", version(),
                  node::mode_name(engine.policy().mode), engine.mode().in_force().reason, node_name(config_),
                  status_.address() ? "status on " + listen_text(config_.listen) : "no status yet")});
  if (!handles_.lock.remark().empty())
    log_.write(core::warning(core::EventKind::name_taken, handles_.lock.remark()));
  await_notifications();
  await_signal();
  await_resync();
  // Behind IMDS, if it has answered by now: one turn, and not a second one about the document.
  boost::asio::post(io_, [this] {
    handle(core::Wakeup{});
    follow_scheduled_events();
    if (!reporter_.has_been_ready()) watch_configuration();
  });
  io_.run();

  log_.write({.kind = core::EventKind::stopped, .message = "stopping; routes are left in place"});
  reporter_.stopping();
  inspector_.reset();
  poller_.reset();
  scheduled_events_.reset();
  status_.listen(std::nullopt);
  metrics_.listen(std::nullopt);
}

void Daemon::Loop::handle(core::Event event) {
  auto effects = controller_.handle(std::move(event));
  execute(effects);
  while (effects.resume) {
    effects = controller_.handle(core::Wakeup{});
    execute(effects);
  }
}

void Daemon::Loop::execute(const core::Effects& effects) {
  if (effects.ready_file_goes) reporter_.not_ready();
  if (effects.publish) published_.publish(effects.publish);
  for (const auto& event : effects.log) log_.write(event);
  if (effects.ready_file_comes) {
    reporter_.ready(*effects.publish->ready_since);
    config_watch_.end();
  }
  if (effects.service_is_ready) reporter_.service_is_ready();
  if (effects.publish) record_state(effects.publish);
  if (effects.publish) report_status();
  if (effects.publish) inspector_->set_calm(cni_watch_ && checks::nothing_fails(effects.publish->checks));
  if (effects.persist) kept_file_.write(persisted_text(*effects.persist));
  if (effects.poll_imds) poller_->poll_soon();
  if (effects.cache_document) poller_->keep(*last_reading_);
  if (effects.inspect) aim_inspector(*effects.inspect);
  if (effects.inspect_again) inspector_->request_inspection();
  if (effects.query) cloud_.ask(query_of(config_, *effects.query));  // starting a program takes its time
  if (effects.costly) trim_heap();
  await(effects.wake_at);
  // A turn proves what a beat does: one wake-up less. The first one begins the beats.
  const auto in_a_while = Clock::now() + reporter_.until_next_beat();
  if (effects.turned && beat_.expiry() < in_a_while - reporter_.until_next_beat() / 2) return beat();
  if (effects.publish && beat_.expiry() > in_a_while) await_beat();  // there is more reason for one now
}

void Daemon::Loop::record_state(const std::shared_ptr<const core::Snapshot>& published) {
  if (auto line = state_records_.see(published, net::now())) record(std::move(*line));
}

void Daemon::Loop::record_state_again() {
  state_records_.forget();
  record_state(published_.read());
}

/// It is written a moment later, with what comes meanwhile: a start waits for no thread and no disk.
void Daemon::Loop::record(std::string line) {
  recorded_ = Clock::now();
  if (!recorder_.add(std::move(line))) return;
  boost::asio::post(io_, [this] {
    recording_.expires_after(kUntilRecorded);
    recording_.async_wait([this](const boost::system::error_code& error) {
      if (!error) recorder_.flush();
    });
  });
}

void Daemon::Loop::post(core::Event event) {
  boost::asio::post(io_, [this, event = std::move(event)]() mutable { handle(std::move(event)); });
}

void Daemon::Loop::await_notifications() {
  watch_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [this](const boost::system::error_code& error) {
                      if (error) return;
                      handle(core::NotificationsReady{});
                      await_notifications();
                    });
}

/// Behind what waits already, as the first answer of IMDS does: the node is ready sooner.
void Daemon::Loop::aim_inspector(const core::InspectionTarget& target) {
  boost::asio::post(io_, [this, target] {
    if (!cni_watch_) await_cni();  // before the look, so that it misses no change after that
    inspector_->aim(target);
  });
}

void Daemon::Loop::await_cni() {
  if (!cni_watch_) {
    auto watch = cni::Watch::open(cni::Paths{});
    if (!watch) {
      return log_.write(core::warning(core::EventKind::file_refused,
                                      watch.error().what + "; changes are seen within a minute"));
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

void Daemon::Loop::await_resync() {
  resync_.expires_after(jittered(config_.routes.resync_interval));
  resync_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;  // a reload sets another interval
    handle(core::ResyncDue{});
    await_resync();
  });
}

void Daemon::Loop::await(std::optional<net::MonoTime> wake_at) {
  if (!wake_at) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(*wake_at);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) handle(core::Wakeup{});
  });
}

void Daemon::Loop::beat() {
  heartbeat_.beat(Clock::now());
  if (Clock::now() - recorded_.load() >= kSignOfLife) record(alive_record(net::now().wall));
  reporter_.beat();
  await_beat();
}

void Daemon::Loop::await_beat() {
  beat_.expires_after(reporter_.until_next_beat());
  beat_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    handle(core::Beat{});
    beat();
  });
}

void Daemon::Loop::await_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (signal != SIGHUP) return io_.stop();
    reload();
    await_signal();
  });
}

/// Before the first turn, so that a restart during an outage finds everything as it was. What the poller
/// brings meanwhile waits for its turn, and so does what it is to write.
void Daemon::Loop::load_kept() {
  const auto tell = [this](const net::Error& error) {
    if (error.code.value() != ENOENT) log_.write(core::warning(core::EventKind::file_refused, error.what));
  };
  if (auto state = load_state(kept_file())) {
    handle(std::move(*state));
  } else {
    tell(state.error());
  }
  if (const auto links = handles_.kernel->links()) {
    if (auto cached = cached_document(document_cache(), *links)) {
      handle(core::CachedDocument{.network = std::move(cached->reading.network),
                                  .api_version = std::move(cached->reading.api_version),
                                  .saved = cached->saved});
    } else {
      tell(cached.error());
    }
  }
  handle(look_at_files());  // it decides on the mode
}

void Daemon::Loop::start_poller() {
  std::error_code ignored;  // under systemd it is there; where it cannot be made, writing the cache fails
  std::filesystem::create_directories(document_cache().parent_path(), ignored);
  poller_ = std::make_unique<imds::Poller>(
      imds_options(config_),
      [this](imds::Event event, std::chrono::milliseconds took) {
        boost::asio::post(
            io_, [this, took, event = std::move(event)]() mutable { on_imds(std::move(event), took); });
      },
      [this](const net::Error& error) {
        boost::asio::post(io_, [this, what = error.what] {
          if (what != last_cache_problem_) log_.write(core::warning(core::EventKind::file_refused, what));
          last_cache_problem_ = what;
          handle(core::CacheFailure{});
        });
      });
}

void Daemon::Loop::follow_scheduled_events() {
  scheduled_events_.reset();
  if (!config_.imds.scheduled_events) return;
  scheduled_events_ = std::make_unique<imds::ScheduledEvents>(
      imds_options(config_),
      [this](imds::ScheduledEvents::Answer answer) { post(core::ScheduledEvents{std::move(answer)}); });
}

void Daemon::Loop::on_imds(imds::Event event, std::chrono::milliseconds took) {
  if (auto* failure = std::get_if<imds::Failure>(&event)) {
    const auto outcome = observed::outcome_of(failure->error);
    return handle(
        core::ImdsFailure{.error = std::move(failure->error.what), .outcome = outcome, .took = took});
  }
  last_reading_ = std::get<imds::Reading>(std::move(event));
  handle(core::ImdsDocument{
      .network = last_reading_->network, .api_version = last_reading_->api_version, .took = took});
}

}  // namespace agent
