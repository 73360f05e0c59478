#include "agent/http/client.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cerrno>
#include <optional>
#include <system_error>

#include "agent/http/socket_address.h"
#include "net/descriptor.h"

namespace agent {
namespace {

namespace beast = boost::beast::http;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// One exchange: a connection, its deadline, and how to word its errors.
class Exchange {
 public:
  Exchange(const net::ListenAddress& where, milliseconds timeout)
      : where_(where),
        timeout_(timeout),
        deadline_(Clock::now() + std::min<milliseconds>(timeout, std::chrono::hours{24})) {}

  net::Result<void> connect();
  net::Result<void> send(std::string_view bytes);
  net::Result<HttpReply> receive();
  /// Whose reply it is: while the daemon waits for us to hang up, and so still holds its end.
  net::Result<Peer> peer() const;

 private:
  [[nodiscard]] tl::unexpected<net::Error> failure(int error) const;
  /// 0 when the socket is ready for `events`, else ETIMEDOUT or what poll(2) says.
  int wait(short events) const;
  [[nodiscard]] int remaining_ms() const {
    const auto left = std::chrono::ceil<milliseconds>(deadline_ - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1 << 30));
  }

  const net::ListenAddress& where_;
  milliseconds timeout_;
  Clock::time_point deadline_;
  net::Descriptor socket_;
};

tl::unexpected<net::Error> Exchange::failure(int error) const {
  const std::string where = listen_text(where_);
  switch (error) {
    case ECONNREFUSED:
    case ENOENT:
      return net::failure(error, "nothing listens on " + where +
                                     ": calico-azure-agent does not run, or listens elsewhere (http.listen); "
                                     "see `systemctl status calico-azure-agent`");
    case ETIMEDOUT:
      return net::failure(
          error, where + " gave no complete answer within " + std::to_string(timeout_.count()) + " ms");
    case ECONNRESET:
      return net::failure(error, where + " hung up before its answer was complete");
    case EMSGSIZE:
      return net::failure(error, where + " answers with more than " + std::to_string(kReplyLimit) + " bytes");
    case EBADMSG:
      return net::failure(
          error, "what listens on " + where + " is not calico-azure-agent: its answer cannot be read");
    case EACCES:
      return net::failure(error, where + ": permission denied; run as root or in the socket's group");
    default:
      return net::failure(error, where + ": " + std::system_category().message(error));
  }
}

int Exchange::wait(short events) const {
  pollfd waited{socket_.get(), events, 0};
  while (remaining_ms() > 0) {
    const int ready = ::poll(&waited, 1, remaining_ms());
    if (ready > 0) return 0;
    if (ready < 0 && errno != EINTR) return errno;  // EINTR: after ^Z and fg, too
  }
  return ETIMEDOUT;
}

net::Result<void> Exchange::connect() {
  const auto address = socket_address(where_);
  if (!address) return net::pass_on(address);
  socket_ = net::Descriptor{::socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket_) return failure(errno);
  int error = ::connect(socket_.get(), address->raw(), address->length) == 0 ? 0 : errno;
  // A unix socket with a full backlog has no "in progress": it must be asked again.
  while (error == EAGAIN && remaining_ms() > 0) {
    ::poll(nullptr, 0, std::min(10, remaining_ms()));
    error = ::connect(socket_.get(), address->raw(), address->length) == 0 ? 0 : errno;
  }
  if (error == EAGAIN) return failure(ETIMEDOUT);
  if (error == EINPROGRESS) {
    error = wait(POLLOUT);
    socklen_t length = sizeof error;
    if (error == 0 && ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  }
  if (error != 0) return failure(error);
  return {};
}

net::Result<void> Exchange::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EPIPE) {
      return failure(ECONNRESET);
    } else if (errno == EAGAIN) {
      if (const int error = wait(POLLOUT); error != 0) return failure(error);
    } else if (errno != EINTR) {
      return failure(errno);
    }
  }
  return {};
}

net::Result<Peer> Exchange::peer() const {
  auto peer = peer_of(socket_.get());
  if (!peer) return net::failure(peer.error().code.value(), listen_text(where_) + " " + peer.error().what);
  return peer;
}

/// The header of a reply, once it is there.
struct Head {
  int status = 0;
  std::size_t size = 0;                       ///< bytes before the body
  std::optional<std::size_t> content_length;  ///< absent: the body ends with the connection
};

/// 0 and perhaps a head; EBADMSG for what is not HTTP or comes in chunks, which the daemon never sends.
int read_head(std::string_view received, std::optional<Head>& head) {
  beast::response_parser<beast::empty_body> parser;
  parser.skip(true);
  boost::system::error_code error;
  const auto size = parser.put(boost::asio::buffer(received.data(), received.size()), error);
  if (error == beast::error::need_more) return 0;
  if (error || parser.chunked()) return EBADMSG;
  head = Head{static_cast<int>(parser.get().result_int()), size, std::nullopt};
  if (const auto length = parser.content_length()) {
    if (*length > kReplyLimit) return EMSGSIZE;
    head->content_length = static_cast<std::size_t>(*length);
  }
  return 0;
}

net::Result<HttpReply> Exchange::receive() {
  std::string received;
  std::array<char, 16 * 1024> part{};
  std::optional<Head> head;
  const auto complete = [&received, &head] {
    return head && head->content_length && received.size() >= head->size + *head->content_length;
  };
  const auto reply = [&received, &head] {
    return HttpReply{.status = head->status,
                     .body = received.substr(head->size, head->content_length.value_or(std::string::npos)),
                     .peer = {}};
  };
  for (;;) {
    if (const int error = wait(POLLIN); error != 0) return failure(error);
    const auto count = ::recv(socket_.get(), part.data(), part.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count < 0) return failure(errno);
    if (count == 0) {
      const bool ends_here = head && !head->content_length;
      return ends_here ? net::Result<HttpReply>(reply()) : failure(ECONNRESET);
    }
    received.append(part.data(), static_cast<std::size_t>(count));
    if (!head) {
      if (const int error = read_head(received, head); error != 0) return failure(error);
    }
    if (complete()) return reply();
    if (received.size() > kReplyLimit + (head ? head->size : 0)) return failure(EMSGSIZE);
  }
}

}  // namespace

net::Result<HttpReply> http_get(const net::ListenAddress& where, std::string_view target,
                                milliseconds timeout) {
  const bool sendable =
      std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c != 0x7F; });
  if (target.empty() || !sendable) {
    return net::failure(EINVAL, "not a request target: \"" + std::string(target) + "\"");
  }
  Exchange exchange(where, timeout);
  if (const auto connected = exchange.connect(); !connected) return net::pass_on(connected);
  std::string request = "GET ";
  request.append(target).append(" HTTP/1.1\r\nHost: ");
  request.append(where.is_unix() ? "localhost" : listen_text(where)).append("\r\nConnection: close\r\n\r\n");
  if (const auto sent = exchange.send(request); !sent) return net::pass_on(sent);
  auto reply = exchange.receive();
  auto peer = exchange.peer();
  if (reply) {
    reply->peer = std::move(peer);
  } else if (peer && peer->user && reply.error().code.value() != ECONNRESET) {
    // What keeps a port without a fit answer is somebody's.
    reply.error().what += "; it is held by user " + std::to_string(*peer->user);
  }
  return reply;
}

}  // namespace agent
