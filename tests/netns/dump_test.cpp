// Dumps of the real kernel: complete, and only what was asked for, whatever happens meanwhile.
#include "netlink/dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <thread>

#include "netlink/link_message.h"
#include "netlink/route_message.h"
#include "tests/netns/real_kernel.h"

namespace {

using testing::IsEmpty;

class Dump : public testing::TestWithParam<net::Family> {
 protected:
  RealKernel real_;
};
INSTANTIATE_TEST_SUITE_P(Family, Dump, testing::Values(net::Family::ipv4, net::Family::ipv6),
                         [](const auto& each) { return std::string(net::family_name(each.param)); });

/// A stranger adds and removes routes all the time, at nodes of the tree that lie between ours.
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
  constexpr std::size_t kCount = 4000;
  ASSERT_THAT(must(real_.kernel->apply(real_.changes(net::Verb::add, GetParam(), kCount))), IsEmpty());
  Churn churn(real_, GetParam());
  while (churn.rounds() == 0) std::this_thread::yield();
  std::size_t wrong = 0;
  std::size_t interrupted = 0;
  for (int i = 0; i < 100; ++i) {
    const auto routes = real_.kernel->routes(169);
    if (!routes) {
      EXPECT_EQ(routes.error().code.value(), EINTR) << routes.error().what;
      ++interrupted;
      continue;
    }
    std::set<net::Prefix> seen;
    for (const auto& each : *routes) seen.insert(each.key.destination);
    if (seen.size() != kCount || routes->size() != kCount) ++wrong;
  }
  churn.stop();
  EXPECT_EQ(wrong, 0U);
  EXPECT_FALSE(churn.failed());
  RecordProperty("interrupted", std::to_string(interrupted));
  fprintf(stderr, "rounds %zu interrupted %zu\n", churn.rounds(), interrupted);
}

}  // namespace
