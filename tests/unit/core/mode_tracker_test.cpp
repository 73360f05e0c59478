#include "node/mode_tracker.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace agent {
namespace {

using namespace std::chrono_literals;

node::ModeEvidence evidence(node::Mode mode, bool conclusive = true) {
  return {.choice = {.mode = mode, .reason = "seen"}, .conclusive = conclusive};
}

class ModeTrackerTest : public ::testing::Test {
 protected:
  node::Mode after(std::optional<node::ModeEvidence> seen, std::chrono::seconds pause = 0s) {
    now_ += pause;
    tracker_.see(std::move(seen), now_);
    return tracker_.in_force().mode;
  }

  node::ModeTracker tracker_{std::nullopt, std::nullopt};
  net::MonoTime now_ = net::MonoTime{} + 1h;
};

TEST_F(ModeTrackerTest, TheFirstLookIsBelievedAtOnceAndSaysWhy) {
  EXPECT_NE(tracker_.in_force().reason.find("assumed"), std::string::npos);
  EXPECT_EQ(after(evidence(node::Mode::flannel)), node::Mode::flannel);
  EXPECT_EQ(tracker_.in_force().reason, "mode = \"auto\": seen");
}

TEST_F(ModeTrackerTest, AChangedMindNeedsEvidenceThatHoldsForThirtySeconds) {
  after(evidence(node::Mode::udr));
  EXPECT_EQ(after(evidence(node::Mode::azure_cni), 1s), node::Mode::udr);
  EXPECT_EQ(tracker_.due(), now_ + 30s);
  EXPECT_EQ(after(evidence(node::Mode::azure_cni), 29s), node::Mode::udr);
  EXPECT_EQ(after(evidence(node::Mode::azure_cni), 1s), node::Mode::azure_cni);
  EXPECT_EQ(tracker_.due(), std::nullopt);
}

TEST_F(ModeTrackerTest, AChangedMindNeedsNoTimeWhileNothingDependsOnIt) {
  tracker_.see(evidence(node::Mode::azure_cni), now_, true);
  tracker_.see(evidence(node::Mode::udr), now_ + 8s, true);
  EXPECT_EQ(tracker_.in_force().mode, node::Mode::udr);
  EXPECT_EQ(tracker_.due(), std::nullopt);
}

TEST_F(ModeTrackerTest, WhatWasKnownBeforeARestartIsInTheKernelAndIsHeldOnTo) {
  tracker_.restore({.mode = node::Mode::udr, .reason = "kept"});
  tracker_.see(evidence(node::Mode::azure_cni), now_, true);
  EXPECT_EQ(tracker_.in_force().mode, node::Mode::udr);
  EXPECT_EQ(tracker_.due(), now_ + 30s);
}

TEST_F(ModeTrackerTest, AnInterruptionStartsTheThirtySecondsAnew) {
  after(evidence(node::Mode::udr));
  for (const auto& interruption :
       {std::optional<node::ModeEvidence>(), std::optional(evidence(node::Mode::udr)),
        std::optional(evidence(node::Mode::flannel))}) {
    after(evidence(node::Mode::azure_cni), 1s);
    after(interruption, 20s);
    EXPECT_EQ(after(evidence(node::Mode::azure_cni), 20s), node::Mode::udr);
  }
}

TEST_F(ModeTrackerTest, TheFirstEvidenceIsBelievedAtOnceWheneverItComes) {
  after(std::nullopt);
  EXPECT_TRUE(tracker_.is_a_guess(now_));
  EXPECT_EQ(after(evidence(node::Mode::azure_cni), 1h), node::Mode::azure_cni);
  EXPECT_FALSE(tracker_.is_a_guess(now_));
}

TEST_F(ModeTrackerTest, WhatIsNotConclusiveIsAGuessForThreeMinutes) {
  after(evidence(node::Mode::udr, false));
  EXPECT_TRUE(tracker_.is_a_guess(now_));
  after(evidence(node::Mode::udr, false), 2min);
  EXPECT_TRUE(tracker_.is_a_guess(now_)) << "the same again is no more conclusive";
  EXPECT_FALSE(tracker_.is_a_guess(now_ + 1min));
  after(evidence(node::Mode::flannel), 1s);
  EXPECT_EQ(after(evidence(node::Mode::flannel), 30s), node::Mode::flannel) << "and another mode has to hold";
}

TEST_F(ModeTrackerTest, ANodeThatShowsNothingForTenMinutesIsWhatItWasTakenFor) {
  after(std::nullopt);
  after(std::nullopt, 9min);
  EXPECT_TRUE(tracker_.is_a_guess(now_));
  EXPECT_FALSE(tracker_.is_a_guess(now_ + 1min));
}

TEST_F(ModeTrackerTest, TheConfigurationAndWhatWasKnownBeforeAreNoGuess) {
  tracker_.restore({.mode = node::Mode::udr, .reason = "as before"});
  EXPECT_FALSE(tracker_.is_a_guess(now_));
  after(evidence(node::Mode::udr, false));
  EXPECT_FALSE(tracker_.is_a_guess(now_));
  EXPECT_FALSE(node::ModeTracker(node::Mode::udr, std::nullopt).is_a_guess(now_));
}

TEST_F(ModeTrackerTest, EvidenceThatGoesAwayOrIsAGuessChangesNothing) {
  after(evidence(node::Mode::flannel));
  after(std::nullopt, 1h);
  after(evidence(node::Mode::udr, false), 1h);
  EXPECT_EQ(after(evidence(node::Mode::udr, false), 1h), node::Mode::flannel);
}

TEST_F(ModeTrackerTest, WhatWasKnownBeforeARestartOutlastsAGuess) {
  tracker_.restore({.mode = node::Mode::flannel, .reason = "as before"});
  EXPECT_EQ(after(evidence(node::Mode::udr, false)), node::Mode::flannel);
  EXPECT_EQ(after(evidence(node::Mode::udr), 1s), node::Mode::flannel);
  EXPECT_EQ(after(evidence(node::Mode::udr), 30s), node::Mode::udr);
}

TEST_F(ModeTrackerTest, AGuessThatRulesOutAzureCniIsFollowedOnceItHolds) {
  auto not_azure = evidence(node::Mode::udr, false);
  not_azure.is_not_azure_cni = true;
  tracker_.restore({.mode = node::Mode::azure_cni, .reason = "as before"});
  EXPECT_EQ(after(not_azure), node::Mode::azure_cni);
  EXPECT_EQ(after(std::nullopt, 29s), node::Mode::azure_cni) << "no file for a moment";
  EXPECT_EQ(after(not_azure, 1s), node::Mode::azure_cni);
  EXPECT_EQ(after(evidence(node::Mode::azure_cni), 29s), node::Mode::azure_cni) << "Azure CNI's file is back";
  EXPECT_EQ(after(not_azure, 1h), node::Mode::azure_cni);
  EXPECT_EQ(tracker_.due(), now_ + 30s);
  EXPECT_EQ(after(not_azure, 30s), node::Mode::udr);
  after(evidence(node::Mode::flannel), 1s);
  EXPECT_EQ(after(evidence(node::Mode::flannel), 30s), node::Mode::flannel);
  EXPECT_EQ(after(not_azure, 1h), node::Mode::flannel) << "an overlay that has gone is a fault";
  EXPECT_EQ(after(not_azure, 1h), node::Mode::flannel);
}

TEST_F(ModeTrackerTest, TheConfigurationsWordIsTheLast) {
  after(evidence(node::Mode::flannel));
  tracker_.configure(node::Mode::calico_vxlan);
  EXPECT_EQ(after(evidence(node::Mode::udr), 1h), node::Mode::calico_vxlan);
  EXPECT_EQ(tracker_.in_force().reason, "mode = \"calico-vxlan\"");
  tracker_.configure(std::nullopt);
  EXPECT_EQ(tracker_.in_force().mode, node::Mode::flannel);
}

}  // namespace
}  // namespace agent
