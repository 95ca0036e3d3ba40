# SPDX-License-Identifier: ISC
"""echo --client: a word and its echo, and measurements that count everything right, whatever the
server does."""

import json
import os
import re
import select
import signal
import socket
import statistics
import struct
import time

import pytest

from harness import DEADLINE, PIPE, Task, wait_for
from peers import accept, dial, listener, port_of, receive_all, reset, unused_port

PROTOCOLS = ["--tcp", "--udp"]


@pytest.fixture
def client(sockctl):
    def start(*words, **how):
        return sockctl("echo", "--client", *words, **how)

    return start


@pytest.fixture
def echo(sockctl):
    """echo(): the words that name a server, which runs until the test is over."""
    servers = []

    def start(*words, place=("127.0.0.1", "0")):
        proc = sockctl("echo", *words, *place)
        servers.append(proc)
        if place[0] == "127.0.0.1":
            return ["127.0.0.1", proc.port]
        proc.wait_err("listening on")
        return [*place]

    yield start
    for proc in servers:
        if proc.running():
            proc.stop()


@pytest.fixture
def udp_server():
    """udp_server(FUNCTION): calls FUNCTION(socket, data, source, n) for each datagram."""
    socks, tasks = [], []

    def start(function):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        stop, wake = os.pipe()
        socks.append((sock, stop, wake))

        def serve():
            for n in range(1 << 30):
                if stop in select.select([sock, stop], [], [])[0]:
                    return
                function(sock, *sock.recvfrom(65536), n)

        tasks.append(Task(serve))
        return ["--udp", "127.0.0.1", port_of(sock)]

    yield start
    for _, _, wake in socks:
        os.close(wake)
    for task in tasks:
        task.result()
    for sock, stop, _ in socks:
        os.close(stop)
        sock.close()


def summary(proc):
    """The last line of --json."""
    result = json.loads(proc.out.splitlines()[-1])
    assert result["event"] == "stats"
    return result


def results(proc):
    return [json.loads(line) for line in proc.out.splitlines()[:-1]]


# ---- a word


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("word", ["x", "hello, world", "\x1b[31m", "grün", " ",
                                  pytest.param("x" * 60000, id="long")])
def test_word(client, echo, protocol, word):
    proc = client(protocol, *echo(), word)
    proc.wait()
    assert proc.out == word.encode() + b"\n"
    assert proc.err == ""


def test_empty_word(client, echo):
    proc = client("--udp", *echo(), "")
    proc.wait()
    assert proc.out == b"\n"
    client(*echo(), "").fails(2, "''")


@pytest.mark.parametrize("form", ["{0} {1}", "{0}:{1}", "[::ffff:{0}]:{1}"])
def test_forms_of_the_place(client, echo, form):
    words = form.format(*echo()).split()
    proc = client(*words, "hello")
    proc.wait()
    assert proc.out == b"hello\n"


@pytest.mark.parametrize("words", [["127.0.0.1"], ["::1"], ["127.0.0.1", "7"]])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_port_7_unless_given(client, tmp_path, namespaces, words, protocol):
    """In a network of its own, where nobody listens on port 7."""
    proc = client("-c", "1", protocol, *words, "--trace", wrap=namespaces("none"))
    address = f"[{words[0]}]" if ":" in words[0] else words[0]
    proc.wait_err(re.escape(f"{address}:7") + ".*Connection refused")
    proc.wait(5)


def test_unix_stream(client, echo, tmp_path):
    proc = client(*echo(place=[tmp_path / "socket"]), "hello")
    proc.wait()
    assert proc.out == b"hello\n"


