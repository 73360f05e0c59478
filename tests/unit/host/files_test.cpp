// What the files of a machine say, in a small machine of the test's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/boot_sysctls.h"
#include "host/calico_process.h"
#include "host/ini.h"
#include "host/look.h"
#include "host/network_services.h"
#include "machine.h"

namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;
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
  machine.write("run/sysctl.d/60-b.conf", "net.ipv4.ip_forward=0\n");
  machine.link("etc/sysctl.d/60-b.conf", "/dev/null");
  const std::vector<std::string> keys = {"net/ipv4/ip_forward"};
  EXPECT_EQ(host::boot_sysctls(machine.root(), keys)->front().value, "1");
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
  EXPECT_THAT(*found, ElementsAre(testing::Field(&net::BootSysctl::value, "1"),
                                  testing::Field(&net::BootSysctl::value, "1"),
                                  testing::Field(&net::BootSysctl::value, "2")));
}

TEST(Sysctls, DotsAndSlashesChangePlacesWhereADotComesFirst) {
  EXPECT_THAT(
      host::parse_sysctls("net.ipv4.conf.eth0/5.forwarding = 1\nnet/ipv4/conf/eth0.5/x=2\nnonsense\n=\n"),
      ElementsAre(host::SysctlLine{"net/ipv4/conf/eth0.5/forwarding", "1"},
                  host::SysctlLine{"net/ipv4/conf/eth0.5/x", "2"}, host::SysctlLine{"", ""}));
}

TEST(Networkd, ManagesWhatItsFilesDoNotForbid) {
  const Machine machine;
  EXPECT_TRUE(host::networkd_settings(machine.root())->manages_foreign_routes);
  EXPECT_FALSE(host::networkd_settings(machine.root())->runs);
  machine.write("etc/systemd/networkd.conf", "[Network]\nManageForeignRoutes=no\n");
  machine.write("usr/lib/systemd/networkd.conf", "[Network]\nManageForeignRoutes=yes\n");
  machine.write("run/systemd/networkd.conf.d/10-a.conf",
                "[Network]\nManageForeignRoutingPolicyRules=false\n[DHCPv4]\nManageForeignRoutes=yes\n");
  const auto settings = host::networkd_settings(machine.root());
  EXPECT_FALSE(settings->manages_foreign_routes);
  EXPECT_FALSE(settings->manages_foreign_rules);
  EXPECT_THAT(settings->file, EndsWith("networkd.conf.d/10-a.conf"));
  machine.write("etc/systemd/networkd.conf.d/20-b.conf", "[Network]\nManageForeignRoutes=yes\n");
  EXPECT_TRUE(host::networkd_settings(machine.root())->manages_foreign_routes);
}

TEST(NetworkManager, LeavesAloneWhatItIsToldTo) {
  const Machine machine;
  machine.write("etc/NetworkManager/NetworkManager.conf",
                "[keyfile]\nunmanaged-devices=interface-name:docker*\n");
  machine.write(
      "etc/NetworkManager/conf.d/calico.conf",
      "[keyfile]\nunmanaged-devices=interface-name:cali*;interface-name:tunl*,mac:00:11:22:33:44:55\n");
  machine.write("run/NetworkManager/conf.d/z.conf",
                "[device-azure]\nmatch-device=interface-name:azv*\nmanaged=0\n[keyfile]\n"
                "unmanaged-devices+=interface-name:flannel*\n");
  machine.link("etc/systemd/system/timers.target.wants/nm-cloud-setup.timer", "/lib/x.timer");
  const auto settings = host::network_manager_settings(machine.root());
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
  const std::vector<std::string> links = {"flannel.1", "azv0"};
  const auto found = host::link_files(machine.root(), links);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ(found->at(0).mac_address_policy, "none");
  EXPECT_EQ(found->at(1).mac_address_policy, "persistent");
}

TEST(CalicoEnvironment, IsWhatConcernsNetworkingAndNoSecret) {
  using namespace std::string_view_literals;
  EXPECT_THAT(
      host::parse_environment("FELIX_INTERFACEPREFIX=azv\0PATH=/bin\0CALICO_NETWORKING_BACKEND=none\0"
                              "FELIX_ETCDPASSWORD=hush\0FELIX_TYPHAKEYFILE=/k\0IP=none\0IPX=1\0nonsense"sv),
      UnorderedElementsAre(Pair("FELIX_INTERFACEPREFIX", "azv"), Pair("CALICO_NETWORKING_BACKEND", "none"),
                           Pair("IP", "none")));
}

TEST(CalicoEnvironment, IsOfTheProcessThatRuns) {
  using namespace std::string_literals;
  const Machine machine;
  EXPECT_EQ(host::calico_environment(machine.root()).error().code.value(), ESRCH);
  machine.write("proc/7/comm", "sh\n");
  machine.write("proc/41/comm", "calico-felix\n");
  machine.write("proc/41/environ", "FELIX_HEALTHENABLED=true\0"s);
  const auto found = host::calico_environment(machine.root());
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_THAT(*found, ElementsAre(Pair("FELIX_HEALTHENABLED", "true")));
}

TEST(CalicoEnvironment, OfAnotherNetworkNamespaceIsNotOurs) {
  const Machine machine;
  machine.link("proc/self/ns/net", "net:[1]");
  machine.write("proc/41/comm", "calico-felix\n");
  machine.link("proc/41/ns/net", "net:[2]");
  EXPECT_EQ(host::calico_environment(machine.root()).error().code.value(), ESRCH);
}

TEST(Ini, HoldsAssignmentsUnderTheirSections) {
  EXPECT_THAT(host::parse_ini("a=0\n[X]\n b = c = d \n;e=f\n#g=h\n[Y\nnothing\ni=\n"),
              ElementsAre(host::IniEntry{"", "a", "0"}, host::IniEntry{"X", "b", "c = d"},
                          host::IniEntry{"Y", "i", ""}));
}

TEST(Look, AnEmptyMachineSetsNothingAndHasNoConntrack) {
  const Machine machine;
  const auto settings = host::look_at_host({.nic = "eth0", .links = {}, .root = machine.root()},
                                           std::chrono::steady_clock::now() + std::chrono::seconds(10));
  EXPECT_THAT(settings.boot_sysctls.value(), IsEmpty());
  EXPECT_EQ(settings.conntrack.error().code.value(), ENOENT);
  EXPECT_EQ(settings.cns.error().code.value(), ENODATA) << "nobody asked";
}

TEST(Look, ConntrackIsCounted) {
  const Machine machine;
  machine.write("proc/sys/net/netfilter/nf_conntrack_count", "95\n");
  machine.write("proc/sys/net/netfilter/nf_conntrack_max", "100\n");
  const auto settings =
      host::look_at_host({.nic = "", .links = {}, .root = machine.root()}, std::chrono::steady_clock::now());
  EXPECT_EQ(settings.conntrack.value(), (net::Conntrack{.entries = 95, .room = 100}));
}

}  // namespace
