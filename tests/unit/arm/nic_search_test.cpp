// Which of a VM's NICs it is, whatever kind of VM, and what of that is remembered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "azure.h"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A VM with so many NICs, the last of which is ours; the first one says that it is primary.
void give_nics(Azure& azure, int count) {
  std::vector<std::pair<std::string, bool>> nics;
  for (int i = 1; i <= count; ++i) {
    const auto id = kGroup + "Microsoft.Network/networkInterfaces/n" + std::to_string(i);
    nics.emplace_back(id, i == 1);
    azure.put(id, reply(nic_document(id, i == count ? "00:0d:3a:f8:06:ec" : kOthers)));
  }
  azure.put(kVm, reply(vm_document(nics)));
}

TEST(NicSearch, AVmsOnlyNicIsItWhateverItsMac) {
  Azure azure;
  azure.put(kNic, reply(nic_document(kNic, kOthers)));
  auto client = azure.client();
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(client.verify(kVm, kMac, azure.finish_by).seen.network);
    EXPECT_THAT(azure.asked(), ElementsAre("node-0", "nic-0", "nodes", "pods", "vnet"))
        << "and is not remembered";
  }
}

TEST(NicSearch, TheRecordedVmLeadsToItsNic) {
  Azure azure;
  const std::string group =
      "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/aks-cit-VirtualMachine/providers/";
  const auto vm = group + "Microsoft.Compute/virtualMachines/testResource";
  azure.put(vm, reply(sample("vm_standalone.json")));
  azure.put(group + "Microsoft.Network/networkInterfaces/nic1", reply(sample("nic_unattached.json")));
  const auto seen = azure.client().verify(vm, kMac, azure.finish_by).seen;
  EXPECT_TRUE(seen.nic);
  EXPECT_THAT(azure.asked(), ElementsAre("testResource", "nic1", "testSubnet", "testVnet"));
}

TEST(NicSearch, OfSeveralNicsTheMacDecides) {
  Azure azure;
  give_nics(azure, 2);
  auto client = azure.client();
  const auto seen = client.verify(kVm, kMac, azure.finish_by).seen;
  ASSERT_TRUE(seen.nic) << seen.nic.error().what;
  EXPECT_THAT(seen.nic->id, testing::EndsWith("/n2"));
  EXPECT_THAT(azure.asked(), ElementsAre("node-0", "n1", "n2", "nodes", "pods"));
  EXPECT_TRUE(client.verify(kVm, kMac, azure.finish_by).seen.network);
  EXPECT_THAT(azure.asked(), ElementsAre("n2", "nodes", "pods", "vnet"));
}

TEST(NicSearch, TheLastOfEightNicsIsFoundOverSeveralVerifications) {
  Azure azure;
  give_nics(azure, 8);
  auto client = azure.client();
  auto verification = client.verify(kVm, kMac, azure.finish_by);
  EXPECT_EQ(verification.requests, 5U);
  EXPECT_THAT(error_of(verification.seen.nic).what, HasSubstr("next time"));
  EXPECT_EQ(error_of(verification.seen.network).what, error_of(verification.seen.nic).what);
  EXPECT_THAT(azure.asked(), ElementsAre("node-0", "n1", "n2", "n3", "n4"));
  verification = client.verify(kVm, kMac, azure.finish_by);
  EXPECT_TRUE(verification.seen.nic);
  EXPECT_THAT(azure.asked(), ElementsAre("n5", "n6", "n7", "n8", "nodes"));
  EXPECT_TRUE(client.verify(kVm, kMac, azure.finish_by).seen.network);
  EXPECT_THAT(azure.asked(), ElementsAre("n8", "nodes", "pods", "vnet"));
}

TEST(NicSearch, NicsThatCannotBeReadArePassedOverAndNamedOnlyIfNoneFits) {
  Azure azure;
  give_nics(azure, 3);
  const auto id = [](const char* name) { return kGroup + "Microsoft.Network/networkInterfaces/" + name; };
  azure.put(id("n1"), refuse(404, "ResourceNotFound"));
  azure.put(id("n2"), refuse(403, "AuthorizationFailed"));
  EXPECT_TRUE(azure.client().verify(kVm, kMac, azure.finish_by).seen.nic);
  azure.put(id("n3"), reply(nic_document(id("n3"), kOthers)));
  const auto seen = azure.client().verify(kVm, kMac, azure.finish_by).seen;
  EXPECT_EQ(error_of(seen.nic).code.value(), EACCES);
  EXPECT_THAT(error_of(seen.nic).what, HasSubstr("'n2'"));
}

