// Every event enters by one door; what comes back says all that the shell has to do.
#include <gmock/gmock.h>

#include "tests/unit/core/controlled_node.h"

namespace agent {
namespace {

using core::EventKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kHealthyRoutes;
using testing::Node;
using testing::prefix;
using ::testing::SizeIs;

using testing::document;
using testing::kinds;
using testing::NodeControllerTest;
using testing::told;

TEST_F(NodeControllerTest, WhatWasKeptBeforeTheFirstTurnIsToldOfByIt) {
  for (const auto& effects :
       {handle(core::PersistedState{}),
        handle(core::CachedDocument{.network = testing::network(), .api_version = "2021-02-01"}),
        handle(observed::NodeEnvironment{})}) {
    EXPECT_EQ(effects.publish, nullptr);
    EXPECT_FALSE(effects.turned);
    EXPECT_THAT(effects.applied, IsEmpty());
  }
  const auto first = handle(core::Wakeup{});
  EXPECT_TRUE(first.turned);
  EXPECT_TRUE(first.ready_file_comes);
  EXPECT_EQ(first.publish->sequence, 1U);
  EXPECT_EQ(first.publish->version, "0.1.0");
  EXPECT_THAT(first.applied, SizeIs(3));
  EXPECT_FALSE(first.cache_document) << "it is from there";
}

TEST_F(NodeControllerTest, TheFirstDocumentMakesTheNodeReadyAndIsKept) {
  const auto start = handle(core::Wakeup{});
  EXPECT_FALSE(start.publish->ready);
  EXPECT_FALSE(start.query) << "the NIC is not known";
  EXPECT_EQ(start.inspect, (core::InspectionTarget{.mode = node::Mode::udr, .nic = ""}));

  const auto effects = handle(document());
  EXPECT_TRUE(effects.turned);
  EXPECT_TRUE(effects.publish->ready);
  EXPECT_TRUE(effects.ready_file_comes);
  EXPECT_TRUE(effects.service_is_ready);
  EXPECT_TRUE(effects.cache_document);
  ASSERT_TRUE(effects.persist);
  EXPECT_THAT(effects.persist->protocols, ElementsAre(169));
  ASSERT_TRUE(effects.query);
  EXPECT_EQ(effects.query->mac, testing::kMac);
  EXPECT_EQ(effects.inspect, (core::InspectionTarget{.mode = node::Mode::udr, .nic = "eth0"}));

  const auto again = handle(document());
  EXPECT_TRUE(again.turned);
  EXPECT_NE(again.publish, nullptr) << "checks age";
  EXPECT_FALSE(again.ready_file_comes);
  EXPECT_FALSE(again.service_is_ready);
  EXPECT_FALSE(again.cache_document);
  EXPECT_FALSE(again.persist);
  EXPECT_FALSE(again.query);
  EXPECT_FALSE(again.inspect);
}

TEST_F(NodeControllerTest, WhatAnotherVmHasKeptIsNotBelievedAndWrittenOver) {
  handle(core::PersistedState{.vm_id = "another VM", .protocols = {99}});
  handle(core::Wakeup{});
  const auto effects = handle(document());
  ASSERT_TRUE(effects.persist);
  EXPECT_EQ(effects.persist->vm_id, testing::network().identity.vm_id);
  EXPECT_THAT(effects.persist->protocols, ElementsAre(169));
}

TEST_F(NodeControllerTest, EachEventOfAReadyNodePublishesOnceAtMost) {
  get_ready();
  struct Row {
    const char* what;
    core::Event event;
    bool published;
    bool turned;
  };
  auto other = Node::udr();
  other.metric = 500;
  const std::vector<Row> rows = {{"a beat", core::Beat{}, false, false},
                                 {"a wake-up without a cause", core::Wakeup{}, false, false},
                                 {"no notification", core::NotificationsReady{}, false, false},
                                 {"the cache", core::CacheFailure{}, false, false},
                                 {"a failure", core::ImdsFailure{"IMDS: no answer"}, true, false},
                                 {"nothing new of Azure", observed::CloudState{}, true, false},
                                 {"nothing new here", observed::NodeEnvironment{}, true, false},
                                 {"a resync", core::ResyncDue{}, true, true},
                                 {"a document", document(), true, true},
                                 {"a configuration", configured(other), true, true}};
  for (const auto& row : rows) {
    const auto before = controller_->published().sequence;
    const auto effects = handle(row.event);
    EXPECT_EQ(effects.publish != nullptr, row.published) << row.what;
    EXPECT_EQ(effects.turned, row.turned) << row.what;
    EXPECT_EQ(controller_->published().sequence, before + (row.published ? 1 : 0)) << row.what;
    EXPECT_FALSE(effects.ready_file_goes) << row.what;
    settle();
  }
}

TEST_F(NodeControllerTest, ANodeThatIsNotReadyIsJudgedWithEachBeat) {
  handle(core::Wakeup{});
  EXPECT_NE(handle(core::Beat{}).publish, nullptr);
}

TEST_F(NodeControllerTest, AnotherNodeCidrIsNeverPublishedBeforeItsRoutesAreThere) {
  auto policy = Node::udr();
  policy.node_cidrs = {};
  start(policy);
  handle(core::Wakeup{});
  handle(document());
  settle();
  ASSERT_TRUE(controller_->published().ready);
  const auto effects = handle(told("10.244.1.0/24"));
  EXPECT_TRUE(effects.turned);
  EXPECT_TRUE(effects.publish->ready);
  EXPECT_FALSE(effects.ready_file_goes);
  EXPECT_EQ(node_.routes(), kHealthyRoutes);
}

TEST_F(NodeControllerTest, AChangeOfTheModeIsPublishedBeforeTheRoutesChange) {
  get_ready();
  auto flannel = Node::udr();
  flannel.mode = node::Mode::flannel;
  const auto first = handle(configured(flannel));
  EXPECT_TRUE(first.resume);
  EXPECT_FALSE(first.turned);
  EXPECT_TRUE(first.ready_file_goes);
  EXPECT_FALSE(first.publish->ready);
  EXPECT_EQ(node_.routes(), kHealthyRoutes) << "and nothing has changed yet";

  const auto then = handle(core::Wakeup{});
  EXPECT_FALSE(then.resume);
  EXPECT_TRUE(then.turned);
  EXPECT_TRUE(then.publish->ready);
  EXPECT_TRUE(then.ready_file_comes);
  EXPECT_THAT(node_.routes(), ElementsAre(kHealthyRoutes.back()));
}

TEST_F(NodeControllerTest, AnotherConfigurationIsAskedAboutAnew) {
  get_ready();
  EXPECT_TRUE(handle(configured(Node::udr())).query) << "where to ask may have changed";
}

TEST_F(NodeControllerTest, WhatCouldNotBeCachedIsTriedAgainAfterTheNextAnswer) {
  get_ready();
  EXPECT_FALSE(handle(document()).cache_document);
  handle(core::CacheFailure{});
  EXPECT_TRUE(handle(document()).cache_document);
}

TEST_F(NodeControllerTest, AnIncompleteAnswerIsNotCachedAndAskedForAgain) {
  get_ready();
  auto partial = document();
  partial.network.nics.front().mac = testing::mac(testing::kSecondMac);
  const auto effects = handle(partial);
  EXPECT_FALSE(effects.cache_document);
  EXPECT_TRUE(effects.poll_imds);
  EXPECT_TRUE(effects.publish->ready) << "the last good document stays";
}

TEST_F(NodeControllerTest, ASysctlThatCannotBeSetIsToldOnce) {
  auto policy = Node::udr();
  policy.enforce_sysctls = true;
  node_.sysctls.values["net/ipv4/ip_forward"] = "0";
  node_.sysctls.read_only = true;
  start(policy);
  EXPECT_THAT(kinds(handle(core::Wakeup{})), ::testing::Contains(EventKind::sysctl_refused));
  EXPECT_THAT(kinds(handle(core::ResyncDue{})),
              ::testing::Not(::testing::Contains(EventKind::sysctl_refused)));
  node_.sysctls.read_only = false;
  EXPECT_THAT(kinds(handle(core::ResyncDue{})), ::testing::Contains(EventKind::sysctl_set));
}

TEST_F(NodeControllerTest, OneAnswerThatPutsAPodCidrIntoTheSubnetWithdrawsNothing) {
  get_ready();
  auto wide = document();
  wide.network.nics.front().subnets = {prefix("10.240.0.0/12")};
  const auto effects = handle(wide);
  EXPECT_TRUE(effects.publish->ready) << "a second answer decides";
  EXPECT_FALSE(effects.ready_file_goes);
  EXPECT_EQ(node_.routes(), kHealthyRoutes);
  EXPECT_TRUE(handle(document()).publish->ready);
  handle(wide);
  EXPECT_FALSE(handle(wide).publish->ready);
}

TEST_F(NodeControllerTest, TheFirstAnswerOfAProcessRemovesNothingWhateverElseItLearns) {
  get_ready();
  auto policy = Node::udr();
  policy.node_cidrs = {};
  for (const bool is_told_first : {false, true}) {
    start(policy);  // and what was kept is lost
    handle(core::Wakeup{});
    if (is_told_first) handle(told("10.244.1.0/24"));
    auto wide = document();
    wide.network.nics.front().subnets = {prefix("10.240.0.0/12")};
    handle(wide);
    handle(told("10.244.1.0/24"));
    handle(core::ResyncDue{});
    EXPECT_EQ(node_.routes(), kHealthyRoutes) << is_told_first;
    EXPECT_TRUE(handle(document()).publish->ready);
  }
}

TEST_F(NodeControllerTest, AModeThatTheConfigurationContradictsIsNotKeptForTheNextStart) {
  auto configuration = Node::udr();
  configuration.mode_is_automatic = false;
  start(configuration);
  handle(core::PersistedState{.vm_id = testing::network().identity.vm_id,
                              .mode = node::ModeChoice{.mode = node::Mode::azure_cni,
                                                       .reason = "10-azure.conflist runs azure-vnet"}});
  handle(core::Wakeup{});
  const auto effects = handle(document());
  ASSERT_TRUE(effects.persist);
  EXPECT_FALSE(effects.persist->mode);
}

TEST_F(NodeControllerTest, AModeThatIsGuessedAnewIsPublishedWithItsOwnRoutesHoweverBusyTheNodeIs) {
  auto policy = Node::udr();
  policy.mode_is_automatic = true;
  start(policy);
  handle(core::Wakeup{});
  handle(document());
  settle();
  ASSERT_EQ(node_.routes(), kHealthyRoutes);
  node_.kernel.after_next_dump([this] { node_.now += std::chrono::seconds(1); });
  handle(core::ResyncDue{});  // it has cost much, and the next turn is to wait
  net::Link overlay;
  overlay.name = "flannel.1";
  overlay.kind = "vxlan";
  node_.kernel.add_link(overlay);
  observed::NodeEnvironment environment;
  environment.cni.emplace();
  const auto effects = handle(std::move(environment));
  ASSERT_TRUE(effects.publish);
  EXPECT_EQ(effects.publish->mode, node::Mode::flannel);
  EXPECT_EQ(node_.routes(), std::vector{kHealthyRoutes.back()}) << "the sink alone";
}

/// IMDS answers both at once: which answer comes first is chance.
TEST_F(NodeControllerTest, MaintenanceIsToldOnceWhicheverOfImdssAnswersComesFirst) {
  const observed::Maintenance freeze{.id = "F1", .vms = {"worker-1"}};
  auto named = document();
  named.network.identity.name = "worker-1";
  for (const bool events_first : {true, false}) {
    start(Node::udr());
    int told = 0;
    const auto count = [&told](const core::Effects& effects) {
      const auto all = kinds(effects);
      told += static_cast<int>(std::count(all.begin(), all.end(), core::EventKind::maintenance_announced));
    };
    count(handle(core::Wakeup{}));
    const core::Event events = core::ScheduledEvents{std::vector{freeze}};
    count(handle(events_first ? events : core::Event(named)));
    count(handle(events_first ? core::Event(named) : events));
    count(handle(core::Wakeup{}));
    count(handle(events));
    EXPECT_EQ(told, 1) << events_first;
    EXPECT_EQ(controller_->published().maintenance.size(), 1U);
  }
}

}  // namespace
}  // namespace agent
