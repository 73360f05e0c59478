#include "net/kernel.h"

namespace net {
namespace {

class Collector final : public RouteVisitor {
 public:
  void begin() override { routes_.erase(routes_.begin() + complete_, routes_.end()); }
  void take(const Route& route) override { routes_.push_back(route); }
  void end() override { complete_ = static_cast<std::ptrdiff_t>(routes_.size()); }

  [[nodiscard]] std::vector<Route> collected() && { return std::move(routes_); }

 private:
  std::vector<Route> routes_;
  std::ptrdiff_t complete_ = 0;
};

}  // namespace

Result<std::vector<Route>> Kernel::routes(std::uint8_t protocol) {
  Collector collector;
  if (const auto done = take_routes(protocol, 0, collector); !done) return pass_on(done);
  return std::move(collector).collected();
}

}  // namespace net
