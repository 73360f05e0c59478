#include "agent/cloud/privileges.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>

namespace agent {
namespace {

// capset(2): version 3 takes two structures, for 64 bits of each set.
using Capabilities = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

}  // namespace

net::Result<void> give_up_privileges(Powers kept) {
  std::ofstream("/proc/self/oom_score_adj") << 0;
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  Capabilities held{};
  if (::syscall(SYS_capget, &header, held.data()) != 0) {
    return net::failure(errno, fmt::format("capabilities cannot be seen: {}", std::strerror(errno)));
  }
  const auto wanted =
      kept == Powers::read_any_file ? held[0].permitted & CAP_TO_MASK(CAP_DAC_READ_SEARCH) : 0;
  const bool no_more =
      (held[0].permitted | held[0].effective) == wanted && (held[1].permitted | held[1].effective) == 0;
  // A unit's filter may hold capset(2), and then nothing is held that it would be needed for.
  if (no_more) return {};
  Capabilities left{};
  left[0] = {.effective = wanted, .permitted = wanted, .inheritable = 0};
  if (::syscall(SYS_capset, &header, left.data()) != 0) {
    return net::failure(errno, fmt::format("capabilities cannot be given up: {}", std::strerror(errno)));
  }
  return {};
}

void stay_out_of_core_dumps() { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

}  // namespace agent
