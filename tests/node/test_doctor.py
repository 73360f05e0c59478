#!/usr/bin/env python3
"""doctor: every check once, with or without a daemon, and nothing changed."""

import json
import time
import unittest

from case import NodeCase, SANITIZED, eventually, settings


class Doctor(NodeCase):
    def checks(self):
        done = self.agent.command("doctor", "--json")
        report = json.loads(done.stdout)
        self.assertEqual(report["schema"], "calico-azure-agent/doctor/v1")
        return done.returncode, {check["id"]: check for check in report["checks"]}

    def test_on_a_ready_node_it_is_0(self):
        self.agent.start_ready()
        code, checks = self.checks()
        self.assertEqual(code, 0, checks)
        self.assertEqual({check["status"] for check in checks.values()} - {"pass", "skip", "unknown"}, set())

    def test_it_judges_as_the_daemon_does(self):
        self.agent.start_ready()
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.await_not_ready()
        code, checks = self.checks()
        self.assertEqual(code, 1)

        def differences():
            daemons = {check["id"]: check["status"] for check in self.agent.status()["checks"]}
            return {name: check["status"] for name, check in checks.items() if daemons[name] != check["status"]}

        eventually(lambda: not differences(), "the daemon has looked at all that doctor has")

    def test_a_failure_says_what_why_and_how_to_fix_it(self):
        self.agent.start_ready()
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        done = self.agent.command("doctor")
        self.assertEqual(done.returncode, 1)
        for text in ("net.ipv4.ip_forward is 0", "why:", "sysctl -w net.ipv4.ip_forward=1"):
            self.assertIn(text, done.stdout)
        self.assertNotIn("\x1b", done.stdout)

    def test_forwarding_that_is_off_is_one_failure_and_its_remedy_fixes_all_of_it(self):
        self.agent.start_ready()
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.await_not_ready()
        self.assertEqual(self.lab.vm.sysctl("net.ipv4.conf.eth0.forwarding"), "0")
        _, checks = self.checks()
        self.assertEqual({name for name, check in checks.items() if check["status"] == "fail"}, {"sysctl.ip_forward"})
        self.lab.vm.shell(checks["sysctl.ip_forward"]["remedy"].partition(" && ")[0])
        self.agent.await_ready()
        self.assertEqual(self.lab.vm.sysctl("net.ipv4.conf.eth0.forwarding"), "1")

    def test_it_changes_nothing_even_where_sysctls_are_enforced(self):
        self.agent.configure(**settings(sysctls={"action": "enforce"}))
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        tape = self.lab.tape()
        begin = tape.mark()
        self.assertEqual(self.agent.command("doctor").returncode, 1)
        self.assertEqual(tape.changes(begin), [])
        self.assertEqual(self.lab.vm.sysctl("net.ipv4.ip_forward"), "0")

    def test_missing_routes_are_a_failure_without_a_daemon_too(self):
        code, checks = self.checks()
        self.assertEqual((code, checks["routes.in_sync"]["status"]), (1, "fail"))
        self.assertRegex(checks["routes.in_sync"]["message"], r"10\.244\.\d\.0/\d+")
        self.assertTrue(checks["routes.in_sync"]["remedy"].startswith("systemctl start calico-azure-agent "), checks)

    def test_with_imds_down_it_judges_by_the_cache(self):
        self.agent.start_ready()
        self.agent.stop()
        self.lab.simulator.stop()
        code, checks = self.checks()
        self.assertEqual((code, checks["nic.found"]["status"]), (0, "pass"))


class NodeProblemDetector(NodeCase):
    def line(self):
        begin = time.monotonic()
        done = self.agent.command("doctor", "--npd")
        if not SANITIZED:
            self.assertLess(time.monotonic() - begin, 4)
        self.assertEqual(done.stdout.count("\n"), 1)
        self.assertLessEqual(len(done.stdout.encode()), 81)
        return done.returncode, done.stdout.strip()

    def test_a_healthy_node_is_one_short_line(self):
        self.agent.start_ready()
        code, line = self.line()
        self.assertEqual(code, 0)
        self.assertNotEqual(line, "")

    def test_a_failure_is_one_short_line_that_names_the_check(self):
        self.agent.start_ready()
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        code, line = self.line()
        self.assertEqual(code, 1)
        self.assertTrue(line.startswith("sysctl.ip_forward: net.ipv4.ip_forward is 0"), line)

    def test_a_long_message_is_cut(self):
        self.lab.simulator.document({"interface": [{
            "macAddress": "000D3AAABBCC", "ipv6": {"ipAddress": []},
            "ipv4": {"ipAddress": [{"privateIpAddress": "10.240.0.4", "publicIpAddress": ""}],
                     "subnet": [{"address": "10.240.0.0", "prefix": "24"}]}}]})
        code, line = self.line()
        self.assertNotEqual(code, 0)
        self.assertLessEqual(len(line), 80)

    def test_it_ends_in_time_though_imds_hangs(self):
        self.agent.configure(**settings(imds={"read_timeout": "60s"}))
        self.lab.simulator.fault(kind="silence")
        code, _ = self.line()
        self.assertNotEqual(code, 0)


class PlainMachine(NodeCase):
    """A developer's: no Azure, no Kubernetes, nothing configured."""

    def test_it_says_in_time_that_it_does_not_know_and_each_reason_once_a_group(self):
        self.lab.simulator.stop()
        self.lab.vm.ip("link del eth0")
        self.agent.configure()
        begin = time.monotonic()
        done = self.agent.command("doctor")
        self.assertLess(time.monotonic() - begin, 30 if SANITIZED else 5)
        lines = done.stdout.splitlines()
        failed = [line.split()[1] for line in lines if line.startswith("  fail ")]
        self.assertEqual(failed, ["imds.reachable"], done.stdout)
        for group in done.stdout.split("\n\n"):
            reasons = [line[34:] for line in group.splitlines() if line.startswith("  unknown ")]
            self.assertEqual(len(reasons), len(set(reasons)), group)
        self.assertLess(len(lines), 45, done.stdout)


if __name__ == "__main__":
    unittest.main()