def test_unix_datagram(client, echo, tmp_path):
    place = echo("--udp", place=[tmp_path / "socket"])
    proc = client("--udp", *place, "hello")
    proc.wait()
    assert proc.out == b"hello\n"


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_inherited_descriptor(client, echo, kind):
    host, port = echo()
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.connect((host, port))
        option = "--tcp" if kind == socket.SOCK_STREAM else "--udp"
        proc = client(option, f"fd:{sock.fileno()}", "hello", fds=[sock.fileno()])
        proc.wait()
        assert proc.out == b"hello\n"
        assert os.get_blocking(sock.fileno())
        proc = client("--tcp" if option == "--udp" else "--udp", f"fd:{sock.fileno()}", "x",
                      fds=[sock.fileno()])
        proc.fails(5, "fd:")


def serve_once(server, reply):
    with accept(server) as conn:
        reply(conn)


@pytest.mark.parametrize("reply, status, out, said", [
    (b"HELLO", 1, b"HELLO\n", "not what was sent"),
    (b"hello, you", 1, b"hello, you\n", "not what was sent"),
    (b"hel", 7, b"hel\n", "ended"),
    (b"", 7, b"", "ended"),
    (b"HEL", 7, b"HEL\n", "ended"),
])
def test_wrong_echo_of_a_word(client, server, reply, status, out, said):
    task = Task(serve_once, server, lambda conn: (conn.recv(5), conn.sendall(reply)))
    proc = client("127.0.0.1", port_of(server), "hello")
    proc.fails(status, said)
    assert proc.out == out
    task.result()


def test_echo_in_pieces(client, server):
    def reply(conn):
        for byte in conn.recv(5):
            conn.sendall(bytes([byte]))
            time.sleep(0.01)
        assert conn.recv(1) == b""

    task = Task(serve_once, server, reply)
    proc = client("127.0.0.1", port_of(server), "hello")
    proc.wait()
    assert proc.out == b"hello\n"
    task.result()


@pytest.mark.parametrize("reply", [b"HELLO", b"hello, you", b"hel", b""])
def test_wrong_datagram(client, udp_server, reply):
    place = udp_server(lambda sock, data, source, n: sock.sendto(reply, source))
    proc = client(*place, "hello")
    proc.fails(1, "not what was sent")
    assert proc.out == reply + b"\n"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_silence(client, server, udp_server, protocol):
    place = udp_server(lambda *_: None) if protocol == "--udp" else ["127.0.0.1", port_of(server)]
    proc = client("--wait", "0.3", *place, "hello")
    assert 0.25 < proc.fails(6, "no answer") < 5
    assert proc.out == b""


def test_timeout_is_one_deadline(client, server):
    proc = client("--timeout", "0.3", "--wait", "20", "127.0.0.1", port_of(server), "hello")
    assert 0.25 < proc.fails(6, "timed out") < 5


def test_reset(client, server):
    def reply(conn):
        conn.recv(5)
        reset(conn)

    task = Task(serve_once, server, reply)
    client("127.0.0.1", port_of(server), "hello").fails(7, "ECONNRESET")
    task.result()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nobody_there(client, protocol):
    proc = client(protocol, "127.0.0.1", unused_port(), "hello")
    proc.fails(5, "ECONNREFUSED")
    assert proc.out == b""


def test_no_such_name(client, namespaces):
    for protocol in PROTOCOLS:
        client(protocol, "no-such-name.invalid", "7", "x", wrap=namespaces("nxdomain")).fails(
            3, "no-such-name.invalid")


def test_retry(client, sockctl):
    port = unused_port()
    proc = client("--retry", "--retry-delay", "50ms", "-v", "127.0.0.1", port, "hello")
    proc.wait_err("trying again")
    server = sockctl("echo", "--tcp", "127.0.0.1", port)
    proc.wait()
    assert proc.out == b"hello\n"
    server.stop()


def test_word_as_json(client, echo):
    proc = client("--json", *echo(), "hello")
    proc.wait()
    reply = json.loads(proc.out)
    assert reply["event"] == "reply" and reply["data"] == "hello" and 0 < reply["rtt"] < 30
    assert [event["event"] for event in proc.events] == ["connected"]


