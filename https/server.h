#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"
#include "net/error.h"

namespace https {

/// A URL in parts; `host` without brackets, `authority` as the Host header has it.
struct Url {
  bool tls = true;
  std::string host;
  std::uint16_t port = 0;
  std::string authority;
  std::string target;  ///< path and query, at least "/"

  /// "https://authority": all that error sentences have of it.
  [[nodiscard]] std::string site() const;
};

/// EINVAL for what is no such URL, bears a user or a fragment, or is http:// to anything but a literal
/// loopback address. The sentence quotes the host at most.
net::Result<Url> parse_url(std::string_view text);

/// The addresses of a host in the order in which to try them; a literal is itself. EHOSTUNREACH when the name
/// does not resolve, ETIMEDOUT when no answer comes in time.
net::Result<std::vector<net::Address>> resolve(const std::string& host,
                                               std::chrono::steady_clock::time_point finish_by);

}  // namespace https
