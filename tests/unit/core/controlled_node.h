#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/node_controller.h"
#include "tests/unit/core/node.h"

namespace agent::testing {

/// The notifications of a FakeKernel.
class FakeWatch final : public net::RouteWatch {
 public:
  explicit FakeWatch(test_support::FakeKernel& kernel) : kernel_(kernel) {}

  net::Result<void> set_filter(const net::NotificationFilter& filter) override {
    filters.push_back(filter);
    dumps_before.push_back(kernel_.calls(test_support::FakeKernel::Call::routes));
    if (refuses_filters) return net::failure(ENOMEM, "filter of notifications: out of memory");
    return {};
  }
  net::Result<void> read(std::vector<net::Notification>& into) override {
    if (std::exchange(fails, false)) return net::failure(EIO, "netlink: broken");
    for (const auto& each : kernel_.take_notifications()) into.push_back(each);
    for (const auto& each : std::exchange(more, {})) into.push_back(each);
    return {};
  }
  std::string process_of(std::uint32_t port) override {
    return fmt::format("{} (process {})", port == 4242 ? "ip" : "bird", port);
  }

  std::vector<net::NotificationFilter> filters;
  std::vector<std::size_t> dumps_before;  ///< of routes, when each filter was installed
  std::vector<net::Notification> more;
  bool fails = false;
  bool refuses_filters = false;

 private:
  test_support::FakeKernel& kernel_;
};

inline core::ImdsDocument document() { return {.network = network(), .api_version = "2021-02-01"}; }

class NodeControllerTest : public ::testing::Test {
 protected:
  NodeControllerTest() { start(Node::udr()); }

  void start(const node::Policy& policy) {
    controller_.reset();
    controller_ = std::make_unique<core::NodeController>(ports(), configured(policy), "0.1.0", 7U);
  }
  core::Ports ports() {
    return {.kernel = node_.kernel, .sysctls = node_.sysctls, .watch = &watch_, .clock = [this] {
              return net::Now{.mono = node_.now, .wall = net::WallTime{} + std::chrono::hours(1)};
            }};
  }
  static core::Configuration configured(const node::Policy& policy) {
    return {.policy = policy, .node_name = "node"};
  }
  core::Effects handle(core::Event event) { return controller_->handle(std::move(event)); }
  /// Until nothing but retries is due.
  void settle() {
    for (auto effects = handle(core::Wakeup{}); effects.wake_at; effects = handle(core::Wakeup{})) {
      if (*effects.wake_at > node_.now + std::chrono::minutes(1)) return;
      node_.now = std::max(node_.now, *effects.wake_at);
    }
  }
  void get_ready() {
    handle(core::Wakeup{});
    handle(document());
    settle();
    ASSERT_TRUE(controller_->published().ready);
    ASSERT_EQ(node_.routes(), kHealthyRoutes);
    node_.now += std::chrono::minutes(1);
  }
  net::Route ours(std::size_t index) { return node_.kernel.routes(169)->at(index); }

  Node node_;
  FakeWatch watch_{node_.kernel};
  std::unique_ptr<core::NodeController> controller_;
};

inline std::vector<core::EventKind> kinds(const core::Effects& effects) {
  std::vector<core::EventKind> all;
  for (const auto& each : effects.log) all.push_back(each.kind);
  return all;
}

inline observed::CloudState told(const char* cidr) {
  observed::CloudState state;
  observed::KubernetesNode node;
  node.name = "node";
  node.pod_cidrs = {prefix(cidr)};
  state.node = node;
  return state;
}

}  // namespace agent::testing
