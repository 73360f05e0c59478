#!/usr/bin/env python3
"""The status address: /readyz, /healthz, /livez, /status, and what is refused."""

import json
import re
import unittest

from case import CLUSTER, NODE, NodeCase, eventually, settings

_UDR_GATES = {"mode.in_force", "imds.reachable", "nic.found", "nic.address", "nic.up", "routes.in_sync",
              "sysctl.ip_forward", "sysctl.nic_forwarding", "pods.overlap"}
_WARNINGS = {"nic.gateway", "sysctl.rp_filter", "pods.node_cidr"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Health(NodeCase):
    def test_readyz_says_ok(self):
        self.agent.start_ready()
        answer = self.agent.get("/readyz")
        self.assertEqual((answer.status, answer.body.strip()), (200, "ok"))

    def test_readyz_verbose_lists_the_gates_of_the_mode_in_kubernetes_style(self):
        self.agent.start_ready()
        answer = self.agent.get("/readyz?verbose")
        *lines, verdict = answer.body.splitlines()
        self.assertEqual(answer.status, 200)
        self.assertEqual(set(lines), {f"[+]{gate} ok" for gate in _UDR_GATES})
        self.assertEqual(verdict, "readyz check passed")

    def test_readyz_names_the_gate_that_fails_and_why(self):
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.start()
        self.agent.await_word("STATUS=waiting for sysctl.ip_forward")
        answer = self.agent.get("/readyz?verbose")
        self.assertEqual(answer.status, 503)
        self.assertIn("[-]sysctl.ip_forward failed: net.ipv4.ip_forward is 0\n", answer.body)
        self.assertTrue(answer.body.endswith("readyz check failed\n"))

    def test_an_excluded_gate_does_not_count_and_the_others_do(self):
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.start()
        self.agent.await_word("STATUS=waiting for sysctl.ip_forward")
        both = "exclude=sysctl.ip_forward&exclude=sysctl.nic_forwarding"
        self.assertEqual(self.agent.get(f"/readyz?{both}").status, 200)
        self.assertEqual(self.agent.get("/readyz?exclude=nic.found").status, 503)

    def test_an_unknown_check_cannot_be_excluded(self):
        self.agent.start_ready()
        answer = self.agent.get("/readyz?exclude=nic.fuond")
        self.assertEqual(answer.status, 400)
        self.assertIn("nic.fuond", answer.body)
        self.assertIn("nic.found", answer.body)

    def test_healthz_is_about_all_checks(self):
        self.agent.start_ready()
        answer = self.agent.get("/healthz?verbose")
        self.assertEqual(answer.status, 200)
        listed = {line[3:].split()[0] for line in answer.body.splitlines() if line.startswith("[")}
        self.assertLessEqual(_UDR_GATES | _WARNINGS, listed)

    def test_a_warning_fails_healthz_and_not_readyz(self):
        self.lab.vm.ip("route del default")
        self.agent.start_ready()
        self.assertEqual(self.agent.get("/readyz").status, 200)
        answer = self.agent.get("/healthz?verbose")
        self.assertEqual(answer.status, 503)
        self.assertIn("[-]nic.gateway failed: ", answer.body)
        self.assertTrue(answer.body.endswith("healthz check failed\n"))

    def test_livez_does_not_depend_on_azure(self):
        self.lab.simulator.stop()
        self.agent.start()
        self.agent.await_word("STATUS=waiting for imds.reachable")
        self.assertEqual(self.agent.get("/livez").status, 200)


class Status(NodeCase):
    def test_every_field_of_the_schema_has_its_type_and_value(self):
        self.agent.start_ready()
        eventually(lambda: self.agent.status()["imds"]["source"] == "live", "an answer of IMDS")
        status = self.agent.status()
        nic = self.lab.nic
        self.assertEqual(status["schema"], "calico-azure-agent/v1")
        self.assertRegex(status["version"], r"^\d+\.\d+\.\d+")
        self.assertEqual(status["mode"], "udr")
        self.assertIn("udr", status["mode_reason"])
        self.assertIs(status["ready"], True)
        self.assertRegex(status["ready_since"], _TIME)
        compute = self.lab.document()["compute"]
        self.assertEqual(status["node"], {"name": "node-0", "vm_id": compute["vmId"],
                                          "resource_id": compute["resourceId"], "location": "westeurope",
                                          "vm_scale_set": ""})
        imds = status["imds"]
        self.assertEqual((imds["source"], imds["api_version"]), ("live", "2021-02-01"))
        self.assertRegex(imds["last_success"], _TIME)
        self.assertIn(imds["age_seconds"], range(5))
        self.assertIsInstance(status["nic"].pop("index"), int)
        self.assertEqual(status["nic"], {"name": "eth0", "mac": nic.mac, "addresses": [nic.address],
                                         "subnets": [nic.subnet], "gateways": [nic.gateway], "mtu": 1500})
        self.assertEqual(status["pods"], {"cluster_cidrs": [CLUSTER], "node_cidrs": [NODE], "source": "static"})
        counters = status["counters"]
        self.assertEqual((counters["routes_repaired"], counters["imds_errors"]), (0, 0))
        self.assertGreaterEqual(counters["resyncs"], 1)

    def test_a_route_is_shown_as_it_is_in_the_kernel(self):
        self.agent.start_ready()
        routes = {route["type"]: route for route in self.agent.status()["routes"]}
        plain = {"table": 254, "protocol": 169, "state": "in_sync", "error": ""}
        self.assertEqual(routes, {
            "unicast": {"destination": CLUSTER, "type": "unicast", "gateway": self.lab.nic.gateway,
                        "device": "eth0", "source": self.lab.nic.address, "metric": 1024, **plain},
            "blackhole": {"destination": NODE, "type": "blackhole", "gateway": "", "device": "", "source": "",
                          "metric": 1000000, **plain}})

    def test_every_check_has_its_fields_and_a_failed_one_its_remedy(self):
        self.lab.vm.sysctl("net.ipv4.ip_forward", 0)
        self.agent.start()
        self.agent.await_check("sysctl.ip_forward", "fail")
        checks = self.agent.status()["checks"]
        for check in checks:
            with self.subTest(check["id"]):
                self.assertRegex(check["id"], r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")
                self.assertIn(check["status"], ("pass", "fail", "unknown", "skip"))
                self.assertIsInstance(check["gate"], bool)
                self.assertTrue(check["message"] and "\n" not in check["message"])
                self.assertEqual(check["remedy"] != "", check["status"] == "fail")
                self.assertRegex(check["since"], _TIME)
        self.assertLessEqual(_UDR_GATES | _WARNINGS, {check["id"] for check in checks})
        self.assertEqual({check["id"] for check in checks if check["gate"]}, _UDR_GATES)

    def test_before_there_is_a_document_no_field_is_absent(self):
        self.lab.simulator.stop()
        self.agent.start()
        self.agent.await_word("STATUS=waiting for imds.reachable")
        status = self.agent.status()
        self.assertIs(status["ready"], False)
        self.assertIsNone(status["ready_since"])
        self.assertEqual(status["imds"], {"source": "none", "last_success": None, "age_seconds": None,
                                          "api_version": ""})
        self.assertEqual(status["node"], {"name": "node-0", "vm_id": "", "resource_id": "", "location": "",
                                          "vm_scale_set": ""})
        self.assertEqual(status["nic"], {"name": "", "index": None, "mac": "", "addresses": [], "subnets": [],
                                         "gateways": [], "mtu": None})
        self.assertEqual(status["routes"], [])

    def test_the_scale_set_is_named(self):
        document = self.lab.document()
        document["compute"]["vmScaleSetName"] = "aks-nodepool1-vmss"
        self.lab.simulator.document(document)
        self.agent.start_ready()
        self.assertEqual(self.agent.status()["node"]["vm_scale_set"], "aks-nodepool1-vmss")

    def test_the_mode_is_chosen_by_itself_with_a_reason(self):
        self.agent.configure(**settings(mode="auto"))
        self.agent.start_ready()
        status = self.agent.status()
        self.assertEqual(status["mode"], "udr")
        self.assertIn("auto", status["mode_reason"])


class Refusals(NodeCase):
    def setUp(self):
        super().setUp()
        self.agent.start_ready()

    def test_an_unknown_path_is_not_found(self):
        for path in ("/nothing", "/readyz/", "/status/routes", "//"):
            with self.subTest(path):
                self.assertEqual(self.agent.get(path).status, 404)

    def test_nothing_can_be_changed(self):
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            with self.subTest(method):
                answer = self.agent.get("/status", method=method)
                self.assertEqual(answer.status, 405)
                self.assertEqual(sorted(answer.headers["Allow"].replace(" ", "").split(",")), ["GET", "HEAD"])

    def test_head_is_get_without_the_body(self):
        for path in ("/readyz", "/status", "/metrics", "/", "/nothing"):
            with self.subTest(path):
                head, get = self.agent.get(path, method="HEAD"), self.agent.get(path)
                self.assertEqual((head.status, head.body), (get.status, ""))
                self.assertEqual(head.headers["Content-Type"], get.headers["Content-Type"])

    def test_another_machines_name_is_refused(self):
        for host in ("evil.example.com", "evil.example.com:16925", "localhost.evil.example.com"):
            with self.subTest(host):
                self.assertEqual(self.agent.get("/status", headers={"Host": host}).status, 421)

    def test_addresses_localhost_and_the_nodes_name_are_heard(self):
        for host in ("127.0.0.1:16925", "10.240.0.4", "[::1]:16925", "localhost", "localhost:16925", "node-0"):
            with self.subTest(host):
                self.assertEqual(self.agent.get("/livez", headers={"Host": host}).status, 200)

    def test_the_page_for_people_names_node_nic_and_routes_and_loads_nothing(self):
        answer = self.agent.get("/")
        self.assertTrue(answer.headers["Content-Type"].startswith("text/html"))
        for text in ("node-0", self.lab.nic.mac, CLUSTER, "sysctl.ip_forward"):
            self.assertIn(text, answer.body)
        self.assertNotRegex(answer.body, r"<script|(src|href)=[\"']?(https?:)?//")

    def test_metrics_are_prometheus_text_with_our_prefix(self):
        answer = self.agent.get("/metrics")
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain"))
        self.assertRegex(answer.body, r"(?m)^calico_azure_agent_ready 1$")

    def test_status_is_json_by_its_content_type(self):
        answer = self.agent.get("/status")
        self.assertTrue(answer.headers["Content-Type"].startswith("application/json"))
        json.loads(answer.body)


class OtherAddresses(NodeCase):
    def test_a_unix_socket_is_for_owner_and_group_and_replaces_a_stale_one(self):
        path = self.agent.runtime / "status.sock"
        self.agent.configure(**settings(http={"listen": f"unix:{path}"}))
        self.agent.start_ready()
        self.assertEqual(path.stat().st_mode & 0o777, 0o660)
        self.agent.kill()
        self.assertTrue(path.exists())
        self.agent.start_ready()
        answer = self.lab.vm.run("curl", "--silent", "--unix-socket", path, "http://localhost/readyz")
        self.assertEqual(answer.stdout.strip(), "ok")

    def test_ipv6_loopback_is_served(self):
        self.agent.configure(**settings(http={"listen": "[::1]:16925"}))
        self.agent.start_ready()
        self.lab.vm.connection("::1", 16925).close()

    def test_off_loopback_is_allowed_with_a_warning(self):
        self.agent.configure(**settings(http={"listen": "10.240.0.4:16925"}))
        self.agent.start_ready()
        self.agent.await_log(r"warn.*10\.240\.0\.4:16925")
        self.lab.fabric.connection("10.240.0.4", 16925).close()


if __name__ == "__main__":
    unittest.main()
