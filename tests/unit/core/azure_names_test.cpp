#include "agent/core/azure_names.h"

#include <gtest/gtest.h>

namespace agent {
namespace {

constexpr auto kUniform =
    "/subscriptions/s/resourceGroups/rg/providers/microsoft.Compute/virtualMachineScaleSets/pool/"
    "virtualMachines/3/"
    "networkInterfaces/nic0";

TEST(AzureNames, SegmentsAreFoundInAnyCase) {
  EXPECT_EQ(segment_of(kUniform, "resourcegroups"), "rg");
  EXPECT_EQ(segment_of(kUniform, "virtualMachineScaleSets"), "pool");
  EXPECT_EQ(segment_of(kUniform, "virtualMachines"), "3");
  EXPECT_EQ(segment_of(kUniform, "routeTables"), "");
  EXPECT_EQ(segment_of("", "x"), "");
  EXPECT_EQ(segment_of("/subscriptions", "subscriptions"), "");
  EXPECT_EQ(name_of(kUniform), "nic0");
  EXPECT_EQ(name_of("plain"), "plain");
}

}  // namespace
}  // namespace agent
