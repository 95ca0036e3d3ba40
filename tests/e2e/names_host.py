# SPDX-License-Identifier: ISC
"""names_host.py ETC ADDRESS=SERVER...: a host of its own, with the directory ETC in place of /etc.

Each SERVER answers at port 53 of its ADDRESS: "dnsmasq:CONFIG" with that file, or "odd", which
misbehaves by the name that is asked for. Prints its process ID when all answer, and stays until its
stdin ends; meanwhile others may enter its name spaces (nsenter). Exits with 77 where the system
does not allow them.
"""

import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import threading

CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1

# RFC 1035, section 4.1.1, and types of records.
RESPONSE, TRUNCATED, SERVFAIL, NXDOMAIN, REFUSED = 0x8180, 0x0200, 2, 3, 5
A, CNAME, PTR, AAAA = 1, 5, 12, 28

# What no name should be: an escape sequence, a newline, a right-to-left override, no UTF-8.
HOSTILE = b"\x1b]0;x\x07\n\xe2\x80\xae\xff"

libc = ctypes.CDLL(None, use_errno=True)


def call(function, *args):
    if function(*args) < 0:
        sys.exit(77)


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def encode(labels):
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def parse_question(query):
    """The labels, the type, and the bytes of the question."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]])
        at += 1 + query[at]
    return labels, struct.unpack_from("!H", query, at + 1)[0], query[12 : at + 5]


def message(query, question, flags, answers=()):
    """ANSWERS are pairs of a type and the data, all for the name asked for."""
    header = query[:2] + struct.pack("!5H", RESPONSE | flags, 1, len(answers), 0, 0)
    records = b"".join(
        struct.pack("!HHHIH", 0xC00C, kind, 1, 60, len(data)) + data for kind, data in answers
    )
    return header + question + records


def odd_answer(query, over_tcp):
    """The answer to a query, or None for silence."""
    labels, kind, question = parse_question(query)
    name = labels[0].lower()
    if name == b"silent":
        return None
    if name == b"servfail":
        return message(query, question, SERVFAIL)
    if name == b"refused":
        return message(query, question, REFUSED)
    if name == b"truncated" and not over_tcp:
        return message(query, question, TRUNCATED)
    if name == b"truncated" and kind == A:
        return message(query, question, 0, [(A, bytes([192, 0, 2, n])) for n in range(1, 101)])
    if name == b"garbage":
        return query[:2] + b"\xff" * 40
    if name == b"half":  # IPv4 is answered, IPv6 fails
        return message(query, question, *((0, [(A, bytes([192, 0, 2, 1]))]) if kind == A
                                          else (SERVFAIL,)))
    if name == b"hostile" and kind == A:
        alias = [(CNAME, encode([HOSTILE, b"test"]))]
        return message(query, question, 0, alias + [(A, bytes([192, 0, 2, 66]))])
    if kind == PTR:
        return message(query, question, 0, [(PTR, encode([HOSTILE, b"test"]))])
    if name in (b"empty", b"hostile", b"truncated"):
        return message(query, question, 0)
    return message(query, question, NXDOMAIN)


def serve_udp(sock):
    while True:
        query, client = sock.recvfrom(4096)
        answer = odd_answer(query, False)
        if answer:
            sock.sendto(answer, client)


def serve_tcp(sock):
    while True:
        conn, _ = sock.accept()
        with conn, conn.makefile("rb") as stream:
            while size := stream.read(2):
                answer = odd_answer(stream.read(*struct.unpack("!H", size)), True)
                if answer:
                    conn.sendall(struct.pack("!H", len(answer)) + answer)


def start_odd(address):
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((address, 53))
    tcp = socket.create_server((address, 53))
    threading.Thread(target=serve_udp, args=(udp,), daemon=True).start()
    threading.Thread(target=serve_tcp, args=(tcp,), daemon=True).start()


def start_dnsmasq(address, config):
    """Returns its process ID. It leaves for the background only when it has its sockets."""
    pid_file = f"{config}.pid"
    subprocess.run(["dnsmasq", f"--conf-file={config}", f"--listen-address={address}",
                    f"--pid-file={pid_file}", "--bind-interfaces", "--user=root", "--no-resolv",
                    "--no-hosts"], check=True)
    with open(pid_file, encoding="ascii") as file:
        return int(file.read())


def main():
    etc, *servers = sys.argv[1:]
    call(libc.unshare, CLONE_NEWNS | CLONE_NEWNET)
    call(libc.mount, b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    loopback_up()
    call(libc.mount, etc.encode(), b"/etc", None, MS_BIND, None)
    started = []
    for server in servers:
        address, what = server.split("=", 1)
        if what == "odd":
            start_odd(address)
        else:
            started.append(start_dnsmasq(address, what.split(":", 1)[1]))
    print(os.getpid(), flush=True)
    sys.stdin.read()
    for pid in started:
        os.kill(pid, signal.SIGTERM)


main()
