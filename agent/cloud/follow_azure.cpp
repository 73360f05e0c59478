#include <algorithm>
#include <random>
#include <utility>

#include "agent/cloud/azure_asker.h"
#include "agent/cloud/followers.h"
#include "net/random.h"

namespace agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Five requests and a token, each with seconds to spare.
constexpr auto kAzurePatience = std::chrono::seconds(60);

milliseconds between(milliseconds least, milliseconds most) {
  static std::minstd_rand random(net::random_number());
  return milliseconds(std::uniform_int_distribution(least.count(), most.count())(random));
}

milliseconds ask(CloudQueryState& board, AzureAsker& asker, const CloudQueryState::Numbered& asked,
                 CloudQueryState::Time finish_by) {
  auto answer = asker.ask(asked.query, finish_by);
  // Also when it was asked again meanwhile: a caller that asks faster than ARM answers gets an answer, too.
  board.update(board.query().number, [&answer](observed::CloudState& cloud_state) {
    cloud_state.cloud_config = std::move(answer.cloud_config);
    cloud_state.azure = std::move(answer.azure);
  });
  return answer.resume_after;
}

}  // namespace

void ask_azure_once(CloudQueryState& board, kubernetes::FilesOf whose, CloudQueryState::Time finish_by) {
  AzureAsker asker(whose, [&board](observed::Request request) { board.note(request); });
  ask(board, asker, board.query(), finish_by);
}

void follow_azure(CloudQueryState& board, kubernetes::FilesOf whose) {
  AzureAsker asker(whose, [&board](observed::Request request) { board.note(request); });
  auto asked = board.await_first();
  auto first = steady_clock::now();
  if (!asked.query.at_once) first += between(milliseconds(0), asked.query.interval / 10);
  while (steady_clock::now() < first) asked = board.await_other(asked.number, first);
  while (true) {
    const auto resume_after = ask(board, asker, asked, steady_clock::now() + kAzurePatience);
    const auto& interval = asked.query.interval;
    const auto now = steady_clock::now();
    const auto pause = std::max(resume_after, between(interval / 2, interval * 3 / 2));
    // Another question does not shorten what ARM asked for: asking sooner makes it longer. Nor does a rest,
    // for it is remembered here alone.
    auto next = asked;
    while (steady_clock::now() < now + resume_after)
      next = board.await_other(next.number, now + resume_after);
    if (next.number == asked.number) {
      board.rest(CloudQueryState::Follower::azure, asked.number, now + pause);
      next = board.await_other(asked.number, now + pause);
    }
    asked = std::move(next);
  }
}

}  // namespace agent
