#!/usr/bin/env python3
"""install: fetches what is missing or partial, by the lock file, and leaves no rest."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

_HERE = pathlib.Path(__file__).parent
# In npm's place.
_NPM = """#!/bin/sh
echo "$@" >>"{calls}"
{answer}
mkdir -p node_modules/one && echo one >node_modules/one/index.js && echo map >node_modules/one/index.js.map
"""


class Install(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.tests = self.root / "tests" / "witnesses"
        self.tests.mkdir(parents=True)
        for name in ("install", "package.json", "package-lock.json"):
            shutil.copy(_HERE / name, self.tests)
        self.made = self.root / "build" / "witnesses"
        self.calls = self.root / "calls"

    def install(self, npm=""):
        """What it says and how often it asks npm. `npm`: what that does before it would bring a package."""
        stub = self.root / "bin" / "npm"
        stub.parent.mkdir(exist_ok=True)
        stub.write_text(_NPM.format(calls=self.calls, answer=npm), encoding="utf-8")
        stub.chmod(0o755)
        self.calls.write_text("", encoding="utf-8")
        done = subprocess.run([self.tests / "install"], capture_output=True, text=True, check=False,
                              env={**os.environ, "PATH": f"{stub.parent}:{os.environ['PATH']}"})
        return done, self.calls.read_text(encoding="utf-8").splitlines()

    def fetched(self):
        """That it has worked, and whether npm was asked."""
        done, calls = self.install()
        self.assertEqual((done.returncode, done.stdout), (0, f"{self.made}\n"), done.stderr)
        self.assertEqual([each.name for each in self.made.glob(".fetch*")], [])
        return bool(calls)

    def test_what_is_there_is_not_fetched_again(self):
        self.assertTrue(self.fetched())
        self.assertEqual([each.name for each in (self.made / "node_modules" / "one").iterdir()], ["index.js"])
        self.assertEqual((self.made / "scripts").readlink(), self.tests)
        self.assertFalse(self.fetched())

    def test_a_partial_copy_or_another_lock_file_is_fetched_again(self):
        self.fetched()
        os.truncate(self.made / "node_modules" / "one" / "index.js", 1)
        self.assertTrue(self.fetched())
        with open(self.tests / "package-lock.json", "a", encoding="utf-8") as lock:
            lock.write("\n")
        self.assertTrue(self.fetched())

    def test_no_package_runs_a_script_and_versions_are_the_lock_files(self):
        _, (call,) = self.install()
        self.assertEqual(call.split()[0], "ci")
        self.assertIn("--ignore-scripts", call.split())

    def test_without_a_registry_it_fails_in_words_and_leaves_nothing(self):
        done, _ = self.install(npm="exit 1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("npm could not install the packages of tests/witnesses/package-lock.json", done.stderr)
        self.assertEqual(sorted(each.name for each in self.made.iterdir()), [".lock", "scripts"])


if __name__ == "__main__":
    unittest.main()
