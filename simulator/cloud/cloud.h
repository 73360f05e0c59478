#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/error.h"
#include "simulator/control.h"
#include "simulator/simulated_service.h"

namespace simulator::cloud {

struct WatchRequest;

struct Options {
  /// IPv4; port 0 = any free one.
  std::string listen = "127.0.0.1:0";
  std::string certificate_pem;
  std::string key_pem;
  /// Who signs certificates that the API server trusts; empty = it asks for none.
  std::string client_ca_pem = {};
  /// The service account tokens that the API server trusts. ARM has no list: it takes the tokens that a
  /// simulated IMDS issues (access_token.h).
  std::vector<std::string> tokens = {};
};

/// Azure Resource Manager (read-only) and the Nodes of a Kubernetes API server, over TLS on one local
/// address: serves from a thread of its own until destroyed. Every member may be called from any thread.
class Cloud final : public SimulatedService {
 public:
  /// Listens when it returns. EINVAL for a bad address or PEM, else bind(2)'s error.
  static net::Result<std::unique_ptr<Cloud>> start(const Options& options);
  ~Cloud() override;

  /// "https://127.0.0.1:43569"
  [[nodiscard]] std::string endpoint() const;

  /// Replaces what ARM has, at once: {"/subscriptions/…": {document}, …}. A list is stored under its own
  /// path; with {"value":[…],"page_size":2} it comes in pages. EINVAL, with nothing changed, for anything
  /// else.
  net::Result<void> set_arm(std::string_view json);
  [[nodiscard]] std::string arm() const;

  /// Replaces both by those of a large cluster: {"nodes":5000,"unrouted":40}.
  net::Result<void> set_fleet(std::string_view json);

  /// Replaces the Nodes, at once: {"vm-a": {Node}, …}. Each that comes, changes or goes raises the
  /// resourceVersion by one, and is sent to every watch. EINVAL, with nothing changed, for anything else.
  net::Result<void> set_nodes(std::string_view json);
  [[nodiscard]] std::string nodes() const;
  /// Above those of every earlier process, and rising.
  [[nodiscard]] std::uint64_t resource_version() const;
  /// From now on a watch from an older version than this is 410; EINVAL for a version to come.
  net::Result<void> compact(std::uint64_t before);
  /// Ends every watch that runs, as an API server does that stops.
  void end_watches();

 private:
  struct State;
  explicit Cloud(std::vector<std::string> tokens);

  Reply true_reply(const Request& request, const Target& target, const Fault* fault, Time now) override;
  std::optional<Response> service_response(const Request& request, const Target& target,
                                           const Fault& fault) const override;
  void add_headers(const Target& target, Response& response) const override;
  EventStream watch(WatchRequest request);

  const std::unique_ptr<State> state_;
};

/// What the control endpoint takes for the cloud, which outlives it: /arm, /nodes, /compaction, /watches,
/// /cloud-fault, /cloud-requests.
std::vector<ControlHandler> control_handlers(Cloud& cloud);

}  // namespace simulator::cloud
