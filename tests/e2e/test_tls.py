# SPDX-License-Identifier: ISC
"""TLS as a client, with Python's ssl at the other end: what is verified, what is transferred, how it
ends, what is said."""

import json
import os
import re
import socket
import ssl
import stat
import subprocess
from contextlib import closing

import pytest

from authority import openssl
from harness import PIPE, Task
from peers import MIB, accept, listener, port_of, reset, unused_port
from tls_server import VERSIONS, Server, echo, read_to_end, serve_mail

pytestmark = pytest.mark.tls


@pytest.fixture
def join(secure):
    return secure


@pytest.mark.parametrize("version", VERSIONS)
def test_request_and_answer(join, version):
    """The answer comes after the end of the request, whatever the version."""
    proc, server = join(options={"maximum_version": VERSIONS[version]}, stdin=b"request")
    proc.wait()
    assert proc.out == b"request" == server.result()
    assert not proc.complaints


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "LOCALHOST"])
def test_names(join, host):
    proc, server = join(host=host, stdin=b"x")
    proc.wait()
    assert server.result() == b"x"


def test_name_with_a_final_dot(join):
    proc, server = join(echo, "--server-name", "localhost.", stdin=b"x")
    proc.wait()
    assert server.result() == b"x"


def test_endpoint_with_prefix(sockctl, authority):
    server = Server(authority.server, echo)
    proc = sockctl("connect", "--ca", str(authority.root.cert), f"tls:localhost:{server.port}",
                   stdin=b"x")
    proc.wait()
    assert proc.out == b"x"


@pytest.mark.needs("socat")
def test_bulk_both_ways(sockctl, authority):
    data = os.urandom(20 * MIB)
    port = unused_port()
    with subprocess.Popen(["socat", "-b", "65536", f"OPENSSL-LISTEN:{port},bind=127.0.0.1,"
                           f"cert={authority.server.both},verify=0", "PIPE"]) as peer:
        proc = sockctl("connect", "--tls", "--ca", authority.root.cert, "--retry", "localhost",
                       port, stdin=data)
        proc.wait()
        assert proc.out == data
        assert peer.wait() == 0


def test_data_that_other_tools_take_for_commands(join):
    data = b"Q\nR\nk\r\nq\n\x17\x03\x03\x00\x01Q\n" * 1000
    proc, server = join(stdin=data)
    proc.wait()
    assert proc.out == data == server.result()


def test_server_that_reads_late(join):
    """Its tickets are read here, so that closing destroys nothing."""
    data = os.urandom(MIB)
    proc, server = join(lambda conn: (conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),
                                      read_to_end(conn), conn.unwrap())[1], stdin=data)
    proc.wait()
    assert server.result() == data


NO_NOTIFY = "the peer ended without saying so (no close_notify): what was received may be cut off"


@pytest.mark.parametrize("words, status", [([], 7), (["--tls-eof", "strict"], 7),
                                           (["--tls-eof", "any"], 0)])
def test_end_without_close_notify(join, words, status):
    def serve(conn):
        conn.sendall(b"data")
        conn.shutdown(socket.SHUT_RDWR)
        conn.close()

    proc, server = join(serve, *words, stdin=PIPE)
    if status:
        proc.fails(status, NO_NOTIFY, "--tls-eof any")
    else:
        proc.wait_out(4)
        proc.stdin.close()
        proc.wait()
    assert proc.out == b"data"


@pytest.mark.parametrize("words", [[], ["--tls-eof", "any"]])
def test_reset(join, words):
    def serve(conn):
        conn.sendall(b"data")
        conn.recv(1)
        reset(conn)

    proc, _ = join(serve, *words, stdin=PIPE)
    proc.wait_out(4)
    proc.stdin.write(b"xy")
    proc.stdin.flush()
    proc.fails(7)
    assert proc.out == b"data"


def test_data_and_end_in_one_piece_while_tcp_stays_open(join):
    """No readiness tells of an end that is in the process already."""
    def serve(conn):
        conn.sendall(b"data")
        try:
            conn.unwrap()  # waits for ours, and closes nothing
        except ssl.SSLError:
            pass
        return conn

    proc, server = join(serve, stdin=b"")
    proc.wait()
    assert proc.out == b"data"


