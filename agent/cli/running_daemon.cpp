#include "agent/cli/running_daemon.h"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "agent/daemon/paths.h"
#include "agent/daemon/runtime_files.h"
#include "agent/http/socket_address.h"
#include "host/processes.h"

namespace agent {
namespace {

std::string text_of(Peer peer) {
  if (peer.process == 0) peer.process = host::process_with_socket("/", peer.inode).value_or(0);
  return user_text(*peer.user, peer.process);
}

/// A peer that hangs up at once leaves no connection to identify it by, but its listening socket is still
/// there.
net::Error with_listener(net::Error error, const net::ListenAddress& where) {
  if (error.code.value() != ECONNRESET) return error;
  const auto address = socket_address(where);
  const auto listener = address ? listener_on(address->storage) : std::nullopt;
  if (listener && listener->user) error.what += fmt::format("; the port is held by {}", text_of(*listener));
  return error;
}

}  // namespace

net::ListenAddress daemon_address(const ConfigSources& sources, const LoadedConfig& loaded) {
  const auto origin = loaded.origins.find("http.listen");
  const auto kind = origin == loaded.origins.end() ? OriginKind::by_default : origin->second.kind;
  const bool said = kind == OriginKind::flag || kind == OriginKind::environment ||
                    (kind == OriginKind::file && sources.file_required);
  if (!said) {
    if (const auto listen = read_listening_file(runtime_directory())) return *listen;
  }
  return loaded.config.listen;
}

net::Result<HttpReply> ask_daemon(const net::ListenAddress& where, std::string_view target,
                                  std::chrono::milliseconds timeout) {
  auto reply = http_get(where, target, timeout);
  if (!reply) return tl::unexpected(with_listener(std::move(reply.error()), where));
  if (!reply->peer) return tl::unexpected(with_listener(std::move(reply->peer.error()), where));
  const auto& peer = *reply->peer;
  if (!peer.user || Trusted(runtime_directory()).includes(*peer.user)) return reply;
  return net::failure(
      EPERM, fmt::format("what answers on {} is not believed: it is held by {}, who is neither root nor "
                         "calico-azure-agent",
                         listen_text(where), text_of(peer)));
}

}  // namespace agent
