# SPDX-License-Identifier: ISC
"""What a connection through proxies promises: no look-up here, no secret anywhere, no copy."""

import itertools
import os
import re
import sys
from pathlib import Path

import pytest

from harness import DEVNULL, NO_LEAK_CHECK, PROGRAM
from peers import MIB, accept, dial, port_of, receive, receive_all, sink
from proxies import GRANTED_5, GRANTED_HTTP, granting, read_methods5, read_request5

STRACE = ["strace", "-f", "-qq", "-E", NO_LEAK_CHECK, "-e", "signal=none"]
HELPER = Path(__file__).with_name("proxied.py")
TARGET = ("192.0.2.1", 443)


# No look-up here.

def questions(path):
    """What went to a name server, or to a daemon that asks one."""
    return [line for line in path.read_text().splitlines()
            if "htons(53)" in line or "nscd" in line or "name\\7example" in line]


@pytest.mark.needs("strace")
@pytest.mark.parametrize("scheme, asks", [
    ("socks5h", False), ("socks4a", False), ("http", False), ("socks5", True), ("socks4", True),
])
@pytest.mark.parametrize("words", [
    ["connect", "name.example", "443"], ["connect", "--check", "name.example", "443"],
    ["listen", "--forward", "name.example:443", "127.0.0.1", "4711"],
], ids=["connect", "check", "listen"])
def test_who_looks_names_up(sockctl, namespaces, tmp_path, words, scheme, asks):
    """In a network with a name server of its own, which would be asked for everything."""
    seen = tmp_path / "calls"
    run = sockctl(HELPER, scheme, *STRACE, "-e", "trace=network", "-o", seen, PROGRAM, words[0],
                  "--proxy", "URL", *words[1:], program=sys.executable, wrap=namespaces("nxdomain"))
    run.ended()
    assert "socket(" in seen.read_text()
    assert bool(questions(seen)) == asks, seen.read_text()


# No secret anywhere.

SECRETS = ("zaphod", "qwerty", "emFwaG9kOnF3ZXJ0eQ")
NO = (b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")
SPY = "tr '\\0' '\\n' < /proc/$PPID/cmdline; tr '\\0' '\\n' < /proc/$PPID/environ; env"


def wanting(proxy, scheme):
    """A proxy that gets the credentials before it grants the request."""
    if scheme == "http":
        return proxy("http", NO, GRANTED_HTTP)
    if scheme == "socks4a":
        return proxy("socks4a", *granting("socks4a"))
    one = proxy("socks5h", b"\5\2", b"\1\0", GRANTED_5)
    one.readers = [read_methods5, lambda conn: receive(conn, 3 + 6 + 6), read_request5]
    return one


@pytest.mark.parametrize("scheme, source", [
    *itertools.product(["http", "socks5h"], ["url", "file", "environment", "url in environment"]),
    ("socks4a", "url"), ("socks4a", "url in environment"),  # it has no passwords
])
@pytest.mark.parametrize("kind", ["text", "c"])
def test_no_secret_is_seen(sockctl, proxy, tmp_path, scheme, source, kind):
    """In its words, its environment, its program's, messages, events, dumps and traces."""
    one = wanting(proxy, scheme)
    with_secret = one.url.replace("//", "//zaphod:qwerty@")
    if scheme == "socks4a":
        with_secret = one.url.replace("//", "//zaphod@")
    (tmp_path / "auth").write_text("zaphod:qwerty\n")
    (tmp_path / "auth").chmod(0o600)
    words, env = [], dict(os.environ)
    if source == "url":
        words = ["--proxy", with_secret]
    elif source == "file":
        words = ["--proxy", one.url, "--proxy-auth-file", tmp_path / "auth"]
    elif source == "environment":
        env.update(SOCKCTL_PROXY=one.url, SOCKCTL_PROXY_AUTH="zaphod:qwerty")
    else:
        env["SOCKCTL_PROXY"] = with_secret
    proc = sockctl("connect", *words, "-vv", "--json", "--hex", f"--trace={tmp_path}/trace",
                   "--trace-format", kind, *TARGET, "--exec", SPY, env=env)
    conn = one.conn()
    seen = receive_all(conn).decode()
    conn.close()
    proc.wait()
    sent = b"".join(one.requests)
    assert b"zaphod" in sent or b"emFwaG9kOnF3ZXJ0eQ" in sent
    assert "--exec" in seen and "SOCKCTL_PROTO=TCP" in seen and "PATH=" in seen
    trace = (tmp_path / "trace").read_text()
    if scheme == "socks5h" or kind == "c":  # else what is shown of the bytes ends before
        assert "<creden" in trace  # as long as they are, in C
    for text in (seen, proc.err, trace):
        for secret in SECRETS:
            assert secret not in text, text


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_no_secret_is_seen_of_a_server(sockctl, proxy, tmp_path, scheme):
    one = wanting(proxy, scheme)
    proc = sockctl("listen", "--proxy", one.url.replace("//", "//zaphod:qwerty@"), "-vv", "--json",
                   f"--trace={tmp_path}/trace", "--forward", "192.0.2.1:443", "127.0.0.1", 0,
                   stdin=DEVNULL)
    with dial(proc.port) as client:
        one.conn().close()
        receive_all(client)
        with open(f"/proc/{proc.pid}/cmdline", "rb") as file:
            words = file.read().decode()
    proc.wait()
    assert "--forward" in words
    for text in (words, proc.err, (tmp_path / "trace").read_text()):
        for secret in SECRETS:
            assert secret not in text, text


def test_refusals_show_no_secret(sockctl, proxy):
    """Also where the word cannot be understood, and where the proxy says it back."""
    for word in ("http://zaphod:qwerty@h:x", "zaphod:qwerty@h:1", "ftp://zaphod:qwerty@h",
                 "http://zaphod:qwerty@", "http://zaphod:%zz@h", "socks5://zaphod:qwerty@[::1"):
        proc = sockctl("connect", "--proxy", word, *TARGET)
        proc.wait(2)
        assert "qwerty" not in proc.err and "zaphod" not in proc.err, proc.err


# No copy.

def moved(path):
    results = {}
    for name, result in re.findall(r"(\w+)\(.*\) += (\d+)", path.read_text()):
        results.setdefault(name, []).append(int(result))
    return results


@pytest.mark.needs("strace", "microsocks")
def test_bulk_costs_what_a_direct_connection_costs(sockctl, real, server, tmp_path, random_file):
    """The bytes stay inside the kernel after the dialogue: counted in calls, not in time."""
    total = random_file.stat().st_size
    calls = {}
    for way, words in (("direct", []),
                       ("proxy", ["--proxy", f"socks5://127.0.0.1:{real('microsocks').port}"])):
        with open(random_file, "rb") as file:
            proc = sockctl("connect", *words, "127.0.0.1", port_of(server), stdin=file,
                           wrap=[*STRACE, "-o", tmp_path / way])
        with accept(server) as conn:
            assert sink(conn)[0] == total
        proc.wait()
        results = moved(tmp_path / way)
        spliced = sum(sum(results.get(name, [])) for name in ("splice", "sendfile"))
        copied = sum(sum(results.get(name, [])) for name in ("read", "write", "recvfrom", "sendto"))
        assert spliced >= total and copied < MIB, way
        calls[way] = (tmp_path / way).read_text().count("\n")
    assert calls["proxy"] < 1.35 * calls["direct"] + 200, calls
