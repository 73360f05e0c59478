#include "agent/http/route_json.h"

#include <nlohmann/json.hpp>

namespace agent {
namespace {

std::string address_or_empty(const std::optional<net::Address>& address) {
  return address ? address->text() : std::string();
}

}  // namespace

nlohmann::ordered_json route_json(const RouteStatus& status) {
  const auto& route = status.route;
  return {{"destination", route.key.destination.text()},
          {"type", net::route_type_name(route.type)},
          {"gateway", address_or_empty(route.gateway)},
          {"device", status.device},
          {"source", address_or_empty(route.source)},
          {"table", route.key.table},
          {"metric", route.key.metric},
          {"protocol", route.protocol},
          {"state", route_state_name(status.state)},
          {"error", status.error}};
}

}  // namespace agent
