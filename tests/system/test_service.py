#!/usr/bin/env python3
"""The package's service under a real systemd: from its installation to its purge."""

import json
import signal
import unittest

from case import AGENT, CLOUD, CLUSTER, NEXT, NODE, MachineCase, eventually
from lab.agent import simulator_binary
from lab.simulator import Simulator

_FAILED = "efae2ad1c16b4d56b5e1b63b864d8a8d"  # MESSAGE_IDs, core/log_event.h
_REFUSED = "2e130d7640a24cfea64198d3ed07b0b3"


# A kubeconfig of its own making, whose server is a trap, and a question that names it.
_KUBECONFIG = json.dumps({
    "current-context": "k", "contexts": [{"name": "k", "context": {"cluster": "c", "user": "u"}}],
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:PORT"}}],
    "users": [{"name": "u", "user": {"tokenFile": "/etc/kubernetes/secret"}}]})
_QUESTION = json.dumps({
    "imds_endpoint": "http://169.254.169.254", "mac": "", "environment": "", "resource_id": "", "client_id": "",
    "verify": False, "node_name": "worker-1", "kubeconfig": "/var/lib/calico-azure-agent/kubeconfig",
    "cloud_config": "/nowhere", "follow_node": True, "at_once": False, "interval": 60000})
_STRANGER = """
import socket, sys
trap = socket.socket()
trap.bind(("127.0.0.1", 0))
trap.listen()
trap.setblocking(False)
with open("/var/lib/calico-azure-agent/kubeconfig", "w") as file:
    file.write(sys.argv[1].replace("PORT", str(trap.getsockname()[1])))
service = socket.socket(socket.AF_UNIX)
service.connect("/run/calico-azure-agent-cloud.socket")
service.sendall(sys.argv[2].encode() + bytes([10]))
print(next(line for line in service.makefile() if '"node":{' in line))
try:
    print("somebody came", trap.accept())
except BlockingIOError:
    print("nobody came")
"""


