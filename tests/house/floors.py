#!/usr/bin/env python3
"""The floors of the house: which room may include which. A wrong include names its file and line."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# room -> rooms it may include (itself always)
FLOORS = {
    "net": [],
    "observed": ["net"],
    "remedy": ["net"],
    "routing": ["net"],
    "node": ["net", "observed", "routing", "remedy"],
    "checks": ["net", "observed", "routing", "remedy", "node"],
    "checks/trace": ["net", "observed", "routing", "remedy", "node", "checks"],
    "audit": ["net", "observed", "routing", "remedy", "node"],
    "core": ["net", "observed", "routing", "node", "checks"],
    "netlink": ["net", "observed"],
    "files": ["net"],
    "json": ["net"],
    "http1": ["net"],
    "imds": ["net", "observed", "files", "json", "http1"],
    "simulator": ["net", "observed", "imds", "simulator/cloud"],
    "simulator/cloud": ["net", "observed", "imds", "simulator"],
    "host": ["net", "files", "observed", "json", "http1"],
    "systemd": ["net"],
    "https": ["net", "http1"],
    "arm": ["net", "observed", "https", "json"],
    "kubernetes": ["net", "files", "observed", "https", "host", "json"],
    "cni": ["net", "files", "observed", "json"],
    "agent/cloud": ["net", "audit", "json", "imds", "arm", "kubernetes", "https", "host", "observed", "routing", "remedy", "node", "checks", "core", "agent/config"],
    "agent/log": ["net", "observed", "routing", "remedy", "node", "checks", "core", "systemd"],
    "agent/config": ["net", "files", "observed", "routing", "remedy", "node", "checks", "core", "agent/log"],
    "agent/http": ["net", "http1", "observed", "routing", "remedy", "node", "checks", "core"],
    "agent/inspect": ["net", "netlink", "cni", "host", "observed", "routing", "remedy", "node", "checks", "core"],
    "agent/history": ["net", "files", "json", "observed", "routing", "node", "checks", "core", "agent/log", "agent/config"],
    "agent/bundle": ["net", "json", "observed", "routing", "remedy", "node", "checks", "core", "agent/config", "agent/cloud"],
    "agent/daemon": ["net", "files", "netlink", "cni", "imds", "systemd", "host", "observed", "routing", "remedy", "node", "checks", "core", "agent/cloud", "agent/log",
                     "agent/config", "agent/history", "agent/http", "agent/inspect"],
    "agent/cli": ["net", "netlink", "files", "json", "imds", "host", "observed", "routing", "remedy", "node", "checks", "checks/trace", "core", "agent/cloud", "agent/log", "agent/config",
                  "agent/history", "agent/bundle", "agent/http", "agent/inspect", "agent/daemon"],
    "agent/manual": ["observed", "routing", "remedy", "node", "checks", "core", "agent/config", "agent/daemon", "agent/cli"],
}
# system headers that one room alone may include
OWNED = {
    r"^(netlink|linux)/": ["netlink", "agent/cloud", "simulator", "cni"],
    r"^(mutex|condition_variable)$": ["net", "simulator", "simulator/cloud"],  # elsewhere net/mutex.h, which clang checks
    r"^toml\+\+/": ["agent/config", "cni"],
    r"^spdlog/": ["agent/log"],
    r"^zlib\.h": ["agent/bundle"],
    r"^CLI/": ["agent/cli", "simulator"],
    r"^httplib\.h": ["simulator"],
    r"^openssl/": ["simulator/cloud", "https"],
    r"^yaml-cpp/": ["kubernetes"],
    r"^boost/beast": ["http1", "https", "simulator", "simulator/cloud", "agent/http"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of(path: str):
    return max((room for room in FLOORS if path.startswith(room + "/")), key=len, default=None)


def faults_of(file: pathlib.Path):
    name = file.relative_to(ROOT).as_posix()
    room = room_of(name)
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        style, target = match.groups()
        if style == '"':
            other = room_of(target)
            if other is None:
                yield f'{name}:{number}: "{target}" is in no room (include by full path from the root)'
            elif other != room and other not in FLOORS[room]:
                yield f"{name}:{number}: {room} may not include {other}"
            elif not (ROOT / target).is_file():
                yield f'{name}:{number}: "{target}" does not exist'
            continue
        for pattern, rooms in OWNED.items():
            if re.match(pattern, target) and room not in rooms:
                yield f"{name}:{number}: <{target}> belongs to {' and '.join(rooms)} alone"


def main() -> int:
    files = [file for room in FLOORS for suffix in ("*.h", "*.cpp") for file in (ROOT / room).rglob(suffix)]
    if not files:
        print("no source found: run from a checkout")
        return 1
    faults = sorted({fault for file in files for fault in faults_of(file)})
    print("\n".join(faults) if faults else f"{len(files)} files, every include on its floor")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
