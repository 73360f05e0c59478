#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/node_engine.h"
#include "tests/support/fake_kernel.h"
#include "tests/unit/core/build.h"
#include "tests/unit/core/fake_sysctls.h"

namespace agent::testing {

/// A node of values: eth0 as Azure made it, a kernel, its sysctls, and an engine on a clock that only tests
/// move.
class Node {
 public:
  explicit Node(node::Policy policy = udr()) : policy_(std::move(policy)) {
    auto nic = eth0();
    nic.index = 0;
    nic.addresses.clear();
    eth0_ = kernel.add_link(nic);
    kernel.add_address(eth0_, "10.240.0.4/24");
    for (const auto* key : {"net/ipv4/ip_forward", "net/ipv4/conf/eth0/forwarding",
                            "net/ipv4/conf/all/rp_filter", "net/ipv4/conf/eth0/rp_filter"}) {
      sysctls.values[key] = "1";
    }
    (void)kernel.take_notifications();
    restart();
  }

  static node::Policy udr() {
    node::Policy policy;
    policy.cluster_cidrs = {prefix("10.244.0.0/16"), prefix("10.245.0.0/16")};
    policy.node_cidrs = {prefix("10.244.1.0/24")};
    return policy;
  }

  /// fd00::4, Azure's router, and the kernel as an IPv6 node needs it.
  void give_ipv6() {
    kernel.add_address(eth0_, "fd00::4/64");
    kernel.add_foreign(route("::/0", "fe80::1234:5678:9abc", eth0_, 9));
    sysctls.values["net/ipv6/conf/all/forwarding"] = "1";
    sysctls.values["net/ipv6/conf/eth0/forwarding"] = "1";
    sysctls.values["net/ipv6/conf/eth0/accept_ra"] = "2";
  }

  /// A new process with another configuration.
  void restart(node::Policy policy) {
    policy_ = std::move(policy);
    restart();
  }
  /// A new process: nothing is remembered but what the kernel holds.
  void restart() { engine_.emplace(kernel, sysctls, policy_, "node", 7U, now); }

  void reading(const observed::NodeNetwork& network) {
    engine().take_reading(network, "2021-02-01", now, net::WallTime{});
  }

  /// The answer of IMDS that comes each minute, and the turn that it brings.
  void minute(const observed::NodeNetwork& network) {
    run_for(std::chrono::minutes(1));
    reading(network);
    reports.push_back(engine().turn(now, net::WallTime{}));
    run_for(std::chrono::milliseconds(0));
  }

  /// Lets time pass: notifications are taken, and every turn runs that falls due.
  void run_for(std::chrono::milliseconds time) {
    const auto end = now + time;
    while (true) {
      repairs.push_back(engine().take_notifications(kernel.take_notifications(), now));
      const auto due = engine().due();
      if (!due || *due > end) break;
      now = std::max(now, *due);
      reports.push_back(engine().turn(now, net::WallTime{}));
    }
    now = end;
  }

  /// Until nothing but retries is left, at most.
  void settle() { run_for(std::chrono::minutes(2)); }

  /// Routes of the protocol, as text without the device, sorted.
  std::vector<std::string> routes(std::uint8_t protocol = 169) {
    std::vector<std::string> lines;
    for (const auto& route : kernel.all_routes()) {
      if (route.protocol == protocol)
        lines.push_back(net::route_text(route, route.device == 0 ? "" : "eth0"));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  checks::CheckResult check(std::string_view id) {
    for (auto& result : engine().snapshot(now, net::WallTime{}).checks) {
      if (result.id == id) return result;
    }
    return {};
  }
  bool ready() { return engine().snapshot(now, net::WallTime{}).ready; }

  core::NodeEngine& engine() { return *engine_; }
  [[nodiscard]] std::uint32_t eth0_index() const { return eth0_; }

  test_support::FakeKernel kernel;
  FakeSysctls sysctls;
  net::MonoTime now = net::MonoTime{} + std::chrono::hours(1);
  std::vector<core::TurnReport> reports;
  std::vector<routing::RepairReport> repairs;

 private:
  node::Policy policy_;
  std::uint32_t eth0_ = 0;
  std::optional<core::NodeEngine> engine_;
};

/// What a healthy node of Node::udr() holds.
inline const std::vector<std::string> kHealthyRoutes = {
    "10.244.0.0/16 via 10.240.0.1 dev eth0 src 10.240.0.4 table 254 metric 1024 protocol 169",
    "10.245.0.0/16 via 10.240.0.1 dev eth0 src 10.240.0.4 table 254 metric 1024 protocol 169",
    "blackhole 10.244.1.0/24 table 254 metric 1000000 protocol 169"};

}  // namespace agent::testing
