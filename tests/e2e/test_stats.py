# SPDX-License-Identifier: ISC
"""--stats: what a connection has transferred, and what the kernel has measured of it."""

import re
import signal
import socket
import struct
import subprocess

import pytest

from harness import DEADLINE, PIPE, wait_for
from network import FAR4
from peers import MIB, accept, dial, dial_unix, port_of, receive, receive_all, reset, send_all, sink

TCP = ["tcp_rtt", "tcp_rttvar", "tcp_min_rtt", "tcp_retransmits", "tcp_cwnd", "tcp_mss"]


def totals(proc):
    return [event for event in proc.events if event["event"] == "stats"]


def segment_size(conn):
    """What the kernel of the peer sends at most at once: tcpi_snd_mss."""
    info = conn.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return struct.unpack_from("=I", info, 16)[0]


def test_line(join):
    proc, conn = join("--stats", "--set", "TCP_MAXSEG=1000", stdin=b"x" * 5000)
    receive(conn, 5000)
    size = segment_size(conn)
    send_all(conn, b"y" * 70)
    proc.wait()
    line, = proc.complaints
    # The same as the peer's, because timestamps take their part of both.
    assert re.search(r": 127\.0\.0\.1:\d+: 5000 bytes sent, 70 bytes received, "
                     r"\d+\.\d{3} s \([\d.]+ (B|KiB|MiB)/s\); "
                     r"tcp: rtt \d+\.\d{3} ms, variation \d+\.\d{3} ms, least \d+\.\d{3} ms, "
                     rf"0 retransmits, cwnd \d+, mss {size}$", line)
    assert 900 < size <= 1000


def test_json(join):
    proc, conn = join("--stats", "--json", stdin=b"hello")
    receive(conn, 5)
    size = segment_size(conn)
    conn.close()
    proc.wait()
    event, = totals(proc)
    assert event["connection"] == 1 and event["sent_bytes"] == 5 and event["received_bytes"] == 0
    assert event["remote"]["address"] == "127.0.0.1" and 0 < event["duration"] < DEADLINE
    assert list(event)[-len(TCP):] == TCP
    assert 0 < event["tcp_min_rtt"] <= event["tcp_rtt"] < 1
    assert event["tcp_cwnd"] >= 1 and event["tcp_mss"] == size


def test_not_unless_asked_for(join):
    proc, conn = join("--json", stdin=b"hello")
    receive(conn, 5)
    conn.close()
    proc.wait()
    assert not totals(proc)


@pytest.mark.needs("ss")
def test_figures_are_those_of_the_kernel(join):
    """When it is ended from outside, too; beside what ss(8) has just shown of the same socket."""
    proc, conn = join("--stats", "--json", stdin=PIPE)
    proc.stdin.write(bytes(10000))
    receive(conn, 10000)
    port = conn.getsockname()[1], conn.getpeername()[1]

    def look():
        shown = subprocess.run(["ss", "-Htin", f"sport = :{port[1]} and dport = :{port[0]}"],
                               check=True, stdout=subprocess.PIPE, text=True).stdout
        return "bytes_acked" in shown and "unacked" not in shown and shown

    shown = wait_for(look, "everything acknowledged")
    proc.stop(signal.SIGINT)
    event, = totals(proc)
    rtt, rttvar = re.search(r"\brtt:([\d.]+)/([\d.]+)", shown).groups()
    assert event["tcp_rtt"] == pytest.approx(float(rtt) / 1000)
    assert event["tcp_rttvar"] == pytest.approx(float(rttvar) / 1000)
    assert event["tcp_cwnd"] == int(re.search(r"\bcwnd:(\d+)", shown)[1])
    assert event["tcp_mss"] == int(re.search(r"\bmss:(\d+)", shown)[1])
    assert event["sent_bytes"] == 10000


def resent(network):
    """The segments that the near host has sent again (RetransSegs, RFC 4022)."""
    names, values = (line.split() for line in network.near.output("cat", "/proc/net/snmp").splitlines()
                     if line.startswith("Tcp:"))
    return int(values[names.index("RetransSegs")])


