#include "kubernetes/node_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <nlohmann/json.hpp>

namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

json node(const std::string& name) {
  return {{"metadata",
           {{"name", name},
            {"creationTimestamp", "2026-01-01T00:00:00Z"},
            {"managedFields", {{{"manager", "kubelet"}}}},
            {"labels", {{"kubernetes.azure.com/podnetwork-type", "overlay"}}},
            {"annotations", {{"projectcalico.org/IPv4VXLANTunnelAddr", "10.244.1.0"}}}}},
          {"spec", {{"podCIDRs", {"10.244.1.0/24"}}, {"providerID", "azure:///subscriptions/s"}}},
          {"status",
           {{"images", {{{"names", {"image"}}}}},
            {"addresses", {{{"type", "InternalIP"}, {"address", "10.240.0.4"}}}},
            {"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}};
}

std::string page(const std::vector<json>& nodes, const std::string& next = "") {
  json list{
      {"kind", "NodeList"}, {"metadata", {{"continue", next}, {"remainingItemCount", 3}}}, {"items", nodes}};
  return list.dump();
}

std::vector<std::string> names(const std::vector<observed::ClusterNode>& nodes) {
  std::vector<std::string> all;
  for (const auto& each : nodes) all.push_back(each.name);
  return all;
}

TEST(NodeList, KeepsOfANodeWhatIsJudged) {
  std::vector<observed::ClusterNode> nodes;
  const auto end = kubernetes::read_node_list(page({node("vm1")}, "token"), nodes);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->next, "token");
  EXPECT_EQ(end->remaining, 3U);
  ASSERT_EQ(nodes.size(), 1U);
  EXPECT_EQ(nodes[0].name, "vm1");
  EXPECT_EQ(nodes[0].pod_cidrs.size(), 1U);
  EXPECT_EQ(nodes[0].addresses.size(), 1U);
  EXPECT_TRUE(nodes[0].ready);
  EXPECT_TRUE(nodes[0].has_calico_tunnel);
  EXPECT_EQ(nodes[0].podnetwork_type, "overlay");
  EXPECT_EQ(nodes[0].unusable, "");
}

TEST(NodeList, NamesANodeThatCannotBeUsed) {
  auto odd = node("vm1");
  odd["spec"]["podCIDRs"] = {"10.244.1.7/24"};
  std::vector<observed::ClusterNode> nodes;
  ASSERT_TRUE(kubernetes::read_node_list(page({odd, node("vm2")}), nodes));
  EXPECT_THAT(names(nodes), ElementsAre("vm1", "vm2"));
  EXPECT_THAT(nodes[0].unusable, HasSubstr("spec.podCIDRs"));
}

TEST(NodeList, RefusesGarbage) {
  for (const std::string text :
       {"", "{", "7", "[]", "{}", R"({"kind":"NodeList"})", R"({"kind":"NodeList","items":7})",
        R"({"kind":"PodList","items":[]})", R"({"kind":"NodeList","items":[{]})"}) {
    std::vector<observed::ClusterNode> nodes;
    EXPECT_FALSE(kubernetes::read_node_list(text, nodes)) << text;
  }
  std::vector<observed::ClusterNode> nodes;
  EXPECT_FALSE(kubernetes::read_node_list(std::string(200'000, '['), nodes));
}

/// An API server made of answers, one after the other.
struct Server {
  std::deque<net::Result<https::Response>> answers;
  std::vector<std::string> asked;

  net::Result<std::vector<observed::ClusterNode>> list() {
    return kubernetes::list_nodes(
        [this](const std::string& target) {
          asked.push_back(target);
          auto answer = answers.front();
          answers.pop_front();
          return answer;
        },
        {.server = "https://api", .identity = {}, .token = "", .source = "kubeconfig"},
        [](std::size_t, std::size_t) {});
  }
  void add(unsigned status, const std::string& body = "{}") {
    answers.emplace_back(https::Response{.status = status, .headers = {}, .body = body});
  }
};

TEST(NodeList, FollowsPages) {
  Server server;
  server.add(200, page({node("vm1")}, "a/b+c="));
  server.add(200, page({node("vm2")}));
  const auto nodes = server.list();
  ASSERT_TRUE(nodes);
  EXPECT_THAT(names(*nodes), ElementsAre("vm1", "vm2"));
  EXPECT_EQ(server.asked[1], "/api/v1/nodes?limit=250&continue=a%2Fb%2Bc%3D");
}

TEST(NodeList, StartsAgainOnceWhereItsVersionIsGone) {
  Server server;
  server.add(200, page({node("vm1")}, "token"));
  server.add(410);
  server.add(200, page({node("vm2")}));
  const auto nodes = server.list();
  ASSERT_TRUE(nodes);
  EXPECT_THAT(names(*nodes), ElementsAre("vm2"));
  server.add(410);
  server.add(410);
  EXPECT_FALSE(server.list());
}

TEST(NodeList, AsksForHalfOfAPageThatIsTooLarge) {
  Server server;
  server.answers.emplace_back(net::failure(EMSGSIZE, "too large"));
  server.add(200, page({node("vm1")}));
  ASSERT_TRUE(server.list());
  EXPECT_EQ(server.asked[1], "/api/v1/nodes?limit=125");
}

TEST(NodeList, NamesTheRightThatIsMissing) {
  Server server;
  server.add(403, R"({"message":"nodes is forbidden"})");
  const auto nodes = server.list();
  ASSERT_FALSE(nodes);
  EXPECT_EQ(nodes.error().code.value(), EACCES);
  EXPECT_THAT(nodes.error().what, HasSubstr("needs the verb list on nodes"));
}

}  // namespace
