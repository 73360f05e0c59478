#include "net/listen_address.h"

#include <fmt/format.h>
#include <sys/un.h>

#include "net/foreign_text.h"

namespace net {
namespace {

constexpr std::string_view kUnixScheme = "unix:";

Result<ListenAddress> parse_unix(std::string_view text) {
  const auto path = text.substr(kUnixScheme.size());
  if (path.empty() || path.front() != '/' || path.find('\0') != std::string_view::npos) {
    return failure(EINVAL, fmt::format("'{}' needs an absolute path, such as unix:/run/agent.sock", text));
  }
  constexpr std::size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > kLongestPath) {
    return failure(EINVAL, fmt::format("the path of a unix socket has at most {} bytes, '{}' has {}",
                                       kLongestPath, path, path.size()));
  }
  return ListenAddress{.address = {}, .port = 0, .unix_path = std::string(path)};
}

}  // namespace

Result<ListenAddress> parse_listen(std::string_view text) {
  if (text.starts_with(kUnixScheme)) return parse_unix(text);

  const auto refused = [text] {
    return failure(
        EINVAL,
        fmt::format("'{}' is not a listen address: write 127.0.0.1:16925, [::1]:16925 or unix:/path", text));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return refused();
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = Address::parse(host);
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  if (!address || !port || bracketed != (address->family() == Family::ipv6)) return refused();
  return ListenAddress{.address = *address, .port = *port, .unix_path = {}};
}

std::string listen_text(const ListenAddress& listen) {
  if (listen.is_unix()) return fmt::format("{}{}", kUnixScheme, listen.unix_path);
  const auto host = listen.address.text();
  return listen.address.family() == Family::ipv6 ? fmt::format("[{}]:{}", host, listen.port)
                                                 : fmt::format("{}:{}", host, listen.port);
}

}  // namespace net
