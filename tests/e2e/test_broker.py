# SPDX-License-Identifier: ISC
"""listen --broker and --chat: what one client sends goes to all others."""

import fcntl
import os
import random
import re
import selectors
import signal
import socket
import struct
import time

import pytest

from harness import DEADLINE, DEVNULL, PIPE, Task, refuses_more, take, wait_for, write_all
from peers import (MIB, dial, dial_unix, half_close, receive, receive_all, reset, reset_by_peer,
                   sink)

PLACE = ("127.0.0.1", "0")


@pytest.fixture
def serve(sockctl, clients):
    """serve(N, OPTIONS...) starts a server and returns it with N clients that it has accepted."""
    def start(number, *options, place=PLACE, stdin=DEVNULL, **how):
        proc = sockctl("listen", "-v", *options, *place, stdin=stdin, **how)
        return proc, [join(proc, clients, n + 1) for n in range(number)]

    return start


def join(proc, clients, number, **how):
    conn, = clients(proc.port, 1, **how)
    proc.wait_err(rf"accepted connection {number} ")
    return conn


def lines(conn, number):
    """So many lines, byte by byte, so that nothing more is taken."""
    data = b""
    while data.count(b"\n") < number:
        data += receive(conn, 1)
    return data.decode().splitlines()


def silent(conn):
    """Nothing has come. What was sent to it before would have: the server works in turn."""
    conn.setblocking(False)
    try:
        return conn.recv(1) and False
    except BlockingIOError:
        return True
    finally:
        conn.settimeout(DEADLINE)


# Bytes for all others.

@pytest.mark.parametrize("place, address", [(PLACE, "127.0.0.1"), (("::1", "0"), "::1")],
                         ids=["IPv4", "IPv6"])
def test_to_all_others(sockctl, place, address):
    proc = sockctl("listen", "-v", "--broker", *place, stdin=DEVNULL)
    conns = []
    for n in range(4):
        conns.append(dial(proc.port, address))
        proc.wait_err(rf"accepted connection {n + 1} ")
    for n, conn in enumerate(conns):
        conn.sendall(b"from %d" % n)
        for other in conns:
            if other is not conn:
                assert receive(other, 6) == b"from %d" % n
    assert all(silent(conn) for conn in conns)
    for conn in conns:
        conn.close()
    proc.stop()
    assert proc.out == b""


def test_unix_socket(sockctl, tmp_path):
    proc = sockctl("listen", "-v", "--broker", tmp_path / "socket", stdin=DEVNULL)
    proc.wait_err("listening on")
    with dial_unix(str(tmp_path / "socket")) as one, dial_unix(str(tmp_path / "socket")) as two:
        proc.wait_err(rf"accepted connection 2 from \S+ \(process {os.getpid()}, ")
        one.sendall(b"every byte \0\xff")
        assert receive(two, 13) == b"every byte \0\xff"
    proc.stop()
    assert not (tmp_path / "socket").exists()


def test_clients_of_our_own(sockctl):
    """A file goes from one client to the others, and its sender ends by itself."""
    data = os.urandom(4 * MIB)
    proc = sockctl("listen", "-v", "--broker", *PLACE, stdin=DEVNULL)
    receivers = [sockctl("connect", *PLACE[:1], proc.port, stdin=PIPE) for _ in range(2)]
    proc.wait_err("accepted connection 2 ")
    sender = sockctl("connect", "--until", "input", *PLACE[:1], proc.port, stdin=data)
    sender.wait()
    for receiver in receivers:
        assert receiver.wait_out(len(data)) == data
        receiver.stdin.close()
    proc.stop()
    for receiver in receivers:
        receiver.wait()


