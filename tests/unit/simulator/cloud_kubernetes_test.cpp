// Nodes as the API server shows them.
#include <string>
#include <vector>

#include "cloud_client.h"

namespace {

using namespace cloud_test;

class Kubernetes : public Clouded {
 protected:
  Kubernetes() {
    EXPECT_TRUE(cloud_->set_nodes(
        R"({"vm-a":{"spec":{"podCIDR":"10.1.0.0/24"}},"vm-b":{"spec":{"podCIDR":"10.1.1.0/24"}}})"));
  }
};

TEST_F(Kubernetes, ANodeIsServedWithItsVersion) {
  const auto response = nodes("/api/v1/nodes/vm-b");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.get_header_value("Content-Type"), "application/json");
  EXPECT_EQ(
      json::parse(response.body),
      json({{"kind", "Node"},
            {"apiVersion", "v1"},
            {"metadata", {{"name", "vm-b"}, {"resourceVersion", std::to_string(cloud_->resource_version())}}},
            {"spec", {{"podCIDR", "10.1.1.0/24"}}}}));
}

TEST_F(Kubernetes, AListIsServedWholeOrOfOneNode) {
  const auto all = json::parse(nodes("/api/v1/nodes").body);
  EXPECT_EQ(all["kind"], "NodeList");
  EXPECT_EQ(all["metadata"]["resourceVersion"], std::to_string(cloud_->resource_version()));
  EXPECT_EQ(all["items"].size(), 2);
  const auto one = json::parse(nodes("/api/v1/nodes?fieldSelector=metadata.name%3Dvm-a").body);
  ASSERT_EQ(one["items"].size(), 1);
  EXPECT_EQ(one["items"][0]["metadata"]["name"], "vm-a");
}

TEST_F(Kubernetes, ItDescribesItselfToWhoMayAsk) {
  EXPECT_EQ(json::parse(nodes("/api").body)["versions"], json({"v1"}));
  EXPECT_EQ(json::parse(nodes("/apis").body)["kind"], "APIGroupList");
  const auto resources = json::parse(nodes("/api/v1").body);
  EXPECT_EQ(resources["kind"], "APIResourceList");
  EXPECT_EQ(resources["resources"][0]["name"], "nodes");
  EXPECT_EQ(json::parse(nodes("/version").body)["major"], "1");
  for (const char* path : {"/api", "/apis", "/api/v1", "/version"}) {
    EXPECT_EQ(client()->Get(path)->status, 401) << path;
  }
  EXPECT_EQ(nodes("/openapi/v3").status, 404);
  EXPECT_EQ(json::parse(nodes("/apis/apps/v1").body)["kind"], "Status");
}

class Pages : public Kubernetes {
 protected:
  Pages() { EXPECT_TRUE(cloud_->set_nodes(R"({"a":{},"b":{},"c":{},"d":{}})")); }

  json page(const std::string& query) const { return json::parse(nodes("/api/v1/nodes?" + query).body); }
  static std::vector<std::string> names(const json& list) {
    std::vector<std::string> found;
    for (const auto& each : list.at("items")) found.push_back(each["metadata"]["name"]);
    return found;
  }
  static std::string rest_of(const json& list) {
    return "&continue=" + list.at("metadata").at("continue").get<std::string>();
  }
};

using Names = std::vector<std::string>;

TEST_F(Pages, AListGoesOnWhereItStopped) {
  const auto first = page("limit=3");
  EXPECT_EQ(names(first), (Names{"a", "b", "c"}));
  EXPECT_EQ(first["metadata"]["remainingItemCount"], 1);
  const auto second = page("limit=3" + rest_of(first));
  EXPECT_EQ(names(second), Names{"d"});
  EXPECT_FALSE(second["metadata"].contains("continue"));
  EXPECT_EQ(names(page("limit=4")).size(), 4U);
  EXPECT_FALSE(page("limit=4")["metadata"].contains("continue"));
}

