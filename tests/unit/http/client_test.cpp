// The commands' client against servers that answer, are absent, or misbehave.
#include "agent/http/client.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>

#include <thread>

#include "agent/http/listener.h"
#include "serving.h"

namespace {

using namespace std::chrono_literals;
using agent::http_get;
using agent::http::Listener;
using std::chrono::steady_clock;
using testing::HasSubstr;

/// Accepts one client and sends it the text in pieces of that many bytes, with a pause before each; then
/// hangs up.
class Canned {
 public:
  explicit Canned(std::string text, std::size_t piece = 1U << 20, std::chrono::milliseconds pause = 0ms,
                  bool hang_up = true)
      : listener_(Listener::open({.address = *net::Address::parse("127.0.0.1"), .port = 0, .unix_path = ""})
                      .value()) {
    thread_ = std::thread([this, text = std::move(text), piece, pause, hang_up] {
      pollfd waited{listener_.fd(), POLLIN, 0};
      ::poll(&waited, 1, 10'000);
      const net::Descriptor client{::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC)};
      std::array<char, 4096> request{};
      const auto count = ::recv(client.get(), request.data(), request.size(), 0);
      request_.assign(request.data(), static_cast<std::size_t>(std::max<ssize_t>(0, count)));
      for (std::size_t at = 0; at < text.size(); at += piece) {
        std::this_thread::sleep_for(pause);
        const auto part = std::string_view(text).substr(at, piece);
        if (::send(client.get(), part.data(), part.size(), MSG_NOSIGNAL) < 0) return;
      }
      // Without hanging up: until the client does.
      while (!hang_up && ::recv(client.get(), request.data(), request.size(), 0) > 0) {
      }
    });
  }
  Canned(const Canned&) = delete;
  Canned& operator=(const Canned&) = delete;
  ~Canned() { thread_.join(); }

  [[nodiscard]] net::ListenAddress where() const {
    return {.address = *net::Address::parse("127.0.0.1"), .port = listener_.port(), .unix_path = ""};
  }
  std::string request() {
    thread_.join();
    thread_ = std::thread([] {});
    return request_;
  }

