#include "agent/config/listen.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <charconv>
#include <optional>

namespace agent {
namespace {

constexpr std::string_view kUnixScheme = "unix:";

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

net::Result<Listen> parse_unix(std::string_view text) {
  const auto path = text.substr(kUnixScheme.size());
  if (path.empty() || path.front() != '/' || path.find('\0') != std::string_view::npos) {
    return net::failure(EINVAL,
                        fmt::format("'{}' needs an absolute path, such as unix:/run/agent.sock", text));
  }
  constexpr std::size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > kLongestPath) {
    return net::failure(EINVAL, fmt::format("the path of a unix socket has at most {} bytes, '{}' has {}",
                                            kLongestPath, path, path.size()));
  }
  return ListenUnix{path};
}

}  // namespace

Listen default_listen() { return ListenTcp{*net::Address::parse("127.0.0.1"), 16925}; }

net::Result<Listen> parse_listen(std::string_view text) {
  if (text.substr(0, kUnixScheme.size()) == kUnixScheme) return parse_unix(text);

  const auto refused = [text] {
    return net::failure(
        EINVAL,
        fmt::format("'{}' is not a listen address: write 127.0.0.1:16925, [::1]:16925 or unix:/path", text));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return refused();
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = net::Address::parse(host);
  const auto port = parse_port(text.substr(colon + 1));
  if (!address || !port || bracketed != (address->family() == net::Family::ipv6)) return refused();
  return ListenTcp{*address, *port};
}

std::string listen_text(const Listen& listen) {
  if (const auto* local = std::get_if<ListenUnix>(&listen)) {
    return fmt::format("{}{}", kUnixScheme, local->path.string());
  }
  const auto& tcp = std::get<ListenTcp>(listen);
  const auto host = tcp.address.text();
  return tcp.address.family() == net::Family::ipv6 ? fmt::format("[{}]:{}", host, tcp.port)
                                                   : fmt::format("{}:{}", host, tcp.port);
}

}  // namespace agent
