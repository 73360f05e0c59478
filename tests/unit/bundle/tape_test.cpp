#include "agent/bundle/tape.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <memory>

#include "tests/support/fake_kernel.h"

namespace agent {
namespace {

net::Prefix prefix(const char* text) { return *net::Prefix::parse(text); }

net::Route route(const char* destination, std::uint32_t device) {
  net::Route route;
  route.key = {.table = 254, .destination = prefix(destination), .metric = 1024, .tos = 0};
  route.protocol = 169;
  route.device = device;
  return route;
}

TEST(Tape, AnswersAgainWhatTheKernelAnswered) {
  auto fake = std::make_unique<test_support::FakeKernel>();
  const auto eth0 = fake->add_link("eth0");
  fake->add_address(eth0, "10.240.0.4/24");
  fake->add_foreign(route("10.244.0.0/16", eth0));
  Tape tape;
  TapedKernel kernel(std::move(fake), tape);
  const auto links = kernel.links();
  const auto routes = kernel.routes(169);
  const std::vector destinations = {prefix("10.244.0.0/16")};
  const auto to = kernel.routes_to(254, destinations);
  const auto way = kernel.lookup(net::Flow(*net::Address::parse("10.244.7.7")));
  const auto nowhere = kernel.lookup(net::Flow(*net::Address::parse("fd00::1")));
  ASSERT_TRUE(links && routes && to && way);
  ASSERT_FALSE(routes->empty());

  const auto playback = std::make_shared<Playback>(tape);
  PlayedKernel played(playback);
  EXPECT_EQ(*played.links(), *links);
  EXPECT_EQ(*played.routes(169), *routes);
  EXPECT_EQ(*played.routes_to(254, destinations), *to);
  EXPECT_EQ(*played.lookup(net::Flow(*net::Address::parse("10.244.7.7"))), *way);
  const auto again = played.lookup(net::Flow(*net::Address::parse("fd00::1")));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, nowhere.error().code);
  EXPECT_EQ(again.error().what, nowhere.error().what);
}

TEST(Tape, AnswersAsOftenAsItIsAskedAndInItsOrder) {
  auto fake = std::make_unique<test_support::FakeKernel>();
  auto* world = fake.get();
  Tape tape;
  TapedKernel kernel(std::move(fake), tape);
  (void)kernel.links();
  world->add_link("eth0");
  (void)kernel.links();
  PlayedKernel played(std::make_shared<Playback>(tape));
  const auto before = played.links()->size();
  EXPECT_EQ(played.links()->size(), before + 1);
  EXPECT_EQ(played.links()->size(), before + 1) << "the last answer again";
}

TEST(Tape, OfWhatNobodyAskedKnowsNothing) {
  const Tape tape;
  PlayedKernel played(std::make_shared<Playback>(tape));
  EXPECT_EQ(played.links().error().code.value(), ENODATA);
  EXPECT_EQ(played.routes(169).error().code.value(), ENODATA);
  EXPECT_EQ(played.lookup(net::Flow(*net::Address::parse("10.0.0.1"))).error().code.value(), ENODATA);
  PlayedSysctls sysctls(std::make_shared<Playback>(tape));
  EXPECT_EQ(sysctls.read("net/ipv4/ip_forward").error().code.value(), ENODATA);
}

TEST(Tape, ChangesNothing) {
  Tape tape;
  TapedKernel kernel(std::make_unique<test_support::FakeKernel>(), tape);
  const std::vector changes = {net::Change{.verb = net::Verb::add, .object = route("10.244.0.0/16", 2)}};
  EXPECT_EQ(kernel.apply(changes).error().code.value(), EROFS);
  EXPECT_EQ(PlayedKernel(std::make_shared<Playback>(tape)).apply(changes).error().code.value(), EROFS);
}

}  // namespace
}  // namespace agent
