"""The table of faults in tests/README.md: what was broken, on which node, who named it, and what came of the remedy. Each
test that breaks something holds its row to the table; CAA_WRITE=1 writes it."""

import fcntl
import os
import pathlib
import re

_FILE = pathlib.Path(__file__).resolve().parents[1] / "README.md"
_HEADING = "| node | what is broken | check | remedy | mended |\n|---|---|---|---|---|\n"
_LONGEST_REMEDY = 96


def row(node, what, check, remedy, mended):
    """Names that are drawn anew each time, and ids of ARM's, are shortened."""
    for pattern, word in ((r"\b(cali|azv)[0-9a-f]{9,}", r"\1…"), (r"/subscriptions/\S*/", "…/"), (r"/tmp/\S*/", "…/"),
                          (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}", "…"), (r"\s+", " ")):
        remedy = re.sub(pattern, word, remedy)
    if len(remedy) > _LONGEST_REMEDY:
        remedy = f"{remedy[:_LONGEST_REMEDY].rstrip()} …"
    cells = [cell.replace("|", r"\|") for cell in (node, what, f"`{check}`", f"`{remedy}`", mended)]
    return f"| {' | '.join(cells)} |\n"


def _key(line):
    return line.split(" | ")[:2]


def is_in_table(line):
    """Whether tests/README.md has the row; with CAA_WRITE=1 it has it from now on."""
    if os.environ.get("CAA_WRITE"):
        _write(line)
    return line in _FILE.read_text(encoding="utf-8").splitlines(keepends=True)


def _write(line):
    with open(_FILE, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        before, heading, rest = file.read().partition(_HEADING)
        if not heading:
            raise ValueError(f"{_FILE} has no table of faults")
        rows, after = [], rest
        while after.startswith("| "):
            first, end, after = after.partition("\n")
            rows.append(first + end)
        # One that is known stays where it is, a new one stands behind those of its node.
        known = [index for index, each in enumerate(rows) if _key(each) == _key(line)]
        if known:
            rows[known[0]] = line
        else:
            of_node = [index for index, each in enumerate(rows) if _key(each)[0] == _key(line)[0]]
            rows.insert(of_node[-1] + 1 if of_node else len(rows), line)
        file.seek(0)
        file.write(before + heading + "".join(rows) + after)
        file.truncate()
