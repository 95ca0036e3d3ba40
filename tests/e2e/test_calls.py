# SPDX-License-Identifier: ISC
"""Each call of sockctl-calls(7) is made by the command that the page names, and traced.

A library that is preloaded (tests/observer) writes down which functions of the C library the
program calls. It knows nothing of the trace, which must tell the same. An entry of the page is

    .It Fn CALL CONSTANT...
    .Ic sockctl COMMAND

and means that the command makes the call with all of these constants among its arguments.
"""

import os
import re
import signal
import socket
import subprocess
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest

import documents
from harness import DEADLINE, NO_LEAK_CHECK, SANITIZED, Task, wait_for
from peers import dial, half_close, receive_all, unused_udp_port

PAGE = Path(__file__).resolve().parents[2] / "man" / "sockctl-calls.7"
OBSERVER = Path(os.environ["SOCKCTL"]).resolve().parent / "tests" / "observer" / "libobserver.so"

# Made by the program alone, and not by libuv as well: here the numbers of calls agree, too.
COUNTED = set("""
socket bind connect listen accept accept4 shutdown send sendto sendmsg sendmmsg recv recvfrom recvmsg
recvmmsg getsockname getpeername getsockopt setsockopt sockatmark dup dup2 fork select pselect fchdir
fchmod fchown fsync fdatasync ftruncate lseek getaddrinfo getnameinfo gai_strerror gethostbyname
gethostbyname2 gethostbyaddr gethostent sethostent endhostent getservbyname getservbyport getservent
setservent endservent getprotobyname getprotobynumber getprotoent setprotoent endprotoent getnetbyname
getnetbyaddr getnetent setnetent endnetent if_nametoindex getifaddrs
""".split())


def entries():
    """(call, command) of each entry of the page."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for line, following in zip(lines, lines[1:]):
        if line.startswith(".It Fn "):
            assert following.startswith(".Ic sockctl "), line
            yield line.removeprefix(".It Fn "), following.removeprefix(".Ic sockctl ")


def commands():
    """The calls that each command must make."""
    found = {}
    for call, command in entries():
        found.setdefault(command, []).append(call)
    return found


class Place:
    """Where a command connects or listens, and what stands for that in its words."""

    def __init__(self, command, tmp_path):
        self.words = command.split()
        self.name = self.words[0]
        self.path = str(tmp_path / "socket")
        self.host = "::1" if "HOST6" in self.words else "127.0.0.1"
        self.is_unix = "unix:PATH" in self.words
        self.family = (socket.AF_UNIX if self.is_unix else
                       socket.AF_INET6 if self.host == "::1" else socket.AF_INET)
        self.port = 0

    def bound(self, kind):
        sock = socket.socket(self.family, kind)
        sock.settimeout(DEADLINE)
        sock.bind(self.path if self.is_unix else (self.host, 0))
        if not self.is_unix:
            self.port = sock.getsockname()[1]
        return sock

    def text(self, word):
        """A word of the page as it is meant here."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        for name, value in (("HOST:PORT", f"{host}:{self.port}"), ("unix:PATH", f"unix:{self.path}"),
                            ("HOST6", "::1"), ("HOST", self.host), ("PORT", str(self.port)),
                            ("CLOSED", str(unused_udp_port()))):
            word = re.sub(rf"\b{name}$", value, word)
        return word


def serve_stream(sock):
    conn, _ = sock.accept()
    with conn:
        conn.settimeout(DEADLINE)
        try:
            conn.sendall(b"hello\n")
            receive_all(conn)
        except ConnectionResetError:
            pass  # which may be what was asked for


def serve_datagrams(sock):
    while True:
        data, source = sock.recvfrom(1000)
        if not data:
            return
        if source:
            sock.sendto(data, source)


