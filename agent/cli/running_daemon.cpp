#include "agent/cli/running_daemon.h"

#include <fmt/format.h>

#include "agent/daemon/listen_endpoint.h"
#include "agent/daemon/listening_file.h"
#include "agent/daemon/paths.h"
#include "agent/daemon/trusted.h"
#include "host/processes.h"

namespace agent {

Endpoint where_to_ask(const ConfigSources& sources, const LoadedConfig& loaded) {
  const auto origin = loaded.origins.find("http.listen");
  const auto kind = origin == loaded.origins.end() ? OriginKind::by_default : origin->second.kind;
  const bool said = kind == OriginKind::flag || kind == OriginKind::environment ||
                    (kind == OriginKind::file && sources.file_required);
  if (!said) {
    if (const auto listen = where_a_daemon_listens(runtime_directory())) return endpoint_of(*listen);
  }
  return endpoint_of(loaded.config.listen);
}

net::Result<HttpReply> ask_daemon(const Endpoint& where, std::string_view target,
                                  std::chrono::milliseconds timeout) {
  auto reply = http_get(where, target, timeout);
  if (!reply) return reply;
  if (!reply->peer) return net::pass_on(reply->peer);
  auto& peer = *reply->peer;
  if (!peer.user || Trusted(runtime_directory()).includes(*peer.user)) return reply;
  if (peer.process == 0) peer.process = host::process_with_socket("/", peer.inode).value_or(0);
  return net::failure(
      EPERM, fmt::format("what answers on {} is not believed: it is held by {}, who is neither root nor "
                         "calico-azure-agent",
                         where.text(), user_text(*peer.user, peer.process)));
}

}  // namespace agent
