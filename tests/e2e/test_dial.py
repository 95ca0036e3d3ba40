# SPDX-License-Identifier: ISC
"""Connecting in networks as they are: addresses that are dead, names that nobody tells."""

import re
import signal
import socket
import time
from contextlib import contextmanager

import pytest

from harness import DEVNULL, PIPE, Task, soonest, wait_for
from network import FAR4, FAR6, HOLE4, HOLE6, LOST6, NEAR4, OTHER4, OTHER6
from peers import accept, answer, listener, port_of, receive_all, unused_port

PORT = 2000  # of the far host, which is the test's own

pytestmark = pytest.mark.needs("ip", "unshare", "nsenter", "ss")
needs_names = pytest.mark.needs("dnsmasq")


@contextmanager
def serving(sock):
    """Answers each connection at once; yields the addresses that clients came from."""
    clients = []

    def serve():
        while True:
            try:
                conn, client = sock.accept()
            except OSError:
                return
            clients.append(client)
            answer(conn, b"pong")

    task = Task(serve)
    yield clients
    sock.shutdown(socket.SHUT_RDWR)
    sock.close()
    task.result()


def connects(sockctl, network, *words, limit):
    """Connects in less than LIMIT seconds."""
    def run():
        proc = sockctl("connect", *words, stdin=DEVNULL, wrap=network.wrap)
        seconds = proc.wait()
        assert proc.out == b"pong"
        return seconds

    assert soonest(run, limit) < limit


# The attempts, RFC 8305


@needs_names
@pytest.mark.parametrize("addresses", [(HOLE6, OTHER4), (HOLE4, OTHER4), (HOLE6, OTHER6)])
def test_black_hole_first(sockctl, network, addresses):
    with network.names(host=addresses), network.appearing(addresses[1]):
        with serving(network.far.listener("::", PORT)):
            connects(sockctl, network, "host.test", PORT, limit=0.4)


@needs_names
def test_refused_first(sockctl, network):
    """The next attempt does not wait for its turn when there is nothing left to wait for."""
    with network.names(host=[FAR6, FAR4]), serving(network.far.listener(FAR4, PORT)):
        connects(sockctl, network, "host.test", PORT, limit=0.2)


@needs_names
def test_slow_families(sockctl, network):
    """Both attempts go on; the first to succeed wins, and the other is given up."""
    with network.names(host=[HOLE6, HOLE4]), network.far.listener("::", PORT) as server:
        proc = sockctl("connect", "host.test", PORT, stdin=b"ping", wrap=network.wrap)
        wait_for(lambda: sorted(network.near.connecting()) == sorted([HOLE6, HOLE4]), "attempts")
        with network.appearing(HOLE4):
            conn, _ = server.accept()
            wait_for(lambda: network.near.connecting() == [], "the end of the other attempt")
            assert answer(conn, b"pong") == b"ping"
            proc.wait()
    assert proc.out == b"pong"


@needs_names
def test_families_take_turns(sockctl, network):
    """A new attempt every 250 ms while none has succeeded, and all are named if none does."""
    with network.names(host=[HOLE6, OTHER6, HOLE4, OTHER4]):
        proc = sockctl("connect", "--connect-timeout", "1.5", "--trace", "host.test", PORT,
                       wrap=network.wrap)
        proc.wait(6)
    tried = re.findall(r"([\d.]+) connect\(\d+, \[?([\d.:a-f]+?)\]?:\d+\) = -1 EINPROGRESS",
                       proc.err)
    found = [address for _, address in tried]
    assert sorted(found) == sorted([HOLE6, OTHER6, HOLE4, OTHER4])
    assert [":" in address for address in found] == [True, False, True, False]
    times = [float(at) for at, _ in tried]
    assert all(0.25 <= later - at < 0.5 for at, later in zip(times, times[1:])), times
    failures = re.findall(r"^sockctl: connect: \[?([\d.:a-f]+?)\]?:\d+: .*ETIMEDOUT", proc.err,
                          re.M)
    assert failures == found


@needs_names
def test_failures_are_named_in_order(sockctl, network):
    with network.names(host=[FAR6, FAR4]):
        proc = sockctl("connect", "host.test", PORT, wrap=network.wrap)
        proc.wait(5)
    assert proc.lines == [
        f"sockctl: connect: [{FAR6}]:{PORT}: Connection refused (ECONNREFUSED)",
        f"sockctl: connect: {FAR4}:{PORT}: Connection refused (ECONNREFUSED)"]


