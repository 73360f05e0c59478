#include "https/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "net/address.h"

namespace https {
namespace {

constexpr std::uint16_t kHttpsPort = 443;
constexpr std::uint16_t kHttpPort = 80;
constexpr std::size_t kLongestName = 253;  // RFC 1035, as text

tl::unexpected<net::Error> refuse(std::string_view why) {
  return net::failure(EINVAL, fmt::format("the URL {}: write https://HOST[:PORT]/PATH", why));
}

bool is_printable(char c) { return c > ' ' && c <= '~'; }

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_';
}

bool is_name(std::string_view host) {
  return !host.empty() && host.size() <= kLongestName &&
         std::all_of(host.begin(), host.end(), is_name_character);
}

bool is_port(std::string_view digits, std::uint16_t& port) {
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, port);
  return error == std::errc{} && stop == end && port != 0;
}

}  // namespace

std::string Url::site() const { return fmt::format("{}://{}", tls ? "https" : "http", authority); }

net::Result<Url> parse_url(std::string_view text) {
  Url url;
  if (!std::all_of(text.begin(), text.end(), is_printable)) {
    return refuse("holds white space or characters that are not ASCII");
  }
  url.tls = text.starts_with("https://");
  if (!url.tls && !text.starts_with("http://")) return refuse("does not begin with https://");
  auto rest = text.substr(text.find("//") + 2);
  const auto path = std::min(rest.find_first_of("/?#"), rest.size());
  const auto target = rest.substr(path);
  if (target.find('#') != std::string_view::npos) return refuse("has a fragment");
  url.target = fmt::format("{}{}", target.starts_with('/') ? "" : "/", target);
  rest = rest.substr(0, path);
  if (rest.find('@') != std::string_view::npos) return refuse("bears a user name");

  const bool bracketed = rest.starts_with('[');
  const auto close = rest.find(']');
  if (bracketed && close == std::string_view::npos) return refuse("has no closing bracket");
  url.host = bracketed ? rest.substr(1, close - 1) : rest.substr(0, rest.find(':'));
  const auto address = net::Address::parse(url.host);
  if (bracketed ? !address || address->family() != net::Family::ipv6 : !is_name(url.host)) {
    return refuse("names no host");
  }
  const auto after = bracketed ? rest.substr(close + 1) : rest.substr(url.host.size());
  const auto usual = url.tls ? kHttpsPort : kHttpPort;
  url.port = usual;
  if (!after.empty() && !(after.starts_with(':') && is_port(after.substr(1), url.port))) {
    return refuse("has something other than a port behind the host");
  }
  url.authority = bracketed ? fmt::format("[{}]", url.host) : url.host;
  if (url.port != usual) url.authority += fmt::format(":{}", url.port);
  if (!url.tls && !(address && address->is_loopback())) {
    return net::failure(
        EINVAL,
        fmt::format("http://{} is not asked without TLS: write https://, or a literal loopback address",
                    url.authority));
  }
  return url;
}

}  // namespace https
