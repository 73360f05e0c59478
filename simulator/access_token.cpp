#include "simulator/access_token.h"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "simulator/base64url.h"

namespace simulator {
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

}  // namespace simulator
