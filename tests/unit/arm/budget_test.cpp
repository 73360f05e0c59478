// What ends a verification early: no token, one that is refused, a limit of ARM's, time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <string>

#include "azure.h"

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<net::Error> errors_of(const observed::AzureNetwork& seen) {
  std::vector<net::Error> errors;
  if (!seen.nic) errors.push_back(error_of(seen.nic));
  if (!seen.subnet) errors.push_back(error_of(seen.subnet));
  if (!seen.route_table) errors.push_back(error_of(seen.route_table));
  if (!seen.network) errors.push_back(error_of(seen.network));
  return errors;
}

https::Response throttled(std::map<std::string, std::string> headers) {
  return {.status = 429, .headers = std::move(headers), .body = sample("error_429_subscription.json")};
}

TEST(Budget, WithoutATokenEveryPartIsThatErrorAndNothingIsAsked) {
  Azure azure;
  azure.next_token = net::failure(ENOENT, "no identity");
  const auto verification = azure.client().verify(kVm, kMac, azure.finish_by);
  EXPECT_EQ(verification.requests, 0U);
  const auto errors = errors_of(verification.seen);
  ASSERT_EQ(errors.size(), 4U);
  for (const auto& error : errors) {
    EXPECT_EQ(error.code.value(), ENOENT);
    EXPECT_EQ(error.what, "no identity");
  }
  EXPECT_EQ(azure.audiences.size(), 1U);
}

TEST(Budget, ARefusedTokenIsReplacedOnceAndTheRequestRepeated) {
  Azure azure;
  azure.put(kNic, {refuse(401, "ExpiredAuthenticationToken"), reply(nic_document())});
  const auto verification = azure.client().verify(kVm, kMac, azure.finish_by);
  EXPECT_THAT(azure.asked(), ElementsAre("node-0", "nic-0", "nic-0", "nodes", "pods"));
  EXPECT_EQ(azure.fresh_tokens, 1U);
  EXPECT_TRUE(verification.seen.route_table);
  EXPECT_EQ(error_of(verification.seen.network).code.value(), EAGAIN);
  EXPECT_THAT(error_of(verification.seen.network).what, HasSubstr("5 requests at most; next time"));
}

TEST(Budget, AFreshTokenThatIsRefusedTooEndsIt) {
  Azure azure;
  azure.put(kVm, refuse(401, "InvalidAuthenticationToken"));
  const auto verification = azure.client().verify(kVm, kMac, azure.finish_by);
  EXPECT_EQ(verification.requests, 2U);
  EXPECT_EQ(azure.fresh_tokens, 1U);
  const auto errors = errors_of(verification.seen);
  ASSERT_EQ(errors.size(), 4U);
  for (const auto& error : errors) {
    EXPECT_EQ(error.code.value(), EACCES);
    EXPECT_THAT(error.what, HasSubstr("not even a fresh one"));
  }
}

TEST(Budget, ATokenIsReplacedOncePerVerification) {
  Azure azure;
  azure.put(kVm, {refuse(401, "x"), reply(vm_document({{kNic, true}}))});
  azure.put(kNic, refuse(401, "x"));
  const auto verification = azure.client().verify(kVm, kMac, azure.finish_by);
  EXPECT_EQ(verification.requests, 3U);
  EXPECT_EQ(azure.fresh_tokens, 1U);
  EXPECT_EQ(error_of(verification.seen.nic).code.value(), EACCES);
}

TEST(Budget, ARefusalOfTheLastRequestIsNotRepeatedBeyondTheBudget) {
  Azure azure;
  azure.put(kNetwork, refuse(401, "x"));
  const auto verification = azure.client().verify(kVm, kMac, azure.finish_by);
  EXPECT_EQ(verification.requests, 5U);
  EXPECT_EQ(azure.fresh_tokens, 0U);
  EXPECT_EQ(error_of(verification.seen.network).code.value(), EACCES);
  EXPECT_THAT(error_of(verification.seen.network).what, HasSubstr("next time with a fresh one"));
}

