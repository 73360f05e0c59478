// The probes' text: who passes, who fails, and what is said.
#include "agent/http/readyz.h"

#include <gtest/gtest.h>

#include "sample.h"

namespace {

using agent::http::healthz;
using agent::http::readyz;
using Exclude = std::vector<std::string>;

TEST(Readyz, OfAReadyNodeIsOkAndNothingElse) {
  const auto health = readyz(sample::ready_node(), {});
  EXPECT_TRUE(health.passed);
  EXPECT_EQ(health.body, "ok");
}

TEST(Readyz, VerboseListsTheGatesOnlyAndEndsWithTheVerdict) {
  const auto health = readyz(sample::ready_node(), {.verbose = true, .exclude = {}});
  EXPECT_TRUE(health.passed);
  EXPECT_EQ(health.body,
            "[+]nic.found ok\n"
            "[+]nic.address ok\n"
            "[+]nic.up ok\n"
            "[+]routes.in_sync ok\n"
            "[+]sysctl.ip_forward ok\n"
            "[+]sysctl.accept_ra skipped: no IPv6 CIDR\n"
            "[+]pods.overlap ok\n"
            "readyz check passed\n");
}

TEST(Readyz, FailureListsTheGatesWithoutBeingAsked) {
  const auto health = readyz(sample::broken_node(), {});
  EXPECT_FALSE(health.passed);
  EXPECT_EQ(health.body,
            "[+]nic.found ok\n"
            "[+]nic.address ok\n"
            "[+]nic.up ok\n"
            "[+]routes.in_sync ok\n"
            "[-]sysctl.ip_forward failed: net.ipv4.ip_forward is 0\n"
            "[+]sysctl.accept_ra skipped: no IPv6 CIDR\n"
            "[+]pods.overlap ok\n"
            "readyz check failed\n");
}

TEST(Readyz, LeavesAnExcludedGateOut) {
  const auto health = readyz(sample::broken_node(), {.verbose = true, .exclude = {"sysctl.ip_forward"}});
  EXPECT_TRUE(health.passed);
  EXPECT_NE(health.body.find("[+]sysctl.ip_forward excluded: ok\n"), std::string::npos) << health.body;
}

TEST(Readyz, ExcludingAnotherGateChangesNothing) {
  EXPECT_FALSE(
      readyz(sample::broken_node(), {.verbose = false, .exclude = {"nic.found", "pods.overlap"}}).passed);
}

TEST(Readyz, NeedsEveryFailingGateExcluded) {
  auto node = sample::broken_node();
  node.checks[1] = sample::failing("nic.found", true, "no link has the MAC");
  EXPECT_FALSE(readyz(node, {.verbose = false, .exclude = {"nic.found"}}).passed);
  EXPECT_TRUE(readyz(node, {.verbose = false, .exclude = {"nic.found", "sysctl.ip_forward"}}).passed);
}

TEST(Readyz, UnknownAndSkippedGatesNeverHold) {
  auto node = sample::ready_node();
  node.checks = {sample::sync("nic.up", checks::CheckStatus::unknown, "netlink is busy"),
                 sample::sync("nic.gateway", checks::CheckStatus::unknown, "")};
  const auto health = readyz(node, {.verbose = true, .exclude = {}});
  EXPECT_TRUE(health.passed);
  EXPECT_EQ(health.body, "[+]nic.up unknown: netlink is busy\n[+]nic.gateway unknown\nreadyz check passed\n");
}

TEST(Readyz, OfANodeThatHasNotSettledFailsThoughNoGateDoes) {
  for (const auto& node : {sample::new_node(), [] {
                             auto unsettled = sample::ready_node();
                             unsettled.ready = false;
                             return unsettled;
                           }()}) {
    const auto health = readyz(node, {});
    EXPECT_FALSE(health.passed);
    EXPECT_NE(health.body.find("[-]agent.settled failed: "), std::string::npos) << health.body;
    EXPECT_FALSE(readyz(node, {.verbose = false, .exclude = {"nic.found"}}).passed);
  }
}

TEST(Readyz, AMessageCannotForgeALine) {
  auto node = sample::broken_node();
  node.checks[6].message = "0\nreadyz check passed\r\n[+]x ok\xFF";
  const auto body = readyz(node, {}).body;
  EXPECT_NE(body.find("failed: 0 readyz check passed [+]x ok?\n"), std::string::npos) << body;
  EXPECT_EQ(std::count(body.begin(), body.end(), '\n'), 8);
}

TEST(Healthz, IncludesWarnings) {
  auto node = sample::ready_node();
  EXPECT_EQ(healthz(node, {}).body, "ok");
  node.checks[8] = sample::failing("sysctl.rp_filter", false, "net.ipv4.conf.eth0.rp_filter is 1");
  EXPECT_TRUE(readyz(node, {}).passed);
  const auto health = healthz(node, {});
  EXPECT_FALSE(health.passed);
  EXPECT_NE(health.body.find("[+]imds.reachable ok\n"), std::string::npos);
  EXPECT_NE(health.body.find("[-]sysctl.rp_filter failed: net.ipv4.conf.eth0.rp_filter is 1\n"),
            std::string::npos);
  EXPECT_TRUE(health.body.ends_with("healthz check failed\n")) << health.body;
  EXPECT_TRUE(healthz(node, {.verbose = false, .exclude = {"sysctl.rp_filter"}}).passed);
}

TEST(Healthz, FailsWhileTheNodeIsNotReady) {
  auto node = sample::ready_node();
  node.ready = false;
  EXPECT_FALSE(healthz(node, {}).passed);
}

TEST(UnknownChecks, AreThoseThatNeitherTheVersionNorTheSnapshotHas) {
  auto node = sample::ready_node();
  node.checks.push_back(sample::passing("azure.route_table", false));
  // pods.node_cidr is in no list of this node, but the version knows it: one probe fits every mode.
  EXPECT_EQ(agent::http::unknown_checks(node, {"pods.node_cidr", "azure.route_table", "nic.found"}),
            Exclude{});
  EXPECT_EQ(agent::http::unknown_checks(node, {"nic", "nic.found", "", "NIC.FOUND"}),
            (Exclude{"nic", "", "NIC.FOUND"}));
}

}  // namespace
