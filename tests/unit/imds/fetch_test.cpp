// The client against the simulator, each of its faults, and against an HTTP server of another make.
#include "imds/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "files.h"
#include "simulator/imds.h"

namespace {

using namespace std::chrono_literals;
using simulator::Fault;
using simulator::Imds;
using std::chrono::steady_clock;
using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;
using Kind = Fault::Kind;

class Fetch : public testing::Test {
 protected:
  Fetch() {
    auto started = Imds::start({.rate_limit = {.per_second = 0}});
    if (!started) throw std::runtime_error(started.error().what);
    simulator_ = *std::move(started);
    options_.endpoint = simulator_->endpoint();
  }

  net::Result<imds::Reading> fetch() const { return imds::fetch_once(options_); }

  std::unique_ptr<Imds> simulator_;
  imds::Options options_;
};

TEST_F(Fetch, ReadsTheDocument) {
  const auto reading = fetch();
  ASSERT_TRUE(reading) << reading.error().what;
  EXPECT_EQ(reading->network.identity.computer_name, "node-0");
  ASSERT_EQ(reading->network.nics.size(), 1U);
  EXPECT_EQ(reading->network.nics[0].addresses[0].text(), "10.240.0.4");
  EXPECT_EQ(reading->api_version, "2021-02-01");
  EXPECT_THAT(reading->document, StartsWith("{\"compute\""));
  EXPECT_EQ(simulator_->request_count(), 1U);
}

TEST_F(Fetch, SendsExactlyTheHeadersThatImdsWantsAndAFreshIdEachTime) {
  ASSERT_TRUE(fetch());
  ASSERT_TRUE(fetch());
  std::set<std::string> ids;
  for (const auto& seen : simulator_->recent()) {
    EXPECT_EQ(seen.method, "GET");
    EXPECT_EQ(seen.target, "/metadata/instance?api-version=2021-02-01&format=json");
    std::map<std::string, std::string> headers(seen.headers.begin(), seen.headers.end());
    EXPECT_EQ(headers["Metadata"], "true");
    EXPECT_EQ("http://" + headers["Host"], simulator_->endpoint());
    EXPECT_EQ(headers["Connection"], "close");
    EXPECT_EQ(headers["User-Agent"], "calico-azure-agent");
    EXPECT_THAT(headers["x-ms-client-request-id"],
                MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    ids.insert(headers["x-ms-client-request-id"]);
    EXPECT_EQ(headers.size(), 5U);
  }
  EXPECT_EQ(ids.size(), 2U);
}

TEST_F(Fetch, NoProxyOfTheEnvironmentIsEverUsed) {
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) {
    ::setenv(name, "http://127.0.0.1:1/garbage", 1);
  }
  EXPECT_TRUE(fetch());
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
}

struct Case {
  const char* name;
  Fault fault;
  int code;
  const char* sentence;
};

Fault status(unsigned code) { return {.kind = Kind::status, .code = code}; }

const Case kCases[] = {
    {"400", status(400), EINVAL, "neither api-version"},
    {"403", status(403), EACCES, "Guest Proxy Agent"},
    {"403 of a proxy", {.kind = Kind::proxy_403}, EACCES, "(<html><head><title>403 Forbidden"},
    {"404", status(404), EAGAIN, "starting or being updated"},
    {"405", status(405), EOPNOTSUPP, "answers 405"},
    {"410", status(410), EAGAIN, "being updated"},
    {"429", status(429), EBUSY, "5 times a second"},
    {"500", status(500), EAGAIN, "answers 500"},
    {"503", status(503), EAGAIN, "answers 503"},
    {"redirect",
     {.kind = Kind::redirect, .text = "http://127.0.0.1:1/stolen"},
     EOPNOTSUPP,
     "redirects (302) to 'http://127.0.0.1:1/stolen'"},
    {"web page", {.kind = Kind::not_json}, EBADMSG, "something else answers on this address"},
    {"text", {.kind = Kind::body, .text = "pod list is empty"}, EBADMSG, "(pod list is empty)"},
    {"empty body", {.kind = Kind::body}, EBADMSG, "something else answers on this address"},
    {"broken JSON", {.kind = Kind::body, .text = "{\"network\":"}, EBADMSG, "not valid JSON"},
    {"not HTTP", {.kind = Kind::not_http}, EPROTO, "does not speak HTTP"},
    {"a body beyond the limit", {.kind = Kind::huge_body}, EMSGSIZE, "more than 1048576 bytes"},
    {"a header beyond the limit", {.kind = Kind::huge_header}, EMSGSIZE, "more than 16384 bytes of header"},
    {"reset", {.kind = Kind::reset}, ECONNRESET, "the connection broke (Connection reset by peer)"},
    {"half a body", {.kind = Kind::truncate}, ECONNRESET, "closed before the answer was complete"},
    {"Content-Length too long", {.kind = Kind::content_length, .amount = 10}, ECONNRESET, "closed before"},
    {"Content-Length too short", {.kind = Kind::content_length, .amount = -10}, EBADMSG, "not valid JSON"},
    {"no network", {.kind = Kind::no_network}, EBADMSG, "has no \"network\""},
    {"no addresses", {.kind = Kind::no_addresses}, EBADMSG, "gives none of its 1 interface(s) an address"},
};

TEST_F(Fetch, EachFaultGivesItsCodeAndASentenceThatNamesTheEndpoint) {
  for (const auto& [name, fault, code, sentence] : kCases) {
    SCOPED_TRACE(name);
    simulator_->set_fault(fault);
    const auto reading = fetch();
    ASSERT_FALSE(reading);
    EXPECT_EQ(reading.error().code.value(), code) << reading.error().what;
    EXPECT_THAT(reading.error().what,
                AllOf(StartsWith("IMDS at " + simulator_->endpoint() + ": "), HasSubstr(sentence)));
    EXPECT_EQ(reading.error().what, fetch().error().what) << "the same cause, the same sentence";
  }
}

TEST_F(Fetch, OddButTrueDocumentsAreRead) {
  ASSERT_TRUE(simulator_->set_document(sample("docs_network_dualstack.json")));
  const auto plain = fetch();
  ASSERT_TRUE(plain) << plain.error().what;
  for (const auto kind : {Kind::mac_colons, Kind::mac_lower_case, Kind::ipv6_subnet, Kind::reorder_nics}) {
    simulator_->set_fault({.kind = kind});
    const auto odd = fetch();
    ASSERT_TRUE(odd) << odd.error().what;
    EXPECT_EQ(odd->network, plain->network);
    EXPECT_EQ(odd->document == plain->document, kind == Kind::reorder_nics) << "the fault did nothing";
  }
}

TEST_F(Fetch, ARefusedApiVersionIsTriedOnceMoreWithTheOlderOne) {
  simulator_->set_fault({.kind = Kind::status, .code = 400, .count = 1});
  const auto reading = fetch();
  ASSERT_TRUE(reading) << reading.error().what;
  EXPECT_EQ(reading->api_version, "2019-06-01");
  EXPECT_EQ(reading->network.identity.computer_name, "") << "osProfile came with 2020-07-15";
  const auto seen = simulator_->recent();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_THAT(seen[1].target, HasSubstr("api-version=2019-06-01"));

  simulator_->set_fault({.kind = Kind::status, .code = 400});
  simulator_->forget_requests();
  EXPECT_FALSE(fetch());
  EXPECT_EQ(simulator_->request_count(), 2U);
}

TEST_F(Fetch, TheOlderApiVersionIsKeptOnlyIfItHelped) {
  const auto attempt = [this](std::string& version) {
    http1::Exchange exchange;
    return imds::attempt(exchange, options_, version);
  };
  std::string version = imds::kPreferredApiVersion;
  for (const unsigned second : {400U, 503U}) {
    simulator_->set_faults({{.kind = Kind::status, .code = 400, .count = 1},
                            {.kind = Kind::status, .code = second, .count = 1}});
    EXPECT_FALSE(attempt(version));
    EXPECT_EQ(version, "2021-02-01");
  }
  simulator_->set_fault({.kind = Kind::status, .code = 400, .count = 1});
  EXPECT_TRUE(attempt(version));
  EXPECT_EQ(version, "2019-06-01");

  simulator_->set_fault({.kind = Kind::status, .code = 400});
  simulator_->forget_requests();
  EXPECT_FALSE(attempt(version));
  EXPECT_EQ(simulator_->request_count(), 1U) << "there is nothing older to fall back to";
}

TEST_F(Fetch, OtherRefusalsAreNotRepeatedWithinAnAttempt) {
  for (const unsigned code : {403U, 404U, 410U, 429U, 500U}) {
    simulator_->forget_requests();
    simulator_->set_fault(status(code));
    EXPECT_FALSE(fetch());
    EXPECT_EQ(simulator_->request_count(), 1U) << code;
  }
}

/// How long an attempt takes that must fail with ETIMEDOUT.
std::chrono::milliseconds time_to_give_up(const imds::Options& options, const char* sentence) {
  const auto started = steady_clock::now();
  const auto reading = imds::fetch_once(options);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - started);
  EXPECT_FALSE(reading);
  if (!reading) {
    EXPECT_EQ(reading.error().code.value(), ETIMEDOUT);
    EXPECT_THAT(reading.error().what, HasSubstr(sentence));
  }
  return took;
}

