// What ARM answers, and to whom.
#include <string>
#include <vector>

#include "arm/resource_id.h"
#include "cloud_client.h"

namespace {

using namespace cloud_test;
using testing::HasSubstr;

const std::string kGroup = "/subscriptions/s/resourceGroups/Rg";
const std::string kNetwork = kGroup + "/providers/Microsoft.Network";
const std::string kMixedCaseTable = kNetwork + "/routeTables/Table";
const std::string kMachine =
    kGroup + "/providers/Microsoft.Compute/virtualMachineScaleSets/set/virtualMachines/0";

class Arm : public Clouded {
 protected:
  Arm() {
    const json all = {{kMixedCaseTable, {{"name", "Table"}}},
                      {kMachine + "/networkInterfaces", {{"value", {1, 2, 3}}, {"page_size", 2}}}};
    EXPECT_TRUE(cloud_->set_arm(all.dump()));
  }
};

TEST_F(Arm, ServesWhatIsStoredWhateverTheCaseOfTheId) {
  for (const auto& id :
       {kMixedCaseTable, std::string("/SUBSCRIPTIONS/S/resourcegroups/rg/providers/microsoft.network/"
                                     "ROUTETABLES/table")}) {
    const auto response = arm(id + kVersion);
    EXPECT_EQ(response.status, 200) << id;
    EXPECT_EQ(json::parse(response.body), json({{"name", "Table"}}));
  }
}

TEST_F(Arm, ItsAnswersBearTheHeadersOfTheRealOne) {
  const auto response = arm(kMixedCaseTable + kVersion);
  EXPECT_EQ(response.get_header_value("Content-Type"), "application/json; charset=utf-8");
  EXPECT_EQ(response.get_header_value("x-ms-ratelimit-remaining-subscription-global-reads"), "3749");
  EXPECT_EQ(response.get_header_value("x-ms-request-id").size(), 36);
}

TEST_F(Arm, WithoutAnApiVersionItIs400) {
  for (const char* query : {"", "?api-version=", "?version=2023-11-01"}) {
    const auto response = arm(kMixedCaseTable + query);
    EXPECT_EQ(response.status, 400) << query;
    EXPECT_EQ(error_code(response), "MissingApiVersionParameter") << query;
  }
  EXPECT_EQ(error_code(arm(kMixedCaseTable + "?api-version=latest")), "InvalidApiVersionParameter");
}

TEST_F(Arm, AVersionThatAzureDoesNotHaveIsRefusedInItsWords) {
  const auto resource = arm(kMixedCaseTable + "?api-version=2020-11-02");
  EXPECT_EQ(resource.status, 400);
  EXPECT_EQ(error_code(resource), "NoRegisteredProviderFound");
  EXPECT_THAT(resource.body,
              HasSubstr("No registered resource provider found for location 'westeurope' and API "
                        "version '2020-11-02' for type 'routeTables'. The supported api-versions are "
                        "'2014-12-01-preview, 2015-05-01-preview, "));
  const auto list = arm(kNetwork + "/networkInterfaces?api-version=1999-01-01");
  EXPECT_EQ(list.status, 404);
  EXPECT_EQ(error_code(list), "InvalidResourceType");
  EXPECT_THAT(list.body,
              HasSubstr("The resource type 'networkInterfaces' could not be found in the namespace "
                        "'Microsoft.Network' for api version '1999-01-01'. The supported api-versions are "
                        "'2014-12-01-preview,2015-05-01-preview,"));
  // The NICs of scale sets have versions of Microsoft.Compute's (armnetwork 1.0.0 asked for
  // Microsoft.Network's).
  EXPECT_EQ(error_code(arm(kMachine + "/networkInterfaces?api-version=2021-08-01")),
            "NoRegisteredProviderFound");
  EXPECT_EQ(arm(kMachine + "/networkInterfaces?api-version=2018-10-01").status, 200);
  for (const char* version : {"2020-11", "2020-11-01-preview", "020-11-01"}) {
    EXPECT_NE(arm(kMixedCaseTable + "?api-version=" + version).status, 200) << version;
  }
}

TEST_F(Arm, HasEveryVersionThatTheAgentAsksFor) {
  const std::string compute = kGroup + "/providers/Microsoft.Compute";
  const std::string paths[] = {
      kNetwork + "/networkInterfaces/n",
      kNetwork + "/virtualNetworks/v/subnets/s",
      kNetwork + "/routeTables/t",
      kNetwork + "/virtualNetworks/v",
      compute + "/virtualMachines/m",
      compute + "/virtualMachineScaleSets/set/virtualMachines/0",
      compute + "/virtualMachineScaleSets/set/virtualMachines/0/networkInterfaces/n"};
  for (const auto& path : paths) {
    SCOPED_TRACE(path);
    const auto id = arm::ResourceId::parse(path);
    ASSERT_TRUE(id);
    const auto subject = arm::subject_of(*id);
    ASSERT_TRUE(subject);
    const auto response = arm(subject->target());
    const auto code = response.status == 200 ? "" : error_code(response);
    EXPECT_THAT(code, testing::AnyOf("", "NotFound", "ResourceNotFound")) << response.body;
  }
}

TEST_F(Arm, AListIsMadeOfWhatIsThere) {
  const auto names = [this](const std::string& path) {
    std::vector<std::string> found;
    const auto response = arm(path + kVersion);
    EXPECT_EQ(response.status, 200) << path << response.body;
    const auto list = json::parse(response.body);
    for (const auto& each : list.at("value")) found.push_back(each.at("name"));
    return found;
  };
  const json route = {{"name", "To-A"}, {"properties", {{"addressPrefix", "10.0.0.0/24"}}}};
  const json all = {{kNetwork + "/routeTables/T", {{"name", "T"}, {"properties", {{"routes", {route}}}}}},
                    {kNetwork + "/networkInterfaces/n1", {{"name", "n1"}}},
                    {kNetwork + "/networkInterfaces/n2", {{"name", "n2"}}},
                    {kNetwork + "/virtualNetworks/v", {{"name", "v"}}},
                    {kNetwork + "/virtualNetworks/v/subnets/s", {{"name", "s"}}},
                    {"/subscriptions/s/resourceGroups/other/providers/Microsoft.Network/networkInterfaces/n3",
                     {{"name", "n3"}}}};
  ASSERT_TRUE(cloud_->set_arm(all.dump()));
  using Names = std::vector<std::string>;
  EXPECT_EQ(names(kNetwork + "/networkInterfaces"), (Names{"n1", "n2"}));
  EXPECT_EQ(names("/subscriptions/s/providers/Microsoft.Network/networkInterfaces"),
            (Names{"n3", "n1", "n2"}));
  EXPECT_EQ(names(kNetwork + "/routeTables/T/routes"), Names{"To-A"});
  EXPECT_EQ(names(kNetwork + "/virtualNetworks/v/subnets"), Names{"s"});
  EXPECT_EQ(names(kNetwork + "/networkSecurityGroups"), Names{});
  EXPECT_EQ(json::parse(arm(kNetwork + "/routeTables/t/routes/to-a" + kVersion).body), route);
  EXPECT_EQ(arm(kNetwork + "/routeTables/t/routes/to-b" + kVersion).status, 404);
  EXPECT_EQ(arm(kNetwork + "/routeTables/other/routes" + kVersion).status, 404);
}

TEST_F(Arm, ARefusalNamesWhoseTokenItWas) {
  const auto token = simulator::write_access_token({.audience = "https://management.azure.com/",
                                                    .expires = std::chrono::system_clock::now() + 1h,
                                                    .client_id = "a-client",
                                                    .object_id = "an-object"});
  const httplib::Headers headers = {{"Authorization", bearer_header(token)}};
  const auto refused = client()->Delete(kMixedCaseTable + kVersion, headers);
  ASSERT_TRUE(refused);
  EXPECT_THAT(refused->body, HasSubstr("The client 'a-client' with object id 'an-object' does not have"));
}

TEST_F(Arm, WhatIsNotThereIs404InThreeShapes) {
  const auto resource = arm(kNetwork + "/routeTables/other" + kVersion);
  EXPECT_EQ(resource.status, 404);
  EXPECT_EQ(error_code(resource), "ResourceNotFound");
  EXPECT_THAT(
      resource.body,
      HasSubstr(
          "The Resource 'Microsoft.Network/routeTables/other' under resource group 'Rg' was not found."));
  EXPECT_EQ(resource.get_header_value("x-ms-failure-cause"), "gateway");

  const auto id = kNetwork + "/virtualNetworks/v/subnets/s";
  const auto child = arm(id + kVersion);
  EXPECT_EQ(child.status, 404);
  EXPECT_EQ(json::parse(child.body), json({{"error",
                                            {{"code", "NotFound"},
                                             {"message", "Resource " + id + " not found."},
                                             {"details", json::array()}}}}));

  const auto group = arm("/subscriptions/s/resourceGroups/R/providers/Microsoft.Network/routeTables/t" +
                         std::string(kVersion));
  EXPECT_EQ(group.status, 404);
  EXPECT_EQ(error_code(group), "ResourceGroupNotFound");
  EXPECT_THAT(group.body, HasSubstr("Resource group 'R' could not be found."));
}

TEST_F(Arm, OnlyTokensOfImdsAreTakenWhileTheyLast) {
  const auto without = client()->Get(kMixedCaseTable + kVersion);
  ASSERT_TRUE(without);
  EXPECT_EQ(without->status, 401);
  EXPECT_EQ(error_code(*without), "AuthenticationFailed");
  EXPECT_THAT(without->get_header_value("WWW-Authenticate"), HasSubstr("Bearer authorization_uri="));

  const struct {
    std::string token;
    int status;
    const char* code;
  } cases[] = {
      {"nonsense", 401, "InvalidAuthenticationToken"},
      {"eyJ0eXAiOiJKV1QifQ.eyJleHAiOjR9.AAAA", 401, "InvalidAuthenticationToken"},
      {arm_token().substr(1), 401, "InvalidAuthenticationToken"},
      {kServiceAccountToken, 401, "InvalidAuthenticationToken"},
      {arm_token("https://management.azure.com/", -1s), 401, "ExpiredAuthenticationToken"},
      {arm_token("https://vault.azure.net"), 401, "InvalidAuthenticationTokenAudience"},
      {arm_token("https://management.core.usgovcloudapi.net/"), 200, nullptr},
      {arm_token(cloud_->endpoint() + "/"), 200, nullptr},
  };
  for (const auto& [token, status, code] : cases) {
    SCOPED_TRACE(token);
    const auto response = get(kMixedCaseTable + kVersion, token);
    EXPECT_EQ(response.status, status);
    if (code != nullptr) {
      EXPECT_EQ(error_code(response), code);
      EXPECT_THAT(response.get_header_value("WWW-Authenticate"), HasSubstr("invalid_token"));
    }
  }
}

TEST_F(Arm, NobodyMayWrite) {
  const httplib::Headers headers = {{"Authorization", bearer_header(arm_token())}};
  const auto put = client()->Put(kMixedCaseTable + kVersion, headers, "{}", "application/json");
  ASSERT_TRUE(put);
  EXPECT_EQ(put->status, 403);
  EXPECT_EQ(error_code(*put), "AuthorizationFailed");
  EXPECT_THAT(put->body,
              HasSubstr("action 'Microsoft.Network/routeTables/write' over scope '" + kMixedCaseTable + "'"));
  EXPECT_THAT(client()->Delete(kMixedCaseTable + kVersion, headers)->body, HasSubstr("routeTables/delete'"));
  EXPECT_THAT(client()->Patch(kMixedCaseTable + kVersion, headers, "{}", "application/json")->body,
              HasSubstr("routeTables/write'"));
  EXPECT_EQ(arm(kMixedCaseTable + kVersion).status, 200);
}

TEST_F(Arm, AListComesInPages) {
  const json first = json::parse(arm(kMachine + "/networkInterfaces?api-version=2018-10-01").body);
  EXPECT_EQ(first["value"], json({1, 2}));
  EXPECT_FALSE(first.contains("page_size"));
  const auto next = first.at("nextLink").get<std::string>();
  ASSERT_EQ(next.rfind(cloud_->endpoint() + "/", 0), 0) << next;
  const auto second = json::parse(arm(next.substr(cloud_->endpoint().size())).body);
  EXPECT_EQ(second, json({{"value", {3}}}));
}

TEST_F(Arm, AFleetIsThereAtOnceAndItsListsComeInPages) {
  ASSERT_TRUE(cloud_->set_fleet(R"({"nodes":1300,"unrouted":3})"));
  const std::string group = "/subscriptions/fleet/resourceGroups/nodes/providers/";
  const auto count = [&](const std::string& list) {
    std::size_t all = 0;
    for (auto target = group + list;;) {
      const auto page = json::parse(arm(target).body);
      all += page.at("value").size();
      EXPECT_LE(page["value"].size(), 500);
      if (!page.contains("nextLink")) return all;
      target = page["nextLink"].get<std::string>().substr(cloud_->endpoint().size());
    }
  };
  EXPECT_EQ(count("Microsoft.Network/networkInterfaces?api-version=2020-11-01"), 650);
  const std::string set = "Microsoft.Compute/virtualMachineScaleSets/pool0";
  EXPECT_EQ(count(set + "/networkInterfaces?api-version=2018-10-01"), 650);
  EXPECT_EQ(json::parse(cloud_->nodes()).size(), 1300);
  for (const char* text : {"{", "7", "[]", R"({"nodes":-1})", R"({"nodes":99999999})", R"({"other":1})",
                           R"({"nodes":1,"unrouted":2})"})
    EXPECT_FALSE(cloud_->set_fleet(text)) << text;
}

TEST_F(Arm, TheStoreIsReplacedAsAWholeOrNotAtAll) {
  const std::string other = kNetwork + "/virtualNetworks/v";
  const struct {
    std::string json;
    const char* culprit;
  } cases[] = {
      {"{", "not valid JSON"},
      {"[]", "no JSON object"},
      {R"({")" + other + R"(":{},"/nonsense":{}})", "/nonsense"},
      {R"({")" + other + R"(":7})", "virtualNetworks/v is no JSON object"},
      {R"({")" + other + R"(":{},")" + kNetwork + R"(/VirtualNetworks/V":{}})", "twice"},
  };
  for (const auto& [text, culprit] : cases) {
    const auto done = cloud_->set_arm(text);
    ASSERT_FALSE(done) << text;
    EXPECT_THAT(done.error().what, HasSubstr(culprit));
  }
  EXPECT_EQ(arm(kMixedCaseTable + kVersion).status, 200);
  EXPECT_EQ(arm(other + kVersion).status, 404);

  ASSERT_TRUE(cloud_->set_arm(json({{other, json::object()}}).dump()));
  EXPECT_EQ(arm(kMixedCaseTable + kVersion).status, 404);
  EXPECT_EQ(arm(other + kVersion).status, 200);
}

TEST_F(Arm, TheEndpointSaysForWhomItsTokensAreToAnybody) {
  const auto response = client()->Get("/metadata/endpoints?api-version=2019-05-01");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(json::parse(response->body)[0]["authentication"]["audiences"], json::array({cloud_->endpoint()}));
  EXPECT_EQ(client()->Get("/metadata/endpoints")->status, 400);
}

}  // namespace
