#pragma once

#include <fmt/format.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "simulator/listener.h"
#include "simulator/message.h"
#include "simulator/simulated_service.h"

namespace simulator {

/// Answers the requests of one connection, as many as it makes, until either side closes it; lives as long as
/// it has something to wait for. `Stream`: a TCP socket, or TLS after its handshake.
template <class Stream>
class Connection : public std::enable_shared_from_this<Connection<Stream>> {
 public:
  Connection(Stream stream, SimulatedService& service, Listener& listener, ClientCertificate certificate)
      : stream_(std::move(stream)),
        timer_(stream_.get_executor()),
        service_(service),
        listener_(listener),
        certificate_(std::move(certificate)) {}

  void read() {
    parser_.emplace();
    boost::beast::http::async_read(stream_, buffer_, *parser_,
                                   [self = this->shared_from_this()](const Error& error, std::size_t) {
                                     if (!error) self->reply();
                                   });
  }

 private:
  using Clock = std::chrono::steady_clock;
  using Error = boost::system::error_code;
  using Tcp = boost::asio::ip::tcp;

  [[nodiscard]] Request request() {
    Error gone;
    const auto peer = stream_.lowest_layer().remote_endpoint(gone);
    const auto text = [](boost::beast::string_view view) { return std::string(view.data(), view.size()); };
    const auto& parsed = parser_->get();
    Request request{.source = gone ? "" : peer.address().to_string(),
                    .method = text(parsed.method_string()),
                    .target = text(parsed.target()),
                    .headers = {},
                    .certificate = certificate_};
    for (const auto& field : parsed) {
      request.headers.emplace_back(text(field.name_string()), text(field.value()));
    }
    return request;
  }

  void reply() {
    reply_ = service_.reply(request());
    keep_alive_ = parser_->get().keep_alive();
    const auto& how = reply_.delivery;
    if (how.silent) return wait_for_close();
    if (how.reset) return reset();
    if (how.first_byte.count() == 0) return start();
    pause(how.first_byte, [self = this->shared_from_this()] { self->start(); });
  }

  void start() {
    const auto& how = reply_.delivery;
    if (reply_.stream && how.instead.empty()) return start_stream();
    bytes_ = how.instead.empty() ? bytes_of(reply_.response, how) : how.instead;
    sent_ = 0;
    send();
  }

  /// Everything at once, or byte by byte.
  void send() {
    const auto rest = std::string_view(bytes_).substr(sent_);
    const auto part = rest.substr(0, reply_.delivery.per_byte.count() == 0 ? rest.size() : 1);
    write(part, [self = this->shared_from_this(), size = part.size()] { self->sent(size); });
  }

  void sent(std::size_t count) {
    sent_ += count;
    if (sent_ < bytes_.size()) {
      return pause(reply_.delivery.per_byte, [self = this->shared_from_this()] { self->send(); });
    }
    const auto& how = reply_.delivery;
    const bool whole = how.content_length_error == 0 && !how.truncated && how.instead.empty();
    whole ? finish() : cut();
  }

  void start_stream() {
    end_ = Clock::now() + reply_.stream->timeout;
    // Readable now means closed: no client sends a second request before the end of a watch.
    stream_.lowest_layer().async_wait(Tcp::socket::wait_read,
                                      [self = this->shared_from_this()](const Error& error) {
                                        if (error) return;
                                        self->peer_closed_ = true;
                                        self->timer_.cancel();
                                      });
    bytes_ = head_of(reply_.response) + "Transfer-Encoding: chunked\r\n\r\n";
    write(bytes_, [self = this->shared_from_this()] { self->tell(); });
  }

  /// What is new goes out; then it waits for more, or for the end.
  void tell() {
    if (peer_closed_) return;
    const bool last = Clock::now() >= end_;
    const auto news = reply_.stream->news(last);
    const bool over = last || news.ended;
    if (!news.lines.empty()) return tell(news.lines, over);
    if (over) return end_stream();
    timer_.expires_at(end_);
    listener_.add_waiting_stream(
        std::shared_ptr<boost::asio::steady_timer>(this->shared_from_this(), &timer_));
    timer_.async_wait([self = this->shared_from_this()](const Error&) { self->tell(); });
  }

  void tell(const std::string& lines, bool over) {
    bytes_ = fmt::format("{:x}\r\n{}\r\n", lines.size(), lines);
    if (reply_.delivery.truncated) bytes_.resize(bytes_.size() / 2);
    write(bytes_, [self = this->shared_from_this(), over] {
      if (self->reply_.delivery.truncated) return self->cut();
      if (over) return self->end_stream();
      if (self->reply_.delivery.per_byte.count() == 0) return self->tell();
      self->pause(self->reply_.delivery.per_byte, [self] { self->tell(); });
    });
  }

  void end_stream() {
    Error ignored;
    stream_.lowest_layer().cancel(ignored);
    bytes_ = "0\r\n\r\n";
    write(bytes_, [self = this->shared_from_this()] { self->finish(); });
  }

  template <class Then>
  void write(std::string_view bytes, Then then) {
    boost::asio::async_write(stream_, boost::asio::buffer(bytes.data(), bytes.size()),
                             [then = std::move(then)](const Error& error, std::size_t) {
                               if (!error) then();
                             });
  }

  template <class Then>
  void pause(std::chrono::milliseconds duration, Then then) {
    timer_.expires_after(duration);
    timer_.async_wait([then = std::move(then)](const Error& error) {
      if (!error) then();
    });
  }

  void finish() {
    reply_ = {};
    if (keep_alive_) return read();
    if constexpr (requires { stream_.async_shutdown([](const Error&) {}); }) {
      stream_.async_shutdown([self = this->shared_from_this()](const Error&) {});  // TLS close_notify
    } else {
      cut();
    }
  }

  void cut() {
    reply_ = {};
    Error ignored;
    stream_.lowest_layer().shutdown(Tcp::socket::shutdown_send, ignored);
    wait_for_close();  // closing at once could turn what is still under way into a RST
  }

  void wait_for_close() {
    stream_.async_read_some(boost::asio::buffer(discarded_),
                            [self = this->shared_from_this()](const Error& error, std::size_t) {
                              if (!error) self->wait_for_close();
                            });
  }

  void reset() {
    Error ignored;
    stream_.lowest_layer().set_option(boost::asio::socket_base::linger(true, 0), ignored);
    stream_.lowest_layer().close(ignored);
  }

  Stream stream_;
  boost::asio::steady_timer timer_;
  SimulatedService& service_;
  Listener& listener_;
  const ClientCertificate certificate_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  Reply reply_;
  bool keep_alive_ = false;
  bool peer_closed_ = false;
  Clock::time_point end_;
  std::string bytes_;
  std::size_t sent_ = 0;
  std::array<char, 256> discarded_{};
};

/// Serves a connection that was accepted; `service` and `listener` outlive the listener's thread.
template <class Stream>
void serve(Stream stream, SimulatedService& service, Listener& listener, ClientCertificate certificate = {}) {
  std::make_shared<Connection<Stream>>(std::move(stream), service, listener, std::move(certificate))->read();
}

}  // namespace simulator
