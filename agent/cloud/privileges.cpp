#include "agent/cloud/privileges.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>

namespace agent {

net::Result<void> give_up_privileges() {
  std::ofstream("/proc/self/oom_score_adj") << 0;
  // capset(2): version 3 takes two structures, for 64 bits of each set.
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> held{};
  if (::syscall(SYS_capget, &header, held.data()) == 0 &&
      held[0].permitted == CAP_TO_MASK(CAP_DAC_READ_SEARCH) && held[1].permitted == 0) {
    return {};
  }
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) {
    return net::failure(errno, fmt::format("capabilities cannot be given up: {}", std::strerror(errno)));
  }
  return {};
}

}  // namespace agent
