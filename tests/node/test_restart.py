#!/usr/bin/env python3
"""Stopping and starting again: the kernel is told nothing, and there is one agent at a time."""

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
