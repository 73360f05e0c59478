#include "netlink/message.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <new>
#include <system_error>

#include "netlink/attributes.h"

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

namespace {

std::string strerror_of(int error) { return std::system_category().message(error); }

/// Where the extended acknowledgement's attributes begin in the payload.
std::size_t attributes_at(const nlmsghdr& header) {
  if (header.nlmsg_type == NLMSG_DONE) return sizeof(int);
  nlmsgerr error{};
  std::memcpy(&error, nlmsg_data(&header),
              std::min(sizeof(error), static_cast<std::size_t>(nlmsg_datalen(&header))));
  // Without NETLINK_CAP_ACK the whole refused message stands before them.
  const bool capped = (header.nlmsg_flags & NLM_F_CAPPED) != 0 || error.msg.nlmsg_len <= sizeof(nlmsghdr);
  return sizeof(error) + (capped ? 0 : std::size_t{NLMSG_ALIGN(error.msg.nlmsg_len)} - sizeof(nlmsghdr));
}

std::string extended_words(const nlmsghdr& header) {
  const auto payload = static_cast<std::size_t>(nlmsg_datalen(&header));
  const auto offset = attributes_at(header);
  if ((header.nlmsg_flags & NLM_F_ACK_TLVS) == 0 || payload <= offset) return "";
  auto* first = reinterpret_cast<nlattr*>(static_cast<char*>(nlmsg_data(&header)) + offset);
  std::array<nlattr*, NLMSGERR_ATTR_MAX + 1> attributes{};
  if (nla_parse(attributes.data(), NLMSGERR_ATTR_MAX, first, static_cast<int>(payload - offset), nullptr) <
      0) {
    return "";
  }
  return text_in(attributes[NLMSGERR_ATTR_MSG]);
}

}  // namespace

Outcome outcome_in(const nlmsghdr& header) {
  int code = 0;
  if (nlmsg_datalen(&header) < static_cast<int>(sizeof(code))) {
    return {.error = EPROTO, .words = strerror_of(EPROTO)};
  }
  std::memcpy(&code, nlmsg_data(&header), sizeof(code));
  if (code >= 0) return {};
  // The most negative number has no positive one.
  const int error = code == std::numeric_limits<int>::min() ? EPROTO : -code;
  const auto words = extended_words(header);
  return {.error = error,
          .words = words.empty() ? strerror_of(error) : fmt::format("{} ({})", words, strerror_of(error))};
}

}  // namespace netlink
