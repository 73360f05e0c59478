#include "simulator/message.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <ctime>
#include <random>

#include "net/foreign_text.h"

namespace simulator {

const std::string* find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (net::same_ignoring_case(key, name)) return &value;
  }
  return nullptr;
}

std::string random_id() {
  thread_local std::mt19937_64 generator(std::random_device{}());
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
