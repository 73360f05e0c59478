#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "agent/config/given.h"
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
struct Reading {
  std::vector<Issue> issues;
  /// Of each element that was taken, in order: for checks across keys.
  std::vector<Place> elements;
};

Issue wrong_type(const Given& given, std::string_view wanted);

/// The number, unless it is none, too small, too large or refused.
std::optional<std::int64_t> read_integer(const IntegerCodec& codec, const Given& given, Reading& reading);

template <class T>
void read(const TextCodec<T>& codec, const Given& given, T& target, Reading& reading) {
  const auto* text = std::get_if<std::string>(&given.value);
  if (text == nullptr) {
    reading.issues.push_back(wrong_type(given, codec.wanted));
  } else if (auto parsed = codec.parse(*text)) {
    target = *std::move(parsed);
  } else {
    reading.issues.push_back({given.place, parsed.error()});
  }
}

template <class T>
void read(const IntegerCodec& codec, const Given& given, T& target, Reading& reading) {
  if (const auto number = read_integer(codec, given, reading)) target = static_cast<T>(*number);
}

inline void read(const BooleanCodec&, const Given& given, bool& target, Reading& reading) {
  if (const auto* boolean = std::get_if<bool>(&given.value)) {
    target = *boolean;
  } else {
    reading.issues.push_back(wrong_type(given, "true or false"));
  }
}

template <class T, class List>
void read(const ListCodec<T>& codec, const Given& given, List& target, Reading& reading) {
  const auto* list = std::get_if<Given::List>(&given.value);
  if (list == nullptr) {
    reading.issues.push_back(wrong_type(given, codec.wanted));
    return;
  }
  std::vector<T> elements;
  elements.reserve(list->size());
  reading.elements.reserve(list->size());
  for (const auto& each : *list) {
    const auto faults = reading.issues.size();
    T element{};
    read(codec.element, each, element, reading);
    if (reading.issues.size() > faults) continue;
    elements.push_back(std::move(element));
    reading.elements.push_back(each.place);
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

/// The same as text for --set, which given_text() reads.
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
Given given_text(Shape shape, std::string_view text, const Place& place);

}  // namespace agent
