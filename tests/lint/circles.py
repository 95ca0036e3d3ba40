# SPDX-License-Identifier: ISC
"""No object needs another that needs it in turn: each file can be read after those that it uses.

Usage: circles.py NM ARCHIVE
"""

import os
import sys
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter

from objects import defined, source, symbols
from tree import Findings


def find_circle(needs):
    """A list of objects of which each needs the next one, and the last the first; or None."""
    try:
        TopologicalSorter(needs).prepare()
        return None
    except CycleError as error:
        return error.args[1][:0:-1]


def main():
    nm, archive = sys.argv[1:]
    findings = Findings()
    home = defined(nm, archive)
    needs = defaultdict(dict)  # {object: {object that it needs: a symbol of that}}
    for name, symbol, kind in symbols(nm, archive):
        findings.checked += 1
        if kind == "U" and symbol in home:
            needs[name].setdefault(home[symbol], symbol)

    while circle := find_circle(needs):
        steps = [
            f"{source(theirs)} ({needs[mine][theirs]})"
            for mine, theirs in zip(circle, circle[1:] + circle[:1])
        ]
        findings.add(source(circle[0]), 0, "needs itself by " + ", which needs ".join(steps))
        del needs[circle[-1]][circle[0]]  # the next one may be another
    if not needs:
        findings.add(os.path.basename(archive), 0, "holds no object that needs another")
    findings.finish()


main()
