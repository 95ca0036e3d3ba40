# SPDX-License-Identifier: ISC
"""connect --check: which ports are open, told in time and without mistakes."""

import fcntl
import json
import os
import random
import re
import signal
import socket
import termios
import time
from contextlib import ExitStack, contextmanager

import pytest

from harness import PIPE, Task, soonest, wait_for
from network import FAR4, FAR6, HOLE4, HOLE6, NEAR4, OTHER4
from peers import accept, listener, port_of, receive_all, unused_port

needs_network = pytest.mark.needs("ip", "unshare", "nsenter", "ss")
needs_names = pytest.mark.needs("dnsmasq")


@pytest.fixture
def check(sockctl):
    """Starts the program with --check."""
    def start(*words, **how):
        return sockctl("connect", "--check", *words, **how)

    return start


@pytest.fixture
def servers():
    """Opens ports of 127.0.0.1."""
    with ExitStack() as stack:
        yield lambda count: sorted(port_of(stack.enter_context(listener())) for _ in range(count))


@contextmanager
def greeting(sock, *pieces, pause=0.1):
    """Sends each client some bytes, and holds its connection open until it ends it."""
    def greet(conn):
        for piece in pieces:
            conn.sendall(piece)
            time.sleep(pause)
        receive_all(conn)
        conn.close()

    def serve():
        while True:
            try:
                conn, _ = sock.accept()
            except OSError:
                return
            Task(greet, conn)

    task = Task(serve)
    yield port_of(sock)
    sock.shutdown(socket.SHUT_RDWR)
    task.result()


def listed(proc):
    """The lines of stdout, split into columns."""
    return [line.split("\t") for line in proc.out.decode().splitlines()]


def ports_listed(proc):
    return [int(columns[0]) for columns in listed(proc)]


def joined(ports):
    return ",".join(map(str, ports))


# One port


def test_open_port(check, server):
    """Told by the status alone; nothing is sent."""
    proc = check("127.0.0.1", port_of(server), stdin=b"not sent")
    with accept(server) as conn:
        assert receive_all(conn) == b""
    proc.wait()
    assert (proc.out, proc.err) == (b"", "")


def test_letter(sockctl, server):
    sockctl("connect", "-z", "127.0.0.1", port_of(server)).wait()


def test_closed_port(check):
    port = unused_port()
    check("127.0.0.1", port).fails(
        5, f"sockctl: connect: 127.0.0.1:{port}: Connection refused (ECONNREFUSED)")


@needs_network
def test_silent_port(check, network):
    def run():
        proc = check("--connect-timeout", "0.5", HOLE4, "80", wrap=network.wrap)
        return proc.fails(6, f"{HOLE4}:80:", "ETIMEDOUT")

    assert 0.5 <= soonest(run, 0.7) < 0.7


@needs_network
def test_silence_ends_also_without_a_timeout(check, network):
    proc = check(HOLE4, "80", wrap=network.wrap)
    assert 3 <= proc.fails(6, f"{HOLE4}:80:", "ETIMEDOUT") < 15


@needs_network
def test_unreachable(check, network):
    network.near.do(f"route add prohibit {OTHER4}/32 metric 1", f"route del {OTHER4}/32 via {FAR4}")
    check(OTHER4, "80", wrap=network.wrap).fails(5, f"{OTHER4}:80:", "EACCES")


def test_unix_socket(check, tmp_path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "socket"))
        check(tmp_path / "socket").fails(5, "ECONNREFUSED")
        sock.listen()
        check(tmp_path / "socket").wait()
        proc = check("--json", tmp_path / "socket")
        proc.wait()
        row, = map(json.loads, proc.out.splitlines())
        assert row["path"] == str(tmp_path / "socket") and "port" not in row
    check(tmp_path / "nothing").fails(5, "ENOENT")


# Several ports


def test_list(check, servers):
    """The open ones are listed, and the closed ones named; a port counts once."""
    ports = servers(3)
    closed = unused_port()
    proc = check("-n", "127.0.0.1", joined([*reversed(ports), closed, ports[0]]))
    proc.wait(5)
    assert listed(proc) == [[str(port)] for port in ports]
    assert proc.lines == [
        f"sockctl: connect: 127.0.0.1: 3 of 4 ports open: {joined(ports)}",
        f"sockctl: connect: 127.0.0.1: not open: {closed}: Connection refused (ECONNREFUSED)"]


