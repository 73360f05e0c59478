#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <string>

#include "requests.h"
#include "tls_server.h"

namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

/// A server that counts those who got as far as asking.
class Counted {
 public:
  explicit Counted(const Issued& issued, const CertificateAuthority* client_ca = nullptr)
      : server_(issued, client_ca) {
    server_.routes().Get("/", [this](const httplib::Request&, httplib::Response& response) {
      ++asked;
      response.set_content("hello", "text/plain");
    });
    server_.start();
  }
  [[nodiscard]] std::string url(const std::string& host = "localhost") const { return server_.url(host); }

  std::atomic<int> asked = 0;

 private:
  TlsServer server_;
};

void expect_refusal(const https::Identity& identity, const std::string& url, int code, const char* why) {
  auto request = asking(url + "/?query=secret");
  request.headers = {{"Authorization", "Bearer secret"}};
  const auto response = https::get(identity, request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code.value(), code) << response.error().what;
  EXPECT_THAT(response.error().what,
              AllOf(HasSubstr(url), HasSubstr(why), Not(HasSubstr("secret")), Not(HasSubstr("-----"))));
}

TEST(ServerIdentity, ACertificateOfAnotherAuthorityIsNotBelieved) {
  const CertificateAuthority ca;
  const CertificateAuthority other("another CA");
  const Counted server(ca.issue("DNS:localhost"));
  expect_refusal(believing(other.pem()), server.url(), EPROTO, "unable to get local issuer certificate");
  expect_refusal({}, server.url(), EPROTO, "not believed");
  EXPECT_EQ(server.asked, 0);
}

TEST(ServerIdentity, TheSystemsAuthoritiesAreNotBelievedBesidesAGivenOne) {
  const CertificateAuthority ca;
  const CertificateAuthority other("another CA");
  const auto file = testing::TempDir() + "system-ca.pem";
  std::ofstream(file) << ca.pem();
  ::setenv("SSL_CERT_FILE", file.c_str(), 1);
  const Counted server(ca.issue("DNS:localhost"));
  const auto by_system = https::get({}, asking(server.url()));
  EXPECT_TRUE(by_system) << by_system.error().what;
  expect_refusal(believing(other.pem()), server.url(), EPROTO, "unable to get local issuer certificate");
  EXPECT_EQ(server.asked, 1);
}

TEST(ServerIdentity, ACertificateForAnotherNameIsNotBelieved) {
  const CertificateAuthority ca;
  const Counted server(ca.issue("DNS:elsewhere.example,IP:127.0.0.2"));
  expect_refusal(believing(ca.pem()), server.url(), EPROTO, "not for 'localhost'");
  expect_refusal(believing(ca.pem()), server.url("127.0.0.1"), EPROTO, "not for '127.0.0.1'");
  EXPECT_EQ(server.asked, 0);
}

TEST(ServerIdentity, AnAddressNeedsAnAddressInTheCertificate) {
  const CertificateAuthority ca;
  const Counted by_name(ca.issue("DNS:127.0.0.1"));
  expect_refusal(believing(ca.pem()), by_name.url("127.0.0.1"), EPROTO, "not for '127.0.0.1'");
  const Counted by_address(ca.issue("IP:127.0.0.1"));
  const auto response = https::get(believing(ca.pem()), asking(by_address.url("127.0.0.1")));
  EXPECT_TRUE(response) << response.error().what;
  expect_refusal(believing(ca.pem()), by_address.url(), EPROTO, "not for 'localhost'");
}

TEST(ServerIdentity, AnotherNameMayBeExpected) {
  const CertificateAuthority ca;
  const Counted server(ca.issue("DNS:kubernetes.default.svc"));
  auto identity = believing(ca.pem());
  identity.server_name = "kubernetes.default.svc";
  const auto response = https::get(identity, asking(server.url("127.0.0.1")));
  EXPECT_TRUE(response) << response.error().what;
  identity.server_name = "kubernetes";
  expect_refusal(identity, server.url("127.0.0.1"), EPROTO, "not for 'kubernetes'");
}

