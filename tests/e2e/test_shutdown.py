# SPDX-License-Identifier: ISC
"""When the end of the input is passed on: --shutdown and --shutdown-delay."""

import select
import time

import pytest

from harness import PIPE, digest_of_file
from peers import MIB, accept, dial, half_close, port_of, receive, receive_all, send_all, sink

OLD = b"GET / HTTP/1.0\r\n\r\n"
OPEN = b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
PAUSE = 2  # seconds after the last byte of an answer

# As an input can come: words of the command line and what is read as stdin.
WAYS = ["pipe", "file", "input"]


def feed(way, data, tmp_path):
    path = tmp_path / "data"
    path.write_bytes(data)
    if way == "pipe":
        return (), {"stdin": data}
    if way == "file":
        return (), {"stdin": path.open("rb")}
    return ("--input", path), {}


@pytest.fixture
def ask(sockctl, server, tmp_path):
    """ask(DATA) connects with it as the input, and returns the program and the peer's end."""
    conns = []

    def start(data, *options, way="pipe", **how):
        words, given = feed(way, data, tmp_path)
        proc = sockctl("connect", *options, *words, "127.0.0.1", port_of(server), **given, **how)
        conns.append(accept(server))
        assert receive(conns[-1], len(data)) == data
        return proc, conns[-1]

    yield start
    for conn in conns:
        conn.close()


def stays_open(conn, seconds):
    """That nothing comes can only be seen by waiting."""
    return not select.select([conn], [], [], seconds)[0]


def seconds_to_the_end(conn, data):
    """Sends DATA, and returns how long after that the end of the stream comes."""
    start = time.monotonic()
    conn.sendall(data)
    assert conn.recv(1) == b""
    return time.monotonic() - start


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("request_", [OLD, LAST, POST % 5 + b"hello"])
def test_request_that_the_server_ends_is_followed_by_no_end(ask, request_, way):
    proc, conn = ask(request_, way=way)
    assert stays_open(conn, 0.3)
    send_all(conn, b"answer")
    assert receive_all(conn) == b""
    proc.wait()
    assert proc.out == b"answer"


def test_answer_that_pauses(ask):
    proc, conn = ask(LAST)
    conn.sendall(b"half of ")
    proc.wait_out(8)
    assert stays_open(conn, PAUSE + 1)
    conn.sendall(b"the answer")
    conn.close()
    proc.wait()
    assert proc.out == b"half of the answer"


def test_other_request_is_followed_by_the_end_once_there_was_an_answer(ask):
    proc, conn = ask(OPEN)
    assert stays_open(conn, PAUSE + 0.5)
    conn.sendall(b"half of ")
    proc.wait_out(8)
    assert stays_open(conn, PAUSE / 2)
    assert seconds_to_the_end(conn, b"the answer") >= PAUSE
    conn.close()
    proc.wait()
    assert proc.out == b"half of the answer"


