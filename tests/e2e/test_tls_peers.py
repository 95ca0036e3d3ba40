# SPDX-License-Identifier: ISC
"""TLS as a client of the tools that people use: openssl s_server, ncat, socat, stunnel."""

import os
import subprocess

import pytest

from harness import PIPE, Task
from peers import MIB, accept, listener, port_of, receive_all, send_all, unused_port

pytestmark = [pytest.mark.peers, pytest.mark.tls]


@pytest.fixture
def peer():
    """peer(WORDS): a server in the foreground, ended by its process id."""
    started = []

    def start(*words, **how):
        made = subprocess.Popen([*map(str, words)], stdout=PIPE, stderr=subprocess.DEVNULL, **how)
        started.append(made)
        return made

    yield start
    for made in started:
        made.kill()
        made.communicate()


@pytest.fixture
def connect(sockctl, authority):
    """The server may need a moment until it listens: it is tried again."""
    def start(port, *words, **how):
        return sockctl("connect", "--tls", "--ca", authority.root.cert, "--retry", *words,
                       "localhost", port, **how)
    return start


VERSIONS = [["-tls1_2"], ["-tls1_3"]]


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("version", VERSIONS)
def test_s_server_answers(connect, peer, authority, version):
    port = unused_port()
    peer("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", authority.server.cert,
         "-key", authority.server.key, "-cert_chain", authority.server.both, "-www", *version)
    proc = connect(port, stdin=b"GET / HTTP/1.0\r\n\r\n")
    proc.wait()
    assert proc.out.startswith(b"HTTP/1.0 200 ok")


@pytest.mark.needs("openssl")
def test_s_server_of_an_old_version(sockctl, peer, authority):
    port = unused_port()
    peer("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", authority.server.cert,
         "-key", authority.server.key, "-tls1", "-cipher", "DEFAULT@SECLEVEL=0", "-www")
    words = ["--tls", "--ca", authority.middle.cert, "localhost", port]
    sockctl("connect", "--check", "--retry", "localhost", port).wait()
    sockctl("connect", *words).fails(8, "protocol_version")
    sockctl("connect", "--tls-min", "1.0", "--tls-set", "CipherString=DEFAULT@SECLEVEL=0", *words,
            stdin=b"GET / HTTP/1.0\r\n\r\n").wait()


@pytest.mark.needs("ncat")
def test_ncat_takes_everything(connect, peer, authority):
    """ncat sends two tickets that a client must read before it closes. It ends without a word."""
    data = os.urandom(4 * MIB)
    port = unused_port()
    server = peer("ncat", "--ssl", "--ssl-cert", authority.server.both, "--ssl-key",
                  authority.server.key, "-l", "127.0.0.1", port, "--recv-only")
    reading = Task(server.stdout.read)
    connect(port, "--tls-eof", "any", stdin=data).wait()
    assert reading.result() == data


@pytest.mark.needs("socat")
@pytest.mark.parametrize("version", ["TLS1.2", "TLS1.3"])
def test_socat_echoes(connect, peer, authority, version):
    data = os.urandom(4 * MIB)
    port = unused_port()
    peer("socat", f"OPENSSL-LISTEN:{port},bind=127.0.0.1,cert={authority.server.both},verify=0,"
         f"openssl-min-proto-version={version},openssl-max-proto-version={version}", "PIPE")
    proc = connect(port, stdin=data)
    proc.wait()
    assert proc.out == data


@pytest.mark.needs("socat")
def test_socat_asks_for_a_certificate(connect, peer, authority):
    for words, status in (([], 8), (["--cert", authority.client.both], 0)):
        port = unused_port()
        peer("socat", f"OPENSSL-LISTEN:{port},bind=127.0.0.1,cert={authority.server.both},"
             f"verify=1,cafile={authority.root.cert}", "PIPE")
        connect(port, *words, stdin=b"x").wait(status)


@pytest.mark.needs("stunnel4")
def test_stunnel_in_front_of_a_server(connect, peer, authority, tmp_path):
    data = os.urandom(MIB)
    port = unused_port()
    behind = listener()
    config = tmp_path / "stunnel.conf"
    config.write_text(f"foreground = yes\npid =\n[front]\naccept = 127.0.0.1:{port}\n"
                      f"connect = 127.0.0.1:{port_of(behind)}\ncert = {authority.server.both}\n")

    def serve():
        conn = accept(behind)
        got = receive_all(conn)
        send_all(conn, got)
        conn.close()
        return got

    serving = Task(serve)
    peer("stunnel4", config)
    proc = connect(port, stdin=data)
    proc.wait()
    assert proc.out == data == serving.result()
