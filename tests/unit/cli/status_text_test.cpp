// What `status` and `doctor` print for people: the page's order, what is settled folded.
#include "agent/cli/status_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/cli/check_list.h"

namespace {

using agent::path_line;
using agent::status_text;
using agent::what_lasts;
using Json = nlohmann::json;
using testing::HasSubstr;
using testing::Not;

checks::CheckResult check(std::string id, checks::CheckStatus status, std::string message = "so it is",
                          bool gate = false) {
  checks::CheckResult result;
  result.id = std::move(id);
  result.status = status;
  result.gate = gate;
  result.message = std::move(message);
  if (status == checks::CheckStatus::fail) {
    result.why = "pods are cut off";
    result.remedy = "repair it";
  }
  return result;
}

Json status_of_a_node() {
  return Json::parse(R"json({
    "schema": "calico-azure-agent/v1", "mode": "udr", "mode_reason": "mode = \"udr\"", "ready": false,
    "ready_since": null, "node": {"name": "vm1", "resource_id": "/subscriptions/1"},
    "config": {"file": "/etc/config.toml", "overrides": [], "digest": "1"},
    "imds": {"source": "live", "last_success": "2026-08-01T09:30:00.000Z", "age_seconds": 4},
    "nic": {"name": "eth0", "mac": "00:0d:3a:f8:06:ec", "addresses": ["10.240.0.4"],
            "subnets": ["10.240.0.0/24"], "gateways": ["10.240.0.1"], "mtu": 1500},
    "pods": {"cluster_cidrs": ["10.244.0.0/16"], "node_cidrs": ["10.244.1.0/24"]},
    "routes": [{"destination": "10.244.0.0/16", "type": "unicast", "gateway": "10.240.0.1", "device": "eth0",
                "state": "in_sync"},
               {"destination": "10.244.1.0/24", "type": "blackhole", "state": "failed", "error": "no room"}],
    "checks": [{"id": "nic.found", "status": "pass", "gate": true, "message": "eth0"},
               {"id": "nic.up", "status": "pass", "gate": true, "message": "up"},
               {"id": "sysctl.rp_filter", "status": "fail", "gate": false, "message": "strict", "why": "w",
                "remedy": "r"},
               {"id": "sysctl.ip_forward", "status": "fail", "gate": true, "message": "it is 0",
                "why": "packets are dropped", "remedy": "sysctl -w net.ipv4.ip_forward=1"},
               {"id": "calico.felix", "status": "unknown", "gate": false, "message": "it is not there"},
               {"id": "overlay.device", "status": "skip", "gate": false, "message": "no overlay"}],
    "path": [{"hop": "pod", "name": "pod", "at": "10.244.1.0/24", "state": "good"},
             {"hop": "link", "name": "pod's link", "at": "cbr0", "state": "unknown"},
             {"hop": "route", "name": "this node's route", "at": "10.244.0.0/16 via 10.240.0.1", "state": "good"},
             {"hop": "nic", "name": "NIC", "at": "eth0 (10.240.0.4)", "state": "broken"},
             {"hop": "route_table", "name": "route table", "at": "", "state": "warning"},
             {"hop": "peer_nic", "name": "peer's NIC", "at": "", "state": "unknown"},
             {"hop": "peer_pod", "name": "peer's pod", "at": "", "state": "unknown"}],
    "counters": {
  "resyncs" : 1
}
})json");
  ;
}

std::vector<std::size_t> places(const std::string& text, const std::vector<const char*>& words) {
  std::vector<std::size_t> found;
  for (const auto* word : words) found.push_back(text.find(word));
  return found;
}

TEST(StatusText, TellsVerdictFailedUnknownPathNodeAndTheRestInThisOrder) {
  const auto text = status_text(status_of_a_node(), {.all = false, .utf8 = true});
  const auto order = places(text, {"not ready: 1 gate holds it back", "sysctl.ip_forward", "sysctl.rp_filter",
                                   "calico.felix", "path  ", "mode  ", "node  ", "nic  ", "pods  ",
                                   "routes  1 of 2 in_sync", "checks  (--all shows each)"});
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end())) << text;
  EXPECT_EQ(std::count(order.begin(), order.end(), std::string::npos), 0) << text;
  EXPECT_THAT(text, HasSubstr("why: packets are dropped\n           fix: sysctl -w net.ipv4.ip_forward=1\n"));
}

