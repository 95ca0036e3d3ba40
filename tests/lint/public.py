# SPDX-License-Identifier: ISC
"""What an object shows to others is used by another one, or by a test; the rest is static.

Usage: public.py SOURCE_ROOT NM ARCHIVE MAIN_ARCHIVE
"""

import re
import sys
from pathlib import Path

from objects import defined, source, symbols
from tree import Findings, c_files, code_only


def words_of_tests(root):
    words = set()
    for path in c_files(root, "tests"):
        words.update(re.findall(r"\w+", code_only((root / path).read_text())))
    return words


def called_by_libraries(root):
    """What stands in the place of a function of the C library."""
    return {
        name
        for path in c_files(root, "src")
        for name in re.findall(r"^IN_PLACE \w+ (\w+)\(", (root / path).read_text(), re.M)
    }


def main():
    root, nm, archive, main_archive = Path(sys.argv[1]), *sys.argv[2:]
    findings = Findings()
    used = words_of_tests(root) | called_by_libraries(root)
    for path in (archive, main_archive):
        used.update(symbol for _, symbol, kind in symbols(nm, path) if kind == "U")
    for symbol, name in sorted(defined(nm, archive).items()):
        findings.checked += 1
        if symbol not in used:
            findings.add(source(name), 0, f"{symbol} is used by no other file: make it static")
    findings.finish()


main()
