#include "arm/refusal.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Headers = std::map<std::string, std::string>;

constexpr auto kNow = std::chrono::system_clock::time_point(1'445'412'470s);  // 2015-10-21 07:27:50

TEST(RetryAfter, TakesTheFormsInTheOrderOfTheSdks) {
  const struct {
    Headers headers;
    std::optional<milliseconds> wait;
  } cases[] = {
      {{}, std::nullopt},
      {{{"retry-after", "17"}}, 17s},
      {{{"retry-after", "0"}}, 0s},
      {{{"retry-after-ms", "250"}}, 250ms},
      {{{"x-ms-retry-after-ms", "1500"}}, 1500ms},
      {{{"retry-after", "17"}, {"x-ms-retry-after-ms", "1500"}}, 1500ms},
      {{{"retry-after-ms", "250"}, {"x-ms-retry-after-ms", "1500"}}, 250ms},
      {{{"retry-after-ms", "soon"}, {"retry-after", "17"}}, 17s},
      {{{"retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"}}, 10s},
      {{{"retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"}, {"date", "Wed, 21 Oct 2015 07:27:00 GMT"}}, 60s},
      {{{"retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"}, {"date", "yesterday"}}, 10s},
      {{{"retry-after", "Wed, 21 Oct 2015 07:00:00 GMT"}}, 0s},
      {{{"retry-after", "Fri, 21 Oct 2095 07:00:00 GMT"}}, 24h},
      {{{"retry-after", "999999"}}, 24h},
      {{{"retry-after", "99999999999999999999999999"}}, 24h},
      {{{"retry-after", ""}}, std::nullopt},
      {{{"retry-after", "-5"}}, std::nullopt},
      {{{"retry-after", "1.5"}}, std::nullopt},
      {{{"retry-after", "17 s"}}, std::nullopt},
      {{{"retry-after", "Wed, 32 Oct 2015 07:28:00 GMT"}}, std::nullopt},
      {{{"retry-after", "Thu, 31 Feb 2015 07:28:00 GMT"}}, std::nullopt},
      {{{"retry-after", "in a while"}}, std::nullopt},
  };
  for (const auto& [headers, wait] : cases) {
    SCOPED_TRACE(headers.empty() ? "none" : headers.rbegin()->second);
    EXPECT_EQ(arm::retry_after(headers, kNow), wait);
  }
}

}  // namespace
