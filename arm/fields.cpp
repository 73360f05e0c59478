#include "arm/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "arm/resource_id.h"
#include "json/json.h"

namespace arm {

using json::at;

net::Result<json::Value> document_of(std::string_view text) {
  auto document = json::parse(text);
  if (!document) document.error().what = "it is " + document.error().what;
  return document;
}

const json::Value& either(const json::Value& value, const char* key, const char* other) {
  const auto& first = at(value, key);
  return first.is_null() ? at(value, other) : first;
}

net::Result<std::string> id_field(const json::Value& resource, std::vector<std::string_view> types) {
  if (!resource.is_object()) return net::failure(EBADMSG, "it is no JSON object");
  auto text = json::text(at(resource, "id"));
  if (text.empty()) return net::failure(EBADMSG, "it has no \"id\"");
  const auto id = ResourceId::parse(text);
  if (!id) return net::failure(EBADMSG, id.error().what);
  if (std::find(types.begin(), types.end(), id->type()) == types.end()) {
    return net::failure(EBADMSG, fmt::format("its \"id\" is of another kind than {}", types.front()));
  }
  return text;
}

net::Result<const json::Value*> properties_field(const json::Value& resource) {
  const json::Value& properties = at(resource, "properties");
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

std::vector<net::Prefix> prefixes_of(const json::Value& one, const json::Value& several) {
  std::vector<net::Prefix> all;
  const auto add = [&all](const json::Value& value) {
    const auto prefix = prefix_of(json::text(value));
    if (prefix && std::find(all.begin(), all.end(), *prefix) == all.end()) all.push_back(*prefix);
  };
  add(one);
  for (const json::Value& each : json::entries(several)) add(each);
  return all;
}

}  // namespace arm
