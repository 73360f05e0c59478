#pragma once
// rtnetlink without a library: what every contestant here that makes routes itself shares.
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <time.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace contest {

[[noreturn]] inline void give_up(const char* why) {
  std::perror(why);
  std::exit(1);
}

/// Microseconds of CLOCK_MONOTONIC.
inline double now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

struct Where {
  std::uint8_t family = AF_INET;
  std::uint8_t length = 28;
  std::array<std::uint8_t, 16> address{};

  [[nodiscard]] std::size_t bytes() const { return family == AF_INET ? 4 : 16; }
};

inline void put_big_endian(std::uint8_t* into, std::uint32_t value) {
  value = htonl(value);
  std::memcpy(into, &value, sizeof(value));
}

/// The n-th of our destinations: /28s of 10.64.0.0/10, /64s of fd00:0::/32.
inline Where ours(int family, std::uint32_t n) {
  Where where;
  if (family == 4) {
    put_big_endian(where.address.data(), 0x0a400000U + n * 16);
  } else {
    where = {.family = AF_INET6, .length = 64, .address = {0xfd}};
    put_big_endian(where.address.data() + 4, n);
  }
  return where;
}

/// The n-th of the foreign routes: /32s of 100.64.0.0/10.
inline Where foreign(std::uint32_t n) {
  Where where{.family = AF_INET, .length = 32, .address = {}};
  put_big_endian(where.address.data(), 0x64400000U + n);
  return where;
}

/// No protocol: a removal that says where to alone.
constexpr std::uint8_t kAnybodys = 0;

/// How our routes lead out.
struct Way {
  std::uint32_t device = 0;
  std::uint8_t protocol = 169;
};

class Messages {
 public:
  explicit Messages(std::size_t reserve = 1 << 16) { bytes_.reserve(reserve); }

  void route(std::uint16_t type, std::uint16_t flags, std::uint32_t sequence, const Where& to,
             const Way& way) {
    start_ = bytes_.size();
    const nlmsghdr header{
        .nlmsg_len = 0, .nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = sequence, .nlmsg_pid = 0};
    append(&header, sizeof(header));
    rtmsg body{};
    body.rtm_family = to.family;
    body.rtm_dst_len = to.length;
    body.rtm_table = RT_TABLE_MAIN;
    body.rtm_protocol = way.protocol;
    body.rtm_scope = type == RTM_DELROUTE ? RT_SCOPE_NOWHERE : RT_SCOPE_UNIVERSE;
    body.rtm_type = RTN_UNICAST;
    append(&body, sizeof(body));
    const std::uint32_t metric = 1024;
    const bool ipv4 = to.family == AF_INET;
    attribute(RTA_DST, to.address.data(), to.bytes());
    if (way.protocol == kAnybodys) return finish();
    attribute(RTA_PRIORITY, &metric, sizeof(metric));
    attribute(RTA_GATEWAY, address(ipv4 ? "10.240.0.1" : "fd01::1").data(), to.bytes());
    attribute(RTA_OIF, &way.device, sizeof(way.device));
    attribute(RTA_PREFSRC, address(ipv4 ? "10.240.0.4" : "fd01::4").data(), to.bytes());
    finish();
  }
  /// Of the last message: the kernel answers it even when all is well.
  void ask_for_acknowledgement() {
    std::uint16_t flags = 0;
    auto* at = &bytes_[start_ + offsetof(nlmsghdr, nlmsg_flags)];
    std::memcpy(&flags, at, sizeof(flags));
    flags |= NLM_F_ACK;
    std::memcpy(at, &flags, sizeof(flags));
  }
  void clear() { bytes_.clear(); }
  [[nodiscard]] const std::vector<char>& bytes() const { return bytes_; }

 private:
  static std::array<std::uint8_t, 16> address(const char* text) {
    std::array<std::uint8_t, 16> bytes{};
    if (inet_pton(AF_INET, text, bytes.data()) != 1) inet_pton(AF_INET6, text, bytes.data());
    return bytes;
  }
  void finish() {
    const auto size = static_cast<std::uint32_t>(bytes_.size() - start_);
    std::memcpy(&bytes_[start_], &size, sizeof(size));
  }
  void append(const void* data, std::size_t size) {
    const auto* from = static_cast<const char*>(data);
    bytes_.insert(bytes_.end(), from, from + size);
  }
  void attribute(std::uint16_t type, const void* data, std::size_t size) {
    const rtattr header{.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(size)), .rta_type = type};
    append(&header, sizeof(header));
    append(data, size);
  }

  std::vector<char> bytes_;
  std::size_t start_ = 0;
};

