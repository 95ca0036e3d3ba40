# SPDX-License-Identifier: ISC
"""The world in which the examples of the manual run: two hosts that know each other's names.

What examples need belongs here and is said once: hosts, services, files. They run on terminals, as
their readers run them.
"""

import os
import re
import select
import socket
import struct
import subprocess
import termios
import threading

from harness import DEADLINE, PROGRAM, wait_for
from network import Network
from terminal import Terminal

LISTENS = re.compile(r': listening on |"event":"listening"')

ADDRESSES = {
    "client": ["198.51.100.1/24", "2001:db8:1::1/64 nodad"],
    "server": ["198.51.100.2/24", "2001:db8:1::2/64 nodad"],
}

# What /etc/hosts says on both.
NAMES = {
    "127.0.0.1": "localhost",
    "::1": "localhost",
    "2001:db8:1::1": "client",
    "198.51.100.1": "client",
    "2001:db8:1::2": "example.org server host mail.example.org db.example.org backup.example.org",
    "198.51.100.2": "example.org server host mail.example.org db.example.org backup.example.org",
}

FILES = {
    "page": "<h1>Example</h1>\n",
    "file": "x" * 10_000,
    "archive.tar": "x" * 100_000,
    "names": "example.org\nmail.example.org\n",
    "access.log": "198.51.100.2 GET /\n198.51.100.1 GET /\n198.51.100.2 GET /page\n",
    "query": "GET / HTTP/1.0\n\n",
    "site/index.html": "<h1>Example</h1>\n",
}


class Command:
    """A command of a shell on a terminal of its own, which is 80 columns wide."""

    def __init__(self, command, host, home, path):
        self.command = command
        self.terminal = Terminal()
        self.terminal.resize(24, 80)
        self.terminal.change(termios.ECHO, False)
        env = {**os.environ, "PATH": f"{path}:{os.environ['PATH']}", "TERM": "xterm",
               "NO_COLOR": "1", "HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        self.popen = subprocess.Popen(
            [*host.words, "env", "-C", home, "bash", "-c", command], env=env,
            stdin=self.terminal.fd, stdout=self.terminal.fd, stderr=self.terminal.fd,
            start_new_session=True, preexec_fn=self.terminal.own)
        self.terminal.leave()
        self.pidfd = os.pidfd_open(self.popen.pid)

    @property
    def text(self):
        text = self.terminal.screen.data.decode(errors="backslashreplace")
        return re.sub(r"\r+\n", "\n", text)

    def settle(self):
        """Waits until the command has ended, says that it listens, or what it watches or has
        connected to has something to say."""
        def settled():
            return LISTENS.search(self.text) or self.ended() or (
                re.search("--watch|connect -[v4]|--shutdown never", self.command) and self.text)

        wait_for(settled, f"{self.command} listening: {self.text}")

    def ended(self):
        return bool(select.select([self.pidfd], [], [], 0)[0])

    def type(self, keys):
        self.terminal.type(keys)

    def wait(self):
        """Waits for the end, and returns the exit status as a shell has it."""
        ended = select.select([self.pidfd], [], [], DEADLINE)[0]
        assert ended, f"still running after {DEADLINE} s: {self.command}\n{self.text}"
        status = self.popen.wait()
        self.terminal.screen.task.result()
        return status if status >= 0 else 128 - status

    def close(self):
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, 9)
            self.popen.wait()
        os.close(self.pidfd)
        self.terminal.close()


class Service:
    """A socket that listens, and a thread for each of its clients."""

    def __init__(self, sock, answer):
        self.sock, self.answer = sock, answer
        sock.settimeout(None)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                conn, _ = self.sock.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self.attend, args=(conn,), daemon=True).start()

    def attend(self, conn):
        with conn, conn.makefile("rwb") as stream:
            try:
                self.answer(stream)
            except OSError:  # its client has left
                pass

    def close(self):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


