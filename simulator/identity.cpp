#include "simulator/identity.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "net/foreign_text.h"
#include "simulator/access_token.h"
#include "simulator/api_versions.h"

namespace simulator {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kFirstVersion = "2018-02-01";
constexpr auto kTenantId = "72f988bf-86f1-41af-91ab-2d7cd011db47";

struct ManagedIdentity {
  const char* client_id;
  const char* object_id;
  const char* resource_id;
};
constexpr ManagedIdentity kUserAssigned{
    kClientId, "3b5f0f3e-6a7c-4f53-9d0e-0c6c7d1b9a11",
    "/subscriptions/9b8218f9-902a-4d20-a65c-e98acec5362f/resourceGroups/rg/providers/"
    "Microsoft.ManagedIdentity/userAssignedIdentities/calico-azure-agent"};
constexpr ManagedIdentity kSystemAssigned{
    kSystemClientId, "c4b0e2a7-1d35-4c58-8e0b-7f6f0a93d512",
    "/subscriptions/9b8218f9-902a-4d20-a65c-e98acec5362f/resourceGroups/rg/providers/"
    "Microsoft.Compute/virtualMachines/vm"};

struct Selector {
  std::string_view parameter;
  std::string_view value;
};
constexpr auto kSelectors = std::to_array<Selector>({{"client_id", kUserAssigned.client_id},
                                                     {"object_id", kUserAssigned.object_id},
                                                     {"msi_res_id", kUserAssigned.resource_id},
                                                     {"mi_res_id", kUserAssigned.resource_id}});

Response invalid(const char* description) {
  return identity_refusal(kBadRequest, "invalid_request", description);
}

ordered_json token(const std::string& resource, const ManagedIdentity& identity, const TokenStyle& style,
                   std::chrono::system_clock::time_point now) {
  const auto unix_time = [](auto time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  };
  const auto number = [&style](std::int64_t value) {
    return style.numbers ? ordered_json(value) : ordered_json(std::to_string(value));
  };
  return {{"access_token", write_access_token({.audience = resource,
                                               .expires = now + style.lifetime,
                                               .client_id = identity.client_id,
                                               .object_id = identity.object_id,
                                               .resource_id = identity.resource_id})},
          {"client_id", identity.client_id},
          {"expires_in", number(style.lifetime.count())},
          {"expires_on", number(unix_time(now + style.lifetime))},
          {"ext_expires_in", number(style.lifetime.count())},
          {"not_before", number(unix_time(now - std::chrono::minutes(5)))},
          {"resource", resource},
          {"token_type", "Bearer"}};
}

Response answer_token(const Target& target, const TokenStyle& style,
                      std::chrono::system_clock::time_point now) {
  const auto* resource = target.parameter("resource");
  if (resource == nullptr || resource->empty())
    return invalid("Required query variable 'resource' is missing");
  const auto given = [&target](const Selector& each) { return target.parameter(each.parameter) != nullptr; };
  if (std::count_if(kSelectors.begin(), kSelectors.end(), given) > 1) {
    return invalid("client_id, object_id and msi_res_id are mutually exclusive");
  }
  const auto* selector = std::find_if(kSelectors.begin(), kSelectors.end(), given);
  const bool known = selector == kSelectors.end() ||
                     net::same_ignoring_case(*target.parameter(selector->parameter), selector->value);
  if (style.not_found || !known) return invalid("Identity not found");
  const auto& identity = selector == kSelectors.end() ? kSystemAssigned : kUserAssigned;
  return {.body = token(*resource, identity, style, now).dump()};
}

}  // namespace

bool is_identity(const Target& target) { return target.is_below({"metadata", "identity"}); }

Response identity_refusal(unsigned status, const char* error, const char* description) {
  return {.status = status,
          .body = ordered_json{{"error", error}, {"error_description", description}}.dump()};
}

Response answer_identity(const Request& request, const Target& target, const TokenStyle& style,
                         std::chrono::system_clock::time_point now) {
  if (request.method != "GET") return identity_refusal(405, "method_not_allowed", "Method not allowed");
  const auto* header = find_header(request.headers, "Metadata");
  if (header == nullptr || !net::same_ignoring_case(*header, "true")) {
    return identity_refusal(kBadRequest, "bad_request_102", "Required metadata header not specified");
  }
  if (find_header(request.headers, "X-Forwarded-For") != nullptr)
    return invalid("X-Forwarded-For is not allowed");
  if (target.names_one_twice()) return invalid("A query parameter is given twice");
  const auto* version = target.parameter("api-version");
  if (version == nullptr || !is_api_version(*version) || *version < kFirstVersion) {
    return invalid("Required query variable 'api-version' is missing or invalid");
  }
  if (target.path == std::vector<std::string>{"metadata", "identity", "oauth2", "token"}) {
    return answer_token(target, style, now);
  }
  if (target.path == std::vector<std::string>{"metadata", "identity", "info"}) {
    return {.body = ordered_json{{"tenantId", kTenantId}}.dump()};
  }
  return identity_refusal(404, "not_found", "Not found");
}

}  // namespace simulator
