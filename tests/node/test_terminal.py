#!/usr/bin/env python3
"""status --watch and wait: drawn anew on a terminal, plain lines in a pipe."""

import json
import os
import pty
import re
import signal
import threading
import unittest

from case import NodeCase, eventually

_AT_THE_TOP = "\x1b[H\x1b[2J"


class Screen:
    """A command on a terminal of its own, and all that it has written there."""

    def __init__(self, agent, *words, **environment):
        self.written = ""
        ours, theirs = pty.openpty()
        self.process = agent.namespace.start(*agent.words(*words), stdin=theirs, stdout=theirs, stderr=theirs,
                                             env={**agent.environment, "TERM": "xterm", "NO_COLOR": "", **environment})
        os.close(theirs)
        self._ours = ours
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        try:
            while part := os.read(self._ours, 65536):
                self.written += part.decode()
        except OSError:  # the other end is closed
            pass

    def await_text(self, pattern, since=0):
        eventually(lambda: re.search(pattern, self.written[since:]), f"{pattern!r} on the terminal")

    def end(self, by=None):
        """Its exit code."""
        if by:
            os.kill(self.process.pid, by)
        code = self.process.wait(10)
        self._reader.join()
        return code

    def close(self):
        self.process.kill()
        self.process.wait()
        self._reader.join()
        os.close(self._ours)


class TerminalCase(NodeCase):
    def on_a_terminal(self, *words, **environment):
        screen = Screen(self.agent, *words, **environment)
        self.addCleanup(screen.close)
        return screen

    def in_a_pipe(self, *words):
        process = self.agent.launch(*words)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process


class Watch(TerminalCase):
    def test_it_is_drawn_anew_when_something_has_changed_and_a_signal_ends_it(self):
        self.agent.start_ready()
        screen = self.on_a_terminal("status", "--watch")
        screen.await_text("ready since")
        drawn = len(screen.written)
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        screen.await_text("not ready: 1 gate holds it back", since=drawn)
        self.assertIn(_AT_THE_TOP, screen.written[drawn:])
        self.assertEqual(screen.end(by=signal.SIGINT), 130)

    def test_it_waits_for_an_agent_that_starts_later_and_goes_on_without_it(self):
        screen = self.on_a_terminal("status", "--watch")
        screen.await_text("no agent answers")
        self.agent.start_ready()
        screen.await_text("ready since")
        drawn = len(screen.written)
        self.agent.stop()
        screen.await_text("no agent answers", since=drawn)
        self.assertEqual(screen.end(by=signal.SIGTERM), 143)

    def test_no_colour_is_no_colour(self):
        self.agent.start_ready()
        screen = self.on_a_terminal("status", "--watch", NO_COLOR="1")
        screen.await_text("checks ")
        self.assertEqual(re.findall(r"\x1b\[[0-9;]*m", screen.written), [])

    def test_in_a_pipe_it_is_printed_again(self):
        self.agent.start_ready()
        watching = self.in_a_pipe("status", "--watch")
        self.assertIn("ready since", watching.stdout.readline())
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        verdict = next(each for each in iter(watching.stdout.readline, "") if each.startswith("not ready"))
        self.assertEqual(verdict, "not ready: 1 gate holds it back\n")

    def test_as_json_it_is_a_line_each_time(self):
        self.agent.start_ready()
        watching = self.in_a_pipe("status", "--watch", "--json")
        self.assertTrue(json.loads(watching.stdout.readline())["ready"])
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        eventually(lambda: not json.loads(watching.stdout.readline())["ready"], "a line that says so")

    def test_ages_alone_draw_nothing(self):
        self.agent.start_ready()
        eventually(lambda: "services have not been read yet" not in self.agent.get("/status").body, "a look at them")
        watching = self.in_a_pipe("status", "--watch", "--json")
        first = json.loads(watching.stdout.readline())
        eventually(lambda: self.agent.status()["imds"]["age_seconds"] > first["imds"]["age_seconds"] + 1, "older answers")
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        second = json.loads(watching.stdout.readline())
        self.assertNotEqual(first["checks"], second["checks"], "something had changed, beside ages")


class Wait(TerminalCase):
    def test_it_shows_what_is_done_and_what_is_awaited_in_place(self):
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        screen = self.on_a_terminal("wait", "--timeout", "60s")
        screen.await_text(r"awaited +\S*the agent +for \d+ s")
        self.agent.start()
        screen.await_text(r"done +\S*nic\.found +after \d+ s")
        screen.await_text(r"awaited +\S*sysctl\.ip_forward +for \d+ s +net\.ipv4\.ip_forward is 0")
        self.lab.vm.sysctl("net.ipv4.ip_forward", 1)
        screen.await_text(r"done +\S*sysctl\.ip_forward")
        self.assertEqual(screen.end(), 0)
        self.assertTrue(screen.written.rstrip().endswith("\x1b[1m\x1b[32mready\x1b[0m\x1b[0m"), screen.written[-200:])
        self.assertRegex(screen.written, r"\x1b\[\d+A\r\x1b\[J")

    def test_without_colours_it_is_drawn_anew_all_the_same(self):
        self.agent.start_ready()
        screen = self.on_a_terminal("wait", "--timeout", "5s", NO_COLOR="1")
        self.assertEqual(screen.end(), 0)
        self.assertEqual(re.findall(r"\x1b\[[0-9;]*m", screen.written), [])
        self.assertRegex(screen.written, r"  done     nic\.found +after 0 s")

    def test_on_a_terminal_that_cannot_draw_anew_it_is_plain_lines(self):
        screen = self.on_a_terminal("wait", "--timeout", "1s", TERM="dumb")
        self.assertEqual(screen.end(), 1)
        self.assertTrue(screen.written.startswith("waiting for the agent: "), screen.written)
        self.assertEqual(screen.written.splitlines()[-1], "not ready after the time-out")


if __name__ == "__main__":
    unittest.main()
