#include "simulator/instance_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "net/address.h"
#include "net/mac_address.h"
#include "net/prefix.h"
#include "simulator/api_versions.h"

namespace simulator {
namespace {

using nlohmann::ordered_json;

void make_leaves_strings(ordered_json& value) {
  if (value.is_structured()) {
    for (auto& each : value) make_leaves_strings(each);
  } else if (value.is_number() || value.is_boolean()) {
    value = value.dump();
  }
}

/// Calls `change` with each interface of a document that has any.
template <class Change>
void each_interface(ordered_json& instance, Change change) {
  const auto pointer = ordered_json::json_pointer("/network/interface");
  if (!instance.contains(pointer) || !instance[pointer].is_array()) return;
  for (auto& interface : instance[pointer]) {
    if (interface.is_object()) change(interface);
  }
}

void drop_addresses(ordered_json& interface) {
  for (const char* family : {"ipv4", "ipv6"}) {
    if (interface.contains(family)) interface[family]["ipAddress"] = ordered_json::array();
  }
}

/// The /64 around the first IPv6 address.
void name_ipv6_subnet(ordered_json& interface) {
  const auto pointer = ordered_json::json_pointer("/ipv6/ipAddress/0/privateIpAddress");
  if (!interface.contains(pointer) || !interface[pointer].is_string()) return;
  const auto address = net::Address::parse(interface[pointer].get<std::string>());
  const auto subnet = address ? net::Prefix::around(*address, 64) : net::pass_on(address);
  if (!subnet) return;
  interface["ipv6"]["subnet"] = {{{"address", subnet->network().text()}, {"prefix", "64"}}};
}

template <class Spell>
void respell_mac(ordered_json& interface, Spell spell) {
  if (!interface.contains("macAddress") || !interface["macAddress"].is_string()) return;
  if (const auto mac = net::MacAddress::parse(interface["macAddress"].get<std::string>())) {
    interface["macAddress"] = spell(mac->text());
  }
}

std::string upper_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

std::string without_colons(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), ':'), text.end());
  return text;
}

}  // namespace

net::Result<ordered_json> read_instance(std::string_view json) {
  auto document = ordered_json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return net::failure(EINVAL, "the document is not valid JSON");
  if (document.is_array()) document = ordered_json{{"interface", std::move(document)}};
  if (!document.is_object()) {
    return net::failure(EINVAL, "the document is neither an instance, a network nor a list of interfaces");
  }
  if (document.contains("interface")) document = ordered_json{{"network", std::move(document)}};
  make_leaves_strings(document);
  return document;
}

ordered_json altered(ordered_json instance, Fault::Kind kind) {
  switch (kind) {
    case Fault::Kind::no_network:
      instance.erase("network");
      break;
    case Fault::Kind::no_addresses:
      each_interface(instance, drop_addresses);
      break;
    case Fault::Kind::reorder_nics:
      if (const auto pointer = ordered_json::json_pointer("/network/interface"); instance.contains(pointer)) {
        std::reverse(instance[pointer].begin(), instance[pointer].end());
      }
      break;
    case Fault::Kind::ipv6_subnet:
      each_interface(instance, name_ipv6_subnet);
      break;
    case Fault::Kind::mac_colons:
      each_interface(instance, [](ordered_json& interface) { respell_mac(interface, upper_case); });
      break;
    case Fault::Kind::mac_lower_case:
      each_interface(instance, [](ordered_json& interface) { respell_mac(interface, without_colons); });
      break;
    default:
      break;
  }
  return instance;
}

ordered_json as_of(ordered_json instance, std::string_view api_version) {
  ordered_json shown = ordered_json::object();
  for (auto& [part, value] : instance.items()) {
    if (!value.is_object()) {
      shown[part] = std::move(value);
      continue;
    }
    shown[part] = ordered_json::object();
    for (auto& [name, field] : value.items()) {
      if (field_since(fmt::format("{}/{}", part, name)) <= api_version) shown[part][name] = std::move(field);
    }
  }
  return shown;
}

}  // namespace simulator
