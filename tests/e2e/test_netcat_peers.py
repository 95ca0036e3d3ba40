# SPDX-License-Identifier: ISC
"""nc and ncat behind proxies, in ssh's ProxyCommand and over TLS: the original and ours side by side."""

import contextlib
import os
import pty
import re
import shlex
import subprocess
import termios

import pytest

from harness import DEADLINE, Task, wait_for
from peers import accept, listener, port_of, receive
from proxies import read_head
from netcats import OURS, explained, program_of
from originals import Patience, against_server, patiently, run
from tls_server import Server, read_to_end

pytestmark = pytest.mark.peers


def all_three(dialect, words):
    """The original, ours, and the command line that ours explains."""
    return [*program_of(dialect), *words], [*OURS[dialect], *words], explained(dialect, words)


def through(proxy, line):
    return shlex.split(line.replace("PROXY", f"127.0.0.1:{proxy.port}"))


# Proxies.

def answers_and_ends(conn):
    question = receive(conn, 9)
    conn.sendall(b"answer\n")
    return question


# What ends one direction ends both for some proxies: the input ends when the answer has come.
@pytest.mark.parametrize("dialect, line, name", [
    pytest.param(dialect, line, name, marks=pytest.mark.needs(name)) for dialect, line, name in [
        ("openbsd", "-x PROXY 127.0.0.1 PORT", "microsocks"),
        ("openbsd", "-X 5 -x PROXY localhost PORT", "microsocks"),
        ("openbsd", "-X 4 -x PROXY 127.0.0.1 PORT", "danted"),
        ("openbsd", "-X connect -x PROXY 127.0.0.1 PORT", "tinyproxy"),
        ("openbsd", "-w 2 -X connect -x PROXY localhost PORT", "tinyproxy"),
        ("ncat", "--proxy PROXY --proxy-type socks5 127.0.0.1 PORT", "microsocks"),
        ("ncat", "--proxy PROXY --proxy-type socks5 --proxy-dns remote localhost PORT", "microsocks"),
        ("ncat", "--proxy PROXY --proxy-type socks4 127.0.0.1 PORT", "danted"),
        ("ncat", "--proxy-type http --proxy PROXY 127.0.0.1 PORT", "tinyproxy"),
    ]])
def test_client_behind_a_proxy(real, dialect, line, name):
    words = through(real(name), line)
    theirs, ours, native = (
        against_server(command, answers_and_ends, b"question\n", awaited=len(b"answer\n"))
        for command in all_three(dialect, words))
    assert theirs == (True, b"answer\n", "", b"question\n")
    assert ours == theirs
    assert native == theirs


@pytest.mark.needs("microsocks")
@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-X 5 -x PROXY 127.0.0.1 1"), ("openbsd", "-z -X 5 -x PROXY 127.0.0.1 1"),
    ("ncat", "--proxy PROXY --proxy-type socks5 127.0.0.1 1"),
])
def test_target_that_refuses_behind_a_proxy(real, dialect, line):
    proxy = real("microsocks")
    theirs, ours, native = (run(command) for command in all_three(dialect, through(proxy, line)))
    assert not theirs[0] and not ours[0] and not native[0]
    assert ours[1] == theirs[1] == b""


@pytest.mark.parametrize("dialect, line, name", [
    pytest.param(dialect, line, name, marks=pytest.mark.needs(name)) for dialect, line, name in [
        ("openbsd", "-x PROXY -v 127.0.0.1 PORT", "microsocks"), ("openbsd", "-v -X 5 -x PROXY localhost PORT", "microsocks"),
        ("openbsd", "-v -X 4 -x PROXY 127.0.0.1 PORT", "danted"), ("openbsd", "-v -X connect -x PROXY 127.0.0.1 PORT", "tinyproxy"),
        ("ncat", "-v --proxy PROXY --proxy-type socks5 127.0.0.1 PORT", "microsocks"),
        ("ncat", "-v --proxy PROXY 127.0.0.1 PORT", "tinyproxy"),
    ]])
