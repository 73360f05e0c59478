// libstdc++.a's std::random_device calls arc4random(3), which glibc has since 2.36: Ubuntu 22.04 (2.35) and
// RHEL 9 (2.34) do not. This one is found first, and glibc's is not asked for.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

extern "C" std::uint32_t arc4random() noexcept {
  std::uint32_t value = 0;
  if (::getentropy(&value, sizeof value) != 0)
    std::abort();  // only without /dev/urandom's system call: getentropy(3)
  return value;
}
