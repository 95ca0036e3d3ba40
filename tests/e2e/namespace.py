# SPDX-License-Identifier: ISC
"""namespace.py NAMES COMMAND...: runs a command where names are known as the test needs it.

NAMES is what answers look-ups: a name server of the kind nxdomain, servfail or silent, or none, in
a network of its own with loopback only; or hosts, where the network is the system's and localhost
has both its addresses. Passes the command's exit status on; it is 77 where the system does not
allow namespaces.
"""

import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
SERVFAIL, NXDOMAIN = 2, 3

libc = ctypes.CDLL(None, use_errno=True)


def call(function, *args):
    if function(*args) < 0:
        sys.exit(77)


def enter(flags):
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        call(libc.unshare, flags)
        return
    call(libc.unshare, flags | CLONE_NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def replace(path, text):
    """Puts a file of ours over one of the system's, for this name space only."""
    with tempfile.NamedTemporaryFile("w", suffix=".sockctl") as file:
        file.write(text)
        file.flush()
        os.chmod(file.name, 0o644)
        call(libc.mount, file.name.encode(), os.path.realpath(path).encode(), None, MS_BIND, None)


def serve_names(sock, kind):
    while True:
        query, client = sock.recvfrom(512)
        if kind == "silent":
            continue
        rcode = NXDOMAIN if kind == "nxdomain" else SERVFAIL
        # The question goes back under a header that says so (RFC 1035, section 4.1.1).
        end = query.index(b"\0", 12) + 5
        header = query[:2] + struct.pack("!5H", 0x8180 | rcode, 1, 0, 0, 0)
        sock.sendto(header + query[12:end], client)


def main():
    kind, *command = sys.argv[1:]
    enter(CLONE_NEWNS if kind == "hosts" else CLONE_NEWNS | CLONE_NEWNET)
    call(libc.mount, b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    replace("/etc/nsswitch.conf", "hosts: files dns\n")
    replace("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")
    if kind == "hosts":
        os.execvp(command[0], command)
    loopback_up()
    replace("/etc/resolv.conf", "nameserver 127.0.0.1\n")
    if kind != "none":
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 53))
        threading.Thread(target=serve_names, args=(sock, kind), daemon=True).start()
    with subprocess.Popen(command) as child:
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        sys.exit(child.wait())


main()
