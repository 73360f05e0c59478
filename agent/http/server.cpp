#include "agent/http/server.h"

#include <pthread.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <csignal>
#include <thread>
#include <utility>

#include "agent/http/connection_set.h"
#include "agent/http/listener.h"
#include "agent/http/router.h"

namespace agent {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Connections taken in one turn, before those that are already here get theirs.
constexpr int kAcceptsPerTurn = 64;

/// Until accept(2) is tried again when the process has no descriptor left and none of them is ours to give
/// up.
constexpr std::chrono::milliseconds kAcceptPause{100};

/// Signals belong to the main thread: a thread started while this lives has them all blocked.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

class StatusServer::Loop {
 public:
  Loop(http::Listener listener, Content content, const core::Published<core::Snapshot>& published,
       const Heartbeat& heartbeat)
      : listener_(std::move(listener)),
        content_(content),
        published_(published),
        heartbeat_(heartbeat),
        connections_(io_, http::ConnectionSet::affordable(),
                     [this](std::string_view received) { return answer(received); }),
        accept_ready_(io_, listener_.fd()),
        pause_(io_) {
    socklen_t length = sizeof family_;
    ::getsockopt(listener_.fd(), SOL_SOCKET, SO_DOMAIN, &family_, &length);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
    static_cast<void>(accept_ready_.release());  // the listener closes it
  }

  /// Starts the thread; std::system_error when there are too many.
  void run() {
    await_clients();
    const SignalsBlocked blocked;
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "http");
      io_.run();
    });
  }

  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }

 private:
  std::optional<http::Bytes> answer(std::string_view received) {
    const auto snapshot = published_.read();
    renderings_.follow(snapshot);
    const auto now = std::chrono::steady_clock::now();
    return http::answer(received, {.snapshot = *snapshot,
                                   .alive = heartbeat_.alive(now),
                                   .silence = heartbeat_.silence(now),
                                   .now = std::chrono::system_clock::now(),
                                   .mono_now = now,
                                   .started = started_,
                                   .over_unix_socket = family_ == AF_UNIX,
                                   .metrics_alone = content_ == Content::metrics,
                                   .renderings = &renderings_,
                                   .process_use = http::process_use});
  }

  void await_clients() {
    accept_ready_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const error_code& error) {
      if (!error) accept();
    });
  }

  void pause() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](const error_code& error) {
      if (!error) accept();
    });
  }

  void accept() {
    for (int turn = 0; turn < kAcceptsPerTurn; ++turn) {
      net::Descriptor client{::accept4(listener_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
      if (client) {
        connections_.admit(std::move(client), family_);
        continue;
      }
      switch (errno) {
        case EAGAIN:
          return await_clients();
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
          if (!connections_.evict_oldest()) return pause();
          break;
        case EINTR:
        case ECONNABORTED:
          break;
        default:  // accept(2): a network error of the client's; of anything else, no more than ten a second
          return pause();
      }
    }
    await_clients();
  }

  http::Listener listener_;
  Content content_;
  const core::Published<core::Snapshot>& published_;
  const Heartbeat& heartbeat_;
  net::WallTime started_ = std::chrono::system_clock::now();
  int family_ = 0;
  asio::io_context io_{1};
  http::Renderings renderings_;
  http::ConnectionSet connections_;
  asio::posix::stream_descriptor accept_ready_;
  asio::steady_timer pause_;
  std::thread thread_;
};

net::Result<std::unique_ptr<StatusServer>> StatusServer::start(
    const net::ListenAddress& where, Content content, const core::Published<core::Snapshot>& published,
    const Heartbeat& heartbeat) {
  auto listener = http::Listener::open(where);
  if (!listener) return net::pass_on(listener);
  try {
    auto loop = std::make_unique<Loop>(std::move(*listener), content, published, heartbeat);
    loop->run();
    return std::unique_ptr<StatusServer>(new StatusServer(std::move(loop)));
  } catch (const std::system_error& error) {  // std::thread
    return net::failure(error.code().value(), "cannot serve " + listen_text(where) + ": " + error.what());
  } catch (const boost::system::system_error& error) {  // epoll, eventfd, timerfd
    return net::failure(error.code().value(), "cannot serve " + listen_text(where) + ": " + error.what());
  }
}

StatusServer::StatusServer(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
StatusServer::~StatusServer() = default;

std::uint16_t StatusServer::port() const { return loop_->port(); }

}  // namespace agent
