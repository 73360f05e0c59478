#!/usr/bin/env python3
"""The arm64 daemon, run by qemu-user, in a lab's namespace: the kernel is this machine's, and the messages that it gets
are those that an arm64 node's would get (plain_netlink.cpp)."""

import json
import pathlib
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "node"))

from case import CLUSTER, NODE, NodeCase, settings  # noqa: E402
from lab.agent import program  # noqa: E402

_AARCH64 = 183  # EM_AARCH64 of elf(5)


class Emulated(NodeCase):
    def test_what_runs_is_a_program_for_arm64(self):
        for path in (("real", "calico-azure-agent"), ("real", "cloud", "calico-azure-agent-cloud")):
            self.assertEqual(struct.unpack("<H", program(*path).read_bytes()[18:20])[0], _AARCH64)
        self.agent.start_ready()
        words = pathlib.Path(f"/proc/{self.agent.process.pid}/cmdline").read_bytes().decode().split("\0")
        self.assertIn("qemu-aarch64", words[0])
        self.assertIn(str(program("real", "calico-azure-agent")), words)

    def test_it_programs_the_routes_is_ready_and_heals_them(self):
        self.agent.start_ready()
        self.assertEqual(self.lab.routes(), self.wanted())
        self.assertEqual(self.agent.get("/readyz").status, 200)
        self.assertEqual(self.agent.status()["checks"][0]["status"], "pass")
        for route in (CLUSTER, f"blackhole {NODE}"):
            self.lab.vm.ip(f"route del {route} proto 169")
            self.await_routes(self.wanted())
        self.agent.await_log(rf"restored.*{CLUSTER}")
        self.assertEqual(self.agent.stop(), 0)
        self.assertEqual(self.lab.routes(), self.wanted())

    def test_rules_of_others_are_read_and_its_own_are_made(self):
        nic = self.lab.add_second_nic()
        self.agent.configure(**settings(nic={"select": f"name:{nic.name}"}))
        self.agent.start_ready()
        self.assertTrue([rule for rule in self.lab.rules() if f"from {NODE} lookup 16925" in rule], self.lab.rules())

    def test_its_commands_answer(self):
        self.agent.start_ready()
        self.assertIn("ready", self.agent.command("status").stdout)
        doctor = self.agent.command("doctor", "--json")
        failed = [each for each in json.loads(doctor.stdout)["checks"] if each["status"] == "fail"]
        self.assertEqual(failed, [], doctor.stderr)
        self.assertEqual(self.agent.command("wait", "--timeout", "5s").returncode, 0)
        self.agent.stop()
        self.assertEqual(self.agent.command("flush").returncode, 0)
        self.assertEqual(self.lab.routes(), [])


if __name__ == "__main__":
    unittest.main()
