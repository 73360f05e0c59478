#include "agent/cloud/board.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace agent {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

Question about(std::string node) {
  Question question;
  question.node_name = std::move(node);
  return question;
}

void learn_node(Board& board, std::uint64_t number, const std::string& name) {
  board.learn(number, [&name](Evidence& evidence) { evidence.node = net::KubernetesNode{name, {}, {}, {}}; });
}

TEST(Board, WhoWaitsHearsTheFirstQuestionAndEachOther) {
  Board board([](const Evidence&) {});
  std::thread asking([&board] { board.ask(about("a")); });
  const auto first = board.await_first();
  asking.join();
  EXPECT_EQ(first.question.node_name, "a");
  EXPECT_FALSE(board.is_stale(first.number));

  std::thread asking_again([&board] { board.ask(about("b")); });
  const auto second = board.await_other(first.number, steady_clock::now() + 1min);
  asking_again.join();
  EXPECT_EQ(second.question.node_name, "b");
  EXPECT_TRUE(board.is_stale(first.number));
}

TEST(Board, WaitingEndsInTimeWithTheSameQuestion) {
  Board board([](const Evidence&) {});
  board.ask(about("a"));
  EXPECT_EQ(board.await_other(1, steady_clock::now()).number, 1U);
}

TEST(Board, TheSameQuestionAskedAgainIsAnotherOne) {
  Board board([](const Evidence&) {});
  board.ask(about("a"));
  board.ask(about("a"));
  EXPECT_EQ(board.question().number, 2U);
}

TEST(Board, EverythingThatIsKnownIsToldEachTimeAndAnAnswerToAnOlderQuestionIsNotHeard) {
  std::vector<std::string> told;
  Board board([&told](const Evidence& evidence) { told.push_back((*evidence.node)->name); });
  board.ask(about("a"));
  learn_node(board, 1, "a");
  board.ask(about("b"));
  learn_node(board, 1, "late");
  learn_node(board, 2, "b");
  EXPECT_EQ(told, (std::vector<std::string>{"a", "b"}));
}

TEST(Board, AnAnswerIsGoodForAsLongAsTheQuestionConcernsIt) {
  std::vector<std::string> told;
  Board board([&told](const Evidence& evidence) { told.push_back((*evidence.node)->name); });
  const auto learn_of = [&board](const std::string& node) {
    board.learn_while([&node](const Question& question) { return question.node_name == node; },
                      [&node](Evidence& evidence) {
                        evidence.node = net::KubernetesNode{node, {}, {}, {}};
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

TEST(Board, ManyLearnAtOnceAndAreToldOneByOne) {
  int told = 0;  // without a lock of its own: calls must not overlap
  Board board([&told](const Evidence&) { ++told; });
  board.ask(about("a"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&board] {
      for (int each = 0; each < 100; ++each) learn_node(board, 1, "a");
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(told, 400);
}

}  // namespace
}  // namespace agent
