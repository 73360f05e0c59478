#!/usr/bin/env python3
"""Kubernetes' own client for JavaScript against the simulated API server: Nodes as it reads them, watches, and its
informer through cut watches and forgotten versions."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lab import Lab, eventually  # noqa: E402
from lab.cloud import Cloud, node  # noqa: E402
from witness import Refused, Witness  # noqa: E402


def nodes(**cidrs):
    return {name: node(name, [cidr]) for name, cidr in cidrs.items()}


_ALL = nodes(vm1="10.244.1.0/24", vm2="10.244.2.0/24", vm3="10.244.3.0/24")


def setUpModule():
    """One lab and one process of Node.js for all tests."""
    lab = Lab().__enter__()
    unittest.addModuleCleanup(lab.close)
    NodesCase.cloud = Cloud(lab.fabric, lab.folder, control=8082)
    unittest.addModuleCleanup(NodesCase.cloud.stop)
    kubeconfig = lab.folder / "kubeconfig"
    kubeconfig.write_text(json.dumps(NodesCase.cloud.kubeconfig()), encoding="utf-8")
    NodesCase.client = Witness(lab.vm, "kubernetes.mjs", NodesCase.cloud.certificate, kubeconfig)
    unittest.addModuleCleanup(NodesCase.client.close)


class NodesCase(unittest.TestCase):
    def setUp(self):
        self.cloud.nodes(_ALL)
        self.addCleanup(self.cloud.cloud_fault)

    def refusal(self, call, *arguments):
        """HTTP's status, and the Status object that bears it."""
        with self.assertRaises(Refused) as caught:
            call(*arguments)
        return caught.exception.code, json.loads(caught.exception.body)


class Reading(NodesCase):
    def test_a_node(self):
        read = self.client.read("vm1")
        self.assertEqual((read["metadata"]["name"], read["spec"]["podCIDRs"]), ("vm1", ["10.244.1.0/24"]))
        self.assertEqual(read["status"]["conditions"][0]["lastTransitionTime"], "2026-01-01T00:01:00.000Z")
        self.assertEqual(read["metadata"]["creationTimestamp"], "2026-01-01T00:00:00.000Z")

    def test_lists(self):
        whole = self.client.list()
        self.assertEqual([each["metadata"]["name"] for each in whole["items"]], sorted(_ALL))
        self.assertTrue(whole["metadata"]["resourceVersion"].isdigit())
        one = self.client.list({"fieldSelector": "metadata.name=vm2"})
        self.assertEqual([each["metadata"]["name"] for each in one["items"]], ["vm2"])
        page = self.client.list({"limit": 2})
        self.assertEqual((len(page["items"]), page["metadata"]["remainingItemCount"]), (2, 1))
        rest = self.client.list({"limit": 2, "_continue": page["metadata"]["_continue"]})
        self.assertEqual([each["metadata"]["name"] for each in rest["items"]], ["vm3"])

    def test_what_it_cannot_do_is_refused_and_not_left_out(self):
        """A list by labels that is everything would be a lie. (list is listNode of the client's.)"""
        for options in ({"labelSelector": "a=b"}, {"fieldSelector": "spec.unschedulable=false"}):
            with self.subTest(options):
                code, status = self.refusal(self.client.list, options)
                self.assertEqual((code, status["reason"]), (400, "BadRequest"))
        watch = {"watch": True, "sendInitialEvents": True, "timeoutSeconds": 1}
        code, status = self.refusal(self.client.list, watch)
        self.assertEqual((code, status["reason"]), (422, "Invalid"))

    def test_refusals_are_status_objects(self):
        for code, reason, call, arguments in ((404, "NotFound", self.client.read, ["nobody"]),
                                              (405, "MethodNotAllowed", self.client.remove, ["vm1"]),
                                              (404, "NotFound", self.client.pods, [])):
            with self.subTest(reason):
                got, status = self.refusal(call, *arguments)
                self.assertEqual((got, status["kind"], status["status"], status["reason"], status["code"]),
                                 (code, "Status", "Failure", reason, code))
        with self.assertRaises(Refused) as caught:  # of this one the client keeps no body
            self.client.read_as_a_stranger("vm1")
        self.assertEqual(caught.exception.code, 401)
        for code, reason in ((403, "Forbidden"), (429, "TooManyRequests"), (500, "InternalError"),
                             (503, "ServiceUnavailable")):
            with self.subTest(reason):
                self.cloud.cloud_fault(kind="status", code=code)
                got, status = self.refusal(self.client.read, "vm1")
                self.assertEqual((got, status["reason"]), (code, reason))


