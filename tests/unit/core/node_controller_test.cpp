// Every event enters by one door; what comes back says all that the shell has to do.
#include "core/node_controller.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/core/node.h"

namespace agent {
namespace {

using namespace std::chrono_literals;
using core::Effects;
using core::EventKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kHealthyRoutes;
using testing::Node;
using testing::prefix;
using ::testing::SizeIs;
using ::testing::StartsWith;

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

core::ImdsDocument document() { return {.network = testing::network(), .api_version = "2021-02-01"}; }

class NodeControllerTest : public ::testing::Test {
 protected:
  NodeControllerTest() { start(Node::udr()); }

  void start(const node::Policy& policy) {
    controller_.reset();
    controller_ = std::make_unique<core::NodeController>(ports(), configured(policy), "0.1.0", 7U);
  }
  core::Ports ports() {
    return {.kernel = node_.kernel, .sysctls = node_.sysctls, .watch = &watch_, .clock = [this] {
              return net::Now{.mono = node_.now, .wall = net::WallTime{} + 1h};
            }};
  }
  static core::Configuration configured(const node::Policy& policy) {
    return {.policy = policy, .node_name = "node"};
  }
  Effects handle(core::Event event) { return controller_->handle(std::move(event)); }
  /// Until nothing but retries is due.
  void settle() {
    for (auto effects = handle(core::Wakeup{}); effects.wake_at; effects = handle(core::Wakeup{})) {
      if (*effects.wake_at > node_.now + 1min) return;
      node_.now = std::max(node_.now, *effects.wake_at);
    }
  }
  void get_ready() {
    handle(core::Wakeup{});
    handle(document());
    settle();
    ASSERT_TRUE(controller_->published().ready);
    ASSERT_EQ(node_.routes(), kHealthyRoutes);
    node_.now += 1min;
  }
  net::Route ours(std::size_t index) { return node_.kernel.routes(169)->at(index); }

