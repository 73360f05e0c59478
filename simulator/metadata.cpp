#include "simulator/metadata.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "net/foreign_text.h"
#include "simulator/api_versions.h"
#include "simulator/instance_document.h"

namespace simulator {
namespace {

using nlohmann::ordered_json;

constexpr unsigned kNotFound = 404;
constexpr unsigned kMethodNotAllowed = 405;

/// The text is documented; clients print it.
Response bad_version() {
  const auto all = api_versions();
  ordered_json newest = ordered_json::array();
  for (std::size_t i = 1; i <= 3; ++i) newest.push_back(all[all.size() - i]);
  const ordered_json body = {
      {"error",
       "Bad request. api-version is invalid or was not specified in the request. For more "
       "information refer to aka.ms/azureimds"},
      {"newest-versions", std::move(newest)}};
  return {.status = kBadRequest, .body = body.dump()};
}

Response versions() {
  ordered_json all = ordered_json::array();
  for (const auto version : api_versions()) all.push_back(version);
  return {.body = ordered_json{{"apiVersions", std::move(all)}}.dump()};
}

/// The element below `root` that the segments lead to; null when there is none.
const ordered_json* walk(const ordered_json& root, const std::vector<std::string>& path, std::size_t from) {
  const ordered_json* at = &root;
  for (auto segment = path.begin() + static_cast<std::ptrdiff_t>(from); segment != path.end(); ++segment) {
    if (at->is_object() && at->contains(*segment)) {
      at = &at->at(*segment);
      continue;
    }
    std::size_t index = 0;
    const char* end = segment->data() + segment->size();
    const auto [stop, error] = std::from_chars(segment->data(), end, index);
    if (!at->is_array() || error != std::errc{} || stop != end || index >= at->size()) return nullptr;
    at = &at->at(index);
  }
  return at;
}

/// The names below a container, one a line, containers with a slash; a leaf itself.
std::string listing(const ordered_json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_structured()) return {};
  std::string lines;
  for (const auto& [name, member] : value.items()) {
    if (!lines.empty()) lines += '\n';
    lines += name;
    if (member.is_structured()) lines += '/';
  }
  return lines;
}

Response instance_part(const Target& target, const ordered_json& instance) {
  const auto* version = target.parameter("api-version");
  if (version == nullptr || !is_api_version(*version)) return bad_version();
  const auto* format = target.parameter("format");
  const bool text = format != nullptr && *format == "text";
  if (format != nullptr && !text && *format != "json") {
    return refusal(kBadRequest, "Bad request. format is neither json nor text");
  }
  const auto shown = as_of(instance, *version);
  const auto* part = walk(shown, target.path, 2);
  if (part == nullptr) return refusal(kNotFound, "Not found");
  if (text) return {.body = listing(*part), .content_type = "text/plain; charset=utf-8"};
  if (!part->is_structured()) {
    return refusal(kBadRequest, "Bad request. The requested element is a leaf: specify format=text");
  }
  return {.body = part->dump()};
}

}  // namespace

Response refusal(unsigned status, const char* error) {
  return {.status = status, .body = ordered_json{{"error", error}}.dump()};
}

Response answer_metadata(const Request& request, const Target& target, const ordered_json& instance) {
  if (request.method != "GET") return refusal(kMethodNotAllowed, "Method not allowed");
  const auto* header = find_header(request.headers, "Metadata");
  if (header == nullptr || !net::same_ignoring_case(*header, "true")) {
    return refusal(kBadRequest, "Bad request. Required metadata header not specified");
  }
  if (find_header(request.headers, "X-Forwarded-For") != nullptr) {
    return refusal(kBadRequest, "Bad request. X-Forwarded-For is not allowed");
  }
  if (target.names_one_twice()) return refusal(kBadRequest, "Bad request. A query parameter is given twice");
  if (target.is_below({"metadata", "versions"}) && target.path.size() == 2) return versions();
  if (target.is_below({"metadata", "instance"})) return instance_part(target, instance);
  return refusal(kNotFound, "Not found");
}

}  // namespace simulator