def test_all_open(check, servers):
    ports = servers(3)
    proc = check("-q", f"127.0.0.1:{joined(ports)}")
    proc.wait()
    assert ports_listed(proc) == ports
    assert proc.err == ""


@pytest.mark.parametrize("options, status", [([], 5), (["--any"], 0)])
def test_some_open(check, servers, options, status):
    ports = servers(1)
    proc = check(*options, "127.0.0.1", joined([unused_port(), *ports]))
    proc.wait(status)
    assert ports_listed(proc) == ports


def test_none_open(check):
    ports = sorted({unused_port(), unused_port()})
    for options in ([], ["--any"]):
        proc = check(*options, "127.0.0.1", joined(ports))
        proc.wait(5)
        assert proc.out == b""
        assert "none of" in proc.lines[0] and "ECONNREFUSED" in proc.lines[1]


@needs_network
def test_names_of_services(check, network):
    with network.near.listener("127.0.0.1", 80), network.near.listener("127.0.0.1", 6666):
        proc = check("127.0.0.1", "http,6665-6667", wrap=network.wrap)
        proc.wait(5)
        assert listed(proc) == [["80", "http"], ["6666"]]
        assert "6665,6667" in proc.lines[1]
        proc = check("--numeric", "127.0.0.1", "80,6666", wrap=network.wrap)
        proc.wait()
        assert listed(proc) == [["80"], ["6666"]]


def test_unknown_service(check):
    check("127.0.0.1", "80,nosuchservice").fails(3, "nosuchservice")


@needs_network
def test_found_at_once_and_told_in_order_at_the_end(check, network):
    proc = check("-n", "--retry", FAR4, "2000-2002", wrap=network.wrap)
    with ExitStack() as stack:
        for n, port in enumerate((2001, 2002, 2000)):
            stack.enter_context(network.far.listener(FAR4, port))
            proc.wait_out(5 * (n + 1))
        proc.wait()
    assert ports_listed(proc) == [2001, 2002, 2000]
    assert proc.lines == [f"sockctl: connect: {FAR4}: 3 of 3 ports open: 2000-2002"]


@needs_network
@pytest.mark.needs("iptables")
def test_silent_ports_hold_nothing_up(check, network):
    """Attempts go on at the same time: this would take 17 minutes one after another."""
    with network.appearing(OTHER4):
        network.far.run("iptables", "-A", "INPUT", "-p", "tcp", "--dport", "3000:5000", "-j",
                        "DROP")
        with network.far.listener(OTHER4, 5001):
            def run():
                proc = check("-n", "--connect-timeout", "0.5", OTHER4, "3000-5001",
                             wrap=network.wrap)
                proc.wait_out(5)
                seconds = proc.wait(6)
                assert ports_listed(proc) == [5001]
                assert "3000-5000: Connection timed out (ETIMEDOUT)" in proc.lines[1]
                return seconds

            assert soonest(run, 2) < 2


@needs_network
@pytest.mark.needs("iptables")
def test_refusal_and_silence(check, network):
    """A refusal settles whether all are open, and silence leaves open whether any is."""
    network.far.run("iptables", "-A", "INPUT", "-p", "tcp", "--dport", "3000", "-j", "DROP")
    for options, status in (([], 5), (["--any"], 6)):
        proc = check(*options, "--connect-timeout", "0.2", FAR4, "3000-3001", wrap=network.wrap)
        proc.wait(status)
        assert proc.lines[1].endswith("not open: 3000: Connection timed out (ETIMEDOUT), "
                                      "3001: Connection refused (ECONNREFUSED)")


def test_verbose(check, servers):
    port, = servers(1)
    proc = check("-v", "127.0.0.1", port)
    proc.wait()
    lines = [line for line in proc.lines if "confined" not in line]
    assert len(lines) == 1
    assert re.fullmatch(rf"sockctl: connect: 127\.0\.0\.1:{port} is open \(connecting \d+\.\d{{3}} s\)",
                        lines[0])


