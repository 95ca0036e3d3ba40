# SPDX-License-Identifier: ISC
"""TLS as a server: every way to serve, certificates for several names, clients with certificates,
those who stall."""

import os
import pwd
import re
import select
import socket
import ssl
import time
from pathlib import Path
from threading import Event

import pytest

import openssl_peer
from authority import openssl
from harness import DEVNULL, PIPE, Task, cpu_seconds
from peers import MIB, accept, dial, listener, port_of, receive_all, reset, reset_by_peer
from tls_client import Client, ask, join
from tls_server import VERSIONS

pytestmark = pytest.mark.tls

PLACE = ("127.0.0.1", 0)


@pytest.fixture
def listen(sockctl, authority):
    """listen(OPTION...) with the certificate of the authority, unless IDENTITY says otherwise."""
    def start(*options, identity=None, **how):
        shown = identity or authority.server
        own = ["--cert", shown.both] if shown.both.exists() else ["--cert", shown.cert, "--key",
                                                                  shown.key]
        return sockctl("listen", "--tls", *own, *options, *PLACE, **{"stdin": b"", **how})
    return start


# How it serves.

@pytest.mark.parametrize("version", VERSIONS)
def test_one(listen, version):
    """Each direction has an end of its own, whatever the version."""
    proc = listen(stdin=PIPE)
    with join(proc.port, version) as conn:
        conn.write(b"request")
        conn.end()
        proc.wait_out(7)
        proc.stdin.write(b"answer")
        proc.stdin.close()
        assert conn.read_to_end() == b"answer"
    proc.wait()
    assert proc.out == b"request" and not proc.complaints


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", [["-k"], ["--broker"], ["--chat"]], ids=" ".join)
def test_many(listen, mode, version):
    """What one sends reaches stdout, or the others."""
    proc = listen(*mode, stdin=DEVNULL)
    with join(proc.port, version) as first, join(proc.port, version) as second:
        first.write(b"hello\n")
        if mode == ["-k"]:
            proc.wait_out(6)
            second.write(b"there\n")
            proc.wait_out(12)
        else:
            got = b""
            while b"hello\n" not in got:
                got += second.read()
    proc.stop()


@pytest.mark.parametrize("version", VERSIONS)
def test_program(listen, version):
    """Its output goes out after the end of its input, and it knows of TLS."""
    proc = listen("-k", "--exec", "cat; env | grep SOCKCTL_TLS_ | sort", stdin=DEVNULL)
    answer = ask(proc.port, b"input\n", version).decode()
    assert answer.startswith("input\n")
    assert f"SOCKCTL_TLS_VERSION=TLS {version}\n" in answer
    assert re.search("SOCKCTL_TLS_CIPHER=.+\n", answer)
    assert "SOCKCTL_TLS_PEER_VERIFIED=no\n" in answer
    assert "PEER_NAME" not in answer
    proc.stop()


def test_bulk(listen):
    data = os.urandom(8 * MIB)
    proc = listen("-k", "--exec", "cat", stdin=DEVNULL)
    with join(proc.port) as conn:
        sent = got = 0
        answer = bytearray()
        while got < len(data):
            if sent < len(data):
                conn.write(data[sent:sent + 65536])
                sent += 65536
            while got < sent and (sent - got > MIB or sent == len(data) or conn.may_read()):
                piece = conn.read()
                answer += piece
                got += len(piece)
        conn.end()
        assert not conn.read_to_end()
    assert answer == data
    proc.stop()


def test_unix_socket(sockctl, authority, tmp_path):
    path = tmp_path / "socket"
    server = sockctl("listen", "--tls", "--cert", authority.server.both, path, stdin=b"answer")
    server.wait_err("listening on")
    client = sockctl("connect", "--tls", "--ca", authority.root.cert, "--server-name", "localhost",
                     path, stdin=b"request")
    client.wait()
    server.wait()
    assert (client.out, server.out) == (b"answer", b"request")


