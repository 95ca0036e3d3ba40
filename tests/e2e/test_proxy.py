# SPDX-License-Identifier: ISC
"""connect --proxy: dialogues with proxies that behave, and with those that do not."""

import json
import os
import socket

import pytest

from harness import DEVNULL, PIPE, SANITIZED
from peers import accept, dial, port_of, receive, receive_all, reset, unused_port
from proxies import (GRANTED_5, GRANTED_HTTP, SCHEMES, Scripted, granting, read_head, read_methods5,
                     read_request5)

TARGET = ("192.0.2.1", 443)  # nobody but a proxy may be connected to


def silent(scheme, steps):
    return [*granting(scheme)[:steps], None]


@pytest.fixture
def through(sockctl):
    def start(proxies, *options, target=TARGET, **how):
        words = [word for one in proxies for word in ("--proxy", one.url)]
        return sockctl("connect", *words, *options, *target, **how)

    return start


@pytest.mark.parametrize("pieces", [0, 1], ids=["whole", "bytewise"])
@pytest.mark.parametrize("scheme", SCHEMES)
class TestGranted:
    def test_banner_comes_with_the_answer(self, through, proxy, scheme, pieces):
        one = proxy(scheme, *granting(scheme, b"banner\n"), pieces=pieces)
        proc = through([one], stdin=b"request")
        conn = one.conn()
        assert receive(conn, 7) == b"request"
        conn.close()
        proc.wait()
        assert proc.out == b"banner\n"
        assert proc.complaints == []

    def test_program_gets_the_socket_and_all_that_is_in_it(self, through, proxy, scheme, pieces):
        one = proxy(scheme, *granting(scheme, b"banner\n"), pieces=pieces)
        proc = through([one], "--exec", "read line; echo \"$line\" | tr a-z A-Z")
        assert receive_all(one.conn()) == b"BANNER\n"
        one.conn().close()
        proc.wait()

    def test_peek_leaves_the_banner(self, through, proxy, scheme, pieces):
        one = proxy(scheme, *granting(scheme, b"banner\n"), pieces=pieces)
        proc = through([one], "--peek", stdin=b"")
        assert receive_all(one.conn()) == b""
        one.conn().close()
        proc.wait()
        # What is there at the first look.
        assert proc.out and b"banner\n".startswith(proc.out)


@pytest.mark.parametrize("scheme", SCHEMES)
class TestTable:
    """What other clients hang on or fail at."""

    def test_silence_ends_at_the_deadline(self, through, proxy, scheme):
        through([proxy(scheme, *silent(scheme, 0))], "--timeout", "300ms").fails(6, "connecting")

    def test_silence_ends_at_the_limit_of_a_try(self, through, proxy, scheme):
        through([proxy(scheme, *silent(scheme, 0))], "--connect-timeout", "300ms").fails(6)

    def test_silence_is_tried_again(self, through, proxy, scheme):
        one = proxy(scheme, *silent(scheme, 0), *granting(scheme, b"hi"))
        proc = through([one], "--connect-timeout", "300ms", "--retry=3", "--retry-delay", "1ms")
        one.conn().close()
        proc.wait()
        assert proc.out == b"hi"

    def test_close_is_a_broken_connection(self, through, proxy, scheme):
        through([proxy(scheme, "close")]).fails(7, "ended the connection before it had answered")

    def test_reset_is_a_broken_connection(self, through, proxy, scheme):
        through([proxy(scheme, "reset")]).fails(7, "Connection reset by peer")

    def test_close_is_tried_again(self, through, proxy, scheme):
        one = proxy(scheme, "close", *granting(scheme, b"hi"))
        proc = through([one], "--retry=3", "--retry-delay", "1ms")
        one.conn().close()
        proc.wait()
        assert proc.out == b"hi"

    def test_garbage_is_hopeless(self, through, proxy, scheme):
        one = proxy(scheme, b"\x1b[2J\0\0\0\0\0\0\0\0\0\0")
        through([one], "--retry", "--timeout", "20s").fails(9, "\\x1b")


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" + GRANTED_HTTP,
    b"HTTP/1.0 200 OK\n\n", b"HTTP/1.1 200 OK\nA: b\r\n\n",
])
def test_http_answers_that_grant(through, proxy, answer):
    one = proxy("http", answer + b"banner")
    proc = through([one])
    one.conn().close()
    proc.wait()
    assert proc.out == b"banner"


def test_http_head_without_end(through, proxy):
    one = proxy("http", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20000)
    through([one]).fails(9, "16 KiB")


