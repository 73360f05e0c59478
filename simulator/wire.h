#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simulator {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// A request as it came.
struct Question {
  std::string source;  ///< address of the client
  std::string method;
  std::string target;  ///< path and query, as sent
  Headers headers;
};

/// HTTP's word for most of what Azure's services refuse.
inline constexpr unsigned kBadRequest = 400;

struct Answer {
  unsigned status = 200;
  std::string body = {};
  std::string content_type = "application/json; charset=utf-8";
  Headers extra = {};
};

/// How the bytes of an answer reach the client, or do not.
struct Delivery {
  bool silent = false;                      ///< never a byte, the connection stays open
  bool reset = false;                       ///< RST instead of an answer
  std::string instead = {};                 ///< not HTTP at all: these bytes, then the connection closes
  std::chrono::milliseconds first_byte{0};  ///< pause before it
  std::chrono::milliseconds per_byte{0};    ///< pause after each byte
  long content_length_error = 0;  ///< added to the true length in the header; then the connection closes
  bool truncated = false;         ///< the second half of the body is missing; then the connection closes
};

struct Reply {
  Answer answer;
  Delivery delivery = {};
  /// Held until the reply is out: counts against the limit of concurrent requests.
  std::shared_ptr<void> in_flight = {};
};

/// The header's value, whatever the case of its name; null when it is missing.
const std::string* find_header(const Headers& headers, std::string_view name);

}  // namespace simulator
