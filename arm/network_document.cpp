#include <utility>

#include "arm/documents.h"
#include "arm/fields.h"
#include "arm/kinds.h"
#include "json/json.h"

namespace arm {
namespace {

using json::at;

std::optional<observed::AzureRoute> route_of(const json::Value& entry) {
  const json::Value& properties = at(entry, "properties");
  observed::AzureRoute route{.name = json::text(at(entry, "name")),
                             .destination = json::text(at(properties, "addressPrefix")),
                             .prefix = {},
                             .next_hop_type = json::text(at(properties, "nextHopType")),
                             .next_hop = {},
                             .provisioning_state = json::text(at(properties, "provisioningState"))};
  if (route.destination.empty()) return std::nullopt;
  route.prefix = prefix_of(route.destination);
  const auto hop = json::text(either(properties, "nextHopIpAddress", "nextHopIPAddress"));
  if (const auto address = net::Address::parse(hop)) route.next_hop = *address;
  return route;
}

}  // namespace

net::Result<observed::AzureSubnet> parse_subnet(std::string_view text) {
  const auto document = document_of(text);
  if (!document) return net::pass_on(document);
  auto id = id_field(*document, {kSubnet.type});
  if (!id) return net::pass_on(id);
  const auto properties = properties_field(*document);
  if (!properties) return net::pass_on(properties);
  observed::AzureSubnet subnet{.id = *std::move(id), .prefixes = {}, .route_table_id = {}};
  subnet.prefixes = prefixes_of(at(**properties, "addressPrefix"), at(**properties, "addressPrefixes"));
  if (subnet.prefixes.empty()) {
    return net::failure(EBADMSG, "neither its \"addressPrefix\" nor its \"addressPrefixes\" holds a network");
  }
  if (const json::Value& table = at(**properties, "routeTable"); !table.is_null()) {
    auto table_id = id_field(table, {kRouteTable.type});
    if (!table_id) return net::failure(EBADMSG, "its \"routeTable\": " + table_id.error().what);
    subnet.route_table_id = *std::move(table_id);
  }
  return subnet;
}

net::Result<observed::AzureRouteTable> parse_route_table(std::string_view text) {
  const auto document = document_of(text);
  if (!document) return net::pass_on(document);
  auto id = id_field(*document, {kRouteTable.type});
  if (!id) return net::pass_on(id);
  const auto properties = properties_field(*document);
  if (!properties) return net::pass_on(properties);
  const json::Value& list = at(**properties, "routes");
  if (!list.is_array()) return net::failure(EBADMSG, "it has no list of \"routes\"");
  observed::AzureRouteTable table{.id = *std::move(id),
                                  .provisioning_state = json::text(at(**properties, "provisioningState")),
                                  .routes = {}};
  for (const json::Value& entry : json::entries(list)) {
    if (auto route = route_of(entry)) table.routes.push_back(*std::move(route));
  }
  return table;
}

net::Result<observed::AzureVirtualNetwork> parse_virtual_network(std::string_view text) {
  const auto document = document_of(text);
  if (!document) return net::pass_on(document);
  auto id = id_field(*document, {kVirtualNetwork.type});
  if (!id) return net::pass_on(id);
  const auto properties = properties_field(*document);
  if (!properties) return net::pass_on(properties);
  observed::AzureVirtualNetwork network{
      .id = *std::move(id),
      .address_space = prefixes_of({}, at(at(**properties, "addressSpace"), "addressPrefixes"))};
  if (network.address_space.empty()) {
    return net::failure(EBADMSG, "its \"addressSpace\" holds no network");
  }
  return network;
}

}  // namespace arm
