#include "https/sent_secrets.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "requests.h"
#include "tls_server.h"

namespace {

using https::SentSecrets;
using testing::HasSubstr;
using testing::Not;

/// As long as Azure's and Kubernetes' are, and with all that base64url has.
std::string token() {
  std::string token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIng1dCI6Il9-.";
  unsigned seed = 7;
  for (int i = 0; i < 1600; ++i) {
    seed = seed * 1664525 + 1013904223;
    token += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."[(seed >> 16) % 65];
  }
  return token;
}

https::Request bearing(const std::string& secret) {
  auto request = asking("https://localhost/");
  request.headers = {{"Accept", "application/json"}, {"Authorization", "Bearer " + secret}};
  return request;
}

std::string blotted(std::string text, const std::string& secret = token()) {
  SentSecrets(bearing(secret)).blot_out(text);
  return text;
}

std::string base64(const std::string& text) {
  std::string digits(text.size() * 2 + 4, '\0');
  const auto size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(digits.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  digits.resize(static_cast<std::size_t>(size));
  return digits;
}

std::string each(const std::string& text, const char* format) {
  std::string all;
  for (const char c : text) all += fmt::format(fmt::runtime(format), static_cast<unsigned>(c));
  return all;
}

std::string for_urls(std::string digits) {
  for (char& c : digits) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return digits;
}

/// Broken into lines, as MIME has it.
std::string lines(const std::string& digits) {
  std::string all;
  for (std::size_t at = 0; at < digits.size(); at += 76) all += digits.substr(at, 76) + "\r\n";
  return all;
}

std::string small(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(c));
  return text;
}

struct Encoding {
  const char* name;
  std::string sent;
  /// Characters that may stay: what is not the token, and of base64 a group at each end.
  std::size_t others;
};

std::vector<Encoding> encodings() {
  const auto t = token();
  return {{"as it is", t, 0},
          {"the header", "Authorization: Bearer " + t, 22},
          {"base64", base64(t), 4},
          {"base64 of the header", base64("Bearer " + t), 16},
          {"base64 of the header and more", base64("authorization: Bearer " + t + "\r\n\r\n"), 40},
          {"base64 for URLs", for_urls(base64("a" + t)), 8},
          {"base64 for URLs, one further", for_urls(base64("aa" + t)), 8},
          {"base64 in lines", lines(base64(t)), 62},
          {"percent", each(t, "%{:02x}"), 0},
          {"percent twice", each(t, "%25{:02X}"), 0},
          {"percent of base64", each(base64(t), "%{:02X}"), 12},
          {"percent of a query", "access_token%3D" + t + "%26", 18},
          {"JSON", each(t, "\\u{:04x}"), 0},
          {"JSON in JSON", each(t, "\\\\u{:04X}"), 0},
          {"script", each(t, "\\x{:02x}"), 0},
          {"HTML", each(t, "&#{};"), 0},
          {"HTML, hexadecimal", each(t, "&#x{:X};"), 0},
          {"hexadecimal", each(t, "{:02x}"), 0},
          {"HEXADECIMAL", each(t, "{:02X}"), 0},
          {"small letters", small(t), 0},
          {"half", t.substr(t.size() / 2), 0},
          {"its beginning, cut", t.substr(0, 100) + "...", 3},
          {"from its midst", t.substr(500, 40), 0}};
}

TEST(SentSecrets, AreGoneInEveryEncodingThatSoftwareQuotesIn) {
  for (const auto& [name, sent, others] : encodings()) {
    SCOPED_TRACE(name);
    const auto text = blotted("before " + sent + " after");
    EXPECT_EQ(text.size(), sent.size() + 13) << "it keeps its length";
    EXPECT_EQ(text.substr(0, 7), "before ");
    EXPECT_EQ(text.substr(text.size() - 6), " after");
    const auto stars = static_cast<std::size_t>(std::count(text.begin(), text.end(), '*'));
    EXPECT_LE(sent.size() - stars, others);
  }
}

TEST(SentSecrets, AJsonDocumentStaysOne) {
  const auto text = blotted(R"({"error":{"code":")" + token() + R"(","message":"a \" )" +
                            each(token(), "\\u{:04x}") + R"( b"}})");
  EXPECT_THAT(text, testing::MatchesRegex(R"(\{"error":\{"code":"\*+","message":"a \\" \*+ b"\}\})"));
}

