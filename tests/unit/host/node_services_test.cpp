// What other programs of the node say of themselves: Felix, firewalld, the resolver, cloud-init, the kernel's
// UDP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "host/checksum_errors.h"
#include "host/felix_health.h"
#include "host/firewalld.h"
#include "host/resolver.h"
#include "machine.h"
#include "peer.h"

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// As libcalico-go/lib/health/health.go writes it, by github.com/olekukonko/tablewriter's neighbour
/// go-pretty.
constexpr auto kTable =
    "+---------------------------+---------+----------------+---------------------+--------+\n"
    "|         COMPONENT         | TIMEOUT |    LIVENESS    |      READINESS      | DETAIL |\n"
    "+---------------------------+---------+----------------+---------------------+--------+\n"
    "| CalculationGraph          | 30s     | reporting live | reporting non-ready |        |\n"
    "| FelixStartup              | -       | reporting live | reporting ready     |        |\n"
    "| InternalDataplaneMainLoop | 1m30s   | timed out      | timed out           | stuck  |\n"
    "| PolicySync                | -       | -              | -                   |        |\n"
    "+---------------------------+---------+----------------+---------------------+--------+\n";

TEST(FelixReporters, AreThoseThatHoldBackReadiness) {
  EXPECT_THAT(host::parse_felix_reporters(kTable),
              ElementsAre(observed::FelixReporter{"CalculationGraph", "reporting non-ready", ""},
                          observed::FelixReporter{"InternalDataplaneMainLoop", "timed out", "stuck"}));
}

TEST(FelixReporters, AreNoneInAnythingElse) {
  for (const auto* text : {"", "|", "||||||", "Service Unavailable\n", "| a | b | c | d | e |\n",
                           "| Felix | - | reporting live | reporting non-ready"}) {
    EXPECT_THAT(host::parse_felix_reporters(text), IsEmpty()) << text;
  }
}

TEST(FelixReporters, AreAtMostEight) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += "| each | - | reporting live | reporting non-ready | |\n";
  EXPECT_THAT(host::parse_felix_reporters(many), SizeIs(8));
}

host::FelixHealth health_of(const Peer& felix, steady_clock::time_point finish_by) {
  return host::felix_health(
      std::map<std::string, std::string>{{"FELIX_HEALTHPORT", std::to_string(felix.port())}}, finish_by);
}

TEST(FelixHealth, HasTheReportersOfARefusal) {
  Peer felix(std::string("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n") + kTable);
  felix.serve();
  const auto health = health_of(felix, steady_clock::now() + 20s);
  EXPECT_EQ(health.status, 503);
  EXPECT_THAT(health.reporters, SizeIs(2));
}

TEST(FelixHealth, KeepsItsStatusWhereTheTableDoesNotEnd) {
  Peer endless("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 1000000\r\n\r\n");
  endless.serve();
  const auto health = health_of(endless, steady_clock::now() + 200ms);
  EXPECT_EQ(health.status, 503);
  EXPECT_THAT(health.reporters, IsEmpty());
}

observed::FirewalldSettings firewalld_of(const Machine& machine) {
  machine.write("proc/1/comm", "systemd\n");
  const auto settings = host::firewalld_settings(host::Processes(machine.root()));
  EXPECT_TRUE(settings);
  return *settings;
}

TEST(Firewalld, IsNotThereWhereItDoesNotRun) {
  const Machine machine;
  machine.write("etc/firewalld/firewalld.conf", "FirewallBackend=iptables\n");
  EXPECT_EQ(firewalld_of(machine), observed::FirewalldSettings{});
}

TEST(Firewalld, HasAVersionABackendAndDirectRules) {
  const Machine machine;
  machine.write("proc/41/comm", "firewalld\n");
  EXPECT_EQ(firewalld_of(machine), (observed::FirewalldSettings{.runs = true, .backend = "nftables"}));
  machine.write("usr/lib/python3.6/site-packages/firewall/config/__init__.py",
                "import os\n# VERSION\nVERSION = \"0.9.11\"\nVERSIONS = \"1\"\n");
  machine.write("etc/firewalld/firewalld.conf", "# FirewallBackend\nFirewallBackend=iptables\n");
  machine.write("etc/firewalld/direct.xml", "<?xml version=\"1.0\"?>\n<direct>\n</direct>\n");
  EXPECT_EQ(firewalld_of(machine),
            (observed::FirewalldSettings{.runs = true, .version = "0.9.11", .backend = "iptables"}));
  machine.write("etc/firewalld/direct.xml", "<direct><rule ipv=\"ipv4\">-j DROP</rule></direct>");
  EXPECT_TRUE(firewalld_of(machine).has_direct_rules);
}

