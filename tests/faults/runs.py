# SPDX-License-Identifier: ISC
"""The typical runs of each command that are put through the faults.

Each starts the program with RIG and returns a function that tells whether all data is whole, or
has RIG serve clients. The data are larger than one read and than what a socket takes at once.
"""

import itertools
import json
import os
import random
import socket
from dataclasses import dataclass, field
from typing import Callable

from rig import PORT  # before the others: it knows where they are

from harness import DEVNULL
from peers import answer, receive_all, send_all

REQUEST = random.Random(1).randbytes(200_000)
REPLY = random.Random(2).randbytes(300_000)
MESSAGE = REPLY[:60_000]
QUESTION = b"who is there?\n" * 100

RUNS = {}


@dataclass
class Run:
    name: str
    play: Callable
    joins: str  # the call that makes the connection
    of_children: bool = False  # the faults are those of the processes it starts
    descriptors: dict = field(default_factory=dict)  # of a server at rest, by the tool

    @property
    def streams(self):
        is_joined = self.name.startswith(("connect", "listen"))
        return is_joined and not self.datagrams

    @property
    def datagrams(self):
        return bool({"udp", "seqpacket", "raw", "datagram"} & set(self.name.split()))


def run(joins="connect", of_children=False, needs_root=False):
    def add(play):
        if needs_root and os.geteuid():
            return play
        name = play.__name__.replace("_", " ")
        RUNS[name] = Run(name, play, joins, of_children)
        return play

    return add


# --- connect


@run()
def connect_exchange(rig):
    peer = rig.tcp_peer(lambda conn: answer(conn, REPLY))
    proc = rig.start("connect", rig.address, PORT, stdin=REQUEST)
    return lambda: peer.result() == REQUEST and proc.out == REPLY


@run()
def connect_send(rig):
    peer = rig.tcp_peer(receive_all)
    with open(rig.file(REQUEST), "rb") as file:
        rig.start("connect", rig.address, PORT, stdin=file)
    return lambda: peer.result() == REQUEST


@run()
def connect_receive(rig):
    rig.tcp_peer(lambda conn: send_all(conn, REPLY))
    with open(rig.directory / "output", "w+b") as file:
        rig.start("connect", rig.address, PORT, stdout=file)
    return lambda: (rig.directory / "output").read_bytes() == REPLY


@run()
def connect_filters(rig):
    text = b"a line\n" * 3000
    peer = rig.tcp_peer(lambda conn: answer(conn, text + b"\xff\xfd\x01"))
    proc = rig.start("connect", "--crlf", "--telnet", "--hex", rig.address, PORT, stdin=text)
    return lambda: peer.result() == text.replace(b"\n", b"\r\n") and proc.out == text


@run()
def connect_unix(rig):
    peer = rig.unix_peer(lambda conn: answer(conn, REPLY))
    proc = rig.start("connect", rig.directory / "peer", stdin=REQUEST)
    return lambda: peer.result() == REQUEST and proc.out == REPLY


@run()
def connect_name(rig):
    peer = rig.tcp_peer(lambda conn: answer(conn, REPLY), "127.0.0.1", 0)
    proc = rig.start("connect", "localhost", peer.port, stdin=REQUEST)
    return lambda: peer.result() == REQUEST and proc.out == REPLY


@run()
def connect_files(rig):
    peer = rig.tcp_peer(lambda conn: answer(conn, REPLY))
    rig.start("connect", "--input", rig.file(REQUEST), "--output", rig.directory / "output",
              "--get", "SO_RCVBUF", rig.address, PORT)
    return lambda: (peer.result() == REQUEST
                    and (rig.directory / "output").read_bytes() == REPLY)


@run()
def connect_exec(rig):
    peer = rig.tcp_peer(lambda conn: answer_after_request(conn))
    rig.start("connect", rig.address, PORT, "--exec", "cat", follow=False)
    return lambda: peer.result() == QUESTION


def answer_after_request(conn):
    send_all(conn, QUESTION)
    return receive_all(conn)


