// Tokens of the managed identity: limits, words and faults of their own.
#include <gmock/gmock.h>

#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "../imds/files.h"
#include "imds_client.h"
#include "simulator/identity.h"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using simulator::Fault;
using std::chrono::steady_clock;
using testing::HasSubstr;
using Kind = Fault::Kind;

TEST_F(Simulated, IdentityTakesTwentyRequestsPerSecond) {
  simulator_->set_rate_limit({});
  const auto started = steady_clock::now();
  int answered = 0;
  for (int i = 0; i < 60; ++i) answered += get(kToken).status == 200 ? 1 : 0;
  const auto seconds = std::chrono::duration<double>(steady_clock::now() - started).count();
  EXPECT_GE(answered, 20);
  EXPECT_LE(answered, 20 + static_cast<int>(20 * seconds) + 1);
}

TEST_F(Simulated, IdentityTakesFiveRequestsAtATime) {
  simulator_->set_rate_limit({.per_second = 0, .identity_per_second = 0, .identity_concurrent = 5});
  simulator_->set_fault({.kind = Kind::slow, .delay = 1s, .path = "/metadata/identity"});
  std::vector<std::future<int>> open;
  open.reserve(5);
  for (int i = 0; i < 5; ++i) {
    open.push_back(std::async(std::launch::async, [this] { return get(kToken).status; }));
  }
  ASSERT_TRUE(simulator_->await_requests(5, 10s));
  EXPECT_EQ(get(kToken).status, 429);
  for (auto& each : open) EXPECT_EQ(each.get(), 200);
  simulator_->clear_faults();
  EXPECT_EQ(get(kToken).status, 200);
}

TEST_F(Simulated, TokensAreStringsLikeTheRealOnes) {
  const auto token = get_json(kToken);
  const auto real = json::parse(sample("token_200.json"));
  for (const auto& [key, value] : real.items()) {
    EXPECT_TRUE(token.contains(key) && token[key].is_string()) << key;
  }
  EXPECT_EQ(token.size(), real.size());
  EXPECT_EQ(token["resource"], "https://management.azure.com/");
  const auto expires_on = std::stoll(token["expires_on"].get<std::string>());
  EXPECT_NEAR(static_cast<double>(expires_on - std::time(nullptr)), 86400, 60);
}

TEST_F(Simulated, TokenFaults) {
  simulator_->set_fault({.kind = Kind::token_lifetime, .amount = -60});
  auto token = get_json(kToken);
  EXPECT_LT(std::stoll(token["expires_on"].get<std::string>()), std::time(nullptr));
  EXPECT_EQ(token["expires_in"], "-60");

  simulator_->set_fault({.kind = Kind::token_numbers});
  token = get_json(kToken);
  for (const char* key : {"expires_in", "expires_on", "ext_expires_in", "not_before"}) {
    EXPECT_TRUE(token[key].is_number_integer()) << key;
  }

  simulator_->set_fault({.kind = Kind::identity_not_found, .count = 1});
  const auto refused = get(kToken);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(json::parse(refused.body), json::parse(sample("token_400_identity_not_found.json")));
  EXPECT_EQ(get(kToken).status, 200);
}

TEST_F(Simulated, ATokenIsOfTheIdentityThatIsAskedForAndAsLongAsARealOne) {
  using simulator::read_access_token;
  const struct {
    std::string selector;
    const char* client_id;
  } cases[] = {
      {"", simulator::kSystemClientId},
      {std::string("&client_id=") + simulator::kClientId, simulator::kClientId},
      {"&object_id=3b5f0f3e-6a7c-4f53-9d0e-0c6c7d1b9a11", simulator::kClientId},
  };
  for (const auto& [selector, client_id] : cases) {
    SCOPED_TRACE(selector);
    const auto token = get_json(kToken + selector);
    EXPECT_EQ(token["client_id"], client_id);
    const auto secret = token["access_token"].get<std::string>();
    EXPECT_THAT(secret.size(), testing::AllOf(testing::Ge(1500U), testing::Le(2500U)));
    EXPECT_THAT(secret, testing::MatchesRegex("eyJ[A-Za-z0-9_-]+\\.eyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+"));
    const auto read = read_access_token(secret);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->client_id, client_id);
    EXPECT_EQ(std::to_string(std::chrono::system_clock::to_time_t(read->expires)), token["expires_on"]);
    auto another = secret;
    another[another.size() / 2] = another[another.size() / 2] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(read_access_token(another));
  }
}

TEST_F(Simulated, IdentityRefusesInItsOwnWords) {
  const std::string base = "/metadata/identity/oauth2/token?api-version=2018-02-01";
  const std::string known = "0d46c104-a85f-49e2-9c96-ae58c6fa927b";
  const struct {
    std::string target;
    httplib::Headers headers;
    int status;
    const char* error;
    const char* description;
  } cases[] = {
      {kToken, {}, 400, "bad_request_102", "Required metadata header not specified"},
      {base, kMetadata, 400, "invalid_request", "'resource'"},
      {base + "&resource=x&resource=y", kMetadata, 400, "invalid_request", "twice"},
      {"/metadata/identity/oauth2/token?resource=x", kMetadata, 400, "invalid_request", "'api-version'"},
      {"/metadata/identity/oauth2/token?resource=x&api-version=2017-12-01", kMetadata, 400, "invalid_request",
       "'api-version'"},
      {base + "&resource=x&client_id=unknown", kMetadata, 400, "invalid_request", "Identity not found"},
      {base + "&resource=x&client_id=" + known + "&object_id=y", kMetadata, 400, "invalid_request",
       "exclusive"},
      {"/metadata/identity/nonsense?api-version=2018-02-01", kMetadata, 404, "not_found", "Not found"},
  };
  for (const auto& [target, headers, status, error, description] : cases) {
    SCOPED_TRACE(target);
    const auto response = get(target, headers);
    const auto body = json::parse(response.body, nullptr, false);
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(body.value("error", ""), error);
    EXPECT_THAT(body.value("error_description", ""), HasSubstr(description));
  }
  EXPECT_EQ(get_json(base + "&resource=x&client_id=" + known)["client_id"], known);
  EXPECT_TRUE(get_json("/metadata/identity/info?api-version=2018-02-01").contains("tenantId"));
}

}  // namespace
