# SPDX-License-Identifier: ISC
"""What is shown on a terminal fits it, from 40 columns on: wrapped, or cut, but never a port."""

import os
import re
import socket
import unicodedata

import pytest

from harness import DEVNULL
from peers import accept, port_of
from terminal import Terminal

WIDTHS = [40, 60, 80, 200]
SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

TABLES = [
    "sockets --tcp --long", "sockets --udp --unix --processes", "services", "protocols", "networks",
    "hosts", "errors", "options", "options tcp", "options SO_LINGER TCP_INFO", "descriptor",
    "resolve --long localhost http", "address 2001:db8:1:2:3:4:5:6 192.0.2.0/24",
    "address --sockaddr [2001:db8::1]:80",
]
HELPS = ["", "help", "help nc", "help openssl", "help endpoints", "help status", "help values",
         "help servers", "connect --help", "listen --help", "sockets --help", "help connect --timeout"]


def columns(line):
    """How many columns of a terminal it takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF"
               else 1 for c in line)


@pytest.fixture
def shown(sockctl):
    """shown(WIDTH, WORDS...): the lines that a terminal of a width shows of stdout."""
    def run(width, *words, status=0):
        terminal = Terminal()
        terminal.resize(24, width)
        try:
            proc = sockctl(*words, stdin=DEVNULL, stdout=terminal.fd)
            proc.popen.wait(30)
            proc.wait(status)
            os.write(terminal.fd, b"<end>")
            terminal.wait_screen(b"<end>")
            text = bytes(terminal.screen.data).decode().replace("\r\n", "\n")
        finally:
            terminal.close()
        return SEQUENCE.sub("", text)[:-len("<end>")].splitlines()

    return run


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("words", TABLES + HELPS)
def test_lines_fit(shown, words, width):
    lines = shown(width, *words.split())
    assert lines
    assert [line for line in lines if columns(line) > width] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_ports_are_whole(shown, width):
    """Also those of the longest addresses, which do not fit beside anything."""
    with socket.socket(socket.AF_INET6) as one, socket.socket() as other:
        one.bind(("::1", 0))
        other.bind(("127.0.0.1", 0))
        for sock in (one, other):
            sock.listen()
            text = "\n".join(shown(width, "sockets", "--tcp", "--numeric", "-l"))
            assert re.search(rf"[\d\]]:{sock.getsockname()[1]}\b", text)


def words_of(lines):
    """Without numbers, which differ from run to run."""
    return [re.sub(r"\d+", "0", word) for line in lines for word in line.split()]


@pytest.mark.parametrize("width", [40, 200])
@pytest.mark.parametrize("words, titles", [
    ("services", "NAME PORT CLASS ALIASES"), ("protocols", "NAME NUMBER ALIASES"),
    ("networks", "NAME ADDRESS"), ("hosts", "ADDRESS NAME"), ("options", "NAME ACCESS TYPE MEANING"),
    ("errors", "NUM NAME BSD WSA WINSOCK MEANING ALIASES"), ("descriptor", "CALL PROMISE RESULT"),
    ("options udp", "NAME ACCESS TYPE VALUE MEANING"), ("resolve ::1 127.0.0.1", "QUERY ANSWER"),
    ("resolve --long 127.0.0.1 80", "ANSWER FAMILY TYPE PROTOCOL"),
    ("address --sockaddr 127.0.0.1", "STRUCTURE FIELD TYPE OFFSET SIZE BYTES VALUE"),
    ("address --in ::/0 ::1", "ADDRESS RANGE")])
def test_header_at_a_terminal(sockctl, shown, words, titles, width):
    """Scripts get the rows alone; people the names of the columns, and nothing less."""
    proc = sockctl(*words.split())
    proc.ended()
    rows = proc.out.decode().splitlines()
    lines = shown(width, *words.split(), status=proc.popen.returncode)
    assert words_of(lines)[:len(titles.split())] == titles.split()
    assert sorted(words_of(lines)[-len(words_of(rows)):]) == sorted(words_of(rows))
    if width == 200:
        assert lines[0].split()[:len(titles.split())] == titles.split() and len(lines) == len(rows) + 1


@pytest.mark.parametrize("words", ["resolve localhost", "options SO_LINGER", "address ::1"])
def test_no_header_without_columns(sockctl, shown, words):
    """A list, and records, whose lines have names."""
    proc = sockctl(*words.split())
    proc.wait()
    assert words_of(shown(200, *words.split())) == words_of(proc.out.decode().splitlines())


def test_no_header_without_rows(sockctl, shown):
    assert shown(80, "services", "no-such-service", status=3) == []


def test_header_of_sockets_is_everywhere(sockctl, shown):
    """As that of ss(8), also where there are none."""
    proc = sockctl("sockets", "--tcp", "--state", "closing")
    proc.wait()
    titles = ["PROTO", "STATE", "RECV-Q", "SEND-Q", "LOCAL", "REMOTE", "USER"]
    assert proc.out.decode().split() == words_of(shown(200, "sockets", "-ts", "closing")) == titles


@pytest.mark.parametrize("width", WIDTHS)
def test_menu_and_hex_dump(sockctl, server, terminal, width):
    terminal.resize(24, width)
    proc = sockctl("connect", "--hex", "127.0.0.1", port_of(server), stdin=terminal.fd,
                   stderr=terminal.fd)
    with accept(server) as conn:
        conn.sendall(bytes(range(32, 112)))
        terminal.wait_screen(b"no|" if width < 80 else b"`abcdefghijklmno|")
        terminal.type(b"\x1d")
        terminal.wait_screen(b"go on")
        terminal.type(b"q")
        proc.wait()
    lines = SEQUENCE.sub("", bytes(terminal.screen.data).decode()).replace("\r", "").splitlines()
    menu = " ".join(lines)
    for item in ("[c]lose the input", "[s]tatus", "[b]reak", "[z] suspend", "[q]uit", "^] is sent"):
        assert item in menu
    assert [line for line in lines if columns(line) > width] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_progress(sockctl, server, terminal, tmp_path, width):
    terminal.resize(24, width)
    with open(tmp_path / "in", "wb") as file:
        file.truncate(64 << 20)
    with open(tmp_path / "in", "rb") as file:
        proc = sockctl("connect", "--progress", "127.0.0.1", port_of(server), stdin=file,
                       stderr=terminal.fd)
    with accept(server) as conn:
        conn.recv(1 << 20)
        terminal.wait_screen(b"\r", 3)
        drawn = SEQUENCE.sub("", bytes(terminal.screen.data).decode()).split("\r")[1:-1]
        while conn.recv(1 << 20):
            pass
    proc.wait()
    assert drawn and all(columns(line) <= width and "/s" in line for line in drawn), drawn


@pytest.mark.parametrize("width", WIDTHS)
def test_histogram(sockctl, shown, width):
    server = sockctl("echo", "--tcp", "127.0.0.1", "0")
    port = server.wait_err(r"listening on .*:(\d+)")[1]
    lines = shown(width, "echo", "--client", "-c", "20", "-i", "0", "--histogram", "127.0.0.1", port)
    server.stop()
    bars = [line for line in lines if "|" in line]
    assert bars and all(columns(line) <= width and re.search(r" ms \|#* *\| .*%$", line)
                        for line in bars)
