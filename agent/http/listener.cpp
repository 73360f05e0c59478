#include "agent/http/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "agent/http/socket_address.h"

namespace agent::http {
namespace {

/// The owner and the group may connect, no other user.
constexpr mode_t kSocketMode = 0660;

std::string words_of(int error) { return std::system_category().message(error); }

/// What to do about it, by errno.
std::string advice(int error, const net::ListenAddress& listen) {
  switch (error) {
    case EADDRINUSE:
      return listen.is_unix() ? "; probably another calico-azure-agent runs: `ss -xlp src " +
                                    listen.unix_path + "` shows who"
                              : "; probably another calico-azure-agent runs: `ss -tlnp sport = :" +
                                    std::to_string(listen.port) + "` shows who";
    case EADDRNOTAVAIL:
      return "; no interface of this machine has this address: see http.listen and http.metrics_listen";
    case EACCES:
      return listen.is_unix() ? "; the directory must be writable for this user"
                              : "; ports below 1024 need CAP_NET_BIND_SERVICE: see http.listen and "
                                "http.metrics_listen";
    case ENOENT:
      return "; the directory does not exist";
    case EAFNOSUPPORT:
      return "; this machine has the address family switched off";
    default:
      return "";
  }
}

tl::unexpected<net::Error> refusal(int error, const net::ListenAddress& listen) {
  return net::failure(
      error, "cannot listen on " + listen_text(listen) + ": " + words_of(error) + advice(error, listen));
}

/// 0 when the path is free for bind(2), after removal of a socket without a listener; else the errno.
int make_way(const net::ListenAddress& listen, const SocketAddress& address) {
  struct stat there {};
  if (::lstat(listen.unix_path.c_str(), &there) != 0) return errno == ENOENT ? 0 : errno;
  if (!S_ISSOCK(there.st_mode)) return ENOTSOCK;
  const net::Descriptor probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!probe) return errno;
  if (::connect(probe.get(), address.raw(), address.length) == 0) return EADDRINUSE;
  if (errno != ECONNREFUSED) return EADDRINUSE;  // EAGAIN: it lives, and its backlog is full
  return ::unlink(listen.unix_path.c_str()) == 0 || errno == ENOENT ? 0 : errno;
}

int bind_unix(int fd, const net::ListenAddress& listen, const SocketAddress& address) {
  if (const int error = make_way(listen, address); error != 0) return error;
  // On Linux the file takes the socket's own mode (less the umask): so it is at no moment open to all.
  if (::fchmod(fd, kSocketMode) != 0) return errno;
  if (::bind(fd, address.raw(), address.length) != 0) return errno;
  return ::chmod(listen.unix_path.c_str(), kSocketMode) == 0 ? 0 : errno;
}

int bind_tcp(int fd, const SocketAddress& address) {
  const int on = 1;
  // A restart binds at once, though connections of before are in TIME_WAIT.
  if (::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return errno;
  // Inherited by every accepted connection, which saves it a system call.
  if (::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) return errno;
  return ::bind(fd, address.raw(), address.length) == 0 ? 0 : errno;
}

std::uint16_t bound_port(int fd) {
  SocketAddress bound;
  bound.length = sizeof bound.storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound.storage), &bound.length) != 0) return 0;
  if (bound.family() == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &bound.storage, sizeof v4);
    return ntohs(v4.sin_port);
  }
  if (bound.family() == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &bound.storage, sizeof v6);
    return ntohs(v6.sin6_port);
  }
  return 0;
}

}  // namespace

net::Result<Listener> Listener::open(const net::ListenAddress& listen) {
  const auto address = socket_address(listen);
  if (!address) return net::pass_on(address);
  Listener listener(
      net::Descriptor{::socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)});
  if (listener.fd() < 0) return refusal(errno, listen);

  const int error =
      listen.is_unix() ? bind_unix(listener.fd(), listen, *address) : bind_tcp(listener.fd(), *address);
  if (error == ENOTSOCK) {
    return net::failure(error, "cannot listen on " + listen_text(listen) +
                                   ": the path exists and is not a socket; remove it or choose another");
  }
  if (error != 0) return refusal(error, listen);
  struct stat made {};
  if (listen.is_unix() && ::lstat(listen.unix_path.c_str(), &made) == 0) {
    listener.path_ = listen.unix_path;
    listener.device_ = made.st_dev;
    listener.inode_ = made.st_ino;
  }
  if (::listen(listener.fd(), kBacklog) != 0) return refusal(errno, listen);
  listener.port_ = bound_port(listener.fd());
  return listener;
}

Listener::Listener(Listener&& other) noexcept
    : socket_(std::move(other.socket_)),
      port_(other.port_),
      path_(std::exchange(other.path_, {})),
      device_(other.device_),
      inode_(other.inode_) {}

Listener::~Listener() {
  struct stat there {};
  if (!path_.empty() && ::lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ &&
      there.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

}  // namespace agent::http
