#include "core/transitions.h"

#include <gmock/gmock.h>

namespace {

using checks::CheckStatus;
using core::EventKind;
using core::LogEvent;
using core::LogLevel;
using core::Phase;
using core::Snapshot;

Snapshot with(CheckStatus status, bool gate = false) {
  Snapshot snapshot;
  snapshot.sequence = 1;
  snapshot.nic.name = "eth0";
  snapshot.imds.source = node::ImdsSource::live;
  snapshot.ready = !(gate && status == CheckStatus::fail);
  snapshot.checks = {{.id = "sysctl.ip_forward",
                      .status = status,
                      .gate = gate,
                      .message = "net.ipv4.ip_forward is 0",
                      .why = "pods cannot talk",
                      .remedy = "sysctl -w net.ipv4.ip_forward=1"}};
  return snapshot;
}

std::vector<EventKind> kinds(const std::vector<LogEvent>& events) {
  std::vector<EventKind> all;
  all.reserve(events.size());
  for (const auto& each : events) all.push_back(each.kind);
  return all;
}

std::string fields(const LogEvent& event) {
  std::string all;
  for (const auto& each : event.fields) all += std::string(each.name) + "=" + each.value + ";";
  return all;
}

TEST(Transitions, SayNothingOfWhatIsAsItWas) {
  EXPECT_TRUE(core::transitions(with(CheckStatus::fail, true), with(CheckStatus::fail, true)).empty());
  EXPECT_TRUE(core::transitions(with(CheckStatus::pass), with(CheckStatus::pass)).empty());
}

TEST(Transitions, OfAHealthyStartAreNoWarnings) {
  auto booting = with(CheckStatus::fail, true);
  auto warning = booting.checks.front();
  warning.id = "cni.winner";
  warning.gate = false;
  booting.checks.push_back(warning);
  const auto first = core::transitions(Snapshot{}, booting, Phase::starting);
  const auto told = core::transitions(booting, with(CheckStatus::pass, true), Phase::started);
  ASSERT_EQ(kinds(first), (std::vector{EventKind::imds_answers, EventKind::nic_chosen, EventKind::waiting}));
  EXPECT_EQ(first.back().message, "waiting for sysctl.ip_forward: net.ipv4.ip_forward is 0");
  EXPECT_EQ(kinds(told), (std::vector{EventKind::check_passes, EventKind::ready}));
  for (const auto& events : {first, told}) {
    for (const auto& event : events) EXPECT_EQ(event.level, LogLevel::info) << event.message;
  }
}

TEST(Transitions, OfAStartThatIsOverTellAllThatFailsOnce) {
  for (const bool gate : {true, false}) {
    const auto sick = with(CheckStatus::fail, gate);
    const auto events = core::transitions(sick, sick, Phase::started);
    ASSERT_EQ(kinds(events), std::vector{EventKind::check_failed});
    EXPECT_EQ(events[0].level, gate ? LogLevel::error : LogLevel::warn);
    EXPECT_TRUE(core::transitions(sick, sick, Phase::running).empty());
  }
}

TEST(Transitions, AStartIsOverWhenTheNodeIsReadyOrTimeIsUp) {
  const net::MonoTime begin{};
  for (const bool ready : {true, false}) {
    core::StartUp start;
    EXPECT_EQ(start.phase(false, begin), Phase::starting);
    EXPECT_EQ(start.phase(false, begin + core::StartUp::kPatience / 2), Phase::starting);
    EXPECT_EQ(start.phase(ready, begin + core::StartUp::kPatience / (ready ? 2 : 1)), Phase::started);
    EXPECT_EQ(start.phase(false, begin + core::StartUp::kPatience), Phase::running);
  }
}

TEST(Transitions, TellAFailureAgainWhenItIsAnotherAndNotWhenOnlyACountGoesOn) {
  struct Case {
    const char* before;
    const char* after;
    bool news;
  };
  for (const auto& [before, after, news] :
       {Case{"no answer for 180 s: refused", "no answer for 200 s: refused", false},
        Case{"3 of 4 (75 %), x", "4 of 4 (100 %), x", false}, Case{"eth0 is down", "eth1 is down", true},
        Case{"IMDS names 10.0.0.4", "IMDS names 10.0.0.5", true}, Case{"x", "y", true}}) {
    auto first = with(CheckStatus::fail);
    first.checks[0].message = before;
    auto second = with(CheckStatus::fail);
    second.checks[0].message = after;
    EXPECT_EQ(core::transitions(first, second).size(), news ? 1U : 0U) << after;
  }
}

TEST(Transitions, OfAFailedCheckHaveTheNicAndTheRouteThatItIsAbout) {
  struct Case {
    const char* id;
    routing::RouteState state;
    const char* fields;
  };
  using routing::RouteState;
  for (const auto& [id, state, wanted] :
       {Case{"nic.up", RouteState::failed, "CHECK=nic.up;NIC=eth0;REMEDY=r;"},
        Case{"sysctl.nic_forwarding", RouteState::in_sync, "CHECK=sysctl.nic_forwarding;NIC=eth0;REMEDY=r;"},
        Case{"routes.in_sync", RouteState::failed, "CHECK=routes.in_sync;REMEDY=r;ROUTE=10.244.0.0/16;"},
        Case{"routes.in_sync", RouteState::pending, "CHECK=routes.in_sync;REMEDY=r;ROUTE=10.244.0.0/16;"},
        Case{"routes.in_sync", RouteState::in_sync, "CHECK=routes.in_sync;REMEDY=r;"},
        Case{"routes.shadowed", RouteState::shadowed,
             "CHECK=routes.shadowed;REMEDY=r;ROUTE=10.244.0.0/16;"}}) {
    auto sick = with(CheckStatus::fail);
    sick.checks[0].id = id;
    sick.checks[0].remedy = "r";
    routing::RouteStatus route{.route = {}, .device = "", .state = state, .error = ""};
    route.route.key.destination = *net::Prefix::parse("10.244.0.0/16");
    sick.routes = routing::RouteStatuses({route});
    const auto events = core::transitions(with(CheckStatus::pass), sick);
    ASSERT_EQ(events.size(), 1U) << id;
    EXPECT_EQ(fields(events[0]), wanted);
  }
}

TEST(Transitions, OfAGateSayWhatIsWrongAndHowToFixItThenThatTheNodeIsNotReady) {
  const auto events = core::transitions(with(CheckStatus::pass, true), with(CheckStatus::fail, true));
  ASSERT_EQ(kinds(events), (std::vector{EventKind::check_failed, EventKind::not_ready}));
  EXPECT_EQ(events[0].level, LogLevel::error);
  EXPECT_EQ(events[0].message,
            "sysctl.ip_forward failed: net.ipv4.ip_forward is 0: pods cannot talk | fix: sysctl -w "
            "net.ipv4.ip_forward=1");
  EXPECT_EQ(fields(events[0]), "CHECK=sysctl.ip_forward;REMEDY=sysctl -w net.ipv4.ip_forward=1;");
  EXPECT_EQ(fields(events[1]), "CHECK=sysctl.ip_forward;");

  const auto passed = core::transitions(with(CheckStatus::fail, true), with(CheckStatus::pass, true));
  EXPECT_EQ(kinds(passed), (std::vector{EventKind::check_passes, EventKind::ready}));
  const auto unseen = core::transitions(with(CheckStatus::fail, true), with(CheckStatus::unknown, true));
  EXPECT_EQ(kinds(unseen), (std::vector{EventKind::check_unknown, EventKind::ready}));
  EXPECT_EQ(core::transitions(with(CheckStatus::pass), with(CheckStatus::fail)).at(0).level, LogLevel::warn);
}

TEST(Transitions, OfTheModeTellWhichEvidenceDecided) {
  auto after = with(CheckStatus::pass);
  after.mode = node::Mode::azure_cni;
  after.mode_reason = "10-azure.conflist wins";
  const auto events = core::transitions(with(CheckStatus::pass), after);
  ASSERT_EQ(kinds(events), std::vector{EventKind::mode_changed});
  EXPECT_EQ(events[0].message, "mode azure-cni is in force, no longer udr: 10-azure.conflist wins");
  EXPECT_EQ(fields(events[0]), "MODE=azure-cni;");
}

TEST(Transitions, OfImdsAndTheNicNameThem) {
  auto silent = with(CheckStatus::pass);
  silent.imds.last_error = "IMDS at http://169.254.169.254: no answer within 10 s";
  const auto outage = core::transitions(with(CheckStatus::pass), silent);
  ASSERT_EQ(kinds(outage), std::vector{EventKind::imds_silent});
  EXPECT_EQ(outage[0].level, LogLevel::info) << "imds.reachable warns when it lasts";
  EXPECT_EQ(fields(outage[0]), "CHECK=imds.reachable;");
  const auto again = core::transitions(silent, with(CheckStatus::pass));
  ASSERT_EQ(kinds(again), std::vector{EventKind::imds_answers});
  EXPECT_THAT(again[0].message, testing::StartsWith("IMDS answers again"));
  auto recalled = with(CheckStatus::pass);
  recalled.imds.source = node::ImdsSource::cache;
  EXPECT_EQ(kinds(core::transitions(with(CheckStatus::pass), recalled)),
            std::vector{EventKind::document_recalled});
  auto other = with(CheckStatus::pass);
  other.nic.name = "eth1";
  const auto chosen = core::transitions(with(CheckStatus::pass), other);
  ASSERT_EQ(kinds(chosen), std::vector{EventKind::nic_chosen});
  EXPECT_EQ(fields(chosen[0]), "NIC=eth1;");
}

}  // namespace
