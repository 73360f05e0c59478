#include "imds/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "json/json.h"
#include "net/foreign_text.h"

namespace imds {
namespace {

using json::at;

constexpr unsigned kIpv6SubnetLength = 64;

/// A leaf, sanitized: IMDS makes every leaf a string, imitations do not.
std::string text(const json::Value& value) {
  return value.is_number() || value.is_boolean() ? value.dump() : json::text(value);
}

template <class T>
void add_once(std::vector<T>& all, const T& one) {
  if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
}

std::optional<net::Prefix> subnet(const json::Value& entry) {
  const auto address = net::Address::parse(text(at(entry, "address")));
  const auto digits = text(at(entry, "prefix"));
  const char* end = digits.data() + digits.size();
  unsigned length = 0;
  const auto [stop, error] = std::from_chars(digits.data(), end, length);
  if (!address || error != std::errc{} || stop != end || length == 0) return std::nullopt;
  const auto network = net::Prefix::around(*address, length);
  return network ? std::optional(*network) : std::nullopt;
}

std::optional<observed::Nic> nic(const json::Value& interface) {
  const auto mac = net::MacAddress::parse(text(at(interface, "macAddress")));
  if (!mac) return std::nullopt;
  observed::Nic nic{.mac = *mac, .addresses = {}, .subnets = {}};
  for (const char* family : {"ipv4", "ipv6"}) {
    const json::Value& block = at(interface, family);
    for (const json::Value& entry : json::entries(at(block, "ipAddress"))) {
      const auto address = net::Address::parse(text(at(entry, "privateIpAddress")));
      if (address) add_once(nic.addresses, *address);
    }
    for (const json::Value& entry : json::entries(at(block, "subnet"))) {
      if (const auto network = subnet(entry)) add_once(nic.subnets, *network);
    }
  }
  for (const auto& address : nic.addresses) {
    if (address.family() == net::Family::ipv6 && !nic.subnet_of(address)) {
      nic.subnets.push_back(*net::Prefix::around(address, kIpv6SubnetLength));
    }
  }
  return nic;
}

observed::NodeIdentity identity(const json::Value& compute) {
  return {.name = text(at(compute, "name")),
          .computer_name = text(at(at(compute, "osProfile"), "computerName")),
          .vm_id = text(at(compute, "vmId")),
          .resource_id = text(at(compute, "resourceId")),
          .location = text(at(compute, "location")),
          .vm_scale_set = text(at(compute, "vmScaleSetName")),
          .environment = text(at(compute, "azEnvironment"))};
}

/// The list of interfaces in any of the three shapes; null when the document has none.
const json::Value& interfaces(const json::Value& document) {
  if (document.is_array()) return document;
  if (const json::Value& network = at(document, "network"); network.is_object())
    return at(network, "interface");
  return at(document, "interface");
}

/// What a document without any list of interfaces lacks.
std::string missing(const json::Value& document) {
  if (!document.is_object()) return "is no object";
  if (const auto error = text(at(document, "error")); !error.empty()) {
    return "holds an error instead of metadata: " + net::foreign_text(error, 200);
  }
  if (!document.contains("network") && !document.contains("interface")) return "has no \"network\"";
  if (document.contains("network") && !document["network"].is_object()) return "has an empty \"network\"";
  return "has no list of interfaces in \"network\"";
}

tl::unexpected<net::Error> unusable(std::string_view what) {
  return net::failure(EBADMSG, fmt::format("the metadata document {}", what));
}

}  // namespace

net::Result<observed::NodeNetwork> parse(std::string_view text) {
  const auto parsed = json::parse(text, json::kStrict);
  if (!parsed) return unusable("cannot be read: " + parsed.error().what);
  const json::Value& document = *parsed;
  const json::Value& list = interfaces(document);
  if (!list.is_array()) return unusable(missing(document));
  if (list.empty()) return unusable("lists no interface");

  observed::NodeNetwork node{.identity = identity(at(document, "compute")), .nics = {}};
  for (const json::Value& entry : list) {
    if (auto one = nic(entry)) node.nics.push_back(std::move(*one));
  }
  if (node.nics.empty()) {
    return unusable(fmt::format("gives none of its {} interface(s) a MAC address", list.size()));
  }
  const auto has_address = [](const observed::Nic& each) { return !each.addresses.empty(); };
  if (std::none_of(node.nics.begin(), node.nics.end(), has_address)) {
    return unusable(fmt::format("gives none of its {} interface(s) an address", node.nics.size()));
  }
  return node;
}

}  // namespace imds
