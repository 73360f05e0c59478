#include "imds/poller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "files.h"
#include "imds/cache.h"
#include "mailbox.h"
#include "simulator/imds.h"

namespace {

using namespace std::chrono_literals;
using imds::Event;
using imds::Failure;
using imds::Poller;
using imds::Reading;
using simulator::Fault;
using simulator::Imds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using Kind = Fault::Kind;

std::unique_ptr<Imds> simulator() {
  auto started = Imds::start({.rate_limit = {.per_second = 0}});
  if (!started) throw std::runtime_error(started.error().what);
  return *std::move(started);
}

const Reading* reading(const Event& event) { return std::get_if<Reading>(&event); }
const Failure* failure(const Event& event) { return std::get_if<Failure>(&event); }

class Polling : public testing::Test {
 protected:
  Polling() { options_.endpoint = simulator_->endpoint(); }

  void start() {
    poller_ = std::make_unique<Poller>(
        options_, [this](Event event, auto) { events_.put(std::move(event)); },
        [this](const net::Error& error) { cache_failures_.put(error); });
  }

  std::unique_ptr<Imds> simulator_ = simulator();
  imds::Options options_;
  Mailbox<Event> events_;
  Mailbox<net::Error> cache_failures_;
  std::unique_ptr<Poller> poller_;
};

TEST_F(Polling, TheFirstAttemptBeginsAtOnce) {
  start();
  ASSERT_TRUE(simulator_->await_requests(1, 900ms)) << "the shortest pause is 1 s";
  ASSERT_TRUE(events_.await(1));
  ASSERT_NE(reading(events_.all()[0]), nullptr);
  EXPECT_EQ(reading(events_.all()[0])->network.identity.name, "node-0");
}

TEST_F(Polling, GoesOnAtThePollIntervalWithOneDeliveryPerAttempt) {
  options_.poll_interval = 100ms;
  start();
  ASSERT_TRUE(events_.await(5));
  poller_.reset();
  EXPECT_EQ(events_.all().size(), simulator_->request_count());
}

TEST_F(Polling, DeliversOnOneThreadOfItsOwn) {
  Mailbox<std::thread::id> threads;
  options_.poll_interval = 50ms;
  const Poller poller(options_, [&threads](const Event&, auto) { threads.put(std::this_thread::get_id()); });
  ASSERT_TRUE(threads.await(3));
  for (const auto& id : threads.all()) {
    EXPECT_EQ(id, threads.all()[0]);
    EXPECT_NE(id, std::this_thread::get_id());
  }
}

TEST_F(Polling, AFailureIsDeliveredAndARecoveryFollowed) {
  simulator_->set_fault({.kind = Kind::status, .code = 410, .count = 2});
  start();
  ASSERT_TRUE(events_.await(3));
  const auto events = events_.all();
  ASSERT_NE(failure(events[0]), nullptr);
  ASSERT_NE(failure(events[1]), nullptr);
  EXPECT_EQ(failure(events[0])->error.what, failure(events[1])->error.what);
  EXPECT_NE(reading(events[2]), nullptr);
}

TEST_F(Polling, AChangedDocumentIsDelivered) {
  options_.poll_interval = 100ms;
  start();
  ASSERT_TRUE(events_.await(1));
  ASSERT_TRUE(simulator_->set_document(sample("real_vm_2020_trimmed.json")));
  const auto asked = simulator_->request_count();
  ASSERT_TRUE(simulator_->await_requests(asked + 2, 20s));
  poller_.reset();
  ASSERT_NE(reading(events_.all().back()), nullptr);
  EXPECT_EQ(reading(events_.all().back())->network.identity.name, "nfr");
}

TEST_F(Polling, TheOlderApiVersionIsKeptOnceItHasHelped) {
  options_.poll_interval = 50ms;
  simulator_->set_fault({.kind = Kind::status, .code = 400, .count = 1});
  start();
  ASSERT_TRUE(events_.await(3));
  poller_.reset();
  const auto seen = simulator_->recent();
  EXPECT_THAT(seen[0].target, HasSubstr("api-version=2021-02-01"));
  for (std::size_t i = 1; i < seen.size(); ++i)
    EXPECT_THAT(seen[i].target, HasSubstr("api-version=2019-06-01"));
}

TEST_F(Polling, ManyRequestsToPollSoonAreOneAttemptFiveSecondsAfterTheLast) {
  options_.poll_interval = 24h;
  const auto started = steady_clock::now();
  start();
  ASSERT_TRUE(events_.await(1));
  for (int i = 0; i < 100; ++i) poller_->poll_soon();
  ASSERT_TRUE(events_.await(2));
  EXPECT_GE(steady_clock::now() - started, 4900ms);
  EXPECT_LT(steady_clock::now() - started, 10s);
  EXPECT_FALSE(events_.await(3, 5500ms)) << "one was asked for";
}

TEST_F(Polling, NoSecondRequestIsMadeWhileOneIsOpen) {
  simulator_->set_fault({.kind = Kind::silence});
  start();
  ASSERT_TRUE(simulator_->await_requests(1, 20s));
  for (int i = 0; i < 10; ++i) poller_->poll_soon();
  EXPECT_FALSE(simulator_->await_requests(2, 500ms));
}

TEST_F(Polling, AnotherEndpointIsAskedAtOnceInsteadOfTheAttemptUnderWay) {
  simulator_->set_fault({.kind = Kind::silence});
  start();
  ASSERT_TRUE(simulator_->await_requests(1, 20s));
  const auto other = simulator();
  ASSERT_TRUE(other->set_document(sample("real_vm_2020_trimmed.json")));
  options_.endpoint = other->endpoint();
  poller_->reconfigure(options_);
  ASSERT_TRUE(events_.await(1, 900ms));
  ASSERT_NE(reading(events_.all()[0]), nullptr) << "the abandoned attempt was delivered";
  EXPECT_EQ(reading(events_.all()[0])->network.identity.name, "nfr");
}

TEST_F(Polling, AnotherEndpointIsAskedAtOnceDuringAPauseToo) {
  options_.poll_interval = 24h;
  start();
  ASSERT_TRUE(events_.await(1));
  const auto other = simulator();
  options_.endpoint = other->endpoint();
  poller_->reconfigure(options_);
  EXPECT_TRUE(other->await_requests(1, 900ms));
}

TEST_F(Polling, AShorterIntervalCountsWithoutWaitingForTheLongOne) {
  options_.poll_interval = 24h;
  start();
  ASSERT_TRUE(events_.await(1));
  options_.poll_interval = 100ms;
  poller_->reconfigure(options_);
  EXPECT_TRUE(events_.await(4, 20s));
}

/// How long the destructor takes.
std::chrono::milliseconds time_to_stop(std::unique_ptr<Poller>& poller) {
  const auto started = steady_clock::now();
  poller.reset();
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - started);
}

