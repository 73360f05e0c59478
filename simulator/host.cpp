#include "simulator/host.h"

#include <fmt/format.h>

#include <utility>

#include "simulator/listen_address.h"

namespace simulator {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

Host::~Host() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

net::Result<void> Host::listen(const std::string& text) {
  const auto wanted = parse_listen_address(text);
  if (!wanted) return net::pass_on(wanted);
  const tcp::endpoint endpoint(asio::ip::make_address(wanted->address.text()), wanted->port);
  error_code code;
  const auto step = [&code](auto&& act) {
    if (!code) act();
  };
  step([&] { acceptor_.open(endpoint.protocol(), code); });
  step([&] { acceptor_.set_option(tcp::acceptor::reuse_address(true), code); });
  step([&] { acceptor_.bind(endpoint, code); });
  step([&] { acceptor_.listen(asio::socket_base::max_listen_connections, code); });
  if (code) return net::failure(code.value(), fmt::format("cannot listen on {}: {}", text, code.message()));
  address_ = fmt::format("{}:{}", wanted->address.text(), acceptor_.local_endpoint().port());
  return {};
}

void Host::run() {
  accept();
  thread_ = std::thread([this] { io_.run(); });
}

void Host::accept() {
  acceptor_.async_accept([this](const error_code& code, Socket socket) {
    if (!code) {
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      serve_(std::move(socket));
    }
    accept();
  });
}

}  // namespace simulator
