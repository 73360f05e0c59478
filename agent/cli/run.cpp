#include "agent/cli/commands.h"
#include "agent/cli/exit_codes.h"
#include "agent/daemon/daemon.h"
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

}  // namespace agent