def test_what_verbose_clients_say_behind_a_proxy(real, dialect, line, name):
    """The lines that scripts look for; those of ncat about the proxy itself are left out."""
    words = through(real(name), line)
    theirs, ours, native = (
        against_server(command, answers_and_ends, b"question\n", awaited=len(b"answer\n"))
        for command in all_three(dialect, words))
    assert theirs[:2] == ours[:2] == native[:2] == (True, b"answer\n")
    pattern = {"openbsd": r".*", "ncat": r"Ncat: \d+ bytes sent, \d+ bytes received in "}[dialect]
    said = [re.findall(rf"^{pattern}", outcome[2], re.M) for outcome in (theirs, ours)]
    assert said[0] == said[1] and said[0]


@pytest.mark.needs("tinyproxy", "microsocks")
@pytest.mark.parametrize("name, kind", [("tinyproxy", "http"), ("microsocks", "socks5")])
@pytest.mark.parametrize("auth, works", [("user:word", True), ("user:wrong", False)])
def test_log_in_of_ncat(real, name, kind, auth, works):
    proxy = real(name, user="user", password="word")
    words = through(proxy, f"--proxy PROXY --proxy-type {kind} --proxy-auth {auth}")
    if works:
        theirs, ours = (against_server([*command, *words, "127.0.0.1", "PORT"], answers_and_ends,
                                       b"question\n", awaited=len(b"answer\n"))
                        for command in (program_of("ncat"), OURS["ncat"]))
        assert theirs == (True, b"answer\n", "", b"question\n")
        assert ours == theirs
    else:
        theirs, ours = (run([*command, *words, "127.0.0.1", "1"])
                        for command in (program_of("ncat"), OURS["ncat"]))
        assert not theirs[0] and not ours[0]
        assert "wrong" not in ours[2]


def log_in_at_a_terminal(command, keys):
    """Types the password at the terminal that controls the command; gives what the terminal showed
    and whether the command succeeded."""
    child, master = pty.fork()
    if child == 0:
        os.execvp(command[0], command)
    shown, is_asked = b"", False
    try:
        while piece := os.read(master, 1000):
            shown += piece
            if not is_asked and re.search(rb"(?i)pass\w+ for .*: ", shown):
                is_asked = True
                wait_for(lambda: not termios.tcgetattr(master)[3] & termios.ECHO, "no echo")
                os.write(master, keys + b"\n")
    except OSError:
        pass  # the last one that had it open has gone
    _, status = os.waitpid(child, 0)
    os.close(master)
    return shown, status == 0


@pytest.mark.parametrize("which", ["original", "ours"])
def test_log_in_of_nc_at_the_terminal(which):
    """-P asks for the password, shows nothing of it, and sends it to an HTTP proxy."""
    program = program_of("openbsd") if which == "original" else OURS["openbsd"]
    requests = []
    with listener() as server:
        def proxy():
            while not requests or b"Authorization" not in requests[-1]:
                with accept(server) as conn:
                    requests.append(read_head(conn))
                    if b"Authorization" in requests[-1]:
                        conn.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello\n")
                    else:
                        conn.sendall(b"HTTP/1.0 407 Proxy Authentication Required\r\n"
                                     b'Proxy-Authenticate: Basic realm="x"\r\n\r\n')

        command = [*program, "-d", "-X", "connect", "-P", "user",
                   "-x", f"127.0.0.1:{port_of(server)}", "192.0.2.1", "80"]
        task = Task(proxy)
        shown, is_zero = log_in_at_a_terminal(command, b"word")
        task.result()
    # user:word, RFC 7617
    assert b"Proxy-Authorization: Basic dXNlcjp3b3Jk\r\n" in requests[-1]
    assert b"hello" in shown and b"word" not in shown.partition(b": ")[2] and is_zero


