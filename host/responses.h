#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "net/address.h"
#include "net/error.h"

namespace host {

/// What a program (a full path and its arguments) writes to standard output until it ends with success. It
/// gets no input, nothing of our environment but a plain PATH and LC_ALL=C, and a process group of its own,
/// which is killed when `finish_by` passes (ETIMEDOUT) or it writes more than `limit` bytes (EFBIG). ENOENT:
/// there is no such program; EIO: it failed.
net::Result<std::string> run_program(const std::vector<std::string>& command,
                                     std::chrono::steady_clock::time_point finish_by,
                                     std::size_t limit = std::size_t{16} << 20);

/// Whether something takes connections there. ECONNREFUSED, ETIMEDOUT and the like.
net::Result<void> connects(const net::Address& address, std::uint16_t port,
                           std::chrono::steady_clock::time_point finish_by);

/// The status of the answer to `GET path`; its body is not waited for. EPROTO: it is no HTTP.
net::Result<int> http_status(const net::Address& address, std::uint16_t port, const std::string& path,
                             std::chrono::steady_clock::time_point finish_by);

/// The body of the answer to `GET path`, whatever its status. EMSGSIZE: it is longer than `limit`.
net::Result<std::string> http_body(const net::Address& address, std::uint16_t port, const std::string& path,
                                   std::chrono::steady_clock::time_point finish_by, std::uint64_t limit);

}  // namespace host
