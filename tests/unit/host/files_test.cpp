// What the files of a machine say, in a small machine of the test's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "host/processes.h"
#include "host/system_settings.h"
#include "host/text.h"
#include "machine.h"

namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::Pair;
using testing::UnorderedElementsAre;

TEST(BootSysctls, TheLastNameWinsWhicheverFolderItIsIn) {
  const Machine machine;
  machine.write("etc/sysctl.d/10-first.conf", "net.ipv4.ip_forward = 1\n");
  machine.write("usr/lib/sysctl.d/99-last.conf", "# a comment\n; another\nnet.ipv4.ip_forward=0\n");
  machine.write("usr/lib/sysctl.d/99-last.conf.bak", "net.ipv4.ip_forward=2\n");
  const std::vector<std::string> keys = {"net/ipv4/ip_forward", "net/ipv4/conf/all/rp_filter"};
  const auto found = host::boot_sysctls(machine.root(), keys);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().value, "0");
  EXPECT_THAT(found->front().file, EndsWith("usr/lib/sysctl.d/99-last.conf"));
}

TEST(BootSysctls, AFileInEtcHidesThatOfTheSameNameAndALinkToNullHidesIt) {
  const Machine machine;
  machine.write("usr/lib/sysctl.d/50-a.conf", "net.ipv4.ip_forward=0\n");
  machine.write("etc/sysctl.d/50-a.conf", "net.ipv4.ip_forward=1\n");
  machine.write("usr/local/lib/sysctl.d/60-b.conf", "net.ipv4.ip_forward=0\n");
  machine.link("etc/sysctl.d/60-b.conf", "/dev/null");
  const std::vector<std::string> keys = {"net/ipv4/ip_forward"};
  EXPECT_EQ(host::boot_sysctls(machine.root(), keys)->front().value, "1");
}

TEST(BootSysctls, WhatIsInRunIsGoneByThen) {
  const Machine machine;
  machine.write("run/sysctl.d/90-a.conf", "net.ipv4.ip_forward=0\nnet.ipv4.conf.all.rp_filter=1\n");
  machine.write("run/sysctl.d/50-b.conf", "net.ipv4.ip_forward=0\n");
  machine.write("usr/lib/sysctl.d/50-b.conf", "net.ipv4.ip_forward=1\n");
  const std::vector<std::string> keys = {"net/ipv4/ip_forward", "net/ipv4/conf/all/rp_filter"};
  const auto found = host::boot_sysctls(machine.root(), keys);
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, ElementsAre(testing::Field(&observed::BootSysctl::value, "1")));
}

TEST(BootSysctls, AKeyThatIsNamedBeatsAPatternThatComesLater) {
  const Machine machine;
  machine.write("etc/sysctl.d/50-a.conf",
                "-net.ipv4.conf.all.rp_filter = 1\nnet/ipv4/conf/eth0.5/forwarding=1\n");
  machine.write("etc/sysctl.d/90-b.conf", "net.ipv4.conf.*.rp_filter = 2\nnet.ipv4.conf.*.forwarding = 0\n");
  const std::vector<std::string> keys = {"net/ipv4/conf/all/rp_filter", "net/ipv4/conf/eth0.5/forwarding",
                                         "net/ipv4/conf/eth1/rp_filter"};
  const auto found = host::boot_sysctls(machine.root(), keys);
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, ElementsAre(testing::Field(&observed::BootSysctl::value, "1"),
                                  testing::Field(&observed::BootSysctl::value, "1"),
                                  testing::Field(&observed::BootSysctl::value, "2")));
}

TEST(BootSysctls, AKeyThatADashExcludesIsLeftAsItIsByPatterns) {
  const Machine machine;
  machine.write("etc/sysctl.d/50-a.conf", "net.ipv4.conf.*.forwarding = 0\n-net.ipv4.conf.eth0.forwarding\n");
  const std::vector<std::string> keys = {"net/ipv4/conf/eth0/forwarding", "net/ipv4/conf/eth1/forwarding"};
  const auto found = host::boot_sysctls(machine.root(), keys);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().key, "net/ipv4/conf/eth1/forwarding");
}

