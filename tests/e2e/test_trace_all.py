# SPDX-License-Identifier: ISC
"""--trace-all and strace agree, call by call, for every kind of command."""

import os
import signal
import socket
from contextlib import closing

import pytest

from harness import DEVNULL, SANITIZED
from kernel import STRACE, compare
from peers import accept, answer, dial, half_close, port_of, receive_all, udp, unused_port
from proxies import Scripted, granting
from test_calls import SAMPLE, place_of, run

pytestmark = [pytest.mark.needs("strace"),
              pytest.mark.skipif(SANITIZED, reason="sanitizers make calls of their own")]


@pytest.fixture
def watched(sockctl, tmp_path):
    """Starts a command under strace with a trace; its compare() says whether both agree."""

    def start(command, *args, prints=False, **how):
        report, trace = tmp_path / f"{command}.seen", tmp_path / f"{command}.trace"
        proc = sockctl(command, f"--trace-all={trace}", *args, wrap=[*STRACE, "-o", report], **how)
        proc.compare = lambda: compare(proc, report, trace, prints)
        return proc

    return start


@pytest.mark.parametrize("command", [*SAMPLE, "sockets --tcp", "sockets --udp --numeric --processes"])
def test_command(sockctl, tmp_path, command):
    place = place_of(command, tmp_path)
    seen, trace = tmp_path / "seen", tmp_path / "trace"
    proc = run(sockctl, place, f"--trace-all={trace}", wrap=[*STRACE, "-o", seen])
    prints = place.name in ("descriptor", "options", "address", "sockets", "udp-recv", "raw-recv",
                            "udp-send", "raw-send")
    assert compare(proc, seen, trace, prints)


def talk(conn, said=b"ping\n"):
    conn.sendall(said)
    half_close(conn)
    return receive_all(conn)


def test_several_clients(watched):
    proc = watched("listen", "-k", "--count", "2", "127.0.0.1", 0, stdin=DEVNULL)
    for _ in range(2):
        with dial(proc.port) as conn:
            talk(conn)
    proc.wait()
    proc.compare()


def test_forward(watched, server):
    proc = watched("listen", "--forward", f"127.0.0.1:{port_of(server)}", "127.0.0.1", 0)
    with dial(proc.port) as conn:
        conn.sendall(b"ping\n")
        half_close(conn)
        with accept(server) as other:
            assert answer(other, b"pong\n") == b"ping\n"
        assert receive_all(conn) == b"pong\n"
    proc.wait()
    proc.compare()


@pytest.mark.parametrize("option", ["--broker", "--chat"])
def test_broker(watched, option):
    proc = watched("listen", option, "127.0.0.1", 0)
    with dial(proc.port) as one, dial(proc.port) as two:
        one.sendall(b"hello\n")
        while not two.recv(100).endswith(b"hello\n"):
            pass  # what --chat has to say before
    proc.stop(signal.SIGINT)
    proc.compare()


def test_programs(watched):
    """What each process calls until it has become another program."""
    proc = watched("listen", "-k", "--count", "2", "--exec", "tr a-z A-Z", "127.0.0.1", 0, stdin=DEVNULL)
    for _ in range(2):
        with dial(proc.port) as conn:
            assert talk(conn) == b"PING\n"
    proc.wait()
    assert len(proc.compare()) == 3


def test_threads(watched):
    proc = watched("echo", "--threads", 2, "127.0.0.1", 0)
    for _ in range(4):
        with dial(proc.port) as conn:
            assert talk(conn) == b"ping\n"
        with udp() as sock:
            sock.sendto(b"ping", ("127.0.0.1", proc.port))
            assert sock.recv(100) == b"ping"
    proc.stop(signal.SIGINT)
    assert len(proc.compare()) == 2


def test_datagrams_joined(watched):
    """listen --udp and connect --udp."""
    server = watched("listen", "--udp", "127.0.0.1", 0, stdin=b"pong\n")
    client = watched("connect", "--udp", "127.0.0.1", server.port, stdin=b"ping\n")
    assert server.wait_out(5) == b"ping\n"
    assert client.wait_out(5) == b"pong\n"
    for proc in (client, server):
        proc.stop(signal.SIGINT)
        proc.compare()


@pytest.mark.parametrize("scheme", ["socks4", "socks5", "http"])
def test_proxy(watched, scheme):
    with closing(Scripted(scheme, *granting(scheme))) as proxy:
        client = watched("connect", "--proxy", proxy.url, "192.0.2.1", 7, stdin=b"ping\n")
        with proxy.conn() as conn:
            assert answer(conn, b"pong\n") == b"ping\n"
        client.wait()
    client.compare()


def test_unix_with_group(watched, tmp_path):
    path = tmp_path / "socket"
    proc = watched("listen", f"unix:{path}", "--mode", "0660", "--group", os.getgid(), stdin=DEVNULL)
    proc.wait_err("listening")
    with socket.socket(socket.AF_UNIX) as conn:
        conn.connect(str(path))
        talk(conn)
    proc.wait()
    proc.compare()


def test_file_as_input(watched, server, tmp_path):
    """Bytes that the kernel moves."""
    (tmp_path / "input").write_bytes(b"x" * 300000)
    proc = watched("connect", "--input", tmp_path / "input", "--output", tmp_path / "output",
                   "127.0.0.1", port_of(server))
    with accept(server) as conn:
        assert len(answer(conn, b"y" * 300000)) == 300000
    proc.wait()
    proc.compare()


def test_refused(watched):
    proc = watched("connect", "127.0.0.1", unused_port())
    proc.ended()
    proc.compare()
