#include "http1/exchange.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <optional>

#include "net/mutex.h"

namespace http1 {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using std::chrono::steady_clock;
using Socket = asio::generic::stream_protocol::socket;

constexpr std::uint32_t kHeaderLimit = std::uint32_t{16} << 10;
constexpr std::size_t kLongestUnixPath = 107;  // unix(7)
constexpr auto kBacklogPause = std::chrono::milliseconds(10);

asio::generic::stream_protocol::endpoint endpoint_of(const net::ListenAddress& peer) {
  if (peer.is_unix()) return asio::local::stream_protocol::endpoint(peer.unix_path);
  return asio::ip::tcp::endpoint(asio::ip::make_address(peer.address.text()), peer.port);
}

std::string text_of(const Request& request) {
  auto text = fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n", request.target, request.host);
  for (const auto& [name, value] : request.headers) text += fmt::format("{}: {}\r\n", name, value);
  return text + "Connection: close\r\n\r\n";
}

tl::unexpected<Failure> failure(Failure::Stage stage, const error_code& code, const Request& request) {
  const auto with = [stage](int number, std::string detail, bool closed = false) {
    return tl::unexpected(Failure{.stage = stage,
                                  .code = {number, std::system_category()},
                                  .detail = std::move(detail),
                                  .closed = closed});
  };
  if (code == asio::error::operation_aborted) return with(ECANCELED, "interrupted");
  if (code == http::error::body_limit)
    return with(EMSGSIZE, fmt::format("more than {} bytes", request.body_limit));
  if (code == http::error::header_limit || code == http::error::buffer_overflow)
    return with(EMSGSIZE, fmt::format("more than {} bytes of header", kHeaderLimit));
  if (code == http::error::end_of_stream || code == asio::error::broken_pipe)
    return with(ECONNRESET, "closed without an answer", true);
  if (code == http::error::partial_message)
    return with(ECONNRESET, "closed before the answer was complete", true);
  if (code.category() != boost::system::system_category()) return with(EPROTO, code.message());
  return with(code.value(), code.message());
}

/// One request and its answer, step by step; the io_context is run by the caller's thread until each step is
/// done, and may be stopped by another.
class Conversation {
  /// The handler of the step under way, for await(). Stands first, since its type is deduced.
  auto finish() {
    finished_.reset();
    return [this](const error_code& code, auto&&... /*details*/) { finished_ = code; };
  }

  error_code await(steady_clock::time_point deadline) {
    while (!finished_ && !io_.stopped() && steady_clock::now() < deadline) io_.run_one_until(deadline);
    if (finished_) return *finished_;
    return io_.stopped() ? asio::error::operation_aborted : asio::error::timed_out;
  }

 public:
  Conversation(asio::io_context& io, const Request& request)
      : io_(io), alive_(io.get_executor()), request_(request), socket_(io) {
    parser_.body_limit(request.body_limit);
    parser_.header_limit(kHeaderLimit);
  }

  tl::expected<Response, Failure> run() {
    if (const auto code = connect()) return failure(Failure::Stage::connecting, code, request_);
    auto response = answer();
    if (request_.before_close) request_.before_close(socket_.native_handle());
    return response;
  }

 private:
  /// By hand, since Asio sets no FD_CLOEXEC, and takes EAGAIN for a connection under way.
  error_code connect() {
    const auto deadline = std::min(request_.connect_by, request_.finish_by);
    if (request_.peer.unix_path.size() > kLongestUnixPath) return asio::error::name_too_long;
    const auto peer = endpoint_of(request_.peer);
    const int descriptor = ::socket(peer.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return {errno, boost::system::system_category()};
    socket_.assign(peer.protocol(), descriptor);
    const auto begin = [&] {
      return ::connect(descriptor, peer.data(), static_cast<socklen_t>(peer.size())) == 0 ? 0 : errno;
    };
    int error = begin();
    while (error == EAGAIN && !io_.stopped() && steady_clock::now() < deadline) {
      io_.run_one_until(std::min(deadline, steady_clock::now() + kBacklogPause));
      error = begin();
    }
    if (error == EAGAIN) return io_.stopped() ? asio::error::operation_aborted : asio::error::timed_out;
    if (error == EINPROGRESS) {
      socket_.async_wait(Socket::wait_write, finish());
      if (const auto code = await(deadline)) return code;
      socklen_t size = sizeof error;
      if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    }
    return {error, boost::system::system_category()};
  }

  tl::expected<Response, Failure> answer() {
    if (request_.extent == Extent::connection) return Response{};
    const auto failed = [this](const error_code& code) {
      return failure(Failure::Stage::answering, code, request_);
    };
    const auto request = text_of(request_);
    asio::async_write(socket_, asio::buffer(request), finish());
    if (const auto code = await(request_.finish_by)) return failed(code);
    http::async_read_header(socket_, buffer_, parser_, finish());
    if (const auto code = await(request_.finish_by)) return failed(code);
    if (request_.extent == Extent::body) {
      http::async_read(socket_, buffer_, parser_, finish());
      if (const auto code = await(request_.finish_by)) return failed(code);
    }
    auto& message = parser_.get();
    const auto location = message[http::field::location];
    return Response{.status = message.result_int(),
                    .location = std::string(location.data(), location.size()),
                    .body = std::move(message.body()),
                    .chunked = parser_.chunked()};
  }

  asio::io_context& io_;
  /// Without it the io_context would count as stopped whenever a step ends.
  asio::executor_work_guard<asio::io_context::executor_type> alive_;
  const Request& request_;
  Socket socket_;
  boost::beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
  std::optional<error_code> finished_;
};

}  // namespace

struct Exchange::State {
  net::Mutex mutex;
  bool interrupted CAA_GUARDED_BY(mutex) = false;
  asio::io_context* running CAA_GUARDED_BY(mutex) = nullptr;
};

Exchange::Exchange() : state_(std::make_unique<State>()) {}
Exchange::~Exchange() = default;

tl::expected<Response, Failure> Exchange::get(const Request& request) {
  const auto set_running = [this](asio::io_context* running) {
    const net::Lock lock(state_->mutex);
    state_->running = running;
    return !state_->interrupted;
  };
  asio::io_context io(1);
  if (!set_running(&io)) return failure(Failure::Stage::connecting, asio::error::operation_aborted, request);
  // Steps given up leave their handlers in `io`; it outlives what they refer to and never calls them.
  auto response = Conversation(io, request).run();
  set_running(nullptr);
  return response;
}

void Exchange::interrupt() {
  const net::Lock lock(state_->mutex);
  state_->interrupted = true;
  if (state_->running != nullptr) state_->running->stop();
}

}  // namespace http1
