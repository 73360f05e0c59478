#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "agent/http/peer.h"
#include "net/error.h"
#include "net/listen_address.h"

namespace agent {

struct HttpReply {
  int status = 0;
  std::string body;
  net::Result<Peer> peer = Peer{};  ///< who sent it; an Error where that can no longer be determined
};

/// Longest reply that http_get takes.
inline constexpr std::size_t kReplyLimit = 32 * 1024 * 1024;

/// GETs a path of a running daemon; for the commands of the CLI. Blocks for at most `timeout`, connection and
/// body included. Any status is a reply, not an error. Errors keep their errno:
///   ECONNREFUSED, and ENOENT for a unix socket: no daemon runs there
///   ETIMEDOUT: no complete reply in time
///   ECONNRESET: hung up in the middle
///   EMSGSIZE: more than kReplyLimit                  EBADMSG: something else than the daemon listens there
///   EINVAL: a target with spaces or control characters
net::Result<HttpReply> http_get(const net::ListenAddress& where, std::string_view target,
                                std::chrono::milliseconds timeout);

}  // namespace agent
