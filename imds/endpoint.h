#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "http1/exchange.h"
#include "net/address.h"
#include "net/error.h"

namespace imds {

/// Where IMDS answers.
struct Endpoint {
  net::Address address;
  std::uint16_t port = 80;
  /// As a Host header and a URL spell it: brackets around IPv6, the port only when it is not 80.
  std::string authority;

  bool operator==(const Endpoint&) const = default;
};

/// "http://169.254.169.254", "http://[::1]:8080", with or without a final slash; EINVAL, saying what to write
/// instead, for anything else: https, a name (IMDS must work without DNS), a path, a user.
net::Result<Endpoint> parse_endpoint(std::string_view text);

/// A GET of `target` (path and query), with the header without which IMDS does not answer, and an id of its
/// own.
http1::Request request_to(const Endpoint& endpoint, std::string target,
                          std::chrono::steady_clock::time_point connect_by,
                          std::chrono::steady_clock::time_point finish_by);

}  // namespace imds
