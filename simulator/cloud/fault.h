#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "simulator/wire.h"

namespace simulator::cloud {

/// One way in which ARM or the API server misbehaves, for some requests or some time.
///
/// Not IMDS's own Fault: half of its kinds are about the instance document and what the identity endpoint
/// issues; here answers have headers (Retry-After and its variants), and tokens are refused. The names of
/// kinds and members that mean the same are the same.
struct Fault {
  enum class Kind : std::uint8_t {
    status,         ///< answers `code`: in the words of ARM or Kubernetes, or with `text`
    body,           ///< 200 with `text`, whatever it is
    not_json,       ///< 200 with a web page
    expired_token,  ///< 401, although the token is good
    silence,        ///< accepts the request and never answers
    reset,          ///< RST
    slow,           ///< the first byte comes after `delay`
    drip,           ///< `delay` after every byte; of a watch, after every event
    truncate,       ///< half of the body, or of a watch's first event, then the connection closes
  };

  Kind kind = Kind::status;
  unsigned code = 503;
  std::string text = {};
  /// Added to the answer of `status`; with 429 they replace the Retry-After that it has otherwise.
  Headers headers = {};
  std::chrono::milliseconds delay{0};
  /// Only requests whose path begins with these segments, in any case; "" = all.
  std::string path = {};
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

}  // namespace simulator::cloud
