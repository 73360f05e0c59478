#include "simulator/cloud/arm_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "net/foreign_text.h"
#include "simulator/cloud/resource_types.h"

namespace simulator::cloud {
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
  auto all = nlohmann::ordered_json::parse(json, nullptr, /*allow_exceptions=*/false);
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
  const auto type = net::lower(type_of(target));
  const auto begin = key_of(target, is_of_subscription(target) ? kSubscriptionSegments : std::string::npos);
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
