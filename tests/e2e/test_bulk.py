# SPDX-License-Identifier: ISC
"""Much data, from every kind of source to every kind of sink, arrives whole."""

import os
import socket
import subprocess

import pytest

from harness import DEVNULL, PIPE, Task, digest_of, digest_of_file, read_all, take, wait_for
from peers import MIB, dial, half_close, receive, sink, sink_slowly

# Gigabytes take their time.
LONG = 600
SIZES = [pytest.param(64 * MIB, id="64 MiB"),
         pytest.param(4096 * MIB + 1, id="4 GiB",
                      marks=[pytest.mark.large, pytest.mark.timeout(3 * LONG)])]


@pytest.fixture
def data_file(request, tmp_path, random_file):
    """A file of the size that the test is parametrized with."""
    if request.param == random_file.stat().st_size:
        return random_file
    path = tmp_path / "data"
    subprocess.run(["dd", "if=/dev/urandom", f"of={path}", "bs=1M", "iflag=count_bytes",
                    f"count={request.param}", "status=none"], check=True)
    return path


@pytest.fixture
def pair(sockctl, tmp_path):
    """pair(TRANSPORT, CLIENT, SERVER) starts both ends, each with what it is given."""
    def start(transport, client, server, client_options=(), server_options=()):
        if transport == "unix":
            proc = sockctl("listen", *server_options, tmp_path / "socket", **server)
            proc.wait_err("listening on")
            words = [tmp_path / "socket"]
        else:
            address = "::1" if transport == "tcp6" else "127.0.0.1"
            proc = sockctl("listen", *server_options, address, 0, **server)
            words = [address, proc.wait_err(r":(\d+)$")[1]]
        return sockctl("connect", *client_options, *words, **client), proc
    return start


@pytest.mark.parametrize("transport", ["tcp", "tcp6", "unix"])
@pytest.mark.parametrize("sender", ["connect", "listen"])
@pytest.mark.parametrize("data_file", SIZES, indirect=True)
def test_file_to_file(pair, tmp_path, data_file, transport, sender):
    with open(data_file, "rb") as source, open(tmp_path / "out", "wb") as target:
        ends = {"stdin": source}, {"stdin": DEVNULL, "stdout": target}
        client, server = pair(transport, *(ends if sender == "connect" else ends[::-1]))
    client.wait(within=LONG)
    server.wait(within=LONG)
    assert digest_of_file(tmp_path / "out") == digest_of_file(data_file)


@pytest.mark.parametrize("transport", ["tcp", "unix"])
@pytest.mark.parametrize("sender", ["connect", "listen"])
@pytest.mark.parametrize("data_file", SIZES, indirect=True)
def test_pipe_to_pipe(pair, data_file, transport, sender):
    """As in `cat data | sockctl connect` and `sockctl listen | sha256sum`."""
    with subprocess.Popen(["cat", data_file], stdout=subprocess.PIPE) as cat:
        ends = {"stdin": cat.stdout}, {"stdin": DEVNULL, "stdout": PIPE}
        client, server = pair(transport, *(ends if sender == "connect" else ends[::-1]))
        cat.stdout.close()
        receiver = server if sender == "connect" else client
        received = read_all(take(receiver.stdout))
    client.wait(within=LONG)
    server.wait(within=LONG)
    assert received == digest_of_file(data_file)


def test_pipe_to_pipe_both_ways_at_once(pair):
    data = os.urandom(32 * MIB)
    client, server = pair("tcp", {"stdin": data, "stdout": PIPE}, {"stdin": data, "stdout": PIPE})
    readers = [Task(read_all, take(end.stdout)) for end in (client, server)]
    for reader in readers:
        assert reader.result() == digest_of(data)
    client.wait()
    server.wait()


def test_file_to_file_with_both_inputs_at_their_end(pair, tmp_path, random_file):
    """The receiver's own input has ended long before the first byte arrives."""
    with open(tmp_path / "out", "wb") as target:
        client, server = pair("tcp", {"stdin": DEVNULL}, {"stdin": DEVNULL, "stdout": target},
                              client_options=["--input", random_file])
    client.wait()
    server.wait()
    assert digest_of_file(tmp_path / "out") == digest_of_file(random_file)


