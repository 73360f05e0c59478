#!/usr/bin/env python3
"""Prometheus' own promtool reads /metrics as its server would, and has nothing to remark about names and help."""

import pathlib
import re
import sys
import unittest

import promtool

_TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_TESTS))

from lab import Lab  # noqa: E402

_TABLE = _TESTS.parent / "packaging" / "monitoring" / "metrics.md"
_CONFIG = {"mode": "udr", "pods": {"cluster_cidrs": ["10.244.0.0/16"], "node_cidrs": ["10.244.1.0/24"]},
           "imds": {"poll_interval": "10s", "read_timeout": "1s"}, "azure": {"verify": "off"}}


def remarks(metrics):
    return promtool.run("check", "metrics", said=metrics)


class Metrics(unittest.TestCase):
    def setUp(self):
        self.lab = Lab().__enter__()
        self.addCleanup(self.lab.close)

    def test_of_a_ready_node_and_of_one_that_is_not(self):
        agent = self.lab.agent(**_CONFIG).start_ready()
        self.assertEqual(remarks(agent.get("/metrics").body), (0, ""))
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        agent.await_not_ready()
        self.assertEqual(remarks(agent.get("/metrics").body), (0, ""))

    def test_show_no_family_that_the_table_lacks(self):
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \| (.*) \|$", _TABLE.read_text(encoding="utf-8"), re.MULTILINE)
        table = {name: (kind, set(re.findall("`(\\w+)`", labels)), meaning) for name, kind, labels, meaning in rows}
        agent = self.lab.agent(**_CONFIG).start_ready()
        self.lab.vm.ip("route del 10.244.0.0/16")
        agent.await_log("restored")
        shown = agent.get("/metrics").body
        self.assertIn("calico_azure_agent_routes_lost_total", shown)
        for name, meaning, kind in re.findall(r"# HELP (\w+) (.*)\n# TYPE \w+ (\w+)", shown):
            with self.subTest(name):
                self.assertEqual((kind, meaning), (table[name][0], table[name][2]))
                series = re.findall(rf"(?m)^{name}(?:_bucket|_sum|_count)?(?:{{(.*)}})? ", shown)
                labels = {label for each in series for label in re.findall(r'(\w+)="', each)} - {"le"}
                self.assertEqual(labels, table[name][1])

    def test_without_imds_and_pods(self):
        self.lab.simulator.stop()
        agent = self.lab.agent(imds=_CONFIG["imds"]).start()
        self.assertEqual(remarks(agent.get("/metrics").body), (0, ""))

    def test_what_is_wrong_is_remarked(self):
        agent = self.lab.agent(**_CONFIG).start_ready()
        right = agent.get("/metrics").body
        self.assertEqual(remarks(right.replace("# HELP calico_azure_agent_ready", "# FORGOTTEN"))[0], 3)
        self.assertEqual(remarks(right + "calico_azure_agent_ready one\n")[0], 1)


if __name__ == "__main__":
    unittest.main()
