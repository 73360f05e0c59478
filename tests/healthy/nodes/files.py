"""What a node has on disk."""

import os
import re
import shutil
import time

_LONG_AGO = time.time() - 9 * 86400


def filled(file, words):
    """The text of a file, with a value for each `$WORD` that has one."""
    return re.sub(r"\$([A-Z][A-Z0-9_]*)", lambda word: str(words.get(word[1], word[0])),
                  file.read_text(encoding="utf-8"))


def lay(files, tree, words):
    """All files of a tree, at their places, as if they had been there for long; `$WORD` in them is replaced. One
    whose name ends in .symlink holds where it leads; one that ends in .secret is root's alone."""
    for source in sorted(path for path in tree.rglob("*") if path.is_file()):
        place = "/" + str(source.relative_to(tree))
        text = filled(source, words)
        if place.endswith(".symlink"):
            files.link(place.removesuffix(".symlink"), text.strip())
        else:
            path = place.removesuffix(".secret")
            files.write(path, text, mode=0o644 if path == place else 0o600)
            os.utime(files.path_of(path), (_LONG_AGO, _LONG_AGO))


def age(files):
    """The agent's package was there before the boot."""
    for path in files.path_of("/").rglob("*.conf"):
        os.utime(path, (_LONG_AGO, _LONG_AGO))


def give(files, path, user):
    """The folder is this user's from now on."""
    folder = files.path_of(path)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.chown(folder, user, user)
    return folder
