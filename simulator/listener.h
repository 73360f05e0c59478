#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "net/address.h"
#include "net/error.h"
#include "net/listen_address.h"

namespace simulator {

/// "127.0.0.1:8080", IPv4 like IMDS; port 0 = any free one. EINVAL otherwise.
net::Result<net::ListenAddress> parse_listen_address(std::string_view text);

/// Listens on a local address and serves what connects, on a thread of its own until destroyed.
class Listener {
 public:
  using Socket = boost::asio::ip::tcp::socket;

  explicit Listener(std::function<void(Socket)> serve) : serve_(std::move(serve)) {}
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// EINVAL for a bad address, else bind(2)'s error.
  net::Result<void> listen(const std::string& text);
  void run();

  /// "127.0.0.1:43567"
  [[nodiscard]] const std::string& address() const { return address_; }
  /// Of the socket that listens.
  [[nodiscard]] int descriptor() { return acceptor_.native_handle(); }

  /// Ends the wait of every stream for news. Any thread.
  void wake_streams();
  /// The timer of a stream that waits for news. Of the listener's own thread.
  void add_waiting_stream(std::weak_ptr<boost::asio::steady_timer> timer);

 private:
  void accept();

  std::function<void(Socket)> serve_;
  std::vector<std::weak_ptr<boost::asio::steady_timer>> waiting_streams_;
  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::acceptor acceptor_{io_};
  std::string address_;
  std::thread thread_;
};

/// Makes a listening IPv4 socket drop packets from other sources: no RST, no ICMP, the client times out,
/// as Azure's host does to whatever is not the primary address. An empty list lifts the rule. EINVAL for IPv6
/// addresses and for more than 64.
net::Result<void> accept_only_from(int listening_socket, std::span<const net::Address> sources);

}  // namespace simulator
