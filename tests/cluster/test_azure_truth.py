#!/usr/bin/env python3
"""What Azure and Kubernetes need set, broken one at a time: one check names it, its remedy mends it."""

import json
import os
import pathlib
import signal
import unittest

from case import CLUSTER, ROUTE_TABLE, eventually
from lab import azure_resources
from lab.cloud import node
from lab.cluster import NODES
from truth import TruthCase

# The check that names it, whose remedy mends it.
FORGOTTEN = (("nic vm1 ip-forwarding off", "azure.ip_forwarding"),
             ("subnet disassociate nodes", "azure.route_table"),
             (f"route-table remove {ROUTE_TABLE} 10.244.1.0/24", "azure.node_route"))


class Settings(TruthCase):
    def test_what_an_administrator_of_azure_forgets(self):
        for fault, check in FORGOTTEN:
            with self.subTest(fault):
                self.assert_named_and_mended(fault, check)

    def test_a_route_that_may_be_anothers_by_its_name_is_named_and_no_command_changes_it(self):
        own = f"route-table add {ROUTE_TABLE} 10.244.1.0/24 VirtualAppliance"
        for fault, check, undo in ((f"{own} 10.240.0.77", "azure.node_route",
                                    f"{own} {self.vm.nics[0].addresses[0]}"),
                                   (f"route-table add {ROUTE_TABLE} 10.244.1.128/25 None", "azure.stale_routes",
                                    f"route-table remove {ROUTE_TABLE} 10.244.1.128/25")):
            with self.subTest(fault):
                self.cluster.ask(fault)
                self.ask_again()
                self.await_failures([check])
                remedy = self.vm.agent.check(check)["remedy"]
                self.assertRegex(remedy, "^# it is not known here whose pods")
                self.cluster.ask(undo)
                self.ask_again()
                self.await_failures([])
                self.assert_in_table(f"Azure: {fault}", check, remedy, "by its route update")

    def test_a_node_object_of_another_machine_is_believed_nothing(self):
        self.cluster.tell_nodes(vm1=node("vm1", ["10.244.2.0/24"], addresses=["10.240.0.99"],
                                         provider_id=f"azure://{azure_resources.vm_id('vm2')}"))
        self.vm.agent.await_check("kubernetes.node_cidr", "fail")
        self.assertEqual(self.failures(), ["kubernetes.node_cidr"])
        self.assertIn("Node vm1 is another machine (10.240.0.99, providerID azure:///subscriptions/",
                      self.vm.agent.check("kubernetes.node_cidr")["message"])
        self.assertEqual(self.vm.agent.status()["pods"]["node_cidrs"], ["10.244.1.0/24"])
        self.assertTrue(self.vm.agent.is_ready())
        remedy = self.vm.agent.check("kubernetes.node_cidr")["remedy"]
        self.cluster.tell_nodes()
        self.await_failures([])
        self.assert_in_table("Kubernetes: the Node of that name is another machine", "kubernetes.node_cidr", remedy, "edited")

    def test_what_takes_the_pods_of_one_other_node_alone_is_found_by_the_route_table(self):
        cidr = self.vms[1].pod_cidrs[0]
        self.vm.namespace.ip("link add ib0 type veth peer name ib0-far", "link set ib0 up",
                             f"route add {cidr} dev ib0 proto static")
        self.ask_again()

        def told():
            check = self.vm.agent.check("routes.shadowed")
            return check if check["status"] == "fail" else None

        shadowed = eventually(told, "the route is seen", 20)
        self.assertIn(f"for {cidr} of another node {cidr}", shadowed["message"])
        self.assertIn("dev ib0", self.vm.namespace.shell(shadowed["remedy"]).stdout)
        self.assertTrue(self.vm.agent.is_ready())
        self.vm.namespace.ip("link del ib0")
        eventually(lambda: self.vm.agent.check("routes.shadowed")["status"] == "pass", "it is gone", 20)
        self.assert_in_table("a foreign route leads one other node's pods away", "routes.shadowed", shadowed["remedy"],
                             "by its route del")

    def test_a_subnet_with_a_list_of_prefixes_is_read_like_one_with_a_prefix(self):
        cloud = self.cluster.cloud

        def prefix_of():
            return {key for path, document in cloud.arm().items() if "/subnets/" in path
                    for key in document["properties"] if key.startswith("addressPrefix")}

        self.assertEqual(prefix_of(), {"addressPrefix"})
        network = self.cluster.network
        for each in network.subnets.values():
            each.listed = True
        nodes = network.subnets[NODES]
        table = nodes.route_table
        for nodes.route_table, failing in (("", ["azure.route_table"]), (table, [])):
            cloud.follow(network)
            self.assertEqual(prefix_of(), {"addressPrefixes"})
            self.ask_again()
            self.await_failures(failing)

    def test_pods_outside_the_virtual_network_are_no_fault_where_the_table_leads_to_them(self):
        self.cluster.ask("address-space 10.240.0.0/16")
        self.ask_again()
        eventually(lambda: "outside virtual network" in self.vm.agent.check("azure.vnet_range")["message"],
                   "the range is seen")
        self.await_failures([])

    def test_a_cloud_config_that_names_no_table_or_another(self):
        for name in ("", "old-routes"):
            with self.subTest(name):
                self.vm.write_credentials(route_table=name)
                self.ask_again()
                self.await_failures(["azure.cloud_config"])
                remedy = self.vm.agent.check("azure.cloud_config")["remedy"]
                self.assertIn(ROUTE_TABLE, remedy)
                self.vm.write_credentials()
                self.ask_again()
                self.await_failures([])
                self.assert_in_table(f"azure.json names {name or 'no route table'}", "azure.cloud_config", remedy, "edited")

    def test_a_node_without_a_cidr(self):
        self.cluster.tell_nodes(vm1=node("vm1", [], ("True", "NoRouteCreated")))
        self.vm.agent.await_check("kubernetes.node_cidr", "fail")
        self.assertEqual(self.failures(), ["kubernetes.node_cidr"])
        remedy = self.vm.agent.check("kubernetes.node_cidr")["remedy"]
        self.assertIn("--allocate-node-cidrs=true", remedy)
        self.cluster.tell_nodes()
        self.await_failures([])
        self.assert_in_table("Kubernetes: the Node has no pod CIDR", "kubernetes.node_cidr", remedy, "edited")

    def test_the_route_controllers_word_is_passed_on(self):
        self.cluster.tell_nodes(vm1=node("vm1", ["10.244.1.0/24"], ("True", "NoRouteCreated")))
        self.vm.agent.await_check("kubernetes.route_created", "fail")
        self.assertEqual(self.failures(), ["kubernetes.route_created"])
        remedy = self.vm.agent.check("kubernetes.route_created")["remedy"]
        self.cluster.tell_nodes()
        self.await_failures([])
        self.assert_in_table("Kubernetes: the route controller made no route", "kubernetes.route_created", remedy,
                             "by the route controller")


