#!/usr/bin/env python3
"""Stopping and starting again: the kernel is told nothing, and there is one agent at a time."""

import json
import unittest

from case import CLUSTER, CLUSTER6, NODE, NODE6, NodeCase, eventually, settings


class Restart(NodeCase):
    lab_options = {"ipv6": True}
    config = {"pods": {"cluster_cidrs": [CLUSTER, CLUSTER6], "node_cidrs": [NODE, NODE6]}}

    def assert_silent_restart(self, end):
        self.agent.start_ready()
        before = self.lab.routes()
        self.assertEqual(len(before), 4)
        tape = self.lab.tape()
        begin = tape.mark()
        end()
        self.agent.start_ready()
        eventually(lambda: self.agent.status()["imds"]["source"] == "live", "an answer of IMDS")
        self.assertEqual(tape.changes(begin), [])
        self.assertEqual(self.lab.routes(), before)

    def test_a_stop_and_a_start_are_not_one_notification(self):
        self.assert_silent_restart(self.agent.stop)

    def test_a_crash_and_a_start_are_not_one_notification(self):
        self.assert_silent_restart(self.agent.kill)

    def test_a_restart_without_imds_is_not_one_notification_either(self):
        self.agent.start_ready()
        self.lab.simulator.stop()
        tape = self.lab.tape()
        begin = tape.mark()
        self.agent.stop()
        self.agent.start_ready()
        self.assertEqual(self.agent.status()["imds"]["source"], "cache")
        self.assertEqual(tape.changes(begin), [])

    def test_a_restart_repairs_only_what_went_meanwhile(self):
        self.agent.start_ready()
        self.agent.stop()
        self.lab.vm.ip(f"route del blackhole {NODE} proto 169")
        tape = self.lab.tape()
        begin = tape.mark()
        self.agent.start_ready()
        self.assertEqual(tape.changes(begin), [self.sink()])


class AnotherProtocol(NodeCase):
    """Of a number that is configured no more, routes are the agent's until none is left."""

    OTHER = settings(pods={"cluster_cidrs": ["10.250.0.0/16"], "node_cidrs": ["10.250.1.0/24"]}, routes={"protocol": 99})

    def setUp(self):
        super().setUp()
        self.agent.start_ready()
        self.file = self.agent.state / "kept.json"
        eventually(lambda: self.file.exists() and 169 in json.loads(self.file.read_text("utf-8"))["protocols"], "the number")
        self.agent.stop()
        self.agent.configure(**self.OTHER)

    def test_it_is_not_forgotten_over_a_restart(self):
        plan = self.agent.command("plan").stdout
        self.assertIn(f"remove  {CLUSTER}", plan)
        self.agent.start_ready()
        eventually(lambda: self.lab.routes() == [], "no route of the old number", timeout=30)  # after a second reading
        self.assertEqual(len(self.lab.routes(99)), 2)
        eventually(lambda: json.loads(self.file.read_text("utf-8"))["protocols"] == [99], "the number alone")

    def test_flush_takes_both_and_names_their_link(self):
        self.assertEqual(self.agent.command("flush", "--protocols").stdout, "99\n169\n")
        self.assertIn(f"would remove route {CLUSTER} via {self.lab.nic.gateway} dev eth0 ",
                      self.agent.command("flush", "--dry-run").stdout)
        self.assertEqual(self.agent.command("flush").returncode, 0)
        self.assertEqual(self.lab.routes(), [])

    def test_another_vms_numbers_are_not_believed(self):
        kept = json.loads(self.file.read_text("utf-8"))
        self.file.write_text(json.dumps({**kept, "vm_id": "another"}), encoding="utf-8")
        self.assertEqual(self.agent.command("flush").stdout, "")
        self.assertEqual(self.lab.routes(), self.wanted())


class SecondaryRestart(NodeCase):
    config = {"nic": {"select": "name:eth1"}}

    def test_a_restart_with_a_pod_table_is_not_one_notification(self):
        self.lab.add_second_nic()
        self.agent.start_ready()
        self.assertEqual(len(self.lab.rules()), 1)
        tape = self.lab.tape()
        begin = tape.mark()
        self.agent.kill()
        self.agent.start_ready()
        self.assertEqual(tape.changes(begin), [])


class Ends(NodeCase):
    def test_sigterm_ends_with_0_before_ready_too(self):
        self.lab.simulator.stop()
        self.agent.start()
        self.agent.await_word("STATUS=waiting for")
        self.assertEqual(self.agent.stop(), 0)

    def test_sigterm_ends_with_0_while_imds_hangs(self):
        self.lab.simulator.fault(kind="silence")
        self.agent.configure(**settings(imds={"read_timeout": "30s"}))
        self.agent.start()
        self.lab.simulator.await_requests(1)
        self.assertEqual(self.agent.stop(), 0)

    def test_a_second_daemon_refuses_and_names_the_first(self):
        self.agent.start_ready()
        second = self.agent.command("run")
        self.assertEqual(second.returncode, 1)
        self.assertIn(str(self.agent.number), second.stderr)
        self.assertTrue(self.agent.is_ready())
        self.assertTrue(self.agent.ready_file.exists())

    def test_the_place_of_a_killed_daemon_is_free(self):
        self.agent.start_ready()
        self.agent.kill()
        self.agent.start_ready()


if __name__ == "__main__":
    unittest.main()
