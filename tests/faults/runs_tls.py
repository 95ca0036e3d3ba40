# SPDX-License-Identifier: ISC
"""The typical runs with TLS, whose certificates are made when the first of them is played."""

import atexit
import functools
import itertools
import shutil
import signal
import ssl
import tempfile
import threading

from rig import PORT  # before the others: it knows where they are

from authority import Authority, openssl
from harness import DEVNULL
from peers import receive
from runs import QUESTION, REPLY, REQUEST, run
from tls_server import read_to_end

lock = threading.Lock()


@functools.cache
def make_authority():
    folder = tempfile.mkdtemp(prefix="sockctl-faults-pki.")
    atexit.register(shutil.rmtree, folder)
    made = Authority(folder)
    made.hashed = made.folder / "trusted"
    made.hashed.mkdir()
    name = openssl("x509", "-in", made.root.cert, "-noout", "-hash").decode().strip()
    (made.hashed / f"{name}.0").symlink_to(made.root.cert)
    made.servers = [(name, made.server_with(name, cn=name)) for name in ("first", "second")]
    made.revoked = made.revocations("revoked", made.root, made.middle)
    return made


def authority():
    with lock:  # several runs are played at once
        return make_authority()


def secured(conn, identity, **options):
    """The server's side of TLS on CONN."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.both)
    for name, value in options.items():
        setattr(context, name, value)
    if "verify_mode" in options:
        context.load_verify_locations(authority().root.cert)
    return context.wrap_socket(conn, server_side=True, suppress_ragged_eofs=False)


def answer(conn, reply):
    """Reads to close_notify, answers, and ends in turn."""
    data = read_to_end(conn)
    conn.sendall(reply)
    conn.unwrap()
    return data


def trusting(*more):
    return ["--ca", authority().root.cert, "--server-name", "localhost", *more]


@run()
def connect_tls(rig):
    """With a certificate of ours."""
    own = authority()
    peer = rig.tcp_peer(lambda conn: answer(
        secured(conn, own.server, verify_mode=ssl.CERT_REQUIRED), REPLY))
    proc = rig.start("connect", "--tls", *trusting("--cert", own.client.cert, "--key",
                                                   own.client.key), rig.address, PORT,
                     stdin=REQUEST)
    return lambda: peer.result() == REQUEST and proc.out == REPLY


@run()
def connect_tls_old(rig):
    """TLS 1.2, and a directory of authorities."""
    own = authority()
    peer = rig.tcp_peer(lambda conn: answer(
        secured(conn, own.server, maximum_version=ssl.TLSVersion.TLSv1_2), REPLY))
    proc = rig.start("connect", "--tls", "--ca", own.hashed, "--server-name", "localhost",
                     "--show-certificates", rig.address, PORT, stdin=REQUEST)
    return lambda: peer.result() == REQUEST and proc.out == REPLY


@run()
def connect_tls_check(rig):
    rig.tcp_peer(lambda conn: read_to_end(secured(conn, authority().server)))
    proc = rig.start("connect", "--check", "--any", "--tls", *trusting(), rig.address,
                     f"{PORT},{PORT + 1}")
    return lambda: f"{PORT}" in proc.err + proc.out.decode()


@run()
def connect_starttls(rig):
    def serve(conn):
        conn.sendall(b"220 mail\r\n")
        receive(conn, len(b"EHLO "))
        while conn.recv(1) != b"\n":
            pass
        conn.sendall(b"250-mail\r\n250 STARTTLS\r\n")
        receive(conn, len(b"STARTTLS\r\n"))
        conn.sendall(b"220 go\r\n")
        return answer(secured(conn, authority().server), REPLY)

    peer = rig.tcp_peer(serve)
    proc = rig.start("connect", "--starttls", "smtp", *trusting(), rig.address, PORT,
                     stdin=REQUEST)
    return lambda: peer.result() == REQUEST and proc.out == REPLY


def exchange(conn, request, reply, verifies=True, own=None, expected=None):
    """The client's side of TLS on CONN, which says its end when it has everything. OWN is its
    certificate, EXPECTED the names of the server's of which it has to be one."""
    if conn is None:
        return False
    context = ssl.create_default_context(cafile=authority().root.cert)
    context.check_hostname = verifies
    context.verify_mode = ssl.CERT_REQUIRED if verifies else ssl.CERT_NONE
    if own:
        context.load_cert_chain(own.both)
    with context.wrap_socket(conn, server_hostname="localhost",
                             suppress_ragged_eofs=False) as inside:
        if expected and name_of(inside) not in expected:
            return False
        inside.sendall(request)
        got = b""
        while len(got) < len(reply) and (piece := inside.recv(65536)):
            got += piece
        inside.unwrap()
    return got == reply


