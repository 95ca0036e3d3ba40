# SPDX-License-Identifier: ISC
"""https proxies: TLS with the proxy, the dialogue inside it, and the target's TLS inside that."""

import ssl

import pytest

import proxies
from harness import DEVNULL, PIPE, Task
from peers import MIB, accept, dial, listener, port_of, receive, receive_all, reset, send_all, sink
from proxies import GRANTED_HTTP, read_head
from tls_server import Server, echo, read_to_end

pytestmark = pytest.mark.tls
TARGET = ("192.0.2.1", 443)


class Secured:
    """An https proxy on one connection that grants what it is asked for, and plays the target."""

    def __init__(self, identity, serve, answer=GRANTED_HTTP, version=None, pieces=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(identity.both)
        self.context.set_alpn_protocols(["h2", "http/1.1"])
        if version:
            self.context.minimum_version = self.context.maximum_version = version
        self.answer, self.pieces = answer, pieces
        self.listener = listener()
        self.url = f"https://localhost:{port_of(self.listener)}"
        self.task = Task(self._serve, serve)
        self.head = self.alpn = None

    def _serve(self, serve):
        with accept(self.listener) as raw:
            try:
                conn = self.context.wrap_socket(raw, server_side=True, suppress_ragged_eofs=False)
            except OSError as error:
                return error
            self.alpn = conn.selected_alpn_protocol()
            self.head = read_head(conn)
            for piece in self.pieces or [self.answer]:
                conn.sendall(piece)
            result = serve(conn)
            conn.close()
            return result

    def result(self):
        self.listener.close()
        return self.task.result()


def say_and_end(words):
    def serve(conn):
        conn.sendall(words)
        data = read_to_end(conn)
        conn.unwrap()
        return data
    return serve


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture
def through(sockctl, authority):
    def start(proxy, *options, target=TARGET, command="connect", **how):
        return sockctl(command, "--proxy", proxy.url, "--proxy-ca", authority.root.cert, *options,
                       *target, **how)
    return start


@pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])
def test_both_directions(through, authority, version):
    one = Secured(authority.server, echo, version=version)
    proc = through(one, "-v", stdin=b"request")
    proc.wait()
    assert proc.out == b"request" == one.result()
    assert one.head.startswith(b"CONNECT 192.0.2.1:443 HTTP/1.1\r\n")
    assert one.alpn == "http/1.1"
    assert f"{one.url} is secured by TLS 1.{2 if version is VERSIONS[0] else 3}" in proc.err
    assert "verified as localhost" in proc.err


@pytest.mark.parametrize("pieces", [
    [GRANTED_HTTP + b"banner"], [bytes([b]) for b in GRANTED_HTTP] + [b"banner"],
], ids=["whole", "bytewise"])
def test_banner_comes_with_the_answer(through, authority, pieces):
    one = Secured(authority.server, say_and_end(b""), pieces=pieces)
    proc = through(one)
    proc.wait()
    assert proc.out == b"banner"


def test_bulk_both_ways(through, authority, random_file):
    data = random_file.read_bytes()[:16 * MIB]
    one = Secured(authority.server, echo)
    proc = through(one, stdin=data)
    proc.wait()
    assert proc.out == data
    one.result()


def test_program(through, authority):
    """What it finds of TLS would be that of the target, and there is none."""
    one = Secured(authority.server, say_and_end(b"line\n"))
    proc = through(one, "--exec", "read line; echo $line | tr a-z A-Z; env | grep ^SOCKCTL")
    proc.wait()
    words = one.result()
    assert words.startswith(b"LINE\n") and b"SOCKCTL_REMOTE_ADDRESS=192.0.2.1\n" in words
    assert b"SOCKCTL_TLS" not in words


def test_forward(through, authority):
    one = Secured(authority.server, say_and_end(b"banner"))
    proc = through(one, "--forward", "192.0.2.1:443", target=("127.0.0.1", "0"), command="listen",
                   stdin=DEVNULL)
    with dial(proc.port) as client:
        assert receive(client, 6) == b"banner"
        send_all(client, b"request")
        assert receive_all(client) == b""
    assert one.result() == b"request"
    proc.wait()


def test_check(through, authority):
    one = Secured(authority.server, read_to_end)
    through(one, "--check").wait()
    assert one.result() == b""


def test_header_of_the_proxy_protocol(through, authority):
    one = Secured(authority.server, say_and_end(b""))
    proc = through(one, "--send-proxy=v1", stdin=b"data")
    proc.wait()
    data = one.result()
    assert data.startswith(b"PROXY TCP4 127.0.0.1 ") and data.endswith(b"\r\ndata")


def test_end_without_close_notify_is_a_cut(through, authority):
    one = Secured(authority.server, lambda conn: conn.sendall(b"half"))
    proc = through(one, stdin=PIPE)
    proc.fails(7, "no close_notify")
    assert proc.out == b"half"