@pytest.mark.parametrize("version", VERSIONS)
def test_end_that_is_told_last(join, version):
    """With --shutdown never the server hears nothing of the end of the input, and close_notify when
    all is over."""
    def serve(conn):
        conn.sendall(conn.recv(100))
        conn.settimeout(0.3)
        with pytest.raises(TimeoutError):
            conn.recv(1)
        conn.settimeout(None)
        conn.unwrap()  # fails unless close_notify comes

    proc, server = join(serve, "--shutdown", "never", options={"maximum_version": VERSIONS[version]},
                        stdin=b"request")
    server.result()
    proc.wait()
    assert proc.out == b"request"


def test_torn_here_is_torn_there(join):
    """A deadline that cuts our stream off reaches the peer without close_notify."""
    proc, server = join(read_to_end, "--timeout", "0.5", stdin=PIPE)
    proc.stdin.write(b"half")
    proc.stdin.flush()
    proc.fails(6)
    assert isinstance(server.result(), (ssl.SSLEOFError, ConnectionResetError))


# What a certificate is refused for, and what is said.

def test_unknown_authority(join):
    proc, _ = join(trust=False, stdin=b"")
    proc.fails(8, "localhost:", "the authority 'Test Root'", "is unknown", "--ca FILE")


def test_chain_that_was_not_sent(join, authority):
    alone = authority.issue("alone", "alone", by=authority.middle, names="DNS:localhost")
    alone.write_both()
    proc, _ = join(identity=alone, stdin=b"")
    proc.fails(8, "the authority 'Test Intermediate'", "should send the whole chain")


def test_self_signed_with_its_pin(join, sockctl, authority):
    own = authority.issue("self", "self", names="DNS:localhost")
    own.write_both()
    proc, _ = join(identity=own, stdin=b"")
    proc.fails(8, "self-signed")
    pin = re.search(r"--pin (sha256:\w+)", proc.err).group(1)
    assert pin == own.pin()
    proc, server = join(echo, "--pin", pin, identity=own, trust=False, stdin=b"x")
    proc.wait()
    assert server.result() == b"x"
    proc, _ = join(echo, "--pin", "sha256:" + "0" * 64, identity=own, trust=False, stdin=b"x")
    proc.fails(8, pin, "not the pinned one")


def test_wrong_name(join, authority):
    other = authority.issue("other", "other", by=authority.root, names="DNS:other.test")
    other.write_both()
    proc, _ = join(identity=other, stdin=b"")
    proc.fails(8, "is for other.test, not for localhost", "--server-name")
    proc, server = join(echo, "--server-name", "other.test", identity=other, stdin=b"x")
    proc.wait()
    assert server.result() == b"x"


@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_insecure_is_said_aloud(join, quiet):
    proc, _ = join(echo, "--insecure", *quiet, trust=False, stdin=b"x")
    proc.wait()
    assert proc.out == b"x"
    assert "NOT verified: the identity of the server is unknown (--insecure)" in proc.err


def test_insecure_in_json(join):
    proc, _ = join(echo, "--insecure", "--json", trust=False, stdin=b"x")
    proc.wait()
    event = next(e for e in proc.events if e["event"] == "secured")
    assert event["verified"] is False
    assert "unknown" in event["reason"]


def test_hostile_names_are_escaped(join, authority):
    hostile = authority.issue("hostile", "\x1b[2Jred", by=authority.root, names="DNS:x.test")
    hostile.write_both()
    proc, _ = join(echo, "--show-certificates", identity=hostile, stdin=b"")
    proc.wait(8)
    assert "\x1b" not in proc.err
    assert "\\x1b[2Jred" in proc.err


# Certificates of our own.

