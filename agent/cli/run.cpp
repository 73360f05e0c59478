#include <iostream>

#include "agent/cli/commands.h"
#include "agent/cli/exit_codes.h"
#include "agent/daemon/daemon.h"

namespace agent {

int run_daemon(const ConfigSources& sources, const LoadedConfig& loaded) {
  auto daemon = Daemon::create(sources, loaded);
  if (!daemon) {
    std::cerr << "calico-azure-agent: " << daemon.error().what << '\n';
    return kNo;
  }
  (*daemon)->run();
  return kOk;
}

}  // namespace agent
