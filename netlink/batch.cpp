#include "netlink/batch.h"

#include <fmt/format.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "netlink/codecs.h"
#include "netlink/message.h"

namespace netlink {
namespace {

/// 20 messages a send are enough for full speed and the curve is flat from 1 KiB to 4 MiB: this is well below
/// the send buffer.
constexpr std::size_t kBytesPerSend = 1 << 15;
/// An IPv4 route by a gateway: netlink header, rtmsg and six attributes.
constexpr std::size_t kTypicalMessage = 80;
/// What one refusal is charged to the receive buffer at most: 832 bytes on 6.18; kernels without
/// NETLINK_CAP_ACK return the refused message as well.
constexpr std::size_t kReplyCharge = 2048;

std::string change_text(const Socket& socket, const net::Change& change) {
  if (const auto* rule = std::get_if<net::Rule>(&change.object)) {
    return fmt::format("{} rule {}", net::verb_name(change.verb), rule_text(*rule));
  }
  const auto& route = std::get<net::Route>(change.object);
  return fmt::format("{} route {}", net::verb_name(change.verb),
                     net::route_text(route, socket.device_name(route.device)));
}

net::Result<void> encode(Message& into, const net::Change& change) {
  if (const auto* route = std::get_if<net::Route>(&change.object))
    return encode_route(into, change.verb, *route);
  auto message = encode_rule(change.verb, std::get<net::Rule>(change.object));
  if (!message) return net::pass_on(message);
  into = std::move(*message);
  return {};
}

/// One send after the other, and its replies; in memory that all of them share.
class BatchSend {
 public:
  BatchSend(Socket& socket, std::span<const net::Change> changes, std::vector<net::Refusal>& refusals)
      : socket_(socket), changes_(changes), refusals_(refusals) {
    bytes_.reserve(std::min(kBytesPerSend, changes.size() * kTypicalMessage) + Message::kRoom);
  }

  /// Makes the changes from `first` on that fit one send. Returns the index of the first one left out.
  net::Result<std::size_t> run(std::size_t first) {
    const auto room = std::max<std::size_t>(1, socket_.granted_receive_buffer() / kReplyCharge);
    const auto end = std::min(changes_.size(), first + room);
    first_sequence_ = socket_.take_sequence(end - first);
    first_ = first;
    bytes_.clear();
    std::size_t next = first;
    while (next < end && bytes_.size() < kBytesPerSend) append(next++);
    if (bytes_.empty()) return next;
    if (auto done = exchange(); !done) return net::pass_on(done);
    return next;
  }

 private:
  [[nodiscard]] std::uint32_t sequence_of(std::size_t index) const {
    return first_sequence_ + static_cast<std::uint32_t>(index - first_);
  }

  void append(std::size_t index) {
    if (const auto possible = encode(message_, changes_[index]); !possible) {
      refuse(index, {.error = possible.error().code.value(), .words = possible.error().what});
      return;
    }
    message_.header().nlmsg_seq = sequence_of(index);
    fence_ = index;
    fence_at_ = bytes_.size();
    const auto encoded = message_.bytes();
    bytes_.insert(bytes_.end(), encoded.begin(), encoded.end());
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
  }

  net::Result<void> exchange() {
    reinterpret_cast<nlmsghdr*>(bytes_.data() + fence_at_)->nlmsg_flags |= NLM_F_ACK;
    if (auto sent = socket_.send(bytes_); !sent) return sent;
    bool fenced = false;
    while (!fenced) {
      const auto received = socket_.receive([&](const nlmsghdr& header) { fenced |= take(header); });
      if (received && *received > 0) continue;
      socket_.discard();
      const int error = received ? EIO : received.error().code.value();
      return system_failure(error,
                            "the outcome of a batch is unknown, since replies of the kernel were lost");
    }
    return {};
  }

  /// Takes one reply; true for the fence's. Those to an earlier, given-up batch are passed over.
  bool take(const nlmsghdr& header) {
    const auto index = first_ + (header.nlmsg_seq - first_sequence_);
    if (header.nlmsg_type != NLMSG_ERROR || index > fence_) return false;
    if (auto outcome = outcome_in(header); outcome.error != 0) refuse(index, outcome);
    return index == fence_;
  }

  void refuse(std::size_t index, const Outcome& outcome) {
    auto what = fmt::format("{}: {}", change_text(socket_, changes_[index]), outcome.words);
    if (outcome.error == EPERM) what += "; changing routes needs CAP_NET_ADMIN";
    refusals_.push_back(
        {.index = index, .error = {{outcome.error, std::system_category()}, std::move(what)}});
  }

  Socket& socket_;
  std::span<const net::Change> changes_;
  std::vector<net::Refusal>& refusals_;
  std::size_t first_ = 0;
  std::uint32_t first_sequence_ = 0;
  Message message_;
  std::vector<std::byte> bytes_;
  std::size_t fence_ = 0;     ///< index of the last change that was put into `bytes_`
  std::size_t fence_at_ = 0;  ///< where its message begins
};

}  // namespace

net::Result<std::vector<net::Refusal>> apply_batch(Socket& socket, std::span<const net::Change> changes) {
  std::vector<net::Refusal> refusals;
  BatchSend batch_send(socket, changes, refusals);
  for (std::size_t first = 0; first < changes.size();) {
    const auto next = batch_send.run(first);
    if (!next) return net::pass_on(next);
    first = *next;
  }
  // Those refused here come before the kernel's of the same send.
  std::sort(refusals.begin(), refusals.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  return refusals;
}

}  // namespace netlink
