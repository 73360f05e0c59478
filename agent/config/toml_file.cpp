#include "agent/config/toml_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <iterator>
#include <memory>
#include <utility>

#include "net/foreign_text.h"

namespace agent {
namespace {

/// toml++ takes a stack frame for each part of a dotted key, when it parses and again when it frees: a line
/// of 500,000 parts ends the process. A configuration needs one dot in front of a key, at most.
constexpr std::size_t kMostDots = 1000;

/// Dots outside of strings and comments. Strings are taken to end with their line, so that those of more than
/// one line count as well.
std::size_t bare_dots(std::string_view text) {
  std::size_t dots = 0;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      quote = '\0';
    } else if (quote != '\0') {
      if (c == '\\' && quote == '"') ++i;
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#') {
      i = std::min(text.find('\n', i), text.size()) - 1;
    } else if (c == '.') {
      ++dots;
    }
  }
  return dots;
}

using FileName = std::shared_ptr<const std::string>;

SourceLocation location_of(const FileName& name, const toml::source_region& source) {
  return {name, static_cast<std::uint32_t>(source.begin.line),
          static_cast<std::uint32_t>(source.begin.column)};
}

/// Where the byte at `offset` stands.
SourceLocation location_of(const FileName& name, std::string_view text, std::size_t offset) {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  for (const char c : text.substr(0, offset)) {
    const bool continuation = (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
    if (c == '\n') {
      ++line;
      column = 1;
    } else if (!continuation) {
      ++column;
    }
  }
  return {name, line, column};
}

/// Names the kinds that no key takes.
std::string_view kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::floating_point:
      return "a float";
    case toml::node_type::date:
      return "a date";
    case toml::node_type::time:
      return "a time";
    case toml::node_type::date_time:
      return "a date and time";
    case toml::node_type::array:
      return "a list";
    default:
      return "a table";
  }
}

class Converter {
 public:
  explicit Converter(FileName name) : name_(std::move(name)) {}

  [[nodiscard]] RawValue::Table members(const toml::table& table, int depth) const {
    RawValue::Table members;
    for (auto&& [key, node] : table) {
      members.push_back({std::string(std::string_view(key)), raw(node, key_location(key, node), depth)});
    }
    return members;
  }

 private:
  /// toml++ before 3.0 keeps no position of a key.
  template <class Key>
  [[nodiscard]] SourceLocation key_location(const Key& key, const toml::node& node) const {
    if constexpr (requires { key.source(); }) {
      return location_of(name_, key.source());
    } else {
      return location_of(name_, node.source());
    }
  }

  [[nodiscard]] RawValue raw(const toml::node& node, const SourceLocation& location, int depth) const {
    if (const auto* boolean = node.as_boolean()) return {location, boolean->get()};
    if (const auto* integer = node.as_integer()) return {location, integer->get()};
    if (const auto* string = node.as_string()) return {location, string->get()};
    if (const auto* table = node.as_table(); table != nullptr && depth > 0) {
      return {location, members(*table, depth - 1)};
    }
    if (const auto* array = node.as_array(); array != nullptr && depth >= 0) {
      RawValue::List elements;
      elements.reserve(array->size());
      constexpr int kScalarsOnly = -1;
      for (const auto& element : *array) {
        elements.push_back(raw(element, location_of(name_, element.source()), kScalarsOnly));
      }
      return {location, std::move(elements)};
    }
    return {location, RawValue::Other{kind_of(node)}};
  }

  FileName name_;
};

/// The only caller of toml++ that may throw.
TomlFile parsed(std::string_view text, const FileName& name) {
  try {
    constexpr int kSections = 1;
    return {Converter(name).members(toml::parse(text, *name), kSections), std::nullopt};
  } catch (const toml::parse_error& error) {
    return {{}, ConfigIssue{location_of(name, error.source()), std::string(error.description())}};
  }
}

std::string toml_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(quoted), "\\u{:04X}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace

TomlFile parse_toml(std::string_view text, std::string_view file) {
  const auto name = std::make_shared<const std::string>(file);
  const auto valid = net::utf8_prefix(text);
  if (valid < text.size()) {
    const auto byte = static_cast<unsigned char>(text[valid]);
    return {{},
            ConfigIssue{location_of(name, text, valid),
                        fmt::format("the byte {:#04x} is not valid UTF-8", byte)}};
  }
  if (bare_dots(text) > kMostDots) {
    return {{},
            ConfigIssue{SourceLocation(name, 1, 1),
                        fmt::format("more than {} dotted keys and numbers", kMostDots)}};
  }
  return parsed(text, name);
}

std::string toml_text(const RawValue& raw) {
  if (const auto* text = std::get_if<std::string>(&raw.value)) return toml_quoted(*text);
  const auto* list = std::get_if<RawValue::List>(&raw.value);
  if (list == nullptr) return setting_text(raw);
  std::string elements;
  for (const auto& each : *list) elements += (elements.empty() ? "" : ", ") + toml_text(each);
  return "[" + elements + "]";
}

}  // namespace agent
