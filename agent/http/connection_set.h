#pragma once

// Inside of the box: Asio's headers end here.

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "agent/http/connection.h"

namespace agent::http {

/// All connections in order of arrival. It never refuses the newest: when full, the oldest goes, since a
/// well-behaved client is done within milliseconds and the oldest connection is not one.
class ConnectionSet final : private ConnectionOwner {
 public:
  /// From accept to the last byte of the reply.
  static constexpr std::chrono::seconds kDeadline{5};
  static constexpr std::size_t kLargest = 512;

  using Answer = std::function<std::optional<Bytes>(std::string_view)>;

  /// Half of the descriptors that the process may have, at most kLargest, at least 8.
  static std::size_t affordable();

  ConnectionSet(boost::asio::io_context& io, std::size_t limit, Answer answer);

  /// Takes a connected, non-blocking socket of the address family.
  void admit(net::Descriptor socket, int family);

  /// Hangs up on the oldest; false when there is none.
  bool evict_oldest();

 private:
  std::optional<Bytes> answer(std::string_view received) override { return answer_(received); }
  std::span<char> scratch() override { return scratch_; }
  void closed(std::uint64_t number) override { members_.erase(number); }
  void watch_deadline();
  void close_expired();

  boost::asio::io_context& io_;
  std::size_t limit_;
  Answer answer_;
  std::uint64_t admitted_ = 0;
  std::map<std::uint64_t, std::shared_ptr<Connection>> members_;  ///< by arrival
  /// Armed only while there are connections, for the oldest: an idle process is never woken.
  boost::asio::steady_timer deadline_;
  bool armed_ = false;
  std::array<char, 8 * 1024> scratch_{};
};

}  // namespace agent::http
