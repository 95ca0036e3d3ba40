# SPDX-License-Identifier: ISC
"""Keys, passphrases, passwords of proxies and secrets of sessions are nowhere to be seen: not in what
is said, dumped, counted, explained or traced, and neither in the environment and the words of the
processes."""

import base64
import os
import re
import ssl

import pytest

from authority import openssl
from harness import DEVNULL, Task, wait_for
from peers import dial, listener, port_of, receive_all, unused_port
from proxies import GRANTED_HTTP, listening
from test_proxy_tls import Secured, say_and_end
from tls_client import Client
from tls_server import Server, echo, serve_mail

pytestmark = pytest.mark.tls

PASSPHRASE = b"correct horse battery staple"
PROXY_PASSWORD = b"swordfish-for-the-proxy"
WINDOW = 8  # bytes of a secret that must not be shown together

SPY = ("env; tr '\\0' '\\n' < /proc/$PPID/cmdline; tr '\\0' '\\n' < /proc/$PPID/environ; "
       "cat /proc/self/fd/[3-9]* 2> /dev/null; :")

# Where it is looked for: every way to say something, as text and as JSON.
LOUD = {
    "text": ["-vv", "--hex", "--stats", "--show-certificates"],
    "json": ["-vv", "--json", "--hex", "--stats", "--show-certificates"],
    "quiet": ["-q", "--hex"],
}
LOUDNESS = pytest.mark.parametrize("loud", LOUD)
FORMATS = pytest.mark.parametrize("form", ["text", "c"])


def encodings(secret):
    """Parts of it that would give it away, each as text in lower case."""
    found = set()
    for at in range(0, len(secret) - WINDOW + 1):
        part = secret[at:at + WINDOW]
        found.add(part.hex())
        found.add(part.decode("latin-1").lower())
        found.add("".join(f"{byte:o}" for byte in part))
    for shift in range(3):
        text = base64.b64encode(b"x" * shift + secret).decode().rstrip("=")
        # What the neighbours of the secret have a share in is left out.
        inner = text[4 if shift else 0:-4]
        found.update(inner[at:at + 12].lower() for at in range(0, len(inner) - 11, 4))
    return found


def views(output):
    """The text of an output, as it is and without what dumps, C and JSON put between bytes."""
    text = output.decode("latin-1").lower()
    # A dump has its text and its offsets beside the bytes.
    bytes_of_dump = re.findall(r"((?:\b[0-9a-f]{2} {1,2}){2,16})", text)
    return [
        text,
        re.sub(r"\\\\|\\x|\\u00|\\|0x|[\s,:\"']", "", text),
        re.sub(r"\s", "", "".join(bytes_of_dump)),
    ]


def assert_unseen(secrets, outputs):
    for what, output in outputs.items():
        if isinstance(output, str):
            output = output.encode()
        seen = views(output)
        for name, secret in secrets.items():
            for part in encodings(secret):
                for view in seen:
                    assert part not in view, f"{name} is in {what}: {part!r}\n{output!r}"


def scalar_of(key):
    """The secret number of an elliptic key, after a header that all of them have."""
    return openssl("ec", "-in", key, "-outform", "DER")[7:39]


class Secrets:
    def __init__(self, authority, folder):
        self.folder = folder
        self.known = {"passphrase": PASSPHRASE, "password of the proxy": PROXY_PASSWORD}
        for name in ("client", "server"):
            key = getattr(authority, name).key
            self.known[f"key of the {name}"] = scalar_of(key)
        self.log = folder / "keylog"
        self.trace = folder / "trace"
        self.password = folder / "password"
        self.password.write_bytes(PASSPHRASE + b"\n")
        self.password.chmod(0o600)
        self.key = folder / "encrypted.key"
        openssl("pkey", "-in", authority.client.key, "-aes256", "-passout", "stdin", "-out",
                self.key, input=PASSPHRASE)
        self.key.chmod(0o600)
        self.bundle = folder / "client.p12"
        openssl("pkcs12", "-export", "-in", authority.client.cert, "-inkey", authority.client.key,
                "-out", self.bundle, "-passout", "stdin", input=PASSPHRASE)
        self.bundle.chmod(0o600)

    def options(self, loud, form):
        return [*LOUD[loud], f"--keylog={self.log}", f"--trace-all={self.trace}",
                f"--trace-format={form}"]

    def check(self, *procs, others=()):
        """None of them is in what the processes said, or in the texts of OTHERS."""
        for line in self.log.read_text().splitlines() if self.log.exists() else []:
            label, _, secret = line.split()
            self.known[label] = bytes.fromhex(secret)
        outputs = {f"text {n}": text for n, text in enumerate(others)}
        if self.trace.exists():
            outputs["trace"] = self.trace.read_bytes()
        for number, proc in enumerate(procs):
            outputs[f"stdout {number}"] = proc.out
            outputs[f"stderr {number}"] = proc.err
        assert_unseen(self.known, outputs)


