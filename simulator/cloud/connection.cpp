#include "simulator/cloud/connection.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <string>
#include <utility>

#include "simulator/message.h"
#include "simulator/question.h"

namespace simulator::cloud {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

std::string chunk(const std::string& data) { return fmt::format("{:x}\r\n{}\r\n", data.size(), data); }

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(TlsStream stream, Behaviour& behaviour, Waiting& waiting)
      : stream_(std::move(stream)),
        timer_(stream_.get_executor()),
        behaviour_(behaviour),
        waiting_(waiting) {}

  void begin() {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [self = shared_from_this()](const error_code& code) {
                              if (code) return;
                              self->certificate_ = client_certificate(self->stream_);
                              self->read();
                            });
  }

 private:
  void read() {
    parser_.emplace();
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](const error_code& code, std::size_t) {
                       if (!code) self->answer();
                     });
  }

  void answer() {
    reply_ = behaviour_.reply(question_of(parser_->get(), stream_.next_layer()), certificate_, Clock::now());
    keep_alive_ = parser_->get().keep_alive();
    const auto& how = reply_.delivery;
    if (how.silent) return wait_for_close();
    if (how.reset) return reset();
    if (how.first_byte.count() == 0) return start();
    timer_.expires_after(how.first_byte);
    timer_.async_wait([self = shared_from_this()](const error_code& code) {
      if (!code) self->start();
    });
  }

  void start() {
    if (reply_.watch) return start_watch();
    bytes_ = bytes_of(reply_.answer, reply_.delivery);
    sent_ = 0;
    send();
  }

  /// Everything at once, or byte by byte.
  void send() {
    const auto rest = std::string_view(bytes_).substr(sent_);
    const auto part = rest.substr(0, reply_.delivery.per_byte.count() == 0 ? rest.size() : 1);
    write(part, [self = shared_from_this(), size = part.size()] { self->sent(size); });
  }

  void sent(std::size_t count) {
    sent_ += count;
    if (sent_ == bytes_.size()) return reply_.delivery.truncated ? cut() : finish();
    timer_.expires_after(reply_.delivery.per_byte);
    timer_.async_wait([self = shared_from_this()](const error_code& code) {
      if (!code) self->send();
    });
  }

  void start_watch() {
    end_ = Clock::now() + reply_.watch->request.timeout;
    // Readable now means closed: nobody sends a second request before the end of a watch.
    stream_.next_layer().async_wait(tcp::socket::wait_read,
                                    [self = shared_from_this()](const error_code& code) {
                                      if (code) return;
                                      self->gone_ = true;
                                      self->timer_.cancel();
                                    });
    bytes_ = head_of(reply_.answer) + "Transfer-Encoding: chunked\r\n\r\n";
    write(bytes_, [self = shared_from_this()] { self->tell(); });
  }

  /// What is new goes out; then it waits for more, or for the end.
  void tell() {
    if (gone_) return;
    auto news = behaviour_.news(*reply_.watch);
    const bool over = news.ended || Clock::now() >= end_;
    if (over && !news.ended && reply_.watch->request.bookmarks) {
      news.lines += NodeStore::bookmark(reply_.watch->request.place);
    }
    if (!news.lines.empty()) return tell(chunk(news.lines), over);
    if (over) return end_watch();
    timer_.expires_at(end_);
    waiting_.add(std::shared_ptr<asio::steady_timer>(shared_from_this(), &timer_));
    timer_.async_wait([self = shared_from_this()](const error_code&) { self->tell(); });
  }

  void tell(std::string bytes, bool over) {
    if (reply_.delivery.truncated) bytes.resize(bytes.size() / 2);
    bytes_ = std::move(bytes);
    write(bytes_, [self = shared_from_this(), over] {
      if (self->reply_.delivery.truncated) return self->cut();
      if (over) return self->end_watch();
      if (self->reply_.delivery.per_byte.count() == 0) return self->tell();
      self->timer_.expires_after(self->reply_.delivery.per_byte);
      self->timer_.async_wait([self](const error_code&) { self->tell(); });
    });
  }

  void end_watch() {
    error_code ignored;
    stream_.next_layer().cancel(ignored);
    bytes_ = "0\r\n\r\n";
    write(bytes_, [self = shared_from_this()] { self->finish(); });
  }

  template <class Then>
  void write(std::string_view bytes, Then then) {
    asio::async_write(stream_, asio::buffer(bytes.data(), bytes.size()),
                      [then = std::move(then)](const error_code& code, std::size_t) {
                        if (!code) then();
                      });
  }

  void finish() {
    reply_ = {};
    if (keep_alive_) return read();
    stream_.async_shutdown([self = shared_from_this()](const error_code&) {});
  }

  /// Ends the connection without TLS's farewell.
  void cut() {
    error_code ignored;
    stream_.lowest_layer().shutdown(tcp::socket::shutdown_send, ignored);
    wait_for_close();  // closing at once could turn what is still under way into a RST
  }

  void wait_for_close() {
    stream_.async_read_some(asio::buffer(void_),
                            [self = shared_from_this()](const error_code& code, std::size_t) {
                              if (!code) self->wait_for_close();
                            });
  }

  void reset() {
    error_code ignored;
    stream_.lowest_layer().set_option(asio::socket_base::linger(true, 0), ignored);
    stream_.lowest_layer().close(ignored);
  }

  TlsStream stream_;
  asio::steady_timer timer_;
  Behaviour& behaviour_;
  Waiting& waiting_;
  ClientCertificate certificate_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  CloudReply reply_;
  bool keep_alive_ = false;
  bool gone_ = false;
  Clock::time_point end_;
  std::string bytes_;
  std::size_t sent_ = 0;
  std::array<char, 256> void_{};
};

}  // namespace

void Waiting::wake() {
  for (const auto& each : std::exchange(timers_, {})) {
    if (const auto timer = each.lock()) timer->cancel();
  }
}

void serve(TlsStream stream, Behaviour& behaviour, Waiting& waiting) {
  std::make_shared<Connection>(std::move(stream), behaviour, waiting)->begin();
}

}  // namespace simulator::cloud
