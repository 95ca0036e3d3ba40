# SPDX-License-Identifier: ISC
"""Each header compiles alone, with the flags of the project and without a warning.

Usage: headers.py SOURCE_ROOT BUILD_ROOT
"""

import json
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tree import Findings, files

DROP_WITH_VALUE = {"-o", "-MF", "-MQ", "-MT"}
DROP = {"-c", "-MD", "-MMD"}


def project_command(root, build):
    """The compiler and the flags that the build uses for a source of the library."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = (build / entry["file"]).resolve()
        if source.suffix == ".c" and source.is_relative_to(root / "src"):
            words = shlex.split(entry["command"])
            break
    else:
        sys.exit("compile_commands.json names no source")
    kept = []
    skip = False
    for word in words:
        if not skip and word not in DROP | DROP_WITH_VALUE and word != entry["file"]:
            kept.append(word)
        skip = word in DROP_WITH_VALUE
    return kept


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
