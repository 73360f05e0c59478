#!/usr/bin/env python3
"""The rules for a fleet: promtool runs their cases, and what they ask for is what an agent tells."""

import pathlib
import re
import sys
import unittest

import promtool
import yaml

_TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_TESTS))

from lab import Lab  # noqa: E402

_FOLDER = _TESTS.parent / "packaging" / "monitoring"
_RULES = _FOLDER / "rules.yaml"
_CASES = _FOLDER / "rules_test.yaml"


def alerts():
    groups = yaml.safe_load(_RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


class Rules(unittest.TestCase):
    def test_every_case_holds(self):
        self.assertEqual(promtool.run("check", "rules", _RULES)[0], 0)
        self.assertEqual(promtool.run("test", "rules", _CASES)[0], 0, promtool.run("test", "rules", _CASES)[1])

    def test_each_alert_is_seen_to_fire_and_to_be_silent(self):
        cases = [case for test in yaml.safe_load(_CASES.read_text(encoding="utf-8"))["tests"]
                 for case in test["alert_rule_test"]]
        for alert in alerts():
            name = alert["alert"]
            fires = [bool(case.get("exp_alerts")) for case in cases if case["alertname"] == name]
            self.assertEqual(set(fires), {True, False}, name)

    def test_each_alert_leads_to_a_heading_of_the_readme(self):
        readme = (_TESTS.parent / "README.md").read_text(encoding="utf-8")
        anchors = {each.lower().replace(" ", "-") for each in re.findall(r"(?m)^#+ (.+)$", readme)}
        for alert in alerts():
            path, anchor = alert["annotations"]["runbook_url"].split("#")
            self.assertEqual(path, "README.md")
            self.assertIn(anchor, anchors, alert["alert"])

    def test_what_they_ask_for_is_what_an_agent_tells(self):
        with Lab() as lab:
            agent = lab.agent(mode="udr", azure={"verify": "off"},
                              pods={"cluster_cidrs": ["10.244.0.0/16"], "node_cidrs": ["10.244.1.0/24"]}).start_ready()
            lab.vm.run("ip", "route", "del", "10.244.0.0/16")
            agent.await_log("restored 1 route")
            told = set(re.findall(r"(?m)^# TYPE (\w+)", agent.get("/metrics").body))
        asked = set(re.findall(r"(?<![:\w])calico_azure_agent_\w+", _RULES.read_text(encoding="utf-8")))
        self.assertLessEqual(asked, told)


if __name__ == "__main__":
    unittest.main()