def test_behind_a_proxy_that_announces(listen):
    """The header comes first, then TLS."""
    proc = listen("--accept-proxy", "--exec", "echo $SOCKCTL_REMOTE_ADDRESS", stdin=DEVNULL)
    with dial(proc.port) as conn:
        conn.sendall(b"PROXY TCP4 192.0.2.1 198.51.100.7 1234 443\r\n")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(conn, suppress_ragged_eofs=False) as secured:
            assert secured.recv(100) == b"192.0.2.1\n"
            secured.unwrap()
    proc.wait()


# How it ends.

def test_client_that_breaks_off(listen):
    """Without close_notify what came may be cut off; --tls-eof any takes that for an end."""
    for words, status in (([], 7), (["--tls-eof", "any"], 0)):
        proc = listen(*words, stdin=DEVNULL)
        with join(proc.port) as conn:
            conn.write(b"data")
            conn.conn.shutdown(socket.SHUT_WR)
            proc.wait_out(4)
            proc.wait(status)
        assert proc.out == b"data"
        assert not status or "no close_notify" in proc.lines[-1]


def test_server_that_is_stopped_tears(listen):
    """No close_notify, and a reset."""
    proc = listen("-k", stdin=PIPE)
    with join(proc.port) as conn:
        conn.write(b"x")
        proc.wait_out(1)
        proc.stop()
        assert reset_by_peer(conn.conn)


# What it refuses, and goes on.

@pytest.mark.parametrize("said, reason", [
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", r"the client sent plain HTTP \('GET / HTTP/1\.1'\)"),
    (b"hello there\n", r"the client sent plain text \('hello there'\)"),
    (b"\x1b[2J\n", r"the client sent plain text \('\\x1b\[2J'\)"),
    (b"", "the peer ended the connection during the TLS handshake"),
    (b"\x16\x03\x01\x02", "the peer ended the connection during the TLS handshake"),
])
def test_what_is_no_handshake(listen, said, reason):
    """It does not count as the one connection."""
    proc = listen("-v", stdin=b"answer")
    with dial(proc.port) as conn:
        conn.sendall(said)
        conn.shutdown(socket.SHUT_WR)
        proc.wait_err(rf"refused 127\.0\.0\.1:\d+: {reason}")
    assert ask(proc.port) == b"answer"
    proc.wait()


def test_old_versions(listen, authority):
    proc = listen("-kv", "--tls-min", "1.3", stdin=DEVNULL)
    client = Client(authority, maximum_version=VERSIONS["1.2"])
    assert client.refusal(proc.port) == "TLSV1_ALERT_PROTOCOL_VERSION"
    proc.wait_err(r"refused .* offers no version of TLS that is spoken here \(TLS 1\.3\)")
    proc.stop()


def test_silence(listen):
    proc = listen("-kv", "--handshake-timeout", "100ms", stdin=DEVNULL)
    with dial(proc.port) as conn:
        assert reset_by_peer(conn)
    proc.wait_err("no answer in time during the TLS handshake")
    proc.stop()


def test_crowd_that_says_nothing(listen, clients):
    """200 of them, and one who says a byte a second, cost next to nothing, and hold up nobody."""
    proc = listen("-k", "--exec", "cat", "--handshake-timeout", "1h", stdin=DEVNULL)
    *_, slow = clients(proc.port, 200)
    hello = b"\x16\x03\x01\x02"
    slow.sendall(hello[:1])
    began, before = time.monotonic(), cpu_seconds(proc)
    for byte in hello[1:]:
        assert not select.select([slow], [], [], 1)[0]  # nobody answers that
        slow.sendall(bytes([byte]))
    assert cpu_seconds(proc) - before <= 0.02 * (time.monotonic() - began)
    good = [Task(ask, proc.port, b"%d" % number) for number in range(5)]
    assert [task.result() for task in good] == [b"%d" % number for number in range(5)]
    proc.stop()


def test_crowd_whose_time_is_over(listen, clients):
    """Each ends by itself, and the server goes on."""
    proc = listen("-kv", "--handshake-timeout", "300ms", stdin=DEVNULL)
    for conn in clients(proc.port, 200):
        assert reset_by_peer(conn)
    assert ask(proc.port) == b""
    proc.stop()


