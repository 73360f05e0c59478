#pragma once

#include <string_view>

#include "core/snapshot.h"

namespace agent::http {

/// True when a Host header names this node in a way that no stranger's DNS can bring about: an IP address
/// (IPv6 in brackets), `localhost`, the node's name or the computer's name, each with an optional port. A web
/// page that rebinds its own host name to 127.0.0.1 fails it (DNS rebinding). An empty header counts as
/// absent: true.
bool host_is_ours(std::string_view host, const core::Snapshot& snapshot);

}  // namespace agent::http
