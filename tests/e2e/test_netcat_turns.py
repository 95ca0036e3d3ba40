# SPDX-License-Identifier: ISC
"""Several ports without -z: nc connects to one after the other, the original and ours side by side, and
the command line that --explain prints beside both."""

import contextlib
import os
import signal
import subprocess
import threading

import pytest

from harness import DEADLINE
from netcats import OURS, explained, program_of
from originals import answers_late, patiently, run, serve, speaks_first
from peers import accept, listener, port_of, receive, reset, udp


def neighbours():
    """Two servers on ports next to each other."""
    while True:
        first = listener()
        try:
            return first, listener(port=port_of(first) + 1)
        except OSError:
            first.close()


def makers(dialect):
    """What makes a command of words: for the original, ours, and what ours explains."""
    return (lambda words: [*program_of(dialect), *words], lambda words: [*OURS[dialect], *words],
            lambda words: explained(dialect, words))


def visit(make, line, behave):
    """Runs a client of two ports, FIRST and SECOND, and tells what each server saw."""
    servers = neighbours()
    with contextlib.ExitStack() as stack:
        seen = [[], []]
        threads = []
        for server, results in zip(servers, seen):
            stack.enter_context(server)
            threads.append(threading.Thread(target=serve, args=(server, behave, results), daemon=True))
            threads[-1].start()
        first = port_of(servers[0])
        words = line.replace("FIRST", str(first)).replace("SECOND", str(first + 1)).split()
        outcome = run(make(words), b"question\n")
        for thread in threads:
            thread.join(DEADLINE)
    said = sorted(outcome[2].replace(str(first + 1), "SECOND").replace(str(first), "FIRST").splitlines())
    return outcome[0], outcome[1], [line.replace("nc.openbsd: ", "nc: ") for line in said], seen


@pytest.mark.parametrize("behave", [answers_late, speaks_first])
@pytest.mark.parametrize("line", [
    "127.0.0.1 FIRST SECOND", "127.0.0.1 FIRST-SECOND", "-N 127.0.0.1 FIRST-SECOND", "-d 127.0.0.1 FIRST SECOND",
    "-w 9 -vN 127.0.0.1 FIRST SECOND", "-n 127.0.0.1 SECOND-FIRST",
])
def test_each_port_has_its_turn(line, behave):
    def compare_once():
        theirs, ours, native = (visit(make, line, behave) for make in makers("openbsd"))
        assert ours == theirs
        assert (native[:2], native[3]) == (theirs[:2], theirs[3])
        return theirs

    assert len(patiently(compare_once)[3][1]) == 1


@pytest.mark.parametrize("line", ["-N 127.0.0.1 1 PORT", "-vN 127.0.0.1 PORT 1", "-N 127.0.0.1 1 2"])
def test_one_that_is_not_there(line):
    """One of them is enough."""
    def compare_once():
        outcomes = []
        for make in makers("openbsd"):
            with listener() as server:
                thread = threading.Thread(target=serve, args=(server, answers_late, seen := []), daemon=True)
                if "PORT" in line:
                    thread.start()
                port = str(port_of(server))
                done = run(make(line.replace("PORT", port).split()), b"question\n")
                if "PORT" in line:
                    thread.join(DEADLINE)
            said = [text.replace(port, "PORT").replace("nc.openbsd: ", "nc: ") for text in done[2].splitlines()]
            outcomes.append((done[0], done[1], seen, said))
        assert outcomes[1] == outcomes[0]
        assert outcomes[2][:3] == outcomes[0][:3]
        return outcomes[0]

    assert patiently(compare_once)[0] == ("PORT" in line)


@pytest.mark.parametrize("line", ["-zu 127.0.0.1 FIRST-SECOND", "-zuv 127.0.0.1 FIRST SECOND"])
def test_ports_of_udp_are_checked_in_turn(line):
    for number, make in enumerate(makers("openbsd")):
        with udp() as one, udp(port=port_of(one) + 1) as other:
            words = line.replace("FIRST", str(port_of(one))).replace("SECOND", str(port_of(other)))
            done = run(make(words.split()))
            assert done[0] and done[1] == b""
            # What is explained speaks in words of ours.
            assert done[2].count("succeeded!") == (2 if "v" in line and number < 2 else 0)


@pytest.mark.parametrize("dialect", ["ncat", "busybox"])
def test_others_take_one_port(dialect):
    for command in (program_of(dialect), OURS[dialect]):
        done = run([*command, "127.0.0.1", "1", "2"])
        assert not done[0] and done[1] == b""


def test_a_transfer_that_was_cut_off_is_a_failure():
    """Also where another one was whole; the original ends with 0."""
    def cut(conn):
        receive(conn, 9)
        reset(conn)

    with listener() as first, listener() as second:
        threading.Thread(target=lambda: cut(accept(first)), daemon=True).start()
        threading.Thread(target=serve, args=(second, answers_late, seen := []), daemon=True).start()
        done = run([*OURS["openbsd"], "-N", "127.0.0.1", str(port_of(first)), str(port_of(second))], b"question\n")
    assert not done[0] and len(seen) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_all_of_it(number):
    """No process is left behind, and no other port has its turn."""
    with listener() as first, listener() as second:
        words = [*OURS["openbsd"], "127.0.0.1", str(port_of(first)), str(port_of(second))]
        with subprocess.Popen(words, stdin=subprocess.PIPE) as proc:
            with accept(first) as conn:
                os.kill(proc.pid, number)
                assert proc.wait(DEADLINE) == -number
                with contextlib.suppress(ConnectionResetError):
                    assert conn.recv(1) == b""
        second.settimeout(0)
        with pytest.raises(BlockingIOError):
            second.accept()
