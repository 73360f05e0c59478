#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/config/load_config.h"
#include "agent/daemon/background_file.h"
#include "agent/daemon/cloud_watcher.h"
#include "agent/daemon/config_watch.h"
#include "agent/daemon/daemon.h"
#include "agent/daemon/endpoint.h"
#include "agent/daemon/instance_lock.h"
#include "agent/daemon/state_reporter.h"
#include "agent/history/recorder.h"
#include "agent/history/records.h"
#include "agent/http/heartbeat.h"
#include "agent/http/server.h"
#include "agent/inspect/inspector.h"
#include "agent/log/log.h"
#include "cni/watch.h"
#include "core/node_controller.h"
#include "core/published.h"
#include "imds/poller.h"
#include "imds/scheduled_events.h"
#include "netlink/linux_kernel.h"
#include "netlink/proc.h"
#include "netlink/watch.h"

namespace agent {

/// The daemon's inside: waits, delivers events to the NodeController, and executes the effects.
class Daemon::Loop {
 public:
  struct KernelHandles {
    InstanceLock lock;
    std::unique_ptr<netlink::LinuxKernel> kernel;
    std::unique_ptr<netlink::Watch> watch;
  };

  Loop(ConfigSources sources, LoadedConfig loaded, KernelHandles handles);
  /// Binds the HTTP addresses, or tries again later.
  void listen();
  void run();

 private:
  using Clock = std::chrono::steady_clock;

  // The one way in, and out.
  void handle(core::Event event);
  void execute(const core::Effects& effects);
  /// For other threads: `event` is handled on the loop.
  void post(core::Event event);

  // What wakes the loop.
  void await_notifications();
  void aim_inspector(const core::InspectionTarget& target);
  void await_cni();
  void await_resync();
  void await_signal();
  void await_beat();
  void await(std::optional<net::MonoTime> wake_at);
  void beat();

  // What is kept for those who ask later.
  void record(std::string line);
  void record_state(const std::shared_ptr<const core::Snapshot>& published);
  void record_state_again();

  // What was kept before a restart, and who is asked.
  void load_kept();
  void start_poller();
  void on_imds(imds::Event event, std::chrono::milliseconds took);
  /// Where imds.scheduled_events wants it.
  void follow_scheduled_events();

  // loop_configuration.cpp
  void watch_configuration();
  void reload();
  void miss_configuration();
  void take(Config next);
  void refuse(const std::vector<ConfigError>& errors);
  [[nodiscard]] core::Configuration configuration() const;
  void report_status();

  void on_listening();
  void listen_for_metrics();

  ConfigSources sources_;
  Config config_;
  std::optional<std::size_t> loaded_file_;  ///< the contents that the start has read
  Log log_;
  KernelHandles handles_;
  netlink::ProcSysctls sysctls_;
  core::NodeController controller_;
  core::Published<core::Snapshot> published_;
  Heartbeat heartbeat_;
  StateReporter reporter_;
  boost::asio::io_context io_{1};
  Recorder recorder_;  // before all that writes to the log when it ends
  StateRecords state_records_;
  std::atomic<Clock::time_point> recorded_{};  ///< the last line
  boost::asio::posix::stream_descriptor watch_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer beat_;
  boost::asio::steady_timer resync_;
  boost::asio::steady_timer recording_;
  ConfigWatch config_watch_;
  std::string refused_configuration_;  ///< what is wrong with the file that is there, as it was last read
  std::string last_cache_problem_;
  CloudWatcher cloud_;
  BackgroundFile kept_file_;
  std::optional<imds::Reading> last_reading_;
  std::optional<cni::Watch> cni_watch_;
  boost::asio::posix::stream_descriptor cni_;
  Endpoint status_;
  Endpoint metrics_;  ///< for a Prometheus on another machine
  // Last: their threads end before what they call.
  std::unique_ptr<imds::Poller> poller_;
  std::unique_ptr<imds::ScheduledEvents> scheduled_events_;
  std::unique_ptr<Inspector> inspector_;
};

}  // namespace agent
