# SPDX-License-Identifier: ISC
"""stdin and stdout of every kind; descriptors that belong to others are left as they were."""

import fcntl
import os
import select
import signal
import socket
import termios
import time
import tty
from io import FileIO

import pytest

from harness import CLOSED, DEVNULL, PIPE, Task, wait_for, write_all
from peers import accept, answer, half_close, port_of, receive, receive_all, reset, udp

KINDS = ["file", "pipe", "terminal", "socket", "null", "closed"]


class Stdin:
    """An input of some kind that holds data, and then ends."""

    def __init__(self, kind, data, tmp_path):
        self.master, self.expected = None, data
        if kind == "file":
            (tmp_path / "in").write_bytes(data)
            self.given = os.open(tmp_path / "in", os.O_RDONLY)
        elif kind == "pipe":
            self.given, writer = os.pipe()
            write_all(writer, data)
        elif kind == "terminal":
            # The line discipline keeps what was typed; the second Ctrl-D is the end of input.
            self.master, self.given = os.openpty()
            os.write(self.master, data + b"\x04\x04")
        elif kind == "socket":
            self.given, writer = (end.detach() for end in socket.socketpair())
            write_all(writer, data)
        else:
            self.given, self.expected = {"null": DEVNULL, "closed": CLOSED}[kind], b""

    def close(self):
        for fd in (self.given, self.master):
            if isinstance(fd, int) and fd >= 0:
                os.close(fd)


class Stdout:
    """An output of some kind; data() is what went into it."""

    def __init__(self, kind, tmp_path):
        self.kind, self.path, self.reader = kind, tmp_path / "out", None
        if kind == "file":
            self.given = os.open(self.path, os.O_WRONLY | os.O_CREAT)
        elif kind == "pipe":
            self.reader, self.given = os.pipe()
        elif kind == "terminal":
            self.reader, self.given = os.openpty()
            tty.setraw(self.given)
        elif kind == "socket":
            self.reader, self.given = (end.detach() for end in socket.socketpair())
        else:
            self.given = {"null": DEVNULL, "closed": CLOSED}[kind]

    def started(self):
        """The program has it now; on a terminal, what was written is lost with the last user."""
        if isinstance(self.given, int) and self.given >= 0 and self.kind != "terminal":
            os.close(self.given)

    def data(self, length):
        if self.kind == "file":
            return self.path.read_bytes()
        data = b""
        while len(data) < length and (piece := os.read(self.reader, 65536)):
            data += piece
        return data

    def close(self):
        for fd in (self.reader, self.given if self.kind == "terminal" else None):
            if fd is not None:
                os.close(fd)


@pytest.mark.parametrize("stdout_kind", KINDS)
@pytest.mark.parametrize("stdin_kind", KINDS)
def test_each_kind(join, tmp_path, stdin_kind, stdout_kind):
    stdin = Stdin(stdin_kind, b"request\n", tmp_path)
    stdout = Stdout(stdout_kind, tmp_path)
    proc, conn = join(stdin=stdin.given, stdout=stdout.given)
    stdout.started()
    assert receive_all(conn) == stdin.expected
    conn.sendall(b"reply\n" * 100)
    conn.close()
    if stdout_kind == "closed":
        # What cannot be written is lost, and that is no success.
        proc.fails(1, "EBADF")
    else:
        proc.wait()
        assert not proc.complaints
    if stdout_kind not in ("null", "closed"):
        assert stdout.data(600) == b"reply\n" * 100
    stdin.close()
    stdout.close()


@pytest.mark.parametrize("closed", range(8))
def test_closed_descriptors_are_never_the_connection(sockctl, server, closed):
    """Else what the peer sends would come back to it, or messages would go to it."""
    kinds = [CLOSED if closed & 1 << n else open_kind
             for n, open_kind in enumerate([DEVNULL, DEVNULL, PIPE])]
    proc = sockctl("connect", "-v", "127.0.0.1", port_of(server), stdin=kinds[0], stdout=kinds[1],
                   stderr=kinds[2])
    with accept(server) as conn:
        conn.sendall(b"secret" * 1000)
        half_close(conn)
        try:
            assert receive_all(conn) == b""
        except ConnectionResetError:
            pass
    proc.wait(1 if closed & 2 else 0)


def test_closed_output_without_anything_to_write_is_no_failure(join):
    proc, conn = join(stdin=b"x", stdout=CLOSED)
    assert answer(conn, b"") == b"x"
    proc.wait()


def blocking(file):
    return not fcntl.fcntl(file, fcntl.F_GETFL) & os.O_NONBLOCK


