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

Given::List split(std::string_view text, const Place& place) {
  Given::List elements;
  if (trimmed(text).empty()) return elements;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    elements.push_back({place, std::string(trimmed(text.substr(begin, end - begin)))});
    begin = end + 1;
  }
  return elements;
}

}  // namespace

std::string describe(const Given& given) {
  struct Describe {
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return fmt::format("the integer {}", value); }
    std::string operator()(const std::string& value) const { return fmt::format("the string '{}'", value); }
    std::string operator()(const Given::List&) const { return "a list"; }
    std::string operator()(const Given::Table&) const { return "a table"; }
    std::string operator()(const Given::Other& other) const { return std::string(other.kind); }
  };
  return std::visit(Describe{}, given.value);
}

Issue wrong_type(const Given& given, std::string_view wanted) {
  return {given.place, fmt::format("wants {}, found {}", wanted, describe(given))};
}

std::optional<std::int64_t> read_integer(const IntegerCodec& codec, const Given& given, Reading& reading) {
  const auto* number = std::get_if<std::int64_t>(&given.value);
  if (number == nullptr) {
    const auto wanted = fmt::format("an integer from {} to {}", codec.least, codec.most);
    reading.issues.push_back(wrong_type(given, wanted));
    return std::nullopt;
  }
  auto refusal = codec.refusal == nullptr ? std::nullopt : codec.refusal(*number);
  if (!refusal && (*number < codec.least || codec.most < *number)) {
    refusal = fmt::format("{} is out of range: {} to {}", *number, codec.least, codec.most);
  }
  if (!refusal) return *number;
  reading.issues.push_back({given.place, *refusal});
  return std::nullopt;
}

Given given_text(Shape shape, std::string_view text, const Place& place) {
  switch (shape) {
    case Shape::integer: {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error == std::errc{} && end == text.data() + text.size()) return {place, number};
      break;
    }
    case Shape::boolean:
      if (text == "true" || text == "false") return {place, text == "true"};
      break;
    case Shape::list:
      return {place, split(text, place)};
    case Shape::text:
      break;
  }
  return {place, std::string(text)};
}

}  // namespace agent
