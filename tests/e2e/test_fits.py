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
    def run(width, *words):
        terminal = Terminal()
        terminal.resize(24, width)
        try:
            proc = sockctl(*words, stdin=DEVNULL, stdout=terminal.fd)
            proc.popen.wait(30)
            proc.wait()
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


def test_a_wide_terminal_shows_what_a_file_gets(sockctl, shown):
    proc = sockctl("services")
    proc.wait()
    assert shown(200, "services") == proc.out.decode().splitlines()


def test_nothing_is_lost_on_a_narrow_one(sockctl, shown):
    proc = sockctl("errors")
    proc.wait()
    assert " ".join(shown(40, "errors")).split() == proc.out.decode().split()


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
