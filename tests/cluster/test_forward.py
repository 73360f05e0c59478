#!/usr/bin/env python3
"""netfilter.forward and real packets agree: it fails where iptables drops the first packet between pods of two nodes,
and there alone. Each case is a filter table as somebody writes it."""

import json
import unittest

from case import CLUSTER, ClusterCase, reaches

NOTHING = """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
COMMIT
"""

# kubernetes/pkg/proxy/iptables/proxier.go
_KUBE_PROXY = """-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
"""
# https://github.com/moby/moby, libnetwork/iptables
_DOCKER = """-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A DOCKER-USER -j RETURN
"""
# projectcalico/calico, felix/rules/static.go, by release.
_FELIX = """-A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD
-A cali-FORWARD -m comment --comment "cali:vjrMJCRpqwy5oRoX" -j MARK --set-xmark 0x0/0xe0000
-A cali-FORWARD -i cali+ -m comment --comment "cali:8ZoYfO5HKXWbB3pk" -j cali-from-wl-dispatch
-A cali-FORWARD -o cali+ -m comment --comment "cali:jdEuaPBe14V2hutn" -j cali-to-wl-dispatch
-A cali-from-wl-dispatch -i {link} -m comment --comment "cali:a" -g cali-fw
-A cali-from-wl-dispatch -m comment --comment "cali:b" -m comment --comment "Unknown interface" -j DROP
-A cali-to-wl-dispatch -o {link} -m comment --comment "cali:c" -g cali-fw
-A cali-to-wl-dispatch -m comment --comment "cali:d" -m comment --comment "Unknown interface" -j DROP
-A cali-fw -m comment --comment "cali:e" -j MARK --set-xmark 0x10000/0x10000
"""
_ACCEPTED = ('-m comment --comment "cali:S93hcgKJrXEqnTfs" -m comment --comment "Policy explicitly accepted packet." '
             "-m mark --mark 0x10000/0x10000 -j ACCEPT\n")
# felix/dataplane/linux/int_dataplane.go, setUpIptablesBPF()
_FELIX_EBPF = """-A FORWARD -i cali+ -m comment --comment "cali:f" -m mark ! --mark 0x0/0x0 -j DROP
-A FORWARD -o cali+ -m comment --comment "cali:g" -m comment --comment "check workload" -j cali-to-wl-dispatch
-A FORWARD -i cali+ -m comment --comment "cali:h" -m comment --comment "mark has already been verified." -j ACCEPT
-A cali-to-wl-dispatch -o {link} -m comment --comment "cali:i" -j ACCEPT
"""
# https://github.com/flannel-io/flannel, pkg/trafficmngr/iptables
_FLANNEL = f"""-A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
-A FLANNEL-FWD -s {CLUSTER} -m comment --comment "flanneld forward" -j ACCEPT
-A FLANNEL-FWD -d {CLUSTER} -m comment --comment "flanneld forward" -j ACCEPT
"""
# Red Hat's iptables-services, /etc/sysconfig/iptables
_REJECTING = """-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i lo -j ACCEPT
-A FORWARD -j REJECT --reject-with icmp-host-prohibited
"""
# https://github.com/Azure/AgentBaker, block_wireserver.sh
_AKS = """-A FORWARD -d 168.63.129.16/32 -p tcp -m tcp --dport 80 -j DROP
"""

