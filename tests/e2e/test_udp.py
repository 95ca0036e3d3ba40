# SPDX-License-Identifier: ISC
"""Datagrams: boundaries, peers, answers, ends and errors of udp-send and udp-recv."""

import array
import fcntl
import json
import os
import re
import signal
import socket
import struct
import stat
import struct
import subprocess
import termios

import pytest

from harness import CLOSED, DEADLINE, DEVNULL, PIPE, wait_for
from network import FAR4, FAR6
from peers import forge, nothing_more, udp, unused_udp_port

HOST = "127.0.0.1"
LARGEST = 65507  # bytes of UDP data in an IPv4 packet
UDP_SEGMENT = 103  # <linux/udp.h>


@pytest.fixture
def recv(sockctl):
    """Starts udp-recv and waits until it is there."""

    def start(*words, place=(HOST, 0), **how):
        proc = sockctl("udp-recv", *words, *place, **how)
        proc.wait_err("listening")
        return proc

    return start


@pytest.fixture
def peer():
    """A socket of the test's own."""
    with udp() as sock:
        yield sock


def port_of(sock):
    return sock.getsockname()[1]


def take(sock, count):
    return [sock.recv(65536) for _ in range(count)]


# What becomes a datagram


def test_messages(sockctl, peer):
    sockctl("udp-send", HOST, port_of(peer), "one", "", "two\nlines").wait()
    assert take(peer, 3) == [b"one", b"", b"two\nlines"]
    assert nothing_more(peer)


@pytest.mark.parametrize("data, datagrams", [
    (b"one\ntwo\n", [b"one", b"two"]),
    (b"one\n\ntwo", [b"one", b"", b"two"]),
    (b"\n", [b""]),
    (b"\0\xff\r\n", [b"\0\xff\r"]),
    (b"", []),
])
def test_lines(sockctl, peer, data, datagrams):
    sockctl("udp-send", HOST, port_of(peer), stdin=data).wait()
    assert take(peer, len(datagrams)) == datagrams
    assert nothing_more(peer)


@pytest.mark.parametrize("size", [1, 64, 1200, 8192, LARGEST])
def test_blocks(sockctl, peer, size):
    data = os.urandom(2 * size + size // 2)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sockctl("udp-send", "--block", size, HOST, port_of(peer), stdin=data).wait()
    blocks = [data[at:at + size] for at in range(0, len(data), size)]
    assert take(peer, len(blocks)) == blocks
    assert nothing_more(peer)


def test_whole(sockctl, peer):
    data = os.urandom(9000) + b"\n\n"
    sockctl("udp-send", "--whole", HOST, port_of(peer), stdin=data).wait()
    assert take(peer, 1) == [data]
    sockctl("udp-send", "--whole", HOST, port_of(peer), stdin=DEVNULL).wait()
    assert nothing_more(peer)


def test_a_line_is_sent_when_it_is_there(sockctl, peer):
    proc = sockctl("udp-send", HOST, port_of(peer), stdin=PIPE)
    for line in (b"first", b"second"):
        proc.stdin.write(line + b"\n")
        assert take(peer, 1) == [line]
    proc.stdin.write(b"last")
    proc.stdin.close()
    assert take(peer, 1) == [b"last"]
    proc.wait()


def test_hex(sockctl, peer):
    text = b"# two of them\n68 65 6C 6c6f\n00000000: 00 ff  |..|\n00000002:\n0:\n"
    sockctl("udp-send", "--hex", HOST, port_of(peer), stdin=text).wait()
    assert take(peer, 3) == [b"hello", b"\0\xff", b""]
    sockctl("udp-send", "--hex", HOST, port_of(peer), "de ad", "BEEF").wait()
    assert take(peer, 2) == [b"\xde\xad", b"\xbe\xef"]


# Nothing is cut, nothing is added


@pytest.mark.parametrize("size", [0, 1, 1472, 1473, 8193, 9000, 16385, LARGEST])
def test_any_size_arrives_whole(recv, sockctl, size):
    data = os.urandom(size).replace(b"\n", b"\0")
    proc = recv("--count", 1)
    sockctl("udp-send", HOST, proc.port, stdin=data + b"\n").wait()
    proc.wait()
    assert proc.out == data + b"\n"


@pytest.mark.parametrize("how", ["line", "whole", "message"])
def test_one_byte_too_many_is_refused(sockctl, peer, how):
    data = b"x" * (LARGEST + 1)
    if how == "message":
        proc = sockctl("udp-send", "--hex", HOST, port_of(peer), "00" * (LARGEST + 1))
    else:
        words = ["--whole"] if how == "whole" else []
        proc = sockctl("udp-send", *words, HOST, port_of(peer), stdin=data)
    proc.fails(2 if how == "message" else 1, LARGEST + 1, LARGEST)
    assert nothing_more(peer)


def test_largest_over_ipv6(recv, sockctl):
    """The header is no part of the packet's length there: 20 bytes more (RFC 8200 section 3)."""
    data = os.urandom(LARGEST + 20)
    proc = recv("--block", "--count", 1, place=("::1", 0))
    sockctl("udp-send", "--whole", "::1", proc.port, stdin=data).wait()
    proc.wait()
    assert proc.out == data
    sockctl("udp-send", "--whole", "::1", proc.port, stdin=data + b"x").fails(
        1, LARGEST + 21, LARGEST + 20)


@pytest.mark.parametrize("place", [("::1", 0), ("unix:@sockctl-echo-{pid}",)])
def test_two_clients_of_other_families(recv, sockctl, place):
    """Each gets the answers to its own."""
    place = [str(word).format(pid=os.getpid()) for word in place]
    server = recv("--echo", place=place)
    target = place if len(place) == 1 else ("::1", server.port)
    clients = [sockctl("udp-send", "--replies", 3, *target, stdin=PIPE) for _ in range(2)]
    for turn in range(3):
        for number, client in enumerate(clients):
            client.stdin.write(b"%d of %d\n" % (turn, number))
            client.wait_out(7 * (turn + 1))
    for number, client in enumerate(clients):
        client.stdin.close()
        client.wait()
        assert client.out == b"".join(b"%d of %d\n" % (turn, number) for turn in range(3))
    server.stop()


TOO_LONG = b"x" * 70000
NO_DATAGRAMS = [
    ([], TOO_LONG, f"70000 bytes do not fit a datagram: at most {LARGEST}"),
    (["--hex"], b"00" * (LARGEST + 1), f"{LARGEST + 1} bytes do not fit a datagram"),
    (["--hex"], b"0x", "not pairs of hexadecimal digits"),
]


@pytest.mark.parametrize("words, line, told", NO_DATAGRAMS, ids=["line", "hex", "no hex"])
def test_file_is_checked_before_any_of_it_is_sent(sockctl, peer, tmp_path, words, line, told):
    """However large it is."""
    (tmp_path / "lines").write_bytes(line + b"\n" + b"aa\n" * 200000 + line + b"\naa\n")
    with open(tmp_path / "lines", "rb") as file:
        file.seek(len(line) + 1)
        proc = sockctl("udp-send", *words, HOST, port_of(peer), stdin=file)
        proc.fails(1, "standard input", f"line 200001: {told}")
    assert nothing_more(peer)


@pytest.fixture
def filled_pipe():
    """Takes bytes and returns a pipe that holds all of them, and its end to write to."""
    ends = []

    def fill(data):
        read_end, write_end = os.pipe()
        ends.extend((os.fdopen(read_end, "rb", 0), os.fdopen(write_end, "wb", 0)))
        fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 1 << 20)
        assert os.write(write_end, data) == len(data)
        return ends[-2:]

    yield fill
    for end in ends:
        end.close()


