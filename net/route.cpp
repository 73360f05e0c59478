#include "net/route.h"

#include <fmt/format.h>

#include <iterator>

#include "net/foreign_text.h"

namespace net {

bool leads_the_same_way(const Route& one, const Route& other) {
  return one.type == other.type && one.gateway == other.gateway && one.device == other.device &&
         !one.multipath && !other.multipath;
}

std::string route_text(const Route& route, std::string_view device_name) {
  std::string text;
  auto out = std::back_inserter(text);
  if (route.type != RouteType::unicast) fmt::format_to(out, "{} ", route_type_name(route.type));
  text += route.key.destination.text();
  if (route.gateway) fmt::format_to(out, " via {}", route.gateway->text());
  if (!device_name.empty()) {
    fmt::format_to(out, " dev {}", foreign_text(device_name));
  } else if (route.device != 0) {
    fmt::format_to(out, " dev #{}", route.device);
  }
  if (route.source) fmt::format_to(out, " src {}", route.source->text());
  if (route.key.tos != 0) fmt::format_to(out, " tos {:#04x}", route.key.tos);
  fmt::format_to(out, " table {} metric {} protocol {}", route.key.table, route.key.metric, route.protocol);
  return text;
}

}  // namespace net
