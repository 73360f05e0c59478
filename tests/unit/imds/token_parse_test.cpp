#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <string>

#include "files.h"
#include "imds/token.h"

namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;
using std::chrono::system_clock;
using testing::HasSubstr;
using testing::Not;

constexpr auto kNow = system_clock::time_point(1'709'809'680s);
constexpr auto kSecret = "eyJ0eXAi.secret-token.signature";

std::string answer_with(const std::string& members) {
  return std::string(R"({"access_token":")") + kSecret + "\"" + members + "}";
}

TEST(TokenParse, TheRealAnswerIsTaken) {
  const auto token = imds::parse_token(sample("token_200.json"), kNow);
  ASSERT_TRUE(token) << token.error().what;
  EXPECT_EQ(token->secret, "<jwt>");
  EXPECT_EQ(token->expires, system_clock::time_point(1'709'895'997s));
}

TEST(TokenParse, EveryWayOfWritingTheEndIsTaken) {
  const auto end = system_clock::time_point(1'709'895'997s);
  const struct {
    const char* members;
    system_clock::time_point expires;
  } cases[] = {
      {R"(,"expires_on":"1709895997")", end},
      {R"(,"expires_on":1709895997)", end},
      {R"(,"expires_on":1709895997.0)", end},
      {R"(,"expires_on":1.709895997e9)", end},
      {R"(,"expires_on":"1709895997.25")", end},
      {R"(,"expires_on":"2024-03-08T11:06:37Z")", end},
      {R"(,"expires_on":"2024-03-08T11:06:37.1234567Z")", end},
      {R"(,"expires_on":"2024-03-08T12:06:37+01:00")", end},
      {R"(,"expires_on":"2024-03-08T05:36:37-05:30")", end},
      {R"(,"expires_on":"2024-03-08 11:06:37")", end},
      {R"(,"expires_on":"03/08/2024 11:06:37 +00:00")", end},
      {R"(,"expires_on":"03/08/2024 11:06:37")", end},
      {R"(,"expires_on":"","expires_in":"3599")", kNow + 3599s},
      {R"(,"expires_in":3599)", kNow + 3599s},
      {R"(,"expires_in":"3599.0")", kNow + 3599s},
      {R"(,"expires_on":"soon","expires_in":"60")", kNow + 60s},
      {R"(,"expires_on":"1709895997000","expires_in":"60")", kNow + 60s},
      {R"(,"expires_on":null,"expires_in":"-60")", kNow - 60s},
  };
  for (const auto& [members, expires] : cases) {
    SCOPED_TRACE(members);
    const auto token = imds::parse_token(answer_with(members), kNow);
    ASSERT_TRUE(token) << token.error().what;
    EXPECT_EQ(token->secret, kSecret);
    EXPECT_EQ(token->expires, expires);
  }
}

TEST(TokenParse, NonsenseIsNoMoment) {
  for (const char* text :
       {"", " ", "now", "2024-03-08", "2024-13-08T11:06:37Z", "2024-02-30T11:06:37Z", "2024-03-08T24:06:37Z",
        "2024-03-08T11:60:37Z", "2024-03-08T11:06:37+0100", "2024-03-08T11:06:37X", "2024-03-08T11:06:37.Z",
        "13/08/2024 11:06:37", "3/8/2024 11:06:37", "1709895997 ", "0x10", "12.", "-",
        "99999999999999999999999"}) {
    EXPECT_FALSE(imds::parse_time(text)) << text;
  }
}

TEST(TokenParse, WhatIsNoTokenIsRefusedWithoutQuotingIt) {
  const std::string cases[] = {
      "",
      "<html>secret-token</html>",
      "[]",
      "\"secret-token\"",
      "{}",
      R"({"access_token":"","expires_in":"60"})",
      R"({"access_token":["secret-token"],"expires_in":"60"})",
      R"({"access_token":"secret-token\r\nHost: evil","expires_in":"60"})",
      R"({"access_token":"secret-token two","expires_in":"60"})",
      R"({"access_token":"secret-token","access_token":"secret-token2","expires_in":"60"})",
      answer_with(""),
      answer_with(R"(,"expires_on":"never")"),
      answer_with(R"(,"expires_on":{},"expires_in":[])"),
      answer_with(R"(,"expires_in":"60")").substr(0, 40),
  };
  for (const auto& text : cases) {
    SCOPED_TRACE(text);
    const auto token = imds::parse_token(text, kNow);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code.value(), EBADMSG);
    EXPECT_THAT(token.error().what, Not(HasSubstr("secret-token")));
  }
}

TEST(TokenParse, ALongLifeIsHalvedAndAShortOneLosesFiveMinutes) {
  const auto after = [](seconds life) {
    return imds::refresh_at({.secret = kSecret, .expires = kNow + life}, kNow) - kNow;
  };
  EXPECT_EQ(after(24h), 12h);
  EXPECT_EQ(after(2h + 2s), 1h + 1s);
  EXPECT_EQ(after(2h), 115min);
  EXPECT_EQ(after(1h), 55min);
  EXPECT_EQ(after(1min), -4min);
}

}  // namespace
