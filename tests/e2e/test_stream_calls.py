# SPDX-License-Identifier: ISC
"""Flags of send and recv, urgent data, peeking, exact numbers of bytes, resets."""

import re
import socket
import time

import pytest

from harness import DEVNULL, NO_LEAK_CHECK, PIPE, wait_for
from peers import accept, answer, dial, half_close, listener, nothing_more, port_of, receive, receive_all


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def calls(proc, name):
    """The arguments and results of the calls of one function in the trace."""
    return re.findall(rf"\b{name}\((.*)\) = (-?\d+)", proc.err)


@pytest.mark.parametrize("flag", ["MSG_DONTROUTE", "MSG_MORE", "MSG_EOR", "MSG_CONFIRM",
                                  "MSG_DONTWAIT", "msg_nosignal", "more"])
def test_send_flags(sockctl, server, flag):
    proc = sockctl("connect", "--send-flag", flag, "--send-flag", "MSG_DONTROUTE", "--trace",
                   "127.0.0.1", port_of(server), stdin=b"some data")
    with accept(server) as conn:
        assert answer(conn, b"answer") == b"some data"
    proc.wait()
    assert proc.out == b"answer"
    (args, result), = calls(proc, "send")
    name = flag.upper() if flag.upper().startswith("MSG_") else f"MSG_{flag.upper()}"
    assert {name, "MSG_DONTROUTE"} <= set(args.split(", ")[-1].split("|"))
    assert result == "9"


@pytest.mark.parametrize("flag", ["MSG_WAITALL", "MSG_DONTWAIT", "MSG_CMSG_CLOEXEC"])
def test_recv_flags(join, flag):
    proc, conn = join("--recv-flag", flag, "--trace", stdin=DEVNULL)
    conn.sendall(b"x" * 200000)
    conn.close()
    proc.wait()
    assert proc.out == b"x" * 200000
    assert all(flag in args for args, _ in calls(proc, "recv"))


def test_discarding(join):
    """TCP hands nothing out with MSG_TRUNC, and nothing is made up in its place."""
    proc, conn = join("--recv-flag", "MSG_TRUNC", "--json", stdin=DEVNULL)
    conn.sendall(b"x" * 5000)
    conn.close()
    proc.wait()
    assert proc.out == b""
    closed, = [event for event in proc.events if event["event"] == "closed"]
    assert closed["received_bytes"] == 5000


def test_urgent_data_received(join):
    """The bytes that came urgently are told apart, with their place in the stream."""
    proc, conn = join("--oob", "--json", stdin=DEVNULL)
    conn.sendall(b"hello")
    conn.send(b"!", socket.MSG_OOB)
    conn.sendall(b" and on")
    proc.wait_err('"event":"urgent"')
    conn.send(b"\x1b", socket.MSG_OOB)
    conn.sendall(b".")
    conn.close()
    proc.wait()
    assert proc.out == b"hello and on."
    urgent = [event for event in proc.events if event["event"] == "urgent"]
    assert [(event["byte"], event["offset"]) for event in urgent] == [(33, 5), (27, 12)]


@pytest.mark.needs("strace")
def test_urgent_data_that_come_between_two_calls(sockctl, server):
    """The second byte comes after the program has seen that it stands at the mark of the first."""
    late = ["strace", "-o", "/dev/null", "-E", NO_LEAK_CHECK, "-e", "trace=ioctl",
            "-e", "inject=ioctl:delay_exit=200000"]
    proc = sockctl("connect", "--sandbox=off", "--oob", "--json", "127.0.0.1", port_of(server),
                   stdin=DEVNULL, wrap=late)
    with accept(server) as conn:
        conn.sendall(b"hello")
        conn.send(b"!", socket.MSG_OOB)
        conn.sendall(b" and on")
        proc.wait_err('"event":"urgent"')
        time.sleep(0.1)  # it asks where it stands, which takes it 0.2 s
        conn.send(b"\x1b", socket.MSG_OOB)
        conn.sendall(b".")
    proc.wait()
    assert proc.out == b"hello and on."
    urgent = [event for event in proc.events if event["event"] == "urgent"]
    assert [(event["byte"], event["offset"]) for event in urgent] == [(33, 5), (27, 12)]


