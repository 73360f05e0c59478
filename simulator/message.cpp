#include "simulator/message.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <ctime>
#include <random>

namespace simulator {

std::string random_id() {
  thread_local std::mt19937_64 generator(std::random_device{}());
  const auto high = generator();
  const auto low = generator();
  return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xfff,
                     low >> 48 & 0xfff, low & 0xffffffffffff);
}

std::string head_of(const Answer& answer) {
  namespace http = boost::beast::http;
  const auto reason = http::obsolete_reason(static_cast<http::status>(answer.status));
  auto head = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\n", answer.status,
                          std::string(reason.data(), reason.size()), answer.content_type);
  for (const auto& [name, value] : answer.extra) head += fmt::format("{}: {}\r\n", name, value);
  return head + fmt::format("Date: {:%a, %d %b %Y %H:%M:%S GMT}\r\n", fmt::gmtime(std::time(nullptr)));
}

std::string bytes_of(const Answer& answer, const Delivery& delivery) {
  const auto length = static_cast<long>(answer.body.size()) + delivery.content_length_error;
  return head_of(answer) + fmt::format("Content-Length: {}\r\n\r\n", std::max(length, 0L)) +
         answer.body.substr(0, delivery.truncated ? answer.body.size() / 2 : std::string::npos);
}

}  // namespace simulator
