#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/cloud/audit_json.h"
#include "agent/cloud/audit_request.h"
#include "agent/cloud/audit_token.h"

namespace {

TEST(AuditRequest, IsReadAsItIsWritten) {
  agent::AuditRequest request;
  request.token_file = "-";
  request.resource_groups = {"a", "b"};
  request.cluster_cidrs = {*net::Prefix::parse("10.244.0.0/16")};
  request.mode = node::Mode::calico_vxlan;
  request.max_requests = 7;
  request.timeout = std::chrono::seconds(9);
  request.json = true;
  const auto read = agent::parse_audit_request(agent::audit_request_text(request));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(*read, request);
  EXPECT_EQ(agent::parse_audit_request(agent::audit_request_text({})), agent::AuditRequest());
  for (const char* text : {"", "{}", "7", R"({"mode":"x"})"})
    EXPECT_FALSE(agent::parse_audit_request(text)) << text;
}

TEST(AuditToken, IsTakenAsItStandsOrOutOfAzsAnswer) {
  EXPECT_EQ(agent::token_in("eyJ.a.b\n"), "eyJ.a.b");
  EXPECT_EQ(agent::token_in(R"({"accessToken": "eyJ.a.b", "tenant": "t"})"), "eyJ.a.b");
  for (const char* text : {"", "\n", "{}", "two words", "line\nline", "{\"accessToken\": 7}"}) {
    const auto token = agent::token_in(text);
    ASSERT_FALSE(token) << text;
    EXPECT_THAT(token.error().what, testing::HasSubstr("az account get-access-token"));
  }
}

TEST(AuditToken, OfAWorkloadIdentityIsAskedForByAForm) {
  EXPECT_EQ(agent::federated_form("id", "https://management.azure.com/", "a.b&c"),
            "grant_type=client_credentials&client_id=id&scope=https%3A%2F%2Fmanagement.azure.com%2F.default"
            "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
            "&client_assertion=a.b%26c");
}

TEST(AuditJson, HasEveryPart) {
  audit::Report report;
  report.mode = node::Mode::udr;
  report.findings.push_back(
      {.cause = audit::Cause::route_missing, .object = "vm1", .where = "t", .message = "m"});
  report.unknowns.push_back({.object = "vm2", .why = "w"});
  const auto document = nlohmann::json::parse(agent::audit_json(report, 5));
  EXPECT_EQ(document["schema"], "calico-azure-agent/audit/v1");
  EXPECT_EQ(document["status"], "fail");
  EXPECT_EQ(document["groups"][0]["cause"], "route.missing");
  EXPECT_EQ(document["groups"][0]["findings"][0]["object"], "vm1");
  EXPECT_EQ(document["unknown"][0]["objects"][0], "vm2");
  EXPECT_EQ(document["counts"]["requests"], 5);
}

}  // namespace
