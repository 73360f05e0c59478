#include <atomic>
#include <cerrno>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "agent/cloud/followers.h"
#include "agent/cloud/watch_pace.h"
#include "kubernetes/kubernetes.h"
#include "kubernetes/local_files.h"
#include "net/random.h"

namespace agent {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr auto kKubernetesPatience = seconds(10);
// The API server ends watches itself after 30 to 60 min (--min-request-timeout); a quiet connection that has
// died unseen is found this soon.
constexpr auto kWatch = std::chrono::minutes(5);

/// Whether both are about the same node, in the same way: what else changes in a question is no matter here.
bool is_about_same_node(const CloudQuery& one, const CloudQuery& other) {
  return one.node_name == other.node_name && one.kubeconfig == other.kubeconfig &&
         one.follow_node == other.follow_node;
}

bool is_stale(const CloudQueryState& board, const CloudQuery& asked) {
  return !is_about_same_node(board.query().query, asked);
}

/// What has been delivered of one node, counted under the lock of update_while(): an answer to a GET that was
/// sent before a delivery may be older than it, and no event of the watch would ever correct it.
using Deliveries = std::atomic<std::uint64_t>;

void update(CloudQueryState& board, const CloudQuery& asked, net::Result<observed::KubernetesNode> node,
            Deliveries& deliveries, std::optional<std::uint64_t> unless_past = std::nullopt) {
  board.update_while(
      [&](const CloudQuery& query) {
        if (!is_about_same_node(query, asked) || (unless_past && deliveries != *unless_past)) return false;
        ++deliveries;
        return true;
      },
      [&node](observed::CloudState& cloud_state) {
        cloud_state.node = std::move(node);
        cloud_state.service_addresses = kubernetes::service_addresses();
      });
}

/// Whether the watch goes on from what a look finds, or goes on beside it.
enum class Look : std::uint8_t { before_watch, beside_watch };

/// How to reach the API server, and the node as it is now, which is left on the board; else the error is.
struct Seen {
  kubernetes::Access access;
  kubernetes::VersionedNode seen;
};
net::Result<Seen> look(CloudQueryState& board, kubernetes::FilesOf whose, const CloudQuery& asked,
                       CloudQueryState::Time finish_by, Deliveries& deliveries, Look how) {
  const auto unless_past =
      how == Look::beside_watch ? std::optional<std::uint64_t>(deliveries) : std::nullopt;
  kubernetes::Places places;
  places.whose = whose;
  auto access = kubernetes::find_access(asked.kubeconfig, places);
  if (!access) {
    update(board, asked, net::pass_on(access), deliveries, unless_past);
    return net::pass_on(access);
  }
  const auto begin = steady_clock::now();
  auto seen = kubernetes::get_node(*access, asked.node_name, finish_by);
  board.note({.to = observed::Service::kubernetes,
              .outcome = seen ? observed::RequestOutcome::ok : observed::outcome_of(seen.error()),
              .took = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begin)});
  if (!seen) {
    update(board, asked, net::pass_on(seen), deliveries, unless_past);
    return net::pass_on(seen);
  }
  update(board, asked, seen->node, deliveries, unless_past);
  return Seen{.access = std::move(*access), .seen = std::move(*seen)};
}

/// Watches for a while, or until the question is about another node; the watch's error.
net::Result<void> watch(CloudQueryState& board, const CloudQuery& asked, Seen last, Deliveries& deliveries) {
  return kubernetes::watch_node(last.access, asked.node_name, last.seen.resource_version,
                                steady_clock::now() + kWatch, [&](const kubernetes::VersionedNode& seen) {
                                  if (!(seen.node == last.seen.node))
                                    update(board, asked, seen.node, deliveries);
                                  last.seen = seen;
                                  return !is_stale(board, asked);
                                });
}

/// Until the question is about another node.
void follow(CloudQueryState& board, kubernetes::FilesOf whose, CloudQueryState::Numbered asked,
            Deliveries& deliveries) {
  WatchPace budget(net::random_number());
  while (!is_stale(board, asked.query)) {
    auto seen = look(board, whose, asked.query, steady_clock::now() + kKubernetesPatience, deliveries,
                     Look::before_watch);
    WatchPace::Duration pause{};
    const bool has_no_credential = !seen && seen.error().code.value() == ENOKEY;
    if (!asked.query.follow_node && (seen || has_no_credential)) {
      pause = asked.query.interval;
      board.rest(CloudQueryState::Follower::kubernetes, asked.number, steady_clock::now() + pause);
    } else if (seen) {
      const auto began = steady_clock::now();
      const auto ended = watch(board, asked.query, std::move(*seen), deliveries);
      const auto lasted = std::chrono::duration_cast<WatchPace::Duration>(steady_clock::now() - began);
      pause = budget.after_watch(ended ? 0 : ended.error().code.value(), lasted);
    } else {
      pause = budget.after_failure();
    }
    asked.number = board.await_other(asked.number, steady_clock::now() + pause).number;
  }
}

}  // namespace

void ask_kubernetes_once(CloudQueryState& board, kubernetes::FilesOf whose, CloudQueryState::Time finish_by) {
  Deliveries deliveries = 0;
  (void)look(board, whose, board.query().query, finish_by, deliveries, Look::before_watch);
}

void follow_kubernetes(CloudQueryState& board, kubernetes::FilesOf whose) {
  auto asked = board.await_first();
  while (true) {
    // A watch cannot be interrupted: that of another node goes on, ignored, until it ends by itself.
    const auto deliveries = std::make_shared<Deliveries>(0);
    std::thread([&board, whose, asked, deliveries] { follow(board, whose, asked, *deliveries); }).detach();
    while (true) {
      auto next = board.await_other(asked.number, steady_clock::now() + std::chrono::hours(1));
      const bool same_node = is_about_same_node(next.query, asked.query);
      // A reload asks the same again: with the credentials that are there now, while the watch goes on. Where
      // there is none, follow() itself asks again.
      if (same_node && next.number != asked.number && next.query.follow_node)
        (void)look(board, whose, next.query, steady_clock::now() + kKubernetesPatience, *deliveries,
                   Look::beside_watch);
      asked = std::move(next);
      if (!same_node) break;
    }
  }
}

}  // namespace agent