def test_reset_is_a_broken_connection(through, authority):
    one = Secured(authority.server, lambda conn: reset(conn))
    through(one, stdin=PIPE).fails(7, "192.0.2.1:443: ")


def test_refusal(through, authority):
    one = Secured(authority.server, read_to_end, answer=b"HTTP/1.1 403 No\r\n\r\n")
    through(one).fails(9, f"192.0.2.1:443: proxy {one.url} answers '403 No'")


def test_silence_in_the_handshake(sockctl, authority, server):
    sockctl("connect", "--proxy", f"https://localhost:{port_of(server)}", "--proxy-ca",
            authority.root.cert, "--timeout", "300ms", *TARGET).fails(6)


# Whom to trust.

def test_unknown_authority(sockctl, authority):
    one = Secured(authority.server, echo)
    sockctl("connect", "--proxy", one.url, "--retry", *TARGET).fails(
        8, f"192.0.2.1:443: proxy {one.url}: the authority 'Test Root'", "--proxy-ca FILE")


def test_wrong_name(through, authority):
    other = authority.issue("other-proxy", "other", by=authority.root, names="DNS:other.example")
    other.write_both()
    one = Secured(other, echo)
    proc = through(one)
    proc.fails(8, "is for other.example, not for localhost")
    assert "--server-name" not in proc.err


def test_insecure(sockctl, authority):
    one = Secured(authority.server, echo)
    proc = sockctl("connect", "--proxy", one.url, "--proxy-insecure", *TARGET, stdin=b"x")
    proc.wait()
    assert proc.out == b"x"
    assert proc.lines == [f"sockctl: connect: {one.url}: NOT verified: the identity of the proxy is unknown "
                          "(--proxy-insecure)"]


def test_ca_of_the_target_is_not_that_of_the_proxy(sockctl, authority):
    one = Secured(authority.server, echo)
    sockctl("connect", "--proxy", one.url, "--tls", "--ca", authority.root.cert, *TARGET).fails(
        8, f"proxy {one.url}: ")


def test_proxy_that_speaks_no_tls(through, server):
    class Plain:
        url = f"https://localhost:{port_of(server)}"

    proc = through(Plain)
    conn = accept(server)
    receive(conn, 1)
    conn.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    proc.fails(8, f"proxy {Plain.url}: ", "does not speak TLS here")
    conn.close()


@pytest.mark.parametrize("words, message", [
    (["--proxy", "http://h", "--proxy-insecure"], "--proxy-insecure is for https"),
    (["--proxy", "http://h", "--proxy-ca", "/x"], "--proxy-ca is for https"),
    (["--proxy", "https://unix:%2Fx"], "--proxy-insecure"),
    (["--proxy", "https://h", "--peek"], "--peek"),
    (["--proxy", "https://h", "--oob"], "--oob"),
    (["--proxy", "https://h", "--send-flag", "dontroute"], "--send-flag"),
])
def test_usage(sockctl, words, message):
    sockctl("connect", *words, *TARGET).fails(2, message)


def test_authorities_that_cannot_be_read(sockctl):
    sockctl("connect", "--proxy", "https://h", "--proxy-ca", "/nonexistent", *TARGET).fails(
        1, "/nonexistent")


# With TLS of the target inside, through real relays.

@pytest.fixture
def chain(tmp_path, authority):
    """chain(N): tinyproxy behind haproxy that speaks TLS, N times; 0: it alone. Returns the URLs."""
    started = []

    def start(number=1):
        urls = []
        if not number:
            started.append(proxies.tinyproxy(tmp_path))
            return [f"http://127.0.0.1:{started[-1].port}"]
        for _ in range(number):
            cwd = tmp_path / str(len(started))
            cwd.mkdir()
            started.append(proxies.tinyproxy(cwd))
            front = tmp_path / f"{len(started)}-front"
            front.mkdir()
            started.append(proxies.haproxy(front, f"ssl crt {authority.server.both}",
                                           f"127.0.0.1:{started[-1].port}"))
            urls.append(f"https://localhost:{started[-1].port}")
        return urls

    yield start
    for one in reversed(started):
        one.stop()


def through_chain(urls, authority):
    trusted = ["--proxy-ca", authority.root.cert] if urls[0].startswith("https") else []
    return [word for url in urls for word in ("--proxy", url)] + trusted


needs_both = pytest.mark.needs("haproxy", "tinyproxy")


