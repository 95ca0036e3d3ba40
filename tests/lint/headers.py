# SPDX-License-Identifier: ISC
"""Each header compiles alone, with the flags of the project and without a warning.

Usage: headers.py SOURCE_ROOT BUILD_ROOT
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from compiler import project_command
from tree import Findings, files

def main():
    root, build = (Path(word).resolve() for word in sys.argv[1:])
    command = project_command(root, build) + ["-Werror", "-fsyntax-only", "-x", "c"]
    headers = files(root, ["src"], lambda path: path.suffix == ".h")
    findings = Findings()

    def compile_alone(path):
        return subprocess.run(
            [*command, str(root / path)], cwd=build, stderr=subprocess.PIPE, text=True
        )

    with ThreadPoolExecutor(2) as pool:
        for path, done in zip(headers, pool.map(compile_alone, headers)):
            findings.checked += 1
            if done.returncode:
                findings.add(path, 1, "does not compile alone:\n" + done.stderr)
    findings.finish()


main()
