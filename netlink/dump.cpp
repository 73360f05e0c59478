#include "netlink/dump.h"

#include <linux/netlink.h>

#include "netlink/message.h"

namespace netlink {
namespace {

/// One attempt: what has been learned of it so far.
struct Attempt {
  std::uint32_t sequence = 0;
  bool done = false;
  bool interrupted = false;
  DumpSize size{};
  Outcome outcome{};

  /// Takes one message; those of an earlier, given-up request are passed over.
  void take(const nlmsghdr& header, const Visit& visit) {
    if (header.nlmsg_seq != sequence || done) return;
    interrupted |= (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) {
      outcome = outcome_in(header);
      done = true;
    } else {
      size.bytes += header.nlmsg_len;
      visit(header);
    }
  }
};

net::Result<Attempt> attempt_dump(Socket& socket, Message& request, const Visit& visit) {
  Attempt attempt{.sequence = socket.take_sequence(1)};
  request.header().nlmsg_seq = attempt.sequence;
  if (auto sent = socket.send(request.bytes()); !sent) return net::pass_on(sent);
  // The first part is made inside send(), each next one inside the receive() before it: none needs waiting.
  while (!attempt.done) {
    const auto before = attempt.size.bytes;
    const auto received = socket.receive([&](const nlmsghdr& header) { attempt.take(header, visit); });
    if (attempt.size.bytes > before) ++attempt.size.parts;
    if (received && *received > 0) {
      if (!attempt.done) socket.pause();
      continue;
    }
    socket.discard();  // or the kernel answers the next dump with EBUSY
    if (!received) return net::pass_on(received);
    return system_failure(EIO, "the kernel stopped in the middle of a dump");
  }
  return attempt;
}

}  // namespace

net::Result<DumpSize> dump(Socket& socket, Message& request, const std::function<void()>& begin,
                           const Visit& visit) {
  for (int i = 0; i < kDumpAttempts; ++i) {
    begin();
    const auto attempt = attempt_dump(socket, request, visit);
    if (!attempt) return net::pass_on(attempt);
    const auto& outcome = attempt->outcome;
    if (outcome.error != 0 && outcome.error != ENOENT) {
      return net::failure(outcome.error, "netlink: dump: " + outcome.words);
    }
    if (!attempt->interrupted) return attempt->size;
    socket.note_interruption();
  }
  return system_failure(EINTR, "changes interrupted a dump again and again");
}

}  // namespace netlink
