# SPDX-License-Identifier: ISC
"""What is done to the bytes on request, and that nothing is done to them otherwise."""

import os
import re
import socket

import pytest

from harness import DEVNULL, PIPE, Task
from peers import MIB, answer, half_close, receive, receive_all, send_all

IAC, DONT, DO, WONT, WILL, SB, SE, NOP = 255, 254, 253, 252, 251, 250, 240, 241


def test_every_byte_value(join):
    data = bytes(range(256)) * 1000
    proc, conn = join(stdin=data)
    assert answer(conn, data[::-1]) == data
    proc.wait()
    assert proc.out == data[::-1]


@pytest.mark.parametrize("option", ["--crlf", "-C"])
def test_crlf_in_one_read(join, option):
    proc, conn = join(option, stdin=b"a\nb\r\nc\n\n\r\n\rd\r")
    assert answer(conn, b"1\n2\r\n3\r") == b"a\r\nb\r\nc\r\n\r\n\r\n\rd\r"
    proc.wait()
    assert proc.out == b"1\n2\r\n3\r"


def test_crlf_split_between_reads(join):
    proc, conn = join("--crlf", stdin=PIPE)
    expected = b""
    for piece, sent in ((b"a", b"a"), (b"\n", b"\r\n"), (b"c\r", b"c\r"), (b"\n", b"\n"),
                        (b"\n", b"\r\n"), (b"\r", b"\r"), (b"\r", b"\r"), (b"\nx", b"\nx")):
        proc.stdin.write(piece)
        assert receive(conn, len(sent)) == sent, f"after {expected!r}"
        expected += sent
    proc.stdin.close()
    assert receive_all(conn) == b""
    conn.close()
    proc.wait()


@pytest.mark.parametrize("source", ["pipe", "file"])
def test_crlf_in_bulk(join, tmp_path, source):
    data = re.sub(rb"[\x80-\xff]", b"\n", os.urandom(MIB)) + b"\n" * 200000
    expected = re.sub(rb"(?<!\r)\n", b"\r\n", data)
    (tmp_path / "in").write_bytes(data)
    with open(tmp_path / "in", "rb") as file:
        proc, conn = join("--crlf", stdin=file if source == "file" else data)
    assert receive_all(conn) == expected
    conn.close()
    proc.wait()


@pytest.mark.parametrize("option", ["--telnet", "-t"])
def test_telnet_refuses_and_removes(join, option):
    proc, conn = join(option, stdin=PIPE)
    conn.sendall(b"a" + bytes([IAC, DO, 1]) + b"b" + bytes([IAC, WILL, 3]) + b"c")
    assert receive(conn, 6) == bytes([IAC, WONT, 1, IAC, DONT, 3])
    proc.stdin.close()
    send_all(conn, b"d")
    assert receive_all(conn) == b""
    proc.wait()
    assert proc.out == b"abcd"


def test_telnet_does_not_answer_refusals(join):
    """Two that answer them would never stop (RFC 854)."""
    proc, conn = join("--telnet", stdin=PIPE)
    conn.sendall(bytes([IAC, DONT, 1, IAC, WONT, 3, IAC, NOP]) + b"end")
    proc.wait_out(3)
    proc.stdin.close()
    half_close(conn)
    assert receive_all(conn) == b""
    proc.wait()
    assert proc.out == b"end"


def test_telnet_doubled_byte_is_data(join):
    proc, conn = join("--telnet", stdin=DEVNULL)
    send_all(conn, b"x" + bytes([IAC, IAC]) + b"y" + bytes([IAC, IAC, IAC, IAC]))
    proc.wait()
    assert proc.out == b"x\xffy\xff\xff"


def test_telnet_removes_subnegotiation(join):
    proc, conn = join("--telnet", stdin=DEVNULL)
    send_all(conn, b"a" + bytes([IAC, SB, 24, 1, IAC, IAC, 5, IAC, SE]) + b"b")
    proc.wait()
    assert proc.out == b"ab"


def test_telnet_byte_by_byte(join):
    """Each byte in a segment of its own, so that the state lives across reads."""
    proc, conn = join("--telnet", stdin=PIPE)
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in (b"a" + bytes([IAC, DO, 1]) + b"b" + bytes([IAC, IAC]) + b"c"
                 + bytes([IAC, SB, 24, 1, IAC, SE, IAC, WILL, 3]) + b"d"):
        conn.sendall(bytes([byte]))
    assert receive(conn, 6) == bytes([IAC, WONT, 1, IAC, DONT, 3])
    half_close(conn)
    proc.stdin.close()
    proc.wait()
    assert proc.out == b"ab\xffcd"