  Node node_;
  FakeWatch watch_{node_.kernel};
  std::unique_ptr<core::NodeController> controller_;
};

std::vector<EventKind> kinds(const Effects& effects) {
  std::vector<EventKind> all;
  for (const auto& each : effects.log) all.push_back(each.kind);
  return all;
}

observed::CloudState told(const char* cidr) {
  observed::CloudState state;
  observed::KubernetesNode node;
  node.name = "node";
  node.pod_cidrs = {prefix(cidr)};
  state.node = node;
  return state;
}

// --- Before the first turn
// ----------------------------------------------------------------------------------

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

// --- What each event leads to
// -------------------------------------------------------------------------------

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

// --- Notifications
// ------------------------------------------------------------------------------------------

TEST_F(NodeControllerTest, ARepairIsPublishedWithWhoRemovedTheRouteAndThenLogged) {
  get_ready();
  node_.kernel.remove_foreign(ours(0));
  const auto effects = handle(core::NotificationsReady{});
  EXPECT_EQ(node_.routes(), kHealthyRoutes);
  EXPECT_FALSE(effects.turned) << "no dump";
  ASSERT_THAT(effects.applied, SizeIs(1));
  EXPECT_TRUE(effects.applied.front().repaired);
  EXPECT_EQ(effects.processes.at(effects.applied.front().removed_by), "ip (process 4242)");
  ASSERT_NE(effects.publish, nullptr);
  EXPECT_EQ(effects.publish->counters.routes_repaired, 1U);
  EXPECT_EQ(effects.publish->changes.back().removed_by, "ip (process 4242)");
  ASSERT_EQ(kinds(effects), std::vector{EventKind::routes_put_back});
  EXPECT_THAT(effects.log.front().message, StartsWith("restored 1 route removed by ip (process 4242): "));
  EXPECT_EQ(effects.wake_at, node_.now + routing::CpuBudget::kQuiet) << "a step confirms it";
}

TEST_F(NodeControllerTest, OfTwoWhoRemoveRoutesEachIsNamedForItsOwn) {
  get_ready();
  const auto first = ours(0);
  const auto second = ours(1);
  node_.kernel.remove_foreign(first);
  node_.kernel.remove_foreign(second);
  watch_.more = node_.kernel.take_notifications();
  ASSERT_THAT(watch_.more, SizeIs(2));
  watch_.more.back().removed_by = 77;
  const auto effects = handle(core::NotificationsReady{});
  EXPECT_THAT(effects.log.front().message,
              StartsWith("restored 2 routes removed by bird (process 77), ip (process 4242): "));
  const auto& changes = effects.publish->changes;
  EXPECT_EQ(changes.at(changes.size() - 2).removed_by, "ip (process 4242)");
  EXPECT_EQ(changes.back().removed_by, "bird (process 77)");
}

TEST_F(NodeControllerTest, WhatIsRemovedDuringADumpIsRestoredBetweenItsParts) {
  get_ready();
  const auto victim = ours(0);
  const auto batches = node_.kernel.batches().size();
  node_.kernel.during_next_dump([&] { node_.kernel.remove_foreign(victim); },
                                [&] { EXPECT_EQ(node_.routes(), kHealthyRoutes) << "before it ends"; });
  const auto effects = handle(core::ResyncDue{});
  EXPECT_EQ(node_.routes(), kHealthyRoutes);
  EXPECT_EQ(node_.kernel.batches().size(), batches + 1) << "the step found nothing left to do";
  EXPECT_EQ(effects.publish->counters.routes_repaired, 1U);
  EXPECT_THAT(effects.log.front().message, HasSubstr("removed by ip (process 4242)"));
}

TEST_F(NodeControllerTest, ARouteThatIsGoneWhileItIsLookedUpIsNotShadowed) {
  get_ready();
  const auto victim = ours(0);
  node_.kernel.after_next_dump([&] { node_.kernel.remove_foreign(victim); });
  const auto effects = handle(core::ResyncDue{});
  EXPECT_EQ(node_.routes(), kHealthyRoutes);
  EXPECT_TRUE(effects.publish->ready);
  EXPECT_EQ(kinds(effects), std::vector{EventKind::routes_put_back});
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
  start(Node::udr());  // and what was kept is lost
  auto environment = observed::NodeEnvironment{};
  environment.cni.emplace();
  handle(environment);
  handle(core::Wakeup{});
  auto wide = document();
  wide.network.nics.front().subnets = {prefix("10.240.0.0/12")};
  handle(wide);
  handle(told("10.244.9.0/24"));
  handle(core::ResyncDue{});
  EXPECT_THAT(node_.routes(), ::testing::IsSupersetOf({kHealthyRoutes.at(0), kHealthyRoutes.at(1)}));
  EXPECT_TRUE(handle(document()).publish->ready);
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

TEST_F(NodeControllerTest, AChangeOfALinkIsInspected) {
  get_ready();
  node_.kernel.set_carrier(node_.eth0_index(), false);
  EXPECT_TRUE(handle(core::NotificationsReady{}).inspect_again);
  node_.kernel.add_foreign(testing::route("10.99.0.0/16", "10.240.0.1", node_.eth0_index()));
  EXPECT_FALSE(handle(core::NotificationsReady{}).inspect_again);
}

TEST_F(NodeControllerTest, LostNotificationsAreToldAndADumpMakesUpForThem) {
  get_ready();
  watch_.fails = true;
  node_.kernel.remove_foreign(ours(0));
  const auto effects = handle(core::NotificationsReady{});
  EXPECT_THAT(kinds(effects), ::testing::Contains(EventKind::events_lost));
  settle();
  EXPECT_EQ(node_.routes(), kHealthyRoutes);
}

TEST_F(NodeControllerTest, TheFilterIsInstalledBeforeTheDumpAndOnlyWhenItChanges) {
  get_ready();
  ASSERT_THAT(watch_.filters, SizeIs(1));
  EXPECT_EQ(watch_.dumps_before.front(), 0U);
  auto policy = Node::udr();
  policy.cluster_cidrs = {prefix("10.246.0.0/16")};
  const auto dumps = node_.kernel.calls(test_support::FakeKernel::Call::routes);
  handle(configured(policy));
  ASSERT_THAT(watch_.filters, SizeIs(2));
  EXPECT_EQ(watch_.dumps_before.back(), dumps);
  watch_.refuses_filters = true;
  policy.cluster_cidrs = {prefix("10.247.0.0/16")};
  EXPECT_THAT(kinds(handle(configured(policy))), ::testing::Contains(EventKind::events_lost));
}

// --- plan, doctor and explain
// -------------------------------------------------------------------------------

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
