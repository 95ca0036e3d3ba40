# SPDX-License-Identifier: ISC
"""Proxies: real ones from the system's packages, and one that says what a test wants."""

import getpass
import grp
import os
import socket
import subprocess

from harness import DEADLINE, Task, wait_for
from peers import accept, listener, port_of, receive, reset, unused_port

GRANTED_4 = b"\0\x5a\0\0\0\0\0\0"
GRANTED_5 = b"\5\0\0\1\0\0\0\0\0\0"
GRANTED_HTTP = b"HTTP/1.1 200 Connection established\r\n\r\n"
GRANTED = {"socks4": GRANTED_4, "socks4a": GRANTED_4, "socks5": b"\5\0" + GRANTED_5,
           "socks5h": b"\5\0" + GRANTED_5, "http": GRANTED_HTTP}
SCHEMES = tuple(GRANTED)


def granting(scheme, behind=b""):
    """What a proxy of the scheme answers to each request, the last one together with more."""
    if scheme.startswith("socks5"):
        return [b"\5\0", GRANTED_5 + behind]
    return [GRANTED[scheme] + behind]


def read_head(conn):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += receive(conn, 1)
    return head


def read_request4(conn):
    """The request, with the name of the user and that of the target."""
    head = receive(conn, 8)
    for _ in range(2 if head[4:7] == b"\0\0\0" and head[7] else 1):
        while (byte := receive(conn, 1)) != b"\0":
            head += byte
        head += b"\0"
    return head


def read_request5(conn):
    head = receive(conn, 5)
    rest = {1: 3 + 2, 3: head[4] + 2, 4: 15 + 2}[head[3]]
    return head + receive(conn, rest)


def read_methods5(conn):
    return receive(conn, receive(conn, 2)[1])


class Scripted:
    """A proxy that reads the requests of its scheme and answers what it was given.

    answers: one for each request that a client makes, in order; None says nothing; "reset" and
    "close" end the connection. What stands behind the last one is what a test does with conn.
    """

    def __init__(self, scheme, *answers, pieces=0):
        self.scheme, self.answers, self.pieces = scheme, list(answers), pieces
        self.listener = listener()
        self.readers = self.readers_of(scheme)
        self.requests, self.conns = [], []
        self.answer_of = None  # a function of the request, instead of the answers
        self.task = Task(self._serve)

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{port_of(self.listener)}"

    @staticmethod
    def readers_of(scheme):
        """What reads the requests on one connection."""
        if scheme.startswith("socks4"):
            return [read_request4]
        if scheme == "http":
            return [read_head] * 8
        return [read_methods5, read_request5]

    def _say(self, conn, words):
        if not self.pieces:
            conn.sendall(words)
            return
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(words), self.pieces):
            conn.sendall(words[at : at + self.pieces])

    def _serve(self):
        """One connection after the other, until the answers are used up."""
        while self.answers:
            conn = accept(self.listener)
            self.conns.append(conn)
            for read in self.readers:
                if not self.answers:
                    break
                self.requests.append(read(conn))
                words = self.answers.pop(0)
                if self.answer_of:
                    words = self.answer_of(self.requests[-1])
                if words == "reset":
                    reset(conn)
                    break
                if words == "close":
                    conn.close()
                    break
                if words is not None:
                    self._say(conn, words)
                if words is None:
                    break
        return self.conns[-1]

    def conn(self):
        """The connection on which the last answer was given."""
        return self.task.result()

    def close(self):
        self.listener.close()
        for conn in self.conns:
            conn.close()


def listening(port):
    """Without a connection, which some would pass on."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
                   for line in file)


class Real:
    """A proxy from a package, in the foreground, on a port of loopback."""

    def __init__(self, words, port, cwd):
        self.port = port
        self.log = open(os.path.join(cwd, "log"), "w+b")
        self.popen = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self.log,
                                      stderr=self.log, cwd=cwd)
        wait_for(lambda: listening(port) or self.popen.poll() is not None, f"{words[0]} serves")
        assert self.popen.poll() is None, self.said()

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="backslashreplace")

    def stop(self):
        self.popen.terminate()
        try:
            self.popen.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        self.log.close()


def microsocks(cwd, user=None, password=None):
    port = unused_port()
    words = ["microsocks", "-i", "127.0.0.1", "-p", str(port)]
    if user:
        words += ["-u", user, "-P", password]
    return Real(words, port, cwd)


def danted(cwd):
    port = unused_port()
    (cwd / "danted.conf").write_text(f"""
        logoutput: stderr
        internal: 127.0.0.1 port = {port}
        external: 127.0.0.1
        clientmethod: none
        socksmethod: none
        user.privileged: {getpass.getuser()}
        user.unprivileged: {getpass.getuser()}
        client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
        socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
    """)
    return Real(["danted", "-f", "danted.conf", "-p", str(cwd / "pid")], port, cwd)


def tinyproxy(cwd, user=None, password=None):
    port = unused_port()
    auth = f"BasicAuth {user} {password}\n" if user else ""
    (cwd / "tinyproxy.conf").write_text(
        f"Port {port}\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\n{auth}")
    return Real(["tinyproxy", "-d", "-c", "tinyproxy.conf"], port, cwd)


def haproxy(cwd, bind, server, more=""):
    """bind and server: what stands in their lines behind the address."""
    port = unused_port()
    (cwd / "haproxy.cfg").write_text(f"""
        defaults
            mode tcp
            timeout connect 10s
            timeout client 60s
            timeout server 60s
        listen through
            bind 127.0.0.1:{port} {bind}
            server behind {server}
            {more}
    """.rstrip() + "\n")
    return Real(["haproxy", "-db", "-f", "haproxy.cfg"], port, cwd)


def nginx(cwd, backend):
    """In front of a server at the port `backend`."""
    port = unused_port()
    paths = "\n".join(f"{kind}_temp_path {cwd}/{kind};"
                      for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (cwd / "nginx.conf").write_text(f"""
        daemon off;
        user {getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name};
        pid {cwd}/pid;
        error_log stderr;
        events {{ }}
        http {{
            access_log off;
            {paths}
            server {{
                listen 127.0.0.1:{port};
                location / {{ proxy_pass http://127.0.0.1:{backend}; }}
            }}
        }}
    """)
    return Real(["nginx", "-p", str(cwd), "-c", str(cwd / "nginx.conf"), "-e", "stderr"], port, cwd)


def socat(cwd, command):
    """A program for each client, as EXEC starts it."""
    port = unused_port()
    (cwd / "program").write_text(f"#!/bin/sh\n{command}\n")
    (cwd / "program").chmod(0o755)
    return Real(["socat", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork", "EXEC:./program"], port,
                cwd)


def sshd(cwd):
    """A server that lets in who has cwd/key."""
    port = unused_port()
    for name in ("host", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", cwd / name], check=True)
    (cwd / "allowed").write_bytes((cwd / "key.pub").read_bytes())
    if os.getuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)
    (cwd / "sshd_config").write_text(f"""
        Port {port}
        ListenAddress 127.0.0.1
        HostKey {cwd}/host
        AuthorizedKeysFile {cwd}/allowed
        PidFile none
        StrictModes no
        UsePAM no
        PermitRootLogin yes
    """)
    return Real(["/usr/sbin/sshd", "-D", "-e", "-f", str(cwd / "sshd_config")], port, cwd)
