#include "node/azure_routing.h"

#include <gtest/gtest.h>

namespace agent {
namespace {

constexpr auto kUniform =
    "/subscriptions/s/resourceGroups/rg/providers/microsoft.Compute/virtualMachineScaleSets/pool/"
    "virtualMachines/3/"
    "networkInterfaces/nic0";

TEST(AzureNames, SegmentsAreFoundInAnyCase) {
  EXPECT_EQ(node::segment_of(kUniform, "resourcegroups"), "rg");
  EXPECT_EQ(node::segment_of(kUniform, "virtualMachineScaleSets"), "pool");
  EXPECT_EQ(node::segment_of(kUniform, "virtualMachines"), "3");
  EXPECT_EQ(node::segment_of(kUniform, "routeTables"), "");
  EXPECT_EQ(node::segment_of("", "x"), "");
  EXPECT_EQ(node::segment_of("/subscriptions", "subscriptions"), "");
  EXPECT_EQ(node::name_of(kUniform), "nic0");
  EXPECT_EQ(node::name_of("plain"), "plain");
}

}  // namespace
}  // namespace agent