@pytest.mark.parametrize("request_, first, rest", [
    (OPEN, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234", b"56789"),
    (OPEN, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234", b"\r\n0\r\n\r\n"),
    (OPEN.replace(b"GET", b"HEAD"), b"HTTP/1.1 200 OK\r\n", b"Content-Length: 10\r\n\r\n"),
], ids=["length", "chunks", "head"])
def test_answer_that_says_that_more_is_to_come(ask, request_, first, rest):
    proc, conn = ask(request_)
    conn.sendall(first)
    proc.wait_out(len(first))
    assert stays_open(conn, PAUSE + 1)
    assert seconds_to_the_end(conn, rest) >= PAUSE
    conn.close()
    proc.wait()
    assert proc.out == first + rest


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("data", [
    b"hello\n",
    OLD + OLD,
    OLD[:-1],
    b"POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhell",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST % (16 << 10) + bytes(16 << 10),
], ids=["text", "two requests", "part", "part of a body", "chunked", "long"])
def test_what_is_no_request_is_followed_by_the_end_at_once(ask, data, way):
    proc, conn = ask(data, way=way)
    assert receive_all(conn) == b""
    send_all(conn, b"answer")
    proc.wait()
    assert proc.out == b"answer"


@pytest.mark.parametrize("way", WAYS)
def test_longest_request(ask, way):
    body = bytes((16 << 10) - len(POST % (16 << 10)))
    proc, conn = ask(POST % len(body) + body, way=way)
    assert stays_open(conn, 0.3)
    conn.close()
    proc.wait()


@pytest.mark.parametrize("how", ["pipe", "file", "request"])
def test_upload_is_followed_by_the_end_at_once(sockctl, server, random_file, tmp_path, how):
    """The sink says nothing before it has read the end."""
    data = random_file.read_bytes()[:MIB]
    if how == "request":
        data = POST % len(data) + data
    path = tmp_path / "upload"
    path.write_bytes(data)
    with path.open("rb") as file:
        proc = sockctl("connect", "127.0.0.1", port_of(server),
                       stdin=file if how == "file" else data)
    with accept(server) as conn:
        assert sink(conn) == digest_of_file(path)
    proc.wait()


def test_request_that_comes_in_pieces(sockctl, server):
    proc = sockctl("connect", "127.0.0.1", port_of(server), stdin=PIPE)
    with accept(server) as conn:
        for n in range(0, len(OLD), 5):
            proc.stdin.write(OLD[n:n + 5])
            assert receive(conn, len(OLD[n:n + 5])) == OLD[n:n + 5]
        proc.stdin.close()
        assert stays_open(conn, 0.5)
        conn.sendall(b"answer")
    proc.wait()
    assert proc.out == b"answer"


def test_line_ends_count_as_they_are_sent(sockctl, server):
    proc = sockctl("connect", "-C", "127.0.0.1", port_of(server), stdin=OLD.replace(b"\r", b""))
    with accept(server) as conn:
        assert receive(conn, len(OLD)) == OLD
        assert stays_open(conn, 0.5)
    proc.wait()


def test_what_is_typed_is_followed_by_the_end_at_once(sockctl, server, terminal):
    proc = sockctl("connect", "127.0.0.1", port_of(server), stdin=terminal.fd)
    with accept(server) as conn:
        terminal.type(OLD.replace(b"\r", b"") + b"\x04")
        assert receive_all(conn) == OLD.replace(b"\r", b"")
        conn.sendall(b"answer")
    proc.wait()
    assert proc.out == b"answer"


def test_listener_passes_the_end_of_a_request_on(sockctl):
    proc = sockctl("listen", "127.0.0.1", "0", stdin=OLD)
    with dial(proc.port) as conn:
        assert receive_all(conn) == OLD
    proc.wait()


@pytest.mark.parametrize("options", [
    ["--shutdown", "write"], ["--shutdown-delay", "0"],
    ["--shutdown", "auto", "--shutdown-delay", "0"],
])
def test_user_decides_about_requests(ask, options):
    proc, conn = ask(OLD, *options)
    assert receive_all(conn) == b""
    conn.close()
    proc.wait()


def test_delay_begins_anew_with_each_byte(join):
    proc, conn = join("--shutdown-delay", "2", stdin=b"input")
    assert receive(conn, 5) == b"input"
    for _ in range(2):
        assert stays_open(conn, 0.6)
        conn.sendall(b"x")
    assert stays_open(conn, 0.6)
    assert seconds_to_the_end(conn, b"x") >= 2
    conn.close()
    proc.wait()
    assert proc.out == b"xxx"


def test_delay_ends_with_the_peer(join):
    proc, conn = join("--shutdown-delay", "1h", stdin=b"input")
    assert receive(conn, 5) == b"input"
    half_close(conn)
    assert receive_all(conn) == b""
    proc.wait()


def test_delay_of_a_forward_is_for_its_target(sockctl, server):
    """The client is told of the target's end at once, the target late of the client's."""
    proc = sockctl("listen", "-k", "--forward", f"127.0.0.1:{port_of(server)}", "--shutdown-delay",
                   "0.5", "127.0.0.1", "0")
    with dial(proc.port) as client, accept(server) as target:
        send_all(client, b"request")
        assert receive(target, 7) == b"request"
        assert seconds_to_the_end(target, b"answer") >= 0.5
        assert receive(client, 6) == b"answer"
        half_close(target)
        assert receive_all(client) == b""
    with dial(proc.port) as client, accept(server) as target:
        send_all(target, b"banner")
        assert receive_all(client) == b"banner"
    proc.stop()


def test_read_ends_receiving_with_the_input(join):
    proc, conn = join("--shutdown", "read", stdin=PIPE)
    conn.sendall(b"before")
    proc.wait_out(6)
    proc.stdin.write(b"x")
    proc.stdin.close()
    assert receive_all(conn) == b"x"
    proc.wait()
    assert proc.out == b"before"


def no_answer(proc):
    return [line for line in proc.lines if "without an answer" in line]


def test_missing_answer_is_told(ask):
    proc, conn = ask(b"request", "-v")
    assert receive_all(conn) == b""
    conn.close()
    proc.wait()
    assert len(no_answer(proc)) == 1 and "--shutdown-delay" in no_answer(proc)[0]


def test_missing_answer_is_an_event(ask, server):
    proc, conn = ask(b"request", "--json")
    assert receive_all(conn) == b""
    conn.close()
    proc.wait()
    event, = [e for e in proc.events if e["event"] == "no-answer"]
    assert event["connection"] == 1
    assert event["remote"]["port"] == port_of(server)


def test_missing_answer_is_not_told_to_others(ask):
    proc, conn = ask(b"request")
    assert receive_all(conn) == b""
    conn.close()
    proc.wait()
    assert proc.lines == []


@pytest.mark.parametrize("case", ["answered", "peer ends first", "nothing was asked", "held back"])
def test_no_answer_is_missing(ask, case):
    request = {"nothing was asked": b"", "held back": OLD}.get(case, b"request")
    options = ["--shutdown-delay", "1h"] if case == "peer ends first" else []
    proc, conn = ask(request, "-v", *options)
    if case == "answered":
        assert receive_all(conn) == b""
        conn.sendall(b"y")
    elif case == "nothing was asked":
        assert receive_all(conn) == b""
    conn.close()
    proc.wait()
    assert not no_answer(proc)
