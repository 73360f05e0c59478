// A node whose networking is found, and changes: what the engine makes of it.
#include <gtest/gtest.h>

#include "tests/unit/core/node.h"

namespace agent {
namespace {

using testing::Node;
using namespace std::chrono_literals;

observed::CniFile file_of(std::string path, std::string type, std::string ipam) {
  return {.path = std::move(path),
          .network = "pods",
          .plugins = {{.type = std::move(type), .ipam = std::move(ipam)}},
          .problem = ""};
}

const auto kCalicosFile = file_of("/etc/cni/net.d/10-calico.conflist", "calico", "host-local");
const auto kAzuresFile = file_of("/etc/cni/net.d/10-azure.conflist", "azure-vnet", "azure-vnet-ipam");

observed::NodeEnvironment with(std::vector<observed::CniFile> files) {
  observed::NodeEnvironment environment;
  environment.cni.emplace();
  environment.cni->configuration =
      observed::CniConfiguration{.folder = "/etc/cni/net.d", .files = std::move(files)};
  return environment;
}

TEST(NodeEngineMode, AnotherNetworkingIsFollowedAndTheNodeIsNotReadyMeanwhile) {
  auto policy = Node::udr();
  policy.mode_is_automatic = true;
  Node node(policy);
  node.engine().take_environment(with({kCalicosFile}), node.now);
  node.reading(testing::network());
  node.run_for(4min);  // no longer a guess
  ASSERT_EQ(node.routes(), testing::kHealthyRoutes);
  ASSERT_TRUE(node.ready());

  node.engine().take_environment(with({kAzuresFile}), node.now);
  node.run_for(29s);
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  node.now += 1s;
  ASSERT_FALSE(node.engine().reconsider_mode(node.now)) << "what was seen may be gone";
  EXPECT_TRUE(node.engine().awaits_look());
  EXPECT_FALSE(node.engine().due()) << "the look's answer is what it waits for";
  node.engine().take_environment(with({kAzuresFile}), node.now);
  EXPECT_FALSE(node.engine().awaits_look());
  ASSERT_TRUE(node.engine().reconsider_mode(node.now));
  EXPECT_FALSE(node.ready());
  EXPECT_EQ(node.check("mode.in_force").message,
            "the mode changes from udr to azure-cni: mode = \"auto\": /etc/cni/net.d/10-azure.conflist runs "
            "azure-vnet");
  node.run_for(1s);
  EXPECT_TRUE(node.routes().empty());
  EXPECT_TRUE(node.ready());
}

/// A link in the folder leads elsewhere, where no watch sees it change back.
TEST(NodeEngineMode, NoRouteIsRemovedForNetworkingThatIsGoneAgainUnnoticed) {
  auto policy = Node::udr();
  policy.mode_is_automatic = true;
  Node node(policy);
  node.engine().take_environment(with({kCalicosFile}), node.now);
  node.reading(testing::network());
  node.run_for(4min);
  node.engine().take_environment(with({kAzuresFile}), node.now);
  node.run_for(40s);
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes) << "nobody has looked since";
  EXPECT_FALSE(node.engine().reconsider_mode(node.now));
  node.engine().take_environment(with({kCalicosFile}), node.now);
  node.run_for(4min);
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  EXPECT_TRUE(node.ready());
}

TEST(NodeEngineMode, APartThatIsMissingIsNoFailureWhileItsInstallerMayBeAtWork) {
  Node node(Node::udr());
  node.reading(testing::network());
  auto environment = with({kCalicosFile});
  environment.cni->configuration->missing_programs = {"/opt/cni/bin/calico is not there"};
  node.engine().take_environment(environment, node.now);
  EXPECT_EQ(node.check("cni.plugins").status, checks::CheckStatus::fail) << "it was like that at the start";
  node.engine().take_environment(with({}), node.now);
  node.engine().take_environment(environment, node.now);
  const auto seen = node.check("cni.plugins");
  EXPECT_EQ(seen.status, checks::CheckStatus::unknown);
  EXPECT_TRUE(seen.message.ends_with(
      "its installer may still be at work, the CNI configuration is about a minute old"))
      << seen.message;
  node.engine().take_environment(environment, node.now + 30s);
  node.run_for(61s);
  EXPECT_EQ(node.check("cni.plugins").status, checks::CheckStatus::unknown)
      << "the look of the minute comes only now";
  node.run_for(10s);
  EXPECT_EQ(node.check("cni.plugins").status, checks::CheckStatus::fail);
}

TEST(NodeEngineMode, WhileImdsHasNotAnsweredOtherFilesAreFollowedAtOnce) {
  auto policy = Node::udr();
  policy.mode_is_automatic = true;
  Node node(policy);
  node.engine().take_environment(with({kAzuresFile}), node.now);
  node.run_for(8s);
  node.engine().take_environment(with({kCalicosFile}), node.now);
  node.reading(testing::network());
  node.run_for(1s);
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes)
      << "ready without routes, in the mode of a file that is gone";
  EXPECT_TRUE(node.ready());
}

TEST(NodeEngineMode, CalicoWithHostLocalInThePlaceOfAzureCniIsFollowed) {
  auto policy = Node::udr();
  policy.mode_is_automatic = true;
  Node node(policy);
  node.engine().take_environment(with({kAzuresFile}), node.now);
  node.reading(testing::network());
  node.run_for(4min);
  ASSERT_TRUE(node.ready());
  ASSERT_TRUE(node.routes().empty());

  node.engine().take_environment(with({kCalicosFile}), node.now);
  node.run_for(29s);
  EXPECT_EQ(node.check("mode.contradicted").status, checks::CheckStatus::unknown);
  EXPECT_TRUE(node.routes().empty());
  node.now += 1s;
  node.engine().take_environment(with({kCalicosFile}), node.now);
  ASSERT_TRUE(node.engine().reconsider_mode(node.now));
  EXPECT_FALSE(node.ready());
  node.run_for(1s);
  EXPECT_EQ(node.routes(), testing::kHealthyRoutes);
  EXPECT_TRUE(node.ready());
}

TEST(NodeEngineMode, AGuessGivesWayInOneTurnAndNobodyNeedsToKnow) {
  auto policy = Node::udr();
  policy.mode_is_automatic = true;
  Node node(policy);
  node.engine().take_environment(with({}), node.now);
  node.reading(testing::network());
  node.run_for(1min);
  ASSERT_TRUE(node.ready());
  node.engine().take_environment(with({kAzuresFile}), node.now);
  EXPECT_FALSE(node.engine().reconsider_mode(node.now)) << "nothing to tell before the turn";
  node.run_for(0s);
  EXPECT_EQ(node.engine().policy().mode, node::Mode::azure_cni);
  EXPECT_TRUE(node.routes().empty());
  EXPECT_TRUE(node.ready());
}

TEST(NodeEngineMode, TheConfigurationChangesItWithoutWaiting) {
  Node node;
  node.reading(testing::network());
  node.run_for(1s);
  auto policy = Node::udr();
  policy.mode = node::Mode::flannel;
  node.engine().set_policy(policy, node.now);
  EXPECT_FALSE(node.ready());
  node.run_for(1s);
  EXPECT_TRUE(node.ready());
  EXPECT_EQ(node.routes(), (std::vector<std::string>{testing::kHealthyRoutes.back()}));
}

}  // namespace
}  // namespace agent