@needs_network
@needs_names
def test_verbose_tells_about_names_and_tries(check, network):
    with network.names(host=[FAR4]):
        for ports, shown in (("2000", "host.test:2000"), ("2000-2001", "host.test:2001")):
            proc = check("-v", "--retry=2", "host.test", ports, wrap=network.wrap)
            proc.wait(5)
            assert f"sockctl: connect: host.test is {FAR4}" in proc.lines
            assert (f"sockctl: connect: {shown}: Connection refused (ECONNREFUSED); "
                    "trying again in 0.250 s") in proc.lines


def test_json(check, servers):
    ports = servers(2)
    closed = unused_port()
    proc = check("--json", "127.0.0.1", joined([*ports, closed]))
    proc.wait(5)
    rows = [json.loads(line) for line in proc.out.splitlines()]
    assert [row["port"] for row in rows] == ports
    assert {"name": "127.0.0.1", "address": "127.0.0.1", "state": "open"}.items() <= rows[0].items()
    checked, = (event for event in proc.events if event["event"] == "checked")
    assert (checked["open_count"], checked["asked"], checked["open"]) == (2, 3, joined(ports))
    error, = (event for event in proc.events if event["event"] == "error")
    assert error["status"] == 5 and str(closed) in error["message"]


@pytest.mark.parametrize("word", ["0", "1-65536", "65536", "80,,81", ",", "80,", "-", "80-", "9-8",
                                  "1-2-3", "80;81", "80 81", "+1", "99999999999999999999", "a/b",
                                  "80,0", "80,\x1b[31m", ""])
def test_bad_lists(check, word):
    proc = check("--", "127.0.0.1", word)
    proc.wait(2)
    assert len(proc.lines) <= 2 and "\x1b" not in proc.err
    assert proc.lines[0].startswith("sockctl: connect: '")


@pytest.mark.parametrize("words, named", [
    ("127.0.0.1 80,81", "--check"),
    ("127.0.0.1:80-81", "--check"),
    ("--any 127.0.0.1 80", "--any"),
    ("--banner 127.0.0.1 80", "--banner"),
    ("-z --crlf 127.0.0.1 80", "--crlf"),
    ("-z --output x 127.0.0.1 80", "--output"),
    ("-z fd:0", "fd:0"),
    ("-z 80", "80"),
])
def test_bad_words(sockctl, words, named):
    sockctl("connect", *words.split()).fails(2, named)


# Every port is found, and no other


@needs_network
def test_no_port_is_missed_or_made_up(check, network):
    ports = sorted(random.Random(3).sample(range(1, 30001), 200))

    def open_ports():
        return [listener(port=port) for port in ports]

    socks = network.near.within(open_ports)
    proc = check("127.0.0.1", "1-30000", wrap=network.wrap)
    proc.wait(5)
    assert ports_listed(proc) == ports
    assert f"200 of 30000 ports open: {joined(ports)[:40]}" in proc.lines[0]
    for sock in socks:
        sock.close()


@needs_network
def test_a_port_is_not_taken_for_open_by_connecting_to_itself(check, network):
    network.near.run("sysctl", "-qw", "net.ipv4.ip_local_port_range=40000 40009")
    for _ in range(20):
        proc = check("127.0.0.1", "40000-40009", wrap=network.wrap)
        proc.wait(5)
        assert proc.out == b""
        assert "not open: 40000-40009: Connection refused (ECONNREFUSED)" in proc.err


@needs_network
@pytest.mark.parametrize("limits", ["ulimit -n 64", "ulimit -n 16", "ulimit -Sn 24"])
def test_few_descriptors(check, network, limits):
    """Less at once, but all of them in the end."""
    with network.near.listener("127.0.0.1", 80):
        proc = check("-n", "127.0.0.1", "1-1000", wrap=[*network.wrap], shell=limits)
        proc.wait(5)
        assert ports_listed(proc) == [80]
    proc = check("--connect-timeout", "0.1", HOLE4, "1-100", wrap=[*network.wrap], shell=limits)
    proc.wait(6)
    assert "1-100: Connection timed out (ETIMEDOUT)" in proc.lines[1]


