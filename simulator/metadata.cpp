#include "simulator/metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "net/address.h"
#include "net/foreign_text.h"
#include "net/mac_address.h"
#include "net/prefix.h"

namespace simulator {
namespace {

constexpr auto kVersions = std::to_array<std::string_view>(
    {"2017-03-01", "2017-04-02", "2017-08-01", "2017-10-01", "2017-12-01", "2018-02-01", "2018-04-02",
     "2018-10-01", "2019-02-01", "2019-03-11", "2019-04-30", "2019-06-01", "2019-06-04", "2019-08-01",
     "2019-08-15", "2019-11-01", "2020-06-01", "2020-07-15", "2020-09-01", "2020-10-01", "2020-12-01",
     "2021-01-01", "2021-02-01", "2021-03-01", "2021-05-01", "2021-08-01", "2021-10-01", "2021-11-01",
     "2021-11-15", "2021-12-13", "2023-07-01", "2023-11-15", "2024-03-15", "2024-07-17", "2025-04-07"});

struct Field {
  std::string_view path;
  std::string_view since;
};

constexpr std::string_view kFirstWithFields = "2017-04-02";

constexpr auto kFields = std::to_array<Field>({{"compute/subscriptionId", "2017-08-01"},
                                               {"compute/resourceGroupName", "2017-08-01"},
                                               {"compute/tags", "2017-08-01"},
                                               {"compute/placementGroupId", "2017-08-01"},
                                               {"compute/vmScaleSetName", "2017-12-01"},
                                               {"compute/zone", "2017-12-01"},
                                               {"compute/azEnvironment", "2018-10-01"},
                                               {"compute/provider", "2018-10-01"},
                                               {"compute/resourceId", "2019-03-11"},
                                               {"compute/storageProfile", "2019-06-01"},
                                               {"compute/tagsList", "2019-06-04"},
                                               {"compute/osProfile", "2020-07-15"},
                                               {"compute/virtualMachineScaleSet", "2021-03-01"},
                                               {"compute/platformSubFaultDomain", "2021-10-01"},
                                               {"compute/physicalZone", "2023-11-15"}});

}  // namespace

std::span<const std::string_view> api_versions() { return kVersions; }

bool is_api_version(std::string_view text) {
  return std::find(kVersions.begin(), kVersions.end(), text) != kVersions.end();
}

std::string_view field_since(std::string_view path) {
  const auto* const field =
      std::find_if(kFields.begin(), kFields.end(), [path](const Field& each) { return each.path == path; });
  return field == kFields.end() ? kFirstWithFields : field->since;
}

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

namespace {

constexpr unsigned kNotFound = 404;
constexpr unsigned kMethodNotAllowed = 405;

/// The text is documented; clients print it.
Response bad_version() {
  const auto all = api_versions();
  ordered_json newest = ordered_json::array();
  for (std::size_t i = 1; i <= 3; ++i) newest.push_back(all[all.size() - i]);
  const ordered_json body = {
      {"error",
       "Bad request. api-version is invalid or was not specified in the request. For more "
       "information refer to aka.ms/azureimds"},
      {"newest-versions", std::move(newest)}};
  return {.status = kBadRequest, .body = body.dump()};
}

Response versions() {
  ordered_json all = ordered_json::array();
  for (const auto version : api_versions()) all.push_back(version);
  return {.body = ordered_json{{"apiVersions", std::move(all)}}.dump()};
}

/// The element below `root` that the segments lead to; null when there is none.
const ordered_json* walk(const ordered_json& root, const std::vector<std::string>& path, std::size_t from) {
  const ordered_json* at = &root;
  for (auto segment = path.begin() + static_cast<std::ptrdiff_t>(from); segment != path.end(); ++segment) {
    if (at->is_object() && at->contains(*segment)) {
      at = &at->at(*segment);
      continue;
    }
    std::size_t index = 0;
    const char* end = segment->data() + segment->size();
    const auto [stop, error] = std::from_chars(segment->data(), end, index);
    if (!at->is_array() || error != std::errc{} || stop != end || index >= at->size()) return nullptr;
    at = &at->at(index);
  }
  return at;
}

/// The names below a container, one a line, containers with a slash; a leaf itself.
std::string listing(const ordered_json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_structured()) return {};
  std::string lines;
  for (const auto& [name, member] : value.items()) {
    if (!lines.empty()) lines += '\n';
    lines += name;
    if (member.is_structured()) lines += '/';
  }
  return lines;
}

Response instance_part(const Target& target, const ordered_json& instance) {
  const auto* version = target.parameter("api-version");
  if (version == nullptr || !is_api_version(*version)) return bad_version();
  const auto* format = target.parameter("format");
  const bool text = format != nullptr && *format == "text";
  if (format != nullptr && !text && *format != "json") {
    return refusal(kBadRequest, "Bad request. format is neither json nor text");
  }
  const auto shown = as_of(instance, *version);
  const auto* part = walk(shown, target.path, 2);
  if (part == nullptr) return refusal(kNotFound, "Not found");
  if (text) return {.body = listing(*part), .content_type = "text/plain; charset=utf-8"};
  if (!part->is_structured()) {
    return refusal(kBadRequest, "Bad request. The requested element is a leaf: specify format=text");
  }
  return {.body = part->dump()};
}

/// What IMDS refuses whatever it is asked for; nullopt: nothing.
std::optional<Response> refused(const Request& request, const Target& target) {
  if (request.method != "GET") return refusal(kMethodNotAllowed, "Method not allowed");
  const auto* header = find_header(request.headers, "Metadata");
  if (header == nullptr || !net::same_ignoring_case(*header, "true")) {
    return refusal(kBadRequest, "Bad request. Required metadata header not specified");
  }
  if (find_header(request.headers, "X-Forwarded-For") != nullptr) {
    return refusal(kBadRequest, "Bad request. X-Forwarded-For is not allowed");
  }
  if (target.names_one_twice()) return refusal(kBadRequest, "Bad request. A query parameter is given twice");
  return std::nullopt;
}

/// Those of Scheduled Events: a list of its own.
constexpr std::array<std::string_view, 5> kEventVersions = {"2017-08-01", "2017-11-01", "2019-01-01",
                                                            "2019-08-01", "2020-07-01"};

}  // namespace

Response refusal(unsigned status, const char* error) {
  return {.status = status, .body = ordered_json{{"error", error}}.dump()};
}

Response answer_metadata(const Request& request, const Target& target, const ordered_json& instance) {
  if (auto no = refused(request, target)) return *std::move(no);
  if (target.is_below({"metadata", "versions"}) && target.path.size() == 2) return versions();
  if (target.is_below({"metadata", "instance"})) return instance_part(target, instance);
  return refusal(kNotFound, "Not found");
}

Response answer_scheduled_events(const Request& request, const Target& target, const ordered_json& events) {
  if (auto no = refused(request, target)) return *std::move(no);
  const auto* version = target.parameter("api-version");
  if (version == nullptr ||
      std::find(kEventVersions.begin(), kEventVersions.end(), *version) == kEventVersions.end())
    return bad_version();
  return {.body = events.dump()};
}

}  // namespace simulator
