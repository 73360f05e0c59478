// /metrics, read by a strict parser of our own and by promtool.
#include "agent/http/renderings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "checks/check_table.h"
#include "exposition.h"
#include "net/descriptor.h"
#include "sample.h"
#include "tests/unit/core/healthy_nodes.h"

namespace {

using testing::DoubleNear;
using testing::Each;
using testing::Optional;

std::string metrics_of(const core::Snapshot& node) {
  return agent::http::metrics(node, sample::kNow - std::chrono::hours{1},
                              {.cpu_seconds = 1.25,
                               .resident_bytes = 5'242'880,
                               .virtual_bytes = 83'886'080,
                               .open_fds = 21,
                               .max_fds = 1024});
}

TEST(Metrics, OfAReadyNodeSayHowItStands) {
  const Exposition metrics(metrics_of(sample::ready_node()));
  const auto value = [&metrics](const std::string& series) {
    return metrics["calico_azure_agent_" + series];
  };
  EXPECT_EQ(value("build_info{version=\"0.1.0\"}"), 1);
  EXPECT_EQ(value("mode_info{mode=\"udr\"}"), 1);
  EXPECT_EQ(value("nic_info{device=\"eth0\",subnet=\"10.240.0.0/24\"}"), 1);
  EXPECT_EQ(value("ready"), 1);
  EXPECT_THAT(value("ready_since_timestamp_seconds"), Optional(DoubleNear(1785569399.123, 1e-4)));
  EXPECT_EQ(value("check_status{id=\"nic.found\",gate=\"true\"}"), 0);
  EXPECT_EQ(value("check_status{id=\"nic.gateway\",gate=\"false\"}"), 1) << "unknown";
  EXPECT_EQ(metrics.label_values("calico_azure_agent_check_status", "id").count("sysctl.accept_ra"), 0U)
      << "a check that does not apply";
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
  EXPECT_EQ(metrics["calico_azure_agent_check_status{id=\"sysctl.ip_forward\",gate=\"true\"}"], 2);
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
    EXPECT_TRUE(name.starts_with("calico_azure_agent_") || name.starts_with("process_")) << name;
}

TEST(Metrics, SayHowLongRepairsTookAndWhoTookTheRoutes) {
  const Exposition metrics(metrics_of(sample::ready_node()));
  const auto value = [&metrics](const std::string& series) {
    return metrics["calico_azure_agent_" + series];
  };
  EXPECT_EQ(value("routes_lost_total{cause=\"removed\",by=\"bird\"}"), 2);
  EXPECT_EQ(value("routes_lost_total{cause=\"link\",by=\"\"}"), 1);
  EXPECT_EQ(value("repair_duration_seconds_bucket{le=\"0.0001\"}"), 1);
  EXPECT_EQ(value("repair_duration_seconds_bucket{le=\"0.01\"}"), 2);
  EXPECT_EQ(value("repair_duration_seconds_bucket{le=\"10\"}"), 2);
  EXPECT_EQ(value("repair_duration_seconds_bucket{le=\"+Inf\"}"), 3);
  EXPECT_EQ(value("repair_duration_seconds_count"), 3);
  EXPECT_THAT(value("repair_duration_seconds_sum"), Optional(DoubleNear(12.00204, 1e-9)));
  EXPECT_EQ(value("notifications_overrun_total"), 1);
  EXPECT_EQ(value("start_phase_seconds{phase=\"document\"}"), 0.012);
  EXPECT_EQ(value("start_phase_seconds{phase=\"ready\"}"), 1.5);
  EXPECT_EQ(value("start_phase_seconds{phase=\"routes\"}"), std::nullopt) << "not yet";
}

TEST(Metrics, CountRequestsByWhomTheyWentToAndWhatCameOfThem) {
  auto node = sample::ready_node();
  node.meters.count(
      {.to = observed::Service::arm, .outcome = observed::RequestOutcome::throttled, .took = 20ms});
  node.meters.count({.to = observed::Service::arm, .outcome = observed::RequestOutcome::ok, .took = 30ms});
  const Exposition metrics(metrics_of(node));
  EXPECT_EQ(metrics["calico_azure_agent_requests_total{to=\"arm\",outcome=\"throttled\"}"], 1);
  EXPECT_EQ(metrics["calico_azure_agent_request_duration_seconds_total{to=\"arm\"}"], 0.05);
}

TEST(Metrics, SayHowFullThingsAreWhereThatIsKnown) {
  auto node = sample::ready_node();
  EXPECT_EQ(Exposition(metrics_of(node))["calico_azure_agent_conntrack_entries"], std::nullopt);
  node.fills = {.conntrack = checks::Fill{.used = 7, .room = 65'536},
                .pod_addresses = checks::Fill{.used = 30, .room = 253},
                .azure_routes = checks::Fill{.used = 12, .room = 400}};
  const Exposition metrics(metrics_of(node));
  EXPECT_EQ(metrics["calico_azure_agent_conntrack_entries"], 7);
  EXPECT_EQ(metrics["calico_azure_agent_conntrack_entries_limit"], 65'536);
  EXPECT_EQ(metrics["calico_azure_agent_pod_addresses_used"], 30);
  EXPECT_EQ(metrics["calico_azure_agent_pod_addresses"], 253);
  EXPECT_EQ(metrics["calico_azure_agent_azure_routes"], 12);
}

TEST(Metrics, HaveWhatEveryProcessHasByItsUsualNames) {
  const Exposition metrics(metrics_of(sample::ready_node()));
  EXPECT_EQ(metrics["process_cpu_seconds_total"], 1.25);
  EXPECT_EQ(metrics["process_start_time_seconds"], 1785573000);
  EXPECT_EQ(metrics["process_resident_memory_bytes"], 5'242'880);
  EXPECT_EQ(metrics["process_virtual_memory_bytes"], 83'886'080);
  EXPECT_EQ(metrics["process_open_fds"], 21);
  EXPECT_EQ(metrics["process_max_fds"], 1024);
}

/// 5,000 nodes make a Prometheus keep 5,000 times as many. What applies differs from node to node.
TEST(Metrics, AreFewOnAUsualNode) {
  for (const auto& usual : agent::testing::kHealthyNodes) {
    auto node = sample::ready_node();
    const auto facts = usual.facts();
    node.checks = checks::assess(facts, {}, facts.wall);
    node.fills = {
        .conntrack = checks::Fill{}, .pod_addresses = checks::Fill{}, .azure_routes = checks::Fill{}};
    EXPECT_LE(Exposition(metrics_of(node)).size(), 130U) << usual.name;
  }
}

TEST(ProcessUse, IsThatOfThisProcess) {
  const auto use = agent::http::process_use();
  EXPECT_GT(use.cpu_seconds, 0);
  ASSERT_TRUE(use.resident_bytes && use.virtual_bytes && use.open_fds && use.max_fds);
  EXPECT_GT(*use.resident_bytes, 1U << 20);
  EXPECT_LT(*use.resident_bytes, *use.virtual_bytes);
  EXPECT_LT(*use.open_fds, *use.max_fds);
  const net::Descriptor one_more(::dup(STDERR_FILENO));
  EXPECT_EQ(*agent::http::process_use().open_fds, *use.open_fds + 1);
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
