"""The agent as its package runs it: nobody with CAP_NET_ADMIN, told to the service manager and the journal; and the
program that asks Azure and Kubernetes, behind its socket. The commands are root's."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import threading

from lab.agent import Agent, ServiceManager, agent_binary, toml
from lab.journald import Journald
from lab.patience import PATIENCE
from lab.transcript import Transcript, eventually

from .files import give

_PROGRAMS = "/run/programs"
_NOTIFY = "/run/systemd/notify"
_CLOUD_SOCKET = "/run/calico-azure-agent-cloud.socket"
_CONFIGURATION = "/etc/calico-azure-agent/config.toml"
_CREDENTIALS = "/run/credentials/calico-azure-agent.service"
_FOLDERS = {"RUNTIME_DIRECTORY": "/run/calico-azure-agent", "STATE_DIRECTORY": "/var/lib/calico-azure-agent"}
_USER, _CLOUD_USER = 65534, 65533
_NOTHING_TO_SAY = 4  # syslog's warning: what is above is for people to look at

# A lab has no minutes to wait for Azure; the file is the administrator's.
_HURRY = {"CALICO_AZURE_AGENT_IMDS_POLL_INTERVAL": "10s", "CALICO_AZURE_AGENT_AZURE_INTERVAL": "1m"}


def _as_user(user, capabilities):
    """Words for the powers that a unit gives."""
    powers = ",".join(["-all", *(f"+{each}" for each in capabilities)])
    return ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--inh-caps", powers, "--ambient-caps",
            powers, "--bounding-set", powers, "--no-new-privs", "--pdeathsig", "KILL"]


class Service(Agent):
    """On a node's machine. `config`: the administrator's; `reads_roots_files`: with the drop-in of that name."""

    # pylint: disable-next=super-init-not-called
    def __init__(self, machine, config, vm_id, certificate, reads_roots_files):
        self.namespace = machine
        self.process = None
        self.log = Transcript()
        self._powers = ["net_admin", *(["dac_read_search"] if reads_roots_files else [])]
        self._certificate = certificate
        files = machine.files
        files.write(_CONFIGURATION, toml(config))
        self.runtime, self.state = (give(files, path, _USER) for path in _FOLDERS.values())
        give(files, _CREDENTIALS, _USER)
        files.write(f"{_CREDENTIALS}/product_uuid", f"{vm_id}\n")
        files.path_of(_PROGRAMS).mkdir()
        self.journal = Journald(files)
        self.manager = ServiceManager(files.path_of(_NOTIFY))
        for path in (_NOTIFY, "/run/systemd/journal/socket"):
            files.path_of(path).chmod(0o666)
        self._cloud = _CloudSocket(self)

    def close(self):
        if self.is_running:
            self.kill()
        self._cloud.close()
        self.manager.close()
        self.journal.__exit__()

    # Processes

    def programs(self, *words):
        """Words that are run where the build's programs are, for everybody to execute."""
        bind = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
        return ["unshare", "--mount", "sh", "-c", bind, "sh", agent_binary().parent, _PROGRAMS, *words]

    @property
    def cloud_words(self):
        return self.programs(*_as_user(_CLOUD_USER, ["dac_read_search"]), f"{_PROGRAMS}/calico-azure-agent-cloud",
                              "--config", _CONFIGURATION)

    @property
    def environment(self):
        kept = {key: os.environ[key] for key in os.environ if key.endswith("SAN_OPTIONS")}
        return {**kept, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
                "SSL_CERT_FILE": str(self._certificate), **_HURRY}

    def words(self, *words):
        return self.programs(f"{_PROGRAMS}/calico-azure-agent", *words)

    def start(self, **environment):
        begin = len(self.manager.heard)
        # As systemd connects standard error to the journal; what comes here is a complaint of a library's.
        reader, writer = os.pipe()
        stream = os.fstat(writer)
        unit = {"NOTIFY_SOCKET": _NOTIFY, "JOURNAL_STREAM": f"{stream.st_dev}:{stream.st_ino}", **_FOLDERS,
                "CREDENTIALS_DIRECTORY": _CREDENTIALS}
        words = self.programs(*_as_user(_USER, self._powers), f"{_PROGRAMS}/calico-azure-agent", "run")
        try:
            self.process = self.namespace.start(
                *words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=writer,
                env={**self.environment, **unit, **environment})
        finally:
            os.close(writer)
        self.log.follow(os.fdopen(reader, "rb"))
        self.await_word("READY=1|STATUS=", since=begin)
        return self

    def stop(self, by=signal.SIGTERM):
        self.process.send_signal(by)
        return self.process.wait(20)

    def command(self, *words, environment=None, **options):
        return self.namespace.run(*self.words(*words), env={**self.environment, **(environment or {})}, **options)

    def reload(self):  # pylint: disable=arguments-differ
        """`systemctl reload`; returns once it is taken or refused."""
        begin = len(self.journal)
        self.process.send_signal(signal.SIGHUP)
        taken = re.compile("configuration (not )?reloaded").match
        eventually(lambda: any(taken(event["MESSAGE"]) for event in self.journal.events(begin)), "a word on it")

    # What it says

    def warnings(self):
        """What `journalctl -p warning` shows."""
        return [event["MESSAGE"] for event in self.journal.events() if int(event["PRIORITY"]) <= _NOTHING_TO_SAY]

    def checks(self):
        """{id: check} of the daemon."""
        return {check["id"]: check for check in self.status()["checks"]}

    def doctor(self):
        """Its exit code and {id: check}."""
        done = self.command("doctor", "--json")
        return done.returncode, {check["id"]: check for check in json.loads(done.stdout)["checks"]}


class _CloudSocket:
    """systemd's socket for calico-azure-agent-cloud, a process for each connection."""

    def __init__(self, service):
        self._service = service
        self._socket = socket.socket(socket.AF_UNIX)
        path = service.namespace.files.path_of(_CLOUD_SOCKET)
        self._socket.bind(str(path))
        path.chmod(0o666)
        self._socket.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        started = []
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _ = self._socket.accept()
                with connection:
                    started.append(self._service.namespace.start(
                        *self._service.cloud_words, stdin=connection, stdout=connection, stderr=subprocess.DEVNULL,
                        env=self._service.environment))
        for process in started:
            process.kill()
            process.wait()

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(PATIENCE)
