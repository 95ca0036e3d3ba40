# SPDX-License-Identifier: ISC
"""The recipes for servers of sockctl-tls(7) are run as they stand, but for the names of files, hosts
and ports."""

import signal
import ssl
from pathlib import Path

import pytest

from harness import DEVNULL, Task, wait_for
from peers import accept, dial, half_close, listener, port_of, receive_all, send_all
from tls_client import Client, ask
from tls_server import Server, echo

pytestmark = pytest.mark.tls

PAGE = Path(__file__).resolve().parents[2] / "man" / "sockctl-tls.7"
RECIPES = [line.removeprefix(".Dl sockctl ").partition(" >")[0]
           for line in PAGE.read_text(encoding="utf-8").splitlines()
           if line.startswith(".Dl sockctl listen ")]


@pytest.fixture
def recipe(sockctl):
    """recipe(WORD, REPLACED...) runs the only recipe that has WORD."""
    def start(word, replaced, **how):
        found = [line for line in RECIPES if word in line.split()]
        assert len(found) == 1, word
        words = [str(replaced.get(part, part)) for part in found[0].split()]
        return sockctl(*words, **{"stdin": DEVNULL, **how})
    return start


def test_each_is_here():
    assert len(RECIPES) == 4


def test_clients_with_certificates(recipe, authority):
    proc = recipe("--client-ca", {"me.pem": authority.server.both, "ca.pem": authority.root.cert,
                                  "8443": "127.0.0.1:0"})
    for name, is_admitted in (("a.example.org", True), ("c.example.org", False)):
        shown = authority.issue(f"recipe-{name}", name, by=authority.root, names=f"DNS:{name}")
        with Client(authority, shown).join(proc.port) as conn:
            conn.sendall(b"hello")
            if is_admitted:
                proc.wait_out(5)
            else:
                with pytest.raises(ssl.SSLError):
                    conn.recv(1)
    assert Client(authority).refusal(proc.port)
    proc.stop()


def test_terminating_proxy_and_its_new_certificate(recipe, authority, tmp_path):
    """SIGHUP is what the recipe sends to all."""
    assert ".Dl pkill -HUP -f 'sockctl listen'" in PAGE.read_text(encoding="utf-8")
    site = tmp_path / "site.pem"
    site.write_text(authority.server.both.read_text())
    with listener() as web:
        proc = recipe("site.pem", {"site.pem": site, "443": "127.0.0.1:0",
                                   "localhost:80": f"localhost:{port_of(web)}"})

        def answer():
            with accept(web) as conn:
                send_all(conn, receive_all(conn).upper())

        for number in range(2):
            answering = Task(answer)
            assert ask(proc.port, b"get / http/1.0") == b"GET / HTTP/1.0"
            answering.result()
            if number == 0:
                fresh = authority.server_with("recipe-new", cn="fresh")
                site.write_text(fresh.both.read_text())
                proc.kill(signal.SIGHUP)
                wait_for(lambda: "were read again" in proc.err, "the files are read")
        answering = Task(answer)
        with Client(authority).join(proc.port) as conn:
            assert "fresh" in str(conn.getpeercert()["subject"])
            conn.unwrap()
        answering.result()
        proc.stop()


def test_tls_for_a_program_that_cannot(recipe, authority):
    server = Server(authority.server, echo)
    proc = recipe("localhost:5432", {"localhost:5432": "127.0.0.1:0",
                                     "tls:db.example.org:5433": f"tls:localhost:{server.port}"},
                  env={"SSL_CERT_FILE": str(authority.root.cert), "PATH": "/usr/bin:/bin"})
    with dial(proc.port) as conn:
        conn.sendall(b"select 1")
        half_close(conn)
        assert receive_all(conn) == b"select 1"
    proc.stop()


def test_server_for_a_moment(recipe, sockctl):
    proc = recipe("--self-signed", {"8443": "127.0.0.1:0"})
    pin = proc.wait_err(r"--pin (sha256:[0-9a-f]{64})")[1]
    sockctl("connect", "--tls", "--pin", pin, "127.0.0.1", proc.port, stdin=b"file").wait()
    proc.wait()
    assert proc.out == b"file"
