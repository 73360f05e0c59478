"""Real packets between two namespaces, counted."""

import contextlib
import dataclasses
import ipaddress
import select
import socket
import struct
import threading
import time

_NUMBER = struct.Struct("!Q")
_EVERY = 0.005


@dataclasses.dataclass
class Count:
    sent: int
    answered: int
    longest_gap: float  # seconds between two answers, at most
    seen_from: set      # source addresses that the far end saw

    @property
    def lost(self):
        return self.sent - self.answered

    def __str__(self):
        return f"{self.lost} of {self.sent} datagrams lost, longest gap {1000 * self.longest_gap:.0f} ms"


class Traffic:
    """A datagram every 5 ms from one namespace to an echo in another, from the moment it is made until stop()."""

    def __init__(self, here, there, address):
        family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
        self._near = here.socket(family, socket.SOCK_DGRAM)
        self._far = there.socket(family, socket.SOCK_DGRAM)
        self._far.bind((address, 0))
        self._near.connect((address, self._far.getsockname()[1]))
        self._seen_from = set()
        self._sent = 0
        self._answers = {}
        self._ending = threading.Event()
        self._patience = 0.0
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._echo, self._send, self._receive)]
        for thread in self._threads:
            thread.start()

    def stop(self, patience=1.0):
        """Ends it and returns the count; once. The last datagrams have so many seconds to come back."""
        self._patience = patience
        self._ending.set()
        for thread in self._threads:
            thread.join()
        for end in (self._near, self._far):
            end.close()
        times = sorted(self._answers.values())
        gaps = (after - before for before, after in zip(times, times[1:]))
        return Count(self._sent, len(times), max(gaps, default=float("inf")), self._seen_from)

    @property
    def answered(self):
        return len(self._answers)

    def _echo(self):
        for data, sender in self._datagrams(self._far):
            self._seen_from.add(sender[0])
            with contextlib.suppress(OSError):
                self._far.sendto(data, sender)

    def _send(self):
        while not self._ending.wait(_EVERY):
            with contextlib.suppress(OSError):  # no route, just now: lost as well
                self._near.send(_NUMBER.pack(self._sent))
            self._sent += 1

    def _receive(self):
        for data, _ in self._datagrams(self._near):
            self._answers.setdefault(_NUMBER.unpack(data)[0], time.monotonic())

    def _datagrams(self, end):
        """Until everything has come back, or the last answers have had their time."""
        deadline = None
        while deadline is None or time.monotonic() < deadline:
            if deadline is None and self._ending.is_set():
                deadline = time.monotonic() + self._patience
            if deadline is not None and len(self._answers) == self._sent:
                return
            if select.select([end], [], [], 0.02)[0]:
                with contextlib.suppress(OSError):
                    yield end.recvfrom(64)


def reaches(here, there, address, within=0.5):
    """True when a datagram comes back within that time; several are sent."""
    traffic = Traffic(here, there, address)
    end = time.monotonic() + within
    while not traffic.answered and time.monotonic() < end:
        time.sleep(_EVERY)
    return traffic.stop(patience=0).answered > 0