@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("has_one", [False, True])
def test_client_certificate(sockctl, authority, version, check, has_one):
    server = Server(authority.server, echo, maximum_version=VERSIONS[version],
                    load_verify_locations=str(authority.root.cert),
                    verify_mode=ssl.CERT_REQUIRED)
    own = ["--cert", str(authority.client.cert), "--key", str(authority.client.key)]
    proc = sockctl("connect", "--tls", "--ca", str(authority.root.cert), *(own if has_one else []),
                   *(["--check"] if check else []), "localhost", str(server.port), stdin=b"x")
    if has_one:
        proc.wait()
    else:
        proc.fails(8, "the server wants a certificate from us", "--cert, --key")
    server.result()


def test_pkcs12_with_a_passphrase(sockctl, authority, tmp_path):
    bundle = tmp_path / "client.p12"
    password = tmp_path / "password"
    password.write_text("secret\n")
    password.chmod(0o600)
    openssl("pkcs12", "-export", "-in", authority.client.cert, "-inkey", authority.client.key,
            "-out", bundle, "-passout", f"file:{password}")
    server = Server(authority.server, echo, load_verify_locations=str(authority.root.cert),
                    verify_mode=ssl.CERT_REQUIRED)
    proc = sockctl("connect", "--tls", "--ca", str(authority.root.cert), "--cert", str(bundle),
                   "--key-password", str(password), "localhost", str(server.port), stdin=b"x")
    proc.wait()
    assert server.result() == b"x"


def test_files_that_cannot_be_used(sockctl, authority):
    words = ["connect", "localhost", "1", "--tls"]
    sockctl(*words, "--ca", "/nowhere").fails(1, "/nowhere", "ENOENT")
    sockctl(*words, "--cert", str(authority.client.cert), "--key",
            str(authority.server.key)).fails(8, "does not belong to the certificate")
    sockctl(*words, "--cert", "/dev/null").fails(1, "has no certificate")
    keyless = authority.client.cert
    sockctl(*words, "--cert", keyless, "--key", keyless).fails(1, f"{keyless} has no private key")


def test_certificate_and_key_from_one_pipe(sockctl, authority):
    """What a descriptor has to give can be read once."""
    server = Server(authority.server, echo, load_verify_locations=str(authority.root.cert),
                    verify_mode=ssl.CERT_REQUIRED)
    out, into = os.pipe()
    os.write(into, authority.client.both.read_bytes())
    os.close(into)
    proc = sockctl("connect", "--tls", "--ca", authority.root.cert, "--cert", f"fd:{out}", "--key",
                   f"fd:{out}", "localhost", server.port, stdin=b"x", fds=[out])
    os.close(out)
    proc.wait()
    assert server.result() == b"x"


# What is told.

def test_key_log(join, tmp_path):
    path = tmp_path / "keys"
    proc, _ = join(echo, "-q", "--keylog", str(path), stdin=b"x")
    proc.wait()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "CLIENT_TRAFFIC_SECRET_0 " in path.read_text()
    assert str(path) in proc.err
    path.chmod(0o644)
    proc, _ = join(echo, "--keylog", str(path), stdin=b"x")
    proc.fails(1, str(path), "chmod 600")


def test_alpn(join):
    proc, _ = join(echo, "--alpn", "h2,http/1.1", "--json",
                   options={"set_alpn_protocols": ["http/1.1"]}, stdin=b"x")
    proc.wait()
    event = next(e for e in proc.events if e["event"] == "secured")
    assert event["alpn"] == "http/1.1"
    assert event["version"] == "TLS 1.3"
    assert event["verified"] is True


def test_both_counts_in_statistics(join):
    proc, _ = join(echo, "--stats", "--json", stdin=b"x" * 1000)
    proc.wait()
    event = next(e for e in proc.events if e["event"] == "stats")
    assert event["sent_bytes"] == event["received_bytes"] == 1000
    assert event["tls_sent_bytes"] > 1000 and event["tls_received_bytes"] > 1000


def test_program_knows(sockctl, authority):
    server = Server(authority.server, lambda conn: (read_to_end(conn), conn.unwrap())[0])
    proc = sockctl("connect", "--tls", "--ca", str(authority.root.cert), "localhost",
                   str(server.port), "--exec", "env | grep ^SOCKCTL_TLS_ | sort")
    proc.wait()
    told = dict(line.split("=", 1) for line in server.result().decode().splitlines())
    assert told["SOCKCTL_TLS_VERSION"] == "TLS 1.3"
    assert told["SOCKCTL_TLS_PEER_NAME"] == "localhost"
    assert told["SOCKCTL_TLS_PEER_VERIFIED"] == "yes"
    assert "sha256:" + told["SOCKCTL_TLS_PEER_SHA256"] == authority.server.pin()


