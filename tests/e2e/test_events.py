# SPDX-License-Identifier: ISC
"""Events of rare situations in JSON; the fixture compares them with the catalogue, as those of all
runs."""

import os
import socket

import pytest

from harness import DEVNULL
from peers import accept, forge, port_of, unused_port
from tls_server import echo

HOST = "127.0.0.1"


def event(proc, name):
    """The first of that name, once it is there."""
    proc.wait_err(f'"event":"{name}"')
    return next(e for e in proc.events if e["event"] == name)


def test_attempt(sockctl, namespaces):
    proc = sockctl("connect", "--json", "localhost", unused_port(), wrap=namespaces("hosts"))
    proc.wait(5)
    assert event(proc, "attempt")["remote"]["address"] == "::1"


def test_retry(sockctl):
    port = unused_port()
    proc = sockctl("connect", "--json", "--retry=2", HOST, port)
    assert event(proc, "retry")["target"] == f"{HOST}:{port}"
    assert event(proc, "retry")["try"] == 1
    proc.wait(5)


def test_option(sockctl, server):
    proc = sockctl("connect", "--json", "--get", "SO_KEEPALIVE", HOST, port_of(server))
    accept(server).close()
    proc.wait()
    assert event(proc, "option")["option"] == "SO_KEEPALIVE"


def test_passed(sockctl, server):
    here, there = socket.socketpair()
    with here, there:
        proc = sockctl("connect", "--json", "--pass-fd", HOST, port_of(server), stdout=there)
        proc.wait()
    assert event(proc, "passed")


def test_direct(sockctl, server):
    proc = sockctl("connect", "--json", HOST, port_of(server),
                   env={**os.environ, "SOCKCTL_PROXY": f"http://{HOST}:{unused_port()}",
                        "NO_PROXY": HOST})
    accept(server).close()
    proc.wait()
    assert "NO_PROXY" in event(proc, "direct")["reason"]


@pytest.mark.tls
def test_secrets_of_tls(secure, authority, tmp_path):
    key = tmp_path / "key"
    key.write_bytes(authority.client.key.read_bytes())
    key.chmod(0o644)
    proc, _ = secure(echo, "--json", "--keylog", tmp_path / "log",
                     "--cert", authority.client.cert, "--key", key)
    proc.wait()
    assert event(proc, "keylog")["file"] == str(tmp_path / "log")
    assert "can be read by others" in event(proc, "warning")["text"]


def test_terminal(sockctl, server, terminal):
    proc = sockctl("connect", "--json", "--raw-tty", HOST, port_of(server), stdin=terminal.fd)
    with accept(server):
        assert event(proc, "terminal")["raw"] is True
        terminal.wait_raw()
        terminal.type(b"\x1dq")
        proc.wait()


@pytest.mark.needs("prlimit")
def test_paused(sockctl, clients):
    proc = sockctl("listen", "-k", "--json", HOST, "0", stdin=DEVNULL,
                   wrap=["prlimit", "--nofile=64"])
    clients(proc.port, 100)
    paused = event(proc, "paused")
    assert paused["errno"] == "EMFILE" and paused["connections"] > 20
    proc.stop()


def test_ignored(sockctl):
    proc = sockctl("udp-recv", "--json", "--echo", HOST, "0")
    forge((HOST, proc.port), (HOST, proc.port), b"loop")
    assert event(proc, "ignored")["remote"]["port"] == proc.port
    proc.stop()
