#pragma once

#include <chrono>
#include <string_view>

#include "agent/config/load_config.h"
#include "agent/http/client.h"

namespace agent {

/// Where to ask a daemon: at http.listen where the caller names it (by --set, a variable or the file of
/// --config), else where a daemon has written that it listens, else by the configuration. Whoever waits asks
/// anew each time: the daemon may start later.
net::ListenAddress daemon_address(const ConfigSources& sources, const LoadedConfig& loaded);

/// An answer of a process that may be the agent. Its peer is never an Error; a peer in another user namespace
/// or on another machine stays unknown.
///
/// EPERM: it is another user's, whom the sentence names. ECONNRESET: also where that can no longer be
/// told. Else as http_get().
net::Result<HttpReply> ask_daemon(const net::ListenAddress& where, std::string_view target,
                                  std::chrono::milliseconds timeout);

}  // namespace agent
