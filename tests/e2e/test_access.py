# SPDX-License-Identifier: ISC
"""Whom listen serves: by address, by number, and in turn."""

import errno
import os
import re
import socket
import sys
import tempfile

import pytest

from harness import DEADLINE, DEVNULL, PIPE
from peers import dial_unix, half_close, port_of, receive, receive_all


def dial_from(source, port, address="127.0.0.1"):
    """Connects; one that is refused at once may be reset before connecting has returned."""
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    sock.settimeout(DEADLINE)
    sock.bind((source, 0))
    try:
        sock.connect((address, port))
    except ConnectionResetError:
        pass
    return sock


GREETING = b"served"


def greeting():
    """What the server says to each client that it serves, so that no other end looks like that."""
    file = tempfile.TemporaryFile()
    file.write(GREETING)
    file.seek(0)
    return file


def talk(conn):
    """Says something to a server that serves."""
    conn.sendall(b"x")
    half_close(conn)
    assert receive_all(conn) == GREETING


def turned_away(conn):
    """Of a server that has a greeting for everybody else."""
    try:
        return receive_all(conn) == b""
    except OSError as error:
        return error.errno in (errno.ECONNRESET, errno.ENOTCONN)


def check(proc, port, served, refused, address="127.0.0.1"):
    before = len(proc.out)
    for source in refused:
        with dial_from(source, port, address) as conn:
            assert turned_away(conn)
    for source in served:
        with dial_from(source, port, address) as conn:
            talk(conn)
    assert proc.wait_out(before + len(served)) == b"x" * (before + len(served))


def serve(sockctl, *options, place=("127.0.0.1", "0"), **how):
    return sockctl("listen", "-k", "-v", *options, *place, stdin=greeting(), **how)


@pytest.mark.parametrize("options, served, refused", [
    ("--allow 127.0.0.2", ["127.0.0.2"], ["127.0.0.1", "127.0.0.3"]),
    ("--allow 127.0.0.2 --allow 127.0.0.4/31", ["127.0.0.2", "127.0.0.4", "127.0.0.5"],
     ["127.0.0.3", "127.0.0.6"]),
    ("--deny 127.0.0.2", ["127.0.0.1", "127.0.0.3"], ["127.0.0.2"]),
    ("--deny 127.0.1.0/24", ["127.0.0.1", "127.0.2.1"], ["127.0.1.0", "127.0.1.255"]),
    ("--allow 127.0.0.0/8 --deny 127.0.0.2", ["127.0.0.1"], ["127.0.0.2"]),
    ("--deny 127.0.0.0/8 --allow 127.0.0.2", [], ["127.0.0.1", "127.0.0.2"]),
    ("--allow ::ffff:127.0.0.2", ["127.0.0.2"], ["127.0.0.1"]),
    ("--allow ::/0", [], ["127.0.0.1"]),
])
def test_lists(sockctl, options, served, refused):
    proc = serve(sockctl, *options.split())
    check(proc, proc.port, served, refused)
    proc.stop()
    assert len([line for line in proc.lines if ": refused 127." in line]) == len(refused)


@pytest.mark.parametrize("place", [["0"], ["::", "0"]], ids=" ".join)
def test_ipv4_clients_of_a_socket_of_both_families(sockctl, place):
    """They come with IPv6 addresses, which must not open a door."""
    proc = serve(sockctl, "--deny", "127.0.0.0/8", place=place)
    check(proc, proc.port, ["::1"], [], "::1")
    if place == ["0"]:
        check(proc, proc.port, [], ["127.0.0.1"])
    proc.stop()


def test_refused_clients_are_told_apart(sockctl):
    proc = serve(sockctl, "--json", "--deny", "127.0.0.9")
    with dial_from("127.0.0.9", proc.port) as conn:
        source = port_of(conn)
        assert turned_away(conn)
    proc.stop()
    refused, = (e for e in proc.events if e["event"] == "refused")
    assert refused["remote"]["address"] == "127.0.0.9"
    assert refused["remote"]["port"] == source
    assert refused["reason"] == "denied"
    assert not [e for e in proc.events if e["event"] in ("accepted", "closed")]


