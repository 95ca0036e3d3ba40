# SPDX-License-Identifier: ISC
"""Includes point down only, from room to room, as rooms.py has it.

Usage: includes.py SOURCE_ROOT
"""

import re
import sys
from pathlib import Path

from rooms import ALLOWED, ORDER, WITHOUT_LIBUV, room
from tree import Findings, c_files

INCLUDE = re.compile(r'#\s*include\s+([<"])([^>"]+)')


def check_file(root, path, findings):
    mine = room(path)
    own_header = path.relative_to("src").with_suffix(".h")
    own_pending = path.suffix == ".c" and (root / "src" / own_header).exists()
    system_seen = False

    for number, line in enumerate((root / path).read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        form, name = match.groups()
        if own_pending and name != str(own_header):
            findings.add(path, number, f'"{own_header}" comes first')
        own_pending = False
        if form == "<":
            system_seen = True
            if name.startswith("uv") and mine in WITHOUT_LIBUV:
                findings.add(path, number, f"{mine} does without libuv")
            continue
        if system_seen and not name.endswith(".def"):  # rows, where their macros are
            findings.add(path, number, "headers of the system come last")
        if not (root / "src" / name).exists():
            findings.add(path, number, f'"{name}" is no header of the project')
            continue
        theirs = room(Path("src", name))
        if theirs not in ALLOWED[mine] | {mine, "base"}:
            findings.add(path, number, f"{mine} must not include {theirs}")


def main():
    root = Path(sys.argv[1])
    findings = Findings()
    for above, below in ALLOWED.items():
        for name in below:
            if ORDER.index(name) <= ORDER.index(above):
                findings.add("tests/lint/rooms.py", 0, f"{above} may include {name} above it")
    for path in c_files(root, "src"):
        findings.checked += 1
        if room(path):
            check_file(root, path, findings)
        else:
            findings.add(path, 1, "belongs to no room")
    findings.finish()


main()
