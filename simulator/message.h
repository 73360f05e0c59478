#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simulator {

/// A request target taken apart; percent escapes decoded.
struct Target {
  std::vector<std::string> path;  ///< without empty segments: "/metadata/instance/" has two
  std::vector<std::pair<std::string, std::string>> query;

  static Target parse(std::string_view text);

  /// The first value of the parameter; null when it is missing.
  [[nodiscard]] const std::string* parameter(std::string_view name) const;
  /// IMDS refuses such a request.
  [[nodiscard]] bool names_one_twice() const;
  /// True when the path begins with these segments.
  [[nodiscard]] bool is_below(const std::vector<std::string>& folder) const;
  /// The same as ARM compares, whose ids are equal in any case.
  [[nodiscard]] bool is_below_in_any_case(const std::vector<std::string>& folder) const;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

/// The header's value, whatever the case of its name; null when it is missing.
const std::string* find_header(const Headers& headers, std::string_view name);

/// The certificate that a client showed in a TLS handshake, if it did.
struct ClientCertificate {
  std::string name;      ///< its CN; empty = none shown
  bool trusted = false;  ///< signed by the configured CA, and in its time
};

/// A request as it came.
struct Request {
  std::string source;  ///< address of the client
  std::string method;
  std::string target;  ///< path and query, as sent
  Headers headers;
  ClientCertificate certificate = {};
};

/// HTTP's word for most of what Azure's services refuse, and for what comes too often.
inline constexpr unsigned kBadRequest = 400;
inline constexpr unsigned kTooManyRequests = 429;

struct Response {
  unsigned status = 200;
  std::string body = {};
  std::string content_type = "application/json; charset=utf-8";
  Headers extra = {};
};

/// How the bytes of a response reach the client, or do not.
struct Delivery {
  bool silent = false;                      ///< never a byte, the connection stays open
  bool reset = false;                       ///< RST instead of a response
  std::string instead = {};                 ///< not HTTP at all: these bytes, then the connection closes
  std::chrono::milliseconds first_byte{0};  ///< pause before it
  std::chrono::milliseconds per_byte{0};    ///< pause after each byte; of a stream, after each part
  long content_length_error = 0;  ///< added to the true length in the header; then the connection closes
  bool truncated = false;  ///< the second half of the body, or of a stream's first part, is missing; then the
                           ///< connection closes
};

/// A body that goes on as long as there is news: a watch of Kubernetes.
struct EventStream {
  struct News {
    std::string lines;   ///< events as JSON, a line each
    bool ended = false;  ///< nothing more will come
  };
  std::chrono::seconds timeout{};
  /// What it has not been sent yet; `last`: its time is over.
  std::function<News(bool last)> news;
};

struct Reply {
  Response response;  ///< of a stream: its head alone
  Delivery delivery = {};
  /// Held until the reply is out: counts against the limit of concurrent requests.
  std::shared_ptr<void> in_flight = {};
  std::optional<EventStream> stream = {};
};

/// A GUID as Azure marks its answers with.
std::string random_id();

/// The status line and the headers that every response has: Content-Type, the extra ones, Date. No empty
/// line.
std::string head_of(const Response& response);

/// The whole response with its Content-Length, which may be a lie, so no library writes it.
std::string bytes_of(const Response& response, const Delivery& delivery);

}  // namespace simulator
