#include "imds/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "imds/strict_json.h"
#include "net/foreign_text.h"

namespace imds {
namespace {

using nlohmann::json;

constexpr unsigned kIpv6SubnetLength = 64;
constexpr std::size_t kLongestText = 2048;  // an id's, the longest that Azure Resource Manager lets be

/// The member, or null where there is none or `value` is no object.
const json& at(const json& value, const char* key) {
  static const json kNone;
  if (!value.is_object()) return kNone;
  const auto found = value.find(key);
  return found == value.end() ? kNone : *found;
}

/// The entries of an array; nothing for null, a missing member or another type.
const json::array_t& entries(const json& value) {
  static const json::array_t kNone;
  return value.is_array() ? value.get_ref<const json::array_t&>() : kNone;
}

/// A leaf as net::foreign_text() has it: IMDS makes every leaf a string, imitations do not.
std::string text(const json& value) {
  if (value.is_number() || value.is_boolean()) return value.dump();
  if (!value.is_string()) return {};
  return net::foreign_text(value.get_ref<const std::string&>(), kLongestText);
}

template <class T>
void add_once(std::vector<T>& all, const T& one) {
  if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
}

std::optional<net::Prefix> subnet(const json& entry) {
  const auto address = net::Address::parse(text(at(entry, "address")));
  const auto digits = text(at(entry, "prefix"));
  const char* end = digits.data() + digits.size();
  unsigned length = 0;
  const auto [stop, error] = std::from_chars(digits.data(), end, length);
  if (!address || error != std::errc{} || stop != end || length == 0) return std::nullopt;
  const auto network = net::Prefix::around(*address, length);
  return network ? std::optional(*network) : std::nullopt;
}

std::optional<observed::Nic> nic(const json& interface) {
  const auto mac = net::MacAddress::parse(text(at(interface, "macAddress")));
  if (!mac) return std::nullopt;
  observed::Nic nic{.mac = *mac, .addresses = {}, .subnets = {}};
  for (const char* family : {"ipv4", "ipv6"}) {
    const json& block = at(interface, family);
    for (const json& entry : entries(at(block, "ipAddress"))) {
      const auto address = net::Address::parse(text(at(entry, "privateIpAddress")));
      if (address) add_once(nic.addresses, *address);
    }
    for (const json& entry : entries(at(block, "subnet"))) {
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

observed::NodeIdentity identity(const json& compute) {
  return {.name = text(at(compute, "name")),
          .computer_name = text(at(at(compute, "osProfile"), "computerName")),
          .vm_id = text(at(compute, "vmId")),
          .resource_id = text(at(compute, "resourceId")),
          .location = text(at(compute, "location")),
          .vm_scale_set = text(at(compute, "vmScaleSetName")),
          .environment = text(at(compute, "azEnvironment"))};
}

/// The list of interfaces in any of the three shapes; null when the document has none.
const json& interfaces(const json& document) {
  if (document.is_array()) return document;
  if (const json& network = at(document, "network"); network.is_object()) return at(network, "interface");
  return at(document, "interface");
}

/// What a document without any list of interfaces lacks.
std::string missing(const json& document) {
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
  const auto parsed = parse_strictly(text);
  if (!parsed) return unusable("cannot be read: " + parsed.error().what);
  const json& document = *parsed;
  const json& list = interfaces(document);
  if (!list.is_array()) return unusable(missing(document));
  if (list.empty()) return unusable("lists no interface");

  observed::NodeNetwork node{.identity = identity(at(document, "compute")), .nics = {}};
  for (const json& entry : list) {
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
