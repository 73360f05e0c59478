#include "imds/simulator/cloud/arm_error.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "imds/simulator/identity.h"

namespace imds::simulator::cloud {
namespace {

// /subscriptions/S/resourceGroups/RG/providers/NAMESPACE/TYPE/NAME/CHILD-TYPE/CHILD
constexpr std::size_t kNamespace = 5;
constexpr std::size_t kName = 7;

/// "Microsoft.Network/virtualNetworks/subnets"
std::string type_of(const Target& target) {
  if (target.path.size() <= kNamespace) return "Microsoft.Resources/subscriptions/resourceGroups";
  auto type = target.path[kNamespace];
  for (auto i = kNamespace + 1; i < target.path.size(); i += 2) type += "/" + target.path[i];
  return type;
}

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

Answer arm_error(unsigned status, const std::string& code, const std::string& message) {
  const nlohmann::ordered_json body = {{"error", {{"code", code}, {"message", message}}}};
  return {.status = status, .body = body.dump()};
}

Answer arm_unauthorized(const std::string& code, const std::string& message) {
  auto answer = arm_error(401, code, message);
  answer.extra.emplace_back("WWW-Authenticate",
                            fmt::format("Bearer authorization_uri=\"https://login.windows.net/common\", "
                                        "error=\"invalid_token\", error_description=\"{}\"",
                                        message));
  return answer;
}

std::string resource_id(const Target& target) {
  std::string id;
  for (const auto& segment : target.path) id += "/" + segment;
  return id;
}

Answer arm_forbidden(const Target& target, const std::string& method) {
  return arm_error(
      403, "AuthorizationFailed",
      fmt::format(
          "The client '{0}' with object id '{0}' does not have authorization to perform action "
          "'{1}/{2}' over scope '{3}' or the scope is invalid. If access was recently granted, please "
          "refresh your credentials.",
          kClientId, type_of(target), verb_of(method), resource_id(target)));
}

Answer arm_not_found(const Target& target) {
  if (target.path.size() > kName + 1) {
    const auto message = fmt::format("Resource {} not found.", resource_id(target));
    const nlohmann::ordered_json body = {
        {"error",
         {{"code", "NotFound"}, {"message", message}, {"details", nlohmann::ordered_json::array()}}}};
    return {.status = 404, .body = body.dump()};
  }
  const auto at = [&target](std::size_t i) { return i < target.path.size() ? target.path[i] : ""; };
  auto answer =
      arm_error(404, "ResourceNotFound",
                fmt::format("The Resource '{}/{}' under resource group '{}' was not found. For more "
                            "details please go to https://aka.ms/ARMResourceNotFoundFix",
                            type_of(target), at(kName), at(3)));
  answer.extra.emplace_back("x-ms-failure-cause", "gateway");
  return answer;
}

Answer arm_no_group(const std::string& group) {
  auto answer =
      arm_error(404, "ResourceGroupNotFound", fmt::format("Resource group '{}' could not be found.", group));
  answer.extra.emplace_back("x-ms-failure-cause", "gateway");
  return answer;
}

Answer arm_status(unsigned status, const Target& target, const std::string& method, bool fault_headers) {
  if (status == 401) return arm_unauthorized("InvalidAuthenticationToken", "The access token is invalid.");
  if (status == 403) return arm_forbidden(target, method);
  if (status == 404) return arm_not_found(target);
  if (status != 429) return arm_error(status, failure_code(status), "An error has occurred. Please retry.");
  auto answer = arm_error(429, "SubscriptionRequestsThrottled",
                          fmt::format("Number of 'read' requests for subscription '{}' actor '{}' exceeded. "
                                      "Please try again after '10' seconds.",
                                      target.path.size() > 1 ? target.path[1] : "", kClientId));
  if (!fault_headers) answer.extra.emplace_back("Retry-After", "10");
  return answer;
}

}  // namespace imds::simulator::cloud
