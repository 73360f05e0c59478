#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/kernel.h"
#include "net/route_watch.h"
#include "tests/support/fake_fib.h"

namespace test_support {

/// A kernel of values that keeps the rules which the real one was seen to keep: keys, owners, silent losses,
/// notifications. Each of them is asked of both in tests/netns/contract_*_test.cpp, so that this cannot
/// drift.
///
/// What it does not model: several addresses of one subnet on one link (the kernel removes the secondary ones
/// with the primary), IPv6 link-local addresses that the kernel makes itself, next-hop objects, and rules
/// other than `from`.
class FakeKernel final : public net::Kernel {
 public:
  /// The netlink port of whoever is not us.
  static constexpr std::uint32_t kForeignPort = 4242;

  // --- net::Kernel -------------------------------------------------------------------------------------
  net::Result<std::vector<net::Link>> links() override;
  net::Result<void> take_routes(std::uint8_t protocol, std::uint32_t table, net::RouteVisitor& sink) override;
  net::Result<std::vector<net::Route>> routes_to(std::uint32_t table,
                                                 std::span<const net::Prefix> destinations) override;
  net::Result<std::vector<net::Rule>> rules(std::uint8_t protocol) override;
  std::vector<net::Result<net::Route>> lookups(std::span<const net::Flow> flows) override;
  net::Result<std::vector<net::Refusal>> apply(std::span<const net::Change> changes) override;

  // --- The world outside: each gives the notifications that the kernel gives
  // -----------------------------------
  /// Adds a device, without addresses; the next free index where it names none. Returns the index.
  std::uint32_t add_link(net::Link link);
  /// An Ethernet device that is up and has carrier. Its MAC is 02:00:00:00:00:INDEX.
  std::uint32_t add_link(std::string name);
  void remove_link(std::uint32_t index);
  void set_up(std::uint32_t index, bool up);
  void set_carrier(std::uint32_t index, bool carrier);
  /// "10.0.0.4/24": as ip-address(8) takes it. The kernel makes the connected and the local route.
  void add_address(std::uint32_t index, std::string_view cidr);
  void remove_address(std::uint32_t index, std::string_view cidr);
  /// Somebody else's ip-route(8); the route's protocol is its own, such as 4.
  Verdict as_foreign(Meeting meeting, const net::Route& route);
  Verdict remove_foreign(const net::Route& route);
  Verdict add_foreign(const net::Route& route) { return as_foreign(Meeting::add, route); }
  Verdict add_foreign(const net::Rule& rule);
  Verdict remove_foreign(const net::Rule& rule);
  /// A sysctl of forwarding or rp_filter was written; 0 = of "all".
  void change_settings(std::uint32_t index = 0);
  /// The buffer of the watch overflows: the notifications that wait are lost, an overrun stands for them.
  void overrun();

  /// The notifications since the last time, as Watch::read() gives them: none for our own changes.
  std::vector<net::Notification> take_notifications();

  // --- One knob per failure ----------------------------------------------------------------------------
  enum class Call : std::uint8_t { links, routes, routes_to, rules, lookup, apply };
  /// The next calls of the kind fail before they do anything.
  void fail_next(Call call, int error, int times = 1);
  /// The next dump of routes was interrupted again and again: EINTR, as the port says it.
  void interrupt_next_dump() { fail_next(Call::routes, EINTR); }
  /// The n-th change from now on (0 = the next one), over all batches, is refused.
  void refuse_change(std::size_t n, int error, std::string words);
  /// The next batch is applied, wholly or its first half only, and nobody knows: ENOBUFS.
  void lose_next_outcome() { lost_ = Lost::whole; }
  void lose_next_outcome_halfway() { lost_ = Lost::half; }
  /// Something happens in the middle of the next dump of routes, after half of them were handed over, and
  /// something when all were; each time between_parts() runs. What is gone when its turn comes is not shown.
  void during_next_dump(std::function<void()> halfway, std::function<void()> last) {
    halfway_ = std::move(halfway);
    last_ = std::move(last);
  }
  /// Something happens after the next dump of routes, which has shown them all.
  void after_next_dump(std::function<void()> deed) { after_dump_ = std::move(deed); }
  /// Something happens after the dump and before the next batch reaches the kernel.
  void before_next_apply(std::function<void()> change) { before_apply_ = std::move(change); }

  // --- What was asked of it ----------------------------------------------------------------------------
  [[nodiscard]] std::size_t calls(Call call) const;
  /// Every batch so far, as it came.
  [[nodiscard]] const std::vector<std::vector<net::Change>>& batches() const { return batches_; }
  /// Every route of every table, as a dump shows them.
  [[nodiscard]] std::vector<net::Route> all_routes() const { return fib_.shown(); }

 private:
  net::Result<net::Route> look_up(const net::Flow& flow);
  enum class Lost : std::uint8_t { nothing, half, whole };
  struct Planned {
    int error = 0;
    std::string words;
  };

  std::optional<net::Error> enter(Call call);
  net::Link* link(std::uint32_t index);
  net::Link& demand(std::uint32_t index);
  void notify(net::Notification::Subject subject, bool removal, std::uint32_t device,
              std::uint32_t removed_by);
  void notify_route(const net::Route& route, bool removal, std::uint32_t removed_by);
  void connect(const net::Link& link, const net::LinkAddress& address);
  void lose_ipv4(std::uint32_t index);
  void lose_ipv6(net::Link& link);
  Verdict objection(net::Route& route);
  Verdict insert(net::Route route, Meeting meeting);
  Verdict insert(const net::Rule& rule);
  Verdict remove(const net::Rule& rule);
  Verdict make(const net::Change& change);
  [[nodiscard]] std::vector<std::uint32_t> tables_for(const net::Flow& flow) const;

  std::vector<net::Link> links_ = {loopback()};
  FakeFib fib_;
  std::vector<net::Rule> rules_;
  std::vector<net::Notification> notifications_;
  std::map<Call, std::pair<int, int>> failures_;  ///< errno and how often
  std::map<Call, std::size_t> calls_;
  std::map<std::size_t, Planned> refusals_;  ///< by the number of the change
  std::size_t changes_seen_ = 0;
  Lost lost_ = Lost::nothing;
  std::function<void()> before_apply_;
  std::function<void()> after_dump_;
  std::function<void()> halfway_;
  std::function<void()> last_;
  std::vector<std::vector<net::Change>> batches_;

  static net::Link loopback();
};

}  // namespace test_support
