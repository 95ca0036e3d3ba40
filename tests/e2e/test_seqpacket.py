# SPDX-License-Identifier: ISC
"""Unix sockets of connections that keep messages apart: seqpacket:PATH."""

import os
import re
import signal
import socket

import pytest

from harness import DEADLINE, DEVNULL, PIPE, Task

MESSAGES = [b"one", b"two", b"x" * 100000, b"", b"four"]
SENT = [message for message in MESSAGES if message]


def new(kind=socket.SOCK_SEQPACKET):
    sock = socket.socket(socket.AF_UNIX, kind)
    sock.settimeout(DEADLINE)
    return sock


def receive_messages(sock):
    """All messages until the end."""
    return list(iter(lambda: sock.recv(1 << 20), b""))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "socket"


@pytest.fixture
def server(path):
    with new() as sock:
        sock.bind(str(path))
        sock.listen()
        yield sock


@pytest.fixture
def plugs():
    """Both ends of what stands in for stdin and stdout and shows each read and write."""
    ends = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(2)]
    for end in sum(ends, ()):
        end.settimeout(DEADLINE)
    yield ends
    for end in sum(ends, ()):
        end.close()


def joined(sockctl, plugs, *words):
    """A command whose input and output are sockets: (process, to write to, to read from)."""
    (feed, stdin), (stdout, shown) = plugs
    proc = sockctl(*words, stdin=stdin, stdout=stdout)
    stdin.close()
    stdout.close()
    return proc, feed, shown


def converse(proc, feed, shown, conn):
    """Messages in both directions, and both ends one after the other."""
    for message in SENT:
        feed.send(message)
        assert conn.recv(1 << 20) == message
        conn.send(message)
        assert shown.recv(1 << 20) == message
    for message in SENT[:2]:
        feed.send(message)
        conn.send(message)
    feed.close()
    assert receive_messages(conn) == SENT[:2]
    conn.send(b"late")
    conn.shutdown(socket.SHUT_WR)
    assert receive_messages(shown) == SENT[:2] + [b"late"]
    proc.wait()


def test_connect(sockctl, plugs, server, path):
    proc, feed, shown = joined(sockctl, plugs, "connect", f"seqpacket:{path}")
    with server.accept()[0] as conn:
        conn.settimeout(DEADLINE)
        converse(proc, feed, shown, conn)


def test_listen(sockctl, plugs, path):
    proc, feed, shown = joined(sockctl, plugs, "listen", f"seqpacket:{path}")
    proc.wait_err(": listening on ")
    with new() as conn:
        conn.connect(str(path))
        converse(proc, feed, shown, conn)
    assert not path.exists()


def test_abstract_name(sockctl):
    name = f"sockctl-seqpacket-{os.getpid()}"
    server = sockctl("listen", f"seqpacket:@{name}", stdin=b"pong")
    server.wait_err(": listening on ")
    client = sockctl("connect", f"seqpacket:@{name}", stdin=b"ping")
    client.wait()
    server.wait()
    assert (client.out, server.out) == (b"pong", b"ping")


def test_end_of_peer_is_the_end(sockctl, server, path):
    """While the input goes on, which is what --until peer is for."""
    proc = sockctl("connect", "--until", "peer", f"seqpacket:{path}", stdin=PIPE)
    with server.accept()[0] as conn:
        conn.send(b"all")
        conn.shutdown(socket.SHUT_WR)
        proc.wait()
    assert proc.out == b"all"


def test_closed_input(sockctl, server, path):
    proc = sockctl("connect", f"seqpacket:{path}", stdin=DEVNULL)
    with server.accept()[0] as conn:
        conn.settimeout(DEADLINE)
        assert receive_messages(conn) == []
        conn.send(b"answer")
    proc.wait()
    assert proc.out == b"answer"


