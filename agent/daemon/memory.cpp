#include "agent/daemon/memory.h"

#include <cstdlib>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace agent {

void keep_the_heap_small() {
#if defined(__GLIBC__)
  // Setting the threshold, even to its default, keeps glibc from raising it with every large list freed.
  constexpr int kOwnMapping = 128 * 1024;
  mallopt(M_MMAP_THRESHOLD, kOwnMapping);
  mallopt(M_ARENA_MAX, 1);
#endif
}

void give_back_memory() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

}  // namespace agent
