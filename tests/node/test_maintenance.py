#!/usr/bin/env python3
"""Azure's Scheduled Events: announced, under way, over. Nobody is asked for them unless the configuration says so."""

import unittest

from case import NodeCase, eventually, settings

_PATHS = "/metadata/scheduledevents"


def event(status, vm, kind="Freeze"):
    return {"EventId": "F1", "EventType": kind, "EventStatus": status, "ResourceType": "VirtualMachine", "Resources": [vm],
            "NotBefore": "Mon, 11 Apr 2022 22:26:58 GMT" if status == "Scheduled" else "", "EventSource": "Platform",
            "Description": "Virtual machine is being paused.", "DurationInSeconds": 5}


class Maintenance(NodeCase):
    def name(self):
        return self.lab.simulator.document()["compute"]["name"]

    def follow(self):
        self.agent.configure(**settings(imds={"scheduled_events": True}))
        self.agent.start_ready()

    def asked(self):
        return [each["target"] for each in self.lab.simulator.requests()["recent"] if each["target"].startswith(_PATHS)]

    def test_by_default_nobody_asks(self):
        self.agent.start_ready()
        self.assertEqual(self.asked(), [])
        self.assertEqual(self.agent.status()["maintenance"], [])

    def test_what_is_announced_is_told_and_shown_until_it_is_over(self):
        self.lab.simulator.announce(event("Scheduled", self.name()))
        self.follow()
        self.agent.await_log(r"Azure announces Freeze of this VM, not before 2022-04-11T22:26:58.000Z, for 5 s \(Platform\): ")
        shown, = self.agent.status()["maintenance"]
        self.assertEqual((shown["type"], shown["status"], shown["source"]), ("Freeze", "Scheduled", "Platform"))
        self.assertIn("Azure announces Freeze of this VM, not before 2022", self.agent.command("status").stdout)
        self.assertIn('calico_azure_agent_maintenance{type="Freeze"} 0', self.agent.get("/metrics").body)
        self.assertTrue(self.agent.is_ready(), "an announcement changes nothing")
        self.lab.simulator.announce()
        self.agent.await_log("Azure no longer announces Freeze of this VM", timeout=30)
        eventually(lambda: self.agent.status()["maintenance"] == [], "it is gone")

    def test_another_vms_is_none_of_this_ones(self):
        self.lab.simulator.announce(event("Started", "another"))
        self.follow()
        eventually(self.asked, "the question")
        self.assertEqual(self.agent.status()["maintenance"], [])
        self.assertFalse([line for line in self.agent.log.lines() if "Freeze" in line])


if __name__ == "__main__":
    unittest.main()