def test_telnet_in_bulk(join):
    """Many negotiations in a long stream: every one is answered, and nothing else is lost."""
    text = os.urandom(1000).replace(b"\xff", b"") * 500
    pieces = [text[n : n + 5000] for n in range(0, len(text), 5000)]
    proc, conn = join("--telnet", stdin=PIPE)
    answers = Task(receive_all, conn)
    send_all(conn, bytes([IAC, DO, 5]).join(pieces))
    proc.wait_out(len(text))
    proc.stdin.close()
    proc.wait()
    assert proc.out == text
    assert answers.result() == bytes([IAC, WONT, 5]) * (len(pieces) - 1)


@pytest.mark.memory
def test_telnet_answers_are_bounded(join):
    """A peer that only asks and never reads the answers must not fill our memory."""
    proc, conn = join("--telnet", stdin=PIPE, rcvbuf=4096)
    conn.settimeout(1)
    idle = proc.status_field("VmRSS")
    with pytest.raises(TimeoutError):
        for _ in range(200):
            conn.sendall(bytes([IAC, DO, 1]) * 100000)
    assert proc.status_field("VmRSS") - idle < 8192
    proc.stop()


def test_hex_shows_both_directions_on_stderr(join):
    proc, conn = join("--hex", stdin=PIPE)
    proc.stdin.write(b"hello")
    assert receive(conn, 5) == b"hello"
    conn.sendall(b"\x00\x01\xfe\xff")
    proc.wait_out(4)
    proc.stdin.close()
    assert receive_all(conn) == b""
    conn.close()
    proc.wait()
    assert proc.out == b"\x00\x01\xfe\xff"
    sent, = (line for line in proc.lines if re.search("68 ?65 ?6c ?6c ?6f", line))
    received, = (line for line in proc.lines if re.search("00 ?01 ?fe ?ff", line))
    assert "hello" in sent
    assert re.search(r"\b0+\b", sent) and re.search(r"\b0+\b", received)


def test_hex_offsets_count_each_direction(join):
    proc, conn = join("--hex", stdin=b"A" * 40)
    assert answer(conn, b"B" * 24) == b"A" * 40
    proc.wait()
    assert len([line for line in proc.lines if "AAAAAAAA" in line]) >= 3
    assert len([line for line in proc.lines if "BBBBBBBB" in line]) >= 2
    assert [line for line in proc.lines if "AAAAAAAA" in line and re.search(r"\b0+20\b", line)]
    assert [line for line in proc.lines if "BBBBBBBB" in line and re.search(r"\b0+10\b", line)]


def test_hex_is_safe_for_a_terminal(join):
    proc, conn = join("--hex", stdin=DEVNULL)
    send_all(conn, bytes(range(256)))
    proc.wait()
    assert all(char == "\n" or " " <= char <= "~" for char in proc.err)


def test_hex_in_bulk_changes_nothing(join):
    data = os.urandom(MIB)
    proc, conn = join("--hex", stdin=data)
    assert answer(conn, data[::-1]) == data
    proc.wait()
    assert proc.out == data[::-1]


def test_urgent_byte_is_not_lost(join):
    proc, conn = join(stdin=DEVNULL)
    conn.sendall(b"ab")
    proc.wait_out(2)
    conn.send(b"!", socket.MSG_OOB)
    proc.wait_out(3)
    send_all(conn, b"cd")
    proc.wait()
    assert proc.out == b"ab!cd"


def test_urgent_byte_in_bulk(join):
    data = os.urandom(4 * MIB)
    proc, conn = join(stdin=DEVNULL)
    conn.sendall(data[: 2 * MIB])
    conn.send(data[2 * MIB : 2 * MIB + 1], socket.MSG_OOB)
    send_all(conn, data[2 * MIB + 1 :])
    proc.wait()
    assert proc.out == data


def test_two_urgent_bytes_in_a_row(join):
    proc, conn = join(stdin=DEVNULL)
    conn.send(b"1", socket.MSG_OOB)
    conn.send(b"2", socket.MSG_OOB)
    send_all(conn, b"3")
    proc.wait()
    assert proc.out == b"123"


def test_sockets_as_input_and_output_are_passed_in_whole(join):
    """Between sockets, too, nothing is lost or changed."""
    data = os.urandom(4 * MIB)
    feeder, stdin = socket.socketpair()
    reader, stdout = socket.socketpair()
    proc, conn = join(stdin=stdin, stdout=stdout)
    stdin.close()
    stdout.close()
    feeding = Task(lambda: (feeder.sendall(data), feeder.close()))
    assert receive_all(conn) == data
    feeding.result()
    sending = Task(send_all, conn, data)
    assert receive_all(reader) == data
    sending.result()
    proc.wait()
    reader.close()
