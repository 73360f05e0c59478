// Checks of what other programs of the node are and do: Felix, firewalld, cloud-init, the resolver,
// WireGuard, and whose checksums are wrong.
#include <gtest/gtest.h>

#include <chrono>

#include "tests/unit/core/broken_nodes.h"
#include "tests/unit/core/each_node.h"

namespace agent {
namespace {

using testing::anywhere;
using testing::FaultOfNodes;
using testing::felix_of;
using testing::HealthyNodes;
using testing::host_of;
using testing::on_calico_vxlan;
using testing::on_flannel;
using testing::on_overlays;
using testing::with_calico;

void run_firewalld(checks::Facts& facts, std::string version) {
  host_of(facts).firewalld =
      observed::FirewalldSettings{.runs = true, .version = std::move(version), .backend = "nftables"};
}

void hold_felix_back(checks::Facts& facts, std::vector<observed::FelixReporter> reporters) {
  host_of(facts).felix = 503;
  host_of(facts).felix_reporters = std::move(reporters);
}

void encrypt(checks::Facts& facts, std::uint32_t mtu) {
  facts.links.edit().push_back(testing::link(95, "wireguard.cali", "66:00:00:00:00:95"));
  facts.links.edit().back().mtu = mtu;
  facts.links.edit().back().kind = "wireguard";
}

void damage(checks::Facts& facts, std::uint64_t lately) {
  host_of(facts).checksum_errors =
      observed::ChecksumErrors{.total = 900, .lately = lately, .elapsed = std::chrono::seconds(420)};
}

const FaultOfNodes kFaults[] = {
    {"Felix waits for the datastore", with_calico,
     [](checks::Facts& f) {
       hold_felix_back(f, {{"FelixStartup", "reporting non-ready", ""}});
     },
     "calico.felix",
     "Felix is not ready: FelixStartup reporting non-ready: it has not got its configuration from the "
     "datastore",
     "then kubectl logs of that pod, container calico-node"},
    {"Felix waits for Typha", with_calico,
     [](checks::Facts& f) {
       felix_of(f)["FELIX_TYPHAK8SSERVICENAME"] = "calico-typha";
       hold_felix_back(f, {{"CalculationGraph", "timed out", ""}});
     },
     "calico.felix", "CalculationGraph timed out: it does not have all of the datastore yet",
     "kubectl get pods --all-namespaces --output wide --selector k8s-app=calico-typha"},
    {"Felix does not get its rules into the kernel", with_calico,
     [](checks::Facts& f) {
       felix_of(f)["FELIX_TYPHAK8SSERVICENAME"] = "calico-typha";
       hold_felix_back(f, {{"InternalDataplaneMainLoop", "timed out", ""}, {"Other", "timed out", "why"}});
     },
     "calico.felix",
     "InternalDataplaneMainLoop timed out: it has not programmed the kernel, Other timed out (why)",
     "then kubectl logs of that pod, container calico-node"},
    {"firewalld of RHEL 8", anywhere, [](checks::Facts& f) { run_firewalld(f, "0.9.11"); },
     "netfilter.firewalld", "firewalld 0.9.11 runs: each reload of it deletes the iptables rules of others",
     "systemctl disable --now firewalld"},
    {"firewalld with iptables", anywhere,
     [](checks::Facts& f) {
       run_firewalld(f, "2.3.1");
       host_of(f).firewalld->backend = "iptables";
     },
     "netfilter.firewalld", "firewalld 2.3.1 runs with FirewallBackend=iptables: each reload",
     "firewalld 2.0 or later"},
    {"firewalld with direct rules", anywhere,
     [](checks::Facts& f) {
       run_firewalld(f, "");
       host_of(f).firewalld->has_direct_rules = true;
     },
     "netfilter.firewalld", "firewalld runs with direct rules: each reload", "no direct rules"},
    {"cloud-init's hotplug", anywhere,
     [](checks::Facts& f) {
       host_of(f).hotplug_rules = "/etc/udev/rules.d/90-cloud-init-hook-hotplug.rules";
     },
     "cloudinit.hotplug", "with each link that appears: /etc/udev/rules.d/90-cloud-init-hook-hotplug.rules",
     "printf '%s\\n' 'updates: {network: {when: []}}' > "
     "/etc/cloud/cloud.cfg.d/99-disable-network-hotplug.cfg && mv "
     "/etc/udev/rules.d/90-cloud-init-hook-hotplug.rules "
     "/etc/udev/rules.d/90-cloud-init-hook-hotplug.rules.off"},
    {"the lease went, and the servers with it", anywhere,
     [](checks::Facts& f) { host_of(f).resolver->servers.clear(); }, "host.resolver",
     "/run/systemd/resolve/resolv.conf names no DNS server", "networkctl renew eth0"},
    {"no server, and another DHCP client", anywhere,
     [](checks::Facts& f) {
       host_of(f).networkd = observed::NetworkdSettings{};
       host_of(f).resolver = observed::Resolver{.file = "/etc/resolv.conf", .servers = {}};
     },
     "host.resolver", "/etc/resolv.conf names no DNS server", "# have the DHCP client renew its lease"},
    {"WireGuard sends more than the NIC carries", with_calico, [](checks::Facts& f) { encrypt(f, 1450); },
     "calico.wireguard", "wireguard.cali has MTU 1450, and eth0 carries 1440",
     "'{\"spec\":{\"wireguardMTU\":1440}}'"},
    {"checksums that others' NICs got wrong", on_calico_vxlan, [](checks::Facts& f) { damage(f, 31); },
     "overlay.checksum_offload", "31 datagrams came with a wrong UDP checksum in 420 s",
     "'{\"spec\":{\"featureDetectOverride\":\"ChecksumOffloadBroken=true\"}}'"},
    {"checksums of flannel's that others' NICs got wrong", on_flannel,
     [](checks::Facts& f) { damage(f, 31); }, "overlay.checksum_offload", "31 datagrams",
     "TransmitChecksumOffload=no > /etc/systemd/network/50-flannel.link   # on each node, then a reboot"},
};

TEST(NodeServices, EveryFaultIsToldByOneCheckAloneWithARemedyThatAShellCanRead) {
  for (const auto& fault : kFaults) testing::expect_told_by_one_check(fault);
}

const bool kFaultsAreListed = testing::list_broken(kFaults);

const HealthyNodes kHealthy[] = {
    {"a firewalld that leaves iptables alone", anywhere, [](checks::Facts& f) { run_firewalld(f, "2.3.1"); },
     "netfilter.firewalld", checks::CheckStatus::pass, "firewalld 2.3.1 leaves iptables to others"},
    {"an old firewalld where nobody has rules in iptables", testing::on_azure_cni,
     [](checks::Facts& f) {
       run_firewalld(f, "0.9.11");
       for (auto& each : *host_of(f).packet_filters) each.rules = 0;
     },
     "netfilter.firewalld", checks::CheckStatus::pass, "nobody has rules in iptables"},
    {"a firewalld that a container does not see", anywhere, [](checks::Facts& f) { run_firewalld(f, ""); },
     "netfilter.firewalld", checks::CheckStatus::unknown, "its version is not shown"},
    {"WireGuard as Calico sets it up", with_calico, [](checks::Facts& f) { encrypt(f, 1440); },
     "calico.wireguard", checks::CheckStatus::pass, "wireguard.cali has MTU 1440, which eth0 carries"},
    {"no WireGuard", anywhere, [](checks::Facts&) {}, "calico.wireguard", checks::CheckStatus::skip,
     "does not encrypt"},
    {"two servers", anywhere, [](checks::Facts& f) { host_of(f).resolver->servers.push_back("10.0.0.10"); },
     "host.resolver", checks::CheckStatus::pass, "asked of 168.63.129.16 and 1 more"},
    {"a container has a resolv.conf of its own", anywhere,
     [](checks::Facts& f) {
       host_of(f).resolver = net::failure(EXDEV, "/etc/resolv.conf is this container's, not the node's");
     },
     "host.resolver", checks::CheckStatus::skip, "is this container's"},
    {"a datagram that the fabric has damaged", on_overlays, [](checks::Facts& f) { damage(f, 9); },
     "overlay.checksum_offload", checks::CheckStatus::pass, ""},
    {"the first look", on_overlays,
     [](checks::Facts& f) { host_of(f).checksum_errors = observed::ChecksumErrors{.total = 4000}; },
     "overlay.checksum_offload", checks::CheckStatus::pass, ""},
};

TEST(NodeServices, NothingIsWrongWithAHealthyOne) {
  for (const auto& healthy : kHealthy) testing::expect_healthy(healthy);
}

}  // namespace
}  // namespace agent
