#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/address.h"
#include "net/error.h"
#include "simulator/fault.h"

namespace simulator {

/// Requests that one VM may make
/// (https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service#rate-limiting); 0 = no
/// limit. Beyond it the answer is 429.
struct RateLimit {
  double per_second = 5;
  double identity_per_second = 20;
  unsigned identity_concurrent = 5;

  bool operator==(const RateLimit&) const = default;
};

struct Options {
  /// IPv4, like IMDS; port 0 = any free one.
  std::string listen = "127.0.0.1:0";
  /// JSON; empty = default_document(Form::virtual_machine).
  std::string document = {};
  /// Like IMDS, which serves the primary address of the primary NIC alone: packets of other sources vanish.
  /// Empty = every source.
  std::vector<net::Address> sources = {};
  RateLimit rate_limit = {};
};

/// A request as it was received, and the status of its answer; 0 when it got none.
struct Seen {
  std::string source;
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  unsigned status = 0;
};

/// Azure's metadata service on a local address, with faults to order: serves from a thread of its own until
/// destroyed. Every member may be called from any thread.
class Simulator {
 public:
  /// Listens when it returns. EINVAL for a bad address or document, else bind(2)'s error.
  static net::Result<std::unique_ptr<Simulator>> start(const Options& options = {});
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  /// "http://127.0.0.1:43567"
  [[nodiscard]] std::string endpoint() const;

  /// Replaces the document, which Fault::Kind::stale still serves.
  net::Result<void> set_document(std::string_view json);
  [[nodiscard]] std::string document() const;

  /// Replaces the faults. A request gets the first one in force whose path fits it.
  void set_faults(std::vector<Fault> faults);
  void set_fault(Fault fault) { set_faults({std::move(fault)}); }
  void clear_faults() { set_faults({}); }
  /// Those still in force, with what is left of their counts.
  [[nodiscard]] std::vector<Fault> faults() const;

  void set_rate_limit(const RateLimit& limit);
  [[nodiscard]] RateLimit rate_limit() const;

  net::Result<void> set_sources(std::vector<net::Address> sources);
  [[nodiscard]] std::vector<net::Address> sources() const;

  [[nodiscard]] std::size_t request_count() const;
  /// The last 100 requests, oldest first.
  [[nodiscard]] std::vector<Seen> recent() const;
  void forget_requests();
  /// Waits until so many requests have come since the start or forget_requests(); false on time-out.
  [[nodiscard]] bool await_requests(std::size_t count, std::chrono::milliseconds timeout) const;

 private:
  class Server;
  explicit Simulator(std::unique_ptr<Server> server);
  std::unique_ptr<Server> server_;
};

}  // namespace simulator