def test_http_preliminary_answers_without_end(through, proxy):
    through([proxy("http", b"HTTP/1.1 100 Continue\r\n\r\n" * 9)]).fails(9, "preliminary")


@pytest.mark.parametrize("answer", [
    b"\5\0\0\3\4name\0\1", b"\5\0\0\4" + bytes(18), b"\5\0\0\3\0\0\1", b"\5\0\0\3\xff" + bytes(257),
])
def test_socks5_bound_addresses(through, proxy, answer):
    one = proxy("socks5", b"\5\0", answer + b"banner")
    proc = through([one])
    one.conn().close()
    proc.wait()
    assert proc.out == b"banner"


def test_socks5_method_that_was_not_offered(through, proxy):
    through([proxy("socks5", b"\5\2")]).fails(9, "not offered")


@pytest.mark.parametrize("scheme, answers, status, words", [
    ("socks5", [b"\5\0", b"\5\1"], 9, "failed"),
    ("socks5", [b"\5\0", b"\5\2"], 9, "does not allow"),
    ("socks5", [b"\5\0", b"\5\3"], 5, "network"),
    ("socks5", [b"\5\0", b"\5\4"], 5, "cannot reach"),
    ("socks5", [b"\5\0", b"\5\5"], 5, "refused by the target"),
    ("socks5", [b"\5\0", b"\5\6"], 6, "timed out"),
    ("socks5", [b"\5\0", b"\5\7"], 9, "CONNECT"),
    ("socks5", [b"\5\xff"], 9, "credentials"),
    ("socks4", [b"\0\x5b\0\0\0\0\0\0"], 9, "rejected"),
    ("http", [b"HTTP/1.1 403 Forbidden\r\n\r\n"], 9, "'403 Forbidden'"),
    ("http", [b"HTTP/1.1 302 Found\r\n\r\n"], 9, "'302 Found'"),
    ("http", [b"HTTP/1.1 500 Oops\r\n\r\n"], 9, "'500 Oops'"),
    ("http", [b"HTTP/1.1 502 Bad Gateway\r\n\r\n"], 5, "'502 Bad Gateway'"),
    ("http", [b"HTTP/1.1 503 No\r\n\r\n"], 5, "'503 No'"),
    ("http", [b"HTTP/1.1 504 Late\r\n\r\n"], 6, "'504 Late'"),
    ("http", [b"HTTP/1.1 403 \x1b[2J\r\n\r\n"], 9, "\\x1b[2J"),
])
def test_statuses(through, proxy, scheme, answers, status, words):
    through([proxy(scheme, *answers)]).fails(status, words)


OFFER = b"Proxy-Authenticate: Basic realm=\"x\"\r\n"


@pytest.mark.parametrize("ending", [
    b"Content-Length: 5\r\n\r\nsorry", b"Content-Length: 0\r\n\r\n",
], ids=["body", "empty"])
def test_credentials_on_the_same_connection(sockctl, proxy, ending):
    one = proxy("http", b"HTTP/1.1 407 Who\r\n" + OFFER + ending, GRANTED_HTTP + b"hi")
    url = one.url.replace("//", "//user:pass%40word@")
    proc = sockctl("connect", "--proxy", url, *TARGET)
    one.conn().close()
    proc.wait()
    assert proc.out == b"hi"
    assert len(one.conns) == 1
    assert b"Proxy-Authorization" not in one.requests[0]
    assert b"Proxy-Authorization: Basic dXNlcjpwYXNzQHdvcmQ=\r\n" in one.requests[1]


@pytest.mark.parametrize("head", [
    b"Connection: close\r\nContent-Length: 0\r\n", b"", b"Transfer-Encoding: chunked\r\n",
])
def test_credentials_on_a_new_connection(sockctl, proxy, head):
    one = proxy("http", b"HTTP/1.1 407 Who\r\n" + OFFER + head + b"\r\n", GRANTED_HTTP + b"hi")
    one.readers = [read_head]
    proc = sockctl("connect", "--proxy", one.url.replace("//", "//u:p@"), *TARGET)
    one.conn().close()
    proc.wait()
    assert proc.out == b"hi"
    assert len(one.conns) == 2
    assert b"Proxy-Authorization: Basic dTpw\r\n" in one.requests[1]


def test_credentials_refused(sockctl, proxy):
    no = b"HTTP/1.1 407 No\r\n" + OFFER + b"Content-Length: 0\r\n\r\n"
    one = proxy("http", no, no)
    sockctl("connect", "--proxy", one.url.replace("//", "//u:p@"), "--retry", *TARGET).fails(
        9, "'407 No' to the credentials")


