#!/usr/bin/env python3
"""What can be wrong in a node's kernel and in what its distribution runs, whatever makes its pods' links: one check names it,
and its remedy, as it is printed, mends it."""

import contextlib
import unittest

from case import CLUSTER, ClusterCase, eventually
from faults import Fault, Faults, done, file, ip, process, shell

_SYSCTLS = "/etc/sysctl.d/99-site.conf"


def sysctl(vm, key, value, before):
    """`key` as in /proc/sys."""
    return done(lambda: vm.namespace.sysctl(key, value), lambda: vm.namespace.sysctl(key, before))


class Kernel(Faults, ClusterCase):
    cluster_options = {"nodes": 2, "mode": "udr"}

    def faults(self, vm):
        yield from self.faults_of_forwarding(vm)
        yield from self.faults_of_routes(vm)
        yield from self.faults_of_packet_filters(vm)

    def faults_of_forwarding(self, vm):
        yield Fault("sysctl.ip_forward", "net.ipv4.ip_forward is 0", sysctl(vm, "net/ipv4/ip_forward", 0, 1))
        yield Fault("sysctl.nic_forwarding", "the NIC does not forward", sysctl(vm, "net/ipv4/conf/eth0/forwarding", 0, 1))
        for value in ("0", "0 # CIS 3.1.1", "0x0", "no"):
            yield Fault("sysctl.persistence", f"a later file has net.ipv4.ip_forward = {value}",
                        file(vm, _SYSCTLS, f"net.ipv4.ip_forward = {value}\n"), "edited")
        yield Fault("sysctl.persistence", "a later file has net.ipv4.conf.all.forwarding = 0",
                    file(vm, _SYSCTLS, "net.ipv4.conf.all.forwarding = 0\n"), "edited")

    def faults_of_routes(self, vm):
        own = vm.pod_cidrs[0]
        yield Fault("nic.gateway", "the default route is gone",
                    ip(vm, "route del default", "route add default via 10.240.0.1 dev eth0"), "by DHCP")
        yield Fault("routes.shadowed", "a foreign route of a lower metric leads elsewhere",
                    ip(vm, f"route add {CLUSTER} via 10.240.0.9 dev eth0 metric 5", f"route del {CLUSTER} metric 5"),
                    "by its route del")
        yield Fault("routes.shadowed", "a foreign route in a table of its own leads elsewhere",
                    shell(vm, f"ip route add {CLUSTER} via 10.240.0.9 table 77 && ip rule add pref 77 lookup 77",
                          "ip rule del pref 77; ip route flush table 77"), "by its rule del")
        yield Fault("routes.in_sync", "a foreign route drops the cluster's range",
                    ip(vm, f"route add unreachable {CLUSTER} metric 5", f"route del unreachable {CLUSTER} metric 5"),
                    "by its route del")
        yield Fault("routes.in_sync", "a rule drops what pods here send",
                    ip(vm, f"rule add pref 50 from {own} prohibit", "rule del pref 50"), "by its rule del")
        yield Fault("routes.in_sync", "a rule drops what comes by the NIC",
                    ip(vm, "rule add pref 50 iif eth0 blackhole", "rule del pref 50"), "by its rule del")
        yield Fault("pods.overlap", "another link has the cluster's range",
                    shell(vm, "ip link add other type veth peer name other-end && ip addr add 10.244.200.1/24 dev other && "
                              "ip link set other up", "ip link del other"), "by another range")
        yield Fault("routes.main_rules", "the rule to table default is gone",
                    ip(vm, "rule del pref 32767", "rule add pref 32767 lookup default"))

    def faults_of_packet_filters(self, vm):
        own = vm.pod_cidrs[0]
        yield Fault("netfilter.forward", "iptables: FORWARD's policy is DROP", self.iptables(vm, "-P FORWARD DROP"))
        for what, rules in (
                ("a rule rejects the rest", "-A FORWARD -j REJECT"),
                ("a rule drops the cluster's range", f"-A FORWARD -s {CLUSTER} -j DROP"),
                ("a rule drops what pods here get", f"-A FORWARD -d {own} -j DROP"),
                ("a rule drops what comes by the NIC", "-A FORWARD -i eth0 -j DROP"),
                ("a rule drops UDP", "-A FORWARD -p udp -j DROP"),
                ("a rule in mangle drops", "-t mangle -A FORWARD -j DROP"),
                ("a rule in raw drops", f"-t raw -A PREROUTING -s {CLUSTER} -j DROP"),
                ("a rule in security drops", "-t security -A FORWARD -j DROP")):
            yield Fault("netfilter.forward", f"iptables: {what}", self.iptables(vm, rules), "by its -D")
        for what, chain in (
                ("a chain's policy is drop", "type filter hook forward priority 0; policy drop"),
                ("a chain rejects the rest", "type filter hook forward priority 10; ct state established accept; reject"),
                ("a chain drops early", f"type filter hook prerouting priority -300; ip daddr {CLUSTER} drop"),
                ("a chain drops late", f"type filter hook postrouting priority 0; ip saddr {CLUSTER} drop")):
            yield Fault("netfilter.forward", f"nftables: {what}",
                        shell(vm, f"nft 'table inet site {{ chain site {{ {chain}; }}; }}'", "nft delete table inet site"),
                        "edited")
        yield Fault("netfilter.backends", "both backends of iptables have rules",
                    shell(vm, "iptables-legacy -A FORWARD -j ACCEPT && iptables-nft -A FORWARD -j ACCEPT",
                          "iptables-legacy -F; iptables-nft -F"), "by flushing one of them")

    def iptables(self, vm, words):
        return shell(vm, f"iptables-nft {words}", "iptables-nft -P FORWARD ACCEPT; for table in filter mangle raw security; do "
                                                  "iptables-nft -t $table -F; done")


