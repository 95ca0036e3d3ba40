# SPDX-License-Identifier: ISC
"""A server at the limit of what the system gives it goes on serving, and waits without spinning."""

import contextlib
import re
import socket
import time

import pytest

import crowd
from harness import DEVNULL, NO_LEAK_CHECK, PIPE, cpu_seconds, wait_for
from peers import dial, half_close, listener, port_of, receive, receive_all, reset, udp

FEW = ["prlimit", "--nofile=64"]
needs_prlimit = pytest.mark.needs("prlimit")


def said_full(proc):
    return [line for line in proc.lines
            if re.search("(accepting no connections|receiving nothing) for now", line)]


def accepts(trace):
    """{thread: [(seconds, result)]} of each call of accept, as strace saw them."""
    made = {}
    for thread, seconds, result in re.findall(r"^(\d+) +([\d.]+) accept4\(.*= (.*)$",
                                              trace.read_text(), re.M):
        made.setdefault(thread, []).append((float(seconds), result))
    return made


def assert_served(proc, conn):
    conn.sendall(b"served")
    assert (proc.wait_out(6) if "listen" in proc.args else receive(conn, 6)) == b"served"


@pytest.fixture(params=[["listen", "-k"], ["echo"], ["echo", "--threads", "3"]],
                ids=["listen", "echo", "threads"])
def serve(request, sockctl, tmp_path):
    """serve(ENDPOINT, WORD...) starts a server by strace, and returns it and the file of the trace."""
    def start(endpoint, *strace, fds=()):
        trace = tmp_path / "trace"
        words = ["strace", "-D", "-f", "-ttt", "-qq", "-E", NO_LEAK_CHECK, "-e", "signal=none", "-e",
                 "trace=accept4", *strace, "-o", trace]
        return sockctl(*request.param, endpoint, stdin=PIPE, wrap=words, fds=fds), trace

    return start


@pytest.mark.needs("strace")
@pytest.mark.parametrize("family", ["inet", "unix"])
def test_socket_that_another_owner_shuts_down(serve, tmp_path, family):
    if family == "inet":
        sock = listener()
    else:
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(str(tmp_path / "socket"))
        sock.listen()
    with sock:
        proc, trace = serve(f"fd:{sock.fileno()}", fds=[sock.fileno()])
        proc.wait_err("listening on")
        sock.shutdown(socket.SHUT_RDWR)
        proc.wait_err("another process has shut the socket down .EINVAL.")
        wait_for(lambda: any(len(calls) >= 3 for calls in accepts(trace).values()), "three tries")
        for calls in accepts(trace).values():
            assert all("EINVAL" in result for _, result in calls)
            for (before, _), (after, _) in zip(calls, calls[1:]):
                assert after - before >= 0.09, "it does not rest between tries"
        assert len(said_full(proc)) == 1
        if family == "inet":  # which can begin anew
            sock.listen()
            with dial(port_of(sock)) as conn:
                assert_served(proc, conn)
        proc.stop()


@pytest.fixture(params=["inet", "unix"])
def bound(request, tmp_path):
    """A datagram socket."""
    family = socket.AF_INET if request.param == "inet" else socket.AF_UNIX
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0) if request.param == "inet" else str(tmp_path / "socket"))
        yield sock


def shut_down(sock):
    with contextlib.suppress(OSError):  # which UDP says, and does it
        sock.shutdown(socket.SHUT_RDWR)


def test_datagram_socket_that_another_owner_shuts_down(sockctl, bound):
    proc = sockctl("udp-recv", f"fd:{bound.fileno()}", fds=[bound.fileno()])
    proc.wait_err("listening on")
    shut_down(bound)
    proc.wait(7)
    assert proc.out == b""
    assert "another process has shut the socket down" in proc.complaints[-1]


TIMED = ["strace", "-D", "-ttt", "-qq", "-E", NO_LEAK_CHECK, "-e", "trace=recvmmsg", "-e",
         "signal=none", "-o"]


def assert_rests(trace):
    def tries():
        return re.findall(r"^([\d.]+) recvmmsg", trace.read_text(), re.M)

    wait_for(lambda: len(tries()) >= 3, "three tries")
    first, second, third, *_ = map(float, tries())
    assert second - first >= 0.09 and third - second >= 0.09, "it does not rest between tries"


@pytest.mark.needs("strace")
@pytest.mark.parametrize("command", [["echo"], ["listen", "-u", "-k", "--exec", "cat"]], ids=" ".join)
def test_server_of_datagrams_that_another_owner_shuts_down(sockctl, tmp_path, bound, command):
    trace = tmp_path / "trace"
    proc = sockctl(*command, f"fd:{bound.fileno()}", fds=[bound.fileno()], stdin=DEVNULL,
                   wrap=[*TIMED, trace])
    proc.wait_err("listening on")
    shut_down(bound)
    proc.wait_err("another process has shut the socket down .EINVAL.")

    assert_rests(trace)
    assert len(said_full(proc)) == 1
    proc.stop()


@pytest.mark.needs("strace")
@pytest.mark.parametrize("error", ["ENOBUFS", "ENOMEM"])
def test_datagrams_that_there_is_no_memory_for(sockctl, tmp_path, error):
    trace = tmp_path / "trace"
    proc = sockctl("listen", "-u", "-k", "--exec", "cat", "127.0.0.1", "0", stdin=DEVNULL,
                   wrap=[*TIMED, trace, "-e", f"inject=recvmmsg:error={error}:when=1..3"])
    with udp() as sock:
        sock.sendto(b"x", ("127.0.0.1", proc.port))
        assert sock.recv(9) == b"x"
    assert_rests(trace)
    line, = said_full(proc)
    assert f"({error})" in line
    proc.stop()