class Service(MachineCase):
    def test_life_from_installation_to_purge(self):
        self.waits_for_azure_and_says_so()
        self.is_nobody_with_one_power()
        self.reloads_what_is_good_and_refuses_what_is_not()
        self.comes_back_when_it_hangs_or_crashes()
        self.leaves_its_routes_when_it_stops_and_adopts_them()
        self.gives_way_to_its_successor()
        self.goes_without_its_routes_at_last()

    def waits_for_azure_and_says_so(self):
        self.lab.simulator.fault(kind="status", code=503)
        self.drop_in("impatient", text="[Service]\nTimeoutStartSec=1\n")
        self.install()  # does not wait for Azure
        self.host.await_shown(AGENT, ActiveState="activating")
        eventually(lambda: self.host.show(AGENT, "StatusText").startswith("waiting for imds.reachable: "),
                   "what it waits for", pause=0.02)
        # Longer than the second of TimeoutStartSec: no answer within it is no event, so time has to pass.
        self.host.x("sleep", "2.5")
        self.assertEqual(self.host.show(AGENT, "ActiveState", "NRestarts"), ["activating", "0"])
        self.assertEqual(self.host.run("calico-azure-agent", "wait", "--timeout", "100ms").returncode, 1)
        self.configure()
        self.host.x("systemctl", "kill", "--signal=HUP", AGENT)
        self.lab.simulator.fault()
        self.assertIn("ready", self.host.x("calico-azure-agent", "wait", "--timeout", "30s"))
        self.await_active()
        self.assertEqual(self.host.show(AGENT, "StatusText"), "ready: 2 routes by eth0")
        self.assertEqual((self.host.root / "run/calico-azure-agent/ready").stat().st_mode & 0o777, 0o644)
        self.assertEqual(self.routes(), self.wanted())
        self.host.x("rm", f"/etc/systemd/system/{AGENT}.d/impatient.conf")
        self.host.x("systemctl", "daemon-reload")
        self.host.x("systemctl", "restart", AGENT)
        start = self.host.show(AGENT, "ActiveEnterTimestamp").replace(" UTC", "")
        self.assertEqual(self.host.journal("-u", AGENT, "-p", "warning", "--since", start), [], "a healthy node")

    def is_nobody_with_one_power(self):
        agent = self.process(self.pid())
        self.assertNotIn("0", agent["Uid"].split())
        for kind in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
            self.assertEqual(int(agent[kind], 16), 1 << 12, f"{kind}: CAP_NET_ADMIN")
        self.assertEqual((agent["NoNewPrivs"], agent["Seccomp"]), ("1", "2"))
        units = self.host.x("systemctl", "list-units", "--plain", "--no-legend", "calico-azure-agent-cloud@*").split()
        pid = self.host.show(units[0], "MainPID")
        eventually(lambda: "calico-azure" in self.process(pid)["Name"], "its program, in the place of systemd's child")
        cloud = self.process(pid)
        self.assertNotIn("0", cloud["Uid"].split())
        self.assertNotEqual(cloud["Uid"], agent["Uid"])
        self.assertEqual(int(cloud["CapEff"], 16), 1 << 2, "CAP_DAC_READ_SEARCH")

    def reloads_what_is_good_and_refuses_what_is_not(self):
        pid = self.pid()
        self.configure(pods={"cluster_cidrs": ["10.128.0.0/9"], "node_cidrs": [NODE]})
        self.host.x("systemctl", "reload", AGENT)
        eventually(lambda: self.routes() == self.wanted("10.128.0.0/9"), "the other route")
        self.configure(pods={"cluster_cidrs": ["10.128.0.1/9"]})
        self.host.run("systemctl", "reload", AGENT)
        said = eventually(lambda: self.host.journal("-u", AGENT, f"MESSAGE_ID={_REFUSED}"), "the refusal", pause=0.02)
        self.assertIn("/etc/calico-azure-agent/config.toml:", said[-1]["MESSAGE"])
        self.assertEqual(said[-1]["PRIORITY"], "3")
        self.assertEqual(self.routes(), self.wanted("10.128.0.0/9"))
        self.configure()
        self.host.x("systemctl", "reload", AGENT)
        eventually(lambda: self.routes() == self.wanted(), "the first route")
        self.host.await_shown(AGENT, ActiveState="active", NRestarts="0")
        self.assertEqual(self.pid(), pid)

    def comes_back_when_it_hangs_or_crashes(self):
        self.drop_in("watchdog", text="[Service]\nWatchdogSec=1\nRestartSec=100ms\n")
        self.host.x("systemctl", "restart", AGENT)
        since = (tape := self.lab.tape()).mark()
        for sent in (signal.SIGSTOP, signal.SIGSEGV):
            pid = self.pid()
            self.host.x("kill", f"-{int(sent)}", pid)
            self.await_other_pid(pid)
        self.assertEqual(self.host.show(AGENT, "NRestarts"), "2")
        self.assertIn("watchdog", "".join(each["MESSAGE"].lower() for each in self.host.journal("-u", AGENT)))
        self.assertEqual(tape.changes(since), [])
        self.assertEqual(self.routes(), self.wanted())
        self.host.x("rm", f"/etc/systemd/system/{AGENT}.d/watchdog.conf")
        self.host.x("systemctl", "daemon-reload")

    def leaves_its_routes_when_it_stops_and_adopts_them(self):
        since = (tape := self.lab.tape()).mark()
        self.host.x("systemctl", "stop", AGENT)
        self.assertEqual(self.host.show(AGENT, "ActiveState", "Result"), ["inactive", "success"])
        self.assertFalse((self.host.root / "run/calico-azure-agent/ready").exists())
        self.assertEqual(self.routes(), self.wanted())
        self.host.x("systemctl", "start", AGENT)
        self.assertEqual(tape.changes(since), [])

    def gives_way_to_its_successor(self):
        since = (tape := self.lab.tape()).mark()
        pid = self.pid()
        self.install(NEXT)
        self.await_other_pid(pid)
        self.assertIn(NEXT, self.host.x("calico-azure-agent", "version"))
        self.assertIn(CLUSTER, self.host.x("cat", "/etc/calico-azure-agent/config.toml"))
        self.assertEqual(tape.changes(since), [])
        self.assertEqual(self.routes(), self.wanted())

    def goes_without_its_routes_at_last(self):
        self.lab.vm.ip("route add 198.51.100.0/24 via 10.240.0.1 proto static", "rule add from 198.51.100.1 lookup 7",
                       "route add blackhole 203.0.113.0/24 table 7 proto 169",
                       "rule add from 203.0.113.1 lookup 7 protocol 169")
        others = [each for each in self.lab.vm.routes(None) if "proto 169" not in each]
        self.host.x("grep", " @calico-azure-agent$", "/proc/net/unix")  # by which the scripts know one that runs
        self.host.x("dpkg", "--remove", "calico-azure-agent")
        self.assertEqual(self.host.show(AGENT, "LoadState", "ActiveState"), ["not-found", "inactive"])
        self.assertFalse((self.host.root / "run/calico-azure-agent").exists())
        self.assertEqual(set(self.wanted()) - set(self.routes()), set(), "removal keeps routes")
        self.host.x("dpkg", "--purge", "calico-azure-agent")
        self.assertEqual(self.routes(), [])
        self.assertEqual([each for each in self.lab.vm.routes(None)], others)
        self.assertEqual([each for each in self.lab.vm.rules()], ["32765: from 198.51.100.1 lookup 7"])
        for path in ("etc/calico-azure-agent", "var/lib/calico-azure-agent", "usr/bin/calico-azure-agent"):
            self.assertFalse((self.host.root / path).exists(), path)
        left = self.host.x("find", "/etc/systemd/system", "-name", "calico-azure-agent*").split()
        self.assertEqual([each for each in left if not each.endswith(".d")], [])


