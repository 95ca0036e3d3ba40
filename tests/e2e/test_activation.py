# SPDX-License-Identifier: ISC
"""Sockets that a service manager opened before, and telling it when the server is ready."""

import os
import signal
import socket
import sys

import pytest

from harness import DEVNULL, PROGRAM
from peers import (dial, dial_unix, half_close, listener, port_of, receive, receive_all,
                   unused_port)

needs_systemd = pytest.mark.needs("systemd-socket-activate")


def activate(sockctl, *words, listen, options=(), **how):
    """The real thing: systemd's own tool opens the sockets and starts the program."""
    proc = sockctl(*options, *[f"--listen={place}" for place in listen], PROGRAM, *words,
                   program="systemd-socket-activate", **how)
    proc.wait_err("Listening on .* as")
    return proc


def send(conn, data):
    with conn:
        conn.sendall(data)
        half_close(conn)
        return receive_all(conn)


@needs_systemd
@pytest.mark.parametrize("words", [[], ["fd:3"]], ids=["by itself", "fd:3"])
def test_one_socket(sockctl, words):
    port = unused_port()
    proc = activate(sockctl, "listen", *words, listen=[f"127.0.0.1:{port}"], stdin=b"pong")
    assert send(dial(port), b"ping") == b"pong"
    proc.wait()
    assert proc.out == b"ping"


@needs_systemd
def test_all_sockets_at_once(sockctl, tmp_path):
    """Of any family, and what is not ours is not removed."""
    port, path = unused_port(), tmp_path / "socket"
    proc = activate(sockctl, "listen", "--count", "3",
                    listen=[f"127.0.0.1:{port}", f"[::1]:{port}", path], stdin=DEVNULL)
    assert send(dial(port), b"four") == b""
    assert send(dial(port, "::1"), b"six") == b""
    assert send(dial_unix(str(path)), b"unix") == b""
    proc.wait()
    assert proc.out == b"foursixunix"
    assert path.is_socket()


@needs_systemd
def test_served_on_and_on(sockctl):
    port = unused_port()
    proc = activate(sockctl, "listen", "-k", listen=[f"127.0.0.1:{port}"], stdin=DEVNULL)
    for n in range(5):
        assert send(dial(port), b"%d" % n) == b""
    assert proc.wait_out(5) == b"01234"
    proc.stop()


@needs_systemd
def test_a_connection_that_was_accepted_before(sockctl):
    """One process for each connection, as inetd has them."""
    port = unused_port()
    manager = activate(sockctl, "listen", options=["--accept"], listen=[f"127.0.0.1:{port}"],
                       stdin=DEVNULL)
    assert send(dial(port), b"ping") == b""
    manager.wait_err("Spawned|Child")
    manager.wait_out(4)
    assert manager.out == b"ping"
    manager.kill(signal.SIGTERM)
    manager.wait(-signal.SIGTERM)


# Becomes descriptor 3 of the program, as sd_listen_fds(3) describes it.
PASS = """
import os, sys
fd, count, pid = sys.argv[1:4]
os.dup2(int(fd), 3)
os.environ["LISTEN_FDS"] = count
os.environ["LISTEN_PID"] = pid or str(os.getpid())
os.execvp(sys.argv[4], sys.argv[4:])
"""


def passing(file, count="1", pid=""):
    """How to start the program with FILE, told that COUNT descriptors were passed to PID."""
    return {"wrap": [sys.executable, "-c", PASS, str(file.fileno()), count, pid],
            "fds": [file.fileno()]}


def test_words_of_others_are_not_ours(sockctl):
    """Left over in the environment of another process: not for us."""
    with listener() as sock:
        sockctl("listen", **passing(sock, pid="1")).fails(2, "PORT")
        sockctl("listen", **passing(sock, pid="x")).fails(2, "PORT")


@pytest.mark.parametrize("value", ["x", "-1", "99999999999999999999", "1 "])
def test_nonsense_in_the_environment(sockctl, value):
    with listener() as sock:
        sockctl("listen", **passing(sock, count=value)).fails(2, "LISTEN_FDS")


def test_a_descriptor_that_does_not_listen(sockctl, tmp_path):
    with open(tmp_path / "file", "wb") as file:
        sockctl("listen", **passing(file)).fails(5, "fd:3", "ENOTSOCK")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sockctl("listen", **passing(sock)).fails(5, "fd:3")
    with listener() as sock:
        sockctl("listen", **passing(sock, count="2")).fails(5, "fd:4")


def test_words_come_before_the_environment(sockctl):
    with listener() as sock:
        proc = sockctl("listen", "127.0.0.1", "0", stdin=DEVNULL, **passing(sock))
        assert proc.port != port_of(sock)
        assert send(dial(proc.port), b"x") == b""
        proc.wait()


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    """A socket that hears what a service says about itself, and its name."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@sockctl-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(30)
        sock.bind(name.replace("@", "\0", 1))
        yield sock, name


def test_readiness(sockctl, manager):
    """Whoever connects after it was told is served."""
    sock, name = manager
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=DEVNULL,
                   env={**os.environ, "NOTIFY_SOCKET": name})
    assert sock.recv(100) == b"READY=1"
    assert send(dial(proc.port), b"x") == b""
    proc.stop()
    assert sock.recv(100) == b"STOPPING=1"


def test_no_readiness_without_a_socket(sockctl, manager):
    sock, name = manager
    with listener() as taken:
        sockctl("listen", "127.0.0.1", port_of(taken),
                env={**os.environ, "NOTIFY_SOCKET": name}).fails(5, "EADDRINUSE")
    sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        sock.recv(100)


@pytest.mark.parametrize("name", ["/nonexistent/socket", "nonsense", "/" + "x" * 200])
def test_a_manager_that_cannot_be_told_is_no_reason_not_to_serve(sockctl, name):
    proc = sockctl("listen", "127.0.0.1", "0", stdin=DEVNULL,
                   env={**os.environ, "NOTIFY_SOCKET": name})
    assert send(dial(proc.port), b"x") == b""
    proc.wait()
    assert [line for line in proc.lines if "service manager" in line]


# The mode of a socket that was passed belongs to others as well, and so do its connections.

@pytest.mark.parametrize("programs, words", [
    (1, ["echo", "--tcp", "--threads", "8"]), (3, ["echo", "--tcp"]),
    (3, ["listen", "-k", "--exec", "cat"]),
], ids=["threads", "processes", "programs"])
def test_acceptors_that_compete_for_connections(sockctl, programs, words):
    """Who comes too late for one must not wait in accept(2) for the next."""
    with listener() as sock:
        sock.settimeout(None)
        os.set_blocking(sock.fileno(), True)
        procs = [sockctl(words[0], *words[1:], f"fd:{sock.fileno()}", fds=[sock.fileno()],
                         stdin=DEVNULL) for _ in range(programs)]
        for proc in procs:
            proc.wait_err("listening on")
        for _ in range(200):
            with dial(port_of(sock)) as conn:
                conn.sendall(b"x")
                assert receive(conn, 1) == b"x"
        assert os.get_blocking(sock.fileno())
        for proc in procs:
            proc.stop()