@needs_names
def test_one_refuses_and_one_is_silent(sockctl, network):
    """A host that may only have been slow is no refusal."""
    with network.names(host=[HOLE6, FAR4]):
        proc = sockctl("connect", "--connect-timeout", "0.5", "host.test", PORT,
                       wrap=network.wrap)
        assert 0.5 <= proc.wait(6) < 5
    assert proc.lines == [
        f"sockctl: connect: [{HOLE6}]:{PORT}: Connection timed out (ETIMEDOUT)",
        f"sockctl: connect: {FAR4}:{PORT}: Connection refused (ECONNREFUSED)"]


@needs_names
def test_ipv6_without_route(sockctl, network):
    with network.names(host=[LOST6, FAR4]), serving(network.far.listener(FAR4, PORT)):
        connects(sockctl, network, "host.test", PORT, limit=0.2)
        connects(sockctl, network, "-4", "host.test", PORT, limit=0.2)
        proc = sockctl("connect", "-6", "host.test", PORT, wrap=network.wrap)
        assert proc.fails(5, LOST6, "ENETUNREACH") < 5


@needs_names
def test_verbose_tells_what_happens(sockctl, network):
    with network.names(host=[FAR6, FAR4]), serving(network.far.listener(FAR4, PORT)):
        proc = sockctl("connect", "-v", "host.test", PORT, stdin=DEVNULL, wrap=network.wrap)
        proc.wait()
    assert proc.lines[0] == (f"sockctl: connect: host.test:{PORT} is [{FAR6}]:{PORT} "
                             f"{FAR4}:{PORT}")
    assert proc.lines[1] == (f"sockctl: connect: [{FAR6}]:{PORT}: "
                             "Connection refused (ECONNREFUSED)")
    assert f"connected to {FAR4}:{PORT}" in proc.lines[2]


def test_socket_whose_backlog_is_full(sockctl, tmp_path):
    """Nothing tells when there is room again, but it is found."""
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as first:
        server.bind(str(tmp_path / "socket"))
        server.listen(0)
        first.connect(str(tmp_path / "socket"))
        proc = sockctl("connect", "--trace", tmp_path / "socket", stdin=b"x")
        proc.wait_err("connect.* EAGAIN")
        server.accept()[0].close()
        conn, _ = server.accept()
        assert answer(conn, b"y") == b"x"
        proc.wait()


def test_socket_connected_to_itself(sockctl, network):
    """The kernel may choose the very port that is asked for, and then there seems to be a server."""
    network.near.run("sysctl", "-qw", "net.ipv4.ip_local_port_range=40000 40001")
    for port in (40000, 40001):
        proc = sockctl("connect", "--retry=50", "--retry-delay", "0", "127.0.0.1", port,
                       stdin=PIPE, wrap=network.wrap)
        proc.fails(5, "ECONNREFUSED")


# One deadline over everything


@contextmanager
def silent_name_server(network):
    with network.bad_names("silent"):
        yield "host.test"


@contextmanager
def black_hole(network):
    yield HOLE4


@contextmanager
def silent_peer(network):
    with network.far.listener(FAR4, PORT):
        yield FAR4


@contextmanager
def slow_stream(network):
    def drip():
        conn, _ = server.accept()
        try:
            while True:
                conn.sendall(b".")
                time.sleep(0.02)
        except OSError:
            conn.close()

    with network.far.listener(FAR4, PORT) as server:
        tasks = [Task(drip) for _ in range(3)]
        yield FAR4
        server.shutdown(socket.SHUT_RDWR)
    del tasks


@pytest.mark.parametrize("place", [silent_name_server, black_hole, silent_peer, slow_stream])
def test_deadline(sockctl, network, place):
    with place(network) as host:
        def run():
            proc = sockctl("connect", "--timeout", "1", host, PORT, stdin=PIPE, wrap=network.wrap)
            return proc.fails(6, "timed out")

        assert 1 <= soonest(run, 1.2) < 1.2


