#!/usr/bin/env python3
"""What the daemon asks of the kernel for what happens to routes, counted in system calls: no busy machine changes it."""

import re
import subprocess
import unittest

from case import CLUSTER, NodeCase, eventually


class Trace:
    """The system calls of the daemon's main thread."""

    def __init__(self, agent, file):
        self._file = file
        # In the daemon's namespace: elsewhere strace cannot tell what its sockets speak.
        self._strace = agent.namespace.start("strace", "-p", agent.number, "-s", "4", "-o", file,
                                             stderr=subprocess.PIPE, text=True)
        line = self._strace.stderr.readline()
        if "attached" not in line:
            raise RuntimeError(f"strace: {line}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._strace.terminate()
        self._strace.wait()
        self._strace.stderr.close()

    def calls(self):
        """Of each its name, and the netlink message that it carries."""
        found = []
        for line in self._file.read_text(errors="replace").splitlines():
            name = re.match(r"(?:<\.\.\. )?(\w+)", line)
            message = re.search(r"nlmsg_type=(\w+)", line)
            if name:
                found.append((name[1], message[1] if message else ""))
        return found

    def await_call(self, name, message, begin=0):
        """The calls since the `begin`th, that one among them."""
        eventually(lambda: (name, message) in self.calls()[begin:], f"{name} with {message}")
        return self.calls()[begin:]


class Costs(NodeCase):
    def setUp(self):
        super().setUp()
        self.agent.start_ready()
        self.await_routes(self.wanted())
        self.trace = self.enter(Trace(self.agent, self.agent.state / "trace"))

    def test_a_deleted_route_is_put_back_by_the_very_next_call_and_confirmed_later(self):
        def calls_of_a_repair():
            """From the news until the daemon waits again."""
            begin = len(self.trace.calls())
            self.lab.vm.ip(f"route del {CLUSTER} proto 169")
            self.await_routes(self.wanted())
            calls = self.trace.await_call("sendto", "RTM_GETROUTE", begin)
            heard = calls.index(("recvmmsg", "RTM_DELROUTE"))
            self.assertEqual(calls[heard + 1], ("sendto", "RTM_NEWROUTE"))
            waits = [name for name, _ in calls].index("epoll_wait", heard)
            return calls[heard:waits]

        # A look that is due at the same moment is made before the daemon waits: not at each of several repairs.
        repair = min((calls_of_a_repair() for _ in range(3)), key=len)
        self.assertLessEqual(len(repair), 12, repair)
        self.assertNotIn(("sendto", "RTM_GETROUTE"), repair)

    def test_foreign_routes_cost_nothing(self):
        for verb in ("add", "del"):
            self.lab.vm.ip(*(f"route {verb} 20.{n // 250}.{n % 250}.0/24 via 10.240.0.1 proto 77" for n in range(400)))
        self.lab.vm.ip(f"route del {CLUSTER} proto 169")
        calls = self.trace.await_call("recvmmsg", "RTM_DELROUTE")
        before = calls[:calls.index(("recvmmsg", "RTM_DELROUTE"))]
        self.assertNotIn("recvmmsg", [name for name, _ in before], before)
        self.assertNotIn("sendto", [name for name, message in before if message], before)


if __name__ == "__main__":
    unittest.main()
