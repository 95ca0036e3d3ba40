# SPDX-License-Identifier: ISC
"""What moving bytes costs: system calls, wake-ups, memory."""

import os
import re
import socket
import time

import pytest

from harness import DEVNULL, NO_LEAK_CHECK, PIPE, digest_of_file
from peers import MIB, accept, dial, port_of, receive, sink, udp

COPYING = ["read", "write", "recvfrom", "sendto"]
# The leak sanitizer cannot work beside another tracer.
STRACE = ["strace", "-f", "-qq", "-E", NO_LEAK_CHECK, "-e", "signal=none", "-o"]


def moved(trace):
    """Results of the calls that moved bytes into or out of the socket, by name."""
    results = {}
    for name, result in re.findall(r"(\w+)\(.*\) += (\d+)", trace):
        results.setdefault(name, []).append(int(result))
    return results


def chunks(results):
    return [n for name in ("splice", "sendfile") for n in results.get(name, []) if n > 0]


@pytest.mark.needs("strace")
@pytest.mark.parametrize("source, target", [("file", "null"), ("file", "file"), ("pipe", "pipe")])
def test_bulk_is_moved_inside_the_kernel_in_large_pieces(sockctl, tmp_path, random_file, source,
                                                        target):
    total = random_file.stat().st_size
    reader, writer = os.pipe()
    if target == "pipe":
        stdout = writer
    else:
        stdout = os.open(os.devnull if target == "null" else tmp_path / "out",
                         os.O_WRONLY | os.O_CREAT)
        os.close(writer)
    server = sockctl("listen", "127.0.0.1", "0", stdin=DEVNULL, stdout=stdout,
                     wrap=[*STRACE, tmp_path / "listen"])
    os.close(stdout)
    port = server.port
    if source == "file":
        with open(random_file, "rb") as file:
            client = sockctl("connect", "127.0.0.1", port, stdin=file,
                             wrap=[*STRACE, tmp_path / "connect"])
    else:
        client = sockctl("connect", "127.0.0.1", port, stdin=random_file.read_bytes(),
                         wrap=[*STRACE, tmp_path / "connect"])
    if target == "pipe":
        assert digest_of_file(f"/dev/fd/{reader}") == digest_of_file(random_file)
    os.close(reader)
    client.wait()
    server.wait()
    for side in ("connect", "listen"):
        text = (tmp_path / side).read_text()
        results = moved(text)
        pieces = chunks(results)
        assert sum(pieces) >= total, side
        assert sum(pieces) / len(pieces) >= 65536, f"{side}: pieces of {sum(pieces) / len(pieces)}"
        copied = sum(sum(results.get(name, [])) for name in COPYING)
        assert copied < MIB, f"{side} copies {copied} bytes"
        calls = text.count("\n")
        # Moving 64 KiB and waiting for the next, beside what it takes to start.
        assert calls < 2 * total / 65536 + 400, f"{side}: {calls} calls"


def switches(proc):
    return (proc.status_field("voluntary_ctxt_switches")
            + proc.status_field("nonvoluntary_ctxt_switches"))


def assert_sleeps(proc, seconds=1.5):
    """A process that wakes up switches context."""
    time.sleep(0.3)
    before = switches(proc)
    time.sleep(seconds)
    assert switches(proc) == before


@pytest.mark.parametrize("stdin", ["pipe", "terminal", "null"])
def test_idle_connection_never_wakes_up(join, stdin):
    master, slave = os.openpty()
    given = {"pipe": PIPE, "terminal": slave, "null": DEVNULL}[stdin]
    proc, conn = join(stdin=given, stdout=PIPE)
    conn.sendall(b"x")
    assert proc.stdout.read(1) == b"x"
    assert_sleeps(proc)
    proc.stop()
    os.close(slave)
    os.close(master)


def test_idle_connection_with_timeouts_never_wakes_up(join):
    proc, conn = join("--timeout", "60", "--idle-timeout", "60", stdin=PIPE)
    conn.sendall(b"x")
    proc.wait_out(1)
    assert_sleeps(proc)
    proc.stop()


def test_idle_listener_never_wakes_up(sockctl):
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=PIPE)
    with dial(proc.port) as conn:
        conn.sendall(b"x")
        proc.wait_out(1)
        assert_sleeps(proc)
    assert_sleeps(proc)
    proc.stop()


@pytest.mark.parametrize("state", ["peer half-closed", "input ended", "output stalled",
                                   "output stalled at urgent data", "peer stalled"])
