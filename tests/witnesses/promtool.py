"""Prometheus' own promtool, unpacked from Debian's package."""

import functools
import pathlib
import subprocess

_UNPACKED = pathlib.Path(__file__).resolve().parents[1] / "support" / "unpacked"


@functools.cache
def promtool():
    done = subprocess.run([_UNPACKED, "prometheus"], stdout=subprocess.PIPE, text=True, check=True)
    return pathlib.Path(done.stdout.strip(), "usr", "bin", "promtool")


def run(*arguments, said=""):
    """Its exit code, and all that it says."""
    done = subprocess.run([promtool(), *arguments], input=said, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
