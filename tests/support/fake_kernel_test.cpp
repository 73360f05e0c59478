// The knobs of the fake kernel. Its rules are asked of it and of the real one in tests/netns/.
#include "tests/support/fake_kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "tests/support/print.h"

namespace {

using test_support::FakeKernel;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Call = FakeKernel::Call;

net::Route sink(std::string_view destination, std::uint8_t protocol = 169) {
  net::Route made;
  made.key = {.table = 254, .destination = *net::Prefix::parse(destination), .metric = 1024, .tos = 0};
  made.type = net::RouteType::blackhole;
  made.protocol = protocol;
  return made;
}

std::vector<net::Change> additions(std::initializer_list<std::string_view> destinations) {
  std::vector<net::Change> changes;
  for (const auto each : destinations) changes.push_back({.verb = net::Verb::add, .object = sink(each)});
  return changes;
}

TEST(FakeKernel, FailsEachKindOfCallWhenItIsTold) {
  FakeKernel kernel;
  const auto failure_of = [](const auto& result) { return result ? 0 : result.error().code.value(); };
  for (const auto call :
       {Call::links, Call::routes, Call::routes_to, Call::rules, Call::lookup, Call::apply}) {
    kernel.fail_next(call, EIO);
  }
  const auto address = *net::Address::parse("127.0.0.1");
  EXPECT_EQ(failure_of(kernel.links()), EIO);
  EXPECT_EQ(failure_of(kernel.routes(169)), EIO);
  EXPECT_EQ(failure_of(kernel.routes_to(254, {})), EIO);
  EXPECT_EQ(failure_of(kernel.rules(169)), EIO);
  EXPECT_EQ(failure_of(kernel.lookup(net::Flow(address))), EIO);
  EXPECT_EQ(failure_of(kernel.apply({})), EIO);
  EXPECT_EQ(failure_of(kernel.links()), 0) << "once only";
  EXPECT_EQ(failure_of(kernel.routes(169)), 0);
  EXPECT_EQ(kernel.calls(Call::links), 2U);
  EXPECT_EQ(kernel.calls(Call::lookup), 1U);
}

TEST(FakeKernel, FailsAsOftenAsItIsTold) {
  FakeKernel kernel;
  kernel.fail_next(Call::routes, ENOBUFS, 2);
  EXPECT_FALSE(kernel.routes(169));
  EXPECT_FALSE(kernel.routes(169));
  EXPECT_TRUE(kernel.routes(169));
}

TEST(FakeKernel, InterruptsADump) {
  FakeKernel kernel;
  kernel.interrupt_next_dump();
  const auto routes = kernel.routes(169);
  ASSERT_FALSE(routes);
  EXPECT_EQ(routes.error().code, std::errc::interrupted);
}

TEST(FakeKernel, AFailedBatchDidNothing) {
  FakeKernel kernel;
  kernel.fail_next(Call::apply, ENOBUFS);
  EXPECT_FALSE(kernel.apply(additions({"10.1.0.0/16"})));
  EXPECT_THAT(*kernel.routes(169), IsEmpty());
  EXPECT_THAT(kernel.batches(), IsEmpty());
}

TEST(FakeKernel, RefusesTheChangeThatItIsToldTo) {
  FakeKernel kernel;
  kernel.refuse_change(3, EPERM, "Operation not permitted");
  EXPECT_THAT(*kernel.apply(additions({"10.1.0.0/16", "10.2.0.0/16"})), IsEmpty());
  const auto refused = *kernel.apply(additions({"10.3.0.0/16", "10.4.0.0/16", "10.5.0.0/16"}));
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].index, 1U);
  EXPECT_EQ(refused[0].error.code, std::errc::operation_not_permitted);
  EXPECT_THAT(refused[0].error.what, HasSubstr("10.4.0.0/16"));
  EXPECT_THAT(*kernel.routes(169), SizeIs(4));
}

TEST(FakeKernel, LosesTheOutcomeOfAWholeBatch) {
  FakeKernel kernel;
  kernel.lose_next_outcome();
  const auto outcome = kernel.apply(additions({"10.1.0.0/16", "10.2.0.0/16"}));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, std::errc::no_buffer_space);
  EXPECT_THAT(*kernel.routes(169), SizeIs(2));
  EXPECT_TRUE(kernel.apply(additions({"10.3.0.0/16"}))) << "once only";
}

TEST(FakeKernel, LosesTheOutcomeHalfway) {
  FakeKernel kernel;
  kernel.lose_next_outcome_halfway();
  EXPECT_FALSE(kernel.apply(additions({"10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16"})));
  EXPECT_THAT(*kernel.routes(169), ElementsAre(sink("10.1.0.0/16"), sink("10.2.0.0/16")));
}

TEST(FakeKernel, LetsSomebodyActBetweenDumpAndBatch) {
  FakeKernel kernel;
  kernel.before_next_apply([&kernel] { kernel.add_foreign(sink("10.1.0.0/16", 4)); });
  const auto refused = *kernel.apply(additions({"10.1.0.0/16"}));
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].error.code, std::errc::file_exists);
  EXPECT_THAT(*kernel.apply(additions({"10.2.0.0/16"})), IsEmpty()) << "once only";
}

TEST(FakeKernel, AnOverrunStandsForEveryNotificationThatWaited) {
  FakeKernel kernel;
  kernel.add_link("eth0");
  kernel.add_foreign(sink("10.1.0.0/16", 4));
  kernel.overrun();
  const auto notifications = kernel.take_notifications();
  ASSERT_THAT(notifications, SizeIs(1));
  EXPECT_EQ(notifications[0].subject, net::Notification::Subject::overrun);
  EXPECT_THAT(kernel.take_notifications(), IsEmpty());
}

TEST(FakeKernel, RemembersEveryBatchAsItCame) {
  FakeKernel kernel;
  const auto first = additions({"10.1.0.0/16", "10.2.0.0/16"});
  const auto second = additions({"10.1.0.0/16"});
  ASSERT_TRUE(kernel.apply(first));
  ASSERT_TRUE(kernel.apply(second));
  EXPECT_THAT(kernel.batches(), ElementsAre(first, second));
}

TEST(FakeKernel, TakesALinkAsItIsDescribed) {
  FakeKernel kernel;
  net::Link described;
  described.name = "eth1";
  described.mac = *net::MacAddress::parse("000D3AF806EC");
  described.slave = true;
  const auto index = kernel.add_link(described);
  described.index = index;
  const auto links = *kernel.links();
  EXPECT_EQ(links.back(), described);
  EXPECT_EQ(links.front().name, "lo");
}

}  // namespace
