# SPDX-License-Identifier: ISC
"""listen --forward: each connection is joined to a new one to another place."""

import os
import re
import socket
import time

import pytest

import crowd
from harness import PIPE, Task, digest_of, wait_for
from peers import (MIB, accept, answer, dial, dial_unix, half_close, listener, port_of, receive,
                   receive_all, reset, reset_by_peer, send_all, sink, sink_slowly, talk,
                   turned_down, unused_port)


TOLD_THE_END = ("04", "09", "0B")  # FIN_WAIT1, LAST_ACK, CLOSING (<netinet/tcp.h>)


@pytest.fixture
def forward(sockctl):
    """forward(SERVER, OPTION...) starts it, and conn, other = connect() joins two ends."""
    conns = []

    def start(server, *options, **how):
        proc = sockctl("listen", *options, "--forward", f"127.0.0.1:{port_of(server)}",
                       "127.0.0.1", "0", **how)

        def connect(**rcvbuf):
            conns.append(dial(proc.port, **rcvbuf))
            conns.append(accept(server))
            return conns[-2:]

        return proc, connect

    yield start
    for conn in conns:
        conn.close()


def test_both_directions(forward, server):
    proc, connect = forward(server)
    talk(*connect())
    proc.wait()


def test_answer_after_the_end_of_the_request(forward, server):
    proc, connect = forward(server)
    conn, other = connect()
    send_all(conn, b"request")
    answering = Task(answer, other, b"answer", 0.7)
    assert receive_all(conn) == b"answer"
    assert answering.result() == b"request"
    proc.wait()


def test_request_after_the_end_of_the_answer(forward, server):
    """The target may be the first to end."""
    proc, connect = forward(server)
    conn, other = connect()
    send_all(other, b"hello, and that is all")
    assert receive_all(conn) == b"hello, and that is all"
    time.sleep(0.7)
    conn.sendall(b"late")
    half_close(conn)
    assert receive_all(other) == b"late"
    proc.wait()


def test_bulk_both_ways(forward, server):
    up, down = os.urandom(24 * MIB), os.urandom(32 * MIB)
    proc, connect = forward(server)
    conn, other = connect()
    tasks = [Task(send_all, conn, up), Task(send_all, other, down)]
    reading = Task(sink, other)
    assert sink(conn) == digest_of(down)
    assert reading.result() == digest_of(up)
    for task in tasks:
        task.result()
    proc.wait()


def test_slow_reader_gets_everything(forward, server):
    data = os.urandom(4 * MIB)
    proc, connect = forward(server)
    conn, other = connect(rcvbuf=8192)
    sending = Task(lambda: (other.sendall(data), other.close()))
    assert sink_slowly(conn, 200_000, 0.001) == digest_of(data)
    sending.result()
    conn.close()
    proc.wait()


@pytest.mark.parametrize("options", [[], ["-k"]], ids=["once", "keep-open"])
@pytest.mark.parametrize("form", ["127.0.0.1:{port}", ":{port}", "unix:{path}",
                                  "{path}", "unix:@sockctl-{pid}-target"])
def test_kinds_of_targets(sockctl, tmp_path, form, options):
    path = str(tmp_path / "target")
    pid = os.getpid()
    if "unix" in form or "{path}" in form:
        server = socket.socket(socket.AF_UNIX)
        server.settimeout(30)
        server.bind(f"\0sockctl-{pid}-target" if "@" in form else path)
        server.listen()
        word = form.format(path=path, pid=pid)
    else:
        server = listener()
        word = form.format(port=port_of(server))
    with server:
        proc = sockctl("listen", *options, "--forward", word, "127.0.0.1", "0")
        with dial(proc.port) as conn:
            send_all(conn, b"ping")
            assert answer(accept(server), b"pong") == b"ping"
            assert receive_all(conn) == b"pong"
    if options:
        proc.stop()
    else:
        proc.wait()


def test_from_a_unix_socket(sockctl, server, tmp_path):
    proc = sockctl("listen", "--forward", f"127.0.0.1:{port_of(server)}", tmp_path / "socket")
    proc.wait_err("listening")
    with dial_unix(str(tmp_path / "socket")) as conn:
        send_all(conn, b"ping")
        assert answer(accept(server), b"pong") == b"ping"
        assert receive_all(conn) == b"pong"
    proc.wait()


def test_to_ipv6(sockctl):
    with listener("::1") as server:
        proc = sockctl("listen", "--forward", f"[::1]:{port_of(server)}", "::1", "0")
        with dial(proc.port, "::1") as conn:
            send_all(conn, b"ping")
            assert answer(accept(server), b"pong") == b"ping"
            assert receive_all(conn) == b"pong"
        proc.wait()


