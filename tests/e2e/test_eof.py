# SPDX-License-Identifier: ISC
"""The one rule of ending, in both roles: each direction ends by itself, and both must."""

import os
import signal
import socket
import time
import tty

import pytest

from harness import DEVNULL, PIPE, Task, digest_of, read_all, take, wait_for, write_all
from peers import (MIB, accept, answer, dial, half_close, port_of, receive, receive_all, reset,
                   reset_by_peer, send_all, sink, sink_slowly, unused_port)


def stays(proc, seconds=0.7):
    """That nothing happens can only be seen by waiting."""
    time.sleep(seconds)
    return proc.running()


@pytest.mark.parametrize("delay", [0, 2])
def test_answer_to_a_request_that_ended(join, delay):
    proc, conn = join(stdin=b"request")
    assert answer(conn, b"reply", delay) == b"request"
    proc.wait()
    assert proc.out == b"reply"
    assert not proc.complaints


def test_slow_answer_gets_out(join):
    """The peer's request ended long before this side's answer is ready."""
    proc, conn = join(stdin=PIPE)
    send_all(conn, b"request")
    assert proc.wait_out(7) == b"request"
    assert stays(proc, 1.2)
    proc.stdin.write(b"slow answer")
    proc.stdin.close()
    assert receive_all(conn) == b"slow answer"
    conn.close()
    proc.wait()


def test_slow_producer_after_the_peer_half_closed(join):
    proc, conn = join(stdin=PIPE)
    half_close(conn)
    for n in range(20):
        proc.stdin.write(b"%03d" % n)
        assert receive(conn, 3) == b"%03d" % n
        time.sleep(0.02)
    proc.stdin.close()
    assert receive_all(conn) == b""
    proc.wait()


def test_reader_downstream_that_pauses_when_there_is_no_input(join):
    """The end of our input starts no clock for what is still received."""
    data = os.urandom(20 * MIB)
    proc, conn = join(stdin=DEVNULL, stdout=PIPE)
    sending = Task(send_all, conn, data)
    time.sleep(1.2)
    assert proc.running()
    assert read_all(take(proc.stdout)) == digest_of(data)
    sending.result()
    proc.wait()


def test_input_of_a_file_after_the_peer_half_closed(join, random_file):
    with open(random_file, "rb") as file:
        proc, conn = join(stdin=file)
    half_close(conn)
    assert sink(conn) == digest_of(random_file.read_bytes())
    proc.wait()


def test_both_directions_at_once(join):
    data = os.urandom(4 * MIB)
    proc, conn = join(stdin=data)
    sender = Task(send_all, conn, data)
    assert sink(conn) == digest_of(data)
    sender.result()
    conn.close()
    proc.wait()
    assert proc.out == data


def test_echo_with_backpressure(join):
    """A peer that sends back what it gets, and stops reading while it cannot send."""
    data = os.urandom(16 * MIB)

    def echo(conn):
        while piece := conn.recv(65536):
            conn.sendall(piece)
        half_close(conn)

    proc, conn = join(stdin=data)
    Task(echo, conn).result()
    proc.wait()
    assert proc.out == data


def test_end_of_an_idle_connection_by_the_peer_does_not_end_the_input(join):
    proc, conn = join(stdin=PIPE)
    half_close(conn)
    assert stays(proc)
    proc.stdin.write(b"late")
    proc.stdin.close()
    assert receive_all(conn) == b"late"
    conn.close()
    proc.wait()


def test_peer_that_ends_ends_a_session_on_a_terminal(join):
    master, slave = os.openpty()
    tty.setraw(slave)
    proc, conn = join(stdin=slave)
    os.close(slave)
    conn.sendall(b"bye\n")
    conn.close()
    proc.wait()
    assert proc.out == b"bye\n"
    os.close(master)


