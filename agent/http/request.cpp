#include "agent/http/request.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

namespace agent::http {
namespace {

namespace beast = boost::beast::http;

Refused too_long() {
  return {431, "the request header is longer than " + std::to_string(kHeaderLimit) + " bytes"};
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

enum class Plus { is_plus, is_space };

std::optional<std::string> decoded(std::string_view text, Plus plus) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::is_space) {
      result += ' ';
    } else if (text[i] != '%') {
      result += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const auto high = hex_digit(text[i + 1]);
      const auto low = hex_digit(text[i + 2]);
      if (!high || !low) return std::nullopt;
      result += static_cast<char>(*high * 16 + *low);
      i += 2;
    }
  }
  return result;
}

/// Cuts the text at the first `mark`: what stands before it is returned, what stands behind it remains.
std::string_view take_until(std::string_view& text, char mark) {
  const auto at = std::min(text.find(mark), text.size());
  const auto before = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return before;
}

bool starts_with_http(std::string_view text) {
  static constexpr std::string_view kScheme = "http://";
  return text.size() >= kScheme.size() &&
         std::equal(kScheme.begin(), kScheme.end(), text.begin(),
                    [](char wanted, char c) { return wanted == (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
}

}  // namespace

std::size_t header_end(std::string_view received, std::size_t from) {
  static constexpr std::string_view kEmptyLine = "\r\n\r\n";
  const auto found = received.find(kEmptyLine, from);
  return found == std::string_view::npos ? found : found + kEmptyLine.size();
}

ParsedRequest read_request(std::string_view received) {
  received = received.substr(0, kHeaderLimit);
  // The parser is shown the header alone. It needs eight bytes to judge a version and would read them
  // from behind the empty line, or wait for bytes that no client sends.
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

bool Target::has(std::string_view name) const {
  return std::any_of(query.begin(), query.end(), [name](const auto& each) { return each.first == name; });
}

std::vector<std::string> Target::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : query) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::optional<Target> parse_target(std::string_view text) {
  Target target;
  if (starts_with_http(text)) {
    text.remove_prefix(7);
    const auto end = std::min(text.find_first_of("/?"), text.size());
    target.authority = text.substr(0, end);
    text.remove_prefix(end);
  } else if (text.empty() || text.front() != '/') {
    return std::nullopt;
  }
  auto path = decoded(take_until(text, '?'), Plus::is_plus);
  if (!path) return std::nullopt;
  target.path = path->empty() ? "/" : std::move(*path);
  while (!text.empty()) {
    auto pair = take_until(text, '&');
    if (pair.empty()) continue;
    auto name = decoded(take_until(pair, '='), Plus::is_space);
    auto value = decoded(pair, Plus::is_space);
    if (!name || !value) return std::nullopt;
    target.query.emplace_back(std::move(*name), std::move(*value));
  }
  return target;
}

}  // namespace agent::http
