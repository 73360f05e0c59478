#!/usr/bin/env python3
"""The journal of a node: nothing to look at on a healthy one, and enough on a sick one."""

import os
import pathlib
import re
import signal
import socket
import unittest

from case import CLUSTER, NodeCase, eventually, settings
from lab.journald import Journald

_ENTRY = re.compile(r"^-- ([0-9a-f]{32})\nSubject: (.*)$", re.MULTILINE)
_FILE = pathlib.Path(__file__).resolve().parents[2] / "systemd" / "calico-azure-agent.catalog"
CATALOG = {subject: kind for kind, subject in _ENTRY.findall(_FILE.read_text(encoding="utf-8"))}
CLOUD_ENDED = CATALOG["The program that asks Azure and Kubernetes has ended"]
FAILED = CATALOG["@AGENT_CHECK@ failed"]
NOT_READY = CATALOG["This node cannot be relied on to route pods any more"]
PUT_BACK = CATALOG["Routes removed by another process were restored"]
READY = CATALOG["This node can route pods"]
RELOADED = CATALOG["The configuration was reloaded"]
UNKNOWN = CATALOG["@AGENT_CHECK@ is unknown"]
WAITING = CATALOG["The node starts and waits for @AGENT_CHECK@"]


class Journal(NodeCase):
    config = {"log": {"format": "journal"}}

    def setUp(self):
        super().setUp()
        self.journal = self.enter(Journald(self.lab.vm.files))

    def warnings(self):
        """What `journalctl -p warning` shows."""
        return [event for event in self.journal.events() if int(event["PRIORITY"]) <= 4]

    def test_a_healthy_node_boots_reloads_and_restarts_without_a_warning(self):
        # As early as at boot: the link has no address, and nobody answers.
        self.lab.vm.ip("link set eth0 down", "addr flush dev eth0")
        self.lab.simulator.fault(kind="status", code=500, count=1)
        self.agent.start()
        self.journal.wait_for(MESSAGE_ID=WAITING, AGENT_CHECK="imds.reachable")
        self.lab.vm.ip("link set eth0 up")
        self.lab.give_address()
        self.agent.await_ready(timeout=20)
        self.agent.configure(**settings(routes={"metric": 7}, **self.config))
        self.agent.process.send_signal(signal.SIGHUP)
        self.journal.wait_for(MESSAGE_ID=RELOADED)
        self.await_routes([self.cluster_route(metric=7), self.sink()])
        for end in (self.agent.stop, self.agent.kill):
            end()
            begin = len(self.journal)
            self.agent.start_ready()
            self.journal.wait_for(begin, MESSAGE_ID=READY)
        self.assertEqual(self.warnings(), [])
        self.assertLessEqual({event["MESSAGE_ID"] for event in self.journal.events()}, set(CATALOG.values()))

    def test_a_sick_nodes_warnings_have_the_cause_and_the_remedy(self):
        self.agent.start_ready()
        self.lab.vm.ip(f"route del {CLUSTER} proto 169")
        stolen = self.journal.wait_for(MESSAGE_ID=PUT_BACK, PRIORITY="4", AGENT_ROUTE=CLUSTER)
        self.assertIn(f"removed by {stolen['AGENT_BY']}", stolen["MESSAGE"])
        begin = len(self.journal)
        self.lab.vm.sysctl("net.ipv4.conf.eth0.forwarding", 0)
        failed = self.journal.wait_for(begin, MESSAGE_ID=FAILED, PRIORITY="3", AGENT_CHECK="sysctl.nic_forwarding",
                                       AGENT_NIC="eth0")
        self.assertIn("net.ipv4.conf.eth0.forwarding is 0", failed["MESSAGE"])
        self.journal.wait_for(begin, MESSAGE_ID=NOT_READY, PRIORITY="3", AGENT_CHECK="sysctl.nic_forwarding")
        self.lab.vm.shell(failed["AGENT_REMEDY"])
        self.journal.wait_for(begin, MESSAGE_ID=READY)

    def test_a_cloud_program_that_was_killed_is_no_warning(self):
        self.agent.start_ready()
        self.journal.wait_for(MESSAGE_ID=UNKNOWN, AGENT_CHECK="kubernetes.node_cidr")  # it has spoken
        children = pathlib.Path(f"/proc/{self.agent.process.pid}/task/{self.agent.process.pid}/children")
        os.kill(int(children.read_text(encoding="ascii")), signal.SIGKILL)
        self.journal.wait_for(MESSAGE_ID=CLOUD_ENDED, PRIORITY="6")
        eventually(lambda: children.read_text(encoding="ascii"), "another one")
        self.assertEqual(self.warnings(), [])

    def test_a_stop_that_goes_to_the_whole_group_ends_the_cloud_program_without_a_word(self):
        """A container's, a terminal's, systemd's KillMode=control-group."""
        for signal_of_group in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            begin = len(self.journal)
            self.agent.start_ready()
            self.journal.wait_for(begin, MESSAGE_ID=UNKNOWN, AGENT_CHECK="kubernetes.node_cidr")  # it has spoken
            children = pathlib.Path(f"/proc/{self.agent.process.pid}/task/{self.agent.process.pid}/children")
            child = int(children.read_text(encoding="ascii"))
            status = pathlib.Path(f"/proc/{child}/status").read_text(encoding="ascii")
            blocked = int(re.search(r"SigBlk:\t(\w+)", status)[1], 16)
            self.assertTrue(blocked & 1 << (signal_of_group - 1), f"the child hears {signal_of_group!r}")
            os.kill(child, signal_of_group)
            self.agent.stop()
            self.assertFalse(pathlib.Path(f"/proc/{child}").exists())
            self.assertEqual([event for event in self.journal.events() if event["MESSAGE_ID"] == CLOUD_ENDED], [])

    def test_a_cloud_program_that_never_says_anything_is_one_warning(self):
        with socket.socket(socket.AF_UNIX) as service:
            service.bind(str(self.lab.vm.files.path_of("/run/calico-azure-agent-cloud.socket")))
            service.listen()
            service.settimeout(20)
            self.agent.start_ready()
            for _ in range(2):
                service.accept()[0].close()
            self.journal.wait_for(MESSAGE_ID=CLOUD_ENDED, PRIORITY="4")
            service.accept()[0].close()  # what the second one's end was told as is told by now
            self.assertEqual(len(self.warnings()), 1)


if __name__ == "__main__":
    unittest.main()
