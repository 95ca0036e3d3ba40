# SPDX-License-Identifier: ISC
"""The other end of the connection: sockets that behave, and sockets that do not."""

import fcntl
import hashlib
import random
import socket
import struct
import termios
import time

from harness import DEADLINE

MIB = 1 << 20


def listener(address="127.0.0.1", port=0, backlog=128, rcvbuf=None):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.settimeout(DEADLINE)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if rcvbuf:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    sock.bind((address, port))
    sock.listen(backlog)
    return sock


def unix_listener(name):
    """On the path, or on the abstract name after an @."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(DEADLINE)
    sock.bind("\0" + name[1:] if name.startswith("@") else name)
    sock.listen()
    return sock


def port_of(sock):
    return sock.getsockname()[1]


def accept(sock):
    conn, _ = sock.accept()
    conn.settimeout(DEADLINE)
    return conn


def dial(port, address="127.0.0.1", rcvbuf=None):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.settimeout(DEADLINE)
    if rcvbuf:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    sock.connect((address, port))
    return sock


def dial_unix(name):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(DEADLINE)
    sock.connect(name)
    return sock


def unused_port():
    """A port that nobody has, and that the kernel gives to nobody of its own accord."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        first, last = map(int, file.read().split())
    others = [port for port in range(10000, 65536) if not first <= port <= last]
    while True:
        port = random.choice(others)
        with socket.socket(socket.AF_INET6) as sock:  # of both families
            try:
                sock.bind(("::", port))
                return port
            except OSError:
                pass


def udp(address="127.0.0.1", port=0):
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(DEADLINE)
    sock.bind((address, port))
    return sock


def unused_udp_port():
    with udp() as sock:
        return port_of(sock)


def nothing_more(sock):
    """True if no datagram is waiting, for what was sent over loopback has arrived."""
    sock.setblocking(False)
    try:
        sock.recv(65536)
    except BlockingIOError:
        return True
    return False


def receive(conn, length):
    """Exactly so many bytes."""
    data = bytearray()
    while len(data) < length:
        piece = conn.recv(length - len(data))
        assert piece, f"ended after {len(data)} of {length} bytes: {bytes(data[:80])!r}"
        data += piece
    return bytes(data)


def receive_all(conn):
    data = bytearray()
    while piece := conn.recv(1 << 18):
        data += piece
    return bytes(data)


def sink(conn):
    """Reads to the end; returns the number of bytes and their digest."""
    total, digest = 0, hashlib.sha256()
    while piece := conn.recv(1 << 18):
        total += len(piece)
        digest.update(piece)
    return total, digest.hexdigest()


def sink_slowly(conn, piece_size, pause):
    """A reader that is slower than the sender."""
    total, digest = 0, hashlib.sha256()
    while piece := conn.recv(piece_size):
        total += len(piece)
        digest.update(piece)
        time.sleep(pause)
    return total, digest.hexdigest()


def half_close(conn):
    conn.shutdown(socket.SHUT_WR)


def reset(conn):
    """Closes with a reset instead of an orderly end."""
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


def answer(conn, reply, delay=0):
    """Reads the request to its end, then answers and ends."""
    request = receive_all(conn)
    time.sleep(delay)
    conn.sendall(reply)
    conn.close()
    return request


def talk(one, other):
    """Two ends that are joined: each gets what the other says, in turn, and then its end."""
    for n in range(5):
        one.sendall(b"ping%d" % n)
        assert receive(other, 5) == b"ping%d" % n
        other.sendall(b"pong%d" % n)
        assert receive(one, 5) == b"pong%d" % n
    half_close(one)
    assert receive_all(other) == b""
    half_close(other)
    assert receive_all(one) == b""


def acknowledged(conn):
    """Whether the other kernel has taken everything."""
    return struct.unpack("i", fcntl.ioctl(conn, termios.TIOCOUTQ, b"\0" * 4))[0] == 0


def send_all(conn, data):
    """Sends and half-closes."""
    conn.sendall(data)
    half_close(conn)


def turned_down(port, address="127.0.0.1"):
    """True if a connection to PORT is reset before a byte comes, which connecting may see itself."""
    try:
        with dial(port, address) as conn:
            return reset_by_peer(conn)
    except ConnectionResetError:
        return True


def reset_by_peer(conn):
    """True if the connection ends with a reset."""
    try:
        receive_all(conn)
    except ConnectionResetError:
        return True
    return False


def forge(source, target, data):
    """Sends a datagram that says that it comes from SOURCE. No checksums: UDP may do without, and
    the kernel adds that of IP (raw(7))."""
    udp = struct.pack("!HHHH", source[1], target[1], 8 + len(data), 0) + data
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                         socket.inet_aton(source[0]), socket.inet_aton(target[0]))
    try:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    except PermissionError:
        import pytest  # which the campaign of faults, that uses this file, too, does without
        pytest.skip("raw sockets take privilege")
    with raw:
        raw.sendto(header + udp, (target[0], 0))
