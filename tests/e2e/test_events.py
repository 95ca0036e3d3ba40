# SPDX-License-Identifier: ISC
"""Each event of the catalogue comes in some run: a table of runs by the events that they provoke."""

import inspect
import json
import os
import signal
import socket

import pytest

import catalogue
from harness import DEVNULL, NO_LEAK_CHECK, PIPE, SANITIZED
from peers import (accept, dial, forge, port_of, receive, receive_all, send_all, turned_down, udp,
                   unused_port, unused_udp_port)
from proxies import GRANTED_HTTP, granting, read_head
from terminal import Unread
from tls_client import join
from tls_server import Server, echo

HOST = "127.0.0.1"
PLACE = (HOST, "0")

RUNS = {}
MARKS = {}


def provokes(*names, marks=()):
    """The run makes the program report these events, in each form that the catalogue has of them."""
    def register(run):
        for name in names:
            assert name not in RUNS
            RUNS[name], MARKS[name] = run, marks
        return run
    return register


def event(proc, name):
    """The first of that name, once it is there."""
    proc.wait_err(f'"event":"{name}"')
    return next(e for e in catalogue.reported(proc) if e["event"] == name)


def strace(fault, *calls):
    """The words that let system calls fail in what comes after them."""
    return ["strace", "-f", "-qq", "-E", NO_LEAK_CHECK, "-o", "/dev/null", "-e",
            f"trace={','.join(calls)}", *(word for call in calls
                                          for word in ("-e", f"inject={call}:error={fault}"))]


# Listening, connecting, accepting


@provokes("listening", "sending")
def run_datagrams(sockctl, network):
    for words, target in ((["udp"], 7000), (["raw"], 253)):
        receiver = sockctl(f"{words[0]}-recv", "--json", "--count", 1, HOST, target, wrap=network.wrap)
        event(receiver, "listening")
        sockctl(f"{words[0]}-send", "--json", HOST, target, "data", wrap=network.wrap).wait()
        receiver.wait()


@provokes("member")
def run_in_a_group(sockctl, network):
    proc = sockctl("udp-recv", "--json", "--join", "239.5.5.5%wire", 7000, wrap=network.wrap)
    event(proc, "member")
    proc.stop()


@provokes("paused", marks=pytest.mark.needs("prlimit"))
def run_without_descriptors(sockctl, clients):
    proc = sockctl("listen", "-k", "--json", *PLACE, stdin=DEVNULL, wrap=["prlimit", "--nofile=64"])
    clients(proc.port, 100)
    paused = event(proc, "paused")
    assert paused["errno"] == "EMFILE" and paused["connections"] > 20
    proc.stop()


@provokes("refused")
def run_with_rules(sockctl):
    proc = sockctl("listen", "-k", "--json", "--deny", HOST, *PLACE, stdin=DEVNULL)
    assert turned_down(proc.port)
    event(proc, "refused")
    proc.stop()


@provokes("accepted", "exited", "closed", "stopped")
def run_program_for_a_client(sockctl):
    proc = sockctl("listen", "-k", "--json", "--exec", "cat", *PLACE)
    with dial(proc.port) as conn:
        send_all(conn, b"data")
        assert receive_all(conn) == b"data"
    event(proc, "closed")
    proc.stop()


@provokes("proxy-header")
def run_behind_a_balancer(sockctl):
    proc = sockctl("listen", "--json", "--accept-proxy", *PLACE, stdin=DEVNULL)
    with dial(proc.port) as conn:
        send_all(conn, b"PROXY TCP4 192.0.2.1 192.0.2.2 1024 80\r\n")
        receive_all(conn)
    proc.wait()


@provokes("attempt", "resolved")
def run_to_a_closed_port(sockctl, namespaces):
    proc = sockctl("connect", "--json", "localhost", unused_port(), wrap=namespaces("hosts"))
    proc.wait(5)
    assert event(proc, "attempt")["remote"]["address"] == "::1"


@provokes("retry", "error")
def run_with_retries(sockctl):
    port = unused_port()
    proc = sockctl("connect", "--json", "--retry=2", HOST, port)
    proc.wait(5)
    assert event(proc, "retry")["target"] == f"{HOST}:{port}" and event(proc, "retry")["try"] == 1


@provokes("connected", "flow", "option", "call")
def run_connection(sockctl, server):
    proc = sockctl("connect", "-vv", "--json", "--trace", "--get", "SO_KEEPALIVE", HOST, port_of(server))
    accept(server).close()
    proc.wait()
    assert event(proc, "option")["option"] == "SO_KEEPALIVE"


@provokes("passed")
def run_with_pass_fd(sockctl, server):
    here, there = socket.socketpair()
    with here, there:
        sockctl("connect", "--json", "--pass-fd", HOST, port_of(server), stdout=there).wait()


@provokes("open", "checked")
def run_check_of_ports(sockctl, server):
    sockctl("connect", "--check", "--json", HOST, f"{port_of(server)},{unused_port()}").wait(5)


# Proxies


