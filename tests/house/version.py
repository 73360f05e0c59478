#!/usr/bin/env python3
"""The version has one place, CMakeLists.txt: files that have to repeat it agree (packaging/version), and no other file of
what people install or read names a release of the agent."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
_TOOL = ROOT / "packaging" / "version"
# calico-azure-agent_1.2.3_amd64.deb, calico-azure-agent-1.2.3.tgz, calico-azure-agent:1.2.3
_NAMED = re.compile(r"(?:calico-azure-agent|azure-simulator)[-_:](\d+\.\d+\.\d+)")
_MAY = re.compile(r"CHANGELOG\.md|tests/(unit|fuzz|corpus|bench|data)/")


def repeated() -> list[str]:
    may = set(re.findall(r'^    \("([^"]+)", ', _TOOL.read_text(encoding="utf-8"), re.MULTILINE))
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    found = []
    for file in (each for each in files if each and each not in may and not _MAY.match(each)):
        path = ROOT / file
        if not path.is_file() or path == pathlib.Path(__file__).resolve():
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n"), 1):
            found += [f"{file}:{number}: names {each}: packaging/version tells it" for each in _NAMED.findall(line)]
    return found


def main() -> int:
    found = repeated()
    told = subprocess.run([_TOOL, "--check"], capture_output=True, text=True, check=False)
    print("\n".join([*found, *told.stderr.splitlines()]) or "the version has one place")
    return 1 if found or told.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
