# SPDX-License-Identifier: ISC
"""connect --forward: two connections that were both dialled, joined."""

import os
import signal
import socket

import pytest

from harness import DEVNULL, PIPE, Task, digest_of
from peers import (MIB, accept, answer, half_close, listener, port_of, receive, receive_all, reset,
                   reset_by_peer, send_all, sink, talk, unused_port)


def words(first, second):
    return [f"127.0.0.1:{port_of(first)}", "--forward", f"127.0.0.1:{port_of(second)}"]


@pytest.fixture
def pair(sockctl, server):
    """pair(OPTION...) returns the program and the two ends that it has joined."""
    conns = []

    def start(*options, **how):
        with listener() as second:
            how.setdefault("stdin", DEVNULL)
            proc = sockctl("connect", *options, *words(server, second), **how)
            conns.append(accept(server))
            conns.append(accept(second))
        return proc, *conns[-2:]

    yield start
    for conn in conns:
        conn.close()


def test_both_directions(pair):
    proc, one, two = pair()
    talk(one, two)
    proc.wait()


@pytest.mark.parametrize("asker", [0, 1])
def test_answer_after_the_end_of_the_request(pair, asker):
    proc, *ends = pair()
    asking, answering = ends[asker], ends[1 - asker]
    task = Task(answer, answering, b"answer", 0.3)
    send_all(asking, b"GET / HTTP/1.0\r\n\r\n")
    assert receive_all(asking) == b"answer"
    assert task.result().startswith(b"GET")
    proc.wait()


def test_standard_input_and_output_have_no_part(pair):
    proc, one, two = pair(stdin=b"never sent")
    for conn in (one, two):
        half_close(conn)
    assert receive_all(one) == receive_all(two) == b""
    proc.wait()
    assert proc.out == b""


def test_bulk_both_ways(pair):
    up, down = os.urandom(12 * MIB), os.urandom(16 * MIB)
    proc, one, two = pair()
    tasks = [Task(send_all, one, up), Task(send_all, two, down)]
    reading = Task(sink, two)
    assert sink(one) == digest_of(down)
    assert reading.result() == digest_of(up)
    for task in tasks:
        task.result()
    proc.wait()


@pytest.mark.parametrize("broken", [0, 1])
def test_a_connection_that_breaks_tears_the_other(pair, broken):
    proc, *ends = pair()
    ends[broken].sendall(b"part")
    assert receive(ends[1 - broken], 4) == b"part"
    reset(ends[broken])
    assert reset_by_peer(ends[1 - broken])
    proc.fails(7, "ECONNRESET")


def test_a_second_that_is_not_there_tears_the_first(sockctl, server):
    port = unused_port()
    proc = sockctl("connect", f"127.0.0.1:{port_of(server)}", "--forward", f"127.0.0.1:{port}")
    with accept(server) as conn:
        assert reset_by_peer(conn)
    proc.fails(5, f"127.0.0.1:{port}", "ECONNREFUSED")


def test_a_first_that_is_not_there_spares_the_second(sockctl, server):
    port = unused_port()
    proc = sockctl("connect", f"127.0.0.1:{port}", "--forward", f"127.0.0.1:{port_of(server)}")
    proc.fails(5, f"127.0.0.1:{port}", "ECONNREFUSED")
    server.settimeout(0)
    with pytest.raises(BlockingIOError):
        server.accept()


@pytest.mark.parametrize("late", [0, 1])
def test_retry_holds_for_both(sockctl, server, late):
    port = unused_port()
    places = [f"127.0.0.1:{port_of(server)}"]
    places.insert(late, f"127.0.0.1:{port}")
    proc = sockctl("connect", "-v", "--retry", "--retry-delay", "20ms", places[0], "--forward",
                   places[1])
    proc.wait_err(f"127.0.0.1:{port}: .*; trying again")
    with listener(port=port) as second:
        with accept(server) as one, accept(second) as two:
            for conn in (one, two):
                conn.sendall(b"x")
                half_close(conn)
            assert receive_all(one) == receive_all(two) == b"x"
        proc.wait()


def test_number_of_tries_is_that_of_each(sockctl, server):
    port = unused_port()
    proc = sockctl("connect", "-v", "--retry=3", "--retry-delay", "1ms",
                   f"127.0.0.1:{port_of(server)}", "--forward", f"127.0.0.1:{port}")
    proc.wait(5)
    assert proc.err.count("trying again") == 2


