# SPDX-License-Identifier: ISC
"""The C sources are as clang-format leaves them.

Usage: format.py CLANG_FORMAT SOURCE_ROOT

Skipped for other versions than the one that the settings were written for: each lays out a few
things differently.
"""

import re
import subprocess
import sys
from pathlib import Path

from tree import Findings, c_files

VERSION = "14"
SKIPPED = 77  # how a test says so to Meson


def main():
    program, root = sys.argv[1], Path(sys.argv[2])
    version = subprocess.run([program, "--version"], check=True, stdout=subprocess.PIPE, text=True)
    match = re.search(r"version (\d+)", version.stdout)
    if not match or match.group(1) != VERSION:
        print(f"needs clang-format {VERSION}: {version.stdout.strip()}")
        sys.exit(SKIPPED)

    paths = c_files(root, "src", "tests")
    findings = Findings()
    findings.checked = len(paths)
    done = subprocess.run(
        [program, "--dry-run", "-Werror", *map(str, paths)],
        cwd=root, stderr=subprocess.PIPE, text=True,
    )
    for line in done.stderr.splitlines():
        match = re.match(r"(\S+):(\d+):\d+: error:", line)
        if match:
            findings.add(match.group(1), match.group(2), "is not as clang-format leaves it")
    if done.returncode and not findings.lines:
        findings.add(root, 0, done.stderr)
    findings.finish()


main()