def web(stream):
    request = stream.readline()
    while stream.readline().strip():
        pass
    page = FILES["page"]
    stream.write(f"HTTP/1.0 200 OK\r\nContent-Length: {len(page)}\r\n\r\n".encode())
    if not request.startswith(b"HEAD"):
        stream.write(page.encode())


def daemon(stream):
    for line in stream:
        stream.write(b"running\n" if line.strip() == b"status" else b"what?\n")
        stream.flush()


def greeting(text):
    def answer(stream):
        stream.write(text)
        stream.flush()
        stream.read()

    return answer


def echo(stream):
    while data := stream.read1():
        stream.write(data)
        stream.flush()


def echo_of_datagrams(port):
    """A socket that sends datagrams back, for as long as this process lives."""
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.bind(("::", port))

    def serve():
        while True:
            sock.sendto(*sock.recvfrom(65536))

    threading.Thread(target=serve, daemon=True).start()


def multicast_dns(address):
    """Answers who asks for server.local with ADDRESS, for as long as this process lives."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("224.0.0.251", 5353))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                    socket.inet_aton("224.0.0.251") + socket.inet_aton(address))
    name = b"\6server\5local\0" + struct.pack(">HH", 1, 1)

    def serve():
        while True:
            question, source = sock.recvfrom(65536)
            if question[12:] == name:
                sock.sendto(question[:2] + struct.pack(">5H", 0x8400, 1, 1, 0, 0) + name + b"\xc0\x0c" +
                            struct.pack(">HHIH", 1, 1, 10, 4) + socket.inet_aton(address), source)

    threading.Thread(target=serve, daemon=True).start()


# What listens on TCP ports, under all names of the host.
SERVICES = {
    "client": {22: greeting(b"SSH-2.0-Example\r\n")},
    "server": {
        7: echo,
        22: greeting(b"SSH-2.0-Example\r\n"),
        25: greeting(b"220 mail.example.org ESMTP\r\n"),
        80: web,
        5432: greeting(b""),
    },
}
# What listens on Unix sockets of the client, below /run.
DAEMONS = {"service.sock": daemon, "postgresql/.s.PGSQL.5432": greeting(b"")}


class World:
    """Two hosts, their services, and a home directory on each for every example."""

    def __init__(self, tmp):
        self.tmp = tmp
        self.network = Network(tmp, wire="eth0")
        self.hosts = {"client": self.network.near, "server": self.network.far}
        for name, host in self.hosts.items():
            host.do(*(f"address add {a} dev eth0" for a in ADDRESSES[name]),
                    "route replace default dev eth0",
                    f"route add 224.0.0.0/4 dev eth0 src {ADDRESSES[name][0].partition('/')[0]}")
            self.network.replace("/etc/hosts", "".join(f"{a} {n}\n" for a, n in NAMES.items()), host)
            self.network.replace("/etc/nsswitch.conf", "hosts: files\nservices: files\n", host)
        run = tmp / "run"
        self.network.near.run("mount", "--bind", make(run), "/run")
        self.services = [Service(self.hosts[name].listener("::", port), answer)
                         for name, answers in SERVICES.items() for port, answer in answers.items()]
        for name, answer in DAEMONS.items():
            make((run / name).parent)
            sock = socket.socket(socket.AF_UNIX)
            sock.bind(str(run / name))
            sock.listen()
            self.services.append(Service(sock, answer))
        self.network.far.within(echo_of_datagrams, 7)
        self.network.far.within(multicast_dns, "198.51.100.2")
        self.path = make(tmp / "bin")
        (self.path / "sockctl").symlink_to(PROGRAM)

    def home(self, host, example):
        """A directory of its own, with the files that examples speak of on the client."""
        home = make(self.tmp / example / host)
        for name, text in FILES.items() if host == "client" else ():
            make((home / name).parent)
            (home / name).write_text(text)
        return home

    def close(self):
        for service in self.services:
            service.close()
        self.network.close()


def make(directory):
    directory.mkdir(parents=True, exist_ok=True)
    return directory
