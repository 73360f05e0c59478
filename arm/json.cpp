#include "arm/json.h"

#include "net/foreign_text.h"

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
  constexpr std::size_t kLongestText = 2048;  // an id's, the longest that ARM lets be
  return value.is_string() ? net::foreign_text(value.get_ref<const std::string&>(), kLongestText)
                           : std::string();
}

std::string exact_text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

const json::array_t& entries(const json& value) {
  static const json::array_t kNone;
  return value.is_array() ? value.get_ref<const json::array_t&>() : kNone;
}

}  // namespace arm
