#include <algorithm>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "agent/cloud/followers.h"
#include "agent/core/backoff.h"
#include "kubernetes/kubernetes.h"
#include "kubernetes/service_addresses.h"

namespace agent {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr auto kKubernetesPatience = seconds(10);
// The API server ends watches itself after 30 to 60 min (--min-request-timeout); a quiet connection that has
// died unseen is found this soon.
constexpr auto kWatch = std::chrono::minutes(5);
constexpr auto kPoll = seconds(60);

void learn(Board& board, const Board::Numbered& asked, net::Result<net::KubernetesNode> node) {
  board.learn(asked.number, [&node](Evidence& evidence) {
    evidence.node = std::move(node);
    evidence.service_addresses = kubernetes::service_addresses();
  });
}

/// How to reach the API server, and the node as it is now, which is left on the board; else the error is.
struct Look {
  kubernetes::Access access;
  kubernetes::Sighting seen;
};
std::optional<Look> look(Board& board, const Board::Numbered& asked, Board::Time finish_by) {
  auto access = kubernetes::find_access(asked.question.kubeconfig);
  if (!access) {
    learn(board, asked, net::pass_on(access));
    return std::nullopt;
  }
  auto seen = kubernetes::get_node(*access, asked.question.node_name, finish_by);
  if (!seen) {
    learn(board, asked, net::pass_on(seen));
    return std::nullopt;
  }
  learn(board, asked, seen->node);
  return Look{.access = std::move(*access), .seen = std::move(*seen)};
}

/// Watches for a while, or until there is another question; the watch's error.
net::Result<void> watch(Board& board, const Board::Numbered& asked, Look last) {
  return kubernetes::watch_node(last.access, asked.question.node_name, last.seen.resource_version,
                                steady_clock::now() + kWatch, [&](const kubernetes::Sighting& seen) {
                                  if (!(seen.node == last.seen.node)) learn(board, asked, seen.node);
                                  last.seen = seen;
                                  return !board.is_stale(asked.number);
                                });
}

/// Until there is another question.
void follow(Board& board, const Board::Numbered& asked) {
  Backoff backoff(std::random_device{}());
  while (!board.is_stale(asked.number)) {
    auto seen = look(board, asked, steady_clock::now() + kKubernetesPatience);
    std::chrono::milliseconds pause = kPoll;
    if (seen) {
      const auto ended = watch(board, asked, std::move(*seen));
      const auto code = ended ? 0 : ended.error().code.value();
      if (code == 0 || code == ESTALE) {
        backoff.reset();
        pause = {};
      } else if (code != EACCES) {  // not allowed to watch: asking every minute is the next best
        pause = backoff.next();
      }
    } else {
      pause = std::max<std::chrono::milliseconds>(seconds(1), backoff.next());
    }
    board.await_other(asked.number, steady_clock::now() + pause);
  }
}

}  // namespace

void ask_kubernetes_once(Board& board, Board::Time finish_by) {
  (void)look(board, board.question(), finish_by);
}

void follow_kubernetes(Board& board) {
  auto asked = board.await_first();
  while (true) {
    // A watch cannot be interrupted: that of an old question goes on unheard until it ends by itself.
    std::thread([&board, asked] { follow(board, asked); }).detach();
    const auto number = asked.number;
    while (asked.number == number)
      asked = board.await_other(number, steady_clock::now() + std::chrono::hours(1));
  }
}

}  // namespace agent
