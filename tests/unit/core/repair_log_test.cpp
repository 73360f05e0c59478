#include "core/repair_log.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace {

using core::EventKind;
using core::RepairLog;

const net::MonoTime kStart{};

net::Link eth0() {
  net::Link link;
  link.index = 2;
  link.name = "eth0";
  return link;
}

const std::vector<net::Link> kLinks = {eth0()};

routing::AppliedChange added(const char* destination, std::uint32_t repaired_after = 0) {
  net::Route route;
  route.key.destination = *net::Prefix::parse(destination);
  route.device = 2;
  return {.change = {.verb = net::Verb::add, .object = route},
          .repaired = repaired_after != 0,
          .removed_by = repaired_after};
}

std::string field(const core::LogEvent& event, std::string_view name) {
  for (const auto& each : event.fields) {
    if (each.name == name) return each.value;
  }
  return "no such field";
}

TEST(RepairLog, TellsTheFirstChangeAtOnceAndAStormAsOneEventASecond) {
  RepairLog log;
  EXPECT_FALSE(log.due());
  log.note(std::vector{added("10.1.0.0/16")}, kLinks, {});
  const auto first = log.event(kStart);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->kind, EventKind::routes_changed);
  EXPECT_THAT(first->message, testing::StartsWith("added route 10.1.0.0/16 dev eth0 "));
  EXPECT_EQ(field(*first, "ROUTE"), "10.1.0.0/16");
  EXPECT_EQ(first->level, core::LogLevel::info);

  log.note(std::vector{added("10.2.0.0/16"), added("10.3.0.0/16")}, kLinks, {});
  log.note(std::vector{added("10.4.0.0/16", 7)}, kLinks, {{7, "ip (process 7)"}});
  EXPECT_FALSE(log.event(kStart + RepairLog::kPause / 2));
  EXPECT_EQ(log.due(), kStart + RepairLog::kPause);
  const auto storm = log.event(kStart + RepairLog::kPause);
  ASSERT_TRUE(storm);
  EXPECT_EQ(storm->kind, EventKind::routes_put_back);
  EXPECT_EQ(storm->level, core::LogLevel::warn);
  EXPECT_THAT(storm->message,
              testing::AllOf(testing::StartsWith("restored 1 route removed by ip (process 7): "),
                             testing::HasSubstr("10.2.0.0/16"), testing::EndsWith(", and 2 more changes")));
  EXPECT_EQ(field(*storm, "BY"), "ip (process 7)");
  EXPECT_FALSE(log.event(kStart + 10 * RepairLog::kPause)) << "told twice";
}

TEST(RepairLog, NamesThreeOfManyProcesses) {
  RepairLog log;
  core::ProcessNames names;
  std::vector<routing::AppliedChange> made;
  for (std::uint32_t port = 1; port <= 200; ++port) {
    names.emplace(port, fmt::format("ip (process {})", port));
    made.push_back(added("10.1.0.0/16", port));
  }
  log.note(made, kLinks, names);
  EXPECT_THAT(log.event(kStart)->message,
              testing::StartsWith("restored 200 routes removed by ip (process 1), ip (process 10), "
                                  "ip (process 100) and 197 others: "));
}

}  // namespace