def test_to_an_inherited_connection(sockctl):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        fd = theirs.fileno()
        proc = sockctl("listen", "--forward", f"fd:{fd}", "127.0.0.1", "0", fds=[fd])
        theirs.close()
        with dial(proc.port) as conn:
            send_all(conn, b"ping")
            assert answer(ours, b"pong") == b"ping"
            assert receive_all(conn) == b"pong"
        proc.wait()


def test_one_connection_cannot_serve_many(sockctl):
    sockctl("listen", "-k", "--forward", "fd:9", "0").fails(2, "fd:9")


def test_chain(sockctl, server):
    """Through ten of them, nothing is lost and every end is passed on."""
    data = os.urandom(MIB)
    port, procs = port_of(server), []
    for _ in range(10):
        procs.append(sockctl("listen", "--forward", f"127.0.0.1:{port}", "127.0.0.1", "0"))
        port = procs[-1].port
    with dial(port) as conn:
        sending = Task(send_all, conn, data)
        assert answer(accept(server), b"answer") == data
        assert receive_all(conn) == b"answer"
        sending.result()
    for proc in procs:
        proc.wait()


@pytest.mark.parametrize("word", ["127.0.0.1:{port}", "unix:/nonexistent/target"])
def test_target_that_cannot_be_reached(sockctl, word):
    """The client is not told that this was all."""
    word = word.format(port=unused_port())
    proc = sockctl("listen", "--forward", word, "127.0.0.1", "0")
    assert turned_down(proc.port)
    proc.fails(5, word)


@pytest.mark.parametrize("names, status", [("nxdomain", 3), ("servfail", 4)])
def test_target_whose_name_is_not_known(sockctl, namespaces, tmp_path, names, status):
    proc = sockctl("listen", "--forward", "nosuchhost.example:80", tmp_path / "socket",
                   wrap=namespaces(names))
    proc.wait_err("listening")
    with dial_unix(str(tmp_path / "socket")) as conn:
        assert receive_all(conn) == b""
    proc.fails(status, "nosuchhost.example")


def test_clients_that_wait_for_the_name_of_their_target(sockctl, network):
    """They share one look-up, and the thread that it takes."""
    network.replace("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:2 attempts:5\n")
    with network.bad_names("silent") as server:
        proc = sockctl("listen", "-k", "127.0.0.1", "7000", "--forward", "host.test:80",
                       wrap=network.wrap)
        proc.wait_err("listening on")
        conns = network.near.within(lambda: [dial(7000) for _ in range(400)])
        wait_for(lambda: proc.descriptors() >= 400, "400 clients")
        wait_for(lambda: server.queries, "a query")
        assert proc.status_field("Threads") <= 2
        server.kind = "nxdomain"
        for conn in conns:
            assert reset_by_peer(conn)
            conn.close()
        assert proc.status_field("Threads") <= 2
        proc.stop()


def test_target_by_a_name_with_two_addresses(sockctl, namespaces):
    """The one that listens is found, whichever comes first."""
    for address in ("127.0.0.1", "::1"):
        with listener(address) as server:
            proc = sockctl("listen", "--forward", f"localhost:{port_of(server)}", "127.0.0.1", "0",
                           wrap=namespaces("hosts"))
            with dial(proc.port) as conn:
                send_all(conn, b"ping")
                assert answer(accept(server), b"pong") == b"ping"
                assert receive_all(conn) == b"pong"
            proc.wait()


def test_target_that_cannot_be_reached_costs_that_client_only(sockctl):
    port = unused_port()
    proc = sockctl("listen", "-k", "--json", "--forward", f"127.0.0.1:{port}", "127.0.0.1", "0")
    for _ in range(3):
        assert turned_down(proc.port)
    with listener(port=port) as server:
        with dial(proc.port) as conn:
            send_all(conn, b"ping")
            assert answer(accept(server), b"pong") == b"ping"
            assert receive_all(conn) == b"pong"
    wait_for(lambda: sum('"closed"' in line for line in proc.lines) == 4, "four ends")
    proc.stop()
    assert [(e["how"], e["status"]) for e in proc.events if e["event"] == "closed"] == (
        3 * [("target not reached", 5)] + [("done", 0)])


def test_target_that_does_not_answer(sockctl, unresponsive):
    proc = sockctl("listen", "--connect-timeout", "0.3", "--forward",
                   f"127.0.0.1:{unresponsive}", "127.0.0.1", "0")
    assert turned_down(proc.port)
    proc.fails(6, unresponsive)


