# SPDX-License-Identifier: ISC
"""Colours are for terminals, and only where nobody objects; columns are as wide as they look."""

import os
import re
import socket
import unicodedata

import pytest

from harness import DEVNULL
from names_fixtures import make_host  # noqa: F401: a fixture
from peers import accept, port_of

BOLD, RED, GREEN, RESET = b"\x1b[1m", b"\x1b[1;31m", b"\x1b[32m", b"\x1b[0m"

SEQUENCE = re.compile(rb"\x1b\[[0-9;]*m")


def environment(**changes):
    env = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    return env | {"TERM": "xterm"} | changes


@pytest.fixture
def shown(sockctl, terminal):
    """shown(STREAM, ENV, WORDS...): what a terminal gets of stdout or stderr."""
    def run(stream, env, *words, status=0):
        proc = sockctl(*words, stdin=DEVNULL, env=env, **{stream: terminal.fd})
        proc.popen.wait(30)
        proc.wait(status)
        os.write(terminal.fd, b"<end>")
        terminal.wait_screen(b"<end>")
        return bytes(terminal.screen.data).replace(b"\r\n", b"\n")[:-len(b"<end>")]

    return run


OBJECTIONS = [{"NO_COLOR": "1"}, {"NO_COLOR": "0"}, {"TERM": "dumb"}, {"TERM": ""}]


def test_headings_of_help(sockctl, shown):
    plain = sockctl("help", "connect", env=environment())
    plain.wait()
    text = shown("stdout", environment(), "help", "connect")
    assert BOLD + b"Usage:" + RESET + b" sockctl connect" in text
    assert b"\n" + BOLD + b"Examples:" + RESET + b"\n" in text
    assert SEQUENCE.sub(b"", text) == plain.out
    assert b"\x1b" not in plain.out


@pytest.mark.parametrize("words", [["help"], [], ["connect", "--help"], ["help", "endpoints"]],
                         ids=" ".join)
def test_help_is_the_same_text(sockctl, shown, words):
    plain = sockctl(*words)
    plain.wait()
    text = shown("stdout", environment(), *words)
    assert BOLD in text
    assert SEQUENCE.sub(b"", text) == plain.out


@pytest.mark.parametrize("objection", OBJECTIONS, ids=str)
def test_objections(shown, objection):
    assert b"\x1b" not in shown("stdout", environment(**objection), "help", "connect")


def test_an_empty_objection_is_none(shown):
    assert BOLD in shown("stdout", environment(NO_COLOR=""), "help")


def test_errors(shown):
    text = shown("stderr", environment(), "connect", "127.0.0.1", "1", status=5)
    assert text.startswith(RED + b"sockctl: connect:" + RESET + b" 127.0.0.1:1: ")
    assert text.count(b"\x1b") == 2


@pytest.mark.parametrize("objection", OBJECTIONS, ids=str)
def test_errors_with_objections(shown, objection):
    text = shown("stderr", environment(**objection), "connect", "127.0.0.1", "1", status=5)
    assert text.startswith(b"sockctl: connect: 127.0.0.1:1: ")


def test_always(sockctl):
    """Also into a pipe, and against all objections."""
    proc = sockctl("connect", "--color", "always", "127.0.0.1", "1", env=environment(NO_COLOR="1"))
    proc.wait(5)
    assert proc.err.encode().startswith(RED + b"sockctl: connect:" + RESET)
    proc = sockctl("sockets", "--color=always", "-tl")
    proc.wait()
    assert proc.out.startswith(BOLD)


def test_never(shown):
    text = shown("stderr", environment(), "connect", "--color=never", "127.0.0.1", "1", status=5)
    assert text.startswith(b"sockctl: connect: 127.0.0.1:1: ")
    assert b"\x1b" not in shown("stdout", environment(), "sockets", "-tl", "--color=never")