def test_check_of_an_end_that_is_near(sockctl, authority):
    near = authority.issue("near", "near", by=authority.root, names="DNS:localhost", days=3)
    near.write_both()
    for within, status in (("7d", 8), ("2d", 0)):
        server = Server(near, echo)
        proc = sockctl("connect", "--check", "--tls", "--ca", str(authority.root.cert),
                       "--expires-within", within, "localhost", str(server.port))
        if status:
            proc.fails(status, "the certificate expires on", "days)")
        else:
            proc.wait()


# Who does not speak TLS.

@pytest.mark.parametrize("text, hint", [
    (b"SSH-2.0-OpenSSH_9.2\r\n", "'SSH-2.0-OpenSSH_9.2'"),
    (b"220 mail ESMTP\r\n", "--starttls smtp"),
])
def test_not_tls(sockctl, text, hint):
    sock = listener()

    def serve():
        conn = accept(sock)
        conn.sendall(text)
        return conn

    serving = Task(serve)
    sockctl("connect", "--tls", "localhost", str(port_of(sock))).fails(
        8, "does not speak TLS here", hint)
    serving.result().close()


def test_silence_ends_at_the_limit(sockctl):
    sock = listener()
    sockctl("connect", "--tls", "--connect-timeout", "0.3", "localhost",
            str(port_of(sock))).fails(6)


def test_end_during_the_handshake(sockctl):
    sock = listener()
    serving = Task(lambda: accept(sock).close())
    sockctl("connect", "--tls", "localhost", str(port_of(sock))).fails(
        7, "during the TLS handshake")
    serving.result()


def test_retry_passes_over_a_broken_handshake(sockctl, authority):
    server = Server.__new__(Server)
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(authority.server.both)
    server.socket = listener()
    server.port = port_of(server.socket)

    def serve():
        accept(server.socket).close()
        return server.run(echo)

    server.task = Task(serve)
    proc = sockctl("connect", "--tls", "--ca", str(authority.root.cert), "--retry", "localhost",
                   str(server.port), stdin=b"x")
    proc.wait()
    assert server.result() == b"x"


def test_retry_gives_up_on_a_certificate(join):
    proc, _ = join(echo, "--retry", trust=False, stdin=b"")
    proc.fails(8)


def test_starttls(sockctl, authority):
    sock = listener()
    for more in b"", b"250 injected\r\n":
        serving = Task(serve_mail, sock, authority, more)
        proc = sockctl("connect", "--starttls", "smtp", "--ca", str(authority.root.cert),
                       "localhost", str(port_of(sock)), stdin=b"QUIT\r\n")
        if more:
            proc.fails(8, "unencrypted")
            assert serving.result() == b""
        else:
            proc.wait()
            assert proc.out == serving.result() == b"QUIT\r\n"


# The command line.

@pytest.mark.parametrize("words, complaint", [
    (["--ca", "x"], "--ca needs --tls"),
    (["--tls", "--pin", "sha256:xyz"], "--pin: 'sha256:xyz' is no pin"),
    (["--tls", "--insecure", "--pin", "sha256:xyz"], "--insecure"),
    (["--tls", "--tls-min", "1.3", "--tls-max", "1.2"], "newer"),
    (["--tls", "--tls-set", "Nonsense=1"], "'Nonsense=1' is no setting of TLS"),
    (["--tls", "--peek"], "--peek"),
    (["--tls", "--server-name", ".x"], "'.x' is no name of a server"),
])
def test_usage(sockctl, words, complaint):
    sockctl("connect", "localhost", "1", *words).fails(2, complaint)


@pytest.mark.parametrize("way", [["--tls", "localhost:1"], ["--starttls", "smtp", "localhost:1"],
                                 ["tls:localhost:1"]], ids=lambda way: way[0])
