# SPDX-License-Identifier: ISC
"""Servers that speak TLS: Python's ssl, one connection each."""

import ssl

from harness import Task
from peers import accept, listener, port_of

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Server:
    """Secures the connection that it accepts, and gives it to a function.

    IDENTITY may be as weak as it likes. OPTIONS are attributes of the context, or arguments of its
    methods.
    """

    def __init__(self, identity, serve, **options):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.set_ciphers("DEFAULT:@SECLEVEL=0")
        self.context.load_cert_chain(identity.both)
        for name, value in options.items():
            getattr(self.context, name)(value) if callable(getattr(self.context, name)) \
                else setattr(self.context, name, value)
        self.socket = listener()
        self.port = port_of(self.socket)
        self.task = Task(self.run, serve)

    def run(self, serve):
        conn = accept(self.socket)
        try:
            secured = self.context.wrap_socket(
                conn, server_side=True, suppress_ragged_eofs=False)
            return serve(secured)
        except OSError as error:
            conn.close()
            return error

    def result(self):
        return self.task.result()


def read_to_end(conn):
    data = bytearray()  # which grows without being copied each time
    while piece := conn.recv(65536):
        data += piece
    return bytes(data)


def echo(conn):
    """Reads to close_notify, answers, and ends in turn."""
    data = read_to_end(conn)
    conn.sendall(data)
    conn.unwrap()
    conn.close()
    return data


def serve_mail(sock, authority, more=b""):
    """A server that speaks SMTP up to STARTTLS, and then TLS or MORE in plain."""
    conn = accept(sock)
    conn.sendall(b"220 mail\r\n")
    assert conn.recv(100).startswith(b"EHLO ")
    conn.sendall(b"250-mail\r\n250 STARTTLS\r\n")
    assert conn.recv(100) == b"STARTTLS\r\n"
    conn.sendall(b"220 go\r\n" + more)
    if not more:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.server.both)
        return echo(context.wrap_socket(conn, server_side=True))
    try:
        return conn.recv(100)
    except ConnectionResetError:
        return b""
