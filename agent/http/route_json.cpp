#include "agent/http/route_json.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace agent {
namespace {

std::string text_or_empty(const std::optional<net::Address>& address) {
  return address ? address->text() : std::string();
}

}  // namespace

void write_route(http::JsonText& json, const routing::RouteStatus& status) {
  const net::Route& route = status.route;
  json.object([&] {
    json.member("destination").text(route.key.destination.text());
    json.member("type").text(net::route_type_name(route.type));
    json.member("gateway").text(text_or_empty(route.gateway));
    json.member("device").text(status.device);
    json.member("source").text(text_or_empty(route.source));
    json.member("table").number(route.key.table);
    json.member("metric").number(route.key.metric);
    json.member("protocol").number(route.protocol);
    json.member("state").text(routing::route_state_name(status.state));
    json.member("error").text(status.error);
  });
}

nlohmann::ordered_json route_json(const routing::RouteStatus& status) {
  http::JsonText json;
  write_route(json, status);
  return nlohmann::ordered_json::parse(std::move(json).take());
}

}  // namespace agent
