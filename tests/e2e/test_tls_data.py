# SPDX-License-Identifier: ISC
"""What servers do with a connection and with the protocol: versions, records, changes of keys, ends,
alerts, and what is no TLS at all."""

import os
import signal
import socket
import ssl
import threading

import pytest

import openssl_peer
from harness import DEADLINE, PIPE, Task
from peers import MIB, accept, dial, listener, port_of, receive, reset
from tls_server import VERSIONS, Server, echo, read_to_end

pytestmark = pytest.mark.tls


@pytest.fixture
def join(sockctl, authority):
    """Joins the program to a server over libssl itself."""
    def start(serve, *words, version="1.3", **streams):
        server = openssl_peer.Server(authority.server, serve, version)
        return sockctl("connect", "--tls", "--ca", authority.root.cert, *words, "localhost",
                       server.port, **streams), server
    return start


@pytest.fixture
def plain(sockctl, authority):
    """Joins the program to a server that answers its first bytes with these, and no TLS of its own."""
    started = []

    def start(answer, *words, end=lambda conn: None):
        sock = listener()

        def serve():
            conn = accept(sock)
            conn.recv(65536)
            conn.sendall(answer)
            end(conn)
            return conn

        started.append(Task(serve))
        return sockctl("connect", "--tls", "--ca", authority.root.cert, *words, "localhost",
                       port_of(sock))

    yield start
    for serving in started:
        serving.result().close()


# What both have to speak.

@pytest.mark.parametrize("version", VERSIONS)
def test_only_one_version(secure, version):
    only = VERSIONS[version]
    proc, server = secure(echo, "--json", options={"minimum_version": only,
                                                   "maximum_version": only}, stdin=b"x")
    proc.wait()
    assert server.result() == b"x"
    event = next(e for e in proc.events if e["event"] == "secured")
    assert event["version"] == f"TLS {version}"


def test_old_version_alone(join):
    """The remedy is in the line, and helps."""
    proc, _ = join(lambda c: None, version="1.0", stdin=b"x")
    proc.fails(8, "protocol_version")
    proc, server = join(lambda c: (c.write(b"x"), c.end(), c.read_to_end()), "--tls-min", "1.0", "--tls-set",
                        "CipherString=DEFAULT@SECLEVEL=0", version="1.0", stdin=b"x")
    proc.wait()
    assert proc.out == b"x"


def test_key_exchange_by_rsa_alone(secure, authority):
    identity = authority.server_with("rsa", key="rsa")
    proc, server = secure(echo, identity=identity, stdin=b"x", options={
        "set_ciphers": "AES128-GCM-SHA256", "maximum_version": ssl.TLSVersion.TLSv1_2})
    proc.wait()
    assert server.result() == b"x"


def record(kind, body):
    """One record of TLS 1.2 in plain (RFC 5246, section 6.2.1)."""
    return bytes([kind, 3, 3]) + len(body).to_bytes(2, "big") + body


def handshake(kind, body):
    return record(22, bytes([kind]) + len(body).to_bytes(3, "big") + body)


def alert(number):
    return record(21, bytes([2, number]))


def test_server_without_secure_renegotiation(plain):
    """The extension is missing from its first words (RFC 5746)."""
    hello = handshake(2, b"\x03\x03" + os.urandom(32) + b"\0" + b"\xc0\x2b" + b"\0")
    plain(hello).fails(8, "lacks secure renegotiation", "Options=UnsafeLegacyServerConnect")
    plain(hello, "--tls-set", "Options=UnsafeLegacyServerConnect", end=socket.socket.close).fails(
        7, "ended the connection during the TLS handshake")


# Records.

AMOUNT = 24 * MIB


def test_keys_change_while_both_send(join):
    """By the server, each MiB, in its direction or in both."""
    ours, theirs = os.urandom(AMOUNT), os.urandom(AMOUNT)

    def serve(c):
        got = bytearray()
        for start in range(0, AMOUNT, 1 << 14):
            c.write(theirs[start:start + (1 << 14)])
            if start % MIB == 0:
                c.change_keys(of_both=start % (2 * MIB) == 0)
            while c.may_read() and (piece := c.read()):
                got += piece
        c.end()
        return bytes(got) + c.read_to_end()

    proc, server = join(serve, stdin=ours)
    assert server.result() == ours
    proc.wait()
    assert proc.out == theirs


