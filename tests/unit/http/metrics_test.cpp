// /metrics, read by a strict parser of our own and by promtool.
#include "agent/http/renderings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "exposition.h"
#include "sample.h"

namespace {

using testing::DoubleNear;
using testing::Each;
using testing::Optional;

std::string metrics_of(const core::Snapshot& node) {
  return agent::http::metrics(node, sample::kNow - std::chrono::hours{1});
}

TEST(Metrics, OfAReadyNodeSayHowItStands) {
  const Exposition metrics(metrics_of(sample::ready_node()));
  const auto value = [&metrics](const std::string& series) {
    return metrics["calico_azure_agent_" + series];
  };
  EXPECT_EQ(value("build_info{version=\"0.1.0\"}"), 1);
  EXPECT_EQ(value("mode_info{mode=\"udr\"}"), 1);
  EXPECT_EQ(value("start_time_seconds"), 1785573000);
  EXPECT_EQ(value("ready"), 1);
  EXPECT_THAT(value("ready_since_timestamp_seconds"), Optional(DoubleNear(1785569399.123, 1e-4)));
  EXPECT_EQ(value("check_status{id=\"nic.found\",status=\"pass\"}"), 1);
  EXPECT_EQ(value("check_status{id=\"nic.found\",status=\"fail\"}"), 0);
  EXPECT_EQ(value("check_status{id=\"nic.gateway\",status=\"unknown\"}"), 1);
  EXPECT_EQ(value("check_status{id=\"sysctl.accept_ra\",status=\"skip\"}"), 1);
  EXPECT_EQ(value("check_gate{id=\"nic.found\"}"), 1);
  EXPECT_EQ(value("check_gate{id=\"nic.gateway\"}"), 0);
  EXPECT_EQ(value("routes{state=\"in_sync\"}"), 2);
  EXPECT_EQ(value("routes{state=\"pending\"}"), 0);
  EXPECT_EQ(value("routes_repaired_total"), 3);
  EXPECT_EQ(value("resyncs_total"), 41);
  EXPECT_EQ(value("imds_errors_total"), 7);
  EXPECT_EQ(value("imds_source{source=\"live\"}"), 1);
  EXPECT_EQ(value("imds_source{source=\"cache\"}"), 0);
  EXPECT_EQ(value("imds_source{source=\"none\"}"), 0);
  EXPECT_EQ(value("imds_last_success_timestamp_seconds"), 1785576588);
}

TEST(Metrics, OfABrokenNodeSayWhichCheckFails) {
  const Exposition metrics(metrics_of(sample::broken_node()));
  EXPECT_EQ(metrics["calico_azure_agent_ready"], 0);
  EXPECT_EQ(metrics["calico_azure_agent_ready_since_timestamp_seconds"], std::nullopt);
  EXPECT_EQ(metrics["calico_azure_agent_check_status{id=\"sysctl.ip_forward\",status=\"fail\"}"], 1);
  EXPECT_EQ(metrics["calico_azure_agent_check_status{id=\"sysctl.ip_forward\",status=\"pass\"}"], 0);
  EXPECT_EQ(metrics["calico_azure_agent_routes{state=\"failed\"}"], 1);
}

TEST(Metrics, OfANewNodeLeaveOutTimesThatNeverWere) {
  const Exposition metrics(metrics_of(sample::new_node()));
  EXPECT_EQ(metrics["calico_azure_agent_imds_last_success_timestamp_seconds"], std::nullopt);
  EXPECT_EQ(metrics["calico_azure_agent_imds_source{source=\"none\"}"], 1);
  EXPECT_EQ(metrics["calico_azure_agent_ready"], 0);
  EXPECT_EQ(metrics["calico_azure_agent_routes_repaired_total"], 0);
}

TEST(Metrics, BearOnePrefix) {
  const Exposition metrics(metrics_of(sample::ready_node()));
  for (const auto& [name, type] : metrics.types())
    EXPECT_TRUE(name.starts_with("calico_azure_agent_")) << name;
}

TEST(Metrics, OneCheckHasExactlyOneStatus) {
  const auto node = sample::broken_node();
  const Exposition metrics(metrics_of(node));
  for (const auto& check : node.checks) {
    double sum = 0;
    for (const char* status : {"pass", "fail", "unknown", "skip"}) {
      sum += metrics["calico_azure_agent_check_status{id=\"" + check.id + "\",status=\"" + status + "\"}"]
                 .value();
    }
    EXPECT_EQ(sum, 1) << check.id;
  }
}

TEST(Metrics, EscapeLabelValues) {
  auto node = sample::ready_node();
  node.version =
      "a\\b\"c\nd\xFF"
      "e";
  const Exposition metrics(metrics_of(node));
  EXPECT_THAT(metrics.label_values("calico_azure_agent_build_info", "version"), Each("a\\b\"c\nd\xEF\xBF\xBD"
                                                                                     "e"));
}

TEST(Metrics, PromtoolFindsNothingToSay) {
  for (const auto& node : {sample::ready_node(), sample::broken_node(), sample::new_node()}) {
    // Its words go to the test's output.
    std::FILE* promtool = ::popen("promtool=$(" CAA_TEST_DATA
                                  "/../support/unpacked prometheus)/usr/bin/promtool &&"
                                  " exec \"$promtool\" check metrics 2>&1",
                                  "w");
    ASSERT_NE(promtool, nullptr);
    const auto text = metrics_of(node);
    EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), promtool), text.size());
    EXPECT_EQ(::pclose(promtool), 0);
  }
}

}  // namespace
