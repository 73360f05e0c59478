#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "net/error.h"
#include "simulator/target.h"

namespace simulator::cloud {

/// The documents that ARM has, by resource id in any case. Not for several threads.
class ArmStore {
 public:
  /// Replaces all by {"/subscriptions/…": {document}, …}; EINVAL, with nothing changed, for anything
  /// else.
  net::Result<void> replace(std::string_view json);
  [[nodiscard]] std::string text() const { return all_.dump(); }

  /// The document of a resource or a list; also of what only the document of its parent holds, such as a
  /// route of a table. Null when there is none.
  [[nodiscard]] const nlohmann::ordered_json* find(const Target& target) const;
  /// A list that nobody stored, of what lies there; nullopt without the resource whose children they are.
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
