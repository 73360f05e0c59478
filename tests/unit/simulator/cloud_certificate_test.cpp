// Who is believed by whom.
#include "cloud_client.h"

namespace {

using namespace cloud_test;

constexpr auto kPath = "/api/v1/nodes";

TEST_F(Clouded, AClientOfAnotherAuthorityDoesNotBelieveTheServer) {
  const auto endpoint = cloud_->endpoint();
  httplib::SSLClient other("127.0.0.1", std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
  const auto result = other.Get(kPath);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), httplib::Error::SSLServerVerification);
}

TEST_F(Clouded, ATrustedClientCertificateSpeaksForItself) {
  const auto result = client(&certificates_)->Get(kPath);
  ASSERT_TRUE(result) << httplib::to_string(result.error());
  EXPECT_EQ(result->status, 200);
}

TEST_F(Clouded, ACertificateOfAnotherAuthorityIs401) {
  const Certificates foreign;
  const auto result = client(&foreign)->Get(kPath);
  ASSERT_TRUE(result) << httplib::to_string(result.error());
  EXPECT_EQ(result->status, 401);
}

TEST_F(Clouded, ANodesCertificateSeesItsOwnNodeAlone) {
  const Certificates one("system:node:vm-a");
  const auto cloud = Cloud::start({.certificate_pem = certificates_.server.certificate,
                                   .key_pem = certificates_.server.key,
                                   .client_ca_pem = one.authority.pem()});
  ASSERT_TRUE(cloud);
  ASSERT_TRUE((*cloud)->set_nodes(R"({"vm-a":{},"vm-b":{}})"));
  const auto endpoint = (*cloud)->endpoint();
  const auto node = client_showing(one.client, std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
  node->enable_server_certificate_verification(false);
  const auto status = [&node](const char* path) { return node->Get(path)->status; };
  EXPECT_EQ(status("/api/v1/nodes/vm-a"), 200);
  EXPECT_EQ(status("/api/v1/nodes?fieldSelector=metadata.name%3Dvm-a"), 200);
  EXPECT_EQ(status("/api/v1/nodes/vm-b"), 403);
  EXPECT_EQ(status("/api/v1/nodes"), 403);
  EXPECT_EQ(
      json::parse(node->Get("/api/v1/nodes/vm-b")->body)["message"],
      "nodes \"vm-b\" is forbidden: User \"system:node:vm-a\" cannot get resource \"nodes\" in API group "
      "\"\" at the cluster scope: node 'vm-a' cannot read 'vm-b', only its own Node object");
}

TEST(CloudStart, WhatCannotBeUsedIsNamed) {
  const Certificates good;
  const Certificates other;
  const auto what = [](const simulator::cloud::Options& options) {
    const auto cloud = Cloud::start(options);
    return cloud ? std::string("started") : cloud.error().what;
  };
  using testing::HasSubstr;
  EXPECT_THAT(what({.certificate_pem = "x", .key_pem = good.server.key}),
              HasSubstr("the certificate cannot"));
  EXPECT_THAT(what({.certificate_pem = good.server.certificate, .key_pem = other.server.key}),
              HasSubstr("key cannot"));
  EXPECT_THAT(
      what({.certificate_pem = good.server.certificate, .key_pem = good.server.key, .client_ca_pem = "x"}),
      HasSubstr("CA of client certificates"));
  EXPECT_THAT(
      what({.listen = "nonsense", .certificate_pem = good.server.certificate, .key_pem = good.server.key}),
      HasSubstr("nonsense"));
  const auto taken = started(good);
  EXPECT_THAT(what({.listen = taken->endpoint().substr(8),
                    .certificate_pem = good.server.certificate,
                    .key_pem = good.server.key}),
              HasSubstr("Address already in use"));
}

}  // namespace