def secure_all(authority, conns, before_end=lambda: None):
    """A task for each connection: it is secured, says a byte, and ends after BEFORE_END."""
    context = Client(authority).context

    def visit(conn):
        conn.settimeout(None)
        with context.wrap_socket(conn, server_hostname="localhost") as inside:
            inside.sendall(b"x")
            before_end()
            inside.unwrap()

    return [Task(visit, conn) for conn in conns]


def test_crowd_of_good_ones(listen, authority, clients):
    """All have connected before the first handshake begins, from one address: none is refused."""
    proc = listen("-kv")
    for task in secure_all(authority, clients(proc.port, 200)):
        task.result()
    proc.wait_out(200)
    proc.stop()
    assert "refused" not in proc.err


def test_few_descriptors(listen, authority, clients):
    """Who does not fit waits, at no cost, and is served when others leave."""
    proc = listen("-kv", shell="ulimit -n 64")
    may_end = Event()
    tasks = []
    while "EMFILE" not in proc.err:
        tasks += secure_all(authority, clients(proc.port, 1), may_end.wait)
        proc.wait_err(rf"connection {len(tasks)} is secured|EMFILE")
    tasks += secure_all(authority, clients(proc.port, 15), may_end.wait)
    before = cpu_seconds(proc)
    time.sleep(1)
    assert cpu_seconds(proc) - before < 0.5
    may_end.set()
    for task in tasks:
        task.result()
    proc.wait_out(len(tasks))
    proc.stop()
    assert "refused" not in proc.err


def test_client_that_leaves_while_it_waits(listen):
    """It is secured, and waits for another to end; the server takes no harm from its reset."""
    proc = listen("-k", "--max-connections", "1", "--exec", "cat", stdin=DEVNULL)
    with dial(proc.port) as first, dial(proc.port) as second:
        served, waiting = (openssl_peer.Connection(
            openssl_peer.client_context("1.3"), unlimited(conn), "SSL_connect")
            for conn in (first, second))
        served.write(b"one")
        assert served.read() == b"one"
        reset(waiting.conn)
        served.write(b"two")
        assert served.read() == b"two"
        served.end()
        assert not served.read()
    assert ask(proc.port, b"three") == b"three"
    proc.stop()


def unlimited(conn):
    conn.settimeout(None)
    return conn


# Certificates.

def test_self_signed(sockctl):
    """It says its pin, and a client that has it needs nothing else."""
    proc = sockctl("listen", "--tls", "--self-signed", *PLACE, stdin=b"answer")
    pin = proc.wait_err(r"made a certificate for .*localhost, 127\.0\.0\.1 until "
                        r"\d{4}-\d\d-\d\d: connect with --pin (sha256:[0-9a-f]{64})")[1]
    client = sockctl("connect", "--tls", "--pin", pin, "localhost", proc.port, stdin=b"request")
    client.wait()
    proc.wait()
    assert (client.out, proc.out) == (b"answer", b"request")


def test_self_signed_for_names(sockctl, tmp_path):
    """Those that were given and no others; trusted as it is, also by address."""
    proc = sockctl("listen", "-k", "--tls", "--self-signed=a.test,127.0.0.1,::1", *PLACE,
                   stdin=DEVNULL)
    proc.wait_err(r"made a certificate for a\.test, 127\.0\.0\.1, ::1 until")
    pem = ssl.get_server_certificate(("127.0.0.1", proc.port))
    trusted = tmp_path / "own.pem"
    trusted.write_text(pem)
    context = ssl.create_default_context(cafile=trusted)
    for name in ("a.test", "127.0.0.1"):
        with context.wrap_socket(dial(proc.port), server_hostname=name) as conn:
            names = conn.getpeercert()["subjectAltName"]
    assert names == (("DNS", "a.test"), ("IP Address", "127.0.0.1"),
                     ("IP Address", "0:0:0:0:0:0:0:1"))
    with pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(dial(proc.port), server_hostname="localhost")
    proc.stop()


