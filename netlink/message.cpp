#include "netlink/message.h"

#include <netlink/msg.h>

#include <new>

namespace netlink {
namespace {

// The longest message of ours, an IPv6 route with every attribute, needs 140 bytes.
constexpr std::size_t kRoom = 512;

}  // namespace

void FreeMessage::operator()(nl_msg* message) const { nlmsg_free(message); }

Message make_message(int type, int flags) {
  Message message(nlmsg_alloc_size(kRoom));
  if (!message || nlmsg_put(message.get(), 0, 0, type, 0, flags) == nullptr) throw std::bad_alloc();
  return message;
}

void append(nl_msg& message, const void* data, std::size_t size) {
  if (nlmsg_append(&message, const_cast<void*>(data), size, NLMSG_ALIGNTO) < 0) throw std::bad_alloc();
}

std::span<std::byte> bytes_of(nl_msg& message) {
  auto* header = nlmsg_hdr(&message);
  return {reinterpret_cast<std::byte*>(header), header->nlmsg_len};
}

nlmsghdr& header_of(nl_msg& message) { return *nlmsg_hdr(&message); }

}  // namespace netlink
