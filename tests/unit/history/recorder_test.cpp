#include "agent/history/recorder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "agent/history/history.h"
#include "tests/support/folder.h"

namespace agent {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

std::string line(int number, std::size_t padding = 0) {
  return fmt::format(R"({{"time":"2026-11-30T04:12:00.{:03}Z","number":{},"padding":"{}"}})", number % 1000,
                     number, std::string(padding, 'x'));
}

class Recording : public testing::Test {
 protected:
  Recorder recorder() {
    return {folder_,
            {.failed = [this](const net::Error& error) { failures_.push_back(error.what); },
             .resumed = [this] { ++resumed_; }}};
  }
  void write(const std::vector<std::string>& lines) {
    auto recorder = this->recorder();
    for (const auto& each : lines) recorder.add(each);
  }
  [[nodiscard]] std::vector<int> numbers() const {
    std::vector<int> numbers;
    const auto records = read_records(folder_);
    if (!records) return numbers;
    for (const auto& each : records->list) {
      const auto at = each.line.find("\"number\":") + 9;
      numbers.push_back(std::stoi(each.line.substr(at)));
    }
    return numbers;
  }
  [[nodiscard]] std::uintmax_t size_on_disk() const {
    std::uintmax_t size = 0;
    for (const auto& file : {current_events(folder_), earlier_events(folder_)}) {
      if (std::filesystem::exists(file)) size += std::filesystem::file_size(file);
    }
    return size;
  }

  test_support::Folder root_;
  std::filesystem::path folder_ = root_.path();
  std::vector<std::string> failures_;
  int resumed_ = 0;
};

TEST_F(Recording, LinesAreThereAfterARestartInTheirOrder) {
  write({line(1), line(2)});
  write({line(3)});
  EXPECT_EQ(numbers(), (std::vector{1, 2, 3}));
  EXPECT_THAT(failures_, testing::IsEmpty());
}

TEST_F(Recording, WhatIsOldGoesAndTheDiskKeepsOneMebibyteAtTheMost) {
  int number = 0;
  for (int batch = 0; batch < 30; ++batch) {
    std::vector<std::string> lines;
    for (int i = 0; i < 100; ++i) lines.push_back(line(number++, 1000));
    write(lines);
    EXPECT_LE(size_on_disk(), 2 * Recorder::kFile);
  }
  const auto kept = numbers();
  EXPECT_GE(kept.size() * 1000, Recorder::kFile) << "half of it at least";
  EXPECT_EQ(kept.back(), number - 1);
  for (std::size_t i = 1; i < kept.size(); ++i) EXPECT_EQ(kept[i], kept[i - 1] + 1);
}

TEST_F(Recording, HalfALineThatAPowerCutLeftCostsItselfAlone) {
  write({line(1)});
  std::ofstream(current_events(folder_), std::ios::app) << R"({"time":"2026-11-30T04:1)";
  write({line(2)});
  EXPECT_EQ(numbers(), (std::vector{1, 2}));
  EXPECT_EQ(read_records(folder_)->unreadable, 1U);
}

TEST_F(Recording, ADiskThatTakesNothingIsToldOnceAndHoldsUpNobody) {
  std::filesystem::create_directory(current_events(folder_));
  {
    auto recorder = this->recorder();
    for (int i = 0; i < 3; ++i) {
      recorder.add(line(i));
      recorder.flush();
    }
  }
  ASSERT_THAT(failures_, SizeIs(1));
  EXPECT_THAT(failures_.front(), HasSubstr("events.jsonl: cannot be opened"));
}

TEST_F(Recording, ALinkOrAFifoInItsPlaceIsNotFollowed) {
  std::filesystem::create_symlink(folder_ / "elsewhere", current_events(folder_));
  write({line(1)});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "elsewhere"));
  EXPECT_THAT(failures_, SizeIs(1));
}

TEST_F(Recording, WhatWaitsForADiskThatHangsIsBoundedAndCounted) {
  {
    auto recorder = this->recorder();
    for (std::size_t i = 0; i < Recorder::kMostWaiting + 5; ++i) recorder.add(line(static_cast<int>(i)));
    recorder.add(std::string(Recorder::kFile, 'x'));
  }
  const auto records = read_records(folder_);
  ASSERT_TRUE(records);
  EXPECT_THAT(records->list, SizeIs(Recorder::kMostWaiting + 1));
  EXPECT_EQ(records->unreadable, 0U) << "who reads is to hear of the loss";
  EXPECT_THAT(records->list.front().line,
              HasSubstr("6 events from 2026-11-30T04:12:00.000Z on are not recorded: the disk hung"));
}

TEST_F(Recording, WhatADiskDidNotTakeIsSaidOnceItTakesMore) {
  auto recorder = this->recorder();
  const auto write_now = [&](int number) {
    recorder.add(line(number));
    recorder.flush();
    recorder.wait();
  };
  write_now(1);
  std::filesystem::rename(current_events(folder_), folder_ / "aside");
  std::filesystem::create_directory(current_events(folder_));
  for (const int number : {2, 3}) write_now(number);
  EXPECT_THAT(failures_, SizeIs(1)) << "once for each cause";
  EXPECT_EQ(resumed_, 0);
  std::filesystem::remove(current_events(folder_));
  std::filesystem::rename(folder_ / "aside", current_events(folder_));
  write_now(4);
  EXPECT_EQ(resumed_, 1);
  const auto records = read_records(folder_);
  ASSERT_TRUE(records);
  ASSERT_THAT(records->list, SizeIs(3));
  const auto& lost = records->list[1].line;
  EXPECT_THAT(lost, HasSubstr("\"time\":\"2026-11-30T04:12:00.004Z\""));
  EXPECT_THAT(lost, HasSubstr("2 events from 2026-11-30T04:12:00.002Z on are not recorded: "));
  EXPECT_THAT(lost, HasSubstr("\"from\":\"2026-11-30T04:12:00.002Z\""));
  write_now(5);
  EXPECT_EQ(resumed_, 1);
}

}  // namespace
}  // namespace agent
