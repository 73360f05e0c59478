#!/usr/bin/env python3
"""calico-azure-agent-cloud as a service: it may read root's files, and the daemon that asks it may be compromised. A
listener stands for wherever that one would have a secret sent."""

import base64
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import threading
import unittest

from case import NodeCase
from lab.agent import program, toml
from lab.transcript import Transcript

_NOBODY = 65534
_SECRET = "eyJhbGciOi.root-only-service-account-token.of-another-pod"
_VM = ("/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/group/providers/Microsoft.Compute/"
       "virtualMachines/vm-0")


class Listener:
    """At 127.0.0.1 in a namespace, with TLS or without, whichever comes: the requests that arrive."""

    def __init__(self, namespace, folder):
        self.certificate = folder / "listener.pem"
        key = folder / "listener.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-subj", "/CN=listener", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", key,
                        "-out", self.certificate], check=True, stderr=subprocess.DEVNULL)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate, key)
        self.seen = Transcript()
        self._socket = namespace.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen()
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            try:
                if peer.recv(1, socket.MSG_PEEK) == b"\x16":
                    peer = self._context.wrap_socket(peer, server_side=True)
                self.seen.write(peer.recv(65536).decode("ascii", "replace"))
                peer.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            except OSError as error:
                self.seen.write(f"a connection: {error}")
            finally:
                peer.close()