def test_refused_clients_are_not_the_one_that_is_served(sockctl):
    proc = sockctl("listen", "--allow", "127.0.0.2", "127.0.0.1", "0", stdin=greeting())
    for _ in range(3):
        with dial_from("127.0.0.1", proc.port) as conn:
            assert turned_away(conn)
    with dial_from("127.0.0.2", proc.port) as conn:
        talk(conn)
    proc.wait()
    assert proc.out == b"x"


def test_refused_clients_do_not_count(sockctl):
    proc = sockctl("listen", "--count", "2", "--allow", "127.0.0.2", "127.0.0.1", "0",
                   stdin=greeting())
    port = proc.port
    for _ in range(2):
        with dial_from("127.0.0.1", port) as conn:
            assert turned_away(conn)
        with dial_from("127.0.0.2", port) as conn:
            talk(conn)
    proc.wait()
    assert proc.out == b"xx"


def test_refused_clients_leave_nothing_behind(sockctl):
    proc = serve(sockctl, "--deny", "127.0.0.2")
    check(proc, proc.port, ["127.0.0.1"], [])
    before = proc.descriptors()
    for _ in range(1000):
        dial_from("127.0.0.2", proc.port).close()
    check(proc, proc.port, ["127.0.0.1"], [])
    # Of the connections that were let in, one may not be closed yet.
    assert proc.descriptors() <= before + 1
    proc.stop()


@pytest.mark.parametrize("option", ["--allow", "--deny"])
@pytest.mark.parametrize("word", ["", "localhost", "127.0.0.1/33", "::/129", "127.0.0.1/",
                                  "127.0.0/24", "10.0.0.0/255.0.0.0", "127.0.0.1-127.0.0.9",
                                  "::1%lo", "\x1b[31m"])
def test_bad_words(sockctl, option, word):
    sockctl("listen", option, word, "127.0.0.1", "0").fails(2, option)


def test_addresses_do_not_belong_to_unix_sockets(sockctl, tmp_path):
    sockctl("listen", "--allow", "127.0.0.1", tmp_path / "socket").fails(2, "--mode")


def test_most_of_one_address(sockctl):
    """Others are not kept out, and who leaves makes room."""
    proc = serve(sockctl, "--max-per-address", "2")
    port = proc.port
    first, second = (dial_from("127.0.0.1", port) for _ in range(2))
    first.sendall(b"x")
    second.sendall(b"x")
    proc.wait_out(2)
    check(proc, port, ["127.0.0.2"], ["127.0.0.1", "127.0.0.1"])
    half_close(first)
    assert receive_all(first) == GREETING
    proc.wait_err(rf"closed 127.0.0.1:{port_of(first)}:")
    check(proc, port, ["127.0.0.1"], [])
    first.close()
    second.close()
    proc.stop()


def test_most_of_one_address_of_both_families(sockctl):
    proc = serve(sockctl, "--max-per-address", "1", place=["0"])
    with dial_from("::1", proc.port, "::1") as conn:
        conn.sendall(b"x")
        proc.wait_out(1)
        check(proc, proc.port, ["127.0.0.1"], [])
        check(proc, proc.port, [], ["::1"], "::1")
    proc.stop()


def test_idle_timeout_is_that_of_each_connection(sockctl):
    proc = sockctl("listen", "-k", "--idle-timeout", "0.5", "127.0.0.1", "0", stdin=PIPE)
    with dial_from("127.0.0.1", proc.port) as idle, dial_from("127.0.0.1", proc.port) as busy:
        idle.sendall(b"i")
        ended = False
        sent = 1
        idle.setblocking(False)
        while not ended:
            busy.sendall(b"b")
            sent += 1
            proc.wait_out(sent)
            try:
                idle.recv(1)
            except BlockingIOError:
                pass
            except ConnectionResetError:
                ended = True
        half_close(busy)
        proc.stdin.close()
        assert receive_all(busy) == b""
    proc.stop()
    assert [line for line in proc.lines if "idle for too long" in line]