def name_of(conn):
    """The common name that the peer of CONN shows."""
    return dict(conn.getpeercert()["subject"][0])["commonName"]


@run("accept4")
def listen_k_tls(rig):
    """A client whose handshake fails is only told of with -v."""
    with open(rig.file(REPLY), "rb") as file:
        proc = rig.start("listen", "-k", "-v", "--tls", "--cert", authority().server.both, rig.address,
                         PORT, stdin=file)
    rig.serve(lambda: exchange(rig.dial((rig.address, PORT)), QUESTION, REPLY))
    return lambda: proc.out == QUESTION * len(rig.served)


@run("accept4")
def listen_k_tls_exec(rig):
    rig.start("listen", "-k", "-v", "--tls", "--self-signed", rig.address, PORT, "--exec", "cat",
              stdin=b"", follow=False)

    rig.serve(lambda: exchange(rig.dial((rig.address, PORT)), QUESTION, QUESTION, verifies=False))


@run("accept4")
def listen_k_tls_forward(rig):
    """TLS on both sides, each with its own names."""
    rig.tcp_peer(lambda conn: echo_once(secured(conn, authority().server)), port=PORT + 1)
    rig.start("listen", "-k", "-v", "--tls", "--cert", authority().server.both, "--ca",
              authority().root.cert, "--server-name", "localhost", rig.address, PORT, "--forward",
              f"tls:{rig.address}:{PORT + 1}", stdin=b"", stdout=DEVNULL)
    rig.serve(lambda: exchange(rig.dial((rig.address, PORT)), QUESTION, QUESTION))


def echo_once(conn):
    conn.sendall(receive(conn, len(QUESTION)))
    return answer(conn, b"")


class Replaced:
    """A certificate that is replaced, for a server that is told so."""

    READ, KEPT = "were read again", "stay as they were read before"

    def __init__(self, rig):
        self.rig = rig
        self.path = rig.directory / "current.pem"
        self.identities = itertools.cycle(authority().servers)
        self.shown = {self.put()}

    def put(self):
        name, identity = next(self.identities)
        fresh = self.rig.directory / "fresh"
        shutil.copy(identity.both, fresh)
        fresh.rename(self.path)
        return name

    def replace(self):
        """What is shown from now on, it says itself; where it cannot, it may be either."""
        before, name = self.shown, self.put()
        self.shown = before | {name}
        said = self.rig.tell(signal.SIGHUP, f"{self.READ}|{self.KEPT}")
        if said:
            self.shown = {name} if said == self.READ else before


@run("accept4")
def listen_k_tls_reload(rig):
    """All files are read again after each client, which shows a certificate itself."""
    own = authority()
    served = Replaced(rig)
    with open(rig.file(REPLY), "rb") as file:
        proc = rig.start("listen", "-k", "-v", "--tls", "--cert", served.path, "--client-ca",
                         own.root.cert, "--crl", own.revoked, rig.address, PORT, stdin=file)

    def visit():
        whole = exchange(rig.dial((rig.address, PORT)), QUESTION, REPLY, own=own.client,
                         expected=served.shown)
        served.replace()
        return whole

    rig.serve(visit)
    return lambda: proc.out == QUESTION * len(rig.served)
