# SPDX-License-Identifier: ISC
"""--record and --record-hex: a file with what passed in both directions."""

import os
import re
import select
import signal

import pytest

from harness import DEVNULL, PIPE, wait_for
from peers import accept, dial, half_close, port_of, receive, receive_all, unused_port


def converse(join, *words, status=0):
    proc, conn = join(*words, stdin=PIPE)
    with conn:
        proc.stdin.write(b"ask\n")
        proc.stdin.flush()
        assert receive(conn, 4) == b"ask\n"
        conn.sendall(b"\x00tell\n")
        half_close(conn)
        proc.stdin.close()
        if not status:
            assert receive_all(conn) == b""
        proc.wait(status)
    return proc


def test_both_directions(join, tmp_path):
    raw, dump = tmp_path / "raw", tmp_path / "hex"
    raw.write_bytes(b"before")
    proc = converse(join, "--record", raw, "--record-hex", dump, "--sandbox=auto")
    assert proc.out == b"\x00tell\n"
    assert raw.read_bytes() == b"ask\n\x00tell\n"
    times = re.sub(r"\d\d:\d\d:\d\d\.\d{6}", "TIME", dump.read_text()).splitlines()
    assert times[0] == "> TIME length 4" and times[2] == "< TIME length 6"
    assert times[1].startswith("> 00000000  61 73 6b 0a ") and times[1].endswith("|ask.|")
    assert times[3].startswith("< 00000000  00 74 65 6c 6c 0a ") and len(times) == 4


def test_append(join, tmp_path):
    raw, dump = tmp_path / "raw", tmp_path / "hex"
    for number in (1, 2):
        converse(join, "--record", raw, "--record-hex", dump, "--append")
        assert raw.read_bytes() == number * b"ask\n\x00tell\n"
        assert dump.read_text().count("length") == number * 2


def test_shown_and_recorded(join, tmp_path):
    proc = converse(join, "--hex", "--record", tmp_path / "raw")
    assert proc.err.count("length") == 2
    assert (tmp_path / "raw").read_bytes() == b"ask\n\x00tell\n"


@pytest.mark.parametrize("option", ["--record", "--record-hex"])
def test_full_disk(join, option):
    proc, conn = join(option, "/dev/full", stdin=PIPE)
    with conn:
        conn.sendall(b"tell\n")
        proc.wait(1)
    assert proc.err.count("/dev/full: ") == 1 and "ENOSPC" in proc.err


def test_file_that_cannot_be_opened(sockctl, tmp_path):
    for command in (["connect", "127.0.0.1:1"], ["listen", "127.0.0.1:0"]):
        for option in ("--record", "--record-hex"):
            sockctl(*command, option, tmp_path / "no" / "file").fails(1, "ENOENT")


def test_without_a_connection_the_file_stays(sockctl, tmp_path):
    path = tmp_path / "raw"
    path.write_bytes(b"before")
    sockctl("connect", "--record", path, "127.0.0.1", unused_port(), stdin=DEVNULL).wait(5)
    assert path.read_bytes() == b"before"


@pytest.mark.parametrize("party", ["exec", "forward", "many"])
def test_servers(sockctl, server, tmp_path, party):
    path = tmp_path / "raw"
    words = {"exec": ["--exec", "cat"], "forward": ["--forward", f"127.0.0.1:{port_of(server)}"],
             "many": ["--count", "2"]}[party]
    count = 2 if party == "many" else 1
    proc = sockctl("listen", "--record", path, *words, "127.0.0.1:0", stdin=DEVNULL)
    for _ in range(count):
        with dial(proc.port) as conn:
            conn.sendall(b"ask\n")
            if party == "forward":
                with accept(server) as target:
                    assert receive(target, 4) == b"ask\n"
                    target.sendall(b"ask\n")
                    half_close(target)
                    half_close(conn)
                    assert receive_all(target) == b""
            else:
                half_close(conn)
            assert receive_all(conn) == (b"" if party == "many" else b"ask\n")
    proc.wait()
    assert path.read_bytes() == b"ask\nask\n"


@pytest.mark.parametrize("option", ["--record", "--record-hex"])
def test_a_fifo_that_nobody_reads_holds_up_no_signal(join, tmp_path, option):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    proc, conn = join(option, path, stdin=DEVNULL)
    with conn:
        conn.sendall(bytes(100000))
        wait_for(lambda: fd_is_full(path), "a full FIFO")
        proc.popen.send_signal(signal.SIGTERM)
        proc.wait(143)
    os.close(reader)


def fd_is_full(path):
    """True if a FIFO takes no more of what one write brings."""
    writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    full = not select.select([], [writer], [], 0)[1]
    os.close(writer)
    return full


def test_words(sockctl, tmp_path):
    path = tmp_path / "data"
    path.write_bytes(b"x")
    sockctl("connect", "--append", "h:1").fails(2, "--append")
    sockctl("connect", "--check", "--record", path, "h:1").fails(2, "--record")
    sockctl("connect", "--input", path, "--record", path, "h:1").fails(2, "--record")
    assert path.read_bytes() == b"x"
