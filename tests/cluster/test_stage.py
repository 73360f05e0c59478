#!/usr/bin/env python3
"""Labs that are killed: nothing of them stays, and nobody else's is touched."""

import os
import pathlib
import signal
import subprocess
import sys
import unittest

from case import ClusterCase, eventually
from lab import stage

_LAB = """
import pathlib, sys, time
sys.path.insert(0, sys.argv[1])
from lab import Cluster
with Cluster(nodes=2, networkd=True) as cluster:
    cluster.start_agents()
    cluster.vms[0].add_pod()
    print(cluster.name, flush=True)
    time.sleep(600)
"""


class Killed(ClusterCase):
    """setUp makes a lab that must outlive the others."""

    def start_lab(self):
        process = subprocess.Popen([sys.executable, "-c", _LAB, pathlib.Path(__file__).parents[1]], text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        return process, process.stdout.readline().strip()

    def assert_gone(self, name):
        self.assertEqual(stage.namespaces_of(name), [])
        self.assertFalse(stage.folder_of(name).exists())
        eventually(lambda: not programs_with(name), "the end of its programs")

    def test_in_order_it_takes_itself_away(self):
        process, name = self.start_lab()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 128 + signal.SIGTERM)
        self.assert_gone(name)

    def test_without_a_chance_the_next_one_takes_it_away(self):
        process, name = self.start_lab()
        self.assertGreater(len(programs_with(name)), 2)
        process.kill()
        process.wait()
        # The DHCP server has made itself a daemon; the others die with the lab.
        eventually(lambda: len(programs_with(name)) <= 1, "the end of its programs")
        stage.remove_leftovers()
        self.assert_gone(name)
        self.assert_reaches(*self.pods)
        self.assert_every_kernel_is_right()


def programs_with(name):
    """Process numbers of programs that name the lab or live in its namespaces."""
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = pathlib.Path("/proc", process, "cmdline").read_bytes()
            state = pathlib.Path("/proc", process, "stat").read_text(encoding="ascii").rpartition(") ")[2][0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if name.encode() in words and state != "Z":
            found.append(int(process))
    return found


if __name__ == "__main__":
    unittest.main()