@provokes("direct")
def run_without_a_proxy(sockctl, server):
    proc = sockctl("connect", "--json", HOST, port_of(server),
                   env={**os.environ, "SOCKCTL_PROXY": f"http://{HOST}:{unused_port()}",
                        "NO_PROXY": HOST})
    accept(server).close()
    proc.wait()
    assert "NO_PROXY" in event(proc, "direct")["reason"]


@provokes("proxy", "proxy-dialogue")
def run_through_a_proxy(sockctl, proxy):
    one = proxy("http", *granting("http"))
    proc = sockctl("connect", "--json", "--proxy", one.url, "name.example", "80", stdin=b"x")
    with one.conn() as conn:
        assert receive(conn, 1) == b"x"
    proc.wait()


@provokes("proxy-secured", marks=pytest.mark.tls)
def run_through_a_secured_proxy(sockctl, authority):
    def grant(conn):
        read_head(conn)
        conn.sendall(GRANTED_HTTP)
        return echo(conn)

    server = Server(authority.server, grant)
    sockctl("connect", "--json", "--proxy", f"https://localhost:{server.port}", "--proxy-ca",
            authority.root.cert, "name.example", "80").wait()


# TLS


@provokes("secured", "certificate", "keylog", "warning", marks=pytest.mark.tls)
def run_with_keys(secure, authority, tmp_path):
    key = tmp_path / "key"
    key.write_bytes(authority.client.key.read_bytes())
    key.chmod(0o644)
    proc, _ = secure(echo, "--json", "--show-certificates", "--keylog", tmp_path / "log",
                     "--cert", authority.client.cert, "--key", key)
    proc.wait()
    assert event(proc, "keylog")["file"] == str(tmp_path / "log")
    assert "can be read by others" in event(proc, "warning")["text"]


@provokes("trust", marks=pytest.mark.tls)
def run_with_authorities_of_the_environment(secure, authority):
    file = str(authority.root.cert)
    proc, _ = secure(echo, "--json", trust=False,
                     env={**os.environ, "SSL_CERT_FILE": file, "SSL_CERT_DIR": "a\x1bb"})
    proc.wait()
    assert event(proc, "trust")["text"] == f"SSL_CERT_FILE={file}, SSL_CERT_DIR=a\x1bb"


@provokes("unverified", marks=pytest.mark.tls)
def run_insecure(secure):
    proc, _ = secure(echo, "--json", "--insecure", trust=False)
    proc.wait()


@provokes("target-secured", marks=pytest.mark.tls)
def run_forward_with_tls(sockctl, authority):
    target = Server(authority.server, echo)
    proc = sockctl("listen", "--json", "--ca", authority.root.cert, "--forward",
                   f"tls:localhost:{target.port}", *PLACE, stdin=DEVNULL)
    with dial(proc.port) as conn:
        send_all(conn, b"data")
        assert receive_all(conn) == b"data"
    proc.wait()


@provokes("self-signed", "reloaded", marks=pytest.mark.tls)
def run_self_signed(sockctl):
    proc = sockctl("listen", "-k", "--json", "--tls", "--self-signed", *PLACE, stdin=DEVNULL)
    with join(proc.port):
        proc.kill(signal.SIGHUP)
        event(proc, "reloaded")
    proc.stop()


@provokes("not-reloaded", marks=pytest.mark.tls)
def run_without_its_certificate(sockctl, authority, tmp_path):
    path = tmp_path / "tls.pem"
    path.write_bytes(authority.server.both.read_bytes())
    path.chmod(0o600)
    proc = sockctl("listen", "-k", "--json", "--tls", "--cert", path, *PLACE, stdin=DEVNULL)
    event(proc, "listening")
    path.unlink()
    proc.kill(signal.SIGHUP)
    event(proc, "not-reloaded")
    proc.stop()


@provokes("reopened", "not-reopened")
def run_with_a_log(sockctl, tmp_path):
    log = tmp_path / "log"
    proc = sockctl("listen", "-k", "--json", "--output", log, *PLACE, stdin=DEVNULL)
    event(proc, "listening")
    log.unlink()
    proc.kill(signal.SIGHUP)
    event(proc, "reopened")
    log.unlink()
    log.mkdir()
    proc.kill(signal.SIGHUP)
    event(proc, "not-reopened")
    proc.stop()


# A connection and its end


@provokes("message")
def run_messages(sockctl, tmp_path):
    path = f"seqpacket:{tmp_path / 'socket'}"
    proc = sockctl("listen", "--json", path, stdin=DEVNULL)
    proc.wait_err("listening")
    sockctl("connect", path, stdin=b"one").wait()
    proc.wait()
    return proc.events


@provokes("urgent")
def run_with_urgent_data(sockctl, server):
    proc = sockctl("connect", "--json", "--oob", HOST, port_of(server), stdin=DEVNULL)
    with accept(server) as conn:
        conn.send(b"!", socket.MSG_OOB)
        event(proc, "urgent")
    proc.wait()


@provokes("no-answer")
def run_without_an_answer(sockctl, server):
    proc = sockctl("connect", "--json", HOST, port_of(server), stdin=b"request")
    with accept(server) as conn:
        assert receive_all(conn) == b"request"
    proc.wait()