@contextmanager
def party(place):
    """What a command that connects finds there."""
    if place.name == "connect":
        with place.bound(socket.SOCK_STREAM) as sock:
            sock.listen()
            task = Task(serve_stream, sock)
            yield
            task.result()
    elif place.name == "udp-send" and "CLOSED" not in place.words:
        with place.bound(socket.SOCK_DGRAM) as sock:
            thread = threading.Thread(target=serve_datagrams, args=[sock])
            thread.start()
            yield
            with socket.socket(place.family, socket.SOCK_DGRAM) as end:
                end.sendto(b"", sock.getsockname())
            thread.join()
    else:
        yield


def visit(place, proc):
    """Does what a command waits for that listens, and stops it if that is not its end."""
    if place.name not in ("listen", "echo", "udp-recv", "raw-recv"):
        return
    proc.wait_err("listening")
    if place.name == "listen":
        if place.is_unix:
            conn = socket.socket(socket.AF_UNIX)
            conn.connect(place.path)
        else:
            conn = dial(proc.port, "::1" if "-6" in place.words else "127.0.0.1")
        with conn:
            conn.sendall(b"hello")
            if not place.is_unix:
                conn.send(b"!", socket.MSG_OOB)
            half_close(conn)
            receive_all(conn)
    elif place.name != "echo":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"hello", (place.host, 9 if place.name == "raw-recv" else proc.port))
    if place.name == "echo" or "--keep-open" in place.words:
        proc.kill(signal.SIGINT)


def has_call(lines, call, place):
    """Whether one of the lines tells the call with its constants."""
    name, *constants = call.split()
    wanted = [rf"(?<![\w.:]){re.escape(place.text(word))}(?![\w.:])" for word in constants]
    return any(re.match(rf"{name}\(", line) and all(re.search(word, line) for word in wanted)
               for line in lines)


def counted(lines):
    return Counter(name for name in (line.partition("(")[0] for line in lines) if name in COUNTED)


def test_page_has_every_call_of_the_documents():
    reached = {call for call, _ in entries()}
    assert [call for call in documents.calls() if call not in reached] == []


def run(sockctl, place, *options, **how):
    """Runs a command to its end, with the options after its name."""
    with party(place):
        name, *words = map(place.text, place.words)
        proc = sockctl(name, *options, *words, stdin=b"ping\n", **how)
        visit(place, proc)
        proc.popen.wait(DEADLINE)
    return proc


def place_of(command, tmp_path):
    if command.startswith("raw-") and os.geteuid() != 0:
        pytest.skip("raw sockets take privilege")
    return Place(command, tmp_path)


@pytest.mark.skipif(SANITIZED, reason="a sanitizer wants to be loaded first")
@pytest.mark.skipif(not OBSERVER.exists(), reason="the observer was not built")
@pytest.mark.parametrize("command", commands())
def test_command_makes_and_traces_its_calls(sockctl, tmp_path, command):
    place = place_of(command, tmp_path)
    made, traced = tmp_path / "made", tmp_path / "traced"
    run(sockctl, place, f"--trace-all={traced}",
        env={**os.environ, "LD_PRELOAD": str(OBSERVER), "OBSERVER_FILE": str(made)})
    made = made.read_text().splitlines()
    traced = [line.partition(" ")[2] for line in traced.read_text().splitlines()]
    calls = commands()[command]
    assert [call for call in calls if not has_call(made, call, place)] == [], "not made"
    assert [call for call in calls if not has_call(traced, call, place)] == [], "not traced"
    assert counted(traced) == counted(made)


@pytest.mark.needs("cc")
@pytest.mark.parametrize("command", commands())
def test_trace_in_c_compiles(sockctl, tmp_path, command):
    source = tmp_path / "trace.c"
    run(sockctl, place_of(command, tmp_path), f"--trace={source}", "--trace-format=c")
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-c", "-o", tmp_path / "trace.o",
                    source], check=True)


