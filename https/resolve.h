#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "net/address.h"
#include "net/error.h"

namespace https {

/// The addresses of a host in the order in which to try them; a literal is itself. EHOSTUNREACH when the name
/// does not resolve, ETIMEDOUT when nobody says so in time.
net::Result<std::vector<net::Address>> resolve(const std::string& host,
                                               std::chrono::steady_clock::time_point finish_by);

}  // namespace https
