"""Completions: each has all that --help and the table of keys have, and is asked as its shell asks: a line is typed,
a tab pressed, and what then stands there is read."""

import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from test_manual import helps, options_in

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_BUILD = pathlib.Path(os.environ.get("CAA_BUILD", _ROOT / "build/dev"))
_SCRIPTS = _ROOT / "packaging" / "completions"
_AGENT = _BUILD / "agent" / "cli" / "calico-azure-agent"
_ENVIRONMENT = {"PATH": f"{_BUILD}/agent/cli:{os.environ['PATH']}", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}

# What is typed, and what a tab makes of it: the same in bash and in zsh.
_LINES = (
    ("st", "status "),
    ("doctor --np", "doctor --npd "),
    ("doctor --npd --js", "doctor --npd --json "),
    ("config ch", "config check "),
    ("config check --he", "config check --help "),
    ("--set routes.me", "--set routes.metric="),
    ("plan --set log.f", "plan --set log.format="),
    ("--set=routes.me", "--set=routes.metric="),
    ("--set mode=udr doct", "--set mode=udr doctor "),
    ("--set mode=udr --config some.toml config sh", "--set mode=udr --config some.toml config show "),
    ("--config some", "--config some.toml "),
    ("--config=some", "--config=some.toml "),
    ("config check sub", "config check subfolder/"),
    ("wait --timeout 5m --he", "wait --timeout 5m --help "),
    ("explain fd00:10::1 --he", "explain fd00:10::1 --help "),
    ("explain st", "explain st"),
    ("wait --timeout st", "wait --timeout st"),
    ("--config run st", "--config run status "),
)
# fish offers options even where a value is due.
_NOT_OF_FISH = (("wait --timeout --he", "wait --timeout --he"),)


class Terminal:
    """An interactive shell on a terminal of its own. Control-G prints the line as it stands, between marks."""

    def __init__(self, words, folder):
        self._process, self._terminal = pty.fork()
        if self._process == 0:
            os.chdir(folder)
            os.execvpe(words[0], words, {**_ENVIRONMENT, "TERM": "dumb", "COLUMNS": "500"})

    def close(self):
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._terminal)

    def say(self, text):
        os.write(self._terminal, text.encode())

    def read(self, pattern):
        """What matches, once it is there."""
        text, until = "", time.monotonic() + 20
        while (match := re.search(pattern, text)) is None:
            ready, _, _ = select.select([self._terminal], [], [], until - time.monotonic())
            assert ready, f"never said {pattern!r}: {text!r}"
            text += os.read(self._terminal, 65536).decode(errors="replace")
        return match.group(1)

    def complete(self, line):
        self.say(f"calico-azure-agent {line}\t\x07")
        return self.read(r"<<(.*?)>>").removeprefix("calico-azure-agent ")


def text_of(name):
    return (_SCRIPTS / name).read_text(encoding="utf-8").replace("'\\''", "’")