@pytest.fixture
def secrets(authority, tmp_path):
    return Secrets(authority, tmp_path)


@pytest.fixture
def client_server(authority):
    """A server that wants a certificate, and what trusts it."""
    def start(serve=echo, **options):
        options = {"load_verify_locations": str(authority.root.cert),
                   "verify_mode": ssl.CERT_REQUIRED, **options}
        return Server(authority.server, serve, **options)
    return start


def ways(secrets, authority):
    """How a key comes: words of the command line, and the descriptor that is inherited with them."""
    fd = os.open(secrets.password, os.O_RDONLY)
    out, into = os.pipe()
    os.write(into, PASSPHRASE)
    os.close(into)
    cert = ["--cert", authority.client.cert]
    return [
        ([*cert, "--key", authority.client.key], None),
        (["--cert", authority.client.both], None),
        ([*cert, "--key", secrets.key, "--key-password", secrets.password], None),
        ([*cert, "--key", secrets.key, "--key-password", f"fd:{fd}"], fd),
        ([*cert, "--key", secrets.key, "--key-password", f"/dev/fd/{out}"], out),
        (["--cert", secrets.bundle, "--key-password", secrets.password], None),
    ]


def test_what_finds_them():
    """The search itself: each way to write a secret is found."""
    secret = bytes(range(0x60, 0x80)) + b"\xfe\xff"
    hexes = secret.hex()
    dump = "".join(f"> {at:08x}  {secret[at:at + 16].hex(' ')}  |...|\n" for at in (0, 16, 32))
    for text in (secret.decode("latin-1"), hexes, hexes.upper(), secret.hex(":"), dump,
                 "".join(f"\\x{byte:02x}" for byte in secret),
                 "".join(f"\\{byte:o}" for byte in secret),
                 "".join(f"\\u00{byte:02x}" for byte in secret),
                 ", ".join(f"0x{byte:02x}" for byte in secret),
                 base64.b64encode(secret).decode(), base64.b64encode(b"a" + secret).decode(),
                 base64.b64encode(b"ab" + secret).decode()):
        with pytest.raises(AssertionError, match="is in output"):
            assert_unseen({"it": secret}, {"output": f"before {text} after".encode("latin-1")})
    assert_unseen({"it": secret}, {"output": b"nothing but 60 61 62"})


@LOUDNESS
@FORMATS
def test_connect(sockctl, authority, secrets, client_server, loud, form):
    """Each way to give a key."""
    for words, fd in ways(secrets, authority):
        server = client_server()
        proc = sockctl("connect", "--tls", "--ca", authority.root.cert, *words,
                       *secrets.options(loud, form), "localhost", server.port, stdin=b"data",
                       fds=[fd] if fd else [])
        proc.wait()
        assert server.result() == b"data" and b"data" in proc.out
        if fd:
            os.close(fd)
        assert secrets.log.exists()
        secrets.check(proc)


