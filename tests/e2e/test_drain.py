# SPDX-License-Identifier: ISC
"""--drain: the first SIGTERM or SIGINT closes the listening sockets and lets connections end for a
time; what is left then, or at a second signal, is cut off."""

import os
import re
import signal
import socket
from pathlib import Path

import pytest

from harness import DEADLINE, PIPE, Task, digest_of, wait_for
from peers import (MIB, accept, dial, half_close, port_of, receive, receive_all, reset_by_peer,
                   send_all)

PLACE = ("127.0.0.1", "0")
LONG = ["--drain", "1h"]
SHORT = ["--drain", "300ms"]
HEADER = b"PROXY TCP4 192.0.2.1 198.51.100.7 1234 443\r\n"
DRAINING = r"no more connections are accepted; (1(?= connection )|(?!1 )\d+(?= connections )).* may go on"

ENDING = [signal.SIGINT, signal.SIGTERM]
ids = [number.name for number in ENDING]

# How a client is served, as words that make each send it FILE.
SERVING = {
    "one": ["--input", "FILE"],
    "many": ["-k", "--input", "FILE"],
    "many-counted": ["--count", "3", "--input", "FILE"],
    "broker": ["--broker", "--input", "FILE"],
    "exec": ["-k", "--exec", "cat 'FILE'"],
    "exec-relayed": ["-k", "--idle-timeout", "1h", "--exec", "cat 'FILE'"],
    "exec-of-one": ["--exec", "cat 'FILE'"],
}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """More than the buffers of a connection hold."""
    path = tmp_path_factory.mktemp("drain") / "data"
    path.write_bytes(os.urandom(24 * MIB))
    return path


def drain(proc, number=signal.SIGTERM, open_connections=1):
    """Begins to drain, and sees the port closed."""
    port = proc.port
    proc.kill(number)
    assert int(proc.wait_err(DRAINING)[1]) == open_connections
    with pytest.raises(ConnectionRefusedError):
        dial(port).close()
    assert proc.running()


@pytest.fixture
def listen(sockctl):
    def start(*options, stdin=b"", **how):
        return sockctl("listen", "-v", *options, *PLACE, stdin=stdin, **how)

    return start


@pytest.fixture
def forward(sockctl, server):
    """Starts a forward; returns it with both ends of a connection through it."""

    def start(*options):
        proc = sockctl("listen", "-kv", *options, *PLACE, "--forward",
                       f"127.0.0.1:{port_of(server)}", stdin=None)
        return proc, dial(proc.port, rcvbuf=4096), accept(server)

    return start


@pytest.mark.parametrize("number", ENDING, ids=ids)
@pytest.mark.parametrize("how", SERVING)
def test_a_transfer_under_way_ends_whole(listen, file, how, number):
    words = [word.replace("FILE", str(file)) for word in SERVING[how]]
    proc = listen(*LONG, *words)
    with dial(proc.port, rcvbuf=4096) as conn:
        half_close(conn)
        start = receive(conn, 1000)
        drain(proc, number)
        rest = receive_all(conn)
    assert digest_of(start + rest) == digest_of(file.read_bytes())
    proc.wait(128 + number)
    assert proc.lines[-1].endswith(f"stopped by {number.name} after draining")


def test_a_forward_under_way_ends_whole(forward):
    proc, conn, target = forward(*LONG)
    data = os.urandom(16 * MIB)
    sending = Task(send_all, target, data)
    start = receive(conn, 1000)
    drain(proc)
    conn.sendall(b"also the other way")
    half_close(conn)
    assert receive_all(target) == b"also the other way"
    assert digest_of(start + receive_all(conn)) == digest_of(data)
    sending.result()
    proc.wait(143)


def test_clients_of_a_broker_go_on(listen):
    proc = listen("--broker", *LONG)
    with dial(proc.port) as a, dial(proc.port) as b:
        proc.wait_err("accepted connection 2")  # who comes later hears nothing of it
        a.sendall(b"before")
        assert receive(b, 6) == b"before"
        drain(proc, open_connections=2)
        a.sendall(b"after")
        assert receive(b, 5) == b"after"
        half_close(a)
        b.sendall(b"last")
        half_close(b)
        assert receive_all(a) == b"last"
        assert receive_all(b) == b""
    proc.wait(143)


