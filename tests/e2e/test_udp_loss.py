# SPDX-License-Identifier: ISC
"""Datagrams in numbers: what is cut or dropped is told, rates are kept, and batches do no harm."""

import json
import os
import re
import signal
import socket
import struct
import threading
import time

import pytest

from harness import DEVNULL, PIPE, wait_for
from peers import udp

HOST = "127.0.0.1"
SO_TIMESTAMPNS = 35

with open("/proc/sys/net/core/rmem_max", encoding="ascii") as limit:
    needs_buffer = pytest.mark.skipif(
        os.geteuid() != 0 and int(limit.read()) < 4 << 20,
        reason="the system keeps too few datagrams (net.core.rmem_max)")


@pytest.fixture
def recv(sockctl):
    def start(*words, place=(HOST, 0), **how):
        proc = sockctl("udp-recv", *words, *place, **how)
        proc.wait_err("listening")
        return proc

    return start


def port_of(proc):
    return proc.events[0]["port"] if "--json" in proc.args else proc.port


def kernel_drops(port):
    """What /proc/net/udp counted for the socket on the port, or None."""
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        with open(table, encoding="ascii") as file:
            for line in list(file)[1:]:
                fields = line.split()
                if int(fields[1].rpartition(":")[2], 16) == port:
                    return int(fields[-1])
    return None


def waiting(port):
    """The bytes that the kernel keeps for the socket on the port."""
    with open("/proc/net/udp", encoding="ascii") as file:
        for line in list(file)[1:]:
            fields = line.split()
            if int(fields[1].rpartition(":")[2], 16) == port:
                return int(fields[4].rpartition(":")[2], 16)
    return 0


# Truncation


def test_truncated_datagram(recv):
    proc = recv("--buffer", 100, "--count", 3)
    with udp() as sock:
        for size in (100, 101, 9000):
            sock.sendto(b"x" * size, (HOST, proc.port))
        proc.wait(7)
        assert proc.out == (b"x" * 100 + b"\n") * 3
        source = f"{HOST}:{sock.getsockname()[1]}"
    assert proc.complaints == [
        f"sockctl: udp-recv: {source}: a datagram of {size} bytes was truncated to 100"
        for size in (101, 9000)]


def test_number_of_lines_about_truncation_is_bounded(recv):
    proc = recv("--buffer", 1, "--count", 100)
    with udp() as sock:
        for _ in range(100):
            sock.sendto(b"too long", (HOST, proc.port))
        proc.wait(7)
    assert len(proc.complaints) == 11
    assert "a datagram of 8 bytes was truncated to 1" in proc.complaints[9]
    assert proc.complaints[10].endswith(": datagrams that were truncated after these: 90")


def test_truncated_datagram_in_json(recv, sockctl):
    proc = recv("--json", "--buffer", 10, "--count", 2)
    with udp() as sock:
        for data in (b"x" * 10, b"y" * 70):
            sock.sendto(data, (HOST, port_of(proc)))
    proc.wait(7)
    whole, cut = map(json.loads, proc.out.splitlines())
    assert "truncated" not in whole and whole["length"] == 10
    assert cut["truncated"] is True and cut["length"] == 70 and cut["data"] == "y" * 10
    assert [e["truncated_datagrams"] for e in proc.events if e["event"] == "stats"] == [1]
    # What was cut is not passed on as if it were whole.
    again = sockctl("udp-send", "--json", HOST, 9, stdin=proc.out)
    again.wait(1)
    assert "line 2" in again.err


def test_truncation_is_a_real_flag_of_the_kernel(recv):
    proc = recv("--buffer", 4, "--count", 2, "--trace")
    with udp() as sock:
        for _ in range(2):
            sock.sendto(b"123456", (HOST, proc.port))
    proc.wait(7)
    assert re.search(r'recvmmsg\(\d+, \[\{[^}]*"1234", 6, .*MSG_TRUNC', proc.err)


# Drops


@pytest.mark.parametrize("json_output", [True, False])
@pytest.mark.parametrize("size", [64, 1200, 8192])
def test_flood_into_a_stalled_receiver(recv, json_output, size):
    words = ["--json"] if json_output else ["--stats"]
    proc = recv(*words, stdout=PIPE)
    port = port_of(proc)
    with udp() as sock:
        while kernel_drops(port) <= 5000:
            for _ in range(1000):
                sock.sendto(b"x" * size, (HOST, port))
    dropped = kernel_drops(port)
    assert dropped > 5000
    proc.stop(signal.SIGINT)
    if json_output:
        stats = [e for e in proc.events if e["event"] == "stats"]
        assert [(e["dropped"], e["at_least"]) for e in stats] == [(dropped, True)]
        told = [e for e in proc.events if e["event"] == "error"]
        assert len(told) == 1 and str(dropped) in told[0]["message"]
    else:
        assert f" at least {dropped} dropped" in proc.lines[-1]
        assert f" at least {dropped} datagrams" in proc.lines[-2]
        assert str(dropped) in proc.lines[-2] and "dropped" in proc.lines[-2]


