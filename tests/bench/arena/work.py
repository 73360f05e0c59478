"""The work that everybody is given; each function returns a table."""
import contextlib
import functools
import time

from arena import probes
from arena.contestants import AGENT, BENCH, Agent, Bird, Frr, IpBatch, destinations
from arena.space import Space
from arena.table import Table

REFEREE = BENCH / "referee"
LIMIT = BENCH / "limit"
MINIMAL = BENCH / "minimal_repair"
_MS = 1000
_FIRST, _LAST = 0, 1


def _alternate(rounds, contestants):
    """Each in turn, round by round: what slows the machine down slows down all."""
    results = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, measure in contestants.items():
            results[name].append(measure())
    return results


# --- Install ------------------------------------------------------------------------------------------------

def _watched(space, family, count, go):
    """Microseconds from `go` to the last route, and from the first to the last, as the kernel announces them."""
    referee = space.start_and_hear(REFEREE, "install", family, count, 90, word="watching")
    begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC) / 1000
    go()
    line = referee.stdout.readline().split()
    if len(line) != 2:
        raise Incomplete(f"not all of {count} routes came")
    first, last = map(float, line)
    return (last - begin) / _MS, (last - first) / _MS


class Incomplete(RuntimeError):
    """A contestant did less than its work."""


def _or_incomplete(measure):
    """BIRD loses messages of the kernel now and then, and then waits for its next scan or for ever."""
    try:
        return measure()
    except Incomplete:
        return None


def _clock(which, pairs):
    return "incomplete" if None in pairs else [pair[which] for pair in pairs]


def _install_by_limit(family, count, order):
    with Space() as space:
        return _watched(space, family, count, lambda: space.run(LIMIT, "add", family, count, *order))


def _install_by_agent(family, count, reload):
    with Space() as space:
        agent = Agent(space)
        agent.configure([] if reload else destinations(family, count))
        if not reload:
            return _watched(space, family, count, agent.start)
        agent.start()
        agent.await_ready()
        agent.configure(destinations(family, count))
        return _watched(space, family, count, agent.reload)


def _install_by(kind, family, count):
    with Space() as space:
        other = kind(space)
        other.configure(family, destinations(family, count))
        return _watched(space, family, count, other.reload)


def install(options):
    by_command = Table("Install, from the command to the last route", "ms")
    by_kernel = Table("Install, from the first route to the last", "ms")
    for family in (4, 6):
        for count in options.sizes:
            contestants = {
                "limit": lambda f=family, c=count: _install_by_limit(f, c, []),
                "limit, shuffled": lambda f=family, c=count: _install_by_limit(f, c, ["shuffled"]),
                "agent, started": lambda f=family, c=count: _install_by_agent(f, c, False),
                "agent, reloaded": lambda f=family, c=count: _install_by_agent(f, c, True),
                "ip -batch": lambda f=family, c=count: _install_by(IpBatch, f, c),
                "BIRD": lambda f=family, c=count: _or_incomplete(lambda: _install_by(Bird, f, c))}
            results = _alternate(options.rounds(count), contestants)
            if family == 4 and count <= options.frr_at_most:
                results["FRR"] = [_install_by(Frr, family, count)]
            work = f"{count:,} IPv{family}"
            by_command.add(work, {name: _clock(0, pairs) for name, pairs in results.items()})
            by_kernel.add(work, {name: _clock(1, pairs) for name, pairs in results.items()})
    return [by_command, by_kernel]


# --- Start --------------------------------------------------------------------------------------------------

def start(options):
    table = Table("Exec to READY=1, IMDS answers at once", "ms", with_p99=True)
    for count in (2, 400):
        with Space() as space:
            agent = Agent(space)
            agent.configure(destinations(4, count))

            def once(build):
                begin = time.monotonic()
                agent.start(build)
                agent.await_ready()
                took = time.monotonic() - begin
                agent.stop()
                space.run("ip", "route", "flush", "proto", "169")
                return took * 1e3

            contestants = {}
            for name, build in options.builds.items():
                contestants[name] = lambda build=build: once(build)
                contestants[f"{name}: its loader alone (version)"] = lambda build=build: probes.milliseconds_of(
                    lambda: space.start(build / AGENT, "version").wait())
            contestants["one IMDS round trip"] = lambda: space_round_trip(space)
            table.add(f"{count} routes", _alternate(options.repetitions(50), contestants))
    return [table]


