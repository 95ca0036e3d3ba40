# SPDX-License-Identifier: ISC
"""What clients of a TLS server do, each by its name: to one connection, to a program, in a forward.
Refused clients, crowds and files that are read again are in test_tls_listen.py and
test_tls_forward.py."""

import os
import socket
import time

import pytest

import openssl_peer
from harness import DEVNULL, PIPE, SANITIZED, cpu_seconds
from peers import MIB, dial, receive_all, reset, send_all
from test_tls_forward import Plain
from tls_client import ask, join

LITTLE = 10 if SANITIZED else 1  # seconds of CPU for a client that asks for work without end

pytestmark = pytest.mark.tls

VERSIONS = ["1.2", "1.3"]
# What other programs take for commands, and what looks like a record.
WORDS = b"".join(b"%sline\r\n" % start for start in (b"Q", b"R", b"k", b"\r", b"\x17\x03\x03", b"\0"))
MUCH = 24 * MIB


@pytest.fixture
def serve(sockctl, authority):
    def start(*options, **how):
        return sockctl("listen", "--tls", "--cert", authority.server.both, *options,
                       "127.0.0.1", 0, **{"stdin": DEVNULL, **how})
    return start


def exchange(conn, data, before_piece=lambda conn, sent: None):
    """Sends DATA piece by piece and reads what comes meanwhile. Returns all that came."""
    got = bytearray()
    for sent in range(0, len(data), 1 << 14):
        before_piece(conn, sent)
        conn.write(data[sent:sent + (1 << 14)])
        while conn.may_read() and (piece := conn.read()):
            got += piece
    conn.end()
    return bytes(got) + conn.read_to_end()


def answer_after_the_end(serve, version):
    proc = serve(stdin=PIPE)
    with join(proc.port, version) as conn:
        conn.write(b"request")
        conn.end()
        proc.wait_out(7)
        time.sleep(1.2)  # as some programs wait no longer than a second for
        proc.stdin.write(b"answer")
        proc.stdin.close()
        assert conn.read_to_end() == b"answer"
    proc.wait()


def client_that_reads_slowly(serve, version):
    data = os.urandom(MIB)
    proc = serve(stdin=data)
    with join(proc.port, version) as conn:
        conn.end()
        got = bytearray()
        while piece := conn.read(4096):
            got += piece
    assert got == data
    proc.wait()


def end_without_close_notify(serve, version):
    proc = serve("--tls-eof", "any")
    with join(proc.port, version) as conn:
        conn.write(b"data")
        conn.conn.shutdown(socket.SHUT_WR)
        proc.wait()
    assert proc.out == b"data"


def end_within_a_record(serve, version):
    proc = serve("--tls-eof", "any")
    with join(proc.port, version) as conn:
        conn.write(b"data")
        os.write(conn.conn.fileno(), b"\x17\x03\x03\x00\x64" + b"x" * 60)
        conn.conn.shutdown(socket.SHUT_WR)
        proc.wait(7)
    assert proc.out == b"data"


def reset_after_data(serve, version):
    proc = serve(stdin=PIPE)
    with join(proc.port, version) as conn:
        conn.write(b"data")
        proc.wait_out(4)
        reset(conn.conn)
        proc.wait(7)


def end_while_tcp_stays_open(serve, version):
    """Data and close_notify come together; the end is found though nothing more comes."""
    proc = serve(stdin=b"answer")
    with join(proc.port, version) as conn:
        conn.write(b"data")
        conn.end()
        assert conn.read_to_end() == b"answer"
        proc.wait()
    assert proc.out == b"data"


def words_of_other_programs(serve, version):
    proc = serve("-k", "--exec", "cat")
    assert ask(proc.port, WORDS, version) == WORDS
    proc.stop()


def much_both_ways(serve, version):
    """With new keys for each MiB, where there are such."""
    def change(conn, sent):
        if version == "1.3" and sent % MIB == 0:
            conn.change_keys(of_both=sent % (2 * MIB) == 0)

    data = os.urandom(MUCH)
    proc = serve("-k", "--exec", "cat")
    with join(proc.port, version) as conn:
        assert exchange(conn, data, change) == data
    proc.stop()


def records_of_one_byte(serve, version):
    data = os.urandom(5000)
    proc = serve("-k", "--exec", "cat")
    with join(proc.port, version) as conn:
        for byte in data:
            conn.write(bytes([byte]))
        conn.end()
        assert conn.read_to_end() == data
    proc.stop()


def renegotiation(serve, version):
    """Refused, which ends most clients; others are served on."""
    if version == "1.3":
        pytest.skip("it has none")
    proc = serve("-k", "--exec", "cat")
    with join(proc.port, version) as conn:
        conn.write(b"before")
        assert conn.read() == b"before"
        with pytest.raises(AssertionError):
            conn.ask_for_renegotiation()
    assert ask(proc.port, b"other", version) == b"other"
    proc.stop()


def keys_without_end(serve, version):
    """No data between them: the client is given up, and has cost little."""
    if version == "1.2":
        pytest.skip("it has none")
    proc = serve("-k")
    with join(proc.port, version) as conn:
        before = cpu_seconds(proc)
        with pytest.raises((AssertionError, OSError)):
            for _ in range(100000):
                conn.change_keys(of_both=False)
        proc.wait_err("changes keys without end")
        assert cpu_seconds(proc) - before < LITTLE
    assert ask(proc.port) == b""
    proc.stop()


def empty_records_without_end(serve, version):
    """They are no data: nobody else waits for them."""
    proc = serve("-k", "--exec", "cat")
    with join(proc.port, version) as conn:
        conn.conn.setblocking(False)
        before = cpu_seconds(proc)
        for _ in range(2000):
            try:
                conn.conn.send(b"\x17\x03\x03\x00\x00" * 3000)
            except OSError:
                break
        assert ask(proc.port, b"other") == b"other"
        assert cpu_seconds(proc) - before < LITTLE
    proc.stop()


SITUATIONS = {f.__name__.replace("_", " "): f for f in (
    answer_after_the_end, client_that_reads_slowly, end_without_close_notify, end_within_a_record,
    reset_after_data, end_while_tcp_stays_open, words_of_other_programs, much_both_ways,
    records_of_one_byte, renegotiation, keys_without_end, empty_records_without_end)}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_situation(serve, situation, version):
    SITUATIONS[situation](serve, version)


@pytest.fixture(params=["plain to TLS", "TLS to plain", "TLS to TLS"])
def forward(request, sockctl, authority):
    """A forward with a TLS client or target that gives back what it gets."""
    front, back = request.param.startswith("TLS"), request.param.endswith("TLS")
    if back:
        target = openssl_peer.Server(
            authority.server, lambda c: c.write(got := c.read_to_end()) or c.end() or got)
    else:
        target = Plain()
    own = ["--tls", "--cert", authority.server.both] if front else []
    prefix = "tls:" if back else ""
    trusted = ["--ca", authority.root.cert] if back else []
    proc = sockctl("listen", "-k", "--sandbox=on", *own, *trusted, "--forward",
                   f"{prefix}localhost:{target.port}", "127.0.0.1", 0, stdin=DEVNULL)
    yield proc, front
    proc.stop()


@pytest.mark.skipif(SANITIZED, reason="a sanitizer build has no sandbox")
def test_much_through_a_forward_in_the_sandbox(forward):
    proc, has_tls = forward
    data = WORDS + os.urandom(4 * MIB)
    if has_tls:
        assert ask(proc.port, data) == data
    else:
        with dial(proc.port) as conn:
            send_all(conn, data)
            assert receive_all(conn) == data