TEST_F(Fetch, TheReadTimeoutBoundsTheWholeRequest) {
  options_.read_timeout = 300ms;
  const Fault endless[] = {
      {.kind = Kind::silence}, {.kind = Kind::slow, .delay = 60s}, {.kind = Kind::drip, .delay = 20ms}};
  for (const auto& fault : endless) {
    SCOPED_TRACE(static_cast<int>(fault.kind));
    simulator_->set_fault(fault);
    const auto took = time_to_give_up(options_, "connected, but no complete answer within 0.3 s");
    EXPECT_GE(took, 300ms);
    EXPECT_LT(took, 2s);
  }
}

TEST_F(Fetch, TheReadTimeoutBoundsBothRequestsOfAFallbackTogether) {
  options_.read_timeout = 600ms;
  simulator_->set_faults(
      {{.kind = Kind::status, .code = 400, .count = 1}, {.kind = Kind::drip, .delay = 20ms}});
  EXPECT_LT(time_to_give_up(options_, "no complete answer"), 2s);
  EXPECT_EQ(simulator_->request_count(), 2U);
}

TEST_F(Fetch, ASlowAnswerWithinTheTimeoutIsTaken) {
  simulator_->set_fault({.kind = Kind::slow, .delay = 200ms});
  EXPECT_TRUE(fetch());
  simulator_->set_fault({.kind = Kind::drip, .delay = 1ms});
  EXPECT_TRUE(fetch());
}