TEST(Budget, AFailureToRenewTheTokenEndsIt) {
  Azure azure;
  azure.put(kVm, refuse(401, "x"));
  arm::Client client(
      {.endpoint = kEndpoint, .audience = kAudience}, [](const https::Request&) { return refuse(401, "x"); },
      [](const std::string&, bool fresh) -> net::Result<std::string> {
        if (fresh) return net::failure(EBUSY, "IMDS is busy");
        return std::string(kToken);
      });
  const auto verification = client.verify(kVm, kMac, azure.finish_by);
  EXPECT_EQ(verification.requests, 1U);
  for (const auto& error : errors_of(verification.seen)) EXPECT_EQ(error.what, "IMDS is busy");
}

TEST(Budget, AfterA429NothingElseIsAskedAndTheWaitIsPassedOn) {
  const struct {
    std::map<std::string, std::string> headers;
    std::optional<std::chrono::milliseconds> wait;
  } cases[] = {
      {{}, std::nullopt},
      {{{"retry-after", "10"}}, 10s},
      {{{"retry-after-ms", "250"}, {"retry-after", "10"}}, 250ms},
      {{{"x-ms-retry-after-ms", "1500"}}, 1500ms},
      {{{"retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"}, {"date", "Wed, 21 Oct 2015 07:27:00 GMT"}}, 60s},
  };
  for (const auto& [headers, wait] : cases) {
    Azure azure;
    azure.put(kSubnet, throttled(headers));
    const auto verification = azure.client().verify(kVm, kMac, azure.finish_by);
    EXPECT_THAT(azure.asked(), ElementsAre("node-0", "nic-0", "nodes"));
    EXPECT_EQ(verification.resume_after, wait);
    EXPECT_TRUE(verification.seen.nic);
    const auto errors = errors_of(verification.seen);
    ASSERT_EQ(errors.size(), 3U);
    for (const auto& error : errors) EXPECT_EQ(error.code.value(), EBUSY);
    EXPECT_THAT(errors[0].what, HasSubstr("SubscriptionRequestsThrottled"));
    EXPECT_EQ(errors[1].what, "not read this time: ARM asked for fewer requests");
    EXPECT_EQ(errors[2].what, errors[1].what);
  }
}

TEST(Budget, ALockOnOneResourceIsNoThrottling) {
  Azure azure;
  auto locked = refuse(429, "RetryableErrorDueToAnotherOperation");
  locked.headers["retry-after"] = "10";
  azure.put(kTable, locked);
  const auto verification = azure.client().verify(kVm, kMac, azure.finish_by);
  EXPECT_EQ(verification.resume_after, std::nullopt);
  EXPECT_EQ(error_of(verification.seen.route_table).code.value(), EAGAIN);
  EXPECT_TRUE(verification.seen.network) << "the others are asked for";
}

TEST(Budget, NothingIsAskedPastTheDeadline) {
  Azure azure;
  azure.finish_by = std::chrono::steady_clock::now() - 1s;
  auto verification = azure.client().verify(kVm, kMac, azure.finish_by);
  EXPECT_EQ(verification.requests, 0U);
  for (const auto& error : errors_of(verification.seen)) EXPECT_EQ(error.code.value(), ETIMEDOUT);
  EXPECT_THAT(azure.urls, IsEmpty());
}

TEST(Budget, EachRequestSaysWhichTokensMustNotComeBack) {
  std::vector<https::Request> requests;
  unsigned tokens = 0;
  arm::Client client(
      {.endpoint = kEndpoint, .audience = kAudience},
      [&requests](const https::Request& request) {
        requests.push_back(request);
        return refuse(401, "ExpiredAuthenticationToken");
      },
      [&tokens](const std::string&, bool) { return "token-" + std::to_string(++tokens); });
  client.verify(kVm, kMac, std::chrono::steady_clock::now() + std::chrono::minutes(1));
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_THAT(requests[0].secrets, ElementsAre("token-1"));
  EXPECT_THAT(requests[1].secrets, ElementsAre("token-1", "token-2")) << "the one that was refused, too";
}

}  // namespace
