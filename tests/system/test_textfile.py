#!/usr/bin/env python3
"""node_exporter's file under a real systemd: the timer brings it, the service has the rights that this takes, and the
journal stays quiet."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from host import Host  # noqa: E402
from lab import Lab, eventually  # noqa: E402

_RECIPE = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "monitoring" / "textfile"
_NAME = "calico-azure-agent-textfile"
_FILE = "/var/lib/prometheus/node-exporter/calico-azure-agent.prom"
# The tree has no curl: as much of it as the unit asks for.
_CURL = """#!/usr/bin/python3
import socket, sys
options = sys.argv[1:]
file, url = options[options.index("-o") + 1], options[-1]
address, path = url.removeprefix("http://").split("/", 1)
host, port = address.split(":")
try:
    connection = socket.create_connection((host, int(port)), timeout=float(options[options.index("--max-time") + 1]))
except OSError as error:
    sys.exit(f"curl: (7) {error}")
connection.sendall(f"GET /{path} HTTP/1.1\\r\\nHost: {address}\\r\\nConnection: close\\r\\n\\r\\n".encode())
head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\\r\\n\\r\\n")
if b" 200 " not in head.split(b"\\r\\n")[0]:
    sys.exit(22)
with open(file, "wb") as page:
    page.write(body)
"""


class Textfile(unittest.TestCase):
    def test_the_timer_brings_it_again_and_again_and_takes_it_away_with_the_agent(self):
        lab = self.enter(Lab())
        agent = lab.agent(mode="udr", azure={"verify": "off"},
                          pods={"cluster_cidrs": ["10.244.0.0/16"], "node_cidrs": ["10.244.1.0/24"]}).start_ready()
        host = self.enter(Host(lab.vm, lab.folder / "machine"))
        host.write("/usr/bin/curl", _CURL, 0o755)
        host.x("mkdir", "-p", pathlib.PurePath(_FILE).parent)
        for unit in (f"{_NAME}.service", f"{_NAME}.timer"):
            host.write(f"/etc/systemd/system/{unit}", (_RECIPE / unit).read_text(encoding="utf-8"))
        host.write(f"/etc/systemd/system/{_NAME}.timer.d/soon.conf", "[Timer]\nOnUnitActiveSec=1s\n")
        host.x("systemctl", "daemon-reload")
        host.x("systemctl", "enable", "--now", f"{_NAME}.timer")
        file = host.root / _FILE[1:]
        eventually(file.exists, "the file", 30)
        told = file.read_text(encoding="ascii")
        self.assertIn("\ncalico_azure_agent_ready 1\n", told)
        self.assertNotIn("process_", told)
        self.assertEqual(file.stat().st_mode & 0o777, 0o644)
        lab.vm.sysctl("net.ipv4.ip_forward", 0)
        eventually(lambda: "\ncalico_azure_agent_ready 0\n" in file.read_text(encoding="ascii"), "news in the file", 30)
        self.assertEqual(host.journal(f"--unit={_NAME}.service"), [])
        agent.kill()
        eventually(lambda: not file.exists(), "no file without an agent", 30)
        eventually(lambda: host.journal(f"--unit={_NAME}.service"), "a reason in the journal", 30)

    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value


if __name__ == "__main__":
    unittest.main()
