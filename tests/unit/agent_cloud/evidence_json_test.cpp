#include "agent/cloud/evidence_json.h"

#include <gtest/gtest.h>

#include "agent/cloud/question.h"
#include "tests/unit/core/healthy.h"

namespace agent {
namespace {

TEST(EvidenceLine, SaysItAllAndIsOneLine) {
  auto evidence = testing::healthy_with_evidence().evidence;
  evidence.service_addresses = {*net::Address::parse("10.0.0.10"), *net::Address::parse("fd00::a")};
  const auto line = evidence_line(evidence);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto read = parse_evidence(line);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(*read->azure->nic, *evidence.azure->nic);
  EXPECT_EQ(*read->azure->subnet, *evidence.azure->subnet);
  EXPECT_EQ(*read->azure->route_table, *evidence.azure->route_table);
  EXPECT_EQ(*read->azure->network, *evidence.azure->network);
  EXPECT_EQ(**read->node, **evidence.node);
  EXPECT_EQ(**read->cloud_config, **evidence.cloud_config);
  EXPECT_EQ(read->service_addresses, evidence.service_addresses);
}

TEST(EvidenceLine, ErrorsKeepTheirCodeAndNothingStaysNothing) {
  Evidence evidence;
  evidence.azure = net::AzureNetwork{};
  evidence.azure->route_table = std::optional<net::AzureRouteTable>();
  evidence.node = net::failure(EACCES, "refused \xff\n");
  const auto read = parse_evidence(evidence_line(evidence));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->azure->nic.error().code.value(), ENODATA);
  EXPECT_TRUE(read->azure->route_table);
  EXPECT_FALSE(read->azure->route_table->has_value());
  EXPECT_EQ(read->node->error().code.value(), EACCES);
  EXPECT_FALSE(read->cloud_config);
  EXPECT_FALSE(parse_evidence(evidence_line({}))->azure);
}

TEST(EvidenceLine, AnythingElseIsRefused) {
  for (const auto* line : {"", "null", "[]", "{}", "{\"azure\":3,\"node\":null,\"cloud_config\":null}",
                           "{\"azure\":null,\"node\":{\"value\":{\"name\":3}},\"cloud_config\":null}",
                           "{\"azure\":null,\"node\":{\"error\":1},\"cloud_config\":null}"}) {
    const auto read = parse_evidence(line);
    ASSERT_FALSE(read) << line;
    EXPECT_EQ(read.error().code.value(), EBADMSG);
  }
}

TEST(QuestionLine, ComesBackAsItWas) {
  const Question question{.imds_endpoint = "http://169.254.169.254",
                          .resource_id = "/subscriptions/s",
                          .mac = "00:0d:3a:f8:06:ec",
                          .environment = "AzurePublicCloud",
                          .node_name = "worker-1",
                          .kubeconfig = "/etc/kubernetes/kubelet.conf",
                          .cloud_config = "/etc/kubernetes/azure.json",
                          .client_id = "id",
                          .verify = false,
                          .interval = std::chrono::minutes(7)};
  const auto read = parse_question(question_line(question));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, question);
  EXPECT_FALSE(parse_question("{}"));
}

}  // namespace
}  // namespace agent
