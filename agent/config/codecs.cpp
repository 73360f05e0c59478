#include "agent/config/codecs.h"

#include <fmt/format.h>

#include <charconv>

namespace agent {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

RawValue::List split(std::string_view text, const SourceLocation& location) {
  RawValue::List elements;
  if (trimmed(text).empty()) return elements;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    elements.push_back({location, std::string(trimmed(text.substr(begin, end - begin)))});
    begin = end + 1;
  }
  return elements;
}

}  // namespace

std::string describe(const RawValue& raw) {
  struct Describe {
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return fmt::format("the integer {}", value); }
    std::string operator()(const std::string& value) const { return fmt::format("the string '{}'", value); }
    std::string operator()(const RawValue::List&) const { return "a list"; }
    std::string operator()(const RawValue::Table&) const { return "a table"; }
    std::string operator()(const RawValue::Other& other) const { return std::string(other.kind); }
  };
  return std::visit(Describe{}, raw.value);
}

ConfigIssue wrong_type(const RawValue& raw, std::string_view wanted) {
  return {raw.location, fmt::format("wants {}, found {}", wanted, describe(raw))};
}

std::optional<std::int64_t> read_integer(const IntegerCodec& codec, const RawValue& raw,
                                         ParseResult& result) {
  const auto* number = std::get_if<std::int64_t>(&raw.value);
  if (number == nullptr) {
    const auto wanted = fmt::format("an integer from {} to {}", codec.least, codec.most);
    result.issues.push_back(wrong_type(raw, wanted));
    return std::nullopt;
  }
  auto refusal = codec.refusal == nullptr ? std::nullopt : codec.refusal(*number);
  if (!refusal && (*number < codec.least || codec.most < *number)) {
    refusal = fmt::format("{} is out of range: {} to {}", *number, codec.least, codec.most);
  }
  if (!refusal) return *number;
  result.issues.push_back({raw.location, *refusal});
  return std::nullopt;
}

RawValue raw_of_text(Shape shape, std::string_view text, const SourceLocation& location) {
  switch (shape) {
    case Shape::integer: {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error == std::errc{} && end == text.data() + text.size()) return {location, number};
      break;
    }
    case Shape::boolean:
      if (text == "true" || text == "false") return {location, text == "true"};
      break;
    case Shape::list:
      return {location, split(text, location)};
    case Shape::text:
      break;
  }
  return {location, std::string(text)};
}

}  // namespace agent
