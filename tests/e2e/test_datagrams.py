# SPDX-License-Identifier: ISC
"""Datagrams that are joined as streams are: connect --udp and listen --udp."""

import os
import socket

import pytest

from harness import DEADLINE, DEVNULL, PIPE, wait_for
from peers import port_of, udp, unused_udp_port

HOSTS = ["127.0.0.1", "::1"]
LARGEST = {"127.0.0.1": 65507, "::1": 65527}  # bytes of UDP data in a packet


def nothing_more(sock):
    """True if no datagram is waiting, for what was sent over loopback has arrived."""
    sock.setblocking(False)
    try:
        sock.recv(65536)
    except BlockingIOError:
        return True
    return False


def unix_datagram(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.settimeout(DEADLINE)
    sock.bind(str(path))
    return sock


# connect --udp


@pytest.mark.parametrize("host", HOSTS)
def test_what_one_read_brings_is_a_datagram(sockctl, host):
    with udp(host) as peer:
        proc = sockctl("connect", "-u", "--wait", "50ms", host, port_of(peer), stdin=PIPE)
        for piece in (b"one\n", b"two", b"three\nlines\n\n"):
            proc.stdin.write(piece)
            data, source = peer.recvfrom(65536)
            assert data == piece
        peer.sendto(b"an answer", source)
        proc.wait_out(9)
        proc.stdin.close()
        proc.wait()
        assert proc.out == b"an answer"
        assert nothing_more(peer)


@pytest.mark.parametrize("host", HOSTS)
def test_what_does_not_fit_is_split(sockctl, tmp_path, host):
    data = os.urandom(100000)
    (tmp_path / "data").write_bytes(data)
    with udp(host) as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sockctl("connect", "-u", "--wait", "50ms", "--input", tmp_path / "data", host,
                port_of(peer)).wait()
        first, second = peer.recv(100000), peer.recv(100000)
    assert len(first) == LARGEST[host] and first + second == data


def test_late_answers_are_waited_for(sockctl):
    with udp() as peer:
        proc = sockctl("connect", "-u", "127.0.0.1", port_of(peer), stdin=b"question")
        _, source = peer.recvfrom(100)
        for answer in (b"first ", b"", b"second"):
            peer.sendto(answer, source)
        assert proc.wait() >= 1
    assert proc.out == b"first second"


def test_unix(sockctl, tmp_path):
    with unix_datagram(tmp_path / "peer") as peer:
        proc = sockctl("connect", "-u", "--wait", "100ms", tmp_path / "peer", stdin=b"question")
        data, source = peer.recvfrom(100)
        assert data == b"question" and source
        peer.sendto(b"answer", source)
        proc.wait()
    assert proc.out == b"answer"


def test_a_large_datagram_comes_whole(sockctl):
    answer = os.urandom(65507)
    with udp() as peer:
        proc = sockctl("connect", "-u", "--wait", "100ms", "127.0.0.1", port_of(peer), stdin=b"?")
        peer.sendto(answer, peer.recvfrom(100)[1])
        proc.wait()
    assert proc.out == answer


@pytest.mark.parametrize("host", HOSTS)
def test_nobody_there(sockctl, host):
    proc = sockctl("connect", "-u", host, unused_udp_port(), stdin=b"question")
    proc.fails(5, "Connection refused", f"port unreachable, told by {host}", "ECONNREFUSED")


def test_nobody_there_any_more(sockctl):
    with udp() as peer:
        proc = sockctl("connect", "-u", "127.0.0.1", port_of(peer), stdin=PIPE)
        proc.stdin.write(b"question")
        peer.sendto(b"answer", peer.recvfrom(100)[1])
        proc.wait_out(6)
    proc.stdin.write(b"another")
    proc.fails(7, "port unreachable, told by 127.0.0.1")
    assert proc.out == b"answer"


def test_silence_can_end_it(sockctl):
    with udp() as peer:
        proc = sockctl("connect", "-u", "--idle-timeout", "100ms", "127.0.0.1", port_of(peer),
                       stdin=PIPE)
        proc.fails(6, "idle for too long")


def test_answers_of_others_are_not_heard(sockctl):
    with udp() as peer, udp() as other:
        proc = sockctl("connect", "-u", "--wait", "100ms", "127.0.0.1", port_of(peer), stdin=b"?")
        source = peer.recvfrom(100)[1]
        other.sendto(b"wrong", source)
        peer.sendto(b"right", source)
        proc.wait()
    assert proc.out == b"right"


def test_both_ends_are_named(sockctl):
    with udp() as peer:
        proc = sockctl("connect", "-uv", "--wait", "1ms", "127.0.0.1", port_of(peer), stdin=b"?")
        source = peer.recvfrom(100)[1]
        proc.wait()
        assert f"connected to 127.0.0.1:{port_of(peer)} from 127.0.0.1:{source[1]}" in proc.err


def test_a_program_in_place_of_input_and_output(sockctl):
    with udp() as peer:
        proc = sockctl("connect", "-u", "127.0.0.1", port_of(peer), "--exec",
                       "echo question; read -r answer; echo got $answer", stdin=DEVNULL)
        data, source = peer.recvfrom(100)
        assert data == b"question\n"
        peer.sendto(b"answer\n", source)
        assert peer.recv(100) == b"got answer\n"
        proc.wait()


@pytest.mark.parametrize("words, told", [
    (["--tls"], ["--udp", "--tls"]), (["--check"], ["--udp", "--check"]),
    (["--shutdown", "write"], ["--udp", "--shutdown"]),
    (["--proxy", "socks5://localhost"], ["--udp", "--proxy"]),
])
def test_what_only_streams_have(sockctl, words, told):
    sockctl("connect", "-u", *words, "127.0.0.1", 9).fails(2, *told)


def test_the_wait_is_for_datagrams(sockctl):
    sockctl("connect", "--wait", "1", "127.0.0.1", 9).fails(2, "--wait", "--udp")


# listen --udp


@pytest.fixture
def listen(sockctl):
    """Starts listen --udp and waits until it is there."""

    def start(*words, host="127.0.0.1", port=0, last=(), **how):
        how.setdefault("stdin", PIPE)
        proc = sockctl("listen", "-u", *words, *([host] if host else []), port, *last, **how)
        proc.wait_err("listening")
        return proc

    return start


@pytest.fixture
def peers():
    """peers(HOST) is a socket of the test's own."""
    made = []

    def make(host="127.0.0.1", port=0):
        made.append(udp(host, port))
        return made[-1]

    yield make
    for sock in made:
        sock.close()


@pytest.mark.parametrize("host", HOSTS)
def test_the_first_is_served(listen, peers, host):
    proc = listen("-v", host=host)
    first, other = peers(host), peers(host)
    first.sendto(b"hello", (host, proc.port))
    proc.wait_out(5)
    other.sendto(b"wrong", (host, proc.port))
    first.sendto(b"", (host, proc.port))
    first.sendto(b" again", (host, proc.port))
    assert proc.wait_out(11) == b"hello again"
    for answer in (b"one\n", b"two"):
        proc.stdin.write(answer)
        assert first.recv(100) == answer
    assert nothing_more(other)
    proc.stop()
    assert "datagrams of others: 1 " in proc.err


def test_the_end_of_the_input_ends_nothing(listen, peers):
    proc = listen(stdin=DEVNULL)
    peer = peers()
    for text in (b"one", b"two"):
        peer.sendto(text, ("127.0.0.1", proc.port))
        proc.wait_out(3)
    proc.wait_out(6)
    proc.stop()


def test_count_is_of_datagrams(listen, peers):
    proc = listen("--count", "2")
    peer = peers()
    for text in (b"one", b"two", b"three"):
        peer.sendto(text, ("127.0.0.1", proc.port))
    proc.wait()
    assert proc.out == b"onetwo"


def test_silence_ends_a_listener(listen, peers):
    proc = listen("--idle-timeout", "100ms")
    peers().sendto(b"hello", ("127.0.0.1", proc.port))
    proc.fails(6, "idle for too long")


def test_a_peer_that_has_left(listen, peers):
    proc = listen()
    peer = peers()
    peer.sendto(b"hello", ("127.0.0.1", proc.port))
    proc.wait_out(5)
    peer.close()
    proc.stdin.write(b"are you there?")
    proc.fails(7, "port unreachable, told by 127.0.0.1")


def test_the_answer_comes_from_where_the_question_went(listen, peers):
    proc = listen(host=None)
    peer = peers()
    peer.sendto(b"hello", ("127.0.0.2", proc.port))
    proc.wait_out(5)
    proc.stdin.write(b"answer")
    assert peer.recvfrom(100) == (b"answer", ("127.0.0.2", proc.port))
    proc.stop()


def test_both_commands(listen, sockctl):
    proc = listen()
    other = sockctl("connect", "-u", "--wait", "50ms", "127.0.0.1", proc.port, stdin=PIPE)
    other.stdin.write(b"question")
    proc.wait_out(8)
    proc.stdin.write(b"answer")
    other.wait_out(6)
    other.stdin.close()
    other.wait()
    proc.stop()


def test_unix_listener(sockctl, tmp_path):
    path = tmp_path / "socket"
    proc = sockctl("listen", "-u", path, stdin=PIPE)
    proc.wait_err("listening")
    with unix_datagram(tmp_path / "peer") as peer:
        peer.sendto(b"hello", str(path))
        proc.wait_out(5)
        proc.stdin.write(b"answer")
        assert peer.recv(100) == b"answer"
    proc.stop()
    assert not path.exists()


def test_a_sender_without_a_name_gets_no_answer(sockctl, tmp_path):
    path = tmp_path / "socket"
    proc = sockctl("listen", "-u", path, stdin=PIPE)
    proc.wait_err("listening")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
        peer.sendto(b"hello", str(path))
    proc.wait_out(5)
    proc.stdin.write(b"answer")
    proc.fails(7, "no address to answer to")


@pytest.mark.parametrize("port", [7, 19])
def test_a_reflector_is_not_answered(listen, peers, port):
    try:
        peer = peers("127.0.0.1", port)
    except PermissionError:
        pytest.skip("takes a privileged port")
    proc = listen("-v")
    peer.sendto(b"hello", ("127.0.0.1", proc.port))
    proc.wait_out(5)
    proc.stdin.write(b"answer")
    proc.stdin.close()
    peer.sendto(b"again", ("127.0.0.1", proc.port))
    proc.wait_out(10)
    proc.stop()
    assert nothing_more(peer)
    assert "1 answers to reflectors" in proc.err


# listen --udp --keep-open


def test_many_on_one_output(listen, peers):
    proc = listen("-k")
    first, second = peers(), peers()
    for text, peer in ((b"one ", first), (b"two ", second), (b"three", first)):
        before = len(proc.out)
        peer.sendto(text, ("127.0.0.1", proc.port))
        proc.wait_out(before + len(text))
    proc.stdin.write(b"to all")
    assert first.recv(100) == second.recv(100) == b"to all"
    proc.stop()
    assert proc.out == b"one two three"


def test_each_has_a_program(listen, peers):
    proc = listen("-k", last=("--exec", "printf %s $SOCKCTL_PROTO:$SOCKCTL_REMOTE_PORT:; exec cat"))
    for peer in (peers(), peers()):
        peer.sendto(b"hello", ("127.0.0.1", proc.port))
        expected = b"UDP:%d:hello" % port_of(peer)
        got = b""
        while len(got) < len(expected):
            got += peer.recv(100)
        assert got == expected
    proc.stop()


def test_a_program_ends_with_its_peer(listen, peers):
    proc = listen("-k", "--json", "--idle-timeout", "100ms", last=("--exec", "cat"))
    peer = peers()
    for _ in range(2):
        peer.sendto(b"hello", ("127.0.0.1", proc.port))
        assert peer.recv(100) == b"hello"
    wait_for(lambda: '"event": "closed"' in proc.err or '"event":"closed"' in proc.err,
             "the end of the peer")
    peer.sendto(b"anew", ("127.0.0.1", proc.port))
    assert peer.recv(100) == b"anew"
    proc.stop()
    closed = next(event for event in proc.events if event["event"] == "closed")
    assert (closed["how"], closed["status"]) == ("idle", 0)
    assert sum(event["event"] == "accepted" for event in proc.events) == 2


def test_broker(listen, peers):
    proc = listen("--broker", "-v")
    first, second = peers(), peers()
    first.sendto(b"one", ("127.0.0.1", proc.port))
    proc.wait_err("accepted connection 1")
    second.sendto(b"two", ("127.0.0.1", proc.port))
    assert first.recv(100) == b"two"
    first.sendto(b"three", ("127.0.0.1", proc.port))
    assert second.recv(100) == b"three"
    proc.stop()


def test_whom_it_serves(listen, peers):
    proc = listen("-k", "--deny", "127.0.0.2")
    peers("127.0.0.2").sendto(b"no", ("127.0.0.1", proc.port))
    peers().sendto(b"yes", ("127.0.0.1", proc.port))
    assert proc.wait_out(3) == b"yes"
    proc.stop()


def test_a_program_for_everybody_must_be_meant(sockctl):
    sockctl("listen", "-u", "--allow", "127.0.0.1", 0, "--exec", "cat").fails(
        2, "can be forged", "--expose", "localhost:PORT")


def test_room_for_somebody_new(listen, peers):
    proc = listen("-k", "-m", "3", "--json", last=("--exec", "cat >/dev/null"))
    made = [peers() for _ in range(4)]
    for number, peer in enumerate(made):
        peer.sendto(b"x", ("127.0.0.1", proc.port))
        wait_for(lambda: proc.err.count('accepted') == number + 1, "another peer")
    wait_for(lambda: 'replaced' in proc.err, "the first making room")
    proc.stop()
    closed = [event for event in proc.events if event["event"] == "closed"]
    assert [(c["how"], c["remote"]["port"]) for c in closed] == [("replaced", port_of(made[0]))]


def test_who_got_an_answer_stays(listen, peers):
    proc = listen("-k", "-m", "2", "-v", last=("--exec", "cat"))
    made = [peers(), peers()]
    for peer in made:
        peer.sendto(b"one", ("127.0.0.1", proc.port))
        assert peer.recv(100) == b"one"
    for _ in range(3):
        peers().sendto(b"nobody", ("127.0.0.1", proc.port))
    for peer in made:
        peer.sendto(b"two", ("127.0.0.1", proc.port))
        assert peer.recv(100) == b"two"
    proc.stop()
    assert "3 without room" in proc.err
