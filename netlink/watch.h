#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/error.h"
#include "net/route_watch.h"
#include "netlink/rtnl_socket.h"

namespace netlink {

/// The kernel's notifications about links, addresses, routes, rules and forwarding settings: signs that it is
/// time to look, for IPv4 routes vanish with their link or last address without any of their own.
class Watch final : public net::RouteWatch {
 public:
  /// A notification costs 832 bytes of buffer for an IPv4 route, 1,280 for an IPv6 one, 3,600 for a link
  /// (6.18): this holds thousands where the default of 208 KiB holds 256.
  static constexpr int kReceiveBuffer = 8 << 20;
  /// read() stops soon after so many messages.
  static constexpr std::size_t kMessagesPerRead = 4096;

  /// What `own_port` does is kept out by a socket filter, before it is charged to the buffer. Anything that
  /// happens after open() is seen.
  static net::Result<std::unique_ptr<Watch>> open(std::uint32_t own_port,
                                                  int receive_buffer = kReceiveBuffer);

  /// From now on only routes that matter wake anybody: the kernel drops the notifications of all others
  /// before they are charged to the buffer, however many there are. Whoever asks for more looks after it has.
  /// After an error everything comes through.
  net::Result<void> set_filter(const net::NotificationFilter& filter) override;

  /// Readable when there are notifications.
  [[nodiscard]] int descriptor() const { return socket_.descriptor(); }

  /// Appends what has happened, without ever waiting. A notification of Subject::overrun stands for messages
  /// that were lost (ENOBUFS). Stops after kMessagesPerRead or some more, so that a storm does not hold the
  /// caller: the descriptor stays readable then.
  net::Result<void> read(std::vector<net::Notification>& into) override;

  /// Best effort, see process_name_of_port().
  std::string process_of(std::uint32_t port) override;

 private:
  Watch(Socket socket, std::uint32_t own_port) : socket_(std::move(socket)), own_port_(own_port) {}
  Socket socket_;
  std::uint32_t own_port_;
};

}  // namespace netlink
