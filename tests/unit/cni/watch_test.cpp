#include "cni/watch.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <functional>

#include "folder.h"

namespace {

bool is_readable(const cni::Watch& watch) {
  pollfd poll{.fd = watch.descriptor(), .events = POLLIN, .revents = 0};
  return ::poll(&poll, 1, 0) == 1;
}

/// The kernel queues an event before the call that caused it returns: there is nothing to wait for.
bool notices(cni::Watch& watch, const std::function<void()>& change) {
  change();
  const bool readable = is_readable(watch);
  const auto changed = watch.drain();
  EXPECT_TRUE(changed) << changed.error().what;
  EXPECT_TRUE(readable || !changed.value_or(false));
  while (is_readable(watch)) EXPECT_FALSE(watch.drain().value());  // what its own changes of watches leave
  return changed.value_or(false);
}

using std::filesystem::rename;

/// Watches that the kernel keeps for it.
long watches_of(const cni::Watch& watch) {
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(watch.descriptor()));
  long count = 0;
  for (std::string line; std::getline(info, line);) count += line.starts_with("inotify wd:") ? 1 : 0;
  return count;
}

TEST(Watch, EveryChangeOfAFileThatIsReadIsNoticed) {
  const NodeFiles node;
  const std::string conf = "etc/cni/net.d/10-a.conf";
  node.write("etc/cni/net.d/calico-kubeconfig");
  node.write("run/flannel/subnet.env");
  node.write("var/lib/calico/nodename");
  auto watch = cni::Watch::open(node.paths());
  ASSERT_TRUE(watch) << watch.error().what;
  EXPECT_FALSE(notices(*watch, [] {}));

  EXPECT_TRUE(notices(*watch, [&] { node.write(conf, "{}"); }));
  EXPECT_TRUE(notices(*watch, [&] { rename(node.write("etc/new", "{}"), node / conf); }));
  EXPECT_TRUE(notices(*watch, [&] { ::chmod((node / conf).c_str(), 0600); }));
  EXPECT_TRUE(notices(*watch, [&] { node.link("etc/cni/net.d/..data", "x"); }));
  EXPECT_TRUE(notices(*watch, [&] { std::filesystem::remove(node / conf); }));
  EXPECT_TRUE(notices(*watch, [&] { node.write("run/flannel/subnet.env", "x"); }));
  EXPECT_TRUE(notices(*watch, [&] { node.write("var/lib/calico/nodename", "x"); }));
  {
    std::ofstream half(node / conf);
    EXPECT_TRUE(notices(*watch, [&] { half << "{" << std::flush; }));
    EXPECT_FALSE(notices(*watch, [&] { half << "}" << std::flush; }));
    EXPECT_TRUE(notices(*watch, [&] { half.close(); }));
  }
  EXPECT_FALSE(notices(*watch, [&] { EXPECT_TRUE(std::ifstream(node / conf).good()); }));
  EXPECT_FALSE(notices(*watch, [&] { node.write("run/other.pid"); }));
  EXPECT_FALSE(notices(*watch, [&] { node.write("var/lib/other/file"); }));
}

TEST(Watch, FoldersThatAreMadeReplacedOrRemovedLaterAreNoticed) {
  const NodeFiles node;
  auto watch = cni::Watch::open(node.paths());
  ASSERT_TRUE(watch) << watch.error().what;
  const auto make = [&](const std::string& name) { std::filesystem::create_directories(node / name); };
  const auto write = [&](const std::string& name) { return notices(*watch, [&] { node.write(name, "x"); }); };
  EXPECT_FALSE(write("unrelated/file"));
  EXPECT_TRUE(notices(*watch, [&] { make("run"); }));
  EXPECT_TRUE(notices(*watch, [&] { make("run/flannel"); }));
  EXPECT_TRUE(write("run/flannel/subnet.env"));
  EXPECT_TRUE(notices(*watch, [&] { make("etc/cni/net.d"); }));  // three at once
  EXPECT_TRUE(write("etc/cni/net.d/10-a.conf"));
  EXPECT_TRUE(write("var/lib/calico/nodename"));
  EXPECT_TRUE(write("var/lib/calico/nodename"));

  // The folder of configurations is exchanged for another, far above it.
  const auto watches = watches_of(*watch);
  node.write("new/net.d/10-b.conf");
  EXPECT_TRUE(notices(*watch, [&] {
    rename(node / "etc/cni", node / "old");
    rename(node / "new", node / "etc/cni");
  }));
  EXPECT_FALSE(write("old/net.d/10-a.conf"));
  EXPECT_TRUE(write("etc/cni/net.d/10-b.conf"));
  EXPECT_EQ(watches_of(*watch), watches) << "watches of the old folder are left";

  EXPECT_TRUE(notices(*watch, [&] { std::filesystem::remove_all(node / "run"); }));
  EXPECT_FALSE(write("elsewhere/flannel"));
  EXPECT_TRUE(write("run/flannel/subnet.env"));
  EXPECT_TRUE(write("run/flannel/subnet.env"));
}

TEST(Watch, AFileInAFoldersPlaceIsAFolderThatIsNotThere) {
  const NodeFiles node;
  node.write("run");
  auto watch = cni::Watch::open(node.paths());
  ASSERT_TRUE(watch) << watch.error().what;
  EXPECT_TRUE(notices(*watch, [&] { std::filesystem::remove(node / "run"); }));
  EXPECT_TRUE(notices(*watch, [&] { node.write("run/flannel/subnet.env"); }));
}

TEST(Watch, WhatAnOverrunHidIsNoticedNonetheless) {
  const NodeFiles node;
  node.write("etc/cni/net.d/10-c.conf");
  const auto folder = node.write("etc/cni/net.d/10-a.conf").parent_path();
  auto watch = cni::Watch::open(node.paths());
  ASSERT_TRUE(watch) << watch.error().what;
  std::size_t limit = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> limit;
  if (limit > 100'000) GTEST_SKIP() << "would need " << limit << " events";
  // Events of equal names in a row are merged: two names by turns.
  for (std::size_t i = 0; i <= limit / 2 + 1; ++i) {
    ::chmod((folder / "10-a.conf").c_str(), 0600);
    ::chmod((folder / "10-c.conf").c_str(), 0600);
  }
  node.write("new/net.d/10-b.conf");
  rename(node / "etc/cni", node / "old");  // lost
  rename(node / "new", node / "etc/cni");
  bool changed = true;
  int drains = 0;
  for (; is_readable(*watch) && changed; ++drains) changed = watch->drain().value();
  EXPECT_GT(drains, 1) << "one call took it all, however long that may be";
  EXPECT_TRUE(notices(*watch, [&] { node.write("etc/cni/net.d/10-b.conf", "x"); }));
}

}  // namespace
