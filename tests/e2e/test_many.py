# SPDX-License-Identifier: ISC
"""listen --keep-open: many clients at once, none of which can hold up the others."""

import os
import signal
import time

import pytest

from harness import DEVNULL, PIPE, Task, cpu_seconds, digest_of, digest_of_file, wait_for
from peers import MIB, dial, half_close, receive, receive_all, reset, sink


def ended(conn):
    try:
        return receive_all(conn) == b""
    except ConnectionResetError:
        return True


def served(proc, conns):
    """Each was accepted: what it says comes out."""
    before = len(proc.out)
    for n, conn in enumerate(conns):
        conn.sendall(b"x")
        proc.wait_out(before + n + 1)


def test_at_once(sockctl, clients):
    """The last to come is served while the first is idle."""
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=PIPE)
    for n, conn in enumerate(reversed(clients(proc.port, 50))):
        conn.sendall(b"%02d" % n)
        assert proc.wait_out(2 * n + 2).endswith(b"%02d" % n)
    proc.stop()


def test_one_after_the_other(sockctl):
    proc = sockctl("listen", "--keep-open", "127.0.0.1", "0", stdin=DEVNULL)
    for n in range(20):
        with dial(proc.port) as conn:
            conn.sendall(b"%02d" % n)
            half_close(conn)
            assert receive_all(conn) == b""
    assert proc.wait_out(40) == b"".join(b"%02d" % n for n in range(20))
    proc.stop()


def test_what_each_sends_stays_in_order(sockctl, clients):
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=DEVNULL)
    # Each client has bytes of its own, so that its stream can be told from the others.
    data = [bytes(byte & 31 | n << 5 for byte in os.urandom(300000)) for n in range(8)]

    def talk(conn, stream):
        for start in range(0, len(stream), 1000):
            conn.sendall(stream[start : start + 1000])
        half_close(conn)
        return receive_all(conn)

    tasks = [Task(talk, conn, stream) for conn, stream in zip(clients(proc.port, 8), data)]
    for task in tasks:
        assert task.result() == b""
    out = proc.wait_out(8 * 300000)
    proc.stop()
    for n, stream in enumerate(data):
        others = bytes(byte for byte in range(256) if byte >> 5 != n)
        assert out.translate(None, others) == stream


def test_lines_stay_whole(sockctl, clients):
    """Also where the reader downstream leaves no room for all of one."""
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=DEVNULL, stdout=PIPE)
    first, *others = clients(proc.port, 9)
    first.settimeout(0.5)
    sent = 0
    with pytest.raises(TimeoutError):
        while True:
            sent += first.send(b"." * 1000)
    lines = [b"%d" % n * 1000 + b"\n" for n in range(8)]
    for conn, line in zip(others, lines):
        conn.sendall(line)
        half_close(conn)
    half_close(first)
    out = b""
    while len(out) < sent + 8 * 1001:
        out += proc.stdout.read(1000)
    assert all(line in out for line in lines)
    proc.stop()


def test_input_goes_to_all(sockctl, clients):
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=PIPE)
    conns = clients(proc.port, 10)
    served(proc, conns)
    for n in range(10):
        proc.stdin.write(b"%d" % n)
        for conn in conns:
            assert receive(conn, 1) == b"%d" % n
    proc.stdin.close()
    for conn in conns:
        assert receive_all(conn) == b""
    proc.stop()


def test_input_in_bulk_goes_to_all(sockctl, clients):
    data = os.urandom(8 * MIB)
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=PIPE)
    conns = clients(proc.port, 4)
    served(proc, conns)
    tasks = [Task(sink, conn) for conn in conns]
    feeding = Task(lambda: (write_file(proc.stdin, data), proc.stdin.close()))
    for task in tasks:
        assert task.result() == digest_of(data)
    feeding.result()
    proc.stop()


def write_file(file, data):
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def test_file_goes_to_each(sockctl, clients, random_file):
    """From its beginning, whenever a client comes; the first does not take it from the others."""
    with open(random_file, "rb") as file:
        proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=file)
    for number in (1, 3):
        tasks = [Task(sink, conn) for conn in clients(proc.port, number)]
        for task in tasks:
            assert task.result() == digest_of_file(random_file)
    proc.stop()


def test_input_waits_for_the_first_client(sockctl):
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=b"x" * MIB)
    with dial(proc.port) as conn:
        assert receive_all(conn) == b"x" * MIB
    proc.stop()


