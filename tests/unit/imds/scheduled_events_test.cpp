#include "imds/scheduled_events.h"

#include <gmock/gmock.h>

#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// As https://learn.microsoft.com/azure/virtual-machines/linux/scheduled-events shows one.
constexpr auto kDocument = R"({"DocumentIncarnation": 2, "Events": [{
  "EventId": "C7061BAC-AFDC-4513-B24B-AA5F13A16123", "EventStatus": "Scheduled", "EventType": "Freeze",
  "ResourceType": "VirtualMachine", "Resources": ["WestNO_0", "WestNO_1"],
  "NotBefore": "Mon, 11 Apr 2022 22:26:58 GMT", "Description": "Virtual machine is being paused because of a memory-preserving Live Migration operation.",
  "EventSource": "Platform", "DurationInSeconds": 5}]})";

TEST(ScheduledEvents, AreReadAsAzureShowsThem) {
  const auto events = imds::parse_scheduled_events(kDocument);
  ASSERT_TRUE(events);
  ASSERT_THAT(*events, SizeIs(1));
  const auto& event = events->front();
  EXPECT_EQ(event.type, observed::MaintenanceType::freeze);
  EXPECT_FALSE(event.started);
  EXPECT_THAT(event.vms, ElementsAre("WestNO_0", "WestNO_1"));
  EXPECT_EQ(event.not_before, std::chrono::system_clock::time_point(1649716018s));
  EXPECT_EQ(event.duration, 5s);
  EXPECT_EQ(event.source, "Platform");
}

TEST(ScheduledEvents, WithoutWhatAVersionOrAStateLeavesOutAreReadToo) {
  const auto events = imds::parse_scheduled_events(
      R"({"Events":[{"EventId":"a","EventType":"Reboot","EventStatus":"Started","NotBefore":"","Resources":["vm"],
          "DurationInSeconds":-1}]})");
  ASSERT_TRUE(events);
  ASSERT_THAT(*events, SizeIs(1));
  EXPECT_TRUE(events->front().started);
  EXPECT_EQ(events->front().not_before, std::nullopt);
  EXPECT_EQ(events->front().duration, std::nullopt);
}

TEST(ScheduledEvents, OfAnUnknownKindOrShapeAreLeftOut) {
  EXPECT_THAT(imds::parse_scheduled_events(R"({"Events":[]})").value(), IsEmpty());
  EXPECT_THAT(imds::parse_scheduled_events(
                  R"({"Events":[null,1,{},{"EventType":"Freeze"},{"EventId":"a","EventType":"Rename"},
                      {"EventId":{},"EventType":[]}]})")
                  .value(),
              IsEmpty());
  std::string many = R"({"Events":[)";
  for (int i = 0; i < 100; ++i) many += R"({"EventId":"a","EventType":"Freeze"},)";
  many.back() = ']';
  EXPECT_THAT(imds::parse_scheduled_events(many + "}").value(), SizeIs(16));
}

TEST(ScheduledEvents, AnythingElseIsAnError) {
  for (const auto* text : {"", "{", "[]", "{}", R"({"Events":{}})", "null", "\xff"})
    EXPECT_EQ(imds::parse_scheduled_events(text).error().code.value(), EBADMSG) << text;
}

TEST(ScheduledEvents, TheirTextsAreFitForAMessage) {
  const auto events = imds::parse_scheduled_events(
      R"({"Events":[{"EventId":"a\n","EventType":"Freeze","Description":"b[2K\nc","Resources":["d\r"]}]})");
  ASSERT_TRUE(events);
  EXPECT_EQ(events->front().description.find_first_of("\n\x1b"), std::string::npos);
  EXPECT_EQ(events->front().vms.front().find('\r'), std::string::npos);
}

}  // namespace