def test_flood_by_ourselves_into_a_stalled_receiver(recv, sockctl, tmp_path):
    """What came as one piece the kernel counts once, so that more may be missing."""
    with open(tmp_path / "zeros", "wb") as file:
        file.truncate(300 << 20)
    proc = recv("--block", "--stats", stdout=PIPE)
    with open(tmp_path / "zeros", "rb") as file:
        sockctl("udp-send", "--block", 1200, HOST, proc.port, stdin=file).wait()
    dropped = kernel_drops(proc.port)
    assert dropped > 0
    proc.stop(signal.SIGINT)
    assert f" at least {dropped} dropped" in proc.lines[-1]


def test_dropped_datagrams_are_a_failure(recv):
    """Not all of what came was received: that is no success."""
    proc = recv("--count", 100000, stdout=PIPE)
    with udp() as sock:
        while kernel_drops(proc.port) == 0:
            sock.sendto(bytes(8192), (HOST, proc.port))
    reader = threading.Thread(target=proc.stdout.read, daemon=True)
    reader.start()
    with udp() as sock:
        while proc.running():
            sock.sendto(b"", (HOST, proc.port))
    proc.wait(7)
    reader.join()
    assert len(proc.complaints) == 1 and "the kernel dropped" in proc.complaints[0]


def test_replies_that_were_dropped(sockctl):
    with udp() as server:
        proc = sockctl("udp-send", "--wait", "1h", "--stats", HOST, server.getsockname()[1], "x",
                       stdout=PIPE)
        client = server.recvfrom(10)[1]
        while kernel_drops(client[1]) <= 1000:
            for _ in range(1000):
                server.sendto(bytes(1200), client)
    dropped = kernel_drops(client[1])
    proc.stop(signal.SIGINT)
    assert f"truncated, {dropped} dropped" in proc.lines[-1]  # nothing is put together here
    assert f"dropped {dropped} datagrams" in proc.lines[-2]


@pytest.mark.parametrize("how", ["timeout", "signal"])
def test_flood_of_replies_has_an_end(sockctl, how):
    """A server that answers faster than can be printed holds up neither deadlines nor signals."""
    options = ("--timeout", "1") if how == "timeout" else ()
    with udp() as server:
        port = server.getsockname()[1]
        client = sockctl("udp-send", "--json", "--wait", "1h", *options, HOST, port, "x",
                         stdout=DEVNULL)
        place = server.recvfrom(10)[1]
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        floods = [sockctl("udp-send", "-q", "--repeat", 10**9, "--bind", f"{HOST}:{port}",
                          "--set", "SO_REUSEPORT", *place, "x") for _ in range(2)]
        wait_for(lambda: kernel_drops(place[1]) > 1000, "a flood")
        if how == "timeout":
            client.wait(6)
        else:
            client.stop(signal.SIGINT)
        for flood in floods:
            flood.popen.kill()  # it may know that nobody is there any more
            flood.popen.wait()


@needs_buffer
def test_nothing_lost_without_a_flood(recv):
    proc = recv("--stats", "--count", 2000)
    with udp() as sock:
        for number in range(2000):
            sock.sendto(b"%d" % number, (HOST, proc.port))
    proc.wait()
    assert proc.out == b"".join(b"%d\n" % number for number in range(2000))
    assert "0 truncated, 0 dropped" in proc.lines[-1]


# Many at once