@pytest.mark.parametrize("version", ["1.0", "1.2", "1.3"])
def test_records_of_one_byte_and_empty_ones(join, version):
    """In TLS 1.0 with CBC an empty record goes before each other one."""
    data = os.urandom(5000)

    def serve(c):
        for byte in data:
            c.write(bytes([byte]))
        c.end()
        return c.read_to_end()

    words = ["--tls-min", "1.0", "--tls-set", "CipherString=ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"]
    proc, server = join(serve, *words, version=version, stdin=data)
    proc.wait()
    assert proc.out == data == server.result()


@pytest.mark.parametrize("version", VERSIONS)
def test_one_byte_at_a_time_on_the_wire(sockctl, authority, version):
    """Both ways, from the first byte of the handshake on."""
    server = Server(authority.server, echo, maximum_version=VERSIONS[version])
    front = listener()

    def pump(source, sink):
        sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while piece := source.recv(4096):
            for byte in piece:
                sink.send(bytes([byte]))
        sink.shutdown(socket.SHUT_WR)

    def carry():
        near, far = accept(front), dial(server.port)
        back = Task(pump, far, near)
        pump(near, far)
        back.result()

    carrying = Task(carry)
    proc = sockctl("connect", "--tls", "--ca", authority.root.cert, "localhost", port_of(front),
                   stdin=b"data" * 100)
    proc.wait()
    carrying.result()
    assert proc.out == server.result() == b"data" * 100


def test_renegotiation_is_refused_and_data_goes_on(join):
    def serve(c):
        c.write(b"before ")
        c.ask_for_renegotiation()
        c.write(b"after")
        c.end()
        c.conn.shutdown(socket.SHUT_WR)
        while c.conn.recv(65536):
            pass

    proc, server = join(serve, version="1.2", stdin=b"")
    proc.wait()
    server.result()
    assert proc.out == b"before after"


@pytest.mark.parametrize("version, ask", [
    ("1.3", openssl_peer.Connection.change_keys),
    ("1.2", openssl_peer.Connection.ask_for_renegotiation),
])
def test_what_would_need_an_answer_after_our_end(join, version, ask):
    """Nothing goes out after close_notify, and what comes in is whole."""
    def serve(c):
        c.read_to_end()
        assert not c.conn.recv(1)
        for _ in range(3):
            c.write(b"data ")
            ask(c)
        c.end()

    proc, server = join(serve, version=version, stdin=b"x")
    proc.wait()
    server.result()
    assert proc.out == b"data data data "


def test_renegotiation_that_the_server_insists_on(join):
    """It takes the refusal for a failure, and so do we."""
    def serve(c):
        c.write(b"data")
        c.ask_for_renegotiation()
        assert lib_read_fails(c)

    def lib_read_fails(c):
        try:
            c.read()
        except AssertionError:
            return True
        return False

    proc, server = join(serve, version="1.2", stdin=PIPE)
    proc.wait(8)
    server.result()
    assert proc.out == b"data"


# Ends.

@pytest.mark.parametrize("version", VERSIONS)
def test_server_that_ends_its_direction_and_reads_on(join, version):
    """What we send after its end arrives."""
    data = os.urandom(MIB)

    def serve(c):
        c.write(b"greeting")
        c.end()
        return c.read_to_end()

    proc, server = join(serve, version=version, stdin=PIPE)
    proc.wait_out(8)
    proc.stdin.write(data)
    proc.stdin.close()
    proc.wait()
    assert server.result() == data


@pytest.mark.parametrize("version", VERSIONS)
def test_server_that_reads_slowly(secure, version):
    """It has sent tickets, and reads when all is sent; it gets everything, with our end."""
    data = os.urandom(MIB)

    def serve(conn):
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        got = b""
        while piece := conn.recv(1000 if len(got) < 20_000 else 65536):
            got += piece
        conn.close()
        return got

    proc, server = secure(serve, "--tls-eof", "any", stdin=data,
                          options={"maximum_version": VERSIONS[version]})
    proc.wait()
    assert server.result() == data


