#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/address.h"
#include "net/error.h"

namespace net {

/// Where a server listens (`http.listen`): a unix socket where `unix_path` is not empty, else a TCP socket.
struct ListenAddress {
  Address address;
  std::uint16_t port = 0;  ///< 0 lets the kernel choose
  std::string unix_path;   ///< absolute, and fits sockaddr_un

  [[nodiscard]] bool is_unix() const { return !unix_path.empty(); }
  bool operator==(const ListenAddress&) const = default;
};

/// "127.0.0.1:16925", "[::1]:16925" or "unix:/path". EINVAL for anything else, names included: what
/// `localhost` means is decided by files and servers that need not be there yet when a node boots.
Result<ListenAddress> parse_listen(std::string_view text);

/// The text that parse_listen() takes for it.
std::string listen_text(const ListenAddress& listen);

}  // namespace net
