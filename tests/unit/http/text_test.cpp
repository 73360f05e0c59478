// Strings from outside made fit for each format, and times as text.
#include "agent/http/text.h"

#include <gtest/gtest.h>

#include "sample.h"

namespace {

using namespace agent::http;
using namespace std::chrono_literals;

const std::string kBad = "\xEF\xBF\xBD";

TEST(ValidUtf8, KeepsEveryWellFormedCharacter) {
  const std::string text =
      "A\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xF0\x90\x80\x80\xF4\x8F\xBF\xBF";
  EXPECT_EQ(valid_utf8(text), text);
  EXPECT_EQ(valid_utf8(""), "");
}

TEST(ValidUtf8, ReplacesEachMaximalSubpart) {
  // The Unicode Standard's own examples (tables 3-8 to 3-11).
  EXPECT_EQ(valid_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
            kBad + kBad + kBad + kBad + kBad + kBad + kBad + kBad + "A");
  EXPECT_EQ(valid_utf8("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
            kBad + kBad + kBad + kBad + kBad + kBad + kBad + kBad + "A");
  EXPECT_EQ(valid_utf8("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
            kBad + kBad + kBad + kBad + kBad + "A" + kBad + kBad + "B");
  EXPECT_EQ(valid_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), kBad + kBad + kBad + kBad + "A");
}

TEST(HtmlEscaped, LeavesNoMarkup) {
  EXPECT_EQ(html_escaped("<a href=\"x\">'&amp;'</a>"),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;amp;&#39;&lt;/a&gt;");
  EXPECT_EQ(html_escaped("grün\n\xFF"), "grün " + kBad);
}

TEST(LabelEscaped, EscapesWhatTheFormatAsksFor) {
  EXPECT_EQ(label_escaped("a\\b\"c\nd\te\xC3"), "a\\\\b\\\"c\\nd\te" + kBad);
}

TEST(Times, AreUtcWhateverTheLocaleAndZone) {
  ::setenv("TZ", "Asia/Kolkata", 1);
  ::tzset();
  EXPECT_EQ(utc_text(sample::kNow), "2026-08-01 09:30:00 UTC");
  EXPECT_EQ(http_date(sample::kNow), "Sat, 01 Aug 2026 09:30:00 GMT");
  EXPECT_EQ(http_date(net::WallTime{}), "Thu, 01 Jan 1970 00:00:00 GMT");
  ::unsetenv("TZ");
  ::tzset();
}

TEST(Times, AreUnixSecondsWithMilliseconds) {
  EXPECT_EQ(unix_seconds(sample::kNow + 45ms), "1785576600.045");
  EXPECT_EQ(unix_seconds(net::WallTime{}), "0.000");
  EXPECT_EQ(unix_seconds(net::WallTime{} - 1h), "0.000");
}

TEST(Durations, AreInTheirLargestUnits) {
  EXPECT_EQ(duration_text(-5s), "0 s");
  EXPECT_EQ(duration_text(59s), "59 s");
  EXPECT_EQ(duration_text(60s), "1 min");
  EXPECT_EQ(duration_text(3599s), "59 min");
  EXPECT_EQ(duration_text(3600s), "1 h");
  EXPECT_EQ(duration_text(3h + 20min + 5s), "3 h 20 min");
  EXPECT_EQ(duration_text(48h), "2 d");
  EXPECT_EQ(duration_text(52h), "2 d 4 h");
}

TEST(Shortened, CountsCharactersAndEndsInAnEllipsisWhereItCuts) {
  EXPECT_EQ(agent::http::characters_of("zażółć\xFF"), 7U);
  EXPECT_EQ(agent::http::shortened("zażółć", 6), "zażółć");
  EXPECT_EQ(agent::http::shortened("zażółć", 5), "zażó…");
  EXPECT_EQ(agent::http::shortened("zażółć", 1), "…");
  EXPECT_EQ(agent::http::shortened("", 3), "");
}

}  // namespace
