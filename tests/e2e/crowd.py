# SPDX-License-Identifier: ISC
"""Many clients at once, driven by one thread each side."""

import hashlib
import resource
import selectors
import socket
import time
from threading import Thread

from harness import DEADLINE
from peers import dial, listener, port_of


def allow_descriptors(number):
    """Lets this process have so many, or returns False."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < number:
        return False
    if soft < number:
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))
    return True


def bytes_of(number, length):
    """What client NUMBER sends: nobody else sends the like."""
    piece = hashlib.sha256(b"%d" % number).digest()
    return (piece * (length // len(piece) + 1))[:length]


class Echo:
    """A server that sends everything back, and ends when the client has ended."""

    def __init__(self):
        self.socket = listener(backlog=4096)
        self.port = port_of(self.socket)
        self.open = 0
        self.most = 0
        self.selector = selectors.DefaultSelector()
        self.socket.setblocking(False)
        self.selector.register(self.socket, selectors.EVENT_READ)
        self.stopper, self.stopped = socket.socketpair()
        self.selector.register(self.stopped, selectors.EVENT_READ)
        self.thread = Thread(target=self._run, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopper.close()
        self.thread.join()

    def _run(self):
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.stopped:
                    self._close()
                    return
                if key.fileobj is self.socket:
                    self._accept()
                else:
                    self._serve(key)

    def _close(self):
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()

    def _accept(self):
        conn, _ = self.socket.accept()
        conn.setblocking(False)
        self.selector.register(conn, selectors.EVENT_READ, bytearray())
        self.open += 1
        self.most = max(self.most, self.open)

    def _serve(self, key):
        conn, left = key.fileobj, key.data
        try:
            if not left:
                left += conn.recv(65536)
                if not left:
                    raise ConnectionError
            del left[: conn.send(left)]
        except BlockingIOError:
            pass
        except ConnectionError:
            self.selector.unregister(conn)
            conn.close()
            self.open -= 1
            return
        events = selectors.EVENT_WRITE if left else selectors.EVENT_READ
        if key.events != events:
            self.selector.modify(conn, events, left)


class Talker:
    """A client that sends its bytes, ends, and reads to the end."""

    def __init__(self, conn, data):
        self.conn = conn
        self.data = memoryview(data)
        self.sent = 0
        self.received = bytearray()
        conn.setblocking(False)

    def step(self):
        """Does what can be done now; returns True when both sides have ended."""
        if self.sent < len(self.data):
            try:
                self.sent += self.conn.send(self.data[self.sent :])
            except BlockingIOError:
                pass
            if self.sent == len(self.data):
                self.conn.shutdown(socket.SHUT_WR)
        try:
            piece = self.conn.recv(65536)
        except BlockingIOError:
            return False
        self.received += piece
        return not piece

    @property
    def events(self):
        wanted = selectors.EVENT_READ
        return wanted | selectors.EVENT_WRITE if self.sent < len(self.data) else wanted


def talk(port, number, length, address="127.0.0.1", at_once=lambda: None):
    """All connect, AT_ONCE is called, then all send at once; checks that each gets its own back."""
    talkers = [Talker(dial(port, address), bytes_of(n, length)) for n in range(number)]
    at_once()
    end = time.monotonic() + 4 * DEADLINE
    with selectors.DefaultSelector() as selector:
        for talker in talkers:
            selector.register(talker.conn, talker.events, talker)
        while selector.get_map():
            assert time.monotonic() < end, f"{len(selector.get_map())} of {number} not served"
            for key, _ in selector.select(1):
                talker = key.data
                if talker.step():
                    selector.unregister(talker.conn)
                    talker.conn.close()
                elif key.events != talker.events:
                    selector.modify(talker.conn, talker.events, talker)
    wrong = [n for n, talker in enumerate(talkers) if talker.received != talker.data]
    assert not wrong, f"wrong bytes for {len(wrong)} of {number}"
