#pragma once

#include <cstdint>
#include <optional>

#include "net/address.h"

namespace net {

/// A packet that the kernel is asked about: where would it take it?
struct Flow {
  /// From this machine itself.
  explicit Flow(const Address& destination) : to(destination) {}

  Address to;
  std::optional<Address> from = {};
  std::uint32_t incoming = 0;    ///< the link by which it comes; 0: it is this machine's own
  std::uint8_t ip_protocol = 0;  ///< IPPROTO_*; 0: the kernel chooses
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t tos = 0;
};

}  // namespace net