@pytest.mark.parametrize("before", [b"one\ntwo\n", b"\n" * 20000], ids=["two", "many"])
def test_what_was_read_is_checked_before_any_of_it_is_sent(sockctl, peer, filled_pipe, before):
    lines = before.count(b"\n")
    read_end, write_end = filled_pipe(before + TOO_LONG + b"\nfour\n")
    proc = sockctl("udp-send", HOST, port_of(peer), stdin=read_end)
    proc.fails(1, f"standard input: line {lines + 1}: 70000 bytes", LARGEST)
    assert nothing_more(peer)


def test_line_that_is_too_long_long_before_it_ends(sockctl, peer, filled_pipe):
    read_end, write_end = filled_pipe(b"one\n" + TOO_LONG)
    proc = sockctl("udp-send", HOST, port_of(peer), stdin=read_end)
    wait_for(lambda: not pending(read_end), "the pipe to be read")
    write_end.write(b"more\n")
    proc.fails(1, "standard input: line 2: 70004 bytes", LARGEST)
    assert nothing_more(peer)


def pending(file):
    """The bytes that a pipe holds."""
    count = array.array("i", [0])
    fcntl.ioctl(file, termios.FIONREAD, count)
    return count[0]


def test_too_long_line_that_comes_later_is_named(sockctl, peer):
    """What was sent before it was there is counted."""
    proc = sockctl("udp-send", HOST, port_of(peer), stdin=PIPE)
    proc.stdin.write(b"one\ntwo\n")
    assert take(peer, 2) == [b"one", b"two"]
    proc.stdin.write(TOO_LONG + b"\n")
    proc.fails(1, "standard input: after 2 sent: line 3: 70000 bytes", LARGEST)
    assert nothing_more(peer)


def test_too_large_block(sockctl):
    proc = sockctl("udp-send", "--block", LARGEST + 1, HOST, 9, stdin=b"x")
    proc.fails(2, "--block", LARGEST + 1, LARGEST)


def test_bad_message_among_good_ones(sockctl, peer):
    sockctl("udp-send", "--hex", HOST, port_of(peer), "00", "0x").fails(2, "0x")
    assert nothing_more(peer)


@pytest.mark.parametrize("framing", ["--hex", "--json"])
def test_bytes_survive_a_pipeline(recv, sockctl, framing):
    """udp-recv | udp-send passes on what it gets."""
    wanted = [os.urandom(length) for length in (0, 1, 15, 16, 17, 500, 1400)]
    wanted += ["\u00e4\n\0\x1b\u2028".encode(), b"\n", b"{}", b"\"\\"]
    with udp() as target, udp() as source:
        first = recv(framing, "--count", len(wanted), stdout=PIPE)
        second = sockctl("udp-send", framing, HOST, port_of(target), stdin=first.stdout)
        for data in wanted:
            source.sendto(data, (HOST, first_port(first, framing)))
        first.wait()
        second.wait()
        assert take(target, len(wanted)) == wanted
        assert nothing_more(target)


def first_port(proc, framing):
    return proc.port if framing == "--hex" else proc.events[0]["port"]


def test_json_object(recv, peer):
    proc = recv("--json", "--count", 3)
    for data in (b"text", b"", b"\xff\x00"):
        peer.sendto(data, (HOST, proc.port))
    proc.wait()
    objects = [json.loads(line) for line in proc.out.splitlines()]
    assert [o["length"] for o in objects] == [4, 0, 2]
    assert [o.get("data") for o in objects] == ["text", "", None]
    assert objects[2]["hex"] == "ff00"
    for o in objects:
        assert o["source"] == {"family": "inet", "address": HOST, "port": port_of(peer)}
        assert o["destination"] == {"family": "inet", "address": HOST, "port": proc.port}
        assert abs(o["time"] - os.stat("/proc/self").st_ctime) < 3600
        assert o["hops"] == 64


@pytest.mark.parametrize("line, word", [
    (b"{", "line 1"), (b"[]", "object"), (b"{}", "data"), (b'{"data":1}', "data"),
    (b'{"hex":"0"}', "hex"), (b'{"data":"abc","length":5}', "length"), (b"\xff", "line 1"),
])
def test_bad_json(sockctl, peer, line, word):
    sockctl("udp-send", "--json", HOST, port_of(peer), stdin=line + b"\n").wait(1)
    proc = sockctl("udp-send", "--json", HOST, port_of(peer), stdin=line + b"\n")
    proc.wait(1)
    errors = [e["message"] for e in proc.events if e["event"] == "error"]
    assert len(errors) == 1 and word in errors[0]
    assert nothing_more(peer)


def test_block_output(recv, peer):
    proc = recv("--block", "--count", 2)
    for data in (b"ab\n", b"cd"):
        peer.sendto(data, (HOST, proc.port))
    proc.wait()
    assert proc.out == b"ab\ncd"


def test_whole_output(recv, peer):
    proc = recv("--whole")
    peer.sendto(b"ab\n", (HOST, proc.port))
    proc.wait()
    assert proc.out == b"ab\n"


def test_hex_output(recv, peer):
    proc = recv("--hex", "--count", 1)
    peer.sendto(b"0123456789abcdef\x1b", (HOST, proc.port))
    proc.wait()
    header, *dump = proc.out.decode().splitlines()
    assert f"{HOST}:{port_of(peer)} > {HOST}:{proc.port}" in header and "length 17" in header
    assert dump == [
        "00000000: 30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|",
        "00000010: 1b                                                |.|",
        "00000011:",
    ]


