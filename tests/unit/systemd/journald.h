#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

/// "DEVICE:INODE", as JOURNAL_STREAM names a descriptor.
inline std::string identity_of(int descriptor) {
  struct stat status {};
  EXPECT_EQ(fstat(descriptor, &status), 0);
  return fmt::format("{}:{}", status.st_dev, status.st_ino);
}

/// A pipe in the place of standard error.
class JournalStream : public testing::Test {
 protected:
  JournalStream() {
    if (pipe2(ends_.data(), O_NONBLOCK) != 0) ADD_FAILURE() << "no pipe";
  }
  ~JournalStream() override {
    close(ends_[0]);
    close(ends_[1]);
    unsetenv("JOURNAL_STREAM");
  }
  std::array<int, 2> ends_{};
};

/// journald's place, in a mount namespace of this process's own.
class Journald : public JournalStream {
 protected:
  void SetUp() override {
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
      GTEST_SKIP() << "no mount namespace for this user";
    }
    ASSERT_EQ(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(mount("none", "/run", "tmpfs", 0, nullptr), 0);
    std::filesystem::create_directories("/run/systemd/journal");
  }
  void listen() {
    socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    constexpr std::string_view kPath = "/run/systemd/journal/socket";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    kPath.copy(static_cast<char*>(address.sun_path), sizeof(address.sun_path) - 1);
    ASSERT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  ~Journald() override {
    if (socket_ >= 0) close(socket_);
  }
  /// The next event in the native protocol; "" when there is none.
  [[nodiscard]] std::string received() const {
    std::array<char, 4096> buffer{};
    const auto count = recv(socket_, buffer.data(), buffer.size(), 0);
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
  }

  int socket_ = -1;
};
