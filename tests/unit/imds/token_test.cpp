// The managed identity's token, asked of the simulator.
#include "imds/token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "simulator/identity.h"
#include "simulator/imds.h"

namespace {

using namespace std::chrono_literals;
using simulator::Fault;
using simulator::Imds;
using std::chrono::system_clock;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Kind = Fault::Kind;

constexpr auto kAudience = "https://management.azure.com/";
constexpr auto kSecret = "eyJ0eXAiOiJKV1Qi";  // how each JSON Web Token begins, the simulator's too

class TokenOf : public testing::Test {
 protected:
  TokenOf() {
    auto started =
        Imds::start({.rate_limit = {.per_second = 0, .identity_per_second = 0, .identity_concurrent = 0}});
    if (!started) throw std::runtime_error(started.error().what);
    simulator_ = *std::move(started);
    options_.endpoint = simulator_->endpoint();
  }

  imds::TokenKeeper controller(std::string client_id = {}) {
    return {options_, std::move(client_id), [this] { return now_; }};
  }

  std::string last_target() const { return simulator_->recent().back().target; }

  std::unique_ptr<Imds> simulator_;
  imds::Options options_;
  system_clock::time_point now_ = system_clock::now();
};

TEST_F(TokenOf, TheSystemAssignedIdentityIsAskedForWithItsAudienceEncoded) {
  const auto token = imds::fetch_token(options_, kAudience, "");
  ASSERT_TRUE(token) << token.error().what;
  EXPECT_THAT(token->secret, StartsWith(kSecret));
  EXPECT_GT(token->expires, system_clock::now() + 23h);
  EXPECT_EQ(last_target(),
            "/metadata/identity/oauth2/"
            "token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com%2F");
}

TEST_F(TokenOf, AUserAssignedIdentityIsNamedByItsClientId) {
  ASSERT_TRUE(imds::fetch_token(options_, kAudience, simulator::kClientId));
  EXPECT_THAT(last_target(), HasSubstr(std::string("&client_id=") + simulator::kClientId));
  EXPECT_FALSE(imds::fetch_token(options_, kAudience, "a b&resource=c"));
  EXPECT_THAT(last_target(), HasSubstr("&client_id=a%20b%26resource%3Dc"));
}

TEST_F(TokenOf, TimesMayBeNumbers) {
  simulator_->set_fault({.kind = Kind::token_numbers});
  const auto token = imds::fetch_token(options_, kAudience, "");
  ASSERT_TRUE(token) << token.error().what;
  EXPECT_GT(token->expires, system_clock::now() + 23h);
}

TEST_F(TokenOf, AnIdentityThatIsNotFoundMayBeMissingOrNew) {
  simulator_->set_fault({.kind = Kind::identity_not_found});
  const auto system = imds::fetch_token(options_, kAudience, "");
  ASSERT_FALSE(system);
  EXPECT_EQ(system.error().code.value(), ENOKEY);
  EXPECT_THAT(system.error().what,
              AllOf(HasSubstr("IMDS at " + simulator_->endpoint()), HasSubstr("has no managed identity"),
                    HasSubstr("just assigned"), HasSubstr("'az vm identity assign'")));
  const auto named = imds::fetch_token(options_, kAudience, "an-unknown-client-id");
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().code.value(), ENOKEY);
  EXPECT_THAT(named.error().what, AllOf(HasSubstr("userAssignedIdentityID"), Not(HasSubstr("an-unknown"))));
}

