#include "agent/http/host_rule.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "net/address.h"
#include "net/ascii_case.h"

namespace agent::http {
namespace {

/// Of a name that is not known nobody bears it.
bool is_called(std::string_view host, std::string_view name) {
  return !name.empty() && net::same_ignoring_case(host, name);
}

/// The port may be missing after its colon (RFC 3986, section 3.2.3).
bool is_port(std::string_view text) {
  if (text.empty()) return true;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size();
}

bool is_address(std::string_view text, net::Family family) {
  const auto address = net::Address::parse(text);
  return address && address->family() == family;
}

}  // namespace

bool host_is_ours(std::string_view host, const core::Snapshot& snapshot) {
  if (host.empty()) return true;
  if (host.front() == '[') {
    const auto close = host.find(']');
    if (close == std::string_view::npos) return false;
    const auto rest = host.substr(close + 1);
    return (rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)))) &&
           is_address(host.substr(1, close - 1), net::Family::ipv6);
  }
  const auto colon = host.find(':');
  if (colon != std::string_view::npos && !is_port(host.substr(colon + 1))) return false;
  const auto name = host.substr(0, colon);
  return is_address(name, net::Family::ipv4) || is_called(name, "localhost") ||
         is_called(name, snapshot.node_name) || is_called(name, snapshot.node.computer_name);
}

}  // namespace agent::http