@needs_network
def test_fewer_descriptors_than_thought(check, network):
    """Some of them are taken by what was inherited."""
    fds = [os.dup(0) for _ in range(40)]
    try:
        proc = check("--connect-timeout", "0.1", HOLE4, "1-100", wrap=network.wrap, fds=fds,
                     shell="ulimit -n 64")
    finally:
        for fd in fds:
            os.close(fd)
    proc.wait(6)
    assert "1-100: Connection timed out (ETIMEDOUT)" in proc.lines[1]


@needs_network
@pytest.mark.parametrize("options", [[], ["--bind", NEAR4]])
def test_few_ports_of_our_own(check, network, options):
    network.near.run("sysctl", "-qw", "net.ipv4.ip_local_port_range=40000 40009")
    proc = check(*options, "--connect-timeout", "0.1", HOLE4, "1-100", wrap=network.wrap)
    proc.wait(6)
    assert "1-100: Connection timed out (ETIMEDOUT)" in proc.lines[1]


# Names


@needs_network
@needs_names
@pytest.mark.parametrize("addresses", [(FAR6, FAR4), (HOLE6, FAR4)])
def test_each_address_of_a_name_is_tried(check, network, addresses):
    with network.names(host=addresses), network.far.listener(FAR4, 2000):
        def run():
            proc = check("--json", "host.test", "2000", wrap=network.wrap)
            seconds = proc.wait()
            assert json.loads(proc.out)["address"] == FAR4
            return seconds

        assert soonest(run, 0.4) < 0.4


@needs_network
@needs_names
def test_closed_on_each_address(check, network):
    with network.names(host=[FAR6, FAR4]), network.far.listener(FAR6, 2000):
        proc = check("host.test", "2000-2001", wrap=network.wrap)
        proc.wait(5)
        assert ports_listed(proc) == [2000]
        assert "2001: Connection refused" in proc.lines[1]


@needs_network
@pytest.mark.parametrize("kind, status", [("nxdomain", 3), ("servfail", 4)])
def test_names_that_nobody_tells(check, network, kind, status):
    with network.bad_names(kind):
        check("host.test", "80,81", wrap=network.wrap).fails(status, "host.test")


@needs_network
@pytest.mark.parametrize("option", ["--timeout", "--connect-timeout"])
def test_name_server_that_is_silent(check, network, option):
    with network.bad_names("silent"):
        def run():
            proc = check(option, "0.5", "host.test", "80,81", wrap=network.wrap)
            return proc.fails(6, "host.test", "timed out", "looking up")

        assert 0.5 <= soonest(run, 0.7) < 0.7


@pytest.mark.parametrize("ports", ["{0}", "{0},{0}"])
def test_tells_how_long_it_took(check, servers, ports):
    port = servers(1)[0]
    proc = check("-v", "--json", "localhost", ports.format(port))
    proc.wait()
    event, = (event for event in proc.events if event["event"] == "open")
    row = json.loads(proc.out)
    for times in (event, row):
        assert times["connect_time"] > 0 and times["lookup_time"] > 0
        assert "upgrade_time" not in times


# Waiting for ports


@needs_network
def test_retry_until_the_port_opens(check, network):
    def run():
        proc = check("--retry", "--timeout", "20", "--trace", FAR4, "2000", wrap=network.wrap)
        wait_for(lambda: proc.err.count("ECONNREFUSED") > 2, "tries")
        opened = time.monotonic()
        with network.far.listener(FAR4, 2000):
            proc.wait()
            return time.monotonic() - opened

    assert soonest(run, 0.5) < 0.5


@needs_network
@needs_names
@pytest.mark.parametrize("addresses", [(FAR4, HOLE4), (HOLE4, FAR4)])
def test_retry_of_what_refused_beside_what_hangs(check, network, addresses):
    with network.names(host=addresses):
        proc = check("--retry=2", "--connect-timeout", "60", "--trace", "host.test", "2000-2001",
                     wrap=network.wrap)
        for port in (2001, 2000):
            wait_for(lambda: proc.err.count("ECONNREFUSED") > 5, "attempts")
            with network.far.listener(FAR4, port):
                wait_for(lambda: f"{FAR4}:{port}) = 0" in proc.err, "an open port")
    proc.wait()
    assert ports_listed(proc) == [2001, 2000]
    assert len(re.findall(rf"connect\(\d+, {HOLE4}:.*EINPROGRESS", proc.err)) == 2