def test_urgent_data_alone(join):
    """Nothing else needs to come, and an output that nobody reads does not make it spin."""
    proc, conn = join("--oob", "--trace", stdin=DEVNULL)
    conn.send(b"!", socket.MSG_OOB)
    proc.wait_err(r"urgent data from \S+: ! \(33\), after 0 bytes")
    conn.close()
    proc.wait()
    assert any("MSG_OOB" in args for args, _ in calls(proc, "recv"))
    assert len(calls(proc, "recv")) < 20


def test_urgent_data_stays_in_the_stream_unasked(join):
    proc, conn = join(stdin=DEVNULL)
    conn.sendall(b"hello")
    conn.send(b"!", socket.MSG_OOB)
    conn.sendall(b"world")
    conn.close()
    proc.wait()
    assert proc.out == b"hello!world"
    assert not any("urgent" in line for line in proc.lines)


def test_urgent_data_sent(sockctl, server):
    proc = sockctl("connect", "--oob=AB", "127.0.0.1", port_of(server), stdin=b"later")
    with accept(server) as conn:
        wait_for(lambda: b"A" in conn.recv(10, socket.MSG_PEEK), "the byte before")
        assert conn.recv(1, socket.MSG_OOB) == b"B"
        assert receive_all(conn) == b"Alater"
    proc.wait()


def test_urgent_flag(sockctl, server):
    """MSG_OOB for each call: the last byte of each piece is urgent."""
    proc = sockctl("connect", "--send-flag", "MSG_OOB", "--trace", "127.0.0.1", port_of(server),
                   stdin=b"abc")
    with accept(server) as conn:
        assert receive(conn, 2) == b"ab"
        wait_for(lambda: conn.recv(1, socket.MSG_OOB) == b"c", "the urgent byte")
        receive_all(conn)
    proc.wait()
    assert "MSG_OOB" in calls(proc, "send")[0][0]


def test_both_ends(sockctl):
    """What one sends urgently the other tells apart."""
    server = sockctl("listen", "--oob", "127.0.0.1", 0, stdin=DEVNULL)
    sockctl("connect", "--oob=!", "127.0.0.1", server.port, stdin=b"data").wait()
    server.wait()
    assert server.out == b"data"
    assert len([line for line in server.lines if "urgent data" in line and "! (33)" in line]) == 1


