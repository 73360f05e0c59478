// The floor of every repair: waits for what was deleted and adds it again; after a flap all of it.
//
//   minimal_repair COUNT       says "ready" on standard output when all routes are there
#include <linux/if.h>
#include <poll.h>
#include <unistd.h>

#include "tests/bench/contestants/rtnetlink.h"

extern "C" unsigned if_nametoindex(const char* name);  // <net/if.h> and <linux/if.h> exclude each other

int main(int argc, char** argv) {
  using namespace contest;
  if (argc < 2) return 64;
  const Way way{.device = if_nametoindex("eth0"), .protocol = 169};
  std::vector<Where> all;
  for (int i = 0; i < std::atoi(argv[1]); ++i) all.push_back(ours(4, static_cast<std::uint32_t>(i)));
  Socket watch(64 << 20);
  watch.join(RTNLGRP_IPV4_ROUTE);
  watch.join(RTNLGRP_LINK);
  Socket command;
  if (change(command, RTM_NEWROUTE, kAdd, all, way) != 0) return 1;
  if (write(STDOUT_FILENO, "ready\n", 6) != 6) return 1;

  bool down = false;
  std::vector<Where> gone;
  pollfd waiting{.fd = watch.descriptor(), .events = POLLIN, .revents = 0};
  while (poll(&waiting, 1, -1) > 0) {
    gone.clear();
    bool flapped = false;
    const auto take = [&](const nlmsghdr& message) {
      Where where;
      if (message.nlmsg_type == RTM_DELROUTE && destination_of(message, way.protocol, where))
        gone.push_back(where);
      if (message.nlmsg_type != RTM_NEWLINK) return;
      const auto* link = static_cast<const ifinfomsg*>(NLMSG_DATA(&message));
      if (static_cast<unsigned>(link->ifi_index) != way.device) return;
      const bool up = (link->ifi_flags & IFF_UP) != 0;
      flapped = flapped || (up && down);
      down = !up;
    };
    while (gone.size() < 16 && watch.receive(take)) {
    }
    const auto& back = flapped ? all : gone;
    if (!back.empty()) change(command, RTM_NEWROUTE, kAdd, back, way);
  }
  return 1;
}
