// Dumps of the real kernel: complete, and only what was asked for, whatever happens meanwhile.
#include "netlink/dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <tuple>

#include "netlink/codecs.h"
#include "tests/netns/real_kernel.h"

namespace {

using testing::IsEmpty;

class Dump : public testing::TestWithParam<net::Family> {
 protected:
  RealKernel real_;
};
INSTANTIATE_TEST_SUITE_P(Family, Dump, testing::Values(net::Family::ipv4, net::Family::ipv6),
                         [](const auto& each) { return std::string(net::family_name(each.param)); });

/// Another process adds and removes routes all the time, at nodes of the tree that lie between ours.
class Churn {
 public:
  Churn(const RealKernel& real, net::Family family) {
    for (std::size_t i = 0; i < 200; ++i) {
      auto route = real.route(family, i * 20, 4);
      const auto& ours = route.key.destination;
      route.key.destination = must(net::Prefix::around(ours.network(), ours.length() + 1U));
      adds_.push_back({.verb = net::Verb::add, .object = route});
      removals_.push_back({.verb = net::Verb::remove, .object = route});
    }
    kernel_ = must(netlink::LinuxKernel::open());
    thread_ = std::thread([this] {
      while (!stop_) {
        if (!kernel_->apply(adds_) || !kernel_->apply(removals_)) failed_ = true;
        ++rounds_;
      }
    });
  }
  Churn(const Churn&) = delete;
  Churn& operator=(const Churn&) = delete;
  ~Churn() { stop(); }

  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] std::size_t rounds() const { return rounds_; }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::vector<net::Change> adds_;
  std::vector<net::Change> removals_;
  std::unique_ptr<netlink::LinuxKernel> kernel_;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> failed_ = false;
  std::atomic<std::size_t> rounds_ = 0;
  std::thread thread_;
};

TEST_P(Dump, EveryRouteOfOursIsThereOnceWhileOthersChangeTheTable) {
  constexpr std::size_t kCount = 3000;
  ASSERT_THAT(must(real_.kernel->apply(real_.changes(net::Verb::add, GetParam(), kCount))), IsEmpty());
  Churn churn(real_, GetParam());
  while (churn.rounds() == 0) std::this_thread::yield();
  for (int i = 0; i < 40; ++i) {
    const auto routes = real_.kernel->routes(169);
    if (!routes) {
      // No answer is better than a wrong one: this storm never ends.
      EXPECT_EQ(routes.error().code, std::errc::interrupted) << routes.error().what;
      continue;
    }
    std::set<net::Prefix> seen;
    for (const auto& each : *routes) seen.insert(each.key.destination);
    EXPECT_EQ(seen.size(), kCount);
    EXPECT_EQ(routes->size(), kCount);
  }
  churn.stop();
  EXPECT_FALSE(churn.failed());
  // How many dumps get through depends on who is faster; that the next one does, does not.
  EXPECT_THAT(must(real_.kernel->routes(169)), testing::SizeIs(kCount));
}

TEST_P(Dump, OfFewRoutesIsAnsweredInAnyStorm) {
  constexpr std::size_t kCount = 80;
  ASSERT_THAT(must(real_.kernel->apply(real_.changes(net::Verb::add, GetParam(), kCount))), IsEmpty());
  const Churn churn(real_, GetParam());
  while (churn.rounds() == 0) std::this_thread::yield();
  for (const auto before = churn.rounds(); churn.rounds() < before + 20;) {
    EXPECT_THAT(must(real_.kernel->routes(169)), testing::SizeIs(kCount));
  }
}

TEST_P(Dump, OfManyRoutesIsCompleteAndHasNothingElse) {
  ASSERT_THAT(must(real_.kernel->apply(real_.changes(net::Verb::add, GetParam(), 10000))), IsEmpty());
  ASSERT_THAT(must(real_.kernel->apply(real_.changes(net::Verb::add, GetParam(), 10, 77))),
              testing::SizeIs(10));
  EXPECT_EQ(must(real_.kernel->routes(169)).size(), 10000U);
  EXPECT_THAT(must(real_.kernel->routes(77)), IsEmpty());
  const auto wanted = real_.route(GetParam(), 9999);
  const std::vector<net::Prefix> destinations = {wanted.key.destination};
  EXPECT_THAT(must(real_.kernel->routes_to(254, destinations)), testing::ElementsAre(wanted));
}