def inherited(kind, use):
    """(ours, given): given is inherited by the program, and kept here to look at its flags."""
    if kind == "pipe":
        ends = os.pipe()
        given, ours = ends if use == "input" else ends[::-1]
    elif kind == "terminal":
        ours, given = os.openpty()
        tty.setraw(given)
    else:
        ours, given = (end.detach() for end in socket.socketpair())
    modes = "wr" if use == "input" else "rw"
    return FileIO(ours, modes[0]), FileIO(given, modes[1])


@pytest.mark.parametrize("was_blocking", [True, False], ids=["blocking", "non-blocking"])
@pytest.mark.parametrize("kind", ["pipe", "terminal", "socket"])
@pytest.mark.parametrize("way_out", ["done", "reset", "reader gone", "timeout", "SIGTERM", "SIGINT",
                                     "SIGHUP"])
def test_mode_of_inherited_descriptors_is_kept(join, way_out, kind, was_blocking):
    """While the program runs, for others use them too, and after it."""
    if (way_out, kind) == ("reader gone", "terminal"):
        pytest.skip("a terminal that goes away is SIGHUP")
    typing, stdin = inherited(kind, "input")
    shown, stdout = inherited(kind, "output")
    for file in (stdin, stdout):
        os.set_blocking(file.fileno(), was_blocking)
    proc, conn = join("--timeout", "0.5" if way_out == "timeout" else "60", stdin=stdin,
                      stdout=stdout)
    typing.write(b"request\n")
    assert receive(conn, 8) == b"request\n"
    conn.sendall(b"reply\n")
    assert shown.read(100) == b"reply\n"
    assert blocking(stdin) == blocking(stdout) == was_blocking
    status = 0
    if way_out == "done":
        if kind != "terminal":  # there the peer's end is enough
            typing.close()
        conn.close()
    elif way_out == "reset":
        status = 7
        reset(conn)
    elif way_out == "reader gone":
        status = 141
        shown.close()
    elif way_out == "timeout":
        status = 6
    else:
        status = 128 + getattr(signal, way_out)
        proc.kill(getattr(signal, way_out))
    proc.wait(status)
    assert blocking(stdin) == blocking(stdout) == was_blocking


def test_mode_is_kept_while_output_is_stalled(join):
    """The program waits for its reader without changing the pipe."""
    reader, writer = os.pipe()
    proc, conn = join(stdin=DEVNULL, stdout=writer)
    sending = Task(lambda: (conn.sendall(bytes(16 << 20)), conn.close()))
    wait_for(lambda: pipe_is_full(writer), "a full pipe")
    assert blocking(writer)
    os.close(writer)
    total = 0
    while piece := os.read(reader, 65536):
        total += len(piece)
    os.close(reader)
    sending.result()
    proc.wait()
    assert total == 16 << 20


def pipe_is_full(fd):
    return not select.select([], [fd], [], 0)[1]


FORMER = bytes(60_000)


@pytest.fixture
def foreign_pipe():
    """A pipe that nobody but its two ends may open: its mode must stay, and so it blocks.

    It holds so much that a larger write than of PIPE_BUF does so at once.
    """
    reader, writer = os.pipe()
    os.fchmod(writer, 0)
    os.write(writer, FORMER)
    yield reader, writer
    os.close(reader)


# Even root opens only what the mode allows.
PLAIN_USER = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.getuid() == 0 else []


@pytest.mark.needs(*PLAIN_USER[:1])
@pytest.mark.parametrize("options", [[], ["--telnet"]], ids=["splice", "copy"])
def test_pipe_that_cannot_be_opened_anew(join, foreign_pipe, options):
    """A write to it that takes too much would hold up everything else."""
    data = bytes(16 << 20)
    reader, writer = foreign_pipe
    proc, conn = join(*options, stdin=PIPE, stdout=writer, wrap=PLAIN_USER)
    sending = Task(lambda: (conn.sendall(data), half_close(conn)))
    wait_for(lambda: pipe_is_full(writer), "a full pipe")
    proc.stdin.write(b"meanwhile")
    assert receive(conn, 9) == b"meanwhile"
    assert blocking(writer)
    os.close(writer)
    received = bytearray()
    while piece := os.read(reader, 65536):
        received += piece
    assert received == FORMER + data
    sending.result()
    proc.stdin.close()
    proc.wait()


@pytest.mark.needs(*PLAIN_USER[:1])
def test_datagrams_into_a_pipe_that_cannot_be_opened_anew(sockctl, foreign_pipe):
    _, writer = foreign_pipe
    proc = sockctl("udp-recv", "127.0.0.1", 0, stdout=writer, wrap=PLAIN_USER)
    with udp() as sock:
        while not pipe_is_full(writer):
            sock.sendto(bytes(6000), ("127.0.0.1", proc.port))
    proc.stop()
    os.close(writer)