def test_peer_that_goes_away_while_input_is_open(join, role):
    """The first bytes it does not take tell that it is gone; they are lost, so it is no success."""
    proc, conn = join(stdin=PIPE)
    conn.close()
    Task(keep_writing, proc.stdin)
    proc.fails(7, role)
    assert "EPIPE" in proc.err or "ECONNRESET" in proc.err


def keep_writing(stdin):
    try:
        while True:
            stdin.write(b"x")
            time.sleep(0.005)
    except BrokenPipeError:
        pass


@pytest.mark.parametrize("stdin", ["idle", "ended"])
def test_empty_connection(join, stdin):
    proc, conn = join(stdin=PIPE if stdin == "idle" else DEVNULL)
    if stdin == "idle":
        proc.stdin.close()
    assert receive_all(conn) == b""
    conn.close()
    proc.wait()
    assert proc.out == b""


def test_until_peer(join):
    proc, conn = join("--until", "peer", stdin=PIPE)
    proc.stdin.write(b"request")
    assert receive(conn, 7) == b"request"
    send_all(conn, b"reply")
    proc.wait()
    assert proc.out == b"reply"
    assert receive_all(conn) == b""


def test_until_peer_waits_for_the_peer(join):
    proc, conn = join("--until", "peer", stdin=b"request")
    assert answer(conn, b"reply", 0.7) == b"request"
    proc.wait()
    assert proc.out == b"reply"


def test_until_input(join):
    proc, conn = join("--until", "input", stdin=b"all there is")
    assert receive_all(conn) == b"all there is"
    proc.wait()


def test_until_input_loses_nothing_sent_when_input_was_not_read(join):
    """A banner nobody asked for must not turn the end into a reset that destroys what was sent."""
    data = os.urandom(4 * MIB)
    proc, conn = join("--until", "input", stdin=data, stdout=DEVNULL, rcvbuf=8192)
    conn.sendall(b"220 banner\r\n" * 1000)
    assert sink_slowly(conn, 65536, 0.001) == digest_of(data)
    conn.close()
    proc.wait()


def test_until_input_with_a_peer_that_never_stops_sending(join):
    proc, conn = join("--until", "input", stdin=b"all there is", stdout=DEVNULL)

    def flood():
        try:
            while True:
                conn.sendall(bytes(65536))
        except (BrokenPipeError, ConnectionResetError):
            pass

    flooding = Task(flood)
    assert receive(conn, 12) == b"all there is"
    proc.wait()
    flooding.result()


def test_until_input_with_a_peer_that_sends_before_it_reads(join):
    """What it says is no longer wanted, but must be taken, or it never comes to reading."""
    data = os.urandom(MIB)
    proc, conn = join("--until", "input", stdin=data, stdout=DEVNULL, rcvbuf=4096)
    conn.sendall(bytes(64 * MIB))
    assert sink(conn) == digest_of(data)
    proc.wait()


def test_until_both_is_the_default(join):
    proc, conn = join("--until", "both", stdin=PIPE)
    half_close(conn)
    assert stays(proc, 0.3)
    proc.stdin.close()
    proc.wait()


def test_shutdown_write_is_the_default(join):
    proc, conn = join("--shutdown", "write", stdin=b"x")
    assert receive_all(conn) == b"x"
    send_all(conn, b"y")
    proc.wait()
    assert proc.out == b"y"


def test_shutdown_never_keeps_the_connection_open(join):
    proc, conn = join("--shutdown", "never", stdin=b"x")
    assert receive(conn, 1) == b"x"
    conn.settimeout(0.7)
    with pytest.raises(TimeoutError):
        conn.recv(1)
    send_all(conn, b"y")
    proc.wait()
    assert proc.out == b"y"


def test_shutdown_both_ends_the_connection_with_the_input(join):
    proc, conn = join("--shutdown", "both", stdin=b"x")
    assert receive_all(conn) == b"x"
    proc.wait()


