# SPDX-License-Identifier: ISC
"""Files that are renamed and opened anew (SIGHUP), as those who keep logs do."""

import os
import re
import signal
import ssl

import pytest

from harness import DEVNULL, wait_for
from peers import dial, udp
from tls_client import Client, ask
from tls_server import Server, echo

PLACE = ("127.0.0.1", 0)
SANDBOX = pytest.mark.parametrize("sandbox", ["auto", "off"])


def rotate(proc, path):
    """Returns the file under its new name."""
    old = path.rename(path.with_suffix(".old"))
    hang_up(proc)
    return old


def hang_up(proc, expected="was opened anew"):
    seen = proc.err.count(expected)
    proc.kill(signal.SIGHUP)
    wait_for(lambda: proc.err.count(expected) > seen, expected)


def connected_udp(port):
    sock = udp()
    sock.connect(("127.0.0.1", port))
    return sock


def arrives(path, data):
    wait_for(lambda: path.read_bytes() == data, data)


@SANDBOX
@pytest.mark.parametrize("mode", [[], ["-u"]], ids=["streams", "datagrams"])
def test_output(sockctl, tmp_path, mode, sandbox):
    """One connection goes on meanwhile."""
    log = tmp_path / "log"
    proc = sockctl("listen", "-k", *mode, f"--sandbox={sandbox}", "--output", log, *PLACE,
                   stdin=DEVNULL)
    with connected_udp(proc.port) if "-u" in mode else dial(proc.port) as conn:
        conn.sendall(b"before")
        arrives(log, b"before")
        old = rotate(proc, log)
        conn.sendall(b"after")
        arrives(log, b"after")
    assert old.read_bytes() == b"before"
    proc.stop()


def test_output_of_a_chat(sockctl, tmp_path):
    log = tmp_path / "log"
    proc = sockctl("listen", "--chat", "--output", log, *PLACE, stdin=DEVNULL)
    with dial(proc.port) as conn:
        conn.sendall(b"before\n")
        wait_for(lambda: log.read_bytes().endswith(b"\n<user1> before\n"), "line")
        old = rotate(proc, log)
        conn.sendall(b"after\n")
        arrives(log, b"<user1> after\n")
    assert old.read_bytes().endswith(b"\n<user1> before\n")
    proc.stop()


@SANDBOX
def test_output_that_was_not_renamed(sockctl, tmp_path, sandbox):
    log = tmp_path / "log"
    log.write_bytes(b"what was there before the first connection")
    proc = sockctl("listen", "-k", f"--sandbox={sandbox}", "--output", log, *PLACE, stdin=DEVNULL)
    assert proc.port
    hang_up(proc)
    with dial(proc.port) as conn:
        conn.sendall(b"one")
        arrives(log, b"one")
        hang_up(proc)
        conn.sendall(b"two")
        arrives(log, b"onetwo")
    proc.stop()


