#include "https/sent_secrets.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cctype>
#include <chrono>
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

bool repeats(const std::string& text, const std::string& secret = token()) {
  return SentSecrets(bearing(secret)).are_in(text);
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

std::string base32(const std::string& text) {
  std::string digits;
  for (std::size_t bit = 0; bit < text.size() * 8; bit += 5) {
    unsigned value = 0;
    for (std::size_t i = bit; i < bit + 5; ++i)
      value =
          value * 2 + (i / 8 < text.size() ? static_cast<unsigned char>(text[i / 8]) >> (7 - i % 8) & 1 : 0);
    digits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[value];
  }
  return digits;
}

std::string parted(const std::string& text, std::size_t size, const std::string& by) {
  std::string all;
  for (std::size_t at = 0; at < text.size(); at += size) all += text.substr(at, size) + by;
  return all;
}

std::string backwards(const std::string& text) { return {text.rbegin(), text.rend()}; }

struct Encoding {
  const char* name;
  std::string sent;
};

std::vector<Encoding> encodings() {
  const auto t = token();
  return {{"as it is", t},
          {"the header", "Authorization: Bearer " + t},
          {"base64", base64(t)},
          {"base64 of the header", base64("Bearer " + t)},
          {"base64 of the header and more", base64("authorization: Bearer " + t + "\r\n\r\n")},
          {"base64 for URLs", for_urls(base64("a" + t))},
          {"base64 for URLs, one further", for_urls(base64("aa" + t))},
          {"base64 in lines", lines(base64(t))},
          {"base32", base32(t)},
          {"base32, one further", small(base32("a" + t))},
          {"base32, four further", base32("abcd" + t)},
          {"percent", each(t, "%{:02x}")},
          {"percent twice", each(t, "%25{:02X}")},
          {"percent of base64", each(base64(t), "%{:02X}")},
          {"percent of a query", "access_token%3D" + t + "%26"},
          {"JSON", each(t, "\\u{:04x}")},
          {"JSON in JSON", each(t, "\\\\u{:04X}")},
          {"script", each(t, "\\x{:02x}")},
          {"HTML", each(t, "&#{};")},
          {"HTML, hexadecimal", each(t, "&#x{:X};")},
          {"hexadecimal", each(t, "{:02x}")},
          {"HEXADECIMAL", each(t, "{:02X}")},
          {"hexadecimal with colons", each(t, "{:02x}:")},
          {"a dump", parted(each(t, "{:02x} "), 48, "\n")},
          {"small letters", small(t)},
          {"reversed", backwards(t)},
          {"spaces", parted(t, 1, " ")},
          {"lines", parted(t, 8, "\n")},
          {"lines in JSON", parted(t, 8, "\\n")},
          {"lines in JSON in JSON", parted(t, 8, "\\\\r\\\\n")},
          {"dashes and colons", parted(t, 3, "-:")},
          {"controls", parted(t, 1, std::string(1, '\1'))},
          {"no width", parted(t, 1, "\u200b")},
          {"no width in JSON", parted(t, 1, "\\u200b")},
          {"no width in HTML", parted(t, 1, "&#8203;")},
          {"combining accents in a URL", parted(t, 1, "%CC%81")},
          {"half", t.substr(t.size() / 2)},
          {"its beginning, cut", t.substr(0, 20) + "..."},
          {"its end", "..." + t.substr(t.size() - 18)},
          {"from its midst", t.substr(500, 18)}};
}

TEST(SentSecrets, AreFoundInEveryEncodingThatSoftwareQuotesIn) {
  for (const auto& [name, sent] : encodings()) EXPECT_TRUE(repeats("before " + sent + " after")) << name;
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
      "eyJ0eXAiOiJ",
      std::string("\0\xff\x80%00", 6)};
  for (const auto& text : others) EXPECT_FALSE(repeats(text)) << text;
}

TEST(SentSecrets, ShortOnesAreFoundAsAWholeAndWordsAreNot) {
  EXPECT_TRUE(repeats("a S3cret token!", "s3cret-token"));
  EXPECT_FALSE(repeats("a s3cret-t", "s3cret-token"));
  EXPECT_TRUE(repeats(base64("s3cret-token"), "s3cret-token"));
  for (const auto* word : {"node", "", "--------------------", "a-b-c-d-e-f-g"})
    EXPECT_FALSE(repeats("the node a-b-c-d-e-f-g --------------------", word)) << word;
}

TEST(SentSecrets, OthersThatTheRequestNamesAreFoundToo) {
  auto request = bearing("abcdefghijklmnopqrstuvwxyz-new");
  request.secrets = {"0123456789-that-was-refused"};
  EXPECT_TRUE(SentSecrets(request).are_in("0123456789-that-was-refused"));
  EXPECT_TRUE(SentSecrets(request).are_in("abcdefghijklmnopqrstuvwxyz-new"));
  request.headers.clear();
  request.secrets.clear();
  EXPECT_TRUE(SentSecrets(request).empty());
}

TEST(SentSecrets, TheLargestAnswerIsReadInATimeThatNobodyNotices) {
  std::string large;
  while (large.size() < std::size_t{4} << 20) large += R"({"name":"worker-12345","id":"/a%25b\/c\u0041"},)";
  const SentSecrets secrets(bearing(token()));
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_FALSE(secrets.are_in(large));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5)) << "without optimization";
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

TEST_F(EchoServer, NeitherBodyNorHeadersOfARefusalBringTheTokenBack) {
  for (const int status : {302, 401, 500}) {
    const auto response = ask(fmt::format("HTTP/1.1 {} X\r\nLocation: {}\r\nContent-Length: {}\r\n\r\n{}",
                                          status, each(token(), "%{:02x}"), token().size(), token()));
    ASSERT_TRUE(response) << response.error().what;
    ASSERT_THAT(seen_, HasSubstr("Authorization: Bearer " + token()));
    EXPECT_EQ(response->status, static_cast<unsigned>(status));
    EXPECT_EQ(response->body, https::kWithheld);
    EXPECT_EQ(response->headers.at("location"), https::kWithheld);
  }
}

TEST_F(EchoServer, AnAnswerWithItIsNone) {
  const auto body = R"({"name":"vm1","routes":[{"name":")" + parted(token(), 11, "\\n") + "\"}]}";
  const auto response = ask(fmt::format("HTTP/1.1 200 X\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code.value(), EBADMSG);
  EXPECT_THAT(response.error().what, HasSubstr("the answer is withheld: it repeats the credential"));
}

TEST_F(EchoServer, NeitherDoTheLinesOfAStream) {
  const RawTlsServer server(ca_.issue("DNS:localhost"), [&](SSL* ssl) {
    RawTlsServer::read_request(ssl);
    const std::string fine = "{\"type\":\"BOOKMARK\"}\n";
    const auto line = "{\"type\":\"" + token() + "\"}\n";
    RawTlsServer::say(ssl, fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}{}",
                                       fine.size() + line.size(), fine, line));
  });
  auto request = bearing(token());
  request.url = server.url();
  int lines = 0;
  const auto response = https::stream(believing(ca_.pem()), request, [&](std::string_view line) {
    EXPECT_EQ(line, "{\"type\":\"BOOKMARK\"}");
    return ++lines > 0;
  });
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code.value(), EBADMSG);
  EXPECT_EQ(lines, 1);
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
