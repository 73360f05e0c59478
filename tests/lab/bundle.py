"""A support bundle as support has it: a file, on a machine that knows nothing of the node. $CAA_KEEP_BUNDLES: a folder
that keeps each, for tests/bundles."""

import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile

from .agent import agent_binary, environment
from .patience import PATIENCE


def replay(*words):
    """A command on another machine: no network, nothing of the node."""
    with tempfile.TemporaryDirectory() as elsewhere:
        folders = {"RUNTIME_DIRECTORY": elsewhere, "STATE_DIRECTORY": elsewhere, "NO_COLOR": "1"}
        return subprocess.run(["unshare", "--net", agent_binary(), *words], env={**environment(), **folders},
                              capture_output=True, text=True, timeout=2 * PATIENCE, check=False)


def files_of(archive):
    """The texts of a bundle, by name."""
    with tarfile.open(archive) as members:
        return {pathlib.PurePath(member.name).name: members.extractfile(member).read().decode()
                for member in members.getmembers()}


def failed(doctor):
    """The checks that fail, of what doctor --json prints."""
    return sorted(check["id"] for check in json.loads(doctor)["checks"] if check["status"] == "fail")


class BundleDiffers(AssertionError):
    """What a bundle says elsewhere is not what the node said."""


def failures_replayed(bundle, name=None):
    """Has doctor, plan and status say elsewhere what they said of the node, byte for byte; the checks that fail. `bundle`:
    the bytes that support-bundle --output - writes."""
    with tempfile.NamedTemporaryFile(suffix=".tar.gz") as archive:
        archive.write(bundle)
        archive.flush()
        files = files_of(archive.name)
        for command in ("doctor", "plan", "status"):
            said = replay(command, "--json", "--bundle", archive.name)
            if said.stdout != files.get(f"{command}.json", ""):
                raise BundleDiffers(f"{command} replayed: {said.stdout}{said.stderr}\nand of the node: "
                                    f"{files.get(f'{command}.json', '')}")
        names = failed(files["doctor.json"])
        if folder := os.environ.get("CAA_KEEP_BUNDLES"):
            shutil.copy(archive.name, pathlib.Path(folder) / f"{name or '-'.join(names) or 'udr'}.tar.gz")
        return names
