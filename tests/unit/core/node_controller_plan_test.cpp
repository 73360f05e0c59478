// The controller of plan, doctor and explain: it observes, and shows what the daemon would do.
#include <gmock/gmock.h>

#include "tests/unit/core/controlled_node.h"

namespace agent {
namespace {

using ::testing::IsEmpty;
using testing::kHealthyRoutes;
using testing::Node;
using testing::prefix;
using ::testing::SizeIs;

using testing::document;
using testing::NodeControllerTest;
using testing::told;

class ObservingTest : public NodeControllerTest {
 protected:
  net::Result<core::NodePlan> plan(const node::Policy& policy) {
    auto observed_through = ports();
    observed_through.watch = nullptr;
    core::NodeController observer(std::move(observed_through), configured(policy), "0.1.0", 7U,
                                  core::NodeEngine::Role::observes);
    observer.handle(core::PersistedState{.protocols = {169}});
    observer.handle(document());
    observer.handle(told("10.244.1.0/24"));
    return observer.plan();
  }
};

TEST_F(ObservingTest, ShowsWhatTheDaemonThenDoesAndChangesNothing) {
  auto policy = Node::udr();
  policy.enforce_sysctls = true;
  node_.sysctls.values["net/ipv4/ip_forward"] = "0";
  const auto shown = plan(policy);
  ASSERT_TRUE(shown);
  EXPECT_THAT(node_.kernel.batches(), IsEmpty());
  EXPECT_THAT(node_.sysctls.writes, IsEmpty());
  EXPECT_THAT(shown->routes.changes, SizeIs(3));
  EXPECT_FALSE(shown->routes.removals_held);

  start(policy);
  handle(core::Wakeup{});
  handle(document());
  EXPECT_EQ(node_.kernel.batches().front(), shown->routes.changes);
}

TEST_F(ObservingTest, SaysThatRemovalsWaitForASecondAnswer) {
  get_ready();
  auto policy = Node::udr();
  policy.cluster_cidrs = {prefix("10.244.0.0/16")};
  const auto shown = plan(policy);
  ASSERT_TRUE(shown);
  ASSERT_THAT(shown->routes.changes, SizeIs(1));
  EXPECT_EQ(shown->routes.changes.front().verb, net::Verb::remove);
  EXPECT_TRUE(shown->routes.removals_held);
  EXPECT_EQ(node_.routes(), kHealthyRoutes);
}

TEST_F(ObservingTest, AKernelThatCannotBeReadIsAnErrorAndNoPlan) {
  node_.kernel.fail_next(test_support::FakeKernel::Call::links, EIO, 100);
  EXPECT_FALSE(plan(Node::udr()));
}

}  // namespace
}  // namespace agent