def test_self_signed_for_many_names(sockctl):
    """None of them is left out."""
    names = [f"n{number}.test" for number in range(200)]
    proc = sockctl("listen", "-k", "--tls", f"--self-signed={','.join(names)}", *PLACE,
                   stdin=DEVNULL)
    pem = ssl.get_server_certificate(("127.0.0.1", proc.port))
    text = openssl("x509", "-noout", "-ext", "subjectAltName", input=pem.encode()).decode()
    assert re.findall(r"DNS:([^,\s]+)", text) == names
    proc.stop()


def test_name_that_is_asked_for(sockctl, authority):
    """The first certificate for it; unknown names, and none, get the first of all. The kind of key
    may differ."""
    first = authority.server_with("sni-a", names="DNS:a.test", cn="a")
    second = authority.server_with("sni-b", names="DNS:b.test,DNS:*.c.test", cn="b", key="rsa")
    third = authority.server_with("sni-c", names="DNS:a.test", cn="c")
    proc = sockctl("listen", "-k", "--tls", "--cert", first.both, "--cert", second.both,
                   "--cert", third.both, *PLACE, stdin=DEVNULL)
    client = Client(authority, check_hostname=False)

    def shown(name):
        with client.join(proc.port, name) as conn:
            return dict(conn.getpeercert()["subject"][0])["commonName"]

    assert [shown(name) for name in ("a.test", "b.test", "B.TEST", "x.c.test", "c.test", "d.test",
                                     None)] == ["a", "b", "b", "b", "a", "a", "a"]
    client.context.maximum_version = VERSIONS["1.2"]
    assert [shown(name) for name in ("a.test", "b.test", None)] == ["a", "b", "a"]
    proc.stop()


def test_key_in_a_file_of_its_own(sockctl, authority):
    own = authority.server
    proc = sockctl("listen", "--tls", "--cert", own.cert, "--key", own.key, *PLACE, stdin=b"x")
    assert ask(proc.port) == b"x"
    proc.wait()


@pytest.mark.parametrize("words, status, said", [
    ([], 2, "--tls needs a certificate"),
    (["--cert", "missing"], 1, "missing: No such file"),
    (["--cert", "{root.cert}"], 1, "root.crt has no private key"),
    (["--cert", "{server.cert}", "--key", "{client.key}"], 8, "does not belong to the certificate"),
    (["--cert", "{server.both}", "--client-ca", "{client.key}"], 1, "has no certificate"),
    (["--cert", "{server.both}", "--key", "{server.key}", "--key", "{server.key}"], 2,
     "--key is given once for each --cert"),
    (["--cert", "{server.both}", "--allow-name", "x"], 2, "goes with --client-ca"),
    (["--cert", "{server.both}", "--client-ca", "{root.cert}", "--allow-name", "x"], 2,
     "'x' is no name of a client"),
    (["--cert", "{server.both}", "--self-signed"], 2, "--self-signed"),
    (["--self-signed=a/b"], 2, "'a/b' is no name that a certificate can have"),
    (["--self-signed=a\x1b"], 2, r"'a\x1b' is no name that a certificate can have"),
    (["--self-signed", "--ca", "{root.cert}"], 2, "--ca goes with --forward only"),
    (["--self-signed", "--ca", "{root.cert}", "--forward", "localhost:1"], 2,
     "--ca is about --forward tls:HOST:PORT"),
    (["--self-signed", "--crl", "x"], 2, "--crl needs --client-ca"),
    (["--self-signed", "--key-password", "x"], 2,
     "--key-password goes with --cert or --forward-cert only"),
    (["--self-signed", "--tls-min", "1.3", "--tls-max", "1.2"], 2, "is newer than"),
    (["--self-signed", "--peek"], 2, "TLS"),
])
def test_what_cannot_be_served(sockctl, authority, words, status, said):
    words = [word.format(**vars(authority)) for word in words]
    sockctl("listen", "--tls", *words, *PLACE).fails(status, said)


