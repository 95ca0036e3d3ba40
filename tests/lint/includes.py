# SPDX-License-Identifier: ISC
"""Includes point down only: the map on top of src/main.c, line by line.

Usage: includes.py SOURCE_ROOT
"""

import re
import sys
from pathlib import Path

from tree import Findings, c_files, layer

# What each layer may include, besides itself and base.
ALLOWED = {
    "main": {"app", "cmd", "help", "opts", "out"},
    "app": {"cli", "io", "net", "out", "sys"},
    "help": {"cmd", "net", "opts", "sys"},
    "cmd": {"app", "cli", "datagram", "io", "net", "opts", "out", "reference", "session", "sys"},
    "session": {"app", "cli", "io", "net", "opts", "out", "relay", "sys"},
    "datagram": {"app", "io", "net", "opts", "out", "sys"},
    "reference": {"app", "net", "out", "sys"},
    "opts": {"app", "cli", "io", "net", "sys"},
    "relay": {"io", "sys"},
    "net": {"io", "sys"},
    "io": {"sys"},
    "sys": set(),
    "out": set(),
    "cli": set(),
    "base": set(),
}
WITHOUT_LIBUV = {"base", "cli", "out", "sys"}

INCLUDE = re.compile(r'#\s*include\s+([<"])([^>"]+)')


def check_file(root, path, findings):
    mine = layer(path)
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
        if system_seen:
            findings.add(path, number, "headers of the system come last")
        if not (root / "src" / name).exists():
            findings.add(path, number, f'"{name}" is no header of the project')
            continue
        theirs = layer(Path("src", name))
        if theirs not in ALLOWED[mine] | {mine, "base"}:
            findings.add(path, number, f"{mine} must not include {theirs}")


def main():
    root = Path(sys.argv[1])
    findings = Findings()
    for path in c_files(root, "src"):
        findings.checked += 1
        if layer(path) in ALLOWED:
            check_file(root, path, findings)
        else:
            findings.add(path, 1, "belongs to no layer")
    findings.finish()


main()
