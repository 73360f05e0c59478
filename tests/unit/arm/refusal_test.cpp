#include "arm/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "azure.h"

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr auto kHost = "management.azure.com";

arm::Subject subject(const std::string& id) { return *arm::subject_of(*arm::ResourceId::parse(id)); }

net::Error refused(const https::Response& response, const std::string& id = kSubnet) {
  return arm::refusal(response, subject(id), kHost);
}

TEST(Refusal, EveryStatusHasItsCodeItsMeaningAndItsRemedy) {
  const struct {
    unsigned status;
    int expected;
    const char* code;
    const char* sentence;
  } cases[] = {
      {401, EACCES, "ExpiredAuthenticationToken", "(401 ExpiredAuthenticationToken), not even a fresh one"},
      {403, EACCES, "AuthorizationFailed",
       "no permission to read the subnet 'nodes' (403 AuthorizationFailed): grant Reader, or the action "
       "Microsoft.Network/virtualNetworks/subnets/read, on it to the VM's managed identity"},
      {404, ENOENT, "NotFound", "the subnet 'nodes' is not there (404 NotFound)"},
      {429, EBUSY, "SubscriptionRequestsThrottled",
       "asks for fewer requests (429 SubscriptionRequestsThrottled)"},
      {429, EBUSY, "OperationNotAllowed", "asks for fewer requests"},
      {429, EAGAIN, "RetryableErrorDueToAnotherOperation", "being changed by another operation"},
      {500, EAGAIN, "InternalServerError", "a passing failure of Azure's"},
      {503, EAGAIN, "ServerTimeout", "(503 ServerTimeout)"},
      {599, EAGAIN, "", "(599)"},
      {301, EOPNOTSUPP, "", "it redirects (301)"},
      {307, EOPNOTSUPP, "", "not followed"},
      {202, EOPNOTSUPP, "", "answers 202"},
      {400, EOPNOTSUPP, "NoRegisteredProviderFound", "answers 400 NoRegisteredProviderFound"},
      {409, EOPNOTSUPP, "Conflict",
       "answers 409 Conflict to the request for the subnet 'nodes': the message"},
  };
  for (const auto& [status, expected, code, sentence] : cases) {
    SCOPED_TRACE(testing::Message() << status << code);
    const auto error = refused(refuse(status, code, "the message"));
    EXPECT_EQ(error.code.value(), expected);
    EXPECT_THAT(error.what, AllOf(StartsWith("ARM at management.azure.com: "), HasSubstr(sentence)));
  }
}

TEST(Refusal, TheRecordedBodiesAreUnderstood) {
  const struct {
    const char* file;
    unsigned status;
    int expected;
    const char* sentence;
  } cases[] = {
      {"error_400_vmss_instance_id.json", 400, EOPNOTSUPP, "instanceId must be a number"},
      {"error_403_authorization_failed.json", 403, EACCES, "Microsoft.Network/virtualNetworks/subnets/read"},
      {"error_404_resource_group_not_found.json", 404, ENOENT, "404 ResourceGroupNotFound"},
      {"error_404_resource_not_found.json", 404, ENOENT, "404 ResourceNotFound"},
      {"error_404_subnet_NotFound.json", 404, ENOENT, "404 NotFound"},
      {"error_429_subscription.json", 429, EBUSY, "SubscriptionRequestsThrottled"},
  };
  for (const auto& [file, status, expected, sentence] : cases) {
    SCOPED_TRACE(file);
    const auto error = refused({.status = status, .headers = {}, .body = sample(file)});
    EXPECT_EQ(error.code.value(), expected);
    EXPECT_THAT(error.what, HasSubstr(sentence));
  }
}

std::string denied(const std::string& action) {
  return "The client '11111111-aaaa' with object id '22222222-bbbb' does not have authorization to perform "
         "action '" +
         action + "' over scope '" + kSubnet + "' or the scope is invalid.";
}

TEST(Refusal, AMissingPermissionIsNamedAndNobodyWhoLacksIt) {
  const auto error = refused(refuse(403, "AuthorizationFailed", denied("Microsoft.Network/else/read")));
  EXPECT_THAT(error.what, AllOf(HasSubstr("the action Microsoft.Network/else/read,"), HasSubstr("'nodes'"),
                                Not(HasSubstr("11111111")), Not(HasSubstr("22222222"))));
}

TEST(Refusal, WithoutAUsableActionTheKindSaysWhichOneItIs) {
  const struct {
    const std::string& id;
    const char* action;
  } cases[] = {
      {kVm, " Microsoft.Compute/virtualMachines/read,"},
      {kNic, " Microsoft.Network/networkInterfaces/read,"},
      {kInstance, " Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces/read,"},
      {kSubnet, " Microsoft.Network/virtualNetworks/subnets/read,"},
      {kTable, " Microsoft.Network/routeTables/read,"},
      {kNetwork, " Microsoft.Network/virtualNetworks/read,"},
  };
  for (const auto& [id, action] : cases) {
    for (const auto& message :
         {std::string(), denied("not an action; grant Owner"), denied(""), denied(std::string(500, 'a')),
          std::string("perform action '"), std::string("perform action 'a b")}) {
      EXPECT_THAT(refused(refuse(403, "AuthorizationFailed", message), id).what, HasSubstr(action))
          << message;
    }
  }
}

TEST(Refusal, ABodyThatIsNoneLeavesTheStatus) {
  for (const char* body :
       {"", "<html>\n</html>", "[]", "{}", R"({"error":"text"})", R"({"error":{"code":7}})", "\xff"}) {
    const auto error = refused({.status = 503, .headers = {}, .body = body});
    EXPECT_EQ(error.code.value(), EAGAIN);
    EXPECT_THAT(error.what, HasSubstr("(503)")) << body;
  }
}

TEST(Refusal, AnAnswersTextIsFitForOneLine) {
  const auto error = refused(refuse(409, "Con\nflict", "two\nlines \x1b[31m" + std::string(1000, 'x')));
  EXPECT_EQ(error.what.find('\n'), std::string::npos);
  EXPECT_EQ(error.what.find('\x1b'), std::string::npos);
  EXPECT_LT(error.what.size(), 500U);
}

}  // namespace
