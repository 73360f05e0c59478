#include "agent/daemon/listen_endpoint.h"

namespace agent {

Endpoint endpoint_of(const Listen& listen) {
  if (const auto* tcp = std::get_if<ListenTcp>(&listen)) {
    return {.address = tcp->address.text(), .port = tcp->port, .unix_path = ""};
  }
  return {.address = "", .port = 0, .unix_path = std::get<ListenUnix>(listen).path.string()};
}

}  // namespace agent