# Whose datagrams count


@pytest.mark.parametrize("words", [["--echo"], ["--reply", "pong"], []])
def test_two_clients_in_turn(recv, words):
    """Nobody is locked out, and each gets the answers to its own."""
    proc = recv(*words)
    with udp() as a, udp() as b:
        for turn in range(3):
            for name, sock in (("a", a), ("b", b)):
                text = f"{name}{turn}".encode()
                sock.sendto(text, (HOST, proc.port))
                if words:
                    assert take(sock, 1) == [text if words == ["--echo"] else b"pong"]
        proc.wait_out(6 * 3)
    proc.stop(signal.SIGINT)
    assert proc.out == b"a0\nb0\na1\nb1\na2\nb2\n"


def test_empty_datagram_ends_nothing(recv, peer):
    proc = recv("--echo")
    for data in (b"before", b"", b"after"):
        peer.sendto(data, (HOST, proc.port))
        assert take(peer, 1) == [data]
    proc.wait_out(len(b"before\n\nafter\n"))
    proc.stop()
    assert proc.out == b"before\n\nafter\n"


def test_connected_receiver_keeps_its_first_peer(recv, peer):
    proc = recv("--connected", "--echo", "-v")
    peer.sendto(b"mine", (HOST, proc.port))
    assert take(peer, 1) == [b"mine"]
    with udp() as other:
        other.connect((HOST, proc.port))
        other.send(b"other")
        with pytest.raises(ConnectionRefusedError):
            other.recv(100)
    peer.sendto(b"again", (HOST, proc.port))
    assert take(peer, 1) == [b"again"]
    proc.stop()
    assert proc.out == b"mine\nagain\n"


def test_second_receiver_is_refused(recv, sockctl):
    first = recv()
    sockctl("udp-recv", HOST, first.port).fails(5, "EADDRINUSE", first.port)
    first.stop()


def test_reflectors_are_not_answered(recv, network):
    """An answer to the echo service would never end."""
    proc = network.near
    server = recv("--echo", "-v", place=("5000",), wrap=network.wrap)

    def ask(port):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(DEADLINE)
            sock.bind((HOST, port))
            sock.sendto(b"x", (HOST, 5000))
            return sock.recv(10) if port > 1024 else nothing_more(sock)

    for port in (7, 13, 17, 19, 37):
        proc.within(ask, port)
        server.wait_err(f"127.0.0.1:{port} is not answered")
    assert proc.within(ask, 2000) == b"x"
    server.stop()


@pytest.mark.parametrize("words", [["--echo"], ["--reply", "x"]], ids=lambda words: words[0])
@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.2"])
def test_own_port_is_not_answered(sockctl, peer, words, source):
    """Bound to all addresses it has many, and an answer to one of them would never end."""
    proc = sockctl("udp-recv", "-v", *words, "--stats", "0")
    forge((source, proc.port), (HOST, proc.port), b"loop")
    proc.wait_err(rf"{source}:{proc.port} is not answered")
    peer.sendto(b"x", (HOST, proc.port))
    assert peer.recv(10) == b"x"
    proc.stop()
    assert proc.out == b"loop\nx\n"


# Ends


def test_count(recv, peer):
    proc = recv("--count", 2)
    for data in (b"1", b"2", b"3"):
        peer.sendto(data, (HOST, proc.port))
    proc.wait()
    assert proc.out == b"1\n2\n"


@pytest.mark.parametrize("count", range(1, 7))
def test_count_that_ends_inside_a_coalesced_piece(recv, peer, count):
    """The kernel hands several datagrams over in one piece, of which only the first are wanted."""
    segments = [(socket.SOL_UDP, UDP_SEGMENT, struct.pack("H", 2))]
    proc = recv("--count", count, "--stats")
    for piece in (b"0a1b", b"2c3d4e5f6g"):
        peer.sendmsg([piece], segments, 0, (HOST, proc.port))
    proc.wait()
    assert proc.out == b"0a\n1b\n2c\n3d\n4e\n5f\n6g\n"[:3 * count]
    assert f"received {count} datagram" in proc.lines[-1]


def test_timeout(recv):
    assert recv("--timeout", "0.3").wait(6) < 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_statistics_at_the_end(recv, peer, number):
    proc = recv("--stats")
    for _ in range(3):
        peer.sendto(b"12345", (HOST, proc.port))
    proc.wait_out(18)
    proc.stop(number)
    assert "received 3 datagrams, 15 bytes" in proc.lines[-1]
    assert "0 truncated, 0 dropped" in proc.lines[-1]


def test_sender_statistics(sockctl, peer):
    proc = sockctl("udp-send", "--stats", HOST, port_of(peer), "12345", "678")
    proc.wait()
    assert "sent 2 datagrams, 8 bytes" in proc.err


@pytest.mark.parametrize("words, least", [
    (["--interval", "100ms"], 0.2), (["--rate", "4"], 0.5), (["--rate", "2.5"], 0.8),
])
def test_pace(sockctl, peer, words, least):
    """Never faster than asked for."""
    proc = sockctl("udp-send", *words, HOST, port_of(peer), "one", "two", "three")
    assert proc.wait() >= least
    assert take(peer, 3) == [b"one", b"two", b"three"]


@pytest.mark.parametrize("words", [[], ["--connected"]])
def test_end_of_input_ends_the_sender(sockctl, peer, words):
    assert sockctl("udp-send", *words, HOST, port_of(peer), stdin=b"x\n").wait() < 10


def test_replies_are_printed(sockctl, recv):
    server = recv("--reply", "pong")
    proc = sockctl("udp-send", "--replies", 2, HOST, server.port, "a", "b")
    proc.wait()
    assert proc.out == b"pong\npong\n"
    proc = sockctl("udp-send", "--wait", "0.3", HOST, server.port, "a")
    assert 0.3 <= proc.wait() < 10
    assert proc.out == b"pong\n"
    server.stop()


def test_missing_reply(sockctl, peer):
    proc = sockctl("udp-send", "--wait", "0.2", "--replies", 1, HOST, port_of(peer), "a")
    proc.fails(6, "0 of 1 replies")