@pytest.mark.parametrize("words, said", [
    (["--cert", "x"], "--tls"),
    (["--self-signed"], "--tls"),
    (["--alpn", "h2"], "--alpn needs --tls or --forward tls:HOST:PORT"),
    (["--handshake-timeout", "1"], "--handshake-timeout goes with --accept-proxy or --tls only"),
    (["--starttls", "smtp"], "--starttls goes with --forward only"),
])
def test_what_needs_tls(sockctl, words, said):
    sockctl("listen", *words, *PLACE).fails(2, said)


@pytest.mark.parametrize("version", VERSIONS)
def test_protocols(listen, authority, version):
    """The first of the server's that the client offers, or none."""
    proc = listen("-k", "--alpn", "h2,http/1.1", stdin=DEVNULL)
    for offered, chosen in ((["http/1.1", "h2"], "h2"), (["http/1.1"], "http/1.1"), ([], None)):
        client = Client(authority, maximum_version=VERSIONS[version])
        client.context.set_alpn_protocols(offered)
        with client.join(proc.port) as conn:
            assert conn.selected_alpn_protocol() == chosen
    client.context.set_alpn_protocols(["smtp"])
    assert "no application protocol" in client.refusal(proc.port)
    proc.stop()


# Clients with certificates.

def clients_of(authority):
    """Certificates, and what both sides say of them."""
    revoked = authority.issue("revoked-client", "revoked", by=authority.root)
    return {
        "right": (authority.client, None, None),
        "none": (None, "the client sent no certificate", "CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE"),
        "expired": (authority.issue("old-client", "old", by=authority.root, start=-9, days=-3),
                    r"the certificate has expired on .*; renew it on the client", "EXPIRED"),
        "of another": (authority.issue("stranger", "stranger"),
                       "is self-signed; if it is the right one, trust it with --client-ca FILE",
                       "UNKNOWN_CA"),
        "for servers": (authority.issue("server-only", "x", by=authority.root, uses="serverAuth"),
                        "is not for clients", "UNSUPPORTED_CERTIFICATE"),
        "revoked": (revoked, "was revoked on", "REVOKED"),
    }


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["right", "none", "expired", "of another", "for servers",
                                  "revoked"])
def test_client_certificates(listen, authority, version, kind):
    """Who is not verified is refused before a byte is served, and both sides say why."""
    identity, said, alert = clients_of(authority)[kind]
    lists = authority.revocations("clients", authority.root,
                                  *([identity] if kind == "revoked" else [authority.middle]))
    proc = listen("-kv", "--client-ca", authority.root.cert, "--crl", lists, "--exec", "echo served",
                  stdin=DEVNULL)
    client = Client(authority, identity, maximum_version=VERSIONS[version])
    refusal = client.refusal(proc.port)
    if said:
        assert re.search(alert, refusal)
        proc.wait_err(rf"refused 127\.0\.0\.1:\d+: .*{said}")
        assert "accepted" not in proc.err
    else:
        assert refusal is None
        proc.wait_err(r"connection 1 is secured by TLS .*, verified as client")
    proc.stop()


@pytest.mark.parametrize("words, is_served", [
    (["DNS:a.clients.test"], True),
    (["DNS:A.Clients.Test"], True),
    (["DNS:*.clients.test"], True),
    (["DNS:clients.test"], False),
    (["DNS:*.test"], False),
    (["URI:spiffe://td/*"], True),
    (["URI:spiffe://td/b"], False),
    (["email:me@clients.test"], True),
    (["email:Me@clients.test"], False),
    (["CN:worker"], True),
    (["CN:work"], False),
    (["CN:a.clients.test"], False),
    (["CN:nobody", "DNS:a.clients.test"], True),
    (["sha256:" + "0" * 64], False),
    (["PIN"], True),
])
def test_names_of_clients(listen, authority, words, is_served):
    identity = authority.issue(
        "worker", "worker", by=authority.root,
        names="DNS:a.clients.test,URI:spiffe://td/a,email:me@clients.test")
    names = [identity.pin() if word == "PIN" else word for word in words]
    proc = listen("-kv", "--client-ca", authority.root.cert,
                  *[part for name in names for part in ("--allow-name", name)],
                  "--exec", "env | grep SOCKCTL_TLS_PEER_ | sort", stdin=DEVNULL)
    client = Client(authority, identity)
    if is_served:
        with client.join(proc.port) as conn:
            lines = b"".join(iter(lambda: conn.recv(4096), b"")).decode().splitlines()
        assert lines == ["SOCKCTL_TLS_PEER_NAME=a.clients.test",
                         f"SOCKCTL_TLS_PEER_SHA256={identity.pin()[7:]}",
                         "SOCKCTL_TLS_PEER_SUBJECT=CN = worker", "SOCKCTL_TLS_PEER_VERIFIED=yes"]
    else:
        assert client.refusal(proc.port) == "SSLV3_ALERT_BAD_CERTIFICATE"
        proc.wait_err(r"none that --allow-name admits: it is a\.clients\.test, .*\(sha256:")
    proc.stop()


