# SPDX-License-Identifier: ISC
"""Proxies that stall, end, split or flood at any step of the dialogue."""

import base64
import socket

import pytest

from harness import Task, wait_for
from peers import accept, acknowledged, listener, port_of, receive, receive_all
from proxies import (GRANTED, GRANTED_5, GRANTED_HTTP, SCHEMES, Scripted, read_head, read_methods5,
                     read_request4, read_request5)

TARGET = ("192.0.2.1", 443)
NO = b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\n"
IN_TIME = ["--connect-timeout", "300ms"]


def read_credentials5(conn):
    head = receive(conn, 2)
    user = receive(conn, head[1])
    length = receive(conn, 1)
    return head + user + length + receive(conn, length[0])


# What a proxy that wants credentials is asked and answers, step by step.
DIALOGUES = {
    "socks4a": [(read_request4, GRANTED["socks4a"])],
    "socks5h": [(read_methods5, b"\5\2"), (read_credentials5, b"\1\0"), (read_request5, GRANTED_5)],
    "http": [(read_head, NO + b"Content-Length: 0\r\n\r\n"), (read_head, GRANTED_HTTP)],
}
STEPS = [pytest.param(scheme, step, id=f"{scheme}-{step}")
         for scheme, steps in DIALOGUES.items() for step in range(len(steps))]


@pytest.fixture
def proxy():
    made = []

    def start(scheme, *answers, readers=None, **how):
        one = Scripted(scheme, *answers, **how)
        one.readers = readers or one.readers
        made.append(one)
        return one

    yield start
    for one in made:
        one.close()


@pytest.fixture
def stopping(proxy):
    """stopping(SCHEME, STEP, HOW): a proxy that goes so far and no further, and then all the way."""
    def start(scheme, step, how, then=()):
        steps = DIALOGUES[scheme]
        answers = [answer for _, answer in steps]
        return proxy(scheme, *answers[:step], how, *then, readers=[read for read, _ in steps])

    return start


def url_of(one):
    return one.url.replace("//", "//u@" if one.scheme == "socks4a" else "//u:p@")


@pytest.fixture
def through(sockctl):
    def start(one, *options, target=TARGET, **how):
        return sockctl("connect", "--proxy", url_of(one), *options, *target, **how)

    return start


@pytest.mark.parametrize("scheme, step", STEPS)
class TestSteps:
    def test_silence(self, through, stopping, scheme, step):
        through(stopping(scheme, step, None), "--timeout", "300ms").fails(6)

    def test_silence_of_a_try(self, through, stopping, scheme, step):
        through(stopping(scheme, step, None), *IN_TIME).fails(6)

    def test_end(self, through, stopping, scheme, step):
        proc = through(stopping(scheme, step, "close", ["close"]))
        proc.fails(7, "ended the connection")

    def test_reset(self, through, stopping, scheme, step):
        """One that wants credentials may end the connection for a new one to bring them: once."""
        through(stopping(scheme, step, "reset", ["reset"])).fails(7, "Connection reset by peer")

    @pytest.mark.parametrize("how", [None, "close", "reset"])
    def test_next_try(self, through, stopping, scheme, step, how):
        answers = [answer for _, answer in DIALOGUES[scheme]]
        if scheme == "http" and step == 1:
            answers = answers[1:]  # it has been asked for credentials already
        answers[-1] += b"hi"
        one = stopping(scheme, step, how, answers)
        proc = through(one, *IN_TIME, "--retry=3", "--retry-delay", "1ms")
        one.conn().close()
        proc.wait()
        assert proc.out == b"hi"


@pytest.mark.parametrize("scheme", DIALOGUES)
def test_answers_split_at_every_byte(sockctl, scheme):
    """The first piece is taken before the second is sent; the banner comes with that."""
    steps = DIALOGUES[scheme]
    with listener() as server:
        for step, (_, split) in enumerate(steps):
            for at in range(1, len(split)):
                proc = sockctl("connect", "--proxy",
                               f"{scheme}://u{'' if scheme == 'socks4a' else ':p'}@127.0.0.1:"
                               f"{port_of(server)}", *TARGET)
                with accept(server) as conn:
                    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    for n, (read, answer) in enumerate(steps):
                        read(conn)
                        behind = b"banner" if n == len(steps) - 1 else b""
                        if n == step:
                            conn.sendall(answer[:at])
                            wait_for(lambda conn=conn: acknowledged(conn), "the first piece there")
                            answer = answer[at:]
                        conn.sendall(answer + behind)
                proc.wait()
                assert proc.out == b"banner", (step, at)


def flood(head, piece):
    """A proxy that never comes to an end; its result is how much it could send."""
    server = listener()

    def serve():
        with server, accept(server) as conn:
            read_head(conn)
            conn.sendall(head)
            total = 0
            try:
                while True:
                    total += conn.send(piece)
            except OSError:
                return total

    task = Task(serve)
    return f"http://127.0.0.1:{port_of(server)}", task


