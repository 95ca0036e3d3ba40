# SPDX-License-Identifier: ISC
"""Limits in time: what they cover, that they come in time, and that cutting off is no success."""

import time

import pytest

from harness import DEVNULL, PIPE, Task, soonest
from peers import (MIB, accept, answer, dial, half_close, listener, port_of, receive, receive_all,
                   sink_slowly, udp)


@pytest.mark.parametrize("option", ["--timeout", "-w", "--connect-timeout"])
def test_connecting(sockctl, unresponsive, option):
    def run():
        proc = sockctl("connect", option, "0.5", "127.0.0.1", unresponsive, stdin=PIPE)
        return proc.fails(6)

    assert 0.5 <= soonest(run, 0.7) < 0.7


def test_connecting_names_the_place(sockctl, unresponsive):
    proc = sockctl("connect", "--connect-timeout", "100ms", "127.0.0.1", unresponsive)
    proc.fails(6, f"127.0.0.1:{unresponsive}")


def test_connect_timeout_is_over_once_connected(sockctl, server):
    proc = sockctl("connect", "--connect-timeout", "0.2", "127.0.0.1", port_of(server),
                   stdin=DEVNULL)
    with accept(server) as conn:
        answer(conn, b"late", 0.5)
    proc.wait()
    assert proc.out == b"late"


def test_waiting_for_a_client(sockctl):
    def run():
        return sockctl("listen", "--timeout", "0.5", "127.0.0.1", "0", stdin=PIPE).fails(
            6, "timed out")

    assert 0.5 <= soonest(run, 0.7) < 0.7


@pytest.mark.parametrize("value", ["1", "1s", "1.0", "1000ms"])
def test_units(sockctl, value):
    assert sockctl("listen", "-w", value, "127.0.0.1", "0").wait(6) >= 1


def test_transfer_that_stalls(join):
    """Neither a busy nor a stalled connection outlives the deadline."""
    with open("/dev/zero", "rb") as zero:
        proc, _ = join("--timeout", "0.5", stdin=zero, rcvbuf=4096)
    assert proc.fails(6, "timed out") >= 0.5


def test_transfer_that_goes_on(join):
    with open("/dev/zero", "rb") as zero:
        proc, conn = join("--timeout", "0.5", stdin=zero, stdout=DEVNULL)
    assert sink_until_broken(conn) > 0
    assert proc.fails(6, "timed out") >= 0.5


def sink_until_broken(conn):
    total = 0
    try:
        while piece := conn.recv(MIB):
            total += len(piece)
    except ConnectionResetError:
        pass
    return total


def test_reader_downstream_that_stalls(join):
    proc, conn = join("--timeout", "0.5", stdin=PIPE, stdout=PIPE)
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        conn.sendall(bytes(64 * MIB))
    proc.fails(6, "timed out")


def test_transfer_in_time_is_not_held_up(join):
    proc, conn = join("--timeout", "60", "--idle-timeout", "60", stdin=b"x")
    assert answer(conn, b"y") == b"x"
    assert proc.wait() < 10


def test_idle(join):
    proc, conn = join("--idle-timeout", "0.5", stdin=PIPE)
    before = time.monotonic()
    proc.fails(6, "idle")
    assert 0.4 < time.monotonic() - before < 5
    try:
        assert receive_all(conn) == b""
    except ConnectionResetError:
        pass


@pytest.mark.parametrize("direction", ["sending", "receiving"])
def test_idle_counts_both_directions(join, direction):
    """A byte now and then in either direction is enough."""
    proc, conn = join("--idle-timeout", "0.6", stdin=PIPE)
    for n in range(6):
        time.sleep(0.25)
        if direction == "sending":
            proc.stdin.write(b"x")
            receive(conn, 1)
        else:
            conn.sendall(b"x")
            proc.wait_out(n + 1)
    assert proc.running()
    proc.stdin.close()
    half_close(conn)
    assert receive_all(conn) == b""
    proc.wait()


def test_idle_does_not_cut_a_slow_transfer(join):
    proc, conn = join("--idle-timeout", "0.5", stdin=bytes(MIB), rcvbuf=4096)
    total, _ = sink_slowly(conn, 65536, 0.1)
    assert total == MIB
    conn.close()
    proc.wait()


def test_idle_while_the_answer_is_awaited(join):
    proc, conn = join("--idle-timeout", "0.3", stdin=b"request")
    assert receive_all(conn) == b"request"
    proc.fails(6, "idle")


def test_idle_is_for_each_connection(sockctl):
    """The silent one is closed, with a message; the busy one and the listener go on."""
    proc = sockctl("listen", "-k", "--idle-timeout", "0.4", "127.0.0.1", "0", stdin=PIPE)
    port = proc.port
    with dial(port) as silent, dial(port) as busy:
        source = port_of(silent)
        closing = Task(silent.recv, 1)
        for n in range(8):
            busy.sendall(b"x")
            proc.wait_out(n + 1)
            time.sleep(0.1)
        try:
            assert closing.result(5) == b""
        except ConnectionResetError:
            pass
        proc.wait_err(f"127\\.0\\.0\\.1:{source}.*idle")
        busy.sendall(b"y")
        proc.wait_out(9)
        with dial(port) as late:
            late.sendall(b"z")
            proc.wait_out(10)
    proc.stop()


