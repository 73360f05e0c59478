#include "arm/resource_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace {

using arm::ResourceId;
using testing::HasSubstr;

const std::string kBegin = "/subscriptions/s/resourceGroups/rg/providers/";
const std::string kSubnet = kBegin + "Microsoft.Network/virtualNetworks/vnet/subnets/default";

TEST(ResourceId, KeepsItsSpellingAndKnowsItsTypeNameAndParent) {
  const auto id = ResourceId::parse(kSubnet);
  ASSERT_TRUE(id) << id.error().what;
  EXPECT_EQ(id->text(), kSubnet);
  EXPECT_EQ(id->path(), kSubnet);
  EXPECT_EQ(id->name(), "default");
  EXPECT_EQ(id->type(), "microsoft.network/virtualnetworks/subnets");
  const auto network = id->parent();
  ASSERT_TRUE(network) << network.error().what;
  EXPECT_EQ(network->text(), kBegin + "Microsoft.Network/virtualNetworks/vnet");
  EXPECT_EQ(network->type(), "microsoft.network/virtualnetworks");
  EXPECT_FALSE(network->parent()) << "a resource group is no resource";
}

TEST(ResourceId, ComparesWithoutRegardToCase) {
  const auto one = ResourceId::parse(kSubnet);
  const auto other = ResourceId::parse(
      "/SUBSCRIPTIONS/S/resourcegroups/RG/PROVIDERS/microsoft.network/VIRTUALNETWORKS/VNet/Subnets/DEFAULT");
  ASSERT_TRUE(one && other);
  EXPECT_EQ(*one, *other);
  EXPECT_EQ(one->type(), other->type());
  EXPECT_NE(*one, *one->parent());
}

TEST(ResourceId, TellsTheKindsOfVirtualMachinesApart) {
  const auto kind = [](const std::string& rest) {
    const auto subject = arm::subject_of(*ResourceId::parse(kBegin + rest));
    return subject ? std::string(subject->kind.type) : "none";
  };
  EXPECT_EQ(kind("Microsoft.Compute/virtualMachines/vm"), arm::kVirtualMachine.type);
  EXPECT_EQ(kind("microsoft.compute/VIRTUALMACHINESCALESETS/set/virtualMachines/0"), arm::kInstance.type);
  EXPECT_EQ(kind("Microsoft.Compute/virtualMachineScaleSets/set/virtualMachines/0/networkInterfaces/nic"),
            arm::kInstanceNic.type);
  EXPECT_EQ(kind("Microsoft.Compute/virtualMachineScaleSets/set"), "none");
  EXPECT_EQ(kind("Microsoft.Compute/disks/disk"), "none");
}

TEST(ResourceId, LettersOfOtherScriptsAreEncodedInThePath) {
  const auto id = ResourceId::parse("/subscriptions/s/resourceGroups/Grün_(1).a~/providers/N/t/n");
  ASSERT_TRUE(id) << id.error().what;
  EXPECT_EQ(id->path(), "/subscriptions/s/resourceGroups/Gr%C3%BCn_(1).a~/providers/N/t/n");
}

TEST(ResourceId, WhatCouldSteerARequestElsewhereIsRefused) {
  const std::string cases[] = {
      "",
      "/",
      "//",
      "node-0",
      "https://evil.example" + kSubnet,
      "//evil.example" + kSubnet,
      "@evil.example" + kSubnet,
      kSubnet + "/",
      kSubnet + "?x=y",
      kSubnet + "#x",
      kSubnet + "%2e",
      kSubnet + "\\x",
      kSubnet + " ",
      kSubnet + "\r\nHost: evil",
      kSubnet + std::string(1, '\0'),
      kSubnet + "\x7f",
      kSubnet + "\u009b2K",
      kSubnet + "\u202e",
      kSubnet + "\u200b",
      kSubnet + "\ufeff",
      kSubnet + "\u2067",
      kSubnet + "\u00a0",
      kSubnet + "\u2028",
      kSubnet + "\xff",
      kSubnet + "\xc3",
      kSubnet + "/x",
      kSubnet + ":443",
      kBegin + "N/t/..",
      kBegin + "N/t/.",
      kBegin + "../t/n",
      kBegin + "N//n",
      kBegin + "N/t",
      kBegin + "N",
      "/subscriptions//resourceGroups/rg/providers/N/t/n",
      "/subscriptions/s/groups/rg/providers/N/t/n",
      "/subscriptions/s/resourceGroups/rg/resources/N/t/n",
      "/tenants/s/resourceGroups/rg/providers/N/t/n",
      kBegin + "N/t/" + std::string(2048, 'a'),
  };
  for (const auto& text : cases) {
    SCOPED_TRACE(text);
    const auto id = ResourceId::parse(text);
    ASSERT_FALSE(id);
    EXPECT_EQ(id.error().code.value(), EINVAL);
    EXPECT_THAT(id.error().what, HasSubstr("is no Azure resource id"));
    EXPECT_LT(id.error().what.size(), 400U);
  }
}

}  // namespace
