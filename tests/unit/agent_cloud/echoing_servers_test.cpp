// Servers that send back what they were sent: of a credential nothing comes out in what the daemon is told.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "agent/cloud/cloud_state_json.h"
#include "arm/arm.h"
#include "kubernetes/kubernetes.h"
#include "tls_server.h"

namespace agent {
namespace {

using namespace std::chrono_literals;

constexpr auto kToken = "eyJhbGciOiJSUzI1NiJ9.c2VjcmV0LXRva2VuLW9mLXRoaXMtbm9kZQ.0123456789-_abcdefghij";
constexpr auto kVm = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm-0";
constexpr auto kNic = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/nic-0";

std::string escaped(const char* format) {
  std::string all;
  for (const char* c = kToken; *c != '\0'; ++c)
    all += fmt::format(fmt::runtime(format), static_cast<unsigned>(*c));
  return all;
}

/// The ways in which a body holds it, each fit for a JSON string.
std::vector<std::string> echoes() {
  return {std::string("Bearer ") + kToken, escaped("%{:02X}"), escaped("\\u{:04x}"), escaped("{:02x}"),
          "QmVhcmVyIGV5SmhiR2NpT2lKU1V6STFOaUo5LmMyVmpjbVYwTFhSdmEyVnVMVzltTFhSb2FYTXRibTlrWlEuMDEyMzQ1Njc4OS"
          "1fYWJj"
          "ZGVmZ2hpag==",
          escaped("{:c} "), escaped("{:c}\\n"), escaped("{:c}\\u200b"), escaped("{:c}:-"),
          // At the place where sentences are cut.
          std::string(150, 'x') + kToken};
}

class EchoingServer : public ::testing::Test {
 protected:
  /// Every path is answered so.
  void answer(std::function<std::string(const httplib::Request&)> body, int status) {
    const std::lock_guard lock(mutex_);
    body_ = std::move(body);
    status_ = status;
  }

  void SetUp() override {
    server_.routes().Get(".*", [this](const httplib::Request& request, httplib::Response& response) {
      const std::lock_guard lock(mutex_);
      authorization_ = request.get_header_value("Authorization");
      response.status = status_;
      response.set_header("Location", std::string("https://elsewhere/") + kToken);
      response.set_content(body_(request), "application/json");
    });
    server_.start();
  }

  void expect_nothing_of_it(const observed::CloudState& cloud_state) {
    EXPECT_EQ(authorization_, std::string("Bearer ") + kToken);
    const auto line = cloud_state_line(cloud_state);
    const auto squashed = [](std::string text) {
      std::erase_if(text, [](unsigned char c) { return std::isalnum(c) == 0; });
      return text;
    };
    ASSERT_EQ(squashed(line).find(squashed(kToken).substr(0, 12)), std::string::npos) << line.substr(0, 2000);
    const std::string token = kToken;
    // Ten characters of it, as they are or as they begin in any of the encodings.
    for (const auto& whole :
         {token, std::string("eyJhbGciOiJSUzI1NiJ9"), escaped("%{:02X}"), escaped("{:02x}"),
          std::string("ZXlKaGJHY2lPaUpT"), std::string("V5SmhiR2NpT2lKU1V6STFOaUo5"),
          std::string("MyVmpjbVYwTFhSdmEyVnVMVzltTFhSb2FYTXRibTlrWlEu")}) {
      for (std::size_t at = 0; at + 10 <= whole.size(); ++at) {
        ASSERT_EQ(line.find(whole.substr(at, 10)), std::string::npos) << line.substr(0, 2000);
      }
    }
  }

