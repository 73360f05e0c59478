#include "netlink/batch.h"

#include <fmt/format.h>
#include <linux/netlink.h>
#include <netlink/msg.h>

#include <cstdint>

#include "netlink/acknowledgement.h"
#include "netlink/route_message.h"
#include "netlink/rule_message.h"

namespace netlink {
namespace {

// The cost of a change is flat from 1 KiB to 4 MiB a send; this stays well below the send buffer.
constexpr std::size_t kBytesPerSend = 1 << 15;

std::string_view verb_name(net::Verb verb) {
  switch (verb) {
    case net::Verb::add:
      return "add";
    case net::Verb::replace:
      return "replace";
    case net::Verb::remove:
      return "remove";
  }
  return "";
}

std::string subject_of(const net::Change& change) {
  if (const auto* rule = std::get_if<net::Rule>(&change.object)) {
    return fmt::format("{} rule from {} lookup {}", verb_name(change.verb), rule->source.text(), rule->table);
  }
  return fmt::format("{} route {}", verb_name(change.verb),
                     net::route_text(std::get<net::Route>(change.object)));
}

Message encode(const net::Change& change) {
  if (const auto* rule = std::get_if<net::Rule>(&change.object)) return encode_rule(change.verb, *rule);
  return encode_route(change.verb, std::get<net::Route>(change.object));
}

net::Error refusal_of(const net::Change& change, const Outcome& outcome) {
  auto what = fmt::format("{}: {}", subject_of(change), outcome.words);
  if (outcome.error == EPERM) what += ": the agent needs CAP_NET_ADMIN";
  return {{outcome.error, std::system_category()}, std::move(what)};
}

/// One send and its replies.
class Batch {
 public:
  Batch(std::span<const net::Change> changes, std::size_t first, std::uint32_t first_sequence)
      : changes_(changes), first_(first), next_(first), first_sequence_(first_sequence) {}

  /// Encodes changes from `first` on until the send is full; returns the index of the first one left out.
  std::size_t fill() {
    std::size_t last_at = 0;
    while (next_ < changes_.size() && bytes_.size() < kBytesPerSend) {
      const auto message = encode(changes_[next_]);
      header_of(*message).nlmsg_seq = sequence_of(next_);
      const auto encoded = bytes_of(*message);
      last_at = bytes_.size();
      bytes_.insert(bytes_.end(), encoded.begin(), encoded.end());
      bytes_.resize(NLMSG_ALIGN(bytes_.size()));
      ++next_;
    }
    reinterpret_cast<nlmsghdr*>(bytes_.data() + last_at)->nlmsg_flags |= NLM_F_ACK;
    return next_;
  }

  net::Result<void> exchange(Socket& socket, std::vector<net::Refusal>& refusals) {
    if (auto sent = socket.send(bytes_); !sent) return sent;
    while (!fence_seen_) {
      const auto datagram = socket.receive(false);
      if (!datagram) {
        return net::failure(datagram.error().code.value(),
                            "netlink: the outcome of a batch is unknown: " + datagram.error().what);
      }
      for_each_message(*datagram, [&](const nlmsghdr& header) { take(header, refusals); });
    }
    return {};
  }

 private:
  [[nodiscard]] std::uint32_t sequence_of(std::size_t index) const {
    return first_sequence_ + static_cast<std::uint32_t>(index - first_);
  }

  void take(const nlmsghdr& header, std::vector<net::Refusal>& refusals) {
    const auto offset = static_cast<std::size_t>(header.nlmsg_seq - first_sequence_);
    if (header.nlmsg_type != NLMSG_ERROR || offset >= next_ - first_)
      return;  // of an earlier, given-up batch
    const auto index = first_ + offset;
    const auto outcome = outcome_in(header);
    if (outcome.error != 0)
      refusals.push_back({.index = index, .error = refusal_of(changes_[index], outcome)});
    fence_seen_ = fence_seen_ || index + 1 == next_;
  }

  std::span<const net::Change> changes_;
  std::size_t first_;
  std::size_t next_;
  std::uint32_t first_sequence_;
  std::vector<std::byte> bytes_;
  bool fence_seen_ = false;
};

}  // namespace

net::Result<std::vector<net::Refusal>> apply_batch(Socket& socket, std::span<const net::Change> changes) {
  // Never 0 (the sequence of notifications), and never that of a batch whose replies may still be in the
  // buffer.
  static thread_local std::uint32_t sequence = 1;
  std::vector<net::Refusal> refusals;
  for (std::size_t first = 0; first < changes.size();) {
    Batch batch(changes, first, sequence);
    const auto next = batch.fill();
    sequence += static_cast<std::uint32_t>(next - first);
    if (sequence > 0x7fffffffU) sequence = 1;
    if (auto done = batch.exchange(socket, refusals); !done) return net::pass_on(done);
    first = next;
  }
  return refusals;
}

}  // namespace netlink