@LOUDNESS
@FORMATS
def test_program(sockctl, authority, secrets, client_server, loud, form):
    """It finds no secret in what it is given, nor in what /proc tells of its parent."""
    for words, fd in ways(secrets, authority):
        server = client_server(lambda conn: (conn.settimeout(20), read_tls(conn))[1])
        proc = sockctl("connect", "--tls", "--ca", authority.root.cert, *words,
                       *(w for w in secrets.options(loud, form) if w != "--hex"), "localhost",
                       server.port, "--exec", SPY, fds=[fd] if fd else [])
        proc.wait()
        if fd:
            os.close(fd)
        seen = server.result()
        assert b"SOCKCTL_TLS_VERSION=TLS 1.3" in seen and b"--keylog=" in seen
        secrets.check(proc, others=[seen])


def read_tls(conn):
    data = bytearray()
    while piece := conn.recv(1 << 16):
        data += piece
    conn.unwrap()
    return bytes(data)


FAILURES = {
    "passphrase": (1, "passphrase"),
    "another key": (8, "does not belong to the certificate"),
    "no server": (5, "ECONNREFUSED"),
    "refused": (8, "refused our certificate"),
    "untrusted": (8, "--ca FILE"),
    "no TLS": (8, "does not speak TLS"),
}


@LOUDNESS
@pytest.mark.parametrize("failure", FAILURES)
def test_failures(sockctl, authority, secrets, client_server, loud, failure):
    """Whatever goes wrong, at whatever time."""
    key, password, port, trust = secrets.key, secrets.password, 1, authority.root.cert
    status, said = FAILURES[failure]
    server = plain = None
    if failure == "passphrase":
        password = secrets.folder / "wrong"
        password.write_text("incorrect horse battery staple")
        password.chmod(0o600)
        secrets.known["wrong passphrase"] = b"incorrect horse battery staple"
    elif failure == "another key":
        key = authority.server.key
    elif failure in ("refused", "untrusted"):
        options = {"load_verify_locations": str(authority.middle.cert)}
        server = client_server(**(options if failure == "refused" else {}))
        port = server.port
        trust = authority.client.cert if failure == "untrusted" else trust
    elif failure == "no TLS":
        plain = listener()
        port = port_of(plain)
        serving = Task(lambda: plain.accept()[0].sendall(b"SSH-2.0-x\r\n"))
    proc = sockctl("connect", "--tls", "--ca", trust, "--cert", authority.client.cert, "--key", key,
                   "--key-password", password, *secrets.options(loud, "text"), "localhost", port,
                   stdin=b"data")
    proc.wait(status)
    assert said in proc.err
    if server:
        server.result()
    if plain:
        serving.result()
        plain.close()
    secrets.check(proc)


@LOUDNESS
@FORMATS
@pytest.mark.parametrize("source", ["url", "file", "environment"])
def test_https_proxy_and_target(sockctl, authority, secrets, loud, form, source):
    """The credentials are inside TLS, and the request for the target behind them."""
    one = Secured(authority.server, say_and_end(b"answer"))
    url, env, words = one.url, dict(os.environ), []
    if source == "url":
        url = url.replace("//", f"//zaphod:{PROXY_PASSWORD.decode()}@")
    elif source == "file":
        auth = secrets.folder / "auth"
        auth.write_bytes(b"zaphod:" + PROXY_PASSWORD)
        auth.chmod(0o600)
        words = ["--proxy-auth-file", auth]
    else:
        env["SOCKCTL_PROXY_AUTH"] = "zaphod:" + PROXY_PASSWORD.decode()
    proc = sockctl("connect", "--proxy", url, "--proxy-ca", authority.root.cert, *words,
                   *(w for w in secrets.options(loud, form) if not w.startswith("--keylog")
                     and w != "--show-certificates"),
                   "192.0.2.1", 443, "--exec", SPY, env=env)
    proc.wait()
    secrets.check(proc, others=[one.result()])


@LOUDNESS
def test_proxy_then_tls(sockctl, authority, secrets, proxy, loud):
    """In plain to the proxy, which is traced; then TLS with the target."""
    credentials = f"//zaphod:{PROXY_PASSWORD.decode()}@"
    one = proxy("http", b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\n"
                        b"Content-Length: 0\r\n\r\n", GRANTED_HTTP)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server.both)
    serving = Task(lambda: echo(context.wrap_socket(one.conn(), server_side=True)))
    proc = sockctl("connect", "--tls", "--ca", authority.root.cert, "--proxy",
                   one.url.replace("//", credentials), *secrets.options(loud, "text"), "localhost",
                   443, stdin=b"data")
    proc.wait()
    assert serving.result() == b"data"
    assert any(base64.b64encode(b"zaphod:" + PROXY_PASSWORD) in head for head in one.requests)
    secrets.check(proc)


