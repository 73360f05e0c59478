#!/usr/bin/env python3
"""SIGHUP: a good file applies without a gap, a bad one changes nothing."""

import unittest

from case import CLUSTER, NODE, NodeCase, settings


class Reload(NodeCase):
    def setUp(self):
        super().setUp()
        self.agent.start_ready()

    def test_a_bad_file_is_refused_with_its_place_and_the_old_configuration_stays(self):
        good = self.agent.file.read_text(encoding="utf-8")
        bad = {'[pods]\ncluster_cidrs = ["10.244.0.1/16"]\n': r"2:18: .*10\.244\.0\.1/16",
               "[routes]\nmetirc = 7\n": r"2:1: .*metirc",
               "[routes]\nprotocol = 2\n": r"2:\d+: .*protocol",
               "[routes\n": r"1:\d+: "}
        tape = self.lab.tape()
        begin = tape.mark()
        for text, complaint in bad.items():
            with self.subTest(text):
                self.agent.file.write_text(text, encoding="utf-8")
                self.agent.hang_up()
                self.agent.await_log(rf"configuration not reloaded: {self.agent.file}:{complaint}")
                self.assertTrue(self.agent.is_ready())
        self.agent.file.write_text(good, encoding="utf-8")
        self.agent.hang_up()
        self.assertEqual(tape.changes(begin), [])

    def test_a_fifo_or_a_device_is_refused_and_nobody_is_waited_for(self):
        for kind in ("mkfifo {0}", "mknod {0} c 1 5"):
            with self.subTest(kind):
                self.agent.file.unlink()
                self.lab.vm.run("sh", "-c", kind.format(self.agent.file))
                begin = len(self.agent.log)
                self.agent.hang_up()
                self.agent.await_log(rf"configuration not reloaded: {self.agent.file}: is no regular file", since=begin)
                self.lab.vm.ip(f"route del {CLUSTER} proto 169")
                self.await_routes(self.wanted())
        self.assertEqual(self.agent.stop(), 0)

    def test_a_link_that_leads_nowhere_is_refused_and_the_old_configuration_stays(self):
        tape = self.lab.tape()
        begin = tape.mark()
        self.agent.file.unlink()
        self.agent.file.symlink_to("config.new")
        since = len(self.agent.log)
        self.agent.hang_up()
        self.agent.await_log(rf"configuration not reloaded: {self.agent.file}: .* a link to config\.new, which is not there",
                             since=since)
        self.assertEqual(tape.changes(begin), [])

    def test_the_service_manager_is_told_when_it_begins_and_ends(self):
        heard = self.agent.manager.heard
        for text in (self.agent.file.read_text(encoding="utf-8"), "[routes\n"):
            with self.subTest(text[:10]):
                begin = len(heard)
                self.agent.file.write_text(text, encoding="utf-8")
                self.agent.hang_up()
                started = self.agent.await_word(r"RELOADING=1\nMONOTONIC_USEC=\d+", since=begin)
                self.assertGreaterEqual(self.agent.await_word("READY=1", since=begin), started)

    def test_a_cluster_cidr_more_and_one_less(self):
        tape = self.lab.tape()
        begin = tape.mark()
        self.agent.reload(**settings(pods={"cluster_cidrs": [CLUSTER, "10.250.0.0/16"]}))
        added = self.cluster_route("10.250.0.0/16")
        self.await_routes([*self.wanted(), added])
        self.assertEqual(tape.changes(begin), [added])
        begin = tape.mark()
        self.agent.reload(**settings())
        self.await_routes(self.wanted())
        self.assertEqual(tape.changes(begin), [f"Deleted {added}"])

    def test_all_cidrs_gone_is_all_routes_gone(self):
        self.agent.reload(**settings(pods={"cluster_cidrs": [], "node_cidrs": []}))
        self.await_routes([])
        self.agent.await_ready()

    def test_many_cidrs_gone_go_at_once_because_the_configuration_says_so(self):
        many = [f"10.{i}.0.0/16" for i in range(100, 140)]
        self.agent.reload(**settings(pods={"cluster_cidrs": many, "node_cidrs": []}))
        self.await_routes([self.cluster_route(each) for each in many])
        self.agent.reload(**settings())
        self.await_routes(self.wanted())

    def test_under_another_protocol_number_every_route_is_replaced_in_place(self):
        tape = self.lab.tape()
        begin = tape.mark()
        self.agent.reload(**settings(routes={"protocol": 170}))
        self.await_routes([])
        changes = tape.changes(begin)
        anew = sorted(line.replace("proto 169", "proto 170") for line in self.wanted())
        self.assertEqual(self.lab.routes(170), anew)
        # A replaced key never leaves the table: no line says that it was deleted.
        self.assertEqual(sorted(changes), anew)
        self.agent.await_ready()

    def test_in_another_table_the_new_routes_are_in_before_the_old_ones_go(self):
        tape = self.lab.tape()
        begin = tape.mark()
        self.agent.reload(**settings(routes={"table": 900}))
        anew = sorted([self.cluster_route().replace(" proto", " table 900 proto"),
                       self.sink().replace(" proto", " table 900 proto")])
        self.await_routes(anew)
        changes = tape.changes(begin)
        deletions = [index for index, line in enumerate(changes) if line.startswith("Deleted ")]
        self.assertEqual((sorted(changes[:2]), deletions), (anew, [2, 3]))

    def test_another_protocol_and_another_table_at_once_leave_no_route_behind(self):
        self.agent.reload(**settings(routes={"protocol": 170, "table": 900, "metric": 55}))
        self.await_routes([])
        self.assertEqual(len(self.lab.routes(170)), 2)
        self.agent.reload(**settings())
        self.await_routes(self.wanted())
        self.assertEqual(self.lab.routes(170), [])

    def test_another_metric_is_make_before_break(self):
        tape = self.lab.tape()
        begin = tape.mark()
        self.agent.reload(**settings(routes={"metric": 2048}))
        self.await_routes([self.cluster_route(metric=2048), self.sink()])
        self.assertEqual(tape.changes(begin), [self.cluster_route(metric=2048), f"Deleted {self.cluster_route()}"])

    def test_another_sink_replaces_the_old_one(self):
        self.agent.reload(**settings(routes={"local_sink": "unreachable"}))
        self.await_routes([self.cluster_route(), self.sink(kind="unreachable")])
        self.agent.reload(**settings(routes={"local_sink": "none"}))
        self.await_routes([self.cluster_route()])

    def test_another_address_is_named_as_needing_a_restart_and_the_rest_applies(self):
        begin = len(self.agent.log)
        self.agent.reload(**settings(http={"listen": "127.0.0.1:17000"}, routes={"metric": 9}))
        self.agent.await_log(r"http\.listen.*restart", since=begin)
        self.await_routes([self.cluster_route(metric=9), self.sink()])
        self.assertTrue(self.agent.is_ready())

    def test_routes_disabled_and_enabled_again(self):
        self.agent.reload(**settings(routes={"enabled": False}))
        self.agent.await_check("routes.in_sync", "skip")
        self.lab.vm.ip(f"route del {CLUSTER}")
        self.agent.reload(**settings())
        self.await_routes(self.wanted())

    def test_a_reload_before_ready_does_not_say_ready(self):
        self.agent.stop()
        self.lab.simulator.stop()
        (self.agent.state / "imds.json").unlink()
        begin = len(self.agent.manager.heard)
        self.agent.start()
        self.agent.await_word("STATUS=waiting", since=begin)
        self.agent.hang_up()
        self.agent.stop()
        self.assertEqual([line for line in self.agent.manager.heard.lines(begin) if "READY=1" in line], [])

    def test_another_imds_endpoint_is_asked_at_once(self):
        self.agent.reload(**settings(imds={"endpoint": "http://168.63.129.16:9"}))
        self.agent.await_log(r"168\.63\.129\.16")
        self.assertTrue(self.agent.is_ready())
        self.assertEqual(self.lab.routes(), self.wanted())
        self.assertIn(NODE, self.agent.status()["pods"]["node_cidrs"])


if __name__ == "__main__":
    unittest.main()
