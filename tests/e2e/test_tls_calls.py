# SPDX-License-Identifier: ISC
"""The calls of a connection with TLS: what strace sees and what --trace-all tells are the same, one
by one, and none of them comes from OpenSSL."""

import re
import subprocess
from collections import Counter

import pytest

from harness import DEVNULL, NO_LEAK_CHECK, PROGRAM, Task
from kernel import whole
from peers import dial, listener, port_of, receive_all, send_all
from test_proxy_tls import Secured, say_and_end
from test_trace import SYSTEM_CALLS
from tls_client import join
from tls_server import VERSIONS, Server, echo, serve_mail

pytestmark = [pytest.mark.tls, pytest.mark.needs("strace")]

# What may be done to a socket, but for ioctl() and fcntl(): the event loop makes sure by them that it
# does not block.
NAMES = ("socket connect bind listen accept4 getsockname getpeername getsockopt setsockopt shutdown "
         "sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg read write readv writev splice sendfile "
         "dup dup2 close").split()
STRACE = ["strace", "-f", "-qq", "-E", NO_LEAK_CHECK, "-e", "signal=none", "-e",
          f"trace={','.join(NAMES)}", "-k", "-o"]
STRACE_SPEAKS = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)(?: (E\w+))?")
TRACE_SPEAKS = re.compile(r"\b(\w+)\((.*)\) = (-?\d+)( E\w+)?")
FRAME = re.compile(r"^ > (\S+?)\(")
# What stands between a program and the kernel.
BENEATH = re.compile(r"/(libc|libpthread|ld-linux|libasan|libubsan)[-.\w]*\.so")
DATA = b"x" * 300_000


class Call:
    def __init__(self, name, args, result, error):
        self.name = SYSTEM_CALLS.get(name, name)
        self.args, self.result, self.error = args, int(result), (error or "").strip()
        self.callers = []  # the objects that the call came through

    def fd(self):
        """Of the socket that it made, or was made on; None for another call."""
        if self.name in ("socket", "accept4"):
            return self.result
        first = re.match(r"\d+", self.args)
        return int(first.group()) if first else None

    def key(self):
        return self.name, self.result, self.error


def seen_by_strace(text):
    calls = []
    for line in whole(text.splitlines()):
        if frame := FRAME.match(line):
            calls[-1].callers.append(frame[1])
        elif match := STRACE_SPEAKS.match(line):
            calls.append(Call(*match.groups()))
    return calls


def told_by(text):
    return [Call(*match.groups()) for match in map(TRACE_SPEAKS.search, text.splitlines()) if match]


def lives(calls):
    """The calls on each socket of the Internet, from the one that made it to its end."""
    found, alive = [], {}
    for call in calls:
        fd = call.fd()
        if call.name == "socket" and "AF_INET" in call.args or call.name == "accept4":
            if call.result >= 0:
                alive[fd] = []
                found.append(alive[fd])
        if fd in alive and call.name in NAMES:
            alive[fd].append(call)
        if call.name == "close":
            alive.pop(fd, None)
    return found


class Both:
    """One run under both."""

    def __init__(self, sockctl, folder):
        self.sockctl, self.folder = sockctl, folder

    def start(self, command, *words, **how):
        return self.sockctl(command, f"--trace-all={self.folder}/trace", *words,
                            wrap=[*STRACE, self.folder / "strace"], **how)

    def compare(self):
        """Returns the calls on sockets that both agree on."""
        kernel = seen_by_strace((self.folder / "strace").read_text())
        told = told_by((self.folder / "trace").read_text())
        assert [[c.key() for c in life] for life in lives(kernel)] \
            == [[c.key() for c in life] for life in lives(told)]
        others = Counter(c.name for c in kernel if c.name in ("socket", "connect", "bind"))
        assert others == Counter(c.name for c in told if c.name in others)
        return [call for life in lives(kernel) for call in life]


@pytest.fixture
def both(sockctl, tmp_path):
    return Both(sockctl, tmp_path)


def session(both, authority, version):
    server = Server(authority.server, echo, maximum_version=version)
    proc = both.start("connect", "--tls", "--ca", authority.root.cert, "127.0.0.1", server.port,
                      stdin=DATA)
    proc.wait()
    assert proc.out == DATA == server.result()


