#include "arm/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "arm/documents.h"
#include "json/json.h"
#include "net/address.h"
#include "net/foreign_text.h"

namespace arm {
namespace {

constexpr std::string_view kSecure = "https://";
constexpr std::string_view kPlain = "http://";
constexpr std::size_t kLongestLink = 8192;

bool is_visible(char c) { return c > ' ' && c <= '~'; }

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_visible(c); });
}

bool is_host_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

bool is_port(std::string_view digits) {
  std::uint16_t port = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, port);
  return error == std::errc{} && stop == end && port != 0;
}

/// The host of "host[:port]"; nullopt when it is something else.
std::optional<std::string_view> host_of(std::string_view authority) {
  const bool bracketed = authority.starts_with('[');
  const auto end = std::min(bracketed ? authority.find(']') : authority.find(':'), authority.size());
  const auto host = authority.substr(bracketed ? 1 : 0, end - (bracketed ? 1 : 0));
  auto after = authority.substr(end);
  if (bracketed) {
    if (after.empty() || !net::Address::parse(host)) return std::nullopt;
    after.remove_prefix(1);
  } else if (host.empty() || !std::all_of(host.begin(), host.end(), is_host_letter)) {
    return std::nullopt;
  }
  if (!after.empty() && (after.front() != ':' || !is_port(after.substr(1)))) return std::nullopt;
  return host;
}

std::string without_final_slash(std::string text) {
  if (text.ends_with('/')) text.pop_back();
  return text;
}

/// The description of `endpoint`: the document itself, or its entry of a list of clouds.
const json::Value& description(const json::Value& document, std::string_view endpoint) {
  static const json::Value kNone;
  if (!document.is_array()) return document;
  for (const json::Value& each : json::entries(document)) {
    if (without_final_slash(net::lower(json::text(json::at(each, "resourceManager")))) == endpoint)
      return each;
  }
  return document.size() == 1 ? document.front() : kNone;
}

}  // namespace

net::Result<std::string> parse_endpoint(std::string_view text) {
  // It is not quoted: a URL may hold a password or a signature.
  const auto refuse = [](std::string_view why) {
    return net::failure(EINVAL, fmt::format("resourceManagerEndpoint {}: write https://HOST[:PORT]", why));
  };
  auto endpoint = without_final_slash(net::lower(text));
  const bool secure = endpoint.starts_with(kSecure);
  if (!secure && !endpoint.starts_with(kPlain)) return refuse("does not begin with https://");
  const auto host = host_of(authority_of(endpoint));
  if (!host) return refuse("is not a host alone (no user, path or query)");
  const auto address = net::Address::parse(*host);
  if (!secure && !(address && address->is_loopback())) return refuse("would send a token in the clear");
  return endpoint;
}

std::string_view authority_of(std::string_view endpoint) {
  return endpoint.substr(std::min(endpoint.size(), endpoint.find("://") + 3));
}

net::Result<std::string> parse_audience(std::string_view text, std::string_view endpoint) {
  const auto document = document_of(text);
  if (!document) return net::pass_on(document);
  const json::Value& self = description(*document, endpoint);
  const auto& audiences = json::entries(json::at(json::at(self, "authentication"), "audiences"));
  auto audience = audiences.empty() ? std::string() : json::text(audiences.front());
  if (audience.empty() || !is_visible(audience)) {
    return net::failure(EBADMSG, "it names no \"audiences\" in \"authentication\"");
  }
  return audience;
}

std::optional<std::string> target_of_link(std::string_view link, std::string_view endpoint,
                                          std::string_view path) {
  const auto below = [&link](std::string_view beginning) {
    if (!net::same_ignoring_case(link.substr(0, beginning.size()), beginning)) return false;
    link.remove_prefix(beginning.size());
    return true;
  };
  if (link.size() > kLongestLink || !is_visible(link) || !below(endpoint)) return std::nullopt;
  below(":443");  // Compute's links name the port of https
  const auto target = link;
  if (!below(path) || !link.starts_with('?') || link.find('#') != std::string_view::npos) {
    return std::nullopt;
  }
  return std::string(target);
}

}  // namespace arm
