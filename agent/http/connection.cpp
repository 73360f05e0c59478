#include "agent/http/connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <string_view>
#include <utility>

#include "agent/http/request.h"

namespace agent::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// How much a client may go on sending after its reply (the rest of a body, pipelined requests) before it is
/// cut off. To close a socket with unread bytes is a reset, which can take the reply away from under the
/// client.
constexpr std::size_t kDrainLimit = 64 * 1024;

/// A header is parsed from its beginning: the first bytes, which tell garbage, and then no more until its
/// end, or a client that drips it would have it parsed for every drop. `seen` bytes have been here before.
bool worth_parsing(std::string_view received, std::size_t seen) {
  return seen == 0 || received.size() >= kHeaderLimit ||
         header_end(received, seen < 3 ? 0 : seen - 3) != std::string_view::npos;
}

bool must_wait(const error_code& error) { return error == asio::error::would_block; }

}  // namespace

Connection::Connection(asio::io_context& io, ConnectionOwner& owner, std::uint64_t number,
                       net::Descriptor socket, int family)
    : owner_(owner), number_(number), socket_(io) {
  socket_.assign(asio::generic::stream_protocol(family, 0), socket.get());
  static_cast<void>(socket.release());
  socket_.non_blocking(true);
}

void Connection::proceed() {
  switch (stage_) {
    case Stage::reading:
      return read();
    case Stage::writing:
      return write();
    case Stage::draining:
      return drain();
  }
}

void Connection::read() {
  for (;;) {
    const auto room = owner_.scratch();
    error_code error;
    const std::size_t count = socket_.read_some(asio::buffer(room.data(), room.size()), error);
    if (must_wait(error)) return wait(asio::socket_base::wait_read);
    if (error) return finish();
    const std::size_t seen = received_.size();
    received_.append(room.data(), count);
    if (!worth_parsing(received_, seen)) continue;
    if (auto reply = owner_.answer(received_)) {
      reply_ = std::move(*reply);
      received_ = {};
      stage_ = Stage::writing;
      return write();
    }
  }
}

void Connection::write() {
  const std::string_view first = reply_.first;
  const std::string_view body = reply_.body ? std::string_view(*reply_.body) : std::string_view();
  while (written_ < first.size() + body.size()) {
    const auto rest_of_first = first.substr(std::min(written_, first.size()));
    const auto rest_of_body = body.substr(written_ - std::min(written_, first.size()));
    const std::array<asio::const_buffer, 2> rest = {asio::buffer(rest_of_first), asio::buffer(rest_of_body)};
    error_code error;
    written_ += socket_.write_some(rest, error);
    if (must_wait(error)) return wait(asio::socket_base::wait_write);
    if (error) return finish();
  }
  reply_ = {};
  written_ = 0;
  stage_ = Stage::draining;
  error_code error;
  socket_.shutdown(asio::socket_base::shutdown_send, error);
  if (error) return finish();
  drain();
}

void Connection::drain() {
  while (drained_ < kDrainLimit) {
    const auto room = owner_.scratch();
    error_code error;
    drained_ += socket_.read_some(asio::buffer(room.data(), room.size()), error);
    if (must_wait(error)) return wait(asio::socket_base::wait_read);
    if (error) return finish();
  }
  finish();
}

void Connection::wait(asio::socket_base::wait_type readiness) {
  socket_.async_wait(readiness, [self = shared_from_this()](const error_code& error) {
    if (!self->socket_.is_open()) return;  // hung up meanwhile
    error ? self->finish() : self->proceed();
  });
}

void Connection::hang_up() {
  error_code ignored;
  // A reset leaves nothing behind; a polite end would leave TIME_WAIT for each of an attacker's thousands.
  if (stage_ != Stage::draining) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

void Connection::finish() {
  error_code ignored;
  socket_.close(ignored);
  owner_.closed(number_);
}

}  // namespace agent::http