def test_output_behind_a_link(sockctl, tmp_path):
    """The file that the link leads to is renamed, and later the link is replaced."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    log = tmp_path / "log"
    log.symlink_to(folder / "real")
    proc = sockctl("listen", "-k", "--output", log, *PLACE, stdin=DEVNULL)
    with dial(proc.port) as conn:
        conn.sendall(b"one")
        arrives(log, b"one")
        rotate(proc, folder / "real")
        conn.sendall(b"two")
        arrives(folder / "real", b"two")
        rotate(proc, log)
        conn.sendall(b"three")
        arrives(log, b"three")
    assert not log.is_symlink() and (folder / "real").read_bytes() == b"two"
    proc.stop()


@SANDBOX
@pytest.mark.parametrize("obstacle", ["folder", "pipe"])
def test_the_old_file_is_kept(sockctl, tmp_path, obstacle, sandbox):
    log = tmp_path / "log"
    proc = sockctl("listen", "-k", f"--sandbox={sandbox}", "--output", log, *PLACE, stdin=DEVNULL)
    with dial(proc.port) as conn:
        conn.sendall(b"before")
        arrives(log, b"before")
        old = log.rename(tmp_path / "old")
        (log.mkdir if obstacle == "folder" else lambda: os.mkfifo(log))()
        hang_up(proc, "the file that was open is written on")
        conn.sendall(b" after")
        arrives(old, b"before after")
    assert re.search(rf"{log}: (Is a directory|No such device or address)", proc.err)
    proc.stop()


@SANDBOX
@pytest.mark.parametrize("command", [["listen", "-k"], ["echo", "--threads", "2"]],
                         ids=["listen", "echo"])
def test_trace(sockctl, tmp_path, command, sandbox):
    """Each call is in one of the files, whole."""
    log = tmp_path / "log"
    proc = sockctl(*command, f"--sandbox={sandbox}", f"--trace={log}", *PLACE, stdin=DEVNULL)
    with dial(proc.port) as conn:
        conn.sendall(b"before")
        wait_for(lambda: '"before"' in log.read_text(), "before")
        old = rotate(proc, log)
        conn.sendall(b"after")
        wait_for(lambda: '"after"' in log.read_text(), "after")
    proc.stop()
    assert '"after"' not in old.read_text() and '"before"' not in log.read_text()
    assert "socket(" in old.read_text() and "socket(" not in log.read_text()
    assert all(re.fullmatch(r"\d+\.\d{6} .* <\d+\.\d{6}>.*", line)
               for path in [old, log] for line in path.read_text().splitlines())


def hello_of(client):
    """What a client of TLS sends first."""
    sent = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        client.context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname="localhost").do_handshake()
    return sent.read()


@SANDBOX
@pytest.mark.tls
def test_key_log(sockctl, authority, tmp_path, sandbox):
    """A handshake that has begun long before is written to the new file, too."""
    log = tmp_path / "keys"
    proc = sockctl("listen", "-k", f"--sandbox={sandbox}", "--tls", "--cert",
                   authority.server.both, "--keylog", log, *PLACE, stdin=DEVNULL)
    client = Client(authority)
    hello = hello_of(client)
    with dial(proc.port) as under_way:
        under_way.sendall(hello[:9])
        with client.join(proc.port) as conn:  # accepted after the one under way
            conn.sendall(b"before")
            proc.wait_out(6)
        before = log.read_text()
        hang_up(proc)
        old = rotate(proc, log)
        assert log.read_text() == "" and log.stat().st_mode & 0o777 == 0o600
        under_way.sendall(hello[9:])
        wait_for(lambda: "SERVER_TRAFFIC_SECRET_0 " in log.read_text(), "secrets")
    assert old.read_text() == before and before.count("SERVER_TRAFFIC_SECRET_0 ") == 1
    proc.stop()


@SANDBOX
@pytest.mark.tls
def test_key_log_of_both_sides(sockctl, authority, tmp_path, sandbox):
    """It is one file, of which each thing is said once."""
    log = tmp_path / "keys"
    server = Server(authority.server, echo)
    proc = sockctl("listen", "-k", "--json", f"--sandbox={sandbox}", "--tls", "--cert",
                   authority.server.both, "--keylog", log, "--ca", authority.root.cert, "--forward",
                   f"tls:localhost:{server.port}", *PLACE, stdin=DEVNULL)
    assert proc.port
    old = log.rename(tmp_path / "old")
    hang_up(proc, '"event":"reloaded"')
    assert ask(proc.port, b"x") == b"x" == server.result()
    proc.stop()
    said = [event["event"] for event in proc.events]
    assert said.count("keylog") == said.count("reopened") == 1
    assert log.read_text().count("SERVER_TRAFFIC_SECRET_0 ") == 2 and not old.read_text()


@pytest.mark.tls
def test_key_log_of_a_proxy(sockctl, tmp_path):
    """The environment names it, and the server itself speaks no TLS."""
    log = tmp_path / "keys"
    proc = sockctl("listen", "-k", "--forward", "name.example:80", "--proxy", "https://localhost:1",
                   *PLACE, stdin=DEVNULL, env={**os.environ, "SSLKEYLOGFILE": str(log)})
    assert proc.port
    rotate(proc, log)
    assert log.exists()
    proc.stop()


@pytest.mark.tls
def test_all_of_them(sockctl, authority, tmp_path):
    paths = [tmp_path / name for name in ("output", "trace", "keys")]
    proc = sockctl("listen", "-k", "--json", "--tls", "--cert", authority.server.both, "--output",
                   paths[0], f"--trace={paths[1]}", "--keylog", paths[2], *PLACE, stdin=DEVNULL)
    assert proc.port
    for path in paths:
        path.unlink()
    hang_up(proc, '"event":"reloaded"')
    told = [event["file"] for event in proc.events if event["event"] == "reopened"]
    assert sorted(told) == sorted(map(str, paths)) and all(path.exists() for path in paths)
    proc.stop()


@pytest.mark.parametrize("words", [["listen", "--output"], ["listen", "-k", "--output=/dev/null"],
                                   ["echo"]], ids=["once", "device", "nothing"])
def test_nothing_to_open_anew(sockctl, tmp_path, words):
    words = words + [tmp_path / "log"] if words[-1] == "--output" else words
    proc = sockctl(*words, *PLACE, stdin=DEVNULL)
    assert proc.port
    proc.stop(signal.SIGHUP)


@pytest.mark.parametrize("command", [["listen", "-k"], ["echo"]], ids=["listen", "echo"])
def test_a_terminal_that_goes_away(sockctl, terminal, tmp_path, command):
    proc = sockctl(*command, f"--trace={tmp_path / 'log'}", *PLACE, stdin=terminal.fd)
    assert proc.port
    proc.stop(signal.SIGHUP)
