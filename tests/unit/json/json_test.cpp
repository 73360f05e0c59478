#include "json/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <string>

namespace {

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

std::string error_of(const net::Result<json::Value>& result) {
  EXPECT_TRUE(result || result.error().code.value() == EBADMSG);
  return result ? "taken" : result.error().what;
}

TEST(Json, DepthIsBounded) {
  EXPECT_TRUE(json::parse(nested(64)));
  EXPECT_EQ(error_of(json::parse(nested(65))), "nested deeper than 64 levels");
  EXPECT_EQ(error_of(json::parse(std::string(1'000'000, '['))), "nested deeper than 64 levels");
  EXPECT_EQ(error_of(json::parse(nested(33), json::kStrict)), "nested deeper than 32 levels");
  EXPECT_TRUE(json::parse_file(nested(10'000)));
  EXPECT_EQ(error_of(json::parse_file(nested(10'001))), "is nested deeper than 10000 levels");
}

TEST(Json, BracketsInStringsAreNotDepth) {
  EXPECT_TRUE(json::parse("\"" + std::string(1000, '[') + "\""));
  EXPECT_TRUE(json::parse("\"\\\"" + std::string(1000, '[') + "\""));
}

TEST(Json, OfEqualKeysTheLastCountsOrNone) {
  constexpr auto kTwice = R"({"a":{"b":1},"a":{"c":2}})";
  EXPECT_EQ(json::parse(kTwice)->dump(), R"({"a":{"c":2}})");
  EXPECT_EQ(json::parse_file(kTwice)->dump(), R"({"a":{"c":2}})");
  EXPECT_EQ(error_of(json::parse(kTwice, json::kStrict)), "the key \"a\" stands twice in one object");
}

TEST(Json, ValuesAreCounted) {
  EXPECT_TRUE(json::parse(R"({"a":[1,{}],"b":null})", {.values = 5}));
  EXPECT_EQ(error_of(json::parse(R"({"a":[1,{}],"b":null})", {.values = 4})), "larger than 4 values");
  EXPECT_EQ(error_of(json::parse("[[]]", {.values = 1})), "larger than 1 values");
  EXPECT_EQ(error_of(json::parse("7", {.values = 0})), "larger than 0 values");
}

TEST(Json, ErrorsSayWhere) {
  EXPECT_EQ(error_of(json::parse("")), "not valid JSON at byte 1");
  EXPECT_EQ(error_of(json::parse("{} {}")), "not valid JSON at byte 4");
  EXPECT_EQ(error_of(json::parse("\"\xff\"")), "not valid JSON at byte 2");
  EXPECT_EQ(error_of(json::parse("[1e999]")), "not valid JSON: a number is out of range");
  EXPECT_EQ(error_of(json::parse_file("{\"a\":\n x}")), "is not valid JSON at line 2, column 2");
  EXPECT_EQ(error_of(json::parse_file("{\"a\":\n")), "ends too early, at line 2, column 1: half written?");
}

TEST(Json, WhatIsThere) {
  const auto value = *json::parse(R"({"text":"a\u001bb","list":[1,2],"number":7})");
  EXPECT_EQ(json::string(json::at(value, "text")),
            "a\x1b"
            "b");
  EXPECT_EQ(json::text(json::at(value, "text")), "a?b");
  EXPECT_EQ(json::entries(json::at(value, "list")).size(), 2U);
  for (const auto& other : {json::at(value, "number"), json::at(value, "absent"), json::at(7, "x")}) {
    EXPECT_EQ(json::text(other), "");
    EXPECT_TRUE(json::entries(other).empty());
  }
}

// nlohmann-json's callback parser looks at all siblings at each '}': 70 seconds for 300,000 of them.
TEST(Json, TimeGrowsWithTheTextAndNotWithItsSquare) {
  std::string many = "[{}";
  for (int i = 0; i < 300'000; ++i) many += ",{}";
  const auto started = std::chrono::steady_clock::now();
  EXPECT_TRUE(json::parse(many + "]", json::kAnyLength));
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(10));
}

}  // namespace
