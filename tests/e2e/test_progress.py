# SPDX-License-Identifier: ISC
"""--progress: bytes, rate and, for a file, what is left."""

import os
import re

from harness import DEVNULL, PIPE
from peers import MIB, accept, port_of, receive, receive_all, send_all, sink


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
