# SPDX-License-Identifier: ISC
"""TLS at either end of --forward, and files that are read again (SIGHUP)."""

import os
import re
import resource
import shutil
import signal
import socket
import ssl

import pytest

import openssl_peer
from authority import openssl
from harness import DEVNULL, Task, wait_for
from peers import (MIB, accept, dial, half_close, listener, port_of, receive, receive_all, reset,
                   reset_by_peer, send_all)
from tls_client import Client, ask, join
from tls_server import VERSIONS, Server, echo, read_to_end, serve_mail

pytestmark = pytest.mark.tls

PLACE = ("127.0.0.1", 0)


@pytest.fixture
def forward(sockctl, authority):
    """forward(TARGET, OPTION...) passes connections on; FRONT: with TLS at the side of clients."""
    def start(target, *options, front=False):
        own = ["--tls", "--cert", authority.server.both] if front else []
        trusted = ["--ca", authority.root.cert] if str(target).startswith("tls:") else []
        return sockctl("listen", "-k", *own, *trusted, "--forward", target, *options, *PLACE,
                       stdin=DEVNULL)
    return start


class Plain:
    """A target without TLS, which answers when the request has ended."""

    def __init__(self):
        self.socket = listener()
        self.port = port_of(self.socket)
        self.task = Task(self.run)

    def run(self):
        with accept(self.socket) as conn:
            data = receive_all(conn)
            send_all(conn, data)
        return data


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["terminate", "originate", "both"])
def test_each_end_is_passed_on(forward, authority, kind, version):
    """The answer comes after the end of the request, and both are whole."""
    data = os.urandom(MIB)
    if kind == "terminate":
        target = Plain()
    else:
        target = openssl_peer.Server(authority.server, lambda c: c.write(got := c.read_to_end())
                                     or c.end() or got, version)
    proc = forward(f"{'' if kind == 'terminate' else 'tls:'}localhost:{target.port}",
                   front=kind != "originate")
    if kind == "originate":
        with dial(proc.port) as conn:
            send_all(conn, data)
            assert receive_all(conn) == data
    else:
        assert ask(proc.port, data, version) == data
    assert target.task.result() == data
    proc.stop()


@pytest.fixture
def joined(forward):
    """A client with TLS that has sent something, its target, and the process between them."""
    with listener() as target:
        proc = forward(f"127.0.0.1:{port_of(target)}", front=True)
        with join(proc.port) as conn:
            conn.write(b"data")
            with accept(target) as behind:
                assert receive(behind, 4) == b"data"
                yield conn, behind, proc
    proc.stop()


def test_torn_at_the_client(joined):
    """An end without close_notify is a reset for the target."""
    conn, behind, proc = joined
    conn.conn.shutdown(socket.SHUT_WR)
    assert reset_by_peer(behind)
    proc.wait_err("no close_notify")


def test_torn_at_the_target(joined):
    """A reset is an end without close_notify for the client."""
    conn, behind, _ = joined
    behind.sendall(b"half an answ")
    assert conn.read() == b"half an answ"
    reset(behind)
    with pytest.raises((AssertionError, OSError)):
        conn.read()


def test_target_that_tears(forward, authority):
    """Without close_notify, at the far side of TLS: a reset for the client."""
    server = Server(authority.server, lambda c: c.sendall(b"half") or c.close())
    proc = forward(f"tls:localhost:{server.port}")
    with dial(proc.port) as conn:
        assert receive(conn, 4) == b"half"
        assert reset_by_peer(conn)
    proc.wait_err("no close_notify")
    proc.stop()


@pytest.mark.parametrize("words, identity, status", [
    ([], "server", None),
    ([], "stranger", "is self-signed"),
    (["--insecure"], "stranger", None),
    (["--pin", "PIN"], "stranger", None),
    (["--server-name", "other.test"], "server", "not for other.test"),
])
def test_target_is_verified(sockctl, authority, words, identity, status):
    shown = authority.server
    if identity == "stranger":
        shown = authority.issue("self-made", "self", names="DNS:localhost")
        shown.write_both()
    trusted = [] if words and words[0] in ("--insecure", "--pin") else ["--ca", authority.root.cert]
    words = [shown.pin() if word == "PIN" else word for word in words]
    server = Server(shown, echo)
    proc = sockctl("listen", "-kv", *trusted, *words, "--forward", f"tls:localhost:{server.port}",
                   *PLACE, stdin=DEVNULL)
    with dial(proc.port) as conn:
        if status:
            assert reset_by_peer(conn)
            proc.wait_err(status)
        else:
            conn.sendall(b"x")
            half_close(conn)
            assert receive_all(conn) == b"x"
            proc.wait_err(r"the target of connection 1 is secured by TLS 1\.3 ")
    assert ("NOT verified: " in proc.err) == ("--insecure" in words)
    proc.stop()