def test_client_that_goes_while_its_target_is_dialled(sockctl, unresponsive):
    proc = sockctl("listen", "-k", "--connect-timeout", "0.3", "--forward",
                   f"127.0.0.1:{unresponsive}", "127.0.0.1", "0")
    before = proc.port and proc.descriptors()
    for _ in range(20):
        reset(dial(proc.port))
    wait_for(lambda: sum("no connection" in line or "timed out" in line or "ETIMEDOUT" in line
                         for line in proc.lines) >= 20, "twenty failures")
    wait_for(lambda: proc.descriptors() == before, "nothing left")
    proc.stop()


def test_reset_by_the_client_reaches_the_target(forward, server):
    """A request that was torn must not look whole."""
    proc, connect = forward(server)
    conn, other = connect()
    conn.sendall(b"half a requ")
    assert receive(other, 11) == b"half a requ"
    reset(conn)
    assert reset_by_peer(other)
    proc.fails(7, "ECONNRESET")


def test_reset_by_the_target_reaches_the_client(forward, server):
    proc, connect = forward(server)
    conn, other = connect()
    other.sendall(b"half an ans")
    assert receive(conn, 11) == b"half an ans"
    reset(other)
    assert reset_by_peer(conn)
    proc.fails(7, port_of(server), "ECONNRESET")


def test_what_came_before_a_reset_is_delivered_first(forward, server):
    """Also to a client that reads so slowly that it is still on its way when the target breaks."""
    data = os.urandom(200_000)
    proc, connect = forward(server, "-v")
    conn, other = connect(rcvbuf=4096)
    other.sendall(data)
    wait_for(lambda: proc_has_taken(other), "everything taken from the target")
    reset(other)
    received = b""
    with pytest.raises(ConnectionResetError):
        while True:
            piece = conn.recv(10_000)
            assert piece, "the stream looks whole"
            received += piece
            time.sleep(0.001)
    assert received == data
    proc.wait(7)