@pytest.mark.parametrize("size, pieces", [("1", 1), ("10", 1), ("60k", 1), ("1M", None)])
def test_an_exact_number(join, size, pieces):
    """So many bytes are taken, in one call where one can, and the rest is left alone."""
    number = {"60k": 60 << 10, "1M": 1 << 20}.get(size) or int(size)
    proc, conn = join("--recv-exactly", size, "--trace", stdin=PIPE)
    data = bytes(range(256)) * (number // 256 + 1)
    half = number // 2
    conn.sendall(data[:half])
    if half:
        wait_for(lambda: "SO_RCVLOWAT" in proc.err or pieces is None, "the mark of low water")
    conn.sendall(data[half:number] + b"and more")
    proc.wait()
    assert proc.out == data[:number]
    received = [(args, result) for args, result in calls(proc, "recv")
                if int(result) > 0 and "MSG_WAITALL" in args]
    if pieces:
        assert received[0][1] == str(number)
    conn.close()


def test_too_few(join):
    proc, conn = join("--recv-exactly", "10", stdin=DEVNULL)
    conn.sendall(b"hello")
    conn.close()
    proc.fails(7, "ended after 5 of 10 bytes")
    assert proc.out == b"hello"


def test_exactly_leaves_the_rest(sockctl, pair):
    ours, theirs = pair
    ours.sendall(b"headerbody")
    proc = sockctl("connect", "--recv-exactly", 6, f"fd:{theirs.fileno()}",
                   fds=[theirs.fileno()], stdin=DEVNULL)
    proc.wait()
    assert proc.out == b"header"
    assert theirs.recv(100) == b"body"


def test_peek(sockctl, pair):
    """What was shown can still be received by whoever has the socket."""
    ours, theirs = pair
    proc = sockctl("connect", "--peek", "--trace", f"fd:{theirs.fileno()}",
                   fds=[theirs.fileno()], stdin=DEVNULL)
    ours.sendall(b"hello")
    proc.wait()
    assert proc.out == b"hello"
    assert theirs.recv(100) == b"hello"
    assert all("MSG_PEEK" in args for args, _ in calls(proc, "recv"))


@pytest.mark.parametrize("extra", [[], ["--telnet"], ["--crlf"]])
def test_discarded_input(join, extra):
    """What is read goes nowhere, and its end is passed on."""
    proc, conn = join("--discard-input", *extra, stdin=PIPE)
    proc.stdin.write(b"ignored\n")
    conn.sendall(b"data")
    proc.wait_out(4)
    assert nothing_more(conn)
    proc.stdin.close()
    conn.setblocking(True)
    assert conn.recv(1) == b""
    conn.close()
    proc.wait()


@pytest.mark.parametrize("many", [[], ["--keep-open", "--count", "1"]])
def test_pieces(sockctl, many):
    """Each is what one call brings; after the last one nothing more is read."""
    proc = sockctl("listen", "--pieces", "2", "--shutdown", "never", *many, "127.0.0.1", 0, stdin=PIPE)
    with dial(proc.port) as conn:
        conn.sendall(b"one")
        proc.wait_out(3)
        conn.sendall(b"two")
        assert conn.recv(1) == b""
    proc.stdin.close()
    proc.wait()
    assert proc.out == b"onetwo"


def test_reset(join):
    """Everything that was sent arrives, and then the connection is torn."""
    proc, conn = join("--reset", stdin=PIPE)
    proc.stdin.write(b"last words")
    proc.stdin.close()
    assert receive(conn, 10) == b"last words"
    with pytest.raises(ConnectionResetError):
        conn.recv(1)
    proc.wait()


def test_calls_of_a_program(join):
    """A relay makes the calls that the options ask for, and the program has the rest."""
    proc, conn = join("--oob", "--reset", "--send-flag", "MSG_MORE", "--trace", "--exec",
                      "head -c 6; printf done")
    conn.sendall(b"abc")
    conn.send(b"!", socket.MSG_OOB)
    conn.sendall(b"def")
    assert receive(conn, 10) == b"abcdefdone"
    with pytest.raises(ConnectionResetError):
        conn.recv(1)
    proc.wait()
    assert "urgent data" in proc.err and "after 3 bytes" in proc.err
    assert "MSG_MORE" in calls(proc, "send")[-1][0]


@pytest.mark.parametrize("command", ["connect", "listen"])
@pytest.mark.parametrize("options, words", [
    (["--peek", "--exec", "cat"], ["'--peek'", "--exec"]),
    (["--recv-flag", "MSG_PEEK", "--exec", "cat"], ["'--peek'", "--exec"]),
    (["--recv-exactly", "5", "--exec", "cat"], ["'--recv-exactly'", "--exec"]),
    (["--send-flag", "MSG_OBB"], ["--send-flag", "'MSG_OBB'", "'MSG_OOB'"]),
    (["--send-flag", "MSG_PEEK"], ["'MSG_PEEK'", "MSG_MORE"]),
    (["--recv-flag", "MSG_WAITAL"], ["'MSG_WAITAL'", "'MSG_WAITALL'"]),
    (["--recv-exactly", "0"], ["--recv-exactly", "'0'"]),
    (["--recv-exactly", "5", "--peek"], ["--peek", "--recv-exactly"]),
    (["--discard-input", "--exec", "cat"], ["--discard-input", "--exec"]),
    (["--reset", "--shutdown", "both"], ["--reset", "--shutdown"]),
])
def test_bad_words(sockctl, command, options, words):
    sockctl(command, *options, "127.0.0.1", 1).fails(2, *words)
