"""Processes of a node that stand for programs that the lab does not have. Run as a program in the node, this starts what
it reads, a line each, and says the number."""

import json
import signal
import subprocess
import sys


class Processes:
    """`machine`: where they run. They end with it, or with stop()."""

    def __init__(self, machine):
        self._starter = machine.start(sys.executable, __file__, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True)
        self._starter.stdout.readline()  # it runs

    def stop(self):
        self._starter.kill()
        self._starter.communicate()

    def start(self, program, words, environment):
        """A process that is called as `program`, a path in the node, is; returns when it is there."""
        self._starter.stdin.write(json.dumps([program, words, environment]) + "\n")
        self._starter.stdin.flush()
        self._starter.stdout.readline()


def _start_what_is_read():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    print("up", flush=True)
    for line in sys.stdin:
        program, words, environment = json.loads(line)
        started = subprocess.Popen(words, executable=program, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        print(started.pid, flush=True)


if __name__ == "__main__":
    _start_what_is_read()