def test_reply_that_comes_while_sending(sockctl, peer):
    proc = sockctl("udp-send", "--replies", 2, HOST, port_of(peer), stdin=PIPE)
    for text in (b"one", b"two"):
        proc.stdin.write(text + b"\n")
        data, address = peer.recvfrom(100)
        peer.sendto(data.upper(), address)
    proc.stdin.close()
    proc.wait()
    assert proc.out == b"ONE\nTWO\n"


@pytest.mark.parametrize("word, answer", [("00ff0d", b"\0\xff\r"), ("0x00:ff", b"\0\xff"), ("", b"")])
def test_reply_of_bytes(recv, peer, word, answer):
    proc = recv("--reply-hex", word, "--count", 1)
    peer.sendto(b"?", (HOST, proc.port))
    assert peer.recv(100) == answer
    proc.wait()


def test_reply_of_no_bytes(sockctl):
    proc = sockctl("udp-recv", "--reply-hex", "0f0", 0)
    proc.fails(2, "--reply-hex", "'0f0' is not pairs of hexadecimal digits")


# Errors


@pytest.mark.needs("ip", "unshare", "nsenter")
@pytest.mark.parametrize("host, option, most", [
    (FAR4, "IP_MTU_DISCOVER=IP_PMTUDISC_DO", 1472),
    (FAR6, "IPV6_MTU_DISCOVER=IPV6_PMTUDISC_DO", 1452),
])
@pytest.mark.parametrize("connected", [[], ["--connected"]], ids=["", "connected"])
@pytest.mark.parametrize("source", ["line", "message"])
def test_packet_that_must_not_be_split(sockctl, network, host, option, most, connected, source):
    data = ["x", "y" * 1400, "z" * 2000]
    stdin = "\n".join(data).encode() if source == "line" else None
    with network.far.within(udp, host, 5000):  # or the port would be told to be unreachable
        proc = sockctl("udp-send", "-o", option, *connected, host, 5000,
                       *(data if source == "message" else []), stdin=stdin, wrap=network.wrap)
        proc.fails(5, f"after 2 sent: {source} 3: 2000 bytes do not fit a packet, at most {most} do: "
                      "Message too long", "(EMSGSIZE)")


def test_closed_port(sockctl):
    port = unused_udp_port()
    sockctl("udp-send", HOST, port, "x").wait()
    proc = sockctl("udp-send", "--connected", HOST, port, "x")
    proc.fails(5, "ECONNREFUSED", f"{HOST}:{port}")


@pytest.mark.parametrize("host", [HOST, "::1"])
@pytest.mark.parametrize("words", [["--connected"], ["--wait", 20], ["--replies", 1]])
def test_what_comes_back_is_told_with_who_says_so(sockctl, host, words):
    proc = sockctl("udp-send", *words, host, unused_udp_port(), "x")
    proc.fails(5, f"after 1 sent: Connection refused: port unreachable, told by {host}",
               "(ECONNREFUSED)")


def test_closed_port_while_waiting(sockctl, peer):
    proc = sockctl("udp-send", "--connected", "--wait", 20, HOST, port_of(peer), stdin=PIPE)
    proc.stdin.write(b"one\n")
    assert take(peer, 1) == [b"one"]
    peer.close()
    proc.stdin.write(b"two\n")
    proc.stdin.close()
    assert proc.fails(5, "ECONNREFUSED") < 10


def test_connected_client_that_leaves(recv, peer):
    proc = recv("--connected", "--echo")
    peer.sendto(b"x", (HOST, proc.port))
    assert take(peer, 1) == [b"x"]
    os.kill(proc.pid, signal.SIGSTOP)
    peer.sendto(b"y", (HOST, proc.port))
    port = port_of(peer)
    peer.close()
    os.kill(proc.pid, signal.SIGCONT)
    proc.fails(7, "ECONNREFUSED", port, f"port unreachable, told by {HOST}")
    assert proc.out == b"x\ny\n"


@pytest.mark.parametrize("port", [9, 53])
def test_connecting_to_a_broadcast_address(sockctl, port):
    proc = sockctl("udp-send", "--connected", "255.255.255.255", port, "x")
    proc.fails(5, "255.255.255.255", "needs --broadcast (EACCES)")


def test_unknown_name(sockctl, namespaces):
    sockctl("udp-send", "nosuchname.test", 5, "x",
            wrap=namespaces("nxdomain")).fails(3, "nosuchname.test")
    sockctl("udp-recv", "nosuchname.test", 5, wrap=namespaces("nxdomain")).fails(3, "nosuchname")
    sockctl("udp-send", "nosuchname.test", 5, "x",
            wrap=namespaces("servfail")).fails(4, "nosuchname.test")


def test_unknown_service(sockctl):
    sockctl("udp-send", HOST, "nosuchservice", "x").fails(3, "nosuchservice")


