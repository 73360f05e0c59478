// What lies in the runtime folder, which may be the service user's while root reads and writes there.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "agent/daemon/instance_lock.h"
#include "agent/daemon/paths.h"
#include "agent/daemon/runtime_files.h"
#include "files/replace.h"
#include "tests/support/folder.h"

namespace {

namespace fs = std::filesystem;
using agent::lock_holder;
using agent::lock_holder_in;
using agent::read_listening_file;

class RuntimeFiles : public testing::Test {
 protected:
  void write(const char* name, std::string_view text) const { std::ofstream(folder_ / name) << text; }

  test_support::Folder folder_;
};

TEST_F(RuntimeFiles, TellWhereADaemonListensWhileItDoes) {
  EXPECT_FALSE(read_listening_file(folder_));
  {
    agent::ListeningFile file(folder_);
    for (const char* text : {"127.0.0.1:18000", "[::1]:16925", "unix:/run/calico-azure-agent/http"}) {
      ASSERT_TRUE(file.write(*net::parse_listen(text)));
      ASSERT_TRUE(read_listening_file(folder_)) << text;
      EXPECT_EQ(net::listen_text(*read_listening_file(folder_)), text);
    }
    EXPECT_EQ(fs::status(folder_ / "listening").permissions(), fs::perms(0644));
  }
  EXPECT_FALSE(read_listening_file(folder_));
}

TEST_F(RuntimeFiles, DoNotTellWhatNoDaemonWrites) {
  for (const char* text :
       {"", "127.0.0.1:18000", "localhost:80\n", "unix:relative\n", "127.0.0.1:1\n127.0.0.1:2\n"}) {
    write("listening", text);
    EXPECT_FALSE(read_listening_file(folder_)) << text;
  }
  write("listening", std::string(4096, '1') + '\n');
  EXPECT_FALSE(read_listening_file(folder_));
}

TEST_F(RuntimeFiles, AreNotReadThroughLinksNorFromPipesNorFromOthers) {
  write("real", "127.0.0.1:18000\n");
  fs::create_symlink(folder_ / "real", folder_ / "listening");
  EXPECT_FALSE(read_listening_file(folder_));
  fs::remove(folder_ / "listening");
  ASSERT_EQ(::mkfifo((folder_ / "listening").c_str(), 0600), 0);
  EXPECT_FALSE(read_listening_file(folder_));
  fs::remove(folder_ / "listening");
  write("listening", "127.0.0.1:18000\n");
  EXPECT_TRUE(read_listening_file(folder_));
  if (::geteuid() != 0) GTEST_SKIP() << "takes root to give a file away";
  ASSERT_EQ(::chown((folder_ / "listening").c_str(), 65534, 65534), 0);
  EXPECT_FALSE(read_listening_file(folder_));
}

TEST_F(RuntimeFiles, AreReplacedNotFollowed) {
  write("victim", "root's");
  fs::create_symlink(folder_ / "victim", folder_ / "ready.new");
  ASSERT_TRUE(files::replace(folder_ / "ready", "text", files::Readers::everybody));
  std::ifstream victim(folder_ / "victim");
  std::string text;
  std::getline(victim, text);
  EXPECT_EQ(text, "root's");
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(folder_ / "ready")));
}

TEST_F(RuntimeFiles, AreTheAgentsOfRootAndOfWhoOwnsTheFolder) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes root to give a folder away";
  EXPECT_TRUE(agent::Trusted(folder_.path()).includes(0));
  EXPECT_FALSE(agent::Trusted(folder_.path()).includes(65534));
  ASSERT_EQ(::chown(folder_.path().c_str(), 998, 998), 0);
  EXPECT_TRUE(agent::Trusted(folder_.path()).includes(0));
  EXPECT_TRUE(agent::Trusted(folder_.path()).includes(998));
  EXPECT_FALSE(agent::Trusted(folder_ / "absent").includes(998));
  fs::create_directory_symlink(folder_, folder_ / "link");
  ASSERT_EQ(::lchown((folder_ / "link").c_str(), 65534, 65534), 0);
  EXPECT_FALSE(agent::Trusted(folder_ / "link").includes(65534));
}

TEST_F(RuntimeFiles, AreLockedByOneWhoIsSeen) {
  EXPECT_FALSE(lock_holder(folder_ / "lock"));
  {
    const auto lock = agent::lock_file(folder_ / "lock");
    ASSERT_TRUE(lock) << lock.error().what;
    EXPECT_EQ(fs::status(folder_ / "lock").permissions(), fs::perms(0600));
    EXPECT_EQ(lock_holder(folder_ / "lock"), ::getpid());
    const auto second = agent::lock_file(folder_ / "lock");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code.value(), EWOULDBLOCK);
  }
  EXPECT_FALSE(lock_holder(folder_ / "lock"));
  EXPECT_TRUE(agent::lock_file(folder_ / "lock"));
}

TEST_F(RuntimeFiles, AreNoLocksWhereSomethingElseIsInTheirPlace) {
  write("victim", "root's");
  fs::create_symlink(folder_ / "victim", folder_ / "lock");
  EXPECT_EQ(agent::lock_file(folder_ / "lock").error().code.value(), ELOOP);
  fs::remove(folder_ / "lock");
  ASSERT_EQ(::mkfifo((folder_ / "lock").c_str(), 0600), 0);
  EXPECT_EQ(agent::lock_file(folder_ / "lock").error().code.value(), EINVAL);
}

TEST(LockHolder, IsReadFromTheKernelsList) {
  constexpr std::string_view kLocks =
      "1: POSIX  ADVISORY  READ 11 00:1a:1077 0 EOF\n"
      "2: FLOCK  ADVISORY  WRITE 12 00:1a:10777 0 EOF\n"
      "3: FLOCK  ADVISORY  WRITE 4711 fd:01:1077 0 EOF\n"
      "3: -> FLOCK  ADVISORY  WRITE 13 fd:01:1077 0 EOF\n"
      "4: FLOCK  ADVISORY  WRITE 14 00:1a:1078 0 EOF\n";
  EXPECT_EQ(lock_holder_in(kLocks, makedev(0xfd, 1), 1077), 4711);
  EXPECT_EQ(lock_holder_in(kLocks, makedev(0, 0x1a), 1078), 14);
  EXPECT_FALSE(lock_holder_in(kLocks, makedev(0, 0x1a), 1077)) << "a lock of another kind";
  EXPECT_FALSE(lock_holder_in("", makedev(0, 0x1a), 1077));
}

}  // namespace
