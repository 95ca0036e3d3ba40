# SPDX-License-Identifier: ISC
"""Servers and proxies of others that take the end of the input for the end of all."""

import time

import pytest

from harness import Task
from peers import accept, port_of
from proxies import read_head

pytestmark = pytest.mark.peers

BODY = b"0123456789" * 2
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(BODY)
OLD = b"GET / HTTP/1.0\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n"
OPEN = b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"
LATE, PAUSE = 1, 3  # seconds before an answer, and in the middle of it


def backend(server):
    """Answers one request after LATE, with a PAUSE in the middle."""
    with accept(server) as conn:
        read_head(conn)
        time.sleep(LATE)
        conn.sendall(HEAD + BODY[:10])
        time.sleep(PAUSE)
        conn.sendall(BODY[10:])


# The same for socat to run.
PROGRAM = f"""
while read line && [ ${{#line}} -gt 1 ]; do :; done
sleep {LATE}
printf '{HEAD.decode()}{BODY[:10].decode()}'
sleep {PAUSE}
printf {BODY[10:].decode()}
"""


class Front:
    """A server or proxy, and the words that reach an answer like that through it."""

    def __init__(self, real, server, name):
        made = {
            "nginx": lambda: real("nginx", backend=port_of(server)),
            "haproxy": lambda: real(
                "haproxy", bind="", server=f"127.0.0.1:{port_of(server)}",
                more="mode http\noption abortonclose"),
            "socat": lambda: real("socat", command=PROGRAM),
            "tinyproxy": lambda: real("tinyproxy"),
            "microsocks": lambda: real("microsocks"),
        }
        scheme = {"tinyproxy": "http", "microsocks": "socks5"}.get(name)
        port = made[name]().port
        proxy = ["--proxy", f"{scheme}://127.0.0.1:{port}"]
        self.words = [*proxy, "127.0.0.1", port_of(server)] if scheme else ["127.0.0.1", port]


NEEDS = ["nginx", "haproxy", "socat", "tinyproxy", "microsocks"]
NAMES = [pytest.param(name, marks=pytest.mark.needs(name)) for name in NEEDS]


@pytest.fixture(params=NAMES)
def front(request, real, server):
    return Front(real, server, request.param)


@pytest.mark.parametrize("request_", [OLD, LAST, OPEN])
def test_answer_that_is_late_and_pauses_arrives_whole(sockctl, front, server, request_):
    Task(backend, server)
    proc = sockctl("connect", *front.words, stdin=request_)
    proc.wait()
    assert proc.out.endswith(BODY)
    assert not proc.lines


def test_end_at_once_loses_it(sockctl, front, server):
    """Or the test above would show nothing."""
    Task(backend, server)
    proc = sockctl("connect", *front.words, "--shutdown", "write", "--shutdown-delay", "0", stdin=OLD)
    proc.ended()
    assert not proc.out.endswith(BODY)


@pytest.mark.needs("socat")
def test_other_protocols_have_the_delay(sockctl, real):
    front = real("socat", command="read line; sleep 1; echo late: $line")
    words = ["127.0.0.1", front.port]
    proc = sockctl("connect", "-v", *words, stdin=b"hello\n")
    proc.wait()
    assert proc.out == b""
    assert "without an answer" in proc.err
    proc = sockctl("connect", "--shutdown-delay", "30", *words, stdin=b"hello\n")
    proc.wait()
    assert proc.out == b"late: hello\n"
