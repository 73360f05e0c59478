#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <tl/expected.hpp>

#include "imds/endpoint.h"

namespace imds {

struct Request {
  Endpoint endpoint;
  std::string target;  ///< path and query
  std::chrono::steady_clock::time_point connect_by;
  std::chrono::steady_clock::time_point finish_by;
};

struct Response {
  unsigned status = 0;
  std::string location;  ///< of a redirect
  std::string body;
};

/// Why there is no answer.
struct RequestFailure {
  enum class Stage : std::uint8_t { connecting, answering };
  Stage stage = Stage::connecting;
  /// ETIMEDOUT past a deadline; ECANCELED after interrupt(); ECONNRESET when the connection ends early;
  /// EMSGSIZE above 1 MiB of body or 16 KiB of header; EPROTO when it is not HTTP; else the errno of the
  /// connection.
  std::error_code code;
  std::string detail;  ///< the reason in a few words
};

/// Asks IMDS over plain HTTP/1.1: one connection per request, no proxy, no redirect, no name service. One
/// thread asks; any other may interrupt it.
class Exchange {
 public:
  Exchange();
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Waits for the whole answer, whatever its status.
  tl::expected<Response, RequestFailure> get(const Request& request);

  /// Ends a running get() at once, and every later one: for good.
  void interrupt();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace imds