TEST(SentSecrets, WhatOnlyLooksLikeOneStays) {
  const std::string others[] = {
      "",
      "a",
      std::string(5000, 'x'),
      R"({"id":"/subscriptions/00000000-0000-0000-0000-000000000001","x":"\u00e9%zz%2"})",
      "100%",
      "\\",
      "\\u12",
      "&#;&#x;&#99999999999;&",
      token().substr(0, SentSecrets::kShared - 1),
      "eyJ0eXAiOiJKV1",
      std::string("\0\xff\x80%00", 6)};
  for (const auto& text : others) EXPECT_EQ(blotted(text), text);
}

TEST(SentSecrets, ShortOnesAreWithheldAsAWholeAndWordsAreNot) {
  EXPECT_EQ(blotted("a s3cret-token, s3cret-t", "s3cret-token"), "a ************, s3cret-t");
  EXPECT_EQ(blotted("the node", "node"), "the node");
  EXPECT_EQ(blotted("the node", ""), "the node");
}

TEST(SentSecrets, OthersThatTheRequestNamesAreWithheldToo) {
  auto request = bearing("abcdefghijklmnopqrstuvwxyz-new");
  request.secrets = {"abcdefghijklm-that-was-refused"};
  std::string text = "abcdefghijklm-that-was-refused abcdefghijklmnopqrstuvwxyz-new";
  SentSecrets(request).blot_out(text);
  EXPECT_EQ(text, std::string(30, '*') + ' ' + std::string(30, '*'));
  request.headers.clear();
  request.secrets.clear();
  EXPECT_TRUE(SentSecrets(request).empty());
}

// Over the wire: everything of an answer that is handed on.

class EchoServer : public testing::Test {
 protected:
  /// Says this to whatever comes.
  net::Result<https::Response> ask(const std::string& answer) {
    const RawTlsServer server(ca_.issue("DNS:localhost"), [&](SSL* ssl) {
      seen_ = RawTlsServer::read_request(ssl);
      RawTlsServer::say(ssl, answer);
    });
    auto request = bearing(token());
    request.url = server.url();
    return https::get(believing(ca_.pem()), request);
  }

  CertificateAuthority ca_;
  std::string seen_;
};

TEST_F(EchoServer, NeitherBodyNorHeadersBringTheTokenBack) {
  for (const int status : {200, 302, 401, 500}) {
    const auto response = ask(fmt::format("HTTP/1.1 {} X\r\nLocation: {}\r\nContent-Length: {}\r\n\r\n{}",
                                          status, each(token(), "%{:02x}"), token().size(), token()));
    ASSERT_TRUE(response) << response.error().what;
    ASSERT_THAT(seen_, HasSubstr("Authorization: Bearer " + token()));
    EXPECT_EQ(response->status, static_cast<unsigned>(status));
    EXPECT_EQ(response->body, std::string(token().size(), '*'));
    EXPECT_EQ(response->headers.at("location").find_first_not_of('*'), std::string::npos);
  }
}

TEST_F(EchoServer, NeitherDoTheLinesOfAStream) {
  const RawTlsServer server(ca_.issue("DNS:localhost"), [&](SSL* ssl) {
    RawTlsServer::read_request(ssl);
    const auto line = "{\"type\":\"" + token() + "\"}\n";
    RawTlsServer::say(
        ssl, fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}{}", 2 * line.size(), line, line));
  });
  auto request = bearing(token());
  request.url = server.url();
  int lines = 0;
  const auto response = https::stream(believing(ca_.pem()), request, [&](std::string_view line) {
    EXPECT_EQ(line, "{\"type\":\"" + std::string(token().size(), '*') + "\"}");
    return ++lines > 0;
  });
  ASSERT_TRUE(response) << response.error().what;
  EXPECT_EQ(lines, 2);
}

TEST_F(EchoServer, NorDoesAnErrorsSentence) {
  for (const auto& answer :
       {token() + "\r\n\r\n", "HTTP/1.1 200 " + token() + "\r\nContent-Length: 99\r\n\r\nx",
        "HTTP/1.1 " + token() + "\r\n\r\n"}) {
    const auto response = ask(answer);
    ASSERT_FALSE(response);
    EXPECT_THAT(response.error().what, Not(HasSubstr(token().substr(0, 8))));
  }
}

}  // namespace
