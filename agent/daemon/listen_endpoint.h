#pragma once

#include "agent/config/listen.h"
#include "agent/http/endpoint.h"

namespace agent {

/// `http.listen` as the HTTP room takes it.
Endpoint endpoint_of(const Listen& listen);

}  // namespace agent
