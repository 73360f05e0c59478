"""kubectl and Helm, as users have them (install-tools)."""

import functools
import pathlib
import subprocess

_INSTALL = pathlib.Path(__file__).with_name("install-tools")


@functools.cache
def tool(name):
    """The program's path: kubectl, helm3 or helm4."""
    done = subprocess.run([_INSTALL], stdout=subprocess.PIPE, text=True, check=True)
    return pathlib.Path(done.stdout.strip(), name)
