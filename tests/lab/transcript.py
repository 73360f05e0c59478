"""Lines as they arrive from somewhere, and waiting for one of them."""

import threading
import time

from .patience import PATIENCE


class TimeIsUp(AssertionError):
    """What was awaited did not happen in time."""


def eventually(probe, what, timeout=PATIENCE, pause=0.005):
    """Asks `probe` until it answers something true, and returns that; TimeIsUp names `what` and the last answer."""
    deadline = time.monotonic() + timeout
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeIsUp(f"not within {timeout} s: {what}; last: {answer!r}")
        time.sleep(pause)


class Transcript:
    """What something said, line by line, with the time of each (time.monotonic, unless the writer knows better). Any
    thread may write and wait."""

    def __init__(self):
        self._changed = threading.Condition()
        self._lines = []

    def write(self, line, when=None):
        with self._changed:
            self._lines.append((time.monotonic() if when is None else when, line))
            self._changed.notify_all()

    def follow(self, stream, write=None):
        """Writes each line of a binary stream, in a thread of its own, until the stream ends."""
        write = write or self.write

        def read():
            with stream:
                for line in stream:
                    write(line.decode(errors="replace").rstrip("\n"))

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread

    def __len__(self):
        with self._changed:
            return len(self._lines)

    def lines(self, since=0, until=None):
        with self._changed:
            return [line for _, line in self._lines[since:until]]

    def wait_for(self, is_it, what, since=0, timeout=PATIENCE):
        """The index and the time of the first line from `since` for which `is_it` holds."""
        deadline = time.monotonic() + timeout
        position = since
        with self._changed:
            while True:
                while position < len(self._lines):
                    when, line = self._lines[position]
                    if is_it(line):
                        return position, when
                    position += 1
                left = deadline - time.monotonic()
                if left <= 0:
                    heard = "\n  ".join(line for _, line in self._lines[since:][-30:])
                    raise TimeIsUp(f"not within {timeout} s: {what}; heard:\n  {heard}")
                self._changed.wait(left)
