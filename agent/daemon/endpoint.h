#pragma once

#include "agent/config/listen.h"
#include "agent/http/status_server.h"

namespace agent {

/// Where the status server listens, as the HTTP room takes it.
StatusServer::Options endpoint_of(const Listen& listen);

}  // namespace agent
