# SPDX-License-Identifier: ISC
"""--interval: line after line with a pause between them, and nothing is lost.

That a pause is no longer than it says is for nobody to promise on a machine with other work.
"""

import os
import signal
import time

import pytest

from harness import DEVNULL, PIPE
from peers import dial, half_close, port_of, receive, receive_all, reset, udp

LINES = [b"one\n", b"two\n", b"\n", b"last"]
DATA = b"".join(LINES)


def pieces(conn):
    """What comes, with the time of each piece."""
    while piece := conn.recv(65536):
        yield time.monotonic(), piece


@pytest.mark.parametrize("source", ["pipe", "file"])
@pytest.mark.parametrize("words", [[], ["--crlf"], ["--hex"]])
def test_each_line_by_itself(join, tmp_path, source, words):
    path = tmp_path / "data"
    path.write_bytes(DATA)
    with open(path, "rb") as file:
        proc, conn = join("--interval", "150ms", *words, stdin=DATA if source == "pipe" else file)
        with conn:
            half_close(conn)
            found = list(pieces(conn))
    end = b"\r\n" if words == ["--crlf"] else b"\n"
    assert b"".join(piece for _, piece in found) == DATA.replace(b"\n", end)
    assert found[-1][0] - found[0][0] >= 0.4  # three pauses, of which the first piece may come late
    proc.wait()


def test_datagrams(sockctl):
    with udp() as sock:
        proc = sockctl("connect", "--udp", "--interval", "1ms", "127.0.0.1", port_of(sock), stdin=DATA)
        assert [sock.recv(100) for _ in LINES] == LINES
        proc.wait()


def test_line_without_an_end_does_not_wait(join):
    proc, conn = join("--interval", "1d", stdin=PIPE)
    with conn:
        os.write(proc.stdin.fileno(), b"a")
        assert receive(conn, 1) == b"a"
        os.write(proc.stdin.fileno(), b"b\n")
        assert receive(conn, 2) == b"b\n"
        half_close(conn)
        proc.stdin.close()
        assert receive_all(conn) == b""  # and the end does not wait either
    proc.wait()


def test_line_longer_than_the_buffer(join):
    data = b"x" * 200000 + b"\nend\n"
    proc, conn = join("--interval", "1ms", stdin=data)
    with conn:
        half_close(conn)
        assert receive_all(conn) == data
    proc.wait()


def test_what_was_read_goes_when_the_peer_ends(join):
    proc, conn = join("--interval", "1d", "--until", "peer", stdin=b"a\nb\nc\n")
    with conn:
        assert receive(conn, 2) == b"a\n"
        half_close(conn)
        assert receive_all(conn) == b"b\nc\n"
    proc.wait()


def test_pause_is_no_silence(join):
    proc, conn = join("--interval", "1s", "--idle-timeout", "300ms", stdin=b"a\nb\nc\n")
    with conn:
        half_close(conn)
        assert receive_all(conn) == b"a\nb\nc\n"
    proc.wait()


def test_silence_of_the_input_is(join):
    proc, conn = join("--interval", "1ms", "--idle-timeout", "300ms", stdin=PIPE)
    with conn:
        proc.wait(6)


def test_a_connection_that_breaks_is_noticed_meanwhile(join):
    proc, conn = join("--interval", "1d", stdin=b"a\nb\n")
    assert receive(conn, 2) == b"a\n"
    reset(conn)
    proc.wait(7)


def test_signal_during_a_pause_tears_the_stream(join):
    proc, conn = join("--interval", "1d", stdin=b"a\nb\n")
    with conn:
        assert receive(conn, 2) == b"a\n"
        proc.kill(signal.SIGINT)
        proc.wait(130)
        with pytest.raises(ConnectionResetError):
            receive_all(conn)


def test_program_and_many(sockctl, tmp_path):
    path = tmp_path / "data"
    path.write_bytes(DATA)
    for words in (["--exec", f"cat {path}"], ["--keep-open", "--input", path]):
        proc = sockctl("listen", "--interval", "100ms", *words, "127.0.0.1:0", stdin=DEVNULL)
        began = time.monotonic()
        with dial(proc.port) as conn:
            half_close(conn)
            assert receive_all(conn) == DATA
        assert time.monotonic() - began >= 0.3
        if words[0] == "--keep-open":
            proc.kill(signal.SIGTERM)
        proc.wait(0 if words[0] == "--exec" else 143)


def test_words(sockctl):
    for word in ("0", "x", "-1"):
        sockctl("connect", f"--interval={word}", "h:1").fails(2, "--interval")
    for words in (["--limit-rate=1"], ["--forward=h:2"]):
        sockctl("connect", "--interval=1", *words, "h:1").fails(2, "--interval")
    sockctl("listen", "--interval=1", "--broker", "1").fails(2, "--interval")