 private:
  Listener listener_;
  std::thread thread_;
  std::string request_;
};

int error_of(const net::Result<agent::HttpReply>& reply) { return reply ? 0 : reply.error().code.value(); }

TEST(HttpGet, TakesStatusAndBody) {
  const Serving serving(sample::broken_node());
  const auto reply = http_get(serving.where, "/readyz?verbose", 5s);
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(reply->status, 503);
  EXPECT_THAT(reply->body, testing::EndsWith("readyz check failed\n"));
}

TEST(HttpGet, UnderstandsAServerOfAnotherMake) {
  httplib::Server server;
  server.Get("/x", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content(request.get_header_value("Host") + request.get_param_value("q"), "text/plain");
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread thread([&server] { server.listen_after_bind(); });
  const auto reply = http_get({.address = *net::Address::parse("127.0.0.1"),
                               .port = static_cast<std::uint16_t>(port),
                               .unix_path = ""},
                              "/x?q=1", 5s);
  server.stop();
  thread.join();
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(reply->body, "127.0.0.1:" + std::to_string(port) + "1");
}

TEST(HttpGet, TellsThatNoDaemonRuns) {
  const auto port = Listener::open({.address = *net::Address::parse("127.0.0.1"), .port = 0, .unix_path = ""})
                        .value()
                        .port();
  const auto reply =
      http_get({.address = *net::Address::parse("127.0.0.1"), .port = port, .unix_path = ""}, "/", 5s);
  EXPECT_EQ(error_of(reply), ECONNREFUSED);
  EXPECT_THAT(reply.error().what, HasSubstr("systemctl status calico-azure-agent"));
}

TEST(HttpGet, DoesNotWaitLongerThanItsTimeoutForASilentServer) {
  const Canned silent("", 1, 0ms, /*hang_up=*/false);
  const auto begin = steady_clock::now();
  EXPECT_EQ(error_of(http_get(silent.where(), "/", 200ms)), ETIMEDOUT);
  EXPECT_LT(steady_clock::now() - begin, 1s);
}

TEST(HttpGet, DoesNotWaitLongerThanItsTimeoutForADrippingServer) {
  const Canned dripping("HTTP/1.1 200 OK\r\n\r\n" + std::string(100, 'x'), 1, 20ms);
  const auto begin = steady_clock::now();
  EXPECT_EQ(error_of(http_get(dripping.where(), "/", 300ms)), ETIMEDOUT);
  EXPECT_LT(steady_clock::now() - begin, 1s);
}

TEST(HttpGet, TellsAReplyThatEndsTooEarly) {
  for (const char* text : {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"}) {
    const Canned server(text);
    EXPECT_EQ(error_of(http_get(server.where(), "/", 5s)), ECONNRESET) << text;
  }
}

TEST(HttpGet, TellsWhatIsNotItsDaemon) {
  for (const char* text :
       {"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    const Canned server(text);
    EXPECT_EQ(error_of(http_get(server.where(), "/", 5s)), EBADMSG) << text;
  }
}

TEST(HttpGet, DoesNotWaitForAnEndOnceTheBodyIsThere) {
  const Canned server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", 7, 1ms, /*hang_up=*/false);
  const auto reply = http_get(server.where(), "/", 5s);
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(reply->body, "abc");
}

TEST(HttpGet, TakesABodyThatEndsWithTheConnection) {
  const Canned server("HTTP/1.0 200 OK\r\n\r\nabcdef");
  EXPECT_EQ(http_get(server.where(), "/", 5s).value().body, "abcdef");
}

TEST(HttpGet, TakesNoMoreThanItsLimit) {
  const auto with_body = [](std::size_t size) { return "HTTP/1.1 200 OK\r\n\r\n" + std::string(size, 'x'); };
  {
    const Canned server(with_body(agent::kReplyLimit));
    EXPECT_EQ(http_get(server.where(), "/", 10s).value().body.size(), agent::kReplyLimit);
  }
  {
    const Canned server(with_body(agent::kReplyLimit + 1));
    EXPECT_EQ(error_of(http_get(server.where(), "/", 10s)), EMSGSIZE);
  }
  const auto announced = fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", agent::kReplyLimit + 1);
  const Canned server(announced, 1U << 20, 0ms, /*hang_up=*/false);
  EXPECT_EQ(error_of(http_get(server.where(), "/", 10s)), EMSGSIZE);
}

TEST(HttpGet, SendsOneRequestThatAsksToClose) {
  Canned server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const auto where = server.where();
  ASSERT_TRUE(http_get(where, "/status?x", 5s));
  EXPECT_EQ(server.request(),
            "GET /status?x HTTP/1.1\r\nHost: " + listen_text(where) + "\r\nConnection: close\r\n\r\n");
}

TEST(HttpGet, RefusesTargetsThatWouldForgeARequest) {
  const Serving serving;
  for (const char* target : {"", "/ HTTP/1.1\r\nX: y", "/a b", "/\x7F", "/\xC3\xA4"}) {
    EXPECT_EQ(error_of(http_get(serving.where, target, 1s)), EINVAL) << target;
  }
}

TEST(Heartbeat, IsAliveUntilItsPatienceEnds) {
  const net::MonoTime born{100h};
  agent::Heartbeat heartbeat(born);
  EXPECT_TRUE(heartbeat.alive(born));
  EXPECT_TRUE(heartbeat.alive(born + 89s));
  EXPECT_FALSE(heartbeat.alive(born + 90s));
  EXPECT_EQ(heartbeat.silence(born + 93s), 93s);
  heartbeat.beat(born + 100s);
  EXPECT_TRUE(heartbeat.alive(born + 189s));
  EXPECT_EQ(heartbeat.silence(born), 0s);
}

}  // namespace
