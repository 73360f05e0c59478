#!/usr/bin/env python3
"""What the hot paths cost, counted in instructions by valgrind: the same on every run, however busy the machine is."""

import os
import pathlib
import re
import subprocess
import unittest

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_BUILD = pathlib.Path(os.environ.get("CAA_BUILD") or _ROOT / "build" / "dev")
_PROGRAM = _BUILD / "tests" / "bench" / "instructions"

# A quarter above what GCC 12 makes of it; libnl's and libc's own instructions included.
_LIMITS = {"encode": 1700, "decode": 1900, "compare": 520, "mend": 1450}


def _instructions(*arguments):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                           _PROGRAM, *map(str, arguments)], stderr=subprocess.PIPE, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def cost_of(work, routes):
    """Of one, by the difference of many and twice as many: what starting costs falls out."""
    times = 2000
    return (_instructions(work, 2 * times, routes) - _instructions(work, times, routes)) / times


class Instructions(unittest.TestCase):
    def test_no_hot_path_has_grown(self):
        for work, limit in _LIMITS.items():
            with self.subTest(work):
                cost = cost_of(work, 400)
                self.assertLess(cost, limit, f"{work}: {cost:.0f} instructions")
                self.assertGreater(cost, limit / 2.5, f"{work}: {cost:.0f}: the limit has become too generous")

    def test_a_repair_costs_the_same_however_many_routes_there_are(self):
        few, many = cost_of("mend", 10), cost_of("mend", 100000)
        self.assertLess(many, 1.2 * few, f"{many:.0f} instructions beside 100,000 routes, {few:.0f} beside 10")


if __name__ == "__main__":
    unittest.main()
