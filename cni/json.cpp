#include "cni/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace cni {
namespace {

using nlohmann::json;

// What Go's decoder takes, which all plug-ins and runtimes share: maxNestingDepth in
// https://github.com/golang/go/blob/master/src/encoding/json/scanner.go
constexpr int kMaximumDepth = 10'000;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

const json kNothing;

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

/// "line 3, column 7", both from 1, the column in bytes.
std::string place(std::string_view before) {
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto last_break = before.rfind('\n');
  const auto column = last_break == std::string_view::npos ? before.size() + 1 : before.size() - last_break;
  return fmt::format("line {}, column {}", line, column);
}

}  // namespace

net::Result<json> parse_json(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return net::failure(EBADMSG, "is empty: half written?");
  }
  // Go's decoder, which all plug-ins and runtimes share, refuses what ours would skip.
  if (text.starts_with(kByteOrderMark)) {
    return net::failure(EBADMSG, "is not valid JSON at line 1, column 1: it begins with a byte order mark");
  }
  if (is_too_deep(text)) {
    return net::failure(EBADMSG, fmt::format("is nested deeper than {} levels", kMaximumDepth));
  }
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    if (error.byte > text.size()) {
      return net::failure(EBADMSG, fmt::format("ends too early, at {}: half written?", place(text)));
    }
    const auto good = text.substr(0, error.byte == 0 ? 0 : error.byte - 1);
    return net::failure(EBADMSG, fmt::format("is not valid JSON at {}", place(good)));
  } catch (const json::exception&) {
    return net::failure(EBADMSG, "is not valid JSON: a number is out of range");
  }
}

const json& at(const json& value, const char* key) {
  if (!value.is_object()) return kNothing;
  const auto found = value.find(key);
  return found == value.end() ? kNothing : *found;
}

const json& first_of(const json& value) {
  return value.is_array() && !value.empty() ? value.front() : kNothing;
}

const std::string& text_of(const json& value) {
  static const std::string kNone;
  return value.is_string() ? value.get_ref<const std::string&>() : kNone;
}

}  // namespace cni