@pytest.mark.needs("strace")
def test_clients_that_cannot_be_accepted(serve):
    """What has failed for one client does not stop others; what fails for each is said."""
    proc, _ = serve("127.0.0.1:0", "-e", "inject=accept4:error=EPERM:when=1..65")
    with dial(proc.port) as conn:
        proc.wait_err("accepting no connections for now: Operation not permitted .EPERM.")
        assert_served(proc, conn)
        proc.stop()
    assert len(said_full(proc)) == 1


@needs_prlimit
def test_few_descriptors_for_many_clients(sockctl):
    """All are served in turn."""
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=DEVNULL, wrap=FEW)
    conns = [dial(proc.port) for _ in range(500)]
    for n, conn in enumerate(conns):
        conn.sendall(b"%03d" % n)
        half_close(conn)
    for conn in conns:
        assert receive_all(conn) == b""
        conn.close()
    out = proc.wait_out(1500)
    assert sorted(out[n : n + 3] for n in range(0, 1500, 3)) == [b"%03d" % n for n in range(500)]
    proc.stop()
    assert len(said_full(proc)) <= 1


@needs_prlimit
def test_few_descriptors_for_many_forwarded_clients(sockctl):
    with crowd.Echo() as echo:
        proc = sockctl("listen", "-k", "--forward", f"127.0.0.1:{echo.port}", "127.0.0.1", "0",
                       wrap=FEW)
        before = proc.port and proc.descriptors()
        crowd.talk(proc.port, 500, 100_000)
        assert echo.most <= 32
        wait_for(lambda: echo.open == 0, "all gone")
        wait_for(lambda: proc.descriptors() <= before + 8, "nothing left")
        proc.stop()
    assert len(said_full(proc)) == 1
    assert proc.complaints == said_full(proc)


@needs_prlimit
@pytest.mark.parametrize("mode", ["stdio", "forward", "exec", "broker"])
def test_waiting_costs_nothing(sockctl, mode):
    """Who waits in the backlog wakes nobody up, and is served when somebody leaves."""
    with crowd.Echo() as echo:
        words = {"stdio": [], "forward": ["--forward", f"127.0.0.1:{echo.port}"],
                 "exec": ["--exec", "cat"], "broker": ["--broker"]}[mode]
        proc = sockctl("listen", "-k", *words, "127.0.0.1", "0", stdin=DEVNULL, wrap=FEW)
        conns = [dial(proc.port) for _ in range(100)]
        proc.wait_err("accepting no connections for now: .*EMFILE.*connections are open")
        before = cpu_seconds(proc)
        time.sleep(1)
        assert cpu_seconds(proc) - before <= 0.03
        for conn in conns[:90]:
            reset(conn)
        late, last = conns[-2:]
        if mode == "broker":
            last.settimeout(0.1)
            assert said_by(late, last)
        else:
            late.sendall(b"late")
        if mode in ("forward", "exec"):
            assert receive(late, 4) == b"late"
        elif mode == "stdio":
            proc.wait_out(4)
        for conn in conns:
            conn.close()
        proc.stop()
    assert len(said_full(proc)) == 1


def said_by(speaker, listener):
    """Who comes after it was said does not hear it."""
    for _ in range(300):
        speaker.sendall(b"late")
        try:
            return listener.recv(4) == b"late"
        except TimeoutError:
            pass
    return False


@needs_prlimit
def test_limit_that_is_raised_while_clients_wait(sockctl):
    """What keeps them waiting may be lifted from outside."""
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=DEVNULL, wrap=FEW)
    conns = [dial(proc.port) for _ in range(60)]
    proc.wait_err("accepting no connections for now")
    conns[0].close()
    conns[1].close()
    for conn in conns[2:40]:
        conn.sendall(b"x")
    proc.wait_out(38)
    for conn in conns:
        conn.close()
    proc.stop()


@needs_prlimit
def test_soft_limit_is_no_limit(sockctl):
    """It is low for programs that cannot do with more."""
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=DEVNULL,
                   wrap=["prlimit", "--nofile=64:1024"])
    conns = [dial(proc.port) for _ in range(200)]
    for conn in conns:
        conn.sendall(b"x")
    proc.wait_out(200)
    for conn in conns:
        conn.close()
    proc.stop()
    assert not said_full(proc)


def test_as_many_as_were_asked_for(sockctl):
    """Never more at once, and everybody in the end."""
    with crowd.Echo() as echo:
        proc = sockctl("listen", "-k", "--max-connections", "7", "--forward",
                       f"127.0.0.1:{echo.port}", "127.0.0.1", "0")
        crowd.talk(proc.port, 200, 10_000)
        assert echo.most == 7
        proc.stop()
    assert not proc.complaints


def test_burst_of_clients(sockctl):
    """The backlog has room for them: no connection takes the second that a lost SYN costs."""
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=DEVNULL)
    port = proc.port
    started = time.monotonic()
    conns = [dial(port) for _ in range(1000)]
    slowest = time.monotonic() - started
    for conn in conns:
        conn.close()
    proc.stop()
    assert slowest < 1000 / 150  # a backlog of 10 took 3 s for 150
