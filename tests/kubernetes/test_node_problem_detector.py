#!/usr/bin/env python3
"""node-problem-detector's files: within its rules, and about what the agent really says."""

import json
import pathlib
import re
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from kustomize import PACKAGING  # noqa: E402
from lab import Lab, agent_binary  # noqa: E402

_FOLDER = PACKAGING / "node-problem-detector"
_SETTINGS = {"mode": "udr", "pods": {"cluster_cidrs": ["10.244.0.0/16"], "node_cidrs": ["10.244.1.0/24"]},
             "imds": {"poll_interval": "10s", "read_timeout": "1s"}, "azure": {"verify": "off"},
             "log": {"format": "json"}}


def load(name):
    return json.loads((_FOLDER / name).read_text(encoding="utf-8"))


class Detector(unittest.TestCase):
    def setUp(self):
        self.lab = Lab().__enter__()
        self.addCleanup(self.lab.close)
        self.agent = self.lab.agent(**_SETTINGS)
        self.agent.start_ready()

    def messages(self):
        return [json.loads(line)["message"] for line in self.agent.log.lines()]

    def test_every_pattern_matches_what_the_agent_says_and_nothing_of_a_good_day(self):
        # To the end of what is buffered, as NPD matches.
        rules = {rule["reason"]: re.compile(f"(?:{rule['pattern']})\\Z")
                 for rule in load("calico-azure-agent-journal.json")["rules"]}

        def seen(messages):
            return {reason for reason, rule in rules.items() if any(rule.search(message) for message in messages)}

        begin = len(self.agent.log)
        self.agent.await_log('"ready"')
        self.assertEqual(seen(self.messages()), set())
        self.lab.vm.ip("route del 10.244.0.0/16 proto 169")
        self.agent.await_log("restored", begin)
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.await_log("no longer ready", begin)
        self.assertEqual(seen(self.messages()[begin:]), set(rules))
        self.lab.vm.sysctl("net.ipv4.ip_forward", 1)
        recovered = len(self.agent.log)
        self.agent.await_ready()
        self.agent.await_log('"ready"', begin)
        self.assertEqual(seen(self.messages()[recovered:]), set())

    def test_the_journals_source_is_the_agents_identifier(self):
        journal = load("calico-azure-agent-journal.json")
        self.assertEqual((journal["plugin"], journal["pluginConfig"]["source"]), ("journald", agent_binary().name))

    def test_the_plugin_answers_within_npds_bounds(self):
        plugin = load("calico-azure-agent-plugin.json")
        rule, = plugin["rules"]
        self.assertEqual(pathlib.PurePath(rule["path"]).name, agent_binary().name)
        self.assertEqual(rule["condition"], plugin["conditions"][0]["type"])
        self.assertEqual((rule["timeout"], plugin["pluginConfig"]["timeout"]), ("5s", "5s"))
        for forwarding, code in ((1, 0), (0, 1)):
            self.lab.vm.sysctl("net.ipv4.ip_forward", forwarding)
            begin = time.monotonic()
            done = self.agent.command(*rule["args"])
            self.assertLess(time.monotonic() - begin, 5)
            self.assertEqual(done.returncode, code, done.stdout)
            self.assertLessEqual(len(done.stdout.strip().encode()), plugin["pluginConfig"]["max_output_length"])

    def test_it_asks_azure_no_oftener_than_the_daemon(self):
        shipped = (PACKAGING / "config.toml").read_text(encoding="utf-8")
        interval = load("calico-azure-agent-plugin.json")["pluginConfig"]["invoke_interval"]
        self.assertIn(f'#interval = "{interval}"\n', shipped)


if __name__ == "__main__":
    unittest.main()
