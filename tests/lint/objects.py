# SPDX-License-Identifier: ISC
"""What the checks of objects share: the symbols that they define, and that they need."""

import re
import subprocess


def symbols(nm, path):
    """Yields (object, symbol, kind) for each external symbol of PATH, an object or an archive.

    KIND is the letter of nm(1): U for what comes from elsewhere.
    """
    output = subprocess.run(
        [nm, "--print-file-name", "--extern-only", "--format=posix", path],
        check=True, stdout=subprocess.PIPE, text=True,
    ).stdout
    for line in output.splitlines():
        where, _, rest = line.partition(": ")
        symbol, kind = rest.split()[:2]
        yield re.split(r"[:/\[\]]", where.rstrip(" ]"))[-1], symbol.split("@")[0], kind


def source(name):
    """The source that an object was made of, as its name tells it."""
    return name.removesuffix(".o").removeprefix("src_")


def defined(nm, path):
    """{symbol: object} of what other objects may use; names that compilers make are left out."""
    return {
        symbol: name
        for name, symbol, kind in symbols(nm, path)
        if kind not in "Uvw" and not symbol.startswith("__")
    }
