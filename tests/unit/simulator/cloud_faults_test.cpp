// Every fault, seen from the client.
#include <fmt/format.h>

#include "cloud_client.h"

namespace {

using namespace cloud_test;
using simulator::fault_kinds;
using simulator::parse_faults;
using simulator::Service;
using testing::HasSubstr;
using Kind = Fault::Kind;

const std::string kSubnet =
    "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/n";

class Faulty : public Clouded {
 protected:
  Faulty() {
    EXPECT_TRUE(cloud_->set_arm(json({{kTable, {{"name", "t"}}}}).dump()));
    EXPECT_TRUE(cloud_->set_nodes(R"({"vm-a":{}})"));
  }

  httplib::Response table() const { return arm(kTable + kVersion); }
  httplib::Response node() const { return nodes("/api/v1/nodes/vm-a"); }

  /// What becomes of a request that gets no answer.
  httplib::Result broken(std::chrono::milliseconds patience = kPatience) const {
    const auto one = client();
    one->set_read_timeout(patience);
    return one->Get(kTable + kVersion, httplib::Headers{{"Authorization", bearer_header(arm_token())}});
  }
};

TEST_F(Faulty, AStatusSpeaksAsTheOneWhoIsAsked) {
  cloud_->set_fault({.kind = Kind::status, .code = 403});
  EXPECT_EQ(error_code(table()), "AuthorizationFailed");
  EXPECT_THAT(
      arm(kSubnet + kVersion).body,
      HasSubstr("action 'Microsoft.Network/virtualNetworks/subnets/read' over scope '" + kSubnet + "'"));
  EXPECT_EQ(json::parse(node().body)["reason"], "Forbidden");
  EXPECT_EQ(node().status, 403);
  cloud_->set_fault({.kind = Kind::status, .code = 503});
  EXPECT_EQ(error_code(table()), "ServerTimeout");
  EXPECT_EQ(json::parse(node().body)["reason"], "ServiceUnavailable");
  cloud_->set_fault({.kind = Kind::status, .code = 500, .text = "boom"});
  EXPECT_EQ(table().body, "boom");
}

TEST_F(Faulty, ThrottlingSaysWhenToComeBack) {
  cloud_->set_fault({.kind = Kind::status, .code = 429});
  EXPECT_EQ(table().status, 429);
  EXPECT_EQ(error_code(table()), "SubscriptionRequestsThrottled");
  EXPECT_EQ(table().get_header_value("Retry-After"), "10");
  EXPECT_EQ(node().get_header_value("Retry-After"), "1");
  for (const char* name : {"retry-after-ms", "x-ms-retry-after-ms"}) {
    cloud_->set_fault({.kind = Kind::status, .code = 429, .headers = {{name, "1500"}}});
    EXPECT_EQ(table().get_header_value(name), "1500");
    EXPECT_FALSE(table().has_header("Retry-After"));
  }
}

TEST_F(Faulty, AGoodTokenHasExpired) {
  cloud_->set_fault({.kind = Kind::expired_token, .count = 1});
  EXPECT_EQ(error_code(table()), "ExpiredAuthenticationToken");
  EXPECT_EQ(table().status, 200);
  cloud_->set_fault({.kind = Kind::expired_token});
  EXPECT_EQ(node().status, 401);
}

TEST_F(Faulty, TheFirstFaultWhosePathFitsIsTakenWhileItsCountLasts) {
  cloud_->set_faults({{.kind = Kind::status, .code = 500, .path = "/SUBSCRIPTIONS/s", .count = 1},
                      {.kind = Kind::status, .code = 502, .path = "/subscriptions", .count = 1},
                      {.kind = Kind::status, .code = 504, .path = "/api/v1/nodes/vm-b"}});
  EXPECT_EQ(node().status, 200);
  EXPECT_EQ(table().status, 500);
  EXPECT_EQ(table().status, 502);
  EXPECT_EQ(table().status, 200);
  EXPECT_EQ(cloud_->faults().size(), 1);
  cloud_->clear_faults();
  EXPECT_TRUE(cloud_->faults().empty());
}

TEST_F(Faulty, AFaultEndsWithItsTime) {
  cloud_->set_fault({.kind = Kind::status, .code = 500, .duration = 0ms});
  EXPECT_EQ(table().status, 200);
  EXPECT_TRUE(cloud_->faults().empty());
}

TEST_F(Faulty, GarbageComesAs200) {
  cloud_->set_fault({.kind = Kind::body, .text = "{\"value\":"});
  EXPECT_EQ(table().status, 200);
  EXPECT_EQ(table().body, "{\"value\":");
  cloud_->set_fault({.kind = Kind::not_json});
  EXPECT_THAT(table().body, HasSubstr("<!DOCTYPE html>"));
}

TEST_F(Faulty, ATruncatedBodyAResetAndASilenceAreNoAnswer) {
  cloud_->set_fault({.kind = Kind::truncate});
  EXPECT_FALSE(broken());
  cloud_->set_fault({.kind = Kind::reset});
  EXPECT_FALSE(broken());
  cloud_->set_fault({.kind = Kind::silence});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(broken(200ms));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 200ms);
  const auto seen = cloud_->recent();
  ASSERT_EQ(seen.size(), 3);
  EXPECT_EQ(seen[0].status, 200);
  EXPECT_EQ(seen[1].status, 0);
  EXPECT_EQ(seen[2].status, 0);
}

