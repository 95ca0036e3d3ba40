# SPDX-License-Identifier: ISC
"""echo, the server: all that a client sends comes back, whatever the other clients do."""

import os
import re
import resource
import signal
import select
import socket
import stat
import threading
import time

import pytest

from harness import DEADLINE, Task, cpu_seconds, wait_for
from peers import MIB, dial, dial_unix, forge, half_close, port_of, receive, receive_all, reset

FAMILIES = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}
REFLECTORS = [7, 13, 17, 19, 37]


@pytest.fixture
def echo(sockctl):
    """Starts a server on a port of 127.0.0.1, or where the words say."""

    def start(*words, place=("127.0.0.1", 0), **how):
        proc = sockctl("echo", *words, *place, **how)
        proc.wait_err(r': listening on |"listening"')
        return proc

    return start


@pytest.fixture
def clients():
    """clients(PORT, N) connects N of them."""
    conns = []

    def connect(port, number, **how):
        conns.extend(dial(port, **how) for _ in range(number))
        return conns[-number:]

    yield connect
    for conn in conns:
        conn.close()


@pytest.fixture
def datagrams():
    """datagrams(PORT) is a connected socket for datagrams."""
    socks = []

    def connect(port, address="127.0.0.1", source=None):
        sock = socket.socket(FAMILIES.get(address, socket.AF_INET), socket.SOCK_DGRAM)
        socks.append(sock)
        sock.settimeout(DEADLINE)
        if source:
            sock.bind(source)
        sock.connect((address, port))
        return sock

    yield connect
    for sock in socks:
        sock.close()


def comes_back(sock, data=b"hello"):
    sock.sendall(data)
    return receive(sock, len(data)) == data


def datagram_comes_back(sock, data=b"hello"):
    sock.send(data)
    return sock.recv(65536) == data


def is_silent(sock):
    """True if a datagram gets no answer, while one that is sent after it would have got it."""
    sock.send(b"anybody there?")
    sock.settimeout(0.3)
    try:
        sock.recv(65536)
    except TimeoutError:
        return True
    return False


def stats(proc):
    """Ends the server and returns what it counted."""
    proc.stop()
    return next(event for event in proc.events if event["event"] == "stats")


def test_both_protocols_on_both_families(echo, datagrams):
    proc = echo(place=["0"])
    port = proc.port
    assert re.search(rf"^sockctl: echo: tcp: listening on \[::\]:{port}$", proc.err, re.M)
    proc.wait_err(rf"^sockctl: echo: udp: listening on \[::\]:{port}$")
    for address in FAMILIES:
        with dial(port, address) as conn:
            assert comes_back(conn)
        assert datagram_comes_back(datagrams(port, address))
    proc.stop()


def test_every_address_of_a_name_has_the_same_port(sockctl, namespaces, datagrams):
    proc = sockctl("echo", "localhost", 0, wrap=namespaces("hosts"))
    proc.wait_err("udp: listening on 127.0.0.1|udp: listening on .::1")
    wait_for(lambda: proc.err.count("listening on") == 4, "four sockets")
    ports = set(re.findall(r":(\d+)$", proc.err, re.M))
    assert len(ports) == 1
    for address in FAMILIES:
        with dial(int(*ports), address) as conn:
            assert comes_back(conn)
        assert datagram_comes_back(datagrams(int(*ports), address))
    proc.stop()


def test_tcp_only(echo, datagrams):
    proc = echo("--tcp")
    sock = datagrams(proc.port)
    sock.send(b"x")
    with pytest.raises(ConnectionRefusedError):
        sock.recv(1)
    assert "udp" not in proc.err
    proc.stop()


def test_udp_only(echo):
    proc = echo("--udp")
    with pytest.raises(ConnectionRefusedError):
        dial(proc.port)
    assert "tcp" not in proc.err
    proc.stop()


def test_family_that_is_asked_for(echo, datagrams):
    proc = echo("-4", place=["0"])
    with pytest.raises(ConnectionRefusedError):
        dial(proc.port, "::1")
    with dial(proc.port) as conn:
        assert comes_back(conn)
    assert datagram_comes_back(datagrams(proc.port))
    proc.stop()


def test_bytes_one_by_one(echo, clients):
    proc = echo()
    conn, = clients(proc.port, 1)
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in range(256):
        assert comes_back(conn, bytes([byte]))
    proc.stop()


