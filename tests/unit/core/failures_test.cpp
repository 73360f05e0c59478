// One story, told again for every failure that can happen once in it. The end is always the same: whatever
// fails, the table ends right, no foreign route is touched, and the node is ready.
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/core/node.h"

namespace agent {
namespace {

using testing::Node;
using Call = test_support::FakeKernel::Call;

/// A foreign route, which must outlive everything.
net::Route neighbours_route(const Node& node) {
  return testing::route("10.99.0.0/16", "10.240.0.1", node.eth0_index(), 4);
}

struct Failure {
  const char* name;
  std::function<void(Node&)> inject;
};

const std::vector<Failure> kFailures = {
    {"Nothing", [](Node&) {}},
    {"LinksDump", [](Node& node) { node.kernel.fail_next(Call::links, ENOBUFS); }},
    {"RoutesDump", [](Node& node) { node.kernel.fail_next(Call::routes, ENOBUFS); }},
    {"RoutesDumpInterrupted", [](Node& node) { node.kernel.interrupt_next_dump(); }},
    {"ForeignDump", [](Node& node) { node.kernel.fail_next(Call::routes_to, ENOBUFS); }},
    {"RulesDump", [](Node& node) { node.kernel.fail_next(Call::rules, ENOBUFS); }},
    {"Lookup", [](Node& node) { node.kernel.fail_next(Call::lookup, ENETUNREACH); }},
    {"LookupUnknown", [](Node& node) { node.kernel.fail_next(Call::lookup, ENOBUFS); }},
    {"Apply", [](Node& node) { node.kernel.fail_next(Call::apply, ENOBUFS); }},
    {"ApplyManyTimes", [](Node& node) { node.kernel.fail_next(Call::apply, ENOBUFS, 5); }},
    {"FirstChangeRefused", [](Node& node) { node.kernel.refuse_change(0, ENOMEM, "no memory"); }},
    {"SecondChangeRefused", [](Node& node) { node.kernel.refuse_change(1, ENOMEM, "no memory"); }},
    {"LastChangeRefused", [](Node& node) { node.kernel.refuse_change(2, ENOMEM, "no memory"); }},
    {"OutcomeLost", [](Node& node) { node.kernel.lose_next_outcome(); }},
    {"OutcomeLostHalfway", [](Node& node) { node.kernel.lose_next_outcome_halfway(); }},
    {"WatchOverrun", [](Node& node) { node.kernel.overrun(); }},
    {"LinkDownBetweenDumpAndBatch",
     [](Node& node) {
       node.kernel.before_next_apply([&node] {
         node.kernel.set_up(node.eth0_index(), false);
         node.kernel.set_up(node.eth0_index(), true);
         node.kernel.add_foreign(neighbours_route(node));  // its owner puts it back too
       });
     }},
    {"RouteTakenBetweenDumpAndBatch",
     [](Node& node) {
       node.kernel.before_next_apply([&node] {
         const auto foreign = testing::route("10.244.0.0/16", "10.240.0.1", node.eth0_index(), 4);
         node.kernel.add_foreign(foreign);
         node.kernel.remove_foreign(foreign);
       });
     }},
};

class FailureTest : public ::testing::TestWithParam<Failure> {
 protected:
  void SetUp() override {
    node.kernel.add_foreign(neighbours_route(node));
    foreign_routes = node.routes(4);
  }
  void expect_healthy() {
    node.settle();
    EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
    EXPECT_EQ(node.routes(4), foreign_routes);
    EXPECT_TRUE(node.ready());
  }

  Node node;
  std::vector<std::string> foreign_routes;
};

TEST_P(FailureTest, AtTheFirstProgramming) {
  GetParam().inject(node);
  node.reading(testing::network());
  expect_healthy();
}

TEST_P(FailureTest, AtARepair) {
  node.reading(testing::network());
  expect_healthy();
  GetParam().inject(node);
  for (const auto& route : node.kernel.routes(169).value_or(std::vector<net::Route>{})) {
    node.kernel.remove_foreign(route);
  }
  expect_healthy();
}

TEST_P(FailureTest, AtALinkFlap) {
  node.reading(testing::network());
  expect_healthy();
  node.kernel.set_up(node.eth0_index(), false);
  node.run_for(std::chrono::seconds(1));
  GetParam().inject(node);
  node.kernel.set_up(node.eth0_index(), true);
  node.kernel.add_foreign(neighbours_route(node));  // it went with the link, and is not ours to put back
  expect_healthy();
}

TEST_P(FailureTest, AtARestartWithLeftOvers) {
  node.reading(testing::network());
  expect_healthy();
  auto left_over = testing::route("10.246.0.0/16", "10.240.0.1", node.eth0_index());
  left_over.source = testing::address("10.240.0.4");
  node.kernel.add_foreign(left_over);
  GetParam().inject(node);
  node.restart();
  node.reading(testing::network());
  node.settle();
  node.reading(testing::network());  // removals wait for a second one
  expect_healthy();
}

INSTANTIATE_TEST_SUITE_P(OnceIn, FailureTest, ::testing::ValuesIn(kFailures),
                         [](const auto& failure) { return std::string(failure.param.name); });

}  // namespace
}  // namespace agent
