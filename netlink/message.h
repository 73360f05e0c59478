#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

struct nl_msg;
struct nlmsghdr;

namespace netlink {

struct FreeMessage {
  void operator()(nl_msg* message) const;
};

/// A message under construction.
using Message = std::unique_ptr<nl_msg, FreeMessage>;

/// An empty message of the type and flags; its header follows by append. Throws std::bad_alloc.
Message make_message(int type, int flags);

/// Adds a fixed header (rtmsg, fib_rule_hdr, ifinfomsg, …).
void append(nl_msg& message, const void* data, std::size_t size);

/// The finished bytes, header first.
std::span<std::byte> bytes_of(nl_msg& message);

nlmsghdr& header_of(nl_msg& message);

}  // namespace netlink
