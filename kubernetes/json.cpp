#include "kubernetes/json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace kubernetes {
namespace {

using nlohmann::json;

constexpr int kMaximumDepth = 64;  // a Node has about 10, of managedFields

/// Counted before parsing: what is nested is only as deep as the brackets outside of strings.
bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth > kMaximumDepth) return true;
  }
  return false;
}

}  // namespace

net::Result<json> parse_json(std::string_view text) {
  if (is_too_deep(text)) {
    return net::failure(EBADMSG, fmt::format("nested deeper than {} levels", kMaximumDepth));
  }
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    return net::failure(EBADMSG, fmt::format("not valid JSON at byte {}", error.byte));
  } catch (const json::exception&) {
    return net::failure(EBADMSG, "not valid JSON: a number is out of range");
  }
}

const json& at(const json& value, const char* key) {
  static const json kNone;
  if (!value.is_object()) return kNone;
  const auto found = value.find(key);
  return found == value.end() ? kNone : *found;
}

const std::string& text_of(const json& value) {
  static const std::string kNone;
  return value.is_string() ? value.get_ref<const std::string&>() : kNone;
}

}  // namespace kubernetes
