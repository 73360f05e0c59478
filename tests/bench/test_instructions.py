#!/usr/bin/env python3
"""What the hot paths cost, counted in instructions by valgrind: the same on every run, however busy the machine is."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_BUILD = pathlib.Path(os.environ.get("CAA_BUILD") or _ROOT / "build" / "dev")
_PROGRAM = _BUILD / "tests" / "bench" / "instructions"
_AGENT = _BUILD / "agent" / "cli" / "calico-azure-agent"

# A quarter above what GCC 12 makes of it; libnl's, toml++'s and libc's own instructions included.
_LIMITS = {"encode": 1700, "decode": 1900, "compare": 520, "repair": 1450}
_LIMIT_OF_READING = 6700
_TIMES = 2000


def _instructions(*command):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *map(str, command)],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def _of_one(instructions):
    """By the difference of many and twice as many: what starting costs falls out."""
    return (instructions(2 * _TIMES) - instructions(_TIMES)) / _TIMES


def cost_of(work, routes):
    return _of_one(lambda times: _instructions(_PROGRAM, work, times, routes))


def cost_of_reading():
    """A CIDR of the configuration."""
    with tempfile.TemporaryDirectory() as folder:
        def read(count):
            config = pathlib.Path(folder) / "config.toml"
            cidrs = ",\n".join(f'"10.{n // 256}.{n % 256}.0/24"' for n in range(count))
            config.write_text(f"pods.cluster_cidrs = [{cidrs}]\n")
            return _instructions(_AGENT, "--config", config, "config", "check")
        return _of_one(read)


class Instructions(unittest.TestCase):
    def test_no_hot_path_has_grown(self):
        for work, limit in _LIMITS.items():
            with self.subTest(work):
                self.assert_near(cost_of(work, 400), limit)

    def test_reading_a_long_list_has_not_become_dearer(self):
        self.assert_near(cost_of_reading(), _LIMIT_OF_READING)

    def assert_near(self, cost, limit):
        self.assertLess(cost, limit)
        self.assertGreater(cost, limit / 2.5, "the limit has become too generous")

    def test_a_repair_costs_the_same_however_many_routes_there_are(self):
        few, many = cost_of("repair", 10), cost_of("repair", 100000)
        self.assertLess(many, 1.2 * few, f"{many:.0f} instructions beside 100,000 routes, {few:.0f} beside 10")


if __name__ == "__main__":
    unittest.main()
