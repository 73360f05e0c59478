#pragma once

#include <chrono>
#include <cstdint>

#include "net/address.h"

namespace https {

/// Why nobody can connect there: the errno that connect(2) gives, which cpp-httplib keeps to itself.
/// ETIMEDOUT at the deadline; EAGAIN when this time it goes well.
int why_not(const net::Address& address, std::uint16_t port, std::chrono::steady_clock::time_point finish_by);

}  // namespace https
