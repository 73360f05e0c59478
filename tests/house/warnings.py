#!/usr/bin/env python3
"""A warning is an error for who changes the code, by the presets, and for nobody else: what another compiler, another
level of optimisation or another library warns of must not keep a stranger from building."""
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def compiled_with(folder, *options):
    """The commands that a configuration compiles with."""
    subprocess.run(["cmake", "-S", ROOT, "-B", folder, "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", "-DCAA_TESTS=OFF", *options],
                   check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    commands = json.loads(pathlib.Path(folder, "compile_commands.json").read_text(encoding="utf-8"))
    return [each["command"] for each in commands]


def main():
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        plain = compiled_with(f"{folder}/plain")
        dev = compiled_with(f"{folder}/dev", "--preset", "dev")
    if not plain or any("-Werror" in command for command in plain):
        wrong.append("cmake -B build: warnings are errors")
    if not dev or not all("-Werror" in command for command in dev):
        wrong.append("cmake --preset dev: warnings are no errors")
    print("\n".join(wrong), end="\n" if wrong else "", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
