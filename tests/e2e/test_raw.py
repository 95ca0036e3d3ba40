# SPDX-License-Identifier: ISC
"""IP packets: raw-send and raw-recv, in a network of the test's own."""

import json
import os
import re
import socket
import struct

import pytest

from harness import DEADLINE, PIPE
from network import FAR4, FAR6, NEAR4, NEAR6

TEST = 253  # a protocol for experiments (RFC 3692)
PING = "0800f7fd00010001"
PONG = "0000fffd00010001"

pytestmark = pytest.mark.needs("ip", "unshare", "nsenter")


@pytest.fixture
def recv(sockctl, network):
    def start(*words, **how):
        proc = sockctl("raw-recv", *words, wrap=network.far.words, **how)
        proc.wait_err("listening")
        return proc

    return start


@pytest.fixture
def send(sockctl, network):
    def run(*words, status=0, **how):
        proc = sockctl("raw-send", *words, wrap=network.wrap, **how)
        proc.wait(status)
        return proc

    return run


@pytest.mark.parametrize("address", [FAR4, FAR6])
def test_data_alone(recv, send, address):
    """IPv4 hands the header out, IPv6 does not: here both give the data."""
    proc = recv(TEST, "--count", 3)
    send(address, TEST, "one", "", "two words")
    proc.wait()
    assert proc.out == b"one\n\ntwo words\n"


def test_both_families_are_received(recv, send):
    proc = recv(TEST, "--count", 2)
    proc.wait_err(rf"listening on 0\.0\.0\.0 for protocol {TEST}")
    proc.wait_err(rf"listening on :: for protocol {TEST}")
    send(FAR4, TEST, "x")
    send(FAR6, TEST, "x")
    proc.wait()


def test_header_on_request(recv, send):
    proc = recv("--header", "--block", TEST, "--count", 1)
    send("--ttl", 33, FAR4, TEST, "data")
    proc.wait()
    version, total, ttl, protocol, source, destination = struct.unpack(
        "!BxH4xBB2x4s4s", proc.out[:20])
    assert (version, total, ttl, protocol) == (0x45, 24, 33, TEST)
    assert (source, destination) == tuple(
        bytes(map(int, a.split("."))) for a in (NEAR4, FAR4))
    assert proc.out[20:] == b"data"


def test_own_header(recv, send):
    """The kernel fills in the length, the checksum, and a source and an id that are 0."""
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 44, TEST, 0, bytes(4),
                         bytes(map(int, FAR4.split("."))))
    proc = recv("--json", TEST, "--count", 1)
    send("--header", "--whole", FAR4, 255, stdin=header + b"mine")
    proc.wait()
    packet = json.loads(proc.out)
    assert packet["data"] == "mine" and packet["ip"]["ttl"] == 44
    assert packet["ip"]["source_address"] == NEAR4


def test_decoded_header(recv, send):
    proc = recv("--json", FAR4, TEST, "--count", 1)
    send("--ttl", 7, "--set", "IP_TOS=16", FAR4, TEST, "data")
    proc.wait()
    packet = json.loads(proc.out)
    ip = packet["ip"]
    assert packet["length"] == 4 and packet["data"] == "data" and packet["hops"] == 7
    assert (ip["source_address"], ip["destination_address"]) == (NEAR4, FAR4)
    assert (ip["ttl"], ip["protocol_number"], ip["tos"]) == (7, TEST, 16)
    assert (ip["header_length"], ip["total_length"]) == (20, 24)


def test_decoded_ipv6(recv, send):
    proc = recv("--json", FAR6, TEST, "--count", 1)
    send("--ttl", 7, FAR6, TEST, "data")
    proc.wait()
    packet = json.loads(proc.out)
    assert packet["source"]["address"] == NEAR6 and packet["destination"]["address"] == FAR6
    assert packet["hops"] == 7 and "ip" not in packet


def test_header_in_the_dump(recv, send):
    proc = recv("--hex", TEST, "--count", 1)
    send("--ttl", 7, FAR4, TEST, "data")
    proc.wait()
    text = proc.out.decode()
    assert f"{NEAR4} > {FAR4} protocol {TEST} TTL 7 length 4" in text
    assert "IPv4 header of 20 bytes: total length 24" in text
    assert "00000000: 64 61 74 61 " in text


@pytest.mark.parametrize("name", ["icmp", "ICMP", "1"])
def test_ping_by_protocol_name(send, name):
    proc = send("--json", "--hex", "--replies", 1, "--wait", 20, FAR4, name, PING)
    assert bytes.fromhex(PONG).hex(" ", 1) in proc.out.decode()


def test_ping_over_ipv6(send):
    """The kernel sees to the checksum of ICMPv6."""
    proc = send("--hex", "--replies", 1, "--wait", 20, FAR6, "ipv6-icmp", "8000000000010001")
    assert "00000000: 81 00 " in proc.out.decode()


@pytest.mark.parametrize("source", ["message", "stdin"])
@pytest.mark.parametrize("host, protocol, request_, answer", [
    ("127.0.0.1", "icmp", PING, "00 00 ff fd"), ("::1", "ipv6-icmp", "8000000000010001", "81 00 ")])