class Socket {
 public:
  explicit Socket(int receive_buffer = 1 << 20)
      : descriptor_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    if (bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) give_up("bind");
    const int send_buffer = 1 << 20;
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof(receive_buffer));
    setsockopt(descriptor_, SOL_SOCKET, SO_SNDBUFFORCE, &send_buffer, sizeof(send_buffer));
    const int on = 1;
    for (const int option : {NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK})
      setsockopt(descriptor_, SOL_NETLINK, option, &on, sizeof(on));
  }
  void join(int group) const {
    setsockopt(descriptor_, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group));
  }
  void send(const std::vector<char>& bytes) const {
    if (::send(descriptor_, bytes.data(), bytes.size(), 0) < 0) give_up("send");
  }
  /// Calls `visit` for each message of one datagram; false when there is none.
  template <class Visit>
  bool receive(const Visit& visit) {
    const auto size = recv(descriptor_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) return false;
    if (size < 0) give_up("receive");
    auto left = static_cast<unsigned>(size);
    for (const auto* each = reinterpret_cast<nlmsghdr*>(buffer_.data()); NLMSG_OK(each, left);
         each = NLMSG_NEXT(const_cast<nlmsghdr*>(each), left)) {
      visit(*each);
    }
    return true;
  }
  /// Every refusal, as a count.
  std::size_t refusals() {
    std::size_t refused = 0;
    while (receive([&refused](const nlmsghdr& each) {
      if (each.nlmsg_type == NLMSG_ERROR && static_cast<const nlmsgerr*>(NLMSG_DATA(&each))->error != 0)
        ++refused;
    })) {
    }
    return refused;
  }
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
  alignas(nlmsghdr) std::array<char, 1 << 16> buffer_{};
};

/// Makes all the changes, 32 KiB a send, the last of each acknowledged. Returns how many were refused.
inline std::size_t change(Socket& socket, std::uint16_t type, std::uint16_t flags,
                          const std::vector<Where>& routes, const Way& way) {
  Messages messages;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    messages.route(type, flags, static_cast<std::uint32_t>(i + 1), routes[i], way);
    if (messages.bytes().size() < (1 << 15) && i + 1 < routes.size()) continue;
    messages.ask_for_acknowledgement();
    socket.send(messages.bytes());
    refused += socket.refusals();
    messages.clear();
  }
  return refused;
}

constexpr std::uint16_t kAdd = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
constexpr std::uint16_t kReplace = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE;

/// The destination of a route's message; false when it has none or is of another protocol.
inline bool destination_of(const nlmsghdr& message, std::uint8_t protocol, Where& where) {
  const auto* route = static_cast<const rtmsg*>(NLMSG_DATA(&message));
  if (route->rtm_protocol != protocol || (route->rtm_flags & RTM_F_CLONED) != 0) return false;
  where.family = route->rtm_family;
  where.length = route->rtm_dst_len;
  auto left = static_cast<int>(RTM_PAYLOAD(&message));
  for (const auto* each = RTM_RTA(route); RTA_OK(each, left);
       each = RTA_NEXT(const_cast<rtattr*>(each), left)) {
    if (each->rta_type != RTA_DST || RTA_PAYLOAD(each) > where.address.size()) continue;
    std::memcpy(where.address.data(), RTA_DATA(each), RTA_PAYLOAD(each));
    return true;
  }
  return false;
}

}  // namespace contest
