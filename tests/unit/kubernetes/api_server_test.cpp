#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <mutex>
#include <string>
#include <vector>

#include "kubernetes/kubernetes.h"
#include "tests/support/folder.h"
#include "tls_server.h"

namespace {

using namespace std::chrono_literals;
using kubernetes::VersionedNode;
using std::chrono::steady_clock;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string node(const std::string& cidr, const std::string& name = "n1") {
  return R"({"metadata":{"name":")" + name +
         R"(","resourceVersion":"42","creationTimestamp":"2026-03-01T12:00:00Z"},"spec":{"podCIDR":")" +
         cidr + "\"}}";
}

std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

class ApiServer : public testing::Test {
 protected:
  void answer(const char* route, int status, std::string body) {
    server_.routes().Get(route,
                         [this, status, body](const httplib::Request& request, httplib::Response& response) {
                           seen_ = request;
                           response.status = status;
                           response.set_content(body, "application/json");
                         });
  }

  kubernetes::Access access() {
    server_.start();
    kubernetes::Access access;
    access.server = server_.url();
    access.identity.ca_pem = ca_.pem();
    access.token = "secret";
    access.source = "/etc/kubernetes/kubelet.conf";
    return access;
  }

  /// The pod CIDRs seen, and the result in `result_`.
  std::vector<std::string> watch(std::size_t enough = 100, std::chrono::milliseconds within = 20s) {
    std::vector<std::string> cidrs;
    result_ = kubernetes::watch_node(access(), "n1", "42", steady_clock::now() + within,
                                     [&](const VersionedNode& versioned) {
                                       cidrs.push_back(versioned.node.pod_cidrs.at(0).text());
                                       return cidrs.size() < enough;
                                     });
    return cidrs;
  }

  CertificateAuthority ca_;
  TlsServer server_{ca_.issue("DNS:localhost")};
  httplib::Request seen_;
  net::Result<void> result_;
};

TEST_F(ApiServer, ANodeIsReadWithTheToken) {
  answer("/api/v1/nodes/n1", 200, node("10.244.1.0/24"));
  const auto versioned = kubernetes::get_node(access(), "n1", steady_clock::now() + 20s);
  ASSERT_TRUE(versioned) << versioned.error().what;
  EXPECT_EQ(versioned->node.pod_cidrs.at(0).text(), "10.244.1.0/24");
  EXPECT_EQ(versioned->resource_version, "42");
  EXPECT_EQ(seen_.get_header_value("Authorization"), "Bearer secret");
  EXPECT_EQ(seen_.get_header_value("Accept"), "application/json");
}

TEST_F(ApiServer, AKubeletsCombinedFileOpensTheDoor) {
  TlsServer strict(ca_.issue("IP:127.0.0.1"), &ca_);
  bool without_token = false;
  strict.routes().Get("/api/v1/nodes/n1", [&](const httplib::Request& request, httplib::Response& response) {
    without_token = !request.has_header("Authorization");
    response.set_content(node("10.244.1.0/24"), "application/json");
  });
  strict.start();
  const test_support::Folder folder;
  const auto ours = ca_.issue("DNS:system-node-n1");
  folder.write("current.pem", ours.certificate + ours.key);
  folder.write("ca.crt", ca_.pem());
  const auto file = folder.write(
      "kubelet.conf",
      "{current-context: k, contexts: [{name: k, context: {cluster: c, user: u}}],\n clusters: [{name: c, "
      "cluster: {server: '" +
          strict.url("127.0.0.1") +
          "', certificate-authority: ca.crt}}],\n users: [{name: u, user: {client-certificate: "
          "current.pem, client-key: current.pem}}]}");
  const auto access = kubernetes::find_access(file.string());
  ASSERT_TRUE(access) << access.error().what;
  const auto versioned = kubernetes::get_node(*access, "n1", steady_clock::now() + 20s);
  ASSERT_TRUE(versioned) << versioned.error().what;
  EXPECT_TRUE(without_token);
}

TEST_F(ApiServer, EveryRefusalHasItsCodeAndItsRemedy) {
  const struct {
    int status;
    int code;
    const char* why;
  } cases[] = {
      {401, EACCES,
       "the API server refuses GET nodes/s401 (401 Unauthorized): the credential of "
       "/etc/kubernetes/kubelet.conf has expired"},
      {403, EACCES,
       "the API server refuses GET nodes/s403 (403 Forbidden): the credential of "
       "/etc/kubernetes/kubelet.conf needs get and watch on nodes, or belongs to another node"},
      {404, ENOENT, "no node 's404' (404): it has not registered yet, or kubernetes.node_name names another"},
      {410, ESTALE, "410 Gone"},
      {429, EBUSY, "too often"},
      {500, EAGAIN, "(500: in its words)"},
      {503, EAGAIN, "asked again"},
      {302, EBADMSG, "no API server"},
      {400, EBADMSG, "(400: in its words)"},
  };
  for (const auto& each : cases) {
    answer(("/api/v1/nodes/s" + std::to_string(each.status)).c_str(), each.status,
           R"({"kind":"Status","message":"in \nits\t words","details":"secret"})");
  }
  const auto credential = access();
  for (const auto& each : cases) {
    SCOPED_TRACE(each.status);
    const auto versioned =
        kubernetes::get_node(credential, "s" + std::to_string(each.status), steady_clock::now() + 20s);
    ASSERT_FALSE(versioned);
    EXPECT_EQ(versioned.error().code.value(), each.code);
    EXPECT_THAT(versioned.error().what, AllOf(HasSubstr(each.why), Not(HasSubstr("secret"))));
  }
}

