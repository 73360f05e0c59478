#include "agent/daemon/repair_log.h"

#include <gmock/gmock.h>

namespace {

using agent::EventKind;
using agent::RepairLog;

const net::MonoTime kStart{};

net::Link eth0() {
  net::Link link;
  link.index = 2;
  link.name = "eth0";
  return link;
}

const std::vector<net::Link> kLinks = {eth0()};

net::Change added(const char* destination) {
  net::Route route;
  route.key.destination = *net::Prefix::parse(destination);
  route.device = 2;
  return {.verb = net::Verb::add, .object = route};
}

std::string field(const agent::Event& event, std::string_view name) {
  for (const auto& each : event.fields) {
    if (each.name == name) return each.value;
  }
  return "no such field";
}

TEST(RepairLog, TellsTheFirstChangeAtOnceAndAStormAsOneEventASecond) {
  RepairLog log;
  EXPECT_FALSE(log.due());
  log.note({added("10.1.0.0/16")}, kLinks, 0, "");
  const auto first = log.event(kStart);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->kind, EventKind::routes_changed);
  EXPECT_THAT(first->message, testing::StartsWith("added route 10.1.0.0/16 dev eth0 "));
  EXPECT_EQ(field(*first, "ROUTE"), "10.1.0.0/16");
  EXPECT_EQ(first->level, agent::LogLevel::info);

  log.note({added("10.2.0.0/16"), added("10.3.0.0/16")}, kLinks, 0, "");
  log.note({added("10.4.0.0/16")}, kLinks, 1, "ip (process 7)");
  EXPECT_FALSE(log.event(kStart + RepairLog::kPause / 2));
  EXPECT_EQ(log.due(), kStart + RepairLog::kPause);
  const auto storm = log.event(kStart + RepairLog::kPause);
  ASSERT_TRUE(storm);
  EXPECT_EQ(storm->kind, EventKind::routes_put_back);
  EXPECT_EQ(storm->level, agent::LogLevel::warn);
  EXPECT_THAT(storm->message,
              testing::AllOf(testing::StartsWith("restored 1 route removed by ip (process 7): "),
                             testing::HasSubstr("10.2.0.0/16"), testing::EndsWith(", and 2 more changes")));
  EXPECT_EQ(field(*storm, "BY"), "ip (process 7)");
  EXPECT_FALSE(log.event(kStart + 10 * RepairLog::kPause)) << "told twice";
}

}  // namespace
