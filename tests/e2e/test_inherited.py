# SPDX-License-Identifier: ISC
"""Sockets that were inherited belong to others as well, who find them as they were."""

import os
import select
import socket

import pytest

from harness import wait_for
from peers import dial, port_of, receive, receive_all, reset

OPTIONS = {name: (level, getattr(socket, name, number)) for name, level, number in [
    ("SO_RCVBUF", socket.SOL_SOCKET, 8), ("SO_SNDBUF", socket.SOL_SOCKET, 7),
    ("SO_KEEPALIVE", socket.SOL_SOCKET, 9), ("SO_OOBINLINE", socket.SOL_SOCKET, 10),
    ("SO_REUSEADDR", socket.SOL_SOCKET, 2), ("SO_REUSEPORT", socket.SOL_SOCKET, 15),
    ("SO_RCVLOWAT", socket.SOL_SOCKET, 18), ("SO_TIMESTAMPNS", socket.SOL_SOCKET, 35),
    ("SO_LINGER", socket.SOL_SOCKET, 13), ("SO_BROADCAST", socket.SOL_SOCKET, 6),
    ("IP_PKTINFO", socket.IPPROTO_IP, 8), ("IP_RECVTTL", socket.IPPROTO_IP, 12),
    ("IPV6_RECVPKTINFO", socket.IPPROTO_IPV6, 49), ("IPV6_RECVHOPLIMIT", socket.IPPROTO_IPV6, 51),
    ("UDP_GRO", socket.IPPROTO_UDP, 104), ("UDP_SEGMENT", socket.IPPROTO_UDP, 103),
    ("TCP_NODELAY", socket.IPPROTO_TCP, 1), ("TCP_KEEPIDLE", socket.IPPROTO_TCP, 4),
    ("TCP_KEEPINTVL", socket.IPPROTO_TCP, 5), ("TCP_KEEPCNT", socket.IPPROTO_TCP, 6),
]}


def options(sock):
    """All that the socket has of them, and its blocking mode."""
    values = {"blocks": os.get_blocking(sock.fileno())}
    for name, (level, number) in OPTIONS.items():
        try:
            values[name] = sock.getsockopt(level, number, 8)
        except OSError:
            pass  # of another protocol
    return values


def bound(kind, host="127.0.0.1"):
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    sock.bind((host, 0))
    return sock


def connected(sock):
    try:
        return bool(sock.getpeername())
    except OSError:
        return False


def given(sock):
    return {"fds": [sock.fileno()]}


@pytest.mark.parametrize("host", ["0.0.0.0", "::"], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("words", [[], ["-v"], ["--json"], ["--reply", "answer"], ["--hex"]],
                         ids=str)
def test_udp_recv(sockctl, host, words):
    """It takes what was asked for, and leaves the rest, each datagram by itself."""
    with bound(socket.SOCK_DGRAM, host) as sock, socket.socket(sock.family, sock.type) as sender:
        sender.connect(("::1" if ":" in host else "127.0.0.1", port_of(sock)))
        for n in range(5):
            sender.send(b"datagram %d" % n)
        before = options(sock)
        proc = sockctl("udp-recv", "--count", "2", *words, f"fd:{sock.fileno()}", **given(sock))
        proc.wait()
        assert options(sock) == before
        left = [sock.recv(100, socket.MSG_DONTWAIT) for _ in range(3)]
        assert left == [b"datagram %d" % n for n in (2, 3, 4)]
        if not words:
            assert proc.out == b"datagram 0\ndatagram 1\n"


def test_options_of_the_owner_stay(sockctl):
    """What was on already is not turned off either."""
    with bound(socket.SOCK_DGRAM, "0.0.0.0") as sock, bound(socket.SOCK_DGRAM) as sender:
        for name in "SO_TIMESTAMPNS", "IP_PKTINFO", "UDP_GRO":
            sock.setsockopt(*OPTIONS[name], 1)
        before = options(sock)
        proc = sockctl("udp-recv", "--json", "--echo", f"fd:{sock.fileno()}", **given(sock))
        proc.wait_err("listening")
        sender.sendto(b"x", ("127.0.0.1", port_of(sock)))
        assert sender.recv(10) == b"x"
        proc.stop()
        assert options(sock) == before


@pytest.mark.parametrize("words", [["--wait", "100ms"], ["--wait", "100ms", "-v", "--json"]],
                         ids=str)
def test_udp_send(sockctl, words):
    with bound(socket.SOCK_DGRAM) as sock, bound(socket.SOCK_DGRAM) as peer:
        sock.connect(peer.getsockname())
        sock.setsockopt(*OPTIONS["UDP_SEGMENT"], 3)
        before = options(sock)
        sockctl("udp-send", *words, f"fd:{sock.fileno()}", "-", "abcdef", **given(sock)).wait()
        assert options(sock) == before


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["TCP", "UDP"])
def test_echo(sockctl, kind, threads):
    with bound(kind, "0.0.0.0") as sock, socket.socket(socket.AF_INET, kind) as peer:
        if kind == socket.SOCK_STREAM:
            sock.listen()
        before = options(sock)
        proc = sockctl("echo", "--threads", threads, f"fd:{sock.fileno()}", **given(sock))
        proc.wait_err("listening on")
        peer.connect(("127.0.0.1", port_of(sock)))
        peer.send(b"x")
        assert peer.recv(10) == b"x"
        proc.stop()
        assert options(sock) == before