TEST_F(Fetch, TheConnectTimeoutIsShorterThanTheReadTimeout) {
  ASSERT_TRUE(simulator_->set_sources({*net::Address::parse("127.0.0.9")}));
  options_.connect_timeout = 200ms;
  const auto took = time_to_give_up(options_, "no connection within 0.2 s");
  EXPECT_GE(took, 200ms);
  EXPECT_LT(took, 2s);
  EXPECT_EQ(simulator_->request_count(), 0U);
}

TEST_F(Fetch, NobodyListening) {
  simulator_.reset();
  const auto reading = fetch();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().code.value(), ECONNREFUSED);
  EXPECT_THAT(reading.error().what, HasSubstr("nothing listens there"));
}

TEST_F(Fetch, AnEndpointThatIsNoLiteralAddressIsRefusedWithoutALookUp) {
  options_.endpoint = "http://localhost:8080";
  const auto reading = fetch();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().code.value(), EINVAL);
  EXPECT_THAT(reading.error().what, HasSubstr("names are not resolved"));
}

/// cpp-httplib as the other side: transfers that the simulator, like IMDS, never makes.
class ForeignServer {
 public:
  ForeignServer(const std::string& host, httplib::Server::Handler answer) {
    server_.set_keep_alive_max_count(1);
    server_.Get("/metadata/instance", std::move(answer));
    port_ = server_.bind_to_any_port(host.c_str());
    if (port_ > 0) thread_ = std::thread([this] { server_.listen_after_bind(); });
  }
  ForeignServer(const ForeignServer&) = delete;
  ForeignServer& operator=(const ForeignServer&) = delete;
  ~ForeignServer() {
    if (!thread_.joinable()) return;
    while (!server_.is_running()) std::this_thread::yield();  // stop() before that is lost
    server_.stop();
    thread_.join();
  }
  [[nodiscard]] int port() const { return port_; }

 private:
  httplib::Server server_;
  int port_ = -1;
  std::thread thread_;
};

bool a_hundred_bytes(std::size_t offset, httplib::DataSink& sink) {
  static const std::string document = sample("docs_full_linux_trimmed.json");
  const auto part = document.substr(offset, 100);
  sink.write(part.data(), part.size());
  if (offset + part.size() == document.size()) sink.done();
  return true;
}

TEST(FetchFromAForeignServer, ChunkedAnswersAreTakenOverBothFamilies) {
  for (const std::string host : {"127.0.0.1", "::1"}) {
    const ForeignServer server(host, [](const httplib::Request&, httplib::Response& response) {
      response.set_chunked_content_provider("application/json", a_hundred_bytes);
    });
    if (server.port() < 0) GTEST_SKIP() << "no " << host << " here";
    const std::string authority = host == "::1" ? "[::1]" : host;
    const auto reading =
        imds::fetch_once({.endpoint = "http://" + authority + ":" + std::to_string(server.port())});
    ASSERT_TRUE(reading) << reading.error().what;
    EXPECT_EQ(reading->document, sample("docs_full_linux_trimmed.json"));
  }
}

TEST(FetchFromAForeignServer, AnEndlessBodyIsCutOffHoweverItIsTransferred) {
  const auto endless = [](std::size_t /*offset*/, httplib::DataSink& sink) {
    const std::string spaces(10000, ' ');
    return sink.write(spaces.data(), spaces.size());
  };
  const httplib::Server::Handler ways[] = {
      [endless](const httplib::Request&, httplib::Response& response) {
        response.set_chunked_content_provider("application/json", endless);
      },
      [endless](const httplib::Request&, httplib::Response& response) {
        response.set_content_provider("application/json", endless);
      },
  };
  for (const auto& way : ways) {
    const ForeignServer server("127.0.0.1", way);
    ASSERT_GT(server.port(), 0);
    const auto reading = imds::fetch_once({.endpoint = "http://127.0.0.1:" + std::to_string(server.port())});
    ASSERT_FALSE(reading);
    EXPECT_EQ(reading.error().code.value(), EMSGSIZE) << reading.error().what;
  }
}

}  // namespace
