// The control endpoint's part for the cloud.
#include "simulator/cloud/cloud.h"

#include "cloud_client.h"
#include "simulator/imds.h"

namespace {

using namespace cloud_test;
using simulator::Control;
using testing::HasSubstr;

class Ordered : public Clouded {
 protected:
  Ordered() {
    auto control = Control::start("127.0.0.1:0", control_handlers(*cloud_));
    if (!control) throw std::runtime_error(control.error().what);
    control_ = *std::move(control);
  }

  httplib::Client endpoint() const { return httplib::Client(control_->endpoint()); }
  json sanitized(const std::string& path) const { return json::parse(endpoint().Get(path)->body); }
  httplib::Response put(const std::string& path, const std::string& body) const {
    return *endpoint().Put(path, body, "application/json");
  }

  std::unique_ptr<Control> control_;
};

TEST_F(Ordered, ArmAndNodesAreReplacedAndShown) {
  const json documents = {{kTable, {{"name", "t"}}}};
  EXPECT_EQ(put("/arm", documents.dump()).status, 204);
  EXPECT_EQ(sanitized("/arm"), documents);
  EXPECT_EQ(arm(kTable + kVersion).status, 200);
  EXPECT_EQ(put("/nodes", R"({"vm-a":{}})").status, 204);
  EXPECT_EQ(sanitized("/nodes")["vm-a"]["metadata"]["name"], "vm-a");
  EXPECT_EQ(nodes("/api/v1/nodes/vm-a").status, 200);
  for (const char* path : {"/arm", "/nodes"}) {
    const auto refused = put(path, "{");
    EXPECT_EQ(refused.status, 400) << path;
    EXPECT_THAT(refused.body, HasSubstr("not valid JSON")) << path;
  }
}

TEST_F(Ordered, FaultsAreSetShownAndCleared) {
  const json fault = {{"kind", "status"},
                      {"code", 429},
                      {"headers", {{"retry-after-ms", "1500"}}},
                      {"path", "/subscriptions"},
                      {"count", 2}};
  EXPECT_EQ(put("/cloud-fault", fault.dump()).status, 204);
  EXPECT_EQ(arm(kTable + kVersion).get_header_value("retry-after-ms"), "1500");
  auto left = fault;
  left["count"] = 1;
  EXPECT_EQ(sanitized("/cloud-fault"), json::array({left}));
  EXPECT_EQ(put("/cloud-fault", "7").status, 400);
  EXPECT_EQ(endpoint().Delete("/cloud-fault")->status, 204);
  EXPECT_EQ(sanitized("/cloud-fault"), json::array());
}

TEST_F(Ordered, RequestsAreCountedShownAndForgotten) {
  arm(kTable + kVersion);
  const auto requests = sanitized("/cloud-requests");
  EXPECT_EQ(requests["count"], 1);
  EXPECT_EQ(requests["last"]["target"], kTable + kVersion);
  EXPECT_EQ(requests["last"]["status"], 404);
  EXPECT_EQ(endpoint().Delete("/cloud-requests")->status, 204);
  EXPECT_EQ(sanitized("/cloud-requests")["count"], 0);
}

TEST_F(Ordered, HistoryIsForgottenAndWatchesAreEnded) {
  EXPECT_EQ(put("/nodes", R"({"vm-a":{}})").status, 204);
  const auto version = cloud_->resource_version();
  EXPECT_EQ(put("/nodes", "{}").status, 204);
  EXPECT_EQ(put("/compaction", "{}").status, 204);
  const auto watch = nodes("/api/v1/nodes?watch=true&resourceVersion=" + std::to_string(version));
  EXPECT_EQ(json::parse(watch.body)["object"]["code"], 410);
  EXPECT_EQ(put("/compaction", json{{"before", version}}.dump()).status, 204);
  EXPECT_EQ(put("/compaction", json{{"before", version + 1000}}.dump()).status, 400);
  for (const char* bad : {"", "[]", R"({"after":1})", R"({"before":"1"})"}) {
    EXPECT_EQ(put("/compaction", bad).status, 400) << bad;
  }
  EXPECT_EQ(endpoint().Delete("/watches")->status, 204);
}

TEST_F(Ordered, TheHelpNamesThem) {
  const auto help = endpoint().Get("/")->body;
  for (const char* each :
       {"/arm", "/nodes", "/compaction", "/watches", "/cloud-fault", "/cloud-requests", "drip"}) {
    EXPECT_THAT(help, HasSubstr(each));
  }
}

TEST_F(Ordered, ATokenOfASimulatedImdsIsTakenByArm) {
  ASSERT_TRUE(cloud_->set_arm(json({{kTable, json::object()}}).dump()));
  const auto imds = simulator::Imds::start();
  ASSERT_TRUE(imds);
  const auto issued = httplib::Client((*imds)->endpoint())
                          .Get(
                              "/metadata/identity/oauth2/token?api-version=2018-02-01"
                              "&resource=https%3A%2F%2Fmanagement.azure.com%2F",
                              httplib::Headers{{"Metadata", "true"}});
  ASSERT_TRUE(issued);
  const std::string token = json::parse(issued->body)["access_token"];
  EXPECT_EQ(get(kTable + kVersion, token).status, 200);
}

}  // namespace
