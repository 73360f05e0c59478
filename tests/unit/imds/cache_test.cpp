#include "imds/cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>

#include "files.h"
#include "imds/answer.h"

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

imds::Reading reading(const std::string& file = "docs_full_linux_trimmed.json") {
  const auto document = sample(file);
  return {.network = *imds::parse(document), .document = document, .api_version = "2021-02-01"};
}

class Cache : public testing::Test {
 protected:
  test_support::Folder folder_;
  std::filesystem::path file_ = folder_.path() / "imds.json";

  /// What else lies in the folder.
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_.path()), {}));
  }
};

TEST_F(Cache, WhatIsSavedIsLoadedByteForByte) {
  const auto before = std::chrono::system_clock::now();
  ASSERT_TRUE(imds::save(file_, reading()));
  const auto cached = imds::load(file_);
  ASSERT_TRUE(cached) << cached.error().what;
  EXPECT_EQ(cached->reading, reading());
  EXPECT_GE(cached->saved, before - 1s);
  EXPECT_LE(cached->saved, std::chrono::system_clock::now());
  EXPECT_EQ(entries(), 1U);
}

TEST_F(Cache, ALaterSaveReplacesTheEarlierOne) {
  ASSERT_TRUE(imds::save(file_, reading()));
  ASSERT_TRUE(imds::save(file_, reading("real_vm_2020_trimmed.json")));
  EXPECT_EQ(imds::load(file_)->reading, reading("real_vm_2020_trimmed.json"));
}

TEST_F(Cache, TheFileIsReadableToAllWhateverTheUmask) {
  const auto before = ::umask(0077);
  const auto saved = imds::save(file_, reading());
  ::umask(before);
  ASSERT_TRUE(saved);
  struct stat status {};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0644U);
}

TEST_F(Cache, NoFileIsENOENT) {
  const auto cached = imds::load(file_);
  ASSERT_FALSE(cached);
  EXPECT_EQ(cached.error().code.value(), ENOENT);
  EXPECT_THAT(cached.error().what, HasSubstr(file_.string()));
}

TEST_F(Cache, NoFoldersAreMade) {
  const auto saved = imds::save(folder_.path() / "missing" / "imds.json", reading());
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code.value(), ENOENT);
  EXPECT_EQ(entries(), 0U);
}

TEST_F(Cache, ADamagedFileIsAnErrorThatSaysHow) {
  ASSERT_TRUE(imds::save(file_, reading()));
  const auto whole = read_file(file_);
  const auto first_line = whole.substr(0, whole.find('\n') + 1);
  const struct {
    std::string text;
    const char* how;
  } cases[] = {
      {"", "no first line"},
      {"garbage", "no first line"},
      {std::string(100, '\0'), "no first line"},
      {"\n{}", "not valid JSON"},
      {"[]\n{}", "its schema"},
      {"{}\n{}", "its schema"},
      {"{\"schema\":\"calico-azure-agent/imds-cache/v2\"}\n{}", "its schema"},
      {"{\"schema\":\"calico-azure-agent/imds-cache/v1\",\"saved\":\"yesterday\"}\n{}", "when it was saved"},
      {first_line, "not valid JSON"},
      {first_line + "{}", "has no \"network\""},
      {whole.substr(0, whole.size() / 2), "not valid JSON"},
      {whole + "x", "not valid JSON"},
  };
  for (const auto& [text, how] : cases) {
    SCOPED_TRACE(text);
    write_file(file_, text);
    const auto cached = imds::load(file_);
    ASSERT_FALSE(cached);
    EXPECT_EQ(cached.error().code.value(), EBADMSG);
    EXPECT_THAT(cached.error().what, HasSubstr(how));
    EXPECT_THAT(cached.error().what, HasSubstr(file_.string()));
  }
}

TEST_F(Cache, NeitherSideTakesMoreThanAMebibyte) {
  auto large = reading();
  large.document.append(std::size_t{1} << 20, ' ');
  const auto saved = imds::save(file_, large);
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code.value(), EFBIG);
  EXPECT_FALSE(std::filesystem::exists(file_));

  write_file(file_, std::string((std::size_t{1} << 20) + 1, ' '));
  const auto cached = imds::load(file_);
  ASSERT_FALSE(cached);
  EXPECT_EQ(cached.error().code.value(), EFBIG);
}

TEST_F(Cache, WhatIsNoFileIsAnErrorAndDoesNotBlock) {
  EXPECT_EQ(imds::load(folder_.path()).error().code.value(), EISDIR);
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  EXPECT_FALSE(imds::load(file_));
}

TEST_F(Cache, AFullDiskLeavesTheOldFileAndNothingElse) {
  ASSERT_TRUE(imds::save(file_, reading()));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tight{100, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const auto saved = imds::save(file_, reading("real_vm_2020_trimmed.json"));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code.value(), EFBIG);
  EXPECT_EQ(imds::load(file_)->reading, reading());
  EXPECT_EQ(entries(), 1U);
}

TEST_F(Cache, AProcessKilledWhileWritingLeavesTheOldFileAndDoesNotHinderTheNext) {
  ASSERT_TRUE(imds::save(file_, reading()));
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit tight{100, 100};
    const rlimit no_core{0, 0};
    std::signal(SIGXFSZ, SIG_DFL);
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::setrlimit(RLIMIT_FSIZE, &tight);
    (void)imds::save(file_, reading("real_vm_2020_trimmed.json"));
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ) << "the child was not killed in its write";
  EXPECT_EQ(imds::load(file_)->reading, reading());
  EXPECT_EQ(entries(), 2U) << "the half-written file";

  ASSERT_TRUE(imds::save(file_, reading("real_vm_2020_trimmed.json")));
  EXPECT_EQ(imds::load(file_)->reading, reading("real_vm_2020_trimmed.json"));
  EXPECT_EQ(entries(), 1U);
}

TEST_F(Cache, AFailedRenameLeavesNothingBehind) {
  ASSERT_TRUE(std::filesystem::create_directories(file_ / "occupied"));
  const auto saved = imds::save(file_, reading());
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code.value(), EISDIR);
  EXPECT_EQ(entries(), 1U);
}

TEST_F(Cache, ALinkThatSomebodyPutInTheWayIsReplacedNotFollowed) {
  const auto victim = folder_.path() / "victim";
  write_file(victim, "precious");
  std::filesystem::create_symlink(victim, folder_.path() / "imds.json.new");
  ASSERT_TRUE(imds::save(file_, reading()));
  EXPECT_EQ(read_file(victim), "precious");
  EXPECT_EQ(imds::load(file_)->reading, reading());
}

}  // namespace