@needs_buffer
@pytest.mark.parametrize("size", [1, 64, 1200, 8192])
@pytest.mark.parametrize("words", [["--block"], []])
def test_file_arrives_in_order(recv, sockctl, tmp_path, size, words):
    """The socket buffer holds all of it: whatever is missing or out of place is our fault."""
    data = os.urandom(min(size * 3000, 1 << 20) + size // 2).replace(b"\n", b"\0")
    path = tmp_path / "data"
    path.write_bytes(data)
    blocks = [data[at:at + size] for at in range(0, len(data), size)]
    proc = recv(*words, "--count", len(blocks))
    with open(path, "rb") as file:
        sockctl("udp-send", "--block", size, HOST, proc.port, stdin=file).wait()
    proc.wait()
    assert proc.out == (data if words else b"".join(block + b"\n" for block in blocks))


@needs_buffer
def test_lines_of_all_lengths_arrive_in_order(recv, sockctl):
    lines = [b"x" * (n * 7 % 300) for n in range(3000)] + [b"y" * 20] * 500 + [b""] * 100
    proc = recv("--count", len(lines))
    sockctl("udp-send", HOST, proc.port, stdin=b"".join(line + b"\n" for line in lines)).wait()
    proc.wait()
    assert proc.out == b"".join(line + b"\n" for line in lines)


@needs_buffer
def test_echo_of_many(recv, sockctl):
    server = recv("--echo")
    lines = b"".join(b"%d\n" % (n % 977) for n in range(2000))
    proc = sockctl("udp-send", "--replies", 2000, "--wait", 20, HOST, server.port, stdin=lines)
    proc.wait()
    assert proc.out == lines
    server.stop()


@needs_buffer
def test_output_that_stalls_is_written_once(recv):
    """A reader that pauses gets every byte once, in order."""
    proc = recv("--count", 3000, stdout=PIPE)
    lines = [b"%06d" % n * 20 for n in range(3000)]
    with udp() as sock:
        for line in lines:
            sock.sendto(line, (HOST, proc.port))
        wait_for(lambda: waiting(proc.port), "a full pipe")
    got = b""
    while piece := proc.stdout.read(4096):
        got += piece
    proc.wait()
    assert got == b"".join(line + b"\n" for line in lines)


# Rates


def stamped(sock):
    """Takes a datagram and returns when the kernel had it."""
    _, (control,), _, _ = sock.recvmsg(100, 100)
    seconds, nanoseconds = struct.unpack("@qq", control[2])
    return seconds + nanoseconds / 1e9


def test_rate_is_kept(sockctl):
    with udp() as sock:
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        proc = sockctl("udp-send", "--rate", 50, "--repeat", 26, HOST, sock.getsockname()[1], "x")
        times = [stamped(sock) for _ in range(26)]
        proc.wait()
    assert times[-1] - times[0] >= 25 / 50 * 0.95


@pytest.mark.parametrize("rate, count", [(1000, 400), (20000, 8000), (100000, 40000)])
def test_high_rates_are_kept(sockctl, rate, count):
    """Never faster on the whole; how much slower is the machine's affair."""
    with udp() as sock:  # which need not keep up
        proc = sockctl("udp-send", "--json", "--rate", rate, "--repeat", count, HOST,
                       sock.getsockname()[1], "x" * 100)
        proc.wait()
    stats = [e for e in proc.events if e["event"] == "stats"][0]
    assert stats["sent_datagrams"] == count
    assert stats["duration"] >= (count - 1) / rate - 1e-6  # its digits


@pytest.mark.needs("strace")
def test_pacing_sleeps(sockctl, tmp_path):
    """A few calls for each datagram, and no spinning in between."""
    trace = tmp_path / "trace"
    with udp() as sock:
        sockctl("udp-send", "--rate", 100, "--repeat", 30, HOST, sock.getsockname()[1], "x",
                wrap=["strace", "-f", "-qq", "-o", trace,
                      "-E", "ASAN_OPTIONS=detect_leaks=0"]).wait()
    calls = trace.read_text()
    after = calls[calls.index("sendto"):].splitlines()
    assert len(after) < 30 * 8


def test_slow_input_owes_nothing(sockctl):
    """What was not there to be sent is not sent in a burst afterwards."""
    with udp() as sock:
        proc = sockctl("udp-send", "--rate", 10, HOST, sock.getsockname()[1], stdin=PIPE)
        proc.stdin.write(b"1\n")
        sock.recv(10)
        time.sleep(1)  # in which ten would have been due
        begin = time.monotonic()
        proc.stdin.write(b"2\n3\n4\n")
        for _ in range(3):
            sock.recv(10)
        assert time.monotonic() - begin >= 0.19
        proc.stdin.close()
        proc.wait()


def test_interrupted_sender_tells_how_far_it_came(sockctl):
    with udp() as sock:
        proc = sockctl("udp-send", "--stats", "--rate", 5, "--repeat", 1000, HOST,
                       sock.getsockname()[1], "x")
        sock.recv(10)
        sock.recv(10)
        proc.stop(signal.SIGINT)
    assert re.search(r"sent [2-9] datagrams", proc.lines[-1])


@pytest.mark.needs("strace")
def test_idle_receiver_makes_no_system_calls(recv, tmp_path):
    proc = recv(wrap=["strace", "-f", "-qq", "-o", tmp_path / "trace",
                      "-E", "ASAN_OPTIONS=detect_leaks=0"])
    with udp() as sock:
        sock.sendto(b"x", (HOST, proc.port))
        proc.wait_out(2)
    time.sleep(0.3)
    before = (tmp_path / "trace").stat().st_size
    time.sleep(0.7)
    assert (tmp_path / "trace").stat().st_size == before
    with udp() as sock:
        sock.sendto(b"y", (HOST, proc.port))
        proc.wait_out(4)
    os.kill(int(re.search(r"^(\d+) ", (tmp_path / "trace").read_text(), re.M)[1]), signal.SIGTERM)
    proc.wait(128 + signal.SIGTERM)