@LOUDNESS
@FORMATS
def test_starttls_and_check(sockctl, authority, secrets, client_server, loud, form):
    own = ["--ca", authority.root.cert, "--cert", authority.client.cert, "--key", secrets.key,
           "--key-password", secrets.password]
    with listener() as sock:
        serving = Task(serve_mail, sock, authority)
        mail = sockctl("connect", "--starttls", "smtp", *own, *secrets.options(loud, form),
                       "localhost", port_of(sock), stdin=b"data")
        mail.wait()
        serving.result()
    secrets.check(mail)
    server = client_server()
    check = sockctl("connect", "--check", "--tls", *own,
                    *(w for w in secrets.options(loud, form) if w not in ("--hex", "--stats")),
                    "localhost", server.port)
    check.wait()
    server.result()
    secrets.check(check)


@LOUDNESS
@FORMATS
@pytest.mark.parametrize("kind", ["session", "exec", "self-signed"])
def test_listen(sockctl, authority, secrets, loud, form, kind):
    key = secrets.folder / "server.key"
    openssl("pkey", "-in", authority.server.key, "-aes256", "-passout", "stdin", "-out", key,
            input=PASSPHRASE)
    key.chmod(0o600)
    own = ["--cert", authority.server.both, "--key", key, "--key-password", secrets.password]
    if kind == "self-signed":
        own = ["--self-signed"]
    options = [w for w in secrets.options(loud, form) if w != "--show-certificates"
               and (kind != "exec" or w != "--hex")]
    serve = ["--exec", SPY] if kind == "exec" else []
    port = unused_port()
    proc = sockctl("listen", "--tls", *own, "--client-ca", authority.root.cert, *options, *serve,
                   "127.0.0.1", port, stdin=b"answer")
    wait_for(lambda: listening(port), "a port")
    client = Client(authority, authority.client)
    if kind == "self-signed":
        client.context.check_hostname = False
        client.context.verify_mode = ssl.CERT_NONE
    with client.join(port) as conn:
        seen = read_tls(conn)
    proc.wait()
    secrets.check(proc, others=[seen])


@LOUDNESS
def test_forward(sockctl, authority, secrets, client_server, loud):
    """The certificate and key for the target."""
    server = client_server()
    port = unused_port()
    proc = sockctl("listen", "--ca", authority.root.cert, "--forward-cert", authority.client.cert,
                   "--forward-key", secrets.key, "--key-password", secrets.password,
                   "--forward", f"tls:localhost:{server.port}",
                   *(w for w in secrets.options(loud, "text") if w != "--show-certificates"),
                   "127.0.0.1", port, stdin=DEVNULL)
    wait_for(lambda: listening(port), "a port")
    with dial(port) as conn:
        conn.sendall(b"data")
        conn.shutdown(1)
        assert receive_all(conn) == b"data"
    proc.wait()
    secrets.check(proc)


@pytest.mark.parametrize("words", [
    ["ncat", "--explain", "--ssl", "--ssl-cert", "CERT", "--ssl-key", "KEY"],
    ["ncat", "--explain", "--proxy", "h:1", "--proxy-auth", "PROXY"],
    ["connect", "--help=all"], ["help", "connect", "tls"], ["connect", "--tls", "--help"],
    ["--version"],
], ids=" ".join)
def test_explained(sockctl, authority, secrets, words):
    """What only tells something reads no file, and shows no password that was given as a word."""
    known = {"CERT": authority.client.cert, "KEY": secrets.key,
             "PROXY": f"zaphod:{PROXY_PASSWORD.decode()}"}
    more = ["localhost", 1] if words[0] == "ncat" else []
    proc = sockctl(*[known.get(word, word) for word in words], *more)
    proc.ended()
    assert proc.out or proc.err
    secrets.check(proc)
