#!/usr/bin/env python3
"""The document kept on disk: for this VM, until IMDS answers."""

import json
import shutil
import unittest

from case import NodeCase, documents, eventually


class Cache(NodeCase):
    def setUp(self):
        super().setUp()
        self.agent.start_ready()
        self.file = self.agent.state / "imds.json"
        self.agent.stop()

    def test_it_holds_the_last_good_document(self):
        about, _, document = self.file.read_text(encoding="utf-8").partition("\n")
        self.assertEqual(json.loads(about)["schema"], "calico-azure-agent/imds-cache/v1")
        self.assertEqual(json.loads(document)["compute"]["vmId"], documents.this_machine())

    def test_with_imds_down_a_restart_is_ready_from_it_and_says_so(self):
        self.lab.simulator.stop()
        self.lab.vm.ip("route flush table all proto 169")
        self.agent.start_ready()
        self.assertEqual(self.lab.routes(), self.wanted())
        imds = self.agent.status()["imds"]
        self.assertEqual(imds["source"], "cache")
        self.assertIsNotNone(imds["last_success"])
        self.agent.await_log("using the document kept from before")

    def test_a_start_from_it_alarms_nobody(self):
        self.lab.simulator.fault(kind="status", code=500, count=1)
        begin = len(self.agent.log)
        self.agent.start_ready()
        self.agent.await_log(" info ready$", since=begin)
        self.assertEqual([line for line in self.agent.log.lines(begin) if " error " in line], [])

    def test_the_first_live_answer_takes_its_place(self):
        self.lab.simulator.stop()
        self.agent.start_ready()
        begin = len(self.agent.log)
        self.lab.simulator.start()
        self.agent.await_log("IMDS answers", since=begin, timeout=20)
        self.assertEqual(self.agent.status()["imds"]["source"], "live")

    def test_another_vms_document_is_refused_with_a_reason(self):
        # As after a disk was copied into another VM.
        about, _, document = self.file.read_text(encoding="utf-8").partition("\n")
        other = json.dumps(documents.another_vm(json.loads(document)))
        self.file.write_text(f"{about}\n{other}", encoding="utf-8")
        self.lab.vm.ip("route flush table all proto 169")
        self.lab.simulator.stop()
        begin = len(self.agent.log)
        self.agent.start()
        self.agent.await_log("not this one", since=begin)
        self.agent.await_word("STATUS=waiting for imds.reachable")
        self.assertEqual(self.agent.status()["imds"]["source"], "none")
        self.assertEqual(self.lab.routes(), [])

    def test_a_damaged_file_is_refused_with_a_reason_and_replaced(self):
        for damage in ("", "{", "garbage\n{}", '{"schema":"calico-azure-agent/imds-cache/v1"}\n', "\0" * 100):
            with self.subTest(damage[:20]):
                self.file.write_text(damage, encoding="utf-8")
                self.lab.simulator.fault(kind="status", code=500, count=1)  # not replaced before it has been read
                begin = len(self.agent.log)
                self.agent.start()
                try:
                    self.agent.await_log("damaged", since=begin)
                    self.agent.await_ready()
                    eventually(lambda: "vmId" in self.file.read_text(encoding="utf-8"), "a good document")
                finally:
                    self.agent.stop()

    def test_a_state_folder_that_cannot_be_written_is_only_a_pity(self):
        shutil.rmtree(self.agent.state)
        self.agent.start_ready()


if __name__ == "__main__":
    unittest.main()