def test_certificate_for_the_target(sockctl, authority):
    """It is --forward-cert, and never the one that clients see."""
    server = Server(authority.server, lambda c: c.sendall(str(c.getpeercert()["subject"]).encode())
                    or read_to_end(c) and None or c.unwrap().close(),
                    verify_mode=ssl.CERT_REQUIRED,
                    load_verify_locations=str(authority.root.cert))
    own = authority.client
    proc = sockctl("listen", "--ca", authority.root.cert, "--forward-cert", own.cert,
                   "--forward-key", own.key, "--forward", f"tls:localhost:{server.port}",
                   *PLACE, stdin=DEVNULL)
    with dial(proc.port) as conn:
        half_close(conn)
        assert b"'client'" in receive_all(conn)
    proc.wait()


@pytest.mark.parametrize("front", [False, True], ids=["plain", "tls"])
def test_starttls(forward, authority, front):
    """What the client says at once waits for TLS, and what it gets begins after that."""
    with listener() as sock:
        serving = Task(serve_mail, sock, authority)
        proc = forward(f"localhost:{port_of(sock)}", "--starttls", "smtp", "--ca",
                       authority.root.cert, front=front)
        if front:
            assert ask(proc.port, b"QUIT\r\n") == b"QUIT\r\n"
        else:
            with dial(proc.port) as conn:
                conn.sendall(b"QUIT\r\n")
                half_close(conn)
                assert receive_all(conn) == b"QUIT\r\n"
        assert serving.result() == b"QUIT\r\n"
        proc.stop()


def test_starttls_that_fails(forward, authority):
    """Nothing of the client is sent in plain."""
    with listener() as sock:
        serving = Task(serve_mail, sock, authority, b"250 injected\r\n")
        proc = forward(f"localhost:{port_of(sock)}", "--starttls", "smtp", "--ca",
                       authority.root.cert)
        with dial(proc.port) as conn:
            conn.sendall(b"secret")
            assert reset_by_peer(conn)
        assert serving.result() == b""
        proc.wait_err("unencrypted")
        proc.stop()


# Files that are read again.

class Served:
    """A certificate in a folder where another takes its place."""

    def __init__(self, folder, identity):
        self.folder = folder
        self.path = folder / "current.pem"
        self.put(identity)

    def put(self, identity):
        """By renaming, as those who issue certificates do."""
        fresh = self.folder / "fresh"
        shutil.copy(identity.both, fresh)
        fresh.rename(self.path)


@pytest.fixture
def identities(authority):
    return [authority.server_with(f"reload{n}", cn=f"number{n}") for n in range(2)]


def reload(proc, expected="were read again"):
    seen = proc.err.count(expected)
    proc.kill(signal.SIGHUP)
    wait_for(lambda: proc.err.count(expected) > seen, expected)


def shown(authority, port):
    with Client(authority).join(port) as conn:
        return dict(conn.getpeercert()["subject"][0])["commonName"]


@pytest.mark.parametrize("sandbox", ["auto", "off"])
def test_new_certificate(sockctl, authority, identities, tmp_path, sandbox):
    """It is for new connections; those that are open go on."""
    served = Served(tmp_path, identities[0])
    proc = sockctl("listen", "-k", f"--sandbox={sandbox}", "--tls", "--cert", served.path, *PLACE,
                   stdin=DEVNULL)
    with join(proc.port) as before:
        before.write(b"one ")
        assert shown(authority, proc.port) == "number0"
        served.put(identities[1])
        assert shown(authority, proc.port) == "number0"
        reload(proc)
        assert shown(authority, proc.port) == "number1"
        before.write(b"two")
        proc.wait_out(7)
    proc.stop()


def test_link_to_another_folder(sockctl, authority, identities, tmp_path):
    """As certbot and Kubernetes swap them."""
    for name, identity in zip("ab", identities):
        (tmp_path / name).mkdir()
        shutil.copy(identity.both, tmp_path / name / "tls.pem")
    link = tmp_path / "current"
    link.symlink_to("a")
    (tmp_path / "tls.pem").symlink_to("current/tls.pem")
    proc = sockctl("listen", "-k", "--tls", "--cert", tmp_path / "tls.pem", *PLACE,
                   stdin=DEVNULL)
    assert shown(authority, proc.port) == "number0"
    (tmp_path / "next").symlink_to("b")
    (tmp_path / "next").rename(link)
    reload(proc)
    assert shown(authority, proc.port) == "number1"
    proc.stop()


@pytest.mark.parametrize("fault, said", [
    ("key of another", "does not belong to the certificate"),
    ("missing", "No such file"),
    ("unreadable", "Is a directory|Permission denied"),
    ("fifo", "Invalid argument"),
    ("empty", "has no certificate"),
])
def test_what_does_not_fit_leaves_the_old(sockctl, authority, identities, tmp_path, fault, said):
    served = Served(tmp_path, identities[0])
    proc = sockctl("listen", "-k", "--tls", "--cert", served.path, "--client-ca",
                   authority.root.cert, *PLACE, stdin=DEVNULL)
    assert proc.port
    served.path.unlink()
    if fault == "key of another":
        served.path.write_text(identities[0].cert.read_text() + identities[1].key.read_text())
    elif fault == "unreadable":
        served.path.mkdir()
    elif fault == "fifo":
        os.mkfifo(served.path)
    elif fault == "empty":
        served.path.write_text("")
    reload(proc, "stay as they were read before: ")
    assert re.search(f"stay as they were read before: .*({said})", proc.err)
    with Client(authority, authority.client).join(proc.port) as conn:
        assert "number0" in str(conn.getpeercert())
    proc.stop()


