"""A cluster of which Azure and Kubernetes are asked, and what its first node's agent says of them."""

import fault_table
from case import ClusterCase, eventually
from faults import PRINTED
from lab.bundle import failures_replayed

_SUBJECTS = ("azure.", "kubernetes.", "pods.")


class TruthCase(ClusterCase):
    cluster_options = {"nodes": 2, "cloud": True}

    def setUp(self):
        super().setUp()
        self.vm = self.vms[0]
        self.ask_again()
        self.await_failures([])

    def ask_again(self):
        """What a minute's interval would do."""
        self.vm.agent.hang_up()

    def failures(self):
        return [check["id"] for check in self.vm.agent.status()["checks"]
                if check["status"] == "fail" and check["id"].startswith(_SUBJECTS)]

    def unknowns(self):
        return [check["id"] for check in self.vm.agent.status()["checks"]
                if check["status"] == "unknown" and check["id"].startswith(_SUBJECTS)]

    def await_failures(self, wanted):
        """Until exactly these fail, and where nothing does nothing is unknown either."""

        def others():
            failures = self.failures()
            return [*(set(failures) ^ set(wanted)), *(self.unknowns() if not wanted else ())]

        eventually(lambda: not others(), f"only {wanted or 'nothing'} fails", timeout=20)
        if wanted:
            bundle = self.vm.agent.command("support-bundle", "--output", "-", text=False).stdout
            self.assertEqual([each for each in failures_replayed(bundle) if each.startswith(_SUBJECTS)], sorted(wanted))

    def await_node_cidr(self, cidr):
        eventually(lambda: self.vm.agent.status()["pods"]["node_cidrs"] == [cidr], f"the node's CIDR is {cidr}", 20)

    def assert_named_and_mended(self, fault, check):
        """By the remedy that the check gives."""
        self.cluster.ask(fault)
        self.ask_again()
        self.await_failures([check])
        self.assertTrue(self.vm.agent.is_ready(), "Azure's faults withdraw no node")
        remedy = self.vm.agent.check(check)["remedy"]
        self.cluster.mend(remedy)
        self.ask_again()
        self.await_failures([])
        self.assert_in_table(f"Azure: {fault}", check, remedy)

    def assert_in_table(self, what, check, remedy, mended=PRINTED):
        row = fault_table.row(self.cluster_options.get("mode", "udr"), what, check, remedy, mended)
        self.assertTrue(fault_table.is_in_table(row), f"CAA_WRITE=1 writes tests/README.md: {row}")
