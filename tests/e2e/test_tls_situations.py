# SPDX-License-Identifier: ISC
"""What a client of TLS may come across, as a table: each situation by its name, in each role that has a
client, connect, connect --check and listen --forward tls:."""

import os
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Callable

import pytest

import openssl_peer
from authority import CA
from harness import DEVNULL, Task
from peers import MIB, accept, dial, half_close, listener, port_of, receive_all, reset
from test_tls_certificates import FAULTS, WEAK, der_of
from test_tls_data import alert, handshake, record
from tls_server import VERSIONS, Server, echo

pytestmark = pytest.mark.tls

DATA = b"x" * 1000
ROLES = ["connect", "check", "forward"]
# What the server's own certificate is called where a client of it has one.
OF_TARGET = {"--cert": "--forward-cert", "--key": "--forward-key"}


@dataclass
class Outcome:
    status: int
    err: str
    events: Callable
    out: bytes


def run(sockctl, role, port, words, host="localhost", data=DATA):
    """The program as a client of the port in one of the roles, from its start to its end."""
    if role != "forward":
        check = ["--check"] if role == "check" else []
        proc = sockctl("connect", "--tls", *check, *words, host, port, stdin=data)
        proc.ended()
        return Outcome(proc.popen.returncode, proc.err, lambda: proc.events, proc.out)
    host = f"[{host}]" if ":" in host else host
    proc = sockctl("listen", *(OF_TARGET.get(str(word), word) for word in words), "--forward",
                   f"tls:{host}:{port}", "127.0.0.1", 0, stdin=DEVNULL)
    with dial(proc.port) as conn:
        try:
            conn.sendall(data)
            half_close(conn)
            out = receive_all(conn)
        except (ConnectionResetError, BrokenPipeError):
            out = b""
        proc.ended()
    return Outcome(proc.popen.returncode, proc.err, lambda: proc.events, out)


# What servers show, 1 to 28.

@dataclass
class Shown:
    """How the certificate is made, what is given beside the authority, and what comes of it."""

    make: Callable
    status: int = 0
    said: tuple = ()
    words: Callable = lambda a, made: []
    host: str = "localhost"
    trusts: bool = True
    roles: list = field(default_factory=lambda: ROLES)


def named(name):
    return lambda a, made: ["--server-name", name]


def fault(name):
    """One of the certificates that are refused."""
    make, host, *said = FAULTS[name]
    return Shown(make, 8, tuple(said), named(host))


def good(**how):
    numbers = iter(range(1000))
    return lambda a: a.server_with(f"good{next(numbers)}{id(how)}", **how)


def usual(a):
    return a.server


def crl(make):
    return lambda a, made: ["--crl", make(a, made)]


def twenty(a):
    chain = [a.root]
    for n in range(19):
        chain.append(a.issue(f"chained{n}", f"Chained {n}", by=chain[-1], constraints=CA))
    return a.server_with("of-twenty", *reversed(chain[1:]), by=chain[-1])


