#include "imds/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "files.h"

namespace {

using http1::Failure;
using imds::Outcome;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr auto kEndpoint = "http://169.254.169.254";

TEST(Answer, EveryStatusHasItsCodeItsMeaningAndItsPace) {
  const struct {
    unsigned status;
    int code;
    const char* meaning;
    Outcome outcome;
  } cases[] = {
      {204, EOPNOTSUPP, "something else answers", Outcome::refused},
      {301, EOPNOTSUPP, "not followed", Outcome::refused},
      {307, EOPNOTSUPP, "not followed", Outcome::refused},
      {400, EINVAL, "neither api-version", Outcome::refused},
      {401, EOPNOTSUPP, "something else answers", Outcome::refused},
      {403, EACCES, "Guest Proxy Agent (Metadata Security Protocol)", Outcome::refused},
      {404, EAGAIN, "starting or being updated", Outcome::failed},
      {405, EOPNOTSUPP, "something else answers", Outcome::refused},
      {410, EAGAIN, "up to 70 s", Outcome::failed},
      {429, EBUSY, "5 times a second", Outcome::throttled},
      {500, EAGAIN, "passing failure", Outcome::failed},
      {502, EAGAIN, "passing failure", Outcome::failed},
      {503, EAGAIN, "passing failure", Outcome::failed},
      {599, EAGAIN, "passing failure", Outcome::failed},
  };
  for (const auto& [status, code, meaning, outcome] : cases) {
    SCOPED_TRACE(status);
    const auto judged = imds::judge({.status = status, .location = "", .body = "words\nof <it>"}, kEndpoint);
    ASSERT_FALSE(judged);
    EXPECT_EQ(judged.error().code.value(), code);
    EXPECT_EQ(imds::outcome_of(judged.error()), outcome);
    EXPECT_THAT(judged.error().what, AllOf(StartsWith("IMDS at http://169.254.169.254: "), HasSubstr(meaning),
                                           HasSubstr(std::to_string(status))));
    const bool redirect = status >= 300 && status < 400;
    EXPECT_EQ(judged.error().what.find("(words of <it>)") == std::string::npos, redirect);
  }
}

TEST(Answer, ARedirectNamesWhereItLeads) {
  const auto judged = imds::judge({.status = 302, .location = "http://evil.example/", .body = ""}, kEndpoint);
  ASSERT_FALSE(judged);
  EXPECT_THAT(judged.error().what, HasSubstr("'http://evil.example/'"));
}

TEST(Answer, AGoodDocumentIsTaken) {
  const auto judged = imds::judge(
      {.status = 200, .location = "", .body = "\n" + sample("real_vm_2020_trimmed.json")}, kEndpoint);
  ASSERT_TRUE(judged) << judged.error().what;
  EXPECT_EQ(judged->identity.name, "nfr");
}

TEST(Answer, A200ThatIsNoDocumentMeansThatSomethingElseAnswers) {
  for (const char* body : {"", "   ", "<html>Please sign in</html>", "OK", "[]", "\"text\""}) {
    SCOPED_TRACE(body);
    const auto judged = imds::judge({.status = 200, .location = "", .body = body}, kEndpoint);
    ASSERT_FALSE(judged);
    EXPECT_EQ(judged.error().code.value(), EBADMSG);
    EXPECT_EQ(imds::outcome_of(judged.error()), Outcome::failed);
    EXPECT_THAT(judged.error().what, HasSubstr("something else answers on this address"));
  }
}

TEST(Answer, A200WithAnUnusableDocumentSaysWhatIsMissing) {
  for (const char* body : {"{}", R"({"compute":{"name":"vm1"}})"}) {
    const auto judged = imds::judge({.status = 200, .location = "", .body = body}, kEndpoint);
    ASSERT_FALSE(judged);
    EXPECT_EQ(judged.error().code.value(), EBADMSG);
    EXPECT_THAT(judged.error().what, AllOf(HasSubstr("has no \"network\""), HasSubstr("taken as no answer")));
  }
}

TEST(Answer, EveryTroubleSaysWhatHappenedAndWhatToDo) {
  using Stage = http1::Failure::Stage;
  const struct {
    Stage stage;
    int code;
    const char* what;
  } cases[] = {
      {Stage::connecting, ETIMEDOUT, "no connection within 5 s: only the primary NIC's"},
      {Stage::connecting, ENETUNREACH, "cannot connect (detail): DHCP on the primary NIC"},
      {Stage::connecting, EHOSTUNREACH, "cannot connect (detail): DHCP on the primary NIC"},
      {Stage::connecting, ECONNREFUSED, "cannot connect (detail): nothing listens there"},
      {Stage::connecting, EPERM, "IPAddressDeny="},
      {Stage::connecting, EMFILE, "cannot connect (detail)"},
      {Stage::answering, ETIMEDOUT, "connected, but no complete answer within 10 s"},
      {Stage::answering, ECONNRESET, "the connection broke (detail)"},
      {Stage::answering, EMSGSIZE, "too large (detail): something else answers"},
      {Stage::answering, EPROTO, "does not speak HTTP (detail): something else answers"},
  };
  for (const auto& [stage, code, what] : cases) {
    SCOPED_TRACE(what);
    const auto error =
        imds::explain({.stage = stage, .code = {code, std::system_category()}, .detail = "detail"}, {});
    EXPECT_EQ(error.code.value(), code);
    EXPECT_EQ(imds::outcome_of(error), Outcome::failed);
    EXPECT_THAT(error.what, AllOf(StartsWith("IMDS at http://169.254.169.254: "), HasSubstr(what)));
  }
}

}  // namespace
