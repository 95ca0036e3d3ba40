# SPDX-License-Identifier: ISC
"""Datagrams that are joined as streams are: connect --udp and listen --udp."""

import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
from contextlib import ExitStack

import pytest

from crowd import allow_descriptors
from harness import DEADLINE, DEVNULL, PIPE, Task, wait_for
from names_fixtures import make_host  # noqa: F401: a fixture
from network import FAR4, FAR6, HOLE6
from peers import (accept, dial, half_close, listener, nothing_more, port_of, receive_all,
                   udp, unused_port, unused_udp_port)

HOSTS = ["127.0.0.1", "::1"]
LARGEST = {"127.0.0.1": 65507, "::1": 65527}  # bytes of UDP data in a packet


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


# What sends datagrams to one of the addresses of a name, and waits for answers.
SENDERS = pytest.mark.parametrize(
    "command", [["connect", "-u", "--wait", "5s"], ["udp-send", "--connected", "--whole", "--wait", "5"]],
    ids=lambda words: words[0])


@pytest.fixture(scope="module", name="both")
def host_of_two_addresses(make_host):  # noqa: F811: the fixture
    """The words that run a program where a name has both addresses of this host, in this order."""
    return make_host({"hosts": "::1 both\n127.0.0.1 both\n", "host.conf": "multi on\n"}).wrap


@pytest.mark.needs("nsenter")
@SENDERS
@pytest.mark.parametrize("sandbox", ["auto", "off"])
def test_the_next_address_is_tried(sockctl, both, command, sandbox):
    """It gets what was sent to the first, once."""
    peer = sockctl("listen", "-u", "--hex", "127.0.0.1", 0, stdin=PIPE, wrap=both)
    peer.wait_err("listening")
    proc = sockctl(*command, "-v", f"--sandbox={sandbox}", "both", peer.port, stdin=b"question",
                   wrap=both)
    peer.wait_out(len(b"question"))
    peer.stdin.write(b"answer")
    proc.wait_out(len(b"answer"))
    proc.stop()
    peer.stop()
    assert peer.out == b"question"
    shown = proc.err
    refusal = f"[::1]:{peer.port}: Connection refused: port unreachable, told by ::1"
    assert refusal in shown
    assert "to 127.0.0.1:" in shown[shown.index(refusal):]


@pytest.mark.needs("nsenter")
@pytest.mark.parametrize("command", ["connect", "udp-send"])
def test_the_next_address_gets_all_that_was_sent(sockctl, both, command):
    """Each datagram once, and in order, although many were sent before the first was refused."""
    peer = sockctl("udp-recv", "--count", 200, "127.0.0.1", 0, stdin=DEVNULL, wrap=both)
    peer.wait_err("listening")
    lines = b"".join(b"%d\n" % i for i in range(200))
    if command == "connect":
        proc = sockctl("connect", "-u", "--interval", "1ms", "both", peer.port,
                       stdin=lines, wrap=both)
    else:
        proc = sockctl("udp-send", "--connected", "both", peer.port, stdin=lines, wrap=both)
    proc.wait()
    peer.wait()
    assert peer.out.replace(b"\n\n", b"\n") == lines


@pytest.mark.needs("nsenter")
@pytest.mark.parametrize("options", [["--source-port"], ["-s"]], ids=" ".join)
@SENDERS
def test_the_next_address_is_sent_to_from_the_same_port(sockctl, both, command, options):
    peer = sockctl("udp-recv", "--json", "--count", 1, "127.0.0.1", 0, stdin=DEVNULL, wrap=both)
    peer.wait_err("listening")
    port = unused_udp_port()
    word = port if options == ["--source-port"] else f":{port}"
    proc = sockctl(*command, *options, word, "both", peer.port, stdin=b"question", wrap=both)
    peer.wait()
    assert json.loads(peer.out)["source"]["port"] == port
    proc.stop()


@pytest.mark.needs("nsenter")
@SENDERS
def test_all_addresses_refuse(sockctl, both, command):
    port = unused_udp_port()
    proc = sockctl(*command, "--json", "both", port, stdin=b"question", wrap=both)
    proc.wait(5)
    told = [e for e in proc.events if e["event"] == "error"]
    assert [e["object"] for e in told] == [f"127.0.0.1:{port}"]
    assert "port unreachable, told by 127.0.0.1" in told[0]["message"]
    assert [e["remote"]["address"] for e in proc.events if e["event"] == "attempt"] == ["::1"]


