#include "netlink/dump.h"

#include <linux/netlink.h>
#include <netlink/msg.h>

#include "netlink/acknowledgement.h"

namespace netlink {
namespace {

constexpr int kAttempts = 20;

struct Part {
  bool done = false;
  bool interrupted = false;
  int error = 0;
  std::string words;
};

/// Reads one datagram of the answer to `sequence`; messages of an earlier, given-up dump are passed over.
Part read_part(std::span<std::byte> datagram, std::uint32_t sequence,
               const std::function<void(const nlmsghdr&)>& visit) {
  Part part;
  for_each_message(datagram, [&](const nlmsghdr& header) {
    if (header.nlmsg_seq != sequence || part.done) return;
    part.interrupted |= (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) {
      const auto outcome = outcome_in(header);
      part.done = true;
      part.error = outcome.error;
      part.words = outcome.words;
    } else {
      visit(header);
    }
  });
  return part;
}

}  // namespace

net::Result<void> dump(Socket& socket, nl_msg& request, const std::function<void()>& begin,
                       const std::function<void(const nlmsghdr&)>& visit) {
  static thread_local std::uint32_t sequence = 0;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    begin();
    header_of(request).nlmsg_seq = ++sequence;
    if (auto sent = socket.send(bytes_of(request)); !sent) return sent;
    bool interrupted = false;
    for (bool done = false; !done;) {
      const auto datagram = socket.receive(true);
      if (!datagram) return net::pass_on(datagram);
      const auto part = read_part(*datagram, sequence, visit);
      interrupted |= part.interrupted;
      done = part.done;
      if (part.error != 0 && part.error != ENOENT) {
        return net::failure(part.error, "netlink: dump: " + part.words);
      }
    }
    if (!interrupted) return {};
  }
  return system_failure(EINTR, "dump was interrupted by changes again and again");
}

}  // namespace netlink