def test_password_is_asked_for_at_a_terminal_only():
    words = ["-P", "user", "-X", "connect", "-x", "127.0.0.1:1", "h", "1"]
    done = subprocess.run([*OURS["openbsd"], *words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=DEADLINE, check=False, start_new_session=True)
    assert done.returncode == 1 and "-P" in done.stderr and "NCAT_PROXY_AUTH" in done.stderr


def test_explanation_asks_for_no_password():
    words = ["-P", "user", "-X", "connect", "-x", "127.0.0.1:1", "h", "1"]
    done = subprocess.run([*OURS["openbsd"], "--explain", *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=DEADLINE, check=True,
                          start_new_session=True)
    assert "http://user:PASSWORD@127.0.0.1:1" in done.stdout


def test_user_of_a_proxy_has_no_colon():
    done = run([*OURS["openbsd"], "-P", "a:b", "-x", "p", "h", "1"])
    assert not done[0] and "'a:b'" in done[2]


@pytest.mark.needs("ssh", "/usr/sbin/sshd", "microsocks", "tinyproxy")
@pytest.mark.parametrize("dialect, line, name", [
    ("openbsd", "-X 5 -x PROXY %h %p", "microsocks"),
    ("openbsd", "-X connect -x PROXY %h %p", "tinyproxy"),
    ("ncat", "--proxy PROXY --proxy-type socks5 %h %p", "microsocks"),
    ("ncat", "--proxy PROXY --proxy-type http %h %p", "tinyproxy"),
    ("openbsd", "-q0 %h %p", None), ("openbsd", "-w 10 %h %p", None), ("ncat", "%h %p", None),
])
def test_proxy_command_of_ssh(real, dialect, line, name):
    server = real("sshd")
    words = through(real(name), line) if name else shlex.split(line)
    key = os.path.join(os.path.dirname(server.log.name), "key")
    outcomes = []
    for command in all_three(dialect, words):
        done = subprocess.run(
            ["ssh", "-F", "none", "-i", key, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
             "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
             "-o", f"ProxyCommand={shlex.join(command)}", "-p", str(server.port), "127.0.0.1",
             "tr a-z A-Z; exit 7"],
            input=b"over the connection", capture_output=True, timeout=DEADLINE, check=False)
        outcomes.append((done.returncode, done.stdout, done.stderr))
    assert outcomes == [(7, b"OVER THE CONNECTION", b"")] * 3


# TLS.

def asks_over_tls(conn):
    """Reads what comes to the end, or until nothing comes; then answers and ends."""
    conn.settimeout(Patience.seconds)
    data = b""
    try:
        while piece := conn.recv(65536):
            data += piece
    except OSError:
        pass  # silent, or ended without close_notify
    conn.settimeout(DEADLINE)
    conn.sendall(b"answer\n")
    alpn = conn.selected_alpn_protocol()
    conn.settimeout(0)
    with contextlib.suppress(OSError):  # ncat answers close_notify by nothing
        conn.unwrap()  # without it, ncat ends now with 0 and now with 1
    conn.close()
    return data, alpn


@pytest.mark.tls
@pytest.mark.parametrize("line", [
    "--ssl localhost PORT", "--ssl -C localhost PORT", "--ssl --no-shutdown localhost PORT",
    "--ssl-verify --ssl-trustfile ROOT localhost PORT",
    "--ssl --ssl-alpn h2,http/1.1 localhost PORT", "--ssl --ssl-servername other.example localhost PORT",
    "--ssl --recv-only localhost PORT",
])
def test_client_over_tls(authority, line):
    line = line.replace("ROOT", str(authority.root.cert))

    def compare_once():
        outcomes = []
        for command in all_three("ncat", shlex.split(line)):
            server = Server(authority.server, asks_over_tls,
                            set_alpn_protocols=["http/1.1"] if "alpn" in line else [])
            done = run([re.sub(r"\bPORT\b", str(server.port), word) for word in command],
                       b"question\n")
            outcomes.append((done[0], done[1], server.result()))
        assert outcomes[0][1] == b"answer\n"
        assert outcomes == [outcomes[0]] * 3

    patiently(compare_once)


@pytest.mark.tls
def test_end_without_close_notify_is_a_failure(authority):
    """Always: ncat ends with 0 or 1 by chance."""
    server = Server(authority.server, lambda conn: (conn.sendall(b"half"), conn.close()))
    done = run([*OURS["ncat"], "--ssl", "--recv-only", "localhost", str(server.port)])
    server.result()
    assert not done[0] and done[1] == b"half" and "no close_notify" in done[2]


@pytest.mark.tls
@pytest.mark.parametrize("line", [
    "--ssl-verify localhost PORT", "--ssl-verify --ssl-trustfile ROOT 127.0.0.2 PORT",
])
def test_certificate_that_is_not_trusted(authority, line):
    line = line.replace("ROOT", str(authority.root.cert))
    for command in all_three("ncat", shlex.split(line)):
        server = Server(authority.server, read_to_end)
        done = run([re.sub(r"\bPORT\b", str(server.port), word) for word in command], b"question\n")
        assert not done[0] and done[1] == b""
