#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

#include "net/address.h"
#include "net/error.h"

namespace agent {

/// A TCP socket; port 0 lets the kernel choose.
struct ListenTcp {
  net::Address address;
  std::uint16_t port = 0;

  bool operator==(const ListenTcp&) const = default;
};

/// A unix socket in the file system; the path is absolute and fits sockaddr_un.
struct ListenUnix {
  std::filesystem::path path;

  bool operator==(const ListenUnix&) const = default;
};

/// Where the status server listens (`http.listen`).
using Listen = std::variant<ListenTcp, ListenUnix>;

/// 127.0.0.1:16925
Listen default_listen();

/// "127.0.0.1:16925", "[::1]:16925" or "unix:/path". EINVAL for anything else, names included: what
/// `localhost` means is decided by files and servers that need not be there yet when a node boots.
net::Result<Listen> parse_listen(std::string_view text);

/// The text that parse_listen() takes for it.
std::string listen_text(const Listen& listen);

}  // namespace agent
