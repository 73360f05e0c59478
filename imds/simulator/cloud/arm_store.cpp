#include "imds/simulator/cloud/arm_store.h"

#include <fmt/format.h>

#include <utility>

namespace imds::simulator::cloud {
namespace {

constexpr std::size_t kGroupSegments = 4;  // /subscriptions/S/resourceGroups/RG

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

const nlohmann::ordered_json* ArmStore::find(const Target& target) const {
  const auto found = by_id_.find(key_of(target));
  return found == by_id_.end() ? nullptr : &found->second;
}

bool ArmStore::has_group(const Target& target) const {
  const auto group = key_of(target, kGroupSegments);
  const auto found = by_id_.lower_bound(group);
  return found != by_id_.end() && found->first.substr(0, group.size()) == group;
}

}  // namespace imds::simulator::cloud