@run()
def connect_check(rig):
    rig.tcp_peer(receive_all)
    proc = rig.start("connect", "--check", "--any", rig.address, f"{PORT},{PORT + 1}")
    return lambda: f"{PORT}" in proc.err + proc.out.decode()


# --- listen


def exchange(conn, request, reply):
    if conn is None:
        return False
    with conn:
        send_all(conn, request)
        return receive_all(conn) == reply


@run("accept4")
def listen_exchange(rig):
    proc = rig.start("listen", rig.address, PORT, stdin=REPLY)
    conn = rig.dial((rig.address, PORT))
    whole = attempt(lambda: exchange(conn, REQUEST, REPLY))
    return lambda: whole and proc.out == REQUEST


@run("accept4")
def listen_unix(rig):
    path = rig.directory / "socket"
    proc = rig.start("listen", path, stdin=REPLY)
    conn = rig.dial(str(path))
    whole = attempt(lambda: exchange(conn, REQUEST, REPLY))
    return lambda: whole and proc.out == REQUEST and not path.exists()


@run("accept4")
def listen_receive(rig):
    with open(rig.directory / "output", "w+b") as file:
        rig.start("listen", rig.address, PORT, stdout=file, stdin=b"")
    conn = rig.dial((rig.address, PORT))
    attempt(lambda: exchange(conn, REQUEST, b""))
    return lambda: (rig.directory / "output").read_bytes() == REQUEST


@run("accept4")
def listen_exec(rig):
    rig.start("listen", rig.address, PORT, "--exec", "cat", follow=False)
    conn = rig.dial((rig.address, PORT))
    whole = attempt(lambda: exchange(conn, QUESTION, QUESTION))
    return lambda: whole


def attempt(function):
    try:
        return function()
    except OSError:
        return False


@run("accept4")
def listen_k(rig):
    """All that clients send comes out; each gets all of the page."""
    with open(rig.file(REPLY), "rb") as file:
        proc = rig.start("listen", "-k", "-v", rig.address, PORT, stdin=file)
    rig.serve(lambda: exchange(rig.dial((rig.address, PORT)), QUESTION, REPLY))
    return lambda: proc.out == QUESTION * len(rig.served)


@run("accept4")
def listen_k_exec(rig):
    rig.start("listen", "-k", "-v", rig.address, PORT, "--exec", "cat", stdin=b"", follow=False)
    rig.serve(lambda: exchange(rig.dial((rig.address, PORT)), QUESTION, QUESTION))


@run("accept4")
def listen_k_forward(rig):
    rig.unix_peer(lambda conn: answer(conn, REPLY))
    rig.start("listen", "-k", "-v", rig.address, PORT, "--forward", rig.directory / "peer", stdin=b"")
    rig.serve(lambda: exchange(rig.dial((rig.address, PORT)), REQUEST, REPLY))


@run("accept4", of_children=True)
def listen_k_exec_child(rig):
    """The new process on its way to the program."""
    rig.start("listen", "-k", "-v", rig.address, PORT, "--exec-file", "cat", stdin=b"")
    rig.serve(lambda: exchange(rig.dial((rig.address, PORT)), QUESTION, QUESTION))


# --- datagrams

LINES = [b"first", b"", b"third " * 100, b"last"]


@run("sendmmsg")
def udp_send(rig):
    sock = rig.udp_socket()
    rig.start("udp-send", rig.address, PORT, stdin=b"\n".join(LINES) + b"\n")
    return lambda: [sock.recv(65536) for _ in LINES] == LINES


@run("sendmmsg")
def udp_send_block(rig):
    sock = rig.udp_socket()
    data = REQUEST[:64_000]
    with open(rig.file(data), "rb") as file:
        rig.start("udp-send", "--block", "1000", rig.address, PORT, stdin=file)
    return lambda: b"".join(sock.recv(65536) for _ in range(64)) == data


