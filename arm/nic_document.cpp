#include <algorithm>
#include <optional>
#include <utility>

#include "arm/documents.h"
#include "arm/fields.h"
#include "arm/kinds.h"
#include "json/json.h"

namespace arm {
namespace {

using json::at;

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
  return nic;
}

}  // namespace

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
