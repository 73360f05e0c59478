#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>

#include "routing/cpu_budget.h"

namespace agent {

/// How long the API server is left alone after a watch, or after a question that brought no answer.
///
/// Only a watch that lasted shows that watching works: one that ends at once, with 410 Gone or without an
/// error, may do so for ever (a proxy that does not stream, a server without a watch cache), and each round
/// is a GET more. client-go's reflector backs off alike (k8s.io/client-go/tools/cache/reflector.go).
class WatchPace {
 public:
  using Duration = routing::Backoff::Duration;
  /// A watch that lasted so long is followed by another at once.
  static constexpr Duration kLasting = routing::Backoff::kLast;
  /// Where watching is not allowed, asking is the next best.
  static constexpr Duration kPoll = std::chrono::seconds(60);
  static constexpr Duration kAfterFailure = std::chrono::seconds(1);

  explicit WatchPace(std::uint32_t seed) : backoff_(seed) {}

  /// `code`: of the error that ended the watch (kubernetes::watch_node()); 0 where none did.
  Duration after_watch(int code, Duration lasted) {
    if (code == EACCES) return kPoll;
    const bool by_design = code == 0 || code == ESTALE;
    if (lasted >= kLasting) {
      backoff_.reset();
      if (by_design) return {};
    }
    return backoff_.next();
  }

  /// The node itself could not be read.
  Duration after_failure() { return std::max(kAfterFailure, backoff_.next()); }

 private:
  routing::Backoff backoff_;
};

}  // namespace agent
