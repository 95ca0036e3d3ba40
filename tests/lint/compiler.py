# SPDX-License-Identifier: ISC
"""The compiler of the build, for checks that compile something themselves."""

import json
import shlex
import sys

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
