#include "kubernetes/node_json.h"

#include <gtest/gtest.h>

namespace {

using kubernetes::from_rfc3339;
using namespace std::chrono;

constexpr sys_days kDay = year(2026) / 3 / 1;

TEST(Rfc3339, IsUnderstood) {
  const struct {
    const char* text;
    system_clock::time_point time;
  } cases[] = {
      {"1970-01-01T00:00:00Z", {}},
      {"2026-03-01T12:34:56Z", kDay + 12h + 34min + 56s},
      {"2026-03-01t12:34:56z", kDay + 12h + 34min + 56s},
      {"2026-03-01T12:34:56.7Z", kDay + 12h + 34min + 56s + 700ms},
      {"2026-03-01T12:34:56.123456789Z", kDay + 12h + 34min + 56s + 123456us},
      {"2026-03-01T12:34:56+01:30", kDay + 11h + 4min + 56s},
      {"2026-03-01T12:34:56-01:30", kDay + 14h + 4min + 56s},
      {"2024-02-29T23:59:60Z", sys_days(year(2024) / 3 / 1)},
  };
  for (const auto& [text, time] : cases) {
    const auto parsed = from_rfc3339(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, time) << text;
  }
}

TEST(Rfc3339, NothingElseIs) {
  for (const char* text :
       {"", "2026-03-01", "2026-03-01T12:34:56", "2026-03-01 12:34:56Z", "2026-13-01T12:34:56Z",
        "2026-02-29T12:34:56Z", "2026-03-01T24:00:00Z", "2026-03-01T12:60:00Z", "2026-03-01T12:34:61Z",
        "2026-03-01T12:34:56.Z", "2026-03-01T12:34:56Zx", "2026-03-01T12:34:56+0130",
        "2026-03-01T12:34:56+24:00", "2026-3-1T12:34:56Z", "-026-03-01T12:34:56Z", "9999-03-01T12:34:56Z",
        "0000-03-01T12:34:56Z", "2026-03-01T12:34:56.1"}) {
    EXPECT_FALSE(from_rfc3339(text)) << text;
  }
}

}  // namespace