@pytest.mark.parametrize("words, named", [
    ("udp-send", "HOST"),
    ("udp-send 127.0.0.1", "127.0.0.1"),
    ("udp-send 127.0.0.1 0 x", "'0'"),
    ("udp-send 127.0.0.1 65536 x", "65536"),
    ("udp-send 127.0.0.1 +80 x", "+80"),
    ("udp-send --block 0 127.0.0.1 9", "--block"),
    ("udp-send --block 1x 127.0.0.1 9", "1x"),
    ("udp-send --block 10 127.0.0.1 9 message", "--block"),
    ("udp-send --whole 127.0.0.1 9 message", "--whole"),
    ("udp-send --block 10 --whole 127.0.0.1 9", "--whole"),
    ("udp-send --rate 0 127.0.0.1 9 x", "--rate"),
    ("udp-send --rate 0.0 127.0.0.1 9 x", "--rate"),
    ("udp-send --rate .5 127.0.0.1 9 x", "'.5'"),
    ("udp-send --rate 5. 127.0.0.1 9 x", "'5.'"),
    ("udp-send --rate 1.2.3 127.0.0.1 9 x", "'1.2.3'"),
    ("udp-send --rate 0.1234 127.0.0.1 9 x", "0.1234"),
    ("udp-send --rate 2000000000 127.0.0.1 9 x", "up to 1000000000"),
    ("udp-send --rate 2 --interval 1 127.0.0.1 9 x", "--interval"),
    ("udp-send --rate fast 127.0.0.1 9 x", "fast"),
    ("udp-send --repeat 0 127.0.0.1 9 x", "--repeat"),
    ("udp-send --ttl 256 127.0.0.1 9 x", "256"),
    ("udp-send --bind nowhere 127.0.0.1 9 x", "nowhere"),
    ("udp-send --bind ::1 -4 localhost 9 x", "no IPv4 address"),
    ("udp-send --bind unix:/x -6 localhost 9 x", "no IPv6 address"),
    ("udp-send --bind 127.0.0.1:5 --source-port 6 127.0.0.1 9 x", "--source-port"),
    ("udp-send --rat 5 127.0.0.1 9 x", "--rate"),
    ("udp-recv", "PORT"),
    ("udp-recv 127.0.0.1 5 6", "6"),
    ("udp-recv 80abc", "80abc"),
    ("udp-recv --count 0 5000", "--count"),
    ("udp-recv --reply x --echo 5000", "--echo"),
    ("udp-recv --hex --json 5000", "--json"),
    ("udp-recv --buffer 0 5000", "--buffer"),
    ("udp-recv --join 10.0.0.1 5000", "10.0.0.1"),
    ("udp-recv --join 239.0.0.1%nosuchinterface 5000", "nosuchinterface"),
    ("udp-recv --join 239.0.0.1,x 5000", "239.0.0.1,x"),
    ("udp-recv --join 239.0.0.1,::1 5000", "239.0.0.1,::1"),
    ("udp-recv --join 239.0.0.1 127.0.0.1 0", "leave out the host"),
    ("udp-recv --join 239.0.0.1 -6 0", "the family"),
    ("udp-recv --join ff15::1 -4 0", "the family"),
    ("udp-recv --join 239.0.0.2 239.0.0.1 0", "leave out the host"),
    ("udp-recv --interface averyveryverylongname 5000", "averyveryverylongname"),
    ("raw-send 127.0.0.1", "PROTOCOL"),
    ("raw-send 127.0.0.1 256 x", "256"),
    ("raw-recv 127.0.0.1 icmp x", "'x'"),
])
def test_wrong_command_line(sockctl, words, named):
    proc = sockctl(*words.split(), stdin=DEVNULL)
    proc.wait(2)
    assert 1 <= len(proc.lines) <= 2 and named in proc.err, proc.describe()


def test_unreadable_input(sockctl, tmp_path, peer):
    directory = os.open(tmp_path, os.O_RDONLY)
    sockctl("udp-send", HOST, port_of(peer), stdin=directory).fails(1, "EISDIR")
    os.close(directory)


# stdin and stdout


def test_full_disk(recv, peer):
    with open("/dev/full", "wb") as full:
        proc = recv("--count", 5, stdout=full)
    peer.sendto(b"x", (HOST, proc.port))
    proc.fails(1, "ENOSPC")


@pytest.mark.parametrize("idle", [True, False])
def test_reader_that_goes_away(recv, peer, idle):
    proc = recv(stdout=PIPE)
    peer.sendto(b"x", (HOST, proc.port))
    assert proc.stdout.read(2) == b"x\n"
    proc.stdout.close()
    proc.stdout = None
    if not idle:
        peer.sendto(b"y", (HOST, proc.port))
    proc.wait(141)
    assert not proc.complaints


def test_closed_descriptors(recv, sockctl, peer):
    sockctl("udp-send", HOST, port_of(peer), "x", stdin=CLOSED, stdout=CLOSED).wait()
    assert take(peer, 1) == [b"x"]
    sockctl("udp-send", HOST, port_of(peer), stdin=CLOSED).wait()
    assert nothing_more(peer)
    proc = recv("--count", 1, stdin=CLOSED, stdout=CLOSED)
    peer.sendto(b"x", (HOST, proc.port))
    proc.fails(1, "standard output")


@pytest.mark.parametrize("kind", ["file", "pipe", "socket", "terminal"])
def test_output_of_any_kind(recv, peer, tmp_path, kind):
    if kind == "file":
        with open(tmp_path / "out", "w+b") as file:
            proc = recv("--count", 2, stdout=file)
            for data in (b"one", b"two"):
                peer.sendto(data, (HOST, proc.port))
            proc.wait()
            file.seek(0)
            assert file.read() == b"one\ntwo\n"
        return
    if kind == "terminal":
        read_fd, write_fd = os.openpty()
    elif kind == "pipe":
        read_fd, write_fd = os.pipe()
    else:
        ends = socket.socketpair()
        read_fd, write_fd = (end.detach() for end in ends)
    before = os.get_blocking(write_fd)
    proc = recv("--count", 1, stdout=write_fd)
    peer.sendto(b"one", (HOST, proc.port))
    proc.wait()
    assert os.get_blocking(write_fd) == before
    assert os.read(read_fd, 100).replace(b"\r", b"") == b"one\n"
    os.close(write_fd)
    os.close(read_fd)


# Addresses


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_every_address(sockctl, recv, address):
    proc = recv("--count", 1, place=("0",))
    sockctl("udp-send", address, proc.port, "x").wait()
    proc.wait()
    assert proc.out == b"x\n"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_localhost_is_both(sockctl, recv, namespaces, address):
    proc = recv("--count", 1, place=("localhost:0",), wrap=namespaces("hosts"))
    proc.wait_err(r"listening on \[::1\]")
    proc.wait_err("listening on 127.0.0.1")
    sockctl("udp-send", address, proc.port, "x").wait()
    proc.wait()
    assert proc.out == b"x\n"


@pytest.mark.parametrize("family, address", [("-4", "::1"), ("-6", "127.0.0.1")])
def test_wrong_family(sockctl, family, address):
    sockctl("udp-send", family, address, 9, "x").fails(3, address)


def test_source_address_and_port(sockctl, peer):
    port = unused_udp_port()
    for words in (["--bind", f"127.0.0.2:{port}"],
                  ["--bind", "127.0.0.2", "--source-port", port]):
        sockctl("udp-send", *words, HOST, port_of(peer), "x").wait()
        assert peer.recvfrom(10) == (b"x", ("127.0.0.2", port))
    sockctl("udp-send", "--bind", "192.0.2.1", HOST, port_of(peer), "x").fails(
        5, "from 192.0.2.1: Cannot assign")


def test_answer_comes_from_the_address_that_was_asked(recv):
    """As a client that is connected wants it, on a machine with many addresses."""
    proc = recv("--echo", place=("0",))
    with udp() as sock:
        sock.connect(("127.0.0.3", proc.port))
        sock.send(b"x")
        assert take(sock, 1) == [b"x"]
    proc.stop()


