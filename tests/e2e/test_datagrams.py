# SPDX-License-Identifier: ISC
"""Datagrams that are joined as streams are: connect --udp."""

import os
import socket

import pytest

from harness import DEADLINE, DEVNULL, PIPE
from peers import port_of, udp, unused_udp_port

HOSTS = ["127.0.0.1", "::1"]
LARGEST = {"127.0.0.1": 65507, "::1": 65527}  # bytes of UDP data in a packet


def nothing_more(sock):
    """True if no datagram is waiting, for what was sent over loopback has arrived."""
    sock.setblocking(False)
    try:
        sock.recv(65536)
    except BlockingIOError:
        return True
    return False


def unix_datagram(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.settimeout(DEADLINE)
    sock.bind(str(path))
    return sock


# connect --udp


@pytest.mark.parametrize("host", HOSTS)
def test_what_one_read_brings_is_a_datagram(sockctl, host):
    with udp(host) as peer:
        proc = sockctl("connect", "-u", "--wait", "50ms", host, port_of(peer), stdin=PIPE)
        for piece in (b"one\n", b"two", b"three\nlines\n\n"):
            proc.stdin.write(piece)
            data, source = peer.recvfrom(65536)
            assert data == piece
        peer.sendto(b"an answer", source)
        proc.wait_out(9)
        proc.stdin.close()
        proc.wait()
        assert proc.out == b"an answer"
        assert nothing_more(peer)


@pytest.mark.parametrize("host", HOSTS)
def test_what_does_not_fit_is_split(sockctl, tmp_path, host):
    data = os.urandom(100000)
    (tmp_path / "data").write_bytes(data)
    with udp(host) as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sockctl("connect", "-u", "--wait", "50ms", "--input", tmp_path / "data", host,
                port_of(peer)).wait()
        first, second = peer.recv(100000), peer.recv(100000)
    assert len(first) == LARGEST[host] and first + second == data


def test_late_answers_are_waited_for(sockctl):
    with udp() as peer:
        proc = sockctl("connect", "-u", "127.0.0.1", port_of(peer), stdin=b"question")
        _, source = peer.recvfrom(100)
        for answer in (b"first ", b"", b"second"):
            peer.sendto(answer, source)
        assert proc.wait() >= 1
    assert proc.out == b"first second"


def test_unix(sockctl, tmp_path):
    with unix_datagram(tmp_path / "peer") as peer:
        proc = sockctl("connect", "-u", "--wait", "100ms", tmp_path / "peer", stdin=b"question")
        data, source = peer.recvfrom(100)
        assert data == b"question" and source
        peer.sendto(b"answer", source)
        proc.wait()
    assert proc.out == b"answer"


def test_a_large_datagram_comes_whole(sockctl):
    answer = os.urandom(65507)
    with udp() as peer:
        proc = sockctl("connect", "-u", "--wait", "100ms", "127.0.0.1", port_of(peer), stdin=b"?")
        peer.sendto(answer, peer.recvfrom(100)[1])
        proc.wait()
    assert proc.out == answer


@pytest.mark.parametrize("host", HOSTS)
def test_nobody_there(sockctl, host):
    proc = sockctl("connect", "-u", host, unused_udp_port(), stdin=b"question")
    proc.fails(5, "Connection refused", f"port unreachable, told by {host}", "ECONNREFUSED")


def test_nobody_there_any_more(sockctl):
    with udp() as peer:
        proc = sockctl("connect", "-u", "127.0.0.1", port_of(peer), stdin=PIPE)
        proc.stdin.write(b"question")
        peer.sendto(b"answer", peer.recvfrom(100)[1])
        proc.wait_out(6)
    proc.stdin.write(b"another")
    proc.fails(7, "port unreachable, told by 127.0.0.1")
    assert proc.out == b"answer"


def test_silence_can_end_it(sockctl):
    with udp() as peer:
        proc = sockctl("connect", "-u", "--idle-timeout", "100ms", "127.0.0.1", port_of(peer),
                       stdin=PIPE)
        proc.fails(6, "idle for too long")


def test_answers_of_others_are_not_heard(sockctl):
    with udp() as peer, udp() as other:
        proc = sockctl("connect", "-u", "--wait", "100ms", "127.0.0.1", port_of(peer), stdin=b"?")
        source = peer.recvfrom(100)[1]
        other.sendto(b"wrong", source)
        peer.sendto(b"right", source)
        proc.wait()
    assert proc.out == b"right"


def test_both_ends_are_named(sockctl):
    with udp() as peer:
        proc = sockctl("connect", "-uv", "--wait", "1ms", "127.0.0.1", port_of(peer), stdin=b"?")
        source = peer.recvfrom(100)[1]
        proc.wait()
        assert f"connected to 127.0.0.1:{port_of(peer)} from 127.0.0.1:{source[1]}" in proc.err


def test_a_program_in_place_of_input_and_output(sockctl):
    with udp() as peer:
        proc = sockctl("connect", "-u", "127.0.0.1", port_of(peer), "--exec",
                       "echo question; read -r answer; echo got $answer", stdin=DEVNULL)
        data, source = peer.recvfrom(100)
        assert data == b"question\n"
        peer.sendto(b"answer\n", source)
        assert peer.recv(100) == b"got answer\n"
        proc.wait()


@pytest.mark.parametrize("words, told", [
    (["--tls"], ["--udp", "--tls"]), (["--check"], ["--udp", "--check"]),
    (["--shutdown", "write"], ["--udp", "--shutdown"]),
    (["--proxy", "socks5://localhost"], ["--udp", "--proxy"]),
])
def test_what_only_streams_have(sockctl, words, told):
    sockctl("connect", "-u", *words, "127.0.0.1", 9).fails(2, *told)


def test_the_wait_is_for_datagrams(sockctl):
    sockctl("connect", "--wait", "1", "127.0.0.1", 9).fails(2, "--wait", "--udp")
