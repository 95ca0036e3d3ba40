# SPDX-License-Identifier: ISC
"""--progress: bytes, rate and, for a file, what is left."""

import os
import re

import pytest

from harness import DEVNULL, PIPE
from peers import MIB, accept, dial, port_of, receive, receive_all, reset, send_all, sink, udp


def test_last_line_only_when_stderr_is_no_terminal(join, tmp_path):
    (tmp_path / "in").write_bytes(bytes(5 * MIB))
    with open(tmp_path / "in", "rb") as file:
        proc, conn = join("--progress", stdin=file)
    assert sink(conn)[0] == 5 * MIB
    conn.close()
    proc.wait()
    line, = proc.complaints
    assert "\r" not in line and "\x1b" not in line
    assert re.search(r"5(\.0+)? ?M|5242880", line)
    assert "100%" in line.replace(" %", "%")
    assert "/s" in line


def test_both_directions_are_counted(join):
    proc, conn = join("--progress", stdin=bytes(3 * MIB))
    assert sink(conn)[0] == 3 * MIB
    send_all(conn, bytes(2 * MIB))
    proc.wait()
    line, = proc.complaints
    assert re.search(r"3(\.0+)? ?M|3145728", line)
    assert re.search(r"2(\.0+)? ?M|2097152", line)
    assert "%" not in line


def test_one_line_that_is_redrawn_on_a_terminal(sockctl, server, tmp_path):
    with open(tmp_path / "in", "wb") as file:
        file.truncate(64 * MIB)
    master, slave = os.openpty()
    with open(tmp_path / "in", "rb") as file:
        proc = sockctl("connect", "--progress", "127.0.0.1", port_of(server), stdin=file,
                       stderr=slave)
    os.close(slave)
    conn = accept(server)
    shown = b""
    receive(conn, 4 * MIB)
    while shown.count(b"\r") < 2:
        shown += os.read(master, 4096)
    assert b"\n" not in shown
    assert sink(conn)[0] == 60 * MIB
    conn.close()
    proc.wait()
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    assert shown.count(b"\n") == 1 and shown.endswith(b"\r\n")
    assert re.search(rb"\d+ ?%", shown)


def test_time_left_of_a_file(join, tmp_path):
    """Percentage and time left, from the offset at which the file was given."""
    with open(tmp_path / "in", "wb") as file:
        file.truncate(10 * MIB)
    with open(tmp_path / "in", "rb") as file:
        file.seek(6 * MIB)
        proc, conn = join("--progress", stdin=file)
    assert sink(conn)[0] == 4 * MIB
    conn.close()
    proc.wait()
    line, = proc.complaints
    assert "100%" in line.replace(" %", "%")


def test_nothing_without_being_asked(join):
    proc, conn = join(stdin=DEVNULL)
    send_all(conn, bytes(MIB))
    assert receive_all(conn) == b""
    proc.wait()
    assert not proc.complaints


def test_last_line_after_a_failure(join):
    """How far it got is most wanted then."""
    proc, conn = join("--progress", "--timeout", "0.5", stdin=PIPE)
    conn.sendall(bytes(1000))
    proc.wait(6)
    assert len(proc.complaints) == 2
    assert [line for line in proc.complaints if "1000" in line]


def test_ports_that_were_checked(sockctl, server):
    port = port_of(server)
    proc = sockctl("connect", "--check", "--progress", "127.0.0.1", f"1-20,{port}", stdin=DEVNULL)
    proc.wait(5)
    line, = [line for line in proc.lines if "100%" in line]
    assert line == f"21 of 21 ports, 100%, {len(proc.out.splitlines())} open"


def test_ports_on_a_terminal(sockctl, terminal, unresponsive):
    proc = sockctl("connect", "--check", "--progress", "--connect-timeout", "2", "127.0.0.1",
                   f"1,{unresponsive}", stdin=DEVNULL, stderr=terminal.fd)
    terminal.wait_screen(b"\r1 of 2 ports, 50%", 2)
    proc.wait(5)
    terminal.wait_screen(b"\r\x1b[K2 of 2 ports, 100%, 0 open\r\n")


@pytest.mark.parametrize("source", ["messages", "file", "pipe"])
def test_datagrams_that_were_sent(sockctl, tmp_path, source):
    (tmp_path / "in").write_bytes(b"a line\n" * 100)
    with open(tmp_path / "in", "rb") as file:
        how = {"messages": {}, "file": {"stdin": file}, "pipe": {"stdin": b"a line\n" * 100}}
        words = ["a line"] * 100 if source == "messages" else []
        proc = sockctl("udp-send", "--progress", "127.0.0.1", 9, *words, **how[source])
    proc.wait()
    line, = proc.complaints
    shape = {"messages": r"100 of 100 datagrams, 100%, 600 B", "file":
             r"100 datagrams, \d+/s, 600 B, 100%", "pipe": r"100 datagrams, \d+/s, 600 B"}
    assert re.fullmatch(shape[source], line)


