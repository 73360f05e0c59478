#include "netlink/watch_filter.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <map>

#include "netlink/message.h"

namespace netlink {
namespace {

constexpr std::uint32_t kDrop = 0;
constexpr std::uint32_t kKeep = 0xffffffff;
constexpr std::uint32_t kRoute = NLMSG_HDRLEN;  ///< where the rtmsg begins
constexpr std::uint32_t kAttributes = kRoute + NLMSG_ALIGN(sizeof(rtmsg));

/// Scratch memory of the filter: family and length of the destination, then its address by words.
constexpr std::uint32_t kShape = 0;
constexpr std::uint32_t kWords = 1;

constexpr std::uint32_t shape(std::uint8_t family, std::uint8_t length) {
  return (std::uint32_t{family} << 8U) | length;
}

/// A filter loads in network order what the header has in the host's.
std::uint32_t as_loaded(std::uint32_t value) { return htonl(value); }
std::uint32_t as_loaded(std::uint16_t value) { return htons(value); }

class Program {
 public:
  void add(sock_filter instruction) { instructions_.push_back(instruction); }
  void load_byte(std::size_t offset) { add(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at(offset))); }
  void load_half(std::size_t offset) { add(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, at(offset))); }
  void load_word(std::size_t offset) { add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at(offset))); }
  void recall(std::uint32_t slot) { add(BPF_STMT(BPF_LD | BPF_MEM, slot)); }
  void keep_in(std::uint32_t slot) { add(BPF_STMT(BPF_ST, slot)); }
  void end(std::uint32_t verdict) { add(BPF_STMT(BPF_RET | BPF_K, verdict)); }
  /// Goes on where the value is loaded, else skips so many.
  void skip_unless(std::uint32_t value, std::uint8_t count) {
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count));
  }
  void skip_if(std::uint32_t value, std::uint8_t count) {
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, count, 0));
  }
  void end_if(std::uint32_t value, std::uint32_t verdict) {
    skip_unless(value, 1);
    end(verdict);
  }
  void end_if_set(std::uint32_t bits, std::uint32_t verdict) {
    add(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1));
    end(verdict);
  }

  [[nodiscard]] std::vector<sock_filter> take() && { return std::move(instructions_); }

 private:
  static std::uint32_t at(std::size_t offset) { return static_cast<std::uint32_t>(offset); }
  std::vector<sock_filter> instructions_;
};

std::uint32_t shape_of(const net::Prefix& prefix) {
  return shape(family_number(prefix.family()), prefix.length());
}

std::vector<std::uint32_t> words_of(const net::Prefix& prefix) {
  const auto bytes = prefix.network().bytes();
  std::vector<std::uint32_t> words(bytes.size() / sizeof(std::uint32_t));
  std::memcpy(words.data(), bytes.data(), bytes.size());
  for (auto& word : words) word = ntohl(word);
  return words;
}

/// A default route has no RTA_DST: where its length alone is asked for, that decides.
void take_the_destination_apart(Program& program) {
  program.load_byte(kRoute + offsetof(rtmsg, rtm_family));
  program.add(BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 8));
  program.add(BPF_STMT(BPF_MISC | BPF_TAX, 0));
  program.load_byte(kRoute + offsetof(rtmsg, rtm_dst_len));
  program.add(BPF_STMT(BPF_ALU | BPF_OR | BPF_X, 0));
  program.keep_in(kShape);
}

/// Every word of a destination: as many as the family has, since loading beyond the end drops the message.
/// The kernel refuses a filter that may recall what was not kept.
void load_the_address(Program& program) {
  program.add(BPF_STMT(BPF_LD | BPF_IMM, 0));
  for (std::uint32_t index = 1; index < 4; ++index) program.keep_in(kWords + index);
  program.add(BPF_STMT(BPF_LD | BPF_IMM, kAttributes));
  program.add(BPF_STMT(BPF_LDX | BPF_IMM, RTA_DST));
  program.load_word(static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_NLATTR));
  program.end_if(0, kDrop);
  program.add(BPF_STMT(BPF_MISC | BPF_TAX, 0));
  const auto word = [&program](std::uint32_t index) {
    program.add(BPF_STMT(BPF_LD | BPF_W | BPF_IND, NLA_HDRLEN + 4 * index));
    program.keep_in(kWords + index);
  };
  word(0);
  program.load_byte(kRoute + offsetof(rtmsg, rtm_family));
  program.skip_unless(AF_INET6, 6);
  for (std::uint32_t index = 1; index < 4; ++index) word(index);
}

void keep_exactly(Program& program, const net::Prefix& destination) {
  const auto words = words_of(destination);
  auto rest = static_cast<std::uint8_t>(2 * words.size() + 1);  // instructions of this block after the next
  program.recall(kShape);
  program.skip_unless(shape_of(destination), rest);
  for (std::uint32_t i = 0; i < words.size(); ++i) {
    rest = static_cast<std::uint8_t>(rest - 2);
    program.recall(kWords + i);
    program.skip_unless(words[i], rest);
  }
  program.end(kKeep);
}

/// Destinations of one family and length.
struct Group {
  std::uint32_t shape = 0;
  std::vector<net::Prefix> members;
};

/// The smallest first: of the largest the shape alone may have to decide.
std::vector<Group> groups_of(std::span<const net::Prefix> destinations) {
  std::map<std::uint32_t, std::vector<net::Prefix>> by_shape;
  for (const auto& each : destinations) by_shape[shape_of(each)].push_back(each);
  std::vector<Group> groups;
  groups.reserve(by_shape.size());
  for (auto& [shape, members] : by_shape) groups.push_back({.shape = shape, .members = std::move(members)});
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return a.members.size() < b.members.size(); });
  return groups;
}

void keep_destinations(Program& program, std::span<const net::Prefix> destinations) {
  take_the_destination_apart(program);
  std::vector<net::Prefix> exactly;
  for (auto& [shape, members] : groups_of(destinations)) {
    const bool has_an_address = members.front().length() > 0;
    if (has_an_address && exactly.size() + members.size() <= kDestinationsInFilter) {
      exactly.insert(exactly.end(), members.begin(), members.end());
    } else {
      program.end_if(shape, kKeep);
    }
  }
  load_the_address(program);
  for (const auto& each : exactly) keep_exactly(program, each);
}

}  // namespace

std::vector<sock_filter> watch_filter(std::uint32_t own_port,
                                      const std::optional<net::NotificationFilter>& filter) {
  Program program;
  program.load_word(offsetof(nlmsghdr, nlmsg_pid));
  program.end_if(as_loaded(own_port), kDrop);
  if (!filter) {
    program.end(kKeep);
    return std::move(program).take();
  }
  program.load_half(offsetof(nlmsghdr, nlmsg_type));
  program.skip_if(as_loaded(std::uint16_t{RTM_NEWROUTE}), 2);
  program.skip_if(as_loaded(std::uint16_t{RTM_DELROUTE}), 1);
  program.end(kKeep);
  program.load_word(kRoute + offsetof(rtmsg, rtm_flags));
  program.end_if_set(as_loaded(std::uint32_t{RTM_F_CLONED}), kDrop);
  program.load_byte(kRoute + offsetof(rtmsg, rtm_protocol));
  for (const auto protocol : filter->protocols) program.end_if(protocol, kKeep);
  keep_destinations(program, filter->destinations.list());
  program.end(kDrop);
  return std::move(program).take();
}

}  // namespace netlink
