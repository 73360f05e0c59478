#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace agent::http {

/// The parts of a request that matter here; its body never does.
struct Request {
  std::string method;
  std::string target;
  /// The Host header; absent when there is none.
  std::optional<std::string> host;

  bool operator==(const Request&) const = default;
};

/// The header is not complete yet, and nothing in it is wrong so far.
struct Incomplete {};

/// Bytes that can never become a valid request.
struct Refused {
  unsigned status = 400;  ///< 400, or 431 when the header is too long
  std::string why;
};

using ParsedRequest = std::variant<Incomplete, Refused, Request>;

/// Longest header, request line included.
inline constexpr std::size_t kHeaderLimit = 8 * 1024;

/// Where the header's empty line ends (RFC 9112, section 2.1); npos while it has not been received. What is
/// before `from` is known to be no part of that line.
std::size_t header_end(std::string_view received, std::size_t from = 0);

/// Reads HTTP/1.0 and HTTP/1.1 requests from the first bytes of a connection; what follows the header is
/// ignored. Depends on the header's bytes alone: each prefix of what is a Request in the end is Incomplete,
/// each prefix of what is Refused in the end is Incomplete or Refused for the same reason, and a header with
/// its empty line is never Incomplete.
ParsedRequest read_request(std::string_view received);

/// A request target taken apart (RFC 9112, section 3.2).
struct Target {
  /// The host of an absolute-form target, which then counts instead of the Host header.
  std::optional<std::string> authority;
  std::string path;  ///< decoded; begins with '/'
  /// Decoded names and values in order; a name without '=' has an empty value.
  std::vector<std::pair<std::string, std::string>> query;

  [[nodiscard]] bool has(std::string_view name) const;
  /// The values of every parameter of that name.
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;

  bool operator==(const Target&) const = default;
};

/// Nothing when the target is neither a path nor an http URL, or has a broken percent-encoding.
std::optional<Target> parse_target(std::string_view text);

}  // namespace agent::http
