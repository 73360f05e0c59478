#include "simulator/cloud/arm_error.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "simulator/cloud/credentials.h"

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

}  // namespace simulator::cloud
