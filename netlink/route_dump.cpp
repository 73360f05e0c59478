#include "netlink/route_dump.h"

#include <linux/rtnetlink.h>

#include <array>
#include <cstddef>

#include "netlink/codecs.h"
#include "netlink/dump.h"

namespace netlink {
namespace {

/// Half a part: what is no longer came in one.
constexpr std::size_t kSurelyOnePart = 1 << 14;

/// Detects, while it lives, any change of IPv6 routes; link changes too, since routes may go with
/// a link unannounced (net.ipv6.route.skip_notify_on_dev_down).
class ChangeDetector {
 public:
  static constexpr std::array kGroups = {RTNLGRP_IPV6_ROUTE, RTNLGRP_LINK};

  explicit ChangeDetector(Socket& socket) : socket_(socket) {
    socket_.discard();
    for (const int group : kGroups) deaf_ |= !socket_.join(group);
  }
  ChangeDetector(const ChangeDetector&) = delete;
  ChangeDetector& operator=(const ChangeDetector&) = delete;
  ~ChangeDetector() {
    for (const int group : kGroups) socket_.leave(group);
  }

  /// Also true when too much happened for the buffer (ENOBUFS), or it could not listen.
  [[nodiscard]] bool disturbed() {
    const auto received = socket_.receive([](const nlmsghdr&) {});
    return deaf_ || !received || *received > 0;
  }

 private:
  Socket& socket_;
  bool deaf_ = false;
};

/// Between two parts, some 240 routes each, the kernel keeps its place by counting nodes: while others add
/// and remove routes it misses some of ours or shows them twice, and does not report it (fib6_dump_table() in
/// net/ipv6/ip6_fib.c; on 6.18 a third of the dumps of 4,000 routes, no NLM_F_DUMP_INTR). So a dump of
/// several parts counts only when nothing was notified meanwhile: change and notification happen under one
/// lock. A part that was nearly full may have had a successor that went missing whole.
net::Result<void> dump_ipv6(Socket& socket, Socket& detector_socket, Message& request,
                            const std::function<void()>& begin, const Visit& visit) {
  for (int i = 0; i < kDumpAttempts; ++i) {
    ChangeDetector detector(detector_socket);
    const auto size = dump(socket, request, begin, visit);
    if (!size) return net::pass_on(size);
    const bool one_part = size->parts <= 1 && size->bytes <= kSurelyOnePart;
    if (one_part || !detector.disturbed()) return {};
    socket.note_interruption();
  }
  return system_failure(EINTR, "IPv6 routes change faster than they can be dumped");
}

}  // namespace

net::Result<void> dump_routes(Socket& socket, Socket& detector, const RouteQuestion& question,
                              const std::function<void()>& begin, const Visit& visit) {
  auto request = encode_route_dump(question.family, question.protocol, question.table);
  const auto real = [&visit](const nlmsghdr& header) {
    if (!is_cloned_route(header)) visit(header);
  };
  if (question.family == net::Family::ipv6) return dump_ipv6(socket, detector, request, begin, real);
  // Between two parts the kernel keeps its place by prefix, so that nothing is lost when others change the
  // table.
  const auto done = dump(socket, request, begin, real);
  if (!done) return net::pass_on(done);
  return {};
}

net::Result<void> collect_routes(Socket& socket, Socket& detector, const RouteQuestion& question,
                                 std::vector<net::Route>& into, const RouteSift& sift) {
  const auto before = static_cast<std::ptrdiff_t>(into.size());
  return dump_routes(
      socket, detector, question, [&] { into.erase(into.begin() + before, into.end()); },
      [&](const nlmsghdr& header) {
        const auto route = sift(header);
        if (!route) return;
        if (!route->multipath) return into.push_back(*route);
        for (auto& hop : next_hops_of(header, *route)) into.push_back(hop);
      });
}

}  // namespace netlink
