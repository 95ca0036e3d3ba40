# SPDX-License-Identifier: ISC
"""No option and no common shape of a command line without a test that runs the original and ours side
by side: the options are read from the help of the originals, the command lines from the tests."""

import ast
import itertools
import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from harness import DEADLINE, PROGRAM
from netcats import ORIGINALS, program_of

HERE = Path(__file__).parent
# What runs an original, or gives its command line; and of these what also runs what --explain prints.
COMPARING = {"program_of", "lines_of", "THEIRS"}
EXPLAINING = {"compare_clients", "compare_servers", "same_for_all", "all_three", "three", "makers", "explained"}
OF_ITS_OWN = {"help", "h", "version"}  # which ask the program about itself


def constants(node):
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def names(node):
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def parts(node):
    """Calls and tuples, whose first part may say of which dialect the others are."""
    for one in ast.walk(node):
        if isinstance(one, ast.Tuple) and one.elts:
            yield one.elts[0], one.elts[1:]
        elif isinstance(one, ast.Call) and one.args:
            yield one.args[0], one.args[1:]


def lines_in(node):
    """(dialect, command line) of a test: where it is of one dialect alone, all its words are."""
    found = set(constants(node)) & set(ORIGINALS)
    if len(found) == 1:
        dialect = found.pop()
        yield from ((dialect, text) for text in constants(node))
    for first, rest in parts(node):
        if isinstance(first, ast.Constant) and first.value in ORIGINALS:
            yield first.value, " ".join(itertools.chain.from_iterable(map(constants, rest)))
            yield from ((first.value, text) for text in itertools.chain.from_iterable(map(constants, rest)))


