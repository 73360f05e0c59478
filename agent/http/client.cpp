#include "agent/http/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "agent/http/socket_address.h"
#include "http1/exchange.h"

namespace agent {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

std::string sentence(const http1::Failure& failure, const std::string& where, milliseconds timeout) {
  switch (failure.code.value()) {
    case ECONNREFUSED:
    case ENOENT:
      return "nothing listens on " + where +
             ": calico-azure-agent does not run, or listens elsewhere (http.listen); see `systemctl status "
             "calico-azure-agent`";
    case ETIMEDOUT:
      return fmt::format("{} gave no complete answer within {} ms", where, timeout.count());
    case ECONNRESET:
      return where + " hung up before its answer was complete";
    case EMSGSIZE:
      return where + " answers with " + failure.detail;
    case EBADMSG:
      return "what listens on " + where + " is not calico-azure-agent: its answer cannot be read";
    case EACCES:
      return where + ": permission denied; run as root or in the socket's group";
    default:
      return where + ": " + failure.detail;
  }
}

}  // namespace

net::Result<HttpReply> http_get(const net::ListenAddress& where, std::string_view target,
                                milliseconds timeout) {
  const bool sendable =
      std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c != 0x7F; });
  if (target.empty() || !sendable) {
    return net::failure(EINVAL, "not a request target: \"" + std::string(target) + "\"");
  }
  // Says what is wrong with a path that is too long.
  if (const auto usable = socket_address(where); !usable) return net::pass_on(usable);
  const auto finish_by = Clock::now() + std::min<milliseconds>(timeout, std::chrono::hours{24});
  std::optional<net::Result<Peer>> peer;
  auto answer = http1::Exchange().get({.peer = where,
                                       .target = std::string(target),
                                       .host = where.is_unix() ? "localhost" : net::listen_text(where),
                                       .connect_by = finish_by,
                                       .finish_by = finish_by,
                                       .body_limit = kReplyLimit,
                                       // Whose answer it is: while the daemon still holds its end.
                                       .before_close = [&peer](int socket) { peer = peer_of(socket); }});
  // The daemon sends no chunks.
  if (answer && answer->chunked)
    answer = tl::unexpected(http1::Failure{.code = {EPROTO, std::system_category()}, .detail = {}});
  if (answer) {
    if (!*peer) peer->error().what = net::listen_text(where) + " " + peer->error().what;
    return HttpReply{.status = static_cast<int>(answer->status),
                     .body = std::move(answer->body),
                     .peer = std::move(*peer)};
  }
  auto& failure = answer.error();
  if (failure.code.value() == EPROTO) failure.code.assign(EBADMSG, std::system_category());
  net::Error error{failure.code, sentence(failure, net::listen_text(where), timeout)};
  // Another process has the port if there is no proper answer.
  if (peer && *peer && (*peer)->user && error.code.value() != ECONNRESET)
    error.what += fmt::format("; it is held by user {}", *(*peer)->user);
  return tl::unexpected(std::move(error));
}

}  // namespace agent
