#include "netlink/message.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <new>

namespace netlink {
namespace {

void demand(int error) {
  if (error < 0) throw std::bad_alloc();
}

}  // namespace

void Message::Free::operator()(nl_msg* message) const { nlmsg_free(message); }

Message::Message() : message_(nlmsg_alloc_size(kRoom)) {
  if (!message_) throw std::bad_alloc();
}

void Message::restart(int type, int flags, const void* fixed, std::size_t size) {
  auto& first = header();
  first = {};
  first.nlmsg_len = NLMSG_HDRLEN;
  first.nlmsg_type = static_cast<std::uint16_t>(type);
  first.nlmsg_flags = static_cast<std::uint16_t>(flags);
  demand(nlmsg_append(message_.get(), const_cast<void*>(fixed), size, NLMSG_ALIGNTO));
}

void Message::put(int attribute, std::uint32_t value) {
  demand(nla_put_u32(message_.get(), attribute, value));
}

void Message::put_byte(int attribute, std::uint8_t value) {
  demand(nla_put_u8(message_.get(), attribute, value));
}

void Message::put_port(int attribute, std::uint16_t port) {
  demand(nla_put_u16(message_.get(), attribute, htons(port)));
}

void Message::put(int attribute, const net::Address& address) {
  const auto bytes = address.bytes();
  demand(nla_put(message_.get(), attribute, static_cast<int>(bytes.size()), bytes.data()));
}

nlmsghdr& Message::header() const { return *nlmsg_hdr(message_.get()); }

std::span<const std::byte> Message::bytes() const {
  const auto& first = header();
  return {reinterpret_cast<const std::byte*>(&first), first.nlmsg_len};
}

void for_each_message(std::span<const std::byte> datagram, const Visit& visit) {
  // libnl walks by a non-const pointer, but writes nothing.
  auto* header = reinterpret_cast<nlmsghdr*>(const_cast<std::byte*>(datagram.data()));
  int left = static_cast<int>(datagram.size());
  while (nlmsg_ok(header, left) != 0) {
    visit(*header);
    header = nlmsg_next(header, &left);
  }
}

std::uint8_t family_number(net::Family family) { return family == net::Family::ipv4 ? AF_INET : AF_INET6; }

}  // namespace netlink
