# SPDX-License-Identifier: ISC
"""connect --pass-fd: the connected socket goes to the program that started us."""

import array
import fcntl
import os
import socket
import subprocess

import pytest

from harness import PROGRAM, wait_for
from peers import accept, port_of, receive, receive_all, unused_port
from proxies import SCHEMES, Scripted, granting, microsocks, sshd

TARGET = ("192.0.2.1", 443)


@pytest.fixture
def passing(sockctl):
    """passing(WORDS) starts the program with a Unix socket as stdout; returns it and our end."""
    ours = []

    def start(*words, kind=socket.SOCK_STREAM, fill=False):
        here, there = socket.socketpair(socket.AF_UNIX, kind)
        ours.append(here)
        if fill:
            there.setblocking(False)
            with pytest.raises(BlockingIOError):
                while True:
                    there.send(b"x" * 4096)
            there.setblocking(True)
        proc = sockctl("connect", "--pass-fd", *words, stdout=there)
        there.close()
        return proc, here

    yield start
    for one in ours:
        one.close()


def take(sock):
    """The socket that comes with one byte, as nc -F and ssh have it."""
    data, control, flags, _ = sock.recvmsg(1, socket.CMSG_SPACE(4))
    assert data == b"\0" and not flags & socket.MSG_CTRUNC
    (level, kind, fds), = control
    assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
    return socket.socket(fileno=array.array("i", fds)[0])


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM])
def test_socket_arrives(passing, server, kind):
    proc, here = passing("127.0.0.1", port_of(server), kind=kind)
    with take(here) as got, accept(server) as conn:
        proc.wait()
        assert proc.complaints == []
        assert not fcntl.fcntl(got, fcntl.F_GETFL) & os.O_NONBLOCK
        assert got.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) == bytes(8)
        got.sendall(b"request")
        assert receive(conn, 7) == b"request"
        got.close()
        assert receive_all(conn) == b""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_byte_of_the_target_is_lost(passing, scheme):
    one = Scripted(scheme, *granting(scheme, b"banner\n"))
    proc, here = passing("--proxy", one.url, *TARGET)
    with take(here) as got:
        proc.wait()
        assert receive(got, 7) == b"banner\n"
        one.conn().close()
        assert receive_all(got) == b""
    one.close()


def test_header_goes_first(passing, server):
    proc, here = passing("--send-proxy=v1", "127.0.0.1", port_of(server))
    with take(here) as got, accept(server) as conn:
        proc.wait()
        got.sendall(b"x")
        got.close()
        assert receive_all(conn).startswith(b"PROXY TCP4 127.0.0.1 127.0.0.1 ")


def test_receiver_that_is_full(passing, server):
    """It is waited for, and the mode of its socket stays."""
    proc, here = passing("127.0.0.1", port_of(server), fill=True)
    with accept(server):
        wait_for(proc.sleeps, "a program that waits")
        assert proc.running()
        data, control = b"x", []
        while not control:
            data, control, _, _ = here.recvmsg(1, socket.CMSG_SPACE(4))
        assert data == b"\0"
        os.close(array.array("i", control[0][2])[0])
        proc.wait()


def test_receiver_that_has_left(sockctl, server):
    here, there = socket.socketpair()
    here.close()
    proc = sockctl("connect", "--pass-fd", "127.0.0.1", port_of(server), stdout=there)
    there.close()
    proc.fails(1, "standard output", "EPIPE")
    accept(server).close()


def test_nothing_is_passed_after_a_failure(passing):
    proc, here = passing("127.0.0.1", unused_port())
    proc.fails(5, "Connection refused")
    assert here.recv(1) == b""


@pytest.mark.parametrize("words, message", [
    (["h", "1"], "standard output is no Unix socket"),
    (["fd:0"], "fd:0"),
    (["tls:h:1"], "TLS cannot go with it"),
    (["--tls", "h", "1"], "--tls"),
    (["--starttls", "smtp", "h", "1"], "--starttls"),
    (["--exec", "cat", "h", "1"], "--exec"),
    (["--check", "h", "1"], "--check"),
])
def test_usage(sockctl, words, message):
    sockctl("connect", "--pass-fd", *words).fails(2, message)


def test_https_proxy(passing):
    proc, _ = passing("--proxy", "https://127.0.0.1:1", *TARGET)
    proc.fails(2, "--pass-fd", "https://")


@pytest.mark.peers
@pytest.mark.needs("ssh", "/usr/sbin/sshd", "microsocks")
def test_ssh(tmp_path):
    """The real thing: ssh speaks with its server over the socket, and we are gone."""
    key = tmp_path / "key"
    started = []
    try:
        started.append(sshd(tmp_path))
        (tmp_path / "socks").mkdir()
        started.append(microsocks(tmp_path / "socks"))
        server, socks = started
        command = f"{PROGRAM} connect --pass-fd --proxy socks5h://127.0.0.1:{socks.port} %h %p"
        done = subprocess.run(
            ["ssh", "-F", "none", "-i", key, "-o", "StrictHostKeyChecking=no", "-o",
             "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o", "ProxyUseFdpass=yes",
             "-o", f"ProxyCommand={command}", "-p", str(server.port), "127.0.0.1", "cat"],
            input=b"through and back" * 100000, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout == b"through and back" * 100000
    finally:
        for one in started:
            one.stop()
