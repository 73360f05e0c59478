// Requests in, replies out: the whole of the protocol without a socket.
#include "agent/http/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/http/request.h"
#include "checks/check_table.h"
#include "sample.h"

namespace {

using agent::http::answer_bytes;
using agent::http::host_is_ours;
using agent::http::parse_target;
using agent::http::Reply;
using agent::http::route;
using agent::http::Target;
using sample::get;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Router : public testing::Test {
 protected:
  [[nodiscard]] Reply reply(const std::string& target) const {
    return route(get(target), sample::view(node_));
  }

  core::Snapshot node_ = sample::ready_node();
};

std::string header(const Reply& reply, std::string_view name) {
  for (const auto& [key, value] : reply.headers) {
    if (key == name) return std::string(value);
  }
  return "";
}

TEST_F(Router, WhereMetricsAloneAreServedNothingElseIsUnderAnyName) {
  auto view = sample::view(node_);
  view.metrics_alone = true;
  const auto metrics = route(get("/metrics", "node-7.example:16926"), view);
  EXPECT_EQ(metrics.status, 200U);
  EXPECT_THAT(metrics.body, HasSubstr("\ncalico_azure_agent_ready 1\n"));
  for (const auto* path : {"/", "/status", "/readyz", "/livez", "/healthz"})
    EXPECT_EQ(route(get(path), view).status, 404U) << path;
}

TEST_F(Router, AnswersEachPathWithItsOwnType) {
  EXPECT_EQ(reply("/livez").body, "ok");
  EXPECT_EQ(reply("/readyz").body, "ok");
  EXPECT_EQ(reply("/healthz").body, "ok");
  EXPECT_EQ(reply("/readyz").content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(reply("/status").content_type, "application/json");
  EXPECT_EQ(nlohmann::json::parse(reply("/status").body).at("schema"), "calico-azure-agent/v1");
  EXPECT_EQ(reply("/metrics").content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(reply("/metrics").body, HasSubstr("\ncalico_azure_agent_ready 1\n"));
  EXPECT_EQ(reply("/").content_type, "text/html; charset=utf-8");
  EXPECT_THAT(reply("/").body, StartsWith("<!doctype html>"));
  for (const char* path : {"/livez", "/readyz", "/healthz", "/status", "/metrics", "/"}) {
    EXPECT_EQ(reply(path).status, 200U) << path;
  }
}

TEST_F(Router, AnswersProbesOfABrokenNodeWith503AndTheRestWith200) {
  node_ = sample::broken_node();
  EXPECT_EQ(reply("/readyz").status, 503U);
  EXPECT_EQ(reply("/healthz").status, 503U);
  for (const char* path : {"/livez", "/status", "/metrics", "/"}) EXPECT_EQ(reply(path).status, 200U) << path;
}

TEST_F(Router, TakesVerboseAndRepeatedExcludesFromTheQuery) {
  node_ = sample::broken_node();
  node_.checks[1] = sample::failing("nic.found", true, "no link has the MAC");
  EXPECT_EQ(reply("/readyz?exclude=nic.found").status, 503U);
  EXPECT_EQ(reply("/readyz?exclude=nic.found&exclude=sysctl.ip_forward").status, 200U);
  EXPECT_EQ(reply("/readyz?exclude=nic%2Efound&exclude=sysctl%2eip_forward").status, 200U);
  EXPECT_THAT(reply("/readyz?exclude=nic.found&exclude=sysctl.ip_forward&verbose").body,
              EndsWith("readyz check passed\n"));
  EXPECT_THAT(reply("/livez?verbose=1").body, EndsWith("livez check passed\n"));
}

TEST_F(Router, RefusesAnUnknownExcludeAndListsTheIds) {
  for (const char* path : {"/readyz", "/healthz"}) {
    const auto refused = reply(std::string(path) + "?exclude=nic.found&exclude=nic.fuond%0A");
    EXPECT_EQ(refused.status, 400U);
    EXPECT_THAT(refused.body, StartsWith("no such check: \"nic.fuond\"\n"));
    for (const auto id : checks::check_ids()) EXPECT_THAT(refused.body, HasSubstr(" " + std::string(id)));
    EXPECT_THAT(reply(std::string(path) + "?exclude=%C2%9B2K").body, StartsWith("no such check: \"?2K\"\n"))
        << "a terminal takes U+009B for ESC [";
  }
}

TEST_F(Router, ALoopThatHangsIsNotReadyWhateverItSaidLast) {
  auto view = sample::view(node_);
  view.alive = false;
  view.silence = std::chrono::seconds{93};
  for (const char* probe : {"readyz", "healthz"}) {
    const auto hung = route(get(std::string("/") + probe), view);
    EXPECT_EQ(hung.status, 503U);
    EXPECT_THAT(hung.body, AllOf(StartsWith("[-]main_loop failed: it has not turned for 93 s\n[+]"),
                                 HasSubstr("[+]nic.found ok\n")));
    EXPECT_THAT(hung.body, EndsWith(std::string(probe) + " check failed\n"));
    EXPECT_EQ(route(get(std::string("/") + probe + "?exclude=nic.found"), view).status, 503U);
  }
  EXPECT_EQ(route(get("/status"), view).status, 200U);
}

TEST_F(Router, LivezFollowsTheHeartbeatAndNothingElse) {
  const auto broken = sample::new_node();
  auto view = sample::view(broken);
  EXPECT_EQ(route(get("/livez"), view).status, 200U);
  view.alive = false;
  view.silence = std::chrono::seconds{93};
  const auto dead = route(get("/livez"), view);
  EXPECT_EQ(dead.status, 503U);
  EXPECT_EQ(dead.body, "[-]main_loop failed: it has not turned for 93 s\nlivez check failed\n");
  EXPECT_EQ(route(get("/readyz?exclude=nic.found"), sample::view(node_)).status, 200U);
}

TEST_F(Router, KnowsOnlyItsPaths) {
  for (const char* path :
       {"/favicon.ico", "/readyz/", "/readyz/nic.found", "/STATUS", "//", "/livez%00", "/%2e%2e/"}) {
    const auto missing = reply(path);
    EXPECT_EQ(missing.status, 404U) << path;
    EXPECT_EQ(missing.body, "not found; there are: /livez /readyz /healthz /status /metrics /\n");
  }
}

TEST_F(Router, KnowsOnlyGetAndHead) {
  for (const char* method :
       {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "BREW"}) {
    for (const char* target : {"/status", "/nothing", "*"}) {
      const auto refused =
          route({.method = method, .target = target, .host = "127.0.0.1"}, sample::view(node_));
      EXPECT_EQ(refused.status, 405U) << method << target;
      EXPECT_EQ(header(refused, "Allow"), "GET, HEAD");
    }
  }
}

TEST_F(Router, RefusesTargetsThatItCannotRead) {
  for (const char* target : {"", "*", "status", "https://127.0.0.1/status", "/%zz", "/%4", "/status?a=%"}) {
    EXPECT_EQ(reply(target).status, 400U) << target;
  }
}

TEST_F(Router, GuardsThePageAgainstEverythingFromOutside) {
  const auto page = reply("/");
  EXPECT_THAT(header(page, "Content-Security-Policy"), StartsWith("default-src 'none';"));
  EXPECT_THAT(header(page, "Content-Security-Policy"), HasSubstr("frame-ancestors 'none'"));
  EXPECT_EQ(header(page, "Referrer-Policy"), "no-referrer");
  EXPECT_THAT(reply("/?refresh").body, HasSubstr("http-equiv=\"refresh\""));
  EXPECT_THAT(page.body, Not(HasSubstr("http-equiv")));
}

TEST_F(Router, RefusesAHostThatIsNotThisNode) {
  for (const char* path : {"/", "/status", "/livez", "/nothing"}) {
    const auto refused = route(get(path, "rebind.example:16925"), sample::view(node_));
    EXPECT_EQ(refused.status, 421U) << path;
    EXPECT_THAT(refused.body, HasSubstr("rebind.example"));
    EXPECT_THAT(refused.body, Not(HasSubstr("eth0")));
  }
  EXPECT_EQ(route(get("/status", std::nullopt), sample::view(node_)).status, 200U);
}

TEST_F(Router, DoesNotCareForTheHostOverAUnixSocket) {
  auto view = sample::view(node_);
  view.over_unix_socket = true;
  for (const char* host : {"rebind.example", "x y", "[::1", ":::"})
    EXPECT_EQ(route(get("/status", host), view).status, 200U) << host;
  EXPECT_EQ(route(get("http://rebind.example/status", "x"), view).status, 200U);
}

TEST_F(Router, JudgesAnAbsoluteTargetByItsOwnHost) {
  EXPECT_EQ(route(get("http://rebind.example/status", "127.0.0.1"), sample::view(node_)).status, 421U);
  EXPECT_EQ(route(get("http://127.0.0.1:16925/status", "rebind.example"), sample::view(node_)).status, 200U);
  EXPECT_EQ(route(get("HTTP://localhost", "x"), sample::view(node_)).content_type,
            "text/html; charset=utf-8");
}

TEST(HostRule, AcceptsAddressesLocalhostAndTheNodesNames) {
  const auto node = sample::ready_node();
  for (const char* host :
       {"", "127.0.0.1", "127.0.0.1:16925", "10.240.0.4:80", "[::1]", "[::1]:16925", "[fd00::4]:1",
        "localhost", "LocalHost:16925", "localhost:", "aks-pool1-3000-vmss000002",
        "AKS-pool1-3000-vmss000002:16925", "aks-pool1-3000-vmss000002.internal"}) {
    EXPECT_TRUE(host_is_ours(host, node)) << host;
  }
}

TEST(HostRule, RefusesEverythingElse) {
  const auto node = sample::ready_node();
  for (const char* host : {"example.com",
                           "localhost.example.com",
                           "127.0.0.1.example.com",
                           "localhost.",
                           "127.1",
                           "0x7f000001",
                           "::1",
                           "[::1",
                           "[::1]x",
                           "[::1]:x",
                           "[127.0.0.1]",
                           "[::1]:99999",
                           "127.0.0.1:-1",
                           "127.0.0.1:1:1",
                           "127.0.0.1:16925 ",
                           "user@127.0.0.1",
                           "[]",
                           "[",
                           ":",
                           ":80",
                           "aks-pool1-3000-vmss00000",
                           "\xFF"}) {
    EXPECT_FALSE(host_is_ours(host, node)) << host;
  }
}

TEST(HostRule, ANodeWithoutANameIsNotEverybody) {
  const auto nameless = sample::new_node();
  EXPECT_FALSE(host_is_ours(":80", nameless));
  EXPECT_FALSE(host_is_ours("example.com", nameless));
  EXPECT_TRUE(host_is_ours("localhost", nameless));
}

TEST(ParseTarget, TakesPathsAndQueriesApart) {
  const auto target = parse_target("/a%20b+c?x=1&y&x=%26+%3D&&=z&u=a=b").value();
  EXPECT_EQ(target.path, "/a b+c");
  EXPECT_EQ(target.authority, std::nullopt);
  EXPECT_EQ(target.query, (std::vector<std::pair<std::string, std::string>>{
                              {"x", "1"}, {"y", ""}, {"x", "& ="}, {"", "z"}, {"u", "a=b"}}));
  EXPECT_TRUE(target.has("y"));
  EXPECT_FALSE(target.has("z"));
  EXPECT_EQ(target.all("x"), (std::vector<std::string>{"1", "& ="}));
}

TEST(ParseTarget, TakesAbsoluteUrls) {
  EXPECT_EQ(parse_target("http://[::1]:80/status?x").value(),
            (Target{.authority = "[::1]:80", .path = "/status", .query = {{"x", ""}}}));
  EXPECT_EQ(parse_target("http://h?x").value(),
            (Target{.authority = "h", .path = "/", .query = {{"x", ""}}}));
}

class Answer : public testing::Test {
 protected:
  [[nodiscard]] std::string answer(const std::string& request) const {
    return answer_bytes(request, sample::view(node_)).value_or("(more)");
  }
  core::Snapshot node_ = sample::ready_node();
};

TEST_F(Answer, IsACompleteReplyThatClosesAndIsNeverStored) {
  EXPECT_EQ(answer("GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
            "HTTP/1.1 200 OK\r\n"
            "Date: Sat, 01 Aug 2026 09:30:00 GMT\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Length: 2\r\n"
            "Cache-Control: no-store\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "Connection: close\r\n"
            "\r\n"
            "ok");
}

TEST_F(Answer, ToHeadIsTheHeaderOfGet) {
  for (const std::string path : {"/readyz", "/status", "/metrics", "/", "/nothing"}) {
    const auto get = answer("GET " + path + " HTTP/1.1\r\n\r\n");
    EXPECT_EQ(answer("HEAD " + path + " HTTP/1.1\r\n\r\n"), get.substr(0, get.find("\r\n\r\n") + 4)) << path;
  }
}

TEST_F(Answer, WaitsForTheWholeHeader) {
  const std::string request =
      "GET /readyz HTTP/1.1\r\nHost: localhost\r\nUser-Agent: kube-probe/1.29\r\n\r\n";
  for (std::size_t length = 0; length < request.size(); ++length) {
    EXPECT_EQ(answer(request.substr(0, length)), "(more)") << length;
  }
  EXPECT_THAT(answer(request), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(Answer, WaitsForNothingBehindTheHeader) {
  for (const std::string version : {"", "H", "HTTP", "HTTP/", ".8", "HTTP/1.", "HTTP/1.1"}) {
    const auto header = "GET /livez " + version + "\r\n\r\n";
    const auto alone = answer(header);
    EXPECT_THAT(alone, StartsWith(version == "HTTP/1.1" ? "HTTP/1.1 200 " : "HTTP/1.1 400 ")) << version;
    for (const std::string behind : {"a", "/1.1", "1\r\n\r\n", "HTTP/1.1\r\n\r\n"}) {
      EXPECT_EQ(answer(header + behind), alone) << version << " and " << behind;
    }
  }
}

TEST_F(Answer, NeedsNoHostAndNoHttp11) {
  EXPECT_THAT(answer("GET /livez HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer("GET /livez HTTP/1.1\r\nHost:\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(Answer, DoesNotWaitForABody) {
  EXPECT_THAT(answer("GET /livez HTTP/1.1\r\nContent-Length: 100000000\r\n\r\nabc"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer("GET /livez HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer("POST /livez HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"),
              testing::AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: GET, HEAD\r\n")));
}

TEST_F(Answer, RefusesWhatIsNotHttp) {
  for (const std::string& garbage :
       {std::string("\x16\x03\x01\x02\x00\x01\x00", 7), std::string("\0\0\0\0", 4), std::string("\r\n\r\n"),
        std::string("GET /\r\n\r\n"), std::string("GET / HTTP/2.0\r\n\r\n"),
        std::string("GET / HTTP/1.1\n\n"), std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        std::string("GET  / HTTP/1.1\r\n\r\n"), std::string("GET / HTTP/1.1\r\nno colon\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nA : b\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n\r\n")}) {
    EXPECT_THAT(answer(garbage), StartsWith("HTTP/1.1 400 Bad Request\r\n")) << garbage;
  }
}

TEST_F(Answer, RefusesHeadersBeyond8KiB) {
  const auto with_header = [](std::size_t size) {
    const std::string frame = "GET /livez HTTP/1.1\r\nX: \r\n\r\n";
    return "GET /livez HTTP/1.1\r\nX: " + std::string(size - frame.size(), 'x') + "\r\n\r\n";
  };
  EXPECT_THAT(answer(with_header(8 * 1024)), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer(with_header(8 * 1024 + 1)), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(answer("GET /" + std::string(8 * 1024, 'x')), StartsWith("HTTP/1.1 431 "));
  EXPECT_EQ(answer("GET /" + std::string(8 * 1024 - 6, 'x')), "(more)");
}

TEST_F(Answer, CannotBeMadeToForgeAHeader) {
  const auto reply = answer("GET /readyz?exclude=%0d%0aX-Forged:%20yes HTTP/1.1\r\n\r\n");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(reply, Not(HasSubstr("\nX-Forged")));
}

}  // namespace
