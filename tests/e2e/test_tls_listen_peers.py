# SPDX-License-Identifier: ISC
"""TLS as a server for the tools that people use: curl, openssl s_client, ncat, socat, stunnel."""

import os
import subprocess

import pytest

from harness import DEVNULL, PIPE
from peers import MIB, unused_port

pytestmark = [pytest.mark.peers, pytest.mark.tls]

PLACE = ("127.0.0.1", 0)
PAGE = "read line; printf 'HTTP/1.0 200 OK\\r\\n\\r\\nhello'"


@pytest.fixture
def listen(sockctl, authority):
    def start(*options, stdin=DEVNULL):
        return sockctl("listen", "-k", "--tls", "--cert", authority.server.both, *options, *PLACE,
                       stdin=stdin)
    return start


def run(*words, data=b""):
    return subprocess.run([*map(str, words)], input=data, stdout=PIPE, stderr=PIPE, check=False,
                          timeout=30)


@pytest.mark.needs("curl")
@pytest.mark.parametrize("version", [["--tlsv1.2", "--tls-max", "1.2"], ["--tlsv1.3"]])
def test_curl(listen, authority, version):
    proc = listen("--exec", PAGE)
    done = run("curl", "-sS", *version, "--cacert", authority.root.cert,
               f"https://localhost:{proc.port}/")
    assert (done.stdout, done.stderr) == (b"hello", b"")
    proc.stop()


@pytest.mark.needs("curl")
def test_curl_with_a_certificate(listen, authority):
    proc = listen("--client-ca", authority.root.cert, "--allow-name", "CN:client",
                  "--exec", PAGE)
    words = ["curl", "-sS", "--cacert", authority.root.cert, f"https://localhost:{proc.port}/"]
    own = ["--cert", authority.client.cert, "--key", authority.client.key]
    assert run(*words, *own).stdout == b"hello"
    refused = run(*words)
    assert refused.returncode and b"certificate required" in refused.stderr
    proc.stop()


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("version", [["-tls1_2"], ["-tls1_3"]])
def test_s_client(listen, authority, version):
    proc = listen("--exec", "cat")
    with subprocess.Popen(["openssl", "s_client", "-quiet", "-verify_return_error", "-verify_quiet",
                           "-CAfile", authority.root.cert, "-connect", f"localhost:{proc.port}",
                           *version], stdin=PIPE, stdout=PIPE, stderr=PIPE) as peer:
        peer.stdin.write(b"hello\n")
        peer.stdin.flush()
        assert peer.stdout.readline() == b"hello\n"
        peer.terminate()
    proc.stop()


@pytest.mark.needs("ncat")
def test_ncat(listen, authority):
    """What it leaves unread when it closes, a ticket or our end, makes a reset that destroys data."""
    data = os.urandom(MIB)
    proc = listen("--tls-eof", "any", "--tls-max", "1.2", stdin=PIPE)
    done = run("ncat", "--ssl", "--ssl-verify", "--ssl-trustfile", authority.root.cert,
               "--send-only", "localhost", proc.port, data=data)
    assert done.returncode == 0, done.stderr
    proc.wait_out(len(data))
    assert proc.out == data
    proc.stop()


@pytest.mark.needs("socat")
@pytest.mark.parametrize("version", ["TLS1.2", "TLS1.3"])
def test_socat(listen, authority, version):
    data = os.urandom(MIB)
    proc = listen("--tls-eof", "any", "--exec", "cat")
    done = run("socat", "-t", "20", "-", f"OPENSSL:localhost:{proc.port},"
               f"cafile={authority.root.cert},openssl-min-proto-version={version},"
               f"openssl-max-proto-version={version}", data=data)
    assert done.returncode == 0, done.stderr
    assert done.stdout == data
    proc.stop()


@pytest.mark.needs("stunnel4")
def test_stunnel_in_front_of_a_client(sockctl, listen, authority, tmp_path):
    data = os.urandom(MIB)
    proc = listen("--tls-eof", "any", "--exec", "cat")
    port = unused_port()
    config = tmp_path / "stunnel.conf"
    config.write_text(f"foreground = yes\npid =\n[front]\nclient = yes\naccept = 127.0.0.1:{port}\n"
                      f"connect = 127.0.0.1:{proc.port}\nCAfile = {authority.root.cert}\n"
                      "verifyChain = yes\n")
    with subprocess.Popen(["stunnel4", config], stderr=subprocess.DEVNULL) as peer:
        client = sockctl("connect", "--retry", "127.0.0.1", port, stdin=data)
        client.wait()
        peer.kill()
    assert client.out == data
    proc.stop()