def test_the_request_is_no_reply(sockctl, network, source, host, protocol, request_, answer):
    """To an address of this machine, where both come to the socket."""
    words = [request_] if source == "message" else []
    proc = sockctl("raw-send", "--hex", "--replies", 1, host, protocol, *words, wrap=network.wrap,
                   stdin=None if words else request_.encode())
    proc.wait()
    assert f"00000000: {answer}" in proc.out.decode()
    assert proc.out.decode().count("00000000:") == 1


@pytest.mark.parametrize("family, protocol, host, asked", [
    (socket.AF_INET, "icmp", FAR4, "0800000000010002"),
    (socket.AF_INET6, "ipv6-icmp", FAR6, "8000000000010002"),
])
@pytest.mark.parametrize("other", ["dead0001", "00010001"], ids=["identifier", "sequence"])
def test_a_reply_to_somebody_else_is_no_reply(sockctl, network, family, protocol, host, asked, other):
    """Another process asks the same host meanwhile."""
    def request_of(numbers):
        message = bytes.fromhex(asked[:4] + "0000" + numbers)
        checksum = 0xffff - sum(struct.unpack("!4H", message))
        return message[:2] + struct.pack("!H", checksum & 0xffff) + message[4:]

    def ask(numbers):
        with socket.socket(family, socket.SOCK_RAW, socket.getprotobyname(protocol)) as sock:
            sock.settimeout(DEADLINE)
            sock.sendto(request_of(numbers), (host, 0))
            while not sock.recv(1000).endswith(bytes.fromhex(numbers)):
                pass

    proc = sockctl("raw-send", "--hex", "--replies", 2, host, protocol, wrap=network.wrap, stdin=PIPE)
    proc.stdin.write(request_of("00010002").hex().encode() + b"\n")
    proc.wait_out(1)
    network.near.within(ask, other)
    proc.stdin.write(request_of("00010002").hex().encode() + b"\n")
    proc.stdin.close()
    proc.wait()
    replies = re.findall(r"^00000000: (?:.. ){4} ?(.. .. .. ..) ", proc.out.decode(), re.M)
    assert replies == ["00 01 00 02"] * 2


def test_an_advertisement_is_a_reply_to_its_solicitation_only(send):
    """That of the far host comes first, for it has to be found."""
    target = socket.inet_pton(socket.AF_INET6, FAR6).hex()
    proc = send("--hex", "--replies", 1, FAR6, "ipv6-icmp", "8000000000010001")
    assert "00000000: 81 00 " in proc.out.decode()
    proc = send("--hex", "--replies", 1, "--ttl", 255, FAR6, "ipv6-icmp",
                "8700000000000000" + target + "0101020000000001")
    assert "00000000: 88 00 " in proc.out.decode()


def test_header_and_replies(send):
    """The type stands behind the IP header."""
    header = "45000000000000004001000000000000" + socket.inet_aton("127.0.0.1").hex()
    proc = send("--header", "--hex", "--replies", 1, "127.0.0.1", "icmp", header + PING)
    assert "00 00 ff fd 00 01 00 01" in proc.out.decode().replace("  ", " ")


def test_random_bytes_survive_a_pipeline(recv, sockctl, network):
    wanted = [os.urandom(length) for length in (1, 20, 1000)]
    proc = recv("--json", TEST, "--count", len(wanted))
    sender = sockctl("raw-send", "--hex", FAR4, TEST, wrap=network.wrap,
                     stdin="\n".join(data.hex() for data in wanted).encode())
    sender.wait()
    proc.wait()
    again = sockctl("udp-recv", "--block", "--count", len(wanted), 5000, wrap=network.wrap)
    again.wait_err("listening")
    sockctl("udp-send", "--json", "127.0.0.1", 5000, stdin=proc.out, wrap=network.wrap).wait()
    again.wait()
    assert again.out == b"".join(wanted)


def test_the_address_is_named(send):
    assert f"sending to {FAR6} for protocol {TEST}" in send("-v", FAR6, TEST, "x").err


def test_unknown_protocol(sockctl):
    for command in (("raw-send", "127.0.0.1"), ("raw-recv",)):
        sockctl(*command, "nosuchprotocol").fails(3, "nosuchprotocol")


@pytest.mark.needs("setpriv")
@pytest.mark.parametrize("words", [("raw-recv", "icmp"), ("raw-send", "127.0.0.1", "icmp", "x")])
def test_without_privilege(sockctl, words):
    """The message says what would give it."""
    if os.geteuid() != 0:
        wrap = ()
    else:
        wrap = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=65534")
    sockctl(*words, wrap=wrap, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}).fails(
        5, "EPERM", "CAP_NET_RAW", "root")


def test_trace(recv, send):
    proc = recv("--trace", FAR4, "icmp")
    assert "socket(AF_INET, SOCK_RAW|SOCK_CLOEXEC|SOCK_NONBLOCK, IPPROTO_ICMP)" in proc.err
    assert 'getprotobyname("icmp")' in proc.err
    proc.stop()
    assert "socket(AF_INET, SOCK_RAW" in send("--trace", FAR4, TEST, "x").err
