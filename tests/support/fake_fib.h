#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "net/address.h"
#include "net/route.h"

namespace test_support {

/// What the kernel says to one change: an errno and its own words; 0 = done.
struct Verdict {
  int error = 0;
  std::string words;
};

/// How a route meets what is there, as ip-route(8) names it.
enum class Meeting : std::uint8_t { add, replace, append, prepend };

/// The tables themselves, of both families, with the rules by which the kernel keeps keys: whatever does not
/// depend on devices and addresses. Each rule is asked of the real kernel in
/// tests/netns/contract_keys_test.cpp.
class FakeFib {
 public:
  Verdict insert(net::Route route, Meeting meeting);
  Verdict remove(const net::Route& route);

  /// As the port shows them: multipath siblings of IPv6 one by one, under the first one's protocol.
  [[nodiscard]] std::vector<net::Route> shown() const;

  /// The best route of the table for the address, of the device when that is not 0.
  [[nodiscard]] std::optional<net::Route> best(const net::Address& destination, std::uint32_t table,
                                               std::uint32_t device = 0) const;

  /// Takes routes out, whoever owns them, and returns them.
  std::vector<net::Route> take_out(const std::function<bool(const net::Route&)>& which);
  void for_each(const std::function<void(net::Route&)>& visit);

 private:
  [[nodiscard]] net::Route as_shown(net::Route route) const;

  std::vector<net::Route> routes_;
};

}  // namespace test_support
