#!/usr/bin/env python3
"""Debian's Chromium and axe-core look at the page: of each mode, and of nodes that wait, are broken or have much to say."""

import itertools
import json
import pathlib
import shutil
import subprocess
import sys
import unittest

_HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE.parent), str(_HERE.parent / "system")]

import host  # noqa: E402
from lab import Lab, eventually  # noqa: E402
from lab.cluster import Cluster  # noqa: E402

_CONFIG = {"mode": "udr", "imds": {"poll_interval": "10s", "read_timeout": "1s"}, "azure": {"verify": "off"},
           "pods": {"cluster_cidrs": ["10.244.0.0/16"], "node_cidrs": ["10.244.1.0/24"]}}
_HOSTILE = "<b>&amp;<script"
# Each look takes seconds; what differs between modes is how many hops there are.
_EVERY = list(itertools.product((1200, 360), ("light", "dark")))
_TWO = [(1200, "light"), (360, "dark")]
_IN_EVERY_LOOK = ("udr", "broken", "waiting")
_MODES = ("udr", "canal", "flannel", "calico-vxlan", "azure-cni")


def _page(name, agent):
    answer = agent.get("/")
    assert answer.status == 200, answer
    headers = {key: value for key, value in answer.headers.items() if key not in ("Connection", "Content-Length", "Date")}
    return {"name": name, "body": answer.body, "headers": headers, "looks": _EVERY if name in _IN_EVERY_LOOK else _TWO}


def _is_settled(agent):
    """The surroundings have been looked at: what is unknown then stays so."""
    return "not been read yet" not in agent.get("/status").body


def _of_a_mode(mode):
    with Cluster(nodes=2, mode=mode, cloud=True) as cluster:
        for vm in cluster.vms:
            vm.write_credentials()
            vm.agent.configure(**vm.config())
        cluster.start_agents()
        for vm in cluster.vms:
            vm.add_pod()
        agent = cluster.vms[0].agent
        eventually(lambda: _is_settled(agent), "a look at the surroundings", timeout=20)
        if mode == "udr":
            agent.await_check("azure.route_table", "pass", timeout=20)
            yield _page("udr", agent)
            cluster.ask("subnet disassociate nodes")
            agent.hang_up()
            agent.await_check("azure.route_table", "fail", timeout=20)
            cluster.vms[0].namespace.sysctl("net.ipv4.ip_forward", 0)
            agent.await_not_ready()
            yield _page("broken", agent)
        else:
            yield _page(mode, agent)


def _waiting():
    with Lab() as lab:
        lab.simulator.stop()
        agent = lab.agent(**_CONFIG).start()
        agent.await_word("STATUS=waiting for imds.reachable")
        yield _page("waiting", agent)


def _many():
    """Thousands of routes, by a NIC whose name would break a page."""
    cidrs = [f"10.{128 + i // 256}.{i % 256}.0/24" for i in range(5000)]
    with Lab() as lab:
        routes = [each.replace("eth0", _HOSTILE) for each in lab.vm.run("ip", "route").stdout.splitlines() if " via " in each]
        lab.vm.ip("link set dev eth0 down", f"link set dev eth0 name {_HOSTILE}", f"link set dev {_HOSTILE} up",
                  *(f"route replace {each}" for each in routes))
        agent = lab.agent(**{**_CONFIG, "pods": {"cluster_cidrs": cidrs, "node_cidrs": [cidrs[0]]}})
        agent.start_ready(timeout=20)
        yield _page("many", agent)


def _pages():
    return [page for mode in _MODES for page in _of_a_mode(mode)] + [*_waiting(), *_many()]


def _seen(pages):
    """Each page in each width and scheme, as the browser found it; its picture is beside the others in build/pages."""
    tools = pathlib.Path(subprocess.run([_HERE / "install"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip())
    pictures = _HERE.parents[1] / "build" / "pages"
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir(parents=True)
    program = pictures / "chromium"
    program.write_text(f'#!/bin/sh\nexec "{_HERE / "chromium"}" "{host.tree("chromium")}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    (pictures / "pages.json").write_text(json.dumps(pages), encoding="utf-8")
    done = subprocess.run(["node", "--preserve-symlinks", "--preserve-symlinks-main", tools / "scripts" / "browser.mjs",
                           program, pictures], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.seen = _seen(_pages())

    def of_each(self, judge):
        for finding in self.seen:
            with self.subTest(finding["name"]):
                judge(finding)

    def test_axe_finds_no_violation(self):
        self.of_each(lambda finding: self.assertEqual(finding["violations"], []))

    def test_nothing_is_wider_than_the_window(self):
        def judge(finding):
            self.assertEqual((finding["wide"], finding["wide_when_open"], finding["overflowing"], finding["outside"]),
                             (0, 0, [], []))
        self.of_each(judge)

    def test_one_picture_of_the_path_is_shown(self):
        self.of_each(lambda finding: self.assertEqual(finding["pictures"], 1))

    def test_it_asks_for_nothing_else_and_its_policy_lets_in_all_it_has(self):
        def judge(finding):
            self.assertEqual((finding["asked"], finding["complaints"]), (["/"], []))
        self.of_each(judge)

    def test_it_is_light_or_dark_as_its_reader_wants(self):
        grounds = {finding["name"].rpartition("-")[2]: finding["background"] for finding in self.seen}
        self.assertEqual(grounds, {"light": "rgb(246, 247, 249)", "dark": "rgb(18, 22, 29)"})

    def test_a_keyboard_reaches_everything_and_sees_where_it_is(self):
        def judge(finding):
            stops = finding["stops"]
            self.assertEqual(stops[0]["text"], "Skip to what to do next")
            self.assertEqual([each for each in stops if each["outline"] == "none" or not each["seen"]], [])
            names = {each["name"] for each in stops}
            self.assertLessEqual({"a", "summary"}, names)
        self.of_each(judge)

    def test_every_page_was_seen(self):
        looks = [(name, look) for name in (*_MODES, "broken", "waiting", "many")
                 for look in (_EVERY if name in _IN_EVERY_LOOK else _TWO)]
        self.assertEqual(sorted(finding["name"] for finding in self.seen),
                         sorted(f"{name}-{width}-{scheme}" for name, (width, scheme) in looks))


if __name__ == "__main__":
    unittest.main()