def test_our_client_says_why_it_is_refused(sockctl, listen, authority):
    """Also where the server judges after the handshake, with --check and without."""
    proc = listen("-k", "--client-ca", authority.root.cert, stdin=DEVNULL)
    for words in ([], ["--check"]):
        sockctl("connect", "--tls", "--ca", authority.root.cert, *words, "localhost", proc.port,
                stdin=b"x").fails(8, "the server wants a certificate from us")
    sockctl("connect", "--tls", "--ca", authority.root.cert, "--cert", authority.client.both,
            "--check", "localhost", proc.port).wait()
    proc.stop()


# Tickets.

@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("asks", [False, True], ids=["anybody", "with a certificate"])
def test_session_goes_on(listen, authority, version, asks):
    """By a ticket, which brings the name of the client with it."""
    words = ["--client-ca", authority.root.cert, "--allow-name", "CN:client"] if asks else []
    proc = listen("-k", "--json", *words, "--exec", "head -c 1 >/dev/null; echo $SOCKCTL_TLS_PEER_SUBJECT",
                  stdin=DEVNULL)
    client = Client(authority, authority.client, maximum_version=VERSIONS[version])
    session = None
    for number in range(2):
        with client.join(proc.port, session=session) as conn:
            conn.sendall(b"?")
            assert conn.recv(100) == (b"CN = client\n" if asks else b"\n")
            assert conn.session_reused == bool(number)
            session = conn.session
            conn.unwrap()
    proc.stop()
    secured = [event for event in proc.events if event["event"] == "secured"]
    assert [event["resumed"] for event in secured] == [False, True]
    assert [event["verified"] for event in secured] == [asks, asks]


# Root only at the start.

@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_user(sockctl, authority):
    """The key is root's to read; who serves, and its programs, are another and cannot go back."""
    proc = sockctl("listen", "-k", "--tls", "--cert", authority.server.both, "--user", "nobody",
                   "--exec", "id -un; id -Gn", *PLACE, stdin=DEVNULL)
    assert ask(proc.port) == b"nobody\nnogroup\n"
    status = Path(f"/proc/{proc.pid}/status").read_text(encoding="ascii")
    uid = pwd.getpwnam("nobody").pw_uid
    assert re.search(rf"^Uid:(\s+{uid}){{4}}$", status, re.M)
    assert f"CapEff:\t{'0' * 16}\n" in status
    proc.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_user_of_a_connection_that_is_there(sockctl):
    """Nothing is waited for, and yet its program is not root's."""
    with listener() as sock, dial(port_of(sock)) as conn, accept(sock) as given:
        proc = sockctl("listen", "--user", "nobody", "--exec", "id -un", f"fd:{given.fileno()}",
                       fds=[given.fileno()])
        given.close()
        assert receive_all(conn) == b"nobody\n"
    proc.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_user_in_the_sandbox(listen):
    proc = listen("--user", "nobody", stdin=b"x")
    assert ask(proc.port) == b"x"
    proc.wait()


def test_no_such_user(sockctl):
    sockctl("listen", "--user", "no-such-user", *PLACE).fails(2, "is no user of this system")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_user_without_the_right(sockctl):
    sockctl("listen", "--user", "nobody", *PLACE, user=1).fails(2, "only root can")