@pytest.mark.parametrize("answer, data", [(b"", ""), (b"a\0b", "a\\x00b"), (b"\xff", "\\xff")])
def test_any_answer_as_json(client, udp_server, answer, data):
    place = udp_server(lambda sock, _, source, n: sock.sendto(answer, source))
    proc = client("--json", *place, "hello")
    proc.wait(1)
    reply = json.loads(proc.out)
    assert reply["data"] == data and "rtt" not in reply


# ---- measuring


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_lines_of_text(client, echo, protocol):
    host, port = echo()
    proc = client(protocol, host, port, "-c", "3", "-i", "0.1")
    assert 0.2 <= proc.wait() < 10
    lines = proc.out.decode().splitlines()
    where = f"{host}:{port}"
    assert lines[0] == f"echo to {where}, {protocol[2:]}: 64 bytes"
    for n, line in enumerate(lines[1:4], 1):
        assert re.fullmatch(rf"64 bytes from {where}: seq={n} time=\d+\.\d{{3}} ms", line)
    assert lines[4] == f"--- {where} ---"
    assert lines[5].startswith("3 sent, 3 received, 0 lost (0.0%), ")
    assert re.fullmatch(r"round trip min/avg/max/mdev = (\d+\.\d{3}/){3}\d+\.\d{3} ms", lines[6])
    assert re.fullmatch(r"percentiles p50/p90/p99/p99.9 = (\d+\.\d{3}/){3}\d+\.\d{3} ms", lines[7])
    assert re.fullmatch(r"\d+\.\d requests per second", lines[8])
    assert len(lines) == 9 and proc.err == ""


def test_figures_fit_the_lines(client, echo):
    proc = client("--json", *echo(), "-c", "20", "-i", "0.1")
    proc.wait()
    rtts = [result["rtt"] for result in results(proc)]
    assert [result["seq"] for result in results(proc)] == list(range(1, 21))
    assert all(result["result"] == "answered" for result in results(proc))
    figures = summary(proc)
    assert figures["requests"] == figures["replies"] == 20 and figures["lost"] == 0
    assert figures["min"] == min(rtts) and figures["max"] == max(rtts)
    assert figures["avg"] == pytest.approx(statistics.mean(rtts), rel=1e-3)
    assert figures["mdev"] == pytest.approx(statistics.pstdev(rtts), rel=1e-3, abs=1e-8)
    rtts.sort()
    assert figures["p50"] == pytest.approx(rtts[9], rel=0.008)
    assert figures["p90"] == pytest.approx(rtts[17], rel=0.008)
    assert figures["p99.9"] == pytest.approx(rtts[19], rel=0.008)
    assert figures["duration"] == pytest.approx(1.9, abs=0.3)
    assert figures["rate"] == pytest.approx(20 / figures["duration"], rel=1e-6)


def test_times_are_those_of_the_server(client, udp_server):
    """A server that takes its time is measured, not the client."""

    def answer(sock, data, source, n):
        time.sleep(0.02 * (n % 3))
        sock.sendto(data, source)

    proc = client("--json", *udp_server(answer), "-c", "9", "-i", "0.1")
    proc.wait()
    rtts = [result["rtt"] for result in results(proc)]
    for n in range(3):
        assert min(rtts[n::3]) >= 0.02 * n
        assert statistics.median(rtts[n::3]) < 0.02 * n + 0.018


@pytest.mark.parametrize("words", [
    [], ["--connections", "7"], ["--pipeline", "9"], ["--connections", "5", "--pipeline", "3"],
    ["--size", "1"], ["--size", "2"], ["--size", "7"], ["--size", "8"], ["--size", "60000"],
    ["--size", "60000", "--pipeline", "4"],
])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_as_fast_as_answers_come(client, echo, protocol, words):
    proc = client("--json", protocol, *echo(), "-i", "0", "-c", "500", *words)
    proc.wait()
    figures = summary(proc)
    assert figures["requests"] == figures["replies"] == 500
    assert figures["lost"] == figures["different"] == figures["duplicated"] == 0
    assert figures["out_of_order"] == 0 and figures["rate"] > 0
    assert len(proc.out.splitlines()) == 1  # too many for a line each