TEST_F(Pages, ItsPagesAreOfOneMoment) {
  const auto first = page("limit=1");
  ASSERT_TRUE(cloud_->set_nodes(R"({"a":{},"b":{"spec":{"x":1}},"d":{},"e":{}})"));
  const auto rest = page("limit=500" + rest_of(first));
  EXPECT_EQ(names(rest), (Names{"b", "c", "d"}));
  EXPECT_EQ(rest["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
  EXPECT_FALSE(rest["items"][0].contains("spec"));
}

TEST_F(Pages, WhatIsForgottenIs410AndWhatIsNoTokenIs400) {
  const auto first = page("limit=1");
  ASSERT_TRUE(cloud_->set_nodes(R"({"a":{}})"));
  ASSERT_TRUE(cloud_->compact(cloud_->resource_version()));
  const auto expired = page("limit=1" + rest_of(first));
  EXPECT_EQ(expired["code"], 410);
  EXPECT_EQ(expired["reason"], "Expired");
  EXPECT_EQ(page("limit=x")["code"], 400);
  for (const char* bad : {"x", "AAAA", "e30", "%21"}) {
    EXPECT_EQ(page(std::string("continue=") + bad)["code"], 400) << bad;
  }
}

TEST_F(Kubernetes, RefusalsAreStatusObjects) {
  const struct {
    const char* path;
    const char* token;
    int code;
    const char* reason;
    const char* message;
  } cases[] = {
      {"/api/v1/nodes/vm-a", "nonsense", 401, "Unauthorized", "Unauthorized"},
      {"/api/v1/nodes/vm-c", kServiceAccountToken, 404, "NotFound", "nodes \"vm-c\" not found"},
      {"/api/v1/pods", kServiceAccountToken, 404, "NotFound",
       "the server could not find the requested resource"},
      {"/api/v1/nodes?watch=true&resourceVersion=x", kServiceAccountToken, 400, "BadRequest",
       "resourceVersion: Invalid value: \"x\""},
      {"/api/v1/nodes?fieldSelector=spec.x%3Dy", kServiceAccountToken, 400, "BadRequest",
       "fieldSelector: Invalid value: \"spec.x=y\""},
      {"/api/v1/nodes?labelSelector=a%3Db", kServiceAccountToken, 400, "BadRequest",
       "labelSelector: Invalid value: \"a=b\""},
      {"/api/v1/nodes?watch=true&labelSelector=a", kServiceAccountToken, 400, "BadRequest",
       "labelSelector: Invalid value: \"a\""},
      {"/api/v1/nodes?watch=true&sendInitialEvents=true", kServiceAccountToken, 422, "Invalid",
       "ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is "
       "forbidden for watch unless the WatchList feature gate is enabled"},
  };
  for (const auto& [path, token, code, reason, message] : cases) {
    SCOPED_TRACE(path);
    const auto response = get(path, token);
    EXPECT_EQ(response.status, code);
    const auto status = json::parse(response.body);
    EXPECT_EQ(status["kind"], "Status");
    EXPECT_EQ(status["status"], "Failure");
    EXPECT_EQ(status["code"], code);
    EXPECT_EQ(status["reason"], reason);
    EXPECT_EQ(status["message"], message);
  }
  EXPECT_EQ(client()->Get("/api/v1/nodes/vm-a")->status, 401);
}

TEST_F(Kubernetes, EachChangeRaisesTheVersionAndNothingElseDoes) {
  const auto before = cloud_->resource_version();
  ASSERT_TRUE(cloud_->set_nodes(cloud_->nodes()));
  EXPECT_EQ(cloud_->resource_version(), before);
  ASSERT_TRUE(cloud_->set_nodes(R"({"vm-a":{"spec":{}},"vm-c":{}})"));  // changed, gone, come
  EXPECT_EQ(cloud_->resource_version(), before + 3);
  EXPECT_EQ(nodes("/api/v1/nodes/vm-b").status, 404);
}

TEST_F(Kubernetes, TheNodesAreReplacedAsAWholeOrNotAtAll) {
  const auto before = cloud_->nodes();
  for (const char* bad : {"{", "[]", R"({"vm-c":{},"vm-d":7})", R"({"vm-c":{"kind":"Pod"}})"}) {
    EXPECT_FALSE(cloud_->set_nodes(bad)) << bad;
    EXPECT_EQ(cloud_->nodes(), before) << bad;
  }
}

}  // namespace
