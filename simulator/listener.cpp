#include "simulator/listener.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <utility>

namespace simulator {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

net::Result<net::ListenAddress> parse_listen_address(std::string_view text) {
  auto parsed = net::parse_listen(text);
  if (parsed && !parsed->is_unix() && parsed->address.family() == net::Family::ipv4) return parsed;
  return net::failure(EINVAL, fmt::format("'{}' is not IPV4-ADDRESS:PORT, such as 127.0.0.1:8080", text));
}

Listener::~Listener() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

net::Result<void> Listener::listen(const std::string& text) {
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

void Listener::run() {
  accept();
  thread_ = std::thread([this] { io_.run(); });
}

void Listener::accept() {
  acceptor_.async_accept([this](const error_code& code, Socket socket) {
    if (!code) {
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      serve_(std::move(socket));
    }
    accept();
  });
}

void Listener::add_waiting_stream(std::weak_ptr<asio::steady_timer> timer) {
  waiting_streams_.push_back(std::move(timer));
}

void Listener::wake_streams() {
  asio::post(io_, [this] {
    for (const auto& each : std::exchange(waiting_streams_, {})) {
      if (const auto timer = each.lock()) timer->cancel();
    }
  });
}

}  // namespace simulator
