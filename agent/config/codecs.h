#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "agent/config/raw_value.h"
#include "agent/config/toml_file.h"

namespace agent {

/// How the values of a key are read and printed. Four shapes; a codec of one of them is a value, and what
/// tells one key from another (words, limits, meaning) is data in it.

/// A TOML string that stands for a T.
template <class T>
struct TextCodec {
  std::string wanted;  ///< "a CIDR in quotes such as …"
  std::function<tl::expected<T, std::string>(std::string_view)> parse;
  std::function<std::string(const T&)> print;
};

struct IntegerCodec {
  std::int64_t least;
  std::int64_t most;
  /// Why a number within the limits is refused all the same.
  std::optional<std::string> (*refusal)(std::int64_t);
};

/// TOML's own true and false.
struct BooleanCodec {};

template <class T>
struct ListCodec {
  std::string wanted;
  TextCodec<T> element;
};

/// How text from the environment or the command line becomes a value.
enum class Shape : std::uint8_t { text, integer, boolean, list };

template <class T>
constexpr Shape shape_of(const TextCodec<T>&) {
  return Shape::text;
}
constexpr Shape shape_of(const IntegerCodec&) { return Shape::integer; }
constexpr Shape shape_of(const BooleanCodec&) { return Shape::boolean; }
template <class T>
constexpr Shape shape_of(const ListCodec<T>&) {
  return Shape::list;
}

/// What became of reading one value.
struct ParseResult {
  std::vector<ConfigIssue> issues;
  /// Of each element that was taken, in order: for checks across keys.
  std::vector<SourceLocation> elements;
};

ConfigIssue wrong_type(const RawValue& raw, std::string_view wanted);

/// The number, unless it is none, too small, too large or refused.
std::optional<std::int64_t> read_integer(const IntegerCodec& codec, const RawValue& raw, ParseResult& result);

template <class T>
void read(const TextCodec<T>& codec, const RawValue& raw, T& target, ParseResult& result) {
  const auto* text = std::get_if<std::string>(&raw.value);
  if (text == nullptr) {
    result.issues.push_back(wrong_type(raw, codec.wanted));
  } else if (auto parsed = codec.parse(*text)) {
    target = *std::move(parsed);
  } else {
    result.issues.push_back({raw.location, parsed.error()});
  }
}

template <class T>
void read(const IntegerCodec& codec, const RawValue& raw, T& target, ParseResult& result) {
  if (const auto number = read_integer(codec, raw, result)) target = static_cast<T>(*number);
}

inline void read(const BooleanCodec&, const RawValue& raw, bool& target, ParseResult& result) {
  if (const auto* boolean = std::get_if<bool>(&raw.value)) {
    target = *boolean;
  } else {
    result.issues.push_back(wrong_type(raw, "true or false"));
  }
}

template <class T, class List>
void read(const ListCodec<T>& codec, const RawValue& raw, List& target, ParseResult& result) {
  const auto* list = std::get_if<RawValue::List>(&raw.value);
  if (list == nullptr) {
    result.issues.push_back(wrong_type(raw, codec.wanted));
    return;
  }
  std::vector<T> elements;
  elements.reserve(list->size());
  result.elements.reserve(list->size());
  for (const auto& each : *list) {
    const auto faults = result.issues.size();
    T element{};
    read(codec.element, each, element, result);
    if (result.issues.size() > faults) continue;
    elements.push_back(std::move(element));
    result.elements.push_back(each.location);
  }
  target = std::move(elements);
}

template <class T>
std::string print(const TextCodec<T>& codec, const T& value) {
  return toml_quoted(codec.print(value));
}

template <class T>
std::string print(const IntegerCodec&, const T& value) {
  return std::to_string(value);
}

inline std::string print(const BooleanCodec&, const bool& value) { return value ? "true" : "false"; }

template <class T, class List>
std::string print(const ListCodec<T>& codec, const List& values) {
  std::string text;
  for (const auto& each : values) text += (text.empty() ? "" : ", ") + print(codec.element, each);
  return "[" + text + "]";
}

/// The same as text for --set, which raw_of_text() reads.
template <class T>
std::string print_setting(const TextCodec<T>& codec, const T& value) {
  return codec.print(value);
}

template <class Codec, class T>
std::string print_setting(const Codec& codec, const T& value) {
  return print(codec, value);
}

template <class T, class List>
std::string print_setting(const ListCodec<T>& codec, const List& values) {
  std::string text;
  for (const auto& each : values) text += (text.empty() ? "" : ",") + print_setting(codec.element, each);
  return text;
}

/// The text of an environment variable or of --set as a value; never fails: what is no integer or boolean
/// stays a string and is refused by its key.
RawValue raw_of_text(Shape shape, std::string_view text, const SourceLocation& location);

}  // namespace agent