SHOWN = {
    "1 good chain, a name": Shown(usual),
    "1 good chain, an address": Shown(usual, host="127.0.0.1"),
    "2 expired": fault("expired"),
    "3 not yet valid": fault("not yet valid"),
    "4 self-signed": fault("self-signed"),
    "4 self-signed, pinned": Shown(FAULTS["self-signed"][0], trusts=False,
                                   words=lambda a, made: ["--pin", made.pin()]),
    "4 self-signed, trusted": Shown(FAULTS["self-signed"][0], trusts=False,
                                    words=lambda a, made: ["--ca", made.cert]),
    "5 unknown root": fault("untrusted root"),
    "5 unknown root of which nothing is known": Shown(
        usual, 8, ("the authority 'Test Root'", "--ca FILE"), trusts=False),
    "6 missing intermediate": fault("no chain"),
    "7 whole chain": Shown(lambda a: a.server_with("whole", a.middle, by=a.middle)),
    "7 unordered chain": Shown(lambda a: a.server_with("unordered", a.root, a.middle, by=a.middle)),
    "7 chain with the root": Shown(lambda a: a.server_with("rooted", a.middle, a.root, by=a.middle)),
    "8 expired intermediate": fault("expired intermediate"),
    "9 leaf as issuer": fault("leaf as issuer"),
    "10 path length": fault("path length"),
    "11 name constraint": fault("name constraint"),
    "12 common name alone": fault("common name alone"),
    "13 wrong names": fault("wrong names"),
    "14 NUL in a name": fault("NUL in a name"),
    "15 wildcard": Shown(good(names="DNS:*.example.test"), words=named("a.example.test")),
    "15 wildcard for two labels": fault("two labels"),
    "15 wildcard for the bare domain": fault("bare domain"),
    "16 wildcard of a top": fault("wildcard of a top"),
    "16 part of a label": fault("part of a label"),
    "17 IPv4": Shown(good(names="IP:127.0.0.1"), host="127.0.0.1"),
    "17 IPv6": Shown(good(names="IP:::1"), words=named("::1")),
    "17 IPv6 with a zone": Shown(good(names="IP:fe80::1"), words=named("fe80::1%lo")),
    "18 address as a name": fault("address as a name"),
    "18 address that is not named": fault("address"),
    "19 upper case": Shown(usual, host="LOCALHOST"),
    "19 final dot": Shown(usual, words=named("localhost.")),
    "20 for clients": fault("for clients"),
    "20 for any use": Shown(good(uses=None)),
    "21 critical extension": fault("critical extension"),
    "22 short key": fault("short key"),
    "22 short key that is put up with": Shown(FAULTS["short key"][0], words=lambda a, made: WEAK),
    "22 SHA-1": fault("SHA-1"),
    "23 revoked": Shown(good(), 8, ("it was revoked on", "(keyCompromise)"),
                        crl(lambda a, s: a.revocations("s-has", a.root, s))),
    "23 list outdated": Shown(good(), 8, ("is out of date since",),
                              crl(lambda a, s: a.revocations("s-old", a.root, days=-5))),
    "23 list of another": Shown(good(), 8, ("--crl has no list of 'Test Root'",),
                                crl(lambda a, s: a.revocations("s-other", a.middle))),
    "23 not revoked": Shown(good(), words=crl(lambda a, s: a.revocations("s-clean", a.root))),
    "25 pin": Shown(usual, words=lambda a, made: ["--pin", made.pin()], trusts=False),
    "25 wrong pin": Shown(usual, 8, ("not the pinned one",), trusts=False,
                          words=lambda a, made: ["--pin", "sha256:" + "0" * 64]),
    "25 second pin": Shown(usual, trusts=False, words=lambda a, made: [
        "--pin", "sha256:" + "0" * 64, "--pin", made.pin()]),
    "25 pin of what has expired": Shown(
        FAULTS["expired"][0], 0, ("has expired on",), trusts=False,
        words=lambda a, made: ["-v", "--pin", made.pin()]),
    "26 trusted leaf": Shown(usual, words=lambda a, made: ["--ca", made.cert], trusts=False),
    "26 trusted intermediate": Shown(usual, words=lambda a, made: ["--ca", a.middle.cert],
                                     trusts=False),
    "27 escapes": Shown(lambda a: a.server_with("s-escapes", names=der_of("\x1b[2J\u202e.test")), 8,
                        (r"\x1b[2J",)),
    "27 ten thousand names": Shown(
        lambda a: a.server_with("s-many", names=",".join(f"DNS:{n}.a" for n in range(10_000))), 8,
        ("(9997 more), not for localhost",)),
    "27 chain of 100 KiB": Shown(
        lambda a: a.server_with("s-large", names=",".join(f"DNS:{n:05}.test" for n in range(8000))),
        8),
    "27 chain of twenty": Shown(twenty),
    "28 ends within 7 days": Shown(good(days=3), 8, ("the certificate expires on",),
                                   lambda a, made: ["--expires-within", "7d"], roles=["check"]),
    "28 ends not within 2 days": Shown(good(days=3), 0, (),
                                       lambda a, made: ["--expires-within", "2d"], roles=["check"]),
}


@pytest.fixture(scope="session")
def identity_of(authority):
    known = {}

    def of(make):
        if make not in known:
            known[make] = make(authority)
        return known[make]
    return of


def in_roles(table, roles=lambda row: row.roles):
    return pytest.mark.parametrize("name, role", [
        (name, role) for name, row in table.items() for role in roles(row)])


@in_roles(SHOWN)
def test_certificates(sockctl, authority, identity_of, name, role):
    row = SHOWN[name]
    made = identity_of(row.make)
    server = Server(made, echo)
    trust = ["--ca", authority.root.cert] if row.trusts else []
    done = run(sockctl, role, server.port, [*trust, *row.words(authority, made)], row.host)
    assert done.status == row.status, done.err
    for word in row.said:
        assert word in done.err
    assert "\x1b" not in done.err and len(done.err) < 4000
    result = server.result()
    if role != "check":
        assert done.out == (b"" if row.status else DATA)
        assert isinstance(result, OSError) if row.status else result == DATA


# 24: what is wrong is put up with, and said all the same.

