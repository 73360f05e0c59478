#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "net/kernel.h"
#include "netlink/rtnl_socket.h"

namespace netlink {

/// The running kernel, in the network namespace of the thread that opened it. Looking needs no rights;
/// without CAP_NET_ADMIN every change is refused with EPERM. Not thread-safe.
class LinuxKernel final : public net::Kernel {
 public:
  static net::Result<std::unique_ptr<LinuxKernel>> open();

  /// The port of the socket that makes changes: by it a Watch recognises our own changes.
  [[nodiscard]] std::uint32_t command_port() const { return command_.port(); }

  net::Result<std::vector<net::Link>> links() override;
  net::Result<void> take_routes(std::uint8_t protocol, std::uint32_t table,
                                net::RouteVisitor& visitor) override;
  net::Result<std::vector<net::Route>> routes_to(std::uint32_t table,
                                                 std::span<const net::Prefix> destinations) override;
  net::Result<std::vector<net::Rule>> rules(std::uint8_t protocol) override;
  /// Where the matching route drops packets the error is the route's own: EINVAL for a blackhole,
  /// EHOSTUNREACH for unreachable, EACCES for prohibit (fib_props[] in net/ipv4/fib_semantics.c).
  std::vector<net::Result<net::Route>> lookups(std::span<const net::Flow> flows) override;
  net::Result<std::vector<net::Refusal>> apply(std::span<const net::Change> changes) override;
  [[nodiscard]] std::uint64_t interrupted_dumps() const override { return dump_.interruptions(); }

 private:
  // Several sockets, so that no reply to a change needs telling from a part of a dump.
  LinuxKernel(Socket dump, Socket command, Socket detector)
      : dump_(std::move(dump)), command_(std::move(command)), detector_(std::move(detector)) {}

  void look_up_some(std::span<const net::Flow> flows,
                    std::span<std::optional<net::Result<net::Route>>> answers);
  net::Result<net::Route> look_up_alone(const net::Flow& flow);

  Socket dump_;
  Socket command_;
  Socket detector_;  ///< receives a notification if others change IPv6 routes during a dump
};

}  // namespace netlink