def program(both, authority, version):
    def ask(conn):
        conn.sendall(b"question\n")
        data = conn.recv(100)
        conn.unwrap()
        return data

    server = Server(authority.server, ask, maximum_version=version)
    both.start("connect", "--tls", "--ca", authority.root.cert, "127.0.0.1", server.port,
               "--exec-file", "cat").wait()
    assert server.result() == b"question\n"


def check(both, authority, version):
    server = Server(authority.server, echo, maximum_version=version)
    both.start("connect", "--check", "--tls", "--ca", authority.root.cert, "127.0.0.1",
               server.port).wait()
    server.result()


def starttls(both, authority, version):
    with listener() as sock:
        serving = Task(serve_mail, sock, authority)
        proc = both.start("connect", "--starttls", "smtp", "--ca", authority.root.cert,
                          f"--tls-max={'1.2' if version == VERSIONS['1.2'] else '1.3'}",
                          "127.0.0.1", port_of(sock), stdin=DATA)
        proc.wait()
        assert proc.out == DATA == serving.result()


def proxied(both, authority, version):
    proxy = Secured(authority.server, say_and_end(DATA), version=version)
    proc = both.start("connect", "--proxy", proxy.url.replace("localhost", "127.0.0.1"),
                      "--proxy-ca", authority.root.cert, "192.0.2.1", 443, stdin=DATA)
    proc.wait()
    assert proc.out == DATA == proxy.result()


def refused(both, authority, version):
    server = Server(authority.server, echo, maximum_version=version)
    both.start("connect", "--tls", "127.0.0.1", server.port).wait(8)
    server.result()


def forward(both, authority, version):
    server = Server(authority.server, echo, maximum_version=version)
    proc = both.start("listen", "--forward", f"tls:127.0.0.1:{server.port}", "--ca",
                      authority.root.cert, "127.0.0.1", 0, stdin=DEVNULL)
    with dial(proc.port) as conn:
        send_all(conn, DATA)
        assert receive_all(conn) == DATA
    proc.wait()


def between_clients(mode, received):
    """What one client sends comes to the other."""
    def run(both, authority, version):
        proc = both.start("listen", "-v", mode, "--count", 2, "--tls", "--cert",
                          authority.server.both, "127.0.0.1", 0, stdin=DEVNULL)
        number = "1.2" if version == VERSIONS["1.2"] else "1.3"
        with join(proc.port, number) as one, join(proc.port, number) as other:
            proc.wait_err("connection 2 is secured")
            one.write(b"hello\n")
            data = b""
            while received not in data:
                data += other.read()
            one.end()
            other.end()
            one.read_to_end()
            other.read_to_end()
        proc.wait()

    run.__name__ = mode.strip("-")
    return run


RUNS = pytest.mark.parametrize(
    "run", [session, program, check, starttls, proxied, refused, forward,
            between_clients("--broker", b"hello\n"),
            between_clients("--chat", b"<user1> hello\n")],
    ids=lambda run: run.__name__)


def unwinds():
    said = subprocess.run(["strace", "-V"], stdout=subprocess.PIPE, check=False).stdout
    return b"stack-trace=" in said


@RUNS
@pytest.mark.parametrize("version", VERSIONS)
def test_they_agree_and_none_comes_from_openssl(both, authority, version, run):
    run(both, authority, VERSIONS[version])
    calls = both.compare()
    names = {call.name for call in calls}
    assert {"sendto", "recvfrom", "close"} <= names and names & {"connect", "accept4"}
    assert not [call.name for call in calls
                if call.name in ("read", "write", "readv", "writev", "splice", "sendfile")]
    if not unwinds():
        pytest.skip("this strace shows no stacks")
    # OpenSSL asks for bytes through functions of the program, which make the calls.
    assert any("/libssl.so" in caller for call in calls for caller in call.callers)
    for call in calls:
        made_by = next((c for c in call.callers if not BENEATH.search(c)), None)
        assert made_by and made_by.endswith(PROGRAM.rpartition("/")[2]), (call.key(), call.callers)
