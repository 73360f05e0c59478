#include "agent/cloud/cloud_state_json.h"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "agent/cloud/cloud_query.h"
#include "tests/unit/core/healthy.h"

namespace agent {
namespace {

using namespace std::chrono_literals;

TEST(CloudStateLine, SaysItAllAndIsOneLine) {
  auto cloud_state = *testing::healthy_with_cloud_state().cloud_state;
  cloud_state.service_addresses = {*net::Address::parse("10.0.0.10"), *net::Address::parse("fd00::a")};
  cloud_state.azure->read_at = net::WallTime(std::chrono::milliseconds(1764374400123));
  cloud_state.requests = {{.to = observed::Service::arm,
                           .outcome = observed::RequestOutcome::throttled,
                           .took = std::chrono::milliseconds(12)}};
  cloud_state.azure->nic->security_group_id = "nic-nsg";
  cloud_state.azure->network->peered = {*net::Prefix::parse("10.9.0.0/16")};
  const auto line = cloud_state_line(cloud_state);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto read = parse_cloud_state(line);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->azure->read_at, cloud_state.azure->read_at);
  EXPECT_EQ(*read->azure->nic, *cloud_state.azure->nic);
  EXPECT_EQ(*read->azure->subnet, *cloud_state.azure->subnet);
  EXPECT_EQ(*read->azure->route_table, *cloud_state.azure->route_table);
  EXPECT_EQ(*read->azure->network, *cloud_state.azure->network);
  EXPECT_EQ(*read->azure->security_groups, *cloud_state.azure->security_groups);
  EXPECT_EQ(**read->node, **cloud_state.node);
  EXPECT_EQ(**read->cloud_config, **cloud_state.cloud_config);
  EXPECT_EQ(read->service_addresses, cloud_state.service_addresses);
  EXPECT_EQ(read->requests, cloud_state.requests);
}

TEST(CloudStateLine, OfABundleFromBeforeSecurityGroupsIsRead) {
  auto before = nlohmann::json::parse(cloud_state_line(*testing::healthy_with_cloud_state().cloud_state));
  auto& azure = before["azure"];
  azure.erase("security_groups");
  azure["nic"]["value"].erase("security_group_id");
  azure["subnet"]["value"].erase("security_group_id");
  azure["network"]["value"].erase("peered");
  const auto read = parse_cloud_state(before.dump());
  ASSERT_TRUE(read) << read.error().what;
  ASSERT_FALSE(read->azure->security_groups);
  EXPECT_EQ(read->azure->security_groups.error().what, "ARM was not asked");
  EXPECT_EQ(read->azure->subnet->prefixes.size(), 1U);
}

TEST(CloudStateLine, ErrorsKeepTheirCodeAndNothingStaysNothing) {
  observed::CloudState cloud_state;
  cloud_state.azure = observed::AzureNetwork{};
  cloud_state.azure->route_table = std::optional<observed::AzureRouteTable>();
  cloud_state.node = net::failure(EACCES, "refused \xff\n");
  const auto read = parse_cloud_state(cloud_state_line(cloud_state));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->azure->nic.error().code.value(), ENODATA);
  EXPECT_TRUE(read->azure->route_table);
  EXPECT_FALSE(read->azure->route_table->has_value());
  EXPECT_EQ(read->node->error().code.value(), EACCES);
  EXPECT_FALSE(read->cloud_config);
  EXPECT_FALSE(parse_cloud_state(cloud_state_line({}))->azure);
}

TEST(CloudStateLine, WordsSteerNoTerminalAndEndNoLineWhoeverTellsThem) {
  constexpr auto kHostile = "a\x1b[31mb\u009b2Kc\r\nd\u202ee\u200bf";
  constexpr auto kTamed = "a?[31mb?2Kc d?e?f";
  auto cloud_state = *testing::healthy_with_cloud_state().cloud_state;
  cloud_state.azure->nic->id = kHostile;
  (*cloud_state.azure->route_table)->routes.front().name = kHostile;
  cloud_state.azure->network = net::failure(EACCES, kHostile);
  (*cloud_state.node)->network_unavailable->message = kHostile;
  (*cloud_state.cloud_config)->route_table_name = kHostile;
  const auto read = parse_cloud_state(cloud_state_line(cloud_state));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->azure->nic->id, kTamed);
  EXPECT_EQ((*read->azure->route_table)->routes.front().name, kTamed);
  EXPECT_EQ(read->azure->network.error().what, kTamed);
  EXPECT_EQ((*read->node)->network_unavailable->message, kTamed);
  EXPECT_EQ((*read->cloud_config)->route_table_name, kTamed);
}

TEST(CloudStateLine, WhereTheRouteTableIsComesAlong) {
  observed::CloudState cloud_state;
  cloud_state.cloud_config = observed::CloudConfig{.cloud = "AzurePublicCloud",
                                                   .resource_manager_endpoint = {},
                                                   .route_table_name = "rt",
                                                   .route_table_resource_group = {},
                                                   .user_assigned_identity = {},
                                                   .resource_group = "rg",
                                                   .subscription = "s",
                                                   .network_subscription = "hub"};
  EXPECT_EQ(**parse_cloud_state(cloud_state_line(cloud_state))->cloud_config, **cloud_state.cloud_config);
}

