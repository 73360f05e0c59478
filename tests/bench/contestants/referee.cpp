// Sees what happens to routes, whoever makes it happen, and takes them away.
//
//   referee install 4|6 COUNT SECONDS        waits for so many of our destinations to be announced, of more
//                                            than a few for a sample: FIRST LAST (us, CLOCK_MONOTONIC) on
//                                            standard output; "watching" before
//   referee repair ALL AT_ONCE TIMES MS      takes so many of ours away at once, so many times; each time the
//                                            microseconds until all are announced again, since the first
//                                            deletion and since the last, or "never" after MS
//   referee flap ALL TIMES MS                takes eth0 down and up instead
//   referee fill COUNT                       adds foreign routes
//   referee churn SECONDS RATE               adds and removes others, so many a second
#include <linux/filter.h>
#include <linux/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <string_view>

#include "tests/bench/contestants/rtnetlink.h"

extern "C" unsigned if_nametoindex(const char* name);  // <net/if.h> and <linux/if.h> exclude each other

namespace {

using namespace contest;

constexpr std::uint8_t kForeign = 199;

/// Hearing of every route would take about as long as making it, on the processor that the others need: of
/// this many and more two in a hundred are heard of, the very first and the very last among them.
constexpr std::size_t kMany = 4000;
constexpr std::size_t kStride = 100;

/// Keeps what may be the n-th of ours where n + 1 modulo kStride is 0 or 1; the rest costs the kernel no more
/// than asking.
std::vector<sock_filter> sampling(int family) {
  constexpr std::uint32_t kAttributes = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(rtmsg));
  const std::uint32_t number_at = NLA_HDRLEN + (family == 4 ? 0 : 4);
  const std::uint32_t unit = family == 4 ? 4 : 0;  // a /28 counts by 16
  return {
      BPF_STMT(BPF_LD | BPF_IMM, kAttributes),
      BPF_STMT(BPF_LDX | BPF_IMM, RTA_DST),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_NLATTR)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 6, 0),
      BPF_STMT(BPF_MISC | BPF_TAX, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_IND, number_at),
      BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, unit),
      BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
      BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, kStride),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
  };
}