  CertificateAuthority ca_;
  TlsServer server_{ca_.issue("DNS:localhost")};
  std::mutex mutex_;
  std::function<std::string(const httplib::Request&)> body_;
  int status_ = 200;
  std::string authorization_;
};

/// Those of which a sentence quotes most, with each echo; the others with one.
std::vector<int> statuses(const std::string& echo) {
  if (echo != echoes().front()) return {409, 500};
  return {200, 202, 302, 400, 401, 403, 404, 409, 410, 429, 500};
}

TEST_F(EchoingServer, ResourceManagerTellsNoToken) {
  https::Identity identity;
  identity.ca_pem = ca_.pem();
  const auto cloud_state = [&] {
    arm::Client client(
        {.endpoint = server_.url(), .audience = "https://management.azure.com/"},
        [&](const https::Request& request) { return https::get(identity, request); },
        [](const std::string&, bool) { return std::string(kToken); });
    observed::CloudState all;
    all.azure =
        client
            .verify(kVm, *net::MacAddress::parse("00:0d:3a:f8:06:ec"), std::chrono::steady_clock::now() + 20s)
            .seen;
    return all;
  };
  for (const auto& echo : echoes()) {
    for (const int status : statuses(echo)) {
      SCOPED_TRACE(::testing::Message() << status << " " << echo);
      answer(
          [&](const httplib::Request&) {
            return fmt::format(R"({{"error":{{"code":"{0}","message":"perform action '{0}' {0}"}}}})", echo);
          },
          status);
      expect_nothing_of_it(cloud_state());
    }
    // A document in its place, with it for every name.
    answer(
        [&](const httplib::Request& request) -> std::string {
          if (request.path.find("virtualMachines") != std::string::npos) {
            return fmt::format(
                R"({{"properties":{{"networkProfile":{{"networkInterfaces":[{{"id":"{}"}}]}}}}}})", kNic);
          }
          return fmt::format(
              R"({{"id":"{0}","properties":{{"macAddress":"00-0D-3A-F8-06-EC","ipConfigurations":[{{)"
              R"("properties":{{"privateIPAddress":"10.240.0.4","subnet":{{"id":"/subscriptions/{1}"}}}}}}]}}}})",
              kNic, echo);
        },
        200);
    expect_nothing_of_it(cloud_state());
  }
}

TEST_F(EchoingServer, TheApiServerTellsNoToken) {
  kubernetes::Access access;
  access.server = server_.url();
  access.identity.ca_pem = ca_.pem();
  access.token = kToken;
  access.source = "a kubeconfig";
  const auto finish_by = [] { return std::chrono::steady_clock::now() + 20s; };
  for (const auto& echo : echoes()) {
    for (const int status : statuses(echo)) {
      SCOPED_TRACE(::testing::Message() << status << " " << echo);
      answer(
          [&](const httplib::Request&) {
            return fmt::format(R"({{"kind":"Status","reason":"{0}","message":"{0}","code":"{0}"}})", echo);
          },
          status);
      observed::CloudState all;
      const auto seen = kubernetes::get_node(access, "n1", finish_by());
      ASSERT_FALSE(seen);
      all.node = net::Result<observed::KubernetesNode>(tl::unexpected(seen.error()));
      expect_nothing_of_it(all);
      const auto watched =
          kubernetes::watch_node(access, "n1", "1", finish_by(), [](const auto&) { return true; });
      if (!watched) all.node = net::Result<observed::KubernetesNode>(tl::unexpected(watched.error()));
      expect_nothing_of_it(all);
    }
    answer(
        [&](const httplib::Request&) {
          return fmt::format(
              R"({{"metadata":{{"name":"n1","creationTimestamp":"2026-03-01T12:00:00Z","annotations":{{)"
              R"("flannel.alpha.coreos.com/backend-type":"{0}"}}}},"status":{{"conditions":[{{"type":)"
              R"("NetworkUnavailable","status":"{0}","reason":"{0}","message":"{0}"}}]}}}})",
              echo);
        },
        200);
    const auto seen = kubernetes::get_node(access, "n1", finish_by());
    ASSERT_FALSE(seen);
    observed::CloudState all;
    all.node = net::Result<observed::KubernetesNode>(tl::unexpected(seen.error()));
    expect_nothing_of_it(all);
    answer(
        [&](const httplib::Request&) {
          return fmt::format("{{\"type\":\"ERROR\",\"object\":{{\"reason\":\"{0}\"}}}}\n", echo);
        },
        200);
    const auto watched =
        kubernetes::watch_node(access, "n1", "1", finish_by(), [](const auto&) { return true; });
    ASSERT_FALSE(watched);
    all.node = net::Result<observed::KubernetesNode>(tl::unexpected(watched.error()));
    expect_nothing_of_it(all);
  }
}

}  // namespace
}  // namespace agent
