# SPDX-License-Identifier: ISC
"""TLS with what has no address of its own: Unix sockets, descriptors, somebody at a terminal."""

import os
import select
import signal
import socket

import pytest

import openssl_peer
from authority import openssl
from harness import DEADLINE, PIPE, PROGRAM, Task
from peers import MIB, reset
from tls_server import VERSIONS

pytestmark = pytest.mark.tls


class Pair:
    """A server on one end of a pair of sockets; the other is for the program."""

    def __init__(self, identity, serve, version="1.3"):
        self.theirs, self.ours = socket.socketpair()
        self.task = Task(self.run, identity, serve, version)

    def run(self, identity, serve, version):
        context = openssl_peer.server_context(identity, version)
        self.ours.settimeout(None)
        with self.ours:
            return serve(openssl_peer.Connection(context, self.ours))

    def result(self):
        return self.task.result()


def answer(conn):
    data = conn.read_to_end()
    conn.write(data)
    conn.end()
    return data


NAMES = pytest.mark.parametrize("words", [
    ["--server-name", "localhost"], ["--pin"], ["--insecure"],
], ids=lambda words: words[0])


@pytest.fixture
def known(authority):
    """known(WORDS): how the server is known where its place has no name."""
    def of(words):
        if words == ["--pin"]:
            return ["--pin", authority.server.pin()]
        return words if words == ["--insecure"] else [*words, "--ca", authority.root.cert]
    return of


@NAMES
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("place", ["unix", "path", "abstract", "descriptor"])
def test_both_directions(sockctl, authority, tmp_path, known, words, version, place):
    data = os.urandom(MIB)
    if place == "descriptor":
        server = Pair(authority.server, answer, version)
        fd = server.theirs.fileno()
        proc = sockctl("connect", "--tls", *known(words), f"fd:{fd}", stdin=data, fds=[fd])
        server.theirs.close()
    else:
        path = f"@{tmp_path}" if place == "abstract" else f"{tmp_path}/socket"
        server = openssl_peer.Server(authority.server, answer, version, unix=path)
        prefix = "" if place == "path" else "unix:"
        proc = sockctl("connect", "--tls", *known(words), f"{prefix}{path}", stdin=data)
    proc.wait()
    assert proc.out == data == server.result()
    assert len(proc.complaints) == (words == ["--insecure"])


@pytest.mark.parametrize("place", ["unix", "descriptor"])
@pytest.mark.parametrize("words, status, said", [
    ([], 2, "has no name that TLS could verify: --server-name NAME"),
    (["--server-name", "other.test"], 8, "not for other.test"),
    (["--pin", "sha256:" + "0" * 64], 8, "not the pinned one"),
], ids=["no name", "other name", "other key"])
def test_refused(sockctl, authority, tmp_path, place, words, status, said):
    server = Pair(authority.server, answer)
    fd = server.theirs.fileno()
    endpoint = f"fd:{fd}"
    if place == "unix":
        path = f"{tmp_path}/socket"
        server = openssl_peer.Server(authority.server, answer, unix=path)
        endpoint = f"unix:{path}"
    trust = [] if "--pin" in words else ["--ca", authority.root.cert]
    proc = sockctl("connect", "--tls", *trust, *words, endpoint, fds=[fd])
    proc.fails(status, endpoint.removeprefix("unix:"), said)


@pytest.mark.parametrize("way, status, said", [
    ("silence", 6, ""), ("end", 7, "ended the connection during the TLS handshake"),
    ("plain", 8, "--starttls smtp"),
    # Nothing is waited for where nothing can be said.
    ("deaf", 7, "the peer reset the connection during the TLS handshake (EPIPE)"),
])
def test_a_descriptor_with_no_tls(sockctl, way, status, said):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        if way == "end":
            ours.shutdown(socket.SHUT_WR)
        elif way == "plain":
            ours.sendall(b"220 mail ESMTP\r\n")
        elif way == "deaf":
            ours.shutdown(socket.SHUT_RD)
        proc = sockctl("connect", "--tls", "--server-name", "localhost", "--connect-timeout",
                       "0.5" if way == "silence" else "20", f"fd:{theirs.fileno()}",
                       fds=[theirs.fileno()])
        proc.fails(status, f"fd:{theirs.fileno()}", said)


def test_a_descriptor_is_told_of_a_stream_that_was_cut_off(sockctl, authority):
    """By the lack of close_notify, as these sockets have no reset."""
    def serve(conn):
        try:
            return conn.read_to_end()
        except AssertionError as error:
            return error

    server = Pair(authority.server, serve)
    fd = server.theirs.fileno()
    proc = sockctl("connect", "--tls", "--server-name", "localhost", "--ca", authority.root.cert,
                   "--timeout", "1", f"fd:{fd}", fds=[fd], stdin=PIPE)
    server.theirs.close()
    proc.wait(6)
    assert isinstance(server.result(), AssertionError)


# Somebody at a terminal.

MODES = pytest.mark.parametrize("mode", ["lines", "raw"])
MENU = b"[q]uit"


@pytest.fixture
def session(sockctl, authority, terminal):
    """session(OPTION...) returns the program and its peer, once the terminal is in its mode."""
    procs, conns = [], []

    def start(*options, version="1.3", **how):
        server = openssl_peer.Server(authority.server, lambda conn: conn, version, keeps=True)
        proc = sockctl("connect", "--tls", "--ca", authority.root.cert, *options, "localhost",
                       server.port, stdin=terminal.fd, **how)
        procs.append(proc)
        conns.append(server.result())
        if "--raw-tty" in options:
            terminal.wait_raw()
        else:
            terminal.wait_changed()
        return proc, conns[-1]

    yield start
    for conn in conns:
        conn.conn.close()
    for proc in procs:
        proc.popen.wait(DEADLINE)