@pytest.mark.parametrize("name", ["unix:{}", "unix:@sockctl-{pid}", "{}"])
def test_unix(sockctl, tmp_path, name):
    path = tmp_path / "socket"
    place = name.format(path, pid=os.getpid())
    proc = sockctl("udp-recv", "--echo", "--count", 2, place)
    proc.wait_err("listening on unix:")
    client = sockctl("udp-send", "--replies", 1, place, "ping")
    client.wait()
    assert client.out == b"ping\n"
    named = tmp_path / "client"
    client = sockctl("udp-send", "--bind", f"unix:{named}", "--replies", 1, place, "again")
    client.wait()
    proc.wait()
    assert proc.out == b"ping\nagain\n"
    assert not os.listdir(tmp_path)


def test_unix_sender_without_a_name(sockctl, tmp_path):
    """Nobody can answer it, which is told; what it said is received."""
    proc = sockctl("udp-recv", "--echo", "--count", 1, tmp_path / "socket")
    proc.wait_err("listening")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"x", str(tmp_path / "socket"))
        proc.fails(7, "no address to answer to")
    assert proc.out == b"x\n"


def test_failures_that_strangers_provoke_are_counted(sockctl, tmp_path):
    """One line when it happens first, one at the end, however many there are."""
    proc = sockctl("udp-recv", "--reply", "no", "--count", 200, tmp_path / "socket")
    proc.wait_err("listening")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        for _ in range(200):
            sock.sendto(b"x", str(tmp_path / "socket"))
    proc.wait(7)
    assert proc.complaints == ["sockctl: udp-recv: a sender has no address to answer to",
                               "sockctl: udp-recv: a sender has no address to answer to, "
                               "and 199 more like it"]


def forge(source, destination, data):
    """A UDP datagram with any source address and port, without a checksum."""
    udp = struct.pack("!HHHH", source[1], destination[1], 8 + len(data), 0) + data
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                         socket.inet_aton(source[0]), socket.inet_aton(destination[0]))
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        raw.sendto(header + udp, (destination[0], 0))


def test_senders_without_a_port_are_not_answered(recv):
    proc = recv("--echo", "--count", 4)
    try:
        for last in range(2, 6):
            forge((f"127.0.0.{last}", 0), (HOST, proc.port), b"x")
    except PermissionError:
        proc.popen.kill()
        pytest.skip("raw sockets take privilege")
    proc.wait(7)
    assert proc.out == b"x\n" * 4
    assert proc.complaints == [
        "sockctl: udp-recv: 127.0.0.2:0: a sender has no port to answer to",
        "sockctl: udp-recv: 127.0.0.2:0: a sender has no port to answer to, and 3 more like it"]


def test_unix_sender_that_reads_no_answers(sockctl, tmp_path):
    """The answers that it has no room for are lost, which is told, and hold nobody up."""
    proc = sockctl("udp-recv", "--echo", "--count", 300, tmp_path / "socket")
    proc.wait_err("listening")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(DEADLINE)
        sock.bind(str(tmp_path / "deaf"))
        for _ in range(300):
            sock.sendto(b"x", str(tmp_path / "socket"))
        proc.wait(7)
    assert proc.out == b"x\n" * 300
    assert all("deaf: an answer was lost" in line for line in proc.complaints)
    assert len(proc.complaints) == 2 and " more like it" in proc.complaints[1]


@pytest.mark.parametrize("words", [
    ["udp-recv"], ["udp-recv", "--json"], ["udp-recv", "--block"], ["udp-recv", "--echo"],
    ["echo", "--udp"]], ids=" ".join)
def test_descriptors_that_come_along_are_closed(sockctl, tmp_path, words):
    path = str(tmp_path / "socket")
    proc = sockctl(*words, path)
    proc.wait_err("listening")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "sender"))
        sock.settimeout(DEADLINE)
        before = proc.descriptors()
        reader, writer = os.pipe()
        for _ in range(20):
            sock.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                   struct.pack("5i", *[writer] * 5))], 0, path)
            if "echo" in words or "--echo" in words:
                answer, fds, _, _ = socket.recv_fds(sock, 10, 10)
                assert (answer, fds) == (b"x", [])
        os.close(writer)
        assert os.read(reader, 1) == b""  # nobody holds the other end
        os.close(reader)
        assert proc.descriptors() == before
    proc.stop()


def test_notification_with_a_barrier(sockctl, tmp_path):
    """systemd-notify(1) waits until the receiver has closed the descriptor that it passes."""
    path = tmp_path / "socket"
    proc = sockctl("udp-recv", "--count", 2, path)
    proc.wait_err("listening")
    notify = sockctl("--ready", program="systemd-notify", env={**os.environ, "NOTIFY_SOCKET": path})
    notify.wait()
    proc.wait()
    assert b"READY=1" in proc.out


def test_unix_path_is_kept_and_replaced(sockctl, tmp_path):
    path = tmp_path / "socket"
    path.write_text("precious")
    sockctl("udp-recv", path).fails(5, "a regular file", "EADDRINUSE")
    assert path.read_text() == "precious"
    path.unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(path))
    proc = sockctl("udp-recv", "--mode", "620", path)
    proc.wait_err("listening")
    assert stat.S_IMODE(path.stat().st_mode) == 0o620
    sockctl("udp-recv", path).fails(5, "EADDRINUSE")
    proc.stop()
    assert not path.exists()