def test_clients_after_the_end_of_input_are_still_heard(sockctl):
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=DEVNULL)
    for n in range(3):
        with dial(proc.port) as conn:
            assert receive_all(conn) == b""
            conn.sendall(b"heard")
        proc.wait_out(5 * n + 5)
    proc.stop()


def test_one_that_does_not_read_stalls_nobody(sockctl, clients):
    data = os.urandom(64 * MIB)
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=PIPE)
    deaf, = clients(proc.port, 1, rcvbuf=4096)
    others = clients(proc.port, 3)
    served(proc, [deaf, *others])
    tasks = [Task(sink, conn) for conn in others]
    Task(lambda: (write_file(proc.stdin, data), proc.stdin.close()))
    for task in tasks:
        assert task.result() == digest_of(data)
    said = proc.wait_err(r"127\.0\.0\.1:%d\b.*cut off" % deaf.getsockname()[1])
    assert said
    assert receive_until_cut(deaf) < len(data)
    proc.stop()


def receive_until_cut(conn):
    total = 0
    try:
        while piece := conn.recv(1 << 20):
            total += len(piece)
    except ConnectionResetError:
        pass
    return total


def test_one_that_is_a_little_slow_loses_nothing(sockctl, clients):
    """Nobody is cut off for being slower than a burst."""
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=PIPE)
    slow, fast = clients(proc.port, 2, rcvbuf=4096)
    served(proc, [slow, fast])
    write_file(proc.stdin, b"x" * 65536)
    assert receive(fast, 65536) == b"x" * 65536
    assert receive(slow, 65536) == b"x" * 65536
    proc.stop()


@pytest.mark.memory
def test_memory_is_bounded_with_one_that_does_not_read(sockctl, clients):
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=PIPE)
    deaf, = clients(proc.port, 1, rcvbuf=4096)
    other, = clients(proc.port, 1)
    served(proc, [deaf, other])
    idle = proc.status_field("VmRSS")
    reading = Task(sink, other)
    write_file(proc.stdin, bytes(128 * MIB))
    assert proc.status_field("VmHWM") - idle < 16 * 1024
    proc.stdin.close()
    assert reading.result()[0] == 128 * MIB
    proc.stop()


def test_reset_by_one_is_the_others_not(sockctl, clients):
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=PIPE)
    conns = clients(proc.port, 3)
    served(proc, conns)
    reset(conns[1])
    proc.stdin.write(b"still there")
    assert receive(conns[0], 11) == receive(conns[2], 11) == b"still there"
    served(proc, clients(proc.port, 1))
    proc.stop()


def test_failure_of_one_is_told(sockctl):
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=PIPE)
    with dial(proc.port) as conn:
        source = conn.getsockname()[1]
        served(proc, [conn])
        reset(conn)
    proc.wait_err(f"127\\.0\\.0\\.1:{source}: .*ECONNRESET")
    proc.stop()


def test_output_that_is_truncated_meanwhile(sockctl, tmp_path):
    """As those do who rotate logs: what comes later is at the beginning of the file."""
    log = tmp_path / "log"
    with open(log, "ab") as file:
        proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=DEVNULL, stdout=file)
    for text in (b"x" * (1 << 20), b"later"):
        with dial(proc.port) as conn:
            conn.sendall(text)
            half_close(conn)
            receive_all(conn)
        wait_for(lambda text=text: log.read_bytes() == text, "the log")
        if text != b"later":
            os.truncate(log, 0)
    proc.stop()


def test_count(sockctl):
    proc = sockctl("listen", "-k", "--count", "3", "127.0.0.1", "0", stdin=DEVNULL)
    port = proc.port
    for n in range(3):
        with dial(port) as conn:
            conn.sendall(b"%d" % n)
            half_close(conn)
            receive_all(conn)
    proc.wait()
    assert proc.out == b"012"


def test_count_finishes_whom_it_accepted(sockctl, clients):
    proc = sockctl("listen", "-k", "--count", "2", "127.0.0.1", "0", stdin=DEVNULL)
    port = proc.port
    first, second = clients(port, 2)
    served(proc, [first, second])
    second.close()
    with pytest.raises(ConnectionRefusedError):
        wait_for(lambda: not dial(port).close() and False, "refusal", 5)
    first.sendall(b"late")
    first.close()
    proc.wait()
    assert proc.out == b"xxlate"


def test_count_alone_keeps_open(sockctl):
    """N connections are asked for; nobody has to add --keep-open."""
    proc = sockctl("listen", "--count", "2", "127.0.0.1", "0", stdin=DEVNULL)
    for _ in range(2):
        with dial(proc.port) as conn:
            conn.sendall(b"x")
            half_close(conn)
            receive_all(conn)
    proc.wait()
    assert proc.out == b"xx"


