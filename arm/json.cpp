#include "arm/json.h"

namespace arm {

using nlohmann::json;

json read_json(std::string_view text) { return json::parse(text, nullptr, false); }

const json& member(const json& value, const char* key) {
  static const json kNone;
  if (!value.is_object()) return kNone;
  const auto found = value.find(key);
  return found == value.end() ? kNone : *found;
}

const json& member(const json& value, const char* key, const char* other) {
  const json& first = member(value, key);
  return first.is_null() ? member(value, other) : first;
}

std::string text_of(const json& value) {
  constexpr std::string_view kBlank = " \t\r\n";
  if (!value.is_string()) return {};
  const auto& whole = value.get_ref<const std::string&>();
  const auto first = whole.find_first_not_of(kBlank);
  if (first == std::string::npos) return {};
  return whole.substr(first, whole.find_last_not_of(kBlank) - first + 1);
}

const json::array_t& entries(const json& value) {
  static const json::array_t kNone;
  return value.is_array() ? value.get_ref<const json::array_t&>() : kNone;
}

}  // namespace arm
