#!/usr/bin/env python3
"""Every test runs, and once: a file whose classes CMake names one by one may have one more, and a .cpp that no\nCMakeLists.txt names is compiled by nobody."""
import ast
import collections
import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
_CALL = re.compile(r"^\s*add_python_test\((\w+) (\w+)([^)]*)\)", re.MULTILINE)


def classes_of(file: pathlib.Path) -> dict[str, ast.ClassDef]:
    """The classes of a file, and those that it takes from files beside it."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    classes = {}
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module and (beside := file.parent / f"{node.module}.py").is_file():
            there = classes_of(beside)
            classes |= {each.name: there[each.name] for each in node.names if each.name in there}
    return classes | {node.name: node for node in body if isinstance(node, ast.ClassDef)}


def classes_with_tests(file: pathlib.Path) -> set[str]:
    """Those that have test methods, of their own or by a class that they have got; mix-ins that others run are left out."""
    classes = classes_of(file)

    def bases(name):
        return [base.id for base in classes[name].bases if isinstance(base, ast.Name)]

    def has_tests(name):
        if name not in classes:
            return False
        own = any(isinstance(each, ast.FunctionDef) and each.name.startswith("test_") for each in classes[name].body)
        return own or any(has_tests(base) for base in bases(name))

    def is_case(name):
        return name.endswith("Case") or name == "TestCase" or (name in classes and any(
            is_case(base) for base in bases(name)) or any(ast.unparse(base).endswith("TestCase") for base in
                                                         (classes[name].bases if name in classes else ())))

    return {name for name in classes if has_tests(name) and is_case(name) and not name.endswith("Case")}


def unrolled(text: str) -> str:
    """CMake's loops written out."""
    def written(match):
        name, values, body = match.groups()
        return "".join(body.replace("${%s}" % name, value) for value in values.split())
    return re.sub(r"foreach\((\w+)([^)]*)\)(.*?)endforeach\(\)", written, text, flags=re.DOTALL)


def faults() -> list[str]:
    found = []
    for listing in sorted(TESTS.glob("*/CMakeLists.txt")):
        runs = collections.defaultdict(list)
        for folder, subject, rest in _CALL.findall(unrolled(listing.read_text(encoding="utf-8"))):
            runs[subject].append([word for word in rest.split() if word != "SERIAL"])
        for subject, listed in runs.items():
            file = listing.parent / f"test_{subject}.py"
            there = classes_with_tests(file)
            named = collections.Counter(name for each in listed for name in (each or there))
            where = file.relative_to(TESTS.parent)
            found += [f"{where}: {name} is run by no line of {listing.relative_to(TESTS.parent)}"
                      for name in sorted(there - set(named))]
            found += [f"{where}: {name} is run {count} times" for name, count in sorted(named.items()) if count > 1]
            found += [f"{where}: there is no {name}" for name in sorted(set(named) - there)]
        listed_files = {listing.parent / f"test_{subject}.py" for subject in runs}
        if runs:
            found += [f"{file.relative_to(TESTS.parent)}: no line of {listing.name} runs it"
                      for file in sorted(listing.parent.glob("test_*.py")) if file not in listed_files]
    for listing in sorted(TESTS.rglob("CMakeLists.txt")):
        text = listing.read_text(encoding="utf-8")
        found += [f"{file.relative_to(TESTS.parent)}: {listing.name} beside it does not name it"
                  for file in sorted(listing.parent.glob("*_test.cpp")) if not re.search(rf"\b{file.name}\b", text)]
    return found


def main() -> int:
    found = faults()
    print("\n".join(found) or "every test is run, and once")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
