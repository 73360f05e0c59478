#include "agent/http/request.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

namespace agent::http {
namespace {

namespace beast = boost::beast::http;

Refused too_long() {
  return {431, "the request header is longer than " + std::to_string(kHeaderLimit) + " bytes"};
}

}  // namespace

std::size_t header_end(std::string_view received, std::size_t from) {
  static constexpr std::string_view kEmptyLine = "\r\n\r\n";
  const auto found = received.find(kEmptyLine, from);
  return found == std::string_view::npos ? found : found + kEmptyLine.size();
}

Reading read_request(std::string_view received) {
  received = received.substr(0, kHeaderLimit);
  // The parser is shown the header alone. It wants eight bytes before it judges a version, and would take
  // them from behind the empty line, or wait there for what no client sends.
  const auto end = header_end(received);
  const bool complete = end != std::string_view::npos;
  received = received.substr(0, end);
  beast::request_parser<beast::empty_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(kHeaderLimit));
  parser.skip(true);  // a body is not waited for
  boost::system::error_code error;
  parser.put(boost::asio::buffer(received.data(), received.size()), error);
  if (error == beast::error::need_more) {
    if (complete) return Refused{400, "not an HTTP/1.1 request: the header ends too early"};
    if (received.size() >= kHeaderLimit) return too_long();
    return Incomplete{};
  }
  if (error == beast::error::header_limit) return too_long();
  if (error) return Refused{400, "not an HTTP/1.1 request: " + error.message()};

  const auto& message = parser.get();
  // Two Host headers: a proxy may have judged by the other one (RFC 9112, section 3.2, demands the refusal).
  if (message.count(beast::field::host) > 1) return Refused{400, "more than one Host header"};
  Request request{std::string(message.method_string()), std::string(message.target()), std::nullopt};
  if (const auto host = message.find(beast::field::host); host != message.end()) {
    request.host = std::string(host->value());
  }
  return request;
}

}  // namespace agent::http