@needs_network
def test_retry_against_a_port_that_never_opens(check, network):
    def run():
        proc = check("--retry", "--timeout", "1", FAR4, "2000", wrap=network.wrap)
        return proc.fails(6, f"{FAR4}:2000", "tries", "Connection refused (ECONNREFUSED)")

    assert 1 <= soonest(run, 1.2) < 1.2


@needs_network
def test_deadline_says_what_was_found(check, network):
    with network.far.listener(FAR4, 2000):
        proc = check("--retry", "--timeout", "1", FAR4, "2000-2001", wrap=network.wrap)
        proc.wait(6)
    assert ports_listed(proc) == [2000]
    assert "1 of 2 ports open: 2000" in proc.lines[0]
    assert "timed out" in proc.lines[1] and "2001: Connection refused" in proc.lines[1]


@needs_network
def test_number_of_tries(check, network):
    """Each port is tried so many times."""
    proc = check("--retry=3", "--retry-delay", "10ms", "--trace", FAR4, "2000-2001",
                 wrap=network.wrap)
    proc.wait(5)
    assert proc.err.count("= -1 ECONNREFUSED") == 6


@needs_network
def test_retry_until_any_is_open(check, network):
    proc = check("-n", "--any", "--retry", FAR4, "2000-2009", wrap=network.wrap)
    with network.far.listener(FAR4, 2004):
        proc.wait()
    assert ports_listed(proc) == [2004]


@needs_network
@pytest.mark.needs("iptables")
def test_ports_that_are_to_be_tried_again_hold_nothing_up(check, network):
    """Once any is open there is no need to."""
    rule = ["INPUT", "-p", "tcp", "--dport", "2000", "-j", "DROP"]
    network.far.run("iptables", "-A", *rule)
    with network.far.listener(FAR4, 2000):
        proc = check("--any", "--retry", "--retry-delay", "60", "--connect-timeout", "60",
                     "--trace", FAR4, "2000-2001", wrap=network.wrap)
        proc.wait_err("2001.*ECONNREFUSED")
        network.far.run("iptables", "-D", *rule)
        proc.wait()
    assert ports_listed(proc) == [2000]


@needs_network
@needs_names
def test_retry_until_the_name_is_known(check, network):
    with network.far.listener(FAR4, 2000):
        with network.bad_names("nxdomain") as server:
            proc = check("--retry", "host.test", "2000", wrap=network.wrap)
            wait_for(lambda: server.queries > 4, "tries")
        with network.names(host=[FAR4]):
            proc.wait()


@needs_network
def test_stop(check, network):
    proc = check("--trace", HOLE4, "80", wrap=network.wrap)
    proc.wait_err("EINPROGRESS")
    begun = time.monotonic()
    proc.stop(signal.SIGINT)
    assert time.monotonic() - begun < 1


# From where


@needs_network
@pytest.mark.needs("setpriv")
def test_source(check, network):
    with network.far.listener(FAR4, 2000) as server:
        check("--source-port", "4001", FAR4, "2000", wrap=network.wrap).wait()
        conn, client = server.accept()
        conn.close()
        assert client[1] == 4001
    wrap = [*network.wrap, "setpriv", "--bounding-set", "-net_bind_service"]
    proc = check("--source-port", "1000", FAR4, "2000-2009", wrap=wrap)
    proc.fails(5, "from port 1000,", "CAP_NET_BIND_SERVICE", "EACCES")
    proc = check("--interface", "nosuch", FAR4, "2000-2009", wrap=network.wrap)
    proc.fails(5, "interface nosuch; this machine has lo", "ENODEV")


def test_socket_option_that_is_refused(check):
    proc = check("--set", "SO_RCVBUFFORCE=1M", "--set", "SO_BINDTODEVICE=nosuch", "127.0.0.1",
                 "1-9")
    proc.fails(5, "SO_BINDTODEVICE", "ENODEV")


