#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "arm/cluster_documents.h"
#include "arm/cluster_reader.h"
#include "tests/unit/arm/azure.h"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kNicList = kGroup + "Microsoft.Network/networkInterfaces";
const std::string kTableList = kGroup + "Microsoft.Network/routeTables";
const std::string kSet = kGroup + "Microsoft.Compute/virtualMachineScaleSets/pool";

observed::ClusterNode node_at(const std::string& provider_id) {
  observed::ClusterNode node;
  node.name = "node";
  node.provider_id = provider_id;
  return node;
}

nlohmann::json nic_of(const std::string& id, const std::string& machine) {
  auto nic = nic_json(id, kOthers);
  nic["properties"]["virtualMachine"] = {{"id", machine}};
  return nic;
}

nlohmann::json network_json() {
  auto network = nlohmann::json::parse(network_document());
  network["properties"]["subnets"] = nlohmann::json::array({nlohmann::json::parse(subnet_document())});
  return network;
}

std::string list(const std::vector<nlohmann::json>& items, const std::string& next = "") {
  nlohmann::json document{{"value", items}};
  if (!next.empty()) document["nextLink"] = next;
  return document.dump();
}

/// Answers by path, with whatever query; several answers to one path one after the other.
struct Arm {
  std::multimap<std::string, https::Response> answers;
  std::vector<std::string> asked;
  std::vector<std::chrono::milliseconds> slept;
  std::vector<std::size_t> expected;
  arm::ClusterLimits limits{.finish_by = std::chrono::steady_clock::now() + std::chrono::hours(1)};
  observed::Cluster cluster;
  unsigned requests = 0;

  void read(const arm::ClusterPlan& plan) {
    arm::ClusterRequests door(
        {.endpoint = kEndpoint, .audience = kAudience},
        [this](const https::Request& request) -> net::Result<https::Response> {
          const auto target = request.url.substr(std::string(kEndpoint).size());
          asked.push_back(target);
          const auto path = target.substr(0, target.find('?'));
          const auto found = answers.find(path);
          if (found == answers.end()) return refuse(404, "ResourceNotFound");
          auto response = found->second;
          if (answers.count(path) > 1) answers.erase(found);
          return response;
        },
        [](const std::string&, bool) { return net::Result<std::string>(kToken); }, "the caller", limits,
        [this](std::chrono::milliseconds pause) { slept.push_back(pause); },
        [](unsigned, const std::string&) {});
    arm::read_cluster(
        door, plan, [this](std::size_t all) { expected.push_back(all); }, cluster);
    requests = door.requests();
  }
};

Arm healthy() {
  Arm arm;
  arm.cluster.nodes = std::vector{node_at("azure://" + kVm)};
  arm.answers.emplace(kNicList,
                      reply(list({nic_of(kNic, kVm), nic_of(kNic + "-of-another", kVm + "-of-another")})));
  arm.answers.emplace(kTableList, reply(list({nlohmann::json::parse(table_document())})));
  arm.answers.emplace(kNetwork, reply(network_json().dump()));
  return arm;
}

TEST(ClusterPlan, FollowsFromProviderIdsInAnyCase) {
  const std::vector nodes = {node_at("azure://" + kVm),
                             node_at("azure://" + net::lower(kVm)),
                             node_at("azure://" + kSet + "/virtualMachines/3"),
                             node_at("azure://" + kSet + "/virtualMachines/4"),
                             node_at("azure://" + kSet + "/virtualMachines/pool_1a2b3c"),
                             node_at("aws:///eu-west-1a/i-0"),
                             node_at("")};
  const auto plan = arm::plan_of(nodes);
  const auto group = kGroup.substr(0, kGroup.find("/providers"));
  EXPECT_THAT(plan.groups, ElementsAre(group));
  EXPECT_THAT(plan.scale_sets, ElementsAre(kSet));
  EXPECT_THAT(plan.table_groups, ElementsAre(group));
  EXPECT_EQ(plan.least(), 4U);
}

TEST(ClusterReader, ReadsWhatNodesNameAndKeepsNoOthersNics) {
  auto arm = healthy();
  arm.read(arm::plan_of(*arm.cluster.nodes));
  ASSERT_TRUE(arm.cluster.nics[0].items);
  ASSERT_EQ(arm.cluster.nics[0].items->size(), 1U);
  EXPECT_EQ(arm.cluster.nics[0].items->front().nic.id, kNic);
  ASSERT_TRUE(arm.cluster.networks[0].value);
  EXPECT_EQ(arm.cluster.networks[0].value->subnets[0].route_table_id, kTable);
  EXPECT_THAT(arm.cluster.tables, IsEmpty());  // the list of its group has it
  EXPECT_EQ(arm.requests, 3U);
  EXPECT_EQ(arm.expected.back(), 3U);
}