@provokes("terminal")
def run_at_a_terminal(sockctl, server, terminal):
    proc = sockctl("connect", "--json", "--raw-tty", HOST, port_of(server), stdin=terminal.fd)
    with accept(server):
        assert event(proc, "terminal")["raw"] is True
        terminal.wait_raw()
        terminal.type(b"\x1dq")
        proc.wait()


# Datagrams


@provokes("ignored")
def run_that_would_answer_itself(sockctl):
    proc = sockctl("udp-recv", "--json", "--echo", *PLACE)
    forge((HOST, proc.port), (HOST, proc.port), b"loop")
    assert event(proc, "ignored")["remote"]["port"] == proc.port
    proc.stop()


@provokes("truncated")
def run_with_a_small_buffer(sockctl):
    proc = sockctl("udp-recv", "--json", "--count", 1, "--buffer", 1, *PLACE)
    with udp() as sock:
        sock.sendto(b"data", (HOST, proc.port))
        proc.wait(7)


@provokes("denied")
def run_deaf_to_one(sockctl):
    proc = sockctl("udp-recv", "--json", "--count", 1, "--deny", "127.0.0.2", *PLACE)
    with udp("127.0.0.2") as denied, udp() as allowed:
        denied.sendto(b"no", (HOST, proc.port))
        allowed.sendto(b"yes", (HOST, proc.port))
        proc.wait()


@provokes("unserved")
def run_with_one_peer(sockctl):
    proc = sockctl("listen", "--udp", "--json", *PLACE, stdin=DEVNULL)
    with udp() as first, udp() as other:
        for sock in (first, other, first):
            sock.sendto(b"x", (HOST, proc.port))
        proc.wait_out(2)
        proc.stop()


@provokes("returned")
def run_into_a_closed_port(sockctl):
    sockctl("udp-send", "--json", "--recv-flag", "MSG_ERRQUEUE", "--replies", 1, HOST,
            unused_udp_port(), "lost").wait()


# Measurements


@provokes("stats", "reply")
def run_measurements(sockctl):
    server = sockctl("echo", "--json", *PLACE)
    sockctl("echo", "--client", "--json", "--count", 1, HOST, server.port).wait()
    sockctl("echo", "--client", "--json", HOST, server.port, "word").wait()
    sockctl("connect", "--json", "--stats", HOST, server.port, stdin=b"data").wait()
    sockctl("udp-send", "--json", HOST, server.port, "data").wait()
    server.stop()


# The program itself


@provokes("confined", marks=pytest.mark.skipif(SANITIZED, reason="a sanitizer build has no sandbox"))
def run_confined(sockctl):
    proc = sockctl("udp-recv", "-v", "--json", *PLACE)
    event(proc, "confined")
    proc.stop()


@provokes("unconfined", marks=pytest.mark.needs("strace"))
def run_without_a_sandbox(sockctl):
    proc = sockctl("udp-recv", "-v", "--json", "--timeout", "1ms", *PLACE,
                   wrap=strace("ENOSYS", "seccomp", "landlock_create_ruleset"))
    proc.wait(6)


@provokes("missing", marks=pytest.mark.needs("strace"))
def run_without_lists(sockctl):
    """As on a kernel that can list no sockets; those of the kind raw nobody has asked for."""
    sockctl("sockets", "--json", wrap=strace("ENOENT", "sendto")).wait(1)


@provokes("draining")
def run_until_clients_are_done(sockctl):
    proc = sockctl("listen", "-k", "--json", "--drain", "1h", *PLACE, stdin=DEVNULL)
    with dial(proc.port) as conn:
        send_all(conn, b"x")
        event(proc, "accepted")
        proc.kill(signal.SIGTERM)
        event(proc, "draining")
    proc.wait(143)


@provokes("lost")
def run_while_nobody_reads_stderr(sockctl):
    unread = Unread(False)
    proc = sockctl("listen", "-k", "--json", *PLACE, stdin=DEVNULL, stderr=unread.fd)
    port = int(unread.wait(rb'"port":(\d+)')[1])
    unread.fill()
    with dial(port) as conn:
        assert receive_all(conn) == b""  # it was served, and nothing could be said
    while unread.is_full():
        unread.read()
    with dial(port):
        line = unread.wait(rb'\{"event":"lost".*\}(?=\n)')[0]
    proc.stop()
    unread.close()
    return [json.loads(line)]


NAMES = dict.fromkeys(row["name"] for row in catalogue.events())


def test_every_run_provokes_an_event_of_the_catalogue():
    assert RUNS.keys() <= NAMES.keys()


@pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, ())) for name in NAMES])
def test_event(request, sockctl, name):
    assert name in RUNS, "no run provokes it"
    run = RUNS[name]
    seen = run(**{word: request.getfixturevalue(word) for word in inspect.signature(run).parameters})
    seen = seen or [one for proc in request.node.started for one in catalogue.reported(proc)]
    for row in catalogue.events():
        if row["name"] == name:
            assert any(catalogue.is_row(row, one) for one in seen), row