@pytest.mark.parametrize("size", ["1", "100", "1M", "16M"])
def test_sizes_on_a_stream(client, echo, size):
    """Also larger than all buffers on the way, with several under way."""
    proc = client("--json", *echo(), "-i", "0", "-c", "8", "--size", size, "--pipeline", "3")
    proc.wait()
    assert summary(proc)["replies"] == 8


def test_empty_datagrams(client, echo):
    proc = client("--json", "--udp", *echo(), "-i", "0", "-c", "5", "--size", "0")
    proc.wait()
    assert summary(proc)["replies"] == 5


@pytest.mark.parametrize("place", ["stream", "datagram"])
def test_unix(client, echo, tmp_path, place):
    option = "--udp" if place == "datagram" else "--tcp"
    path = echo(option, place=[tmp_path / "socket"])
    proc = client("--json", option, *path, "-i", "0", "-c", "100", "--connections", "3")
    proc.wait()
    figures = summary(proc)
    assert figures["replies"] == 100 and figures["protocol"] == place


@pytest.mark.parametrize("interval", ["0", "20ms"])
def test_reconnect(client, sockctl, interval):
    server = sockctl("echo", "--json", "127.0.0.1", "0")
    proc = client("--json", "127.0.0.1", server.port, "--reconnect", "-c", "50", "-i", interval,
                  "--connections", "4")
    proc.wait()
    assert summary(proc)["replies"] == 50
    server.stop()
    ends = [event for event in server.events if event["event"] == "closed"]
    assert len(ends) == 50
    assert all(end["sent_bytes"] == 64 and end["how"] == "done" for end in ends)


def test_reconnect_measures_the_connecting(client):
    """Where the queue is full, connecting waits for another try of the kernel, a second later."""
    with listener(backlog=0) as server:
        with dial(port_of(server)):
            proc = client("--json", "127.0.0.1", port_of(server), "--reconnect", "-c", "1")
            wait_for(lambda: syn_sent(port_of(server)), "a client that waits")
            accept(server).close()
            with accept(server) as conn:
                conn.sendall(conn.recv(100))
                proc.wait()
    assert summary(proc)["min"] > 0.5


def echo_all(conn):
    while data := conn.recv(1000):
        conn.sendall(data)


def syn_sent(port):
    with open("/proc/net/tcp", encoding="ascii") as table:
        return any(f":{port:04X} 02 " in line for line in table)


@pytest.mark.parametrize("interval", ["50ms", 0])
def test_some_connections_cannot_be_had(client, interval):
    """Their end is not waited for; with an interval the others are asked."""
    with listener(backlog=0) as server:
        proc = client("127.0.0.1", port_of(server), "--connections", 4, "--interval", interval,
                      "--count", 3)
        wait_for(lambda: syn_sent(port_of(server)), "a full backlog")
        conn = accept(server)
    with conn:  # and the rest is refused
        serving = Task(echo_all, conn)
        proc.wait(5)
        serving.result()
    assert "Connection refused" in proc.err
    assert ("3 received" in proc.out.decode()) == (interval != 0)


@pytest.mark.parametrize("interval", ["50ms", 0])
def test_connect_timeout_is_for_all_connections(client, interval):
    with listener(backlog=0) as server:
        proc = client("127.0.0.1", port_of(server), "--connections", 4, "--interval", interval,
                      "--count", 3, "--connect-timeout", "500ms", "--wait", "100ms")
        proc.wait(6)
    assert "timed out" in proc.err


def test_duration(client, echo):
    proc = client("--json", *echo(), "-i", "0", "--duration", "0.5", "--connections", "2")
    assert 0.45 < proc.wait() < 5
    figures = summary(proc)
    assert figures["requests"] == figures["replies"] > 0 and figures["under_way"] == 0
    assert figures["duration"] == pytest.approx(0.5, abs=0.2)


