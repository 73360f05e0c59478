#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "net/address.h"
#include "net/error.h"

namespace host {

/// Whether something takes connections there. ECONNREFUSED, ETIMEDOUT and the like.
net::Result<void> connects(const net::Address& address, std::uint16_t port,
                           std::chrono::steady_clock::time_point finish_by);

/// The status of the answer to `GET path`; its body is not waited for. EPROTO: it is no HTTP.
net::Result<int> http_status(const net::Address& address, std::uint16_t port, const std::string& path,
                             std::chrono::steady_clock::time_point finish_by);

}  // namespace host
