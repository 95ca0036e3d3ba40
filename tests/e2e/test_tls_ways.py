# SPDX-License-Identifier: ISC
"""Each way that a forward can have TLS at its ends: what one end says of its direction, the other
hears, and what was torn is torn."""

import os
import socket

import pytest

import openssl_peer
from harness import DEVNULL, Task
from peers import (MIB, accept, dial, half_close, listener, port_of, receive_all, reset,
                   reset_by_peer)
from tls_client import join

pytestmark = pytest.mark.tls


class Plain:
    """An end without TLS, in the words of openssl_peer.Connection."""

    def __init__(self, conn):
        self.conn = conn

    def write(self, data):
        self.conn.sendall(data)

    def read(self):
        return self.conn.recv(65536)

    def read_to_end(self):
        return receive_all(self.conn)

    def end(self):
        half_close(self.conn)


def cut(end):
    """What was sent looks unfinished: for TLS an end of TCP without close_notify, else a reset."""
    if isinstance(end, Plain):
        reset(end.conn)
    else:
        end.conn.shutdown(socket.SHUT_WR)


def is_torn(end):
    """Neither close_notify nor the end of a stream without TLS has come."""
    if isinstance(end, Plain):
        return reset_by_peer(end.conn)
    try:
        while end.read():
            pass
        return False
    except (AssertionError, OSError):
        return True


def agree_on_mail(conn):
    conn.sendall(b"220 mail\r\n")
    assert conn.recv(100).startswith(b"EHLO ")
    conn.sendall(b"250 STARTTLS\r\n")
    assert conn.recv(100) == b"STARTTLS\r\n"
    conn.sendall(b"220 go\r\n")


# Whether clients speak TLS, whether the target does, and what comes before that.
WAYS = {
    "plain to TLS": (False, True, None),
    "TLS to plain": (True, False, None),
    "TLS to TLS": (True, True, None),
    "plain to STARTTLS": (False, True, agree_on_mail),
    "TLS to STARTTLS": (True, True, agree_on_mail),
}


@pytest.fixture(params=WAYS)
def ends(request, sockctl, authority):
    """Two ends that are joined through a forward, after a byte each way."""
    front, back, words = WAYS[request.param]
    own = ["--tls", "--cert", authority.server.both] if front else []
    target_options = ["--ca", authority.root.cert] if back else []
    prefix = "tls:" if back and not words else ""
    context = openssl_peer.context_of(openssl_peer.lib.TLS_server_method(), "1.3")
    openssl_peer.lib.SSL_CTX_use_certificate_chain_file(context, bytes(authority.server.both))
    openssl_peer.lib.SSL_CTX_use_PrivateKey_file(context, bytes(authority.server.both),
                                                 openssl_peer.PEM)

    def secure(conn):
        conn.settimeout(None)
        if words:
            words(conn)
        return openssl_peer.Connection(context, conn) if back else Plain(conn)

    with listener() as target:
        proc = sockctl("listen", "-k", *own, *target_options,
                       *(["--starttls", "smtp"] if words else []),
                       "--forward", f"{prefix}localhost:{port_of(target)}", "127.0.0.1", 0,
                       stdin=DEVNULL)
        securing = Task(lambda: secure(accept(target)))
        if front:
            with join(proc.port) as client:
                yield from run_between(client, securing.result(), proc)
        else:
            with dial(proc.port) as conn:
                yield from run_between(Plain(conn), securing.result(), proc)


def run_between(client, target, proc):
    client.write(b"?")
    assert target.read() == b"?"
    target.write(b"!")
    assert client.read() == b"!"
    with target.conn:
        yield client, target
    proc.stop()


@pytest.mark.parametrize("first", ["client", "target"])
def test_end_of_one_direction(ends, first):
    """It is passed on at once, and the other direction goes on after it."""
    near, far = ends if first == "client" else ends[::-1]
    data = os.urandom(MIB)
    near.write(b"last words")
    near.end()
    assert far.read_to_end() == b"last words"
    sending = Task(lambda: (far.write(data), far.end()))
    assert near.read_to_end() == data
    sending.result()


@pytest.mark.parametrize("first", ["client", "target"])
def test_torn(ends, first):
    """What was cut off does not look whole at the other side."""
    near, far = ends if first == "client" else ends[::-1]
    near.write(b"half an ")
    assert far.read() == b"half an "
    cut(near)
    assert is_torn(far)