def test_one_line_for_each_connection(sockctl):
    proc = serve(sockctl)
    with dial_from("127.0.0.1", proc.port) as conn:
        source = port_of(conn)
        conn.sendall(b"12345")
        half_close(conn)
        receive_all(conn)
    line = proc.wait_err(r": closed .*")[0]
    for word in (f"127.0.0.1:{source}", "5 bytes received", f"{len(GREETING)} bytes sent", "done"):
        assert word in line
    proc.wait_err(r" s since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
    proc.stop()


def test_one_object_for_each_connection(sockctl):
    proc = serve(sockctl, "--json")
    with dial_from("127.0.0.1", proc.port) as conn:
        source = port_of(conn)
        conn.sendall(b"12345")
        half_close(conn)
        receive_all(conn)
    proc.wait_err('"closed"')
    proc.stop()
    closed, = (e for e in proc.events if e["event"] == "closed")
    assert closed["remote"] == {"family": "inet", "address": "127.0.0.1", "port": source}
    assert (closed["sent_bytes"], closed["received_bytes"]) == (len(GREETING), 5)
    assert (closed["how"], closed["status"], closed["connection"]) == ("done", 0, 1)
    assert 0 <= closed["duration"] <= closed["time"] - closed["start"] + 1


def test_who_is_at_the_other_end_of_a_unix_socket(sockctl, tmp_path):
    path = tmp_path / "socket"
    for option in ("-v", "--json"):
        proc = sockctl("listen", option, path, stdin=PIPE)
        proc.wait_err("listening")
        with dial_unix(str(path)) as conn:
            conn.sendall(b"x")
            proc.wait_out(1)
            proc.stdin.close()
        proc.wait()
        if option == "--json":
            accepted, = (e for e in proc.events if e["event"] == "accepted")
            assert (accepted["pid"], accepted["uid"], accepted["gid"]) == (
                os.getpid(), os.getuid(), os.getgid())
        else:
            assert [line for line in proc.lines
                    if f"process {os.getpid()}, user {os.getuid()}, group {os.getgid()}" in line]


# Connects, says so by a byte, and stays until its input ends.
CLIENT = """
import socket, sys
with socket.socket(socket.AF_UNIX) as sock:
    sock.connect(sys.argv[1].replace("@", "\\0", 1))
    sock.sendall(b"x")
    sys.stdin.read()
"""


@pytest.mark.parametrize("option", ["-v", "--json"])
def test_every_client_of_a_unix_socket_is_told_apart(sockctl, option):
    """By its process, user and group, as the system knows them that has started it."""
    name = f"@sockctl-{os.getpid()}-{option}"
    proc = sockctl("listen", "-k", option, f"unix:{name}", stdin=DEVNULL)
    proc.wait_err("listening")
    owners = [{}] * 3
    if os.getuid() == 0:
        owners += [{"user": 65534, "group": 65533, "extra_groups": []}]
    clients = []
    for owner in owners:
        clients.append(sockctl("-c", CLIENT, name, program=sys.executable, stdin=PIPE, cwd="/",
                               **owner))
        proc.wait_out(len(clients))
    expected = [(client.pid, owner.get("user", os.getuid()), owner.get("group", os.getgid()))
                for client, owner in zip(clients, owners)]
    for client in clients:
        client.stdin.close()
        client.wait()
    proc.stop()
    if option == "--json":
        told = [(e["pid"], e["uid"], e["gid"]) for e in proc.events if e["event"] == "accepted"]
    else:
        told = [tuple(map(int, words)) for words in
                re.findall(r"accepted .*\(process (\d+), user (\d+), group (\d+)\)", proc.err)]
    assert told == expected


def test_options_of_a_connection_come_from_its_listener(sockctl):
    """Keepalive is on for each connection, and off where the user says so."""
    for words, value in ([], 1), (["--set", "SO_KEEPALIVE=0"], 0):
        proc = sockctl("listen", *words, "--get", "SO_KEEPALIVE", "127.0.0.1", "0", stdin=DEVNULL)
        with dial_from("127.0.0.1", proc.port) as conn:
            half_close(conn)
            assert receive(conn, 0) == b""
            receive_all(conn)
        proc.wait()
        assert [line for line in proc.lines if line.endswith(f"SO_KEEPALIVE={value}")], proc.err
