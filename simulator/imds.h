#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"
#include "net/error.h"
#include "simulator/simulated_service.h"

namespace simulator {

/// Requests that one VM may make
/// (https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service#rate-limiting); 0 = no
/// limit. Beyond it the response is 429.
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

/// Azure's metadata service on a local address: serves from a thread of its own until destroyed. Every member
/// may be called from any thread.
class Imds final : public SimulatedService {
 public:
  /// Listens when it returns. EINVAL for a bad address or document, else bind(2)'s error.
  static net::Result<std::unique_ptr<Imds>> start(const Options& options = {});
  ~Imds() override;

  /// "http://127.0.0.1:43567"
  [[nodiscard]] std::string endpoint() const;

  /// Replaces the document, which Fault::Kind::stale still serves.
  net::Result<void> set_document(std::string_view json);
  [[nodiscard]] std::string document() const;

  /// What /metadata/scheduledevents answers: {"Events": […]}, each as
  /// https://learn.microsoft.com/azure/virtual-machines/linux/scheduled-events has it. EINVAL for anything
  /// else.
  net::Result<void> set_scheduled_events(std::string_view json);

  void set_rate_limit(const RateLimit& limit);
  [[nodiscard]] RateLimit rate_limit() const;

  net::Result<void> set_sources(std::vector<net::Address> sources);
  [[nodiscard]] std::vector<net::Address> sources() const;

 private:
  struct State;
  Imds();

  Reply true_reply(const Request& request, const Target& target, const Fault* fault, Time now) override;
  std::optional<Response> service_response(const Request& request, const Target& target,
                                           const Fault& fault) const override;
  void add_headers(const Target& target, Response& response) const override;

  const std::unique_ptr<State> state_;
};

}  // namespace simulator