@pytest.mark.parametrize("domain", ["tcp", "unix"])
def test_all_at_once_and_the_end(echo, tmp_path, domain):
    """A client that ends sending gets all of its bytes, and then the end."""
    data = os.urandom(16 * MIB)
    proc = echo() if domain == "tcp" else echo(place=[tmp_path / "socket"])
    conn = dial(proc.port) if domain == "tcp" else dial_unix(str(tmp_path / "socket"))
    with conn:
        back = Task(receive_all, conn)
        conn.sendall(data)
        half_close(conn)
        assert back.result() == data
    proc.stop()


def test_nothing_and_the_end(echo, clients):
    proc = echo()
    conn, = clients(proc.port, 1)
    half_close(conn)
    assert conn.recv(1) == b""
    proc.stop()


def fill(conn):
    """Sends a pattern until nothing has gone for half a second; returns how much went."""
    block = bytes(range(256)) * 256
    conn.setblocking(False)
    sent, last = 0, time.monotonic()
    while time.monotonic() - last < 0.5:
        try:
            # Always begins where the pattern has come to.
            sent += conn.send(block[sent % 256 :])
            last = time.monotonic()
        except BlockingIOError:
            time.sleep(0.01)
    conn.settimeout(DEADLINE)
    return sent


@pytest.mark.memory
def test_clients_that_never_read(echo, clients):
    """Each costs a bounded buffer, delays nobody else, and loses nothing."""
    proc = echo()
    port = proc.port
    with dial(port) as conn:
        assert comes_back(conn)
    idle = proc.status_field("VmRSS")
    stuck = clients(port, 10, rcvbuf=4096)
    tasks = [Task(fill, conn) for conn in stuck]
    with dial(port) as conn:
        for _ in range(1000):
            assert comes_back(conn)
    sent = [task.result() for task in tasks]
    assert proc.status_field("VmHWM") - idle < 10 * 128 + 512
    pattern = bytes(range(256)) * (max(sent) // 256 + 1)
    for conn, length in zip(stuck, sent):
        half_close(conn)
        assert receive_all(conn) == pattern[:length]
    # What they took is given back: there is nothing left to keep.
    proc.stop()


def test_clients_that_reset(echo, clients):
    proc = echo("--json")
    port = proc.port
    for conn in clients(port, 50, rcvbuf=4096):
        conn.setblocking(False)
        try:
            while True:
                conn.send(bytes(65536))
        except BlockingIOError:
            reset(conn)
    with dial(port) as conn:
        assert comes_back(conn)
    wait_for(lambda: sum(e["event"] == "closed" for e in proc.events) == 51, "51 ends")
    ends = [event for event in proc.events if event["event"] == "closed"]
    assert sum(event["how"] == "broken" and event["errno"] in ("ECONNRESET", "EPIPE")
               for event in ends) == 50
    proc.stop()


def test_churn(echo):
    """Nothing is left of thousands of connections, several at a time."""
    proc = echo()
    port = proc.port

    def visit(number):
        for n in range(number):
            with dial(port) as conn:
                assert comes_back(conn, b"%d" % n)

    visit(1)
    wait_for(lambda: proc.descriptors() <= 12, "the end of the first")
    before, memory = proc.descriptors(), proc.status_field("VmRSS")
    for task in [Task(visit, 500) for _ in range(4)]:
        task.result()
    wait_for(lambda: proc.descriptors() == before, "the end of all")
    if os.environ.get("SOCKCTL_SANITIZED") != "1":
        assert proc.status_field("VmRSS") - memory < 512
    proc.stop()


def limited_to(number):
    """For preexec: the hard limit, which the program cannot raise."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (number, number))


@pytest.mark.parametrize("threads", [1, 3])
def test_at_the_limit_of_descriptors(echo, clients, threads):
    """Those who do not fit wait at no cost, are told of once, and are served when others leave."""
    proc = echo("--threads", threads, preexec_fn=limited_to(64))
    conns = clients(proc.port, 150)
    for conn in conns:
        conn.sendall(b"x")
    proc.wait_err("EMFILE")
    before = cpu_seconds(proc)
    time.sleep(1)
    assert cpu_seconds(proc) - before < 0.1
    # In no particular order, as several sockets may have accepted.
    left = set(conns)
    end = time.monotonic() + DEADLINE
    while left:
        assert time.monotonic() < end, f"{len(left)} were never served"
        for conn in list(left):
            conn.setblocking(False)
            try:
                assert conn.recv(1) == b"x"
            except BlockingIOError:
                continue
            conn.close()
            left.remove(conn)
        time.sleep(0.01)
    assert sum("EMFILE" in line for line in proc.lines) == 1
    proc.stop()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("most", [1, 5])
def test_max_connections(echo, clients, threads, most):
    proc = echo("--max-connections", most, "--threads", threads)
    conns = clients(proc.port, 30)
    for conn in conns:
        conn.sendall(b"x")
        conn.setblocking(False)
    left = set(conns)
    while left:
        served = []

        def see():
            for conn in left - set(served):
                try:
                    assert conn.recv(1) == b"x"
                    served.append(conn)
                except BlockingIOError:
                    pass
            return len(served) >= min(most, len(left))

        wait_for(see, f"{most} served")
        time.sleep(0.02)  # for one too many
        see()
        assert len(served) == min(most, len(left))
        for conn in served:
            conn.close()
            left.remove(conn)
    proc.stop()


def test_idle_timeout(echo, clients):
    proc = echo("--idle-timeout", "600ms", "--json")
    idle, busy = clients(proc.port, 2)
    begin = time.monotonic()
    gone = Task(idle.recv, 1)
    while gone.thread.is_alive():
        assert comes_back(busy)
        assert time.monotonic() - begin < DEADLINE
        time.sleep(0.05)
    assert gone.result() == b""
    assert 0.55 < time.monotonic() - begin < 3
    assert comes_back(busy)
    assert busy.recv(1) == b""
    proc.stop()
    ends = [event for event in proc.events if event["event"] == "closed"]
    assert [event["how"] for event in ends] == ["idle", "idle"]


def test_idle_timeout_of_a_client_that_does_not_read(echo, clients):
    proc = echo("--idle-timeout", "300ms", "--json")
    conn, = clients(proc.port, 1, rcvbuf=4096)
    conn.setblocking(False)
    try:
        while True:
            conn.send(bytes(65536))
    except BlockingIOError:
        pass
    end = wait_for(lambda: [e for e in proc.events if e["event"] == "closed"], "the end")[0]
    assert end["how"] == "idle" and end["unsent_bytes"] > 0
    proc.stop()


def test_access(echo, datagrams):
    proc = echo("-v", "--allow", "127.0.0.0/29", "--deny", "127.0.0.3", place=["0"])
    port = proc.port

    def visit(source):
        with socket.socket() as conn:
            conn.settimeout(DEADLINE)
            conn.bind((source, 0))
            conn.connect(("127.0.0.1", port))
            try:
                conn.sendall(b"x")
                return conn.recv(1) == b"x"
            except (ConnectionResetError, BrokenPipeError):
                return False

    assert visit("127.0.0.2") and not visit("127.0.0.3") and not visit("127.0.0.9")
    proc.wait_err("refused 127.0.0.3")
    assert datagram_comes_back(datagrams(port, source=("127.0.0.2", 0)))
    assert is_silent(datagrams(port, source=("127.0.0.3", 0)))
    assert is_silent(datagrams(port, source=("127.0.0.9", 0)))
    with pytest.raises((ConnectionResetError, AssertionError)):
        with dial(port, "::1") as conn:
            comes_back(conn)
    proc.stop()


def test_threads(echo, clients, datagrams):
    """Each loop has sockets of its own and gets its share; together they count right."""
    proc = echo("--json", "--threads", 4, place=["0"])
    port = proc.port
    wait_for(lambda: proc.status_field("Threads") >= 4, "four threads")
    assert proc.err.count("listening") == 2
    for _ in range(2):
        for conn in clients(port, 100):
            assert comes_back(conn)
    for _ in range(50):
        assert datagram_comes_back(datagrams(port))
    waits = [int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", open(path).read(), re.M)[1])
             for path in (f"/proc/{proc.pid}/task/{tid}/status"
                          for tid in os.listdir(f"/proc/{proc.pid}/task"))]
    assert sum(number >= 5 for number in waits) >= 4, waits
    counted = stats(proc)
    assert counted["accepted"] == 200 and counted["echoed_bytes"] == 1000
    assert counted["received_datagrams"] == counted["sent_datagrams"] == 50
    numbers = [event["connection"] for event in proc.events if event["event"] == "accepted"]
    assert sorted(numbers) == list(range(1, 201))


@pytest.mark.parametrize("option", ["--tcp", "--udp"])
def test_threads_take_no_port_from_others(sockctl, echo, option):
    first = echo(option, "--threads", 2)
    second = sockctl("echo", option, "--threads", 2, "127.0.0.1", first.port)
    second.fails(5, first.port, "EADDRINUSE")
    first.stop()


@pytest.mark.parametrize("threads", [1, 3])
def test_unix_stream(echo, tmp_path, threads):
    path = tmp_path / "socket"
    proc = echo("--threads", threads, "--mode", "0660", place=[path])
    proc.wait_err(f"^sockctl: echo: stream: listening on unix:{path}$")
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    conns = [dial_unix(str(path)) for _ in range(50)]
    for conn in conns:
        assert comes_back(conn)
        conn.close()
    proc.stop()
    assert not path.exists()


@pytest.mark.parametrize("threads", [1, 3])
def test_unix_datagram(echo, tmp_path, threads):
    path = tmp_path / "socket"
    proc = echo("--udp", "--threads", threads, "--json", place=[path])
    with (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as nobody,
          socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock):
        nobody.sendto(b"from nobody", str(path))
        sock.settimeout(DEADLINE)
        sock.bind("")
        sock.connect(str(path))
        for size in (0, 1, 1000, 100000):
            data = os.urandom(size)
            sock.send(data)
            assert sock.recv(1 << 18) == data
    counted = stats(proc)
    assert counted["sent_datagrams"] == 4 and counted["refused"] == 1
    assert not path.exists()


def test_unix_datagrams_of_one_that_reads_no_answers(echo, tmp_path):
    """Its answers wait for it, and are whole when it reads at last."""
    path = tmp_path / "socket"
    proc = echo("--udp", place=[path])
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("")
        sock.connect(str(path))
        sock.setblocking(False)
        sent = 0
        while sent < 100_000 and wait_writable(sock):
            sock.send(b"%d" % sent)
            sent += 1
        sock.settimeout(DEADLINE)
        assert [int(sock.recv(100)) for _ in range(sent)] == list(range(sent))
    proc.stop()


def wait_writable(sock):
    """False where the server has no room either, for longer than it may be busy."""
    return select.select([], [sock], [], 0.5)[1]


def test_abstract_name(echo):
    name = f"sockctl-echo-{os.getpid()}"
    proc = echo(place=[f"unix:@{name}"])
    with dial_unix(f"\0{name}") as conn:
        assert comes_back(conn)
    proc.stop()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_inherited_descriptor(echo, datagrams, kind, threads):
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            sock.listen()
        proc = echo("--threads", threads, place=[f"fd:{sock.fileno()}"], fds=[sock.fileno()])
        for _ in range(5):
            if kind == socket.SOCK_STREAM:
                with dial(port_of(sock)) as conn:
                    assert comes_back(conn)
            else:
                assert datagram_comes_back(datagrams(port_of(sock)))
        proc.stop()
        assert os.get_blocking(sock.fileno())


def test_unfit_descriptor(sockctl):
    with socket.socket() as sock:
        for fd in (sock.fileno(), 999):
            proc = sockctl("echo", f"fd:{fd}", fds=[sock.fileno()])
            proc.fails(5, f"fd:{fd}")


@pytest.mark.parametrize("address", FAMILIES)
def test_sizes_of_datagrams(echo, datagrams, address):
    proc = echo(place=[address, "0"])
    sock = datagrams(proc.port, address)
    for size in (0, 1, 511, 1472, 1473, 8192, 65507):
        assert datagram_comes_back(sock, os.urandom(size))
    proc.stop()


def test_many_datagrams(echo, datagrams):
    """Batches from several senders: each gets its own, in order."""
    proc = echo("--json")
    port = proc.port
    socks = [datagrams(port) for _ in range(8)]
    for turn in range(50):
        for sock in socks:
            for n in range(8):
                sock.send(b"%d %d %d" % (port_of(sock), turn, n))
        for sock in socks:
            for n in range(8):
                assert sock.recv(100) == b"%d %d %d" % (port_of(sock), turn, n)
    counted = stats(proc)
    assert counted["received_datagrams"] == counted["sent_datagrams"] == 8 * 8 * 50
    assert counted["dropped"] == 0


@pytest.mark.parametrize("place", [["0"], ["-4", "0"]])
def test_answer_comes_from_the_address_that_was_asked(echo, datagrams, place):
    proc = echo(place=place)
    for address in ("127.0.0.1", "127.0.0.2", "127.3.2.1"):
        # A connected socket hears that address only.
        assert datagram_comes_back(datagrams(proc.port, address))
    proc.stop()


def test_reflectors_get_no_answer(echo, datagrams):
    proc = echo("--json")
    port = proc.port
    for source in REFLECTORS:
        try:
            sock = datagrams(port, source=("127.0.0.1", source))
        except PermissionError:
            pytest.skip("ports below 1024 take privilege")
        assert is_silent(sock)
    # 9 is in the same row, but never says anything by itself.
    assert datagram_comes_back(datagrams(port, source=("127.0.0.1", 9)))
    counted = stats(proc)
    assert counted["refused"] == len(REFLECTORS) and counted["sent_datagrams"] == 1


def test_servers_do_not_answer_each_other(echo, datagrams):
    """A forged datagram from one server to another must not go to and fro for ever."""
    proc = echo("--json")
    port = proc.port
    assert is_silent(datagrams(port, source=("127.0.0.2", port)))
    assert stats(proc)["refused"] == 1


def test_datagram_from_itself(echo, datagrams):
    """The classic forgery: the server's own address as the source."""
    proc = echo("--json")
    port = proc.port
    forge(("127.0.0.1", port), ("127.0.0.1", port), b"loop")
    assert datagram_comes_back(datagrams(port))
    counted = stats(proc)
    assert counted["received_datagrams"] == 2 and counted["refused"] == 1


def test_line_per_connection(echo):
    proc = echo("-v")
    for n, echoed in enumerate(("1 byte", "2 bytes", "3 bytes")):
        with dial(proc.port) as conn:
            assert comes_back(conn, b"x" * (n + 1))
        proc.wait_err(rf"connection {n + 1} from 127.0.0.1:\d+: {echoed} echoed, .* done$")
    assert sum("127.0.0.1:" in line and "connection" in line for line in proc.lines) == 3
    proc.stop()
    assert re.search(r"3 connections, 6 bytes echoed", proc.err)


def test_quiet(sockctl, tmp_path):
    path = tmp_path / "socket"
    proc = sockctl("echo", "-q", path)
    wait_for(path.exists, "the socket")
    with dial_unix(str(path)) as conn:
        assert comes_back(conn)
    proc.stop()
    assert proc.err == ""


def test_json(echo):
    proc = echo("--json")
    port = proc.port
    with dial(port) as conn:
        assert comes_back(conn)
        local = conn.getsockname()[1]
    wait_for(lambda: any(event["event"] == "closed" for event in proc.events), "the end")
    proc.stop()
    kinds = [event["event"] for event in proc.events]
    assert kinds == ["listening", "listening", "accepted", "closed", "stopped", "stats"]
    assert [event["protocol"] for event in proc.events[:2]] == ["tcp", "udp"]
    closed = proc.events[3]
    assert closed["remote"] == {"family": "inet", "address": "127.0.0.1", "port": local}
    assert closed["received_bytes"] == closed["sent_bytes"] == 5 and closed["unsent_bytes"] == 0
    assert closed["how"] == "done" and closed["connection"] == 1
    assert abs(closed["start"] - time.time()) < 60 and closed["duration"] < 30


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("threads", [1, 3])
def test_ends_by_signal(echo, clients, number, threads):
    proc = echo("--threads", threads)
    conns = clients(proc.port, 20)
    for conn in conns:
        assert comes_back(conn)
    proc.stop(number)
    for conn in conns:
        assert conn.recv(1) == b""


def test_port_in_use(sockctl, echo):
    first = echo("--tcp")
    sockctl("echo", "127.0.0.1", first.port).fails(5, first.port, "EADDRINUSE")
    sockctl("echo", "--tcp", "127.0.0.1", first.port).fails(5, first.port, "EADDRINUSE")
    other = echo("--udp", place=["127.0.0.1", first.port])
    other.stop()
    first.stop()


@pytest.mark.parametrize("words, said", [
    (["--threads", "0", "7"], "1 to 1024"),
    (["--threads", "1025", "7"], "1 to 1024"),
    (["--allow", "10.0.0.0/33", "7"], "10.0.0.0/33"),
    (["--tcp", "--udp", "unix:/tmp/x"], "unix:/tmp/x"),
    (["--mode", "0600", "7"], "--mode"),
    (["--bind", "127.0.0.1", "7"], "--client"),
    (["--retry", "7"], "--client"),
    (["localhost", "7", "word"], "word"),
    (["-4", "::1", "7"], "::1"),
])
def test_usage(sockctl, words, said):
    proc = sockctl("echo", *words)
    proc.fails(2, said)


def test_socket_options(echo):
    proc = echo("--tcp", "--set", "SO_RCVBUF=64k", "--get", "SO_RCVBUF")
    proc.wait_err("SO_RCVBUF=131072$")
    proc.stop()


@pytest.mark.parametrize("place", ["inet", "unix"])
def test_size_of_the_buffer_for_datagrams_is_the_users(echo, sockctl, tmp_path, place):
    """Server and client would have a large one, and the last to set it is the user."""
    words = ["--udp", "--trace", "--set", "SO_RCVBUF=64k"]
    path = (tmp_path / "socket",)
    server = echo(*words, place=path) if place == "unix" else echo(*words)
    target = path if place == "unix" else ("127.0.0.1", server.port)
    client = sockctl("echo", "--client", *words, *target, "hello")
    client.wait()
    server.stop()
    for proc in (server, client):
        sizes = re.findall(r"SO_RCVBUF, (\d+)", proc.err)
        assert sizes[-1] == "65536" and int(sizes[0]) > 65536, sizes


@pytest.mark.needs("strace")
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_calls_for_a_round_trip(echo, sockctl, tmp_path, datagrams, protocol):
    """Waiting, receiving and sending: nothing else while one client asks."""
    proc = echo()
    trace = tmp_path / "trace"
    if protocol == "tcp":
        sock, ask = dial(proc.port), comes_back
    else:
        sock, ask = datagrams(proc.port), datagram_comes_back
    assert ask(sock)
    strace = sockctl("-p", proc.pid, "-o", trace, program="strace")
    strace.wait_err("attached")
    for _ in range(100):
        assert ask(sock)
    strace.kill(signal.SIGINT)
    strace.popen.wait()
    calls = re.findall(r"^(\w+)\(", trace.read_text(), re.M)
    assert set(calls) <= {"epoll_wait", "epoll_pwait", "restart_syscall", "recvfrom", "sendto",
                          "recvmmsg", "sendmmsg"}
    assert len(calls) <= 100 * (4 if protocol == "tcp" else 3) + 5
    sock.close()
    proc.stop()


def test_trace_shows_the_calls(echo, datagrams, clients):
    proc = echo("--trace")
    port = proc.port
    conn, = clients(port, 1)
    assert comes_back(conn) and datagram_comes_back(datagrams(port))
    for call in ("accept4", 'recv\\(\\d+, "hello"', 'send\\(\\d+, "hello"', "recvmmsg",
                 "sendmmsg"):
        proc.wait_err(call)
    proc.stop()


@pytest.mark.memory
def test_memory_of_idle_clients(echo):
    """Under 512 bytes each; and no wake-ups."""
    number = 10000
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < number + 100:
        pytest.skip(f"the system allows {hard} descriptors only")
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    conns = []
    try:
        proc = echo("--tcp")
        port = proc.port
        for _ in range(100):
            conns.append(dial(port))
            assert comes_back(conns[-1])
        before = proc.status_field("VmRSS")
        for _ in range(number):
            conns.append(dial(port))
            conns[-1].sendall(b"x")
        for conn in conns[100:]:
            assert conn.recv(1) == b"x"
        assert (proc.status_field("VmRSS") - before) * 1024 / number < 512

        def switches():
            return (proc.status_field("voluntary_ctxt_switches")
                    + proc.status_field("nonvoluntary_ctxt_switches"))

        time.sleep(0.3)
        count = switches()
        time.sleep(1)
        assert switches() == count
    finally:
        for conn in conns:
            conn.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, soft)
    proc.stop()


def test_threads_under_load(echo):
    """Clients of all kinds at once, on several loops; sanitizers have something to look at here."""
    proc = echo("--threads", 3, "--max-connections", 20, "--json", "--idle-timeout", "5")
    port = proc.port
    stop = threading.Event()

    def churn():
        count = 0
        while not stop.is_set():
            with dial(port) as conn:
                assert comes_back(conn, os.urandom(100))
            count += 1
        return count

    def flood():
        count = 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(DEADLINE)
            sock.connect(("127.0.0.1", port))
            while not stop.is_set():
                assert datagram_comes_back(sock, os.urandom(100))
                count += 1
        return count

    tasks = [Task(churn) for _ in range(24)] + [Task(flood) for _ in range(4)]
    time.sleep(1)
    stop.set()
    done = [task.result() for task in tasks]
    assert min(done) > 0
    counted = stats(proc)
    assert counted["accepted"] == sum(done[:24])
    assert counted["sent_datagrams"] == sum(done[24:])
