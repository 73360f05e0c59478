// The server as its clients see it: an HTTP client of another make, and bytes on the wire.
#include "agent/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "promise.h"
#include "serving.h"
#include "wire.h"

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class Server : public testing::Test {
 protected:
  httplib::Client client() { return httplib::Client("127.0.0.1", serving_.where.port); }

  Serving serving_;
};

TEST_F(Server, IsUnderstoodByAnotherHttpLibrary) {
  auto client = this->client();
  const auto status = client.Get("/status");
  ASSERT_TRUE(status) << httplib::to_string(status.error());
  EXPECT_EQ(status->status, 200);
  EXPECT_EQ(nlohmann::json::parse(status->body).at("nic").at("name"), "eth0");
  EXPECT_EQ(status->get_header_value("Content-Type"), "application/json");
  EXPECT_EQ(status->get_header_value("Cache-Control"), "no-store");

  const auto head = client.Head("/");
  ASSERT_TRUE(head) << httplib::to_string(head.error());
  EXPECT_EQ(head->status, 200);
  EXPECT_GT(std::stoul(head->get_header_value("Content-Length")), 1000U);
  EXPECT_EQ(head->body, "");

  const auto post = client.Post("/status", std::string(100'000, 'x'), "text/plain");
  ASSERT_TRUE(post) << httplib::to_string(post.error());
  EXPECT_EQ(post->status, 405);
  EXPECT_EQ(post->get_header_value("Allow"), "GET, HEAD");
}

TEST_F(Server, ServesWhatWasPublishedLast) {
  EXPECT_EQ(client().Get("/readyz")->status, 200);
  serving_.published.publish(sample::broken_node());
  const auto reply = client().Get("/readyz");
  EXPECT_EQ(reply->status, 503);
  EXPECT_THAT(reply->body, HasSubstr("[-]sysctl.ip_forward failed: net.ipv4.ip_forward is 0\n"));
}

TEST_F(Server, ProbesFailOnceTheMainLoopHasBeenSilentTooLong) {
  for (const char* probe : {"/livez", "/readyz", "/healthz"}) {
    EXPECT_EQ(client().Get(probe)->status, 200);
    serving_.heartbeat.beat(steady_clock::now() - agent::Heartbeat::kPatience - 1s);
    EXPECT_EQ(client().Get(probe)->status, 503);
    serving_.heartbeat.beat(steady_clock::now());
    EXPECT_EQ(client().Get(probe)->status, 200);
  }
}

/// What malloc has given out, in mappings of their own too; 0 where a sanitizer has its own.
std::size_t allocated() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST_F(Server, ClientsThatDoNotReadShareOneRendering) {
  auto node = sample::ready_node();
  node.routes = routing::RouteStatuses(std::vector(5'000, sample::cluster_route()));
  serving_.published.publish(std::move(node));
  ASSERT_GT(client().Get("/status")->body.size(), 900'000U);
  const auto before = allocated();
  std::vector<RawClient> clients;
  for (int i = 0; i < 500; ++i) {
    clients.emplace_back(serving_.where.port).send("GET /status HTTP/1.1\r\n\r\n");
    clients.back().await_answer();
  }
  EXPECT_LT(allocated(), before + (8 << 20));  // one a second, and what connections take
  EXPECT_EQ(clients.front().receive().bytes.size(), clients.back().receive().bytes.size());
}

TEST_F(Server, ARenderingIsNotSharedWithAnotherSnapshot) {
  auto node = sample::ready_node();
  node.routes = routing::RouteStatuses(std::vector(20'000, sample::cluster_route()));
  serving_.published.publish(node);
  const RawClient slow(serving_.where.port);
  slow.send("GET /status HTTP/1.1\r\n\r\n");
  slow.await_answer();
  node.mode_reason = "another reason";
  serving_.published.publish(node);
  EXPECT_THAT(client().Get("/status")->body, HasSubstr("another reason"));
  EXPECT_THAT(slow.receive().bytes, testing::Not(HasSubstr("another reason")));
}

TEST_F(Server, AnswersARequestThatComesInPieces) {
  const RawClient wire(serving_.where.port);
  for (const char* piece : {"G", "ET /rea", "dyz HTT", "P/1.1\r", "\nHost: local", "host\r\n\r", "\n"})
    wire.send(piece);
  const auto received = wire.receive();
  EXPECT_THAT(received.bytes, AllOf(StartsWith("HTTP/1.1 200 OK"), testing::EndsWith("\r\n\r\nok")));
  EXPECT_EQ(received.error, 0);
}

TEST_F(Server, AnswersAClientThatHasFinishedSending) {
  const RawClient wire(serving_.where.port);
  wire.send("GET /livez HTTP/1.0\r\n\r\n");
  wire.end_sending();
  EXPECT_THAT(wire.receive().bytes, StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(Server, AnswersGarbageAtOnceAndEndsInOrder) {
  const RawClient wire(serving_.where.port);
  wire.send(std::string(20'000, '\x16'));  // more than is read: closing at once would be a reset
  wire.end_sending();
  const auto received = wire.receive();
  EXPECT_THAT(received.bytes, StartsWith("HTTP/1.1 400 Bad Request"));
  EXPECT_EQ(received.error, 0);
}

TEST_F(Server, DeliversALargeReplyToASlowReader) {
  auto node = sample::ready_node();
  node.routes = routing::RouteStatuses(std::vector(20'000, sample::cluster_route()));
  serving_.published.publish(std::move(node));
  const RawClient wire(serving_.where.port);
  wire.send("GET /status HTTP/1.1\r\n\r\n");
  wire.await_answer();
  EXPECT_LT(probe(serving_.where), 1s);  // nobody waits for the reader
  const auto received = wire.receive();
  EXPECT_EQ(received.error, 0);
  const auto body = received.bytes.substr(received.bytes.find("\r\n\r\n") + 4);
  EXPECT_EQ(nlohmann::json::parse(body).at("routes").size(), 20'000U);
}

TEST_F(Server, HangsUpOnASilentClientAfterFiveSeconds) {
  const auto begin = steady_clock::now();
  const RawClient wire(serving_.where.port);
  const auto received = wire.receive();
  const auto waited = steady_clock::now() - begin;
  EXPECT_EQ(received.bytes, "");
  EXPECT_NE(received.error, ETIMEDOUT);
  EXPECT_GE(waited, 4900ms);
  EXPECT_LT(waited, 7s);
}

TEST_F(Server, HangsUpOnADrippingClientAfterFiveSecondsAltogether) {
  const auto begin = steady_clock::now();
  const RawClient wire(serving_.where.port);
  wire.send("GET /livez HTTP/1.1\r\n");
  while (wire.receive(50ms).error == ETIMEDOUT && steady_clock::now() - begin < 15s) wire.send("X: y\r\n");
  const auto waited = steady_clock::now() - begin;
  EXPECT_GE(waited, 4900ms);
  EXPECT_LT(waited, 7s);
}

TEST_F(Server, CutsOffAClientThatNeverStopsSending) {
  const RawClient wire(serving_.where.port);
  wire.send("POST /status HTTP/1.1\r\n\r\n");
  const auto begin = steady_clock::now();
  const std::string block(16 * 1024, 'x');
  while (wire.send(block)) ASSERT_LT(steady_clock::now() - begin, 4s) << "still listening";
}

TEST_F(Server, SurvivesClientsThatLeaveBeforeTheirReply) {
  for (int i = 0; i < 200; ++i) {
    const RawClient wire(serving_.where.port);
    wire.send("GET /status HTTP/1.1\r\n\r\n");
  }
  EXPECT_LT(probe(serving_.where), kPromised);
}

TEST_F(Server, StopsAtOnceWithManyClientsConnected) {
  std::vector<RawClient> clients;
  for (int i = 0; i < 400; ++i) clients.emplace_back(serving_.where.port).send(i % 2 == 0 ? "GET / HT" : "");
  EXPECT_LT(probe(serving_.where), 1s);
  const auto begin = steady_clock::now();
  serving_.server.reset();
  EXPECT_LT(steady_clock::now() - begin, 100ms);
  EXPECT_NE(clients.front().receive(1s).error, ETIMEDOUT);
  const auto gone = agent::http_get(serving_.where, "/readyz", 1s);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code.value(), ECONNREFUSED);
}

TEST_F(Server, StopsAtOnceWithNoClientAtAll) {
  const auto begin = steady_clock::now();
  serving_.server.reset();
  EXPECT_LT(steady_clock::now() - begin, 100ms);
}

/// Voluntary context switches of this process's thread of that name: each is a time that it went to sleep.
long sleeps_of(const std::string& name) {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string comm;
    std::getline(std::ifstream(task.path() / "comm"), comm);
    if (comm != name) continue;
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("voluntary_ctxt_switches:")) return std::stol(line.substr(24));
    }
  }
  return -1;
}

TEST_F(Server, IsNeverWokenWhileNobodyIsConnected) {
  EXPECT_LT(probe(serving_.where), 1s);
  std::this_thread::sleep_for(6s);  // the deadline that the probe armed passes, once
  const auto before = sleeps_of("http");
  ASSERT_GE(before, 1);
  std::this_thread::sleep_for(2s);  // that nothing happens can only be waited for
  EXPECT_EQ(sleeps_of("http"), before);
}

TEST_F(Server, LeavesSignalsToTheMainThread) {
  static std::atomic<bool> on_this_thread;
  static const pthread_t main_thread = pthread_self();
  on_this_thread = false;
  struct sigaction action {};
  action.sa_handler = [](int) { on_this_thread = pthread_equal(pthread_self(), main_thread) != 0; };
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  sigset_t blocked;
  sigset_t old;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &blocked, &old);
  ::kill(::getpid(), SIGUSR1);  // would go to the HTTP thread, were it open to it
  EXPECT_LT(probe(serving_.where), 1s);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  EXPECT_TRUE(on_this_thread);
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_F(Server, RendersWhileSnapshotsArePublished) {
  std::atomic<bool> done{false};
  std::thread publisher([this, &done] {
    for (int i = 0; !done; ++i) {
      serving_.published.publish(i % 2 == 0 ? sample::broken_node() : sample::ready_node());
      serving_.heartbeat.beat(steady_clock::now());
    }
  });
  for (int i = 0; i < 100; ++i) {
    const auto reply = agent::http_get(serving_.where, "/status", 5s);
    ASSERT_TRUE(reply) << reply.error().what;
    const auto status = nlohmann::json::parse(reply->body);
    // Every reply is of one snapshot, never of two.
    EXPECT_EQ(status.at("ready"), status.at("routes").at(0).at("state") == "in_sync");
  }
  done = true;
  publisher.join();
}

}  // namespace
