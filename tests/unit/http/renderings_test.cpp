#include "agent/http/reply.h"

#include <gtest/gtest.h>

namespace {

using agent::http::Renderings;
using core::Snapshot;

struct Shared : testing::Test {
  auto share(const std::string& name = "status", std::int64_t moment = 1) {
    return renderings_.share(name, moment, [this] { return std::to_string(++rendered_); });
  }

  std::shared_ptr<const Snapshot> snapshot_ = std::make_shared<const Snapshot>();
  Renderings renderings_;
  int rendered_ = 0;
};

TEST_F(Shared, OneIsMadeForAllThatHaveItAtATime) {
  renderings_.follow(snapshot_);
  const auto first = share();
  EXPECT_EQ(share(), first);
  renderings_.follow(snapshot_);
  EXPECT_EQ(share(), first);
  EXPECT_EQ(rendered_, 1);
}

TEST_F(Shared, AnotherNameMomentOrSnapshotIsAnother) {
  renderings_.follow(snapshot_);
  const auto first = share();
  EXPECT_NE(share("metrics"), first);
  EXPECT_NE(share("status", 2), first);
  EXPECT_EQ(share(), first);
  snapshot_ = std::make_shared<const Snapshot>();
  renderings_.follow(snapshot_);
  EXPECT_NE(share(), first);
}

TEST_F(Shared, ItGoesWithTheLastThatHasIt) {
  renderings_.follow(snapshot_);
  std::weak_ptr<const std::string> body = share();
  EXPECT_TRUE(body.expired());
  share();
  EXPECT_EQ(rendered_, 2);
}

TEST_F(Shared, NoSnapshotIsKeptForIt) {
  renderings_.follow(snapshot_);
  const std::weak_ptr<const Snapshot> there = snapshot_;
  snapshot_.reset();
  EXPECT_TRUE(there.expired());
}

}  // namespace