def test_a_slow_reader_gets_every_message(sockctl, plugs, server, path):
    """The messages that wait for a full socket are kept apart as well."""
    proc, feed, _ = joined(sockctl, plugs, "connect", f"seqpacket:{path}")
    messages = [bytes([n % 251]) * (20000 + n) for n in range(200)]

    def send():
        for message in messages:
            feed.send(message)
        feed.close()

    with server.accept()[0] as conn:
        conn.settimeout(DEADLINE)
        sending = Task(send)
        assert conn.recv(1 << 20) == messages[0]
        assert receive_messages(conn) == messages[1:]
        sending.result()
    proc.wait()


def test_long_message_received(sockctl, server, path):
    proc = sockctl("connect", f"seqpacket:{path}", stdin=DEVNULL)
    with server.accept()[0] as conn:
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        conn.settimeout(DEADLINE)
        conn.send(b"x" * 131072)
        conn.send(b"y" * 131073)
        proc.fails(7, f"unix:{path}", "longer than 128 KiB", "EMSGSIZE")
    assert proc.out == b"x" * 131072


def test_long_message_to_send(sockctl, plugs, server, path):
    proc, feed, _ = joined(sockctl, plugs, "connect", "--set", "SO_SNDBUF=10000",
                           f"seqpacket:{path}")
    with server.accept()[0] as conn:
        conn.settimeout(DEADLINE)
        feed.send(b"fits")
        feed.send(b"x" * 30000)
        proc.fails(7, "SO_SNDBUF", "EMSGSIZE")
        assert receive_messages(conn) == [b"fits"]


def test_what_comes_after_the_end_is_dropped(sockctl, server, path):
    """Also messages that are longer than what it is dropped with."""
    proc = sockctl("connect", "--until", "input", f"seqpacket:{path}", stdin=PIPE)
    with server.accept()[0] as conn:
        conn.settimeout(DEADLINE)
        proc.stdin.write(b"all")
        assert conn.recv(100) == b"all"
        os.kill(proc.pid, signal.SIGSTOP)
        for _ in range(40):  # more than it takes in one turn
            conn.send(b"x")
        conn.send(b"x" * 50000)
        proc.stdin.close()
        os.kill(proc.pid, signal.SIGCONT)
        proc.wait()


@pytest.mark.parametrize("words", [[], ["--send-flag", "MSG_EOR"]])
def test_calls(sockctl, server, path, words):
    proc = sockctl("connect", "--trace", *words, f"seqpacket:{path}", stdin=b"message")
    with server.accept()[0] as conn:
        conn.settimeout(DEADLINE)
        assert receive_messages(conn) == [b"message"]
    proc.wait()
    assert re.search(r"socket\(AF_UNIX, SOCK_SEQPACKET", proc.err)
    assert re.search(r'send\(.*MSG_EOR.*\) = 7', proc.err)


def lengths(proc, direction):
    return [event["length"] for event in proc.events
            if event["event"] == "message" and event["direction"] == direction]


def test_events(sockctl, plugs, server, path):
    proc, feed, shown = joined(sockctl, plugs, "connect", "--json", f"seqpacket:{path}")
    with server.accept()[0] as conn:
        conn.settimeout(DEADLINE)
        converse(proc, feed, shown, conn)
    expected = [len(message) for message in SENT + SENT[:2]]
    assert lengths(proc, "sent") == expected
    assert lengths(proc, "received") == expected + [len(b"late")]


def exchange_through(front, server, answers):
    """A client sends messages through a forward, and gets answers from the server behind it."""
    with new() as client:
        client.connect(str(front))
        for message in SENT:
            client.send(message)
        client.shutdown(socket.SHUT_WR)
        with server.accept()[0] as conn:
            conn.settimeout(DEADLINE)
            assert receive_messages(conn) == SENT
            for message in answers:
                conn.send(message)
        assert receive_messages(client) == answers


def test_events_of_a_forward(sockctl, server, path, tmp_path):
    """Each message that comes from a client is sent on, and is one event."""
    front = tmp_path / "front"
    proc = sockctl("listen", "--json", f"seqpacket:{front}", "--forward", f"seqpacket:{path}")
    proc.wait_err("listening")
    exchange_through(front, server, [b"answer"])
    proc.wait()
    assert lengths(proc, "received") == [len(message) for message in SENT]
    assert lengths(proc, "sent") == [len(b"answer")]