@pytest.mark.parametrize("words", [[], ["--tls-eof", "any"]], ids=["strict", "any"])
@pytest.mark.parametrize("end", ["within a record", "reset"])
def test_end_within_the_data(secure, end, words):
    """What came whole is delivered; --tls-eof any does not make this an end."""
    def serve(conn):
        conn.sendall(b"data")
        os.write(conn.fileno(), record(23, b"x" * 100)[:60])
        if end == "reset":
            conn.recv(1)
            reset(conn)
        else:
            conn.shutdown(socket.SHUT_RDWR)
            conn.close()

    proc, _ = secure(serve, *words, stdin=PIPE)
    proc.wait_out(4)
    if end == "reset":
        proc.stdin.write(b"xy")
        proc.fails(7, "ECONNRESET")
    else:
        proc.fails(7, "the peer ended within a record")
    assert proc.out == b"data"


@pytest.mark.parametrize("first", ["reader", "byte"])
def test_reader_that_misses_the_last_byte(join, first):
    """It comes together with close_notify; nobody may take it for delivered."""
    left = threading.Event()

    def serve(c):
        c.write(b"x")
        assert left.wait(DEADLINE)
        c.write(b"y")
        c.end()
        return c

    proc, server = join(serve, stdin=PIPE, stdout=PIPE)
    assert proc.stdout.read(1) == b"x"
    proc.kill(signal.SIGSTOP)
    if first == "reader":
        proc.stdout.close()
    left.set()
    server.result()
    proc.stdout.close()
    proc.kill(signal.SIGCONT)
    proc.wait(141)


# Who refuses us, and who speaks something else.

@pytest.mark.parametrize("number, status, said", [
    (40, 8, "refused the handshake (handshake_failure)"),
    (70, 8, "refused the handshake (protocol_version)"),
    (71, 8, "(insufficient_security)"),
    (112, 8, "does not know the name localhost (unrecognized_name); --server-name"),
    (116, 8, "wants a certificate from us (certificate_required): --cert, --key"),
    (120, 8, "(no_application_protocol)"),
    (255, 8, "(alert 255)"),
])
def test_alerts(plain, number, status, said):
    plain(alert(number)).fails(status, said)


@pytest.mark.parametrize("answer, said", [
    (b"SSH-2.0-OpenSSH_9.2\r\n", "it said 'SSH-2.0-OpenSSH_9.2'"),
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it said 'HTTP/1.1 400 Bad Request'"),
    (b"220 mail ESMTP\r\n", "try --starttls smtp"),
    (b"* OK IMAP4rev1\r\n", "try --starttls imap"),
    (b"+OK POP3\r\n", "try --starttls pop3"),
    (b"\x1b[2J\x07\xff\x00", r"it said '\x1b[2J\x07\xff\x00'"),
    (bytes(range(128, 256)) * 200, "does not speak TLS here"),
], ids=lambda value: "" if isinstance(value, str) else repr(value[:8]))
def test_no_tls(plain, answer, said):
    proc = plain(answer)
    proc.fails(8, said)
    assert len(proc.err) < 400


@pytest.mark.parametrize("answer", [b"", record(22, b"x" * 90)[:3], handshake(2, b"x" * 90)[:40]],
                         ids=["nothing", "half a header", "half a record"])
def test_half_an_answer(plain, answer):
    """Silence ends at the time limit, an end and a reset are told."""
    plain(answer, "--connect-timeout", "0.3").fails(6)
    plain(answer, end=socket.socket.close).fails(7, "ended the connection during the TLS handshake")
    plain(answer, end=reset).fails(7, "during the TLS handshake")


# Certificates of our own.

@pytest.mark.parametrize("mode", [[], ["--check"]], ids=["session", "check"])
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind, said", [("right", None), ("expired", "certificate_expired"),
                                        ("of another", "unknown_ca")])
def test_certificate_of_ours(secure, authority, version, kind, said, mode):
    own = {"right": lambda: authority.client,
           "expired": lambda: authority.issue("old-client", "old", by=authority.root, start=-9,
                                              days=-3),
           "of another": lambda: authority.issue("stranger", "stranger")}[kind]()
    proc, server = secure(
        echo, "--cert", own.cert, "--key", own.key, *mode, stdin=b"x",
        options={"maximum_version": VERSIONS[version], "verify_mode": ssl.CERT_REQUIRED,
                 "load_verify_locations": str(authority.root.cert)})
    proc.wait(8 if said else 0)
    assert not said or f"the server refused our certificate ({said})" in proc.lines[-1]
    assert mode or (server.result() == b"x") is not bool(said)
