#include "imds/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <random>
#include <utility>

#include "net/mutex.h"

namespace imds {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using std::chrono::steady_clock;

constexpr std::uint64_t kBodyLimit = std::uint64_t{1} << 20;
constexpr std::uint32_t kHeaderLimit = std::uint32_t{16} << 10;
constexpr unsigned kHttp11 = 11;  // Beast's spelling of HTTP/1.1

/// A random (version 4) UUID: Azure's support finds a request in IMDS's own log by it.
std::string request_id() {
  std::random_device entropy;
  const auto word = [&entropy] { return static_cast<std::uint32_t>(entropy()); };
  const std::uint32_t second = word();
  const std::uint32_t third = word();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:04x}{:08x}", word(), second >> 16, second & 0xfff,
                     0x8000 | (third >> 16 & 0x3fff), third & 0xffff, word());
}

http::request<http::empty_body> message(const Request& request) {
  http::request<http::empty_body> get(http::verb::get, request.target, kHttp11);
  get.set(http::field::host, request.endpoint.authority);
  get.set("Metadata", "true");
  get.set(http::field::user_agent, "calico-azure-agent");
  get.set("x-ms-client-request-id", request_id());
  get.set(http::field::connection, "close");
  return get;
}

tl::unexpected<RequestFailure> failure(RequestFailure::Stage stage, int code, std::string detail) {
  return tl::unexpected(
      RequestFailure{.stage = stage, .code = {code, std::system_category()}, .detail = std::move(detail)});
}

tl::unexpected<RequestFailure> failure(RequestFailure::Stage stage, const error_code& code) {
  const auto with = [stage](int number, std::string detail) {
    return failure(stage, number, std::move(detail));
  };
  if (code == asio::error::operation_aborted) return with(ECANCELED, "interrupted");
  if (code == http::error::body_limit) return with(EMSGSIZE, fmt::format("more than {} bytes", kBodyLimit));
  if (code == http::error::header_limit || code == http::error::buffer_overflow) {
    return with(EMSGSIZE, fmt::format("more than {} bytes of header", kHeaderLimit));
  }
  if (code == http::error::end_of_stream) return with(ECONNRESET, "closed without an answer");
  if (code == http::error::partial_message) return with(ECONNRESET, "closed before the answer was complete");
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
    parser_.body_limit(kBodyLimit);
    parser_.header_limit(kHeaderLimit);
  }

  tl::expected<Response, RequestFailure> run() {
    const asio::ip::tcp::endpoint peer(asio::ip::make_address(request_.endpoint.address.text()),
                                       request_.endpoint.port);
    socket_.async_connect(peer, finish());
    if (const auto code = await(std::min(request_.connect_by, request_.finish_by))) {
      return failure(RequestFailure::Stage::connecting, code);
    }
    const auto get = message(request_);
    http::async_write(socket_, get, finish());
    if (const auto code = await(request_.finish_by)) return failure(RequestFailure::Stage::answering, code);
    // The header on its own: Boost 1.74 forgets that Content-Length is beyond the limit when it goes on to
    // body bytes that came in the same read.
    http::async_read_header(socket_, buffer_, parser_, finish());
    if (const auto code = await(request_.finish_by)) return failure(RequestFailure::Stage::answering, code);
    http::async_read(socket_, buffer_, parser_, finish());
    if (const auto code = await(request_.finish_by)) return failure(RequestFailure::Stage::answering, code);
    auto& answer = parser_.get();
    const auto location = answer[http::field::location];
    return Response{.status = answer.result_int(),
                    .location = std::string(location.data(), location.size()),
                    .body = std::move(answer.body())};
  }

 private:
  asio::io_context& io_;
  /// Without it the io_context would count as stopped whenever a step ends.
  asio::executor_work_guard<asio::io_context::executor_type> alive_;
  const Request& request_;
  asio::ip::tcp::socket socket_;
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

tl::expected<Response, RequestFailure> Exchange::get(const Request& request) {
  const auto set_running = [this](asio::io_context* running) {
    const net::Lock lock(state_->mutex);
    state_->running = running;
    return !state_->interrupted;
  };
  asio::io_context io(1);
  if (!set_running(&io)) return failure(RequestFailure::Stage::connecting, asio::error::operation_aborted);
  // Steps given up leave their handlers in `io`; it outlives what they refer to and never calls them.
  auto answer = Conversation(io, request).run();
  set_running(nullptr);
  return answer;
}

void Exchange::interrupt() {
  const net::Lock lock(state_->mutex);
  state_->interrupted = true;
  if (state_->running != nullptr) state_->running->stop();
}

}  // namespace imds