def test_forward(sockctl, server, path, tmp_path):
    front = tmp_path / "front"
    # What it is joined to is dialled within the sandbox.
    proc = sockctl("listen", "-k", "--sandbox=auto", f"seqpacket:{front}", "--forward",
                   f"seqpacket:{path}")
    proc.wait_err(": listening on ")
    for _ in range(2):
        exchange_through(front, server, SENT)
    proc.stop()


@pytest.mark.parametrize("word", ["seqpacket:{}", "unix:{}"])
def test_inherited(sockctl, plugs, server, path, word):
    """A connected and a listening descriptor of this type are what they are."""
    with new() as conn:
        conn.connect(str(path))
        ours, _ = server.accept()
        proc, feed, shown = joined(
            lambda *args, **kwargs: sockctl(*args, fds=[conn.fileno()], **kwargs), plugs,
            "connect" if "unix" in word else "listen", f"fd:{conn.fileno()}")
        with ours:
            ours.settimeout(DEADLINE)
            converse(proc, feed, shown, ours)


def test_inherited_listener(sockctl, plugs, server, path):
    proc, feed, shown = joined(
        lambda *args, **kwargs: sockctl(*args, fds=[server.fileno()], **kwargs), plugs,
        "listen", f"fd:{server.fileno()}")
    with new() as conn:
        conn.connect(str(path))
        converse(proc, feed, shown, conn)


@pytest.mark.parametrize("kind, word", [(socket.SOCK_STREAM, "seqpacket"),
                                        (socket.SOCK_DGRAM, "seqpacket"),
                                        (socket.SOCK_SEQPACKET, "unix")])
def test_other_type(sockctl, path, kind, word):
    with new(kind) as sock:
        sock.bind(str(path))
        if kind != socket.SOCK_DGRAM:
            sock.listen()
        proc = sockctl("connect", f"{word}:{path}")
        proc.fails(5, f"{word}:{path}", "EPROTOTYPE", "seqpacket:PATH for messages")


def test_check(sockctl, server, path):
    sockctl("connect", "--check", f"seqpacket:{path}").wait()
    server.close()
    sockctl("connect", "--check", f"seqpacket:{path}").fails(5, "ECONNREFUSED")


@pytest.mark.parametrize("words", [
    "connect --tls", "connect --limit-rate 100", "connect --telnet", "connect --recv-exactly 5",
    "connect --proxy socks5://localhost", "connect --udp", "connect --send-proxy",
    "listen -k", "listen --count 2", "listen --broker", "listen --telnet",
    "listen --udp", "listen --also ./x", "echo", "echo --client", "udp-send", "udp-recv"])
def test_refused(sockctl, words):
    words = words.split()
    if words[1:2] == ["--also"]:
        proc = sockctl("listen", "./y", "--also", "seqpacket:x")
    else:
        proc = sockctl(*words, "seqpacket:x")
    proc.fails(2, "seqpacket:")


@pytest.mark.needs("socat")
def test_socat_listens(sockctl, path):
    peer = sockctl("-u", "-dd", f"UNIX-LISTEN:{path},type=5", "-", program="socat")
    peer.wait_err("listening on")
    proc = sockctl("connect", f"seqpacket:{path}", stdin=b"message")
    proc.wait()
    peer.wait()
    assert peer.out == b"message"


@pytest.mark.needs("socat")
def test_socat_connects(sockctl, path):
    proc = sockctl("listen", f"seqpacket:{path}", stdin=b"answer")
    proc.wait_err(": listening on ")
    peer = sockctl("-t10", "-", f"UNIX-CONNECT:{path},type=5", program="socat", stdin=b"request")
    peer.wait()
    proc.wait()
    assert (proc.out, peer.out) == (b"request", b"answer")