TEST(NicSearch, APassingFailureEndsTheSearchWhichGoesOnThereNextTime) {
  Azure azure;
  give_nics(azure, 3);
  azure.put(kGroup + "Microsoft.Network/networkInterfaces/n2",
            {refuse(503, "ServerTimeout"), reply(nic_document(kNic, kOthers))});
  auto client = azure.client();
  EXPECT_EQ(error_of(client.verify(kVm, kMac, azure.finish_by).seen.nic).code.value(), EAGAIN);
  EXPECT_THAT(azure.asked(), ElementsAre("node-0", "n1", "n2"));
  EXPECT_TRUE(client.verify(kVm, kMac, azure.finish_by).seen.nic);
  EXPECT_THAT(azure.asked(), ElementsAre("n2", "n3", "nodes", "pods", "vnet"));
}

TEST(NicSearch, WhenNoNicFitsTheMacIsNamedAndTheVmAskedAgain) {
  Azure azure;
  give_nics(azure, 2);
  azure.put(kGroup + "Microsoft.Network/networkInterfaces/n2", reply(nic_document(kNic, kOthers)));
  auto client = azure.client();
  for (int i = 0; i < 2; ++i) {
    const auto seen = client.verify(kVm, kMac, azure.finish_by).seen;
    EXPECT_EQ(error_of(seen.nic).code.value(), ENOENT);
    EXPECT_THAT(error_of(seen.nic).what, HasSubstr("'node-0' has the MAC address 00:0d:3a:f8:06:ec"));
    EXPECT_THAT(azure.asked(), ElementsAre("node-0", "n1", "n2"));
  }
}

TEST(NicSearch, TheNicIsRememberedWhateverTheCaseOfTheVmsId) {
  Azure azure;
  auto client = azure.client();
  EXPECT_TRUE(client.verify(kVm, kMac, azure.finish_by).seen.nic);
  azure.asked();
  EXPECT_TRUE(client.verify(net::lower(kVm), kMac, azure.finish_by).seen.nic);
  EXPECT_THAT(azure.asked(), ElementsAre("nic-0", "nodes", "pods", "vnet"));
}

TEST(NicSearch, AnotherVmOrMacIsSearchedForAnew) {
  Azure azure;
  azure.put(kVm + "1", reply(vm_document({{kNic, true}})));
  auto client = azure.client();
  EXPECT_TRUE(client.verify(kVm, kMac, azure.finish_by).seen.nic);
  azure.asked();
  EXPECT_TRUE(client.verify(kVm + "1", kMac, azure.finish_by).seen.nic);
  EXPECT_EQ(azure.asked().front(), "node-01");
  EXPECT_TRUE(
      client.verify(kVm + "1", *net::MacAddress::parse("02:00:00:00:00:01"), azure.finish_by).seen.nic);
  EXPECT_EQ(azure.asked().front(), "node-01");
}

TEST(NicSearch, ARememberedNicThatIsGoneOrAnothersIsForgottenAtOnce) {
  for (const auto& answer : {refuse(404, "ResourceNotFound"), reply(nic_document(kNic, kOthers))}) {
    Azure azure;
    auto client = azure.client();
    EXPECT_TRUE(client.verify(kVm, kMac, azure.finish_by).seen.nic);
    azure.asked();
    const auto moved = kNic + "b";
    azure.put(kNic, answer);
    azure.put(moved, reply(nic_document(moved)));
    azure.put(kVm, reply(vm_document({{moved, true}})));
    EXPECT_EQ(client.verify(kVm, kMac, azure.finish_by).seen.nic.value().id, moved);
    EXPECT_THAT(azure.asked(), ElementsAre("nic-0", "node-0", "nic-0b", "nodes", "pods"));
  }
}

TEST(NicSearch, ARememberedNicOutlivesAPassingFailure) {
  Azure azure;
  auto client = azure.client();
  EXPECT_TRUE(client.verify(kVm, kMac, azure.finish_by).seen.nic);
  azure.asked();
  azure.put(kNic, {refuse(503, "ServerTimeout"), reply(nic_document())});
  EXPECT_FALSE(client.verify(kVm, kMac, azure.finish_by).seen.nic);
  EXPECT_THAT(azure.asked(), ElementsAre("nic-0"));
  EXPECT_TRUE(client.verify(kVm, kMac, azure.finish_by).seen.nic);
  EXPECT_THAT(azure.asked(), ElementsAre("nic-0", "nodes", "pods", "vnet"));
}

}  // namespace