def test_pipe_with_data_and_its_writer_gone(join):
    """poll reports the end of such a pipe as a hang-up beside the data, then without any."""
    reader, writer = os.pipe()
    write_all(writer, b"last words")
    proc, conn = join(stdin=reader)
    os.close(reader)
    assert receive_all(conn) == b"last words"
    conn.close()
    proc.wait()


def test_named_pipe(join, tmp_path):
    for name in ("in", "out"):
        os.mkfifo(tmp_path / name)
    feeder = Task(lambda: (tmp_path / "in").write_bytes(b"through a fifo"))
    reader = Task(lambda: (tmp_path / "out").read_bytes())
    proc, conn = join("--input", tmp_path / "in", "--output", tmp_path / "out")
    feeder.result()
    assert answer(conn, b"and back") == b"through a fifo"
    proc.wait()
    assert reader.result() == b"and back"


def test_reader_downstream_sees_the_end_with_the_peers(join):
    """What receives from stdout can finish while this side still has to send."""
    proc, conn = join(stdin=PIPE, stdout=PIPE)
    send_all(conn, b"all")
    assert proc.stdout.read(10) == b"all"
    assert Task(proc.stdout.read, 1).result() == b""
    proc.stdin.write(b"still here")
    assert receive(conn, 10) == b"still here"
    proc.stdin.close()
    proc.wait()


@pytest.mark.parametrize("with_input", ["idle input", "ended input", "endless input"])
def test_reader_downstream_goes_away_while_nothing_arrives(join, with_input):
    if with_input == "endless input":
        with open("/dev/zero", "rb") as zero:
            proc, conn = join(stdin=zero, stdout=PIPE)
    else:
        proc, conn = join(stdin=PIPE if with_input == "idle input" else DEVNULL, stdout=PIPE)
    conn.sendall(b"x")
    assert proc.stdout.read(1) == b"x"
    before = time.monotonic()
    proc.stdout.close()
    proc.wait(141)
    assert time.monotonic() - before < 2
    assert not proc.complaints


@pytest.mark.parametrize("when", ["before", "together", "after"])
def test_reader_downstream_knows_the_end_by_itself(join, when):
    """A reader such as tar leaves before or after the end comes, having read everything."""
    proc, conn = join(stdin=DEVNULL, stdout=PIPE)
    conn.sendall(b"x")
    assert proc.stdout.read(1) == b"x"
    if when == "before":
        half_close(conn)
        proc.stdout.close()
    elif when == "together":
        proc.kill(signal.SIGSTOP)
        proc.stdout.close()
        half_close(conn)
        proc.kill(signal.SIGCONT)
    else:
        proc.stdout.close()
        half_close(conn)
    assert receive_all(conn) == b""  # no reset
    proc.wait()
    assert not proc.complaints


@pytest.mark.parametrize("options", [[], ["--telnet"], ["--limit-rate", "1M"]], ids=" ".join)
@pytest.mark.parametrize("first", ["reader", "byte"])
def test_reader_downstream_misses_a_byte(join, first, options):
    """What comes once it has left is lost, which both sides learn, whatever is noticed first."""
    proc, conn = join(*options, stdin=PIPE, stdout=PIPE)
    conn.sendall(b"x")
    assert proc.stdout.read(1) == b"x"
    proc.kill(signal.SIGSTOP)
    if first == "reader":
        proc.stdout.close()
    send_all(conn, b"y")
    proc.stdout.close()
    proc.kill(signal.SIGCONT)
    assert reset_by_peer(conn)
    proc.wait(141)


def test_reader_downstream_goes_away_while_data_arrives(join):
    proc, conn = join(stdin=PIPE, stdout=PIPE)

    def flood():
        try:
            while True:
                conn.sendall(bytes(65536))
        except (BrokenPipeError, ConnectionResetError):
            pass

    flooding = Task(flood)
    proc.stdout.read(1)
    proc.stdout.close()
    proc.wait(141)
    flooding.result()


