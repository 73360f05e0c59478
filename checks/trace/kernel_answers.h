#pragma once

#include <optional>

#include "checks/facts.h"
#include "checks/trace/ends.h"
#include "checks/trace/question.h"
#include "net/kernel.h"
#include "observed/neighbour_entry.h"

namespace trace {

/// What net::Kernel is not asked for by anybody else: as netlink/packet_details.h has it.
class PacketDetails {
 public:
  PacketDetails() = default;
  PacketDetails(const PacketDetails&) = delete;
  PacketDetails& operator=(const PacketDetails&) = delete;
  virtual ~PacketDetails() = default;

  virtual net::Result<net::Address> source_address(const net::Flow& flow) = 0;
  virtual net::Result<std::optional<observed::NeighbourEntry>> neighbour_entry(
      std::uint32_t device, const net::Address& address) = 0;
};

using Way = net::Result<net::Route>;
using Neighbour = net::Result<std::optional<observed::NeighbourEntry>>;
inline net::Error not_asked() { return {{ENODATA, std::system_category()}, "the kernel was not asked"}; }

/// What the kernel says of one packet.
struct KernelAnswers {
  Way to_sender = tl::unexpected(not_asked());    ///< a packet of this node's own to the sender
  Way to_receiver = tl::unexpected(not_asked());  ///< and to the receiver
  Way packet = tl::unexpected(not_asked());       ///< the packet itself, by the link that it comes from
  /// What comes from there to this node's own address: an error is rp_filter's, whatever leads on.
  Way to_node = tl::unexpected(not_asked());
  Way answer = tl::unexpected(not_asked());  ///< the answer, by the link that the packet left by
  net::Result<net::Address> source = tl::unexpected(not_asked());
  net::Address next_hop;  ///< that the next is about
  Neighbour neighbour = tl::unexpected(not_asked());
  Way outer = tl::unexpected(not_asked());  ///< of an overlay's packet to the other node
};

/// Asks it. Which questions there are follows from the answers before.
KernelAnswers ask_kernel(net::Kernel& kernel, PacketDetails& details, const checks::Facts& facts,
                         const Question& question);

End sender_of(const checks::Facts& facts, const Question& question, const KernelAnswers& answers);
End receiver_of(const checks::Facts& facts, const Question& question, const KernelAnswers& answers);

}  // namespace trace
