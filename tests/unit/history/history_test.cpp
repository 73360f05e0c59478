#include "agent/history/history.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "agent/history/recorder.h"
#include "core/snapshot.h"
#include "tests/support/folder.h"

namespace agent {
namespace {

// 2026-11-30T09:30:15Z
const net::WallTime kNow{std::chrono::seconds(1'796'031'015)};

std::string moment(std::string_view text) {
  const auto parsed = parse_moment(text, kNow);
  return parsed ? core::wall_time_text(*parsed) : parsed.error().what;
}

TEST(Moment, IsReadAsPeopleWriteIt) {
  ASSERT_EQ(core::wall_time_text(kNow), "2026-11-30T09:30:15.000Z");
  EXPECT_EQ(moment("2h"), "2026-11-30T07:30:15.000Z");
  EXPECT_EQ(moment("1h30m"), "2026-11-30T08:00:15.000Z");
  EXPECT_EQ(moment("04:12"), "2026-11-30T04:12:00.000Z");
  EXPECT_EQ(moment("04:12:33"), "2026-11-30T04:12:33.000Z");
  EXPECT_EQ(moment("23:59"), "2026-11-29T23:59:00.000Z") << "the last time that it was so late";
  EXPECT_EQ(moment("2026-11-28"), "2026-11-28T00:00:00.000Z");
  EXPECT_EQ(moment("2026-11-28T04:12"), "2026-11-28T04:12:00.000Z");
  EXPECT_EQ(moment("2026-11-28 04:12:01"), "2026-11-28T04:12:01.000Z");
  EXPECT_EQ(moment("2026-11-28T04:12:01.250Z"), "2026-11-28T04:12:01.250Z") << "as the agent prints it";
}

TEST(Moment, ThatIsNoneIsRefused) {
  for (const char* text : {"", "yesterday", "25:00", "04:12pm", "2026-13-01", "2026-02-30",
                           "2026-11-30T04:12:00+01:00", "0000-01-01T00:00Z", "9999-01-01"})
    EXPECT_THAT(moment(text), testing::HasSubstr("is no time")) << text;
}

TEST(Records, OfAFolderWithoutAnyAreNotThere) {
  const test_support::Folder folder;
  const auto records = read_records(folder.path());
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code.value(), ENOENT);
}

TEST(Records, ThatAreRenamedWhileTheyAreReadCountOnce) {
  const test_support::Folder folder;
  const std::string line = R"({"time":"2026-11-30T04:12:00.000Z"})";
  std::ofstream(current_events(folder.path())) << line << '\n';
  std::ofstream(earlier_events(folder.path())) << line << '\n';
  EXPECT_EQ(read_records(folder.path())->list.size(), 1U);
}

TEST(Records, AreNotLookedForBehindALink) {
  const test_support::Folder folder;
  std::ofstream(folder / "of_others")
      << R"({"time":"2026-11-30T04:12:00.000Z","log":"of a container"})" << '\n';
  std::filesystem::create_symlink(folder / "of_others", current_events(folder.path()));
  EXPECT_EQ(read_records(folder.path()).error().code.value(), ELOOP);
}

TEST(Records, LeaveOutWhatNoRecorderWrites) {
  const test_support::Folder folder;
  std::ofstream(current_events(folder.path()))
      << "{\"time\":\"2026-11-30T04:12:00.000Z\"}\nrubbish\n[]\n{\"time\":12}\n\n";
  const auto records = read_records(folder.path());
  EXPECT_EQ(records->list.size(), 1U);
  EXPECT_EQ(records->unreadable, 3U);
}

}  // namespace
}  // namespace agent