@pytest.mark.needs("nsenter")
@SENDERS
def test_an_address_that_has_answered_is_final(sockctl, both, command):
    """What it refuses later is not sent to others, who would get it out of its context."""
    first = sockctl("listen", "-u", "::1", 0, stdin=PIPE, wrap=both)
    first.wait_err("listening")
    second = sockctl("udp-recv", "127.0.0.1", first.port, stdin=DEVNULL, wrap=both)
    second.wait_err("listening")
    framing = [] if command[0] == "connect" else ["--block", 8]
    command = [word for word in command if word != "--whole"]
    proc = sockctl(*command, *framing, "both", first.port, stdin=PIPE, wrap=both)
    proc.stdin.write(b"question")
    first.wait_out(8)
    first.stdin.write(b"answer")
    proc.wait_out(6)
    first.stop()
    proc.stdin.write(b"another.")
    proc.fails(7 if command[0] == "connect" else 5, "port unreachable, told by ::1")
    second.stop()
    assert second.out == b""


@pytest.mark.needs("nsenter")
@SENDERS
def test_more_than_is_kept_is_not_sent_again(sockctl, both, command):
    """Part of it would be lost without a word: the refusal is told instead."""
    first = sockctl("udp-recv", "--count", 40, "::1", 0, stdin=DEVNULL, wrap=both)
    first.wait_err("listening")
    second = sockctl("udp-recv", "127.0.0.1", first.port, stdin=DEVNULL, wrap=both)
    second.wait_err("listening")
    framing = [] if command[0] == "connect" else ["--block", 4000]
    command = [word for word in command if word != "--whole"]
    proc = sockctl(*command, *framing, "both", first.port, stdin=PIPE, wrap=both)
    for i in range(40):
        proc.stdin.write(bytes(4000))
        first.wait_out(4000 * (i + 1))
    first.wait()
    proc.stdin.write(bytes(4000))
    proc.fails(5, "port unreachable, told by ::1")
    second.stop()
    assert second.out == b""


@pytest.mark.needs("dnsmasq")
@SENDERS
def test_a_host_that_cannot_be_reached_is_left(sockctl, network, command):
    network.far.do(f"route add unreachable {HOLE6}/128")
    with network.names(both=[HOLE6, FAR4]), network.far.within(udp, FAR4, 5000) as peer:
        proc = sockctl(*command, "-v", "both.test", 5000, stdin=b"question", wrap=network.wrap)
        assert peer.recv(100) == b"question"
        proc.wait_err(rf"\[{HOLE6}\]:5000: Network is unreachable: no route, told by {FAR6}")
        proc.stop()


def test_nobody_there_any_more(sockctl):
    with udp() as peer:
        proc = sockctl("connect", "-u", "127.0.0.1", port_of(peer), stdin=PIPE)
        proc.stdin.write(b"question")
        peer.sendto(b"answer", peer.recvfrom(100)[1])
        proc.wait_out(6)
    proc.stdin.write(b"another")
    proc.fails(7, "port unreachable, told by 127.0.0.1")
    assert proc.out == b"answer"


