#!/usr/bin/env python3
"""A service that starts: what waits for it, what does not, and what an operator can do meanwhile."""

import base64
import json
import unittest

from case import AGENT, CLUSTER, DROP_INS, NODE, MachineCase, eventually
from lab.cloud import Cloud, node

_REFUSED = "2e130d7640a24cfea64198d3ed07b0b3"  # MESSAGE_IDs, core/log_event.h
_KUBELET_MAY_START = "487fda705d0743d09f7334a65f1d63b9"
_READY = "bddc394929444e1f9f7c95f6844ff6e8"


class Starting(MachineCase):
    """A service that is not active yet, and what others do to it meanwhile."""

    def boot(self, **sections):
        """The machine as it boots with the agent on it."""
        self.install()
        self.configure(**sections)
        self.host.x("systemctl", "stop", AGENT)
        self.host.x("systemctl", "start", "--no-block", AGENT)

    def test_an_edited_configuration_takes_effect_though_a_reload_waits_for_the_start(self):
        self.boot(nic={"select": "name:typo0"})
        eventually(lambda: "takes effect by itself" in self.host.show(AGENT, "StatusText"), "what an edit does",
                   pause=0.02)
        self.assertIn("/etc/calico-azure-agent/config.toml", self.host.show(AGENT, "StatusText"))
        # systemd keeps it until the start is over: the trap that the watch is for.
        reload = self.host.run("timeout", "1", "systemctl", "reload", AGENT)
        self.assertEqual(reload.returncode, 124)
        self.host.write("/etc/calico-azure-agent/config.toml", "[routes\n")
        said = eventually(lambda: self.host.journal("-u", AGENT, f"MESSAGE_ID={_REFUSED}"), "the refusal", pause=0.02)
        self.assertIn("config.toml:1:", said[0]["MESSAGE"])
        self.configure()
        self.await_active()
        self.assertEqual(self.routes(), self.wanted())

    def test_a_kubelet_that_is_ordered_after_it_brings_the_pod_cidr(self):
        """It writes the kubeconfig, as by TLS bootstrap, by which the API server is asked for spec.podCIDRs."""
        cloud = Cloud(self.lab.fabric, self.lab.folder, control=8082)
        self.addCleanup(cloud.stop)
        cloud.nodes({"worker-1": node("worker-1", [NODE])})
        kubeconfig = cloud.kubeconfig()
        authority = kubeconfig["clusters"][0]["cluster"]
        del authority["certificate-authority"]
        authority["certificate-authority-data"] = base64.b64encode(cloud.certificate.read_bytes()).decode()
        self.host.write("/root/kubelet.conf", json.dumps(kubeconfig), 0o600)
        self.host.write("/etc/systemd/system/kubelet.service",
                        f"[Unit]\nWants={AGENT}\nAfter={AGENT}\n[Service]\n"
                        "ExecStart=/bin/sh -c 'install -D -m 600 /root/kubelet.conf /etc/kubernetes/kubelet.conf; "
                        "exec sleep infinity'\n")
        self.install()
        self.configure(pods={"cluster_cidrs": [CLUSTER], "node_cidr_source": "kubernetes"},
                       kubernetes={"node_name": "worker-1"}, azure={"verify": "off"})
        self.host.x("systemctl", "stop", AGENT)
        self.host.x("systemctl", "start", "--no-block", "kubelet.service")
        self.await_active("kubelet.service")
        self.await_active()
        self.assertIn("ready", self.host.x("calico-azure-agent", "wait", "--timeout", "60s"))
        self.assertEqual(self.routes(), self.wanted())
        may, ready = (int(self.host.journal("-u", AGENT, f"MESSAGE_ID={each}")[-1]["__MONOTONIC_TIMESTAMP"])
                      for each in (_KUBELET_MAY_START, _READY))
        self.assertLess(may, ready)


