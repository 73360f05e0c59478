#include "imds/token.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "http1/exchange.h"
#include "imds/answer.h"
#include "imds/endpoint.h"
#include "json/json.h"
#include "net/foreign_text.h"

namespace imds {
namespace {

using std::chrono::system_clock;

constexpr unsigned kGranted = 200;
constexpr unsigned kNotYet = 400;
constexpr unsigned kThrottled = 429;
constexpr std::size_t kQuotedEndpoint = 160;
constexpr std::size_t kShortestNumber = 4;
constexpr std::size_t kLongestNumber = 9;

/// A string, or a number as one; empty for anything else.
std::string text(const json::Value& document, const char* key) {
  const auto& value = json::at(document, key);
  return value.is_number() ? value.dump() : json::string(value);
}

/// A token goes into a header: a line break in it would begin another one.
bool is_sendable(const std::string& secret) {
  return !secret.empty() &&
         std::all_of(secret.begin(), secret.end(), [](char c) { return c > ' ' && c <= '~'; });
}

std::string encoded(std::string_view value) {
  std::string all;
  for (const char c : value) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    all += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return all;
}

tl::unexpected<net::Error> about(const Options& options, int code, std::string_view what) {
  return net::failure(code, fmt::format("managed identity token: IMDS at {}: {}",
                                        net::foreign_text(options.endpoint, kQuotedEndpoint), what));
}

/// What is repeated of a refusal: OAuth's word for it, and the number of Entra ID's. Nothing else of such an
/// answer is, whatever its status: it comes from where tokens come from, and may hold one anywhere and in any
/// encoding.
/// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token (error
/// handling) and RFC 6749, 5.2.
std::string reason_of(const json::Value& refusal) {
  constexpr std::string_view kWords[] = {
      "access_denied",           "bad_request_102",     "invalid_client", "invalid_grant",
      "invalid_request",         "invalid_resource",    "invalid_scope",  "server_error",
      "temporarily_unavailable", "unauthorized_client", "unknown_source", "unsupported_response_type"};
  const auto error = text(refusal, "error");
  std::string reason;
  if (std::find(std::begin(kWords), std::end(kWords), error) != std::end(kWords)) reason = ' ' + error;

  constexpr std::string_view kMark = "AADSTS";
  const auto description = text(refusal, "error_description");
  const auto found = description.find(kMark);
  if (found == std::string::npos) return reason;
  const auto digits =
      std::min(description.find_first_not_of("0123456789", found + kMark.size()), description.size());
  const auto count = digits - found - kMark.size();
  const bool is_number = count >= kShortestNumber && count <= kLongestNumber;
  return is_number ? reason + ' ' + description.substr(found, digits - found) : reason;
}

/// 400 {"error":…,"error_description":…}
tl::unexpected<net::Error> refused(const Options& options, const http1::Response& response, bool named) {
  const auto body = json::parse(response.body, json::kStrict);
  const auto refusal = body.value_or(json::Value());
  if (text(refusal, "error_description").find("Identity not found") == std::string::npos) {
    return about(options, EINVAL, fmt::format("it refuses the request (400{})", reason_of(refusal)));
  }
  const auto* which = named ? "this VM does not have the user-assigned identity of azure.client_id, or of "
                              "userAssignedIdentityID in azure.json"
                            : "this VM has no managed identity, or several without a system-assigned one";
  return about(
      options, ENOKEY,
      fmt::format("{} (Identity not found); one that was just assigned may take minutes to be known: "
                  "assign one with 'az vm identity assign' (scale sets: 'az vmss identity assign')",
                  which));
}

net::Result<Token> judge_token(const Options& options, const http1::Response& response, bool named) {
  switch (response.status) {
    case kGranted: {
      auto token = parse_token(response.body, system_clock::now());
      if (!token) return about(options, EBADMSG, token.error().what);
      return token;
    }
    case kNotYet:
      return refused(options, response, named);
    case kThrottled:
      return about(
          options, EBUSY,
          "it answers 429: this VM's processes together ask for tokens more than 20 times a second, or "
          "5 at a time; asked again later");
    default: {
      // Something else may answer with a token under another status, in the body or where it redirects to.
      const auto document = judge({.status = response.status}, options.endpoint);
      return net::failure(document.error().code.value(), "managed identity token: " + document.error().what);
    }
  }
}

}  // namespace

net::Result<Token> parse_token(std::string_view answer, system_clock::time_point now) {
  const auto document = json::parse(answer, json::kStrict);
  if (!document || !document->is_object()) return net::failure(EBADMSG, "its answer is no JSON object");
  auto secret = text(*document, "access_token");
  if (!is_sendable(secret)) return net::failure(EBADMSG, "its answer has no usable \"access_token\"");
  if (const auto expires = parse_time(text(*document, "expires_on"))) {
    return Token{.secret = std::move(secret), .expires = *expires};
  }
  if (const auto lifetime = parse_seconds(text(*document, "expires_in"))) {
    return Token{.secret = std::move(secret), .expires = now + *lifetime};
  }
  return net::failure(EBADMSG, "its answer has neither a usable \"expires_on\" nor \"expires_in\"");
}

net::Result<Token> fetch_token(const Options& options, std::string_view audience, std::string_view client_id,
                               TokenCache cache) {
  const auto started = std::chrono::steady_clock::now();
  const auto endpoint = parse_endpoint(options.endpoint);
  if (!endpoint) return net::pass_on(endpoint);
  auto target =
      fmt::format("/metadata/identity/oauth2/token?api-version=2018-02-01&resource={}", encoded(audience));
  if (!client_id.empty()) target += "&client_id=" + encoded(client_id);
  if (cache == TokenCache::bypass) target += "&bypass_cache=true";

  http1::Exchange exchange;
  const auto response = exchange.get(request_to(
      *endpoint, std::move(target), started + options.connect_timeout, started + options.read_timeout));
  if (!response) {
    auto failure = explain(response.error(), options);
    return net::failure(failure.code.value(), "managed identity token: " + failure.what);
  }
  return judge_token(options, *response, !client_id.empty());
}

}  // namespace imds
