"""Manual pages and completions: whole, correct, and completing."""

import os
import pathlib
import re
import subprocess
import unittest

_BUILD = pathlib.Path(os.environ["CAA_BUILD"])
_MADE = _BUILD / "agent" / "manual"
_AGENT = _BUILD / "agent" / "cli" / "calico-azure-agent"
_ROOT = pathlib.Path(__file__).resolve().parents[2]


def printed(*words, **options):
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False, timeout=30, **options)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout


def page(name):
    """As a reader sees it, in lines of any length."""
    text = printed("groff", "-man", "-ww", "-rLL=500n", "-Tutf8", "-P-cbou", _MADE / name)
    return text.replace("\u2010", "-").replace("\u2212", "-")


def commands():
    """Every command that --help knows, with its options."""
    found = {}

    def visit(path):
        text = printed(_AGENT, *path, "--help")
        found[" ".join(path)] = set(re.findall(r"--[a-z-]+", text))
        below = text.partition("Subcommands:")[2]
        for name in re.findall(r"^  (\w+) ", below, re.MULTILINE):
            visit([*path, name])

    visit([])
    return found


class Pages(unittest.TestCase):
    def test_are_clean_for_groff(self):
        for name in ("calico-azure-agent.8", "calico-azure-agent.toml.5"):
            done = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", _MADE / name], capture_output=True, text=True,
                                  check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), name)

    def test_of_the_program_has_every_command_option_exit_code_check_and_endpoint(self):
        text = page("calico-azure-agent.8")
        known = commands()
        self.assertIn("config check", known)
        for command, options in known.items():
            self.assertRegex(text, rf"(?m)^ +{command}", "a command")
            for option in options:
                self.assertIn(option, text)
        readme = (_ROOT / "README.md").read_text(encoding="utf-8")
        table = readme.partition("## Checks")[2].partition("\n## ")[0]
        for check in re.findall(r"`([a-z_]+\.[a-z0-9_]+)`", "".join(re.findall(r"(?m)^\|[^|]+\|", table))):
            self.assertIn(check, text)
        for word in ("64", "78", "/readyz", "/livez", "/healthz", "/status", "/metrics", "SIGHUP", "NODE_NAME"):
            self.assertIn(word, text)

    def test_of_the_configuration_has_every_key_with_its_default_and_variable(self):
        text = page("calico-azure-agent.toml.5")
        keys = re.findall(r"(?m)^#?(\w+) = (.*)$", (_ROOT / "packaging/config.toml").read_text(encoding="utf-8"))
        self.assertGreater(len(keys), 20)
        for name, default in keys:
            self.assertIn(f"{name} = {default}", text)
            self.assertIn(f"_{name.upper()}", text)


class Completions(unittest.TestCase):
    def bash(self, *words):
        script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; '
                  '_calico_azure_agent; printf "%s\\n" "${COMPREPLY[@]}"')
        return printed("bash", "--norc", "-c", script, "-", _MADE / "calico-azure-agent", "calico-azure-agent",
                       *words).split()

    def fish(self, line):
        text = printed("fish", "--no-config", "-c", 'source $argv[1]; complete -C $argv[2]',
                       _MADE / "calico-azure-agent.fish", line, env={**os.environ, "HOME": "/nonexistent"})
        return [each.partition("\t")[0] for each in text.splitlines()]

    def test_of_bash(self):
        self.assertEqual(self.bash("st"), ["status"])
        self.assertEqual(self.bash("doctor", "--n"), ["--npd"])
        self.assertEqual(self.bash("--config", "x.toml", "config", ""), ["check", "show", "--help", "--config", "--set"])
        self.assertEqual(self.bash("run", "--set", "routes.m"), ["routes.metric="])
        self.assertEqual(self.bash("config", "check", f"{_ROOT}/READM"), [f"{_ROOT}/README.md"])

    def test_of_fish(self):
        self.assertEqual(self.fish("calico-azure-agent st"), ["status"])
        self.assertEqual(self.fish("calico-azure-agent doctor --n"), ["--npd"])
        self.assertEqual(self.fish("calico-azure-agent config "), ["check", "show"])
        self.assertIn("routes.metric=", self.fish("calico-azure-agent --set routes.m"))

    def test_of_zsh(self):
        # Its completion system wants a terminal: a pseudo one, on which the line is completed by a tab.
        script = (f"cd /; path=({_AGENT.parent} $path); zmodload zsh/zpty; zpty shell zsh -f -i; "
                  "await() { local part; zpty -r -m shell part \"*$1*\" && print -r -- found }; "
                  f"zpty -w shell 'fpath=({_MADE} $fpath); autoload -U compinit; compinit -u -D; print re\"\"ady'; "
                  "await ready; zpty -w -n shell 'calico-azure-agent doctor --np'$'\\t'; await 'doctor --npd'")
        self.assertEqual(printed("timeout", "20", "zsh", "-f", "-c", script).split(), ["found", "found"])


if __name__ == "__main__":
    unittest.main()
