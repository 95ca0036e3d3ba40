# SPDX-License-Identifier: ISC
"""descriptor: the calls of any descriptor, made on a real connection and shown with their outcome."""

import json
import re

import pytest

from documents import FILE_CALLS
from harness import NO_LEAK_CHECK, PROGRAM

# What the documents list.
FUNCTIONS = FILE_CALLS.keys()
COMMANDS = {"F_DUPFD", "F_GETFD", "F_SETFD", "F_GETFL", "F_SETFL", "F_SETOWN", "F_GETOWN"}


@pytest.fixture(params=["tcp", "udp", "unix"])
def kind(request):
    return request.param


def test_every_call(sockctl, kind):
    proc = sockctl("descriptor", "--json", kind)
    proc.wait()
    rows = [json.loads(line) for line in proc.out.decode().splitlines()]
    assert FUNCTIONS <= {row["function"] for row in rows}
    shown = "\n".join(row["call"] for row in rows)
    assert COMMANDS <= set(re.findall(r"F_\w+", shown))
    assert "FIONBIO" in shown and "O_ASYNC" in shown
    for row in rows:
        assert row["call"].startswith(row["function"] + "(")
        assert ("errno" in row) == (row["returned"] == -1)
        assert row["verdict"] in ("as promised", "unspecified"), row
    errors = {row["function"]: row.get("errno") for row in rows}
    assert errors["fchdir"] == "ENOTDIR" and errors["lseek"] == "ESPIPE"
    assert [row["returned"] for row in rows if row["function"] == "select"] == [0, 1]


def test_accepting_without_waiting(sockctl, kind):
    """EAGAIN until somebody has connected; what has no connections says so."""
    proc = sockctl("descriptor", "--json", kind, "--trace")
    proc.wait()
    rows = [json.loads(line) for line in proc.out.decode().splitlines()]
    accepted = [(row.get("errno"), row["verdict"]) for row in rows if row["function"] == "accept4"]
    if kind == "udp":
        assert accepted == [("EOPNOTSUPP", "as promised")]
        return
    assert accepted == [("EAGAIN", "as promised"), (None, "as promised")]
    listening, = [row["call"] for row in rows if row["function"] == "listen"]
    fd = re.match(r"listen\((\d+)", listening)[1]
    made = "\n".join(event["line"] for event in proc.events if event["event"] == "call")
    assert re.search(rf"listen\({fd}, .*ioctl\({fd}, FIONBIO, 1\).*accept4\({fd}, NULL.*EAGAIN.*"
                     rf"connect\(.*accept4\({fd}, ", made, re.S)


def test_text(sockctl, kind):
    proc = sockctl("descriptor", kind)
    proc.wait()
    line, = [line for line in proc.out.decode().splitlines() if line.startswith("fchdir(")]
    assert re.fullmatch(r"fchdir\(\d+\) = -1 ENOTDIR \(Not a directory\) +"
                        r"fails with ENOTDIR +as promised", line)


@pytest.mark.needs("strace")
def test_calls_are_made(sockctl, kind):
    """What is shown is what the kernel was asked, and the signal has really come."""
    proc = sockctl("-E", NO_LEAK_CHECK, "-e", "trace=desc,network,signal", PROGRAM, "descriptor",
                   "--json", kind, program="strace")
    proc.wait()
    assert re.search(r"^--- SIGIO ", proc.err, re.M)
    for line in proc.out.decode().splitlines():
        row = json.loads(line)
        if row["function"] in FUNCTIONS - {"select"}:
            name, fd = re.match(r"(\w+)\((\d+)", row["call"]).groups()
            names = {"fstat": r"(?:newfstatat|fstat)"}.get(name, name)
            assert re.search(rf"^{names}\({fd}[,)]", proc.err, re.M), row["call"]
    for made in ("FIONBIO", "F_SETOWN", "F_GETOWN", "F_DUPFD,", "F_DUPFD_CLOEXEC",
                 r"F_SETFL, .*(O_|F)ASYNC"):
        assert re.search(made, proc.err)
    assert re.search(r"^p?select6?\(", proc.err, re.M)


def test_a_difference_is_marked(sockctl):
    """Where the system does otherwise than promised, the mark says so: no descriptor is left for
    a copy."""
    proc = sockctl("descriptor", "--json", "unix", shell="ulimit -n 12")
    proc.wait()
    verdicts = {row["call"].split(" = ")[0]: row["verdict"]
                for row in map(json.loads, proc.out.decode().splitlines())}
    marked = [call for call, verdict in verdicts.items() if verdict == "differs"]
    assert marked and all("F_DUPFD" in call for call in marked)


def test_bad_kind(sockctl):
    sockctl("descriptor", "sctp").fails(2, "'sctp'", "tcp, udp and unix")
