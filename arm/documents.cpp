#include "arm/documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "arm/resource_id.h"
#include "json/json.h"

namespace arm {

using json::at;

net::Result<json::Value> document_of(std::string_view text) {
  auto document = json::parse(text);
  if (!document) document.error().what = "it is " + document.error().what;
  return document;
}

const json::Value& either(const json::Value& value, const char* key, const char* other) {
  const auto& first = at(value, key);
  return first.is_null() ? at(value, other) : first;
}

net::Result<std::string> id_field(const json::Value& resource, std::vector<std::string_view> types) {
  if (!resource.is_object()) return net::failure(EBADMSG, "it is no JSON object");
  auto text = json::text(at(resource, "id"));
  if (text.empty()) return net::failure(EBADMSG, "it has no \"id\"");
  const auto id = ResourceId::parse(text);
  if (!id) return net::failure(EBADMSG, id.error().what);
  if (std::find(types.begin(), types.end(), id->type()) == types.end()) {
    return net::failure(EBADMSG, fmt::format("its \"id\" is of another kind than {}", types.front()));
  }
  return text;
}

net::Result<const json::Value*> properties_field(const json::Value& resource) {
  const json::Value& properties = at(resource, "properties");
  if (!properties.is_object()) return net::failure(EBADMSG, "it has no \"properties\"");
  return &properties;
}

std::optional<std::string> security_group_field(const json::Value& properties) {
  const json::Value& group = at(properties, "networkSecurityGroup");
  if (group.is_null()) return std::nullopt;
  return json::text(at(group, "id"));
}

std::optional<net::Prefix> prefix_of(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const auto address = net::Address::parse(std::string_view(text).substr(0, slash));
  const char* end = text.data() + text.size();
  unsigned length = 0;
  const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, length);
  if (!address || error != std::errc{} || stop != end) return std::nullopt;
  const auto network = net::Prefix::around(*address, length);
  return network ? std::optional(*network) : std::nullopt;
}

std::vector<net::Prefix> prefixes_of(const json::Value& one, const json::Value& several) {
  std::vector<net::Prefix> all;
  const auto add = [&all](const json::Value& value) {
    const auto prefix = prefix_of(json::text(value));
    if (prefix && std::find(all.begin(), all.end(), *prefix) == all.end()) all.push_back(*prefix);
  };
  add(one);
  for (const json::Value& each : json::entries(several)) add(each);
  return all;
}

