# SPDX-License-Identifier: ISC
"""Signals end the program in order, with 128 + N, whatever it waits for."""

import fcntl
import os
import select
import signal
import time

import pytest

from harness import DEVNULL, PIPE, Task, wait_for
from peers import MIB, accept, dial, listener, port_of, receive, receive_all

ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
ids = [number.name for number in ENDING]


@pytest.fixture(params=ENDING, ids=ids)
def number(request):
    return request.param


def test_while_waiting_for_a_client(sockctl, number):
    proc = sockctl("listen", "127.0.0.1", "0", stdin=PIPE)
    assert proc.port
    proc.stop(number)
    assert not proc.complaints


def test_while_connecting(sockctl, number):
    with listener(backlog=0) as full, dial(port_of(full)), dial_pending(port_of(full)):
        proc = sockctl("connect", "-v", "127.0.0.1", port_of(full), stdin=PIPE)
        wait_for(lambda: connecting(port_of(full)), "a connection attempt")
        proc.stop(number)


def dial_pending(port):
    """Fills the queue of a listener: what comes after is not answered at all."""
    import socket
    sock = socket.socket()
    sock.setblocking(False)
    sock.connect_ex(("127.0.0.1", port))
    return sock


def connecting(port):
    """At least two sockets in SYN_SENT to this port: the one that filled the queue and ours."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        return sum(f":{port:04X} 02 " in line for line in file) >= 2


def test_while_idle(join, number):
    proc, conn = join(stdin=PIPE)
    conn.sendall(b"x")
    proc.wait_out(1)
    proc.stop(number)


def test_while_the_peer_does_not_read(join, number):
    with open("/dev/zero", "rb") as zero:
        proc, _ = join(stdin=zero, rcvbuf=4096)
    proc.stop(number)


def test_while_the_reader_downstream_does_not_read(join, number):
    proc, conn = join(stdin=PIPE, stdout=PIPE)
    conn.settimeout(0.3)
    with pytest.raises(TimeoutError):
        conn.sendall(bytes(64 * MIB))
    proc.stop(number)


def test_while_data_flows(join, number):
    with open("/dev/zero", "rb") as zero:
        proc, conn = join(stdin=zero)
    receive(conn, MIB)
    proc.kill(number)
    try:
        receive_all(conn)
    except ConnectionResetError:
        pass
    proc.wait(128 + number)


def test_with_many_clients(sockctl, number):
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=PIPE)
    conns = [dial(proc.port) for _ in range(20)]
    for conn in conns:
        conn.sendall(b"x")
    proc.wait_out(20)
    proc.stop(number)
    for conn in conns:
        conn.close()


def test_ends_soon(join, number):
    proc, conn = join(stdin=PIPE)
    conn.sendall(b"x")
    proc.wait_out(1)
    before = time.monotonic()
    proc.stop(number)
    assert time.monotonic() - before < 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGQUIT],
                         ids=lambda n: n.name)
def test_ignored_by_the_parent_stays_ignored(join, number):
    """nohup, and jobs in the background of a shell without job control."""
    proc, conn = join(stdin=PIPE, shell=f"trap '' {number.name[3:]}")
    conn.sendall(b"x")
    proc.wait_out(1)
    proc.kill(number)
    conn.sendall(b"y")
    assert proc.wait_out(2) == b"xy"
    proc.stdin.close()
    conn.close()
    proc.wait()


def test_ignoring_the_signal_that_ends_programs_is_not_inherited(join):
    proc, conn = join(stdin=PIPE, shell="trap '' TERM")
    conn.sendall(b"x")
    proc.wait_out(1)
    proc.stop(signal.SIGTERM)


def block_all():
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


@pytest.mark.parametrize("number", [*ENDING, signal.SIGQUIT], ids=lambda n: n.name)
def test_blocked_by_the_parent(join, number):
    proc, conn = join(stdin=PIPE, preexec_fn=block_all)
    conn.sendall(b"x")
    proc.wait_out(1)
    proc.stop(number)


def block_and_ignore():
    block_all()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def test_command_that_only_prints_can_be_stopped(sockctl):
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    proc = sockctl("errors", stdout=writer, preexec_fn=block_and_ignore)
    wait_for(lambda: not select.select([], [writer], [], 0)[1] and proc.sleeps(), "a full pipe")
    proc.kill(signal.SIGTERM)
    assert proc.ended() == -signal.SIGTERM
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize("harmless", [signal.SIGWINCH, signal.SIGCHLD, signal.SIGURG,
                                      signal.SIGCONT, signal.SIGPIPE], ids=lambda n: n.name)
def test_harmless(join, harmless):
    data = os.urandom(4 * MIB)
    proc, conn = join(stdin=data)
    received = b""
    while len(received) < len(data):
        received += receive(conn, min(MIB // 4, len(data) - len(received)))
        proc.kill(harmless)
    assert received == data
    conn.close()
    proc.wait()


def test_stop_and_continue(join):
    data = os.urandom(8 * MIB)
    proc, conn = join(stdin=data)
    receiving = Task(receive_all, conn)
    for _ in range(20):
        proc.kill(signal.SIGSTOP)
        proc.kill(signal.SIGCONT)
    assert receiving.result() == data
    conn.close()
    proc.wait()


def test_pipe_signal_is_ignored_from_the_start(sockctl, server):
    """A parent that has it at its default, or ignores it, sees the same."""
    for shell in ("", "trap '' PIPE"):
        proc = sockctl("connect", "127.0.0.1", port_of(server), stdin=DEVNULL, stdout=PIPE,
                       shell=shell)
        proc.stdout.close()
        with accept(server) as conn:
            try:
                conn.sendall(b"x")
            except (BrokenPipeError, ConnectionResetError):
                pass
            proc.wait(141)


def test_terminal_that_goes_away(sockctl, server):
    """The kernel sends SIGHUP to a session whose terminal is gone; without it, input just ends."""
    master, slave = os.openpty()
    proc = sockctl("connect", "127.0.0.1", port_of(server), stdin=slave, stdout=slave)
    os.close(slave)
    with accept(server) as conn:
        os.close(master)
        receive_all(conn)
    proc.wait(proc.popen.wait(10))
    assert proc.popen.returncode in (0, 1, 129, 141)


def test_while_nobody_reads_the_results(sockctl, server, number):
    """Written line by line beside the event loop."""
    reader, stdout = os.pipe()
    fill(stdout)
    proc = sockctl("echo", "--client", "127.0.0.1", port_of(server), stdout=stdout)
    with accept(server):
        wait_for(lambda: all(sleeps_on(proc) for _ in range(10)), "a program that waits")
        proc.stop(number)
    for fd in (reader, stdout):
        os.close(fd)


def sleeps_on(proc):
    time.sleep(0.01)
    return proc.sleeps()


def fill(pipe):
    os.set_blocking(pipe, False)
    try:
        while True:
            os.write(pipe, bytes(4096))
    except BlockingIOError:
        os.set_blocking(pipe, True)
