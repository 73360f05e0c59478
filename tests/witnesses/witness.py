"""A script of clients that runs on a lab's VM and answers commands."""

import functools
import json
import pathlib
import shutil
import subprocess

from lab.cloud import ADDRESS, ARM

_INSTALL = pathlib.Path(__file__).with_name("install")


class Refused(Exception):
    """What the client throws, with the members that its users look at."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.name, self.code, self.status = (error.get(key) for key in ("name", "code", "statusCode"))
        self.body, self.retry_after = error.get("body"), error.get("retry_after")


@functools.cache
def _folder():
    done = subprocess.run([_INSTALL], stdout=subprocess.PIPE, text=True, check=True)
    return pathlib.Path(done.stdout.strip())


class Witness:
    """witness.NAME(…) is the script's command of this name: its value, or Refused."""

    def __init__(self, namespace, script, certificate, *arguments):
        hosts = namespace.files.read("/etc/hosts")
        if ARM not in hosts:
            namespace.files.write("/etc/hosts", f"{hosts}{ADDRESS} {ARM}\n")
        self._process = namespace.start(
            "env", f"NODE_EXTRA_CA_CERTS={certificate}", shutil.which("node"), "--preserve-symlinks",
            "--preserve-symlinks-main", _folder() / "scripts" / script, *arguments, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=None, text=True)

    def __getattr__(self, name):
        return functools.partial(self._ask, name)

    def _ask(self, name, *arguments):
        self._process.stdin.write(json.dumps({"name": name, "arguments": arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"the script has ended at {name}{arguments}: exit code {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["value"]

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
