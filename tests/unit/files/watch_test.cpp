#include "files/watch.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <functional>

#include "tests/support/folder.h"

namespace {

namespace fs = std::filesystem;

bool is_readable(const files::Watch& watch) {
  pollfd poll{.fd = watch.descriptor(), .events = POLLIN, .revents = 0};
  return ::poll(&poll, 1, 0) == 1;
}

/// The kernel queues an event before the call that caused it returns: there is nothing to wait for.
bool notices(files::Watch& watch, const std::function<void()>& change) {
  change();
  const auto changed = watch.drain();
  EXPECT_TRUE(changed) << changed.error().what;
  while (is_readable(watch)) EXPECT_FALSE(watch.drain().value());  // what its own changes of watches leave
  return changed.value_or(false);
}

struct WatchOfAFile : test_support::Folder, testing::Test {
  files::Watch watch(const fs::path& name = "etc/config.toml") const {
    auto opened = files::Watch::open(path() / name);
    if (!opened) throw std::runtime_error(opened.error().what);
    return std::move(*opened);
  }
};

TEST_F(WatchOfAFile, AnEditorMayWriteItInPlaceOrPutAnotherInItsPlace) {
  const auto file = write("etc/config.toml");
  auto watch = this->watch();
  EXPECT_FALSE(notices(watch, [] {}));
  EXPECT_TRUE(notices(watch, [&] { write("etc/config.toml", "y"); }));
  write("etc/config.toml.new", "z");
  EXPECT_TRUE(notices(watch, [&] { fs::rename(path() / "etc/config.toml.new", file); }));
  EXPECT_TRUE(notices(watch, [&] { fs::rename(file, path() / "etc/config.toml~"); }));  // vim's backup
  EXPECT_TRUE(notices(watch, [&] { write("etc/config.toml", "y"); }));
  EXPECT_TRUE(notices(watch, [&] { ::chmod(file.c_str(), 0600); }));
  EXPECT_TRUE(notices(watch, [&] { fs::remove(file); }));
}

TEST_F(WatchOfAFile, WhatIsBeingWrittenIsWaitedFor) {
  write("etc/other");
  auto watch = this->watch();
  std::ofstream half;
  EXPECT_FALSE(notices(watch, [&] {
    half.open(path() / "etc/config.toml");
    half << "cluster_cidrs = [" << std::flush;
  }));
  EXPECT_FALSE(notices(watch, [&] { half << "]" << std::flush; }));
  EXPECT_TRUE(notices(watch, [&] { half.close(); }));
}

TEST_F(WatchOfAFile, OtherFilesBesideItAreNothing) {
  write("etc/config.toml");
  auto watch = this->watch();
  EXPECT_FALSE(notices(watch, [&] { write("etc/.config.toml.swp"); }));
  EXPECT_FALSE(notices(watch, [&] { write("unrelated"); }));
  EXPECT_FALSE(notices(watch, [&] { fs::remove(path() / "etc/.config.toml.swp"); }));
}

/// config.toml -> ..data/config.toml, ..data -> ..1: as the kubelet makes it, and swaps it.
TEST_F(WatchOfAFile, AConfigMapIsSwappedByALinkOnItsWay) {
  write("etc/..1/config.toml");
  fs::create_symlink("..1", path() / "etc/..data");
  fs::create_symlink("..data/config.toml", path() / "etc/config.toml");
  auto watch = this->watch();
  for (const char* next : {"..2", "..3"}) {
    write(fs::path("etc") / next / "config.toml", next);
    fs::create_symlink(next, path() / "etc/..data_tmp");
    EXPECT_TRUE(notices(watch, [&] { fs::rename(path() / "etc/..data_tmp", path() / "etc/..data"); }));
    EXPECT_TRUE(notices(watch, [&] { write(fs::path("etc") / next / "config.toml", "in place"); }));
  }
}

TEST_F(WatchOfAFile, ALinkElsewhereIsFollowed) {
  const auto elsewhere = write("srv/agent.toml");
  fs::create_directories(path() / "etc");
  fs::create_symlink(elsewhere, path() / "etc/config.toml");
  auto watch = this->watch();
  EXPECT_TRUE(notices(watch, [&] { write("srv/agent.toml", "y"); }));
  EXPECT_FALSE(notices(watch, [&] { write("srv/other", "y"); }));
  fs::remove(path() / "etc/config.toml");
  EXPECT_TRUE(notices(watch, [&] { fs::create_symlink("../srv/other", path() / "etc/config.toml"); }));
  EXPECT_TRUE(notices(watch, [&] { write("srv/other", "y"); }));
}

TEST_F(WatchOfAFile, ItsFolderMayBeMadeLaterAndMadeAnew) {
  auto watch = this->watch("etc/calico-azure-agent/config.toml");
  EXPECT_TRUE(notices(watch, [&] { fs::create_directories(path() / "etc/calico-azure-agent"); }));
  EXPECT_TRUE(notices(watch, [&] { write("etc/calico-azure-agent/config.toml"); }));
  EXPECT_TRUE(notices(watch, [&] { fs::remove_all(path() / "etc"); }));
  EXPECT_TRUE(notices(watch, [&] { write("etc/calico-azure-agent/config.toml"); }));
  EXPECT_TRUE(notices(watch, [&] { write("etc/calico-azure-agent/config.toml", "y"); }));
}

TEST_F(WatchOfAFile, LinksInACircleAreNoWay) {
  fs::create_directories(path() / "etc");
  fs::create_symlink("config.toml", path() / "etc/config.toml");
  auto watch = this->watch();
  fs::remove(path() / "etc/config.toml");
  EXPECT_TRUE(notices(watch, [&] { write("etc/config.toml"); }));
}

}  // namespace
