#pragma once

#include <cstdint>

#include "net/error.h"

namespace agent {

/// What is left of the capabilities that a program was given.
enum class Powers : std::uint8_t {
  none,
  read_any_file,  ///< CAP_DAC_READ_SEARCH, where it was given
};

/// Gives up every other capability, and the daemon's place at the end of the kernel's list of what to kill
/// when memory runs out: a program that parses answers of others has no right to change routes, and none to
/// outlive them. Files are still read as their owner.
net::Result<void> give_up_privileges(Powers kept);

/// Tokens and keys of this process come into no core dump, whoever makes them (prctl(2), PR_SET_DUMPABLE:
/// systemd-coredump(8) gets nothing, and ptrace(2) is root's alone).
void stay_out_of_core_dumps();

}  // namespace agent