TEST(StatusText, FoldsWhatPassedAndWhatDoesNotApplyToNumbersByGroup) {
  const auto folded = status_text(status_of_a_node(), {});
  EXPECT_THAT(folded, HasSubstr("  pass     nic 2\n"));
  EXPECT_THAT(folded, HasSubstr("  skip     overlay 1\n"));
  EXPECT_THAT(folded, Not(HasSubstr("nic.found")));
  EXPECT_THAT(folded, HasSubstr("  failed    blackhole 10.244.1.0/24: no room\n"));
  EXPECT_THAT(folded, Not(HasSubstr("  in_sync   ")));
  const auto all = status_text(status_of_a_node(), {.all = true});
  for (const char* each :
       {"nic.found", "nic.up", "overlay.device", "  in_sync   10.244.0.0/16 via 10.240.0.1"})
    EXPECT_THAT(all, HasSubstr(each));
}

TEST(StatusText, DrawsThePathInOneLineWithThePeerAsOneWord) {
  const auto path = status_of_a_node().at("path");
  EXPECT_EQ(path_line(path, true),
            "pod → cbr0 ? → 10.244.0.0/16 via 10.240.0.1 → eth0 ✗ → route table ! → peer ?");
  EXPECT_EQ(path_line(path, false),
            "pod -> cbr0 ? -> 10.244.0.0/16 via 10.240.0.1 -> eth0 x -> route table ! -> peer ?");
}

TEST(StatusText, OfAnOlderDaemonHasNoPath) {
  auto status = status_of_a_node();
  status.erase("path");
  EXPECT_THAT(status_text(status, {}), Not(HasSubstr("path")));
}

TEST(StatusText, StaysTextWhateverTheDaemonAnswers) {
  for (const char* strange :
       {"{}", R"({"ready": 1, "node": [], "checks": [1, {}], "routes": {}, "path": "x"})",
        R"({"checks": [{"id": null, "status": 3}], "path": [null, 7, {"hop": {}}]})"}) {
    EXPECT_THAT(status_text(Json::parse(strange), {.all = true, .utf8 = true}), HasSubstr("not ready"));
  }
}

TEST(StatusText, LetsNothingForeignSteerATerminal) {
  auto status = status_of_a_node();
  for (auto& hop : status["path"]) hop["at"] = "evil\x1b[2K\n";
  status["checks"][0]["id"] = "evil\x1b[2K.x";
  const auto text = status_text(status, {.all = true, .utf8 = true});
  EXPECT_THAT(text, HasSubstr("evil?[2K"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(StatusText, AgesTimesOfAnswersAndCountersAreNoChange) {
  auto later = status_of_a_node();
  later["imds"]["age_seconds"] = 5;
  later["imds"]["last_success"] = "2026-08-01T09:31:00.000Z";
  later["counters"]["resyncs"] = 2;
  EXPECT_EQ(what_lasts(status_of_a_node()), what_lasts(later));
  later["checks"][0]["message"] = "eth1";
  EXPECT_NE(what_lasts(status_of_a_node()), what_lasts(later));
}

TEST(CheckList, TellsWhatIsUnknownForOneReasonOnce) {
  using enum checks::CheckStatus;
  const std::vector all = {check("nic.up", unknown, "no document"),
                           check("nic.found", unknown, "no document"), check("pods.mtu", unknown, "no pod"),
                           check("nic.vf", pass)};
  EXPECT_EQ(agent::open_checks(all),
            "  unknown  nic.up                   no document\n"
            "           same reason: nic.found\n"
            "  unknown  pods.mtu                 no pod\n");
}

TEST(CheckList, IsEmptyWhereNothingNeedsALook) {
  EXPECT_EQ(agent::open_checks(std::vector{check("nic.up", checks::CheckStatus::pass)}), "");
  EXPECT_EQ(agent::settled_checks(std::vector{check("nic.up", checks::CheckStatus::fail)}, false), "");
}

}  // namespace
