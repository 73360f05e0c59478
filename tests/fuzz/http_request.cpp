// Whatever bytes a client sends: they are answered, or more is awaited; the answer is a complete reply that
// forges nothing; and how the bytes were cut into packets changes nothing.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/http/router.h"

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

core::Snapshot a_node() {
  core::Snapshot snapshot;
  snapshot.version = "0.1.0";
  snapshot.node_name = "node";
  snapshot.ready = true;
  snapshot.checks.push_back({.id = "nic.found",
                             .status = checks::CheckStatus::fail,
                             .gate = true,
                             .message = "no link has the MAC",
                             .why = "",
                             .remedy = "",
                             .since = {}});
  return snapshot;
}

bool is_status_line(std::string_view line) {
  static constexpr std::array<std::string_view, 7> kLines = {"HTTP/1.1 200 OK",
                                                             "HTTP/1.1 400 Bad Request",
                                                             "HTTP/1.1 404 Not Found",
                                                             "HTTP/1.1 405 Method Not Allowed",
                                                             "HTTP/1.1 421 Misdirected Request",
                                                             "HTTP/1.1 431 Request Header Fields Too Large",
                                                             "HTTP/1.1 503 Service Unavailable"};
  return std::find(kLines.begin(), kLines.end(), line) != kLines.end();
}

/// The header names of every reply, in order; anything between is the router's own.
void require_a_complete_reply(std::string_view reply, bool is_head) {
  const auto end = reply.find("\r\n\r\n");
  require(end != std::string_view::npos);
  auto head = reply.substr(0, end + 2);
  const auto body = reply.substr(end + 4);
  std::size_t length = 0;
  for (int number = 0; !head.empty(); ++number) {
    const auto line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(line.size() + 2);
    require(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c < 0x7F; }));
    if (number == 0) {
      require(is_status_line(line));
      continue;
    }
    const auto name = line.substr(0, line.find(": "));
    static constexpr std::array<std::string_view, 9> kNames = {"Date",
                                                               "Content-Type",
                                                               "Content-Length",
                                                               "Cache-Control",
                                                               "X-Content-Type-Options",
                                                               "Content-Security-Policy",
                                                               "Allow",
                                                               "Connection",
                                                               "Referrer-Policy"};
    require(std::find(kNames.begin(), kNames.end(), name) != kNames.end());
    if (name == "Content-Length") length = std::stoul(std::string(line.substr(16)));
  }
  require(body.size() == length || (is_head && body.empty()));
}

}  // namespace

// libFuzzer's entry point.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const core::Snapshot snapshot = a_node();
  const agent::http::View view{.snapshot = snapshot,
                               .alive = true,
                               .silence = std::chrono::seconds{0},
                               .now = net::WallTime{std::chrono::hours{1}},
                               .mono_now = net::MonoTime{std::chrono::hours{1}},
                               .started = net::WallTime{}};
  const std::string_view received(reinterpret_cast<const char*>(data), size);
  const auto reply = agent::http::answer_bytes(received, view);
  if (!reply) {
    require(size < agent::http::kHeaderLimit);
  } else {
    require_a_complete_reply(*reply, received.starts_with("HEAD "));
  }
  // Cut anywhere: what came first either waits or has the whole answer already.
  const auto step = std::max<std::size_t>(1, size / 64);
  for (std::size_t cut = 0; cut < size; cut += step) {
    const auto early = agent::http::answer_bytes(received.substr(0, cut), view);
    if (early) require(early == reply);
  }
  // What is behind the header changes nothing.
  const auto end = received.find("\r\n\r\n");
  if (end != std::string_view::npos && end + 4 <= agent::http::kHeaderLimit) {
    require(reply && agent::http::answer_bytes(received.substr(0, end + 4), view) == reply);
  }
  return 0;
}
