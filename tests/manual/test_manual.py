"""Manual pages: whole, correct, the same from each build; and what --help says."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "house"))
from checks import rows as check_rows

_BUILD = pathlib.Path(os.environ.get("CAA_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build/dev"))
_MADE = _BUILD / "agent" / "manual"
_AGENT = _BUILD / "agent" / "cli" / "calico-azure-agent"
_SIMULATOR = _BUILD / "simulator" / "azure-simulator"
_ROOT = pathlib.Path(__file__).resolve().parents[2]
_PAGES = (_MADE / "calico-azure-agent.8", _MADE / "calico-azure-agent.toml.5", _ROOT / "packaging/azure-simulator.1")


def printed(*words):
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout


def page(file):
    """As a reader sees it: by heading, in lines of any length."""
    text = printed("groff", "-man", "-rLL=900n", "-Tascii", "-P-cbou", file)
    parts = re.split(r"(?m)^(\S.*)\n", text)
    return dict(zip(parts[1::2], parts[2::2]))


def helps():
    """What --help prints, by command; "" is the program."""
    found = {}

    def visit(path):
        text = found[" ".join(path)] = printed(_AGENT, *path, "--help")
        for name in re.findall(r"(?m)^  ([a-z-]+) ", text.partition("\nCommands:\n")[2]):
            visit([*path, name])

    visit([])
    return found


def options_in(text):
    return set(re.findall(r"(?m)^ +(?:-\w, )?(--[a-z-]+)", text))


def source(path):
    return (_ROOT / path).read_text(encoding="utf-8")


class Pages(unittest.TestCase):
    def test_are_clean_for_groff_and_have_no_date_and_no_broken_word(self):
        for file in _PAGES:
            with self.subTest(file.name):
                done = subprocess.run(["groff", "-man", "-ww", "-rLL=60n", "-Tutf8", "-P-cbou", file], check=False,
                                      capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertNotIn("\u2010", done.stdout, "a word that groff divided, or a minus that is a hyphen")
                title = file.read_text(encoding="utf-8").splitlines()[0]
                self.assertRegex(title, r'^\.TH \S+ \d "" ')

    def test_of_the_program_has_every_command_with_its_options_text_and_exit_codes(self):
        commands = page(_MADE / "calico-azure-agent.8")["COMMANDS"]
        known = helps()
        self.assertTrue({"run", "wait", "config check", "config show"} <= set(known), known)
        entries = dict(re.findall(r"(?ms)^ {7}((?:[a-z-]+ ?)+)\b(.*?)(?=^ {7}\S|\Z)", commands))
        above = {each.rpartition(" ")[0] for each in known}
        self.assertEqual(sorted(map(str.strip, entries)), sorted(set(known) - above))
        for command, text in entries.items():
            with self.subTest(command):
                said = known[command.strip()]
                self.assertIn(said.splitlines()[0], text)
                options = options_in(said) - {"--help"}
                self.assertEqual(options_in(text), options)
                self.assertEqual(set(re.findall(r"\[(?:-\w, )?(--[a-z-]+)", text.splitlines()[0])), options)
                codes = " ".join(re.findall(r"(?ms)^Exit: .*?(?=\n\n|\Z)", said)[0].split()) if "Exit:" in said else ""
                self.assertIn(codes, text)
                self.assertEqual(codes == "", command.strip() == "version")

    def test_of_the_program_has_the_options_that_every_command_takes(self):
        text = page(_MADE / "calico-azure-agent.8")
        self.assertEqual(options_in(text["OPTIONS"]), options_in(helps()[""]))
        for option in options_in(text["OPTIONS"]) - {"--help"}:
            self.assertIn(f"[{option} ", text["SYNOPSIS"])

    def test_of_the_program_has_every_exit_code(self):
        codes = re.findall(r"k\w+ = (\d+),", source("agent/cli/commands.h"))
        self.assertGreater(len(codes), 3)
        text = page(_MADE / "calico-azure-agent.8")["EXIT STATUS"]
        self.assertEqual(re.findall(r"(?m)^ +(\d+) ", text), codes)

    def test_of_the_program_has_every_check_once_and_says_which_gate(self):
        text = page(_MADE / "calico-azure-agent.8")["CHECKS"]
        gates, _, others = text.partition("These only warn.")
        rows = check_rows()
        table = [(row["id"], row.get("gate", "never")) for row in rows]
        self.assertGreater(len(table), 40)
        conditions = {
            "always": "always", "with_ipv6": "with IPv6 pods",
            "with_pod_cidrs": "in mode udr, flannel or calico-vxlan",
            "with_routes": "in mode udr, flannel or calico-vxlan, with routes.enabled = true",
            "with_demanded_node_cidr": "in mode udr, with pods.node_cidr_source static, kubernetes or route-table"}
        for rule, words in conditions.items():
            ids = [check for check, gate in table if gate == rule]
            self.assertGreater(len(ids), 0)
            self.assertRegex(gates, rf"\n {{7}}{re.escape(words)}\s+{re.escape(', '.join(ids))}\.\n")
        ids = [check for check, gate in table if gate == "never"]
        self.assertIn(f"\n       {', '.join(ids)}.\n", others)
        self.assertEqual({gate for _, gate in table}, {*conditions, "never"})
        for row in rows:
            if "advisory" in row:
                self.assertIn(f"{row['id']} {row['advisory']}", gates)
            if "gate" in row and "needs_kubelet" in row:
                self.assertRegex(gates, f"what the kubelet brings: [^:]*{row['id']} with ")

    def test_of_the_program_has_every_path_variable_signal_and_file(self):
        text = page(_MADE / "calico-azure-agent.8")
        paths = re.findall(r'\{"(/\w*)", \w+', source("agent/http/router.cpp"))
        self.assertGreater(len(paths), 5)
        self.assertEqual(sorted(re.findall(r"(?m)^ +(/\w*) ?", text["ENDPOINTS"])), sorted(paths))
        for word in ("SIGHUP", "SIGTERM", "SIGINT"):
            self.assertIn(word, text["SIGNALS"])
        for word in ("NODE_NAME", "NO_COLOR", "CALICO_AZURE_AGENT_<SECTION>_<KEY>"):
            self.assertIn(word, text["ENVIRONMENT"])
        self.assertIn("/etc/calico-azure-agent/config.toml", text["FILES"])

    def test_examples_of_the_program_are_commands_and_options_that_it_has(self):
        examples = re.findall(r"(?m)^ +calico-azure-agent (.*)$", page(_MADE / "calico-azure-agent.8")["EXAMPLES"])
        self.assertGreater(len(examples), 3)
        known = helps()
        for each in examples:
            command = each.split()[0]
            self.assertIn(command, known)
            self.assertLessEqual(set(re.findall(r"--[a-z-]+", each)), options_in(known[command] + known[""]))

    def test_of_the_configuration_has_every_key_with_its_section_default_words_and_variable(self):
        text = page(_MADE / "calico-azure-agent.toml.5")
        section, words, known = "TOP LEVEL", [], 0
        for line in source("packaging/config.toml").partition("\n\n")[2].splitlines():
            if line.startswith("["):
                section = line
            elif line.startswith("# "):
                words.append(line[2:])
            elif match := re.fullmatch(r"#(\w+) = (.*)", line):
                known += 1
                name, default = match.groups()
                begin = text[section].index(f" {name} = {default}\n")
                entry = " ".join(text[section][begin:].split("\n\n")[0].split())
                self.assertIn(" ".join(words), entry)
                path = [] if section == "TOP LEVEL" else [section.strip("[]")]
                variable = "_".join(["calico_azure_agent", *path, name]).upper()
                self.assertTrue(entry.endswith(f" {variable}"), entry)
                words = []
        self.assertGreater(known, 20)

    def test_of_the_simulator_has_every_option_and_no_other(self):
        said = printed(_SIMULATOR, "--help")
        text = page(_ROOT / "packaging/azure-simulator.1")["OPTIONS"]
        self.assertEqual(options_in(text), set(re.findall(r"(?m)^  (?:-\w,)?(--[a-z-]+)", said)))
        for option, default in re.findall(r"(?m)^  (--[a-z-]+) \S+=(\S+)$", said):
            self.assertRegex(text, rf"(?m)^ +{option} .*\n? .*default {re.escape(default)}")


class Help(unittest.TestCase):
    def test_fits_a_terminal_of_ninety_columns_and_names_the_options_of_every_command(self):
        for command, text in helps().items():
            with self.subTest(command):
                self.assertLessEqual(max(map(len, text.splitlines())), 90)
                self.assertIn("--config FILE", text)
                self.assertIn("--set KEY=VALUE", text)

    def test_a_mistyped_command_is_named_and_likened(self):
        for words, said in ((["stauts"], "stauts is no command: did you mean status?"),
                            (["--set", "mode=udr", "config", "chek"], "chek is no command: did you mean check?"),
                            (["xyzzy"], "xyzzy is no command"),
                            (["explain"], "DESTINATION is required")):
            with self.subTest(words):
                done = subprocess.run([_AGENT, *words], capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stdout), (64, ""))
                self.assertEqual(done.stderr.splitlines()[0], said)


if __name__ == "__main__":
    unittest.main()