class Answers(TruthCase):
    def test_another_pod_cidr_is_followed_and_an_outage_of_everything_loses_nothing(self):
        # Demanded, it is a gate.
        self.vm.agent.reload(**self.vm.config(pods={"cluster_cidrs": [CLUSTER], "node_cidr_source": "kubernetes"}))
        self.assertEqual(self.vm.agent.status()["pods"], {
            "cluster_cidrs": ["10.244.0.0/16"], "node_cidrs": ["10.244.1.0/24"], "source": "kubernetes"})
        self.cluster.tell_nodes(vm1=node("vm1", ["10.244.8.0/24"]))
        self.await_node_cidr("10.244.8.0/24")
        eventually(lambda: any("blackhole 10.244.8.0/24" in line for line in self.vm.namespace.routes()), "its sink")

        before = self.vm.namespace.routes()
        self.cluster.cloud.stop()
        self.ask_again()
        self.vm.agent.await_check("kubernetes.node_cidr", "unknown", timeout=30)
        self.assertTrue(self.vm.agent.is_ready())
        self.vm.agent.stop()
        restart = len(self.vm.agent.log)
        self.vm.agent.start_ready()
        self.vm.agent.await_check("kubernetes.node_cidr", "unknown", timeout=30)
        failed = [line for line in self.vm.agent.log.lines(restart) if "failed" in line]
        self.assertFalse([line for line in failed if "pods.addresses" not in line])
        self.assertEqual(self.vm.namespace.routes(), before)
        self.vm.agent.await_check("pods.addresses", "fail")  # those of the old CIDR are still here
        self.assertEqual(self.failures(), ["pods.addresses"])

    def test_an_answer_to_a_reload_that_is_older_than_the_watch_changes_nothing(self):
        def times_asked():
            return sum(each["target"].startswith("/api/v1/nodes/vm1") for each in self.cluster.cloud.cloud_requests()["recent"])

        self.await_node_cidr("10.244.1.0/24")
        sink = "blackhole 10.244.1.0/24 "
        eventually(lambda: any(sink in line for line in self.vm.namespace.routes()), "its sink")
        tape = self.vm.tape()
        begin, asked = tape.mark(), times_asked()
        self.cluster.cloud.cloud_fault(kind="slow", delay_ms=2000, count=1, path="/api/v1/nodes/vm1")
        self.ask_again()
        eventually(lambda: times_asked() > asked, "the reload's request, whose answer is on its way")
        self.cluster.tell_nodes(vm1=node("vm1", ["10.244.8.0/24"]))
        self.await_node_cidr("10.244.8.0/24")
        self.ask_again()
        eventually(lambda: times_asked() > asked + 1, "the next request, which follows the late answer")
        # The kernel's word, for the journal tells what changes within a second in one line, and later.
        changes = [line for line in tape.changes(begin) if sink in line]
        self.assertEqual([line.startswith("Deleted ") for line in changes], [True], changes)

    def test_the_program_that_asks_is_started_again(self):
        main = pathlib.Path("/proc", str(self.vm.agent.process.pid), "task", str(self.vm.agent.process.pid), "children")

        def asking():
            return set(main.read_text(encoding="ascii").split())

        before = eventually(asking, "a child of the daemon's")
        for each in before:
            os.kill(int(each), signal.SIGKILL)
        eventually(lambda: asking() - before, "another one")
        self.cluster.tell_nodes(vm1=node("vm1", ["10.244.8.0/24"]))
        self.await_node_cidr("10.244.8.0/24")
        self.assertTrue(self.vm.agent.is_ready())

    def test_doctor_finds_it_without_a_daemon_in_time_and_its_block_can_be_pasted(self):
        self.vm.agent.stop()
        self.cluster.ask("nic vm1 ip-forwarding off")
        self.cluster.ask("subnet disassociate nodes")
        done = self.vm.agent.command("doctor", timeout=5)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"^2 of \d+ checks failed")
        block = done.stdout.partition("# suggested fixes, in order\n")[2].splitlines()
        self.assertEqual(len(block), 2, block)
        for command in block:
            self.cluster.mend(command)
        self.assertEqual(self.vm.agent.command("doctor", timeout=5).returncode, 0)

    def test_doctor_cuts_off_a_source_that_hangs(self):
        self.vm.agent.stop()
        self.cluster.cloud.cloud_fault(kind="silence", path="/subscriptions")
        done = self.vm.agent.command("doctor", "--json", timeout=5)
        found = {check["id"]: check for check in json.loads(done.stdout)["checks"]}
        self.assertEqual(found["azure.ip_forwarding"]["status"], "unknown")
        self.assertRegex(found["azure.ip_forwarding"]["message"], "in time|no answer within")
        self.assertEqual(found["kubernetes.node_cidr"]["status"], "pass")
        done = self.vm.agent.command("doctor", "--npd", timeout=4)
        self.assertEqual(done.stdout, "no check failed\n")

    def test_explain_says_what_each_of_the_three_would_do(self):
        done = self.vm.agent.command("explain", self.pods[1].address)
        self.assertEqual(done.returncode, 0, done.stderr)
        for said in ("wanted   10.244.0.0/16 via 10.240.0.1 dev eth0", "pods.cluster_cidrs, ",
                     "privateIpAddress 10.240.0.4", "kernel   10.244.0.0/16 via 10.240.0.1",
                     "Azure    10.244.2.0/24 to VirtualAppliance 10.240.0.5", "changes  "):
            self.assertIn(said, done.stdout)
        done = self.vm.agent.command("explain", "10.244.1.77")
        self.assertIn("unused addresses of this node's pod CIDR, which kubernetes told", done.stdout)
        self.assertIn("drops it: a blackhole route", done.stdout)
        self.assertEqual(self.vm.agent.command("explain", "nobody").returncode, 64)


if __name__ == "__main__":
    unittest.main()
