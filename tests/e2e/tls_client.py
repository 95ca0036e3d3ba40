# SPDX-License-Identifier: ISC
"""Clients that speak TLS: Python's ssl, and libssl itself for an end of one direction."""

import ssl
from contextlib import contextmanager

import openssl_peer
from peers import dial


class Client:
    """Trusts AUTHORITY, and shows IDENTITY where that is given.

    OPTIONS are attributes of the context, or arguments of its methods.
    """

    def __init__(self, authority, identity=None, **options):
        self.context = ssl.create_default_context(cafile=authority.root.cert)
        if identity:
            self.context.load_cert_chain(identity.cert, identity.key)
        for name, value in options.items():
            getattr(self.context, name)(value) if callable(getattr(self.context, name)) \
                else setattr(self.context, name, value)

    @contextmanager
    def join(self, port, name="localhost", **how):
        conn = self.context.wrap_socket(dial(port), server_hostname=name,
                                        suppress_ragged_eofs=False, **how)
        try:
            yield conn
        finally:
            conn.close()

    def refusal(self, port):
        """Why the server does not serve this client, which it may only say after the handshake."""
        try:
            with self.join(port) as conn:
                conn.recv(1)
                return None
        except ssl.SSLError as error:
            return error.reason or str(error)  # Python does not know them all


@contextmanager
def join(port, version="1.3"):
    """A client over libssl, which verifies nothing."""
    with dial(port) as conn:
        conn.settimeout(None)
        yield openssl_peer.Connection(openssl_peer.client_context(version), conn, "SSL_connect")


def ask(port, data=b"", version="1.3"):
    """Sends DATA, ends that, and returns what comes up to its end."""
    with join(port, version) as conn:
        if data:
            conn.write(data)
        conn.end()
        return conn.read_to_end()