@pytest.mark.parametrize("head, piece", [
    (b"HTTP/1.1 200 OK\r\nX: ", b"x" * 1000), (b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 100),
    (b"", b"x" * 1000), (b"HTTP/1.1 ", b"2" * 1000), (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50),
    (b"HTTP/1.1 407 No\r\n", b"Proxy-Authenticate: Basic realm=x\r\n" * 50),
], ids=["line", "lines", "garbage", "status", "preliminary", "offers"])
def test_floods_are_bounded(sockctl, head, piece):
    url, task = flood(head, piece)
    sockctl("connect", "--proxy", url.replace("//", "//u:p@"), "--retry", *TARGET).fails(9)
    task.result()


@pytest.mark.parametrize("length", [b"Content-Length: 1000000000000\r\n\r\n",
                                    b"Transfer-Encoding: chunked\r\n\r\n", b"\r\n"],
                         ids=["length", "chunked", "none"])
def test_endless_body_of_a_refusal(sockctl, length):
    """It is not read to its end: another connection brings the credentials."""
    server = listener()

    def serve():
        with server, accept(server) as conn:
            read_head(conn)
            conn.sendall(NO + length)
            try:
                while True:
                    conn.send(b"x" * 1000)
            except OSError:
                pass
            with accept(server) as again:
                head = read_head(again)
                again.sendall(GRANTED_HTTP + b"hi")
                return head

    task = Task(serve)
    proc = sockctl("connect", "--proxy", f"http://u:p@127.0.0.1:{port_of(server)}", *TARGET)
    proc.wait()
    assert proc.out == b"hi"
    assert b"Proxy-Authorization: Basic dTpw\r\n" in task.result()


def test_silence_and_credentials_that_are_refused(through, proxy):
    one = proxy("socks5h", b"\5\2", b"\1\1", readers=[read_methods5, read_credentials5])
    through(one, "--retry").fails(9, "refused the user name or password")


# What is asked for.

@pytest.mark.parametrize("scheme, request_end", [
    ("socks5", b"\4" + bytes.fromhex("20010db8000000000000000000000001") + b"\1\xbb"),
    ("socks5h", b"\4" + bytes.fromhex("20010db8000000000000000000000001") + b"\1\xbb"),
    ("http", b"CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n"),
])
def test_target_of_ipv6(sockctl, proxy, scheme, request_end):
    one = proxy(scheme, *([b"\5\0", GRANTED_5] if scheme != "http" else [GRANTED_HTTP]))
    proc = sockctl("connect", "--proxy", one.url, "2001:db8::1", 443)
    one.conn().close()
    proc.wait()
    assert one.requests[-1].endswith(request_end)


@pytest.mark.parametrize("scheme", ["socks4a", "socks5h", "http"])
def test_longest_name(sockctl, proxy, scheme):
    name = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
    assert len(name) == 253
    one = proxy(scheme, *([b"\5\0", GRANTED_5] if scheme == "socks5h" else [GRANTED[scheme]]))
    proc = sockctl("connect", "--proxy", one.url, name, 443)
    one.conn().close()
    proc.wait()
    assert name.encode() in one.requests[-1]


@pytest.mark.parametrize("scheme", ["socks5h", "http"])
def test_credentials_with_bytes_that_mean_something(sockctl, proxy, scheme):
    steps = DIALOGUES[scheme]
    one = proxy(scheme, *(answer for _, answer in steps), readers=[read for read, _ in steps])
    url = one.url.replace("//", "//us%3Aer:p%3A%40%25%2Fw%C3%A9@")
    if scheme == "http":  # Basic has no colon in its names (RFC 7617, section 2)
        url = url.replace("us%3Aer", "user")
    proc = sockctl("connect", "--proxy", url, *TARGET)
    one.conn().close()
    proc.wait()
    password = "p:@%/wé".encode()
    if scheme == "socks5h":
        assert one.requests[1] == b"\1\5us:er\x08" + password
    else:
        assert b"Basic " + base64.b64encode(b"user:" + password) + b"\r\n" in one.requests[1]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_late_answer(sockctl, proxy, scheme):
    """A proxy that ends both directions at our end would lose it."""
    one = proxy(scheme, *([b"\5\0", GRANTED_5] if "5" in scheme else [GRANTED[scheme]]))
    proc = sockctl("connect", "--proxy", one.url, *TARGET, stdin=b"request")
    conn = one.conn()
    assert receive(conn, 7) == b"request"
    conn.sendall(b"first")
    proc.wait_out(5)
    conn.setblocking(False)
    with pytest.raises(BlockingIOError):
        conn.recv(1)
    conn.setblocking(True)
    conn.sendall(b", second")
    conn.close()
    proc.wait()
    assert proc.out == b"first, second"