# What a port says


def banner(check, port, *options):
    """The banner column of one port."""
    proc = check("-n", "--banner", *options, "127.0.0.1", port)
    proc.wait()
    (number, service, *said), = listed(proc)
    assert (number, service) == (str(port), "-") or not said
    return said[0] if said else ""


@pytest.mark.parametrize("pieces, shown", [
    ([b"SSH-2.0-Test\r\n"], "SSH-2.0-Test"),
    ([b"220 mail", b" ready\r\n"], "220 mail ready"),
    ([b"220-one\r\n220 two\r\n"], r"220-one\r\n220 two"),
    ([b"\x1b[31mred\x07\x9b\r\n"], r"\x1b[31mred\x07\x9b"),
    ([b"J\0\0\0\n5.7.1\0x\n"], r"J\x00\x00\x00\n5.7.1\x00x"),
    ([b"a\tb\\c\n"], r"a\tb\\c"),
    (["grüß dich\n".encode()], "grüß dich"),
    ([b"x" * 4096], "x" * 512),
])
def test_banner(check, server, pieces, shown):
    with greeting(server, *pieces) as port:
        assert banner(check, port) == shown


def test_banner_without_an_end(check, server):
    """What came within the time is shown; the connection is not waited for."""
    with greeting(server, b"login: ") as port:
        assert banner(check, port, "--banner=0.3") == "login: "


def test_no_banner(check, server):
    with greeting(server) as port:
        def run():
            proc = check("--banner=0.3", "-n", "127.0.0.1", port)
            seconds = proc.wait()
            assert listed(proc) == [[str(port)]]
            return seconds

        assert 0.3 <= soonest(run, 0.5) < 0.5


def test_banner_of_a_peer_that_hangs_up(check, server):
    proc = check("--banner=20", "-n", "127.0.0.1", port_of(server))
    accept(server).close()
    assert proc.wait() < 10
    assert listed(proc) == [[str(port_of(server))]]


def test_banner_in_json(check, server):
    with greeting(server, b"\xff\x1b\"\0\r\n") as port:
        proc = check("--banner", "--json", "127.0.0.1", port)
        proc.wait()
    assert json.loads(proc.out)["banner"] == r"\xff\x1b" + '"' + r"\x00"


def test_banners_are_waited_for_together(check):
    with ExitStack() as stack:
        ports = [stack.enter_context(greeting(stack.enter_context(listener())))
                 for _ in range(20)]

        def run():
            proc = check("--banner=0.5", "127.0.0.1", joined(ports))
            seconds = proc.wait()
            assert ports_listed(proc) == sorted(ports)
            return seconds

        assert soonest(run, 1) < 1


# Where the list goes


def test_full_disk(check, servers):
    with open("/dev/full", "wb") as full:
        proc = check("127.0.0.1", joined(servers(2)), stdout=full)
        proc.wait(1)
    assert any("ENOSPC" in line for line in proc.lines)


def test_reader_that_goes_away(check, network):
    """Also while nothing is found."""
    proc = check(HOLE4, "1-10", stdout=PIPE, wrap=network.wrap)
    proc.stdout.close()
    assert proc.wait(141) < 3


@pytest.mark.parametrize("option, status", [("--timeout=1", 6), ("--quiet", 130)])
def test_reader_that_stalls(check, network, option, status):
    """It holds up neither the deadline nor the user."""
    def open_ports():
        return [listener(port=port) for port in range(2000, 2100)]

    with ExitStack() as stack:
        for sock in network.near.within(open_ports):
            stack.enter_context(greeting(stack.enter_context(sock), b"\1" * 600))
        proc = check("--banner", option, "127.0.0.1", "2000-2099", stdout=PIPE, wrap=network.wrap)
        if status == 130:
            wait_for(lambda: is_full(proc.stdout), "a full pipe")
            proc.kill(signal.SIGINT)
        assert proc.wait(status) < 10


def is_full(pipe):
    """True once nothing more has come into a pipe for a while."""
    def length():
        return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), "little")

    before = length()
    time.sleep(0.2)
    return before > 32768 and before == length()