def test_half_of_a_connection_never_wakes_up(join, state):
    """The directions that are done or blocked cost nothing while the rest waits."""
    if state == "peer stalled":
        with open("/dev/zero", "rb") as zero:
            proc, conn = join(stdin=zero, rcvbuf=4096)
    else:
        proc, conn = join(stdin=PIPE, stdout=PIPE)
    if state == "peer half-closed":
        conn.shutdown(socket.SHUT_WR)
    elif state == "input ended":
        proc.stdin.close()
        assert conn.recv(1) == b""
    elif state != "peer stalled":
        if "urgent" in state:
            conn.send(b"!", socket.MSG_OOB)
            conn.send(b"!", socket.MSG_OOB)
        conn.settimeout(0.3)
        with pytest.raises(TimeoutError):
            while True:
                conn.send(bytes(65536), socket.MSG_OOB if "urgent" in state else 0)
    assert_sleeps(proc)
    proc.stop()


@pytest.mark.needs("strace")
def test_idle_connection_makes_no_system_calls(sockctl, server, tmp_path):
    proc = sockctl("connect", "127.0.0.1", port_of(server), stdin=PIPE, stdout=PIPE,
                   wrap=[*STRACE, tmp_path / "trace"])
    with accept(server) as conn:
        conn.sendall(b"x")
        assert proc.stdout.read(1) == b"x"
        time.sleep(0.5)
        before = (tmp_path / "trace").stat().st_size
        time.sleep(1)
        assert (tmp_path / "trace").stat().st_size == before
        proc.stdin.close()
    proc.wait()


@pytest.mark.needs("strace")
def test_datagrams_are_received_where_they_have_come(sockctl, tmp_path):
    """Not from the target, too, whenever the peer has sent, and the other way round."""
    exchanges = 200
    with udp() as peer, udp() as target:
        proc = sockctl("listen", "-u", "--count", exchanges, "127.0.0.1", 0, "--forward",
                       f"127.0.0.1:{port_of(target)}", stdin=DEVNULL,
                       wrap=[*STRACE, tmp_path / "trace", "-e", "trace=recvmmsg"])
        place = ("127.0.0.1", proc.port)
        for number in range(exchanges):
            peer.sendto(b"%d" % number, place)
            data, source = target.recvfrom(100)
            target.sendto(data, source)
            assert peer.recv(100) == b"%d" % number
    proc.wait()
    calls = (tmp_path / "trace").read_text().count("recvmmsg(")
    assert calls < 2 * exchanges + 20


@pytest.mark.memory
@pytest.mark.parametrize("stalled", ["peer", "output"])
def test_memory_with_a_stalled_reader(join, stalled):
    if stalled == "peer":
        proc, conn = join(stdin=PIPE, rcvbuf=4096)
        proc.stdin.write(b"x")
        receive(conn, 1)
        idle = proc.status_field("VmRSS")
        os.set_blocking(proc.stdin.fileno(), False)
        wait_until_full(lambda: os.write(proc.stdin.fileno(), bytes(65536)))
    else:
        proc, conn = join(stdin=PIPE, stdout=PIPE)
        conn.sendall(b"x")
        assert proc.stdout.read(1) == b"x"
        idle = proc.status_field("VmRSS")
        conn.setblocking(False)
        wait_until_full(lambda: conn.send(bytes(65536)))
    assert proc.status_field("VmHWM") - idle < 4096
    proc.stop()


def wait_until_full(send):
    """Sends until nothing has gone for half a second."""
    last = time.monotonic()
    while time.monotonic() - last < 0.5:
        try:
            send()
            last = time.monotonic()
        except BlockingIOError:
            time.sleep(0.01)


@pytest.mark.memory
def test_memory_of_a_bulk_transfer(join, random_file):
    with open(random_file, "rb") as file:
        proc, conn = join(stdin=file)
    receive(conn, 1)
    idle = proc.status_field("VmRSS")
    receive(conn, 32 * MIB)
    assert proc.status_field("VmHWM") - idle < 4096
    assert sink(conn)[0] == 32 * MIB - 1
    conn.close()
    proc.wait()


@pytest.mark.memory
def test_memory_of_many_idle_clients(sockctl):
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=PIPE, shell="ulimit -n 4096")
    port = proc.port
    first = [dial(port)]
    first[0].sendall(b"x")
    proc.wait_out(1)
    idle = proc.status_field("VmRSS")
    conns = [dial(port) for _ in range(1000)]
    for conn in conns:
        conn.sendall(b"x")
    proc.wait_out(1001)
    growth = proc.status_field("VmRSS") - idle
    for conn in conns + first:
        conn.close()
    assert growth < 8 * 1024
    proc.stop()


@pytest.mark.needs("strace")
def test_numeric_start_opens_no_database(sockctl, server, tmp_path):
    """Neither the name service nor its files are touched for a numeric address."""
    proc = sockctl("connect", "127.0.0.1", port_of(server), stdin=DEVNULL,
                   wrap=[*STRACE, tmp_path / "trace"])
    accept(server).close()
    proc.wait()
    text = (tmp_path / "trace").read_text()
    for name in ("nsswitch", "/etc/services", "/etc/hosts", "resolv.conf", "clone(", "clone3("):
        assert name not in text
