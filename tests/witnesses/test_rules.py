#!/usr/bin/env python3
"""The rules for a fleet: promtool runs their cases, and what they ask for is what an agent tells."""

import pathlib
import re
import sys
import tempfile
import unittest

import promtool
import yaml

_TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_TESTS))

from lab import Lab  # noqa: E402

_FOLDER = _TESTS.parent / "packaging" / "monitoring"
_RULES = _FOLDER / "rules.yaml"
_CASES = _FOLDER / "rules_test.yaml"
_GROUPS = ["calico-azure-agent.records", "calico-azure-agent.alerts"]  # promtool takes them in any order else
_README = _TESTS.parent / "README.md"


def alerts():
    groups = yaml.safe_load(_RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def node(name, up, agent, ready, **others):
    """What Prometheus has of a node, a value each minute: whether it is scraped, since when its agent runs, whether it
    is ready, and checks (id with _ for the dot) or routes lost to networkd, by name."""
    told = {"up": up, "process_start_time_seconds": agent, "calico_azure_agent_ready": ready}
    for other, values in others.items():
        gate = "false" if other.startswith("azure") else "true"
        told["calico_azure_agent_routes_lost_total{cause='removed', by='systemd-network'" if other == "lost" else
             f"calico_azure_agent_check_status{{id='{other.replace('_', '.', 1)}', gate='{gate}'"] = values
    return [{"series": f"{series}{', ' if '{' in series else '{'}job='calico-azure-agent', instance='{name}'}}",
             "values": values} for series, values in told.items()]


def fires(rules, nodes):
    """What promtool says against it that nothing fires in two hours; empty where nothing does."""
    case = {"rule_files": [str(rules)], "evaluation_interval": "1m", "group_eval_order": _GROUPS, "tests": [
        {"interval": "1m", "input_series": [series for node in nodes for series in node],
         "promql_expr_test": [{"expr": "count by (alertname) (count_over_time(ALERTS{alertstate='firing'}[2h]))",
                               "eval_time": "2h"}]}]}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        yaml.safe_dump(case, file)
        file.flush()
        code, said = promtool.run("test", "rules", file.name)
    return "" if code == 0 else said


# Nodes at work for two hours, in minutes.
_HEALTHY = {
    "upgraded node by node, with networkd started anew on each": [
        node(f"vm{n}", up=f"1x{t} 0 1x120", agent=f"0x{t} stale 600x120", ready=f"1x{t} stale 0 1x120",
             routes_in_sync=f"0x{t} stale 2 0x120", lost=f"_x{t} 0 400x120") for n, t in enumerate((10, 30, 50))],
    "grown by a node every four minutes: one is booting at any moment": [
        node(f"vm{n}", up=f"_x{t} 0x3 1x120", agent=f"_x{t + 3} 60x120", ready=f"_x{t + 3} 0x4 1x120",
             pods_node_cidr=f"_x{t + 3} 2x4 0x120", azure_node_route=f"_x{t + 3} 2x4 0x120")
        for n, t in enumerate(range(0, 100, 4))],
    "shrunk: VMs are gone eight minutes before their Node objects are": [
        node("vm0", up="1x120", agent="0x120", ready="1x120"),
        *(node(f"vm{n}", up=f"1x{t} 0x8 stale", agent=f"0x{t} stale", ready=f"1x{t} stale", nic_up=f"0x{t} stale")
          for n, t in enumerate(range(10, 60, 8), 1))],
    "rebooted": [
        node("vm0", up="1x30 0x6 1x90", agent="0x30 stale _x5 2160x90", ready="1x30 stale _x5 0x3 1x90",
             nic_address="0x30 stale _x5 2x3 0x90")],
}


class Rules(unittest.TestCase):
    def test_every_case_holds(self):
        self.assertEqual(promtool.run("check", "rules", _RULES)[0], 0)
        code, said = promtool.run("test", "rules", _CASES)
        self.assertEqual(code, 0, said)

    def test_nothing_fires_while_a_healthy_fleet_is(self):
        for what, nodes in _HEALTHY.items():
            with self.subTest(what):
                self.assertEqual(fires(_RULES, nodes), "")

    def test_what_lasts_is_what_keeps_them_silent(self):
        """The same fleets, and rules that count whatever fails at the moment."""
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
            file.write(re.sub(r" offset (5m|10m)", "", _RULES.read_text(encoding="utf-8")))
            file.flush()
            said = {what: fires(file.name, nodes) for what, nodes in _HEALTHY.items()}
        self.assertIn("CalicoAzurePodsCutOff", said["grown by a node every four minutes: one is booting at any moment"])

    def test_they_name_checks_that_are_there(self):
        ids = set(re.findall(r"(?m)^\| (`.+?`) \|", _README.read_text(encoding="utf-8")))
        ids = {each for row in ids for each in re.findall(r"[a-z_]+\.[a-z0-9_]+", row)}
        listed, = re.findall(r'id=~"(.+)"', _RULES.read_text(encoding="utf-8"))
        for part in re.findall(r"(\w+)\\\\\.(?:\((.+?)\)|(\w+))", listed):
            for name in (part[1] or part[2]).split("|"):
                self.assertIn(f"{part[0]}.{name}", ids)

    def test_each_alert_is_seen_to_fire_and_to_be_silent(self):
        cases = [case for test in yaml.safe_load(_CASES.read_text(encoding="utf-8"))["tests"]
                 for case in test.get("alert_rule_test", [])]
        for alert in alerts():
            name = alert["alert"]
            fires = [bool(case.get("exp_alerts")) for case in cases if case["alertname"] == name]
            self.assertEqual(set(fires), {True, False}, name)

    def test_each_alert_leads_to_a_page_or_a_heading_of_it(self):
        for alert in alerts():
            path, _, anchor = alert["annotations"]["runbook_url"].partition("#")
            headings = re.findall(r"(?m)^#+ (.+)$", (_TESTS.parent / path).read_text(encoding="utf-8"))
            if anchor:
                self.assertIn(anchor, {each.lower().replace(" ", "-") for each in headings}, alert["alert"])

    def test_what_they_ask_for_is_what_an_agent_tells(self):
        with Lab() as lab:
            lab.simulator.announce({"EventId": "1", "EventType": "Freeze", "EventStatus": "Scheduled",
                                    "Resources": [lab.simulator.document()["compute"]["name"]]})
            agent = lab.agent(mode="udr", azure={"verify": "off"}, imds={"scheduled_events": True},
                              pods={"cluster_cidrs": ["10.244.0.0/16"], "node_cidrs": ["10.244.1.0/24"]}).start_ready()
            lab.vm.run("ip", "route", "del", "10.244.0.0/16")
            agent.await_log("restored 1 route")
            agent.await_log("Azure announces Freeze")
            told = set(re.findall(r"(?m)^# TYPE (\w+)", agent.get("/metrics").body))
        asked = {re.sub("_(bucket|sum)$", "", each)
                 for each in re.findall(r"(?<![:\w])calico_azure_agent_\w+", _RULES.read_text(encoding="utf-8"))}
        self.assertLessEqual(asked, told)


if __name__ == "__main__":
    unittest.main()