# Who wrote it; FORWARD's policy; the rules; whether the first packet gets through.
CASES = [
    ("nobody", "ACCEPT", "", True),
    ("AKS", "ACCEPT", _AKS + _KUBE_PROXY, True),
    ("nobody, and docker has set the policy", "DROP", "", False),
    ("docker and kube-proxy", "DROP", _DOCKER + _KUBE_PROXY, False),
    ("kube-proxy and whoever accepts the cluster's range", "DROP", f"{_KUBE_PROXY}-A FORWARD -s {CLUSTER} -j ACCEPT\n",
     True),
    ("whoever accepts everything", "DROP", "-A FORWARD -j ACCEPT\n", True),
    ("docker, kube-proxy and Felix since 3.17", "DROP", f"{_FELIX}{_KUBE_PROXY}{_DOCKER}-A FORWARD {_ACCEPTED}", True),
    ("kube-proxy and Felix up to 3.16", "DROP", f"{_FELIX}-A cali-FORWARD {_ACCEPTED}{_KUBE_PROXY}", True),
    ("Felix, which leaves accepting to others", "DROP", _FELIX + _KUBE_PROXY, False),
    ("Felix with eBPF", "DROP", _FELIX_EBPF, True),
    ("flannel", "DROP", _KUBE_PROXY + _FLANNEL, True),
    ("a firewall that rejects the rest", "ACCEPT", _KUBE_PROXY + _REJECTING, False),
    ("a firewall behind Felix", "ACCEPT", f"{_FELIX}-A cali-FORWARD {_ACCEPTED}{_REJECTING}", True),
    ("a chain that drops the rest", "ACCEPT", "-A FORWARD -j LOCAL\n-A LOCAL -i docker0 -j RETURN\n-A LOCAL -j DROP\n",
     False),
    ("whoever accepts what pods send alone", "DROP", "-A FORWARD -s {own} -j ACCEPT\n", False),
    ("whoever accepts what pods get alone", "DROP", "-A FORWARD -d {own} -j ACCEPT\n", False),
    ("whoever accepts both", "DROP", "-A FORWARD -s {own} -j ACCEPT\n-A FORWARD -d {own} -j ACCEPT\n", True),
    ("whoever accepts what comes by the NIC alone", "DROP", "-A FORWARD -i eth0 -j ACCEPT\n", False),
    ("whoever drops the cluster's range", "ACCEPT", f"-A FORWARD -s {CLUSTER} -j DROP\n", False),
    ("whoever drops what comes by the NIC", "ACCEPT", "-A FORWARD -i eth0 -j DROP\n", False),
    ("whoever drops by protocol", "ACCEPT", "-A FORWARD -p udp -j DROP\n", False),
    ("whoever drops another protocol", "ACCEPT", "-A FORWARD -p sctp -j DROP\n", True),
    ("whoever accepts by protocol", "DROP", "-A FORWARD -p tcp -m tcp -j ACCEPT\n-A FORWARD -p udp -j ACCEPT\n", True),
    ("whoever drops another node's", "ACCEPT", "-A FORWARD -s 10.244.77.0/24 -j DROP\n", True),
]
# Beside them in other tables: for iptables-restore(8).
EARLIER = ["*security\n-A FORWARD -j DROP\nCOMMIT\n", "*mangle\n-A FORWARD -j DROP\nCOMMIT\n", f"*raw\n-A PREROUTING -s {CLUSTER} -j DROP\nCOMMIT\n"]
NOTHING_EARLIER = "*security\n-F\nCOMMIT\n*mangle\n-F\nCOMMIT\n*raw\n-F\nCOMMIT\n"
# /etc/nftables.conf of a firewall, and firewalld's way.
NFTABLES = ["""table inet filter {
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
  }
}
""", """table inet firewalld {
  chain filter_FORWARD {
    type filter hook forward priority 10; policy accept;
    ct state established,related accept
    iifname "lo" accept
    reject with icmpx type admin-prohibited
  }
}
""", f"""table inet early {{
  chain raw {{
    type filter hook prerouting priority raw; policy accept;
    ip daddr {CLUSTER} counter drop
  }}
}}
""", f"""table ip late {{
  chain out {{
    type filter hook postrouting priority 0; policy accept;
    ip saddr {CLUSTER} drop
  }}
}}
""", """table inet dispatch {
  chain forward {
    type filter hook forward priority 0; policy accept;
    ct state vmap { established : accept, related : accept, new : drop }
  }
}
"""]
# Pods' packets pass; of the second nobody can tell that but the kernel.
PERMISSIVE = [("pass", f"""table inet filter {{
  chain forward {{
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    ip saddr {{ {CLUSTER}, 192.0.2.0/24 }} accept
    ip daddr {{ {CLUSTER}, 192.0.2.0/24 }} accept
  }}
}}
"""), ("unknown", f"""table inet named {{
  set pods {{ type ipv4_addr; flags interval; elements = {{ {CLUSTER} }}; }}
  chain forward {{
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    ip saddr @pods accept
    ip daddr @pods accept
  }}
}}
""")]