@pytest.mark.parametrize("direction", ["input", "output"])
def test_non_blocking_pipe_with_a_slow_other_end(join, direction):
    """EAGAIN is no error and no end."""
    data = os.urandom(1 << 20)
    reader, writer = os.pipe()
    os.set_blocking(reader if direction == "input" else writer, False)
    if direction == "input":
        proc, conn = join(stdin=reader)
        os.close(reader)
        feeding = Task(feed_slowly, writer, data)
        assert receive_all(conn) == data
        conn.close()
        feeding.result()
    else:
        proc, conn = join(stdin=DEVNULL, stdout=writer)
        os.close(writer)
        sending = Task(lambda: (conn.sendall(data), conn.close()))
        assert read_slowly(reader) == data
        sending.result()
    proc.wait()


def feed_slowly(fd, data):
    for start in range(0, len(data), 1 << 17):
        time.sleep(0.02)
        os.write(fd, data[start : start + (1 << 17)])
    os.close(fd)


def read_slowly(fd):
    data = b""
    while piece := os.read(fd, 1 << 17):
        data += piece
        time.sleep(0.01)
    os.close(fd)
    return data


def test_one_terminal_for_all(sockctl, server):
    """stdin, stdout and stderr share one open terminal, as in an interactive shell."""
    master, slave = os.openpty()
    tty.setraw(slave)
    proc = sockctl("connect", "-v", "127.0.0.1", port_of(server), stdin=slave, stdout=slave,
                   stderr=slave)
    with accept(server) as conn:
        os.write(master, b"ls\n")
        assert receive(conn, 3) == b"ls\n"
        assert blocking(slave)
        conn.sendall(b"listing\n")
        shown = b""
        while b"listing\n" not in shown:
            shown += os.read(master, 1000)
    proc.wait()
    assert blocking(slave)
    os.close(slave)
    os.close(master)


def test_terminal_modes_are_kept(sockctl, server):
    master, slave = os.openpty()
    before = termios.tcgetattr(slave)
    proc = sockctl("connect", "127.0.0.1", port_of(server), stdin=slave, stdout=slave)
    with accept(server) as conn:
        os.write(master, b"line\n")
        assert receive(conn, 5) == b"line\n"
        proc.stop(signal.SIGINT)
    assert termios.tcgetattr(slave) == before
    os.close(slave)
    os.close(master)


def test_output_in_append_mode(join, tmp_path):
    """splice refuses such files; what was there stays."""
    (tmp_path / "log").write_bytes(b"old\n")
    with open(tmp_path / "log", "ab") as log:
        proc, conn = join(stdin=DEVNULL, stdout=log)
    conn.sendall(b"new\n" * 50000)
    conn.close()
    proc.wait()
    assert (tmp_path / "log").read_bytes() == b"old\n" + b"new\n" * 50000


def test_input_starts_where_its_file_offset_is(join, tmp_path):
    (tmp_path / "in").write_bytes(b"header|body")
    with open(tmp_path / "in", "rb", buffering=0) as file:
        file.read(7)
        proc, conn = join(stdin=file)
        assert answer(conn, b"") == b"body"
        proc.wait()
        assert file.tell() == 11


def test_output_starts_where_its_file_offset_is(join, tmp_path):
    with open(tmp_path / "out", "wb", buffering=0) as file:
        file.write(b"header|")
        proc, conn = join(stdin=DEVNULL, stdout=file)
        conn.sendall(b"body")
        conn.close()
        proc.wait()
        assert file.tell() == 11
    assert (tmp_path / "out").read_bytes() == b"header|body"


def test_file_that_grows_while_it_is_sent(join, tmp_path):
    """All that was there when the end was seen is sent."""
    path = tmp_path / "growing"
    size = 32 << 20  # more than the kernel takes before the peer reads
    with open(path, "wb") as file:
        file.truncate(size)
    with open(path, "rb") as file, open(path, "ab") as more:
        proc, conn = join(stdin=file, rcvbuf=4096)
        more.write(b"b" * 1000)
        more.flush()
        assert receive_all(conn) == bytes(size) + b"b" * 1000
        conn.close()
        proc.wait()


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom"])
def test_endless_device(join, device):
    with open(device, "rb") as file:
        proc, conn = join("--until", "peer", stdin=file)
    receive(conn, 1 << 20)
    proc.stop()


def test_file_of_proc(join):
    """Its size is 0, and yet it has something to say."""
    with open("/proc/self/status", "rb") as file:
        proc, conn = join(stdin=file)
        assert answer(conn, b"").startswith(b"Name:")
    proc.wait()