def space_round_trip(space):
    """Another process asks: its own clock counts."""
    return float(space.run("python3", "-c", probes.ROUND_TRIP))


# --- Repair -------------------------------------------------------------------------------------------------

def _repair(space, *arguments):
    """Pairs: since the first deletion, and since the last."""
    lines = space.run(REFEREE, *arguments).splitlines()
    if "never" in lines:
        return f"never ({float(arguments[-1]) / 1000:g} s)"
    return [tuple(map(float, line.split())) for line in lines]


def _since(which, results, scale=1):
    return {name: values if isinstance(values, str) else [each[which] / scale for each in values]
            for name, values in results.items()}


def _with_agent(space, count):
    agent = Agent(space)
    agent.configure(destinations(4, count))
    agent.start()
    agent.await_ready()
    time.sleep(1.5)  # what a start has to say to itself is over then: the addresses' own notifications


def _with_minimal(space, count):
    space.start_and_hear(MINIMAL, count, word="ready")


def _with_bird(scan):
    def begin(space, count):
        bird = Bird(space, scan)
        bird.configure(4, destinations(4, count))
        _watched(space, 4, count, bird.reload)
    return begin


def _with_frr(space, count):
    frr = Frr(space)
    frr.configure(4, destinations(4, count))
    _watched(space, 4, count, frr.reload)


def _rivals(begin_by_name, count, foreign, *work):
    results = {}
    for name, begin in begin_by_name.items():
        with Space() as space:
            if foreign:
                space.run(REFEREE, "fill", foreign)
            begin(space, count)
            results[name] = _repair(space, *work)
    return results


def repair(options):
    both = {"minimal C program": _with_minimal, "agent": _with_agent}
    one = Table("Repair of one deleted route", "µs", with_p99=True)
    times = options.repetitions(500)
    for count in options.ours:
        one.add(f"1 of {count:,}", _since(_LAST, _rivals(both, count, 0, "repair", count, 1, times, 5000)))
    for foreign in options.foreign:
        one.add(f"1 of 400, {foreign:,} foreign",
                _since(_LAST, _rivals(both, 400, foreign, "repair", 400, 1, times, 5000)))
    slow = _rivals({"FRR": _with_frr, "BIRD, scan time 1": _with_bird(1)}, 400, 0, "repair", 400, 1,
                   options.repetitions(10), 3000)
    one.add("1 of 400, by others", _since(_LAST, slow))
    many = Table("Repair of many", "ms", with_p99=True)
    all_400 = _rivals({**both, "BIRD, scan time 1": _with_bird(1)}, 400, 0, "repair", 400, 400,
                      options.repetitions(30), 3000)
    many.add("400 of 400, since the first deletion", _since(_FIRST, all_400, _MS))
    if options.all_of_many:
        count = options.all_of_many
        results = _since(_LAST, _rivals(both, count, 0, "repair", count, count, 5, 60000), _MS)
        many.add(f"{count:,} of {count:,}, since the last deletion",
                 {"installing them, by the limit": [_add_by_limit(count) for _ in range(3)], **results})
    flaps = _rivals({**both, "BIRD, scan time 1": _with_bird(1), "FRR": _with_frr}, 400, 0, "flap", 400,
                    options.repetitions(30), 3000)
    many.add("400 after a link flap", _since(_FIRST, flaps, _MS))
    return [one, many]


def _add_by_limit(count):
    with Space() as space:
        return float(space.run(LIMIT, "add", 4, count)) / _MS


# --- Foreign routes -----------------------------------------------------------------------------------------

