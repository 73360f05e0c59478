#pragma once
// What benchmarks of the core work on, without a kernel.
#include <array>
#include <vector>

#include "net/kernel.h"

namespace bench {

/// Agrees to everything and shows nothing: what is counted is ours.
class YesKernel final : public net::Kernel {
 public:
  net::Result<std::vector<net::Link>> links() override { return std::vector<net::Link>{}; }
  net::Result<void> take_routes(std::uint8_t, std::uint32_t, net::RouteVisitor& sink) override {
    sink.begin();
    sink.end();
    return {};
  }
  net::Result<std::vector<net::Route>> routes_to(std::uint32_t, std::span<const net::Prefix>) override {
    return std::vector<net::Route>{};
  }
  net::Result<std::vector<net::Rule>> rules(std::uint8_t) override { return std::vector<net::Rule>{}; }
  std::vector<net::Result<net::Route>> lookups(std::span<const net::Flow> flows) override {
    return std::vector<net::Result<net::Route>>(flows.size(), net::Route{});
  }
  net::Result<std::vector<net::Refusal>> apply(std::span<const net::Change>) override {
    return std::vector<net::Refusal>{};
  }
};

inline std::vector<net::Route> many_routes(unsigned count) {
  std::vector<net::Route> routes;
  for (unsigned i = 0; i < count; ++i) {
    const std::array<std::uint8_t, 4> bytes = {10, static_cast<std::uint8_t>(64 + (i >> 16U)),
                                               static_cast<std::uint8_t>(i >> 8U),
                                               static_cast<std::uint8_t>(i)};
    auto& route = routes.emplace_back();
    route.key = {.table = 254,
                 .destination = net::Prefix::host(*net::Address::from_bytes(bytes)),
                 .metric = 1024,
                 .tos = 0};
    route.protocol = 169;
    route.gateway = *net::Address::parse("10.240.0.1");
    route.source = *net::Address::parse("10.240.0.4");
    route.device = 2;
  }
  return routes;
}

}  // namespace bench
