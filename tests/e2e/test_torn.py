# SPDX-License-Identifier: ISC
"""A stream that was cut off never looks whole to the other side: it ends with a reset, and only a
complete one ends with an end of file. What ended it x which side x how it is joined, over TCP."""

import os
import signal

import pytest

from harness import PIPE, Task
from peers import (MIB, accept, dial, half_close, listener, port_of, receive, receive_all, reset,
                   reset_by_peer)

PLACE = ("127.0.0.1", "0")
SECOND = ["--timeout", "1"]
IDLE = ["--idle-timeout", "0.5"]


def connect(sockctl, server, *options, **how):
    proc = sockctl("connect", *options, "127.0.0.1", port_of(server), **how)
    return proc, accept(server)


def listen(sockctl, *options, **how):
    proc = sockctl("listen", *options, *PLACE, **how)
    return proc, dial(proc.port)


def forward(sockctl, server, *options):
    proc, conn = listen(sockctl, "-k", *options, "--forward", f"127.0.0.1:{port_of(server)}",
                        stdin=None)
    return proc, conn, accept(server)


# What ends a run before its stream has ended, and the status.
CUTS = [
    pytest.param(SECOND, None, 6, id="deadline"),
    pytest.param(IDLE, None, 6, id="idle"),
    pytest.param([], signal.SIGTERM, 143, id="SIGTERM"),
    pytest.param([], signal.SIGINT, 130, id="SIGINT"),
    pytest.param([], signal.SIGHUP, 129, id="SIGHUP"),
    pytest.param([], signal.SIGKILL, -9, id="SIGKILL"),
]


def cut(proc, number, status):
    if number:
        proc.kill(number)
    proc.wait(status)


@pytest.mark.parametrize("options, number, status", CUTS)
def test_connect(sockctl, server, options, number, status):
    proc, conn = connect(sockctl, server, *options, stdin=PIPE)
    os.write(proc.stdin.fileno(), b"half a requ")
    assert receive(conn, 11) == b"half a requ"
    cut(proc, number, status)
    assert reset_by_peer(conn)


@pytest.mark.parametrize("options, number, status", CUTS)
def test_connect_after_its_own_end(sockctl, server, options, number, status):
    """Its end of file has gone already; a peer that still sends learns of the cut all the same."""
    proc, conn = connect(sockctl, server, *options, stdin=b"request")
    assert receive_all(conn) == b"request"
    conn.sendall(b"half an ans")
    proc.wait_out(11)
    cut(proc, number, status)
    with pytest.raises(ConnectionError):
        while True:
            conn.sendall(b"wer")


@pytest.mark.parametrize("options, number, status", CUTS)
def test_listen(sockctl, options, number, status):
    proc, conn = listen(sockctl, *options, stdin=PIPE)
    os.write(proc.stdin.fileno(), b"half")
    assert receive(conn, 4) == b"half"
    cut(proc, number, status)
    assert reset_by_peer(conn)


@pytest.mark.parametrize("options, number, status",
                         [c for c in CUTS if c.id != "idle"])
def test_listen_to_many(sockctl, options, number, status):
    proc, conn = listen(sockctl, "-k", *options, stdin=PIPE)
    idle = dial(proc.port)
    os.write(proc.stdin.fileno(), b"half")
    assert receive(conn, 4) == b"half"
    assert receive(idle, 4) == b"half"
    cut(proc, number, status)
    assert reset_by_peer(conn) and reset_by_peer(idle)


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "relayed"])
@pytest.mark.parametrize("options, number, status", [
    pytest.param(SECOND, None, 6, id="deadline"),
    pytest.param([], signal.SIGTERM, 143, id="SIGTERM"),
])
def test_exec(sockctl, options, number, status, direct):
    how = [] if direct else ["--crlf"]
    proc, conn = listen(sockctl, *options, *how, "--exec", "printf half; exec cat", stdin=None)
    assert receive(conn, 4) == b"half"
    cut(proc, number, status)
    assert reset_by_peer(conn)


@pytest.mark.parametrize("options, number, status", [c for c in CUTS if c.id != "idle"])
def test_forward(sockctl, server, options, number, status):
    proc, conn, other = forward(sockctl, server, *options)
    conn.sendall(b"half a requ")
    assert receive(other, 11) == b"half a requ"
    other.sendall(b"half an ans")
    assert receive(conn, 11) == b"half an ans"
    cut(proc, number, status)
    assert reset_by_peer(conn) and reset_by_peer(other)


def test_forward_that_idles(sockctl, server):
    proc, conn, other = forward(sockctl, server, *IDLE)
    conn.sendall(b"half")
    assert receive(other, 4) == b"half"
    assert reset_by_peer(conn) and reset_by_peer(other)
    proc.stop()