TEST_F(Faulty, WhatIsWrongOnTheWireOfAnyServiceIsWrongHere) {
  for (const auto kind : {Kind::not_http, Kind::huge_header}) {
    cloud_->set_fault({.kind = kind});
    EXPECT_FALSE(broken()) << simulator::fault_name(kind);
  }
  cloud_->set_fault({.kind = Kind::content_length, .amount = 7});
  EXPECT_FALSE(broken());
  cloud_->set_fault({.kind = Kind::proxy_403});
  EXPECT_EQ(table().status, 403);
  cloud_->set_fault({.kind = Kind::redirect, .text = "https://127.0.0.1:1/"});
  EXPECT_EQ(table().get_header_value("Location"), "https://127.0.0.1:1/");
  cloud_->set_fault({.kind = Kind::huge_body});
  EXPECT_GT(table().body.size(), std::size_t{1} << 20);
}

TEST_F(Faulty, ASlowAnswerIsWhole) {
  cloud_->set_fault({.kind = Kind::slow, .delay = 150ms});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(table().body, R"({"name":"t"})");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 150ms);
  cloud_->set_fault({.kind = Kind::drip, .delay = 1ms});
  EXPECT_EQ(table().body, R"({"name":"t"})");
}

TEST(CloudFault, EveryKindIsKnownByItsName) {
  for (const auto& each : fault_kinds(Service::cloud)) {
    const auto parsed = parse_faults(json{{"kind", each.name}}.dump(), Service::cloud);
    ASSERT_TRUE(parsed) << each.name;
    EXPECT_EQ(parsed->at(0).kind, each.kind) << each.name;
  }
}

TEST(CloudFault, WhatCannotBeReadIsNamed) {
  const struct {
    const char* body;
    const char* culprit;
  } cases[] = {
      {"", "not valid JSON"},
      {"7", "an object with a \"kind\""},
      {R"({"code":410})", "an object with a \"kind\""},
      {R"({"kind":"nonsense"})", "nonsense"},
      {R"({"kind":"token_numbers"})", "token_numbers"},
      {R"({"kind":"status","colour":"red"})", "colour"},
      {R"({"kind":"status","code":"410"})", "code"},
      {R"({"kind":"status","code":99})", "code"},
      {R"({"kind":"status","count":0})", "count"},
      {R"({"kind":"slow","delay_ms":-1})", "delay_ms"},
      {R"({"kind":"status","headers":7})", "headers"},
      {R"({"kind":"status","headers":{"Retry-After":7}})", "Retry-After"},
      {R"([{"kind":"reset"},{"kind":"nonsense"}])", "nonsense"},
  };
  for (const auto& [body, culprit] : cases) {
    const auto parsed = parse_faults(body, Service::cloud);
    ASSERT_FALSE(parsed) << body;
    EXPECT_THAT(parsed.error().what, HasSubstr(culprit));
  }
}

}  // namespace
