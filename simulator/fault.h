#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace simulator {

/// One way in which the simulated IMDS misbehaves, for some requests or some time.
struct Fault {
  enum class Kind : std::uint8_t {
    // instead of an answer
    status,       ///< answers `code`, with `text` as its body if there is one
    body,         ///< 200 with `text`, whatever it is
    not_json,     ///< 200 with a web page: something else answers on this address
    proxy_403,    ///< 403 with a web page: a proxy in front
    redirect,     ///< 302 to `text`
    huge_body,    ///< 200 with a JSON document of more than 1 MiB
    huge_header,  ///< 200 with more than 16 KiB of header
    not_http,     ///< a greeting of SMTP
    silence,      ///< accepts the request and never answers
    reset,        ///< RST
    // on the way of the true answer
    slow,            ///< the first byte comes after `delay`
    drip,            ///< `delay` after every byte
    truncate,        ///< half of the body, then the connection closes
    content_length,  ///< Content-Length is wrong by `amount`
    // in the document
    no_network,    ///< without the key
    no_addresses,  ///< every ipAddress is []
    reorder_nics,  ///< in reverse order
    ipv6_subnet,   ///< with an ipv6.subnet, which the real one never sends
    mac_colons,    ///< 00:0D:3A:..
    mac_lower_case,
    stale,  ///< the document that the last change replaced
    // in tokens
    identity_not_found,  ///< 400, as while a new assignment spreads
    token_numbers,       ///< times as JSON numbers
    token_lifetime,      ///< expires in `amount` seconds, negative: has expired
  };

  Kind kind = Kind::status;
  unsigned code = 503;
  std::string text = {};
  std::chrono::milliseconds delay{0};
  long amount = 0;
  /// Only requests whose path begins with these segments.
  std::string path = "/metadata";
  /// So many requests; without it, every one.
  std::optional<unsigned> count = {};
  /// So long, from when it was set; without it, until it is cleared.
  std::optional<std::chrono::milliseconds> duration = {};

  bool operator==(const Fault&) const = default;
};

struct FaultKind {
  Fault::Kind kind;
  std::string_view name;         ///< in the control endpoint's JSON
  std::string_view description;  ///< with the members that it reads
};

/// All of them, in the order of the enumeration.
std::span<const FaultKind> fault_kinds();

std::string_view fault_name(Fault::Kind kind);

}  // namespace simulator