def table(policy, rules):
    """For iptables-restore(8)."""
    chains = {line.split()[1] for line in rules.splitlines()} - {"FORWARD"}
    made = [f":{chain} - [0:0]" for chain in sorted(chains)]
    return "\n".join(["*filter", f":FORWARD {policy} [0:0]", *made, rules + "COMMIT"]) + "\n"


class Forward(ClusterCase):
    cluster_options = {"nodes": 2, "mode": "udr"}
    config = {"azure": {"verify": "off"}}

    def restore(self, backend, text):
        done = self.vms[0].namespace.run(f"iptables-{backend}-restore", input=text, stdin=None)
        self.assertEqual(done.returncode, 0, f"{done.stderr}{text}")

    def said(self):
        checks = json.loads(self.vms[0].agent.command("doctor", "--json").stdout)["checks"]
        return next(check for check in checks if check["id"] == "netfilter.forward")

    def test_it_fails_where_the_first_packet_is_dropped_and_there_alone(self):
        here, there = self.pods
        # What is in the tables is the same in both; the second one is there to be read too.
        for backend, cases in (("nft", CASES), ("legacy", CASES[3:7:3])):
            for who, policy, rules, passes in cases:
                with self.subTest(f"{who}, {backend}"):
                    self.restore(backend, table(policy, rules.format(link=here.link, own=self.vms[0].pod_cidrs[0])))
                    reached = reaches(here.namespace, there.namespace, there.address, within=3 if passes else 0.3)
                    self.assertEqual(reached, passes, "the packet itself")
                    check = self.said()
                    self.assertEqual(check["status"], "pass" if passes else "fail", check["message"])
            self.restore(backend, NOTHING)

    def test_other_tables_count_too(self):
        here, there = self.pods
        for text in EARLIER:
            with self.subTest(text):
                self.restore("nft", text)
                self.assert_lost(here, there)
                self.assertEqual(self.said()["status"], "fail", self.said()["message"])
            self.restore("nft", NOTHING_EARLIER)
        self.assertEqual(self.said()["status"], "pass", self.said()["message"])

    def test_chains_of_nftables_own_are_named(self):
        here, there = self.pods
        for text in NFTABLES:
            _, family, table, *_ = text.split()
            with self.subTest(table):
                done = self.vms[0].namespace.run("nft", "-f", "-", input=text, stdin=None)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assert_lost(here, there)
                said = self.said()
                self.assertEqual(said["status"], "fail", said["message"])
                self.assertIn(f"table {family} {table}", said["message"])
                self.assertIn(f"nft list table {family} {table}", said["remedy"])
                self.vms[0].namespace.run("nft", "delete", "table", family, table)
        self.assertEqual(self.said()["status"], "pass", self.said()["message"])

    def test_what_nftables_lets_through_is_no_failure(self):
        here, there = self.pods
        for status, text in PERMISSIVE:
            _, family, table, *_ = text.split()
            with self.subTest(table):
                done = self.vms[0].namespace.run("nft", "-f", "-", input=text, stdin=None)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assert_reaches(here, there)
                self.assertEqual(self.said()["status"], status, self.said()["message"])
                self.vms[0].namespace.run("nft", "delete", "table", family, table)

    def test_its_remedy_lets_pods_through(self):
        here, there = self.pods
        self.restore("nft", table("DROP", _KUBE_PROXY))
        self.assert_lost(here, there)
        remedy = self.said()["remedy"]
        self.assertEqual(self.vms[0].namespace.shell(remedy).returncode, 0, remedy)
        self.assert_reaches(here, there)
        self.assertEqual(self.said()["status"], "pass")


if __name__ == "__main__":
    unittest.main()