def test_interval_is_shared_by_connections(client, sockctl):
    """Each connection asks once in the interval, and their requests are spread over it."""
    server = sockctl("echo", "--json", "127.0.0.1", "0")
    proc = client("--json", "127.0.0.1", server.port, "-i", "1", "--connections", "5", "-c", "10")
    assert 1.75 < proc.wait() < 6
    assert [result["connection"] for result in results(proc)] == [1, 2, 3, 4, 5] * 2
    server.stop()
    ends = [event for event in server.events if event["event"] == "closed"]
    assert sorted(end["sent_bytes"] for end in ends) == [128] * 5


def test_histogram(client, echo):
    place = echo()
    proc = client(*place, "-i", "0", "-c", "1000", "--histogram")
    proc.wait()
    rows = re.findall(r"^ *([\d.]+) - +([\d.]+) ms \|(#*) *\| +(\d+) +([\d.]+)%$",
                      proc.out.decode(), re.M)
    assert len(rows) == 20 and sum(int(row[3]) for row in rows) == 1000
    assert max(len(row[2]) for row in rows) == 36
    assert all(len(line) <= 80 for line in proc.out.decode().splitlines())
    proc = client("--json", *place, "-i", "0", "-c", "1000", "--histogram")
    proc.wait()
    figures = summary(proc)
    assert sum(count for _, _, count in figures["histogram"]) == 1000
    assert figures["histogram"][0][0] == figures["min"]
    assert figures["histogram"][-1][1] == figures["max"]


@pytest.mark.parametrize("connections", ["1", "3"])
def test_tcp_info(client, echo, connections):
    place = echo()
    words = ["-i", "0", "-c", "99", "--connections", connections]
    proc = client("--json", *place, *words)
    proc.wait()
    figures = summary(proc)
    assert 0 < figures["tcp_rtt"] < 1 and 0 < figures["tcp_min_rtt"] < 1
    assert figures["tcp_cwnd"] >= 2 and figures["tcp_mss"] > 500
    assert figures["tcp_retransmits"] >= 0
    proc = client("-v", *place, *words)
    proc.wait()
    assert re.search(r"^tcp: .*rtt \d+\.\d{3} ms, .* retransmits, cwnd \d+, mss \d+$",
                     proc.out.decode(), re.M)
    proc = client("--json", "--udp", *place, *words)
    proc.wait()
    assert "tcp_rtt" not in summary(proc)


def test_quiet(client, echo):
    proc = client("-q", *echo(), "-c", "2", "-i", "50ms")
    proc.wait()
    assert proc.out.startswith(b"--- ") and b"2 sent, 2 received" in proc.out


def test_few_lines_where_there_are_many_round_trips(client, echo):
    place = echo()
    for words, lines in ((["-i", "0.1"], 5), (["-i", "0.09"], 0),
                         (["-i", "0.2", "--connections", "2"], 5),
                         (["-i", "0.2", "--connections", "3"], 0)):
        proc = client(*place, "-c", "5", *words)
        proc.wait()
        assert proc.out.count(b"seq=") == lines, words


# ---- servers that do wrong


def test_lost_datagrams(client, udp_server):
    def answer(sock, data, source, n):
        if n % 3:
            sock.sendto(data, source)

    place = udp_server(answer)
    proc = client("--json", *place, "-c", "9", "-i", "0.1", "--wait", "0.3")
    assert proc.wait(6) < 5
    figures = summary(proc)
    assert (figures["requests"], figures["replies"], figures["lost"]) == (9, 6, 3)
    lost = [result["seq"] for result in results(proc) if result["result"] == "lost"]
    assert lost == [1, 4, 7]
    proc = client("--json", *place, "-c", "30", "-i", "0", "--pipeline", "10", "--wait", "0.2")
    proc.wait(6)
    figures = summary(proc)
    assert (figures["requests"], figures["replies"], figures["lost"]) == (30, 20, 10)
    assert not any(event["event"] == "error" for event in proc.events)