@pytest.mark.parametrize("words", [[], ["-k"], ["--broker"], ["-k", "--exec", "cat"],
                                   ["-k", "--forward", "127.0.0.1:9"]])
@pytest.mark.parametrize("number", ENDING, ids=ids)
def test_nothing_under_way_ends_at_once(listen, words, number):
    proc = listen(*LONG, *words)
    assert proc.port
    proc.stop(number)


def test_ends_with_the_last_of_many(listen):
    proc = listen("-k", *LONG)
    conns = [dial(proc.port) for _ in range(5)]
    for conn in conns:
        conn.sendall(b"x")
    proc.wait_out(5)
    drain(proc, open_connections=5)
    for conn in conns:
        assert proc.running()
        half_close(conn)
        assert receive_all(conn) == b""
        conn.close()
    proc.wait(143)


def stopped(proc):
    return Path(f"/proc/{proc.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("words", [["listen", "-k", "--exec", "cat"], ["echo"], ["echo", "--threads", "2"]], ids=" ".join)
def test_those_in_the_backlog_are_served(sockctl, words):
    """Their connections are complete before the signal comes."""
    proc = sockctl(*words, "-v", *LONG, *PLACE, stdin=None)
    port = proc.port
    proc.kill(signal.SIGSTOP)
    wait_for(lambda: stopped(proc), "the process to stop")
    conns = [dial(port) for _ in range(100)]
    proc.kill(signal.SIGTERM)
    proc.kill(signal.SIGCONT)
    assert int(proc.wait_err(DRAINING)[1]) == len(conns)
    for number, conn in enumerate(conns):
        conn.sendall(b"%d" % number)
        half_close(conn)
        assert receive_all(conn) == b"%d" % number
        conn.close()
    proc.wait(143)


# What ends the draining, and the status.
LIMITS = [
    pytest.param(SHORT, None, 143, id="time"),
    pytest.param(LONG, signal.SIGTERM, 143, id="SIGTERM"),
    pytest.param(LONG, signal.SIGINT, 130, id="SIGINT"),
    pytest.param(LONG, signal.SIGHUP, 129, id="SIGHUP"),
    pytest.param(["--drain", "1h", "--timeout", "2"], None, 6, id="deadline"),
]


def cut(proc, number, status):
    """The first signal, and then what ends it."""
    proc.kill(signal.SIGTERM)
    proc.wait_err(DRAINING)
    if number:
        proc.kill(number)
    proc.wait(status)


@pytest.mark.parametrize("options, number, status", LIMITS)
@pytest.mark.parametrize("words", [[], ["-k"]], ids=["one", "many"])
def test_what_is_left_is_reset(listen, options, number, status, words):
    proc = listen(*options, *words, stdin=PIPE)
    with dial(proc.port) as conn:
        os.write(proc.stdin.fileno(), b"half")
        assert receive(conn, 4) == b"half"
        cut(proc, number, status)
        assert reset_by_peer(conn)


@pytest.mark.parametrize("options, number, status", LIMITS)
@pytest.mark.parametrize("direct", [True, False], ids=["direct", "relayed"])
def test_what_is_left_of_a_program_is_reset(listen, options, number, status, direct):
    how = [] if direct else ["--crlf"]
    proc = listen("-k", *options, *how, "--exec", "echo $$; exec cat")
    with dial(proc.port) as conn:
        pid = int(conn.makefile().readline())
        cut(proc, number, status)
        assert reset_by_peer(conn)
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"), "the end of the program")


@pytest.mark.parametrize("options, number, status", LIMITS)
def test_what_is_left_of_a_forward_is_reset(forward, options, number, status):
    proc, conn, target = forward(*options)
    conn.sendall(b"half")
    assert receive(target, 4) == b"half"
    cut(proc, number, status)
    assert reset_by_peer(conn) and reset_by_peer(target)


def test_what_is_left_of_a_broker_ends_with_what_was_said(listen):
    """Its streams have no end of their own."""
    proc = listen("--broker", *SHORT)
    with dial(proc.port) as a, dial(proc.port) as b:
        proc.wait_err("accepted connection 2")  # who comes later hears nothing of it
        a.sendall(b"all")
        assert receive(b, 3) == b"all"
        cut(proc, None, 143)
        assert receive_all(a) == receive_all(b) == b""


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT], ids=["SIGHUP", "SIGQUIT"])
def test_other_signals_end_at_once(listen, number):
    proc = listen("-k", *LONG, stdin=PIPE)
    with dial(proc.port) as conn:
        conn.sendall(b"x")
        proc.wait_out(1)
        proc.stop(number)
        assert reset_by_peer(conn)


