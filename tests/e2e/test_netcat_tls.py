# SPDX-License-Identifier: ISC
"""The options of ncat for TLS: the original and ours side by side, and the command line that --explain
prints beside both. test_netcat_peers.py has the clients that most people want."""

import contextlib
import ssl

import pytest

from harness import Task
from netcats import OURS, explained, program_of
from originals import Served, patiently, run
from peers import unused_port
from tls_client import Client
from tls_server import Server, read_to_end

pytestmark = [pytest.mark.peers, pytest.mark.tls]

SUITE = "ECDHE-ECDSA-CHACHA20-POLY1305"


def same_for_all(dialect, words, once):
    def compare_once():
        outcomes = [once(command) for command in (
            [*program_of(dialect), *words], [*OURS[dialect], *words], explained(dialect, words))]
        assert outcomes == [outcomes[0]] * 3
        return outcomes[0]

    return patiently(compare_once)


def put(words, authority):
    """The words of a line with the files of the authority put in."""
    files = {"ROOT": authority.root.cert, "CERT": authority.server.both, "KEY": authority.server.key,
             "MINE": authority.client.cert, "MYKEY": authority.client.key}
    return [str(files.get(word, word)) for word in words.split()]


# Clients

@pytest.mark.parametrize("line, options, seen", [
    ("--ssl --ssl-ciphers ECDHE-ECDSA-CHACHA20-POLY1305 localhost PORT", {"maximum_version": ssl.TLSVersion.TLSv1_2},
     (SUITE, None, None)),
    ("--ssl-ciphers ECDHE-ECDSA-CHACHA20-POLY1305 localhost PORT", {"maximum_version": ssl.TLSVersion.TLSv1_2},
     (SUITE, None, None)),
    ("--ssl --ssl-cert MINE --ssl-key MYKEY localhost PORT", {"verify_mode": ssl.CERT_REQUIRED},
     (None, "client", None)),
    ("--ssl-cert MINE --ssl-key MYKEY localhost PORT", {"verify_mode": ssl.CERT_REQUIRED}, (None, "client", None)),
    ("--ssl --ssl-servername other.example localhost PORT", {}, (None, None, "other.example")),
    ("--ssl localhost PORT", {}, (None, None, "localhost")),
    ("--ssl --ssl-trustfile ROOT localhost PORT", {}, (None, None, None)),
    ("--ssl-verify --ssl-trustfile ROOT localhost PORT", {}, (None, None, None)),
    ("--ssl-alpn h2,http/1.1 localhost PORT", {"set_alpn_protocols": ["http/1.1"]}, (None, None, None)),
])
def test_client(authority, line, options, seen):
    """What the server sees: the suite, who the client is, the name that it asks for."""
    wanted_suite, wanted_client, wanted_name = seen

    def once(command):
        names = []

        def serve(conn):
            suite, client, alpn = conn.cipher()[0], conn.getpeercert(), conn.selected_alpn_protocol()
            question = conn.recv(100)
            conn.sendall(b"answer\n")
            with contextlib.suppress(OSError):  # the original ends without saying so (close_notify)
                read_to_end(conn)
                conn.unwrap()
            conn.close()
            name = client["subject"][0][0][1] if client else None
            return suite if wanted_suite else None, name, names if wanted_name else None, alpn, question

        server = Server(authority.server, serve, **options)
        server.context.load_verify_locations(authority.root.cert)
        server.context.sni_callback = lambda conn, name, context: names.append(name)
        done = run([word.replace("PORT", str(server.port)) for word in command], b"question\n",
                   awaited=len(b"answer\n"))
        return done[0], done[1], server.result()

    outcome = same_for_all("ncat", put(line, authority), once)
    assert outcome[:2] == (True, b"answer\n")
    assert outcome[2][:3] == (wanted_suite, wanted_client, [wanted_name] if wanted_name else None)


# Servers

@pytest.mark.parametrize("line, options, seen", [
    ("-l --ssl --ssl-cert CERT --ssl-key KEY 127.0.0.1 PORT", {}, (None, None)),
    ("-l --ssl --ssl-cert CERT --ssl-key KEY -k 127.0.0.1 PORT", {}, (None, None)),
    ("-l --ssl-cert CERT --ssl-key KEY 127.0.0.1 PORT", {}, (None, None)),
    ("-l --ssl --ssl-cert CERT --ssl-key KEY --ssl-ciphers ECDHE-ECDSA-CHACHA20-POLY1305 127.0.0.1 PORT",
     {"maximum_version": ssl.TLSVersion.TLSv1_2}, (SUITE, None)),
])
def test_server(authority, line, options, seen):
    """What a client sees that trusts the authority of the certificate."""
    def once(command):
        server = Served(command, unused_port(), b"banner\n")
        server.end_input()
        try:
            with Client(authority, **options).join(server.place) as conn:
                came = conn.recv(100)
                facts = conn.cipher()[0] if seen[0] else None, conn.selected_alpn_protocol()
                conn.sendall(b"question\n")
                got = Task(server.proc.stdout.read, 9).result()
        finally:
            server.proc.terminate()
            server.finish()
        return came, got, facts

    assert same_for_all("ncat", put(line, authority), once) == (b"banner\n", b"question\n", seen)