TEST(ClusterReader, FollowsPagesAndNoLinkThatLeadsElsewhere) {
  const std::string links[] = {kEndpoint + kNicList + "?api-version=2020-11-01&$skiptoken=1",
                               "https://evil.example" + kNicList + "?x=1", kEndpoint + kTableList + "?x=1"};
  for (const auto& link : links) {
    auto arm = healthy();
    arm.answers.erase(kNicList);
    arm.answers.emplace(kNicList, reply(list({nic_of(kNic, kVm)}, link)));
    arm.answers.emplace(kNicList, reply(list({nic_of(kNic + "2", kVm)})));
    arm.read(arm::plan_of(*arm.cluster.nodes));
    const auto& items = arm.cluster.nics[0].items;
    if (link.find("skiptoken") != std::string::npos) {
      ASSERT_TRUE(items);
      EXPECT_EQ(items->size(), 2U);
    } else {
      ASSERT_FALSE(items);
      EXPECT_THAT(items.error().what, HasSubstr("leads elsewhere"));
    }
  }
}

TEST(ClusterReader, TakesPagesWithoutAnEndForBroken) {
  auto arm = healthy();
  arm.answers.erase(kNicList);
  arm.answers.emplace(kNicList, reply(list({}, kEndpoint + kNicList + "?api-version=2020-11-01")));
  arm.read(arm::plan_of(*arm.cluster.nodes));
  EXPECT_FALSE(arm.cluster.nics[0].items);
}

TEST(ClusterReader, WaitsAsLongAsAzureAsks) {
  auto arm = healthy();
  auto throttled = refuse(429, "SubscriptionRequestsThrottled");
  throttled.headers["retry-after"] = "17";
  const auto answer = arm.answers.find(kNicList)->second;
  arm.answers.erase(kNicList);
  arm.answers.emplace(kNicList, throttled);
  arm.answers.emplace(kNicList, answer);
  arm.read(arm::plan_of(*arm.cluster.nodes));
  EXPECT_TRUE(arm.cluster.nics[0].items);
  EXPECT_THAT(arm.slept, ElementsAre(std::chrono::seconds(17)));
}

TEST(ClusterReader, StopsAtItsBudgetAndSaysSo) {
  auto arm = healthy();
  arm.limits.requests = 1;
  arm.read(arm::plan_of(*arm.cluster.nodes));
  EXPECT_EQ(arm.asked.size(), 1U);
  ASSERT_FALSE(arm.cluster.networks[0].value);
  EXPECT_THAT(arm.cluster.networks[0].value.error().what, HasSubstr("--max-requests"));
}

TEST(ClusterReader, NamesTheRightThatIsMissingAndWhose) {
  auto arm = healthy();
  arm.answers.erase(kNicList);
  arm.answers.emplace(kNicList, refuse(403, "AuthorizationFailed"));
  arm.read(arm::plan_of(*arm.cluster.nodes));
  ASSERT_FALSE(arm.cluster.nics[0].items);
  const auto& what = arm.cluster.nics[0].items.error().what;
  EXPECT_THAT(what, HasSubstr("the network interfaces of resource group 'MC_rg'"));
  EXPECT_THAT(what, HasSubstr("Microsoft.Network/networkInterfaces/read, on it to the caller"));
  EXPECT_THAT(what, testing::Not(HasSubstr(kToken)));
}

TEST(ClusterReader, AsksNothingMoreWithATokenThatIsNotAccepted) {
  auto arm = healthy();
  arm.answers.clear();
  arm.answers.emplace(kNicList, refuse(401, "ExpiredAuthenticationToken"));
  arm.read(arm::plan_of(*arm.cluster.nodes));
  EXPECT_EQ(arm.asked.size(), 1U);
  EXPECT_THAT(arm.cluster.nics[0].items.error().what, HasSubstr("does not accept the token of the caller"));
}

TEST(ClusterDocuments, LeaveOutWhatCannotBeUsedAndSaySo) {
  const auto page = arm::parse_cluster_nics(list({nic_of(kNic, kVm), {{"id", 7}}, "text", nullptr}));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->items.size(), 1U);
  EXPECT_TRUE(page->unusable);
  auto network = network_json();
  network["properties"]["subnets"].push_back({{"name", "odd"}, {"id", kSubnet}});
  const auto whole = arm::parse_cluster_network(network.dump());
  ASSERT_TRUE(whole);
  EXPECT_THAT(whole->unusable, ElementsAre("odd"));
}

TEST(ClusterDocuments, RefuseGarbage) {
  for (const char* text : {"", "{", "[]", "7", "{}", R"({"value":{}})", R"({"value":7})", "\xff"}) {
    EXPECT_FALSE(arm::parse_cluster_nics(text)) << text;
    EXPECT_FALSE(arm::parse_route_tables(text)) << text;
    EXPECT_FALSE(arm::parse_cluster_network(text)) << text;
  }
}

}  // namespace
