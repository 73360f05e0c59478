#include "agent/log/json_line.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace agent {

std::string json_members(const Event& event) {
  nlohmann::ordered_json members;
  members["message"] = event.message;
  if (const auto* kind = find_kind(event.kind)) members["event"] = kind->name;
  for (const auto& field : event.fields) {
    std::string name(field.name);
    const auto lower = [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    std::transform(name.begin(), name.end(), name.begin(), lower);
    members[name] = field.value;
  }
  constexpr int kCompact = -1;
  const auto object =
      members.dump(kCompact, ' ', /*ensure_ascii=*/false, nlohmann::ordered_json::error_handler_t::replace);
  return object.substr(1);
}

}  // namespace agent
