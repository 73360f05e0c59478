"""Azure's metadata service in the fabric: the project's own simulator, told over its control endpoint."""

import http.client
import json
import os
import select
import subprocess
import time

from .transcript import TimeIsUp

class Orders:
    """What is said to a simulator that runs, at the port of its control endpoint in the fabric."""

    def __init__(self, fabric, control):
        self._fabric = fabric
        self._control = ("127.0.0.1", control)

    def serve(self, document):
        self._ask("PUT", "/document", document)

    def fault(self, *faults, **fault):
        """What goes wrong from now on: one fault by its members (kind="status", code=429), or several in a row;
        without any, nothing."""
        self._ask("PUT", "/fault", [*faults, *([fault] if fault else [])])

    def announce(self, *events):
        """Azure's Scheduled Events from now on, each as its document has it."""
        self._ask("PUT", "/scheduled-events", {"Events": events})

    def limit(self, **limits):
        """How many requests are answered before 429: per_second, identity_per_second, identity_concurrent; 0 is no limit."""
        self._ask("PUT", "/rate-limit", limits)

    def requests(self):
        """{"count", "last", "recent": […]} of what has been asked since the start or `forget()`."""
        return json.loads(self._ask("GET", "/requests"))

    def forget(self):
        self._ask("DELETE", "/requests")

    def await_requests(self, count, timeout=20.0):
        """Until so many have been asked since the start or `forget()`."""
        deadline = time.monotonic() + timeout
        while (asked := self.requests()["count"]) < count:
            if time.monotonic() > deadline:
                raise TimeIsUp(f"not within {timeout} s: {count} requests to IMDS; {asked} came")
            time.sleep(0.02)

    def _ask(self, method, path, body=None):
        connection = http.client.HTTPConnection(*self._control)
        connection.sock = self._fabric.connection(*self._control)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 300:
            raise AssertionError(f"simulator: {method} {path}: {answer.status} {text}")
        return text


class Simulator(Orders):
    """`address`: where it listens in the fabric."""

    def __init__(self, program, fabric, document, address="169.254.169.254", control=8081, rate_limit=0, options=()):
        super().__init__(fabric, control)
        self._command = [program, "--listen", f"{address}:80", "--control", "{}:{}".format(*self._control),
                         "--rate-limit", rate_limit, *options]
        self._document = document
        self._process = None
        self.start()

    def start(self):
        """Listens when it returns, and serves the document that was served last."""
        reader, writer = os.pipe()
        try:
            self._process = self._fabric.start(*self._command, "--ready-fd", writer, stdout=subprocess.DEVNULL,
                                               pass_fds=[writer])
            os.close(writer)
            writer = None
            heard, _, _ = select.select([reader], [], [], 10)
            if not heard or not os.read(reader, 4096).startswith(b"listening"):
                self.stop()
                raise TimeIsUp("the simulator does not listen")
        finally:
            os.close(reader)
            if writer is not None:
                os.close(writer)
        self.serve(self._document)

    def stop(self):
        """IMDS is down: connections are refused."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def document(self, document=None):
        """Serves another document from now on, also after a restart; returns the one served."""
        if document is not None:
            self._document = document
            self.serve(document)
        return self._document