def test_all_lost(client, udp_server):
    proc = client(*udp_server(lambda *_: None), "-c", "3", "-i", "10ms", "--wait", "0.2")
    proc.fails(6, "no answer")
    assert b"3 sent, 0 received, 3 lost (100.0%)" in proc.out
    assert b"0 duplicated, no answer\n" in proc.out
    assert b"round trip" not in proc.out
    proc = client("--json", *udp_server(lambda *_: None), "-c", "1", "--wait", "0.2")
    proc.wait(6)
    assert "duration" not in summary(proc)


def test_late_datagrams_are_not_lost(client, udp_server):
    held = []

    def answer(sock, data, source, n):
        held.append(data)
        if n == 4:
            for old in held:
                sock.sendto(old, source)

    proc = client("--json", *udp_server(answer), "-c", "5", "-i", "0.15", "--wait", "0.2")
    proc.wait()
    figures = summary(proc)
    assert (figures["replies"], figures["lost"], figures["out_of_order"]) == (5, 0, 0)
    assert [result["result"] for result in results(proc)].count("lost") >= 2


def test_duplicated_datagrams(client, udp_server):
    def answer(sock, data, source, n):
        for _ in range(1 + n % 2):
            sock.sendto(data, source)

    place = udp_server(answer)
    for words in (["-i", "0.1"], ["-i", "0", "--pipeline", "4"]):
        proc = client("--json", *place, "-c", "10", *words)
        proc.wait()
        figures = summary(proc)
        assert figures["replies"] == 10 and figures["lost"] == 0
        assert 4 <= figures["duplicated"] <= 5  # the last may come when all is over
    proc = client(*place, "-c", "4", "-i", "0.1")
    proc.wait()
    assert re.search(r"seq=\d time=.* \(duplicate\)$", proc.out.decode(), re.M)


def test_reordered_datagrams(client, udp_server):
    held = []

    def answer(sock, data, source, n):
        held.append(data)
        if len(held) == 3:
            for old in (held[2], held[0], held[1]):
                sock.sendto(old, source)
            held.clear()

    proc = client("--json", *udp_server(answer), "-c", "9", "-i", "0", "--pipeline", "3")
    proc.wait()
    figures = summary(proc)
    assert (figures["replies"], figures["out_of_order"], figures["duplicated"]) == (9, 6, 0)


@pytest.mark.parametrize("spoil", [
    lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    lambda data: data[:-1],
    lambda data: data + b"x",
    lambda data: bytes([data[0] ^ 0x80]) + data[1:],
    lambda data: b"",
])
def test_spoiled_datagrams(client, udp_server, spoil):
    def answer(sock, data, source, n):
        sock.sendto(spoil(data) if n == 2 else data, source)

    proc = client("--json", *udp_server(answer), "-c", "5", "-i", "100ms", "--wait", "0.2")
    proc.wait(1)
    figures = summary(proc)
    assert figures["different"] == 1 and figures["replies"] == 4
    assert [result["seq"] for result in results(proc) if result["result"] == "different"] == [3]
    assert any("not what was sent" in event.get("message", "") for event in proc.events)


def test_answers_to_nothing(client, udp_server):
    """More than was asked for is told, and is no reason to lose count."""

    def answer(sock, data, source, n):
        sock.sendto(struct.pack("<Q", 1 << 40) + data[8:], source)
        sock.sendto(data, source)

    proc = client("--json", *udp_server(answer), "-c", "3", "-i", "50ms")
    proc.wait(1)
    assert summary(proc)["different"] == 3 and summary(proc)["replies"] == 3


@pytest.mark.parametrize("words", [["-i", "10ms"], ["-i", "0"]])
def test_spoiled_stream(client, server, words):
    def serve():
        with accept(server) as conn:
            count = 0
            while data := conn.recv(1000):
                data = bytearray(data)
                count += len(data)
                if count > 640:
                    data[-1] ^= 1
                conn.sendall(data)

    task = Task(serve)
    proc = client("--json", "127.0.0.1", port_of(server), *words, "-c", "50")
    proc.wait(1)
    figures = summary(proc)
    assert figures["different"] == 1 and figures["replies"] == 10
    assert figures["requests"] == 11
    task.result()