def test_connect_timeout_holds_for_the_second(sockctl, server, unresponsive):
    proc = sockctl("connect", "--connect-timeout", "100ms", f"127.0.0.1:{port_of(server)}",
                   "--forward", f"127.0.0.1:{unresponsive}")
    proc.fails(6, unresponsive)


def test_a_first_that_breaks_while_the_second_is_dialled(sockctl, server):
    """Nobody is left to be joined, so that there is no sense in trying on."""
    proc = sockctl("connect", "-v", "--json", "--retry", "--retry-delay", "10ms",
                   f"127.0.0.1:{port_of(server)}", "--forward", f"127.0.0.1:{unused_port()}")
    with accept(server) as conn:
        proc.wait_err("retry")
        reset(conn)
    proc.wait(7)
    error, = (event for event in proc.events if event["event"] == "error")
    assert error["errno"] == "ECONNRESET"
    assert [event["how"] for event in proc.events if event["event"] == "closed"] == ["broken"]


def test_a_first_that_ends_while_the_second_is_dialled(sockctl, server):
    """What it has said is passed on all the same."""
    port = unused_port()
    proc = sockctl("connect", "-v", "--retry", "--retry-delay", "20ms",
                   f"127.0.0.1:{port_of(server)}", "--forward", f"127.0.0.1:{port}")
    proc.wait_err("trying again")
    with accept(server) as one:
        one.sendall(b"the last word")
        half_close(one)
        with listener(port=port) as second, accept(second) as two:
            assert receive_all(two) == b"the last word"
            half_close(two)
        proc.wait()


@pytest.mark.parametrize("words", [
    ["connect"], ["connect", "127.0.0.1:9", "--forward"], ["listen", "127.0.0.1:0", "--forward"]])
def test_a_listening_descriptor_is_no_connection(sockctl, server, words):
    number = server.fileno()
    proc = sockctl(*words, f"fd:{number}", fds=[number])
    proc.fails(2, f"fd:{number}", "listens", "sockctl listen")


def test_ends_of_other_kinds(sockctl, server, tmp_path):
    """A Unix socket, and a socket that was passed."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
        sock.listen()
        proc = sockctl("connect", f"127.0.0.1:{port_of(server)}", "--forward", path)
        with accept(server) as one, accept(sock) as two:
            one.sendall(b"ping")
            half_close(one)
            assert receive_all(two) == b"ping"
        proc.wait()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        number = theirs.fileno()
        proc = sockctl("connect", f"127.0.0.1:{port_of(server)}", "--forward", f"fd:{number}",
                       fds=[number])
        with accept(server) as one:
            one.sendall(b"ping")
            half_close(one)
            assert receive_all(ours) == b"ping"
            half_close(ours)
        proc.wait()
    sockctl("connect", f"127.0.0.1:{port_of(server)}", "--forward", "fd:99").fails(5, "fd:99")


def test_telnet_and_the_like_are_for_the_first(pair):
    proc, one, two = pair("--crlf")
    two.sendall(b"line\n")
    half_close(two)
    assert receive_all(one) == b"line\r\n"
    half_close(one)
    proc.wait()


def test_says_where_both_go(sockctl, server):
    with listener() as second:
        proc = sockctl("connect", "--json", *words(server, second))
        accept(server).close()
        accept(second).close()
        proc.wait()
    connected = [e for e in proc.events if e["event"] == "connected"]
    assert [e["remote"]["port"] for e in connected] == [port_of(server), connected[1]["remote"]["port"]]
    assert [e["connection"] for e in connected] == [1, 1]


def test_a_signal_tears_both(pair):
    proc, one, two = pair("-v", stdin=PIPE)
    one.sendall(b"part")
    assert receive(two, 4) == b"part"
    proc.kill(signal.SIGTERM)
    proc.wait(128 + signal.SIGTERM)
    assert reset_by_peer(one)
    assert reset_by_peer(two)
    assert "4 bytes received" in proc.err


def test_what_cannot_go_together(sockctl):
    for option in (["--exec", "cat"], ["--input", "x"], ["--output", "x"], ["--check"],
                   ["--pass-fd"], ["--escape", "^]"]):
        sockctl("connect", *option, "h:1", "--forward", "h:2").fails(2, "--forward")
    sockctl("connect", "h:1", "--forward", "tls:h:2").fails(2, "--forward: 'tls:h:2'")
    sockctl("connect", "-4", "h:1", "--forward", "[::1]:2").fails(2, "--forward: '::1'")