def test_credentials_by_an_unknown_scheme(sockctl, proxy):
    one = proxy("http", b"HTTP/1.1 407 No\r\nProxy-Authenticate: Digest a=b, NTLM\r\n\r\n")
    sockctl("connect", "--proxy", one.url.replace("//", "//u:p@"), *TARGET).fails(
        9, "Digest, NTLM", "only Basic")


@pytest.mark.parametrize("schemes", [
    ("socks5", "http", "socks4a"), ("http", "socks5h", "http"), ("socks4a", "socks5", "http"),
], ids="-".join)
def test_chain_of_three(through, proxy, schemes):
    """The first plays all of them: each dialogue runs inside the one before."""
    answers = [answer for scheme in schemes for answer in granting(scheme)]
    answers[-1] += b"banner"
    one = proxy(schemes[0], *answers)
    one.readers = [read for scheme in schemes for read in Scripted.readers_of(scheme)[
        :len(granting(scheme))]]
    others = [f"--proxy={scheme}://127.0.0.1:{n}" for n, scheme in enumerate(schemes[1:], 1)]
    proc = through([one], *others)
    one.conn().close()
    proc.wait()
    assert proc.out == b"banner"


def test_other_address_of_the_target(sockctl, proxy, namespaces):
    """One address of the name is refused, and the proxy is asked for the next at once."""
    one = proxy("socks5", b"\5\0", b"\5\5", b"\5\0", GRANTED_5 + b"hi")
    proc = sockctl("connect", "--proxy", one.url, "localhost", 443, wrap=namespaces("hosts"))
    one.conn().close()
    proc.wait()
    assert proc.out == b"hi"
    asked = {request[3] for request in (one.requests[1], one.requests[3])}
    assert asked == {1, 4}  # IPv4 and IPv6


def test_names_are_the_proxys(through, proxy):
    one = proxy("socks5h", *granting("socks5h"))
    proc = through([one], "-v", target=("a" * 63 + "." + "b" * 63 + ".example", 443))
    one.conn().close()
    proc.wait()
    assert b"a" * 63 in one.requests[1]
    assert "the proxy looks up names" in proc.err


@pytest.mark.parametrize("target, remote, text", [
    (TARGET, {"family": "inet", "address": "192.0.2.1", "port": 443}, "192.0.2.1:443"),
    (("name.example", 443), {"name": "name.example", "port": 443}, "name.example:443"),
    (("name.example", "https"), {"name": "name.example", "service": "https"}, "name.example:https"),
])
def test_events_name_target_and_proxies(through, proxy, target, remote, text):
    one = proxy("socks5h", b"\5\0", GRANTED_5, b"\5\0", GRANTED_5)
    one.readers = [read_methods5, read_request5] * 2
    other = "socks5h://127.0.0.1:1"
    proc = through([one], "--proxy", other, "--json", "--stats", target=target)
    one.conn().close()
    proc.wait()
    events = {event["event"]: event for event in proc.events}
    for name in ("connected", "closed", "stats"):
        assert events[name]["remote"] == remote
        assert events[name]["via"] == [one.url, other]

    one = proxy("socks5h", *granting("socks5h"))
    proc = through([one], "-v", target=target)
    one.conn().close()
    proc.wait()
    lines = proc.err.replace("sockctl: connect: ", "").splitlines()
    at = lines.index(f"through {one.url} (socks5h; the proxy looks up names)")
    assert lines[at + 1].startswith(f"connected to {text} from 127.0.0.1:")


def test_errors_name_the_target(through, proxy):
    one = proxy("http", GRANTED_HTTP)
    proc = through([one], stdin=PIPE)
    reset(one.conn())
    proc.fails(7, "192.0.2.1:443: Connection reset")


@pytest.mark.parametrize("target", [("192.0.2.1", 443), ("name.example", 443)])
def test_programs_know_the_target(through, proxy, target):
    one = proxy("socks5h", *granting("socks5h"))
    proc = through([one], "--exec", "env", target=target)
    words = receive_all(one.conn()).decode().splitlines()
    one.conn().close()
    proc.wait()
    assert f"SOCKCTL_REMOTE_ADDRESS={target[0]}" in words
    assert "SOCKCTL_REMOTE_PORT=443" in words
    assert "SOCKCTL_LOCAL_ADDRESS=127.0.0.1" in words


