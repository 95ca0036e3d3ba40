# SPDX-License-Identifier: ISC
"""--limit-rate: never faster than it says, nothing is lost, and nothing waits for ever.

That it is not slower is for nobody to promise on a machine with other work.
"""

import os
import time

import pytest

from harness import DEVNULL, PIPE, Task, digest_of
from peers import accept, dial, half_close, port_of, receive, receive_all, reset, send_all, sink

RATE = 256 * 1024
DATA = os.urandom(RATE)
LEAST = 0.9  # seconds for it: a tenth of a second's worth goes at once


# What makes the bytes pass by recv and send, or not.
ENGINES = {"splice": [], "copy": ["--hex"]}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("source", ["pipe", "file"])
def test_sending(join, tmp_path, engine, source):
    path = tmp_path / "data"
    path.write_bytes(DATA)
    began = time.monotonic()
    with open(path, "rb") as file:
        proc, conn = join("--limit-rate", "256k", *ENGINES[engine],
                          stdin=DATA if source == "pipe" else file)
        with conn:
            half_close(conn)
            assert sink(conn) == digest_of(DATA)
    assert time.monotonic() - began >= LEAST
    proc.wait()


@pytest.mark.parametrize("engine", ENGINES)
def test_receiving(join, engine):
    began = time.monotonic()
    proc, conn = join("--limit-rate", "256k", *ENGINES[engine], stdin=DEVNULL)
    with conn:
        send_all(conn, DATA)
        assert receive_all(conn) == b""
        proc.wait()
    assert time.monotonic() - began >= LEAST
    assert proc.out == DATA


def test_each_direction_by_itself(join):
    proc, conn = join("--limit-rate", "256k", stdin=DATA)
    with conn:
        sending = Task(send_all, conn, DATA)
        assert sink(conn) == digest_of(DATA)
        sending.result()
        proc.wait()
    assert proc.out == DATA


def test_each_connection_by_itself(sockctl, tmp_path):
    """A file that each client gets whole."""
    path = tmp_path / "data"
    path.write_bytes(DATA)
    with open(path, "rb") as file:
        proc = sockctl("listen", "--count", "3", "--limit-rate", "256k", "127.0.0.1:0", stdin=file)
    began = time.monotonic()
    conns = [dial(proc.port) for _ in range(3)]
    tasks = [Task(lambda conn=conn: (sink(conn), time.monotonic())) for conn in conns]
    for conn, task in zip(conns, tasks):
        half_close(conn)
        found, ended = task.result()
        assert found == digest_of(DATA)
        assert ended - began >= LEAST
        conn.close()
    proc.wait()


@pytest.mark.parametrize("party", [["--exec", "cat"], ["--forward"]])
def test_programs_and_forwards(sockctl, server, party):
    if party == ["--forward"]:
        party = ["--forward", f"127.0.0.1:{port_of(server)}"]
    proc = sockctl("listen", "--limit-rate", "256k", *party, "127.0.0.1:0")
    began = time.monotonic()
    with dial(proc.port) as conn:
        if party[0] == "--forward":
            Task(lambda: echo(accept(server)))
        sending = Task(send_all, conn, DATA)
        assert sink(conn) == digest_of(DATA)
        assert time.monotonic() - began >= LEAST
        sending.result()
    proc.wait()


def echo(conn):
    with conn:
        while piece := conn.recv(65536):
            conn.sendall(piece)
        half_close(conn)


def test_small_talk_does_not_wait(join):
    proc, conn = join("--limit-rate", "10", stdin=PIPE, stdout=PIPE)
    with conn:
        os.write(proc.stdin.fileno(), b"a")
        assert receive(conn, 1) == b"a"
        conn.sendall(b"b")
        assert os.read(proc.stdout.fileno(), 1) == b"b"
        half_close(conn)
        proc.stdin.close()
        assert receive_all(conn) == b""
    proc.wait()


@pytest.mark.parametrize("rate", ["3", "7", "19", "23"])
def test_rates_of_which_a_byte_takes_no_whole_nanoseconds(join, rate):
    proc, conn = join("--limit-rate", rate, stdin=b"abc")
    with conn:
        half_close(conn)
        assert receive_all(conn) == b"abc"
    proc.wait()


def test_who_is_held_back_is_not_idle(join, tmp_path):
    path = tmp_path / "data"
    path.write_bytes(b"abc")
    proc, conn = join("--limit-rate", "1", "--idle-timeout", "500ms", "--input", path)
    with conn:
        half_close(conn)
        assert receive_all(conn) == b"abc"
    proc.wait()


def test_a_connection_that_breaks_is_noticed_meanwhile(join):
    proc, conn = join("--limit-rate", "1", stdin=b"x" * 100)
    assert receive(conn, 1) == b"x"
    reset(conn)
    proc.wait(7)


def test_the_deadline_holds(join):
    proc, conn = join("--limit-rate", "1", "--timeout", "300ms", stdin=b"x" * 100)
    with conn:
        proc.wait(6)


def test_words(sockctl):
    for word in ("0", "x", "1.5", "-1", "128G"):
        sockctl("connect", f"--limit-rate={word}", "h:1").fails(2, "--limit-rate")
    sockctl("connect", "--limit-rate=1", "--check", "h:1").fails(2, "--limit-rate")


def test_datagrams_are_not_cut_by_a_rate(sockctl):
    words = ["--limit-rate", "1k", "127.0.0.1:1"]
    sockctl("connect", "--udp", *words).fails(2, "--limit-rate")
    sockctl("listen", "--udp", *words).fails(2, "--limit-rate")
    sockctl("listen", "--forward", "udp:127.0.0.1:1", *words).fails(2, "--limit-rate")