def lines_of_tests(wanted):
    """The command lines of every test that uses one of the functions WANTED, and of the tables of tests."""
    for path in sorted(HERE.glob("test_netcat*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) or (isinstance(node, ast.FunctionDef) and names(node) & wanted):
                yield from ((dialect, line) for dialect, line in lines_in(node) if line.strip())


def help_of(dialect, word):
    done = subprocess.run([*program_of(dialect), word], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=DEADLINE, check=False)
    return done.stdout + done.stderr


def options_of_openbsd():
    """[({spelling}, whether it has a value)]"""
    rows = re.findall(r"^\t\t-(\w)( \w\S*)?\t", help_of("openbsd", "-h"), re.M)
    return [({letter}, bool(value)) for letter, value in rows]


def options_of_ncat():
    rows = re.findall(r"^ +((?:-\w|--[\w-]+)(?:, --[\w-]+)?)( \S+)?  ", help_of("ncat", "--help"), re.M)
    # --allow and the like do not show that they have a value.
    has_value = {"allow", "allowfile", "deny", "denyfile", "ssl-cert", "ssl-key", "ssl-trustfile", "ssl-ciphers",
                 "ssl-servername", "ssl-alpn"}
    return [(names_, bool(value) or bool(names_ & has_value))
            for names_, value in (({one.lstrip("-") for one in row.split(", ")}, value) for row, value in rows)]


OPTIONS = {"openbsd": options_of_openbsd, "ncat": options_of_ncat}
COMMANDS = {"openbsd": "nc", "ncat": "ncat"}


def refused(dialect):
    """The spellings of those that ours refuses by name."""
    done = subprocess.run([PROGRAM, "help", "--dump", COMMANDS[dialect]], capture_output=True, text=True,
                          timeout=DEADLINE, check=True)
    rows = map(json.loads, done.stdout.splitlines())
    return {row.get(key) for row in rows if row.get("help", "").startswith("not here") for key in ("name", "letter")}


def options_in(line, options):
    """The spellings of the options of a command line."""
    with_value = {spelling for spellings, has_value in options for spelling in spellings if has_value}
    try:
        words = shlex.split(line)
    except ValueError:
        return
    for word in words:
        if word.startswith("--"):
            yield word[2:].partition("=")[0]
        elif word.startswith("-"):
            for letter in word[1:]:
                yield letter
                if letter in with_value:
                    break


@pytest.mark.parametrize("dialect", OPTIONS)
def test_each_option_is_compared(dialect):
    options = OPTIONS[dialect]()
    assert len(options) > 30
    tested = {spelling for of, line in lines_of_tests(COMPARING | EXPLAINING) if of == dialect
              for spelling in options_in(line, options)}
    left_out = refused(dialect) | OF_ITS_OWN
    missing = [spellings for spellings, _ in options if not spellings & (tested | left_out)]
    assert not missing, missing


@pytest.mark.parametrize("dialect", OPTIONS)
def test_each_spelling_is_known(dialect):
    done = subprocess.run([PROGRAM, "help", "--dump", COMMANDS[dialect]], capture_output=True, text=True,
                          timeout=DEADLINE, check=True)
    ours = {row.get(key) for row in map(json.loads, done.stdout.splitlines()) for key in ("name", "letter")}
    for spellings, _ in OPTIONS[dialect]():
        assert spellings - OF_ITS_OWN <= ours, spellings


# What people type: H is a host, P a port, N a number, S a path, A a proxy, C a command.
SHAPES = {
    "openbsd": [
        "-z H P", "H P", "-zv H P", "-zvwN H P", "-l P", "-l -p P", "-lk P", "-lvnp P", "-X N -x A H P", "-u -w N H P",
        "-q N H P", "-N H P", "-U S", "-NU S", "-w N -U S", "-U -W N S", "-w N H P", "-w N -z H P", "-X connect -x A H P",
        "-lkU S", "-lu P", "-nvw N H P", "-x A -v H P", "-zuv H P", "H P -N", "-wN H P", "-z H P-P P", "H P P", "H P-P",
    ],
    "traditional": ["H P", "-e C H P", "-l -p P -e C", "-lvnp P", "-zvn H P", "-q N -n H P", "-l -p P"],
    "busybox": ["H P", "-l -p P", "-l -p P -e C", "H P -e C"],
    "ncat": [
        "H P", "--proxy A --proxy-type socks5 H P", "-lvnp P", "-lk P", "--ssl H P", "-lp P --send-only", "-u -e C H P",
        "--recv-only H P", "-i N H P", "-z H P", "-l P -e C", "-l P", "--send-only H P", "-v H P",
    ],
}


def shape(line):
    """The command line with its words as kinds of words."""
    kinds = [
        (r"(?<!\S)(127\.0\.0\.1|localhost|::1)(?!\S)", "H"), (r"\b(PORT|FIRST|SECOND)\b", "P"), (r"\bPATH\b", "S"),
        (r"\bPROXY\b", "A"), (r"(?<!\S)-e ('[^']*'|\S+)", "-e C"), (r"(-[\w]*[qwWXi] ?)\d+(ms)?\b", r"\1N"),
        (r"(?<=\s)\d+-\d+\b", "P-P"), (r"(?<=\s)\d+(?!\S)", "P"),
    ]
    for pattern, kind in kinds:
        line = re.sub(pattern, kind, line)
    return line.strip()


@pytest.mark.parametrize("dialect", SHAPES)
def test_each_shape_is_compared(dialect):
    """And what --explain prints does the same."""
    tested = {shape(line) for of, line in lines_of_tests(EXPLAINING) if of == dialect}
    missing = [one for one in SHAPES[dialect] if one not in tested]
    assert not missing, (missing, sorted(tested))


# The same of socat: what the words of a tested command line match.
SOCAT_SHAPES = [
    r"- UNIX-CONNECT:\w+", r"- PATH", r"- TCP\d?:\S+", r"TCP\d?-L\w*:PORT,\S*fork\S* TCP\d?:\S+",
    r"TCP\d?-L\w*:PORT,\S*reuseaddr\S* TCP\d?:\S+", r"TCP\d?-L\w*:PORT,\S*bind=\S* TCP\d?:\S+",
    r"TCP\d?-L\w*:PORT,\S*fork\S* EXEC:.+", r"TCP\d?-L\w*:PORT,\S*fork\S* UNIX-CONNECT:\w+",
    r"UNIX-L\w*:PATH,\S*fork\S* EXEC:.+", r"UDP\d?-L\w*:PORT,\S* UDP\d?:\S+", r"UDP-LISTEN:\S* TCP:\S+", r"-u UDP-RECV:PORT -",
    r"- PROXY:\S+", r"- OPENSSL:\S+", r".*OPENSSL-L\w*:PORT,.*", r"-,raw,echo=0\S* TCP:\S+", r"TCP-L\w*:PORT,\S*su=\w+\S* .+",
]


def test_each_shape_of_socat_is_compared():
    tested = set()
    for node in ast.parse((HERE / "test_socat.py").read_text(encoding="utf-8")).body:
        is_table = isinstance(node, ast.Assign)
        if is_table or (isinstance(node, ast.FunctionDef) and (
                names(node) & {"explained", "compare", "compare_servers"})):
            tested |= set(constants(node))
            tested |= {" ".join(constants(one)) for one in ast.walk(node) if isinstance(one, ast.List)}
    missing = [one for one in SOCAT_SHAPES if not any(re.fullmatch(one, line) for line in tested)]
    assert not missing, missing
