#include "simulator/cloud/arm_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "net/foreign_text.h"

namespace simulator::cloud {
namespace {

// /subscriptions/S/resourceGroups/RG/providers/NAMESPACE/TYPE/NAME/CHILD-TYPE/CHILD
// /subscriptions/S/providers/NAMESPACE/TYPE
constexpr std::size_t kGroupsNamespace = 5;
constexpr std::size_t kSubscriptionsNamespace = 3;

// What Azure itself lists when it refuses a version, as people have reported it
// (https://github.com/Azure/azure-cli/issues/28496, networkInterfaces at the end of 2023;
// https://github.com/Azure/azure-sdk-for-python/issues/32029, the scale sets' NICs in August 2023;
// https://github.com/Azure/azure-rest-api-specs/issues/27695, virtualMachineScaleSets/virtualMachines), and
// what has been published since (azure-rest-api-specs, stable).
constexpr std::string_view kNetwork =
    "2014-12-01-preview, 2015-05-01-preview, 2015-06-15, 2016-03-30, 2016-06-01, 2016-07-01, 2016-08-01, "
    "2016-09-01, 2016-10-01, 2016-11-01, 2016-12-01, 2017-03-01, 2017-04-01, 2017-06-01, 2017-08-01, "
    "2017-09-01, 2017-10-01, 2017-11-01, 2018-01-01, 2018-02-01, 2018-03-01, 2018-04-01, 2018-05-01, "
    "2018-06-01, 2018-07-01, 2018-08-01, 2018-10-01, 2018-11-01, 2018-12-01, 2019-02-01, 2019-04-01, "
    "2019-06-01, 2019-07-01, 2019-08-01, 2019-09-01, 2019-11-01, 2019-12-01, 2020-01-01, 2020-03-01, "
    "2020-04-01, 2020-05-01, 2020-06-01, 2020-07-01, 2020-08-01, 2020-11-01, 2021-01-01, 2021-02-01, "
    "2021-03-01, 2021-04-01, 2021-05-01, 2021-06-01, 2021-08-01, 2021-12-01, 2022-01-01, 2022-05-01, "
    "2022-07-01, 2022-09-01, 2022-11-01, 2023-02-01, 2023-04-01, 2023-05-01, 2023-06-01, 2023-09-01, "
    "2023-11-01, 2024-01-01, 2024-03-01, 2024-05-01, 2024-07-01, 2024-10-01, 2025-01-01, 2025-03-01, "
    "2025-05-01, 2025-07-01";
constexpr std::string_view kMachines =
    "2015-05-01-preview, 2015-06-15, 2016-03-30, 2016-04-30-preview, 2016-08-30, 2017-03-30, 2017-12-01, "
    "2018-04-01, 2018-06-01, 2018-10-01, 2019-03-01, 2019-07-01, 2019-12-01, 2020-06-01, 2020-12-01, "
    "2021-03-01, 2021-04-01, 2021-07-01, 2021-11-01, 2022-03-01, 2022-08-01, 2022-11-01, 2023-03-01, "
    "2023-07-01, 2023-09-01, 2024-03-01, 2024-07-01, 2024-11-01, 2025-04-01";
constexpr std::string_view kScaleSets =
    "2015-05-01-preview, 2015-06-15, 2016-03-30, 2016-04-30-preview, 2016-08-30, 2017-03-30, "
    "2017-10-30-preview, 2017-12-01, 2018-04-01, 2018-06-01, 2018-10-01, 2019-03-01, 2019-07-01, "
    "2019-12-01, 2020-06-01, 2020-12-01, 2021-03-01, 2021-04-01, 2021-07-01, 2021-11-01, 2022-03-01, "
    "2022-08-01, 2022-11-01, 2023-03-01, 2023-07-01, 2023-09-01, 2024-03-01, 2024-07-01, 2024-11-01, "
    "2025-04-01";
/// Of Microsoft.Compute, although the documents are those of Microsoft.Network.
constexpr std::string_view kScaleSetNics =
    "2015-05-01-preview, 2015-06-15, 2016-03-30, 2016-04-30-preview, 2016-06-01, 2016-07-01, 2016-08-01, "
    "2016-09-01, 2017-03-30, 2017-12-01, 2018-04-01, 2018-06-01, 2018-10-01, 2019-03-01, 2019-07-01, "
    "2019-12-01, 2020-06-01, 2020-12-01, 2021-03-01, 2021-04-01, 2021-07-01, 2021-11-01, 2022-03-01, "
    "2022-08-01, 2022-11-01, 2023-03-01, 2023-07-01, 2023-09-01, 2024-03-01, 2024-07-01, 2024-11-01, "
    "2025-04-01";

constexpr ResourceType kTypes[] = {
    {"Microsoft.Network/networkInterfaces", kNetwork},
    {"Microsoft.Network/networkSecurityGroups", kNetwork},
    {"Microsoft.Network/routeTables", kNetwork},
    {"Microsoft.Network/routeTables/routes", kNetwork},
    {"Microsoft.Network/virtualNetworks", kNetwork},
    {"Microsoft.Network/virtualNetworks/subnets", kNetwork},
    {"Microsoft.Compute/virtualMachines", kMachines},
    {"Microsoft.Compute/virtualMachineScaleSets", kScaleSets},
    {"Microsoft.Compute/virtualMachineScaleSets/virtualMachines", kScaleSets},
    {"Microsoft.Compute/virtualMachineScaleSets/networkInterfaces", kScaleSetNics},
    {"Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces", kScaleSetNics},
};

/// Where the namespace is, and whether there is one.
std::size_t namespace_of(const Target& target) {
  return is_of_subscription(target) ? kSubscriptionsNamespace : kGroupsNamespace;
}

}  // namespace

bool ResourceType::has(std::string_view version) const {
  const auto found = versions.find(version);
  if (version.empty() || found == std::string_view::npos) return false;
  const auto end = found + version.size();
  return (found == 0 || versions[found - 1] == ' ') && (end == versions.size() || versions[end] == ',');
}

bool is_of_subscription(const Target& target) {
  return target.path.size() > 2 && net::same_ignoring_case(target.path[2], "providers");
}

std::string type_of(const Target& target) {
  const auto begin = namespace_of(target);
  if (target.path.size() <= begin) return "Microsoft.Resources/subscriptions/resourceGroups";
  auto type = target.path[begin];
  for (auto i = begin + 1; i < target.path.size(); i += 2) type += "/" + target.path[i];
  return type;
}

const ResourceType* known_type(const Target& target) {
  const auto type = type_of(target);
  const auto* const found =
      std::find_if(std::begin(kTypes), std::end(kTypes),
                   [&type](const ResourceType& each) { return net::same_ignoring_case(each.name, type); });
  return found == std::end(kTypes) ? nullptr : found;
}

bool is_list(const Target& target) {
  const auto begin = namespace_of(target);
  return target.path.size() > begin + 1 && (target.path.size() - begin) % 2 == 0;
}

bool is_top_list(const Target& target) {
  return is_list(target) && target.path.size() == namespace_of(target) + 2;
}

namespace {

// /subscriptions/S/resourceGroups/RG/providers/NAMESPACE/TYPE/NAME/CHILD-TYPE/CHILD
constexpr std::size_t kSubscriptionSegments = 2;
constexpr std::size_t kGroupSegments = 4;
constexpr std::size_t kChildType = 8;

/// The first segments in lower case, with a slash after each, so that no id begins another by accident.
std::string key_of(const Target& target, std::size_t segments = std::string::npos) {
  std::string key;
  for (const auto& segment : target.path) {
    if (segments-- == 0) break;
    for (const char c : segment) key += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    key += '/';
  }
  return key;
}

/// In lower case; "" for what has none.
std::string name_of(const nlohmann::ordered_json& document) {
  const auto name = document.is_object() ? document.find("name") : document.end();
  return name != document.end() && name->is_string() ? net::lower(name->get<std::string>()) : "";
}

}  // namespace

net::Result<void> ArmStore::replace(std::string_view json) {
  return replace(nlohmann::ordered_json::parse(json, nullptr, /*allow_exceptions=*/false));
}

net::Result<void> ArmStore::replace(nlohmann::ordered_json all) {
  if (all.is_discarded()) return net::failure(EINVAL, "not valid JSON");
  if (!all.is_object()) return net::failure(EINVAL, "ARM's documents are no JSON object of id: document");
  std::map<std::string, nlohmann::ordered_json, std::less<>> by_id;
  for (const auto& [id, document] : all.items()) {
    const auto key = key_of(Target::parse(id));
    if (id.substr(0, 1) != "/" || key.substr(0, 14) != "subscriptions/") {
      return net::failure(EINVAL, fmt::format("'{}' is no resource id: /subscriptions/…", id));
    }
    if (!document.is_object()) return net::failure(EINVAL, fmt::format("{} is no JSON object", id));
    if (!by_id.emplace(key, document).second) {
      return net::failure(EINVAL, fmt::format("{} is there twice: ids are equal in any case", id));
    }
  }
  all_ = std::move(all);
  by_id_ = std::move(by_id);
  return {};
}

const nlohmann::ordered_json* ArmStore::within_parent(const Target& target) const {
  if (target.path.size() <= kChildType) return nullptr;
  const auto parent = by_id_.find(key_of(target, kChildType));
  if (parent == by_id_.end() || !parent->second.contains("properties")) return nullptr;
  const auto& properties = parent->second["properties"];
  if (!properties.is_object()) return nullptr;
  for (const auto& [name, list] : properties.items()) {
    if (list.is_array() && net::same_ignoring_case(name, target.path[kChildType])) return &list;
  }
  return nullptr;
}

const nlohmann::ordered_json* ArmStore::find(const Target& target) const {
  if (const auto own = by_id_.find(key_of(target)); own != by_id_.end()) return &own->second;
  const auto* const siblings = target.path.size() == kChildType + 2 ? within_parent(target) : nullptr;
  if (siblings == nullptr) return nullptr;
  const auto named = [name = net::lower(target.path.back())](const auto& each) {
    return name_of(each) == name;
  };
  const auto found = std::find_if(siblings->begin(), siblings->end(), named);
  return found == siblings->end() ? nullptr : &*found;
}

std::optional<nlohmann::ordered_json> ArmStore::list(const Target& target) const {
  const bool of_children = !is_top_list(target);
  if (of_children && by_id_.count(key_of(target, target.path.size() - 1)) == 0) return std::nullopt;
  auto type = net::lower(type_of(target));
  auto segments = is_of_subscription(target) ? kSubscriptionSegments : std::string::npos;
  // All NICs of a scale set are those of its instances.
  if (type == "microsoft.compute/virtualmachinescalesets/networkinterfaces") {
    type = "microsoft.compute/virtualmachinescalesets/virtualmachines/networkinterfaces";
    segments = kChildType;
  }
  const auto begin = key_of(target, segments);
  auto items = nlohmann::ordered_json::array();
  std::set<std::string> names;
  for (auto each = by_id_.lower_bound(begin); each != by_id_.end(); ++each) {
    if (each->first.substr(0, begin.size()) != begin) break;
    const auto id = Target::parse(each->first);
    if (is_list(id) || net::lower(type_of(id)) != type) continue;
    items.push_back(each->second);
    names.insert(id.path.back());
  }
  if (const auto* const own = of_children ? within_parent(target) : nullptr) {
    for (const auto& each : *own) {
      if (names.count(name_of(each)) == 0) items.push_back(each);
    }
  }
  return nlohmann::ordered_json{{"value", std::move(items)}};
}

bool ArmStore::has_group(const Target& target) const {
  const auto group = key_of(target, kGroupSegments);
  const auto found = by_id_.lower_bound(group);
  return found != by_id_.end() && found->first.substr(0, group.size()) == group;
}

}  // namespace simulator::cloud