def test_socket_downstream_goes_away_while_nothing_arrives(join):
    ours, theirs = socket.socketpair()
    proc, conn = join(stdin=PIPE, stdout=theirs)
    theirs.close()
    conn.sendall(b"x")
    assert receive(ours, 1) == b"x"
    ours.close()
    proc.wait(141)


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_reader_downstream_goes_away_before_a_client_comes(sockctl, kind):
    ours, theirs = os.pipe() if kind == "pipe" else (
        end.detach() for end in socket.socketpair())
    proc = sockctl("listen", "127.0.0.1", 0, stdin=PIPE, stdout=theirs)
    os.close(theirs)
    assert proc.port
    os.close(ours)
    proc.wait(141)


def test_reader_downstream_goes_away_while_connecting(sockctl, unresponsive):
    proc = sockctl("connect", "127.0.0.1", unresponsive, stdin=PIPE, stdout=PIPE)
    proc.stdout.close()
    proc.wait(141)


def test_reader_downstream_goes_away_between_tries(sockctl):
    proc = sockctl("connect", "-v", "--retry", "--retry-delay", "1h", "127.0.0.1", unused_port(),
                   stdin=PIPE, stdout=PIPE)
    proc.wait_err("ECONNREFUSED")
    proc.stdout.close()
    proc.wait(141)


def test_reader_downstream_goes_away_during_a_handshake(sockctl, server):
    proc = sockctl("connect", "--proxy", f"socks5://127.0.0.1:{port_of(server)}", "127.0.0.1", 80,
                   stdin=PIPE, stdout=PIPE)
    with accept(server) as conn:
        receive(conn, 1)
        proc.stdout.close()
        proc.wait(141)


@pytest.mark.parametrize("command", [
    "listen -k --exec cat", "listen -k --forward 127.0.0.1:{}", "echo --tcp"])
def test_who_writes_nothing_to_standard_output_needs_no_reader(sockctl, server, command):
    proc = sockctl(*command.format(port_of(server)).split(), "127.0.0.1", 0, stdin=PIPE, stdout=PIPE)
    proc.stdout.close()
    with dial(proc.port) as conn:
        if "--forward" in command:
            accept(server).sendall(b"*")
        conn.sendall(b"*")
        assert receive(conn, 1) == b"*"
    proc.stop()


def test_peer_sees_the_end_when_the_reader_downstream_goes_away(join):
    proc, conn = join(stdin=PIPE, stdout=PIPE)
    proc.stdout.close()
    proc.wait(141)
    try:
        assert receive_all(conn) == b""
    except ConnectionResetError:
        pass


def test_slow_peer_gets_everything(join):
    data = os.urandom(4 * MIB)
    proc, conn = join(stdin=data, rcvbuf=8192)
    assert sink_slowly(conn, 32768, 0.01) == digest_of(data)
    conn.close()
    proc.wait()


def test_slow_peer_that_half_closed_gets_everything(join):
    data = os.urandom(2 * MIB)
    proc, conn = join(stdin=data, rcvbuf=8192)
    half_close(conn)
    assert sink_slowly(conn, 32768, 0.02) == digest_of(data)
    proc.wait()


def test_status_waits_until_the_peers_kernel_has_everything(join):
    """All that was read fits the local send buffer, but the peer's side takes it only later."""
    data = os.urandom(MIB)
    proc, conn = join("--until", "input", stdin=data, rcvbuf=4096)
    wait_for(lambda: conn.recv(1, socket.MSG_PEEK), "first bytes")
    assert stays(proc)
    assert sink(conn) == digest_of(data)
    proc.wait()


def test_reset_while_the_last_bytes_are_on_their_way(join):
    """Handed to the local kernel is not delivered."""
    proc, conn = join("--until", "input", stdin=os.urandom(MIB), rcvbuf=4096)
    receive(conn, 1)
    assert stays(proc, 0.3)
    reset(conn)
    proc.wait(7)


def test_orderly_end_is_no_reset(join):
    proc, conn = join(stdin=b"x")
    half_close(conn)
    assert not reset_by_peer(conn)
    proc.wait()