def test_idle_does_not_count_before_there_is_a_client(sockctl):
    proc = sockctl("listen", "--idle-timeout", "0.2", "127.0.0.1", "0", stdin=DEVNULL)
    time.sleep(0.6)
    with dial(proc.port) as conn:
        conn.sendall(b"x")
    proc.wait()
    assert proc.out == b"x"


def test_timeout_of_a_listener_that_stays(sockctl):
    """One deadline over everything, so it ends the service; with a client it cuts off."""
    proc = sockctl("listen", "-k", "--timeout", "0.5", "127.0.0.1", "0", stdin=PIPE)
    with dial(proc.port) as conn:
        conn.sendall(b"x")
        proc.wait_out(1)
        assert proc.fails(6, "timed out") >= 0.5


def test_zero_is_a_time(sockctl, server):
    """Either it is refused or it is over at once; it never means for ever."""
    proc = sockctl("connect", "--timeout", "0", "127.0.0.1", port_of(server), stdin=PIPE)
    proc.wait(proc.popen.wait(10))
    assert proc.popen.returncode in (2, 6)


def test_idle_end_that_was_asked_for(join):
    """It is whole for both sides, unless something has not arrived."""
    proc, conn = join("--until", "idle", "--idle-timeout", "0.3", stdin=PIPE)
    proc.stdin.write(b"question")
    assert receive(conn, 8) == b"question"
    conn.sendall(b"answer")
    assert receive_all(conn) == b""
    assert proc.wait() >= 0.3
    assert proc.out == b"answer"


def test_idle_end_of_a_peer_that_takes_nothing(join):
    with open("/dev/zero", "rb") as zero:
        proc, _ = join("--until", "idle", "--idle-timeout", "0.3", stdin=zero, rcvbuf=4096)
    proc.fails(6, "idle")


def test_idle_end_needs_its_time(sockctl):
    sockctl("connect", "--until", "idle", "127.0.0.1", "1").fails(2, "--idle-timeout")


def test_quit_delay_begins_with_the_end_of_the_input(join):
    """Before it the peer may be silent for as long as it likes; afterwards each byte counts anew."""
    proc, conn = join("--quit-delay", "0.5", stdin=PIPE)
    time.sleep(0.8)
    conn.sendall(b"0")
    proc.wait_out(1)
    proc.stdin.close()
    assert receive_all(conn) == b""
    for letter in b"abc":
        time.sleep(0.3)
        conn.sendall(bytes([letter]))
    assert proc.wait() >= 1.4
    assert proc.out == b"0abc"


def test_quit_delay_leaves_the_answer_whole(join):
    proc, conn = join("--quit-delay", "30", stdin=DEVNULL)
    assert receive_all(conn) == b""
    conn.sendall(bytes(MIB))
    conn.close()
    assert proc.wait() < 20
    assert proc.out == bytes(MIB)


def test_quit_delay_does_not_count_what_was_not_read_yet(join):
    """What holds back the answer is not the peer."""
    proc, conn = join("--quit-delay", "300ms", "--limit-rate", "1", stdin=DEVNULL)
    conn.sendall(b"abc")
    assert receive_all(conn) == b""
    half_close(conn)
    proc.wait()
    assert proc.out == b"abc"


@pytest.mark.parametrize("delay", ["--quit-delay", "--shutdown-delay"])
def test_delay_is_not_that_of_a_reader_that_has_left(join, delay):
    """Only the peer's end may still come then, which is not waited for that long."""
    proc, conn = join(delay, "1h", stdin=DEVNULL, stdout=PIPE)
    if delay == "--quit-delay":
        assert receive_all(conn) == b""
    conn.sendall(b"x")
    assert proc.stdout.read(1) == b"x"
    proc.stdout.close()
    proc.wait(141)


def test_whom_the_deadline_concerns(sockctl, server):
    """The line names the peer as that of --idle-timeout does, and counts as people do."""
    proc = sockctl("connect", "--timeout", ".5", "127.0.0.1", port_of(server), stdin=PIPE)
    with accept(server) as conn:
        conn.sendall(b"x")
        proc.wait(6)
    assert proc.lines == [f"sockctl: connect: 127.0.0.1:{port_of(server)}: timed out after 0 bytes sent "
                          "and 1 byte received"]


@pytest.mark.parametrize("words, said", [
    (["listen"], "waiting for a connection"), (["udp-recv"], "with 0 datagrams received"),
])
def test_what_a_deadline_without_a_peer_concerns(sockctl, words, said):
    proc = sockctl(*words, "--timeout", ".3", "127.0.0.1:0", stdin=DEVNULL)
    proc.wait(6)
    assert proc.lines[-1] == f"sockctl: {words[0]}: 127.0.0.1:0: timed out {said}"


def test_whom_the_deadline_of_an_echo_client_concerns(sockctl):
    with udp() as silent:
        port = port_of(silent)
        proc = sockctl("echo", "--client", "--udp", "--timeout", ".3", "127.0.0.1", port)
        proc.wait(6)
    assert f"sockctl: echo: 127.0.0.1:{port}: timed out after 0 of 1 answers" in proc.lines


def test_whom_the_deadline_concerns_of_datagrams(sockctl):
    with udp() as silent:
        port = port_of(silent)
        proc = sockctl("udp-send", "--wait", "9", "--timeout", ".3", "127.0.0.1", port, "x")
        proc.wait(6)
    assert proc.lines == [
        f"sockctl: udp-send: 127.0.0.1:{port}: timed out with 1 datagram sent and 0 received"]
