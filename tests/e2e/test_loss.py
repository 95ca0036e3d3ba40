# SPDX-License-Identifier: ISC
"""Links that lose, refuse or delay packets: transfers are whole, and a peer that is gone is found."""

import os
import re
import subprocess
import time

import pytest

from harness import DEVNULL, PIPE, Task, digest_of, wait_for
from network import FAR4, FAR6, NEAR4, Network
from peers import MIB, accept, answer, dial, port_of, receive, send_all, sink, udp

PORT = 4000
PIECES = ["-m", "statistic", "--mode", "random", "--probability"]


def kernel_has(*words):
    """What this system knows, tried in a network that is thrown away."""
    if Network.obstacle():
        return False
    script = 'ip link set lo up && exec "$@"'
    done = subprocess.run(["unshare", "--net", "sh", "-c", script, "sh", *words], check=False,
                          stdout=DEVNULL, stderr=DEVNULL)
    return done.returncode == 0


pytestmark = [
    pytest.mark.needs("ip", "unshare", "nsenter", "iptables", "ip6tables"),
    pytest.mark.skipif(not kernel_has("iptables", "-A", "INPUT", *PIECES, "0.1", "-j", "DROP"),
                       reason="no namespaces, or no match `statistic` of netfilter"),
]


def lose(host, *rule, tool="iptables"):
    host.run(tool, "-A", "INPUT", *rule, "-j", "DROP")


@pytest.fixture
def cut(network):
    """cut() makes everything that either host sends vanish."""
    def start():
        for host in (network.near, network.far):
            lose(host)
    return start


