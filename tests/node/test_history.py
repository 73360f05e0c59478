#!/usr/bin/env python3
"""The flight recorder: what happened on a node is there after a restart and a crash, and can be asked for."""

import datetime
import json
import re
import time
import unittest

from case import CLUSTER, NodeCase, eventually

POD = "10.244.7.9"
# ip(8) may have ended before it is looked for.
_WHO = r"(ip \(process \d+\)|netlink port \d+)"


class History(NodeCase):
    def history(self, *words):
        return self.agent.command("history", *words).stdout

    def records(self):
        return [json.loads(line) for line in self.history("--json").splitlines()]

    def events(self):
        return [record["event"] for record in self.records()]

    def await_record(self, event, **fields):
        def found():
            return [record for record in self.records() if record.get("event") == event
                    and all(re.search(text, record.get(name, "")) for name, text in fields.items())]
        return eventually(found, f"a record of {event} {fields}")[-1]

    def test_a_repair_is_kept_with_who_took_the_route_and_how_long_it_took(self):
        self.agent.start_ready()
        self.lab.vm.ip(f"route del {CLUSTER}")
        record = self.await_record("routes_put_back", route=CLUSTER)
        self.assertRegex(record["by"], _WHO)
        self.assertLess(float(record["repair_ms"]), 1000)
        self.assertRegex(self.history(), rf"warn +restored 1 route removed by {_WHO}: added route {CLUSTER}"
                                         r".* \(in [\d.]+ ms\)")

    def test_what_happened_before_a_crash_is_there_after_it(self):
        self.agent.start_ready()
        self.lab.vm.run("sysctl", "-qw", "net.ipv4.ip_forward=0")
        self.await_record("not_ready")
        self.agent.kill()
        self.lab.vm.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.agent.start_ready()
        events = eventually(lambda: self.events() if self.events().count("started") == 2 else None, "the second start")
        self.assertLess(events.index("not_ready"), len(events) - 1 - events[::-1].index("started"))

    def test_levels_of_the_log_do_not_thin_it_out(self):
        self.agent.configure(log={"level": "error"})
        self.agent.start_ready()
        self.await_record("ready")

    def test_a_link_that_goes_is_kept(self):
        self.agent.start_ready()
        self.lab.vm.ip("link set eth0 down")
        self.await_record("link_changed", link="eth0", message="NIC eth0 is down, it was up")

    def test_explain_tells_what_was_true_at_a_time(self):
        self.agent.start_ready()
        eventually(lambda: any(record.get("ready") for record in self.records()), "the ready state")
        recorded = self.now()  # a time is told to the second
        eventually(lambda: self.now() != recorded, "a second in which it was ready throughout")
        healthy = self.now()
        eventually(lambda: self.now() != healthy, "the next second")
        self.lab.vm.run("sysctl", "-qw", "net.ipv4.ip_forward=0")
        self.await_record("not_ready")
        eventually(lambda: any(record.get("event") == "state" and "sysctl.ip_forward" in record["fail"]
                               for record in self.records()), "the state")
        was = self.agent.command("explain", "--at", healthy, POD).stdout
        self.assertRegex(was, r"(?m)^agent +ran since ")
        self.assertRegex(was, r"(?m)^node +mode udr, NIC eth0, ready$")
        self.assertRegex(was, rf"(?m)^wanted +{CLUSTER} via 10.240.0.1 dev eth0 .*: in_sync$")
        now = self.agent.command("explain", "--at", "0s", POD).stdout
        self.assertRegex(now, r"(?m)^node .*not ready; failed: sysctl.ip_forward$")
        self.assertRegex(now, r"error +no longer ready: sysctl.ip_forward")

    def test_an_agent_that_was_killed_is_not_said_to_run(self):
        self.agent.start_ready()
        self.await_record("ready")
        self.agent.kill()
        asked = self.agent.command("explain", "--at", "0s", POD).stdout
        self.assertRegex(asked, r"(?m)^agent +ran since \S+, last heard of at \S+$")
        killed = self.now()
        eventually(lambda: self.now() > killed, "the next second")
        between = self.now()
        eventually(lambda: self.now() > between, "the second after it")
        self.agent.start_ready()
        eventually(lambda: self.events().count("started") == 2, "the second start")
        asked = self.agent.command("explain", "--at", between, POD).stdout
        self.assertRegex(asked, r"(?m)^agent +ran since \S+ to \S+, and ended without a word before it started again at ")
        self.assertEqual(self.agent.command("explain", "--at", "2096-01-01", POD).returncode, 64)

    def test_a_file_that_cannot_be_read_keeps_nobody_from_the_other(self):
        (self.agent.state / "events.1.jsonl").symlink_to("/dev/zero")
        self.agent.start_ready()
        self.await_record("ready")
        self.assertIn("events.1.jsonl", self.agent.command("history").stderr)

    def test_before_the_record_begins_nothing_is_known(self):
        self.agent.start_ready()
        self.await_record("ready")
        asked = self.agent.command("explain", "--at", "2020-01-01", POD)
        self.assertEqual(asked.returncode, 2)
        self.assertIn("not known: the record begins at", asked.stdout)

    def test_a_time_that_is_none_is_refused(self):
        for words in (["history", "--since", "soon"], ["explain", "--at", "soon", POD]):
            refused = self.agent.command(*words)
            self.assertEqual(refused.returncode, 64)
            self.assertIn("'soon' is no time", refused.stderr)

    def test_without_a_record_history_says_where_it_would_be(self):
        asked = self.agent.command("history")
        self.assertEqual(asked.returncode, 2)
        self.assertIn("events.jsonl: nothing is recorded there", asked.stderr)

    def test_a_record_that_cannot_be_written_costs_nothing_else(self):
        (self.agent.state / "events.jsonl").mkdir()
        self.agent.start_ready()
        self.agent.await_log("events.jsonl: cannot be opened")
        self.agent.await_ready()

    @staticmethod
    def now():
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def test_what_a_disk_did_not_take_is_not_known(self):
        self.agent.start_ready()
        self.await_record("ready")
        events, aside = self.agent.state / "events.jsonl", self.agent.state / "aside"
        events.rename(aside)
        events.mkdir()
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.await_log("events.jsonl: cannot be opened")
        moment = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")[:23]
        events.rmdir()
        aside.rename(events)
        self.lab.vm.sysctl("net.ipv4.ip_forward", 1)
        self.await_record("events_lost", message="not recorded: ")
        past = self.agent.command("explain", "--at", moment, CLUSTER)
        self.assertRegex(past.stdout, r"(?m)^node     not known: \d+ events? from 20\S+ on (is|are) not recorded: .*cannot be opened")
        self.assertNotIn("wanted", past.stdout)
        self.assertEqual(past.returncode, 2)
        eventually(lambda: re.search("(?m)^node .*, ready$", self.agent.command("explain", "--at", "0s", CLUSTER).stdout),
                   "what is true is recorded again")


if __name__ == "__main__":
    unittest.main()
