#pragma once

#include <span>
#include <type_traits>
#include <vector>

#include "core/meters.h"
#include "net/kernel.h"
#include "net/time.h"

namespace core {

/// A kernel whose dumps and batches are timed.
class MeteredKernel final : public net::Kernel {
 public:
  /// All outlive it.
  MeteredKernel(net::Kernel& kernel, const net::Clock& clock, Meters& meters)
      : kernel_(kernel), clock_(clock), meters_(meters) {}

  net::Result<std::vector<net::Link>> links() override {
    return timed(meters_.dumps, [&] { return kernel_.links(); });
  }
  net::Result<void> take_routes(std::uint8_t protocol, std::uint32_t table,
                                net::RouteVisitor& visitor) override {
    return timed(meters_.dumps, [&] { return kernel_.take_routes(protocol, table, visitor); });
  }
  net::Result<std::vector<net::Route>> routes_to(std::uint32_t table,
                                                 std::span<const net::Prefix> destinations) override {
    return timed(meters_.dumps, [&] { return kernel_.routes_to(table, destinations); });
  }
  net::Result<std::vector<net::Rule>> rules(std::uint8_t protocol) override {
    return timed(meters_.dumps, [&] { return kernel_.rules(protocol); });
  }
  std::vector<net::Result<net::Route>> lookups(std::span<const net::Flow> flows) override {
    return kernel_.lookups(flows);
  }
  net::Result<std::vector<net::Refusal>> apply(std::span<const net::Change> changes) override {
    return timed(meters_.batches, [&] { return kernel_.apply(changes); });
  }

 private:
  template <class Call>
  std::invoke_result_t<Call> timed(Histogram& histogram, const Call& call) {
    const auto begin = clock_().mono;
    auto answer = call();
    histogram.observe(clock_().mono - begin);
    return answer;
  }

  net::Kernel& kernel_;
  const net::Clock& clock_;
  Meters& meters_;
};

}  // namespace core
