#!/usr/bin/env python3
"""flush: all that is ours, in every table, and nothing else."""

import unittest

from case import CLUSTER, CLUSTER6, NODE, NODE6, NodeCase, settings


class Flush(NodeCase):
    lab_options = {"ipv6": True}
    config = {"pods": {"cluster_cidrs": [CLUSTER, CLUSTER6], "node_cidrs": [NODE, NODE6]}}

    def setUp(self):
        super().setUp()
        # Routes and rules as earlier configurations may have left them.
        self.lab.vm.ip("route add 10.99.0.0/16 via 10.240.0.1 dev eth0 table 16925 proto 169",
                       "route add fd00:99::/48 via fe80::1234:5678:9abc dev eth0 table 777 proto 169",
                       "rule add from 10.99.0.0/16 lookup 16925 priority 16925 protocol 169",
                       "route add 10.98.0.0/16 via 10.240.0.1 dev eth0 table 16925 proto 77",
                       "rule add from 10.98.0.0/16 lookup 16925 priority 16925 protocol 77")
        self.lab.vm.ip("rule add from fd00:99::/48 lookup 16925 priority 16925 protocol 169", options=["-6"])
        self.others = self.of_others()

    def of_others(self):
        return [line for line in self.lab.routes(None) + self.lab.rules()
                if "proto 169" not in line and "proto kernel" not in line]

    def of_ours(self):
        return self.lab.routes() + [line for line in self.lab.rules() if "proto 169" in line]

    def test_it_removes_ours_in_every_table_and_family_and_nothing_else(self):
        self.lab.vm.ip(f"route add {CLUSTER} via 10.240.0.1 dev eth0 proto 169 metric 1024",
                       f"route add blackhole {NODE6} proto 169 metric 1000000")
        self.assertEqual(len(self.of_ours()), 6)
        done = self.agent.command("flush")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len(done.stdout.splitlines()), 6)
        self.assertEqual(self.of_ours(), [])
        self.assertEqual(self.of_others(), self.others)

    def test_a_dry_run_tells_and_removes_nothing(self):
        before = self.of_ours()
        tape = self.lab.tape()
        begin = tape.mark()
        done = self.agent.command("flush", "--dry-run")
        self.assertEqual(done.returncode, 0)
        self.assertIn("10.99.0.0/16", done.stdout)
        self.assertEqual(len(done.stdout.splitlines()), len(before))
        self.assertEqual(tape.changes(begin), [])

    def test_with_nothing_there_it_is_0_too(self):
        self.assertEqual(self.agent.command("flush").returncode, 0)
        self.assertEqual(self.agent.command("flush").returncode, 0)

    def test_while_a_daemon_runs_it_refuses_and_names_it(self):
        self.agent.start_ready()
        self.await_routes([*self.wanted(), self.cluster_route(CLUSTER6), self.sink(NODE6)], timeout=20)
        before = self.of_ours()
        tape = self.lab.tape()
        begin = tape.mark()
        done = self.agent.command("flush")
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(self.agent.number), done.stderr)
        self.assertIn("--force", done.stderr)
        self.assertEqual(tape.changes(begin), [])
        self.assertEqual(self.of_ours(), before)

    def test_by_force_it_does_and_the_daemon_puts_its_routes_back(self):
        self.agent.start_ready()
        self.await_routes([*self.wanted(), self.cluster_route(CLUSTER6), self.sink(NODE6)], timeout=20)
        tape = self.lab.tape()
        begin = tape.mark()
        self.assertEqual(self.agent.command("flush", "--force").returncode, 0)
        self.assertTrue(any(line.startswith("Deleted") for line in tape.changes(begin)))
        self.await_routes([*self.wanted(), self.cluster_route(CLUSTER6), self.sink(NODE6)])

    def test_it_goes_by_the_configured_protocol(self):
        self.agent.configure(**settings(routes={"protocol": 77}))
        self.assertEqual(self.agent.command("flush").returncode, 0)
        self.assertEqual([line for line in self.of_others() if "proto 77" in line], [])
        self.assertEqual(len(self.of_ours()), 4)


if __name__ == "__main__":
    unittest.main()