def is_drained(port):
    """True if no datagram waits in the socket of that port of IPv4."""
    with open("/proc/net/udp", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    return any(row[1].endswith(f":{port:04X}") and row[4].endswith(":00000000") for row in rows)


@pytest.fixture
def full():
    """An output that takes nothing."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(writer, bytes(4096))
    os.set_blocking(writer, True)
    yield writer
    os.close(writer)
    os.close(reader)


def test_nobody_there_while_the_output_is_full(sockctl, full):
    with udp() as peer:
        proc = sockctl("connect", "-u", "127.0.0.1", port_of(peer), stdin=PIPE, stdout=full)
        proc.stdin.write(b"question")
        source = peer.recvfrom(100)[1]
        peer.sendto(b"answer", source)
        wait_for(lambda: is_drained(source[1]), "the answer taken")
    proc.stdin.write(b"another")
    proc.fails(7, "port unreachable, told by 127.0.0.1")


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


@pytest.mark.parametrize("sent", [1, 2])
def test_count_or_silence_ends_a_listener(listen, peers, sent):
    """With --until idle neither is a failure."""
    silence = "100ms" if sent < 2 else "1h"
    proc = listen("--count", "2", "--until", "idle", "--idle-timeout", silence)
    peer = peers()
    for _ in range(sent):
        peer.sendto(b"x", ("127.0.0.1", proc.port))
    proc.wait(0)
    assert proc.out == b"x" * sent


def test_count_of_datagrams_is_not_of_peers(sockctl):
    """One of them goes to a descriptor, which serves one connection."""
    own, other = socket.socketpair()
    with own, other:
        proc = sockctl("listen", "-u", "--count", "2", "--forward", f"fd:{other.fileno()}",
                       "127.0.0.1", "0", fds=[other.fileno()])
        proc.wait_err("listening")
        proc.stop()


def test_many_peers_are_idle_after_a_while(listen):
    """The time that --until idle goes with need not be given."""
    listen("-k", "--until", "idle").stop()


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


def test_a_peer_that_has_left_while_the_output_is_full(listen, peers, full):
    """Its error is its own: the socket, which all share, was asked for it before."""
    proc = listen(stdout=full)
    peer = peers()
    peer.sendto(b"question", ("127.0.0.1", proc.port))
    wait_for(lambda: is_drained(proc.port), "the question taken")
    peer.close()
    proc.stdin.write(b"answer")
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


def test_a_unix_peer_is_one_peer(sockctl, tmp_path):
    """No address of ours that it has sent to tells its datagrams apart."""
    path = tmp_path / "socket"
    proc = sockctl("listen", "-u", "-k", "--json", path, "--exec", "cat", stdin=DEVNULL)
    proc.wait_err("listening")
    with unix_datagram(tmp_path / "peer") as peer:
        for _ in range(4):
            peer.sendto(b"hello", str(path))
            assert peer.recv(100) == b"hello"
    proc.stop()
    assert proc.err.count('"accepted"') == 1


def test_nobody_knows_which_process_sends(sockctl, tmp_path):
    path = tmp_path / "socket"
    proc = sockctl("listen", "-u", "-k", "--json", path, "--exec", "env; cat", stdin=DEVNULL)
    proc.wait_err("listening")
    with unix_datagram(tmp_path / "peer") as peer:
        peer.sendto(b"hello", str(path))
        environment = b""
        while b"hello" not in environment:
            environment += peer.recv(65536)
    proc.stop()
    assert b"UNIXREMOTEPATH=" in environment and b"UNIXREMOTEPID=" not in environment
    assert [event.keys() & {"pid", "uid", "gid"} for event in proc.events
            if event["event"] == "accepted"] == [set()]


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
    assert "1 answer to reflectors" in proc.err


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


@pytest.mark.parametrize("host", HOSTS)
def test_what_a_program_writes_is_split(listen, peers, host):
    """Also where one read brings more than fits a datagram."""
    proc = listen("-k", host=host, last=("--exec", "read -r _; dd if=/dev/zero bs=150000 count=1; exec cat"))
    peer = peers(host)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    peer.sendto(b"go\n", (host, proc.port))
    sizes = []
    while sum(sizes) < 150000:
        sizes.append(len(peer.recv(65536)))
    assert sum(sizes) == 150000
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


# What is said at the end of a peer


@pytest.mark.parametrize("host", HOSTS)
def test_the_answer_to_the_last_that_is_counted_is_sent(listen, peers, host):
    for _ in range(5):
        proc = listen("--count", "2", host=host, last=("--exec", "cat"))
        peer = peers(host)
        for text in (b"one", b"two"):
            peer.sendto(text, (host, proc.port))
            assert peer.recv(100) == text
        proc.wait()


def test_what_comes_after_the_last_that_is_counted_is_nobodys(listen, peers, tmp_path):
    os.mkfifo(tmp_path / "go")
    proc = listen("-v", "--count", "2",
                  last=("--exec", f"wc -c; read -r word <{tmp_path}/go; echo $word"))
    peer = peers()
    for text in (b"one", b"three"):
        peer.sendto(text, ("127.0.0.1", proc.port))
    assert peer.recv(100) == b"8\n"
    peer.sendto(b"more", ("127.0.0.1", proc.port))
    (tmp_path / "go").write_bytes(b"last\n")
    assert peer.recv(100) == b"last\n"
    proc.wait()
    assert "datagrams of others: 1 " in proc.err
    assert "8 bytes received" in proc.err


@pytest.mark.parametrize("words, status", [
    (["-k", "--count", "1"], 0),
    (["--until", "idle"], 0),
    ([], 6),
])
def test_what_a_program_says_at_the_end_of_its_input_is_sent(listen, peers, words, status):
    proc = listen("--idle-timeout", "200ms", *words, last=("--exec", "wc -c"))
    peer = peers()
    peer.sendto(b"question", ("127.0.0.1", proc.port))
    assert peer.recv(100) == b"8\n"
    proc.wait(status)
    assert ("idle for too long" in proc.err) == (status == 6)


@pytest.mark.parametrize("words", [["-k", "--count", "1"], ["--until", "idle"]])
def test_a_program_that_says_nothing_at_the_end_of_its_input_is_hung_up(listen, peers, words):
    proc = listen("-v", "--idle-timeout", "100ms", *words, last=("--exec", "exec sleep 1000"))
    peers().sendto(b"question", ("127.0.0.1", proc.port))
    proc.wait()
    assert "killed by SIGHUP" in proc.err


def test_connecting_until_silence_sends_what_a_program_says_then(sockctl):
    with udp() as peer:
        proc = sockctl("connect", "-u", "--until", "idle", "--idle-timeout", "200ms", "127.0.0.1",
                       port_of(peer), "--exec", "echo begin; wc -c", stdin=DEVNULL)
        data, source = peer.recvfrom(100)
        assert data == b"begin\n"
        peer.sendto(b"question", source)
        assert peer.recv(100) == b"8\n"
        proc.wait()


# listen --udp --forward


class Answers:
    """Answers each datagram with what it says between brackets."""

    def __init__(self, host="127.0.0.1"):
        self.socket = udp(host)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.port = port_of(self.socket)
        self.task = Task(self.run)

    def run(self):
        while True:
            data, source = self.socket.recvfrom(65536)
            if data == b"end":
                return
            self.socket.sendto(b"<" + data + b">", source)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with socket.socket(self.socket.family, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"end", self.socket.getsockname())
        self.task.result()
        self.socket.close()


@pytest.mark.parametrize("host", HOSTS)
def test_forward_keeps_boundaries(listen, peers, host):
    with Answers(host) as target:
        at = f"[{host}]" if ":" in host else host
        proc = listen("-k", host=host, last=("--forward", f"{at}:{target.port}"))
        peer = peers(host)
        texts = [b"one", b"", b"three\n", os.urandom(LARGEST[host] - 2), b"end of it"]
        for text in texts:
            peer.sendto(text, (host, proc.port))
            assert peer.recv(65536) == b"<" + text + b">"
        proc.stop()


@pytest.mark.parametrize("view", [["--hex"], ["--stats"]])
def test_forward_that_is_looked_at(listen, peers, view):
    with Answers() as target:
        proc = listen("-k", *view, last=("--forward", f"127.0.0.1:{target.port}"))
        peer = peers()
        for text in (b"one", b"", b"three"):
            peer.sendto(text, ("127.0.0.1", proc.port))
            assert peer.recv(100) == b"<" + text + b">"
        proc.stop()
    if view == ["--hex"]:
        assert "three" in proc.err and "<three>" in proc.err


def test_forward_between_families_and_unix(listen, peers, tmp_path):
    path = tmp_path / "socket"
    with unix_datagram(path) as target:
        proc = listen("-k", last=("--forward", path))
        peer = peers()
        for text in (b"one", b"", b"three"):
            peer.sendto(text, ("127.0.0.1", proc.port))
            data, source = target.recvfrom(100)
            assert data == text
            target.sendto(b"<" + data + b">", source)
            assert peer.recv(100) == b"<" + text + b">"
        proc.stop()


def test_forward_from_unix(sockctl, tmp_path):
    path = tmp_path / "socket"
    with Answers() as target:
        proc = sockctl("listen", "-uk", path, "--forward", f"udp:127.0.0.1:{target.port}")
        proc.wait_err("listening")
        other = sockctl("connect", "-u", "--wait", "200ms", path, stdin=b"question")
        other.wait()
        assert other.out == b"<question>"
        proc.stop()


@pytest.mark.needs("nsenter")
@pytest.mark.parametrize("sandbox", ["auto", "off"])
def test_forward_to_the_next_address(sockctl, both, sandbox):
    """The answers of both peers come from the address that does not refuse."""
    target = sockctl("udp-recv", "--echo", "127.0.0.1", 0, stdin=DEVNULL, wrap=both)
    target.wait_err("listening")
    proc = sockctl("listen", "-ukv", f"--sandbox={sandbox}", "127.0.0.1", 0, "--forward",
                   f"both:{target.port}", stdin=DEVNULL, wrap=both)
    proc.wait_err("listening")
    for text in (b"one", b"two"):
        peer = sockctl("connect", "-u", "--wait", "5s", "127.0.0.1", proc.port, stdin=text,
                       wrap=both)
        peer.wait_out(len(text))
        peer.stop()
        assert peer.out == text
    proc.stop()
    target.stop()
    assert proc.err.count("port unreachable, told by ::1") == 2
    assert proc.err.count(f" goes to 127.0.0.1:{target.port} from ") == 2


def test_what_fits_one_side_only_is_told(listen, peers):
    with Answers() as target:
        proc = listen("-k", "--idle-timeout", "200ms", host="::1",
                      last=("--forward", f"127.0.0.1:{target.port}"))
        peer = peers("::1")
        for text in (bytes(LARGEST["::1"]), b"one"):
            peer.sendto(text, ("::1", proc.port))
        assert peer.recv(100) == b"<one>"
        proc.wait_err("too long for where they were to go: 1 .EMSGSIZE")
        proc.stop()


def test_forward_to_a_stream(listen, peers, server):
    proc = listen("-kv", last=("--forward", f"tcp:127.0.0.1:{port_of(server)}"))
    assert "nothing tells any more where one ends" in proc.err
    peer = peers()
    for text in (b"one", b"two"):  # each on a connection of its own, for the first has ended
        peer.sendto(text, ("127.0.0.1", proc.port))
        with accept(server) as conn:
            assert conn.recv(100) == text
            conn.sendall(b"answer")
            assert peer.recv(100) == b"answer"
        wait_for(lambda: proc.err.count("closed ") == 1 + (text == b"two"), "the end of the peer")
    proc.stop()


def test_forward_to_a_stream_that_answers_at_the_end(listen, peers, server):
    for words in (["--count", "1"], ["-k", "--count", "1", "--idle-timeout", "200ms"]):
        proc = listen(*words, last=("--forward", f"tcp:127.0.0.1:{port_of(server)}"))
        peer = peers()
        peer.sendto(b"question", ("127.0.0.1", proc.port))
        with accept(server) as conn:
            assert receive_all(conn) == b"question"
            conn.sendall(b"answer")
        assert peer.recv(100) == b"answer"
        proc.wait()


def test_forward_of_the_last_that_is_counted_is_answered(listen, peers):
    with Answers() as target:
        proc = listen("--count", "2", last=("--forward", f"127.0.0.1:{target.port}"))
        peer = peers()
        for text in (b"one", b"two"):
            peer.sendto(text, ("127.0.0.1", proc.port))
            assert peer.recv(100) == b"<" + text + b">"
        proc.wait()


def test_forward_from_a_stream(sockctl):
    with Answers() as target:
        proc = sockctl("listen", "-k", "127.0.0.1", 0, "--forward", f"udp:127.0.0.1:{target.port}")
        with dial(proc.port) as conn:
            conn.sendall(b"question")
            half_close(conn)
            assert conn.recv(100) == b"<question>"
            assert conn.recv(100) == b""
        proc.stop()


def test_a_target_that_is_not_there(listen, peers):
    proc = listen("-kv", last=("--forward", f"127.0.0.1:{unused_udp_port()}"))
    peer = peers()
    for _ in range(2):
        before = proc.err.count("port unreachable, told by 127.0.0.1")
        peer.sendto(b"hello", ("127.0.0.1", proc.port))
        wait_for(lambda: proc.err.count("port unreachable, told by 127.0.0.1") == before + 1,
                 "the message")
    proc.stop()


def test_a_client_that_has_left_disturbs_nobody(listen, peers):
    with udp() as target:
        proc = listen("-kv", last=("--forward", f"127.0.0.1:{port_of(target)}"))
        stays, leaves = peers(), peers()
        for peer in (leaves, stays):
            peer.sendto(b"question", ("127.0.0.1", proc.port))
        sources = dict(target.recvfrom(100)[::-1] for _ in range(2))
        gone = leaves.getsockname()
        leaves.close()
        for _ in range(5):
            for source in sources:
                target.sendto(b"answer", source)
            assert stays.recv(100) == b"answer"
        proc.wait_err(rf":{gone[1]}: .*port unreachable")
        proc.stop()


def test_a_thousand_at_once_get_their_own_answers(listen, peers):
    if not allow_descriptors(1200):
        pytest.skip("takes 1,200 descriptors")
    with Answers() as target:
        proc = listen("-k", stdin=DEVNULL, last=("--forward", f"127.0.0.1:{target.port}"))
        crowd = [peers() for _ in range(1000)]
        for turn in range(3):
            texts = {peer: b"%d of %d" % (turn, port_of(peer)) for peer in crowd}
            for start in range(0, 1000, 100):  # what the buffers of a socket hold
                part = crowd[start:start + 100]
                for peer in part:
                    peer.sendto(texts[peer], ("127.0.0.1", proc.port))
                for peer in part:
                    assert peer.recv(100) == b"<" + texts[peer] + b">"
        proc.stop()
    assert proc.complaints == []


def test_a_flood_pushes_nobody_out(listen, peers):
    """One that sends what nobody takes loses its own, and the others are served all the while."""
    proc = listen("-k", "-m", "4", last=("--exec", "read -r how; [ $how = stop ] && kill -STOP $$; "
                                                   "exec cat"), stdin=DEVNULL)
    served = [peers() for _ in range(3)]
    for peer in served:
        peer.sendto(b"go\n", ("127.0.0.1", proc.port))
        peer.sendto(b"one", ("127.0.0.1", proc.port))
        assert peer.recv(100) == b"one"
    flooder = peers()
    flooder.sendto(b"stop\n", ("127.0.0.1", proc.port))
    for turn in range(20):
        for _ in range(20):
            flooder.sendto(bytes(60000), ("127.0.0.1", proc.port))
        for peer in served:
            peer.sendto(b"turn %d" % turn, ("127.0.0.1", proc.port))
            assert peer.recv(100) == b"turn %d" % turn
    proc.kill(15)
    proc.ended()
    assert "datagrams were lost" in proc.err


@pytest.mark.skipif(os.geteuid() != 0, reason="the kernel keeps as many datagrams for root only")
def test_what_comes_before_the_target_is_connected_is_not_lost(sockctl):
    count = 1200
    target = sockctl("udp-recv", "--count", count, "--block", "127.0.0.1", 0, stdin=DEVNULL)
    target.wait_err("listening")
    proc = sockctl("listen", "-uk", "127.0.0.1", 0, "--forward", f"127.0.0.1:{target.port}",
                   stdin=DEVNULL)
    proc.wait_err("listening")
    proc.kill(signal.SIGSTOP)
    with udp() as peer:
        for _ in range(count):
            peer.sendto(bytes(1200), ("127.0.0.1", proc.port))
    proc.kill(signal.SIGCONT)
    target.wait()
    proc.stop()
    assert len(target.out) == 1200 * count


@pytest.mark.parametrize("rounds", [1, 12])
def test_who_does_not_read_holds_up_nobody(sockctl, tmp_path, rounds):
    """What was sent in the Unix domain takes room of the one socket until it is read, also where
    those who do not read send more and more."""
    path = str(tmp_path / "socket")
    with Answers() as target, ExitStack() as stack:
        proc = sockctl("listen", "-uk", "--set", "SO_SNDBUF=32768", path, "--forward",
                       f"udp:127.0.0.1:{target.port}", stdin=DEVNULL)
        proc.wait_err("listening")
        good, *deaf = [stack.enter_context(unix_datagram(tmp_path / str(number)))
                       for number in range(150)]

        def ask():
            good.sendto(b"question", path)
            assert good.recv(100) == b"<question>"

        for _ in range(2):
            ask()
        for _ in range(rounds):
            for sock in deaf:
                sock.sendto(b"question", path)
            for _ in range(50 // rounds):
                ask()
        assert select.select(deaf, [], [], 0)[0]
        proc.kill(15)
        proc.ended()


QUESTION = struct.pack(">HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0) + b"\4host\4test\0" + b"\0\1\0\1"


@pytest.mark.needs("dnsmasq")
def test_a_question_to_a_name_server(listen, peers, tmp_path):
    port = unused_port()
    config = tmp_path / "dnsmasq.conf"
    config.write_text(f"port={port}\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\n"
                      "no-hosts\nuser=\naddress=/host.test/192.0.2.7\n")
    server = subprocess.Popen([shutil.which("dnsmasq"), "-k", "-C", config], stderr=DEVNULL)
    try:
        proc = listen("-k", last=("--forward", f"127.0.0.1:{port}"))
        peer = peers()

        def ask():
            peer.sendto(QUESTION, ("127.0.0.1", proc.port))
            return select.select([peer], [], [], 0.1)[0]  # it may still be starting

        wait_for(ask, "an answer")
        answer = peer.recv(512)
        assert answer[:2] == QUESTION[:2] and answer.endswith(socket.inet_aton("192.0.2.7"))
        proc.kill(15)
        proc.ended()
    finally:
        server.terminate()
        server.wait()
