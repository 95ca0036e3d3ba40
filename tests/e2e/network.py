# SPDX-License-Identifier: ISC
"""A network of two hosts, made of namespaces and a veth pair, that goes away with the test.

The program runs on the near host. The far host has the addresses that a test gives it, and drops
what is for any other: it does not forward, and says nothing about it. So every other address is a
black hole behind a route, as in real networks.
"""

import ctypes
import os
import re
import socket
import subprocess
import threading
from contextlib import contextmanager

import peers
from harness import Task, wait_for

CLONE_NEWNET = 0x40000000

# The ends of the wire.
NEAR, FAR = "02:00:00:00:00:01", "02:00:00:00:00:02"

# Of the near host. Names with addresses of both families are sorted IPv6 first, as these have the
# same label (RFC 6724, section 2.1).
NEAR4, NEAR6 = "10.99.0.1", "2001:db8:99::1"
FAR4, FAR6 = "10.99.0.2", "2001:db8:99::2"

# Routed to the far host, which has them only if a test says so.
HOLE4, HOLE6 = "10.99.1.1", "2001:db8:99:1::1"
OTHER4, OTHER6 = "192.0.2.1", "2001:db8:99:2::1"

# Of no route at all.
LOST6 = "2001:db8:dead::1"

libc = ctypes.CDLL(None, use_errno=True)


class Host:
    """Namespaces, held by a process that ends when this one does."""

    def __init__(self, *within):
        self.holder = subprocess.Popen(
            [*within, "unshare", "--net", "--mount", "--propagation", "private", "--",
             "sh", "-c", "echo; exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.holder.stdout.readline() == b"\n"
        self.words = ["nsenter", "-t", str(self.holder.pid), "-n", "-m", "--"]

    def run(self, *words):
        subprocess.run([*self.words, *map(str, words)], check=True)

    def output(self, *words):
        return subprocess.run([*self.words, *words], check=True, stdout=subprocess.PIPE,
                              text=True).stdout

    def do(self, *lines):
        """Runs commands of ip(8)."""
        subprocess.run([*self.words, "ip", "-batch", "-"], check=True,
                       input="\n".join(lines).encode())

    def within(self, function, *args):
        """Calls a function whose sockets belong to this host, in a thread of its own."""
        def call():
            with open(f"/proc/{self.holder.pid}/ns/net", "rb") as net:
                assert libc.setns(net.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            return function(*args)

        return Task(call).result()

    def listener(self, address, port=0, **how):
        return self.within(lambda: peers.listener(address, port, **how))

    def connecting(self):
        """The remote addresses that sockets of this host are connecting to."""
        found = subprocess.run([*self.words, "ss", "-Htn", "state", "syn-sent"], check=True,
                               stdout=subprocess.PIPE, text=True).stdout
        return [re.sub(r"\[|\]|:\d+$", "", line.split()[3]) for line in found.splitlines()]

    def close(self):
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()


class Network:
    """The near and the far host, and what the near one believes about names."""

    def __init__(self, tmp, wire="wire"):
        self.tmp = tmp
        self.near = Host()
        self.far = Host()
        self.near.do(
            "link set lo up",
            f"link add {wire} address {NEAR} type veth "
            f"peer name {wire} address {FAR} netns {self.far.holder.pid}",
            f"address add {NEAR4}/24 dev {wire}",
            f"address add {NEAR6}/64 dev {wire} nodad",
            f"link set {wire} up")
        self.far.do(
            "link set lo up",
            f"address add {FAR4}/24 dev {wire}",
            f"address add {FAR6}/64 dev {wire} nodad",
            f"link set {wire} up")
        # Neighbours are known from the start, for the first packets of a link may get lost.
        self.near.do(*(f"neighbour add {a} lladdr {FAR} dev {wire}" for a in (FAR4, FAR6)))
        self.far.do(*(f"neighbour add {a} lladdr {NEAR} dev {wire}" for a in (NEAR4, NEAR6)),
                    "route add blackhole default",
                    "route add blackhole ::/0")
        self.near.do(
            f"route add {HOLE4}/32 via {FAR4}",
            f"route add {OTHER4}/32 via {FAR4}",
            f"route add {HOLE6}/128 via {FAR6}",
            f"route add {OTHER6}/128 via {FAR6}")
        self.replace("/etc/resolv.conf", "nameserver 127.0.0.1\n")
        self.replace("/etc/nsswitch.conf", "hosts: files dns\nservices: files\n")
        self.replace("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")

    @property
    def wrap(self):
        """The words that run the program on the near host."""
        return self.near.words

    def replace(self, path, text, host=None):
        file = self.tmp / os.path.basename(path)
        file.write_text(text)
        (host or self.near).run("mount", "--bind", file, os.path.realpath(path))

    @staticmethod
    def obstacle():
        """What keeps this process from making networks, or None."""
        if os.geteuid() != 0:
            return "making a network takes root"
        if subprocess.run(["unshare", "--net", "--mount", "true"], check=False).returncode:
            return "the system does not allow namespaces"
        return None

    def close(self):
        self.near.close()
        self.far.close()

    @contextmanager
    def appearing(self, *addresses):
        """The far host gets addresses, and loses them again."""
        whole = [f"{a}/{128 if ':' in a else 32}" for a in addresses]
        self.far.do(*(f"address add {a} dev lo" for a in whole))
        yield
        self.far.do(*(f"address del {a} dev lo" for a in whole))

    @contextmanager
    def names(self, **hosts):
        """A real name server that knows names: {name}.test -> [addresses]."""
        records = [f"--host-record={name}.test,{address}"
                   for name, addresses in hosts.items() for address in addresses]
        server = subprocess.Popen(
            [*self.near.words, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null",
             "--no-resolv", "--no-hosts", "--no-round-robin", "--user=root", "--pid-file=",
             "--local=/test/", "--listen-address=127.0.0.1", "--bind-interfaces",
             "--log-facility=-", *records],
            stderr=subprocess.PIPE)
        threading.Thread(target=server.stderr.read, daemon=True).start()
        try:
            wait_for(lambda: self.near.within(is_serving), "dnsmasq")
            yield
        finally:
            server.terminate()
            server.wait()

    @contextmanager
    def bad_names(self, kind):
        """A name server that is silent, says nxdomain or servfail; the kind can be changed."""
        server = BadNameServer(self.near.within(name_server_socket), kind)
        yield server
        server.close()


def name_server_socket():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 53))
    return sock


def is_serving():
    """True once port 53 is taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        return sock.connect_ex(("127.0.0.1", 53)) == 0


class BadNameServer:
    RCODES = {"servfail": 2, "nxdomain": 3}

    def __init__(self, sock, kind):
        self.sock, self.kind = sock, kind
        self.queries = 0
        self.task = Task(self.serve)

    def serve(self):
        while True:
            query, client = self.sock.recvfrom(512)
            if not query:
                return
            self.queries += 1
            if self.kind == "silent":
                continue
            # The question goes back under a header that says so (RFC 1035, section 4.1.1).
            flags = 0x8180 | self.RCODES[self.kind]
            end = query.index(b"\0", 12) + 5
            header = query[:2] + b"".join(n.to_bytes(2, "big") for n in (flags, 1, 0, 0, 0))
            self.sock.sendto(header + query[12:end], client)

    def close(self):
        self.sock.sendto(b"", self.sock.getsockname())
        self.task.result()
        self.sock.close()