TEST_F(ApiServer, AnAnswerThatIsNotThisNodeIsRefused) {
  answer("/api/v1/nodes/other", 200, node("10.244.1.0/24"));
  answer("/api/v1/nodes/html", 200, "<html>");
  answer("/api/v1/nodes/list", 200, "[]");
  const auto credential = access();
  for (const char* name : {"other", "html", "list"}) {
    const auto versioned = kubernetes::get_node(credential, name, steady_clock::now() + 20s);
    ASSERT_FALSE(versioned) << name;
    EXPECT_EQ(versioned.error().code.value(), EBADMSG) << versioned.error().what;
  }
}

TEST_F(ApiServer, ANameThatIsNoneIsNotAskedFor) {
  const auto credential = access();
  for (const std::string& name :
       {std::string(), std::string(".."), std::string("a/b"), std::string("a?b"), std::string("A"),
        std::string("a%2f"), std::string(254, 'a'), std::string("a\n")}) {
    const auto versioned = kubernetes::get_node(credential, name, steady_clock::now() + 20s);
    ASSERT_FALSE(versioned) << name;
    EXPECT_EQ(versioned.error().code.value(), EINVAL);
    const auto watched = kubernetes::watch_node(credential, name, "1", steady_clock::now() + 20s,
                                                [](const VersionedNode&) { return true; });
    ASSERT_FALSE(watched);
    EXPECT_EQ(watched.error().code.value(), EINVAL);
  }
}

TEST_F(ApiServer, AWatchBringsEachStateUntilTheServerEndsIt) {
  answer("/api/v1/nodes", 200,
         event("ADDED", node("10.1.0.0/24")) + event("BOOKMARK", R"({"metadata":{"resourceVersion":"50"}})") +
             event("MODIFIED", node("10.9.0.0/24", "other")) + event("MODIFIED", node("10.2.0.0/24")));
  EXPECT_THAT(watch(), ElementsAre("10.1.0.0/24", "10.2.0.0/24"));
  EXPECT_TRUE(result_) << result_.error().what;
  EXPECT_EQ(seen_.get_param_value("watch"), "true");
  EXPECT_EQ(seen_.get_param_value("fieldSelector"), "metadata.name=n1");
  EXPECT_EQ(seen_.get_param_value("allowWatchBookmarks"), "true");
  EXPECT_EQ(seen_.get_param_value("resourceVersion"), "42");
  const int seconds = std::stoi(seen_.get_param_value("timeoutSeconds"));
  EXPECT_TRUE(seconds >= 1 && seconds < 20) << seconds;
}

TEST_F(ApiServer, AWatchEndsWhenItsReaderHasEnough) {
  answer("/api/v1/nodes", 200, event("ADDED", node("10.1.0.0/24")) + event("MODIFIED", node("10.2.0.0/24")));
  EXPECT_THAT(watch(1), ElementsAre("10.1.0.0/24"));
  EXPECT_TRUE(result_) << result_.error().what;
}

TEST_F(ApiServer, AWatchThatNobodyEndsEndsAtItsDeadline) {
  server_.routes().Get("/api/v1/nodes", [](const httplib::Request&, httplib::Response& response) {
    response.set_chunked_content_provider("application/json",
                                          [](std::size_t offset, httplib::DataSink& sink) {
                                            if (offset == 0) {
                                              const auto first = event("ADDED", node("10.1.0.0/24"));
                                              return sink.write(first.data(), first.size());
                                            }
                                            std::this_thread::sleep_for(10ms);
                                            return sink.write("\n", 1);
                                          });
  });
  EXPECT_THAT(watch(100, 500ms), ElementsAre("10.1.0.0/24"));
  EXPECT_TRUE(result_) << result_.error().what;
}

TEST_F(ApiServer, AWatchOfANodeThatGoesSaysSo) {
  answer("/api/v1/nodes", 200, event("ADDED", node("10.1.0.0/24")) + event("DELETED", node("10.1.0.0/24")));
  EXPECT_THAT(watch(), ElementsAre("10.1.0.0/24"));
  ASSERT_FALSE(result_);
  EXPECT_EQ(result_.error().code.value(), ENOENT);
}

TEST_F(ApiServer, AWatchFromAForgottenVersionIsStale) {
  answer("/api/v1/nodes", 200, event("ERROR", R"({"kind":"Status","code":410,"reason":"Expired"})"));
  watch();
  ASSERT_FALSE(result_);
  EXPECT_EQ(result_.error().code.value(), ESTALE);
}

TEST_F(ApiServer, AWatchRefusedWith410IsStale) {
  answer("/api/v1/nodes", 410, "{}");
  watch();
  ASSERT_FALSE(result_);
  EXPECT_EQ(result_.error().code.value(), ESTALE);
}

TEST_F(ApiServer, AWatchOfGarbageIsRefused) {
  answer("/api/v1/nodes", 200, event("ADDED", node("10.1.0.0/24")) + "{secret\n");
  EXPECT_THAT(watch(), ElementsAre("10.1.0.0/24"));
  ASSERT_FALSE(result_);
  EXPECT_EQ(result_.error().code.value(), EBADMSG);
  EXPECT_THAT(result_.error().what, Not(HasSubstr("secret")));
}

}  // namespace