def test_unix_sender_waits_for_a_slow_receiver(sockctl, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(DEADLINE)
        sock.bind(str(tmp_path / "socket"))
        proc = sockctl("udp-send", "--block", 1000, tmp_path / "socket", stdin=bytes(10**6))
        assert len(take(sock, 1000)) == 1000
        proc.wait()


def test_unix_largest(sockctl, tmp_path):
    proc = sockctl("udp-recv", "--block", "--count", 1, tmp_path / "socket")
    proc.wait_err("listening")
    data = os.urandom(200000)
    sockctl("udp-send", "--whole", tmp_path / "socket", stdin=data).wait()
    proc.wait()
    assert proc.out == data


def test_unix_largest_reply(sockctl, tmp_path):
    data = os.urandom(200000)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(DEADLINE)
        sock.bind(str(tmp_path / "socket"))
        proc = sockctl("udp-send", "--block", 1000, "--replies", 1, tmp_path / "socket", stdin=b"x")
        sock.sendto(data, sock.recvfrom(10)[1])
        proc.wait()
    assert proc.out == data


def test_unix_is_no_place_for_groups(sockctl, tmp_path):
    proc = sockctl("udp-recv", "--join", "239.1.2.3", tmp_path / "socket")
    proc.fails(2, "239.1.2.3: nothing of this group comes to unix:")
    assert not (tmp_path / "socket").exists()


@pytest.mark.parametrize("source", ["127.0.0.1", "::1"])
def test_source_of_another_family(sockctl, tmp_path, source):
    path = tmp_path / "socket"
    sockctl("udp-send", "--bind", source, path, "x").fails(
        5, f"unix:{path}: from {source}: Address family not supported", "EAFNOSUPPORT")


def test_inherited_descriptors(sockctl, peer):
    with udp() as sock:
        proc = sockctl("udp-recv", "--count", 1, f"fd:{sock.fileno()}", fds=[sock.fileno()])
        proc.wait_err("listening")
        peer.connect(sock.getsockname())
        sockctl("udp-send", f"fd:{peer.fileno()}", "x", fds=[peer.fileno()]).wait()
        proc.wait()
        assert proc.out == b"x\n"
        assert os.get_blocking(sock.fileno()) == os.get_blocking(peer.fileno())
        sockctl("udp-send", f"fd:{sock.fileno()}", "x", fds=[sock.fileno()]).fails(5, "ENOTCONN")


# Options


def test_socket_options(sockctl, peer):
    proc = sockctl("udp-send", "--set", "IP_TOS=16", "--get", "IP_TOS", "--ttl", 9,
                   "--get", "IP_TTL", HOST, port_of(peer), "x")
    proc.wait()
    assert [line.rpartition(" ")[2] for line in proc.lines] == ["IP_TOS=0x10", "IP_TTL=9"]


def test_hops(sockctl, recv):
    for place in (HOST, "::1"):
        proc = recv("--json", "--count", 1, place=(place, 0))
        sockctl("udp-send", "--ttl", 77, place, proc.events[0]["port"], "x").wait()
        proc.wait()
        assert json.loads(proc.out)["hops"] == 77


def test_repeat(sockctl, peer, tmp_path):
    sockctl("udp-send", "--repeat", 3, HOST, port_of(peer), "a", "b").wait()
    assert take(peer, 6) == [b"a", b"b"] * 3
    (tmp_path / "lines").write_bytes(b"skipped\nc\nd")
    with open(tmp_path / "lines", "rb") as file:
        file.seek(8)
        sockctl("udp-send", "--repeat", 2, HOST, port_of(peer), stdin=file).wait()
    assert take(peer, 4) == [b"c", b"d"] * 2
    sockctl("udp-send", "--repeat", 2, HOST, port_of(peer), stdin=b"x").fails(1, "--repeat")
    assert nothing_more(peer)


def test_help_fits(sockctl):
    for command in ("udp-send", "udp-recv", "raw-send", "raw-recv"):
        proc = sockctl(command, "--help=all")
        proc.wait()
        assert max(map(len, proc.out.decode().splitlines())) <= 80


def test_trace_has_every_call(sockctl, recv):
    server = recv("--trace", "--count", 3)
    proc = sockctl("udp-send", "--trace", HOST, server.port, "same", "size", "last")
    proc.wait()
    server.wait()
    assert "socket(AF_INET, SOCK_DGRAM" in proc.err
    assert "samesizelast" in proc.err and "UDP_SEGMENT" in proc.err
    assert "sendmmsg(" in proc.err and f"{{{HOST}:{server.port}," in proc.err
    assert "recvmmsg(" in server.err and "bind(" in server.err


@pytest.mark.needs("strace")
def test_no_segmentation_offload(sockctl, recv):
    """Without UDP_SEGMENT the same arrives."""
    server = recv("--count", 3)
    proc = sockctl("udp-send", HOST, server.port, stdin=b"a\nb\nc\n", wrap=[
        "strace", "-qq", "-o", "/dev/null", "-e", "inject=setsockopt:error=ENOPROTOOPT",
        "-E", "ASAN_OPTIONS=detect_leaks=0"])
    proc.wait()
    server.wait()
    assert server.out == b"a\nb\nc\n"


def test_segments_larger_than_the_packets_of_the_wire(network, sockctl):
    """UDP_SEGMENT cannot do it there; fragments do."""
    def receive(sock):
        return [sock.recv(65536) for _ in range(3)]

    with network.far.within(udp, "10.99.0.2") as sock:
        data = os.urandom(3 * 5000)
        proc = sockctl("udp-send", "--block", 5000, "10.99.0.2", port_of(sock), stdin=data,
                       wrap=network.wrap)
        proc.wait()
        assert b"".join(receive(sock)) == data


def test_examples_of_the_shell(recv, tmp_path):
    """A pipeline as people write them."""
    proc = recv("--count", 2)
    script = f"printf 'a\\nb\\n' | $SOCKCTL udp-send {HOST}:{proc.port}"
    subprocess.run(["sh", "-c", script], check=True,
                   env={**os.environ, "SOCKCTL": proc.args[0]})
    proc.wait()
    assert proc.out == b"a\nb\n"


# Flags


def calls(proc, name):
    """The arguments and results of the calls of one function in the trace."""
    return re.findall(rf"\b{name}\((.*)\) = (-?\d+)", proc.err)


@pytest.mark.parametrize("flag", ["MSG_DONTROUTE", "MSG_CONFIRM", "MSG_EOR", "MSG_DONTWAIT",
                                  "nosignal"])
@pytest.mark.parametrize("connected", [False, True])
def test_send_flags(sockctl, peer, flag, connected):
    how = ["--connected"] if connected else []
    proc = sockctl("udp-send", *how, "--send-flag", flag, "--trace", HOST, port_of(peer), "one")
    proc.wait()
    assert peer.recv(100) == b"one"
    (args, result), = calls(proc, "send" if connected else "sendto")
    assert flag.upper() in args and result == "3"


def test_many_with_flags(sockctl, peer):
    proc = sockctl("udp-send", "--send-flag", "MSG_DONTROUTE", "--trace", HOST, port_of(peer),
                   stdin=b"one\ntwo\n")
    proc.wait()
    assert take(peer, 2) == [b"one", b"two"]
    (args, result), = calls(proc, "sendmmsg")
    assert "MSG_DONTROUTE" in args and result == "2"


@pytest.mark.parametrize("words, stdin", [(["one", "two", "three"], b""), ([], b"one\ntwo\nthree")])
@pytest.mark.parametrize("connected", [False, True])
def test_more_makes_one_datagram(sockctl, peer, words, stdin, connected):
    """And nothing of it stays behind."""
    how = ["--connected"] if connected else []
    proc = sockctl("udp-send", *how, "--send-flag", "more", HOST, port_of(peer), *words,
                   stdin=stdin)
    proc.wait()
    assert peer.recv(100) == b"onetwothree"
    assert nothing_more(peer)


def test_refused_flag(sockctl, peer):
    """The kernel says why: UDP has no urgent data."""
    proc = sockctl("udp-send", "--send-flag", "MSG_OOB", HOST, port_of(peer), "one")
    proc.fails(5, "EOPNOTSUPP")


@pytest.mark.parametrize("flag", ["MSG_WAITALL", "MSG_TRUNC", "MSG_DONTWAIT", "cmsg_cloexec"])
def test_recv_flags(recv, peer, flag):
    proc = recv("--recv-flag", flag, "--count", "2", "--trace")
    for text in b"one", b"two":
        peer.sendto(text, (HOST, proc.port))
    proc.wait()
    assert proc.out == b"one\ntwo\n"
    assert all(flag.upper() in args for args, _ in calls(proc, "recvfrom"))
    assert [result for _, result in calls(proc, "recvfrom") if result != "-1"] == ["3", "3"]


def test_flags_with_details(recv, peer):
    proc = recv("--recv-flag", "MSG_WAITALL", "--count", "2", "--json", "--trace")
    for text in b"one", b"two":
        peer.sendto(text, (HOST, proc.port))
    proc.wait()
    assert [json.loads(line)["data"] for line in proc.out.splitlines()] == ["one", "two"]
    assert all("MSG_WAITALL" in args for args, _ in calls(proc, "recvmmsg"))


@pytest.mark.parametrize("words", [["--recv-flag", "MSG_PEEK"], ["--count", "1"], ["--whole"]])
def test_what_was_not_asked_for_stays(sockctl, peer, words):
    """With a socket that others have as well; what was only peeked at stays, too."""
    with udp() as sender:
        for text in b"one", b"two":
            sender.sendto(text, (HOST, port_of(peer)))
    proc = sockctl("udp-recv", *words, "--trace", f"fd:{peer.fileno()}", fds=[peer.fileno()])
    proc.wait()
    assert proc.out.rstrip() == b"one"
    left = [b"one", b"two"] if "MSG_PEEK" in words else [b"two"]
    assert take(peer, len(left)) == left
    assert nothing_more(peer)


def test_connected_receiver_uses_recv(recv, peer):
    proc = recv("--connected", "--recv-flag", "MSG_WAITALL", "--count", "2", "--trace")
    peer.sendto(b"one", (HOST, proc.port))
    proc.wait_err("connect")
    peer.sendto(b"two", (HOST, proc.port))
    proc.wait()
    assert proc.out == b"one\ntwo\n"
    assert [result for _, result in calls(proc, "recv") if result != "-1"] == ["3"]


@pytest.mark.parametrize("how", [[], ["--connected"]])
def test_the_address_of_a_name_is_told(sockctl, peer, how):
    """A name may have many."""
    port = port_of(peer)
    proc = sockctl("udp-send", "-v", "-4", *how, "localhost", port, "hello")
    proc.wait()
    assert f"sending to {HOST}:{port}" in proc.err
    proc = sockctl("udp-send", "--json", "-4", *how, "localhost", port, "hello")
    proc.wait()
    told = [e["remote"] for e in proc.events if e["event"] == "sending"]
    assert told == [{"family": "inet", "address": HOST, "port": port}]


@pytest.mark.parametrize("host", [HOST, "::1"])
@pytest.mark.parametrize("connected", [False, True])
def test_error_queue(sockctl, connected, host):
    """What comes back is why, and who says so, not our own data."""
    how = ["--connected"] if connected else []
    port = unused_udp_port()
    option = "IPV6_RECVERR" if ":" in host else "IP_RECVERR"
    proc = sockctl("udp-send", *how, "--set", option, "--recv-flag", "MSG_ERRQUEUE",
                   "--replies", "2", host, port, "lost", "again")
    proc.wait()
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    line = f"{shown}: Connection refused: port unreachable, told by {host} (ECONNREFUSED)\n"
    assert proc.out.decode() == 2 * line


def test_error_queue_in_json(sockctl):
    port = unused_udp_port()
    proc = sockctl("udp-send", "--json", "--recv-flag", "MSG_ERRQUEUE", "--replies", "1",
                   HOST, port, "lost")
    proc.wait()
    event = json.loads(proc.out)
    assert (event["event"], event["errno"], event["told_by"]) == ("returned", "ECONNREFUSED", HOST)
    assert event["remote"] == {"family": "inet", "address": HOST, "port": port}


def test_error_queue_of_a_receiver(sockctl):
    """Of a socket that another process sends with: what it sent is not answered."""
    with udp() as sock:
        sock.setsockopt(socket.IPPROTO_IP, 11, 1)  # IP_RECVERR
        sock.sendto(b"lost", (HOST, unused_udp_port()))
        proc = sockctl("udp-recv", "--recv-flag", "MSG_ERRQUEUE", "--count", "1", "--echo",
                       f"fd:{sock.fileno()}", fds=[sock.fileno()])
        proc.wait()
    assert b"told by 127.0.0.1 (ECONNREFUSED)" in proc.out and b"lost" not in proc.out


@pytest.mark.parametrize("command, words, named", [
    ("udp-send", ["--send-flag", "MSG_DONTROUT"], ["--send-flag", "'MSG_DONTROUTE'"]),
    ("udp-send", ["--recv-flag", "MSG_MORE"], ["--recv-flag", "'MSG_MORE'", "MSG_ERRQUEUE"]),
    ("udp-recv", ["--send-flag", "MSG_MORE"], ["--send-flag", "'MSG_MORE'"]),
])
def test_unknown_flags(sockctl, command, words, named):
    sockctl(command, *words, HOST, 1).fails(2, *named)


# Who is heard


def test_whose_datagrams_are_taken(recv):
    proc = recv("-v", "--allow", "127.0.0.0/8", "--deny", "127.0.0.2", "--count", 2, "--echo")
    with udp("127.0.0.2") as denied, udp("127.0.0.3") as allowed:
        for text in (b"one", b"two"):
            denied.sendto(b"no", (HOST, proc.port))
            allowed.sendto(text, (HOST, proc.port))
            assert allowed.recv(100) == text
        proc.wait()
        assert nothing_more(denied)
    assert proc.out == b"one\ntwo\n"
    assert "datagrams came from addresses that are not heard" in proc.err


def test_unix_senders_have_no_addresses(sockctl, tmp_path):
    sockctl("udp-recv", "--allow", "127.0.0.1", tmp_path / "socket").fails(2, "--allow")
