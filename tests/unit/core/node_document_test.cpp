#include "agent/core/node_document.h"

#include <gtest/gtest.h>

#include "tests/unit/core/build.h"

namespace agent {
namespace {

using testing::network;
using testing::second_nic;

const std::vector<net::Link> kLinks = {testing::eth0()};

void read(NodeDocument& document, const net::NodeNetwork& network) {
  document.take_reading(network, "2021-02-01", std::span(kLinks), MonoTime{}, WallTime{});
}

TEST(NodeDocument, AFailureNeverTakesTheDocumentAway) {
  NodeDocument document;
  read(document, network());
  document.take_failure("timed out");
  EXPECT_EQ(document.in_force(), network());
  EXPECT_EQ(document.status().source, ImdsSource::live);
  EXPECT_EQ(document.status().last_error, "timed out");
}

TEST(NodeDocument, OneWhoseNicsAreNotHereCountsOnlyAfterThreeReadingsInARow) {
  NodeDocument document;
  read(document, network());
  const auto elsewhere = network({second_nic()});
  read(document, elsewhere);
  read(document, elsewhere);
  EXPECT_EQ(document.in_force(), network());
  read(document, network());
  read(document, elsewhere);
  read(document, elsewhere);
  EXPECT_EQ(document.in_force(), network()) << "the row was broken";
  read(document, elsewhere);
  EXPECT_EQ(document.in_force(), elsewhere);
}

TEST(NodeDocument, CountsAtOnceWhenTheLinksCouldNotBeLookedAt) {
  NodeDocument document;
  document.take_reading(network({second_nic()}), "2021-02-01", std::nullopt, MonoTime{}, WallTime{});
  EXPECT_TRUE(document.in_force());
}

TEST(NodeDocument, AKeptOneIsInForceUntilTheFirstLiveOne) {
  NodeDocument document;
  document.take_cached(network({second_nic()}), "2021-02-01", WallTime{});
  EXPECT_EQ(document.status().source, ImdsSource::cache);
  document.take_failure("timed out");
  EXPECT_EQ(document.status().source, ImdsSource::cache);
  read(document, network());
  EXPECT_EQ(document.in_force(), network());
  EXPECT_EQ(document.status().source, ImdsSource::live);
}

TEST(NodeDocument, EachReadingHasItsNumber) {
  NodeDocument document;
  read(document, network());
  const auto first = document.reading();
  read(document, network());
  EXPECT_NE(document.reading(), first);
}

}  // namespace
}  // namespace agent
