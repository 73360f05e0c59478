#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <string>
#include <thread>

#include "net/error.h"

namespace simulator {

/// Listens on a local address and serves what connects, on a thread of its own until destroyed.
class Host {
 public:
  using Socket = boost::asio::ip::tcp::socket;

  explicit Host(std::function<void(Socket)> serve) : serve_(std::move(serve)) {}
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// EINVAL for a bad address, else bind(2)'s error.
  net::Result<void> listen(const std::string& text);
  void run();

  /// "127.0.0.1:43567"
  [[nodiscard]] const std::string& address() const { return address_; }
  /// Of the socket that listens.
  [[nodiscard]] int descriptor() { return acceptor_.native_handle(); }
  [[nodiscard]] boost::asio::io_context& io() { return io_; }

 private:
  void accept();

  std::function<void(Socket)> serve_;
  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::acceptor acceptor_{io_};
  std::string address_;
  std::thread thread_;
};

}  // namespace simulator