def test_proxy_on_a_unix_socket(sockctl, tmp_path):
    """The connection is spoken of as one of TCP all the same, and its bytes are counted."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        name = str(tmp_path / "s").replace("/", "%2F")
        proc = sockctl("connect", "--proxy", f"http://unix:{name}", "--json", "--exec", "env",
                       *TARGET)
        conn = accept(server)
        read_head(conn)
        conn.sendall(GRANTED_HTTP)
        words = receive_all(conn)
        conn.close()
    proc.wait()
    assert b"SOCKCTL_PROTO=TCP\n" in words and b"SOCKCTL_REMOTE_ADDRESS=192.0.2.1\n" in words
    assert [event["sent_bytes"] for event in proc.events if event["event"] == "closed"] == [len(words)]


def test_silent_listener_names_no_secret(sockctl, proxy):
    one = proxy("http", None)
    proc = sockctl("connect", "--proxy", one.url.replace("//", "//user:secret@"), "--timeout", "1",
                   "-vv", "--trace", *TARGET)
    proc.wait(6)
    assert "secret" not in proc.err
    assert "user" not in proc.err.replace("SO_", "")


def test_nothing_secret_is_seen(sockctl, proxy, tmp_path):
    """Not in the words of the process, what it says, or any trace."""
    trace = tmp_path / "trace"
    for kind in ("text", "c"):
        one = proxy("socks5", b"\5\2", b"\1\0", GRANTED_5 + b"hi")
        one.readers = [read_methods5, lambda conn: receive(conn, 3 + 6 + 6), read_request5]
        proc = sockctl("connect", "--proxy", one.url.replace("//", "//zaphod:qwerty@"), "-vv",
                       "--json", "--hex", f"--trace={trace}", "--trace-format", kind, *TARGET,
                       stdin=PIPE)
        conn = one.conn()
        with open(f"/proc/{proc.pid}/cmdline", "rb") as file:
            assert b"qwerty" not in file.read()
        proc.stdin.close()
        conn.close()
        proc.wait()
        assert one.requests[1] == b"\1\6zaphod\6qwerty"
        for text in (proc.err, trace.read_text()):
            assert "qwerty" not in text and "zaphod" not in text and "cXdlcnR5" not in text
        assert "<credentials>" in trace.read_text()


def test_environment(sockctl, proxy):
    one = proxy("http", b"HTTP/1.1 407 x\r\n" + OFFER + b"Content-Length: 0\r\n\r\n",
                GRANTED_HTTP + b"hi")
    proc = sockctl("connect", "--exec", "cat >/dev/null; env >&2", *TARGET,
                   env={**os.environ, "SOCKCTL_PROXY": one.url, "SOCKCTL_PROXY_AUTH": "u:qwerty"})
    one.conn().close()
    proc.wait()
    assert "SOCKCTL_PROTO=" in proc.err and "qwerty" not in proc.err
    assert b"Basic dTpxd2VydHk=" in one.requests[1]


def test_no_proxy(sockctl, server):
    proc = sockctl("connect", "-v", "127.0.0.1", port_of(server),
                   env={**os.environ, "SOCKCTL_PROXY": f"http://127.0.0.1:{unused_port()}",
                        "NO_PROXY": "127.0.0.0/8"})
    accept(server).close()
    proc.wait()
    assert "no proxy is used: NO_PROXY excepts it" in proc.err


def test_command_that_connects_without_proxies(sockctl):
    """It is told that the proxy of the environment is not used, if it is asked to tell."""
    environment = {**os.environ, "SOCKCTL_PROXY": f"http://127.0.0.1:{unused_port()}"}
    server = sockctl("echo", "--tcp", "127.0.0.1", 0, stdin=DEVNULL)
    proc = sockctl("echo", "--client", "-v", "--count", "1", "127.0.0.1", server.port, env=environment)
    proc.wait()
    assert "no proxy is used: SOCKCTL_PROXY is for streams of connect and listen --forward" in proc.err
    server.stop()


@pytest.mark.parametrize("words, message", [
    (["--proxy", "h:1"], "has no scheme"),
    (["--proxy", "socks://h"], "did you mean socks5h://"),
    (["--proxy", "http://u:qwerty@h:x"], "has no port from 1 to 65535"),
    (["--proxy", "http://h", "--proxy", "none"], "give it alone"),
    (["--proxy", "socks4://h", "::1", "80"], "SOCKS4 has no IPv6 addresses; use socks5://"),
    (["--proxy", "http://h", "unix:/x"], "no proxy leads to a Unix socket"),
    (["--proxy", "http://h", "--proxy-dns", "maybe"], "is neither local nor remote"),
])
def test_usage(sockctl, words, message):
    target = [] if words[-1] in ("80", "unix:/x") else ["h", "80"]
    proc = sockctl("connect", *words, *target)
    proc.wait(2)
    assert message in proc.err and "qwerty" not in proc.err


def test_auth_file(sockctl, proxy, tmp_path):
    path = tmp_path / "auth"
    path.write_text("u:p\n")
    path.chmod(0o644)
    one = proxy("http", None)
    sockctl("connect", "--proxy", one.url, "--proxy-auth-file", path, *TARGET).fails(
        1, path, "chmod 600")
    one.close()
    path.chmod(0o600)
    one = proxy("http", b"HTTP/1.1 407 x\r\n" + OFFER + b"Content-Length: 0\r\n\r\n",
                GRANTED_HTTP + b"hi")
    proc = sockctl("connect", "--proxy", one.url, "--proxy-auth-file", path, *TARGET)
    one.conn().close()
    proc.wait()
    assert b"Basic dTpw" in one.requests[1]


def test_nobody_at_the_proxys_address(sockctl):
    url = f"socks5h://127.0.0.1:{unused_port()}"
    sockctl("connect", "--proxy", url, *TARGET).fails(5, f"{url}: Connection refused")


@pytest.mark.parametrize("names, status", [("nxdomain", 3), ("servfail", 4)])
def test_name_of_the_proxy(sockctl, namespaces, names, status):
    sockctl("connect", "--proxy", "http://proxy.example", *TARGET, wrap=namespaces(names)).fails(
        status, "http://proxy.example:3128: ")


class TestCheck:
    """--check: a port is open when the proxy has connected to it."""

    @pytest.mark.parametrize("scheme", SCHEMES)
    def test_open(self, through, proxy, scheme):
        one = proxy(scheme, *granting(scheme))
        proc = through([one], "--check", "-v")
        proc.wait()
        assert proc.out == b""
        assert f"through {one.url} ({scheme};" in proc.err and "192.0.2.1:443 is open" in proc.err
        assert receive_all(one.conn()) == b""

    @pytest.mark.parametrize("scheme, answer, status", [
        ("socks5", b"\5\5", 5), ("socks5", b"\5\6", 6), ("socks5", b"\5\2", 9),
    ])
    def test_not_open(self, through, proxy, scheme, answer, status):
        through([proxy(scheme, b"\5\0", answer)], "--check").fails(status, "192.0.2.1:443: proxy")

    def test_several(self, through, proxy):
        """In any order; those that are open are listed, and the worst status counts."""
        one = proxy("http", *[GRANTED_HTTP] * 3)
        one.readers = [read_head]
        one.answer_of = lambda head: (b"HTTP/1.1 502 No\r\n\r\n" if b":25 " in head else GRANTED_HTTP)
        proc = through([one], "--check", target=("name.example", "22,25,https"))
        proc.fails(5, "name.example:25: proxy", "'502 No'")
        assert sorted(proc.out.splitlines()) == [b"22\tssh", b"443\thttps"]

    def test_json(self, through, proxy):
        one = proxy("socks5h", *granting("socks5h"))
        proc = through([one], "--check", "--json", target=("name.example", 443))
        proc.wait()
        row = json.loads(proc.out)
        assert 0 < row.pop("connect_time") and 0 < row.pop("upgrade_time")
        assert row == {
            "name": "name.example", "via": [one.url], "state": "open", "service": "https",
            "port": 443}

    def test_more_than_are_tried_at_once(self, through, proxy):
        one = proxy("http", *[GRANTED_HTTP] * 40)
        one.readers = [read_head]
        proc = through([one], "--check", target=("192.0.2.1", "1-40"))
        proc.wait()
        assert sorted(int(line.split()[0]) for line in proc.out.splitlines()) == list(range(1, 41))

    def test_any(self, through, proxy):
        one = proxy("http", b"HTTP/1.1 502 No\r\n\r\n", GRANTED_HTTP)
        one.readers = [read_head]
        through([one], "--check", "--any", target=("192.0.2.1", "1,2")).wait()

    def test_silence_ends_by_itself(self, through, proxy):
        through([proxy("socks5", None)], "--check").fails(6)

    def test_banner(self, sockctl):
        sockctl("connect", "--check", "--banner", "--proxy", "http://h", *TARGET).fails(
            2, "--banner")


@pytest.mark.skipif(SANITIZED, reason="a sanitizer build has no sandbox")
def test_sandbox_leaves_the_proxys_port(sockctl, proxy):
    """Not the target's."""
    one = proxy("socks5h", *granting("socks5h", b"hi"))
    proc = sockctl("listen", "--sandbox=on", "--forward", "192.0.2.1:443", "--proxy", one.url,
                   "127.0.0.1", 0, stdin=DEVNULL)
    with dial(proc.port) as client:
        assert receive(client, 2) == b"hi"
        one.conn().close()
    proc.wait()
