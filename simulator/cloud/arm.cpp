#include "simulator/cloud/arm.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "simulator/access_token.h"
#include "simulator/cloud/arm_error.h"
#include "simulator/cloud/credentials.h"
#include "simulator/cloud/resource_types.h"
#include "simulator/message.h"

namespace simulator::cloud {
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
    if (const auto list = store.list(target)) return {.body = list->dump()};
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