@pytest.mark.parametrize("place", [silent_name_server, black_hole])
def test_connect_timeout(sockctl, network, place):
    with place(network) as host:
        def run():
            proc = sockctl("connect", "--connect-timeout", "0.5", host, PORT, wrap=network.wrap)
            return proc.fails(6, f"{host}:{PORT}", "timed out")

        assert 0.5 <= soonest(run, 0.7) < 0.7


def test_stop_during_a_look_up(sockctl, network):
    with network.bad_names("silent") as server:
        proc = sockctl("connect", "host.test", PORT, wrap=network.wrap)
        wait_for(lambda: server.queries, "query")
        begun = time.monotonic()
        proc.stop(signal.SIGINT)
        assert time.monotonic() - begun < 1


# What a name server may say


@pytest.mark.parametrize("kind, status", [("nxdomain", 3), ("servfail", 4)])
def test_answers_of_a_name_server(sockctl, network, kind, status):
    with network.bad_names(kind):
        proc = sockctl("connect", "host.test", PORT, wrap=network.wrap)
        assert proc.fails(status, f"host.test:{PORT}") < 5


def test_name_server_that_is_silent(sockctl, network):
    network.replace("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    with network.bad_names("silent"):
        proc = sockctl("connect", "host.test", PORT, wrap=network.wrap)
        assert 1 <= proc.fails(4, f"host.test:{PORT}") < 5


@needs_names
def test_name_without_an_address_of_the_family(sockctl, network):
    with network.names(host=[FAR4]):
        proc = sockctl("connect", "-6", "host.test", PORT, wrap=network.wrap)
        proc.fails(3, f"host.test:{PORT}", "IPv6")


# Trying again


def test_retry_until_the_port_opens(sockctl, network):
    def run():
        proc = sockctl("connect", "-v", "--retry", "--timeout", "20", FAR4, PORT, stdin=DEVNULL,
                       wrap=network.wrap)
        for _ in range(3):
            proc.wait_err("ECONNREFUSED.*again")
        opened = time.monotonic()
        with serving(network.far.listener(FAR4, PORT)):
            proc.wait()
            ended = time.monotonic()
        assert proc.out == b"pong"
        return ended - opened

    assert soonest(run, 0.5) < 0.5


@needs_names
@pytest.mark.parametrize("addresses", [(FAR4, HOLE4), (HOLE4, FAR4)])
def test_retry_of_what_refused_beside_what_hangs(sockctl, network, addresses):
    with network.names(host=addresses):
        proc = sockctl("connect", "-v", "--retry=2", "--trace", "host.test", PORT, stdin=DEVNULL,
                       wrap=network.wrap)
        wait_for(lambda: proc.err.count("ECONNREFUSED") > 3, "attempts")
        with serving(network.far.listener(FAR4, PORT)):
            proc.wait()
    assert proc.out == b"pong"
    assert len(re.findall(rf"connect\(\d+, {HOLE4}:", proc.err)) == 1
    assert "trying again" not in proc.err


def test_retry_against_a_port_that_never_opens(sockctl, network):
    def run():
        proc = sockctl("connect", "--retry", "--timeout", "1", FAR4, PORT, wrap=network.wrap)
        return proc.fails(6, f"{FAR4}:{PORT}", "tries", "Connection refused (ECONNREFUSED)")

    assert 1 <= soonest(run, 1.2) < 1.2


def test_retry_in_a_black_hole(sockctl, network):
    proc = sockctl("connect", "--retry", "--connect-timeout", "0.1", "--retry-delay", "0",
                   "--timeout", "1", HOLE4, PORT, wrap=network.wrap)
    assert proc.fails(6, f"{HOLE4}:{PORT}", "ETIMEDOUT") >= 1


def test_number_of_tries(sockctl, network):
    proc = sockctl("connect", "-v", "--retry=3", "--retry-delay", "10ms", FAR4, PORT,
                   wrap=network.wrap)
    proc.wait(5)
    assert [bool(re.search("trying again", line)) for line in proc.lines] == [True, True, False]


@needs_names
def test_retry_until_the_name_is_known(sockctl, network):
    with serving(network.far.listener(FAR4, PORT)):
        with network.bad_names("nxdomain"):
            proc = sockctl("connect", "-v", "--retry", "host.test", PORT, stdin=DEVNULL,
                           wrap=network.wrap)
            proc.wait_err("trying again")
        with network.names(host=[FAR4]):
            proc.wait()
    assert proc.out == b"pong"


def test_retry_during_a_look_up_that_hangs(sockctl, network):
    """However often it is tried, there is one look-up at a time."""
    with network.bad_names("silent"):
        proc = sockctl("connect", "-v", "--retry", "--retry-delay", "0", "--connect-timeout",
                       "10ms", "host.test", PORT, wrap=network.wrap)
        for _ in range(20):
            proc.wait_err("trying again")
        wait_for(lambda: proc.err.count("trying again") >= 20, "20 tries")
        assert proc.status_field("Threads") <= 2
        proc.stop()


def test_retry_where_it_cannot_help(sockctl):
    proc = sockctl("connect", "--retry", "127.0.0.1", "nosuchservice")
    proc.fails(3, "nosuchservice")
    proc = sockctl("connect", "--retry", "--bind", "127.0.0.1", "::1", "80")
    proc.fails(3, "IPv4")


# From where


def test_source_address_and_port(sockctl, network):
    network.near.do("address add 10.99.0.11/24 dev wire")
    with serving(network.far.listener(FAR4, PORT)) as clients:
        for words in (["--bind", "10.99.0.11:4001"], ["-s", "10.99.0.11", "-p", "4002"],
                      ["--source-port", "4003"], ["--bind", ":4004"], ["--bind", "10.99.0.11"]):
            sockctl("connect", *words, FAR4, PORT, stdin=DEVNULL, wrap=network.wrap).wait()
    assert clients[:3] == [("10.99.0.11", 4001), ("10.99.0.11", 4002), (NEAR4, 4003)]
    assert clients[3] == (NEAR4, 4004)
    assert clients[4][0] == "10.99.0.11"


@needs_names
def test_source_address_chooses_the_family(sockctl, network):
    with network.names(host=[FAR6, FAR4]), network.far.listener("::", PORT) as server:
        with serving(server) as clients:
            connects(sockctl, network, "--bind", NEAR4, "host.test", PORT, limit=0.5)
    assert NEAR4 in clients[0][0]


def test_source_port_that_somebody_listens_on(sockctl):
    with listener() as server:
        proc = sockctl("connect", "--source-port", port_of(server), "127.0.0.1", unused_port())
        proc.fails(5, f"from port {port_of(server)}:", "EADDRINUSE")


def test_source_port_of_another_connection(sockctl, server):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 0))
        other.connect(server.getsockname())
        proc = sockctl("connect", "--source-port", port_of(other), "127.0.0.1", port_of(server))
        proc.fails(5, f"from port {port_of(other)},", "connection", "EADDRNOTAVAIL")