REFUSED = {name: row for name, row in SHOWN.items() if row.status and "--expires" not in str(
    row.said) and not name.startswith(("25", "27", "28"))}


@in_roles(REFUSED)
def test_24_insecure(sockctl, authority, identity_of, name, role):
    row = REFUSED[name]
    made = identity_of(row.make)
    trust = ["--ca", authority.root.cert] if row.trusts else []
    words = [*trust, *row.words(authority, made), "--insecure"]
    server = Server(made, echo)
    done = run(sockctl, role, server.port, [*words, "--json"], row.host)
    assert done.status == 0, done.err
    event, = (e for e in done.events() if e["event"] in ("secured", "target-secured"))
    assert event["verified"] is False
    for word in row.said:
        assert word in event["reason"]
    assert any(e["event"] == "unverified" for e in done.events())
    result = server.result()
    assert role == "check" or result == DATA


# Who is no server of TLS, or refuses, 29 and 30.

@dataclass
class Spoken:
    """What is answered to the first words, how that ends, and what comes of it."""

    words: bytes
    status: int
    said: tuple = ()
    end: Callable = lambda conn: None


SPOKEN = {
    "29 SSH": Spoken(b"SSH-2.0-OpenSSH_9.2\r\n", 8, ("does not speak TLS", "SSH-2.0-OpenSSH_9.2")),
    "29 SMTP": Spoken(b"220 mail ESMTP\r\n", 8, ("--starttls smtp",)),
    "29 HTTP": Spoken(b"HTTP/1.1 400 Bad Request\r\n\r\n", 8, ("HTTP/1.1 400 Bad Request",)),
    "29 random bytes": Spoken(bytes(range(128, 256)) * 9, 8, ("does not speak TLS",)),
    "29 nothing": Spoken(b"", 6),
    "29 half a record": Spoken(record(22, b"x" * 90)[:40], 6),
    "30 end": Spoken(b"", 7, ("ended the connection during the TLS handshake",),
                     socket.socket.close),
    "30 reset": Spoken(b"", 7, ("during the TLS handshake",), reset),
    "30 alert 40": Spoken(alert(40), 8, ("handshake_failure",)),
    "30 alert 70": Spoken(alert(70), 8, ("protocol_version",)),
    "30 alert 112": Spoken(alert(112), 8, ("unrecognized_name",)),
    "31 legacy renegotiation": Spoken(
        handshake(2, b"\x03\x03" + b"r" * 32 + b"\0" + b"\xc0\x2b" + b"\0"), 8,
        ("lacks secure renegotiation", "Options=UnsafeLegacyServerConnect")),
}


@in_roles(SPOKEN, lambda row: ROLES)
def test_what_is_no_handshake(sockctl, authority, name, role):
    row = SPOKEN[name]
    with listener() as sock:
        def serve():
            conn = accept(sock)
            conn.recv(65536)
            conn.sendall(row.words)
            row.end(conn)
            return conn

        serving = Task(serve)
        limit = "0.5" if row.status == 6 else "20"
        done = run(sockctl, role, port_of(sock), ["--ca", authority.root.cert, "--connect-timeout",
                                                  limit])
        serving.result().close()
    assert done.status == row.status, done.err
    for word in row.said:
        assert word in done.err
    if role != "check":
        assert not done.out


# What is spoken, and how it goes on and ends, 31 to 39.

def exchange(c):
    data = c.read_to_end()
    c.write(data)
    c.end()
    return data


def late(c):
    """The answer comes long after the end of the request."""
    data = c.read_to_end()
    time.sleep(1.2)
    c.write(data)
    c.end()
    c.conn.recv(1)  # TCP stays open until the client has ended it
    return data


def slowly(c):
    """Nothing is read while tickets wait there and data here."""
    c.conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    data = bytearray()
    while piece := c.read(1000 if len(data) < 10_000 else 65536):
        data += piece
    c.write(data)
    c.end()
    return bytes(data)


def torn(c):
    c.read_to_end()
    c.write(DATA)
    c.conn.shutdown(socket.SHUT_RDWR)


def torn_within(c):
    c.read_to_end()
    c.write(DATA)
    c.conn.sendall(record(23, b"x" * 100)[:60])
    c.conn.shutdown(socket.SHUT_RDWR)


def ends_first(c):
    """Data and end come together, TCP stays open, and what is sent then is read."""
    c.write(DATA)
    c.end()
    return c.read_to_end()


def commands(c):
    data = c.read_to_end()
    c.write(data)
    c.end()
    return data


