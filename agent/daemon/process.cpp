#include "agent/daemon/process.h"

#include <fmt/format.h>

#include <cstdlib>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace agent {

std::string version() { return CAA_VERSION; }

std::string version_details() {
  return fmt::format("calico-azure-agent {}\ncommit {}\ncompiler {}\nlibraries {}\n", CAA_VERSION, CAA_COMMIT,
                     CAA_COMPILER, CAA_LIBRARIES);
}

void limit_heap() {
#if defined(__GLIBC__)
  // Setting the threshold, even to its default, keeps glibc from raising it with every large list freed.
  constexpr int kOwnMapping = 128 * 1024;
  mallopt(M_MMAP_THRESHOLD, kOwnMapping);
  mallopt(M_ARENA_MAX, 1);
#endif
}

void trim_heap() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

}  // namespace agent
