"""A node with a daemon, for commands and other processes beside it."""

import contextlib
import subprocess
import sys

from case import NodeCase

NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


class BesideCase(NodeCase):
    def setUp(self):
        super().setUp()
        self.lab.folder.chmod(0o711)  # who is not root finds the agent's folders

    @contextlib.contextmanager
    def nobody(self, script, *words):
        """A program of nobody's in the VM, once it has said that it does what it is for."""
        with self.lab.vm.start(*NOBODY, sys.executable, "-c", script, *words, stdout=subprocess.PIPE,
                               text=True) as process:
            try:
                self.assertNotEqual(process.stdout.readline(), "")
                yield process
            finally:
                process.kill()

    def as_nobody(self, script, *words):
        return self.enter(self.nobody(script, *words))

    def plainly(self, *words, environment=None):
        """A command as an operator types it: without --config."""
        return self.lab.vm.run(self.agent.words()[0], *words, env={**self.agent.environment, **(environment or {})})
