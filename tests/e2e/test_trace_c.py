# SPDX-License-Identifier: ISC
"""--trace-format c: what a command did, as a program that compiles."""

import os
import re
import socket
import subprocess

import pytest

from harness import DEVNULL
from peers import accept, answer, dial, half_close, port_of, receive_all

pytestmark = pytest.mark.needs("cc")


@pytest.fixture
def traced(sockctl, tmp_path):
    """Starts a command whose trace is a program, and a function that checks and returns it."""
    file = tmp_path / "trace.c"

    def start(*args, **how):
        return sockctl(*args, f"--trace={file}", "--trace-format", "c", **how)

    def source():
        subprocess.run(["cc", "-Wall", "-Werror", "-Wno-unused-value", "-Wno-unused-variable",
                        "-c", "-o", tmp_path / "trace.o", file], check=True)
        return file.read_text()

    return start, source


def names(text):
    """The functions that are called, in order."""
    body = text.split("(void)handler;", 1)[1]
    return [match[1] for match in re.finditer(r"^\t(?:(?:int )?\w+ = )?(\w+)\(", body, re.M)]


def test_client(traced, server):
    start, source = traced
    proc = start("connect", "127.0.0.1", port_of(server), "--set", "SO_LINGER=5", stdin=b'p"i\\ng')
    with accept(server) as conn:
        assert answer(conn, b"pong") == b'p"i\\ng'
    proc.wait()
    text = source()
    calls = names(text)
    wanted = ["socket", "setsockopt", "connect", "shutdown", "close"]
    assert [name for name in calls if name in wanted and name != "setsockopt"][:2] == [
        "socket", "connect"]
    assert set(wanted) <= set(calls)
    assert f"htons({port_of(server)}), {{htonl(0x7f000001)}}" in text
    assert re.search(r"int (fd\d+) = socket\(AF_INET, .*\n(?:.*\n)*\tconnect\(\1, ", text)
    assert "&(struct linger){1, 5}" in text


def test_server(traced):
    start, source = traced
    proc = start("listen", "::1", 0, stdin=DEVNULL)
    with dial(proc.port, "::1") as conn:
        half_close(conn)
        receive_all(conn)
    proc.wait()
    text = source()
    assert re.search(r"bind\(fd\d+, \(struct sockaddr \*\)&\(struct sockaddr_in6\)\{AF_INET6, "
                     r"htons\(0\), 0, \{\{\{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1\}\}\}, 0\}", text)
    assert re.search(r"int fd\d+ = accept4\(fd\d+, \(struct sockaddr \*\)&peer, ", text)


def test_datagrams(traced, sockctl):
    start, source = traced
    receiver = start("udp-recv", "--count", "1", "127.0.0.1:0")
    sockctl("udp-send", f"127.0.0.1:{receiver.port}", "hello").wait()
    receiver.wait()
    assert "struct mmsghdr" in source() or "recv" in source()


def test_datagrams_sent(traced, sockctl):
    start, source = traced
    receiver = sockctl("udp-recv", "--count", "2", "127.0.0.1:0")
    start("udp-send", f"127.0.0.1:{receiver.port}", "hello", "again").wait()
    receiver.wait()
    assert '"hello"' in source()


@pytest.mark.parametrize("command, calls", [
    (["descriptor", "unix"], {"socketpair", "dup", "dup2", "fcntl", "fstat", "select", "sigaction"}),
    (["descriptor"], {"bind", "listen", "accept4", "getsockname", "fchdir", "ftruncate"}),
    (["options", "tcp"], {"socket", "getsockopt", "close"}),
    (["sockets"], {"socket", "send", "recv", "getservent"}),
    (["services", "http", "80/tcp"], {"getservbyname", "getservbyport"}),
    (["protocols", "tcp", "6"], {"getprotobyname", "getprotobynumber"}),
    (["networks"], {"setnetent", "getnetent", "endnetent"}),
    (["address", "127.0.0.1", "::1"], {"inet_pton", "inet_ntop"}),
])
def test_other_commands(traced, command, calls):
    start, source = traced
    start(*command).wait()
    assert calls <= set(names(source()))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs privilege to bind to an interface")
def test_name_of_an_interface(traced):
    start, source = traced
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        bound.bind(("::1", 0))
        start("sockets", "--udp").wait()
    assert "if_indextoname" in names(source())


def test_same_calls_as_the_text(traced, sockctl):
    start, source = traced
    start("options", "udp").wait()
    text = sockctl("options", "udp", "--trace")
    text.wait()
    made = [re.match(r"[\d.]+ (\w+)\(", line)[1] for line in text.lines]
    assert names(source()) == made


def test_on_stderr_without_trace(sockctl):
    proc = sockctl("options", "SO_LINGER", "--trace-format=c")
    proc.wait()
    assert proc.err.startswith("#define _GNU_SOURCE\n") and proc.err.endswith("\treturn 0;\n}\n")


def test_bad_format(sockctl):
    sockctl("options", "--trace-format", "d").fails(2, "--trace-format", "'d'", "text, c")
