#!/usr/bin/env python3
"""Support bundles of nodes as they were replay to the verdicts of then, on a machine that knows nothing of them."""

import json
import pathlib
import sys
import unittest

_HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(_HERE.parent))

from lab.bundle import files_of, replay  # noqa: E402


def verdicts(doctor):
    return {check["id"]: check["status"] for check in json.loads(doctor)["checks"]}


class Bundles(unittest.TestCase):
    def test_say_what_they_said(self):
        bundles = sorted(_HERE.glob("*.tar.gz"))
        self.assertGreater(len(bundles), 5)
        for bundle in bundles:
            with self.subTest(bundle.name):
                then = verdicts(files_of(bundle)["doctor.json"])
                now = verdicts(replay("doctor", "--json", "--bundle", bundle).stdout)
                self.assertEqual({each: now.get(each) for each in then}, then)
                # A check that has come since asks what nobody asked then.
                for each in now.keys() - then.keys():
                    self.assertIn(now[each], ("pass", "unknown", "skip"), each)

    def test_of_healthy_nodes_fail_no_check(self):
        for bundle in sorted(_HERE.glob("healthy-*.tar.gz")):
            with self.subTest(bundle.name):
                self.assertNotIn("fail", verdicts(replay("doctor", "--json", "--bundle", bundle).stdout).values())

    def test_answer_every_command(self):
        for bundle in sorted(_HERE.glob("*.tar.gz")):
            for words in (["plan"], ["status"], ["status", "--html"], ["explain", "10.244.0.1"], ["history", "--since", "1h"]):
                with self.subTest(f"{bundle.name}: {words}"):
                    said = replay(words[0], "--bundle", bundle, *words[1:])
                    self.assertIn(said.returncode, (0, 1, 2))
                    self.assertNotIn("a bug", said.stderr)


if __name__ == "__main__":
    unittest.main()