def other_end(conn):
    """The words of /proc/net/tcp about the program's end of CONN, or None."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        local = f":{port_of(conn):04X}"
        remote = f":{conn.getpeername()[1]:04X}"
        for line in table:
            words = line.split()
            if words[1].endswith(remote) and words[2].endswith(local):
                return words
    return None


def proc_has_taken(conn):
    """Whether everything sent on CONN was acknowledged by the other kernel and read there."""
    words = other_end(conn)
    return words is not None and words[4].split(":")[1] == "00000000"


def proc_has_ended(conn):
    """Whether the program has said on CONN that nothing more comes, which is not acknowledged."""
    words = other_end(conn)
    return words is not None and words[3] in TOLD_THE_END


@pytest.mark.parametrize("options", [[], ["--hex"]], ids=["splice", "copy"])
@pytest.mark.parametrize("takes_it", [True, False])
def test_done_is_what_the_target_has_acknowledged(forward, options, takes_it):
    """Until then it may be lost."""
    data = os.urandom(100_000)
    with listener(rcvbuf=4096) as server:
        proc, connect = forward(server, "-v", *options)
        conn, other = connect()
        send_all(conn, data)
        half_close(other)
        assert receive_all(conn) == b""
        wait_for(lambda: proc_has_ended(other), "the end of the request on its way")
        if takes_it:
            assert receive_all(other) == data
            proc.wait()
            assert f"{len(data)} bytes received" in proc.lines[-1]
        else:
            reset(other)
            proc.wait(7)
            assert re.search(rf"127.0.0.1:{port_of(server)}: .*ECONNRESET", proc.err)


def test_idle_timeout(forward, server):
    proc, connect = forward(server, "--idle-timeout", "0.3")
    conn, other = connect()
    conn.sendall(b"x")
    assert receive(other, 1) == b"x"
    assert reset_by_peer(conn) and reset_by_peer(other)
    proc.fails(6, "idle")


def test_reset_of_a_client_that_the_target_has_not_read_yet(forward):
    """The survivor gets what was sent, for longer than the idle limit, and the client ends once."""
    with listener(rcvbuf=4096) as busy:
        proc, connect = forward(busy, "-k", "--idle-timeout", "0.5")
        torn = [connect() for _ in range(3)]
        ports = [port_of(conn) for conn, _ in torn]
        for conn, _ in torn:
            conn.sendall(b"x" * 300_000)
            reset(conn)
        for port in ports:
            proc.wait_err(f":{port}: Connection reset by peer")
        conn, _ = connect()  # its limit starts after those of the others, and ends after theirs
        proc.wait_err(f":{port_of(conn)}: idle for too long")
        for _, other in torn:
            assert reset_by_peer(other)
        conn, other = connect()
        conn.sendall(b"ping")
        assert receive(other, 4) == b"ping"
        proc.stop()
    for port in ports:
        assert sum(f":{port}: " in line for line in proc.complaints) == 1, proc.describe()


def test_filters_see_the_bytes(forward, server):
    proc, connect = forward(server, "--crlf", "--hex")
    conn, other = connect()
    other.sendall(b"to the client\n")
    assert receive(conn, 15) == b"to the client\r\n"
    half_close(conn)
    assert receive_all(other) == b""
    other.close()
    proc.wait()
    assert "to the client" in proc.err


def test_nothing_is_copied_in_bulk(sockctl, server):
    proc = sockctl("listen", "--trace-all", "--forward", f"127.0.0.1:{port_of(server)}", "127.0.0.1",
                   "0")
    with dial(proc.port) as conn:
        other = accept(server)
        sending = Task(send_all, conn, bytes(8 * MIB))
        assert sink(other)[0] == 8 * MIB
        other.close()
        assert receive_all(conn) == b""
        sending.result()
    proc.wait()
    spliced = sum(int(n) for n in re.findall(r" splice\(.*\) = (\d+)", proc.err)) / 2
    copied = sum(int(n) for n in re.findall(r" recv\(.*\) = (\d+)", proc.err))
    assert spliced + copied >= 8 * MIB
    assert copied < MIB


def test_idle_connections_hold_two_descriptors(forward, server):
    """Also when they have moved a lot before."""
    proc, connect = forward(server, "-k")
    before = proc.port and proc.descriptors()
    pairs = [connect() for _ in range(20)]
    for conn, other in pairs:
        sending = Task(conn.sendall, bytes(MIB))
        assert len(receive(other, MIB)) == MIB
        sending.result()
    extra = proc.descriptors() - before - 40
    for conn, other in pairs:
        conn.close()
        other.close()
    wait_for(lambda: proc.descriptors() <= before + extra, "all closed")
    proc.stop()
    assert extra <= 4


@pytest.mark.memory
def test_memory_of_idle_connections(forward, server):
    """Less than 2 KiB of ours for each."""
    number = 2000
    if not crowd.allow_descriptors(4 * number + 100):
        pytest.skip("the system allows too few descriptors")
    proc, connect = forward(server, "-k")

    def used():
        with open(f"/proc/{proc.pid}/smaps_rollup", encoding="ascii") as file:
            return int(re.search(r"Private_Dirty:\s+(\d+)", file.read())[1]) * 1024

    def chat(conn, other):
        conn.sendall(b"ping")
        other.sendall(receive(other, 4))
        assert receive(conn, 4) == b"ping"

    for _ in range(200):
        chat(*connect())
    before = used()
    for _ in range(number):
        chat(*connect())
    assert (used() - before) / number < 2048
    proc.stop()


def test_two_thousand_at_once(sockctl):
    number = 2000
    if not crowd.allow_descriptors(4 * number):
        pytest.skip("the system allows too few descriptors")
    with crowd.Echo() as echo:
        proc = sockctl("listen", "-k", "--forward", f"127.0.0.1:{echo.port}", "127.0.0.1", "0")
        before = proc.port and proc.descriptors()
        crowd.talk(proc.port, number, 20_000,
                   at_once=lambda: wait_for(lambda: echo.open == number, "all joined"))
        wait_for(lambda: echo.open == 0, "all gone")
        # Four pipes may be kept for who comes next.
        wait_for(lambda: proc.descriptors() <= before + 8, "nothing left")
        proc.stop()
    assert not proc.complaints


@pytest.mark.parametrize("word", ["", "80", "host", "host:", ":", "host:80:90", "host:65536",
                                  "unix:", "fd:x"])
def test_bad_words(sockctl, word):
    sockctl("listen", "--forward", word, "127.0.0.1", "0").fails(2, "--forward")


@pytest.mark.parametrize("options", ["--input /dev/null", "--output /dev/null"])
def test_stdin_and_stdout_are_not_for_it(sockctl, options):
    sockctl("listen", "--forward", "127.0.0.1:1", *options.split(), "0").fails(2, "--forward")
    sockctl("listen", "--connect-timeout", "1", "0").fails(2, "--forward")


def test_stdin_is_left_alone(forward, server):
    proc, connect = forward(server, stdin=PIPE)
    conn, other = connect()
    proc.stdin.write(b"not for them")
    half_close(conn)
    half_close(other)
    assert receive_all(conn) == receive_all(other) == b""
    proc.wait()
    assert proc.out == b""
