"""journald as far as a program that logs to it can tell."""

import json
import socket
import threading

from .transcript import Transcript


def _fields(datagram):
    """What one datagram holds: https://systemd.io/JOURNAL_NATIVE_PROTOCOL."""
    fields = {}
    while datagram:
        line, _, datagram = datagram.partition(b"\n")
        name, is_text, value = line.partition(b"=")
        if not is_text:
            length = int.from_bytes(datagram[:8], "little")
            value, datagram = datagram[8:8 + length], datagram[9 + length:]
        fields[name.decode()] = value.decode()
    return fields


class Journald:
    """Its socket among a VM's files, and each event that arrives there."""

    def __init__(self, files):
        path = files.path_of("/run/systemd/journal/socket")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = str(path)
        self._events = Transcript()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self._path)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self):
        while datagram := self._socket.recv(65536):
            self._events.write(json.dumps(_fields(datagram)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._path)
        self._listener.join()
        self._socket.close()

    def __len__(self):
        return len(self._events)

    def events(self, since=0):
        return [json.loads(line) for line in self._events.lines(since)]

    def wait_for(self, since=0, **fields):
        """The first event from `since` that has all these fields."""
        place, _ = self._events.wait_for(lambda line: fields.items() <= json.loads(line).items(), str(fields), since)
        return self.events(place)[0]
