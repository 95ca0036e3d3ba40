# SPDX-License-Identifier: ISC
"""Servers and clients over libssl itself, for what Python's ssl has no words for: changes of keys, empty
records, renegotiation, an end of one direction."""

import ctypes
import select

from harness import Task
from peers import accept, listener, port_of, unix_listener

PEM = 1
SET_MIN_VERSION, SET_MAX_VERSION = 123, 124
NUMBERS = {"1.0": 0x0301, "1.2": 0x0303, "1.3": 0x0304}


def load():
    library = ctypes.CDLL("libssl.so.3")
    for name in ("SSL_CTX_new", "SSL_new", "TLS_server_method", "TLS_client_method"):
        getattr(library, name).restype = ctypes.c_void_p
    return library


def reason():
    """What libcrypto has to say about the last failure of this thread."""
    error = ctypes.c_ulong(Library.crypto.ERR_get_error())
    return Library.crypto.ERR_error_string(error, None).decode()


class Library:
    """The functions of libssl; a call that fails raises an exception."""

    ssl = load()
    crypto = ctypes.CDLL("libcrypto.so.3")
    crypto.ERR_get_error.restype = ctypes.c_ulong
    crypto.ERR_error_string.restype = ctypes.c_char_p

    def __getattr__(self, name):
        function = getattr(self.ssl, name)

        def call(*args):
            result = function(*[ctypes.c_void_p(a) if isinstance(a, int) and a > 1 << 31 else a
                                for a in args])
            assert result is not None and result > 0, f"{name}: {result}: {reason()}"
            return result

        return call


lib = Library()


class Connection:
    """One that is secured. The descriptor blocks."""

    def __init__(self, context, conn, shake="SSL_accept"):
        self.conn = conn
        self.ssl = lib.SSL_new(context)
        lib.SSL_set_fd(self.ssl, conn.fileno())
        getattr(lib, shake)(self.ssl)

    def write(self, data):
        lib.SSL_write(self.ssl, bytes(data), len(data))

    def read(self, size=1 << 16):
        """Empty at close_notify."""
        buffer = ctypes.create_string_buffer(size)
        got = lib.ssl.SSL_read(ctypes.c_void_p(self.ssl), buffer, size)
        ended = lib.ssl.SSL_get_shutdown(ctypes.c_void_p(self.ssl)) & 2
        assert got > 0 or ended, f"SSL_read: {got}"
        return buffer.raw[:max(got, 0)]

    def may_read(self):
        return lib.ssl.SSL_pending(ctypes.c_void_p(self.ssl)) > 0 \
            or bool(select.select([self.conn], [], [], 0)[0])

    def read_to_end(self):
        data = bytearray()
        while piece := self.read():
            data += piece
        return bytes(data)

    def change_keys(self, of_both=True):
        lib.SSL_key_update(self.ssl, int(of_both))
        lib.SSL_do_handshake(self.ssl)

    def ask_for_renegotiation(self):
        lib.SSL_renegotiate(self.ssl)
        lib.SSL_do_handshake(self.ssl)

    def end(self):
        """Ends this direction by close_notify; the other goes on."""
        assert lib.ssl.SSL_shutdown(ctypes.c_void_p(self.ssl)) >= 0


def context_of(method, version):
    context = lib.SSL_CTX_new(method)
    for command in (SET_MIN_VERSION, SET_MAX_VERSION):
        lib.SSL_CTX_ctrl(context, command, NUMBERS[version], None)
    return context


def client_context(version):
    return context_of(lib.TLS_client_method(), version)


def server_context(identity, version):
    context = context_of(lib.TLS_server_method(), version)
    lib.SSL_CTX_set_cipher_list(context, b"ALL:@SECLEVEL=0")
    lib.SSL_CTX_use_certificate_chain_file(context, bytes(identity.both))
    lib.SSL_CTX_use_PrivateKey_file(context, bytes(identity.both), PEM)
    return context


class Server:
    """Secures one connection and gives it to a function, after which it is closed unless the test
    keeps it. It listens on a port, or on the Unix socket that is named."""

    def __init__(self, identity, serve, version="1.3", unix=None, keeps=False):
        self.context = server_context(identity, version)
        self.socket = unix_listener(unix) if unix else listener()
        self.port = None if unix else port_of(self.socket)
        self.keeps = keeps
        self.task = Task(self.run, serve)

    def run(self, serve):
        conn = accept(self.socket)
        conn.settimeout(None)
        try:
            return serve(Connection(self.context, conn))
        finally:
            if not self.keeps:
                conn.close()

    def result(self):
        return self.task.result()