def test_a_client_that_is_still_arriving_is_served(listen):
    proc = listen("-k", *LONG, "--accept-proxy")
    with dial(proc.port) as conn:
        conn.sendall(HEADER[:10])
        wait_for(lambda: accepted(proc, conn), "an accepted client")
        drain(proc)
        send_all(conn, HEADER[10:] + b"data")
        assert receive_all(conn) == b""
    proc.wait(143)
    assert proc.out == b"data"


@pytest.mark.parametrize("end", ["wrong", "refused"])
def test_a_client_that_does_not_arrive_is_not_waited_for(listen, end):
    proc = listen("-k", *LONG, "--accept-proxy", "--deny", "192.0.2.1")
    with dial(proc.port) as conn:
        wait_for(lambda: accepted(proc, conn), "an accepted client")
        drain(proc)
        conn.sendall(b"GET / HTTP/1.0\r\n\r\n" if end == "wrong" else HEADER)
        assert reset_by_peer(conn)
    proc.wait(143)


def other_end(conn):
    """The words of /proc/net/tcp about the other end of CONN."""
    ends = f":{conn.getpeername()[1]:04X} 0100007F:{conn.getsockname()[1]:04X} "
    with open("/proc/net/tcp", encoding="ascii") as table:
        return next(line.split() for line in table if ends in line)


def accepted(proc, conn):
    """Whether the program has the other end of CONN."""
    inode = other_end(conn)[9]
    return inode != "0" and any(
        os.readlink(f"/proc/{proc.pid}/fd/{fd}") == f"socket:[{inode}]"
        for fd in os.listdir(f"/proc/{proc.pid}/fd"))


def test_events(sockctl):
    proc = sockctl("listen", "-k", "--json", *LONG, *PLACE, stdin=b"")
    with dial(proc.port) as conn:
        conn.sendall(b"x")
        proc.wait_out(1)
        proc.kill(signal.SIGTERM)
        proc.wait_err('"draining"')
    proc.wait(143)
    kinds = [event["event"] for event in proc.events]
    assert kinds == ["listening", "accepted", "draining", "closed", "stopped"]
    draining = proc.events[2]
    assert (draining["signal"], draining["connections"], draining["limit"]) == ("SIGTERM", 1, 3600)
    assert proc.events[-1]["signal"] == "SIGTERM"


def test_an_inherited_socket_stays_for_others(sockctl, server):
    proc = sockctl("listen", "-kv", *LONG, f"fd:{server.fileno()}", stdin=b"",
                   fds=[server.fileno()])
    with dial(port_of(server)) as conn:
        conn.sendall(b"x")
        proc.wait_out(1)
        proc.kill(signal.SIGTERM)
        proc.wait_err(DRAINING)
        with dial(port_of(server)) as other, accept(server) as theirs:
            other.sendall(b"y")
            assert receive(theirs, 1) == b"y"
        half_close(conn)
        assert receive_all(conn) == b""
    proc.wait(143)


def test_a_socket_file_is_removed_at_once(sockctl, tmp_path):
    path = tmp_path / "socket"
    proc = sockctl("listen", "-kv", *LONG, path, stdin=b"")
    proc.wait_err("listening")
    with socket.socket(socket.AF_UNIX) as conn:
        conn.settimeout(DEADLINE)
        conn.connect(str(path))
        conn.sendall(b"x")
        proc.wait_out(1)
        proc.kill(signal.SIGTERM)
        proc.wait_err(DRAINING)
        assert not path.exists()
        half_close(conn)
        assert conn.recv(1) == b""
    proc.wait(143)


