#include "agent/config/raw_value.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/foreign_text.h"

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

Origin SourceLocation::origin() const {
  if (!name_) return {kind_, ""};
  return {kind_, line_ == 0 ? *name_ : fmt::format("{}:{}:{}", *name_, line_, column_)};
}

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

RawValue raw_of_text(Shape shape, std::string_view text, const SourceLocation& location) {
  switch (shape) {
    case Shape::integer:
      if (const auto number = net::parse_number<std::int64_t>(text)) return {location, *number};
      break;
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

std::string setting_text(const RawValue& raw) {
  if (const auto* text = std::get_if<std::string>(&raw.value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&raw.value)) return std::to_string(*number);
  if (const auto* boolean = std::get_if<bool>(&raw.value)) return *boolean ? "true" : "false";
  std::string all;
  for (const auto& each : std::get<RawValue::List>(raw.value))
    all += (all.empty() ? "" : ",") + setting_text(each);
  return all;
}

}  // namespace agent
