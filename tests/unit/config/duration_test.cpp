#include "agent/config/values.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>

namespace {

using agent::duration_text;
using agent::parse_duration;
using std::chrono::milliseconds;

TEST(Duration, IsWrittenWithUnitsFromLargeToSmall) {
  const std::pair<const char*, std::int64_t> good[] = {
      {"500ms", 500},
      {"90s", 90'000},
      {"1h30m", 5'400'000},
      {"5m", 300'000},
      {"24h", 86'400'000},
      {"1h1m1s1ms", 3'661'001},
      {"1m500ms", 60'500},
      {"0s", 0},
      {"007s", 7'000},
      {"876600h", 3155760000000},
      {"3155760000000ms", 3155760000000},
  };
  for (const auto& [text, expected] : good) {
    const auto parsed = parse_duration(text);
    ASSERT_TRUE(parsed) << parsed.error().what;
    EXPECT_EQ(*parsed, milliseconds(expected)) << text;
  }
}

TEST(Duration, RefusesEverythingElse) {
  for (const std::string_view text : {"",
                                      "90",
                                      "s",
                                      "-5s",
                                      "+5s",
                                      "1.5h",
                                      "5 s",
                                      " 5s",
                                      "5s ",
                                      "5S",
                                      "1m1h",
                                      "1s1s",
                                      "5d",
                                      "5us",
                                      "1h30",

                                      "0x5s",
                                      "876601h",
                                      "18446744073709551616s",
                                      "18446744073709551615h",
                                      "876600h1ms",
                                      "١s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
  EXPECT_FALSE(parse_duration(std::string_view("5s\0", 3)));
}

TEST(Duration, ErrorShowsHowToWriteOne) {
  EXPECT_EQ(parse_duration("90").error().what,
            "'90' is not a duration: write numbers with units, such as 500ms, 90s or 1h30m");
}

TEST(Duration, TextIsReadBackAsTheSameDuration) {
  for (const std::int64_t count :
       {0, 1, 999, 1'000, 1'001, 59'999, 60'000, 90'000, 3'600'000, 3'661'001, 86'400'000}) {
    const milliseconds duration(count);
    EXPECT_EQ(parse_duration(duration_text(duration)).value(), duration) << duration_text(duration);
  }
  EXPECT_EQ(duration_text(milliseconds(90'000)), "1m30s");
  EXPECT_EQ(duration_text(milliseconds(0)), "0s");
}

}  // namespace
