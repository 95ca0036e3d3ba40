# SPDX-License-Identifier: ISC
"""The program as it was linked has the defences that the build asks for.

Usage: hardened.py READELF PROGRAM LIBRARY OPTIMIZED(0|1) CET(0|1)

CET (branch targets and shadow stacks) is a property of our objects: the program as a whole has it
only where the C library and the archives that are linked into it have it as well.
"""

import re
import subprocess
import sys

from tree import Findings


def read(readelf, path, *options):
    return subprocess.run([readelf, "-W", *options, path], check=True, stdout=subprocess.PIPE,
                          text=True).stdout


def imports(text):
    """The names of the functions that a program takes from libraries."""
    return {line.split()[7].split("@")[0] for line in text.splitlines() if " UND " in line
            and len(line.split()) > 7}


def segments(text):
    """Yields (type, flags) of each program header."""
    for line in text.splitlines():
        match = re.match(r"\s+([A-Z_]+)\s+0x\S+ 0x\S+ 0x\S+ 0x\S+ 0x\S+ ([RWE ]{3}) ", line)
        if match:
            yield match[1], match[2].replace(" ", "")


def main():
    readelf, program, library, optimized, cet = sys.argv[1:]
    findings = Findings()

    def expect(what, holds):
        findings.checked += 1
        if not holds:
            findings.add(program, 0, what)

    dynamic = read(readelf, program, "--dynamic")
    headers = list(segments(read(readelf, program, "--program-headers")))
    taken = imports(read(readelf, program, "--dyn-syms"))
    expect("can be placed at one address only (PIE)", re.search(r"FLAGS_1.*\bPIE\b", dynamic))
    expect("binds functions when they are called (-z now)", re.search(r"FLAGS_1.*\bNOW\b", dynamic))
    expect("leaves its tables writable (-z relro)", "GNU_RELRO" in dict(headers))
    expect("has a stack that can be executed", dict(headers).get("GNU_STACK") == "RW")
    expect("has memory that is writable and executable",
           not any("W" in flags and "E" in flags for _, flags in headers))
    expect("is changed by relocations in its code", "TEXTREL" not in dynamic)
    expect("looks for libraries in places of its own", not re.search(r"R(UN)?PATH", dynamic))
    expect("does not look after its stack (-fstack-protector)", "__stack_chk_fail" in taken)
    if optimized == "1":
        expect("calls no checked function (_FORTIFY_SOURCE)",
               any(name.endswith("_chk") for name in taken))
    if cet == "1":
        notes = read(readelf, library, "--notes").split("\nFile: ")[1:]
        for note in notes:
            expect(f"{note.splitlines()[0]} marks no branch targets (-fcf-protection)",
                   "IBT, SHSTK" in note)
        expect("has no objects", notes)
    findings.finish()


main()
