#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/error.h"

namespace https {

/// A URL in parts; `host` without brackets, `authority` as the Host header has it.
struct Url {
  bool tls = true;
  std::string host;
  std::uint16_t port = 0;
  std::string authority;
  std::string target;  ///< path and query, at least "/"

  /// "https://authority": all that error sentences say of it.
  [[nodiscard]] std::string site() const;
};

/// EINVAL for what is no such URL, bears a user or a fragment, or is http:// to anything but a literal
/// loopback address. The sentence quotes the host at most.
net::Result<Url> parse_url(std::string_view text);

}  // namespace https
