#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "net/error.h"

namespace host {

/// What a program (a full path and its arguments) writes to standard output until it ends with success. It
/// gets no input, nothing of our environment but a plain PATH and LC_ALL=C, and a process group of its own,
/// which is killed when `finish_by` passes (ETIMEDOUT) or it writes more than `limit` bytes (EFBIG). ENOENT:
/// there is no such program; EIO: it failed.
net::Result<std::string> run_program(const std::vector<std::string>& command,
                                     std::chrono::steady_clock::time_point finish_by,
                                     std::size_t limit = std::size_t{16} << 20);

}  // namespace host
