#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/address.h"
#include "net/error.h"

namespace simulator {

struct ListenAddress {
  net::Address address;
  std::uint16_t port = 0;
};

/// "127.0.0.1:8080", IPv4 like IMDS; port 0 = any free one. EINVAL otherwise.
net::Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace simulator
