#pragma once

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
#include "agent/daemon/history.h"
#include "agent/daemon/instance_lock.h"
#include "agent/daemon/listening_file.h"
#include "agent/daemon/persisted_state.h"
#include "agent/daemon/ready_file.h"
#include "agent/daemon/repair_log.h"
#include "agent/daemon/transition_log.h"
#include "agent/daemon/transitions.h"
#include "agent/http/heartbeat.h"
#include "agent/http/server.h"
#include "agent/inspect/inspector.h"
#include "agent/log/log.h"
#include "cni/watch.h"
#include "core/node_controller.h"
#include "core/published.h"
#include "imds/poller.h"
#include "netlink/linux_kernel.h"
#include "netlink/proc_sysctls.h"
#include "netlink/watch.h"
#include "systemd/notify.h"

namespace agent {

/// The daemon's inside: what waits, and whom it calls.
class Daemon::Loop {
 public:
  struct KernelHandles {
    InstanceLock lock;
    std::unique_ptr<netlink::LinuxKernel> kernel;
    std::unique_ptr<netlink::Watch> watch;
  };

  Loop(ConfigSources sources, LoadedConfig loaded, KernelHandles handles);
  /// Binds the HTTP address, or tries again later.
  void listen();
  void run();

 private:
  using Clock = std::chrono::steady_clock;

  // What wakes the loop.
  void await_notifications();
  void await_cni();
  void await_audit();
  void await_signal();
  void arm();
  void on_notifications();
  void drain_notifications();
  void update_notification_filter();
  void on_imds(imds::Event event);
  static bool has_come(const std::optional<net::MonoTime>& due);
  void on_timer();
  void on_beat();
  void beat();
  void await_beat();
  [[nodiscard]] Clock::duration between_beats() const;
  void watch_configuration();
  void reload();
  void miss_configuration();
  void take(Config next);
  void refuse(const std::vector<ConfigError>& errors);
  void listen_later(const net::Error& error);

  // What it then does.
  void start_poller();
  void load_cache();
  void restore_state();
  void ask_cloud();
  void inspect_environment();
  void on_cloud_state(observed::CloudState cloud_state);
  void on_environment(observed::NodeEnvironment environment);
  void persist_state();
  void keep_document();
  void turn();
  Clock::duration turn_once();
  void note(const std::vector<net::Change>& made, std::size_t repaired);
  void publish();
  void publish_repairs();
  void tell_of_repairs();
  void tell_where_it_listens();
  void write_ready_file(const core::Snapshot& snapshot);
  void say_once(const net::Result<void>& written, std::string& problem);
  void write_what_is_owed();
  void tell_of_changes();
  void announce(const core::Snapshot& before, const core::Snapshot& after);
  void say_status(const core::Snapshot& snapshot);
  [[nodiscard]] imds::Options imds_options() const;

  ConfigSources sources_;
  Config config_;
  std::shared_ptr<const core::ConfigInForce> in_force_;  ///< as /status tells of it
  std::optional<std::size_t> loaded_file_;               ///< the contents that the start has read
  Log log_;
  KernelHandles handles_;
  netlink::ProcSysctls sysctls_;
  systemd::Notifier notifier_;
  core::NodeController controller_;
  StartUp start_up_;
  RepairLog repair_log_;
  TransitionLog transition_log_;
  History history_;
  core::Published<core::Snapshot> published_;
  Heartbeat heartbeat_;
  ReadyFile ready_file_;
  ListeningFile listening_file_;
  boost::asio::io_context io_{1};
  boost::asio::posix::stream_descriptor watch_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer beat_;
  boost::asio::steady_timer audit_;
  boost::asio::steady_timer listen_again_;
  ConfigWatch config_watch_;
  std::vector<net::Notification> notifications_;
  std::optional<core::NodeController::Interest> installed_filter_;
  std::uint32_t removed_by_port_ = 0;  ///< netlink port of who took routes away
  std::string last_sysctl_problem_;
  std::string last_cache_problem_;
  std::string last_status_;            ///< as the service manager was told
  std::string refused_configuration_;  ///< what is wrong with the file that is there, as it was last read
  std::string not_listening_;          ///< why there is no server
  std::string ready_file_problem_;     ///< why there is none though the node is ready
  std::string listening_file_problem_;
  bool said_ready_ = false;      ///< READY=1: to whom the kubelet may wait for
  bool has_been_ready_ = false;  ///< every gate has passed
  CloudWatcher cloud_;
  PersistedState persisted_;  ///< as it is on disk, or about to be
  BackgroundFile kept_file_;
  std::optional<imds::Reading> last_reading_;
  std::optional<observed::NodeNetwork> cached_network_;  ///< as it is on disk, or about to be
  bool recalled_ = false;
  std::optional<cni::Watch> cni_watch_;
  boost::asio::posix::stream_descriptor cni_;
  std::unique_ptr<StatusServer> server_;
  // Last: their threads end before what they call.
  std::unique_ptr<imds::Poller> poller_;
  std::unique_ptr<Inspector> inspector_;
};

}  // namespace agent
