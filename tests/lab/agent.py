"""The agent as a test sees it: its process, configuration, answers, journal and words to the service manager."""

import collections
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading

from .namespace import environment
from .patience import PATIENCE
from .transcript import Transcript, eventually

Answer = collections.namedtuple("Answer", "status headers body")

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_ADDRESS = ("127.0.0.1", 16925)


def build_folder():
    return pathlib.Path(os.environ.get("CAA_BUILD") or _ROOT / "build" / "dev").absolute()


def program(*path):
    """A program in the build folder."""
    file = build_folder().joinpath(*path)
    if not file.exists():
        raise FileNotFoundError(f"{file} is not built: cmake --preset dev && cmake --build --preset dev, "
                                "or name the build folder in CAA_BUILD")
    return file


def agent_binary():
    return program("agent", "cli", "calico-azure-agent")


def simulator_binary():
    """Builds with sanitizers leave it out, for it runs on no node: theirs is that of the dev preset."""
    own = build_folder().joinpath("simulator", "azure-simulator")
    dev = _ROOT.joinpath("build", "dev", "simulator", "azure-simulator")
    return own if own.exists() or not dev.exists() else dev


def toml(sections):
    """Keys and tables whose values are what JSON and TOML write alike: strings, whole numbers, booleans, lists."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in sections.items() if not isinstance(value, dict)]
    for name, keys in sections.items():
        if isinstance(keys, dict):
            lines += ["", f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items())]
    return "\n".join(lines) + "\n"


class ServiceManager:
    """The socket of sd_notify(3), with all that is said on it."""

    def __init__(self, path):
        self.path = path
        self.heard = Transcript()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self):
        while datagram := self._socket.recv(65536):
            self.heard.write(datagram.decode())

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", str(self.path))
        self._listener.join()
        self._socket.close()
        self.path.unlink()


class Agent:
    """One configured agent in a namespace, running or not. Its folders outlive its processes."""

    def __init__(self, namespace, folder, config, environment=None):
        self.namespace = namespace
        self._environment = environment or {}
        self.runtime = folder / "run"
        self.state = folder / "state"
        self.file = folder / "config.toml"
        for path in (folder, self.runtime, self.state):
            path.mkdir(exist_ok=True)
        self.log = Transcript()
        self.manager = ServiceManager(folder / "notify")
        self.process = None
        self._reader = None
        self.configure(**config)

    # Configuration

    def configure(self, **config):
        self.file.write_text(toml(config), encoding="utf-8")

    def reload(self, **config):
        """Another configuration by SIGHUP; returns once the agent has taken or refused it."""
        self.configure(**config)
        self.hang_up()

    def hang_up(self):
        """SIGHUP; returns once the agent has said what became of it."""
        begin = len(self.log)
        self.process.send_signal(signal.SIGHUP)
        self.await_log(r"configuration (not )?reloaded", since=begin)

    # Processes

    @property
    def environment(self):
        return {**environment(), "RUNTIME_DIRECTORY": str(self.runtime), "STATE_DIRECTORY": str(self.state),
                "NODE_NAME": "node-0", "NO_COLOR": "1", **self._environment}

    def words(self, *words):
        return [agent_binary(), "--config", self.file, *words]

    def start(self, **environment):
        """Returns once it answers and has said how it stands."""
        begin = len(self.manager.heard)
        self.process = self.namespace.start(
            *self.words("run"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**self.environment, "NOTIFY_SOCKET": str(self.manager.path), **environment})
        self._reader = self.log.follow(self.process.stderr)
        self.await_word("READY=1|STATUS=", since=begin)
        return self

    def start_detached(self, journal, **environment):
        """Starts a daemon that nobody watches; its journal goes to an open file."""
        self.process = self.namespace.start(*self.words("run"), stdout=subprocess.DEVNULL, stderr=journal,
                                            env={**self.environment, **environment})

    def start_ready(self, timeout=PATIENCE, **environment):
        """Starts, and returns at READY=1."""
        begin = len(self.manager.heard)
        self.start(**environment)
        self.await_word("READY=1", since=begin, timeout=timeout)
        return self

    def stop(self, by=signal.SIGTERM):
        """Ends the daemon and returns its exit code."""
        self.process.send_signal(by)
        code = self.process.wait(20)
        if self._reader is not None:
            self._reader.join()
        return code

    def kill(self):
        return self.stop(signal.SIGKILL)

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def close(self):
        if self.is_running:
            self.kill()
        self.manager.close()

    def command(self, *words, environment=None, **options):
        """Runs a command of the agent's to its end, with this agent's configuration and folders."""
        return self.namespace.run(*self.words(*words), env={**self.environment, **(environment or {})}, **options)

    def launch(self, *words):
        """Starts a command and returns its process, for one that waits."""
        return self.namespace.start(*self.words(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                    env=self.environment)

    @property
    def number(self):
        """Of its process, as the VM's other processes see it."""
        return self.namespace.number_of(self.process)

    # What it says

    def get(self, path, method="GET", headers=None, timeout=PATIENCE):
        connection = http.client.HTTPConnection(*_ADDRESS)
        connection.sock = self.namespace.connection(*_ADDRESS, timeout=timeout)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()

    def status(self):
        return json.loads(self.get("/status").body)

    def check(self, name):
        """The check of this id as /status shows it."""
        return next(check for check in self.status()["checks"] if check["id"] == name)

    @property
    def ready_file(self):
        return self.runtime / "ready"

    def is_ready(self):
        try:
            return self.get("/readyz").status == 200
        except OSError:
            return False

    def await_ready(self, timeout=PATIENCE):
        eventually(self.is_ready, "ready", timeout)

    def await_not_ready(self, timeout=PATIENCE):
        eventually(lambda: not self.is_ready(), "not ready", timeout)

    def await_check(self, name, status, timeout=PATIENCE):
        """Until the check has this status; returns it."""

        def look():
            check = self.check(name)
            return check if check["status"] == status else None

        return eventually(look, f"{name} is {status}", timeout)

    def await_resync(self, before, timeout=PATIENCE):
        """Until the agent has looked at the kernel again after `before` looks."""
        eventually(lambda: self.status()["counters"]["resyncs"] > before, "another look at the kernel", timeout)

    def await_log(self, pattern, since=0, timeout=PATIENCE):
        place, _ = self.log.wait_for(re.compile(pattern).search, f"{pattern!r} in the log", since, timeout)
        return self.log.lines(place, place + 1)[0]

    def await_word(self, pattern, since=0, timeout=PATIENCE):
        """Until the service manager is told something like this; returns when (time.monotonic)."""
        _, when = self.manager.heard.wait_for(re.compile(pattern).match, f"{pattern!r} for the service manager",
                                              since, timeout)
        return when
