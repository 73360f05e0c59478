#include "arm/security_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "arm/documents.h"
#include "arm/resource_id.h"
#include "json/json.h"
#include "net/foreign_text.h"

namespace arm {
namespace {

using json::at;

constexpr std::size_t kQuoted = 80;
constexpr std::uint16_t kLastPort = 65535;
constexpr std::uint32_t kLastPriority = 65535;

/// Of a rule, in the singular or the plural: ARM fills one of the two, or both where one has a single entry.
struct Field {
  const char* one;
  const char* several;
};

/// The texts of both, without those that are empty.
net::Result<std::vector<std::string>> texts_of(const json::Value& properties, const Field& field) {
  std::vector<std::string> all;
  const auto add = [&all](const json::Value& value) {
    if (!value.is_string()) return false;
    if (auto text = json::text(value); !text.empty()) all.push_back(std::move(text));
    return true;
  };
  const json::Value& one = at(properties, field.one);
  if (!one.is_null() && !add(one))
    return net::failure(EBADMSG, fmt::format("its \"{}\" is no text", field.one));
  const json::Value& several = at(properties, field.several);
  const bool is_list = several.is_null() || several.is_array();
  if (!is_list || !std::all_of(json::entries(several).begin(), json::entries(several).end(), add))
    return net::failure(EBADMSG, fmt::format("its \"{}\" is no list of texts", field.several));
  return all;
}

/// A CIDR or a single address; nullopt for the name of a service tag.
std::optional<net::Prefix> network_of(const std::string& text) {
  if (const auto address = net::Address::parse(text)) return net::Prefix::host(*address);
  return prefix_of(text);
}

/// Service tags are words, with a dot before a region: what is none of them is not understood.
bool is_tag(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

net::Result<observed::AzureAddresses> addresses_of(const json::Value& properties, const Field& prefixes,
                                                   const char* groups) {
  const auto texts = texts_of(properties, prefixes);
  if (!texts) return net::pass_on(texts);
  observed::AzureAddresses addresses;
  for (const auto& text : *texts) {
    if (text == "*" || net::same_ignoring_case(text, "any")) {
      addresses.any = true;
    } else if (const auto network = network_of(text)) {
      addresses.prefixes.push_back(*network);
    } else if (is_tag(text)) {
      addresses.tags.push_back(text);
    } else {
      return net::failure(EBADMSG, fmt::format("its \"{}\" has '{}', which is no network", prefixes.one,
                                               net::foreign_text(text, kQuoted)));
    }
  }
  for (const json::Value& entry : json::entries(at(properties, groups))) {
    const auto id = json::text(at(entry, "id"));
    addresses.groups.push_back(id.substr(id.find_last_of('/') + 1));
  }
  if (!addresses.any && addresses.prefixes.empty() && addresses.tags.empty() && addresses.groups.empty())
    return net::failure(EBADMSG, fmt::format("it has no \"{}\"", prefixes.one));
  return addresses;
}

/// "80", "1-65535", "*"
std::optional<net::PortRange> ports_of(std::string_view text) {
  if (text == "*") return net::PortRange{.first = 0, .last = kLastPort};
  const auto dash = std::min(text.find('-'), text.size());
  const auto first = net::parse_number<std::uint16_t>(text.substr(0, dash));
  const auto last = dash == text.size() ? first : net::parse_number<std::uint16_t>(text.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return net::PortRange{.first = *first, .last = *last};
}

net::Result<std::vector<net::PortRange>> port_ranges_of(const json::Value& properties, const Field& field) {
  const auto texts = texts_of(properties, field);
  if (!texts) return net::pass_on(texts);
  if (texts->empty()) return net::failure(EBADMSG, fmt::format("it has no \"{}\"", field.one));
  std::vector<net::PortRange> ranges;
  for (const auto& text : *texts) {
    const auto range = ports_of(text);
    if (!range) {
      return net::failure(EBADMSG, fmt::format("its \"{}\" has '{}', which is no range of ports", field.one,
                                               net::foreign_text(text, kQuoted)));
    }
    ranges.push_back(*range);
  }
  return ranges;
}

/// A word of a list, in any case.
template <class Enum, std::size_t Size>
net::Result<Enum> word_of(const json::Value& properties, const char* key,
                          const std::array<net::Named<Enum>, Size>& names) {
  const auto text = json::text(at(properties, key));
  for (const auto& each : names) {
    if (net::same_ignoring_case(each.name, text)) return each.value;
  }
  return net::failure(EBADMSG, fmt::format("its \"{}\" is '{}'", key, net::foreign_text(text, kQuoted)));
}

net::Result<std::uint32_t> priority_of(const json::Value& properties) {
  const json::Value& value = at(properties, "priority");
  if (!value.is_number_unsigned() || value > kLastPriority)
    return net::failure(EBADMSG, "its \"priority\" is no priority");
  return value.get<std::uint32_t>();
}

net::Result<observed::AzureSecurityRule> rule_of(const json::Value& entry) {
  const json::Value& properties = at(entry, "properties");
  const auto priority = priority_of(properties);
  if (!priority) return net::pass_on(priority);
  const auto direction = word_of(properties, "direction", observed::kAzureDirectionNames);
  if (!direction) return net::pass_on(direction);
  const auto access = word_of(properties, "access", observed::kAzureAccessNames);
  if (!access) return net::pass_on(access);
  const auto protocol = word_of(properties, "protocol", observed::kAzureProtocolNames);
  if (!protocol) return net::pass_on(protocol);
  auto source = addresses_of(properties, {"sourceAddressPrefix", "sourceAddressPrefixes"},
                             "sourceApplicationSecurityGroups");
  if (!source) return net::pass_on(source);
  auto destination = addresses_of(properties, {"destinationAddressPrefix", "destinationAddressPrefixes"},
                                  "destinationApplicationSecurityGroups");
  if (!destination) return net::pass_on(destination);
  auto source_ports = port_ranges_of(properties, {"sourcePortRange", "sourcePortRanges"});
  if (!source_ports) return net::pass_on(source_ports);
  auto destination_ports = port_ranges_of(properties, {"destinationPortRange", "destinationPortRanges"});
  if (!destination_ports) return net::pass_on(destination_ports);
  return observed::AzureSecurityRule{.name = json::text(at(entry, "name")),
                                     .priority = *priority,
                                     .direction = *direction,
                                     .access = *access,
                                     .protocol = *protocol,
                                     .source = *std::move(source),
                                     .destination = *std::move(destination),
                                     .source_ports = *std::move(source_ports),
                                     .destination_ports = *std::move(destination_ports)};
}

}  // namespace

net::Result<observed::AzureSecurityGroup> parse_security_group(std::string_view text) {
  const auto document = document_of(text);
  if (!document) return net::pass_on(document);
  auto id = id_field(*document, {kSecurityGroup.type});
  if (!id) return net::pass_on(id);
  const auto properties = properties_field(*document);
  if (!properties) return net::pass_on(properties);
  observed::AzureSecurityGroup group{.id = *std::move(id), .rules = {}};
  for (const char* key : {"securityRules", "defaultSecurityRules"}) {
    const json::Value& list = at(**properties, key);
    if (!list.is_array()) return net::failure(EBADMSG, fmt::format("it has no list of \"{}\"", key));
    for (const json::Value& entry : json::entries(list)) {
      auto rule = rule_of(entry);
      if (!rule) {
        return net::failure(EBADMSG,
                            fmt::format("rule '{}': {}", json::text(at(entry, "name")), rule.error().what));
      }
      group.rules.push_back(*std::move(rule));
    }
  }
  std::stable_sort(group.rules.begin(), group.rules.end(),
                   [](const auto& one, const auto& other) { return one.priority < other.priority; });
  return group;
}

}  // namespace arm