def test_json_is_never_coloured(sockctl):
    proc = sockctl("connect", "--json", "--color=always", "127.0.0.1", "1")
    proc.wait(5)
    assert "\x1b" not in proc.err


def test_json_has_no_colours(shown):
    text = shown("stderr", environment(), "connect", "--json", "127.0.0.1", "1", status=5)
    assert b"\x1b" not in text and text.startswith(b"{")


def test_each_stream_for_itself(sockctl, terminal):
    """A file beside a terminal gets no sequences."""
    proc = sockctl("connect", "127.0.0.1", "1", stdin=DEVNULL, stdout=terminal.fd,
                   env=environment())
    proc.fails(5, "ECONNREFUSED")


def test_states_of_sockets(shown, server):
    text = shown("stdout", environment(), "sockets", "--listening", "--tcp")
    header, *lines = text.splitlines()
    assert header.count(BOLD) == 7
    line, = [line for line in lines if b":%d " % port_of(server) in SEQUENCE.sub(b"", line)]
    assert GREEN + b"LISTEN" + RESET in line
    plain = SEQUENCE.sub(b"", text).splitlines()
    assert plain[0].index(b"LOCAL") == SEQUENCE.sub(b"", line).index(b"127.0.0.1")


def test_directions_of_a_hex_dump(sockctl, server, terminal):
    proc = sockctl("connect", "--hex", "127.0.0.1", port_of(server), stdin=b"out", env=environment(),
                   stderr=terminal.fd)
    with accept(server) as conn:
        assert conn.recv(3) == b"out"
        conn.sendall(b"in")
    proc.wait()
    terminal.wait_screen(b"|in|\r\n\x1b[0m")
    text = bytes(terminal.screen.data)
    assert b"\x1b[36m> " in text and b"\x1b[35m< " in text


def columns(text):
    """How many columns of a terminal it takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF"
               else 1 for c in text)


NAMES = ["短い", "とても長い名前のホスト", "plain", "e\u0301tage", "gr\u00fcn", "\uff46\uff55\uff4c\uff4c"]


@pytest.fixture(scope="module")
def wide(make_host):  # noqa: F811
    lines = {
        "hosts": [f"192.0.2.{i} {name} alias" for i, name in enumerate(NAMES, 1)],
        "services": [f"{name} {i}/tcp alias" for i, name in enumerate(NAMES, 1)],
        "protocols": [f"{name} {i} alias" for i, name in enumerate(NAMES, 1)],
        "networks": [f"{name} 10.{i} alias" for i, name in enumerate(NAMES, 1)],
    }
    return make_host({name: "\n".join(rows) + "\n" for name, rows in lines.items()})


@pytest.mark.parametrize("command", ["hosts", "services", "protocols", "networks"])
def test_wide_names_are_aligned(sockctl, wide, command):
    proc = sockctl(command, wrap=wide.wrap)
    proc.wait()
    lines = proc.out.decode().splitlines()
    assert len(lines) == len(NAMES)
    assert all(name in proc.out.decode() for name in NAMES)
    for word in range(1, len(lines[0].split())):
        starts = {columns(re.match(rf"(\S+\s+){{{word}}}", line)[0]) for line in lines}
        assert len(starts) == 1, proc.out.decode()


def test_wide_paths_are_aligned(sockctl, tmp_path):
    socks = []
    for name in ("短い", "plain"):
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(str(tmp_path / name))
        sock.listen()
        socks.append(sock)
    proc = sockctl("sockets", "--unix", "--listening")
    proc.wait()
    header, *lines = [line for line in proc.out.decode().splitlines()
                      if str(tmp_path) in line or line.startswith("PROTO")]
    ends = {columns(line[:line.index(str(tmp_path))]) for line in lines}
    # The local address has two words, the path and the inode.
    users = {columns(re.match(r"(\S+\s+){7}", line)[0]) for line in lines}
    assert len(lines) == 2 and ends == {header.index("LOCAL")} and users == {header.index("USER")}
    for sock in socks:
        sock.close()
