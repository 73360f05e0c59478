#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "net/error.h"
#include "simulator/message.h"

namespace simulator::cloud {

/// A type of resource, and the versions of its API that Azure has.
struct ResourceType {
  std::string_view name;      ///< "Microsoft.Network/virtualNetworks/subnets"
  std::string_view versions;  ///< "2015-06-15, 2016-03-30", oldest first

  [[nodiscard]] bool has(std::string_view version) const;
};

/// "Microsoft.Network/virtualNetworks/subnets", as the target writes it; without a namespace, that of
/// resource groups.
std::string type_of(const Target& target);

/// Null for a type that the agent and its tests have nothing to do with: any version will do for it.
const ResourceType* known_type(const Target& target);

/// True for what names no resource group: /subscriptions/S/providers/…
bool is_of_subscription(const Target& target);
/// True for a list of resources: of a subscription's, of a group's, or of another resource's children.
bool is_list(const Target& target);
/// True for a list of a subscription's or a group's.
bool is_top_list(const Target& target);

/// The documents that ARM has, by resource id in any case. Not for several threads.
class ArmStore {
 public:
  /// Replaces all by {"/subscriptions/…": {document}, …}; EINVAL, with nothing changed, for anything
  /// else.
  net::Result<void> replace(std::string_view json);
  net::Result<void> replace(nlohmann::ordered_json all);
  [[nodiscard]] std::string text() const { return all_.dump(); }

  /// The document of a resource or a list; also of what only the document of its parent holds, such as a
  /// route of a table. Null when there is none.
  [[nodiscard]] const nlohmann::ordered_json* find(const Target& target) const;
  /// A list that was not stored, of what lies there; nullopt without the resource whose children they are.
  [[nodiscard]] std::optional<nlohmann::ordered_json> list(const Target& target) const;
  /// Whether anything lies in the resource group that the target names.
  [[nodiscard]] bool has_group(const Target& target) const;

 private:
  /// The parent's own list of such children: a route table's "routes". Null when it has none.
  [[nodiscard]] const nlohmann::ordered_json* within_parent(const Target& target) const;

  nlohmann::ordered_json all_ = nlohmann::ordered_json::object();
  std::map<std::string, nlohmann::ordered_json, std::less<>> by_id_;
};

}  // namespace simulator::cloud