@pytest.mark.parametrize("version", VERSIONS)
def test_new_authority_of_clients(sockctl, authority, identities, tmp_path, version):
    """A ticket from before does not get past it."""
    ca = tmp_path / "ca.pem"
    shutil.copy(authority.root.cert, ca)
    proc = sockctl("listen", "-k", "--tls", "--cert", identities[0].both,
                   "--client-ca", ca, *PLACE, stdin=b"x")
    client = Client(authority, authority.client, maximum_version=VERSIONS[version])
    with client.join(proc.port) as conn:
        assert conn.recv(1) == b"x"
        session = conn.session
    other = authority.issue("other-root", "Other Root", constraints="critical, CA:TRUE")
    shutil.copy(other.cert, ca)
    reload(proc)
    with pytest.raises(ssl.SSLError):
        with client.join(proc.port, session=session) as conn:
            conn.recv(1)
    proc.stop()


def test_passphrase_by_a_descriptor(sockctl, authority, identities, tmp_path):
    """It can be read once, and opens all keys, also when they are read again."""
    keys = []
    for number, identity in enumerate(identities):
        keys.append(tmp_path / f"{number}.key")
        openssl("pkey", "-in", identity.key, "-aes256", "-passout", "pass:secret", "-out", keys[-1])
    out, into = os.pipe()
    os.write(into, b"secret\n")
    os.close(into)
    words = [word for identity, key in zip(identities, keys)
             for word in ("--cert", identity.cert, "--key", key)]
    proc = sockctl("listen", "-k", "--json", "--tls", *words, "--key-password", f"fd:{out}", *PLACE,
                   stdin=DEVNULL, fds=[out])
    os.close(out)
    assert shown(authority, proc.port) == "number0"
    reload(proc, '"event":"reloaded"')
    assert shown(authority, proc.port) == "number0"
    proc.stop()
    assert [event["files"] for event in proc.events if event["event"] == "reloaded"] == [4]


def test_new_list_of_revoked(sockctl, authority, identities, tmp_path):
    lists = tmp_path / "list.crl"
    shutil.copy(authority.revocations("none-revoked", authority.root, authority.middle), lists)
    proc = sockctl("listen", "-k", "--tls", "--cert", identities[0].both, "--client-ca",
                   authority.root.cert, "--crl", lists, *PLACE, stdin=DEVNULL)
    client = Client(authority, authority.client)
    assert client.refusal(proc.port) is None
    shutil.copy(authority.revocations("client-revoked", authority.root, authority.client), lists)
    reload(proc)
    assert "REVOKED" in client.refusal(proc.port)
    proc.stop()


def test_self_signed_stays(sockctl):
    """Its pin is what clients know."""
    proc = sockctl("listen", "-k", "--tls", "--self-signed", *PLACE, stdin=DEVNULL)
    before = ssl.get_server_certificate(("127.0.0.1", proc.port))
    reload(proc)
    assert ssl.get_server_certificate(("127.0.0.1", proc.port)) == before
    proc.stop()


def test_one_connection_ends_by_sighup(sockctl):
    """Nobody else is to come."""
    proc = sockctl("listen", "--tls", "--self-signed", *PLACE, stdin=DEVNULL)
    assert proc.port
    proc.stop(signal.SIGHUP)


def test_both_sides_or_none(sockctl, authority, identities, tmp_path):
    """New certificates for clients are not taken where those for the target do not fit."""
    served = Served(tmp_path, identities[0])
    ca = tmp_path / "ca.pem"
    shutil.copy(authority.root.cert, ca)
    with listener() as target:
        proc = sockctl("listen", "-k", "--tls", "--cert", served.path, "--ca", ca, "--forward",
                       f"tls:localhost:{port_of(target)}", *PLACE, stdin=DEVNULL)
        assert proc.port
        served.put(identities[1])
        ca.write_text("")
        reload(proc, "stay as they were read before: ")
        assert shown(authority, proc.port) == "number0"
        proc.stop()


def test_key_log_outlives_what_cannot_be_read_again(sockctl, authority, identities, tmp_path):
    """Where it cannot be opened anew it goes on, and so do the files."""
    log = tmp_path / "keys"
    proc = sockctl("listen", "-k", "--tls", "--cert", identities[0].both, "--keylog", log, *PLACE,
                   stdin=DEVNULL)
    assert proc.port
    log.rename(tmp_path / "moved")
    soft, hard = resource.prlimit(proc.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(proc.pid, resource.RLIMIT_NOFILE, (3, hard))
    reload(proc, "stay as they were read before: ")
    resource.prlimit(proc.pid, resource.RLIMIT_NOFILE, (soft, hard))
    assert f"{log}: Too many open files (EMFILE); the file that was open is written on" in proc.err
    assert shown(authority, proc.port) == "number0"
    assert "SERVER_HANDSHAKE_TRAFFIC_SECRET " in (tmp_path / "moved").read_text() and not log.exists()
    proc.stop()