class Again(MachineCase):
    def test_removed_and_installed_again_it_runs_and_purge_knows_its_number(self):
        self.install()
        self.configure(routes={"protocol": 170})
        self.host.x("systemctl", "restart", AGENT)
        self.host.x("dpkg", "--remove", "calico-azure-agent")
        self.assertEqual(len(self.lab.routes(170)), 2)
        self.install()
        self.await_active()
        self.lab.vm.ip("route add 198.51.100.0/24 via 10.240.0.1 proto 169")  # no longer the agent's number
        self.plants_a_link_to_root_s_file()
        self.host.x("dpkg", "--purge", "calico-azure-agent")
        self.assertEqual((len(self.lab.routes(170)), len(self.routes())), (0, 1))
        self.assertEqual(self.host.x("cat", "/root/victim"), "root's own\n")

    def plants_a_link_to_root_s_file(self):
        """As the service's user may, in its own folder, under each name that is there or might be used."""
        self.host.write("/root/victim", "root's own\n", 0o600)
        self.host.x("setpriv", "--reuid=calico-azure-agent", "--regid=calico-azure-agent", "--clear-groups", "sh", "-ec",
                    "cd /var/lib/calico-azure-agent; for name in removed protocol *; do ln -sf /root/victim $name; done")

    def test_a_removal_that_fails_starts_it_again_unless_it_was_stopped_by_hand(self):
        self.install_ready()
        self.await_active()
        prerm = "/var/lib/dpkg/info/calico-azure-agent.prerm"
        self.host.x("sed", "-i", "s/^exit 0$/exit 1/", prerm)
        pid = self.pid()
        self.assertNotEqual(self.host.run("dpkg", "--remove", "calico-azure-agent").returncode, 0)
        self.await_other_pid(pid)
        self.assertEqual(self.host.x("dpkg-query", "--show", "--showformat=${db:Status-Status}", "calico-azure-agent"),
                         "installed")
        self.host.x("systemctl", "stop", AGENT)
        self.assertNotEqual(self.host.run("dpkg", "--remove", "calico-azure-agent").returncode, 0)
        self.assertEqual(self.host.show(AGENT, "ActiveState"), "inactive")


class ServiceOfSystemd257(Service):
    release = "trixie"


