#!/usr/bin/env python3
"""A main loop that hangs, where nobody restarts it: what it said last does not count for ever."""

import ctypes
import os
import signal
import unittest

from case import NodeCase, eventually

_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17  # ptrace(2)
_PATIENCE = 90  # Heartbeat::kPatience
_WALL = 0x40000000


def _ptrace(request, thread):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x}")


class Hang(NodeCase):
    def test_neither_alive_nor_ready_after_a_while(self):
        self.agent.start_ready()
        loop = self.agent.process.pid  # the main thread; the one that answers HTTP goes on
        _ptrace(_SEIZE, loop)
        _ptrace(_INTERRUPT, loop)
        os.waitpid(loop, _WALL)
        for probe in ("/readyz", "/livez"):
            eventually(lambda path=probe: self.agent.get(path).status == 503, probe, timeout=_PATIENCE + 10, pause=1)
            self.assertRegex(self.agent.get(probe).body, r"\[-\]main_loop failed: it has not turned for \d+ s\n")
        _ptrace(_DETACH, loop)
        eventually(lambda: self.agent.get("/livez").status == 200, "alive", timeout=_PATIENCE)
        self.agent.await_ready()

    def test_doctor_and_explain_do_not_take_a_stopped_daemon_for_a_ready_node_or_none(self):
        self.agent.start_ready()
        process = self.agent.process.pid
        os.kill(process, signal.SIGSTOP)
        self.addCleanup(os.kill, process, signal.SIGCONT)
        done = self.agent.command("doctor")
        self.assertRegex(done.stdout.splitlines()[1], r"the running daemon \(process \d+\) does not answer")
        self.assertNotIn("ready, with warnings", done.stdout)
        self.assertNotEqual(done.returncode, 0)
        line = next(each for each in self.agent.command("explain", "10.244.0.5").stdout.splitlines()
                    if each.startswith("changes"))
        self.assertRegex(line, r"not known: .* gave no complete answer within")


if __name__ == "__main__":
    unittest.main()