TEST_F(Polling, StopsInLessThan100MillisecondsWhateverTheServerDoes) {
  const Fault stubborn[] = {{.kind = Kind::silence},
                            {.kind = Kind::slow, .delay = 60s},
                            {.kind = Kind::drip, .delay = 10ms},
                            {.kind = Kind::status, .code = 503},
                            {.kind = Kind::mac_colons}};
  for (const auto& fault : stubborn) {
    SCOPED_TRACE(static_cast<int>(fault.kind));
    simulator_->set_fault(fault);
    simulator_->forget_requests();
    start();
    ASSERT_TRUE(simulator_->await_requests(1, 20s));
    EXPECT_LT(time_to_stop(poller_), 100ms);
  }
}

TEST_F(Polling, StopsInLessThan100MillisecondsWhileConnecting) {
  ASSERT_TRUE(simulator_->set_sources({*net::Address::parse("127.0.0.9")}));
  start();
  EXPECT_LT(time_to_stop(poller_), 100ms);
}

class Caching : public Polling {
 protected:
  Caching() {
    options_.cache_file = file_;
    options_.poll_interval = 50ms;
  }

  /// Two more attempts delivered: what was asked for before the first of them is done.
  void await_more() { ASSERT_TRUE(events_.await(events_.all().size() + 2)); }

  test_support::Folder folder_;
  std::filesystem::path file_ = folder_.path() / "imds.json";
};

TEST_F(Caching, AnAnswerIsKeptWhenSomebodySaysThatItIsWorthKeeping) {
  start();
  await_more();
  EXPECT_FALSE(std::filesystem::exists(file_)) << "it may be incomplete";
  const auto first = *reading(events_.all()[0]);
  poller_->keep(first);
  await_more();
  const auto cached = imds::load(file_);
  ASSERT_TRUE(cached) << cached.error().what;
  EXPECT_EQ(cached->reading, first);
}

TEST_F(Caching, IsDoneBeforeThePollerEnds) {
  options_.poll_interval = 1h;
  start();
  ASSERT_TRUE(events_.await(1));
  const auto only = *reading(events_.all()[0]);
  poller_->keep(only);
  poller_.reset();
  const auto cached = imds::load(file_);
  ASSERT_TRUE(cached) << "an agent that is stopped as soon as it is ready starts without a document";
  EXPECT_EQ(cached->reading, only);
}

TEST_F(Caching, IsDoneWhileTheNextAttemptIsFarAway) {
  options_.poll_interval = 1h;
  start();
  ASSERT_TRUE(events_.await(1));
  options_.cache_file = folder_.path() / "missing" / "imds.json";
  poller_->reconfigure(options_);
  poller_->keep(*reading(events_.all()[0]));
  ASSERT_TRUE(cache_failures_.await(1));
  EXPECT_EQ(cache_failures_.all()[0].code.value(), ENOENT);
  EXPECT_THAT(cache_failures_.all()[0].what, HasSubstr(options_.cache_file.string()));
}

}  // namespace