class Gates(MachineCase):
    """What starts after the agent is ready, by drop-ins of the package."""

    _DOCKER = "#!/bin/sh\n[ \"$1\" = run ] && exec sleep infinity\nexit 0\n"
    # As Calico v3.0 documented it.
    _CALICO_NODE = ("[Unit]\nAfter=docker.service\nRequires=docker.service\n[Service]\n"
                    "ExecStartPre=-/usr/bin/docker rm -f calico-node\n"
                    "ExecStart=/usr/bin/docker run --net=host --privileged --name=calico-node calico/node:v3.0.1\n"
                    "ExecStop=-/usr/bin/docker stop calico-node\nRestart=on-failure\n"
                    "[Unit]\nStartLimitBurst=3\nStartLimitInterval=60s\n[Install]\nWantedBy=multi-user.target\n")

    def test_hold_calico_node_and_the_kubelet_until_then(self):
        self.host.write("/usr/bin/docker", self._DOCKER, 0o755)
        self.host.write("/etc/systemd/system/docker.service", "[Service]\nType=oneshot\nRemainAfterExit=yes\n"
                        "ExecStart=/bin/true\n")
        self.host.write("/etc/systemd/system/calico-node.service", self._CALICO_NODE)
        self.host.write("/etc/systemd/system/kubelet.service", "[Service]\nExecStart=/bin/sleep infinity\nRestart=always\n")
        self.lab.simulator.fault(kind="status", code=503)
        self.install()
        self.configure()
        self.drop_in("calico-node", "calico-node.service")
        self.drop_in("kubelet", "kubelet.service")
        self.host.x("systemctl", "restart", "--no-block", AGENT)
        self.host.x("systemctl", "start", "--no-block", "kubelet.service", "calico-node.service")
        eventually(lambda: self.host.show(AGENT, "StatusText").startswith("waiting"), "the agent waiting", pause=0.02)
        jobs = self.host.x("systemctl", "list-jobs", "--plain", "--no-legend")
        self.assertEqual(self.host.show("calico-node.service", "ActiveState"), "inactive", jobs)
        self.assertIn("calico-node.service", jobs)
        self.host.await_shown("kubelet.service", SubState="start-pre")
        self.lab.simulator.fault()
        for unit in ("calico-node.service", "kubelet.service"):
            self.await_active(unit)
        ready, *started = (int(self.host.show(unit, "ActiveEnterTimestampMonotonic"))
                           for unit in (AGENT, "calico-node.service", "kubelet.service"))
        self.assertTrue(all(each >= ready for each in started), (ready, started))

        # A calico/node that is started while the node is not ready blocks, instead of failing three times.
        self.host.x("systemctl", "stop", "calico-node.service")
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        eventually(lambda: self.host.run("calico-azure-agent", "status").returncode == 1, "not ready")
        self.host.x("systemctl", "start", "--no-block", "calico-node.service")
        self.host.await_shown("calico-node.service", SubState="start-pre")
        self.lab.vm.sysctl("net.ipv4.ip_forward", 1)
        self.await_active("calico-node.service")
        self.assertEqual(self.host.show("calico-node.service", "NRestarts"), "0")

    def test_the_kubelet_waits_for_a_while_and_starts_anyway(self):
        """Of the four minutes the test has two seconds."""
        self.host.write("/etc/systemd/system/kubelet.service", "[Service]\nExecStart=/bin/sleep infinity\n")
        self.lab.simulator.fault(kind="status", code=503)
        self.install()
        text = self.host.x("cat", f"{DROP_INS}/kubelet.conf")
        self.assertIn("timeout 240 systemctl", text)
        self.drop_in("kubelet", "kubelet.service", text.replace("timeout 240 ", "timeout 2 "))
        self.host.x("systemctl", "restart", "--no-block", AGENT)
        self.host.x("systemctl", "start", "kubelet.service")
        self.await_active("kubelet.service")
        self.assertEqual(self.host.show(AGENT, "ActiveState"), "activating", "it goes on waiting")
        said = [each for each in self.host.journal("-u", "kubelet.service", "-p", "warning")
                if "not ready after 4 minutes" in each["MESSAGE"]]
        self.assertEqual(len(said), 1)
        self.lab.simulator.fault()
        self.configure()
        self.await_active()

    def test_an_agent_that_fails_for_good_does_not_keep_the_kubelet_down(self):
        self.host.write("/etc/systemd/system/kubelet.service", "[Service]\nExecStart=/bin/sleep infinity\n")
        self.install()
        self.drop_in("kubelet", "kubelet.service")
        self.host.write("/etc/calico-azure-agent/config.toml", "mode = 'nonsense'\n")
        self.host.x("systemctl", "stop", AGENT)
        self.host.x("systemctl", "start", "kubelet.service")
        self.await_active("kubelet.service")
        self.assertEqual(self.host.show(AGENT, "ActiveState", "ExecMainStatus", "NRestarts"), ["failed", "78", "0"])


if __name__ == "__main__":
    unittest.main()