def test_each_read_stays_whole(serve):
    """What is said at once is not mixed with what others say meanwhile."""
    proc, conns = serve(5, "--broker")
    reader, *writers = conns
    size, rounds = 1000, 50
    reading = Task(receive, reader, size * rounds * len(writers))

    def write(conn, letter):
        for _ in range(rounds):
            conn.sendall(letter * size)

    tasks = [Task(write, conn, bytes([65 + n])) for n, conn in enumerate(writers)]
    sinks = [Task(receive, conn, size * rounds * (len(writers) - 1)) for conn in writers]
    for task in (*tasks, *sinks):
        task.result()
    data = reading.result()
    assert all(data.count(65 + n) == size * rounds for n in range(len(writers)))
    # A run of one letter is cut only where reads were.
    assert min(len(run[0]) for run in re.finditer(rb"(.)\1*", data)) >= size
    proc.stop()


def test_everybody_talks_in_bulk(serve):
    """Each gets all that the others sent, in the order of each."""
    proc, conns = serve(4, "--broker")
    data = [bytes(byte & 63 | n << 6 for byte in os.urandom(MIB)) for n in range(4)]
    sending = [Task(conn.sendall, stream) for conn, stream in zip(conns, data)]
    receiving = [Task(receive, conn, 3 * MIB) for conn in conns]
    for task in sending:
        task.result()
    for n, task in enumerate(receiving):
        got = task.result()
        for m, stream in enumerate(data):
            others = bytes(byte for byte in range(256) if byte >> 6 != m)
            assert got.translate(None, others) == (b"" if m == n else stream)
    proc.stop()


