// What all of a small machine of the test's own is told to be, and whom its services are asked for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <chrono>

#include "host/read_settings.h"
#include "machine.h"
#include "peer.h"
#include "tests/support/netns.h"

namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;

observed::HostSettings read_settings(const host::HostQuery& query,
                                     std::chrono::steady_clock::time_point finish_by) {
  return host::HostReader([] { return net::failure(EPERM, "not told"); },
                          [] { return net::failure(EPERM, "not told"); })
      .read(query, finish_by);
}

TEST(Look, AnEmptyMachineSetsNothingAndHasNoConntrack) {
  const Machine machine;
  const auto settings = read_settings({.nic = "eth0", .root = machine.root()},
                                      std::chrono::steady_clock::now() + std::chrono::seconds(10));
  EXPECT_THAT(settings.boot_sysctls.value(), IsEmpty());
  EXPECT_EQ(settings.conntrack.error().code.value(), ENOENT);
  EXPECT_EQ(settings.cns.error().code.value(), ENODATA) << "nobody asked";
}

TEST(Look, ConntrackIsCounted) {
  const Machine machine;
  machine.write("proc/sys/net/netfilter/nf_conntrack_count", "95\n");
  machine.write("proc/sys/net/netfilter/nf_conntrack_max", "100\n");
  const auto settings = read_settings({.nic = "", .root = machine.root()}, std::chrono::steady_clock::now());
  EXPECT_EQ(settings.conntrack.value(), (observed::Conntrack{.entries = 95, .room = 100}));
}

constexpr auto kReady = "HTTP/1.1 200 OK\r\n\r\n";
constexpr auto kNotReady = "HTTP/1.1 503 Service Unavailable\r\n\r\n";
constexpr auto kNotFelixs = "HTTP/1.1 404 Not Found\r\n\r\n";

/// What is told of Felix where nobody may read its environment.
net::Result<int> felix_of_unknown_port() {
  const Machine machine;
  machine.write("proc/1/comm", "systemd\n");
  return read_settings({.nic = "", .root = machine.root()},
                       std::chrono::steady_clock::now() + std::chrono::seconds(20))
      .felix;
}

TEST(Look, FelixIsLookedForWhereCalicoHasItAndWhereTheOperatorHasItOnOpenShift) {
  const test_support::NetNamespace of_its_own;
  EXPECT_EQ(felix_of_unknown_port().error().code.value(), ECONNREFUSED);
  {
    Peer felix(kReady, 9099);
    felix.serve();
    Peer other(kNotReady, 9199);
    other.serve();
    EXPECT_EQ(felix_of_unknown_port(), 200);
    EXPECT_EQ(other.asked(), "") << "only where Calico's own port tells nothing of Felix";
  }
  {
    Peer felix(kNotReady, 9199);
    felix.serve();
    EXPECT_EQ(felix_of_unknown_port(), 503);
  }
  {
    Peer other(kNotFelixs, 9099);
    other.serve();
    Peer felix(kReady, 9199);
    felix.serve();
    EXPECT_EQ(felix_of_unknown_port(), 200);
  }
  Peer other(kNotFelixs, 9099);
  other.serve();
  EXPECT_EQ(felix_of_unknown_port(), 404);
}

TEST(Look, FelixIsAskedWhereItsEnvironmentSays) {
  for (const std::string host : {"127.0.0.1", "0.0.0.0", "localhost", "127.0.0.5"}) {
    SCOPED_TRACE(host);
    Peer felix(kNotReady, 0, host == "127.0.0.5" ? "127.0.0.5" : "127.0.0.1");
    felix.serve();
    const Machine machine;
    machine.write("proc/1/comm", "systemd\n");
    machine.write("proc/41/comm", "calico-felix\n");
    std::string environment = fmt::format("FELIX_HEALTHPORT={}", felix.port());
    environment += '\0';
    machine.write("proc/41/environ", environment + "FELIX_HEALTHHOST=" + host);
    const auto settings = read_settings({.nic = "", .root = machine.root()},
                                        std::chrono::steady_clock::now() + std::chrono::seconds(20));
    EXPECT_EQ(settings.felix.value(), 503);
    EXPECT_THAT(felix.asked(), testing::StartsWith("GET /readiness "));
  }
}

TEST(Look, WhoIsNotRootDoesNotAskTheWireServer) {
  const Machine machine;
  const auto settings =
      read_settings({.nic = "", .azure_cni = true, .root = machine.root()}, std::chrono::steady_clock::now());
  EXPECT_EQ(settings.wire_server.error().code.value(), EPERM);
}

/// Everything that a hostile file or environment can say, and no text of it may leave the door as it is.
TEST(Look, MakesEveryTextFitForAMessage) {
  using namespace std::string_literals;
  const std::string kEvil = "evil\x1b[2K\u202e";
  const std::string kShown = "evil?[2K?";
  const Machine machine;
  machine.write("proc/1/comm", "systemd\n");
  machine.write("proc/41/comm", "calico-felix\n");
  machine.write("proc/41/environ", "FELIX_INTERFACEPREFIX=" + kEvil + "\0"s);
  machine.write("etc/sysctl.d/" + kEvil + ".conf", "net.ipv4.ip_forward=" + kEvil + "\n");
  machine.write("etc/systemd/networkd.conf.d/" + kEvil + ".conf", "[Network]\nManageForeignRoutes=no\n");
  machine.write("etc/systemd/network/" + kEvil + ".link",
                "[Match]\nOriginalName=*\n[Link]\nMACAddressPolicy=" + kEvil + "\n");
  machine.write("etc/NetworkManager/NetworkManager.conf", "[keyfile]\nunmanaged-devices=" + kEvil + "\n");
  machine.link("var/log/containers/a_" + kEvil + "_calico-node-0.log", "/x");
  const auto settings = read_settings({.nic = "eth0", .links = {"azv0"}, .root = machine.root()},
                                      std::chrono::steady_clock::now());
  EXPECT_EQ(settings.calico_environment->at("FELIX_INTERFACEPREFIX"), kShown);
  EXPECT_EQ(settings.boot_sysctls->front().value, kShown);
  EXPECT_THAT(settings.boot_sysctls->front().file, EndsWith(kShown + ".conf"));
  EXPECT_THAT(settings.networkd->file, EndsWith(kShown + ".conf"));
  EXPECT_THAT(settings.link_files->front().file, EndsWith(kShown + ".link"));
  EXPECT_EQ(settings.link_files->front().mac_address_policy, kShown);
  EXPECT_THAT(settings.network_manager->unmanaged, ElementsAre(kShown));
  EXPECT_EQ(settings.calico_namespace, kShown);
}

}  // namespace
