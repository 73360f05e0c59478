#pragma once

// Inside of the box: Asio's headers end here.

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/http/reply.h"
#include "net/descriptor.h"

namespace agent::http {

/// What a connection asks of those who keep it.
class ConnectionOwner {
 public:
  ConnectionOwner() = default;
  ConnectionOwner(const ConnectionOwner&) = delete;
  ConnectionOwner& operator=(const ConnectionOwner&) = delete;

  /// The reply to what has been received so far; nothing while more is needed.
  virtual std::optional<Bytes> answer(std::string_view received) = 0;
  /// Room for one read, good until the next call: idle connections own no buffer.
  virtual std::span<char> scratch() = 0;
  /// The connection with that number is closed: forget it.
  virtual void closed(std::uint64_t number) = 0;

 protected:
  ~ConnectionOwner() = default;
};

/// One client: reads a request, writes the reply, and drains what the client still sends. Tries first and
/// waits only when the kernel says so, hence a request that is already there is answered before anybody
/// else's turn.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Clock = std::chrono::steady_clock;

  /// Takes a connected, non-blocking socket of the address family. Throws boost::system::system_error when
  /// the event loop cannot watch it.
  Connection(boost::asio::io_context& io, ConnectionOwner& owner, std::uint64_t number,
             net::Descriptor socket, int family);

  /// Sets out; to be called once, when a shared_ptr holds it.
  void proceed();

  /// Hangs up, with a reset while the client still waits for its reply. Idempotent; does not call the owner.
  void hang_up();

  [[nodiscard]] Clock::time_point accepted() const { return accepted_; }

 private:
  enum class Stage : std::uint8_t { reading, writing, draining };

  void read();
  void write();
  void drain();
  void wait(boost::asio::socket_base::wait_type readiness);
  void finish();

  ConnectionOwner& owner_;
  std::uint64_t number_;
  boost::asio::generic::stream_protocol::socket socket_;
  Clock::time_point accepted_ = Clock::now();
  Stage stage_ = Stage::reading;
  std::string received_;
  Bytes reply_;
  std::size_t written_ = 0;
  std::size_t drained_ = 0;
};

}  // namespace agent::http
