#include "agent/http/reply.h"

#include <utility>

#include "agent/http/text.h"

namespace agent::http {
namespace {

std::string_view reason(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 421:
      return "Misdirected Request";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "";
  }
}

}  // namespace

Bytes reply_bytes(const Reply& reply, net::WallTime now) {
  std::string bytes;
  bytes.reserve(512 + (reply.without_body ? 0 : reply.body.size()));
  const auto header = [&bytes](std::string_view name, std::string_view value) {
    bytes.append(name).append(": ").append(value).append("\r\n");
  };
  bytes.append("HTTP/1.1 ").append(std::to_string(reply.status)).append(" ");
  bytes.append(reason(reply.status)).append("\r\n");
  header("Date", http_date(now));
  header("Content-Type", reply.content_type);
  header("Content-Length", std::to_string(reply.shared ? reply.shared->size() : reply.body.size()));
  header("Cache-Control", "no-store");
  header("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : reply.headers) header(name, value);
  header("Connection", "close");
  bytes.append("\r\n");
  if (reply.without_body) return {.first = std::move(bytes)};
  bytes.append(reply.body);
  return {.first = std::move(bytes), .body = reply.shared};
}

// While it is only pointed to weakly, no other snapshot can have its address.
void Renderings::follow(const std::shared_ptr<const core::Snapshot>& snapshot) {
  if (snapshot_.lock() == snapshot) return;
  snapshot_ = snapshot;
  entries_.clear();
}

SharedBody Renderings::share(const std::string& name, std::int64_t moment,
                             const std::function<std::string()>& render) {
  std::erase_if(entries_, [](const Entry& each) { return each.body.expired(); });
  for (const auto& each : entries_) {
    if (each.name != name || each.moment != moment) continue;
    if (auto body = each.body.lock()) return body;
  }
  auto body = std::make_shared<const std::string>(render());
  entries_.push_back({name, moment, body});
  return body;
}

}  // namespace agent::http
