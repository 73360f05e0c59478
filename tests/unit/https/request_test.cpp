#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <future>
#include <string>
#include <vector>

#include "requests.h"
#include "tls_server.h"

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Request : public testing::Test {
 protected:
  CertificateAuthority ca_;
  TlsServer server_{ca_.issue("DNS:localhost,IP:127.0.0.1")};
  https::Identity identity_ = believing(ca_.pem());
};

TEST_F(Request, IsSentAsGivenAndAnsweredInFull) {
  httplib::Request seen;
  server_.routes().Get("/a/b", [&](const httplib::Request& request, httplib::Response& response) {
    seen = request;
    response.status = 201;
    response.set_header("X-Some-Header", "Value");
    response.set_content("hello", "text/plain");
  });
  server_.start();
  auto request = asking(server_.url() + "/a/b?c=d%2Fe&f=g");
  request.headers = {{"Authorization", "Bearer abc"}, {"Accept", "application/json"}};
  const auto response = https::get(identity_, request);
  ASSERT_TRUE(response) << response.error().what;
  EXPECT_EQ(response->status, 201U);
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(response->headers.at("x-some-header"), "Value");
  EXPECT_EQ(seen.target, "/a/b?c=d%2Fe&f=g");
  EXPECT_EQ(seen.get_header_value("Authorization"), "Bearer abc");
  EXPECT_EQ(seen.get_header_value("Accept"), "application/json");
  EXPECT_EQ(seen.get_header_value_count("Accept"), 1U);
  EXPECT_EQ(seen.get_header_value("Accept-Encoding"), "identity");
  EXPECT_EQ(seen.get_header_value("User-Agent"), "calico-azure-agent");
  EXPECT_EQ("https://" + seen.get_header_value("Host"), server_.url());
}

TEST_F(Request, PostsAFormAndHidesAnAnswerThatRepeatsItsSecret) {
  httplib::Request seen;
  server_.routes().Post("/token", [&](const httplib::Request& request, httplib::Response& response) {
    seen = request;
    response.set_content(
        seen.body.find("assertion") == std::string::npos ? "granted" : "a-long-assertion-it-was",
        "text/plain");
  });
  server_.start();
  auto request = asking(server_.url() + "/token");
  request.form = "grant_type=client_credentials";
  const auto granted = https::get(identity_, request);
  ASSERT_TRUE(granted) << granted.error().what;
  EXPECT_EQ(granted->body, "granted");
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.body, *request.form);
  EXPECT_EQ(seen.get_header_value("Content-Type"), "application/x-www-form-urlencoded");
  request.form = "client_assertion=a-long-assertion-it-was";
  request.secrets = {"a-long-assertion-it-was"};
  const auto repeated = https::get(identity_, request);
  ASSERT_FALSE(repeated);
  EXPECT_EQ(repeated.error().code.value(), EBADMSG);
}

TEST_F(Request, TakesAsMuchAsItsCallerAllows) {
  server_.routes().Get("/", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(std::string(std::size_t{5} << 20, 'x'), "text/plain");
  });
  server_.start();
  auto request = asking(server_.url() + "/");
  const auto refused = https::get(identity_, request);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("larger than 4 MiB"));
  request.largest_body = std::size_t{6} << 20;
  EXPECT_TRUE(https::get(identity_, request));
}

TEST_F(Request, FollowsNoRedirect) {
  int asked = 0;
  server_.routes().Get("/.*", [&](const httplib::Request&, httplib::Response& response) {
    ++asked;
    response.set_redirect("/elsewhere");
  });
  server_.start();
  const auto response = https::get(identity_, asking(server_.url() + "/"));
  ASSERT_TRUE(response) << response.error().what;
  EXPECT_EQ(response->status, 302U);
  EXPECT_EQ(response->headers.at("location"), "/elsewhere");
  EXPECT_EQ(asked, 1);
}

TEST_F(Request, KnowsNoProxy) {
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy"}) {
    ::setenv(name, "http://127.0.0.1:1", 1);
  }
  server_.routes().Get("/", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("direct", "text/plain");
  });
  server_.start();
  const auto response = https::get(identity_, asking(server_.url()));
  ASSERT_TRUE(response) << response.error().what;
  EXPECT_EQ(response->body, "direct");
}

TEST_F(Request, TakesABodyOfFourMebibytesAndNoMore) {
  server_.routes().Get("/(.*)", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content(std::string(std::stoul(request.matches[1]), 'x'), "text/plain");
  });
  server_.start();
  const auto fits = https::get(identity_, asking(server_.url() + "/4194304"));
  ASSERT_TRUE(fits) << fits.error().what;
  EXPECT_EQ(fits->body.size(), 4194304U);
  const auto more = https::get(identity_, asking(server_.url() + "/4194305"));
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code.value(), EMSGSIZE);
  EXPECT_THAT(more.error().what, HasSubstr(server_.url() + ": the answer is larger"));
}