TEST(Firewalld, IsUnknownWhereProcessesAreHidden) {
  const Machine machine;
  EXPECT_FALSE(host::firewalld_settings(host::Processes(machine.root())));
}

TEST(Resolver, IsWhatResolvConfNames) {
  const Machine machine;
  EXPECT_EQ(host::resolver(machine.root()).error().code.value(), ENOENT);
  machine.write("etc/resolv.conf",
                "# nameserver 192.0.2.1\nsearch a.b\nnameserver\t168.63.129.16\nnameserver\n");
  EXPECT_THAT(host::resolver(machine.root())->servers, ElementsAre("168.63.129.16"));
}

TEST(Resolver, IsWhatResolvedHasWhereItIsTheOnlyOne) {
  const Machine machine;
  machine.write("etc/resolv.conf", "nameserver 127.0.0.53\noptions edns0\n");
  EXPECT_THAT(host::resolver(machine.root())->servers, ElementsAre("127.0.0.53")) << "not shown to us";
  machine.write("run/systemd/resolve/resolv.conf", "# No DNS servers known.\nsearch .\n");
  const auto none = host::resolver(machine.root());
  EXPECT_THAT(none->servers, IsEmpty());
  EXPECT_EQ(none->file, (machine.root() / "run/systemd/resolve/resolv.conf").string());
  machine.write("etc/resolv.conf", "nameserver 127.0.0.53\nnameserver 10.0.0.10\n");
  EXPECT_THAT(host::resolver(machine.root())->servers, SizeIs(2)) << "it is not alone";
}

TEST(CloudInit, HasHotplugWhereItsRulesAre) {
  const Machine machine;
  EXPECT_EQ(host::hotplug_rules(machine.root()), "");
  machine.write("etc/udev/rules.d/90-cloud-init-hook-hotplug.rules", "SUBSYSTEM==\"net\"\n");
  EXPECT_THAT(host::hotplug_rules(machine.root()), testing::EndsWith("/90-cloud-init-hook-hotplug.rules"));
}

std::string snmp(int errors) {
  return "Ip: Forwarding DefaultTTL\nIp: 1 64\nUdp: InDatagrams NoPorts InErrors InCsumErrors "
         "IgnoredMulti\nUdp: "
         "100 2 3 " +
         std::to_string(errors) + " 0\nUdpLite: InDatagrams InCsumErrors\nUdpLite: 0 77\n";
}

TEST(ChecksumErrors, AreInTheColumnOfThatName) {
  EXPECT_EQ(host::parse_udp_checksum_errors(snmp(12)), 12U);
  for (const auto* text :
       {"", "Udp: InDatagrams\nUdp: 1\n", "Udp: InCsumErrors\n", "Udp: InCsumErrors\nUdp: x\n"})
    EXPECT_EQ(host::parse_udp_checksum_errors(text).error().code.value(), EBADMSG) << text;
}

TEST(ChecksumErrors, AreCountedOverFiveToTenMinutes) {
  const Machine machine;
  host::ChecksumErrorReader reader;
  const steady_clock::time_point start{};
  const auto at = [&](std::chrono::seconds when, int errors) {
    machine.write("proc/net/snmp", snmp(errors));
    return *reader.read(machine.root(), start + when);
  };
  EXPECT_EQ(at(0s, 50), (observed::ChecksumErrors{.total = 50})) << "of the time before nothing is known";
  EXPECT_EQ(at(10s, 53), (observed::ChecksumErrors{.total = 53, .lately = 3, .elapsed = 10s}));
  EXPECT_EQ(at(300s, 60), (observed::ChecksumErrors{.total = 60, .lately = 10, .elapsed = 300s}));
  EXPECT_EQ(at(610s, 60), (observed::ChecksumErrors{.total = 60, .lately = 10, .elapsed = 610s}));
  EXPECT_EQ(at(620s, 60), (observed::ChecksumErrors{.total = 60, .lately = 0, .elapsed = 320s}));
  EXPECT_EQ(at(630s, 2), (observed::ChecksumErrors{.total = 2})) << "another boot's";
}

}  // namespace