def test_forward_to_a_target_that_stalls(sockctl):
    """What it has not taken is lost, and the client is told."""
    with listener(rcvbuf=4096) as stalled:
        proc, conn, other = forward(sockctl, stalled, *IDLE)
        with pytest.raises(ConnectionError):
            conn.sendall(b"x" * (64 * MIB))
        with pytest.raises(ConnectionResetError):
            receive_all(other)
        proc.stop()


@pytest.mark.parametrize("breaks", ["client", "target"])
@pytest.mark.parametrize("half_closed", [False, True], ids=["open", "half-closed"])
def test_forward_of_which_one_side_resets(sockctl, server, breaks, half_closed):
    """Also to one that says nothing, and after the other has ended its own side."""
    proc, conn, other = forward(sockctl, server)
    broken, silent = (conn, other) if breaks == "client" else (other, conn)
    if half_closed:
        half_close(broken)
        assert silent.recv(1) == b""
    reset(broken)
    with pytest.raises(ConnectionError):
        while True:
            silent.sendall(b"x")
    proc.stop()


@pytest.mark.parametrize("mode", [[], ["-k"]], ids=["one", "many"])
def test_output_that_fails(sockctl, mode):
    with open("/dev/full", "wb") as full:
        proc, conn = listen(sockctl, *mode, stdin=PIPE, stdout=full)
        conn.sendall(b"x")
        assert reset_by_peer(conn)
        proc.wait(1)


def test_output_that_fails_in_connect(sockctl, server):
    with open("/dev/full", "wb") as full:
        proc, conn = connect(sockctl, server, stdin=PIPE, stdout=full)
        conn.sendall(b"x")
        assert reset_by_peer(conn)
        proc.wait(1)


def test_reader_of_the_output_that_goes_away(sockctl, server):
    proc, conn = connect(sockctl, server, stdin=PIPE, stdout=PIPE)
    proc.stdout.close()
    assert reset_by_peer(conn)
    proc.wait(141)


@pytest.mark.parametrize("mode", [["-k"], ["--broker"]], ids=["many", "broker"])
def test_client_that_is_cut_off(sockctl, mode):
    """It reads what it was sent before, and then not an end of file."""
    proc = sockctl("listen", *mode, *PLACE, stdin=PIPE)
    slow, other = dial(proc.port, rcvbuf=4096), dial(proc.port)
    taking = Task(drain, other)
    if mode == ["-k"]:
        feeding = Task(feed, proc.stdin.fileno())
    else:
        feeding = Task(flood, dial(proc.port))
    proc.wait_err("cut off")
    assert reset_by_peer(slow)
    proc.stop()
    taking.result()
    feeding.result()


def drain(conn):
    try:
        while conn.recv(MIB):
            pass
    except ConnectionError:
        pass


def feed(fd):
    try:
        while True:
            os.write(fd, bytes(MIB))
    except OSError:
        pass


def flood(conn):
    try:
        while True:
            conn.sendall(bytes(MIB))
    except OSError:
        pass


def test_pair_of_us(sockctl):
    """The receiver of a transfer that its sender cut off does not say that all is well."""
    receiver = sockctl("listen", *PLACE)
    sender = sockctl("connect", *SECOND, "127.0.0.1", receiver.port, stdin=PIPE)
    os.write(sender.stdin.fileno(), b"half")
    receiver.wait_out(4)
    sender.wait(6)
    receiver.fails(7, "ECONNRESET")


def test_members_of_a_broker_get_what_was_said(sockctl):
    """Its streams have no end of their own: stopped, it ends them in order."""
    proc = sockctl("listen", "-v", "--broker", *PLACE, stdin=PIPE)
    speaker, hearer = dial(proc.port), dial(proc.port)
    proc.wait_err("accepted connection 2 ")
    speaker.sendall(b"x")
    assert receive(hearer, 1) == b"x"
    proc.stop()
    assert receive_all(hearer) == receive_all(speaker) == b""


def test_interrupt_at_a_terminal(sockctl, server, terminal):
    """All that was typed has gone: nothing was cut off."""
    proc, conn = connect(sockctl, server, stdin=terminal.fd)
    terminal.type(b"typed\n")
    assert receive(conn, 6) == b"typed\n"
    proc.kill(signal.SIGINT)
    proc.wait(130)
    assert receive_all(conn) == b""


def test_ends_that_were_asked_for(sockctl, server):
    proc, conn = connect(sockctl, server, "--recv-exactly", "3", stdin=PIPE)
    conn.sendall(b"abc")
    assert receive_all(conn) == b""
    proc.wait()
    proc, conn = connect(sockctl, server, "--until", "input", stdin=b"all")
    assert receive_all(conn) == b"all"
    proc.wait()