TEST_F(TokenOf, EachFaultHasItsCodeAndNoneShowsAToken) {
  const std::string body = R"({"access_token":"the-secret","expires_in":"60"})";
  const struct {
    const char* name;
    Fault fault;
    int code;
    const char* sentence;
  } cases[] = {
      {"400 of another kind",
       {.kind = Kind::status,
        .code = 400,
        .text = R"({"error":"invalid_resource","error_description":"The resource principal was not found"})"},
       EINVAL,
       "it refuses the request (400 invalid_resource)"},
      {"400 of Entra ID's",
       {.kind = Kind::status,
        .code = 400,
        .text =
            R"({"error":"invalid_request","error_description":"AADSTS500011: the-secret was not found"})"},
       EINVAL,
       "(400 invalid_request AADSTS500011)"},
      {"400 with a token for a word",
       {.kind = Kind::status,
        .code = 400,
        .text =
            R"({"error":"the-secret","error_description":"AADSTSthe-secret AADSTS12 AADSTS1234567890123"})"},
       EINVAL,
       "(400)"},
      {"400 without a body", {.kind = Kind::status, .code = 400}, EINVAL, "refuses the request (400"},
      {"400 with a token", {.kind = Kind::status, .code = 400, .text = body}, EINVAL, "refuses the request"},
      {"206 with a token", {.kind = Kind::status, .code = 206, .text = body}, EOPNOTSUPP, "answers 206"},
      {"503 with a token", {.kind = Kind::status, .code = 503, .text = body}, EAGAIN, "answers 503"},
      {"403", {.kind = Kind::proxy_403}, EACCES, "Guest Proxy Agent"},
      {"500 with a token in base64",
       {.kind = Kind::status, .code = 500, .text = "dGhlLXNlY3JldA== the-secret"},
       EAGAIN,
       "answers 500:"},
      {"404", {.kind = Kind::status, .code = 404}, EAGAIN, "being updated"},
      {"410", {.kind = Kind::status, .code = 410}, EAGAIN, "being updated"},
      {"429", {.kind = Kind::status, .code = 429}, EBUSY, "20 times a second"},
      {"500", {.kind = Kind::status, .code = 500}, EAGAIN, "passing failure"},
      {"redirect",
       {.kind = Kind::redirect, .text = "http://127.0.0.1:1/?t=the-secret"},
       EOPNOTSUPP,
       "redirects (302), which"},
      {"web page", {.kind = Kind::not_json}, EBADMSG, "no JSON object"},
      {"half", {.kind = Kind::body, .text = body.substr(0, 40)}, EBADMSG, "no JSON object"},
      {"timeless", {.kind = Kind::body, .text = R"({"access_token":"the-secret"})"}, EBADMSG, "expires_on"},
      {"reset", {.kind = Kind::reset}, ECONNRESET, "the connection broke"},
  };
  for (const auto& [name, fault, code, sentence] : cases) {
    SCOPED_TRACE(name);
    simulator_->set_fault(fault);
    const auto token = imds::fetch_token(options_, kAudience, "");
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code.value(), code) << token.error().what;
    EXPECT_THAT(token.error().what, AllOf(StartsWith("managed identity token: "), HasSubstr(sentence),
                                          Not(HasSubstr("the-secret")), Not(HasSubstr(kSecret))));
  }
}

TEST_F(TokenOf, AKeeperAsksAgainAtHalfOfALongLife) {
  auto controller = this->controller();
  EXPECT_THAT(controller.token(kAudience, false).value_or("none"), StartsWith(kSecret));
  now_ += 11h;
  EXPECT_TRUE(controller.token(kAudience, false));
  EXPECT_EQ(simulator_->request_count(), 1U);
  now_ += 2h;
  EXPECT_TRUE(controller.token(kAudience, false));
  EXPECT_EQ(simulator_->request_count(), 2U);
}

TEST_F(TokenOf, AKeeperKeepsOneTokenForOneAudience) {
  auto controller = this->controller();
  EXPECT_TRUE(controller.token(kAudience, false));
  EXPECT_TRUE(controller.token("https://management.local/", false));
  EXPECT_EQ(simulator_->request_count(), 2U);
  EXPECT_THAT(last_target(), HasSubstr("management.local"));
}

TEST_F(TokenOf, ARefusedTokenIsReplacedPastTheCacheOfImds) {
  auto controller = this->controller();
  EXPECT_TRUE(controller.token(kAudience, false));
  EXPECT_THAT(last_target(), Not(HasSubstr("bypass_cache")));
  EXPECT_TRUE(controller.token(kAudience, true));
  EXPECT_THAT(last_target(), HasSubstr("&bypass_cache=true"));
}

TEST_F(TokenOf, AKeeperLivesOnWhatItHasWhileImdsIsDown) {
  auto controller = this->controller();
  EXPECT_TRUE(controller.token(kAudience, false));
  simulator_->set_fault({.kind = Kind::status, .code = 503});
  now_ += 13h;
  EXPECT_TRUE(controller.token(kAudience, false));
  EXPECT_EQ(simulator_->request_count(), 2U) << "but it tried";
  now_ += 11h;
  EXPECT_FALSE(controller.token(kAudience, false)) << "four minutes before the end";
  EXPECT_FALSE(controller.token(kAudience, true));
}

TEST_F(TokenOf, ARefusalForGoodIsNotAskedAboutAgainWithinAMinute) {
  simulator_->set_fault({.kind = Kind::identity_not_found});
  auto controller = this->controller();
  const auto first = controller.token(kAudience, false);
  now_ += 59s;
  const auto second = controller.token(kAudience, true);
  ASSERT_FALSE(first);
  ASSERT_FALSE(second);
  EXPECT_EQ(first.error().what, second.error().what);
  EXPECT_EQ(first.error().code, second.error().code);
  EXPECT_EQ(simulator_->request_count(), 1U);
  now_ += 1s;
  simulator_->clear_faults();
  EXPECT_TRUE(controller.token(kAudience, false));

  auto another = this->controller();
  simulator_->set_fault({.kind = Kind::identity_not_found});
  EXPECT_FALSE(another.token(kAudience, false));
  now_ -= 1h;
  simulator_->clear_faults();
  EXPECT_TRUE(another.token(kAudience, false)) << "a clock that was set back does not silence it for an hour";
}

TEST_F(TokenOf, APassingFailureIsAskedAboutAgainAtOnce) {
  simulator_->set_fault({.kind = Kind::status, .code = 503, .count = 1});
  auto controller = this->controller();
  EXPECT_FALSE(controller.token(kAudience, false));
  EXPECT_TRUE(controller.token(kAudience, false));
}

}  // namespace
