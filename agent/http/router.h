#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "agent/http/process_use.h"
#include "agent/http/reply.h"
#include "agent/http/request.h"
#include "core/snapshot.h"

namespace agent::http {

/// All that a reply may depend on besides the request: values, so that the router is a pure function.
struct View {
  const core::Snapshot& snapshot;
  bool alive = true;                ///< the main loop turns
  std::chrono::seconds silence{0};  ///< since it last turned
  net::WallTime now{};
  net::MonoTime mono_now{};
  net::WallTime started{};           ///< when this process began to serve
  bool over_unix_socket = false;     ///< no browser and no DNS name leads there
  bool metrics_alone = false;        ///< nothing else is served, and that under any name
  Renderings* renderings = nullptr;  ///< of this snapshot; without one each reply has its own
  /// What this process uses: /metrics alone asks, for it takes longer than the reply.
  std::function<ProcessUse()> process_use = [] { return ProcessUse{}; };
};

/// Answers /livez, /readyz, /healthz, /status, /metrics and /, by GET and HEAD: nothing can be changed over
/// HTTP. 400 for a target that cannot be read or an unknown `?exclude=`, 404, 405 with Allow, 421 for a Host
/// header that names another host (host_is_ours), which over a unix socket means nothing.
Reply route(const Request& request, const View& view);

/// The whole of the protocol as one pure function: the bytes that answer what a connection has received so
/// far, or nothing while more is needed. The connection is to be closed after them.
std::optional<Bytes> answer(std::string_view received, const View& view);

/// The same in one piece.
std::optional<std::string> answer_bytes(std::string_view received, const View& view);

/// True when a Host header names this node in a way that foreign DNS cannot bring about: an IP address
/// (IPv6 in brackets), `localhost`, the node's name or the computer's name, each with an optional port. A web
/// page that rebinds its own host name to 127.0.0.1 fails it (DNS rebinding). An empty header counts as
/// absent: true.
bool host_is_ours(std::string_view host, const core::Snapshot& snapshot);

}  // namespace agent::http