def test_stream_that_ends(client, server):
    def serve():
        with accept(server) as conn:
            conn.sendall(conn.recv(64))
            conn.recv(64)

    task = Task(serve)
    proc = client("127.0.0.1", port_of(server), "-c", "5", "-i", "50ms")
    proc.fails(7, "ended the connection")
    assert b"2 sent, 1 received, 1 lost" in proc.out
    task.result()


def test_one_connection_of_several_ends(client, server):
    """The others go on; the status tells."""

    def serve():
        conns = [accept(server) for _ in range(3)]
        conns[1].close()
        while conns:
            for conn in select.select(conns[0:1] + conns[2:], [], [])[0]:
                data = conn.recv(1000)
                if not data:
                    return conns
                conn.sendall(data)

    task = Task(serve)
    proc = client("--json", "127.0.0.1", port_of(server), "-c", "100", "-i", "30ms",
                  "--connections", "3")
    proc.wait(7)
    figures = summary(proc)
    assert figures["requests"] == 100 and figures["replies"] >= 98
    assert sum(event["event"] == "error" for event in proc.events) == 1
    for conn in task.result():
        conn.close()


def test_silent_stream(client, server):
    proc = client("127.0.0.1", port_of(server), "-c", "5", "-i", "50ms", "--wait", "0.3")
    assert 0.25 < proc.fails(6, "no answer") < 5


@pytest.mark.parametrize("pieces, status", [(8, 0), (4, 6)])
def test_stream_that_takes_its_time(client, server, pieces, status):
    """An answer may take longer than --wait as long as it goes on coming."""
    proc = client("127.0.0.1", port_of(server), "-c", "1", "--size", "8", "--wait", "1")
    conn = accept(server)
    data = conn.recv(8)
    for byte in data[:pieces]:
        time.sleep(0.25)
        conn.sendall(bytes([byte]))
    assert proc.wait(status) > 1
    conn.close()


def test_server_that_never_reads(client, server):
    """A request that does not even fit the buffers is given up in time."""
    proc = client("127.0.0.1", port_of(server), "-c", "1", "--size", "16M", "--wait", "0.5")
    assert 0.45 < proc.fails(6, "no answer") < 5


def test_unreachable_datagrams_while_it_goes_on(client, sockctl):
    """Like ping: who is not there may come."""
    port = unused_port()
    proc = client("--json", "--udp", "127.0.0.1", port, "-i", "50ms", "-c", "40")
    proc.wait_err("ECONNREFUSED")
    server = sockctl("echo", "--udp", "127.0.0.1", port)
    proc.wait(5)
    server.stop()
    figures = summary(proc)
    assert figures["replies"] > 0 and figures["lost"] > 0
    assert figures["requests"] == 40 == figures["replies"] + figures["lost"]


def test_unreachable_as_fast_as_answers_come(client):
    proc = client("--udp", "127.0.0.1", unused_port(), "-i", "0", "-c", "1000")
    assert proc.fails(5, "ECONNREFUSED") < 5
    proc = client("127.0.0.1", unused_port(), "-i", "0", "--reconnect")
    assert proc.fails(5, "ECONNREFUSED") < 5


def test_reconnect_to_a_server_that_goes(client, sockctl):
    server = sockctl("echo", "--tcp", "127.0.0.1", "0")
    port = server.port
    proc = client("--json", "127.0.0.1", port, "--reconnect", "-i", "0.1", "-c", "20")
    proc.wait_out(300)
    server.stop()
    proc.wait_err("ECONNREFUSED")
    server = sockctl("echo", "--tcp", "127.0.0.1", port)
    proc.wait(5)
    server.stop()
    figures = summary(proc)
    assert figures["requests"] == 20 == figures["replies"] + figures["lost"]
    assert figures["lost"] > 0 and results(proc)[-1]["result"] == "answered"


