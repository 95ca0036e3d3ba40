# SPDX-License-Identifier: ISC
"""Pages of the manual fit a terminal: no line that mandoc renders is wider than 80 columns.

Usage: pages.py MANDOC SOURCE_ROOT
"""

import re
import subprocess
import sys
from pathlib import Path

from tree import Findings, files

COLUMNS = 80
OVERSTRIKE = re.compile(".\b")  # bold and underlined characters


def rendered(mandoc, page):
    """The lines of a page as a terminal shows them."""
    done = subprocess.run([mandoc, "-T", "ascii", "-O", f"width={COLUMNS}", page],
                          capture_output=True, text=True, check=True)
    return OVERSTRIKE.sub("", done.stdout).splitlines()


def main():
    mandoc, root = sys.argv[1], Path(sys.argv[2])
    findings = Findings()
    for path in files(root, ["man"], lambda path: re.fullmatch(r"\.\d", path.suffix)):
        findings.checked += 1
        for number, line in enumerate(rendered(mandoc, root / path), 1):
            if len(line) > COLUMNS:
                findings.add(path, number, f"is {len(line)} columns wide where it is rendered: {line.strip()}")
    findings.finish()


if __name__ == "__main__":
    main()