/// Addresses on eth0: enough for a dump of several parts.
void add_addresses(const RealKernel& real, std::size_t count) {
  std::string batch;
  for (std::size_t i = 0; i < count; ++i) {
    batch += fmt::format("addr add 30.{}.{}.1/32 dev eth0\n", i / 256, i % 256);
  }
  const auto result = real.space.attempt({"ip", "-batch", "-"}, batch);
  ASSERT_EQ(result.status, 0) << result.output;
}

class AddressDump : public testing::Test {
 protected:
  RealKernel real_;
};

TEST_F(AddressDump, IsRepeatedWhenTheKernelSaysThatItWasInterrupted) {
  constexpr std::size_t kCount = 1200;
  add_addresses(real_, kCount);
  std::atomic<bool> stop = false;
  std::thread churn([&] {
    const std::string flip = "addr add 31.0.0.1/32 dev peer\naddr del 31.0.0.1/32 dev peer\n";
    std::string batch;
    for (int i = 0; i < 200; ++i) batch += flip;
    while (!stop) (void)real_.space.attempt({"ip", "-batch", "-"}, batch);
  });

  auto socket = must(netlink::Socket::open({}));
  auto request = netlink::encode_address_dump();
  std::size_t repeats = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (repeats == 0 && std::chrono::steady_clock::now() < deadline) {
    std::size_t attempts = 0;
    std::set<net::Address> seen;
    const auto begin = [&] {
      ++attempts;
      seen.clear();
    };
    const auto done = netlink::dump(socket, request, begin, [&](const nlmsghdr& header) {
      const auto address = netlink::decode_address(header);
      if (address && address->index == real_.eth0) seen.insert(address->address.address);
    });
    if (!done) {
      EXPECT_EQ(done.error().code, std::errc::interrupted) << done.error().what;
      EXPECT_EQ(attempts, static_cast<std::size_t>(netlink::kDumpAttempts));
    } else {
      EXPECT_EQ(seen.size(), kCount + 2) << "and 10.0.0.4, fd00::4";
      EXPECT_GT(done->parts, 1U);
    }
    repeats += attempts - 1;
  }
  stop = true;
  churn.join();
  EXPECT_GT(repeats, 0U);
}

TEST_F(AddressDump, AnAbandonedDumpIsNoBurdenForTheNextOne) {
  add_addresses(real_, 1200);
  auto socket = must(netlink::Socket::open({.largest_datagram = 1024}));
  auto request = netlink::encode_address_dump();
  const auto cut = netlink::dump(
      socket, request, [] {}, [](const nlmsghdr&) {});
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, std::errc::message_size);
  auto small = netlink::encode_route_dump(net::Family::ipv4, 250, 0);
  const auto next = netlink::dump(
      socket, small, [] {}, [](const nlmsghdr&) {});
  EXPECT_TRUE(next) << next.error().what << " (EBUSY: the former one was still running)";
}

TEST_F(AddressDump, ATableThatDoesNotExistIsEmpty) {
  auto socket = must(netlink::Socket::open({}));
  for (const auto family : {net::Family::ipv4, net::Family::ipv6}) {
    auto request = netlink::encode_route_dump(family, 0, 31337);
    std::size_t messages = 0;
    const auto done = netlink::dump(
        socket, request, [] {}, [&](const nlmsghdr&) { ++messages; });
    ASSERT_TRUE(done) << done.error().what;
    EXPECT_EQ(messages, 0U);
  }
}

/// The kernel must do the filtering: among 500,000 foreign routes a dump of them all takes a second.
TEST_F(AddressDump, RoutesAreFilteredInTheKernel) {
  ASSERT_THAT(must(real_.kernel->apply(real_.changes(net::Verb::add, net::Family::ipv4, 100, 77))),
              IsEmpty());
  const net::Change ours{.verb = net::Verb::add, .object = real_.route(net::Family::ipv4, 200)};
  ASSERT_THAT(must(real_.kernel->apply({&ours, 1})), IsEmpty());
  auto socket = must(netlink::Socket::open({}));
  for (const auto& [protocol, table, expected] : {std::tuple(169, 0U, 1U), std::tuple(77, 0U, 100U),
                                                  std::tuple(169, 254U, 1U), std::tuple(169, 255U, 0U)}) {
    auto request = netlink::encode_route_dump(net::Family::ipv4, static_cast<std::uint8_t>(protocol), table);
    std::size_t messages = 0;
    must(netlink::dump(
        socket, request, [&] { messages = 0; }, [&](const nlmsghdr&) { ++messages; }));
    EXPECT_EQ(messages, expected) << protocol << " in " << table;
  }
}

}  // namespace
