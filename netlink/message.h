#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <type_traits>

#include "net/address.h"

struct nl_msg;
struct nlmsghdr;

struct nlmsghdr;

namespace netlink {

/// A message under construction: netlink header, the family's fixed header, attributes. Every function throws
/// std::bad_alloc beyond kRoom.
class Message {
 public:
  /// The longest message of ours, an IPv6 route with every attribute, needs 140 bytes.
  static constexpr std::size_t kRoom = 512;

  /// Empty, for restart().
  Message();
  template <class Fixed>
  Message(int type, int flags, const Fixed& fixed) : Message() {
    restart(type, flags, fixed);
  }

  /// Begins another message in the same memory.
  template <class Fixed>
  void restart(int type, int flags, const Fixed& fixed) {
    static_assert(std::is_trivially_copyable_v<Fixed>);
    restart(type, flags, &fixed, sizeof(fixed));
  }

  void put(int attribute, std::uint32_t value);
  void put_byte(int attribute, std::uint8_t value);
  /// In network order.
  void put_port(int attribute, std::uint16_t port);
  void put(int attribute, const net::Address& address);

  [[nodiscard]] nlmsghdr& header() const;
  /// The finished bytes, netlink header first.
  [[nodiscard]] std::span<const std::byte> bytes() const;

 private:
  struct Free {
    void operator()(nl_msg* message) const;
  };
  void restart(int type, int flags, const void* fixed, std::size_t size);

  std::unique_ptr<nl_msg, Free> message_;
};

using Visit = std::function<void(const nlmsghdr&)>;

/// Calls `visit` for each whole message of a datagram; a truncated tail is left out. The datagram must be
/// aligned as nlmsghdr is.
void for_each_message(std::span<const std::byte> datagram, const Visit& visit);

/// AF_INET or AF_INET6.
std::uint8_t family_number(net::Family family);

/// The result in an NLMSG_ERROR or NLMSG_DONE.
struct Outcome {
  int error = 0;      ///< a positive errno; 0 = done
  std::string words;  ///< the kernel's extended acknowledgement (NLMSGERR_ATTR_MSG) and strerror's words
};

/// Reads an NLMSG_ERROR or NLMSG_DONE. EPROTO: it is too short to hold one. Safe for any bytes of a whole
/// message.
Outcome outcome_in(const nlmsghdr& header);

}  // namespace netlink