TEST(Sysctls, DotsAndSlashesChangePlacesWhereADotComesFirst) {
  EXPECT_THAT(
      host::parse_sysctls("net.ipv4.conf.eth0/5.forwarding = 1\nnet/ipv4/conf/eth0.5/x=2\nnonsense\n=\n"),
      ElementsAre(host::SysctlLine{"net/ipv4/conf/eth0.5/forwarding", "1"},
                  host::SysctlLine{"net/ipv4/conf/eth0.5/x", "2"}, host::SysctlLine{"", ""}));
}

TEST(Networkd, ManagesWhatItsFilesDoNotForbid) {
  const Machine machine;
  machine.write("proc/1/comm", "systemd\n");
  EXPECT_TRUE(host::networkd_settings(host::Processes(machine.root()))->manages_foreign_routes);
  EXPECT_FALSE(host::networkd_settings(host::Processes(machine.root()))->runs);
  machine.write("etc/systemd/networkd.conf", "[Network]\nManageForeignRoutes=no\n");
  machine.write("usr/lib/systemd/networkd.conf", "[Network]\nManageForeignRoutes=yes\n");
  machine.write("run/systemd/networkd.conf.d/10-a.conf",
                "[Network]\nManageForeignRoutingPolicyRules=false\n[DHCPv4]\nManageForeignRoutes=yes\n");
  const auto settings = host::networkd_settings(host::Processes(machine.root()));
  EXPECT_FALSE(settings->manages_foreign_routes);
  EXPECT_FALSE(settings->manages_foreign_rules);
  EXPECT_THAT(settings->file, EndsWith("networkd.conf.d/10-a.conf"));
  machine.write("etc/systemd/networkd.conf.d/20-b.conf", "[Network]\nManageForeignRoutes=yes\n");
  EXPECT_TRUE(host::networkd_settings(host::Processes(machine.root()))->manages_foreign_routes);
}

TEST(Networkd, PassesOverWhatIsNoBoolean) {
  const Machine machine;
  machine.write("proc/1/comm", "systemd\n");
  machine.write("etc/systemd/networkd.conf.d/10-a.conf",
                "[Network]\nManageForeignRoutes=no # by ops\nManageForeignRoutingPolicyRules=OFF\n");
  const auto settings = host::networkd_settings(host::Processes(machine.root()));
  EXPECT_TRUE(settings->manages_foreign_routes) << "systemd: Failed to parse, ignoring";
  EXPECT_FALSE(settings->manages_foreign_rules);
}

/// networkd runs, and was started so many seconds after the epoch.
void start_networkd(const Machine& machine, std::chrono::seconds since_epoch) {
  machine.write("proc/1/comm", "systemd\n");
  machine.write("proc/stat", fmt::format("cpu  1 2 3\nbtime {}\nprocesses 4\n", since_epoch.count() - 60));
  machine.write("proc/77/comm", "systemd-network\n");
  machine.write("proc/77/stat",
                fmt::format("77 (systemd ) network) S{} {} 1 2 3\n", " 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
                            60 * ::sysconf(_SC_CLK_TCK)));
}

TEST(Networkd, KnowsNoFileThatHasChangedSinceItWasStarted) {
  const Machine machine;
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  machine.write("etc/systemd/networkd.conf", "[Network]\nSpeedMeter=no\n");
  machine.write("usr/lib/systemd/networkd.conf.d/10-a.conf", "[Network]\nManageForeignRoutes=no\n");
  start_networkd(machine, now - std::chrono::hours(1));
  const auto before = host::networkd_settings(host::Processes(machine.root()));
  EXPECT_TRUE(before->runs);
  EXPECT_THAT(before->unread_file, EndsWith("networkd.conf.d/10-a.conf"));
  start_networkd(machine, now + std::chrono::seconds(1));
  EXPECT_EQ(host::networkd_settings(host::Processes(machine.root()))->unread_file, "");
}

