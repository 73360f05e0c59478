#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <optional>

namespace http1 {

/// One conversation's steps, one after the other, each within its deadline: a step is begun with done() as
/// its handler, and await() runs the io_context in the caller's thread until it ends. Another thread may stop
/// the io_context, which ends the conversation. Steps given up leave their handlers in the io_context: it
/// outlives what they refer to.
class Steps {
  /// Stands first, since its type is deduced.
  auto handler() {
    ended_.reset();
    return [this](const boost::system::error_code& code, auto&&... /*details*/) { ended_ = code; };
  }

 public:
  using Time = std::chrono::steady_clock::time_point;
  using Socket = boost::asio::generic::stream_protocol::socket;

  explicit Steps(boost::asio::io_context& io) : io_(io), alive_(io.get_executor()) {}

  /// The handler of the step that is begun now.
  auto done() { return handler(); }

  /// The end of the step: its own error, `timed_out` past the deadline, `operation_aborted` when stopped.
  boost::system::error_code await(Time deadline) {
    using std::chrono::steady_clock;
    while (!ended_ && !io_.stopped() && steady_clock::now() < deadline) io_.run_one_until(deadline);
    if (ended_) return *ended_;
    return stopped_or(boost::asio::error::timed_out);
  }

  /// Connects by hand, since Asio sets no FD_CLOEXEC, and takes EAGAIN for a connection under way.
  boost::system::error_code connect(Socket& socket,
                                    const boost::asio::generic::stream_protocol::endpoint& peer,
                                    Time deadline) {
    const int descriptor = ::socket(peer.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return system_error(errno);
    socket.assign(peer.protocol(), descriptor);
    const auto begin = [&] {
      return ::connect(descriptor, peer.data(), static_cast<socklen_t>(peer.size())) == 0 ? 0 : errno;
    };
    int error = begin();
    // A unix socket with a full backlog has no connection under way.
    while (error == EAGAIN && !io_.stopped() && std::chrono::steady_clock::now() < deadline) {
      io_.run_one_until(std::min(deadline, std::chrono::steady_clock::now() + kBacklogPause));
      error = begin();
    }
    if (error == EAGAIN) return stopped_or(boost::asio::error::timed_out);
    if (error == EINPROGRESS) {
      socket.async_wait(Socket::wait_write, done());
      if (const auto code = await(deadline)) return code;
      socklen_t size = sizeof error;
      if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    }
    return system_error(error);
  }

 private:
  static constexpr auto kBacklogPause = std::chrono::milliseconds(10);

  static boost::system::error_code system_error(int number) {
    return {number, boost::system::system_category()};
  }
  [[nodiscard]] boost::system::error_code stopped_or(boost::asio::error::basic_errors otherwise) const {
    return io_.stopped() ? boost::asio::error::operation_aborted : otherwise;
  }

  boost::asio::io_context& io_;
  /// Without it the io_context would count as stopped whenever a step ends.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> alive_;
  std::optional<boost::system::error_code> ended_;
};

}  // namespace http1
