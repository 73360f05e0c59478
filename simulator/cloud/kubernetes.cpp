#include "simulator/cloud/kubernetes.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "simulator/identity.h"

namespace simulator::cloud {
namespace {

using nlohmann::ordered_json;

Response answer_of(unsigned code, const ordered_json& object) {
  return {.status = code, .body = object.dump() + "\n", .content_type = "application/json"};
}

/// With what it is about, as clients of Kubernetes show it.
Response about_node(unsigned code, const std::string& reason, const std::string& message,
                    const std::string& node) {
  auto object = status_object(code, reason, message);
  if (!node.empty()) object["details"]["name"] = node;
  object["details"]["kind"] = "nodes";
  return answer_of(code, object);
}

}  // namespace

ordered_json status_object(unsigned code, const std::string& reason, const std::string& message) {
  return {{"kind", "Status"},    {"apiVersion", "v1"}, {"metadata", ordered_json::object()},
          {"status", "Failure"}, {"message", message}, {"reason", reason},
          {"code", code}};
}

Response status_answer(unsigned code, const std::string& reason, const std::string& message) {
  return answer_of(code, status_object(code, reason, message));
}

Response unauthorized() { return status_answer(401, "Unauthorized", "Unauthorized"); }

Response forbidden(const std::string& user, const std::string& verb, const std::string& node,
                   const std::string& why) {
  const auto subject = node.empty() ? "nodes is" : fmt::format("nodes \"{}\" is", node);
  return about_node(
      403, "Forbidden",
      fmt::format("{} forbidden: User \"{}\" cannot {} resource \"nodes\" in API group \"\" at the cluster "
                  "scope{}",
                  subject, user, verb, why),
      node);
}

Response node_not_found(const std::string& node) {
  return about_node(404, "NotFound", fmt::format("nodes \"{}\" not found", node), node);
}

Response kubernetes_status(unsigned code, const std::string& node, bool fault_headers) {
  switch (code) {
    case 401:
      return unauthorized();
    case 403:
      return forbidden("system:serviceaccount:kube-system:calico-azure-agent", "get", node, "");
    case 404:
      return node_not_found(node);
    case 410:
      return status_answer(410, "Expired", "The resourceVersion for the provided watch is too old.");
    case 429: {
      auto response = status_answer(429, "TooManyRequests", "Too many requests, please try again later.");
      if (!fault_headers) response.extra.emplace_back("Retry-After", "1");
      return response;
    }
    case 503:
      return status_answer(503, "ServiceUnavailable", "the server is currently unable to handle the request");
    case 504:
      return status_answer(504, "Timeout", "the server was unable to return a response in the time allotted");
    default:
      return status_answer(code, code < 500 ? "BadRequest" : "InternalError", "an error on the server");
  }
}

namespace {

using Path = std::vector<std::string>;

constexpr std::string_view kSelector = "metadata.name=";
constexpr std::string_view kNodeUser = "system:node:";
constexpr std::chrono::minutes kLongestWatch{30};  // the API server draws between 30 and 60 min

bool is_true(const Target& target, std::string_view name) {
  const auto* const value = target.parameter(name);
  return value != nullptr && (*value == "true" || *value == "1");
}

/// The parameter as a whole number; `otherwise` when it is missing, nullopt when it is something else.
std::optional<std::uint64_t> number(const Target& target, std::string_view name, std::uint64_t otherwise) {
  const auto* const text = target.parameter(name);
  if (text == nullptr || text->empty()) return otherwise;
  std::uint64_t value = 0;
  const auto* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

Response bad_request(const Target& target, std::string_view name) {
  const auto* const value = target.parameter(name);
  return status_answer(400, "BadRequest",
                       fmt::format("{}: Invalid value: \"{}\"", name, value == nullptr ? "" : *value));
}

KubernetesReply watch(const Target& target) {
  const auto version = number(target, "resourceVersion", 0);
  if (!version) return {.response = bad_request(target, "resourceVersion")};
  const auto seconds = number(target, "timeoutSeconds",
                              static_cast<std::uint64_t>(std::chrono::seconds(kLongestWatch).count()));
  if (!seconds) return {.response = bad_request(target, "timeoutSeconds")};
  WatchRequest wanted{.place = {.name = node_of(target), .seen = std::nullopt},
                      .timeout = std::chrono::seconds(*seconds),
                      .bookmarks = is_true(target, "allowWatchBookmarks")};
  if (*version != 0) wanted.place.seen = *version;
  return {.response = {.content_type = "application/json"}, .watch = wanted};
}

/// What a list or a watch asks for and is not to be had here: ignored, it would bring another answer than is
/// meant. nullopt where it asks for nothing of it.
std::optional<Response> unsupported(const Target& target, bool watching) {
  const auto* const fields = target.parameter("fieldSelector");
  if (fields != nullptr && fields->substr(0, kSelector.size()) != kSelector) {
    return bad_request(target, "fieldSelector");
  }
  const auto* const labels = target.parameter("labelSelector");
  if (labels != nullptr && !labels->empty()) return bad_request(target, "labelSelector");
  if (!watching || !is_true(target, "sendInitialEvents")) return std::nullopt;
  // As an API server without that feature: clients then list, and watch from there.
  return status_answer(
      422, "Invalid",
      "ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents: Forbidden: sendInitialEvents "
      "is forbidden for watch unless the WatchList feature gate is enabled");
}

Response found(const ordered_json& object) {
  return {.body = object.dump() + "\n", .content_type = "application/json"};
}

ordered_json versions(const Request& request) {
  const auto* const host = find_header(request.headers, "Host");
  return {{"kind", "APIVersions"},
          {"versions", {"v1"}},
          {"serverAddressByClientCIDRs",
           ordered_json::array(
               {{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", host == nullptr ? "" : *host}}})}};
}

ordered_json groups() {
  return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", ordered_json::array()}};
}

ordered_json resources() {
  return {{"kind", "APIResourceList"},
          {"groupVersion", "v1"},
          {"resources", ordered_json::array({{{"name", "nodes"},
                                              {"singularName", "node"},
                                              {"namespaced", false},
                                              {"kind", "Node"},
                                              {"verbs", {"get", "list", "watch"}},
                                              {"shortNames", ordered_json::array({"no"})}}})}};
}

/// With what API servers of this version have and this one serves: fields of Nodes, watches, pages.
ordered_json version() {
  return {{"major", "1"},
          {"minor", "34"},
          {"gitVersion", "v1.34.0"},
          {"gitCommit", "0000000000000000000000000000000000000000"},
          {"gitTreeState", "clean"},
          {"buildDate", "2025-08-27T00:00:00Z"},
          {"goVersion", "go1.24.6"},
          {"compiler", "gc"},
          {"platform", "linux/amd64"}};
}

/// What clients such as kubectl ask first. nullopt for other paths.
std::optional<Response> discovery(const Request& request, const Target& target) {
  if (target.path == Path{"api"}) return found(versions(request));
  if (target.path == Path{"apis"}) return found(groups());
  if (target.path == Path{"api", "v1"}) return found(resources());
  if (target.path == Path{"version"}) return found(version());
  return std::nullopt;
}

/// Where a list goes on, as the API server writes it.
std::string continue_token(const NodeStore::Listed& listed) {
  const ordered_json token = {
      {"v", "meta.k8s.io/v1"}, {"rv", listed.version}, {"start", listed.last + std::string(1, '\0')}};
  return to_base64url(token.dump());
}

/// False for what continue_token() did not write.
bool read_continue_token(std::string_view text, NodeStore::Page& page) {
  const auto json = from_base64url(text);
  const auto token =
      json ? nlohmann::json::parse(*json, nullptr, /*allow_exceptions=*/false) : nlohmann::json();
  if (!token.is_object() || !token.contains("rv") || !token["rv"].is_number_unsigned() ||
      !token.contains("start") || !token["start"].is_string()) {
    return false;
  }
  page.version = token["rv"].get<std::uint64_t>();
  page.after = token["start"].get<std::string>();
  if (!page.after.empty() && page.after.back() == '\0') page.after.pop_back();  // the least that can follow
  return true;
}

Response list(const Target& target, const NodeStore& store) {
  NodeStore::Page page;
  const auto limit = number(target, "limit", 0);
  if (!limit) return bad_request(target, "limit");
  page.limit = *limit;
  const auto* const token = target.parameter("continue");
  if (token != nullptr && !token->empty() && !read_continue_token(*token, page)) {
    return status_answer(400, "BadRequest", "continue key is not valid");
  }
  const auto name = node_of(target);
  const auto listed = store.list(name, page);
  if (!listed) {
    return status_answer(
        410, "Expired",
        "The provided continue parameter is too old to display a consistent list result. You can "
        "start a new list without the continue parameter.");
  }
  ordered_json metadata = {{"resourceVersion", std::to_string(listed->version)}};
  if (listed->remaining != 0) {
    metadata["continue"] = continue_token(*listed);
    if (name.empty()) metadata["remainingItemCount"] = listed->remaining;
  }
  return found(
      {{"kind", "NodeList"}, {"apiVersion", "v1"}, {"metadata", metadata}, {"items", listed->items}});
}

}  // namespace

bool is_kubernetes(const Target& target) {
  const auto begins = [&target](const char* folder) { return target.is_below({folder}); };
  return begins("api") || begins("apis") || begins("openapi") || begins("version");
}

std::string node_of(const Target& target) {
  if (target.path.size() > 3) return target.path[3];
  const auto* const selector = target.parameter("fieldSelector");
  if (selector == nullptr || selector->substr(0, kSelector.size()) != kSelector) return {};
  return selector->substr(kSelector.size());
}

KubernetesReply answer_kubernetes(const Request& request, const Target& target,
                                  const std::optional<std::string>& user, const NodeStore& store) {
  if (!user) return {.response = unauthorized()};
  if (auto described = discovery(request, target); described && request.method == "GET") {
    return {.response = *std::move(described)};
  }
  if (!target.is_below({"api", "v1", "nodes"}) || target.path.size() > 4) {
    return {.response = status_answer(404, "NotFound", "the server could not find the requested resource")};
  }
  if (request.method != "GET") {
    return {.response = status_answer(405, "MethodNotAllowed",
                                      "the server does not allow this method on the requested resource")};
  }
  const auto name = node_of(target);
  const bool one = target.path.size() == 4;
  const bool watching = is_true(target, "watch");
  if (user->substr(0, kNodeUser.size()) == kNodeUser && user->substr(kNodeUser.size()) != name) {
    const auto why = fmt::format(": node '{}' cannot read '{}', only its own Node object",
                                 user->substr(kNodeUser.size()), name);
    return {.response = forbidden(*user, one ? "get" : watching ? "watch" : "list", name, why)};
  }
  if (!one) {
    if (auto refusal = unsupported(target, watching)) return {.response = *std::move(refusal)};
  }
  if (watching) return watch(target);
  if (!one) return {.response = list(target, store)};
  const auto* const node = store.find(name);
  return {.response = node == nullptr ? node_not_found(name) : found(*node)};
}

}  // namespace simulator::cloud
