#include "agent/history/records.h"

#include <gmock/gmock.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

namespace agent {
namespace {

using namespace std::chrono_literals;

const net::WallTime kWall{std::chrono::seconds(1'785'576'600)};

std::shared_ptr<core::Snapshot> node(bool ready) {
  auto snapshot = std::make_shared<core::Snapshot>();
  snapshot->ready = ready;
  snapshot->nic.name = "eth0";
  checks::CheckResult check;
  check.id = "sysctl.ip_forward";
  check.status = ready ? checks::CheckStatus::pass : checks::CheckStatus::fail;
  check.gate = true;
  snapshot->checks.push_back(std::move(check));
  return snapshot;
}

TEST(EventRecord, IsOneLineOfJsonWhateverTheEventHolds) {
  const auto line = event_record({.kind = core::EventKind::routes_put_back,
                                  .level = core::LogLevel::warn,
                                  .message = "removed by \x1b[31m\n\xff",
                                  .fields = {{"BY", std::string(100'000, 'x')}}},
                                 kWall);
  EXPECT_LT(line.size(), 10'000U);
  EXPECT_EQ(line.find('\n'), line.npos);
  const auto value = nlohmann::json::parse(line);
  EXPECT_EQ(value.at("time"), "2026-08-01T09:30:00.000Z");
  EXPECT_EQ(value.at("event"), "routes_put_back");
  EXPECT_EQ(value.at("level"), "warn");
  EXPECT_THAT(value.at("message").get<std::string>(), testing::StartsWith("removed by "));
}

TEST(StateRecords, HaveALineWhereSomethingIsNews) {
  StateRecords states;
  const auto first = states.see(node(true), {.mono = {}, .wall = kWall});
  ASSERT_TRUE(first);
  EXPECT_EQ(states.see(node(true), {.mono = {}, .wall = kWall}), std::nullopt);
  const auto second = states.see(node(false), {.mono = {}, .wall = kWall + 1s});
  ASSERT_TRUE(second);
  const auto value = nlohmann::json::parse(*second);
  EXPECT_EQ(value.at("event"), "state");
  EXPECT_EQ(value.at("ready"), false);
  EXPECT_EQ(value.at("fail"), nlohmann::json::array({"sysctl.ip_forward"}));
  EXPECT_EQ(value.at("time"), "2026-08-01T09:30:01.000Z");
}

TEST(StateRecords, OfANodeThatFlapsAreOneASecondAndEndWithItsLastState) {
  StateRecords states;
  net::Now now{.mono = net::MonoTime{1h}, .wall = kWall};
  int lines = 0;
  for (int i = 0; i < 10'000; ++i) {
    now.mono += 1ms;
    lines += states.see(node(i % 2 == 0), now) ? 1 : 0;
  }
  EXPECT_LE(lines, StateRecords::kAtOnce + 10);
  now.mono += 1min;
  const auto last = states.see(node(true), now);
  const auto other = states.see(node(false), now);
  EXPECT_TRUE(last || other) << "the state that it has come to is told with the next look";
}

}  // namespace
}  // namespace agent
