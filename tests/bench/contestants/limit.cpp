// What the kernel allows: one thread that does nothing but send.
//
//   limit add|replace|remove 4|6 COUNT [shuffled]    microseconds on standard output
//   limit dump all|ours                              how long a dump of IPv4 routes takes, with what it
//   showed
#include <net/if.h>

#include <algorithm>
#include <random>
#include <string_view>

#include "tests/bench/contestants/rtnetlink.h"

namespace {

using namespace contest;

int dump(bool all) {
  Socket socket;
  struct {
    nlmsghdr header{};
    rtmsg body{};
    rtattr attribute{};
    std::uint32_t table = RT_TABLE_MAIN;
  } request;
  request.header = {.nlmsg_len = sizeof(request),
                    .nlmsg_type = RTM_GETROUTE,
                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                    .nlmsg_seq = 1,
                    .nlmsg_pid = 0};
  request.body.rtm_family = AF_INET;
  request.body.rtm_protocol = all ? 0 : 169;
  request.attribute = {.rta_len = RTA_LENGTH(sizeof(std::uint32_t)), .rta_type = RTA_TABLE};
  const auto* bytes = reinterpret_cast<const char*>(&request);
  const std::vector<char> message(bytes, bytes + sizeof(request));
  const auto begin = now();
  socket.send(message);
  std::size_t routes = 0;
  bool done = false;
  while (!done) {
    const bool more = socket.receive([&](const nlmsghdr& each) {
      if (each.nlmsg_type == RTM_NEWROUTE) ++routes;
      done |= each.nlmsg_type == NLMSG_DONE || each.nlmsg_type == NLMSG_ERROR;
    });
    if (!more) return 1;
  }
  std::printf("%.1f %zu\n", now() - begin, routes);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "dump" && argc > 2) return dump(std::string_view(argv[2]) == "all");
  if (argc < 4) return 64;
  const int family = std::atoi(argv[2]);
  std::vector<Where> routes;
  for (int i = 0; i < std::atoi(argv[3]); ++i) routes.push_back(ours(family, static_cast<std::uint32_t>(i)));
  if (argc > 4) std::shuffle(routes.begin(), routes.end(), std::mt19937(1));
  const Way way{.device = if_nametoindex("eth0"), .protocol = 169};
  Socket socket;
  const auto begin = now();
  const auto refused = verb == "remove"
                           ? change(socket, RTM_DELROUTE, NLM_F_REQUEST, routes, way)
                           : change(socket, RTM_NEWROUTE, verb == "add" ? kAdd : kReplace, routes, way);
  std::printf("%.1f\n", now() - begin);
  return refused == 0 ? 0 : 1;
}
