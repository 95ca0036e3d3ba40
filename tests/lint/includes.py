# SPDX-License-Identifier: ISC
"""Includes point down only, from room to room, as rooms.py has it, and who calls a function of
<string.h> includes it.

Usage: includes.py SOURCE_ROOT
"""

import re
import sys
from pathlib import Path

from rooms import ALLOWED, ORDER, WITHOUT_LIBUV, room
from tree import Findings, c_files

STRINGS = re.compile(r"\b(mem(cpy|ccpy|move|set|cmp|chr|rchr|mem)|str(n?cmp|n?len|r?chr|chrnul|str|"
                     r"c?spn|n?dup|error|pbrk|tok_r|sep))\(")
INCLUDE = re.compile(r'#\s*include\s+([<"])([^>"]+)')


def check_file(root, path, findings):
    mine = room(path)
    own_header = path.relative_to("src").with_suffix(".h")
    own_pending = path.suffix == ".c" and (root / "src" / own_header).exists()
    system_seen = False

    text = (root / path).read_text()
    needs_strings = path.suffix == ".c" and "#include <string.h>" not in text

    for number, line in enumerate(text.splitlines(), 1):
        if needs_strings and STRINGS.search(line.split("//")[0]):
            findings.add(path, number, "<string.h> is missing")
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
