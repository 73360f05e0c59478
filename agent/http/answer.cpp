#include "agent/http/answer.h"

#include <utility>
#include <variant>

namespace agent::http {

std::optional<Bytes> answer(std::string_view received, const View& view) {
  const Reading reading = read_request(received);
  if (const auto* request = std::get_if<Request>(&reading)) {
    return reply_bytes(route(*request, view), view.now);
  }
  if (const auto* refused = std::get_if<Refused>(&reading)) {
    return reply_bytes({.status = refused->status, .body = refused->why + '\n'}, view.now);
  }
  return std::nullopt;
}

std::optional<std::string> answer_bytes(std::string_view received, const View& view) {
  auto bytes = answer(received, view);
  if (!bytes) return std::nullopt;
  return bytes->body ? bytes->first + *bytes->body : std::move(bytes->first);
}

}  // namespace agent::http
