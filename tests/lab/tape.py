"""Every notification of the kernel about routes and rules of a namespace, on record."""

import datetime
import itertools
import subprocess

from .namespace import plain
from .patience import PATIENCE
from .transcript import TimeIsUp, Transcript

# Nobody's protocol number, and addresses for documentation (RFC 5737): a marker is nobody's route.
_MARKER = "198.51.100.{}/32 dev lo proto 251 metric 4242"
_OF_MARKERS = "proto 251 "
# What the kernel does by itself when links and addresses change; some of it late (duplicate address detection).
_OF_KERNEL = " proto kernel "


class Tape:
    """`ip monitor route rule`. The kernel tells in order: once a marker is on the tape everything before it is too, so
    "nothing happened" takes no waiting time."""

    def __init__(self, namespace):
        self._namespace = namespace
        self._transcript = Transcript()
        self._numbers = itertools.cycle(range(1, 255))
        self._process = namespace.start("ip", "-tshort", "-oneline", "monitor", "route", "rule", stdout=subprocess.PIPE)
        self._reader = self._transcript.follow(self._process.stdout, self._write)
        for _ in range(100):  # until `ip` has subscribed
            try:
                self.mark(timeout=0.05)
                return
            except TimeIsUp:
                if self._process.poll() is not None:
                    raise
        raise TimeIsUp("ip monitor hears nothing")

    def close(self):
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def _write(self, line):
        # [2026-11-23T05:23:49.841772] 10.244.0.0/16 via …
        stamp, found, text = line.partition("] ")
        if found:
            self._transcript.write(text, datetime.datetime.fromisoformat(stamp[1:]).timestamp())

    def mark(self, timeout=PATIENCE):
        """Everything so far is on the tape; the place after it."""
        marker = _MARKER.format(next(self._numbers))
        address = marker.partition("/")[0]
        begin = len(self._transcript)
        self._namespace.ip(f"route add {marker}", f"route del {marker}")
        place, _ = self._transcript.wait_for(lambda line: line.startswith(f"Deleted {address} "),
                                             "the marker on the tape", since=begin, timeout=timeout)
        return place + 1

    def changes(self, since):
        """What somebody did to routes and rules from `since` until now."""
        until = self.mark()
        return [plain(line) for line in self._transcript.lines(since, until)
                if _OF_MARKERS not in line and _OF_KERNEL not in line]

    def await_change(self, beginning, since, timeout=PATIENCE):
        """When a line that begins so came, by the clock of `ip monitor`: for comparison with another such line."""
        _, when = self._transcript.wait_for(lambda line: line.startswith(beginning), f"{beginning!r} on the tape",
                                            since=since, timeout=timeout)
        return when
