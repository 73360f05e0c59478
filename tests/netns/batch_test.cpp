// Many changes at once, against the real kernel.
#include "netlink/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string>

#include "tests/netns/real_kernel.h"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t kMany = 10000;

class Batch : public testing::TestWithParam<net::Family> {
 protected:
  RealKernel real_;
};
INSTANTIATE_TEST_SUITE_P(Family, Batch, testing::Values(net::Family::ipv4, net::Family::ipv6),
                         [](const auto& each) { return std::string(net::family_name(each.param)); });

TEST_P(Batch, RefusalsOfTenThousandChangesNameTheirOwn) {
  const std::vector<std::size_t> taken = {0, 1, 479, 480, 481, 5000, 9998, kMany - 1};
  for (const auto n : taken) {
    const net::Change foreign{.verb = net::Verb::add, .object = real_.route(GetParam(), n, 4)};
    ASSERT_THAT(must(real_.kernel->apply({&foreign, 1})), IsEmpty());
  }
  const auto changes = real_.changes(net::Verb::add, GetParam(), kMany);
  const auto refused = must(real_.kernel->apply(changes));
  std::vector<std::size_t> indices;
  for (const auto& each : refused) {
    indices.push_back(each.index);
    EXPECT_EQ(each.error.code, std::errc::file_exists);
    EXPECT_THAT(each.error.what,
                HasSubstr(std::get<net::Route>(changes[each.index].object).key.destination.text()));
    EXPECT_THAT(each.error.what, HasSubstr("dev eth0"));
  }
  EXPECT_EQ(indices, taken);
  EXPECT_EQ(must(real_.kernel->routes(169)).size(), kMany - taken.size());
  EXPECT_EQ(must(real_.kernel->routes(4)).size(), taken.size());

  const auto removals = real_.changes(net::Verb::remove, GetParam(), kMany);
  EXPECT_EQ(must(real_.kernel->apply(removals)).size(), taken.size());
  EXPECT_THAT(must(real_.kernel->routes(169)), IsEmpty());
  EXPECT_EQ(must(real_.kernel->routes(4)).size(), taken.size()) << "foreign routes stay";
}

/// A flood of refusals must not overflow the buffer that the replies arrive in: not even the one of an agent
/// that may not make it larger than net.core.rmem_max.
TEST_P(Batch, RefusalsAloneNeverOverflowTheReceiveBuffer) {
  for (const int receive_buffer : {1, 212992, 1 << 20}) {
    auto socket = must(netlink::Socket::open({.receive_buffer = receive_buffer}));
    auto changes = real_.changes(net::Verb::add, GetParam(), kMany);
    for (auto& each : changes)
      std::get<net::Route>(each.object).source = std::get<net::Route>(each.object).gateway;
    const auto refused = must(netlink::apply_batch(socket, changes));
    ASSERT_EQ(refused.size(), kMany) << receive_buffer;
    EXPECT_EQ(refused.back().index, kMany - 1);
    EXPECT_EQ(refused.back().error.code, std::errc::invalid_argument);
    EXPECT_THAT(refused.back().error.what,
                testing::AnyOf(HasSubstr("source address"), HasSubstr("prefsrc address")));
  }
}

class Fence : public testing::Test {
 protected:
  /// Replies that the filter drops never arrive.
  void drop_replies() {
    std::array<sock_filter, 1> program = {{BPF_STMT(BPF_RET | BPF_K, 0)}};
    const sock_fprog filter{.len = program.size(), .filter = program.data()};
    ASSERT_EQ(setsockopt(socket_.descriptor(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)), 0);
  }
  void take_replies() {
    const int unused = 0;
    ASSERT_EQ(setsockopt(socket_.descriptor(), SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused)), 0);
  }

  RealKernel real_;
  netlink::Socket socket_ = must(netlink::Socket::open({}));
};

TEST_F(Fence, TheLastChangesRefusalIsAFenceToo) {
  auto changes = real_.changes(net::Verb::add, net::Family::ipv4, 3);
  changes.push_back(changes.front());
  const auto refused = must(netlink::apply_batch(socket_, changes));
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].index, 3U);
  EXPECT_EQ(refused[0].error.code, std::errc::file_exists);
  EXPECT_THAT(must(netlink::apply_batch(socket_, real_.changes(net::Verb::remove, net::Family::ipv4, 3))),
              IsEmpty());
}

TEST_F(Fence, ABatchWhoseFenceIsLostHasAnUnknownOutcome) {
  drop_replies();
  const auto changes = real_.changes(net::Verb::add, net::Family::ipv4, 3);
  const auto outcome = netlink::apply_batch(socket_, changes);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, std::errc::io_error);
  EXPECT_THAT(outcome.error().what, HasSubstr("unknown"));
  EXPECT_EQ(must(real_.kernel->routes(169)).size(), 3U) << "the changes were made";
  take_replies();
  EXPECT_EQ(must(netlink::apply_batch(socket_, changes)).size(), 3U) << "and the socket is as good as new";
}

TEST_F(Fence, AnOverflowedReceiveBufferHasAnUnknownOutcome) {
  auto small = must(netlink::Socket::open({.receive_buffer = 1}));
  must(small.join(RTNLGRP_IPV4_ROUTE));
  // Notifications that nobody fetches leave no room for replies.
  ASSERT_THAT(must(real_.kernel->apply(real_.changes(net::Verb::add, net::Family::ipv4, 100))), IsEmpty());
  const auto changes = real_.changes(net::Verb::remove, net::Family::ipv4, 100);
  const auto outcome = netlink::apply_batch(small, changes);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, std::errc::no_buffer_space);
  EXPECT_THAT(outcome.error().what, HasSubstr("unknown"));
}

TEST_F(Fence, ARefusalSaysWhatTheKernelSays) {
  auto route = real_.route(net::Family::ipv4, 0);
  route.gateway = must(net::Address::parse("10.77.0.1"));
  const net::Change change{.verb = net::Verb::add, .object = route};
  const auto refused = must(netlink::apply_batch(socket_, {&change, 1}));
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].error.code, std::errc::network_unreachable);
  EXPECT_EQ(refused[0].error.what,
            "add route 20.0.0.0/24 via 10.77.0.1 dev eth0 table 254 metric 1024 protocol 169: "
            "Nexthop has invalid gateway (Network is unreachable)");
}

}  // namespace