def keys(c):
    """New keys for both directions with each 64 KiB."""
    data = c.read_to_end()
    for at in range(0, len(data), 1 << 16):
        c.write(data[at:at + (1 << 16)])
        c.change_keys()
    c.end()
    return data


def bytewise(c):
    data = c.read_to_end()
    for byte in data[:500]:
        c.write(bytes([byte]))
    c.write(data[500:])
    c.end()
    return data


def renegotiates(c):
    data = c.read_to_end()
    c.write(data)
    c.ask_for_renegotiation()
    c.end()
    return data


@dataclass
class Held:
    serve: Callable
    versions: tuple = ("1.2", "1.3")
    status: int = 0
    data: bytes = DATA
    words: tuple = ()
    said: tuple = ()
    is_echo: bool = True


OLD = ("--tls-min", "1.0", "--tls-set", "CipherString=ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
COMMANDS = b"Q\nR\nk\r\nq\n\x17\x03\x03\x00\x01Q\n" * 1000
BULK = os.urandom(MIB)

HELD = {
    "31 TLS 1.0 alone": Held(exchange, ("1.0",), 8, said=("protocol_version",)),
    "31 TLS 1.0 that is put up with": Held(exchange, ("1.0",), words=OLD),
    "31 one version alone": Held(exchange),
    "32 late answer": Held(late),
    "33 slow reader": Held(slowly, data=BULK),
    "34 no close_notify": Held(torn, status=7, said=("no close_notify", "--tls-eof any"),
                               is_echo=False),
    "34 no close_notify, put up with": Held(torn, words=("--tls-eof", "any"), is_echo=False),
    "34 end within a record": Held(torn_within, status=7, said=("within a record",),
                                   is_echo=False),
    "34 end within a record is none that is put up with": Held(
        torn_within, status=7, words=("--tls-eof", "any"), is_echo=False),
    "35 data and end together, and reading on": Held(ends_first, is_echo=False),
    "39 what others take for commands": Held(commands, data=COMMANDS),
    "39 new keys": Held(keys, ("1.3",), data=BULK),
    "39 records of a byte": Held(bytewise),
    "39 empty records": Held(bytewise, ("1.0",), words=OLD),
    "39 renegotiation": Held(renegotiates, ("1.2",)),
}


@pytest.mark.parametrize("name, version, role", [
    (name, version, role) for name, row in HELD.items() for version in row.versions
    for role in ("connect", "forward")])
def test_conversations(sockctl, authority, name, version, role):
    row = HELD[name]
    server = openssl_peer.Server(authority.server, row.serve, version, keeps=True)
    done = run(sockctl, role, server.port, ["--ca", authority.root.cert, *row.words], data=row.data)
    assert done.status == row.status, done.err
    for word in row.said:
        assert word in done.err
    if row.status == 8:
        with pytest.raises(AssertionError):
            server.result()
        return
    got = server.result()
    if role == "connect" or not row.status:  # who gets a reset may miss the last bytes
        assert done.out == row.data
    assert not row.is_echo or got == row.data


# 36: certificates of ours.

OWN = {
    "right": (lambda a: a.client, 0, ()),
    "none": (lambda a: None, 8, ("--cert, --key",)),
    "expired": (lambda a: a.issue("s-old", "old", by=a.root, start=-9, days=-3,
                                  uses="clientAuth"), 8, ("certificate_expired",)),
    "of another authority": (lambda a: a.issue("s-stranger", "stranger", uses="clientAuth"), 8,
                             ("unknown_ca",)),
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", OWN)
def test_36_certificates_of_ours(sockctl, authority, identity_of, name, version, role):
    """Refused in TLS 1.3, too, where the handshake is over by then, and before a byte is served."""
    make, status, said = OWN[name]
    own = identity_of(make)
    server = Server(authority.server, echo, maximum_version=VERSIONS[version],
                    verify_mode=ssl.CERT_REQUIRED, load_verify_locations=str(authority.root.cert))
    words = ["--cert", own.cert, "--key", own.key] if own else []
    done = run(sockctl, role, server.port, ["--ca", authority.root.cert, *words])
    assert done.status == status, done.err
    if role != "check":
        assert done.out == (b"" if status else DATA)
    assert all(word in done.err for word in said), done.err
    server.result()


def test_36_key_that_does_not_fit(sockctl, authority):
    """Before anything is connected to."""
    for words in (["connect", "--tls", "--cert", authority.client.cert, "--key",
                   authority.server.key, "localhost", "1"],
                  ["listen", "--forward", "tls:localhost:1", "--forward-cert",
                   authority.client.cert, "--forward-key", authority.server.key, "0"]):
        sockctl(*words).fails(8, "does not belong to the certificate")
