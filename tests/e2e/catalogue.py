# SPDX-License-Identifier: ISC
"""The catalogue of events as the program tells it."""

import functools
import json
import subprocess

from harness import PROGRAM


@functools.cache
def events():
    """The rows, each with its name, level, meaning and fields."""
    done = subprocess.run([PROGRAM, "help", "--dump", "events"], check=True, capture_output=True,
                          text=True, timeout=10)
    return [json.loads(line) for line in done.stdout.splitlines()]