def test_the_service_manager_is_told_once(sockctl, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(DEADLINE)
        manager.bind(str(tmp_path / "notify"))
        proc = sockctl("listen", "-kv", *LONG, *PLACE, stdin=b"",
                       env=os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert manager.recv(100) == b"READY=1"
        with dial(proc.port) as conn:
            conn.sendall(b"x")
            proc.wait_out(1)
            drain(proc)
            assert manager.recv(100) == b"STOPPING=1"
        proc.wait(143)
        manager.setblocking(False)
        with pytest.raises(BlockingIOError):
            manager.recv(100)


# echo


def comes_back(conn, data=b"hello"):
    conn.sendall(data)
    return receive(conn, len(data)) == data


@pytest.fixture
def echo(sockctl):
    def start(*options, place=PLACE):
        proc = sockctl("echo", "-v", *options, *place)
        proc.wait_err("listening on")
        return proc

    return start


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("number", ENDING, ids=ids)
def test_echo_goes_on_until_its_last_client_ends(echo, threads, number):
    proc = echo(*LONG, "--tcp", "--threads", threads)
    conns = [dial(proc.port) for _ in range(8)]
    assert all(comes_back(conn) for conn in conns)
    drain(proc, number, open_connections=8)
    for conn in conns:
        assert proc.running() and comes_back(conn, b"x" * 100_000)
        half_close(conn)
        assert receive_all(conn) == b""
        conn.close()
    proc.wait(128 + number)


def test_echo_in_mid_transfer_ends_whole(echo):
    proc = echo(*LONG, "--tcp", "--threads", 2)
    data = os.urandom(16 * MIB)
    with dial(proc.port, rcvbuf=4096) as conn:
        sending = Task(send_all, conn, data)
        start = receive(conn, 1000)
        drain(proc)
        assert digest_of(start + receive_all(conn)) == digest_of(data)
        sending.result()
    proc.wait(143)


@pytest.mark.parametrize("threads", [1, 2])
def test_echo_serves_who_waits_for_a_place(echo, threads):
    proc = echo(*LONG, "--tcp", "--threads", threads, "--max-connections", 1)
    with dial(proc.port) as conn:
        assert comes_back(conn)
        with dial(proc.port) as waiting:
            wait_for(lambda: accepted(proc, waiting), "a client that waits")
            drain(proc, open_connections=2)
            half_close(conn)
            assert receive_all(conn) == b""
            assert comes_back(waiting)
    proc.wait(143)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("words", [[], ["--udp"]], ids=["both", "udp"])
def test_echo_without_clients_ends_at_once(echo, threads, words):
    proc = echo(*LONG, *words, "--threads", threads)
    proc.stop()


@pytest.mark.parametrize("threads", [1, 3])
def test_echo_of_a_unix_socket(echo, tmp_path, threads):
    """All loops share one socket, which is closed once."""
    path = tmp_path / "socket"
    proc = echo(*LONG, "--threads", threads, place=[path])
    with socket.socket(socket.AF_UNIX) as conn:
        conn.settimeout(DEADLINE)
        conn.connect(str(path))
        assert comes_back(conn)
        proc.kill(signal.SIGTERM)
        proc.wait_err(DRAINING)
        assert not path.exists()
        assert comes_back(conn)
    proc.wait(143)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("options, number, status",
                         [limit for limit in LIMITS if limit.id != "deadline"])
def test_echo_resets_who_has_not_got_all(echo, options, number, status, threads):
    """Although it has read all."""
    proc = echo(*options, "--tcp", "--threads", threads, "--set", "SO_SNDBUF=1")
    with dial(proc.port, rcvbuf=4096) as conn, dial(proc.port) as idle:
        assert comes_back(idle)
        conn.sendall(bytes(20_000))
        wait_for(lambda: re.fullmatch(r"0*[1-9A-F]\w*:0+", other_end(conn)[4]),
                 "bytes to be sent, and none to be read")
        cut(proc, number, status)
        assert reset_by_peer(conn)
        assert receive_all(idle) == b""
