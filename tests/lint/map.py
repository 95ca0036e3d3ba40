# SPDX-License-Identifier: ISC
"""The map on top of src/main.c names each file of src, in order, and says what it is for.

Usage: map.py SOURCE_ROOT

A folder has a line, and below it each of its files: NAME.c, NAME.h, or NAME.[ch] for both. Rooms
come in the order of rooms.py, folders of a room and files of a folder in that of their names.
"""

import re
import sys
from pathlib import Path

from rooms import ORDER, room
from tree import Findings, c_files

MAP = Path("src/main.c")
LINE = re.compile(r" \*   (  )?([a-z]\S*)(?: +(\S.*))?$")


def wanted(root, findings):
    """The places that the map must have, in order: "net/" and "net/dial.[ch]"."""
    kinds = {}
    for path in c_files(root, "src"):
        if room(path):
            kinds.setdefault(path.relative_to("src").with_suffix(""), []).append(path.suffix[1:])
        else:
            findings.add(path, 1, "belongs to no room")
    places = {}
    for stem, ends in kinds.items():
        at = ORDER.index(room(Path("src", stem)))
        folder = "" if len(stem.parts) == 1 else f"{stem.parent}/"
        ending = ends[0] if len(ends) == 1 else f"[{''.join(sorted(ends))}]"
        if folder:
            places[folder] = (at, folder, "")
        places[f"{stem}.{ending}"] = (at, folder, stem.name)
    return sorted(places, key=places.get)


def drawn(root):
    """Yields (line, place, what it says) for each place on the map."""
    folder = ""
    text = (root / MAP).read_text()
    for number, line in enumerate(text[:text.index("*/")].splitlines(), 1):
        match = LINE.match(line)
        if not match:
            continue
        indented, name, words = match.groups()
        if not indented:
            folder = name if name.endswith("/") else ""
        yield number, folder + name if indented else name, words


def main():
    root = Path(sys.argv[1])
    findings = Findings()
    places = wanted(root, findings)
    lines = list(drawn(root))
    names = [name for _, name, _ in lines]
    before = None
    for place in places:
        findings.checked += 1
        if place not in names:
            findings.add(MAP, 0, f"the map lacks {place}, to stand after {before}")
        before = place
    for number, name, words in lines:
        if name not in places:
            findings.add(MAP, number, f"the map has {name}, which is no place in src")
        elif not words:
            findings.add(MAP, number, f"the map does not say what {name} is for")
    known = [(number, name) for number, name, _ in lines if name in places]
    for (_, above), (number, name) in zip(known, known[1:]):
        if places.index(name) <= places.index(above):
            findings.add(MAP, number, f"the map has {name} after {above}")
    findings.finish()


main()
