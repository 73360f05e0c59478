#pragma once

#include <chrono>

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
  bool over_unix_socket = false;     ///< where no browser asks, nor anybody's DNS leads
  Renderings* renderings = nullptr;  ///< of this snapshot; without one each reply has its own
};

/// Answers /livez, /readyz, /healthz, /status, /metrics and /, by GET and HEAD: nothing can be changed over
/// HTTP. 400 for a target that cannot be read or an unknown `?exclude=`, 404, 405 with Allow, 421 for a Host
/// header that names somebody else (host_rule.h), which over a unix socket means nothing.
Reply route(const Request& request, const View& view);

}  // namespace agent::http