TEST(Networkd, GoesByWhenAFileCameAndNotByTheTimeThatItsPackageGivesIt) {
  const Machine machine;
  const std::string file = "usr/lib/systemd/networkd.conf.d/10-a.conf";
  machine.write(file, "[Network]\nManageForeignRoutes=no\n");
  std::filesystem::last_write_time(machine.root() / file,
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(48));
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  start_networkd(machine, now - std::chrono::hours(1));
  machine.write("etc/systemd/networkd.conf", "[Network]\nSpeedMeter=no\n");
  EXPECT_THAT(host::networkd_settings(host::Processes(machine.root()))->unread_file,
              EndsWith("networkd.conf.d/10-a.conf"));
}

TEST(Networkd, IsUnknownWhereProcessesOrFilesAreHidden) {
  const Machine machine;
  machine.write("proc/1/comm", "calico-azure-ag\n");
  EXPECT_EQ(host::networkd_settings(host::Processes(machine.root())).error().code.value(), EACCES);
  EXPECT_EQ(host::network_manager_settings(host::Processes(machine.root())).error().code.value(), EACCES);
  EXPECT_EQ(host::bird_runs(host::Processes(machine.root())).error().code.value(), EACCES);
  machine.write("proc/1/comm", "systemd\n");
  EXPECT_FALSE(host::networkd_settings(host::Processes(machine.root()))->runs);
  EXPECT_FALSE(host::bird_runs(host::Processes(machine.root())).value());
  machine.write("proc/7/comm", "NetworkManager\n");
  machine.write("proc/8/comm", "systemd-network\n");
  EXPECT_EQ(host::networkd_settings(host::Processes(machine.root())).error().code.value(), ENOENT);
  EXPECT_EQ(host::network_manager_settings(host::Processes(machine.root())).error().code.value(), ENOENT);
}

TEST(NetworkManager, LeavesAloneWhatItIsToldTo) {
  const Machine machine;
  machine.write("proc/1/comm", "systemd\n");
  machine.write("etc/NetworkManager/NetworkManager.conf",
                "[keyfile]\nunmanaged-devices=interface-name:docker*\n");
  machine.write(
      "etc/NetworkManager/conf.d/calico.conf",
      "[keyfile]\nunmanaged-devices=interface-name:cali*;interface-name:tunl*,mac:00:11:22:33:44:55\n");
  machine.write("run/NetworkManager/conf.d/z.conf",
                "[device-azure]\nmatch-device=interface-name:azv*\nmanaged=0\n[keyfile]\n"
                "unmanaged-devices+=interface-name:flannel*\n");
  machine.link("etc/systemd/system/timers.target.wants/nm-cloud-setup.timer", "/lib/x.timer");
  const auto settings = host::network_manager_settings(host::Processes(machine.root()));
  ASSERT_TRUE(settings);
  EXPECT_THAT(settings->unmanaged,
              ElementsAre("interface-name:cali*", "interface-name:tunl*", "mac:00:11:22:33:44:55",
                          "interface-name:azv*", "interface-name:flannel*"));
  EXPECT_TRUE(settings->cloud_setup);
  EXPECT_FALSE(settings->runs);
}

TEST(LinkFiles, TheFirstThatMatchesTheNameIsTaken) {
  const Machine machine;
  machine.write("usr/lib/systemd/network/99-default.link",
                "[Match]\nOriginalName=*\n[Link]\nNamePolicy=keep kernel\nMACAddressPolicy=persistent\n");
  machine.write("etc/systemd/network/50-flannel.link",
                "[Match]\nOriginalName=flannel* vxlan.calico\n[Link]\nMACAddressPolicy=none\n");
  machine.write("etc/systemd/network/10-driver.link",
                "[Match]\nDriver=vxlan\nOriginalName=*\n[Link]\nMACAddressPolicy=random\n");
  machine.write("sys/class/net/flannel.1/addr_assign_type", "3\n");
  machine.write("sys/class/net/azv0/addr_assign_type", "1\n");
  const std::vector<std::string> links = {"flannel.1", "azv0", "azv1"};
  const auto found = host::link_files(machine.root(), links);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 3U);
  EXPECT_EQ(found->at(0).mac_origin, observed::MacOrigin::set);
  EXPECT_EQ(found->at(1).mac_origin, observed::MacOrigin::random);
  EXPECT_EQ(found->at(2).mac_origin, observed::MacOrigin::unknown);
  EXPECT_EQ(found->at(0).mac_address_policy, "none");
  EXPECT_EQ(found->at(1).mac_address_policy, "persistent");
}

