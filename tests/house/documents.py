#!/usr/bin/env python3
"""What documents name is there: files and folders, links, and in the tables of CONTRIBUTING.md the function in its file."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
# A path of the repository in a sentence: below one of its own folders.
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)+/?|[\w-]+\.(?:h|cpp|md)")
_FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def tracked() -> set[str]:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    return {parent for file in files if file
            for parent in (file, *(each.as_posix() for each in pathlib.PurePosixPath(file).parents))}


def own_path(text: str, top: set[str]) -> bool:
    """`files/TREE/` is none: capitals stand for a name."""
    return (bool(_PATH.fullmatch(text)) and not any(part.split(".")[0].isupper() and part not in top for part in text.split("/")) and
            (text.split("/")[0] in top or text.endswith((".h", ".cpp"))))


def faults_of(document: pathlib.Path, there: set[str], top: set[str]):
    text = document.read_text(encoding="utf-8")
    folder = document.parent.relative_to(ROOT)
    name = document.relative_to(ROOT).as_posix()

    def exists(path, line):
        path = path.rstrip("/")
        own = line.startswith("|") and f"`{path}`" in line.split("|")[1]  # a row of the room's own table of files
        if "/" not in path and not own:
            return any(each.endswith(f"/{path}") for each in there) or path in there
        return any((place / path).as_posix() in there for place in (pathlib.PurePosixPath(), folder, folder.parent))

    for number, line in enumerate(_FENCE.sub(lambda block: "\n" * block[0].count("\n"), text).split("\n"), 1):
        yield from (f"{name}:{number}: there is no {path}" for path in _CODE.findall(line)
                    if own_path(path, top) and not exists(path, line))
        yield from (f"{name}:{number}: no such file: {target}" for target in _LINK.findall(line)
                    if "://" not in target and not (document.parent / target).exists())
        if name != "CONTRIBUTING.md" or not line.startswith("| `"):
            continue
        file, function = (_CODE.findall(cell) for cell in line.split("|")[1:3])
        if file and function and (ROOT / file[0]).is_file() and not re.search(
                rf"\b{function[0]}\(", (ROOT / file[0]).read_text(encoding="utf-8")):
            yield f"{name}:{number}: there is no {function[0]} in {file[0]}"


def main() -> int:
    there = tracked()
    top = {path for path in there if "/" not in path}
    documents = [ROOT / path for path in sorted(there) if path.endswith(".md") and path != "CHANGELOG.md"]
    found = [fault for document in documents for fault in faults_of(document, there, top)]
    print("\n".join(found) or f"{len(documents)} documents, whatever they name is there")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
