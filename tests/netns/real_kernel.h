#pragma once

#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/change.h"
#include "netlink/linux_kernel.h"
#include "tests/support/netns.h"
#include "tests/support/print.h"

/// The value, or a failure of the test with the error's sentence.
template <class T>
T must(net::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().what);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// A namespace with eth0 (10.0.0.4/24, fd00::4/64) and a kernel's door into it.
struct RealKernel {
  RealKernel() {
    space.add_veth("eth0", "peer");
    space.add_address("eth0", "10.0.0.4/24");
    space.add_address("eth0", "fd00::4/64");
    kernel = must(netlink::LinuxKernel::open());
    for (const auto& link : must(kernel->links())) {
      if (link.name == "eth0") eth0 = link.index;
    }
  }

  /// The n-th of many different routes of the family, by a gateway on eth0.
  [[nodiscard]] net::Route route(net::Family family, std::size_t n, std::uint8_t protocol = 169) const {
    const bool ipv4 = family == net::Family::ipv4;
    net::Route made;
    const auto text =
        ipv4 ? fmt::format("20.{}.{}.0/24", n / 256, n % 256) : fmt::format("fd20:{:x}::/64", n);
    made.key = {.table = 254, .destination = must(net::Prefix::parse(text)), .metric = 1024, .tos = 0};
    made.protocol = protocol;
    made.gateway = must(net::Address::parse(ipv4 ? "10.0.0.1" : "fd00::1"));
    made.device = eth0;
    return made;
  }

  [[nodiscard]] std::vector<net::Change> changes(net::Verb verb, net::Family family, std::size_t count,
                                                 std::uint8_t protocol = 169) const {
    std::vector<net::Change> made;
    for (std::size_t i = 0; i < count; ++i) {
      made.push_back({.verb = verb, .object = route(family, i, protocol)});
    }
    return made;
  }

  test_support::NetNamespace space;
  std::unique_ptr<netlink::LinuxKernel> kernel;
  std::uint32_t eth0 = 0;
};
