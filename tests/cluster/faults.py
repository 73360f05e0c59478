"""One thing that is wrong in a VM, and mended again; and the cases that each mode makes of such."""

import contextlib
import dataclasses
import http.server
import json
import pathlib
import shutil
import subprocess
import threading

import fault_table
from case import eventually
from lab.bundle import failures_replayed
from lab.namespace import CommandFailed


PRINTED = "as printed"


@dataclasses.dataclass
class Fault:
    """One thing that is wrong: the check that names it, what it is in a few words, and a context in which it is there.
    `mended`: PRINTED where the check's remedy is run in the VM as it is printed, else what mends it here, and why."""

    check: str
    what: str
    there: contextlib.AbstractContextManager
    mended: str = PRINTED


class Faults:
    """`faults()` yields Faults. `healthy_changes()` yields what is in order, for each: its name, and a context in which it is
    there."""

    config = {"azure": {"verify": "off"}}

    def checks(self, vm):
        return json.loads(vm.agent.command("doctor", "--json").stdout)["checks"]

    def failed(self, vm):
        return [check for check in self.checks(vm) if check["status"] == "fail"]

    def failures(self, vm):
        return [(check["id"], check["message"]) for check in self.failed(vm)]

    def replayed(self, vm):
        """What a bundle of this moment says elsewhere."""
        return failures_replayed(vm.agent.command("support-bundle", "--output", "-", text=False).stdout)

    def healthy_changes(self, _vm):
        return ()

    def test_what_is_in_order_fails_no_check(self):
        vm = self.vms[0]
        for name, change in self.healthy_changes(vm):
            with self.subTest(name), change:
                self.assertEqual(self.failures(vm), [])

    def test_each_is_named_by_one_check_and_passes_with_it(self):
        vm = self.vms[0]
        self.assertEqual(self.failures(vm), [], "before anything is broken")
        for fault in self.faults(vm):
            with self.subTest(fault.what):
                with fault.there:
                    failed = self.failed(vm)
                    self.assertEqual([check["id"] for check in failed], [fault.check], failed)
                    self.assertEqual(self.replayed(vm), [fault.check])
                    remedy = failed[0]["remedy"]
                    if fault.mended == PRINTED:
                        done_so = vm.namespace.shell(remedy)
                        self.assertEqual(done_so.returncode, 0, f"{remedy}: {done_so.stderr}")
                        self.assertEqual(self.failures(vm), [], remedy)
                self.assertEqual(self.failures(vm), [], "mended")
                row = fault_table.row(self.cluster_options["mode"], fault.what, fault.check, remedy, fault.mended)
                self.assertTrue(fault_table.is_in_table(row), f"CAA_WRITE=1 writes tests/README.md: {row}")


@contextlib.contextmanager
def done(here, undone):
    """Two calls: what breaks it, and what mends it; where a remedy has done that already, the second has nothing to do."""
    here()
    try:
        yield
    finally:
        with contextlib.suppress(CommandFailed):
            undone()


def ip(vm, line, undone):
    return done(lambda: vm.namespace.ip(line), lambda: vm.namespace.ip(undone))


def shell(vm, line, undone):
    def run(words):
        outcome = vm.namespace.shell(words)
        if outcome.returncode != 0:
            raise CommandFailed(f"{words}: {outcome.stderr}")

    return done(lambda: run(line), lambda: run(undone))


@contextlib.contextmanager
def file(vm, path, text):
    """A file of the VM's has another text, or none."""
    before = vm.files.read(path) if vm.files.path_of(path).exists() else None
    vm.files.write(path, text) if text is not None else vm.files.remove(path)
    try:
        yield
    finally:
        if before is not None:
            vm.files.write(path, before)
        else:
            vm.files.path_of(path).unlink(missing_ok=True)


@contextlib.contextmanager
def health(vm, port, status, body=""):
    """A service on loopback that answers everything so."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", port), Answers, bind_and_activate=False)
    server.socket.close()
    server.socket = vm.namespace.socket()
    server.allow_reuse_address = True
    server.server_bind()
    server.server_activate()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def process(vm, program, *arguments, **environment):
    """One of that name, which waits for its standard input: a shell that is called so, whose first argument is its
    script."""
    shutil.copy("/bin/sh", program)
    (program.parent / arguments[0]).write_text("read -r _\n", encoding="ascii")
    running = vm.namespace.start(program, *arguments, cwd=program.parent, env=environment, stdin=subprocess.PIPE)
    comm = pathlib.Path(f"/proc/{running.pid}/comm")
    eventually(lambda: comm.read_text(encoding="ascii").strip() == program.name, "its name")
    try:
        yield
    finally:
        running.kill()
        running.communicate()


def felix(vm, folder, **environment):
    """Felix as Calico 3.33 and later start it."""
    return process(vm, folder / "calico", "component", "felix", **environment)


def old_felix(vm, folder, **environment):
    return process(vm, folder / "calico-felix", "script", **environment)
