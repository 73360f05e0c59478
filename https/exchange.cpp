#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <limits>
#include <optional>

#include "http1/steps.h"
#include "https/answer.h"
#include "https/https.h"
#include "https/sent_secrets.h"
#include "https/server.h"
#include "https/tls.h"
#include "net/foreign_text.h"

namespace https {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using std::chrono::steady_clock;
using Line = std::function<bool(std::string_view line)>;

constexpr std::uint32_t kHeaderLimit = std::uint32_t{16} << 10;
constexpr int kMostInterimAnswers = 8;

/// What is asked, of whatever address of its host.
struct Question {
  const Identity& identity;
  const Request& request;
  const Url& url;
  const Line* line;
  const SentSecrets& secrets;

  /// What the certificate is to bear.
  [[nodiscard]] const std::string& name() const {
    return identity.server_name.empty() ? url.host : identity.server_name;
  }
};

std::string text_of(const Question& question) {
  std::vector<std::pair<std::string, std::string>> headers{{"Host", question.url.authority},
                                                           {"User-Agent", "calico-azure-agent"},
                                                           {"Accept-Encoding", "identity"},
                                                           {"Connection", "close"}};
  for (const auto& header : question.request.headers) {
    std::erase_if(headers,
                  [&](const auto& own) { return net::lower(own.first) == net::lower(header.first); });
    headers.push_back(header);
  }
  const auto& form = question.request.form;
  if (form) {
    headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    headers.emplace_back("Content-Length", std::to_string(form->size()));
  }
  auto text = fmt::format("{} {} HTTP/1.1\r\n", form ? "POST" : "GET", question.url.target);
  for (const auto& [name, value] : headers) text += fmt::format("{}: {}\r\n", name, value);
  return text + "\r\n" + form.value_or("");
}

/// OpenSSL's reason, where the error is one of its own.
std::string tls_reason_of(const error_code& code) {
  if (code.category() != asio::error::get_ssl_category()) return {};
  const char* reason = ERR_reason_error_string(static_cast<unsigned long>(code.value()));
  return reason == nullptr ? "" : reason;
}

/// One request to one address of its host. Without a value, `failure` tells why.
class Attempt {
 public:
  using Stream = asio::ssl::stream<http1::Steps::Socket&>;

  Attempt(asio::io_context& io, const Question& question, RequestFailure& failure)
      : question_(question), failure_(failure), steps_(io), socket_(io) {}

  std::optional<Response> run(const net::Address& address, steady_clock::time_point connect_by,
                              asio::ssl::context* tls) {
    const asio::ip::tcp::endpoint peer(asio::ip::make_address(address.text()), question_.url.port);
    if (const auto code = steps_.connect(socket_, peer, connect_by)) {
      failure_.connect_errno = code.value();
      return fail(RequestFailure::Stage::connecting, code);
    }
    if (tls == nullptr) return converse(socket_);
    Stream stream(socket_, *tls);
    if (!net::Address::parse(question_.name())) {
      SSL_set_tlsext_host_name(stream.native_handle(), question_.name().c_str());
    }
    stream.async_handshake(Stream::client, steps_.done());
    if (const auto code = await()) {
      failure_.verified = SSL_get_verify_result(stream.native_handle());
      return fail(RequestFailure::Stage::handshake, code);
    }
    return converse(stream);
  }

 private:
  using Parser = http::response_parser<http::buffer_body>;
  Parser& parser() { return *parser_; }

  error_code await() { return steps_.await(question_.request.finish_by); }

  std::nullopt_t fail(RequestFailure::Stage stage, const error_code& code) {
    failure_.stage = stage;
    failure_.expired = steady_clock::now() >= question_.request.finish_by;
    failure_.tls_reason = tls_reason_of(code);
    return std::nullopt;
  }

  template <class Channel>
  std::optional<Response> converse(Channel& channel) {
    constexpr auto kAnswering = RequestFailure::Stage::answering;
    const auto text = text_of(question_);
    asio::async_write(channel, asio::buffer(text), steps_.done());
    if (const auto code = await()) return fail(kAnswering, code);
    if (const auto code = read_header(channel)) return fail(kAnswering, code);
    const auto& header = parser().get();
    // Without a length, an answer that is cut short looks complete.
    failure_.without_length = !parser().chunked() && !parser().content_length() &&
                              header.result_int() != 204 && header.result_int() != 304;
    if (failure_.without_length) return fail(kAnswering, {});
    failure_.header_complete = true;

    bool withheld = false;
    const Line clean = [&](std::string_view line) {
      withheld = question_.secrets.are_in(line);
      return !withheld && (*question_.line)(line);
    };
    BodyReader body(question_.line == nullptr ? nullptr : &clean, question_.request.largest_body);
    body.response.status = header.result_int();
    for (const auto& field : header) {
      const auto value = field.value();
      auto& kept = body.response.headers[net::lower(std::string(field.name_string()))];
      kept.assign(value.data(), value.size());
      if (question_.secrets.are_in(kept)) kept = kWithheld;
    }
    if (const auto broken = read(channel, body)) return fail(kAnswering, broken);
    failure_.end = body.end();
    failure_.largest_body = question_.request.largest_body;
    if (body.end() == BodyReader::End::too_large) return fail(kAnswering, {});
    if (!withheld && !question_.secrets.are_in(body.response.body)) return std::move(body.response);
    // The status of a refusal may still be returned without its body.
    body.response.body = kWithheld;
    if (body.response.status != 200) return std::move(body.response);
    failure_.withheld = true;
    return fail(kAnswering, {});
  }