TEST(ServerIdentity, ACertificateOutOfItsTimeIsNotBelieved) {
  const CertificateAuthority ca;
  const Counted expired(ca.issue("DNS:localhost", -7200, -3600));
  expect_refusal(believing(ca.pem()), expired.url(), EPROTO, "certificate has expired");
  const Counted early(ca.issue("DNS:localhost", 3600, 7200));
  expect_refusal(believing(ca.pem()), early.url(), EPROTO, "certificate is not yet valid");
}

TEST(ServerIdentity, AnAuthorityMayStandAmongOthers) {
  const CertificateAuthority ca;
  const CertificateAuthority other("another CA");
  const Counted server(ca.issue("DNS:localhost"));
  const auto response = https::get(believing(other.pem() + "# a comment\n" + ca.pem()), asking(server.url()));
  EXPECT_TRUE(response) << response.error().what;
}

TEST(ClientIdentity, IsShownWhereItIsDemanded) {
  const CertificateAuthority ca;
  const Counted server(ca.issue("DNS:localhost"), &ca);
  auto identity = believing(ca.pem());
  const auto refused = https::get(identity, asking(server.url()));
  ASSERT_FALSE(refused);
  // In TLS 1.3 the refusal comes after the handshake: as an alert, or, where the request crosses it, as a
  // reset.
  EXPECT_THAT(refused.error().what, AnyOf(HasSubstr("TLS fails (tlsv13 alert certificate required)"),
                                          HasSubstr("wants a client certificate")));
  EXPECT_EQ(server.asked, 0);
  const auto ours = ca.issue("DNS:node");
  identity.client_certificate_pem = ours.certificate;
  identity.client_key_pem = ours.key;
  const auto response = https::get(identity, asking(server.url()));
  EXPECT_TRUE(response) << response.error().what;
}

TEST(ClientIdentity, MayBeOneFileOfBoth) {
  const CertificateAuthority ca;
  const Counted server(ca.issue("DNS:localhost"), &ca);
  const auto ours = ca.issue("DNS:node");
  for (const auto& both : {ours.certificate + ours.key, ours.key + ours.certificate}) {
    auto identity = believing(ca.pem());
    identity.client_certificate_pem = identity.client_key_pem = both;
    const auto response = https::get(identity, asking(server.url()));
    EXPECT_TRUE(response) << response.error().what;
  }
}

TEST(ClientIdentity, PemThatCannotBeUsedIsNamedAndNotQuoted) {
  const CertificateAuthority ca;
  const auto ours = ca.issue("DNS:node");
  const auto other = ca.issue("DNS:node");
  const auto broken = "-----BEGIN CERTIFICATE-----\nsecret\n-----END CERTIFICATE-----\n";
  const auto sealed = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGj\n-----END ENCRYPTED PRIVATE KEY-----\n";
  const struct {
    std::string ca;
    std::string certificate;
    std::string key;
    const char* why;
  } cases[] = {
      {"secret", "", "", "CA certificate cannot be used"},
      {broken, "", "", "CA certificate cannot be used"},
      {ca.pem() + broken, "", "", "CA certificate cannot be used"},
      {ca.pem(), ours.certificate, "", "needed together"},
      {ca.pem(), "", ours.key, "needed together"},
      {ca.pem(), "secret", ours.key, "client certificate cannot be used"},
      {ca.pem(), ours.certificate + broken, ours.key, "client certificate cannot be used"},
      {ca.pem(), ours.certificate, "secret", "client key cannot be used"},
      {ca.pem(), ours.certificate, sealed, "client key cannot be used"},
      {ca.pem(), ours.certificate, other.key, "does not belong"},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.why);
    https::Identity identity;
    identity.ca_pem = each.ca;
    identity.client_certificate_pem = each.certificate;
    identity.client_key_pem = each.key;
    expect_refusal(identity, "https://127.0.0.1:1", EINVAL, each.why);
  }
}

}  // namespace
