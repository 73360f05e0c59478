"""What is read off processes, and how they are asked."""
import contextlib
import re
import time
from pathlib import Path

from arena.contestants import BENCH, BUILD, Agent, Bird, Frr, destinations

ROUND_TRIP = """
import socket, time
begin = time.monotonic()
with socket.create_connection(("169.254.169.254", 80)) as s:
    s.sendall(b"GET /metadata/instance?api-version=2021-02-01 HTTP/1.1\\r\\nHost: localhost\\r\\nMetadata: true\\r\\n"
              b"Connection: close\\r\\n\\r\\n")
    while s.recv(65536): pass
print((time.monotonic() - begin) * 1e3)
"""

READYZ = """
import socket, sys, time
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", 16925)) as s:
        s.sendall(b"GET /readyz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
        reply = b""
        while part := s.recv(65536): reply += part
    assert b" 200 " in reply.split(b"\\r\\n")[0], reply
    print((time.monotonic() - begin) * 1e3)
    time.sleep(0.005)
"""


def milliseconds_of(operation):
    begin = time.monotonic()
    operation()
    return (time.monotonic() - begin) * 1e3


_CPUCLOCK_SCHED = 2  # of clock_getcpuclockid(3), by include/linux/posix-timers.h


def _threads(pids):
    return [each for pid in pids for each in Path(f"/proc/{pid}/task").iterdir()]


def cpu_seconds(pids):
    """Their processor clocks count nanoseconds, threads that have ended included; utime and stime count ticks."""
    return sum(time.clock_gettime_ns((~pid << 3) | _CPUCLOCK_SCHED) for pid in pids) / 1e9


def switches(pids):
    """Of the threads that are there: one may end while they are looked at."""
    counted = 0
    for each in _threads(pids):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            counted += sum(map(int, re.findall(r"voluntary_ctxt_switches:\s+(\d+)", (each / "status").read_text())))
    return counted


def idle(contestants, seconds):
    """Milliseconds of processor an hour of each, side by side: all of it, and in those seconds that no poll fell into."""
    poll = 1e-3
    used = {name: [] for name in contestants}
    before = {name: cpu_seconds(pids) for name, pids in contestants.items()}
    end = time.monotonic() + seconds
    while time.monotonic() < end:  # what is measured is a time without events
        time.sleep(1)
        now = {name: cpu_seconds(pids) for name, pids in contestants.items()}
        for name in contestants:
            used[name].append(now[name] - before[name])
        before = now
    return {name: [1e3 * 3600 * sum(each) / len(each) for each in (all_of_it, [it for it in all_of_it if it < poll])]
            for name, all_of_it in used.items()}


def memory(pids):
    """KiB, all processes together."""
    sums = {"Rss": 0, "Pss": 0, "Private_Dirty": 0}
    for pid in pids:
        for name, kib in re.findall(r"^(\w+):\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M):
            if name in sums:
                sums[name] += int(kib)
    return sums


def load(space, port, clients):
    """Requests a second, and microseconds at the median and the 99th percentile."""
    text = space.run("wrk", "-t", min(clients, 2), "-c", clients, "-d", "3s", "--latency", "-H", "Connection: close",
                     f"http://127.0.0.1:{port}/readyz")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    if "Non-2xx" in text:
        raise RuntimeError(text)

    def at(percent):
        value, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", text).groups()
        return float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]
    return rate, at(50), at(99)


def begin_bare(space, _):
    return [space.start_and_hear(BENCH / "bare_daemon", word="ready").pid]


def begin_httplib(space, _):
    return [space.start_and_hear(BENCH / "bare_daemon", "http", word="ready").pid]


def begin_agent(space, count, build=BUILD):
    """The daemon, and the program that asks Azure and Kubernetes for it."""
    agent = Agent(space, build)
    agent.configure(destinations(4, count))
    agent.start()
    agent.await_ready()
    return agent.pids()


def begin_daemon(space, count, build=BUILD):
    return begin_agent(space, count, build)[:1]


def begin_bird(space, count):
    bird = Bird(space)
    bird.configure(4, destinations(4, count))
    bird.reload()
    return bird.pids()


def begin_frr(space, count):
    frr = Frr(space)
    frr.configure(4, destinations(4, count))
    frr.reload()
    return frr.pids()


def begin_nginx(space, _):
    config = space.folder / "nginx.conf"
    config.write_text(
        f"daemon off; worker_processes 2; pid {space.folder}/nginx.pid; error_log {space.folder}/nginx.log;\n"
        "events {}\nhttp { access_log off; server { listen 127.0.0.1:16927 backlog=511;\n"
        "location /readyz { default_type text/plain; return 200 \"ok\\n\"; } } }\n")
    master = space.start("nginx", "-c", config)
    children = Path(f"/proc/{master.pid}/task/{master.pid}/children")
    while len(children.read_text().split()) < 2:
        time.sleep(0.01)
    return [master.pid] + [int(each) for each in children.read_text().split()]