def test_many_clients(serve):
    """One says something to 300 who listen."""
    proc, conns = serve(301, "--broker")
    speaker, *listeners = conns
    said = os.urandom(100000)
    speaking = Task(speaker.sendall, said)
    got = {conn: b"" for conn in listeners}
    with selectors.DefaultSelector() as selector:
        for conn in listeners:
            selector.register(conn, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(DEADLINE)
            assert ready, f"{len(selector.get_map())} got nothing more"
            for key, _ in ready:
                got[key.fileobj] += key.fileobj.recv(65536)
                if len(got[key.fileobj]) == len(said):
                    selector.unregister(key.fileobj)
    speaking.result()
    assert all(data == said for data in got.values())
    for conn in conns:
        conn.close()
    proc.stop()


def test_who_comes_later_hears_what_comes_later(serve, clients):
    proc, (one, two) = serve(2, "--broker")
    one.sendall(b"early")
    assert receive(two, 5) == b"early"
    three = join(proc, clients, 3)
    one.sendall(b"late")
    assert receive(three, 4) == receive(two, 4) == b"late"
    proc.stop()


def test_alone(serve, clients):
    """Nobody hears it, and it stalls nobody."""
    proc, (one,) = serve(1, "--broker")
    one.sendall(bytes(4 * MIB))
    half_close(one)
    two = join(proc, clients, 2)
    three = join(proc, clients, 3)
    three.sendall(b"first")
    assert receive(one, 5) == b"first"
    heard = bytearray()
    while b"first" not in heard:
        assert (piece := two.recv(65536))
        heard += piece
    assert not any(heard.replace(b"first", b""))  # what was on its way when the second came
    proc.stop()


def test_half_closed_client_goes_on_hearing(serve):
    """A question that ends, and the answer of somebody else."""
    proc, (asks, answers) = serve(2, "--broker")
    asks.sendall(b"question")
    half_close(asks)
    assert receive(answers, 8) == b"question"
    answers.sendall(b"answer")
    assert receive(asks, 6) == b"answer"
    assert "closed" not in proc.err
    proc.stop()


def test_until_peer_makes_the_end_of_one_side_that_of_both(serve):
    proc, (one, two) = serve(2, "--broker", "--until", "peer")
    half_close(one)
    assert receive_all(one) == b""
    proc.wait_err(r"closed .*, done$")
    assert silent(two)
    proc.stop()


def test_who_has_left_is_no_failure(serve):
    """Closing cannot be told from half-closing until something is sent."""
    proc, (one, two, three) = serve(3, "--broker")
    one.close()

    def left():
        two.sendall(b"x")
        assert receive(three, 1) == b"x"
        return ", left" in proc.err

    wait_for(left, "that it left")
    proc.stop()
    assert not [line for line in proc.complaints if re.search("EPIPE|ECONNRESET", line)]


def test_reset_is_one_clients(serve):
    proc, (one, two, three) = serve(3, "--broker")
    one.sendall(b"before")
    assert receive(two, 6) == receive(three, 6) == b"before"
    reset(one)
    proc.wait_err("ECONNRESET")
    two.sendall(b"x")
    assert receive(three, 1) == b"x"
    proc.stop()


def test_input_goes_to_all_and_its_end_ends_nothing(serve):
    proc, conns = serve(3, "--broker", stdin=PIPE)
    proc.stdin.write(b"from the server")
    for conn in conns:
        assert receive(conn, 15) == b"from the server"
    proc.stdin.close()
    conns[0].sendall(b"still there")
    assert receive(conns[1], 11) == receive(conns[2], 11) == b"still there"
    proc.stop()


def test_file_greets_everybody(serve, clients, tmp_path):
    (tmp_path / "motd").write_bytes(b"welcome\n" * 50000)
    with open(tmp_path / "motd", "rb") as motd:
        proc, conns = serve(1, "--broker", stdin=motd)
    conns.append(join(proc, clients, 2))
    for conn in conns:
        assert receive(conn, 400000) == b"welcome\n" * 50000
    conns[0].sendall(b"now")
    assert receive(conns[1], 3) == b"now"
    proc.stop()


# Who does not read.

def test_one_that_does_not_read_stalls_nobody(serve, clients):
    data = os.urandom(32 * MIB)
    proc, (sender, *others) = serve(3, "--broker")
    deaf = join(proc, clients, 4, rcvbuf=4096)
    sending = Task(sender.sendall, data)
    for task in [Task(receive, conn, len(data)) for conn in others]:
        assert task.result() == data
    sending.result()
    proc.wait_err(r"127\.0\.0\.1:%d: cut off" % deaf.getsockname()[1])
    others[0].sendall(b"x")
    assert receive(sender, 1) == receive(others[1], 1) == b"x"
    proc.stop()


@pytest.mark.parametrize("speakers", [2, 1], ids=["clients", "client and input"])
def test_one_that_does_not_read_stalls_nobody_who_speaks(serve, clients, speakers):
    """All others have something to say, and hear nothing while they are held up."""
    data = os.urandom(8 * MIB)
    proc, conns = serve(speakers, "--broker", stdin=PIPE if speakers == 1 else DEVNULL)
    deaf = join(proc, clients, speakers + 1, rcvbuf=4096)
    speaking = [Task(conn.sendall, data) for conn in conns]
    if speakers == 1:
        speaking.append(Task(write_all, take(proc.stdin), data))
    for task in [Task(receive, conn, len(data)) for conn in conns]:
        assert task.result() == data
    for task in speaking:
        task.result()
    proc.wait_err(r"127\.0\.0\.1:%d: cut off" % deaf.getsockname()[1])
    proc.stop()


@pytest.mark.parametrize("stdin", [DEVNULL, PIPE], ids=["no input", "input that ends meanwhile"])
def test_nobody_is_cut_off_who_keeps_nobody_waiting(serve, clients, stdin):
    """Two are a pipe: the one waits for the other, and nothing is lost."""
    data = os.urandom(16 * MIB)
    proc, (sender,) = serve(1, "--broker", stdin=stdin)
    slow = join(proc, clients, 2, rcvbuf=64 * 1024)  # a smaller one makes TCP crawl by probes
    sending = Task(send_and_end, sender, data)
    if proc.stdin:
        assert refuses_more(proc, sender.fileno(), sending)
        proc.stdin.close()
    sending.thread.join(3)
    assert sending.thread.is_alive()  # it is held up
    assert receive(slow, len(data)) == data
    sending.result()
    proc.stop()
    assert "cut off" not in proc.err


def send_and_end(conn, data):
    conn.sendall(data)
    half_close(conn)


@pytest.mark.memory
@pytest.mark.parametrize("how", ["--broker", "--chat"])
def test_memory_is_bounded(serve, clients, how):
    """However many do not read, and however small the pieces."""
    proc, (sender, reader) = serve(2, how)
    deaf = [join(proc, clients, n + 3, rcvbuf=4096) for n in range(50)]
    idle = proc.status_field("VmRSS")
    sending = Task(sender.sendall, b"a line of text\n" * (16 * MIB // 15))
    sender_hears = Task(sink, sender)
    end = b"<user1> a line of text\n" if how == "--chat" else b"a line of text\n"
    got = 0
    reader.settimeout(DEADLINE)
    while got < 16 * MIB // 15 * len(end):
        got += len(reader.recv(1 << 20))
    sending.result()
    for conn in deaf:
        proc.wait_err(r"127\.0\.0\.1:%d: cut off" % conn.getsockname()[1])
    assert proc.status_field("VmHWM") - idle < 16 * 1024
    proc.stop()
    sender_hears.result()


@pytest.mark.memory
def test_memory_of_a_burst_is_given_back(serve, clients):
    """What is kept for one that is slow comes up to 1 MiB; nothing of it stays."""
    proc, (sender, reader) = serve(2, "--broker")
    slow = join(proc, clients, 3, rcvbuf=4096)
    before = proc.status_field("RssAnon")
    for _ in range(3):
        data = os.urandom(8 * MIB)
        sending, reading = Task(sender.sendall, data), Task(receive, reader, len(data))
        assert receive(slow, len(data)) == data
        assert reading.result() == data
        sending.result()
    wait_for(lambda: proc.status_field("RssAnon") - before < 512, "the memory given back")
    proc.stop()


@pytest.mark.memory
def test_memory_is_bounded_for_one_that_sends_and_does_not_read(serve):
    """Held up like others at some point, until it reads; then nothing is missing."""
    data = b"y" * (64 * MIB)
    proc, (deaf, other) = serve(2, "--broker")
    idle = proc.status_field("VmRSS")
    other_sends = Task(send_and_end, other, b"x" * (32 * MIB))
    other_sends.thread.join(0.5)
    assert other_sends.thread.is_alive()  # it is held up by the one that does not read
    deaf_sends = Task(send_and_end, deaf, data)
    other_hears = Task(receive, other, len(data))
    deaf_sends.thread.join(1)
    assert deaf_sends.thread.is_alive()
    assert proc.status_field("VmHWM") - idle < 48 * 1024
    assert receive(deaf, 32 * MIB) == b"x" * (32 * MIB)
    assert other_hears.result() == data
    for task in other_sends, deaf_sends:
        task.result()
    proc.stop()


# Limits and access.

def test_limit_of_connections(serve, clients):
    proc, conns = serve(2, "--broker", "--max-connections", "2", "--until", "peer")
    waiting, = clients(proc.port, 1)
    conns[0].sendall(b"x")
    assert receive(conns[1], 1) == b"x"
    assert "connection 3" not in proc.err and silent(waiting)
    half_close(conns[0])
    proc.wait_err("accepted connection 3 ")
    conns[1].sendall(b"y")
    assert receive(waiting, 1) == b"y"
    proc.stop()


def test_access(serve):
    proc, (one, two) = serve(2, "--broker", "--allow", "127.0.0.1")
    with socket.create_connection(("127.0.0.1", proc.port), source_address=("127.0.0.2", 0)) as bad:
        bad.settimeout(DEADLINE)
        proc.wait_err(r"refused 127\.0\.0\.2")
        one.sendall(b"secret")
        assert receive(two, 6) == b"secret"
        try:
            assert bad.recv(10) == b""
        except ConnectionResetError:
            pass
    proc.stop()


def test_idle_timeout_is_per_connection(serve):
    """Hearing something is not being idle."""
    proc, (one, two, three) = serve(3, "--broker", "--idle-timeout", "1s", "--until", "peer")
    half_close(three)
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        one.sendall(b"x")
        assert receive(two, 1) == b"x"
    assert "idle" not in proc.err
    proc.wait_err("idle for too long")
    assert reset_by_peer(one) and reset_by_peer(two)
    proc.stop()


def test_count(serve):
    proc, conns = serve(2, "--broker", "--count", "2")
    for conn, other in (conns, conns[::-1]):
        conn.sendall(b"x")
        assert receive(other, 1) == b"x"
    for conn in conns:
        reset(conn)
    proc.wait(7)


def test_json(serve):
    proc, conns = [], []
    proc, _ = serve(0, "--broker", "--json")
    for n in range(2):
        conns.append(dial(proc.port))
        proc.wait_err(r'"accepted".*"connection": ?%d' % (n + 1))
    conns[0].sendall(b"12345")
    assert receive(conns[1], 5) == b"12345"
    reset(conns[1])
    proc.wait_err('"closed"')
    proc.stop()
    closed, = [event for event in proc.events if event["event"] == "closed"]
    assert closed["sent_bytes"] == 5 and closed["received_bytes"] == 0 and closed["connection"] == 2
    conns[0].close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stops_with_clients(serve, number):
    proc, conns = serve(3, "--chat")
    proc.stop(number)
    for conn in conns:
        receive_all(conn)


@pytest.mark.parametrize("options", [
    ("--forward", "127.0.0.1:1"), ("--exec", "cat")], ids=lambda o: o[0])
@pytest.mark.parametrize("how", ["--broker", "--chat"])
def test_conflicts(sockctl, how, options):
    sockctl("listen", how, *options, "0").fails(2, how, options[0])


def test_a_broker_has_no_output(sockctl):
    sockctl("listen", "--broker", "--output", "file", "0").fails(2, "--broker", "--output")


# Lines for people.

def test_chat(serve, clients):
    proc, (one,) = serve(1, "--chat")
    assert lines(one, 1) == ["* you are <user1>; no other users"]
    two = join(proc, clients, 2)
    assert lines(two, 1) == ["* you are <user2>; here already: <user1>"]
    assert lines(one, 1) == [f"* <user2> has joined from 127.0.0.1:{two.getsockname()[1]}"]
    three = join(proc, clients, 3)
    assert lines(three, 1) == ["* you are <user3>; here already: <user1>, <user2>"]
    for conn in (one, two):
        assert re.fullmatch(r"\* <user3> has joined from \S+", lines(conn, 1)[0])
    two.sendall(b"hello\n")
    assert lines(one, 1) == lines(three, 1) == ["<user2> hello"]
    two.close()
    assert lines(one, 1) == lines(three, 1) == ["* <user2> has left"]
    assert silent(one) and silent(three)
    proc.stop()


def talk(serve, *pieces, options=()):
    """What others read of what one says in these pieces, each in a write of its own."""
    proc, (one, two) = serve(2, "--chat", *options)
    lines(two, 1)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for piece in pieces:
        one.sendall(piece)
        # The server has taken it when it has acknowledged it.
        wait_for(lambda: queued(one) == 0, "that the piece was taken")
    half_close(one)
    said = b""
    while not said.endswith(b"* <user1> has left\n"):
        said += two.recv(1 << 16)
    proc.stop()
    return said.removesuffix(b"* <user1> has left\n")


def queued(conn):
    return struct.unpack("i", fcntl.ioctl(conn, 0x5411, struct.pack("i", 0)))[0]  # SIOCOUTQ


@pytest.mark.parametrize("pieces", [
    [b"one\ntwo\nthree\n"], [b"one\ntwo\nthree"], [b"o", b"ne", b"\n", b"two\nth", b"ree\n"],
    [b"one\r\ntwo\r\nthree\r\n"], [b"one\r", b"\ntwo\r", b"\nthree\r", b"\n"],
], ids=["whole", "unended", "split", "CRLF", "CRLF split"])
def test_chat_lines(serve, pieces):
    assert talk(serve, *pieces) == b"<user1> one\n<user1> two\n<user1> three\n"


@pytest.mark.parametrize("sent, shown", [
    (b"\x1b[31mred\x1b]0;title\x07", rb"\x1b[31mred\x1b]0;title\x07"),
    (b"\0\x7f\b\x0c", rb"\x00\x7f\x08\x0c"),
    (b"over\rwritten", rb"over\rwritten"),
    (b"\xc2\x9b31m", rb"\xc2\x9b31m"),  # C1, as UTF-8
    (b"\x9b31m", rb"\x9b31m"),  # and bare
    ("\u202egnirts".encode(), rb"\xe2\x80\xaegnirts"),
    ("a\u200bb\U000e0041".encode(), rb"a\xe2\x80\x8bb\xf3\xa0\x81\x81"),
    (b"\xff\xfe\xc3", rb"\xff\xfe\xc3"),
    (b"back\\slash", rb"back\\slash"),
    (b"a\ttab", b"a\ttab"),
    ("gr\u00fc\u00df dich \u4f60\u597d".encode(), "gr\u00fc\u00df dich \u4f60\u597d".encode()),
    (b"<user2> it was me", b"<user2> it was me"),
    (b"", b""),
], ids=["escape", "controls", "return", "C1", "bare C1", "bidi", "invisible", "no UTF-8", "backslash", "tab",
        "UTF-8", "disguise", "empty"])
def test_chat_obeys_nobody(serve, sent, shown):
    assert talk(serve, sent + b"\n") == b"<user1> " + shown + b"\n"


def test_chat_of_noise(serve):
    """Random bytes: what comes out is text, and every line has its name."""
    noise = random.Random(1).randbytes(300000)
    said = talk(serve, noise).decode()
    assert all(char in "\n\t" or char.isprintable() or ord(char) > 0x9f for char in said)
    assert all(line.startswith("<user1> ") for line in said.split("\n")[:-1])
    assert len(said.split("\n")) - 1 >= noise.count(b"\n")


@pytest.mark.parametrize("char", ["x", "\u00df", "\u4f60", "\U0001f600"], ids=[1, 2, 3, 4])
def test_chat_cuts_endless_lines(serve, char):
    """Nothing is lost, no character is torn, and every piece has its name."""
    text = "-" + char * 100000
    said = talk(serve, text.encode() + b"\n").decode().split("\n")[:-1]
    assert all(line.startswith("<user1> ") for line in said)
    assert "".join(line.removeprefix("<user1> ") for line in said) == text
    assert max(len(line.encode()) for line in said) < 5000


def test_chat_of_a_connection_that_breaks(serve):
    """What was said before is heard, also without its newline."""
    proc, (one, two) = serve(2, "--chat")
    lines(two, 1)
    one.sendall(b"help")
    wait_for(lambda: queued(one) == 0, "that it was taken")
    reset(one)
    assert lines(two, 2) == ["<user1> help", "* <user1> has left"]
    proc.stop()


def test_chat_of_the_server(serve):
    proc, (one,) = serve(1, "--chat", stdin=PIPE)
    lines(one, 1)
    proc.stdin.write(b"going down\x07\nin five")
    proc.stdin.close()
    assert lines(one, 2) == [r"<server> going down\x07", "<server> in five"]
    proc.stop()


def test_chat_of_many(serve):
    """A newcomer is not told of everybody by name."""
    proc, conns = serve(30, "--chat")
    told = lines(conns[-1], 1)[0]
    assert told.count("<user") == 21 and told.endswith(" and 9 more")
    for conn in conns:
        conn.sendall(b"hi\n")
    heard = set()
    while len(heard) < 30 - 1:
        heard.update(line for line in lines(conns[0], 1) if line.endswith(" hi"))
    assert heard == {f"<user{n}> hi" for n in range(2, 31)}
    proc.stop()


def test_chat_on_a_unix_socket(sockctl, tmp_path):
    path = str(tmp_path / "socket")
    proc = sockctl("listen", "-v", "--chat", path, stdin=DEVNULL)
    proc.wait_err("listening on")
    with dial_unix(path) as one:
        lines(one, 1)
        with dial_unix(path) as two:
            assert lines(one, 1) == ["* <user2> has joined from this machine"]
            lines(two, 1)
            one.sendall(b"hi\n")
            assert lines(two, 1) == ["<user1> hi"]
        assert lines(one, 1) == ["* <user2> has left"]
    proc.stop()


def test_chat_with_telnet(serve):
    """Negotiation is nothing that anybody says."""
    said = talk(serve, b"\xff\xfd\x01hello\n\xff", b"\xfb\x03you\xff\xff\n", options=["--telnet"])
    assert said == b"<user1> hello\n<user1> you\\xff\n"


@pytest.mark.parametrize("stdin", [DEVNULL, PIPE], ids=["input first", "input last"])
@pytest.mark.parametrize("mode", ["--broker", "--chat"])
def test_end_when_nobody_is_left_to_hear(sockctl, serve, mode, stdin):
    """Else all wait for each other."""
    proc, (first,) = serve(1, mode, "--count", "2", stdin=stdin)
    half_close(first)
    assert mode == "--chat" or silent(first)
    first.settimeout(DEADLINE)
    second = sockctl("connect", "127.0.0.1", proc.port, stdin=b"hello\n")
    proc.wait_err("accepted connection 2 ")
    assert lines(first, 3 if mode == "--chat" else 1)[-1].endswith("hello")
    if stdin is PIPE:
        proc.stdin.close()
    receive_all(first)
    second.wait()
    proc.wait()


# Who serves a chat reads it.

def said_by(proc, last):
    """The lines that a chat has written to stdout, once one of them ends so."""
    wait_for(lambda: last + b"\n" in proc.out, f"the line {last}")
    return proc.out.decode().splitlines()


def test_chat_is_read_by_its_server(serve, clients):
    """All that others say, as they read it, and nothing of its own."""
    proc, (one,) = serve(1, "--chat", stdin=PIPE)
    two = join(proc, clients, 2)
    proc.stdin.write(b"welcome\n")
    assert lines(one, 3)[-1] == lines(two, 2)[-1] == "<server> welcome"
    one.sendall(b"hello\x1b[2J\nand\tmore")
    two.close()
    said_by(proc, b"* <user2> has left")
    one.close()
    port = r"127\.0\.0\.1:\d+"
    told = said_by(proc, b"* <user1> has left")
    assert re.fullmatch(rf"\* <user1> has joined from {port}", told[0])
    assert re.fullmatch(rf"\* <user2> has joined from {port}", told[1])
    assert sorted(told[2:]) == sorted([
        r"<user1> hello\x1b[2J", "<user1> and\tmore", "* <user2> has left", "* <user1> has left"])
    proc.stop()


@pytest.mark.needs("ncat")
def test_chat_of_real_clients(serve, sockctl):
    proc, _ = serve(0, "--chat")
    for number, (how, name) in enumerate([({"program": "ncat"}, []), ({}, ["connect"])], 1):
        client = sockctl(*name, "127.0.0.1", proc.port, stdin=PIPE, **how)
        proc.wait_err(rf"accepted connection {number} ")
        client.stdin.write(b"hi\n")
        said_by(proc, b"<user%d> hi" % number)
        client.stdin.close()
        said_by(proc, b"* <user%d> has left" % number)
        client.kill(signal.SIGTERM)
        client.ended()
    proc.stop()


def test_chat_at_a_terminal(sockctl, clients, terminal):
    """What is typed goes to the clients, and what they say is shown."""
    proc = sockctl("listen", "-v", "--chat", *PLACE, stdin=terminal.fd, stdout=terminal.fd)
    conn = join(proc, clients, 1)
    terminal.type(b"good morning\n")
    assert lines(conn, 2)[-1] == "<server> good morning"
    conn.sendall(b"evening\x07\n")
    terminal.wait_screen(b"<user1> evening\\x07\r\n")
    proc.stop()


def test_chat_into_a_file(serve, tmp_path):
    (tmp_path / "log").write_text("what was there before")
    proc, (one,) = serve(1, "--chat", "--output", tmp_path / "log")
    one.sendall(b"hi\n")
    wait_for(lambda: "hi" in (tmp_path / "log").read_text(), "what was said")
    proc.stop()
    assert re.fullmatch(r"\* <user1> has joined from \S+\n<user1> hi\n", (tmp_path / "log").read_text())
    assert proc.out == b""


def test_chat_is_written_before_the_end(serve):
    """With --count the program ends once its stdout has all, too."""
    text = b"x" * 1000 + b"\n"
    proc, (one,) = serve(1, "--chat", "--count", 1, stdout=PIPE)
    one.sendall(text * 1000)
    half_close(one)
    receive_all(one)
    one.close()
    data = b""
    while piece := proc.stdout.read(1 << 16):
        data += piece
    assert data.count(text) == 1000 and data.endswith(b"* <user1> has left\n")
    proc.wait()


@pytest.mark.parametrize("is_talking", [False, True], ids=["silent", "talking"])
def test_chat_whose_reader_goes_away(serve, is_talking):
    proc, (one,) = serve(1, "--chat", stdout=PIPE)
    assert b"joined" in proc.stdout.read(100)
    proc.stdout.close()
    if is_talking:
        one.sendall(b"hello\n")
    proc.wait(141)
    assert proc.lines[-1].startswith("sockctl: listen: ") and "EPIPE" not in proc.err


def test_chat_on_a_full_disk(serve):
    with open("/dev/full", "wb") as full:
        proc, _ = serve(1, "--chat", stdout=full)
        proc.wait(1)
    assert "standard output: No space left on device (ENOSPC)" in proc.err


def test_chat_that_its_server_does_not_read_goes_on(serve):
    text = b"x" * 4000 + b"\n"
    proc, (one, two) = serve(2, "--chat", stdout=PIPE)
    sending = Task(one.sendall, text * 1000)
    heard = b""
    while heard.count(text) < 1000:
        heard += two.recv(1 << 16)
    sending.result()
    proc.wait_err("standard output: cut off: it does not read what others do")
    two.sendall(b"still here\n")
    while b"<user2> still here\n" not in one.recv(1 << 16):
        pass
    proc.stop()


def test_chat_waits_for_its_server_where_nobody_else_waits(serve):
    """One who talks to the server alone, which reads late."""
    text = b"x" * 4000 + b"\n"
    proc, (one,) = serve(1, "--chat", stdout=PIPE)
    sending = Task(one.sendall, text * 4000)
    assert refuses_more(proc, one.fileno(), sending)
    data = b""
    while data.count(text) < 4000:
        data += proc.stdout.read(1 << 16)
    sending.result()
    proc.stop()
    assert "cut off" not in proc.err


def test_chat_that_is_stopped_while_nobody_reads(serve):
    """What was not written is not lost in silence."""
    proc, (one,) = serve(1, "--chat", stdout=PIPE)
    one.sendall((b"x" * 1000 + b"\n") * 200)
    wait_for(lambda: queued(one) == 0, "that it was taken")
    proc.stop()
    assert "standard output: some lines of the chat were not written: it is not read" in proc.err
