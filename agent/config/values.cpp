#include "agent/config/values.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "net/address.h"

namespace agent {
namespace {

using Refused = tl::unexpected<std::string>;

/// What follows the prefix, if the text begins with it.
std::optional<std::string_view> after(std::string_view prefix, std::string_view text) {
  if (text.substr(0, prefix.size()) != prefix) return std::nullopt;
  return text.substr(prefix.size());
}

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7f; }

/// What the kernel takes as a device's name (dev_valid_name() of net/core/dev.c).
bool is_link_name(std::string_view name) {
  const auto refused = [](unsigned char c) { return c == '/' || c == ':' || c == ' ' || is_control(c); };
  return !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
         std::none_of(name.begin(), name.end(), refused);
}

bool is_host_name(std::string_view host) {
  const auto allowed = [](char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '-' || c == '.';
  };
  const auto numeric = [](char c) { return ('0' <= c && c <= '9') || c == '.'; };
  // 169.254.169 is a mistyped address, not a name, whatever inet_aton(3) would make of it.
  return !host.empty() && host.size() <= 253 && host.front() != '.' && host.front() != '-' &&
         std::all_of(host.begin(), host.end(), allowed) && !std::all_of(host.begin(), host.end(), numeric);
}

bool is_host(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    const auto address = net::Address::parse(host.substr(1, host.size() - 2));
    return address && address->family() == net::Family::ipv6;
  }
  const auto address = net::Address::parse(host);
  return address ? address->family() == net::Family::ipv4 : is_host_name(host);
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

}  // namespace

tl::expected<node::NicSelector, std::string> parse_nic_selector(std::string_view text) {
  if (text == "primary") return node::PrimaryNic{};
  if (const auto digits = after("mac:", text)) {
    const auto mac = net::MacAddress::parse(*digits);
    if (!mac) return Refused(mac.error().what);
    return *mac;
  }
  if (const auto cidr = after("subnet:", text)) {
    const auto subnet = net::Prefix::parse(*cidr);
    if (!subnet) return Refused(subnet.error().what);
    return *subnet;
  }
  if (const auto name = after("name:", text)) {
    if (!is_link_name(*name)) return Refused(fmt::format("'{}' cannot be the name of a device", *name));
    return node::LinkNamed{std::string(*name)};
  }
  return Refused(fmt::format(
      "'{}' selects no NIC: write primary, mac:00:0d:3a:f8:06:ec, name:eth1 or subnet:10.1.0.0/24", text));
}

tl::expected<std::string, std::string> parse_endpoint(std::string_view text) {
  const auto rest = after("http://", text);
  auto authority = rest.value_or("");
  if (!authority.empty() && authority.back() == '/') authority.remove_suffix(1);

  auto host = authority;
  bool port_is_good = true;
  // The colons of "[::1]" are the address's own.
  if (const auto colon = host.rfind(':'); colon != std::string_view::npos && host.back() != ']') {
    port_is_good = is_port(host.substr(colon + 1));
    host = host.substr(0, colon);
  }
  if (!port_is_good || !is_host(host)) {
    // A URL with a user or a query may hold a password or a signature.
    const bool may_be_secret = text.find_first_of("@?") != std::string_view::npos;
    return Refused(fmt::format(
        "{} is not an endpoint: write http:// and a host, perhaps a port, such as http://169.254.169.254",
        may_be_secret ? "a URL with a user or a query" : fmt::format("'{}'", text)));
  }
  return fmt::format("http://{}", authority);
}

tl::expected<std::string, std::string> parse_plain(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return is_control(c); })) {
    return Refused(fmt::format("'{}' holds a control character", text));
  }
  return std::string(text);
}

}  // namespace agent
