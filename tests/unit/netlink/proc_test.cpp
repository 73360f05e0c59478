// What the door reads from /proc: sysctls and names of processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "netlink/proc.h"
#include "tests/support/folder.h"

namespace {

using testing::HasSubstr;

class Sysctls : public testing::Test {
 protected:
  Sysctls() {
    std::filesystem::create_directories(root_ / "sys/net/ipv4/conf/eth0.5");
    write("sys/net/ipv4/ip_forward", "1\n");
    write("secret", "not for you");
  }

  void write(const std::string& path, const std::string& content) { std::ofstream(root_ / path) << content; }

  test_support::Folder root_;
  netlink::ProcSysctls sysctls_{(root_ / "sys").string()};
};

TEST_F(Sysctls, ReadsAValueWithoutItsNewline) {
  EXPECT_EQ(*sysctls_.read("net/ipv4/ip_forward"), "1");
  write("sys/net/ipv4/conf/eth0.5/rp_filter", "2");
  EXPECT_EQ(*sysctls_.read("net/ipv4/conf/eth0.5/rp_filter"), "2");
}

TEST_F(Sysctls, SaysWhichKeyIsMissing) {
  const auto missing = sysctls_.read("net/ipv4/conf/eth0.5/forwarding");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, std::errc::no_such_file_or_directory);
  EXPECT_THAT(missing.error().what, HasSubstr("net.ipv4.conf.eth0/5.forwarding"));
}

TEST_F(Sysctls, WritesAValue) {
  ASSERT_TRUE(sysctls_.write("net/ipv4/ip_forward", "0"));
  EXPECT_THAT(*sysctls_.read("net/ipv4/ip_forward"), testing::StartsWith("0"));
  EXPECT_FALSE(sysctls_.write("net/ipv4/no_such_key", "0")) << "nothing is made";
  EXPECT_FALSE(std::filesystem::exists(root_ / "sys/net/ipv4/no_such_key"));
}

TEST_F(Sysctls, NeverLeavesItsFolder) {
  for (const std::string& key :
       {std::string("../secret"), std::string("net/../../secret"), std::string("/etc/hostname"),
        std::string(".."), std::string(), std::string("net//ipv4"), std::string("./net"),
        std::string("net/ipv4/"), std::string("net/ipv4/conf/../ip_forward"),
        std::string("net/ipv4/ip_forward\0x", 22)}) {
    const auto read = sysctls_.read(key);
    ASSERT_FALSE(read) << key;
    EXPECT_EQ(read.error().code, std::errc::invalid_argument) << key;
    const auto written = sysctls_.write(key, "1");
    ASSERT_FALSE(written) << key;
    EXPECT_EQ(written.error().code, std::errc::invalid_argument) << key;
  }
}

TEST_F(Sysctls, ADotDotInsideANameIsAName) {
  std::filesystem::create_directories(root_ / "sys/net/ipv4/conf/a..b");
  write("sys/net/ipv4/conf/a..b/forwarding", "1\n");
  EXPECT_EQ(*sysctls_.read("net/ipv4/conf/a..b/forwarding"), "1") << "a link may be called so";
}

TEST_F(Sysctls, RefusesAnEndlessValue) {
  write("sys/net/ipv4/ip_forward", std::string(netlink::ProcSysctls::kLongestValue, '1'));
  EXPECT_TRUE(sysctls_.read("net/ipv4/ip_forward"));
  write("sys/net/ipv4/ip_forward", std::string(netlink::ProcSysctls::kLongestValue + 1, '1'));
  EXPECT_EQ(sysctls_.read("net/ipv4/ip_forward").error().code, std::errc::file_too_large);
}

TEST_F(Sysctls, AFolderIsNoValue) { EXPECT_FALSE(sysctls_.read("net/ipv4")); }

TEST(ProcSys, HasTheForwardingSwitch) {
  netlink::ProcSysctls sysctls;
  const auto value = sysctls.read("net/ipv4/ip_forward");
  ASSERT_TRUE(value) << value.error().what;
  EXPECT_THAT(*value, testing::AnyOf("0", "1"));
}

class PortOwner : public testing::Test {
 protected:
  PortOwner() { prctl(PR_GET_NAME, former_.data()); }
  ~PortOwner() override { prctl(PR_SET_NAME, former_.data()); }
  PortOwner(const PortOwner&) = delete;
  PortOwner& operator=(const PortOwner&) = delete;

  static std::string named(const char* name) {
    prctl(PR_SET_NAME, name);
    return netlink::process_name_of_port(static_cast<std::uint32_t>(getpid()));
  }
  std::string former_ = std::string(16, '\0');
};

TEST_F(PortOwner, IsNamedByItsPort) { EXPECT_EQ(named("networkd"), "networkd"); }

TEST_F(PortOwner, CannotWriteAnythingIntoOurLog) {
  EXPECT_EQ(named("a\nb\x1b[31m\xff"), "a?b?[31m?");
  EXPECT_EQ(named("\n"), "?");
}

TEST_F(PortOwner, IsUnknownWhereThePortIsNoProcess) {
  EXPECT_EQ(netlink::process_name_of_port(0), "") << "the kernel itself";
  EXPECT_EQ(netlink::process_name_of_port(0xfffff000), "")
      << "the kernel gives such ports to further sockets";
  EXPECT_EQ(netlink::process_name_of_port(1), "") << "the first process of each container too";
  EXPECT_EQ(netlink::process_name_of_port(2), "") << "kthreadd";
  EXPECT_EQ(netlink::process_name_of_port(4194304), "") << "no process can have this number";
}

TEST_F(PortOwner, IsUnknownWhereTheProcessCouldNotHaveChangedARoute) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const auto child = ::fork();
  if (child == 0) {
    const bool is_nobody = ::setresuid(65534, 65534, 65534) == 0;
    const char done = is_nobody ? 'y' : 'n';
    if (::write(ends[1], &done, 1) == 1) ::pause();
    ::_exit(1);
  }
  char done = 0;
  ASSERT_EQ(::read(ends[0], &done, 1), 1);
  EXPECT_EQ(done, 'y');
  EXPECT_EQ(netlink::process_name_of_port(static_cast<std::uint32_t>(child)), "");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  for (const int end : ends) ::close(end);
}

}  // namespace