TEST(CloudStateLine, AnythingElseIsRefused) {
  for (const auto* line : {"", "null", "[]", "{}", "{\"azure\":3,\"node\":null,\"cloud_config\":null}",
                           "{\"azure\":null,\"node\":{\"value\":{\"name\":3}},\"cloud_config\":null}",
                           "{\"azure\":null,\"node\":{\"error\":1},\"cloud_config\":null}",
                           "{\"azure\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}) {
    const auto read = parse_cloud_state(line);
    ASSERT_FALSE(read) << line;
    EXPECT_EQ(read.error().code.value(), EBADMSG);
  }
}

// The routes are not restored while the daemon reads a line.
TEST(CloudStateLine, OfManySmallValuesIsReadNoFurtherThanTheLimit) {
  std::string line = "{\"azure\":[{}";
  while (line.size() < std::size_t{8} * 1024 * 1024) line += ",{}";
  const auto read = parse_cloud_state(line + "]}");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().what, "no cloud state: it is larger than 200000 values");
}

TEST(CloudStateLine, OfTheLargestRouteTableIsFarBelowTheLimits) {
  observed::CloudState cloud_state;
  cloud_state.azure = observed::AzureNetwork{};
  cloud_state.azure->route_table = observed::AzureRouteTable{};
  (*cloud_state.azure->route_table)->routes.resize(10'000);
  const auto line = cloud_state_line(cloud_state);
  EXPECT_LT(line.size(), std::size_t{8} * 1024 * 1024);
  EXPECT_TRUE(parse_cloud_state(line));
}

TEST(CloudStateLine, ANumberIsWholeAndFitsWhatItIsFor) {
  observed::CloudState cloud_state;
  cloud_state.azure = observed::AzureNetwork{};
  cloud_state.azure->read_at = std::chrono::system_clock::time_point(86'400'000ms);
  auto line = cloud_state_line(cloud_state);
  ASSERT_TRUE(parse_cloud_state(line));
  const auto at = line.find("86400000");
  ASSERT_NE(at, std::string::npos);
  for (const auto* number :
       {"1e300", "0.5", "9223372036854775807", "-9223372036854775808", "18446744073709551615"}) {
    auto other = line;
    EXPECT_FALSE(parse_cloud_state(other.replace(at, 8, number))) << number;
  }
}

TEST(QuestionLine, ComesBackAsItWas) {
  const CloudQuery query{.imds_endpoint = "http://169.254.169.254",
                         .resource_id = "/subscriptions/s",
                         .mac = "00:0d:3a:f8:06:ec",
                         .environment = "AzurePublicCloud",
                         .node_name = "worker-1",
                         .kubeconfig = "/etc/kubernetes/kubelet.conf",
                         .cloud_config = "/etc/kubernetes/azure.json",
                         .client_id = "id",
                         .verify = false,
                         .interval = std::chrono::minutes(7)};
  const auto read = parse_cloud_query(cloud_query_line(query));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, query);
  EXPECT_FALSE(parse_cloud_query("{}"));
  for (const auto interval : {0ms, -1ms, 99ms, 86'400'001ms}) {
    auto hasty = query;
    hasty.interval = interval;
    EXPECT_FALSE(parse_cloud_query(cloud_query_line(hasty)));
  }
  auto endless = cloud_query_line(query);
  const auto interval = endless.find("420000");
  ASSERT_NE(interval, std::string::npos);
  EXPECT_FALSE(parse_cloud_query(endless.replace(interval, 6, "8e80")));
  const auto refused = parse_cloud_query("\x1b[31m\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what.find('\x1b'), std::string::npos);
}

TEST(CloudRestLine, SaysWhenToStartAgain) {
  const CloudRest rest{.answered = 3, .resume_after = 15min};
  EXPECT_EQ(parse_cloud_rest(cloud_rest_line(rest)), rest);
  EXPECT_EQ(cloud_rest_line(rest).find('\n'), std::string::npos);
}

TEST(CloudRestLine, IsNothingElse) {
  for (const auto* line :
       {"", "{}", "7", "[]", "null", R"({"answered":1})", R"({"answered":-1,"resume_after_ms":1})",
        R"({"answered":1,"resume_after_ms":1e99})", R"({"answered":1,"resume_after_ms":129600001})",
        R"({"answered":1,"resume_after_ms":"1"})", "\x1b[31m"}) {
    EXPECT_EQ(parse_cloud_rest(line), std::nullopt) << line;
  }
  EXPECT_EQ(parse_cloud_rest(cloud_state_line({})), std::nullopt);
  EXPECT_FALSE(parse_cloud_state(cloud_rest_line({.answered = 1, .resume_after = 1min})));
}

}  // namespace
}  // namespace agent
