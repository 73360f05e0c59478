#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace agent::http {

/// What of a request matters here; its body never does.
struct Request {
  std::string method;
  std::string target;
  /// The Host header; absent when there is none.
  std::optional<std::string> host;

  bool operator==(const Request&) const = default;
};

/// The header is not complete yet, and nothing in it is wrong so far.
struct Incomplete {};

/// Bytes that never become a request that is answered otherwise.
struct Refused {
  unsigned status = 400;  ///< 400, or 431 when the header is too long
  std::string why;
};

using Reading = std::variant<Incomplete, Refused, Request>;

/// Longest header, request line included.
inline constexpr std::size_t kHeaderLimit = 8 * 1024;

/// Where the header's empty line ends (RFC 9112, section 2.1); npos while it has not been received. What is
/// before `from` is known to be no part of that line.
std::size_t header_end(std::string_view received, std::size_t from = 0);

/// Reads HTTP/1.0 and HTTP/1.1 requests from the first bytes of a connection; what follows the header is
/// ignored. Depends on the header's bytes alone: each prefix of what is a Request in the end is Incomplete,
/// each prefix of what is Refused in the end is Incomplete or Refused for the same reason, and a header with
/// its empty line is never Incomplete.
Reading read_request(std::string_view received);

}  // namespace agent::http
