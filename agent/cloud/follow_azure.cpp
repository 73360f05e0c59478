#include <algorithm>
#include <random>
#include <utility>

#include "agent/cloud/azure_asker.h"
#include "agent/cloud/followers.h"

namespace agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Five requests and a token, each with seconds to spare.
constexpr auto kAzurePatience = std::chrono::seconds(60);

milliseconds between(milliseconds least, milliseconds most) {
  static std::minstd_rand random(std::random_device{}());
  return milliseconds(std::uniform_int_distribution(least.count(), most.count())(random));
}

milliseconds ask(Board& board, AzureAsker& asker, const Board::Numbered& asked, Board::Time finish_by) {
  auto answer = asker.ask(asked.question, finish_by);
  // Also when it has been asked again meanwhile: whoever asks faster than ARM answers is to hear something.
  board.learn(board.question().number, [&answer](Evidence& evidence) {
    evidence.cloud_config = std::move(answer.cloud_config);
    evidence.azure = std::move(answer.azure);
  });
  return answer.leave_alone;
}

}  // namespace

void ask_azure_once(Board& board, kubernetes::FilesOf whose, Board::Time finish_by) {
  AzureAsker asker(whose);
  ask(board, asker, board.question(), finish_by);
}

void follow_azure(Board& board, kubernetes::FilesOf whose) {
  AzureAsker asker(whose);
  auto asked = board.await_first();
  const auto first = steady_clock::now() + between(milliseconds(0), asked.question.interval / 10);
  while (steady_clock::now() < first) asked = board.await_other(asked.number, first);
  while (true) {
    const auto leave_alone = ask(board, asker, asked, steady_clock::now() + kAzurePatience);
    const auto& interval = asked.question.interval;
    const auto now = steady_clock::now();
    auto next =
        board.await_other(asked.number, now + std::max(leave_alone, between(interval / 2, interval * 3 / 2)));
    // Another question does not shorten what ARM asked for: asking sooner makes it longer.
    while (steady_clock::now() < now + leave_alone) next = board.await_other(next.number, now + leave_alone);
    asked = std::move(next);
  }
}

}  // namespace agent