class Watch {
 public:
  explicit Watch(std::vector<sock_filter> filter = {}) {
    const sock_fprog program{.len = static_cast<unsigned short>(filter.size()), .filter = filter.data()};
    if (!filter.empty() &&
        setsockopt(socket_.descriptor(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0)
      give_up("filter");
    socket_.join(RTNLGRP_IPV4_ROUTE);
    socket_.join(RTNLGRP_IPV6_ROUTE);
  }

  void drain() {
    while (socket_.receive([](const nlmsghdr&) {})) {
    }
  }

  /// Until so many of ours were announced, whatever their protocol; false after the time.
  bool await(std::size_t count, double until) {
    while (seen_ < count) {
      pollfd waiting{.fd = socket_.descriptor(), .events = POLLIN, .revents = 0};
      const auto left = static_cast<int>((until - now()) / 1000);
      if (left <= 0 || poll(&waiting, 1, left) < 1) return false;
      while (seen_ < count && socket_.receive([this](const nlmsghdr& each) { take(each); })) {
      }
    }
    return true;
  }
  void start_over() { seen_ = 0; }
  [[nodiscard]] double first() const { return first_; }
  [[nodiscard]] double last() const { return last_; }

 private:
  void take(const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWROUTE) return;
    const auto* route = static_cast<const rtmsg*>(NLMSG_DATA(&message));
    Where where;
    if (!destination_of(message, route->rtm_protocol, where)) return;
    const bool ipv4 = where.family == AF_INET && where.length == 28;
    const bool ipv6 =
        where.family == AF_INET6 && where.length == 64 && where.address[0] == 0xfd && where.address[1] == 0;
    if (!ipv4 && !ipv6) return;
    last_ = now();
    if (seen_++ == 0) first_ = last_;
  }

  Socket socket_{256 << 20};
  std::size_t seen_ = 0;
  double first_ = 0;
  double last_ = 0;
};

std::vector<Where> all_of_ours(const char* count, int family = 4) {
  std::vector<Where> all;
  for (int i = 0; i < std::atoi(count); ++i) all.push_back(ours(family, static_cast<std::uint32_t>(i)));
  return all;
}

/// Events that come alone, and not in step with anything.
void pause(std::mt19937& random) { usleep(10'000 + random() % 20'000); }

void tell(bool back, double since_first, double since_last) {
  if (back) {
    std::printf("%.1f %.1f\n", since_first, since_last);
  } else {
    std::puts("never");
  }
}

int install(char** argv) {
  const auto count = static_cast<std::size_t>(std::atoi(argv[1]));
  const bool sample = count >= kMany && count % kStride == 0;
  Watch watch(sample ? sampling(std::atoi(argv[0])) : std::vector<sock_filter>{});
  std::puts("watching");
  std::fflush(stdout);
  if (!watch.await(sample ? 2 * count / kStride : count, now() + std::atof(argv[2]) * 1e6)) return 1;
  std::printf("%.1f %.1f\n", watch.first(), watch.last());
  return 0;
}

int repair(char** argv) {
  auto all = all_of_ours(argv[0]);
  const auto at_once = static_cast<std::size_t>(std::atoi(argv[1]));
  Way way{.device = if_nametoindex("eth0"), .protocol = kAnybodys};
  Watch watch;
  Socket command;
  std::mt19937 random(1);
  for (int i = 0; i < std::atoi(argv[2]); ++i) {
    pause(random);
    std::vector<Where> some(at_once);
    for (auto& each : some) each = all[random() % all.size()];
    if (at_once == all.size()) some = all;
    watch.drain();
    watch.start_over();
    const auto begin = now();
    if (change(command, RTM_DELROUTE, NLM_F_REQUEST, some, way) != 0) return 1;
    const auto end = now();
    const bool back = watch.await(some.size(), end + std::atof(argv[3]) * 1e3);
    tell(back, watch.last() - begin, watch.last() - end);
    if (!back) break;
  }
  return 0;
}

void set_link(bool up) {
  const int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "eth0");
  if (ioctl(descriptor, SIOCGIFFLAGS, &request) != 0) give_up("link");
  request.ifr_flags = static_cast<short>(up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
  if (ioctl(descriptor, SIOCSIFFLAGS, &request) != 0) give_up("link");
  close(descriptor);
}

int flap(char** argv) {
  const auto count = static_cast<std::size_t>(std::atoi(argv[0]));
  Watch watch;
  std::mt19937 random(1);
  for (int i = 0; i < std::atoi(argv[1]); ++i) {
    usleep(100'000);
    set_link(false);
    pause(random);
    watch.drain();
    watch.start_over();
    const auto begin = now();
    set_link(true);
    const bool back = watch.await(count, begin + std::atof(argv[2]) * 1e3);
    tell(back, watch.last() - begin, watch.last() - begin);
    if (!back) break;
  }
  return 0;
}

std::vector<Where> foreign_routes(std::uint32_t from, std::uint32_t count) {
  std::vector<Where> routes;
  for (std::uint32_t i = 0; i < count; ++i) routes.push_back(foreign(from + i));
  return routes;
}

int churn(char** argv) {
  constexpr std::uint32_t kBatch = 20;
  const Way way{.device = if_nametoindex("eth0"), .protocol = kForeign};
  const auto routes = foreign_routes(1'000'000, kBatch);
  const auto gap = kBatch * 1e6 / std::atof(argv[1]);
  Socket command;
  const auto begin = now();
  const auto end = begin + std::atof(argv[0]) * 1e6;
  auto due = begin;
  long made = 0;
  for (bool add = true; now() < end; add = !add) {
    made += kBatch;
    if (change(command, add ? RTM_NEWROUTE : RTM_DELROUTE, add ? kAdd : std::uint16_t{NLM_F_REQUEST}, routes,
               way) != 0)
      return 1;
    due += gap;
    if (const auto left = due - now(); left > 0) usleep(static_cast<useconds_t>(left));
  }
  std::printf("%.0f\n", static_cast<double>(made) / (now() - begin) * 1e6);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "install" && argc == 5) return install(argv + 2);
  if (verb == "repair" && argc == 6) return repair(argv + 2);
  if (verb == "flap" && argc == 5) return flap(argv + 2);
  if (verb == "churn" && argc == 4) return churn(argv + 2);
  if (verb != "fill" || argc != 3) return 64;
  Socket command;
  const Way way{.device = if_nametoindex("eth0"), .protocol = kForeign};
  return change(command, RTM_NEWROUTE, kAdd,
                foreign_routes(0, static_cast<std::uint32_t>(std::atoi(argv[2]))), way) == 0
             ? 0
             : 1;
}
