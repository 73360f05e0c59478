// One verification of a VM that has everything, and what of it remains when a part cannot be read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "azure.h"

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Client, ReadsTheNicItsSubnetItsRouteTableAndItsNetwork) {
  Azure azure;
  auto client = azure.client();
  const auto verification = client.verify(kVm, kMac, azure.finish_by);
  const auto& seen = verification.seen;
  EXPECT_THAT(azure.asked(), ElementsAre("node-0", "nic-0", "nodes", "pods", "vnet"));
  EXPECT_EQ(verification.requests, 5U);
  EXPECT_EQ(verification.resume_after, std::nullopt);
  ASSERT_TRUE(seen.nic) << seen.nic.error().what;
  EXPECT_EQ(seen.nic->id, kNic);
  EXPECT_TRUE(seen.nic->ip_forwarding);
  ASSERT_TRUE(seen.subnet) << seen.subnet.error().what;
  EXPECT_EQ(seen.subnet->id, kSubnet);
  ASSERT_TRUE(seen.route_table) << seen.route_table.error().what;
  ASSERT_TRUE(*seen.route_table);
  EXPECT_EQ((*seen.route_table)->routes.size(), 1U);
  ASSERT_TRUE(seen.network) << seen.network.error().what;
  EXPECT_EQ(seen.network->id, kNetwork);
  EXPECT_THAT(azure.audiences, ElementsAre(kAudience));
}

TEST(Client, ASubnetWithoutARouteTableIsNoFailure) {
  Azure azure;
  azure.put(kSubnet, reply(subnet_document(false)));
  const auto seen = azure.client().verify(kVm, kMac, azure.finish_by).seen;
  EXPECT_THAT(azure.asked(), ElementsAre("node-0", "nic-0", "nodes", "vnet"));
  ASSERT_TRUE(seen.route_table) << seen.route_table.error().what;
  EXPECT_FALSE(*seen.route_table);
  EXPECT_TRUE(seen.network);
}

TEST(Client, TheSubnetIsThePrimaryConfigurationsOrTheFirstOnes) {
  Azure azure;
  auto nic = nic_json(kNic, "000D3AF806EC");
  auto& configurations = nic["properties"]["ipConfigurations"];
  auto other = configurations[0];
  other["properties"]["primary"] = false;
  other["properties"]["subnet"]["id"] = kNetwork + "/subnets/other";
  configurations.insert(configurations.begin(), other);
  azure.put(kNic, reply(nic.dump()));
  EXPECT_TRUE(azure.client().verify(kVm, kMac, azure.finish_by).seen.subnet);
  configurations[1]["properties"]["primary"] = "true";
  azure.put(kNic, reply(nic.dump()));
  azure.asked();
  EXPECT_FALSE(azure.client().verify(kVm, kMac, azure.finish_by).seen.subnet);
  EXPECT_THAT(azure.asked(), ElementsAre("node-0", "nic-0", "other", "vnet"));
}

TEST(Client, ANicWithoutASubnetSaysSoForWhatItWouldLeadTo) {
  Azure azure;
  auto nic = nic_json(kNic, "000D3AF806EC");
  nic["properties"]["ipConfigurations"] = nlohmann::json::array();
  azure.put(kNic, reply(nic.dump()));
  const auto seen = azure.client().verify(kVm, kMac, azure.finish_by).seen;
  EXPECT_TRUE(seen.nic);
  for (const auto& what :
       {error_of(seen.subnet).what, error_of(seen.route_table).what, error_of(seen.network).what}) {
    EXPECT_THAT(what, HasSubstr("no subnet for the network interface 'nic-0'"));
  }
}

TEST(Client, WhatHangsOnAPartThatCouldNotBeReadNamesThatPart) {
  Azure azure;
  azure.put(kSubnet, refuse(403, "AuthorizationFailed"));
  auto seen = azure.client().verify(kVm, kMac, azure.finish_by).seen;
  ASSERT_FALSE(seen.subnet);
  EXPECT_THAT(error_of(seen.subnet).what, HasSubstr("subnets/read"));
  ASSERT_FALSE(seen.route_table);
  EXPECT_EQ(error_of(seen.route_table).what, "not read: the subnet could not be read");
  EXPECT_EQ(error_of(seen.route_table).code, error_of(seen.subnet).code);
  EXPECT_TRUE(seen.network) << "its id is known from the subnet's";

  azure.put(kNic, refuse(500, "InternalServerError"));
  seen = azure.client().verify(kVm, kMac, azure.finish_by).seen;
  EXPECT_EQ(error_of(seen.nic).code.value(), EAGAIN);
  for (const auto& error : {error_of(seen.subnet), error_of(seen.route_table), error_of(seen.network)}) {
    EXPECT_EQ(error.what, "not read: the network interface could not be read");
    EXPECT_EQ(error.code.value(), EAGAIN);
  }
}

