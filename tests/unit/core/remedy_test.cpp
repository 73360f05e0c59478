#include "remedy/remedy.h"

#include <gtest/gtest.h>

namespace agent {
namespace {

TEST(ShellWord, IsOneWordWhateverItHolds) {
  EXPECT_EQ(remedy::shell_word("/subscriptions/s"), "/subscriptions/s");
  EXPECT_EQ(remedy::shell_word("net (east)"), "'net (east)'");
  EXPECT_EQ(remedy::shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(remedy::shell_word(""), "''");
  EXPECT_EQ(remedy::shell_word("$(reboot)"), "'$(reboot)'");
}

TEST(Remedy, QuotesWhatAShellWouldTakeApart) {
  EXPECT_EQ(remedy::command("ip link set dev {} up", "eth0").text(), "ip link set dev eth0 up");
  EXPECT_EQ(remedy::command("ip link set dev {} up", "$(reboot)").text(), "ip link set dev '$(reboot)' up");
  EXPECT_EQ(remedy::command("echo {}", "it's").text(), "echo 'it'\\''s'");
  EXPECT_EQ(remedy::command("sysctl -w net.ipv4.conf.{}.forwarding={}", "a;b", 1).text(),
            "sysctl -w net.ipv4.conf.'a;b'.forwarding=1");
}

TEST(Remedy, IsOneLineWhateverTheNames) {
  EXPECT_EQ(remedy::command("ip link set dev {} up", "a\nreboot").text(), "ip link set dev 'a reboot' up");
  EXPECT_EQ(remedy::command("ip link set dev {} up", "a\x1b[2K").text(), "ip link set dev 'a?[2K' up");
}

TEST(Remedy, ShowsAnArgumentThatAProgramWouldTakeForAnOptionAsAComment) {
  EXPECT_EQ(remedy::command("az network nic show --ids {}", "-x").text(),
            "# az network nic show --ids -x; do not paste: a name in it is empty or looks like an option");
  EXPECT_TRUE(remedy::command("az network nic show --ids {}", "@/etc/shadow").text().starts_with("# "));
  EXPECT_TRUE(remedy::command("az network nic show --ids {}", "").text().starts_with("# "));
}

TEST(Remedy, AnEditIsAComment) {
  EXPECT_EQ(remedy::edit("set mode = \"{}\" in {}", "udr", "/etc/a b.toml").text(),
            "# set mode = \"udr\" in '/etc/a b.toml'");
}

TEST(Remedy, RunsTheSecondWhereTheFirstSucceeds) {
  const auto both = remedy::command("mv {0} {0}.disabled", "/etc/x")
                        .then(remedy::command("systemctl restart {}", "kubelet"));
  EXPECT_EQ(both.text(), "mv /etc/x /etc/x.disabled && systemctl restart kubelet");
  EXPECT_EQ(remedy::Remedy().then(remedy::command("true")).text(), "true");
  EXPECT_EQ(remedy::command("true").then(remedy::Remedy()).text(), "true");
}

TEST(Remedy, OneUnsafeWordMakesAllOfItAComment) {
  EXPECT_TRUE(
      remedy::command("true").then(remedy::command("az x {}", "-y")).text().starts_with("# true && az x -y"));
}

TEST(Remedy, NotesStandBehindTheCommand) {
  EXPECT_EQ(remedy::command("true").note("see {}", "nic.found").text(), "true   # see nic.found");
  EXPECT_EQ(remedy::command("true").note("one").note("two").text(), "true   # one; two");
  EXPECT_EQ(remedy::command("true").then(remedy::edit("edit {}", "/etc/x")).text(),
            "true   # then edit /etc/x");
  EXPECT_EQ(remedy::edit("edit {}", "/etc/x").then(remedy::command("reboot")).text(),
            "# edit /etc/x; reboot");
}

TEST(Remedy, AForeignWordInANoteCannotLeaveIt) {
  EXPECT_EQ(remedy::command("true").note("see {}", "x\nreboot").text(), "true   # see 'x reboot'");
}

}  // namespace
}  // namespace agent