class Distribution(Faults, ClusterCase):
    cluster_options = {"nodes": 1, "mode": "udr"}

    def faults(self, vm):
        yield Fault("netfilter.firewalld", "firewalld rules by iptables", self.firewalld(vm), "ended")
        yield Fault("cloudinit.hotplug", "cloud-init configures each link that appears",
                    file(vm, "/etc/udev/rules.d/90-cloud-init-hook-hotplug.rules", 'SUBSYSTEM=="net"\n'), "edited")
        yield Fault("host.resolver", "no DNS server is known", file(vm, "/etc/resolv.conf", "# No DNS servers known.\n"), "edited")
        yield Fault("host.resolver", "systemd-resolved knows no DNS server", self.resolved(vm), "edited")
        yield Fault("networkmanager.unmanaged", "NetworkManager manages pods' links", self.network_manager(vm), "the file is written, and reloaded")
        yield Fault("networkmanager.unmanaged", "nm-cloud-setup is enabled", self.cloud_setup(vm), "disabled")

    @contextlib.contextmanager
    def firewalld(self, vm):
        with process(vm, self.cluster.folder / "firewalld", "script"), \
             file(vm, "/etc/firewalld/firewalld.conf", "FirewallBackend=iptables\n"), \
             shell(vm, "iptables-nft -A FORWARD -j ACCEPT", "iptables-nft -D FORWARD -j ACCEPT"):
            yield

    @contextlib.contextmanager
    def resolved(self, vm):
        with file(vm, "/etc/resolv.conf", "nameserver 127.0.0.53\n"), \
             file(vm, "/run/systemd/resolve/resolv.conf", "# No DNS servers known.\n"):
            yield

    @contextlib.contextmanager
    def network_manager(self, vm):
        with process(vm, self.cluster.folder / "NetworkManager", "script"), \
             file(vm, "/etc/NetworkManager/NetworkManager.conf", "[main]\n"):
            yield

    @contextlib.contextmanager
    def cloud_setup(self, vm):
        wants = vm.files.path_of("/etc/systemd/system/timers.target.wants")
        wants.mkdir(parents=True)
        link = wants / "nm-cloud-setup.timer"
        link.symlink_to("/usr/lib/systemd/system/nm-cloud-setup.timer")
        with process(vm, self.cluster.folder / "NetworkManager", "script"), \
             file(vm, "/etc/NetworkManager/NetworkManager.conf", "[keyfile]\nunmanaged-devices=interface-name:cali*\n"):
            try:
                yield
            finally:
                link.unlink()
                wants.rmdir()


class DualStack(Faults, ClusterCase):
    cluster_options = {"nodes": 2, "mode": "udr", "ipv6": True}

    def setUp(self):
        super().setUp()
        vm = self.vms[0]
        vm.files.write("/etc/sysctl.d/70-forward.conf", "net.ipv6.conf.all.forwarding = 1\n")
        vm.files.write("/etc/systemd/networkd.conf.d/10-calico-azure-agent.conf",
                       "[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n")
        self.restart_networkd(vm)

    def restart_networkd(self, vm):
        vm.networkd.restart()
        eventually(lambda: vm.networkd.has_configured("eth0"), "a link that is configured")
        eventually(lambda: not self.failures(vm), "the routes are back")

    def faults(self, vm):
        yield Fault("sysctl.ipv6_forwarding", "IPv6 is not forwarded", sysctl(vm, "net/ipv6/conf/all/forwarding", 0, 1))
        yield Fault("sysctl.accept_ra", "the kernel lets its IPv6 default route expire",
                    sysctl(vm, "net/ipv6/conf/eth0/accept_ra", 1, 2))
        yield Fault("netfilter.forward", "ip6tables: FORWARD's policy is DROP",
                    shell(vm, "ip6tables-nft -P FORWARD DROP", "ip6tables-nft -P FORWARD ACCEPT"))
        yield Fault("nic.address", "IPv6 is switched off on the NIC",
                    done(lambda: vm.namespace.sysctl("net/ipv6/conf/eth0/disable_ipv6", 1), lambda: self.again(vm)),
                    "switched on, and systemd-networkd restarted")

    def again(self, vm):
        vm.namespace.sysctl("net/ipv6/conf/eth0/disable_ipv6", 0)
        self.restart_networkd(vm)


if __name__ == "__main__":
    unittest.main()