@run("sendmmsg")
def udp_send_replies(rig):
    sock = rig.udp_socket()
    rig.background(lambda: echo_datagrams(sock, 2))
    proc = rig.start("udp-send", "--connected", "--replies", 2, rig.address, PORT, "one", "two",
                     stdin=b"")
    return lambda: sorted(proc.out.split()) == [b"one", b"two"]


@run()
def connect_udp(rig):
    sock = rig.udp_socket()
    rig.background(lambda: echo_datagrams(sock, 1))
    proc = rig.start("connect", "-u", "--wait", "500ms", rig.address, PORT, stdin=b"one")
    return lambda: proc.out == b"one"


@run("recvmmsg")
def listen_udp_forward(rig):
    """A server: each client gets its own answer."""
    sock = rig.udp_socket(port=0)
    rig.background(lambda: echo_datagrams(sock, None))
    rig.start("listen", "-uk", rig.address, PORT, "--forward",
              f"{rig.address}:{sock.getsockname()[1]}", stdin=b"", stdout=DEVNULL)
    rig.serve(lambda: ask(rig))


@run("recvmmsg")
def listen_udp_exec(rig):
    """A server: each client has a program of its own."""
    rig.start("listen", "-uk", rig.address, PORT, "--exec", "cat", stdin=b"", follow=False)
    rig.serve(lambda: ask(rig))


# --- messages


@run()
def connect_seqpacket(rig):
    peer = rig.unix_peer(lambda conn: answer(conn, MESSAGE), socket.SOCK_SEQPACKET)
    proc = rig.start("connect", f"seqpacket:{rig.directory / 'peer'}", stdin=QUESTION)
    return lambda: peer.result() == QUESTION and proc.out == MESSAGE


@run("accept4")
def listen_seqpacket(rig):
    path = rig.directory / "socket"
    proc = rig.start("listen", f"seqpacket:{path}", stdin=QUESTION)
    conn = rig.dial(str(path), socket.SOCK_SEQPACKET)
    whole = attempt(lambda: exchange(conn, MESSAGE, QUESTION))
    return lambda: whole and proc.out == MESSAGE and not path.exists()


def echo_datagrams(sock, count):
    """Without COUNT until the socket is closed."""
    for _ in itertools.count() if count is None else range(count):
        data, source = sock.recvfrom(65536)
        sock.sendto(data, source)


def send_lines(rig, table="udp"):
    if not rig.bound(table):
        return None
    with rig.udp_client() as sock:
        for line in LINES:
            sock.sendto(line, (rig.address, PORT))
    return True


@run("recvmmsg")
def udp_recv(rig):
    proc = rig.start("udp-recv", "--count", len(LINES), rig.address, PORT, stdin=b"")
    send_lines(rig)
    return lambda: proc.out == b"\n".join(LINES) + b"\n"


@run("recvmmsg")
def udp_recv_json(rig):
    proc = rig.start("udp-recv", "--json", "--count", len(LINES), rig.address, PORT, stdin=b"")
    send_lines(rig)
    return lambda: ([json.loads(line)["length"] for line in proc.out.splitlines()]
                    == list(map(len, LINES)))


@run("recvmmsg")
def udp_recv_echo(rig):
    """A server: each client has its datagram back."""
    rig.start("udp-recv", "--echo", rig.address, PORT, stdin=b"", stdout=DEVNULL)
    rig.serve(lambda: ask(rig))


def ask(rig):
    """One question, asked again if nothing comes back, as those who use datagrams do."""
    if not rig.bound():
        return False
    with rig.udp_client() as sock:
        sock.settimeout(rig.limit / 4)
        for _ in range(2):
            sock.sendto(b"who?", (rig.address, PORT))
            got = b""
            try:
                while len(got) < len(b"who?"):  # what a program writes may come in pieces
                    got += sock.recv(100)
                return got == b"who?"
            except TimeoutError:
                pass
    return False