@pytest.mark.parametrize("source", ["file", "pipe"])
def test_receiver_whose_reader_stalls(pair, random_file, source):
    """No clock runs while the reader of the receiver's stdout is busy with something else."""
    data = random_file.read_bytes()
    with open(random_file, "rb") as file:
        client, server = pair("tcp", {"stdin": file if source == "file" else data},
                              {"stdin": DEVNULL, "stdout": PIPE})
    first = os.read(server.stdout.fileno(), 1)
    with pytest.raises(AssertionError):
        client.wait(within=2)
    rest = read_all(take(server.stdout))
    assert first == data[:1] and rest == digest_of(data[1:])
    client.wait()
    server.wait()


def test_receiver_half_closed_first_and_the_producer_is_slow(pair, tmp_path):
    pieces = [os.urandom(MIB) for _ in range(8)]
    with open(tmp_path / "out", "wb") as target:
        client, server = pair("tcp", {"stdin": DEVNULL, "stdout": target}, {"stdin": PIPE})
    out = tmp_path / "out"
    for n, piece in enumerate(pieces):
        view = memoryview(piece)
        while view:
            view = view[server.stdin.write(view) :]
        wait_for(lambda: out.stat().st_size == (n + 1) * MIB, f"{n + 1} MiB")
    server.stdin.close()
    client.wait()
    server.wait()
    assert out.read_bytes() == b"".join(pieces)


def test_listener_with_a_file_whose_client_half_closes_at_once(sockctl, random_file):
    """The classic loss: a listener that stops when its client has said all it had to say."""
    with open(random_file, "rb") as file:
        proc = sockctl("listen", "127.0.0.1", "0", stdin=file)
    with dial(proc.port) as conn:
        half_close(conn)
        assert sink(conn) == digest_of_file(random_file)
    proc.wait()


def test_slow_receiver_that_said_something_nobody_reads(join, random_file):
    """Unread input at the end must not become a reset that destroys what is on its way."""
    with open(random_file, "rb") as file:
        proc, conn = join("--until", "input", stdin=file, stdout=DEVNULL, rcvbuf=32768)
    conn.sendall(bytes(100000))
    assert sink(conn) == digest_of_file(random_file)
    proc.wait()


def test_tiny_pieces(join):
    """Many small segments fill a pipe by their number before they fill it by their size."""
    data = os.urandom(20000)

    def send(conn):
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for n in range(0, len(data), 7):
            conn.sendall(data[n : n + 7])
        half_close(conn)

    proc, conn = join(stdin=DEVNULL, stdout=PIPE)
    sending = Task(send, conn)
    sending.result()
    assert read_all(take(proc.stdout)) == digest_of(data)
    proc.wait()


def test_pieces_of_every_size(join):
    data = os.urandom(3 * MIB)

    def send(conn):
        start, size = 0, 1
        while start < len(data):
            conn.sendall(data[start : start + size])
            start, size = start + size, size * 2 % 100003
        half_close(conn)

    proc, conn = join(stdin=DEVNULL)
    Task(send, conn).result()
    proc.wait()
    assert proc.out == data


def test_output_that_is_no_pipe_and_input_that_is_none(join, random_file):
    """From a socket to a file, and back from a file to a socket, at the same time."""
    with open(random_file, "rb") as file, open(os.devnull, "wb") as null:
        proc, conn = join(stdin=file, stdout=null)
    sending = Task(lambda: conn.sendall(bytes(16 * MIB)))
    assert receive(conn, MIB) == random_file.read_bytes()[:MIB]
    total, _ = sink_slowly(conn, 8 * MIB, 0)
    assert total == 63 * MIB
    sending.result()
    conn.close()
    proc.wait()


def test_sparse_and_empty_files(join, tmp_path):
    (tmp_path / "empty").touch()
    with open(tmp_path / "empty", "rb") as file:
        proc, conn = join(stdin=file)
    assert sink(conn)[0] == 0
    conn.close()
    proc.wait()
