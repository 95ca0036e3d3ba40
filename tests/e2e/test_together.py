# SPDX-License-Identifier: ISC
"""Options that do not go together: every pair that a table forbids is refused, with both words named.

The pairs are those of `sockctl help --dump`, where rows and groups of a table have been applied. No
command here has arguments, so that it would end at once if the pair were not refused.
"""

import json
import os
import subprocess

import pytest

SOCKCTL = os.environ["SOCKCTL"]


def ask(*words):
    return subprocess.run([SOCKCTL, "help", *words], check=True, capture_output=True, text=True,
                          timeout=10).stdout


COMMANDS = [line.split("\t")[0] for line in ask("--words").splitlines()]
COMMANDS.remove("help")
ROWS = {command: {row["name"]: row for row in map(json.loads, ask("--dump", command).splitlines())}
        for command in COMMANDS}


def given(row):
    """The option on a command line; "1" is a number, a time, a size, a port and a word."""
    if "argument" not in row or "optional" in row:
        return [f"--{row['name']}"]
    return [f"--{row['name']}", row.get("choices", ["1"])[0]]


def refusal(command, *names):
    """What is said about these options. Words after --exec-file are those of a program."""
    rows = ROWS[command]
    ordered = sorted(names, key=lambda name: name == "exec-file")
    done = subprocess.run([SOCKCTL, command, *(word for name in ordered for word in given(rows[name]))],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10,
                          check=False)
    assert done.returncode == 2 and done.stdout == "", done
    start = f"sockctl: {command}: "
    assert done.stderr.startswith(start) and done.stderr.count("\n") == 1, done
    return done.stderr[len(start):-1]


def needed(row):
    """The options that ROW needs: one of each list."""
    return [names[0] for names in row["only_with"]]


def listed(names):
    dashed = [f"--{name}" for name in names]
    return " or ".join(filter(None, [", ".join(dashed[:-1]), dashed[-1]]))


@pytest.mark.parametrize("command", COMMANDS)
def test_options_that_exclude_each_other(command):
    for name, row in ROWS[command].items():
        for other in row["not_with"]:
            expected = f"--{other} and --{name} exclude each other; give one of them"
            assert refusal(command, name, other) == expected
            assert refusal(command, other, name) == expected


@pytest.mark.parametrize("command", COMMANDS)
def test_option_that_means_nothing_without_another(command):
    for name, row in ROWS[command].items():
        for i, names in enumerate(row["only_with"]):
            assert name not in names
            first = needed(row)[:i]
            about = refusal(command, name, *first)
            assert about.endswith(f" goes with {listed(names)} only")
            assert about.split()[0][2:] in (name, *first)


def lacking(command, names):
    """The options that NAMES need besides."""
    return [word for name in names for word in needed(ROWS[command][name]) if word not in names]


@pytest.mark.parametrize("command", COMMANDS)
def test_what_an_option_goes_with_does_not_exclude_it(command):
    """With all that an option needs it is not refused: no table forbids what it asks for."""
    for name in ROWS[command]:
        names = [name]
        while lacking(command, names):
            names += lacking(command, names)[:1]
        excluded = [(one, other) for one in names for other in ROWS[command][one]["not_with"]
                    if other in names and other != one]
        assert not excluded, (name, names)


def test_there_are_enough():
    pairs = [(row["command"], row["name"], other) for rows in ROWS.values() for row in rows.values()
             for other in row["not_with"]]
    needs = [row["name"] for rows in ROWS.values() for row in rows.values() if row["only_with"]]
    assert len(pairs) >= 190 and len(needs) >= 40
    assert ("connect", "until", "check") in pairs and ("listen", "forward", "broker") in pairs
    assert ("connect", "timeout", "check") not in pairs
