// The NIC of an instance of a Uniform scale set, which has its own way and list.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "azure.h"

namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kInstanceNic = kInstance + "/networkInterfaces/eth";
const std::string kList = kInstance + "/networkInterfaces";

TEST(InstanceNic, AUniformInstancesNicsAreListedBelowIt) {
  Azure azure;
  azure.put(
      kList,
      reply(json{
          {"value", {nic_json(kInstanceNic + "0", kOthers), nic_json(kInstanceNic + "1", "000D3AF806EC")}}}
                .dump()));
  azure.put(kInstanceNic + "1", reply(nic_document(kInstanceNic + "1")));
  auto client = azure.client();
  const auto seen = client.verify(kInstance, kMac, azure.finish_by).seen;
  ASSERT_TRUE(seen.nic) << seen.nic.error().what;
  EXPECT_EQ(seen.nic->id, kInstanceNic + "1");
  EXPECT_THAT(azure.asked(), ElementsAre("networkInterfaces", "nodes", "pods", "vnet"));
  EXPECT_TRUE(client.verify(kInstance, kMac, azure.finish_by).seen.nic);
  EXPECT_EQ(azure.asked().front(), "eth1") << "remembered, by the way of scale sets";
}

TEST(InstanceNic, AnInstancesOnlyNicCountsWhileItHasNoMac) {
  Azure azure;
  const auto list = [&azure](const std::string& mac) {
    azure.put(kList, reply(json{{"value", {nic_json(kInstanceNic, mac)}}}.dump()));
    return azure.client().verify(kInstance, kMac, azure.finish_by).seen.nic;
  };
  EXPECT_TRUE(list(""));
  EXPECT_EQ(error_of(list(kOthers)).code.value(), ENOENT);
}

TEST(InstanceNic, FurtherPagesOfAListCountAndStayOnTheEndpoint) {
  Azure azure;
  const auto page = [](int skip) {
    return json{{"value", {nic_json(kInstanceNic + "0", kOthers)}},
                {"nextLink", kEndpoint + kList + "?api-version=2018-10-01&$skip=" + std::to_string(skip)}}
        .dump();
  };
  azure.put(kList, {reply(page(1)), reply(json{{"value", {nic_json(kInstanceNic, "000D3AF806EC")}}}.dump())});
  auto verification = azure.client().verify(kInstance, kMac, azure.finish_by);
  EXPECT_TRUE(verification.seen.nic);
  EXPECT_EQ(verification.requests, 5U);
  EXPECT_THAT(azure.urls[1], testing::EndsWith("$skip=1"));

  azure.put(kList, reply(page(2)));
  verification = azure.client().verify(kInstance, kMac, azure.finish_by);
  EXPECT_EQ(verification.requests, 5U) << "not for ever";
  EXPECT_THAT(error_of(verification.seen.nic).what, HasSubstr("next time"));

  azure.asked();
  auto elsewhere = json::parse(page(1));
  elsewhere["nextLink"] = "https://evil.example" + kList + "?api-version=2018-10-01";
  azure.put(kList, reply(elsewhere.dump()));
  verification = azure.client().verify(kInstance, kMac, azure.finish_by);
  EXPECT_EQ(verification.requests, 1U);
  EXPECT_EQ(error_of(verification.seen.nic).code.value(), EBADMSG);
  EXPECT_THAT(error_of(verification.seen.nic).what, HasSubstr("\"nextLink\" leads elsewhere"));
}

}  // namespace
