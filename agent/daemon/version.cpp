#include "agent/daemon/version.h"

#include <fmt/format.h>

namespace agent {

std::string version() { return CAA_VERSION; }

std::string version_details() {
  return fmt::format("calico-azure-agent {}\ncommit {}\ncompiler {}\nlibraries {}\n", CAA_VERSION, CAA_COMMIT,
                     CAA_COMPILER, CAA_LIBRARIES);
}

}  // namespace agent