  /// Past interim answers (RFC 9110, 15.2), which a client takes even unasked.
  template <class Channel>
  error_code read_header(Channel& channel) {
    for (int interim = 0; interim < kMostInterimAnswers; ++interim) {
      parser_.emplace();
      parser().header_limit(kHeaderLimit);
      parser().body_limit(std::numeric_limits<std::uint64_t>::max());  // the reader has its own
      http::async_read_header(channel, buffer_, parser(), steps_.done());
      const auto code = await();
      failure_.received_data = interim > 0 || parser().got_some();
      if (code || parser().get().result_int() >= 200) return code;
    }
    return http::error::bad_status;
  }

  /// Every part goes on as it comes, until the body ends or its reader has had enough.
  template <class Channel>
  error_code read(Channel& channel, BodyReader& body) {
    std::array<char, std::size_t{16} << 10> part;
    while (!parser().is_done()) {
      auto& room = parser().get().body();
      room.data = part.data();
      room.size = part.size();
      http::async_read_some(channel, buffer_, parser(), steps_.done());
      const auto code = await();
      if (code == asio::error::timed_out) return code;
      if (!body.take({part.data(), part.size() - room.size})) return {};
      if (code == http::error::need_buffer || !code) continue;
      failure_.malformed = code.category() == make_error_code(http::error::bad_chunk).category() &&
                           code != http::error::partial_message && code != http::error::end_of_stream;
      return code;
    }
    body.finish();
    return {};
  }

  const Question& question_;
  RequestFailure& failure_;
  http1::Steps steps_;
  http1::Steps::Socket socket_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;  ///< of the answer that is read now
};

bool is_clean(const std::pair<std::string, std::string>& header) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  const auto& [name, value] = header;
  return !name.empty() && name.find_first_of(": ") == std::string::npos &&
         std::none_of(name.begin(), name.end(), is_control) &&
         std::none_of(value.begin(), value.end(), is_control);
}

net::Result<Response> converse(const Identity& identity, const Request& request, const Line* line) {
  const auto url = parse_url(request.url);
  if (!url) return net::pass_on(url);
  if (!std::all_of(request.headers.begin(), request.headers.end(), is_clean)) {
    return net::failure(EINVAL, fmt::format("{}: a header of the request holds a control character or has no "
                                            "proper name",
                                            url->site()));
  }
  const auto addresses = resolve(url->host, request.finish_by);
  if (!addresses) return net::pass_on(addresses);
  if (steady_clock::now() >= request.finish_by)
    return net::failure(ETIMEDOUT, fmt::format("{}: not asked: the time is up", url->site()));
  const SentSecrets secrets(request);
  const Question question{
      .identity = identity, .request = request, .url = *url, .line = line, .secrets = secrets};
  std::optional<asio::ssl::context> tls;
  if (url->tls) {
    tls.emplace(asio::ssl::context::tls_client);
    if (const auto ready = set_up(tls->native_handle(), identity, question.name()); !ready) {
      return net::failure(ready.error().code.value(), fmt::format("{}: {}", url->site(), ready.error().what));
    }
  }
  for (std::size_t i = 0;; ++i) {
    const auto now = steady_clock::now();
    const auto left = static_cast<steady_clock::rep>(addresses->size() - i);
    RequestFailure failure;
    failure.by_system = identity.ca_pem.empty();
    asio::io_context io(1);
    auto response = Attempt(io, question, failure)
                        .run((*addresses)[i], now + (request.finish_by - now) / left, tls ? &*tls : nullptr);
    if (response) return std::move(*response);
    if (left > 1 && failure.stage == RequestFailure::Stage::connecting && !failure.expired) continue;
    return tl::unexpected(explain(failure, url->site(), question.name()));
  }
}

net::Result<Response> converse_safely(const Identity& identity, const Request& request, const Line* line) {
  try {
    return converse(identity, request, line);
  } catch (const std::exception& scarce) {
    // Asio and OpenSSL's context throw without a descriptor or memory left.
    return net::failure(ENOMEM, fmt::format("an HTTPS request cannot be made ({})", scarce.what()));
  }
}

}  // namespace

net::Result<Response> get(const Identity& identity, const Request& request) {
  return converse_safely(identity, request, nullptr);
}

net::Result<Response> stream(const Identity& identity, const Request& request, const Line& line) {
  return converse_safely(identity, request, &line);
}

}  // namespace https
