#include "agent/daemon/process.h"

#include <fmt/format.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
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

void forget_code() {
  const auto forget = [](dl_phdr_info* object, std::size_t, void*) {
    for (const auto& segment : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
      const auto page = static_cast<std::uintptr_t>(::getpagesize());
      const auto begin = (object->dlpi_addr + segment.p_vaddr) / page * page;
      const auto end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
      // NOLINTNEXTLINE(performance-no-int-to-ptr): where the loader has put it is a number
      ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
    }
    return 0;
  };
  ::dl_iterate_phdr(forget, nullptr);
}

}  // namespace agent