@needs_both
@pytest.mark.parametrize("hops", [0, 1, 2])
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_tls_inside_tls(sockctl, authority, chain, hops, version):
    """Up to three layers, each with its own certificate to verify. The answer comes after the end of
    the request, which tinyproxy would take for the end of both directions."""
    target = Server(authority.server, echo)
    proc = sockctl("connect", *through_chain(chain(hops), authority), "--tls", "--tls-max", version,
                   "--ca", authority.root.cert, "localhost", target.port, stdin=b"request")
    proc.wait()
    assert proc.out == b"request" == target.result()


@needs_both
@pytest.mark.parametrize("hops", [1, 2])
def test_bulk_inside(sockctl, authority, chain, hops, random_file):
    data = random_file.read_bytes()[:8 * MIB]

    def serve(conn):
        """Answers while it reads, so that both directions are full."""
        total = 0
        while piece := conn.recv(65536):
            total += len(piece)
            conn.sendall(piece)
            if total == len(data):
                break
        read_to_end(conn)
        conn.unwrap()
        conn.close()
        return total

    target = Server(authority.server, serve)
    proc = sockctl("connect", *through_chain(chain(hops), authority), "--tls", "--ca",
                   authority.root.cert, "localhost", target.port, stdin=data)
    assert target.result() == len(data)
    proc.wait()
    assert proc.out == data


@needs_both
def test_plain_target_through_real_proxies(sockctl, authority, chain, server, random_file):
    data = random_file.read_bytes()[:MIB]
    proc = sockctl("connect", *through_chain(chain(2), authority), "127.0.0.1", port_of(server),
                   stdin=data)
    conn = accept(server)
    total, _ = sink(conn)
    conn.close()
    proc.wait()
    assert total == MIB


@needs_both
def test_target_with_a_wrong_certificate(sockctl, authority, chain):
    target = Server(authority.server, echo)
    sockctl("connect", *through_chain(chain(), authority), "--tls", "localhost", target.port).fails(
        8, f"localhost:{target.port}: the authority 'Test Root'", "--ca FILE")


@needs_both
def test_starttls_inside(sockctl, authority, chain, server):
    """The plain words before the target's TLS are in the TLS of the proxy."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server.both)
    proc = sockctl("connect", *through_chain(chain(), authority), "--starttls", "pop3", "--ca",
                   authority.root.cert, "localhost", port_of(server), stdin=b"QUIT\r\n")
    with accept(server) as conn:
        conn.sendall(b"+OK hello\r\n")
        assert receive(conn, 6) == b"STLS\r\n"
        conn.sendall(b"+OK go\r\n")
        with context.wrap_socket(conn, server_side=True) as secured:
            assert read_to_end(secured) == b"QUIT\r\n"
            secured.sendall(b"+OK bye\r\n")
            secured.unwrap()
    proc.wait()
    assert proc.out == b"+OK bye\r\n"


def test_secrets_stay_inside(sockctl, authority, tmp_path):
    """The trace has what goes over the socket."""
    no = (b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")

    def serve(conn):
        head = read_head(conn)
        conn.sendall(GRANTED_HTTP)
        read_to_end(conn)
        conn.unwrap()
        return head

    one = Secured(authority.server, serve, answer=no)
    url = one.url.replace("//", "//zaphod:qwerty@")
    proc = sockctl("connect", "--proxy", url, "--proxy-ca", authority.root.cert, "-vv", "--json",
                   f"--trace={tmp_path}/trace", *TARGET)
    proc.wait()
    assert b"Proxy-Authorization: Basic emFwaG9kOnF3ZXJ0eQ==" in one.result()
    for text in (proc.err, (tmp_path / "trace").read_text()):
        assert "qwerty" not in text and "zaphod" not in text and "emFwaG9k" not in text


# What other clients hang on or fail at, inside TLS.

@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" + GRANTED_HTTP,
    b"HTTP/1.0 200 OK\n\n",
], ids=["204", "100", "LF"])
def test_answers_that_grant(through, authority, answer):
    one = Secured(authority.server, say_and_end(b"banner"), answer=answer)
    proc = through(one)
    proc.wait()
    assert proc.out == b"banner"


def test_endless_head(through, authority):
    def flood(conn):
        try:
            while True:
                conn.sendall(b"x" * 1000)
        except OSError:
            return None

    one = Secured(authority.server, flood, answer=b"HTTP/1.1 200 OK\r\nX: ")
    through(one, "--retry").fails(9, "16 KiB")
    one.result()


@pytest.mark.parametrize("end", ["silence", "end", "reset"])
def test_proxy_that_does_not_answer(through, authority, end):
    def serve(conn):
        if end == "silence":
            return read_to_end(conn)
        if end == "reset":
            return reset(conn)
        return conn.unwrap()

    one = Secured(authority.server, serve, answer=b"")
    if end == "silence":
        through(one, "--timeout", "1s").fails(6)
    else:
        through(one).fails(7, f"192.0.2.1:443: proxy {one.url} ended the connection")