class Powers(MachineCase):
    """What takes more than the default profile has, and what the daemon is spared."""

    def test_root_s_files_are_read_by_another_and_enforcing_takes_a_drop_in(self):
        self.host.write("/etc/kubernetes/azure.json", '{"routeTableName": "rt", "resourceGroup": "g"}', 0o600)
        self.host.write("/etc/kubernetes/kubelet.conf", "no kubeconfig", 0o600)
        self.install_ready()
        # Read, and found to be none; not "Permission denied".
        eventually(lambda: "kubelet.conf" in self.check("kubernetes.node_cidr")["message"], "kubelet.conf", timeout=15)
        self.assertNotIn("ermission", self.check("kubernetes.node_cidr")["message"])
        self.assertNotIn("ermission", self.check("azure.cloud_config")["message"])
        self.assertNotIn("azure.json", "".join(each["MESSAGE"] for each in self.host.journal("-u", AGENT)))

        self.configure(sysctls={"action": "enforce"})
        self.drop_in("enforce-sysctls")
        self.drop_in("read-roots-files")
        self.drop_in("other-addresses")
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.host.x("systemctl", "restart", AGENT)
        eventually(lambda: self.lab.vm.sysctl("net.ipv4.ip_forward") == "1", "forwarding, switched on by nobody's user")
        self.assertNotIn("0", self.process(self.pid())["Uid"].split())
        self.assertEqual(int(self.process(self.pid())["CapEff"], 16), 1 << 12 | 1 << 2)
        self.host.x("calico-azure-agent", "wait", "--timeout", "10s")

    def test_who_reads_root_s_files_reads_none_for_whoever_asks(self):
        """The service's user is compromised: it asks in the daemon's place."""
        self.host.write("/etc/kubernetes/secret", "eyJhbGciOi.of-another-pod\n", 0o600)
        self.install_ready()
        unit = eventually(lambda: self.host.x("systemctl", "list-units", "--plain", "--no-legend",
                                              "calico-azure-agent-cloud@*").split(), "the service")[0]
        self.assertEqual(self.host.show(unit, "LimitCORE"), "0")
        said = self.host.x("setpriv", "--reuid=calico-azure-agent", "--regid=calico-azure-agent", "--clear-groups",
                           "python3", "-c", _STRANGER, _KUBECONFIG, _QUESTION)
        self.assertIn("no credential for the API server", said)
        self.assertIn("nobody came", said)
        self.assertIn("kubernetes.kubeconfig", "".join(each["MESSAGE"] for each in self.host.journal("-u", "*cloud@*")))

    def test_without_its_socket_the_daemon_starts_that_program_itself(self):
        self.host.write("/etc/kubernetes/kubelet.conf", "no kubeconfig")
        self.install()
        self.configure()
        self.host.x("systemctl", "mask", "--now", CLOUD)
        self.host.x("systemctl", "restart", AGENT)
        eventually(lambda: "kubelet.conf" in self.check("kubernetes.node_cidr")["message"], "kubelet.conf", timeout=15)
        pid = self.pid()
        child = self.process(self.host.x("cat", f"/proc/{pid}/task/{pid}/children").split()[0])
        self.assertEqual(child["Name"], "calico-azure-ag")
        self.assertEqual({int(child[kind], 16) for kind in ("CapPrm", "CapEff", "CapAmb")}, {0})
        self.assertEqual(int(self.process(pid)["CapAmb"], 16), 1 << 12, "the daemon keeps its own, for iptables")
        self.host.x("systemctl", "stop", AGENT)
        self.assertNotIn("started again", "".join(each["MESSAGE"] for each in self.host.journal("-u", AGENT)))

    def test_addresses_that_are_not_azures_or_its_own_take_a_drop_in(self):
        self.lab.fabric.ip("addr add 192.0.2.1/32 dev lo")
        self.lab.simulator.stop()
        other = Simulator(simulator_binary(), self.lab.fabric, self.lab.document(), address="192.0.2.1")
        self.addCleanup(other.stop)
        if self.host.run("systemd-run", "--wait", "--pipe", "--quiet", "--property=IPAddressDeny=any", "python3", "-c",
                         "import socket; socket.create_connection(('192.0.2.1', 80), 1)").returncode == 0:
            self.skipTest("this kernel lets no container filter addresses (BPF)")
        self.install()
        self.configure(imds={"endpoint": "http://192.0.2.1", "poll_interval": "10s", "read_timeout": "1s"})
        self.host.x("systemctl", "restart", "--no-block", AGENT)
        eventually(lambda: "192.0.2.1" in self.host.show(AGENT, "StatusText"), "no answer", timeout=15, pause=0.02)
        self.assertEqual(self.host.run("calico-azure-agent", "wait", "--timeout", "2s").returncode, 1)
        self.drop_in("other-addresses")
        self.host.x("systemctl", "restart", AGENT)
        self.await_active()

    def check(self, name):
        status = self.host.run("calico-azure-agent", "status", "--json").stdout
        return next(each for each in json.loads(status)["checks"] if each["id"] == name)

    def test_the_journal_explains_a_failure_and_how_to_fix_it(self):
        self.install_ready()
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        entry = eventually(lambda: self.host.journal("-u", AGENT, f"MESSAGE_ID={_FAILED}"), "the failure", pause=0.02)[0]
        self.assertEqual(entry["AGENT_CHECK"], "sysctl.ip_forward")
        self.assertEqual(entry["PRIORITY"], "3")
        remedy = entry["AGENT_REMEDY"]
        explained = self.host.x("journalctl", "--no-pager", "--catalog", "-u", AGENT, "-p", "warning")
        self.assertIn("sysctl.ip_forward failed", explained)
        self.assertIn(f"     {remedy}\n", explained)
        self.host.shell(remedy)
        self.await_ready()

    def await_ready(self):
        eventually(lambda: self.host.run("calico-azure-agent", "status").returncode == 0, "readiness")


class Networkd(MachineCase):
    """systemd-networkd as the machine's network service, which takes away what it did not make."""

    def test_restarts_are_survived(self):
        nic = self.lab.nic
        self.host.write("/etc/systemd/network/eth0.network",
                        f"[Match]\nName=eth0\n[Network]\nAddress={nic.address}/24\nGateway={nic.gateway}\n"
                        "[Route]\nDestination=169.254.169.254/32\n" f"Gateway={nic.gateway}\n"
                        "[Route]\nDestination=168.63.129.16/32\n" f"Gateway={nic.gateway}\n")
        self.lab.vm.ip(f"addr flush dev {nic.name}")
        self.host.x("systemctl", "start", "systemd-networkd")
        eventually(lambda: "169.254.169.254" in self.lab.vm.ip("route show"), "the network by networkd")
        self.install_ready()
        for _ in range(2):
            self.host.x("systemctl", "restart", "systemd-networkd")
            self.host.await_shown("systemd-networkd.service", ActiveState="active")
            eventually(lambda: self.routes() == self.wanted(), "its routes", timeout=10)
        self.await_active()


if __name__ == "__main__":
    unittest.main()