TEST(CalicoEnvironment, IsWhatConcernsNetworkingAndNoSecret) {
  using namespace std::string_view_literals;
  EXPECT_THAT(
      host::parse_environment("FELIX_INTERFACEPREFIX=azv\0PATH=/bin\0CALICO_NETWORKING_BACKEND=none\0"
                              "FELIX_ETCDPASSWORD=hush\0FELIX_TYPHAKEYFILE=/k\0IP=none\0IPX=1\0nonsense\0"
                              "Felix_HealthPort=9199\0felix_typhakeyfile=/k\0CLUSTER_TYPE=k8s,operator"sv),
      UnorderedElementsAre(Pair("FELIX_INTERFACEPREFIX", "azv"), Pair("CALICO_NETWORKING_BACKEND", "none"),
                           Pair("IP", "none"), Pair("FELIX_HEALTHPORT", "9199"),
                           Pair("CLUSTER_TYPE", "k8s,operator")));
}

TEST(CalicoEnvironment, IsOfTheProcessThatRuns) {
  using namespace std::string_literals;
  const Machine machine;
  machine.write("proc/1/comm", "systemd\n");
  EXPECT_EQ(host::calico_environment(host::Processes(machine.root())).error().code.value(), ESRCH);
  machine.write("proc/7/comm", "sh\n");
  machine.write("proc/41/comm", "calico-felix\n");
  machine.write("proc/41/environ", "FELIX_HEALTHENABLED=true\0"s);
  const auto found = host::calico_environment(host::Processes(machine.root()));
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_THAT(*found, ElementsAre(Pair("FELIX_HEALTHENABLED", "true")));
}

TEST(CalicoEnvironment, IsFelixsWhateverItsProgramIsCalled) {
  using namespace std::string_literals;
  struct {
    const char* comm;
    std::string cmdline;
    bool is_felix;
  } const cases[] = {
      {"calico-felix", "calico-felix\0"s, true},
      {"calico-node", "calico-node\0-felix\0"s, true},
      {"calico", "calico\0component\0felix\0"s, true},
      {"calico-node", "calico-node\0-confd\0"s, false},
      {"calico", "calico\0component\0typha\0"s, false},
      {"calico", "felix\0"s, false},
      {"calico", ""s, false},
      {"felix", "calico\0component\0felix\0"s, false},
  };
  for (const auto& [comm, cmdline, is_felix] : cases) {
    SCOPED_TRACE(cmdline);
    const Machine machine;
    machine.write("proc/1/comm", "systemd\n");
    machine.write("proc/41/comm", comm + "\n"s);
    machine.write("proc/41/cmdline", cmdline);
    machine.write("proc/41/environ", "FELIX_HEALTHENABLED=true\0"s);
    const auto found = host::calico_environment(host::Processes(machine.root()));
    EXPECT_EQ(found.has_value(), is_felix);
    if (!is_felix) {
      EXPECT_EQ(found.error().code.value(), ESRCH);
    }
  }
}

TEST(CalicoNamespace, IsInTheNameOfItsLog) {
  const Machine machine;
  EXPECT_EQ(host::calico_namespace(machine.root()), "");
  machine.link("var/log/containers/coredns-1_kube-system_coredns-0a.log", "/var/log/pods/x");
  EXPECT_EQ(host::calico_namespace(machine.root()), "");
  machine.link("var/log/containers/canal-x7_kube-system_calico-node-0b.log", "/var/log/pods/x");
  EXPECT_EQ(host::calico_namespace(machine.root()), "kube-system");
  machine.link("var/log/containers/calico-node-x7_calico-system_calico-node-0c.log", "/var/log/pods/x");
  EXPECT_EQ(host::calico_namespace(machine.root()), "calico-system");
}

