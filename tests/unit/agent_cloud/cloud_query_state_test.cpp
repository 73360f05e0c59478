#include "agent/cloud/cloud_query_state.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

namespace agent {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

CloudQuery about(std::string node) {
  CloudQuery query;
  query.node_name = std::move(node);
  return query;
}

void learn_node(CloudQueryState& board, std::uint64_t number, const std::string& name) {
  board.update(number, [&name](observed::CloudState& cloud_state) {
    cloud_state.node = observed::KubernetesNode{name, {}, {}, {}};
  });
}

TEST(CloudQueryState, WhoWaitsHearsTheFirstQuestionAndEachOther) {
  CloudQueryState board([](const observed::CloudState&) {});
  std::thread asking([&board] { board.ask(about("a")); });
  const auto first = board.await_first();
  asking.join();
  EXPECT_EQ(first.query.node_name, "a");
  EXPECT_FALSE(board.is_stale(first.number));

  std::thread asking_again([&board] { board.ask(about("b")); });
  const auto second = board.await_other(first.number, steady_clock::now() + 1min);
  asking_again.join();
  EXPECT_EQ(second.query.node_name, "b");
  EXPECT_TRUE(board.is_stale(first.number));
}

TEST(CloudQueryState, WaitingEndsInTimeWithTheSameQuestion) {
  CloudQueryState board([](const observed::CloudState&) {});
  board.ask(about("a"));
  EXPECT_EQ(board.await_other(1, steady_clock::now()).number, 1U);
}

TEST(CloudQueryState, TheSameQuestionAskedAgainIsAnotherOne) {
  CloudQueryState board([](const observed::CloudState&) {});
  board.ask(about("a"));
  board.ask(about("a"));
  EXPECT_EQ(board.query().number, 2U);
}

TEST(CloudQueryState, EachRequestGoesWithOneAnswer) {
  std::vector<std::size_t> told;
  CloudQueryState board(
      [&told](const observed::CloudState& cloud_state) { told.push_back(cloud_state.requests.size()); });
  board.ask(about("a"));
  board.note({.to = observed::Service::arm});
  board.note({.to = observed::Service::kubernetes});
  learn_node(board, 1, "a");
  learn_node(board, 1, "b");
  EXPECT_EQ(told, (std::vector<std::size_t>{2, 0}));
}

TEST(CloudQueryState, RestsUntilTheFirstOfAllAsksAgainOnceAllHaveAnswered) {
  using Follower = CloudQueryState::Follower;
  std::vector<std::pair<std::uint64_t, CloudQueryState::Time>> rests;
  CloudQueryState board([](const observed::CloudState&) {},
                        [&rests](std::uint64_t number, auto until) { rests.emplace_back(number, until); });
  const CloudQueryState::Time now{};
  board.ask(about("a"));
  board.rest(Follower::azure, 1, now + 10min);
  EXPECT_TRUE(rests.empty()) << "Kubernetes has not answered";
  board.ask(about("b"));
  board.rest(Follower::kubernetes, 1, now + 15min);
  board.rest(Follower::kubernetes, 2, now + 15min);
  EXPECT_TRUE(rests.empty()) << "what Azure has answered was the question before";
  board.rest(Follower::azure, 2, now + 10min);
  ASSERT_EQ(rests.size(), 1U);
  EXPECT_EQ(rests.front(), std::pair(std::uint64_t{2}, now + 10min));
}

TEST(CloudQueryState, WhatWasLearntBeforeIsToldWithWhatIsNew) {
  std::vector<observed::CloudState> told;
  CloudQueryState board([&told](const observed::CloudState& cloud_state) { told.push_back(cloud_state); });
  board.ask(about("a"));
  board.update(1, [](observed::CloudState& cloud_state) { cloud_state.azure.emplace(); });
  learn_node(board, 1, "a");
  board.ask(about("b"));
  board.update(2, [](observed::CloudState& cloud_state) { cloud_state.cloud_config.emplace(); });
  ASSERT_EQ(told.size(), 3U);
  EXPECT_TRUE(told[0].azure && !told[0].node && !told[0].cloud_config);
  EXPECT_TRUE(told[1].azure && told[1].node && !told[1].cloud_config);
  EXPECT_TRUE(told[2].azure && told[2].node && told[2].cloud_config) << "another question forgets nothing";
}

TEST(CloudQueryState, AnAnswerToAnOlderQuestionIsNotHeard) {
  std::vector<std::string> told;
  CloudQueryState board(
      [&told](const observed::CloudState& cloud_state) { told.push_back((*cloud_state.node)->name); });
  board.ask(about("a"));
  learn_node(board, 1, "a");
  board.ask(about("b"));
  learn_node(board, 1, "late");
  learn_node(board, 2, "b");
  EXPECT_EQ(told, (std::vector<std::string>{"a", "b"}));
}

TEST(CloudQueryState, AnAnswerIsGoodForAsLongAsTheQuestionConcernsIt) {
  std::vector<std::string> told;
  CloudQueryState board(
      [&told](const observed::CloudState& cloud_state) { told.push_back((*cloud_state.node)->name); });
  const auto learn_of = [&board](const std::string& node) {
    board.update_while([&node](const CloudQuery& query) { return query.node_name == node; },
                       [&node](observed::CloudState& cloud_state) {
                         cloud_state.node = observed::KubernetesNode{node, {}, {}, {}};
                       });
  };
  board.ask(about("a"));
  learn_of("a");
  board.ask(about("a"));
  learn_of("a");
  board.ask(about("b"));
  learn_of("a");
  learn_of("b");
  EXPECT_EQ(told, (std::vector<std::string>{"a", "a", "b"}));
}

TEST(CloudQueryState, ManyLearnAtOnceAndAreToldOneByOne) {
  std::atomic<int> inside = 0;
  std::atomic<int> overlaps = 0;
  int told = 0;  // without a lock of its own, for a thread sanitizer to see
  CloudQueryState board([&](const observed::CloudState&) {
    ++told;
    ++inside;
    for (int i = 0; i < 20; ++i) {  // whoever may come in now, does
      std::this_thread::yield();
      if (inside != 1) ++overlaps;
    }
    --inside;
  });
  board.ask(about("a"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&board] {
      for (int each = 0; each < 100; ++each) learn_node(board, 1, "a");
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(told, 400);
  EXPECT_EQ(overlaps, 0);
}

}  // namespace
}  // namespace agent