TEST_F(Request, LinesOfAStreamComeWhileItLasts) {
  std::promise<void> read;
  server_.routes().Get("/watch", [&](const httplib::Request&, httplib::Response& response) {
    response.set_chunked_content_provider("application/json", [&](std::size_t, httplib::DataSink& sink) {
      sink.write("one\ntw", 6);
      read.get_future().wait();  // the first line has come before the second is complete
      sink.write("o\nthree", 7);
      sink.done();
      return true;
    });
  });
  server_.start();
  std::vector<std::string> lines;
  const auto response =
      https::stream(identity_, asking(server_.url() + "/watch"), [&](std::string_view line) {
        lines.emplace_back(line);
        if (lines.size() == 1) read.set_value();
        return true;
      });
  ASSERT_TRUE(response) << response.error().what;
  EXPECT_EQ(response->status, 200U);
  EXPECT_THAT(lines, ElementsAre("one", "two", "three"));
}

TEST_F(Request, AStreamEndsWhenItsReaderHasEnough) {
  server_.routes().Get("/watch", [&](const httplib::Request&, httplib::Response& response) {
    response.set_chunked_content_provider("application/json", [](std::size_t, httplib::DataSink& sink) {
      return sink.write("line\n", 5);  // without end
    });
  });
  server_.start();
  int lines = 0;
  const auto response = https::stream(identity_, asking(server_.url() + "/watch"),
                                      [&](std::string_view) { return ++lines < 3; });
  ASSERT_TRUE(response) << response.error().what;
  EXPECT_EQ(lines, 3);
}

TEST_F(Request, ARefusedStreamComesWithItsBody) {
  server_.routes().Get("/watch", [&](const httplib::Request&, httplib::Response& response) {
    response.status = 403;
    response.set_content("no\nway\n", "text/plain");
  });
  server_.start();
  const auto response = https::stream(identity_, asking(server_.url() + "/watch"), [](std::string_view) {
    ADD_FAILURE() << "no line is expected";
    return true;
  });
  ASSERT_TRUE(response) << response.error().what;
  EXPECT_EQ(response->status, 403U);
  EXPECT_EQ(response->body, "no\nway\n");
}

TEST_F(Request, NobodyListeningIsSaidSo) {
  std::string url;
  {
    TlsServer gone(ca_.issue("DNS:localhost"));
    gone.start();  // stopping is what closes its port
    url = gone.url();
  }
  const auto response = https::get(identity_, asking(url + "/?token=secret"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code.value(), ECONNREFUSED);
  EXPECT_THAT(response.error().what,
              AllOf(HasSubstr(url), HasSubstr("nothing listens"), Not(HasSubstr("secret"))));
}

TEST_F(Request, ANameWithoutAnAddressIsSaidSo) {
  const auto response = https::get(identity_, asking("https://nobody.invalid/?token=secret"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code.value(), EHOSTUNREACH);
  EXPECT_THAT(response.error().what, AllOf(HasSubstr("nobody.invalid"), Not(HasSubstr("secret"))));
}

TEST_F(Request, AHeaderThatWouldBecomeTwoIsRefusedUnquoted) {
  server_.start();
  for (const auto& header :
       std::vector<std::pair<std::string, std::string>>{{"Authorization", "Bearer secret\r\nX: y"},
                                                        {"secret\n", "x"},
                                                        {"", "secret"},
                                                        {"a: secret", "x"}}) {
    auto request = asking(server_.url());
    request.headers = {header};
    const auto response = https::get(identity_, request);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code.value(), EINVAL);
    EXPECT_THAT(response.error().what, Not(HasSubstr("secret")));
  }
}

TEST_F(Request, ADeadlineInThePastAsksNothing) {
  server_.routes().Get("/", [](const httplib::Request&, httplib::Response&) {});
  server_.start();
  const auto response = https::get(identity_, asking(server_.url(), std::chrono::milliseconds(-1)));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code.value(), ETIMEDOUT);
}

TEST_F(Request, LoopbackMayBeAskedInTheClear) {
  httplib::Server plain;
  plain.Get("/x", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("clear", "text/plain");
  });
  plain.set_keep_alive_max_count(1);
  const int port = plain.bind_to_any_port("127.0.0.1");
  std::thread thread([&] { plain.listen_after_bind(); });
  while (!plain.is_running()) std::this_thread::yield();
  const auto response = https::get({}, asking("http://127.0.0.1:" + std::to_string(port) + "/x"));
  const auto tls = https::get({}, asking("https://127.0.0.1:" + std::to_string(port) + "/x"));
  plain.stop();
  thread.join();
  ASSERT_TRUE(response) << response.error().what;
  EXPECT_EQ(response->body, "clear");
  ASSERT_FALSE(tls);
  EXPECT_EQ(tls.error().code.value(), EPROTO);
  EXPECT_THAT(tls.error().what, HasSubstr("TLS fails (wrong version number)"));
}

}  // namespace