def test_max_connections(sockctl, clients):
    """The third waits until one of two has left, and loses nothing."""
    proc = sockctl("listen", "-k", "--max-connections", "2", "127.0.0.1", "0", stdin=PIPE)
    first, second = clients(proc.port, 2)
    served(proc, [first, second])
    third, = clients(proc.port, 1)
    third.sendall(b"third")
    second.sendall(b"y")
    proc.wait_out(3)
    time.sleep(0.2)
    assert proc.out == b"xxy"
    proc.stdin.close()
    first.close()
    assert proc.wait_out(8) == b"xxythird"
    proc.stop()


def test_reader_downstream_goes_away(sockctl, clients):
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=PIPE, stdout=PIPE)
    conns = clients(proc.port, 3)
    conns[0].sendall(b"x")
    assert proc.stdout.read(1) == b"x"
    proc.stdout.close()
    proc.wait(141)
    assert all(ended(conn) for conn in conns)


def test_reader_downstream_goes_away_without_clients(sockctl):
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=PIPE, stdout=PIPE)
    assert proc.port
    proc.stdout.close()
    proc.wait(141)


def test_full_disk(sockctl):
    with open("/dev/full", "wb") as full:
        proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=PIPE, stdout=full)
    with dial(proc.port) as conn:
        conn.sendall(b"x")
        proc.fails(1, "ENOSPC")


def test_stalled_reader_downstream_stops_the_senders(sockctl, clients):
    """Nothing is dropped and nothing piles up: what they send waits in their own sockets."""
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=DEVNULL, stdout=PIPE)
    conns = clients(proc.port, 3)

    def send(conn):
        conn.sendall(bytes(8 * MIB))
        half_close(conn)
        return receive_all(conn)

    tasks = [Task(send, conn) for conn in conns]
    total = 0
    while total < 24 * MIB:
        total += len(proc.stdout.read(MIB))
        time.sleep(0.001)
    for task in tasks:
        assert task.result() == b""
    proc.stop()


def test_nothing_is_left_of_those_who_left(sockctl):
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=DEVNULL)
    port = proc.port

    def visit(number):
        for n in range(number):
            with dial(port) as conn:
                conn.sendall(b"x")
                if n % 3 == 0:
                    reset(conn)
                    continue
                half_close(conn)
                receive_all(conn)

    visit(20)
    before = proc.descriptors()
    visit(500)
    wait_for(lambda: proc.descriptors() <= before, f"no more than {before} descriptors")
    proc.stop()


def test_thousand_at_once(sockctl, clients):
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=PIPE, shell="ulimit -n 4096")
    conns = clients(proc.port, 1000)
    for conn in conns:
        conn.sendall(b"x")
    proc.wait_out(1000)
    proc.stdin.write(b"y")
    for conn in conns:
        assert receive(conn, 1) == b"y"
    proc.stop()


def test_at_the_limit_of_descriptors(sockctl, clients):
    """Those who do not fit wait in the queue, at no cost, and are served when others leave."""
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=PIPE, shell="ulimit -n 40")
    conns = clients(proc.port, 100)
    for conn in conns:
        conn.sendall(b"x")
    proc.wait_err("EMFILE|descriptors")
    before = cpu_seconds(proc)
    time.sleep(1)
    assert cpu_seconds(proc) - before < 0.1
    served_now = len(proc.out)
    assert 5 <= served_now < 100
    for conn in conns:
        half_close(conn)
    proc.stdin.close()
    proc.wait_out(100)
    assert len([line for line in proc.lines if "EMFILE" in line]) <= 3
    proc.stop()


def test_single_listener_at_the_limit_of_descriptors(sockctl):
    """Too few to start with is a clear failure, not a crash."""
    for limit in range(3, 16):
        proc = sockctl("listen", "--timeout", "0.2", "127.0.0.1", "0", stdin=PIPE,
                       shell=f"ulimit -n {limit}")
        proc.wait(proc.popen.wait(20))
        assert proc.popen.returncode in (1, 5, 6, 127), proc.describe()
        assert proc.lines


def test_ends_by_signal_with_stdout_complete(sockctl, clients):
    proc = sockctl("listen", "-k", "127.0.0.1", "0", stdin=DEVNULL)
    for conn in clients(proc.port, 5):
        conn.sendall(b"abc")
    proc.wait_out(15)
    proc.stop(signal.SIGINT)
    assert proc.out == b"abc" * 5