def test_datagrams_that_were_received(sockctl, terminal):
    """The line is drawn while nothing comes, and makes room for messages."""
    proc = sockctl("udp-recv", "--progress", "-v", "--count", 2, "127.0.0.1", 0, stdin=DEVNULL,
                   stderr=terminal.fd)
    terminal.wait_screen(b"\r0 of 2 datagrams, 0%, 0 B", 2)
    shown = bytes(terminal.screen.data)
    port = int(re.search(rb":(\d+)\r\n", shown)[1])
    with udp() as sock:
        sock.sendto(b"one", ("127.0.0.1", port))
        terminal.wait_screen(b"\r1 of 2 datagrams, 50%")
        sock.sendto(b"two", ("127.0.0.1", port))
    proc.wait()
    terminal.wait_screen(b"\r\x1b[K2 of 2 datagrams, 100%, 6 B\r\n")
    terminal.wait_screen(b"\r\nsockctl: udp-recv: received 2 datagrams")


def test_messages_take_the_place_of_the_line(sockctl, server, terminal):
    proc = sockctl("connect", "--progress", "127.0.0.1", port_of(server), stdin=PIPE,
                   stderr=terminal.fd, env={**os.environ, "NO_COLOR": "1"})
    conn = accept(server)
    terminal.wait_screen(b"\r0 B sent")
    reset(conn)
    proc.wait(7)
    terminal.wait_screen(b"(ECONNRESET)\r\n")
    last = bytes(terminal.screen.data).split(b"\r\n")[-3:-1]
    assert last[0].rsplit(b"\x1b[K", 1)[1].startswith(b"0 B sent")
    assert last[1].startswith(b"sockctl: ")


def test_names_that_were_answered(sockctl):
    proc = sockctl("resolve", "--progress", "127.0.0.1", "localhost", stdin=DEVNULL)
    proc.wait()
    line, = proc.lines
    assert line == "2 of 2 names, 100%, 2 found"


def test_names_of_an_input(sockctl):
    proc = sockctl("resolve", "--progress", "-", stdin=b"localhost\n127.0.0.1\n")
    proc.wait()
    line, = proc.lines
    assert re.fullmatch(r"2 names, \d+/s, 2 found", line)


def test_round_trips(sockctl, terminal):
    server = sockctl("echo", "127.0.0.1", 0)
    proc = sockctl("echo", "--client", "--progress", "--interval", "50ms", "--count", "20",
                   "127.0.0.1", server.port, stdin=DEVNULL, stderr=terminal.fd)
    terminal.wait_screen(b" of 20 answers, ", 2)
    proc.wait()
    terminal.wait_screen(b"20 of 20 answers, 100%, 0 lost\r\n")
    server.stop()


@pytest.mark.parametrize("words", [
    ["connect", "--check", "127.0.0.1", "1-9"], ["udp-send", "127.0.0.1", "9", "x"],
    ["resolve", "localhost", "127.0.0.1"]], ids=lambda words: words[0])
def test_nothing_is_drawn_with_json(sockctl, words):
    proc = sockctl(words[0], "--json", "--progress", *words[1:], stdin=DEVNULL)
    proc.popen.wait(30)
    proc.wait(proc.popen.returncode)
    assert all(event["event"] for event in proc.events)


def test_clients_are_told_apart(sockctl, terminal):
    proc = sockctl("listen", "--keep-open", "--count", 2, "--progress", "127.0.0.1", 0, stdin=PIPE,
                   stderr=terminal.fd)
    terminal.wait_screen(b"\n")
    port = int(re.search(rb":(\d+)\r\n", bytes(terminal.screen.data))[1])
    with dial(port) as one, dial(port) as two:
        names = [b"127.0.0.1:%d: " % port_of(conn) for conn in (one, two)]
        for name in names:
            terminal.wait_screen(b"\r" + name + b"0 B sent")
        one.sendall(b"12345")
        terminal.wait_screen(b"\r" + names[0] + b"0 B sent, 5 B received")
    proc.stdin.close()
    proc.wait()
    for name, received in zip(names, (b"5 B", b"0 B")):
        pattern = re.escape(name) + b"0 B sent, " + received + rb" received, \d+ B/s\r\n"
        terminal.screen.wait(lambda data: re.search(pattern, data), repr(pattern))


def test_a_single_client_needs_no_name(join):
    proc, conn = join("--progress", stdin=DEVNULL)
    conn.close()
    proc.wait()
    line, = proc.complaints
    assert line.startswith("0 B sent")
