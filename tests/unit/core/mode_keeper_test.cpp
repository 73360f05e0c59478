#include "agent/core/mode_keeper.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace agent {
namespace {

using namespace std::chrono_literals;

ModeEvidence evidence(Mode mode, bool conclusive = true) {
  return {.choice = {.mode = mode, .reason = "seen"}, .conclusive = conclusive};
}

class ModeKeeperTest : public ::testing::Test {
 protected:
  Mode after(std::optional<ModeEvidence> seen, std::chrono::seconds pause = 0s) {
    now_ += pause;
    keeper_.see(std::move(seen), now_);
    return keeper_.in_force().mode;
  }

  ModeKeeper keeper_{std::nullopt, std::nullopt};
  MonoTime now_ = MonoTime{} + 1h;
};

TEST_F(ModeKeeperTest, TheFirstLookIsBelievedAtOnceAndSaysWhy) {
  EXPECT_NE(keeper_.in_force().reason.find("assumed"), std::string::npos);
  EXPECT_EQ(after(evidence(Mode::flannel)), Mode::flannel);
  EXPECT_EQ(keeper_.in_force().reason, "mode = \"auto\": seen");
}

TEST_F(ModeKeeperTest, AChangedMindNeedsEvidenceThatHoldsForThirtySeconds) {
  after(evidence(Mode::udr));
  EXPECT_EQ(after(evidence(Mode::azure_cni), 1s), Mode::udr);
  EXPECT_EQ(keeper_.due(), now_ + 30s);
  EXPECT_EQ(after(evidence(Mode::azure_cni), 29s), Mode::udr);
  EXPECT_EQ(after(evidence(Mode::azure_cni), 1s), Mode::azure_cni);
  EXPECT_EQ(keeper_.due(), std::nullopt);
}

TEST_F(ModeKeeperTest, AnInterruptionStartsTheThirtySecondsAnew) {
  after(evidence(Mode::udr));
  for (const auto& interruption : {std::optional<ModeEvidence>(), std::optional(evidence(Mode::udr)),
                                   std::optional(evidence(Mode::flannel))}) {
    after(evidence(Mode::azure_cni), 1s);
    after(interruption, 20s);
    EXPECT_EQ(after(evidence(Mode::azure_cni), 20s), Mode::udr);
  }
}

TEST_F(ModeKeeperTest, TheFirstEvidenceIsBelievedAtOnceWheneverItComes) {
  after(std::nullopt);
  EXPECT_TRUE(keeper_.is_a_guess(now_));
  EXPECT_EQ(after(evidence(Mode::azure_cni), 1h), Mode::azure_cni);
  EXPECT_FALSE(keeper_.is_a_guess(now_));
}

TEST_F(ModeKeeperTest, WhatIsNotConclusiveIsAGuessForThreeMinutes) {
  after(evidence(Mode::udr, false));
  EXPECT_TRUE(keeper_.is_a_guess(now_));
  after(evidence(Mode::udr, false), 2min);
  EXPECT_TRUE(keeper_.is_a_guess(now_)) << "the same again is no more conclusive";
  EXPECT_FALSE(keeper_.is_a_guess(now_ + 1min));
  after(evidence(Mode::flannel), 1s);
  EXPECT_EQ(after(evidence(Mode::flannel), 30s), Mode::flannel) << "and another mode has to hold";
}

TEST_F(ModeKeeperTest, ANodeThatShowsNothingForTenMinutesIsWhatItWasTakenFor) {
  after(std::nullopt);
  after(std::nullopt, 9min);
  EXPECT_TRUE(keeper_.is_a_guess(now_));
  EXPECT_FALSE(keeper_.is_a_guess(now_ + 1min));
}

TEST_F(ModeKeeperTest, TheConfigurationAndWhatWasKnownBeforeAreNoGuess) {
  keeper_.recall({.mode = Mode::udr, .reason = "as before"});
  EXPECT_FALSE(keeper_.is_a_guess(now_));
  after(evidence(Mode::udr, false));
  EXPECT_FALSE(keeper_.is_a_guess(now_));
  EXPECT_FALSE(ModeKeeper(Mode::udr, std::nullopt).is_a_guess(now_));
}

TEST_F(ModeKeeperTest, EvidenceThatGoesAwayOrIsAGuessChangesNothing) {
  after(evidence(Mode::flannel));
  after(std::nullopt, 1h);
  after(evidence(Mode::udr, false), 1h);
  EXPECT_EQ(after(evidence(Mode::udr, false), 1h), Mode::flannel);
}

TEST_F(ModeKeeperTest, WhatWasKnownBeforeARestartOutlastsAGuess) {
  keeper_.recall({.mode = Mode::flannel, .reason = "as before"});
  EXPECT_EQ(after(evidence(Mode::udr, false)), Mode::flannel);
  EXPECT_EQ(after(evidence(Mode::udr), 1s), Mode::flannel);
  EXPECT_EQ(after(evidence(Mode::udr), 30s), Mode::udr);
}

TEST_F(ModeKeeperTest, AGuessThatRulesOutAzureCniIsFollowedOnceItHolds) {
  auto not_azure = evidence(Mode::udr, false);
  not_azure.is_not_azure_cni = true;
  keeper_.recall({.mode = Mode::azure_cni, .reason = "as before"});
  EXPECT_EQ(after(not_azure), Mode::azure_cni);
  EXPECT_EQ(after(std::nullopt, 29s), Mode::azure_cni) << "no file for a moment";
  EXPECT_EQ(after(not_azure, 1s), Mode::azure_cni);
  EXPECT_EQ(after(evidence(Mode::azure_cni), 29s), Mode::azure_cni) << "Azure CNI's file is back";
  EXPECT_EQ(after(not_azure, 1h), Mode::azure_cni);
  EXPECT_EQ(keeper_.due(), now_ + 30s);
  EXPECT_EQ(after(not_azure, 30s), Mode::udr);
  after(evidence(Mode::flannel), 1s);
  EXPECT_EQ(after(evidence(Mode::flannel), 30s), Mode::flannel);
  EXPECT_EQ(after(not_azure, 1h), Mode::flannel) << "an overlay that has gone is a fault";
  EXPECT_EQ(after(not_azure, 1h), Mode::flannel);
}

TEST_F(ModeKeeperTest, TheConfigurationsWordIsTheLast) {
  after(evidence(Mode::flannel));
  keeper_.configure(Mode::calico_vxlan);
  EXPECT_EQ(after(evidence(Mode::udr), 1h), Mode::calico_vxlan);
  EXPECT_EQ(keeper_.in_force().reason, "mode = \"calico-vxlan\"");
  keeper_.configure(std::nullopt);
  EXPECT_EQ(keeper_.in_force().mode, Mode::flannel);
}

}  // namespace
}  // namespace agent
