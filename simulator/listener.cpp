#include "simulator/listener.h"

#include <fmt/format.h>
#include <linux/filter.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

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

// A classic BPF program on the listening socket sees each SYN before the handshake; needs no privilege.
namespace {

constexpr std::size_t kMostSources = 64;
constexpr std::uint32_t kSourceField = 12;  // offset in the IPv4 header
constexpr std::uint32_t kWholePacket = 0xffffffff;

sock_filter statement(unsigned code, std::uint32_t operand) {
  return {static_cast<std::uint16_t>(code), 0, 0, operand};
}

/// The program: accept when the source is one of the addresses, else drop.
std::vector<sock_filter> program(std::span<const net::Address> sources) {
  const auto network_header = static_cast<std::uint32_t>(SKF_NET_OFF);
  std::vector<sock_filter> steps = {statement(BPF_LD | BPF_W | BPF_ABS, network_header + kSourceField)};
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto bytes = sources[i].bytes();
    const std::uint32_t value = std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
                                std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
    auto step = statement(BPF_JMP | BPF_JEQ | BPF_K, value);
    step.jt = static_cast<std::uint8_t>(sources.size() - i);  // over the rest and the drop
    steps.push_back(step);
  }
  steps.push_back(statement(BPF_RET | BPF_K, 0));
  steps.push_back(statement(BPF_RET | BPF_K, kWholePacket));
  return steps;
}

net::Result<void> outcome(int returned) {
  if (returned == 0) return {};
  const int error = errno;
  return net::failure(error, fmt::format("cannot set the rule for source addresses: {}",
                                         std::system_category().message(error)));
}

}  // namespace

net::Result<void> accept_only_from(int listening_socket, std::span<const net::Address> sources) {
  if (sources.empty()) {
    const int ignored = 0;
    const int detached =
        ::setsockopt(listening_socket, SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof ignored);
    return detached != 0 && errno == ENOENT ? net::Result<void>() : outcome(detached);
  }
  if (sources.size() > kMostSources) {
    return net::failure(EINVAL,
                        fmt::format("at most {} source addresses, not {}", kMostSources, sources.size()));
  }
  for (const auto& source : sources) {
    if (source.family() != net::Family::ipv4) {
      return net::failure(EINVAL,
                          fmt::format("source {} is not IPv4, the only family of IMDS", source.text()));
    }
  }
  auto steps = program(sources);
  const sock_fprog filter{static_cast<unsigned short>(steps.size()), steps.data()};
  return outcome(::setsockopt(listening_socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter));
}

}  // namespace simulator