# ---- the end


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("words", [["-i", "50ms"], ["-i", "0"]])
def test_summary_at_a_signal(client, echo, number, words):
    proc = client(*echo(), *words)
    wait_for(lambda: b"echo to" in proc.out, "the start")
    time.sleep(0.2)
    proc.stop(number)
    sent, received, lost = re.search(rb"^(\d+) sent, (\d+) received, (\d+) lost", proc.out,
                                     re.M).groups()
    assert int(sent) - 1 <= int(received) <= int(sent) and int(lost) == 0
    assert int(sent) > 1


def test_summary_at_the_deadline(client, echo):
    proc = client(*echo(), "-i", "50ms", "--timeout", "0.3")
    proc.fails(6, "timed out", "answers")
    assert b"requests per second" in proc.out


def test_full_disk(client, echo):
    for words in (["hello"], ["-c", "1"]):
        with open("/dev/full", "wb") as full:
            client(*echo(), *words, stdout=full).fails(1, "ENOSPC")


def test_reader_goes_away(client, echo):
    """Also while nothing is to be written."""
    place = echo()
    for words in (["-i", "0.1"], ["-i", "20ms"], ["-i", "60"], ["-i", "0"]):
        proc = client(*place, *words, stdout=PIPE)
        proc.stdout.read(10)
        proc.stdout.close()
        assert proc.wait(141) < 10
        assert proc.err == ""


def test_idle_between_requests(client, echo):
    """It sleeps until the next one is due."""
    proc = client(*echo(), "-i", "20", "--wait", "1")
    proc.wait_out(40)
    wait_for(lambda: b"seq=1" in proc.out, "the first answer")
    time.sleep(1.2)  # until nothing is waited for

    def switches():
        return (proc.status_field("voluntary_ctxt_switches")
                + proc.status_field("nonvoluntary_ctxt_switches"))

    before = switches()
    time.sleep(1)
    assert switches() == before
    proc.stop(signal.SIGINT)


@pytest.mark.parametrize("words, said", [
    (["--size", "0", "h", "7"], "--size"),
    (["--size", "65508", "--udp", "h", "7"], "65507"),
    (["--tcp", "--udp", "h", "7"], "--udp"),
    (["--threads", "2", "h", "7"], "--threads"),
    (["--reconnect", "--udp", "h", "7"], "--reconnect"),
    (["--reconnect", "--pipeline", "2", "h", "7"], "--pipeline"),
    (["-c", "3", "h", "7", "word"], "word"),
    (["h", "7", "two", "words"], "words"),
    (["h:7", "two", "words"], "words"),
    (["--connections", "2", "fd:3"], "fd:3"),
    (["-c", "0", "h", "7"], "count"),
    (["h", "66666"], "66666"),
])
def test_usage(client, words, said):
    client(*words).fails(2, said)


def test_set_and_get(client, echo):
    proc = client(*echo(), "--set", "IP_TTL=9", "--get", "IP_TTL", "hello")
    proc.wait()
    assert "IP_TTL=9" in proc.err and proc.out == b"hello\n"


def test_other_servers(client, sockctl):
    """Not only its own: anything that sends back what it gets."""
    with listener() as server:
        def serve():
            with accept(server) as conn:
                while data := conn.recv(13):
                    conn.sendall(data)

        task = Task(serve)
        proc = client("--json", "127.0.0.1", port_of(server), "-i", "0", "-c", "300",
                      "--pipeline", "10")
        proc.wait()
        assert summary(proc)["replies"] == 300
        task.result()


def test_every_byte_is_sent(client, server):
    """Requests differ from each other, and all of their size arrives."""
    received = Task(lambda: receive_all(accept(server)), )
    proc = client("127.0.0.1", port_of(server), "-i", "10ms", "-c", "5", "--wait", "0.2",
                  "--size", "100")
    proc.wait(6)
    data = received.result(DEADLINE)
    assert len(data) == 500
    assert len({data[n : n + 100] for n in range(0, 500, 100)}) == 5
