#pragma once

#include <linux/netlink.h>

#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "netlink/message.h"

/// Bytes of messages that a test may spoil. operator new aligns them as the kernel's buffer is.
class MessageBytes {
 public:
  explicit MessageBytes(const netlink::Message& message)
      : bytes_(message.bytes().begin(), message.bytes().end()) {}
  explicit MessageBytes(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}

  std::vector<std::byte>& bytes() { return bytes_; }
  nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(bytes_.data()); }

  /// The first message, shortened to `length` bytes, header and all.
  [[nodiscard]] MessageBytes cut_to(std::size_t length) const {
    MessageBytes cut(
        std::vector<std::byte>(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(length)));
    cut.header().nlmsg_len = static_cast<std::uint32_t>(length);
    return cut;
  }

  /// What `decode` makes of the only message; nullopt also where there is none.
  template <class Decode>
  auto decoded_by(const Decode& decode) const {
    decltype(decode(std::declval<const nlmsghdr&>())) result{};
    netlink::for_each_message(bytes_, [&](const nlmsghdr& each) { result = decode(each); });
    return result;
  }

 private:
  std::vector<std::byte> bytes_;
};