@pytest.mark.parametrize("words", [["--peek"], ["--oob"], ["--send-flag", "MSG_MORE"],
                                   ["--recv-flag", "MSG_WAITALL"]], ids=lambda words: words[0])
def test_calls_on_the_socket_itself_are_refused(sockctl, way, words):
    sockctl("connect", *way, *words).fails(2, f"{words[0]} and TLS exclude each other")


def test_no_name_to_verify(sockctl):
    sockctl("connect", "--tls", "unix:/nowhere").fails(2, "--server-name", "--pin", "--insecure")


def test_prefix_without_a_port(sockctl):
    sockctl("connect", "tls:443").fails(2, "tls:HOST:PORT")


@pytest.mark.parametrize("words, remedy", [
    (["tls:localhost", "443"], "write tls:localhost:443"),
    (["tls:::1", "443"], "write tls:[::1]:443"),
    (["tls:[::1]", "443"], "write tls:[::1]:443"),
    (["tls:localhost:443", "80"], "'80' is one word too many after tls:HOST:PORT"),
    (["tls:[::1]:443", "80"], "'80' is one word too many after tls:HOST:PORT"),
    (["tls:unix:/run/x"], "write --tls before it"),
    (["tls:/run/x"], "write --tls before it"),
])
def test_prefix_and_a_port_of_its_own(sockctl, words, remedy):
    sockctl("connect", *words).fails(2, remedy)


@pytest.mark.parametrize("words", [
    ["listen", "tls:localhost:443"],
    ["listen", "tls:localhost:443", "80"],
    ["udp-send", "tls:localhost:443", "x"],
    ["echo", "--client", "tls:localhost:443", "x"],
])
def test_commands_without_tls_do_not_go_on_in_plain(sockctl, words):
    sockctl(*words).fails(2, "tls:localhost:443", "only connect and listen --forward speak TLS so")


@pytest.mark.needs("cc")
@pytest.mark.parametrize("starttls", [False, True])
def test_trace_in_c(sockctl, authority, tmp_path, starttls):
    """The program says that it cannot replay ciphertext, and has none in it."""
    trace = [f"--trace={tmp_path}/trace.c", "--trace-format=c"]
    trusted = ["--ca", str(authority.root.cert)]
    if starttls:
        server = listener()
        task = Task(serve_mail, server, authority)
        proc = sockctl("connect", "--starttls", "smtp", *trace, *trusted, "localhost",
                       port_of(server), stdin=b"request")
    else:
        server = Server(authority.server, echo)
        task = server
        proc = sockctl("connect", "--tls", *trace, *trusted, "localhost", server.port,
                       stdin=b"request")
    proc.wait()
    task.result()
    text = (tmp_path / "trace.c").read_text()
    assert text.count("cannot be replayed") == 2  # to who reads it and to who runs it
    assert text.count("send_all(fd") == (2 if starttls else 0)
    subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", "-o", tmp_path / "again",
                    tmp_path / "trace.c"], check=True)
    if not starttls:
        with closing(listener()) as peer:
            again = sockctl(port_of(peer), program=str(tmp_path / "again"))
            accept(peer).close()
            again.wait(1)
        assert again.err.endswith("TLS: ciphertext cannot be replayed\n")


def test_version_shows_whom_it_trusts(sockctl, tmp_path):
    """The places of OpenSSL, which is not opened for that, or those of the environment."""
    found = re.search('"(.*)"', openssl("version", "-d").decode())[1]
    for own, places in (({}, f"{found}/certs, {found}/cert.pem"),
                        ({"SSL_CERT_DIR": str(tmp_path), "SSL_CERT_FILE": "a\x1bb"},
                         f"{tmp_path}, a\\x1bb")):
        env = {name: value for name, value in os.environ.items() if "SSL_CERT" not in name}
        proc = sockctl("--version", env={**env, **own})
        proc.wait()
        assert f"\ntrust: {places}\n" in proc.out.decode()
        proc = sockctl("--version", "--json", env={**env, **own})
        proc.wait()
        assert ", ".join(json.loads(proc.out)["tls"]["trust"]) == places
