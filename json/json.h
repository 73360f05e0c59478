#pragma once

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "net/error.h"

namespace json {

using Value = nlohmann::json;

struct Limits {
  std::size_t depth = 64;
  bool unique_keys = false;  ///< parsers differ on which of two counts
  /// A value of two bytes takes forty in memory. ARM's documents have 40 bytes a value: 4 MiB are 105,000 of
  /// them.
  std::size_t values = 200'000;
};

/// For documents that a program writes, none of which has more than 8 levels.
inline constexpr Limits kStrict{.depth = 32, .unique_keys = true};

/// For what the node's own tools print.
inline constexpr Limits kAnyLength{.values = std::numeric_limits<std::size_t>::max()};

/// One well-formed UTF-8 document. EBADMSG with the place for anything else, and for what is past a limit.
net::Result<Value> parse(std::string_view text, Limits limits = {});

/// The document of a file. The error is a predicate of the file ("is not valid JSON at line 3, column 7") and
/// holds no word of the text. As Go's decoder, by which container runtimes read the same files: no byte order
/// mark, at most 10,000 levels, and the last of two equal keys counts.
net::Result<Value> parse_file(std::string_view text);

/// The member, or null where there is none or `value` is no object.
const Value& at(const Value& value, const char* key);

/// The elements of an array; none for any other type.
const Value::array_t& entries(const Value& value);

/// The string as it is, to be judged by whoever uses it; empty for any other type.
const std::string& string(const Value& value);

/// The string as net::foreign_text() has it; empty for any other type.
std::string text(const Value& value);

}  // namespace json