TEST(Client, ARouteTableThatCannotBeReadLeavesTheRest) {
  Azure azure;
  azure.put(kTable, refuse(404, "ResourceNotFound"));
  const auto seen = azure.client().verify(kVm, kMac, azure.finish_by).seen;
  EXPECT_TRUE(seen.subnet);
  EXPECT_EQ(error_of(seen.route_table).code.value(), ENOENT);
  EXPECT_TRUE(seen.network);
}

TEST(Client, AnAnswerThatCannotBeUsedNamesWhereItCameFromAndWhatItLacks) {
  Azure azure;
  azure.put(kTable, reply("<html>"));
  azure.put(kNetwork, reply(subnet_document()));
  const auto seen = azure.client().verify(kVm, kMac, azure.finish_by).seen;
  EXPECT_EQ(error_of(seen.route_table).code.value(), EBADMSG);
  EXPECT_EQ(error_of(seen.route_table).what,
            "ARM at management.azure.com: the answer about the route table 'pods' cannot be used: it is not "
            "valid JSON at byte 1");
  EXPECT_EQ(error_of(seen.network).code.value(), EBADMSG);
}

TEST(Client, AnIdFromAReplyCannotSteerARequestElsewhere) {
  for (const auto& id :
       {kSubnet + "/../../../x", kSubnet + "?x=", kSubnet + "#", std::string("@evil.example/"),
        kGroup + "Microsoft.KeyVault/vaults/secret", kSubnet + "\nx", std::string(5000, 'x')}) {
    SCOPED_TRACE(id);
    Azure azure;
    auto nic = nic_json(kNic, "000D3AF806EC");
    nic["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"] = id;
    azure.put(kNic, reply(nic.dump()));
    const auto seen = azure.client().verify(kVm, kMac, azure.finish_by).seen;
    EXPECT_THAT(azure.asked(), ElementsAre("node-0", "nic-0"));
    EXPECT_TRUE(seen.nic);
    EXPECT_FALSE(seen.subnet);
    EXPECT_FALSE(seen.route_table);
    EXPECT_FALSE(seen.network);
  }
}

TEST(Client, AVmsOwnIdIsCheckedBeforeAnythingIsAsked) {
  Azure azure;
  auto client = azure.client();
  for (const auto& id :
       {std::string(), kVm + "/..", kSubnet, kGroup + "Microsoft.Compute/virtualMachineScaleSets/s"}) {
    const auto verification = client.verify(id, kMac, azure.finish_by);
    EXPECT_EQ(verification.requests, 0U);
    EXPECT_EQ(error_of(verification.seen.nic).code.value(), EINVAL) << id;
    EXPECT_FALSE(verification.seen.network);
  }
  EXPECT_THAT(azure.asked(), IsEmpty());
  EXPECT_THAT(azure.audiences, IsEmpty());
}

TEST(Client, ATransportsErrorIsPassedOnWithWhoDidNotAnswer) {
  Azure azure;
  azure.put(kVm, net::failure(ECONNREFUSED, "connection refused"));
  const auto seen = azure.client().verify(kVm, kMac, azure.finish_by).seen;
  EXPECT_EQ(error_of(seen.nic).code.value(), ECONNREFUSED);
  EXPECT_EQ(error_of(seen.nic).what, "ARM at management.azure.com: connection refused");
}

TEST(Client, ACustomCloudIsAskedOnceWhomItsTokensAreFor) {
  Azure azure;
  azure.put("/metadata/endpoints", reply(R"({"authentication":{"audiences":["https://own/guid"]}})"));
  auto client = azure.client("https://management.local", "");
  auto verification = client.verify(kVm, kMac, azure.finish_by);
  EXPECT_THAT(azure.urls.front(), StartsWith("https://management.local/metadata/endpoints?"));
  EXPECT_THAT(azure.asked(), ElementsAre("endpoints", "node-0", "nic-0", "nodes", "pods", "vnet"));
  EXPECT_EQ(verification.requests, 5U) << "nobody is charged for that question";
  verification = client.verify(kVm, kMac, azure.finish_by);
  EXPECT_THAT(azure.asked(), ElementsAre("nic-0", "nodes", "pods", "vnet"));
  EXPECT_TRUE(verification.seen.network);
  EXPECT_THAT(azure.audiences, ElementsAre("https://own/guid", "https://own/guid"));
}

TEST(Client, ACustomCloudThatDoesNotSayIsNotAskedAnythingElse) {
  for (const auto& answer : {reply("{}"), refuse(404, "NotFound"), refuse(302, "")}) {
    Azure azure;
    azure.put("/metadata/endpoints", answer);
    const auto seen = azure.client("https://management.local", "").verify(kVm, kMac, azure.finish_by).seen;
    EXPECT_THAT(azure.asked(), ElementsAre("endpoints"));
    EXPECT_THAT(azure.audiences, IsEmpty());
    EXPECT_THAT(error_of(seen.nic).what,
                AllOf(StartsWith("ARM at management.local: "), HasSubstr("/metadata/endpoints")));
    EXPECT_EQ(error_of(seen.network).what, error_of(seen.nic).what);
  }
}

}  // namespace