namespace {

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

net::Result<observed::AzureSubnet> subnet_of(const json::Value& resource) {
  auto id = id_field(resource, {kSubnet.type});
  if (!id) return net::pass_on(id);
  const auto properties = properties_field(resource);
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
  subnet.security_group_id = security_group_field(**properties);
  return subnet;
}

net::Result<observed::AzureSubnet> parse_subnet(std::string_view text) {
  const auto document = document_of(text);
  if (!document) return net::pass_on(document);
  return subnet_of(*document);
}

net::Result<observed::AzureRouteTable> route_table_of(const json::Value& resource) {
  auto id = id_field(resource, {kRouteTable.type});
  if (!id) return net::pass_on(id);
  const auto properties = properties_field(resource);
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

net::Result<observed::AzureRouteTable> parse_route_table(std::string_view text) {
  const auto document = document_of(text);
  if (!document) return net::pass_on(document);
  return route_table_of(*document);
}

namespace {

/// A peering that is not connected (Initiated, Disconnected) carries nothing.
std::vector<net::Prefix> peered(const json::Value& properties) {
  std::vector<net::Prefix> all;
  for (const json::Value& entry : json::entries(at(properties, "virtualNetworkPeerings"))) {
    const json::Value& peering = at(entry, "properties");
    if (json::text(at(peering, "peeringState")) != "Connected") continue;
    for (const auto& prefix : prefixes_of({}, at(at(peering, "remoteAddressSpace"), "addressPrefixes")))
      all.push_back(prefix);
  }
  return all;
}

}  // namespace

net::Result<observed::AzureVirtualNetwork> virtual_network_of(const json::Value& resource) {
  auto id = id_field(resource, {kVirtualNetwork.type});
  if (!id) return net::pass_on(id);
  const auto properties = properties_field(resource);
  if (!properties) return net::pass_on(properties);
  observed::AzureVirtualNetwork network{
      .id = *std::move(id),
      .address_space = prefixes_of({}, at(at(**properties, "addressSpace"), "addressPrefixes")),
      .peered = peered(**properties)};
  if (network.address_space.empty()) {
    return net::failure(EBADMSG, "its \"addressSpace\" holds no network");
  }
  return network;
}

net::Result<observed::AzureVirtualNetwork> parse_virtual_network(std::string_view text) {
  const auto document = document_of(text);
  if (!document) return net::pass_on(document);
  return virtual_network_of(*document);
}

namespace {

/// A single address, or the first one of a block.
std::optional<net::Address> address_of(const std::string& text) {
  if (const auto single = net::Address::parse(text)) return *single;
  if (!prefix_of(text)) return std::nullopt;
  return *net::Address::parse(std::string_view(text).substr(0, text.find('/')));
}

std::optional<observed::AzureIpConfiguration> configuration(const json::Value& entry) {
  const json::Value& properties = at(entry, "properties");
  const auto address = address_of(json::text(either(properties, "privateIPAddress", "privateIpAddress")));
  if (!address) return std::nullopt;
  return observed::AzureIpConfiguration{
      .address = *address,
      .subnet_id = id_field(at(properties, "subnet"), {kSubnet.type}).value_or(""),
      .primary = at(properties, "primary") == true};
}

net::Result<bool> ip_forwarding(const json::Value& properties) {
  const json::Value& value = either(properties, "enableIPForwarding", "enableIpForwarding");
  if (value.is_null()) return false;
  if (!value.is_boolean())
    return net::failure(EBADMSG, "its \"enableIPForwarding\" is neither true nor false");
  return value.get<bool>();
}

}  // namespace

net::Result<observed::AzureNic> nic_of(const json::Value& resource) {
  auto id = id_field(resource, {kNic.type, kInstanceNic.type});
  if (!id) return net::pass_on(id);
  const auto properties = properties_field(resource);
  if (!properties) return net::pass_on(properties);
  const auto forwarding = ip_forwarding(**properties);
  if (!forwarding) return net::pass_on(forwarding);
  const json::Value& list = at(**properties, "ipConfigurations");
  if (!list.is_array()) return net::failure(EBADMSG, "it has no list of \"ipConfigurations\"");

  observed::AzureNic nic{.id = *std::move(id), .mac = {}, .ip_forwarding = *forwarding, .configurations = {}};
  if (const auto mac = net::MacAddress::parse(json::text(at(**properties, "macAddress")))) nic.mac = *mac;
  for (const json::Value& entry : json::entries(list)) {
    if (auto one = configuration(entry)) nic.configurations.push_back(*std::move(one));
  }
  nic.security_group_id = security_group_field(**properties);
  return nic;
}

net::Result<std::vector<std::string>> parse_virtual_machine(std::string_view text) {
  const auto document = document_of(text);
  if (!document) return net::pass_on(document);
  const auto properties = properties_field(*document);
  if (!properties) return net::pass_on(properties);
  std::vector<std::string> ids;
  for (const json::Value& entry :
       json::entries(at(at(**properties, "networkProfile"), "networkInterfaces"))) {
    auto id = id_field(entry, {kNic.type});
    if (!id) continue;
    const bool primary = at(at(entry, "properties"), "primary") == true;
    ids.insert(primary ? ids.begin() : ids.end(), *std::move(id));
  }
  if (ids.empty()) return net::failure(EBADMSG, "its \"networkProfile\" names no network interface");
  return ids;
}

net::Result<observed::AzureNic> parse_nic(std::string_view text) {
  const auto document = document_of(text);
  if (!document) return net::pass_on(document);
  return nic_of(*document);
}

net::Result<NicPage> parse_nic_page(std::string_view text) {
  const auto document = document_of(text);
  if (!document) return net::pass_on(document);
  const json::Value& list = at(*document, "value");
  if (!list.is_array()) return net::failure(EBADMSG, "it has no list \"value\"");
  NicPage page{.nics = {}, .next_link = json::string(at(*document, "nextLink"))};
  std::optional<net::Error> failure;
  for (const json::Value& entry : json::entries(list)) {
    auto nic = nic_of(entry);
    if (nic) {
      page.nics.push_back(*std::move(nic));
    } else {
      failure = nic.error();
    }
  }
  if (page.nics.empty() && failure) return tl::unexpected(*std::move(failure));
  return page;
}

}  // namespace arm
