#!/usr/bin/env python3
"""The dashboard and the alerts, in a real Prometheus that scrapes real agents: what each shows of a healthy fleet, and of
one with faults; and the dashboard by Grafana's schema."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from fleet import MONITORING, Fleet, recipe

_TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_TESTS))

from lab import eventually  # noqa: E402
from lab.cluster import CLUSTER, NODES  # noqa: E402

_FILE = MONITORING / "dashboard.json"
_TYPES = pathlib.Path(__file__).with_name("schema.ts")
_VARIABLES = {"$cluster": ".*", "$node": "vm3", "$__range": "10m", "$__rate_interval": "5s"}


def panels():
    return [panel for panel in json.loads(_FILE.read_text(encoding="utf-8"))["panels"] if panel["type"] != "row"]


def expressions(panel):
    """As Grafana sends them."""
    made = [target["expr"] for target in panel["targets"]]
    for name, value in _VARIABLES.items():
        made = [each.replace(name, value) for each in made]
    return made


def quick(rules):
    """Seconds in the place of minutes."""
    for pattern, seconds in ((r"\[\d+m\]", "[5s]"), (r"interval: 1m", "interval: 1s"), (r"offset \d+m", "offset 2s"),
                             (r"for: \d+m", "for: 0s")):
        rules = re.sub(pattern, seconds, rules)
    return rules


def compiler_says(dashboard):
    folder = pathlib.Path(subprocess.run([_TYPES.with_name("install")], stdout=subprocess.PIPE, text=True,
                                         check=True).stdout.strip())
    with tempfile.TemporaryDirectory(dir=folder) as beside:  # the packages that it imports
        file = pathlib.Path(beside, "dashboard.ts")
        file.write_text(f"{_TYPES.read_text(encoding='utf-8')}{dashboard};\n", encoding="utf-8")
        options = {"noEmit": True, "strict": True, "skipLibCheck": True, "module": "esnext",
                   "moduleResolution": "bundler", "target": "es2022", "types": []}
        file.with_name("tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": [file.name]}),
                                                   encoding="utf-8")
        done = subprocess.run(["node", folder / "node_modules" / "typescript" / "bin" / "tsc", "--project", beside],
                              capture_output=True, text=True, check=False)
    return done.stdout


class Schema(unittest.TestCase):
    def test_it_is_what_grafana_calls_a_dashboard(self):
        self.assertEqual(compiler_says(_FILE.read_text(encoding="utf-8")), "")

    def test_a_wrong_word_is_seen(self):
        text = _FILE.read_text(encoding="utf-8")
        for right, wrong in (("stat", "statt"), ("refresh", "refrech")):
            self.assertIn(f'"{wrong}"', compiler_says(text.replace(f'"{right}"', f'"{wrong}"')))

    def test_titles_and_ids_are_its_panels_own_and_none_overlaps(self):
        for key in ("title", "id"):
            told = [panel[key] for panel in panels()]
            self.assertEqual(len(told), len(set(told)))
        places = [(x, y) for panel in panels() for x in range(panel["gridPos"]["x"], sum(map(panel["gridPos"].get, "xw")))
                  for y in range(panel["gridPos"]["y"], sum(map(panel["gridPos"].get, "yh")))]
        self.assertEqual(len(places), len(set(places)))
        self.assertLess(max(x for x, _ in places), 24)


# Numbers, where they are certain; else whether there is something (True) or nothing (False).
_HEALTHY = {"Nodes": [3], "Not ready": [0], "Pods cut off": [0], "No answer": [0], "Routes lost": [0], "Alerts": False,
            "Failing checks": False, "Slowest repairs": False, "Checks that could not look": True, "Ready nodes": [3, 3],
            "Routes lost and restored": False, "Repairs": True, "Nodes with a failing check": False, "Versions": [3],
            "Modes": [3], "Start to ready": True, "Checks": True, "Ready": [1], "IMDS answered": True,
            "Running for": True, "Routes": [2, 0, 0, 0], "Lost routes": False, "Turns": True, "Memory": True}
_FAULTS = {**_HEALTHY, "Not ready": [1], "Pods cut off": [4], "Routes lost": True, "Alerts": True,
           "Failing checks": [3, 1], "Slowest repairs": True, "Ready nodes": [3, 2], "Routes lost and restored": True,
           "Nodes with a failing check": [2, 2, 2, 2], "Ready": [0], "Lost routes": True}


class Queries(unittest.TestCase):
    def setUp(self):
        self.fleet = Fleet(nodes=3)
        self.addCleanup(self.fleet.close)
        self.prometheus = self.fleet.prometheus(recipe("scrape.yaml"),
                                                quick((MONITORING / "rules.yaml").read_text(encoding="utf-8")))

    def shown(self):
        made = {}
        for panel in panels():
            samples = [number for each in expressions(panel) for _, number in self.prometheus.query(each)]
            made[panel["title"]] = sorted(samples, reverse=True)
        return made

    def assert_shows(self, wanted, meanwhile=lambda: None):
        """All panels at the same moment; rates and what has lasted take seconds."""
        self.assertEqual(set(wanted), {panel["title"] for panel in panels()})
        missed = {}

        def all_of_it():
            meanwhile()
            shown = self.shown()
            missed.clear()
            missed.update({title: shown[title] for title, what in wanted.items()
                           if (shown[title] != what if isinstance(what, list) else bool(shown[title]) != what)})
            return not missed

        try:
            eventually(all_of_it, "every panel", 60, pause=0.3)
        except AssertionError:
            self.fail(f"shown otherwise: {missed}")

    def firing(self):
        return {(labels["alertname"], labels.get("id"), annotations["summary"])
                for labels, annotations in self.prometheus.firing()}

    def lose_a_route(self):
        self.fleet.vms[2].namespace.run("ip", "route", "del", CLUSTER)

    def test_each_panel_of_a_healthy_fleet_and_of_one_with_faults(self):
        self.assert_shows(_HEALTHY)
        self.fleet.cluster.ask(f"subnet disassociate {NODES}")
        self.fleet.ask_azure()
        self.prometheus.await_query('ALERTS{alertstate="firing"}', bool)
        # One cause, one alert, whatever else asks the same of Azure.
        page = ("CalicoAzurePodsCutOff", "azure.route_table",
                "azure.route_table fails on 3 nodes of 3, 3 in subnet 10.240.0.0/24: their pods are cut off")
        eventually(lambda: self.firing() == {page}, "one page", 20)
        self.fleet.vms[2].namespace.sysctl("net.ipv4.ip_forward", 0)
        self.assert_shows(_FAULTS, self.lose_a_route)
        other = ("CalicoAzurePodsCutOff", "sysctl.ip_forward",
                 "sysctl.ip_forward fails on 1 nodes of 3, 1 in subnet 10.240.0.0/24: their pods are cut off")
        eventually(lambda: {page, other} <= self.firing(), "a page for each cause", 20)
        self.fleet.vms[1].agent.kill()
        answers, = (each for panel in panels() if panel["title"] == "No answer" for each in expressions(panel))
        self.prometheus.await_query(answers, [({}, 1.0)])


if __name__ == "__main__":
    unittest.main()
