# SPDX-License-Identifier: ISC
"""The netcats and ours side by side: what each puts on the wire, prints and ends with, and the command
line that --explain prints beside both."""

import os
import re
import shutil

import pytest

import originals
from harness import PROGRAM
from originals import against_server, patiently, served
from peers import unused_port

ORIGINALS = {
    "openbsd": ["nc.openbsd"], "traditional": ["nc.traditional"], "ncat": ["ncat"],
    "busybox": ["busybox", "nc"],
}
OURS = {
    "openbsd": [PROGRAM, "nc"], "traditional": [PROGRAM, "nc", "--dialect", "traditional"],
    "ncat": [PROGRAM, "ncat"], "busybox": [PROGRAM, "nc", "--dialect=busybox"],
}


def program_of(dialect):
    program = ORIGINALS[dialect][0]
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    return ORIGINALS[dialect]


def explained(dialect, words):
    return originals.explained(OURS[dialect], words)


def compare_clients(*args, **how):
    patiently(lambda: compare_clients_once(*args, **how))


def compare_clients_once(dialect, words, behave, stdin=b"question\n", says=False, **how):
    theirs = against_server([*program_of(dialect), *words], behave, stdin, **how)
    ours = against_server([*OURS[dialect], *words], behave, stdin, **how)
    lines = [line for line in theirs[2].splitlines() if not line.startswith("Ncat: Version")]
    if says:
        assert [re.sub(r"\d\.\d\d sec", "TIME sec", line).replace("nc.openbsd: ", "nc: ") for line in ours[2].splitlines()] == [
            re.sub(r"\d\.\d\d sec", "TIME sec", line).replace("nc.openbsd: ", "nc: ") for line in lines]
    else:
        assert ours[2] == ""
    assert (ours[:2], ours[3]) == (theirs[:2], theirs[3])
    native = against_server(explained(dialect, words), behave, stdin, **how)
    assert (native[:2], native[3]) == (theirs[:2], theirs[3])


def compare_servers(*args, **how):
    patiently(lambda: compare_servers_once(*args, **how))


def compare_servers_once(dialect, words, behave, stdin=b"banner\n", ends_input=True, says=False,
                    place=None, stops=False):
    def run_one(command):
        where = place or unused_port()
        if place and os.path.exists(place):
            os.unlink(place)
        return served(command, where, behave, stdin, ends_input, stops)

    theirs = run_one([*program_of(dialect), *words])
    ours = run_one([*OURS[dialect], *words])
    lines = [line for line in theirs[0][2].splitlines() if not line.startswith("Ncat: Version")]
    # Who connects is known by name to the originals, and by address to ours.
    lines = [re.sub(r"(on|from) localhost\b", r"\1 127.0.0.1", line) for line in lines]
    if says:
        assert ours[0][2].splitlines() == lines
    elif "-e" not in words and "-c" not in words:
        assert ours[0][2] == ""
    assert (ours[0][:2], ours[1]) == (theirs[0][:2], theirs[1])
    native = run_one(explained(dialect, words))
    assert (native[0][:2], native[1]) == (theirs[0][:2], theirs[1])