@pytest.mark.needs("ip", "unshare", "nsenter", "iptables")
@pytest.mark.parametrize("loses", [False, True])
def test_retransmits(sockctl, network, loses):
    """The kernel counts the same. It may send a segment again that was only late."""
    before = resent(network)
    with network.far.listener(FAR4) as server:
        if loses:
            network.far.run("iptables", "-A", "INPUT", "-p", "tcp", "-m", "length", "--length",
                            "1000:65535", "-m", "statistic", "--mode", "nth", "--every", "10",
                            "--packet", "2", "-j", "DROP")
        proc = sockctl("connect", "--stats", "--json", FAR4, port_of(server), stdin=bytes(MIB),
                       wrap=network.wrap)
        conn = accept(server)
        assert sink(conn)[0] == MIB
        conn.close()
        proc.wait()
    event, = totals(proc)
    assert event["tcp_retransmits"] == resent(network) - before
    assert not loses or event["tcp_retransmits"] > 0


def test_each_of_many(sockctl):
    proc = sockctl("listen", "-k", "--count", 3, "--stats", "--json", "127.0.0.1", 0)
    for n in range(1, 4):
        with dial(proc.port) as conn:
            send_all(conn, b"x" * n)
            receive_all(conn)
        wait_for(lambda: len(totals(proc)) == n, f"the totals of connection {n}")
    proc.wait()
    assert [(e["connection"], e["received_bytes"]) for e in totals(proc)] == [(1, 1), (2, 2), (3, 3)]


# The program has the socket itself, or a relay is in between.
@pytest.mark.parametrize("options", [[], ["--idle-timeout", "1h"]])
def test_of_programs(join, options):
    proc, conn = join("--stats", "--json", *options, "--exec", "head -c 3; echo five")
    send_all(conn, b"abc")
    assert receive_all(conn) == b"abcfive\n"
    conn.close()
    proc.wait()
    event, = totals(proc)
    assert event["sent_bytes"] == 8 and event["received_bytes"] == 3 and event["tcp_mss"] > 0


def test_of_a_program_that_is_ended(sockctl):
    proc = sockctl("listen", "--stats", "--json", "--exec", "cat", "127.0.0.1", 0)
    with dial(proc.port) as conn:
        conn.sendall(b"hello")
        assert receive(conn, 5) == b"hello"
        proc.stop()
    event, = totals(proc)
    assert event["sent_bytes"] == event["received_bytes"] == 5


def test_of_a_connection_that_breaks(join):
    proc, conn = join("--stats", "--json", stdin=PIPE)
    proc.wait_err('"(connected|accepted)"')
    reset(conn)
    proc.wait(7)
    event, = totals(proc)
    assert event["sent_bytes"] == 0 and event["tcp_mss"] > 0


@pytest.mark.parametrize("options", [[], ["--exec", "cat"]])
def test_unix_sockets_have_bytes_only(sockctl, tmp_path, options):
    path = tmp_path / "socket"
    proc = sockctl("listen", "--stats", "--json", *options, path)
    proc.wait_err("listening")
    with dial_unix(str(path)) as conn:
        send_all(conn, b"hello")
        receive_all(conn)
    proc.wait()
    event, = totals(proc)
    assert event["received_bytes"] == 5 and not any(key.startswith("tcp") for key in event)


def test_forwarded(sockctl, server):
    proc = sockctl("listen", "--stats", "--json", "--forward", f"127.0.0.1:{port_of(server)}",
                   "127.0.0.1", 0)
    with dial(proc.port) as conn:
        send_all(conn, b"hello")
        target = accept(server)
        assert receive(target, 5) == b"hello"
        target.close()
        receive_all(conn)
    proc.wait()
    event, = totals(proc)
    assert event["received_bytes"] == 5 and event["remote"]["port"] != port_of(server)


def test_not_with_check(sockctl):
    sockctl("connect", "--check", "--stats", "localhost", 1).fails(2, "--stats")
