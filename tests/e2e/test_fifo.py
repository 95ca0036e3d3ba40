# SPDX-License-Identifier: ISC
"""FIFOs in place of files: the other end may be opened later, or never."""

import os
import signal

import pytest

from harness import DEVNULL, PIPE, Task, wait_for
from peers import accept, listener, port_of, receive_all

FILES = {
    "connect": ["--input=", "--output=", "--trace=", "--tls --ca=", "--tls --key=",
                "--proxy socks5://127.0.0.1:1 --proxy-auth-file="],
    "listen": ["--input=", "--output=", "--trace=", "-k --input=", "--broker --input="],
}
CASES = [(command, option) for command, options in FILES.items() for option in options]


@pytest.fixture
def fifo(tmp_path):
    os.mkfifo(tmp_path / "fifo", 0o600)
    return tmp_path / "fifo"


def start(sockctl, fifo, command, option, *more, port="1"):
    words = (option + str(fifo)).split()
    if "--key=" in option:
        words += ["--cert", str(fifo)]
    return sockctl(command, *words, *more, "127.0.0.1", port, stdin=PIPE, stdout=DEVNULL)


def waits(proc):
    """In the kernel, for whoever opens the other end (fifo(7))."""
    with open(f"/proc/{proc.pid}/wchan", encoding="ascii") as file:
        return file.read() == "wait_for_partner"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
@pytest.mark.parametrize("command, option", CASES, ids=str)
def test_signal(sockctl, fifo, command, option, number):
    proc = start(sockctl, fifo, command, option)
    wait_for(lambda: waits(proc), "a program that waits")
    proc.stop(number)
    assert not proc.err


@pytest.mark.parametrize("command, option", CASES, ids=str)
def test_deadline(sockctl, fifo, command, option):
    proc = start(sockctl, fifo, command, option, "--timeout", "300ms")
    proc.fails(6, "timed out")


@pytest.mark.parametrize("option", ["--proxy socks5://127.0.0.1:1 --proxy-auth-file=",
                                    "--tls --ca="], ids=str)
def test_writer_that_says_nothing(sockctl, fifo, option):
    for how, status in ([], 128 + signal.SIGTERM), (["--timeout", "1s"], 6):
        proc = start(sockctl, fifo, "connect", option, *how)
        wait_for(lambda: waits(proc), "a program that waits")
        with open(fifo, "wb"):
            if not how:
                proc.kill(signal.SIGTERM)
            proc.wait(status)


@pytest.mark.parametrize("option", ["--input=", "--output=", "--trace="])
def test_partner_that_comes_later(sockctl, fifo, option):
    """It is waited for before anything is connected, and however long."""
    with listener() as server:
        serving = Task(serve, server)
        proc = sockctl("connect", option + str(fifo), "127.0.0.1", port_of(server), stdin=b"to")
        wait_for(lambda: waits(proc), "a program that waits")
        proc.kill(signal.SIGWINCH)
        with open(fifo, "wb" if option == "--input=" else "rb") as partner:
            if option == "--input=":
                partner.write(b"to")
                partner.close()
            else:
                said = partner.read()
        assert serving.result() == b"to"
        proc.wait()
    if option == "--output=":
        assert said == b"from"
    if option == "--trace=":
        assert b"connect(" in said and b"close(" in said


def serve(server):
    with accept(server) as conn:
        conn.sendall(b"from")
        return receive_all(conn)
