#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arm/arm.h"
#include "arm/resource_id.h"

namespace arm {

/// What an audit of a whole cluster may cost ARM, whose limits are the subscription's.
/// https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling: 250
/// reads at once, 25 a second after that.
struct ClusterLimits {
  unsigned requests = 200;
  std::size_t bytes = std::size_t{256} << 20;
  std::chrono::steady_clock::time_point finish_by;
};

/// The GETs of one audit, one after the other. A 429 is waited for as long as ARM asks, a 5xx is asked again
/// once; none is sent past a limit, nor after an answer that leaves no sense in another.
class ClusterRequests {
 public:
  using Sleep = std::function<void(std::chrono::milliseconds)>;
  /// Told before each request: how many were made, and what is read.
  using Progress = std::function<void(unsigned made, const std::string& what)>;

  /// Learns `cloud`'s audience where that is empty. `principal` is for sentences: "the caller of az".
  ClusterRequests(Cloud cloud, https::Getter get, TokenSource token, std::string principal,
                  const ClusterLimits& limits, Sleep sleep, Progress progress);

  net::Result<std::string> read(const Subject& subject, const std::string& target);
  [[nodiscard]] net::Error unusable(const Subject& subject, const net::Error& error) const;

  [[nodiscard]] const std::string& endpoint() const { return cloud_.endpoint; }
  [[nodiscard]] unsigned requests() const { return requests_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  tl::unexpected<net::Error> end(net::Error reason);
  [[nodiscard]] net::Error about(int code, const std::string& what) const;
  net::Result<void> prepare();
  net::Result<https::Response> send(const std::string& target, bool with_token);
  net::Result<https::Response> send_patiently(const Subject& subject, const std::string& target);

  Cloud cloud_;
  https::Getter get_;
  TokenSource token_;
  std::string principal_;
  ClusterLimits limits_;
  Sleep sleep_;
  Progress progress_;
  std::vector<std::string> secrets_;  ///< the token in use, behind one that was refused
  unsigned requests_ = 0;
  std::size_t bytes_ = 0;
  std::optional<net::Error> stopped_;
};

}  // namespace arm
