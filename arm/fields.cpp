#include "arm/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "arm/json.h"
#include "arm/resource_id.h"

namespace arm {

using nlohmann::json;

net::Result<std::string> id_field(const json& resource, std::vector<std::string_view> types) {
  if (!resource.is_object()) return net::failure(EBADMSG, "it is no JSON object");
  auto text = text_of(member(resource, "id"));
  if (text.empty()) return net::failure(EBADMSG, "it has no \"id\"");
  const auto id = ResourceId::parse(text);
  if (!id) return net::failure(EBADMSG, id.error().what);
  if (std::find(types.begin(), types.end(), id->type()) == types.end()) {
    return net::failure(EBADMSG, fmt::format("its \"id\" is of another kind than {}", types.front()));
  }
  return text;
}

net::Result<const json*> properties_field(const json& resource) {
  const json& properties = member(resource, "properties");
  if (!properties.is_object()) return net::failure(EBADMSG, "it has no \"properties\"");
  return &properties;
}

std::optional<net::Prefix> prefix_of(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const auto address = net::Address::parse(std::string_view(text).substr(0, slash));
  const char* end = text.data() + text.size();
  unsigned length = 0;
  const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, length);
  if (!address || error != std::errc{} || stop != end) return std::nullopt;
  const auto network = net::Prefix::around(*address, length);
  return network ? std::optional(*network) : std::nullopt;
}

std::vector<net::Prefix> prefixes_of(const json& one, const json& several) {
  std::vector<net::Prefix> all;
  const auto add = [&all](const json& value) {
    const auto prefix = prefix_of(text_of(value));
    if (prefix && std::find(all.begin(), all.end(), *prefix) == all.end()) all.push_back(*prefix);
  };
  add(one);
  for (const json& each : entries(several)) add(each);
  return all;
}

}  // namespace arm
