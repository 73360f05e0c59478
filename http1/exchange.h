#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "net/listen_address.h"

namespace http1 {

enum class Extent : std::uint8_t { connection, header, body };  ///< what is waited for

struct Request {
  net::ListenAddress peer;
  std::string target;  ///< path and query, fit for a request line
  std::string host;    ///< the Host header
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::chrono::steady_clock::time_point connect_by;
  std::chrono::steady_clock::time_point finish_by;
  Extent extent = Extent::body;
  std::uint64_t body_limit = std::uint64_t{1} << 20;
  /// Called with the connected socket before it is closed, whether there is an answer or not.
  std::function<void(int)> before_close = {};
};

struct Response {
  unsigned status = 0;
  std::string location = {};  ///< of a redirect
  std::string body = {};
  bool chunked = false;
};

/// Why there is no answer.
struct Failure {
  enum class Stage : std::uint8_t { connecting, answering };
  Stage stage = Stage::connecting;
  /// ETIMEDOUT past a deadline; ECANCELED after interrupt(); ECONNRESET when the connection ends early;
  /// EMSGSIZE above `body_limit` or 16 KiB of header; EPROTO when it is not HTTP; else the errno of the
  /// connection.
  std::error_code code;
  std::string detail;   ///< the reason in a few words
  bool closed = false;  ///< with ECONNRESET: by FIN, not by RST
};

/// One request. One thread asks; any other may interrupt it.
class Exchange {
 public:
  Exchange();
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Waits for the answer, whatever its status, as far as `request.extent` asks.
  tl::expected<Response, Failure> get(const Request& request);

  /// Ends a running get() at once, and every later one: for good.
  void interrupt();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace http1