def transfer(sockctl, network, address, data):
    """Sends data there and back at once, and checks both."""
    with network.far.listener(address, PORT) as server:
        proc = sockctl("connect", "--timeout", 30, "--stats", "--json", address, PORT, stdin=data,
                       wrap=network.wrap)
        with accept(server) as conn:
            sending = Task(send_all, conn, data[::-1])
            assert sink(conn) == digest_of(data)
            sending.result()
    proc.wait()
    assert proc.out == data[::-1]
    stats, = (event for event in proc.events if event["event"] == "stats")
    return stats


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("share", [0.05, 0.1])
def test_both_directions_whole_with_loss(sockctl, network, family, share):
    tool, address = {4: ("iptables", FAR4), 6: ("ip6tables", FAR6)}[family]
    # In packets as a real wire has them: veth carries 64 KiB in one.
    for host in (network.near, network.far):
        host.do("link set wire gso_max_segs 1")
    # Not the handshake, whose repetition takes a second and more.
    rule = ["-p", "tcp", "!", "--syn", *PIECES, share]
    lose(network.near, *rule, tool=tool)
    lose(network.far, *rule, tool=tool)
    stats = transfer(sockctl, network, address, os.urandom(MIB // 4))
    assert stats["tcp_retransmits"] > 0


def test_program_served_over_a_lossy_link(sockctl, network):
    """The program at both ends, and a child between them."""
    for host in (network.near, network.far):
        lose(host, "-p", "tcp", "!", "--syn", *PIECES, 0.05)
    server = sockctl("listen", "--expose", "--exec", "cat", FAR4, PORT, wrap=network.far.words)
    assert server.port
    data = os.urandom(MIB)
    client = sockctl("connect", FAR4, PORT, stdin=data, wrap=network.wrap)
    client.wait()
    server.wait()
    assert client.out == data


@pytest.mark.skipif(not kernel_has("tc", "qdisc", "add", "dev", "lo", "root", "tbf", "rate",
                                   "10mbit", "burst", "10kb", "latency", "50ms"),
                    reason="no token bucket (tc, sch_tbf)")
def test_link_that_is_narrow(sockctl, network):
    """The bucket paces, and drops what does not fit its queue."""
    words = "qdisc add dev wire root tbf rate 20mbit burst 8kb latency 5ms".split()
    for host in (network.near, network.far):
        host.run("tc", *words)
    started = time.monotonic()
    transfer(sockctl, network, FAR4, os.urandom(MIB))
    assert time.monotonic() - started > MIB * 8 / 20e6 / 2  # it was in the way


@pytest.mark.skipif(not kernel_has("tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay",
                                   "1ms", "reorder", "25%"),
                    reason="no network emulator (tc, sch_netem)")
def test_link_that_reorders(sockctl, network):
    for host in (network.near, network.far):
        host.run("tc", *"qdisc add dev wire root netem delay 5ms 2ms reorder 25% duplicate 5%"
                 .split())
    transfer(sockctl, network, FAR4, os.urandom(MIB))


def test_last_bytes_lost_first(sockctl, network):
    """Status 0 says that they have arrived, so it waits for those that are sent again."""
    lose(network.far, "-p", "tcp", "!", "--syn", "-m", "length", "--length", "100:65535",
         "-m", "statistic", "--mode", "nth", "--every", 2, "--packet", 0)
    data = os.urandom(300)
    with network.far.listener(FAR4, PORT) as server:
        proc = sockctl("connect", FAR4, PORT, stdin=data, wrap=network.wrap)
        with accept(server) as conn:
            assert answer(conn, b"done") == data
    proc.wait()
    assert proc.out == b"done"


# Peers that are gone


@pytest.fixture
def talking(sockctl, network):
    """talking(OPTIONS...): a connection through which bytes have gone both ways."""
    conns = []

    def start(*options, stdin=PIPE, role="connect"):
        if role == "connect":
            with network.far.listener(FAR4, PORT) as server:
                proc = sockctl("connect", *options, FAR4, PORT, stdin=stdin, wrap=network.wrap)
                conn = accept(server)
        else:
            proc = sockctl("listen", *options, NEAR4, PORT, stdin=stdin, wrap=network.wrap)
            assert proc.port
            conn = network.far.within(dial, PORT, NEAR4)
        conns.append(conn)
        conn.sendall(b"x")
        proc.wait_out(1)
        return proc, conn

    yield start
    for conn in conns:
        conn.close()


@pytest.mark.parametrize("role", ["connect", "listen"])
def test_idle_timeout_finds_it_in_mid_transfer(talking, cut, role):
    """The peer's last words are lost, as are ours: nobody learns of anything."""
    with open("/dev/zero", "rb") as zero:
        proc, conn = talking("--idle-timeout", 1, stdin=zero, role=role)
    receive(conn, MIB)
    cut()
    proc.fails(6, "idle")


@pytest.mark.parametrize("role", ["connect", "listen"])
def test_user_timeout_finds_it_in_mid_transfer(talking, cut, role):
    """What stays unacknowledged for so long breaks the connection (RFC 5482)."""
    with open("/dev/zero", "rb") as zero:
        proc, conn = talking("--set", "TCP_USER_TIMEOUT=500ms", stdin=zero, role=role)
    receive(conn, MIB)
    cut()
    proc.fails(7, "ETIMEDOUT")


def test_user_timeout_finds_it_after_the_end_of_input(talking, cut):
    """Also where the bytes have left the program: status 0 would be a lie."""
    proc, conn = talking("--set", "TCP_USER_TIMEOUT=500ms")
    cut()
    proc.stdin.write(b"last words")
    proc.stdin.close()
    proc.fails(7, "ETIMEDOUT")


@pytest.mark.parametrize("role", ["connect", "listen"])
def test_keepalive_finds_it_in_silence(talking, cut, role):
    proc, _ = talking("--set", "TCP_KEEPIDLE=1", "--set", "TCP_KEEPINTVL=1", "--set",
                      "TCP_KEEPCNT=1", role=role)
    cut()
    proc.fails(7, "ETIMEDOUT")


def test_deadline_is_kept_whatever_the_link_does(talking, cut):
    proc, _ = talking("--timeout", 1)
    cut()
    proc.stdin.write(b"x" * 1000)
    proc.stdin.close()
    assert proc.fails(6, "timed out") < 3


def test_server_outlives_clients_that_vanish(sockctl, network):
    """One falls silent for good; the others are served, and it is forgotten."""
    proc = sockctl("listen", "-k", "--idle-timeout", 1, "--exec", "cat", "--expose", NEAR4, PORT,
                   wrap=network.wrap)
    assert proc.port
    before = proc.descriptors()

    def asks(conn, data):
        conn.sendall(data)
        return receive(conn, len(data)) == data

    with network.far.within(dial, PORT, NEAR4) as gone:
        assert asks(gone, b"here")
        lose(network.near, "-p", "tcp", "--sport", port_of(gone))
        gone.sendall(b"never heard")
        with network.far.within(dial, PORT, NEAR4) as other:
            assert asks(other, os.urandom(1000))
            proc.wait_err(f"{port_of(gone)}: .*idle")
    wait_for(lambda: proc.descriptors() <= before, "nothing left of it")
    proc.stop()


# Refusals


REFUSALS = {
    # iptables --reject-with: what connect(2) says, and what a sender hears later.
    "tcp-reset": ("ECONNREFUSED", "Connection refused"),
    "icmp-port-unreachable": ("ECONNREFUSED", "Connection refused"),
    "icmp-host-unreachable": ("EHOSTUNREACH", "No route to host"),
    "icmp-admin-prohibited": ("EHOSTUNREACH", "No route to host"),
    "icmp-net-unreachable": ("ENETUNREACH", "Network is unreachable"),
    "icmp-proto-unreachable": ("ENOPROTOOPT", "Protocol not available"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_rejected(sockctl, network, refusal):
    network.far.run("iptables", "-A", "INPUT", "-p", "tcp", "-j", "REJECT", "--reject-with",
                    refusal)
    proc = sockctl("connect", FAR4, PORT, wrap=network.wrap)
    assert proc.fails(5, f"{FAR4}:{PORT}", *REFUSALS[refusal]) < 3


def test_rejected_ipv6(sockctl, network):
    network.far.run("ip6tables", "-A", "INPUT", "-p", "tcp", "-j", "REJECT", "--reject-with",
                    "icmp6-adm-prohibited")
    sockctl("connect", FAR6, PORT, wrap=network.wrap).fails(5, f"[{FAR6}]:{PORT}", "EACCES")


def test_dropped_at_dial(sockctl, network):
    lose(network.far, "-p", "tcp")
    proc = sockctl("connect", "--connect-timeout", 0.5, FAR4, PORT, wrap=network.wrap)
    proc.fails(6, f"{FAR4}:{PORT}", "ETIMEDOUT")


def test_rejected_in_mid_transfer(talking, network):
    """A firewall that begins to answer with resets."""
    with open("/dev/zero", "rb") as zero:
        proc, conn = talking(stdin=zero)
    receive(conn, MIB)
    network.far.run("iptables", "-A", "INPUT", "-p", "tcp", "-j", "REJECT", "--reject-with",
                    "tcp-reset")
    proc.fails(7, "ECONNRESET")


# Datagrams


def test_datagrams_that_arrive_are_counted(sockctl, network):
    """Nobody can tell what the link has lost; what came is whole, in order and counted."""
    lose(network.far, "-p", "udp", *PIECES, 0.2)
    receiver = sockctl("udp-recv", "--json", FAR4, PORT, wrap=network.far.words)
    receiver.wait_err("listening")
    # Of many lengths: the kernel passes those of one length on together, and loses them so.
    lines = b"".join(b"message %d%s\n" % (n, b"." * (n % 7)) for n in range(1000))
    sockctl("udp-send", FAR4, PORT, stdin=lines, wrap=network.wrap).wait()
    with network.near.within(udp, NEAR4) as sock:
        def last_has_come():
            sock.sendto(b"end", (FAR4, PORT))
            return b'"end"' in receiver.out

        wait_for(last_has_come, "the end")
    receiver.stop()
    numbers = [int(n) for n in re.findall(rb"message (\d+)", receiver.out)]
    assert 500 < len(numbers) < 1000 and numbers == sorted(set(numbers))
    stats, = (event for event in receiver.events if event["event"] == "stats")
    assert stats["received_datagrams"] == receiver.out.count(b"\n")


def test_refused_datagrams(sockctl, network):
    """Only a connected socket hears of it."""
    network.far.run("iptables", "-A", "INPUT", "-p", "udp", "-j", "REJECT", "--reject-with",
                    "icmp-admin-prohibited")
    proc = sockctl("udp-send", "--connected", "--wait", 2, FAR4, PORT, "hello", wrap=network.wrap)
    proc.wait(proc.popen.wait(10))
    assert proc.popen.returncode in (5, 7) and "EHOSTUNREACH" in proc.err, proc.describe()
