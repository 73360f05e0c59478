#include "simulator/cloud/arm.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "simulator/cloud/arm_store.h"
#include "simulator/cloud/credentials.h"
#include "simulator/identity.h"
#include "simulator/message.h"

namespace simulator::cloud {
namespace {

constexpr std::size_t kName = 7;  // in /subscriptions/S/resourceGroups/RG/providers/NAMESPACE/TYPE/NAME

std::string verb_of(const std::string& method) {
  if (method == "GET" || method == "HEAD") return "read";
  if (method == "DELETE") return "delete";
  return method == "POST" ? "action" : "write";
}

const char* failure_code(unsigned status) {
  switch (status) {
    case 409:
      return "Conflict";
    case 500:
      return "InternalServerError";
    case 502:
      return "BadGateway";
    case 503:
      return "ServerTimeout";
    case 504:
      return "GatewayTimeout";
    default:
      return status < 500 ? "BadRequest" : "ServerError";
  }
}

}  // namespace

Response arm_error(unsigned status, const std::string& code, const std::string& message) {
  const nlohmann::ordered_json body = {{"error", {{"code", code}, {"message", message}}}};
  return {.status = status, .body = body.dump()};
}

Response arm_unauthorized(const std::string& code, const std::string& message) {
  auto response = arm_error(401, code, message);
  response.extra.emplace_back("WWW-Authenticate",
                              fmt::format("Bearer authorization_uri=\"https://login.windows.net/common\", "
                                          "error=\"invalid_token\", error_description=\"{}\"",
                                          message));
  return response;
}

std::string resource_id(const Target& target) {
  std::string id;
  for (const auto& segment : target.path) id += "/" + segment;
  return id;
}

Response arm_forbidden(const Target& target, const Request& request) {
  const auto caller = caller_of(request.headers);
  return arm_error(
      403, "AuthorizationFailed",
      fmt::format("The client '{}' with object id '{}' does not have authorization to perform action "
                  "'{}/{}' over scope '{}' or the scope is invalid. If access was recently granted, please "
                  "refresh your credentials.",
                  caller.client_id, caller.object_id, type_of(target), verb_of(request.method),
                  resource_id(target)));
}

Response arm_no_version(const Target& target, const ResourceType& type, const std::string& version,
                        const std::string& location) {
  const auto slash = type.name.find('/');
  const auto provider = type.name.substr(0, slash);
  const auto rest = type.name.substr(slash + 1);
  if (!is_top_list(target)) {
    return arm_error(
        kBadRequest, "NoRegisteredProviderFound",
        fmt::format(
            "No registered resource provider found for location '{}' and API version '{}' for type '{}'. "
            "The supported api-versions are '{}'. The supported locations are '{}'.",
            location, version, rest, type.versions, location));
  }
  // Without a space here: https://github.com/Azure/azure-powershell/issues/12061.
  std::string versions;
  for (const char c : type.versions) {
    if (c != ' ') versions += c;
  }
  auto response =
      arm_error(404, "InvalidResourceType",
                fmt::format("The resource type '{}' could not be found in the namespace '{}' for api "
                            "version '{}'. The supported api-versions are '{}'.",
                            rest, provider, version, versions));
  response.extra.emplace_back("x-ms-failure-cause", "gateway");
  return response;
}

Response arm_not_found(const Target& target) {
  if (target.path.size() > kName + 1) {
    const auto message = fmt::format("Resource {} not found.", resource_id(target));
    const nlohmann::ordered_json body = {
        {"error",
         {{"code", "NotFound"}, {"message", message}, {"details", nlohmann::ordered_json::array()}}}};
    return {.status = 404, .body = body.dump()};
  }
  const auto at = [&target](std::size_t i) { return i < target.path.size() ? target.path[i] : ""; };
  auto response =
      arm_error(404, "ResourceNotFound",
                fmt::format("The Resource '{}/{}' under resource group '{}' was not found. For more "
                            "details please go to https://aka.ms/ARMResourceNotFoundFix",
                            type_of(target), at(kName), at(3)));
  response.extra.emplace_back("x-ms-failure-cause", "gateway");
  return response;
}

Response arm_no_group(const std::string& group) {
  auto response =
      arm_error(404, "ResourceGroupNotFound", fmt::format("Resource group '{}' could not be found.", group));
  response.extra.emplace_back("x-ms-failure-cause", "gateway");
  return response;
}

Response arm_status(unsigned status, const Target& target, const Request& request, bool fault_headers) {
  if (status == 401) return arm_unauthorized("InvalidAuthenticationToken", "The access token is invalid.");
  if (status == 403) return arm_forbidden(target, request);
  if (status == 404) return arm_not_found(target);
  if (status != 429) return arm_error(status, failure_code(status), "An error has occurred. Please retry.");
  auto response = arm_error(
      429, "SubscriptionRequestsThrottled",
      fmt::format("Number of 'read' requests for subscription '{}' actor '{}' exceeded. "
                  "Please try again after '10' seconds.",
                  target.path.size() > 1 ? target.path[1] : "", caller_of(request.headers).client_id));
  if (!fault_headers) response.extra.emplace_back("Retry-After", "10");
  return response;
}

namespace {

using nlohmann::ordered_json;
using std::chrono::system_clock;

constexpr auto kAudiences = std::to_array<std::string_view>(
    {"https://management.azure.com", "https://management.core.windows.net",
     "https://management.usgovcloudapi.net", "https://management.core.usgovcloudapi.net",
     "https://management.chinacloudapi.cn", "https://management.core.chinacloudapi.cn"});

/// As the client calls this server: names lead here in a test's DNS or hosts file.
std::string own_endpoint(const Request& request) {
  const auto* const host = find_header(request.headers, "Host");
  return "https://" + (host == nullptr ? "" : *host);
}

bool is_for_us(std::string_view audience, const Request& request) {
  if (!audience.empty() && audience.back() == '/') audience.remove_suffix(1);
  return audience == own_endpoint(request) ||
         std::find(kAudiences.begin(), kAudiences.end(), audience) != kAudiences.end();
}

std::optional<Response> refused(const Request& request, system_clock::time_point now) {
  if (find_header(request.headers, "Authorization") == nullptr) {
    return arm_unauthorized("AuthenticationFailed",
                            "Authentication failed. The 'Authorization' header is missing.");
  }
  const auto text = bearer(request.headers);
  const auto token = text ? read_access_token(*text) : std::nullopt;
  if (!token) return arm_unauthorized("InvalidAuthenticationToken", "The access token is invalid.");
  if (token->expires <= now) return expired_token(token->expires, now);
  if (is_for_us(token->audience, request)) return std::nullopt;
  return arm_unauthorized(
      "InvalidAuthenticationTokenAudience",
      fmt::format("The access token has been obtained for wrong audience or resource '{}'. It should exactly "
                  "match with one of the allowed audiences '{}/','{}'.",
                  token->audience, own_endpoint(request), kAudiences[0]));
}

bool is_version(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00";
  if (text.size() < kShape.size()) return false;
  const auto fits = [](char shape, char c) { return shape == '0' ? c >= '0' && c <= '9' : c == shape; };
  return std::equal(kShape.begin(), kShape.end(), text.begin(), fits);
}

/// Of a list that nobody stored in pages of another size.
constexpr std::size_t kPageOfList = 500;

/// The part of a list that begins at $skiptoken, and where the next one is.
ordered_json page(ordered_json document, const Request& request, const Target& target) {
  const auto size = document["page_size"].get<std::size_t>();
  document.erase("page_size");
  std::size_t begin = 0;
  if (const auto* const skip = target.parameter("$skiptoken")) {
    std::from_chars(skip->data(), skip->data() + skip->size(), begin);
  }
  const auto all = std::exchange(document["value"], ordered_json::array());
  const auto end = std::min(begin + size, all.size());
  for (auto i = begin; i < end; ++i) document["value"].push_back(all[i]);
  if (end < all.size()) {
    document["nextLink"] = fmt::format("{}{}?api-version={}&%24skiptoken={}", own_endpoint(request),
                                       request.target.substr(0, request.target.find('?')),
                                       *target.parameter("api-version"), end);
  }
  return document;
}

/// Where the resource lies; a child has no location of its own.
std::string location_of(const ordered_json* document) {
  constexpr auto kSomewhere = "westeurope";
  if (document == nullptr || !document->contains("location")) return kSomewhere;
  const auto& location = (*document)["location"];
  return location.is_string() ? location.get<std::string>() : kSomewhere;
}

bool is_paged(const ordered_json& document) {
  return document.contains("page_size") && document["page_size"].is_number_unsigned() &&
         document["page_size"] > 0 && document.contains("value") && document["value"].is_array();
}

}  // namespace

Response answer_arm(const Request& request, const Target& target, const ArmStore& store,
                    system_clock::time_point now) {
  const auto* const version = target.parameter("api-version");
  if (version == nullptr || version->empty()) {
    return arm_error(400, "MissingApiVersionParameter",
                     "The api-version query parameter (?api-version=) is required for all requests.");
  }
  if (!is_version(*version)) {
    return arm_error(400, "InvalidApiVersionParameter",
                     fmt::format("The api-version '{}' is invalid. The format is 'yyyy-MM-dd'.", *version));
  }
  if (auto refusal = refused(request, now)) return *std::move(refusal);
  const auto* const type = known_type(target);
  const auto* const document = store.find(target);
  if (type != nullptr && !type->has(*version)) {
    return arm_no_version(target, *type, *version, location_of(document));
  }
  if (request.method != "GET") return arm_forbidden(target, request);
  if (document != nullptr) {
    return {.body = (is_paged(*document) ? page(*document, request, target) : *document).dump()};
  }
  if (!is_of_subscription(target) && target.path.size() > 3 && !store.has_group(target)) {
    return arm_no_group(target.path[3]);
  }
  if (is_list(target)) {
    if (auto list = store.list(target)) {
      (*list)["page_size"] = kPageOfList;
      return {.body = page(*std::move(list), request, target).dump()};
    }
  }
  return arm_not_found(target);
}

Response expired_token(system_clock::time_point expired, system_clock::time_point now) {
  const auto text = [](system_clock::time_point time) {
    return fmt::format("{:%m/%d/%Y %H:%M:%S}", fmt::gmtime(system_clock::to_time_t(time)));
  };
  return arm_unauthorized(
      "ExpiredAuthenticationToken",
      fmt::format("The access token expiry UTC time '{}' is earlier than current UTC time '{}'.",
                  text(expired), text(now)));
}

Response answer_endpoints(const Request& request, const Target& target) {
  if (target.parameter("api-version") == nullptr) {
    return arm_error(400, "MissingApiVersionParameter",
                     "The api-version query parameter (?api-version=) is required for all requests.");
  }
  const auto own = own_endpoint(request);
  // A list of clouds since 2019-05-01: cloud-provider-azure's azclient/cloud.go takes the first.
  const ordered_json cloud = {{"name", "Simulated"},
                              {"resourceManager", own},
                              {"authentication",
                               {{"loginEndpoint", "https://login.microsoftonline.com"},
                                {"audiences", ordered_json::array({own})},
                                {"tenant", "common"},
                                {"identityProvider", "AAD"}}}};
  return {.body = ordered_json::array({cloud}).dump()};
}

void add_arm_headers(Response& response) {
  const auto id = random_id();
  const Headers all = {{"Cache-Control", "no-cache"},
                       {"Pragma", "no-cache"},
                       {"Expires", "-1"},
                       {"x-ms-request-id", id},
                       {"x-ms-correlation-request-id", id},
                       {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
                       {"X-Content-Type-Options", "nosniff"},
                       {"X-Cache", "CONFIG_NOCACHE"}};
  response.extra.insert(response.extra.end(), all.begin(), all.end());
  // What the gateway itself refuses is not counted (recorded answers of cloud-provider-azure).
  const bool counted = response.status == 200 || response.status == 404;
  if (counted && find_header(response.extra, "x-ms-failure-cause") == nullptr)
    response.extra.emplace_back("x-ms-ratelimit-remaining-subscription-global-reads", "3749");
}

}  // namespace simulator::cloud
