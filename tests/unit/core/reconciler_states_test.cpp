// The table of states in routing/reconciler.h, cell by cell.
#include <gmock/gmock.h>

#include <functional>
#include <map>

#include "routing/reconciler.h"
#include "tests/support/fake_kernel.h"
#include "tests/unit/core/build.h"

namespace agent {
namespace {

using routing::SyncState;
using test_support::FakeKernel;

constexpr std::array kStates = {SyncState::released, SyncState::requested, SyncState::confirming,
                                SyncState::retrying, SyncState::settled};

/// A kernel and a reconciler that wants one route by eth0.
class Reconciled {
 public:
  Reconciled() {
    eth0_ = kernel_.add_link("eth0");
    kernel_.add_address(eth0_, "10.240.0.4/24");
    (void)kernel_.take_notifications();
  }

  void bring_to(SyncState state) {
    if (state == SyncState::released) return;
    want("10.244.0.0/16");
    if (state == SyncState::requested) return;
    step();
    if (state == SyncState::confirming) lose_the_route();
    if (state == SyncState::retrying) refuse();
  }

  void want(const char* destination) {
    destination_ = destination;
    routing::Desired desired;
    desired.routes = {wanted()};
    desired.complete = true;
    reconciler_.want(std::move(desired), 169, true, now_);
  }
  /// Another process removes it.
  void lose_the_route() {
    if (reconciler_.desired() && kernel_.routes(169)->empty()) step();
    kernel_.remove_foreign(wanted());
    (void)reconciler_.repair_from_notifications(kernel_.take_notifications(), 0, now_);
  }
  /// A route of our protocol that is not wanted.
  void something_else() {
    auto other = wanted();
    other.key.destination = testing::prefix("10.99.0.0/16");
    kernel_.add_foreign(other);
    (void)reconciler_.repair_from_notifications(kernel_.take_notifications(), 0, now_);
  }
  void step() { (void)reconciler_.step(now_); }
  void refuse() {
    kernel_.fail_next(FakeKernel::Call::routes, EIO);
    step();
  }
  void release() { reconciler_.release_all(); }
  [[nodiscard]] SyncState state() const { return reconciler_.state(); }
  [[nodiscard]] bool is_due() const { return reconciler_.due().has_value(); }

 private:
  net::Route wanted() const { return testing::route(destination_, "10.240.0.1", eth0_); }

  FakeKernel kernel_;
  routing::Reconciler reconciler_{kernel_, 1};
  std::uint32_t eth0_ = 0;
  const char* destination_ = "10.244.0.0/16";
  net::MonoTime now_ = net::MonoTime{} + std::chrono::hours(1);
};

void check_row(const char* event, const std::function<void(Reconciled&)>& happen,
               const std::map<SyncState, SyncState>& row) {
  for (const auto before : kStates) {
    const auto after = row.find(before);
    if (after == row.end()) continue;
    Reconciled node;
    node.bring_to(before);
    ASSERT_EQ(node.state(), before) << event;
    happen(node);
    EXPECT_EQ(node.state(), after->second) << event << " in state " << static_cast<int>(before);
    const bool waits = after->second != SyncState::settled && after->second != SyncState::released;
    if (after->second != SyncState::released) {
      EXPECT_EQ(node.is_due(), waits) << event;
    }
  }
}

TEST(ReconcilerStates, AreThoseOfTheTable) {
  using enum SyncState;
  check_row("want()", [](Reconciled& node) { node.want("10.245.0.0/16"); },
            {{released, requested},
             {requested, requested},
             {confirming, requested},
             {retrying, requested},
             {settled, requested}});
  check_row("a route is gone", &Reconciled::lose_the_route,
            {{released, released}, {confirming, confirming}, {retrying, confirming}, {settled, confirming}});
  check_row("something else", &Reconciled::something_else,
            {{released, released},
             {requested, requested},
             {confirming, requested},
             {retrying, requested},
             {settled, requested}});
  check_row("step(), all made", &Reconciled::step,
            {{released, released}, {requested, settled}, {confirming, settled}, {retrying, settled}});
  check_row("step(), refused", &Reconciled::refuse,
            {{released, released}, {requested, retrying}, {confirming, retrying}, {retrying, retrying}});
  check_row("release_all()", &Reconciled::release,
            {{released, released},
             {requested, released},
             {confirming, released},
             {retrying, released},
             {settled, released}});
}

}  // namespace
}  // namespace agent
