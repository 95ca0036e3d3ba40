# SPDX-License-Identifier: ISC
"""stderr that nobody reads, whatever is written there: the work goes on, and signals end it."""

import re
import select
import signal
import socket

import pytest

from harness import DEVNULL, PIPE, Task, wait_for
from peers import accept, dial, port_of, receive_all
from terminal import Unread


@pytest.fixture(params=[False, True], ids=["pipe", "terminal"])
def unread(request):
    stderr = Unread(request.param)
    yield stderr
    stderr.close()


def serve_unread(sockctl, unread, *words):
    """The program serves until nothing that it says is taken any more; returns its port, too."""
    proc = sockctl(*words, "127.0.0.1", "0", stdin=DEVNULL, stdout=DEVNULL, stderr=unread.fd)
    port = int(unread.wait(rb'listening on \S+:(\d+)|"listening".*"port":(\d+)').expand(rb"\1\2"))

    def serve_one():
        with dial(port) as conn:
            conn.sendall(b"x" * 20000)
        return unread.is_full()

    wait_for(serve_one, "a full stderr")
    return proc, port


@pytest.mark.parametrize("words", [
    ["listen", "-kv"], ["listen", "-k", "--json"], ["listen", "-k", "--hex"],
    ["listen", "-k", "--trace"],
    ["listen", "-kv", "--trace", "--exec", "cat"], ["listen", "-kv", "--stats"],
    ["echo", "--tcp", "--threads", "4", "--trace"],
], ids=lambda words: " ".join(words[1:]))
def test_while_nobody_reads_stderr(sockctl, unread, words):
    proc, port = serve_unread(sockctl, unread, *words)
    with dial(port):
        proc.stop()


@pytest.mark.parametrize("how, status", [([], 128 + signal.SIGTERM), (["--timeout", "1s"], 6)],
                         ids=["signal", "deadline"])
@pytest.mark.parametrize("option", ["--hex", "--trace", "--progress", "-vv"])
def test_of_a_client_while_nobody_reads_stderr(sockctl, server, unread, option, how, status):
    proc = sockctl("connect", "-v", option, *how, "127.0.0.1", port_of(server), stdin=PIPE,
                   stderr=unread.fd)
    unread.wait(b"connected to")
    with accept(server) as conn:
        unread.fill()
        conn.sendall(b"x" * 100)
        if option in ("--progress", "-vv"):
            proc.wait_out(100)
        if not how:
            proc.kill(signal.SIGTERM)
        proc.wait(status)


@pytest.mark.parametrize("option", ["--hex", "--trace"])
def test_what_was_asked_for_waits_for_its_reader(sockctl, server, option):
    """However long it takes, nothing of it is lost."""
    unread = Unread(False)
    proc = sockctl("connect", option, "127.0.0.1", port_of(server), stdin=PIPE, stderr=unread.fd)

    def serve():
        with accept(server) as conn:
            conn.sendall(b"x" * 100000)
            conn.shutdown(socket.SHUT_WR)
            receive_all(conn)

    serving = Task(serve)
    wait_for(unread.is_full, "a full stderr")
    assert not select.select([proc.pidfd], [], [], 2)[0]
    proc.stdin.close()
    wait_for(lambda: unread.read() and not proc.running(), "the end")
    serving.result()
    proc.wait()
    said = unread.read()
    unread.close()
    assert b"lost" not in said
    if option == "--hex":
        assert len(re.findall(rb"^.*x{16}", said, re.M)) == 100000 // 16


def test_what_nobody_reads_is_counted(sockctl, unread):
    proc, port = serve_unread(sockctl, unread, "listen", "-kv")
    for _ in range(3):
        with dial(port) as conn:
            assert receive_all(conn) == b""  # it was served
    while unread.is_full():
        unread.read()
    with dial(port):
        lost = unread.wait(rb"sockctl: listen: (\d+) messages? (?:was|were) lost")
        unread.wait(rb"accepted connection (\d+) from \S+\r?\n$")
    number = int(re.findall(rb"accepted connection (\d+) ", unread.data)[-1])
    told = len(re.findall(rb": (?:accepted .*:\d+|closed .* done)\r?\n", unread.data))
    assert 2 * number - told - int(lost[1]) in (0, 1, 2)  # the last may not be closed
    assert re.fullmatch(rb"(sockctl: listen: .*\r?\n)+", unread.data)
    proc.stop()
