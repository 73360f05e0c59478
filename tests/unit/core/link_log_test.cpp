#include "core/link_log.h"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

net::Link nic() {
  net::Link link;
  link.index = 2;
  link.name = "eth0";
  link.up = link.carrier = true;
  link.mtu = 1500;
  return link;
}

net::Link function() {
  auto link = nic();
  link.index = 7;
  link.name = "enP1s1";
  link.master = 2;
  link.slave = true;
  return link;
}

std::vector<std::string> messages(const std::vector<core::LogEvent>& events) {
  std::vector<std::string> messages;
  for (const auto& each : events) messages.push_back(each.message);
  return messages;
}

TEST(LinkLog, SaysNothingOfWhatIsThereAtTheStartOrOfAnotherNic) {
  core::LinkLog log;
  EXPECT_THAT(log.see(std::vector{nic()}, "", {}), IsEmpty());
  EXPECT_THAT(log.see(std::vector{nic()}, "eth0", {}), IsEmpty());
  auto other = nic();
  other.index = 3;
  other.name = "eth1";
  other.up = false;
  EXPECT_THAT(log.see(std::vector{nic(), other}, "eth0", {}), IsEmpty());
  EXPECT_THAT(log.see(std::vector{nic(), other}, "eth1", {}), IsEmpty());
}

TEST(LinkLog, TellsHowTheNicGoesAndComes) {
  core::LinkLog log;
  log.see(std::vector{nic()}, "eth0", {});
  auto down = nic();
  down.up = down.carrier = false;
  net::MonoTime now{1h};
  const auto events = log.see(std::vector{down}, "eth0", now);
  EXPECT_THAT(messages(events), ElementsAre("NIC eth0 is down, it was up"));
  EXPECT_EQ(events.front().level, core::LogLevel::warn);
  auto without = nic();
  without.carrier = false;
  EXPECT_THAT(messages(log.see(std::vector{without}, "eth0", now += 2s)),
              ElementsAre("NIC eth0 is up without carrier, it was down"));
  auto small = nic();
  small.mtu = 1400;
  EXPECT_THAT(
      messages(log.see(std::vector{small}, "eth0", now += 2s)),
      ElementsAre("NIC eth0 is up, it was up without carrier", "MTU of NIC eth0 is 1400, it was 1500"));
  EXPECT_THAT(messages(log.see({}, "eth0", now += 2s)), ElementsAre("NIC eth0 is gone"));
}

TEST(LinkLog, TellsWhenAzureTakesTheVirtualFunctionAndGivesItBack) {
  core::LinkLog log;
  log.see(std::vector{nic(), function()}, "eth0", {});
  const auto gone = log.see(std::vector{nic()}, "eth0", net::MonoTime{1h});
  EXPECT_THAT(messages(gone), ElementsAre("virtual function enP1s1 is gone"));
  EXPECT_EQ(gone.front().level, core::LogLevel::info) << "packets go by the NIC itself";
  EXPECT_THAT(messages(log.see(std::vector{nic(), function()}, "eth0", net::MonoTime{2h})),
              ElementsAre("virtual function enP1s1 has come, up, MTU 1500"));
}

TEST(LinkLog, TellsOfANicThatFlapsOnceASecondAndAtLastHowItStands) {
  core::LinkLog log;
  log.see(std::vector{nic()}, "eth0", {});
  auto down = nic();
  down.up = false;
  net::MonoTime now{1h};
  std::size_t told = 0;
  for (int i = 0; i < 1000; ++i)
    told += log.see(std::vector{i % 2 == 0 ? down : nic()}, "eth0", now += 1ms).size();
  EXPECT_LE(told, 3U);
  ASSERT_TRUE(log.due()) << "it is up, and was told to be down";
  EXPECT_THAT(messages(log.see(std::vector{nic()}, "eth0", *log.due())), testing::SizeIs(1));
  EXPECT_FALSE(log.due());
}

}  // namespace
