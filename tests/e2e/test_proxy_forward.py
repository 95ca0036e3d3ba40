# SPDX-License-Identifier: ISC
"""listen --forward --proxy: clients joined to a target that only a proxy may be asked for."""

import json
import os
import socket
import time

import pytest

from harness import DEVNULL
from peers import (accept, dial, half_close, port_of, receive, receive_all, send_all, turned_down,
                   unused_port)
from proxies import GRANTED_5, GRANTED_HTTP, SCHEMES, granting, read_head

TARGET = "192.0.2.1:443"


@pytest.fixture
def forward(sockctl):
    def start(*options, target=TARGET, **how):
        return sockctl("listen", "-k", "--forward", target, *options, "127.0.0.1", 0, stdin=DEVNULL,
                       **how)

    return start


@pytest.mark.parametrize("pieces", [0, 1], ids=["whole", "bytewise"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_both_directions(forward, proxy, scheme, pieces):
    one = proxy(scheme, *granting(scheme, b"banner\n"), pieces=pieces)
    proc = forward("--proxy", one.url)
    with dial(proc.port) as client:
        assert receive(client, 7) == b"banner\n"
        client.sendall(b"request")
        conn = one.conn()
        assert receive(conn, 7) == b"request"
        conn.sendall(b"answer")
        conn.close()
        assert receive_all(client) == b"answer"
    proc.stop()


def test_end_of_the_client_is_held_back(forward, proxy):
    """Until the target has been silent for two seconds: many proxies take it for the end of all."""
    one = proxy("http", GRANTED_HTTP)
    proc = forward("--proxy", one.url)
    with dial(proc.port) as client:
        client.sendall(b"request")
        started = time.monotonic()
        half_close(client)
        conn = one.conn()
        assert receive_all(conn) == b"request"
        assert time.monotonic() - started > 1.9
        conn.sendall(b"late answer")
        conn.close()
        assert receive_all(client) == b"late answer"
    proc.stop()


def test_many_at_once(forward, proxy):
    """Each has a dialogue of its own, and all are asked for the same."""
    several = [proxy("socks5h", *granting("socks5h", b"%d" % n)) for n in range(2)]
    first, second = (forward("--proxy", one.url, target="name.example:80") for one in several)
    with dial(first.port) as a, dial(second.port) as b:
        assert (a.recv(1), b.recv(1)) == (b"0", b"1")
        for one in several:
            assert one.requests[1][3:] == b"\3\x0cname.example\0\x50"
            one.conn().close()
    first.stop()
    second.stop()


def test_credentials_are_asked_for_once(forward, proxy):
    """Who has asked for them gets them at once from then on."""
    no = b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nConnection: close\r\n\r\n"
    one = proxy("http", no, GRANTED_HTTP + b"a", GRANTED_HTTP + b"b")
    one.readers = [read_head]
    proc = forward("--proxy", one.url.replace("//", "//u:qwerty@"))
    with dial(proc.port) as client:
        assert client.recv(1) == b"a"
    with dial(proc.port) as client:
        assert client.recv(1) == b"b"
    one.conn()
    assert [b"Proxy-Authorization: Basic dTpxd2VydHk=" in head for head in one.requests] == [
        False, True, True]
    with open(f"/proc/{proc.pid}/cmdline", "rb") as file:
        assert b"qwerty" not in file.read()
    proc.stop()


def test_refusal_is_a_reset(forward, proxy):
    one = proxy("http", b"HTTP/1.1 403 Forbidden\r\n\r\n")
    proc = forward("--proxy", one.url)
    assert turned_down(proc.port)
    proc.wait_err("'403 Forbidden'")
    proc.stop()


def test_silence_ends_at_the_limit(forward, proxy):
    one = proxy("socks5", None)
    proc = forward("--proxy", one.url, "--connect-timeout", "300ms")
    assert turned_down(proc.port)
    proc.stop()


def test_target_is_announced_behind_the_proxy(forward, proxy):
    one = proxy("socks5", b"\5\0", GRANTED_5)
    proc = forward("--proxy", one.url, "--send-proxy=v1")
    with dial(proc.port) as client:
        conn = one.conn()
        source = client.getsockname()[1]
        header = b"PROXY TCP4 127.0.0.1 127.0.0.1 %d %d\r\n" % (source, proc.port)
        assert receive(conn, len(header)) == header
        conn.close()
        receive_all(client)
    proc.stop()


@pytest.mark.parametrize("target, remote", [
    ("192.0.2.1:443", {"family": "inet", "address": "192.0.2.1", "port": 443}),
    ("name.example:443", {"name": "name.example", "port": 443}),
    ("name.example:https", {"name": "name.example", "service": "https"}),
])
def test_event_names_target_and_proxies(forward, proxy, target, remote):
    one = proxy("socks5h", *granting("socks5h"))
    proc = forward("--proxy", one.url, "--json", target=target)
    with dial(json.loads(proc.wait_err("listening").string)["port"]):
        event = json.loads(proc.wait_err('"connected"').string)
    assert event["remote"] == remote
    assert event["via"] == [one.url]
    one.conn().close()
    proc.stop()


def test_text_names_target_and_proxies(forward, proxy):
    one = proxy("socks5h", *granting("socks5h"))
    proc = forward("--proxy", one.url, "-v", target="name.example:443")
    with dial(proc.port) as client:
        proc.wait_err(f"connection 1 goes to name.example:443 through {one.url} from 127")
        one.conn().close()
        receive_all(client)
    proc.stop()


def test_proxy_of_the_environment(sockctl, proxy):
    one = proxy("http", GRANTED_HTTP + b"hi")
    proc = sockctl("listen", "--forward", TARGET, "127.0.0.1", 0, stdin=DEVNULL,
                   env={**os.environ, "SOCKCTL_PROXY": one.url})
    with dial(proc.port) as client:
        assert client.recv(2) == b"hi"
        one.conn().close()
    proc.wait()


def test_exception_of_the_environment(sockctl, server):
    proc = sockctl("listen", "-v", "--forward", f"127.0.0.1:{port_of(server)}", "127.0.0.1", 0,
                   stdin=DEVNULL, env={**os.environ, "SOCKCTL_PROXY": "http://127.0.0.1:1",
                                       "NO_PROXY": "127.0.0.1"})
    proc.wait_err("no proxy is used: NO_PROXY excepts it")
    with dial(proc.port) as client:
        conn = accept(server)
        send_all(client, b"x")
        assert receive_all(conn) == b"x"
        conn.close()
    proc.wait()


def test_programs_get_no_credentials(sockctl):
    """Though a server has no use for them itself."""
    proc = sockctl("listen", "--exec", "env", "127.0.0.1", 0, stdin=DEVNULL,
                   env={**os.environ, "SOCKCTL_PROXY": "http://zaphod:qwerty@h",
                        "SOCKCTL_PROXY_AUTH": "zaphod:qwerty"})
    with dial(proc.port) as client:
        half_close(client)
        words = receive_all(client)
    assert b"SOCKCTL_PROTO=" in words and b"qwerty" not in words
    proc.wait()


@pytest.mark.parametrize("words, message", [
    (["--proxy", "http://h"], "--forward"),
    (["--forward", "h:1", "--proxy-dns", "local"], "--proxy"),
    (["--forward", "unix:/x", "--proxy", "http://h"], "no proxy leads to a Unix socket"),
    (["--forward", "fd:0", "--proxy", "http://h"], "no proxy leads to a Unix socket"),
    (["--forward", "h:1", "--proxy", "h:1"], "has no scheme"),
])
def test_usage(sockctl, words, message):
    one, other = socket.socketpair()
    with one, other:
        proc = sockctl("listen", *words, "127.0.0.1", unused_port(), stdin=one)
        proc.fails(2, message)
