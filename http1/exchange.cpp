#include "http1/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>

#include "http1/steps.h"
#include "net/mutex.h"

namespace http1 {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::uint32_t kHeaderLimit = std::uint32_t{16} << 10;
constexpr std::size_t kLongestUnixPath = 107;  // unix(7)

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

/// One request and its answer, step by step.
class Conversation {
 public:
  Conversation(asio::io_context& io, const Request& request) : request_(request), steps_(io), socket_(io) {
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
  error_code connect() {
    if (request_.peer.unix_path.size() > kLongestUnixPath) return asio::error::name_too_long;
    return steps_.connect(socket_, endpoint_of(request_.peer),
                          std::min(request_.connect_by, request_.finish_by));
  }

  tl::expected<Response, Failure> answer() {
    if (request_.extent == Extent::connection) return Response{};
    const auto failed = [this](const error_code& code) {
      return failure(Failure::Stage::answering, code, request_);
    };
    const auto request = text_of(request_);
    asio::async_write(socket_, asio::buffer(request), steps_.done());
    if (const auto code = steps_.await(request_.finish_by)) return failed(code);
    http::async_read_header(socket_, buffer_, parser_, steps_.done());
    if (const auto code = steps_.await(request_.finish_by)) return failed(code);
    if (request_.extent == Extent::body) {
      http::async_read(socket_, buffer_, parser_, steps_.done());
      if (const auto code = steps_.await(request_.finish_by)) return failed(code);
    }
    auto& message = parser_.get();
    const auto location = message[http::field::location];
    return Response{.status = message.result_int(),
                    .location = std::string(location.data(), location.size()),
                    .body = std::move(message.body()),
                    .chunked = parser_.chunked()};
  }

  const Request& request_;
  Steps steps_;
  Steps::Socket socket_;
  boost::beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
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