class ServiceCase(NodeCase):
    def setUp(self):
        super().setUp()
        self.listener = Listener(self.lab.vm, self.lab.folder)
        self.addCleanup(self.listener.close)
        self.elsewhere = f"127.0.0.1:{self.listener.port}"
        files = self.lab.vm.files
        files.write("/run/roots/secret", _SECRET + "\n", 0o600)
        files.write("/run/roots/config.toml", "")
        files.write("/run/planted/token", "planted")
        shutil.chown(files.path_of("/run/planted"), _NOBODY, _NOBODY)
        self.configure()

    def configure(self, **sections):
        self.write("/run/roots/config.toml", toml(sections))

    def write(self, path, text, mode=0o644):
        self.lab.vm.files.write(path, text, mode)
        if path.startswith("/run/planted/"):
            os.chown(self.lab.vm.files.path_of(path), _NOBODY, _NOBODY)

    def kubeconfig(self, server=None, **user):
        return json.dumps({
            "current-context": "k", "contexts": [{"name": "k", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": server or f"https://{self.elsewhere}",
                                                   "certificate-authority-data": self.authority()}}],
            "users": [{"name": "u", "user": user}]})

    def authority(self):
        return base64.b64encode(self.listener.certificate.read_bytes()).decode()

    def start(self, *words):
        """As the unit has it: nobody with CAP_DAC_READ_SEARCH alone."""
        this_alone = "-all,+dac_read_search"
        service = self.lab.vm.start(
            "setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--no-new-privs",
            f"--bounding-set={this_alone}", f"--inh-caps={this_alone}", f"--ambient-caps={this_alone}",
            program("agent", "cli", "calico-azure-agent-cloud"), *words,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        cloud_states, self.said = Transcript(), Transcript()
        readers = [cloud_states.follow(service.stdout), self.said.follow(service.stderr)]
        self.addCleanup(service.stdin.close)
        self.addCleanup(lambda: [each.join() for each in readers])
        self.addCleanup(service.wait)
        self.addCleanup(service.kill)
        return service, cloud_states

    def question(self, **changed):
        return json.dumps({"imds_endpoint": "http://169.254.169.254", "mac": self.lab.nic.mac, "environment": "",
                           "resource_id": "", "client_id": "", "verify": False, "node_name": "worker-1",
                           "kubeconfig": "", "cloud_config": "/nowhere",
                           "follow_node": True, "at_once": False, "interval": 200, **changed}).encode() + b"\n"

    def ask(self, words=("--config", "/run/roots/config.toml"), **question):
        """The error that it tells about the node, once everything has been tried."""
        service, cloud_states = self.start(*words)
        service.stdin.write(self.question(**question))
        service.stdin.flush()
        place, _ = cloud_states.wait_for(lambda line: json.loads(line)["node"], "word of the node", timeout=20)
        service.kill()
        service.wait()
        return json.loads(cloud_states.lines(place, place + 1)[0])["node"]["error"]

    def nothing_arrives(self):
        self.assertEqual(self.listener.seen.lines(), [])


class ApiServer(ServiceCase):
    # What who asks may try

    def test_a_kubeconfig_of_the_askers_is_not_read(self):
        self.write("/run/planted/kubeconfig", self.kubeconfig(tokenFile="/run/roots/secret"))
        self.assertIn("no credential for the API server", self.ask(kubeconfig="/run/planted/kubeconfig"))
        self.nothing_arrives()
        said = self.said.lines()
        self.assertEqual(len([line for line in said if "kubernetes.kubeconfig" in line]), 1, said)
        # Started without a configuration of its own, it has the rights of who asks.
        self.assertIn("Permission denied", self.ask(words=(), kubeconfig="/run/planted/kubeconfig"))
        self.nothing_arrives()

    def test_a_node_s_name_leads_nowhere_else(self):
        self.write("/run/roots/kubeconfig", self.kubeconfig(token="root-token"))
        self.configure(kubernetes={"kubeconfig": "/run/roots/kubeconfig"})
        for name in ("../secrets", "a/b", "a?b", "a%2fb", "", "a b", "\u202eb", "a\r\nX: y"):
            self.assertIn("is no name of a Kubernetes node", self.ask(node_name=name), name)
        self.nothing_arrives()

    # What root's configuration names has to be root's

    def refuses(self, why, kubeconfig="/run/roots/kubeconfig"):
        self.configure(kubernetes={"kubeconfig": kubeconfig})
        self.assertIn(why, self.ask())
        self.nothing_arrives()

    def test_a_kubeconfig_that_others_can_write_is_refused(self):
        text = self.kubeconfig(tokenFile="secret")
        self.write("/run/roots/kubeconfig", text, 0o666)
        self.refuses("others than root may write 'kubeconfig'")
        self.write("/run/planted/kubeconfig", text)
        self.refuses("'planted' on the way to it belongs to user 65534", "/run/planted/kubeconfig")
        self.lab.vm.files.link("/run/roots/link", "/run/planted/kubeconfig")
        self.refuses("'planted' on the way to it belongs to user 65534", "/run/roots/link")
        files = self.lab.vm.files
        self.write("/run/shared/kubeconfig", text)
        files.path_of("/run/shared").chmod(0o1777)
        self.refuses("others than root may write 'shared'", "/run/shared/kubeconfig")
        files.link("/run/shared/link", "/run/roots/secret")
        os.lchown(files.path_of("/run/shared/link"), _NOBODY, _NOBODY)
        self.refuses("others than root may write 'shared'", "/run/shared/link")

    def test_a_secret_that_no_kubeconfig_has_to_name_is_refused(self):
        for path in ("/run/elsewhere/secret", "/run/roots-too/secret"):
            self.write(path, _SECRET, 0o600)
            self.write("/run/roots/kubeconfig", self.kubeconfig(tokenFile=path))
            self.refuses("names a tokenFile that is not read for the agent")
        self.write("/run/roots/kubeconfig", self.kubeconfig(tokenFile="/run/roots/../elsewhere/secret"))
        self.refuses("names a tokenFile that is not read for the agent")
        self.write("/run/roots/writable", "planted", 0o666)
        self.write("/run/roots/kubeconfig", self.kubeconfig(tokenFile="writable"))
        self.refuses("others than root may write 'writable'")

    def test_a_configuration_that_others_can_write_is_not_gone_by(self):
        self.write("/run/roots/kubeconfig", self.kubeconfig(tokenFile="secret"), 0o600)
        for path, mode in (("/run/roots/other.toml", 0o666), ("/run/planted/config.toml", 0o644)):
            self.write(path, toml({"kubernetes": {"kubeconfig": "/run/roots/kubeconfig"}}), mode)
            self.assertIn("no configuration that it could go by", self.ask(words=("--config", path)))
        self.nothing_arrives()

    # And what it is there for

    def test_root_s_own_word_is_kept(self):
        self.write("/run/roots/token", "root-token\n", 0o600)
        self.write("/run/roots/kubeconfig", self.kubeconfig(tokenFile="token"), 0o600)
        self.configure(kubernetes={"kubeconfig": "/run/roots/kubeconfig"})
        self.ask()
        request = self.listener.seen.lines()[0]
        self.assertIn("GET /api/v1/nodes/worker-1 HTTP/1.1\r\n", request)
        self.assertIn("Authorization: Bearer root-token\r\n", request)

    def test_it_is_in_no_core_dump_and_holds_one_power(self):
        service, cloud_states = self.start("--config", "/run/roots/config.toml")
        service.stdin.write(self.question())
        service.stdin.flush()
        cloud_states.wait_for(lambda line: json.loads(line)["node"], "word of the node", timeout=20)
        # What belongs to root in /proc is a process that no core is dumped of, proc(5).
        self.assertEqual(pathlib.Path("/proc", str(service.pid), "mem").stat().st_uid, 0)
        status = pathlib.Path("/proc", str(service.pid), "status").read_text(encoding="ascii")
        for kind in ("CapPrm", "CapEff", "CapBnd"):
            self.assertIn(f"{kind}:\t0000000000000004\n", status)

    def test_what_is_no_question_ends_it(self):
        for line in (b"what?\n", b"{}\n", b"x" * 70000 + b"\n", b"[" * 60000 + b"\n"):
            service, _ = self.start("--config", "/run/roots/config.toml")
            service.stdin.write(line)
            service.stdin.flush()
            self.assertEqual(service.wait(10), 64)


class Azure(ServiceCase):
    """One service is asked all of it: the first question about Azure waits for up to a tenth of the interval."""

    def setUp(self):
        super().setUp()
        self.configure()
        self.service, self.cloud_states = self.start("--config", "/run/roots/config.toml")

    def configure(self, **azure):
        super().configure(azure={"interval": "1m", "cloud_config": "/run/roots/azure.json", **azure})

    def told(self, why, about="azure", **question):
        """Until it tells this reason."""
        for each, wanted in (({}, "IMDS has not answered which VM this is"), ({"resource_id": _VM, **question}, why)):
            since = len(self.cloud_states)
            self.service.stdin.write(self.question(verify=True, **each))
            self.service.stdin.flush()
            self.cloud_states.wait_for(lambda line: wanted in self.reason(json.loads(line), about if each else "azure"),
                                   wanted, since=since, timeout=20)

    @staticmethod
    def reason(told, about):
        told = told[about] or {}
        return json.dumps(told.get("nic", told), ensure_ascii=False)

    def test_it_sends_no_token_elsewhere(self):
        roots = "/run/roots/azure.json"
        trap = json.dumps({"resourceManagerEndpoint": f"http://{self.elsewhere}"})
        self.write("/run/planted/azure.json", trap)
        self.write(roots, json.dumps({"resourceManagerEndpoint": "https://127.0.0.1:1"}), 0o600)
        self.told("ARM at 127.0.0.1:1: ", cloud_config="/run/planted/azure.json")
        self.nothing_arrives()

        self.write(roots, "{}")
        self.configure(client_id="11111111-1111-1111-1111-111111111111")
        self.told("does not have the user-assigned identity", imds_endpoint=f"http://{self.elsewhere}")
        self.configure()
        for environment in (f"https://{self.elsewhere}", f"http://{self.elsewhere}", "AzureStackCloud"):
            self.told("is not known here", environment=environment)
        self.write(roots, trap)
        for resource in (f"https://{self.elsewhere}/", f"@{self.elsewhere}/", _VM + "/../..", _VM + "?x", "/subscriptions",
                         _VM + "\n/more"):
            self.told("is no Azure resource id", resource_id=resource)
        self.nothing_arrives()

        self.write(roots, trap, 0o666)
        self.told("others than root may write 'azure.json'", "cloud_config")
        self.configure(cloud_config="/run/planted/azure.json")
        self.told("belongs to user 65534", "cloud_config")
        self.nothing_arrives()

    def test_it_does_not_verify_where_root_has_switched_that_off(self):
        self.configure(verify="off")
        since = len(self.cloud_states)
        self.service.stdin.write(self.question(verify=True, resource_id=_VM))
        self.service.stdin.flush()
        place, _ = self.cloud_states.wait_for(lambda line: json.loads(line)["cloud_config"], "azure.json", since, timeout=20)
        self.assertIsNone(json.loads(self.cloud_states.lines(place)[0])["azure"])
        self.assertEqual(self.lab.simulator.requests()["count"], 0)


if __name__ == "__main__":
    unittest.main()
