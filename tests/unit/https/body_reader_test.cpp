#include "https/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using https::BodyReader;
using testing::ElementsAre;
using Reader = std::function<bool(std::string_view)>;

constexpr std::size_t kLimit = std::size_t{4} << 20;

TEST(BodyReader, KeepsABodyUpToItsLimit) {
  BodyReader body(nullptr);
  EXPECT_TRUE(body.take(std::string(kLimit, 'x')));
  EXPECT_FALSE(body.take("x"));
  EXPECT_EQ(body.end(), BodyReader::End::too_large);
  EXPECT_EQ(body.response.body.size(), kLimit);
}

TEST(BodyReader, LinesAreTheSameHoweverTheyAreCut) {
  const std::string text = "one\n\ntwo\nlast";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    SCOPED_TRACE(size);
    std::vector<std::string> lines;
    const Reader reader = [&](std::string_view line) {
      lines.emplace_back(line);
      return true;
    };
    BodyReader body(&reader);
    body.response.status = 200;
    for (std::size_t at = 0; at < text.size(); at += size) EXPECT_TRUE(body.take(text.substr(at, size)));
    body.finish();
    EXPECT_THAT(lines, ElementsAre("one", "", "two", "last"));
    EXPECT_EQ(body.response.body, "");
  }
}

TEST(BodyReader, AReaderWhoHasEnoughGetsNoMore) {
  int calls = 0;
  const Reader reader = [&](std::string_view) { return ++calls < 2; };
  BodyReader body(&reader);
  body.response.status = 200;
  EXPECT_FALSE(body.take("one\ntwo\nthree\nfour"));
  EXPECT_EQ(body.end(), BodyReader::End::satisfied);
  body.finish();
  EXPECT_EQ(calls, 2);
}

TEST(BodyReader, ALineHasTheLimitOfABody) {
  const Reader reader = [](std::string_view) { return true; };
  BodyReader body(&reader);
  body.response.status = 200;
  EXPECT_TRUE(body.take("short\n" + std::string(kLimit, 'x')));
  EXPECT_TRUE(body.take("\n"));
  EXPECT_TRUE(body.take(std::string(kLimit, 'x')));
  EXPECT_FALSE(body.take("x"));
  EXPECT_EQ(body.end(), BodyReader::End::too_large);
}

TEST(BodyReader, TheBodyOfARefusalIsNoStream) {
  const Reader reader = [](std::string_view) -> bool { throw std::logic_error("called"); };
  BodyReader body(&reader);
  body.response.status = 403;
  EXPECT_TRUE(body.take("no\nway\n"));
  body.finish();
  EXPECT_EQ(body.response.body, "no\nway\n");
}

}  // namespace