def options_of(mode):
    return ["--raw-tty"] if mode == "raw" else []


def receive(conn, length):
    data = b""
    while len(data) < length:
        piece = conn.read(length - len(data))
        assert piece, data
        data += piece
    return data


@pytest.mark.parametrize("version", VERSIONS)
def test_lines_are_edited_here(session, terminal, version):
    """And a line without its end goes with ^D; the second one ends the input."""
    proc, conn = session(version=version)
    terminal.type(b"hellp\x7fo\n")
    assert receive(conn, 6) == b"hello\n"
    terminal.type(b"half a line\x04")
    assert receive(conn, 11) == b"half a line"
    terminal.type(b"\x04")
    assert conn.read() == b""  # close_notify
    conn.write(b"the answer\n")
    proc.wait_out(11)
    assert proc.running()
    conn.end()
    proc.wait()
    assert proc.out == b"the answer\n"
    assert terminal.attributes() == terminal.before


def test_prompt_without_line_end_is_shown_at_once(session, terminal):
    proc, conn = session(stdout=terminal.fd)
    conn.write(b"login: ")
    terminal.wait_screen(b"login: ")
    terminal.type(b"me\n")
    assert receive(conn, 3) == b"me\n"
    conn.end()
    proc.wait()


@pytest.mark.parametrize("version", VERSIONS)
def test_raw_keys_go_at_once_and_unchanged(session, terminal, version):
    """Each in a record of its own, for somebody waits for its echo."""
    _, conn = session("--raw-tty", version=version)
    for keys in (b"a", b"\x03", b"\x04", b"\x1a", b"\x13", b"\r", b"\n", b"\x7f", b"\xff", b"\0"):
        terminal.type(keys)
        assert receive(conn, 1) == keys
    conn.end()


@MODES
def test_menu(session, terminal, mode):
    proc, conn = session(*options_of(mode))
    enter = b"\r" if mode == "raw" else b"\n"
    terminal.type(b"before\x1d")
    terminal.wait_screen(MENU)
    assert receive(conn, 6) == b"before"
    terminal.type(b"s")
    terminal.wait_screen(b"6 bytes sent, 0 bytes received")
    terminal.type(b"after\x1d\x1d" + enter)
    terminal.wait_screen(MENU, 2)
    assert receive(conn, 7) == b"after\x1d" + enter
    terminal.type(b"\x1dc")
    assert conn.read() == b""
    conn.write(b"answer")
    proc.wait_out(6)
    assert proc.running()
    conn.end()
    proc.wait()
    assert terminal.attributes() == terminal.before


@MODES
def test_no_break(session, terminal, mode):
    """An urgent byte would go past TLS; the command of Telnet is data."""
    _, conn = session(*options_of(mode))
    terminal.type(b"before\x1db")
    terminal.wait_screen(b"TLS has no break")
    terminal.type(b"after" + (b"\r" if mode == "raw" else b"\n"))
    assert receive(conn, 11) == b"beforeafter"
    assert not select.select([], [], [conn.conn], 0)[2]
    conn.end()


def test_break_of_telnet(session, terminal):
    _, conn = session("--raw-tty", "--telnet")
    terminal.type(b"a\xff\x1db")
    assert receive(conn, 5) == b"a\xff\xff\xff\xf3"
    conn.end()


WAYS_OUT = {"peer": 0, "torn": 7, "reset": 7, "timeout": 6, "quit": 0, "SIGTERM": 143,
            "SIGINT": 130, "SIGHUP": 129}


@MODES
@pytest.mark.parametrize("way", WAYS_OUT)
def test_the_terminal_is_as_it_was(session, terminal, mode, way):
    limits = ["--timeout", "1"] if way == "timeout" else []
    proc, conn = session(*options_of(mode), *limits)
    if way == "peer":
        conn.end()
    elif way == "torn":
        conn.conn.close()
    elif way == "reset":
        reset(conn.conn)
    elif way == "quit":
        terminal.type(b"\x1dq")
    elif way.startswith("SIG"):
        proc.kill(getattr(signal, way))
    proc.wait(WAYS_OUT[way])
    assert terminal.attributes() == terminal.before


def test_password_of_a_key_is_asked_at_the_terminal(authority, terminal, tmp_path):
    """Before the connection, without an echo; what is typed behind it is data."""
    key = tmp_path / "key"
    openssl("pkey", "-in", authority.client.key, "-aes256", "-passout", "pass:secret", "-out", key)
    key.chmod(0o600)
    terminal.start_shell(tmp_path)
    server = openssl_peer.Server(authority.server, lambda conn: conn, keeps=True)
    terminal.run(f"{PROGRAM} connect --tls --ca {authority.root.cert} --cert "
                 f"{authority.client.cert} --key {key} localhost {server.port}; echo status $?")
    terminal.wait_screen(b"passphrase")
    terminal.type(b"secret\n")
    conn = server.result()
    terminal.type(b"hello\n")
    assert receive(conn, 6) == b"hello\n"
    conn.end()
    terminal.type(b"\x04")
    terminal.wait_screen(b"status 0")
    assert b"secret" not in bytes(terminal.screen.data)
    conn.conn.close()
