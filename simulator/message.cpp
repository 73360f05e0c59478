#include "simulator/message.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <random>

#include "net/foreign_text.h"
#include "net/random.h"

namespace simulator {
namespace {

std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::uint8_t byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr == text.data() + i + 3) {
      plain += static_cast<char>(byte);
      i += 2;
    } else {
      plain += text[i] == '+' ? ' ' : text[i];
    }
  }
  return plain;
}

/// Calls `use` with each part between separators, empty ones left out.
template <class Use>
void each_part(std::string_view text, char separator, Use use) {
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end > 0) use(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

Target Target::parse(std::string_view text) {
  Target target;
  const auto question_mark = std::min(text.find('?'), text.size());
  each_part(text.substr(0, question_mark), '/',
            [&target](std::string_view segment) { target.path.push_back(decoded(segment)); });
  if (question_mark == text.size()) return target;
  each_part(text.substr(question_mark + 1), '&', [&target](std::string_view pair) {
    const auto equals = std::min(pair.find('='), pair.size());
    target.query.emplace_back(decoded(pair.substr(0, equals)),
                              decoded(pair.substr(std::min(equals + 1, pair.size()))));
  });
  return target;
}

const std::string* Target::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return &value;
  }
  return nullptr;
}

bool Target::names_one_twice() const {
  for (auto one = query.begin(); one != query.end(); ++one) {
    if (std::any_of(query.begin(), one, [one](const auto& earlier) { return earlier.first == one->first; })) {
      return true;
    }
  }
  return false;
}

bool Target::is_below(const std::vector<std::string>& folder) const {
  return path.size() >= folder.size() && std::equal(folder.begin(), folder.end(), path.begin());
}

bool Target::is_below_in_any_case(const std::vector<std::string>& folder) const {
  return path.size() >= folder.size() &&
         std::equal(folder.begin(), folder.end(), path.begin(), net::same_ignoring_case);
}

const std::string* find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (net::same_ignoring_case(key, name)) return &value;
  }
  return nullptr;
}

std::string random_id() {
  thread_local std::mt19937_64 generator(net::random_number());
  const auto high = generator();
  const auto low = generator();
  return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xfff,
                     low >> 48 & 0xfff, low & 0xffffffffffff);
}

std::string head_of(const Response& response) {
  namespace http = boost::beast::http;
  const auto reason = http::obsolete_reason(static_cast<http::status>(response.status));
  auto head = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\n", response.status,
                          std::string(reason.data(), reason.size()), response.content_type);
  for (const auto& [name, value] : response.extra) head += fmt::format("{}: {}\r\n", name, value);
  return head + fmt::format("Date: {:%a, %d %b %Y %H:%M:%S GMT}\r\n", fmt::gmtime(std::time(nullptr)));
}

std::string bytes_of(const Response& response, const Delivery& delivery) {
  const auto length = static_cast<long>(response.body.size()) + delivery.content_length_error;
  return head_of(response) + fmt::format("Content-Length: {}\r\n\r\n", std::max(length, 0L)) +
         response.body.substr(0, delivery.truncated ? response.body.size() / 2 : std::string::npos);
}

}  // namespace simulator