@pytest.mark.needs("setpriv")
def test_privileged_source_port(sockctl, network):
    wrap = [*network.wrap, "setpriv", "--bounding-set", "-net_bind_service"]
    proc = sockctl("connect", "--retry", "--source-port", "1000", FAR4, PORT, wrap=wrap)
    proc.fails(5, "from port 1000,", "CAP_NET_BIND_SERVICE", "EACCES")


def test_source_address_that_is_not_ours(sockctl, server):
    proc = sockctl("connect", "--bind", "192.0.2.77", "127.0.0.1", port_of(server))
    proc.fails(5, "from 192.0.2.77, which no interface of this machine has:", "EADDRNOTAVAIL")


def test_source_address_of_the_other_family(sockctl):
    proc = sockctl("connect", "-4", "--bind", "::1", "127.0.0.1", "80")
    proc.fails(2, "--bind", "::1", "IPv4")


def test_interface(sockctl, network):
    with serving(network.far.listener(FAR4, PORT)):
        connects(sockctl, network, "--interface", "wire", FAR4, PORT, limit=5)
        proc = sockctl("connect", "--interface", "lo", "--connect-timeout", "0.2", FAR4, PORT,
                       wrap=network.wrap)
        proc.wait(proc.popen.wait(10))
        assert proc.popen.returncode in (5, 6)
        proc = sockctl("connect", "--interface", "nosuch", FAR4, PORT, wrap=network.wrap)
        proc.fails(5, "interface nosuch; this machine has lo, wire: ", "ENODEV")
