#include "imds/endpoint.h"
#include "net/random.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace imds {
namespace {

constexpr std::string_view kScheme = "http://";
constexpr std::uint16_t kHttpPort = 80;

std::optional<std::uint16_t> parse_port(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) return std::nullopt;
  return port;
}

/// A random (version 4) UUID: Azure's support finds a request in IMDS's own log by it.
std::string request_id() {
  const auto first = net::random_number();
  const auto second = net::random_number();
  const auto third = net::random_number();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:04x}{:08x}", first, second >> 16, second & 0xfff,
                     0x8000 | (third >> 16 & 0x3fff), third & 0xffff, net::random_number());
}

}  // namespace

net::Result<Endpoint> parse_endpoint(std::string_view text) {
  // It is not quoted: a URL may hold a password or a signature.
  const auto refuse = [](std::string_view why) {
    return net::failure(EINVAL, fmt::format("the IMDS endpoint {}: write http://169.254.169.254 or another "
                                            "http://ADDRESS[:PORT]",
                                            why));
  };
  if (!text.starts_with(kScheme)) return refuse("does not begin with http://");
  auto rest = text.substr(kScheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);

  const bool bracketed = rest.starts_with('[');
  const auto host_end = bracketed ? rest.find(']') : rest.find(':');
  if (bracketed && host_end == std::string_view::npos) return refuse("has no closing bracket");
  const auto host = bracketed ? rest.substr(1, host_end - 1) : rest.substr(0, host_end);
  const auto address = net::Address::parse(host);
  if (!address || (address->family() == net::Family::ipv6) != bracketed) {
    return refuse("names no literal address (names are not resolved)");
  }

  Endpoint endpoint{.address = *address, .port = kHttpPort, .authority = {}};
  const auto after = bracketed ? rest.substr(host_end + 1) : rest.substr(std::min(host_end, rest.size()));
  if (!after.empty()) {
    const auto port = after.starts_with(':') ? parse_port(after.substr(1)) : std::nullopt;
    if (!port) return refuse("has something other than a port behind the address");
    endpoint.port = *port;
  }
  endpoint.authority = bracketed ? fmt::format("[{}]", address->text()) : address->text();
  if (endpoint.port != kHttpPort) endpoint.authority += fmt::format(":{}", endpoint.port);
  return endpoint;
}

http1::Request request_to(const Endpoint& endpoint, std::string target,
                          std::chrono::steady_clock::time_point connect_by,
                          std::chrono::steady_clock::time_point finish_by) {
  return {.peer = {.address = endpoint.address, .port = endpoint.port, .unix_path = {}},
          .target = std::move(target),
          .host = endpoint.authority,
          .headers = {{"Metadata", "true"},
                      {"User-Agent", "calico-azure-agent"},
                      {"x-ms-client-request-id", request_id()}},
          .connect_by = connect_by,
          .finish_by = finish_by};
}

}  // namespace imds
