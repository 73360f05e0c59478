#include "agent/cli/commands.h"
#include "agent/cli/exit_codes.h"
#include "agent/daemon/daemon.h"
#include "agent/daemon/instance_lock.h"
#include "agent/daemon/listening_file.h"
#include "agent/daemon/paths.h"
#include "agent/daemon/ready_file.h"
#include "agent/log/log.h"

namespace agent {

int run_daemon(const ConfigSources& sources, const LoadedConfig& loaded) {
  auto daemon = Daemon::create(sources, loaded);
  if (!daemon) {
    complain(EventKind::start_refused, "calico-azure-agent: " + daemon.error().what);
    return kNo;
  }
  (*daemon)->run();
  return kOk;
}

void withdraw_what_a_killed_daemon_left() {
  const auto folder = runtime_directory();
  if (InstanceLock::holder(folder)) return;  // it is a living one's word
  ReadyFile{folder}.withdraw();
  ListeningFile{folder}.withdraw();
}

}  // namespace agent