class Watching(NodesCase):
    def watch(self, version, **options):
        self.client.watch({"resourceVersion": version, "allowWatchBookmarks": True, "timeoutSeconds": 60, **options})

    def next(self):
        """Type, name and pod CIDR; or type and what else came."""
        kind, what = self.client.next()
        if kind in ("ADDED", "MODIFIED", "DELETED", "add", "update", "delete"):
            return kind, what["metadata"]["name"], what.get("spec", {}).get("podCIDR")
        return kind, what

    def version(self):
        return self.client.list()["metadata"]["resourceVersion"]

    def test_changes_of_the_one_that_is_asked_for(self):
        self.watch(self.version(), fieldSelector="metadata.name=vm1")
        self.cloud.nodes({**_ALL, **nodes(vm1="10.244.9.0/24", vm2="10.244.8.0/24")})
        self.assertEqual(self.next(), ("MODIFIED", "vm1", "10.244.9.0/24"))
        self.cloud.nodes(nodes(vm2="10.244.8.0/24"))
        self.assertEqual(self.next(), ("DELETED", "vm1", "10.244.9.0/24"))
        self.cloud.nodes(_ALL)
        self.assertEqual(self.next(), ("ADDED", "vm1", "10.244.1.0/24"))
        self.cloud.end_watches()
        self.assertEqual(self.next()[0], "END")

    def test_it_ends_in_time_with_a_bookmark_from_which_the_next_one_goes_on(self):
        self.watch(self.version(), timeoutSeconds=1)
        kind, bookmark = self.next()
        self.assertEqual((kind, bookmark["kind"]), ("BOOKMARK", "Node"))
        self.assertEqual(self.next(), ("END", None))
        self.cloud.nodes({**_ALL, **nodes(vm4="10.244.4.0/24")})
        self.watch(bookmark["metadata"]["resourceVersion"])
        self.assertEqual(self.next(), ("ADDED", "vm4", "10.244.4.0/24"))
        self.cloud.end_watches()

    def test_a_version_that_is_forgotten_is_410(self):
        before = self.version()
        self.cloud.nodes({**_ALL, **nodes(vm4="10.244.4.0/24")})
        self.cloud.compact()
        self.watch(before)
        kind, what = self.next()
        self.assertEqual((kind, what["kind"], what["code"], what["reason"]), ("ERROR", "Status", 410, "Expired"))
        self.assertEqual(self.next()[0], "END")

    def test_the_informer_misses_nothing_when_watches_are_cut_and_versions_forgotten(self):
        self.client.start_informer()
        self.addCleanup(self.client.stop_informer)
        self.assertEqual(sorted(self.next()[:2] for _ in _ALL), [("add", name) for name in sorted(_ALL)])

        def await_watch():
            self.cloud.forget_cloud_requests()
            eventually(lambda: any("watch=" in each["target"] for each in self.cloud.cloud_requests()["recent"]),
                       "it watches")

        def changed(cidr):
            self.cloud.nodes({**_ALL, **nodes(vm2=cidr)})
            return ("update", "vm2", cidr)

        def next_change():
            while (event := self.next())[0] == "error" or event[2] != wanted[2]:
                pass
            return event

        wanted = changed("10.244.7.0/24")
        self.assertEqual(next_change(), wanted)
        self.cloud.end_watches()
        wanted = changed("10.244.8.0/24")
        self.assertEqual(next_change(), wanted)
        self.cloud.compact()
        self.cloud.end_watches()
        wanted = changed("10.244.9.0/24")
        self.assertEqual(next_change(), wanted)
        self.cloud.nodes({name: each for name, each in _ALL.items() if name != "vm3"})
        wanted = (None, None, "10.244.3.0/24")
        self.assertEqual(next_change(), ("delete", "vm3", "10.244.3.0/24"))


if __name__ == "__main__":
    unittest.main()