TEST(Bird, IsSeenByItsName) {
  const Machine machine;
  machine.write("proc/1/comm", "systemd\n");
  machine.write("proc/41/comm", "bird\n");
  EXPECT_TRUE(host::bird_runs(host::Processes(machine.root())).value());
}

TEST(CalicoEnvironment, OfAnotherNetworkNamespaceIsNotOurs) {
  const Machine machine;
  machine.write("proc/1/comm", "systemd\n");
  machine.link("proc/self/ns/net", "net:[1]");
  machine.write("proc/41/comm", "calico-felix\n");
  machine.link("proc/41/ns/net", "net:[2]");
  EXPECT_EQ(host::calico_environment(host::Processes(machine.root())).error().code.value(), ESRCH);
}

TEST(Ini, HoldsAssignmentsUnderTheirSections) {
  EXPECT_THAT(host::parse_ini("a=0\n[X]\n b = c = d \n;e=f\n#g=h\n[Y\nnothing\ni=\n"),
              ElementsAre(host::IniEntry{"", "a", "0"}, host::IniEntry{"X", "b", "c = d"},
                          host::IniEntry{"Y", "i", ""}));
}

TEST(Ini, BooleansAreSystemds) {
  for (const auto* yes : {"1", "yes", "Y", "true", "T", "oN"}) EXPECT_EQ(host::boolean(yes), true) << yes;
  for (const auto* no : {"0", "no", "N", "false", "F", "off"}) EXPECT_EQ(host::boolean(no), false) << no;
  for (const auto* none : {"", "no # by ops", "none", "00", "2", "disabled"})
    EXPECT_EQ(host::boolean(none), std::nullopt) << none;
}

TEST(ProcessNames, ThatOfASettledProcessIsAskedForEveryTenMinutes) {
  using namespace std::chrono_literals;
  const Machine machine;
  const auto named = [&machine](std::string_view pid, std::string_view name) {
    machine.write("proc/" + std::string(pid) + "/comm", std::string(name) + "\n");
  };
  host::ProcessNames names;
  const auto begin = host::ProcessNames::Time{} + 1h;
  const auto seen = [&](std::chrono::minutes after) { return names.read(machine.root(), begin + after); };
  const auto is = [](pid_t pid, const std::string& name) { return std::pair(pid, name); };
  named("41", "sh");
  EXPECT_THAT(seen(0min), ElementsAre(is(41, "sh")));
  named("41", "calico-node");
  EXPECT_THAT(seen(9min), ElementsAre(is(41, "calico-node"))) << "a young one is asked each time";
  EXPECT_THAT(seen(19min), ElementsAre(is(41, "calico-node")));
  named("41", "bird");
  named("42", "bird");
  EXPECT_THAT(seen(20min), UnorderedElementsAre(is(41, "calico-node"), is(42, "bird")));
  EXPECT_THAT(seen(29min), UnorderedElementsAre(is(41, "bird"), is(42, "bird")));
  std::filesystem::remove_all(machine.root() / "proc/41");
  EXPECT_THAT(seen(30min), ElementsAre(is(42, "bird")));
  named("41", "sh");
  EXPECT_THAT(seen(31min), UnorderedElementsAre(is(41, "sh"), is(42, "bird")))
      << "its number, another process";
}

TEST(ProcessNames, AProcessIsNotTakenForTheOneThatHadItsNumber) {
  const Machine machine;
  machine.write("proc/1/comm", "systemd\n");
  machine.write("proc/41/comm", "sh\n");
  const host::Processes processes(machine.root(), {{1, "systemd"}, {41, "bird"}});
  EXPECT_FALSE(host::bird_runs(processes).value());
}

}  // namespace
