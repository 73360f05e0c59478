#include "simulator/connection.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "simulator/message.h"
#include "simulator/question.h"

namespace simulator {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Behaviour& behaviour)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), behaviour_(behaviour) {}

  void read() {
    parser_.emplace();
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](const error_code& code, std::size_t) {
                       if (!code) self->answer();
                     });
  }

 private:
  void answer() {
    reply_ = behaviour_.reply(question_of(parser_->get(), socket_), std::chrono::steady_clock::now());
    keep_alive_ = parser_->get().keep_alive();
    const auto& how = reply_.delivery;
    if (how.silent) return wait_for_close();
    if (how.reset) return reset();
    reply_.answer.extra.emplace_back("Server", "IMDS/150.870.65.1854");
    reply_.answer.extra.emplace_back("x-ms-request-id", random_id());
    bytes_ = how.instead.empty() ? bytes_of(reply_.answer, how) : how.instead;
    sent_ = 0;
    if (how.first_byte.count() == 0) return send();
    pause(how.first_byte);
  }

  void pause(std::chrono::milliseconds duration) {
    timer_.expires_after(duration);
    timer_.async_wait([self = shared_from_this()](const error_code& code) {
      if (!code) self->send();
    });
  }

  /// Everything at once, or byte by byte.
  void send() {
    const auto rest = std::string_view(bytes_).substr(sent_);
    const auto part = rest.substr(0, reply_.delivery.per_byte.count() == 0 ? rest.size() : 1);
    asio::async_write(socket_, asio::buffer(part.data(), part.size()),
                      [self = shared_from_this()](const error_code& code, std::size_t count) {
                        if (!code) self->sent(count);
                      });
  }

  void sent(std::size_t count) {
    sent_ += count;
    if (sent_ < bytes_.size()) return pause(reply_.delivery.per_byte);
    const bool whole = reply_.delivery.content_length_error == 0 && !reply_.delivery.truncated &&
                       reply_.delivery.instead.empty();
    reply_ = {};
    if (whole && keep_alive_) return read();
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    wait_for_close();  // closing at once could turn what is still under way into a RST
  }

  void wait_for_close() {
    socket_.async_read_some(asio::buffer(void_),
                            [self = shared_from_this()](const error_code& code, std::size_t) {
                              if (!code) self->wait_for_close();
                            });
  }

  void reset() {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  Behaviour& behaviour_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  Reply reply_;
  bool keep_alive_ = false;
  std::string bytes_;
  std::size_t sent_ = 0;
  std::array<char, 256> void_{};
};

}  // namespace

void serve(tcp::socket socket, Behaviour& behaviour) {
  std::make_shared<Connection>(std::move(socket), behaviour)->read();
}

}  // namespace simulator
