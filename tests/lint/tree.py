# SPDX-License-Identifier: ISC
"""What the checks of the source tree share: finding files, and collecting what is wrong."""

import os
import re
import sys
from pathlib import Path


class Findings:
    """Faults by file and line; finish() prints them and ends the check."""

    def __init__(self):
        self.lines = []
        self.checked = 0

    def add(self, path, line, message):
        self.lines.append(f"{path}:{line}: {message}")

    def finish(self):
        for line in self.lines:
            print(line)
        print(f"{self.checked} checked, {len(self.lines)} faults")
        # A check that looked at nothing has proved nothing.
        sys.exit(1 if self.lines or not self.checked else 0)


def files(root, tops, wanted):
    """The files below ROOT/TOP for which WANTED(path) holds, relative to ROOT, in order."""
    found = []
    for top in tops:
        for folder, subfolders, names in os.walk(root / top):
            subfolders[:] = [s for s in subfolders if not s.startswith((".", "__"))]
            paths = (Path(folder, name).relative_to(root) for name in names)
            found += [path for path in paths if wanted(path)]
    return sorted(found)


def c_files(root, *tops):
    return files(root, tops, lambda path: path.suffix in (".c", ".h"))


_NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code_only(text):
    """TEXT of a C file with comments and literals blanked out, line for line."""
    return _NOISE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
