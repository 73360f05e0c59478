#pragma once

#include <stdexcept>
#include <string>

#include "agent/http/client.h"
#include "agent/http/server.h"
#include "sample.h"

/// A server on a free port of 127.0.0.1 with what it serves.
struct Serving {
  explicit Serving(core::Snapshot node = sample::ready_node()) : published(std::move(node)) {
    auto started = agent::StatusServer::start(where, agent::StatusServer::Content::all, published, heartbeat);
    if (!started) throw std::runtime_error(started.error().what);
    server = std::move(*started);
    where.port = server->port();
  }

  net::ListenAddress where{.address = *net::Address::parse("127.0.0.1"), .port = 0, .unix_path = ""};
  core::Published<core::Snapshot> published;
  agent::Heartbeat heartbeat;
  std::unique_ptr<agent::StatusServer> server;
};

/// How long a well-behaved probe waits for /readyz; throws when it is not answered as it should.
inline std::chrono::milliseconds probe(const net::ListenAddress& where) {
  const auto begin = std::chrono::steady_clock::now();
  const auto reply = agent::http_get(where, "/readyz", std::chrono::seconds{30});
  if (!reply) throw std::runtime_error(reply.error().what);
  if (reply->status != 200 || reply->body != "ok") throw std::runtime_error("probe: " + reply->body);
  return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
}
