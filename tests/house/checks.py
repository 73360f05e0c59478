#!/usr/bin/env python3
"""A check is one row in checks/: orders and ids are unique, the READMEs' tables have them, and no code knows one by its id."""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
_ROW = re.compile(r"\{\s*(\.order = .*?\.look = \w+)\}", re.DOTALL)
_FIELD = re.compile(r'\.(\w+) = ((?:"[^"]*"\s*)+|[^,"]+)')
_COMMENT = re.compile(r'//[^\n]*|("(?:\\.|[^"\\\n])*")')
# A key of the configuration that is called as a check is.
_NOT_CHECKS = {("agent/config", "azure.cloud_config"), ("agent/cloud", "azure.cloud_config")}


def rows() -> list[dict[str, str]]:
    """In their order: each field as it is written, enumerators without their type."""
    found = []
    for file in (ROOT / "checks").glob("*.cpp"):
        for row in _ROW.findall(file.read_text(encoding="utf-8")):
            found.append({name: "".join(re.findall(r'"([^"]*)"', value)) if '"' in value else value.rpartition("::")[2]
                          for name, value in _FIELD.findall(row)})
    return sorted(found, key=lambda row: int(row["order"]))


def repeated(values) -> list[str]:
    return [value for value, count in collections.Counter(values).items() if count > 1]


def faults_of_rows(all_rows) -> list[str]:
    found = [f"checks/: {name} {value} is in two rows" for name in ("order", "id", "look")
             for value in repeated(row[name] for row in all_rows)]
    found += [f"checks/: {row['id']} is advisory, and no gate" for row in all_rows
              if "advisory" in row and "gate" not in row]
    return found


def faults_of_readme(all_rows) -> list[str]:
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Checks\n")[2].partition("\n## ")[0]
    told = []
    for cells in re.findall(r"(?m)^\| (`.*)", table):
        ids, gate = cells.split(" | ")[:2]
        told += [(each, gate) for each in re.findall(r"`([^`]+)`", ids)]
    found = [f"README.md: the table of checks has {told_id} where checks/ has {row['id']}"
             for (told_id, _), row in zip(told, all_rows) if told_id != row["id"]][:1]
    if len(told) != len(all_rows):
        found.append(f"README.md: the table has {len(told)} checks, checks/ has {len(all_rows)}")
    gates = {row["id"]: row.get("gate", "never") for row in all_rows}
    words = {"never": "no", "with_ipv6": "with IPv6 pods"}
    for each, gate in told:
        rule = gates.get(each, "never")
        if gate != words.get(rule, gate) or (rule != "never" and gate == "no"):
            found.append(f"README.md: {each} is a gate: {gate}, in checks/: {rule}")
    return found


def faults_of_gates(all_rows) -> list[str]:
    table = (ROOT / "agent/README.md").read_text(encoding="utf-8").partition("\n| gate |")[2].partition("\n\n")[0]
    told = sorted(each for cell in re.findall(r"(?m)^\| (`[^|]*)", table) for each in re.findall(r"`([^`]+)`", cell))
    gates = sorted(row["id"] for row in all_rows if row.get("gate", "never") != "never")
    return [] if told == gates else [f"agent/README.md: the table of gates is {told}, checks/ has {gates}"]


def faults_of_code(all_rows) -> list[str]:
    """Ids in texts of C++ outside checks/ and tests/; a comment may have one as an example."""
    ids = re.compile(r"(?<![\w.])(%s)(?![\w.])" % "|".join(re.escape(row["id"]) for row in all_rows))
    found = []
    for file in sorted(each for suffix in ("*.h", "*.cpp") for each in ROOT.rglob(suffix)):
        name = file.relative_to(ROOT).as_posix()
        if name.startswith(("checks/", "tests/", "build/")):
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            code = "".join(_COMMENT.findall(line))
            found += [f"{name}:{number}: {each} belongs to a row in checks/" for each in ids.findall(code)
                      if not any(name.startswith(room + "/") and each == key for room, key in _NOT_CHECKS)]
    return found


def main() -> int:
    all_rows = rows()
    if len(all_rows) < 50:
        print(f"{len(all_rows)} rows in checks/: they are not written as this test reads them")
        return 1
    found = faults_of_rows(all_rows) + faults_of_readme(all_rows) + faults_of_gates(all_rows) + faults_of_code(all_rows)
    print("\n".join(found) or f"{len(all_rows)} checks, each one row")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
