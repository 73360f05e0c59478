#include "agent/daemon/transitions.h"

#include <gmock/gmock.h>

namespace {

using agent::CheckStatus;
using agent::Event;
using agent::EventKind;
using agent::LogLevel;
using agent::Snapshot;

Snapshot with(CheckStatus status, bool gate = false) {
  Snapshot snapshot;
  snapshot.version = "1";
  snapshot.nic.name = "eth0";
  snapshot.imds.source = agent::ImdsSource::live;
  snapshot.ready = !(gate && status == CheckStatus::fail);
  snapshot.checks = {{.id = "sysctl.ip_forward",
                      .status = status,
                      .gate = gate,
                      .message = "net.ipv4.ip_forward is 0",
                      .why = "pods cannot talk",
                      .remedy = "sysctl -w net.ipv4.ip_forward=1"}};
  return snapshot;
}

std::vector<EventKind> kinds(const std::vector<Event>& events) {
  std::vector<EventKind> all;
  for (const auto& each : events) all.push_back(each.kind);
  return all;
}

std::string fields(const Event& event) {
  std::string all;
  for (const auto& each : event.fields) all += std::string(each.name) + "=" + each.value + ";";
  return all;
}

TEST(Transitions, SayNothingOfWhatIsAsItWas) {
  EXPECT_TRUE(transitions(with(CheckStatus::fail, true), with(CheckStatus::fail, true)).empty());
  EXPECT_TRUE(transitions(with(CheckStatus::pass), with(CheckStatus::pass)).empty());
}

TEST(Transitions, OfAHealthyStartAreNoWarnings) {
  for (const auto& event : transitions(Snapshot{}, with(CheckStatus::pass, true))) {
    EXPECT_EQ(event.level, LogLevel::info) << event.message;
  }
}

TEST(Transitions, OfAGateSayWhatIsWrongAndHowToMendItThenThatTheNodeIsNotReady) {
  const auto events = transitions(with(CheckStatus::pass, true), with(CheckStatus::fail, true));
  ASSERT_EQ(kinds(events), (std::vector{EventKind::check_failed, EventKind::not_ready}));
  EXPECT_EQ(events[0].level, LogLevel::error);
  EXPECT_EQ(events[0].message,
            "sysctl.ip_forward failed: net.ipv4.ip_forward is 0: pods cannot talk | to mend: sysctl -w "
            "net.ipv4.ip_forward=1");
  EXPECT_EQ(fields(events[0]), "CHECK=sysctl.ip_forward;REMEDY=sysctl -w net.ipv4.ip_forward=1;");
  EXPECT_EQ(fields(events[1]), "CHECK=sysctl.ip_forward;");

  const auto mended = transitions(with(CheckStatus::fail, true), with(CheckStatus::pass, true));
  EXPECT_EQ(kinds(mended), (std::vector{EventKind::check_passes, EventKind::ready}));
  const auto unseen = transitions(with(CheckStatus::fail, true), with(CheckStatus::unknown, true));
  EXPECT_EQ(kinds(unseen), (std::vector{EventKind::check_unknown, EventKind::ready}));
  EXPECT_EQ(transitions(with(CheckStatus::pass), with(CheckStatus::fail)).at(0).level, LogLevel::warn);
}

TEST(Transitions, OfTheModeTellWhichEvidenceDecided) {
  auto after = with(CheckStatus::pass);
  after.mode = agent::Mode::azure_cni;
  after.mode_reason = "10-azure.conflist wins";
  const auto events = transitions(with(CheckStatus::pass), after);
  ASSERT_EQ(kinds(events), std::vector{EventKind::mode_changed});
  EXPECT_EQ(events[0].message, "mode azure-cni is in force, no longer udr: 10-azure.conflist wins");
  EXPECT_EQ(fields(events[0]), "MODE=azure-cni;");
}

TEST(Transitions, OfImdsAndTheNicNameThem) {
  auto silent = with(CheckStatus::pass);
  silent.imds.last_error = "IMDS at http://169.254.169.254: no answer within 10 s";
  const auto outage = transitions(with(CheckStatus::pass), silent);
  ASSERT_EQ(kinds(outage), std::vector{EventKind::imds_silent});
  EXPECT_EQ(outage[0].level, LogLevel::warn);
  EXPECT_EQ(fields(outage[0]), "CHECK=imds.reachable;");
  auto other = with(CheckStatus::pass);
  other.nic.name = "eth1";
  const auto chosen = transitions(with(CheckStatus::pass), other);
  ASSERT_EQ(kinds(chosen), std::vector{EventKind::nic_chosen});
  EXPECT_EQ(fields(chosen[0]), "NIC=eth1;");
}

}  // namespace