@pytest.mark.parametrize("words", [["listen"], ["listen", "-k", "--exec", "cat"]], ids=" ".join)
def test_listen(sockctl, words):
    with bound(socket.SOCK_STREAM) as sock:
        sock.listen()
        before = options(sock)
        proc = sockctl(*words, f"fd:{sock.fileno()}", stdin=b"x", **given(sock))
        with dial(port_of(sock)) as conn:
            conn.sendall(b"x")
            assert receive(conn, 1) == b"x"
        if "-k" in words:
            proc.stop()
        else:
            proc.wait()
        assert options(sock) == before


@pytest.mark.parametrize("words", [[], ["--exec", "cat; sleep 0.2"], ["-v", "--stats"]],
                         ids=" ".join)
def test_connect(sockctl, words):
    data = os.urandom(1 << 20)
    with bound(socket.SOCK_STREAM) as server:
        server.listen()
        with socket.create_connection(server.getsockname()) as sock, server.accept()[0] as peer:
            sock.setsockopt(*OPTIONS["SO_RCVBUF"], 65536)  # or TCP would change it
            before = options(sock)
            proc = sockctl("connect", *words, f"fd:{sock.fileno()}", **given(sock))
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
            receive_all(peer)
            wait_for(lambda: not proc.running(), "the end")
            assert options(sock) == before


@pytest.mark.parametrize("words", [["connect", "-v"], ["listen", "-v"], ["connect", "--exec", "cat"]],
                         ids=" ".join)
@pytest.mark.parametrize("leave, status, said", [
    (reset, 7, "Connection reset by peer (ECONNRESET)"),
    (None, 5, "it is not connected, or not any more (ENOTCONN)"),
])
def test_a_connection_that_has_ended(sockctl, words, leave, status, said):
    """Nobody was connected to at '?'."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        with dial(port_of(server)) as ours, server.accept()[0] as peer:
            if leave:
                leave(peer)
                wait_for(lambda: select.select([ours], [], [], 0)[0], "the reset")
            else:
                ours.shutdown(socket.SHUT_RDWR)
                receive_all(peer)
                peer.close()
                wait_for(lambda: not connected(ours), "the end of the connection")
            proc = sockctl(*words, f"fd:{ours.fileno()}", fds=[ours.fileno()])
            proc.wait(status)
            assert proc.lines == [f"sockctl: {words[0]}: fd:{ours.fileno()}: {said}"]


@pytest.mark.parametrize("words, status, reason", [
    (["--allow", "10.0.0.0/8"], 7, "not allowed"),
    (["--accept-proxy"], 7, "no PROXY header"),
    (["--accept-proxy", "--accept-proxy-from", "10.0.0.0/8"], 7, "not allowed"),
    pytest.param(["--tls", "--self-signed"], 8, "plain HTTP", marks=pytest.mark.tls),
], ids=["address", "header", "sender", "tls"])
def test_the_only_connection_is_refused(sockctl, words, status, reason):
    with socket.create_server(("127.0.0.1", 0)) as listening, dial(port_of(listening)) as conn:
        conn.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with listening.accept()[0] as ours:
            proc = sockctl("listen", *words, f"fd:{ours.fileno()}", fds=[ours.fileno()])
        proc.wait(status)
    assert reason in proc.lines[-1]
