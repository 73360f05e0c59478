#include "simulator/identity.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "net/foreign_text.h"
#include "simulator/metadata.h"

namespace simulator {
namespace {

constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr unsigned kBits = 6;
constexpr unsigned kByte = 8;
constexpr std::uint32_t kLowest = (1U << kBits) - 1;

}  // namespace

std::string to_base64url(std::string_view bytes) {
  std::string text;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    held = (held << kByte) | static_cast<std::uint8_t>(c);
    for (bits += kByte; bits >= kBits; bits -= kBits) text += kBase64Url[(held >> (bits - kBits)) & kLowest];
  }
  if (bits > 0) text += kBase64Url[(held << (kBits - bits)) & kLowest];
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string bytes;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const auto digit = kBase64Url.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    held = (held << kBits) | static_cast<std::uint32_t>(digit);
    bits += kBits;
    if (bits >= kByte) {
      bits -= kByte;
      bytes += static_cast<char>(held >> bits);
    }
  }
  if (to_base64url(bytes) != text) return std::nullopt;
  return bytes;
}

namespace {

using nlohmann::ordered_json;
using std::chrono::seconds;
using std::chrono::system_clock;

constexpr std::size_t kSignatureBytes = 256;  // of RS256 with Entra ID's keys of 2048 bits
constexpr auto kTenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";

/// As long as a real one, and another one for another text. It proves nothing.
std::string signature_of(std::string_view text) {
  std::uint64_t state = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : text) state = (state ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  std::string bytes;
  while (bytes.size() < kSignatureBytes) {
    state = state * 6364136223846793005 + 1442695040888963407;
    bytes += static_cast<char>(state >> 56U);
  }
  return to_base64url(bytes);
}

/// As opaque claims look.
std::string blob(const std::string& about, std::size_t size) { return signature_of(about).substr(0, size); }

std::int64_t unix_time(system_clock::time_point time) {
  return std::chrono::duration_cast<seconds>(time.time_since_epoch()).count();
}

ordered_json claims_of(const AccessToken& token) {
  const auto issued = unix_time(system_clock::now()) - 300;
  const auto issuer = std::string("https://sts.windows.net/") + kTenant + "/";
  return {{"aud", token.audience},
          {"iss", issuer},
          {"iat", issued},
          {"nbf", issued},
          {"exp", unix_time(token.expires)},
          {"aio", blob("aio" + token.object_id, 56)},
          {"appid", token.client_id},
          {"appidacr", "2"},
          {"groups", ordered_json::array({blob("group" + token.object_id, 36)})},
          {"idp", issuer},
          {"idtyp", "app"},
          {"oid", token.object_id},
          {"rh", "1." + blob("rh" + token.client_id, 48) + "."},
          {"sub", token.object_id},
          {"tid", kTenant},
          {"uti", blob("uti" + std::to_string(issued), 22)},
          {"ver", "1.0"},
          {"wids", ordered_json::array({"0997a1d0-0d1d-4acb-b408-d5ca73121e90"})},
          {"xms_ftd", blob("ftd" + token.client_id, 100)},
          {"xms_idrel", "7 10"},
          {"xms_mirid", token.resource_id},
          {"xms_rd", "0.42LlYBJi9BYS4WAXEjgyq7Vl8nuW8KDT5p7P5p8TAAA"},
          {"xms_tcdt", 1289241547}};
}

/// "" when it is missing or something else.
std::string text_of(const ordered_json& claims, const char* name) {
  const auto found = claims.find(name);
  return found != claims.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

std::string write_access_token(const AccessToken& token) {
  const ordered_json header = {{"typ", "JWT"},
                               {"alg", "RS256"},
                               {"x5t", "HS23b7Do7TcaU1RoLHwpIq24VYg"},
                               {"kid", "HS23b7Do7TcaU1RoLHwpIq24VYg"}};
  const auto text = to_base64url(header.dump()) + "." + to_base64url(claims_of(token).dump());
  return text + "." + signature_of(text);
}

std::optional<AccessToken> read_access_token(std::string_view text) {
  const auto first = text.find('.');
  const auto last = text.rfind('.');
  if (first == last || text.substr(last + 1) != signature_of(text.substr(0, last))) return std::nullopt;
  const auto payload = from_base64url(text.substr(first + 1, last - first - 1));
  if (!payload) return std::nullopt;
  const auto claims = ordered_json::parse(*payload, nullptr, /*allow_exceptions=*/false);
  if (!claims.is_object() || !claims.contains("exp") || !claims["exp"].is_number_integer())
    return std::nullopt;
  return AccessToken{.audience = text_of(claims, "aud"),
                     .expires = system_clock::time_point(seconds(claims["exp"].get<std::int64_t>())),
                     .client_id = text_of(claims, "appid"),
                     .object_id = text_of(claims, "oid"),
                     .resource_id = text_of(claims, "xms_mirid")};
}

namespace {

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
