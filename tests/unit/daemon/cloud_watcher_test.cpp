// When the program that asks Azure and Kubernetes is started, and what of its answers outlives it.
#include "agent/daemon/cloud_watcher.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "agent/cloud/cloud_state_json.h"
#include "tests/support/folder.h"

namespace {

using agent::CloudQuery;
using agent::CloudRest;
using namespace std::chrono_literals;

CloudQuery about(std::string node) {
  CloudQuery query;
  query.node_name = std::move(node);
  return query;
}

std::string says(const observed::CloudState& state) {
  return "echo '" + agent::cloud_state_line(state) + "'; ";
}
std::string rests(std::uint64_t answered, std::chrono::milliseconds resume_after) {
  return "echo '" + agent::cloud_rest_line({.answered = answered, .resume_after = resume_after}) + "'; ";
}

observed::CloudState with_node(const std::string& name) {
  observed::CloudState state;
  state.node = observed::KubernetesNode{name, {}, {}, {}};
  return state;
}

/// The program beside this one is a shell, which writes each question down and then does what the test says.
class CloudWatcher : public testing::Test {
 protected:
  CloudWatcher() { std::signal(SIGPIPE, SIG_IGN); }  // as the daemon does
  ~CloudWatcher() override { ::unsetenv("STAND_IN"); }

  void does(const std::string& script) const {
    const auto each = "read question; echo \"$question\" >>" + questions_file() + "; ";
    ::setenv("STAND_IN", (each + script).c_str(), 1);
  }
  /// Runs the loop until so many answers are here.
  void await_answers(std::size_t count) {
    while (answers_.size() < count) ASSERT_GT(io_.run_one_for(60s), 0U) << "no answer";
  }
  /// Until the program's last line is heard, and it is reaped.
  void await_rest() {
    siginfo_t ended{};
    while (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0)
      ASSERT_GT(io_.run_one_for(60s), 0U) << "it goes on";
  }
  /// Each run of the program has read one.
  [[nodiscard]] std::vector<CloudQuery> questions() const {
    std::vector<CloudQuery> questions;
    const auto text = test_support::contents(questions_file());
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      questions.push_back(agent::parse_cloud_query(text.substr(at, end - at)).value());
      at = end + 1;
    }
    return questions;
  }

  [[nodiscard]] std::string questions_file() const { return (folder_.path() / "questions").string(); }

  test_support::Folder folder_;
  agent::Log log_{core::LogLevel::error, agent::LogFormat::text, STDERR_FILENO};
  boost::asio::io_context io_{1};
  std::vector<observed::CloudState> answers_;
  agent::CloudWatcher watcher_{io_, log_,
                               [this](observed::CloudState state) { answers_.push_back(std::move(state)); }};
};

TEST_F(CloudWatcher, StartsAgainAtTheTimeThatARestingProgramHasNamed) {
  does(says(with_node("a")) + rests(1, 100ms));
  watcher_.ask(about("a"));
  await_answers(2);
  ASSERT_EQ(questions().size(), 2U);
  EXPECT_FALSE(questions()[0].at_once) << "nodes that start together spread their questions";
  EXPECT_TRUE(questions()[1].at_once);
}

TEST_F(CloudWatcher, AQuestionEndsTheRest) {
  does(says(with_node("a")) + rests(1, 1h));
  watcher_.ask(about("a"));
  await_answers(1);
  await_rest();
  watcher_.ask(about("b"));
  await_answers(2);
  await_rest();
  watcher_.ask_again();
  await_answers(3);
  ASSERT_EQ(questions().size(), 3U);
  EXPECT_EQ(questions()[1].node_name, "b");
  EXPECT_EQ(questions()[2].node_name, "b");
}

TEST_F(CloudWatcher, AProgramThatRestsBeforeItHasHeardTheLastQuestionIsStartedAtOnce) {
  does(says(with_node("a")) + "read second; " + rests(1, 1h));
  watcher_.ask(about("a"));
  await_answers(1);
  watcher_.ask_again();
  await_answers(2);
  EXPECT_EQ(questions().size(), 2U);
}

TEST_F(CloudWatcher, WhatANewProgramHasNotAskedYetStaysAsItWas) {
  auto both = with_node("a");
  both.azure.emplace();
  does(says(both) + rests(1, 1h));
  watcher_.ask(about("a"));
  await_answers(1);
  does(says(with_node("a again")) + "read more");
  watcher_.ask_again();
  await_answers(2);
  EXPECT_TRUE(answers_.back().azure) << "checks would flap with each rest";
  EXPECT_EQ((*answers_.back().node)->name, "a again");
}

/// Why nobody was asked.
std::string problem(const observed::CloudState& state) {
  return state.node && !*state.node ? state.node->error().what : "";
}

TEST_F(CloudWatcher, AProgramThatSaysNothingIsNamedAndStartedAgain) {
  agent::CloudWatcher hasty(
      io_, log_, [this](observed::CloudState state) { answers_.push_back(std::move(state)); }, 50ms);
  does("exec sleep 1000");
  hasty.ask(about("a"));
  await_answers(1);
  EXPECT_NE(problem(answers_.back()).find("says nothing, and was ended"), std::string::npos)
      << problem(answers_.back());
  does(says(with_node("a")) + "read more");
  // On a busy machine it may be too late, and is started again.
  while (!answers_.back().node || !*answers_.back().node) await_answers(answers_.size() + 1);
  EXPECT_EQ((*answers_.back().node)->name, "a");
}

TEST_F(CloudWatcher, RubbishIsNamedAsWhatItIs) {
  does("echo rubbish; exec sleep 1000");
  watcher_.ask(about("a"));
  await_answers(1);
  EXPECT_NE(problem(answers_.back()).find("says what is no answer"), std::string::npos)
      << problem(answers_.back());
}

TEST_F(CloudWatcher, OfAnotherNodeNothingIsKept) {
  does(says(with_node("a")) + rests(1, 1h));
  watcher_.ask(about("a"));
  await_answers(1);
  observed::CloudState azure_alone;
  azure_alone.azure.emplace();
  does(says(azure_alone) + "read more");
  watcher_.ask(about("b"));
  await_answers(2);
  EXPECT_FALSE(answers_.back().node);
}

}  // namespace