class Tables(unittest.TestCase):
    """Each script names every command, option and key, with the words of --help, and no other."""

    @classmethod
    def setUpClass(cls):
        cls.helps = helps()
        cls.words = " ".join(" ".join(cls.helps.values()).replace("'", "’").split())
        cls.common = options_in(cls.helps[""])
        shown = subprocess.run([_AGENT, "config", "show"], capture_output=True, text=True, check=True).stdout
        section, cls.keys = "", []
        for line in shown.splitlines():
            if line.startswith("["):
                section = line.strip("[]") + "."
            elif line:
                cls.keys.append(f"{section}{line.partition(' ')[0]}=")

    def below(self, command):
        known = [each.rpartition(" ") for each in self.helps if each]
        return [name for above, _, name in known if above == command]

    def own(self, command):
        return options_in(self.helps[command]) - self.common if command else self.common

    def assert_said(self, texts):
        self.assertGreater(len(texts), 0)
        for each in texts:
            self.assertIn(each, self.words)

    def test_of_bash(self):
        def replies(*words):
            script = f'source {_SCRIPTS}/calico-azure-agent.bash; compopt() {{ :; }}; COMP_WORDS=("$@"); ' \
                     'COMP_CWORD=$(($# - 1)); _calico_azure_agent; echo "${COMPREPLY[@]}"'
            done = subprocess.run(["bash", "-c", script, "bash", "calico-azure-agent", *words], capture_output=True,
                                  text=True, check=True)
            return done.stdout.split()

        self.assertEqual(replies("--set", ""), self.keys)
        for command in self.helps:
            with self.subTest(command):
                self.assertEqual(sorted(replies(*command.split(), "-")),
                                 sorted({*self.own(command), *self.common, "-h"}))
                if names := self.below(command):
                    self.assertEqual(replies(*command.split(), ""), names)

    def test_of_zsh(self):
        text = text_of("_calico-azure-agent")
        keys = re.search(r"compadd -S '' -- ([^}]*)\n}", text).group(1).replace("\\\n", " ").split()
        self.assertEqual(keys, self.keys)
        self.assertEqual(set(re.findall(r"'\*?(--[a-z-]+)", text.partition("local -a common=")[2])), self.common)
        self.assert_said(re.findall(r"'\*?-[a-z-]+=?\[([^]]*)\]", text))
        for command in self.helps:
            with self.subTest(command):
                name = "_".join(["_calico_azure_agent", *command.split()])
                body = re.search(rf"(?ms)^{name}\(\) {{$(.*?)^}}$", text)
                said = re.findall(r"'([a-z-]+):([^']*)'", body.group(1)) if body else []
                self.assertEqual([each for each, _ in said], self.below(command))
                if said:
                    self.assert_said([each for _, each in said])
                if command:
                    self.assertEqual(set(re.findall(r"'\*?(--[a-z-]+)", body.group(1) if body else "")), self.own(command))

    def test_of_fish(self):
        text = text_of("calico-azure-agent.fish")
        self.assertEqual(re.search(r"-l set -x -a '([^']*)'", text).group(1).split(), self.keys)
        self.assert_said(re.findall(r" -d '([^']*)'", text))
        at = r"complete -c calico-azure-agent{} "
        for command in self.helps:
            with self.subTest(command):
                here = at.format(re.escape(f" -n '__calico_azure_agent_at \"{command}\"'"))
                self.assertEqual(re.findall(rf"{here}-a (\S+)", text), self.below(command))
                where = here if command else at.format("") + "(?:-s h )?"
                self.assertEqual({f"--{each}" for each in re.findall(rf"{where}-l (\S+)", text)}, self.own(command))


class Completions(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "some.toml").touch()
        (self.folder / "subfolder").mkdir()

    def terminal(self, words, setup):
        if shutil.which(words[0]) is None:
            self.skipTest(f"no {words[0]} here")
        terminal = Terminal(words, self.folder)
        self.addCleanup(terminal.close)
        terminal.say(setup + "; print_ready\n")
        terminal.read(r"\[(ready)\]")
        return terminal

    def check(self, terminal):
        for line, wanted in _LINES + _NOT_OF_FISH:
            with self.subTest(line):
                self.assertEqual(terminal.complete(line), wanted)

    def test_of_bash(self):
        self.check(self.terminal(
            ["bash", "--norc", "--noprofile", "-i"],
            "bind 'set bell-style none'; bind 'set show-all-if-ambiguous off'; print_ready() { echo '['ready']'; }; "
            """show() { printf '<<%s>>\\n' "$READLINE_LINE"; READLINE_LINE=; READLINE_POINT=0; }; """
            f"""bind -x '"\\C-g": show'; source {_SCRIPTS}/calico-azure-agent.bash"""))

    def test_of_zsh(self):
        self.check(self.terminal(
            ["zsh", "-f", "-i"],
            "print_ready() { print '['ready']' }; unsetopt beep; "
            "show() { print -r -- \"<<$BUFFER>>\"; BUFFER= }; zle -N show; bindkey '^G' show; "
            f"fpath=({_SCRIPTS} $fpath); autoload -U compinit; compinit -u -D"))

    def test_of_bash_has_what_shells_check_without_running_it(self):
        subprocess.run(["shellcheck", "--shell=bash", _SCRIPTS / "calico-azure-agent.bash"], check=True)

    def test_of_fish(self):
        if shutil.which("fish") is None:
            self.skipTest("no fish here")
        script = "source $argv[1]; for line in $argv[2..]; echo -- (complete -C \"calico-azure-agent $line\" | " \
                 "string replace -r '\\t.*' ''); end"
        done = subprocess.run(["fish", "--no-config", "-c", script, _SCRIPTS / "calico-azure-agent.fish",
                               *(line for line, _ in _LINES)],
                              cwd=self.folder, env=_ENVIRONMENT, capture_output=True, text=True, check=True, timeout=30)
        for (line, wanted), said in zip(_LINES, done.stdout.splitlines(), strict=True):
            with self.subTest(line):
                last = wanted.rstrip(" ").rpartition(" ")[2]
                self.assertEqual(said, "" if line == wanted else last)


if __name__ == "__main__":
    unittest.main()