def foreign(options):
    churn = Table("10,000 foreign route changes a second: the agent", "")
    seconds = 10 if not options.quick else 3
    for count in [0] + options.foreign:
        with Space() as space:
            if count:
                space.run(REFEREE, "fill", count)
            agent = Agent(space)
            agent.configure(destinations(4, 400))
            agent.start()
            agent.await_ready()
            time.sleep(3)
            before = probes.cpu_seconds(agent.pids())
            rate = float(space.run(REFEREE, "churn", seconds, 10000))
            share = (probes.cpu_seconds(agent.pids()) - before) / seconds
            if rate < 9000:
                raise RuntimeError(f"only {rate} changes a second")
            storm = space.start(REFEREE, "churn", seconds, 10000)
            latencies = [float(each) for each in space.run("python3", "-c", probes.READYZ, seconds - 1).split()]
            if storm.wait() != 0:
                raise RuntimeError("the churn failed")
            work = f"beside {count:,} foreign routes"
            churn.add(work, {"% of a core": [100 * share]})
            worst = sorted(latencies)[int(0.99 * len(latencies))]
            churn.add(work, {"/readyz, ms": latencies, "/readyz p99, ms": [worst]})
    dumps = Table("Dump of 400 of ours among 500,000 foreign ones", "ms")
    with Space() as space:
        space.run(REFEREE, "fill", 500000 if not options.quick else 50000)
        space.run(LIMIT, "add", 4, 400)

        def dump(which):
            return float(space.run(LIMIT, "dump", which).split()[0]) / 1000
        dumps.add("table main", _alternate(5, {"by protocol and table": lambda: dump("ours"),
                                               "unfiltered": lambda: dump("all")}))
    return [churn, dumps]


# --- Footprint ----------------------------------------------------------------------------------------------

def _footprint(begin, count):
    with Space() as space:
        pids = begin(space, count)
        time.sleep(3)
        return probes.memory(pids)


def footprint(options):
    agents = {}
    for name, build in options.builds.items():
        agents[name] = functools.partial(probes.begin_daemon, build=build)
        agents[f"{name} and its cloud program"] = functools.partial(probes.begin_agent, build=build)
    contestants = {"cpp-httplib + spdlog + libnl, nothing else": probes.begin_bare,
                   "cpp-httplib alone": probes.begin_httplib, **agents, "BIRD": probes.begin_bird,
                   "FRR (zebra, staticd)": probes.begin_frr, "nginx": probes.begin_nginx}
    measured = {name: _footprint(begin, 400) for name, begin in contestants.items()}
    table = Table("Memory with 400 routes", "KiB")
    for kind in ("Rss", "Pss", "Private_Dirty"):
        table.add(kind, {name: [values[kind]] for name, values in measured.items()})
    each = Table("The agent's memory for each route", "bytes")
    base = measured["agent"]["Rss"]
    for count in options.sizes[1:]:
        more = _footprint(probes.begin_daemon, count)["Rss"] - base
        each.add(f"{count:,} routes", {"agent": [more * 1024 / (count - 400)]})
    idle = Table("Idle", "")
    with contextlib.ExitStack() as spaces:
        pids = {name: begin(spaces.enter_context(Space()), 400)
                for name, begin in {**agents, "BIRD": probes.begin_bird}.items()}
        time.sleep(5)
        switches = {name: probes.switches(each) for name, each in pids.items()}
        for name, (all_of_it, between_polls) in probes.idle(pids, options.idle).items():
            waits = probes.switches(pids[name]) - switches[name]
            idle.add("processor, ms an hour", {name: [all_of_it]})
            idle.add("of it in seconds without a poll", {name: [between_polls]})
            idle.add("context switches a minute", {name: [waits / options.idle * 60]})
    return [table, each, idle]


def requests(options):
    table = Table("Readiness over new connections", "requests/s")
    latency = Table("Readiness over new connections: latency", "µs")
    with Space() as space:
        ports = {"nginx": 16927, "cpp-httplib alone": 16926, "agent": 16925}
        for begin in (probes.begin_nginx, probes.begin_httplib, probes.begin_agent):
            begin(space, 400)
        for clients in (1, 8):
            rounds = _alternate(options.repetitions(5), {
                name: lambda p=port, c=clients: probes.load(space, p, c) for name, port in ports.items()})
            work = f"{clients} client{'s' if clients > 1 else ''}"
            table.add(work, {name: [each[0] for each in pairs] for name, pairs in rounds.items()})
            latency.add(f"{work}, median", {name: [each[1] for each in pairs] for name, pairs in rounds.items()})
            latency.add(f"{work}, p99", {name: [each[2] for each in pairs] for name, pairs in rounds.items()})
    return [table, latency]
