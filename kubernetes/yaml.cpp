#include "kubernetes/yaml.h"

#include <fmt/format.h>

namespace kubernetes {
namespace {

constexpr std::size_t kLargestDocument = std::size_t{1} << 20;

bool is_plain_string(const YAML::Node& value) {
  bool boolean = false;
  double number = 0;
  return !value.Scalar().empty() && !YAML::convert<bool>::decode(value, boolean) &&
         !YAML::convert<double>::decode(value, number);
}

}  // namespace

net::Result<YAML::Node> parse_yaml(std::string_view text) {
  if (text.size() > kLargestDocument)
    return net::failure(EBADMSG, fmt::format("larger than {} KiB", kLargestDocument / 1024));
  try {
    return YAML::Load(std::string(text));
  } catch (const YAML::Exception& error) {
    // Its sentence may quote the text.
    if (error.mark.is_null()) return net::failure(EBADMSG, "not YAML");
    return net::failure(
        EBADMSG, fmt::format("not YAML: line {}, column {}", error.mark.line + 1, error.mark.column + 1));
  } catch (const std::exception&) {
    return net::failure(EBADMSG, "not YAML");
  }
}

YAML::Node member(const YAML::Node& value, std::string_view name) {
  if (!value.IsMap()) return YAML::Node();
  for (const auto& entry : value) {
    if (entry.first.IsScalar() && entry.first.Scalar() == name) return entry.second;
  }
  return YAML::Node();
}

std::optional<std::string> string_of(const YAML::Node& value) {
  if (!value.IsScalar()) return std::nullopt;
  const bool quoted = value.Tag() == "!" || value.Tag() == "tag:yaml.org,2002:str";
  if (!quoted && !is_plain_string(value)) return std::nullopt;
  return value.Scalar();
}

}  // namespace kubernetes
