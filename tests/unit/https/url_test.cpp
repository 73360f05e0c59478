#include "https/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Url, IsTakenApart) {
  const struct {
    const char* text;
    bool tls;
    const char* host;
    int port;
    const char* authority;
    const char* target;
  } cases[] = {
      {"https://management.azure.com", true, "management.azure.com", 443, "management.azure.com", "/"},
      {"https://h:443/a?b=c&d", true, "h", 443, "h", "/a?b=c&d"},
      {"https://h:6443/api", true, "h", 6443, "h:6443", "/api"},
      {"https://h?q=1", true, "h", 443, "h", "/?q=1"},
      {"https://10.0.0.1/x", true, "10.0.0.1", 443, "10.0.0.1", "/x"},
      {"https://[fd00::1]:6443/x", true, "fd00::1", 6443, "[fd00::1]:6443", "/x"},
      {"https://[fd00::1]", true, "fd00::1", 443, "[fd00::1]", "/"},
      {"http://127.0.0.1:8080/x", false, "127.0.0.1", 8080, "127.0.0.1:8080", "/x"},
      {"http://127.9.9.9", false, "127.9.9.9", 80, "127.9.9.9", "/"},
      {"http://[::1]:80/", false, "::1", 80, "[::1]", "/"},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.text);
    const auto url = https::parse_url(each.text);
    ASSERT_TRUE(url) << url.error().what;
    EXPECT_EQ(url->tls, each.tls);
    EXPECT_EQ(url->host, each.host);
    EXPECT_EQ(url->port, each.port);
    EXPECT_EQ(url->authority, each.authority);
    EXPECT_EQ(url->target, each.target);
  }
}

TEST(Url, WhateverElseIsRefusedWithoutQuotingIt) {
  for (const char* text : {"",
                           "https://",
                           "https:///secret",
                           "ftp://h/secret",
                           "HTTPS://h/secret",
                           "//h/secret",
                           "https://user:secret@h/",
                           "https://h/#secret",
                           "https://h/a b?secret",
                           "https://h/\r\nX: secret",
                           "https://h\xc3\xa9/secret",
                           "https://h:0/secret",
                           "https://h:65536/secret",
                           "https://h:/secret",
                           "https://h:80x/secret",
                           "https://[::1/secret",
                           "https://[::1]x/secret",
                           "https://[127.0.0.1]/secret",
                           "https://::1/secret",
                           "https://h!/secret"}) {
    SCOPED_TRACE(text);
    const auto url = https::parse_url(text);
    ASSERT_FALSE(url);
    EXPECT_EQ(url.error().code.value(), EINVAL);
    EXPECT_THAT(url.error().what, Not(HasSubstr("secret")));
  }
}

TEST(Url, NothingLeavesTheMachineWithoutTls) {
  for (const char* text :
       {"http://localhost/", "http://10.0.0.1/", "http://169.254.169.254/", "http://[::2]/",
        "http://127.0.0.1.example.com/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/"}) {
    SCOPED_TRACE(text);
    const auto url = https::parse_url(text);
    ASSERT_FALSE(url);
    EXPECT_EQ(url.error().code.value(), EINVAL);
    EXPECT_THAT(url.error().what, HasSubstr("without TLS"));
  }
}

}  // namespace
