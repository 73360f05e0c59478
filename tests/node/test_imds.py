#!/usr/bin/env python3
"""IMDS: late, failing, changing, lying."""

import unittest

from case import NodeCase, documents, eventually


class AtStart(NodeCase):
    def test_without_any_document_the_reason_is_told_and_nothing_is_added_or_removed(self):
        self.lab.simulator.stop()
        mine = "10.77.0.0/16 via 10.240.0.1 dev eth0 proto 169"
        self.lab.vm.ip(f"route add {mine}", "rule add from 10.77.0.0/16 lookup 900 priority 16925 protocol 169")
        rules = self.lab.rules()
        tape = self.lab.tape()
        begin = tape.mark()
        self.agent.start()
        self.agent.await_word("STATUS=waiting for imds.reachable: .*169.254.169.254")
        self.lab.vm.ip("link set eth0 down", "link set eth0 up")  # something to act on
        self.lab.give_address()
        self.lab.vm.ip(f"route replace {mine}")
        before = self.agent.status()["counters"]["imds_errors"]
        eventually(lambda: self.agent.status()["counters"]["imds_errors"] > before, "another attempt")
        self.assertFalse(self.agent.is_ready())
        self.assertEqual((self.lab.routes(), self.lab.rules()), ([mine], rules))
        made = [line for line in tape.changes(begin) if "proto 169" in line]
        self.assertEqual(made, [mine])
        self.assertEqual(self.agent.check("imds.reachable")["gate"], True)

    def test_an_imds_that_comes_late_is_followed(self):
        self.lab.simulator.stop()
        self.agent.start()
        self.agent.await_word("STATUS=waiting for imds.reachable")
        self.lab.simulator.start()
        self.agent.await_word("READY=1", timeout=20)
        self.assertEqual(self.lab.routes(), self.wanted())
        self.assertEqual(self.agent.status()["imds"]["source"], "live")

    def test_a_useless_answer_is_no_answer(self):
        useless = {
            "an empty body": {"kind": "body", "text": ""},
            "no object": {"kind": "body", "text": "[]"},
            "an empty object": {"kind": "body", "text": "{}"},
            "no interface": {"kind": "body", "text": '{"compute":{},"network":{"interface":[]}}'},
            "no network": {"kind": "no_network"},
            "no address": {"kind": "no_addresses"},
            "a web page": {"kind": "not_json"},
            "half a document": {"kind": "truncate"},
            "too much": {"kind": "huge_body"},
            "no HTTP": {"kind": "not_http"},
        }
        for name, fault in useless.items():
            with self.subTest(name):
                self.lab.simulator.fault(**fault)
                begin = len(self.agent.log)
                self.agent.start()
                self.agent.await_log(r"info waiting for imds\.reachable: no usable answer from IMDS yet: .+", since=begin)
                self.assertEqual(self.lab.routes(), [])
                self.assertEqual(self.agent.status()["imds"]["source"], "none")
                self.agent.stop()

    def test_a_proxy_in_the_environment_is_not_asked(self):
        environment = {"http_proxy": "http://10.240.0.1:9", "HTTP_PROXY": "http://10.240.0.1:9"}
        plan = self.agent.command("plan", environment=environment)
        self.assertEqual(plan.returncode, 1, plan.stderr)


class Failing(NodeCase):
    def test_no_failure_of_imds_withdraws_routes_or_readiness(self):
        self.agent.start_ready()
        since = self.agent.status()["ready_since"]
        tape = self.lab.tape()
        begin = tape.mark()
        heard = len(self.agent.manager.heard)
        self.lab.simulator.forget()
        faults = [{"kind": "status", "code": code, "count": 1} for code in (410, 429, 500)]
        self.lab.simulator.fault(*faults, {"kind": "silence", "count": 1}, {"kind": "no_addresses"})
        # One poll after another: 10 s (of the first), then as the back-off goes, 1, 2, 4, 8 s.
        self.lab.simulator.await_requests(5, timeout=40)
        eventually(lambda: self.agent.status()["counters"]["imds_errors"] >= 5, "five failures")
        self.assertEqual(self.agent.status()["ready_since"], since)
        self.assertEqual(self.agent.status()["imds"]["source"], "live")
        self.assertEqual(tape.changes(begin), [])
        self.assertEqual(self.lab.routes(), self.wanted())
        self.assertEqual([line for line in self.agent.manager.heard.lines(heard) if "waiting" in line], [])
        self.assertEqual(self.agent.check("imds.reachable")["status"], "pass")


class Changing(NodeCase):
    def test_a_changed_document_is_acted_on_once_three_answers_agree(self):
        # The link still bears the address that the new one lacks: an interval, and twice the pause until the next look.
        self.agent.start_ready()
        self.lab.vm.ip("addr add 10.240.0.40/24 dev eth0")
        document = self.lab.document()
        document["network"]["interface"][0]["ipv4"]["ipAddress"][0]["privateIpAddress"] = "10.240.0.40"
        self.lab.simulator.document(document)
        changed = self.cluster_route().replace("src 10.240.0.4", "src 10.240.0.40")
        self.await_routes([changed, self.sink()], timeout=40)
        self.agent.await_ready()
        self.assertEqual(self.agent.status()["nic"]["addresses"], ["10.240.0.40"])

    def test_nics_that_match_no_link_count_only_the_third_time(self):
        self.agent.start_ready()
        heard = len(self.agent.manager.heard)
        tape = self.lab.tape()
        begin = tape.mark()
        self.lab.simulator.document(documents.another_vm(self.lab.document()))
        self.lab.simulator.forget()
        self.lab.simulator.await_requests(2, timeout=26)
        self.agent.await_log(r"2 of 3 such answers")
        self.assertTrue(self.agent.is_ready())
        self.assertEqual(self.agent.check("nic.found")["status"], "pass")
        self.assertEqual([line for line in self.agent.manager.heard.lines(heard) if "waiting" in line], [])

        self.lab.simulator.await_requests(3, timeout=14)
        self.agent.await_check("nic.found", "fail")
        self.assertFalse(self.agent.is_ready())
        self.assertEqual(tape.changes(begin), [])


if __name__ == "__main__":
    unittest.main()