# Commands of each kind that leave no choice of the order to threads or to the C library, which asks
# for names by sockets of its own.
SAMPLE = [
    "connect HOST PORT", "connect HOST6 PORT", "connect unix:PATH", "connect --crlf HOST PORT",
    "connect --oob=now HOST PORT", "connect --reset HOST PORT", "connect --peek HOST PORT",
    "connect --get SO_RCVBUF --set SO_KEEPALIVE=on HOST PORT", "connect --check HOST PORT",
    "listen HOST PORT", "listen unix:PATH", "listen --keep-open HOST PORT", "listen --oob HOST PORT",
    "listen --exec cat HOST PORT", "echo HOST PORT", "udp-send HOST PORT hello again",
    "udp-send --connected --replies 1 HOST PORT hello", "udp-send --set IP_RECVERR --recv-flag "
    "MSG_ERRQUEUE --replies 1 HOST CLOSED hello", "udp-recv --json --count 1 HOST PORT",
    "udp-recv --count 1 HOST PORT", "raw-send HOST icmp hello", "raw-recv --count 1 HOST udp",
    "descriptor tcp", "descriptor udp", "descriptor unix", "options tcp", "options listen",
    "address 127.0.0.1",
]

# The socket calls of the kernel but socketpair(), which the event loop makes for itself.
KERNEL = set("""
socket bind connect listen accept4 shutdown sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg getsockname
getpeername getsockopt setsockopt
""".split())

# How the kernel calls what the C library calls otherwise.
SYSTEM_CALLS = {"send": "sendto", "recv": "recvfrom", "accept": "accept4", "waitpid": "wait4"}
RESULT = re.compile(r"(?:^|\s)(\w+)\(.*\)\s+= (-?\d+(?: E[A-Z]+)?)")


def results(lines, names=None):
    """(call, result) of each line that tells a call, in the names of the kernel."""
    found = [match.groups() for match in map(RESULT.search, lines) if match]
    found = [(SYSTEM_CALLS.get(name, name), result) for name, result in found]
    return [pair for pair in found if names is None or pair[0] in names]


def by_process(lines, first, pattern):
    """The lines of each process; those of a program that another one has become do not count."""
    found = {}
    begun = {}  # what another process has interrupted in strace's report
    for line in lines:
        match = re.search(pattern, line)
        whole = re.sub(r"<\.\.\. \w+ resumed>", lambda _: begun.pop(match[1]), line)
        if line.endswith("<unfinished ...>"):
            begun[match[1]] = line.removesuffix("<unfinished ...>").removeprefix(match[0])
            continue
        line = whole
        found.setdefault(int(match[1]) if match else first, []).append(line)
    for pid in found.keys() - {first}:
        is_end = [" execve(" in line for line in found[pid]]
        found[pid] = found[pid][:(is_end + [True]).index(True)]
    found[first] = [line for line in found[first] if " execve(" not in line]
    return found


@pytest.mark.needs("strace")
@pytest.mark.parametrize("command", SAMPLE)
def test_kernel_saw_the_calls_of_the_trace(sockctl, tmp_path, command):
    """One by one, in this order and with these results: nothing more and nothing less.

    test_trace_all.py compares all calls with what --trace-all tells.
    """
    place = place_of(command, tmp_path)
    names = KERNEL | {"execve"}
    seen, traced = tmp_path / "seen", tmp_path / "traced"
    proc = run(sockctl, place, f"--trace={traced}",
               wrap=["strace", "-D", "-f", "-o", seen, "-E", NO_LEAK_CHECK, "-e", "signal=none",
                     "-e", f"trace={','.join(names)}"])
    wait_for(lambda: re.search(rf"^{proc.pid} +\+\+\+ exited", seen.read_text(), re.M),
             "the end of strace's report")
    made = by_process(seen.read_text().splitlines(), proc.pid, r"^(\d+) ")
    told = by_process(traced.read_text().splitlines(), proc.pid, r" \[pid (\d+)\]$")
    assert made.keys() >= told.keys()  # what a program starts is its own
    for pid, lines in told.items():
        assert results(made[pid], names) == results(lines, names)
    assert results(made[proc.pid], names) or place.name == "address"