@run("sendmmsg", needs_root=True)
def raw_send(rig):
    sock = rig.raw_socket()
    rig.start("raw-send", rig.address, rig.protocol, "one", "two", stdin=b"")
    return lambda: [sock.recv(100)[20:] for _ in range(2)] == [b"one", b"two"]


@run("recvmmsg", needs_root=True)
def raw_recv(rig):
    proc = rig.start("raw-recv", "--count", 2, rig.address, rig.protocol, stdin=b"")
    if rig.bound("raw", f"{rig.protocol:04X}"):
        with rig.raw_socket(own=False) as sock:
            for word in (b"one", b"two"):
                sock.sendto(word, (rig.address, 0))
    return lambda: proc.out == b"one\ntwo\n"


# --- names, tables, looking things up


def told_by(name, joins, *args, normal=lambda out: out):
    """A run that writes the same each time, seen through NORMAL."""
    expected = []

    def play(rig):
        proc = rig.start(*args, stdin=b"")

        def check():
            if not rig.fault:
                expected[:] = [normal(proc.out)]
            return normal(proc.out) == expected[0] and proc.out

        return check

    RUNS[name] = Run(name, play, joins)


def sorted_lines(out):
    return sorted(out.splitlines())


told_by("resolve name", "socket", "resolve", "-4", "localhost", "http")
told_by("resolve address", "socket", "resolve", "127.0.0.1")
told_by("resolve many", "socket", "resolve", "-4", "localhost", "127.0.0.1", "127.0.0.1",
        normal=sorted_lines)
told_by("services", "openat", "services", normal=hash)
told_by("services name", "openat", "services", "http", "53/udp")
told_by("protocols", "openat", "protocols")
told_by("networks", "openat", "networks")
told_by("hosts", "openat", "hosts")
# How many lines the C library merges depends on host.conf, of whose faults it says nothing.
told_by("hosts name", "openat", "hosts", "-4", "localhost", normal=lambda out: out.split()[:2])
told_by("address", "write", "address", "127.0.0.1")
told_by("errors", "write", "errors", "ECONNREFUSED", "10061")
told_by("options", "socket", "options", "tcp", normal=lambda out: len(out.splitlines()))
told_by("options name", "socket", "options", "SO_LINGER", normal=lambda out: len(out.splitlines()))
told_by("descriptor", "connect", "descriptor", normal=lambda out: len(out.splitlines()))
told_by("help", "write", "connect", "--help")


@run("sendto")
def sockets(rig):
    rig.tcp_peer(receive_all)
    proc = rig.start("sockets", "--tcp", "--listening", "--processes", "--address", rig.address,
                     stdin=b"")
    return lambda: f"{rig.address}:{PORT}".encode() in proc.out and b"python" in proc.out


# --- echo


@run("accept4")
def echo_stream(rig):
    rig.start("echo", "-v", "--tcp", rig.address, PORT, stdin=b"")
    rig.serve(lambda: exchange(rig.dial((rig.address, PORT)), QUESTION, QUESTION))


@run("recvmmsg")
def echo_datagram(rig):
    rig.start("echo", "-v", "--udp", rig.address, PORT, stdin=b"")
    rig.serve(lambda: ask(rig))


@run("accept4")
def echo_threads(rig):
    rig.start("echo", "-v", "--threads", 2, rig.address, PORT, stdin=b"")
    rig.serve(lambda: ask(rig) and exchange(rig.dial((rig.address, PORT)), QUESTION, QUESTION))


@run()
def echo_client_word(rig):
    rig.tcp_peer(lambda conn: conn.sendall(conn.recv(100)))
    proc = rig.start("echo", "--client", rig.address, PORT, "hello", stdin=b"")
    return lambda: proc.out.strip() == b"hello"


@run()
def echo_client(rig):
    sock = rig.udp_socket()
    rig.background(lambda: echo_datagrams(sock, 3))
    proc = rig.start("echo", "--client", "--udp", "--count", 3, "--interval", "10ms", rig.address,
                     PORT, stdin=b"")
    return lambda: b"3" in proc.out
