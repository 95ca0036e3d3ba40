# SPDX-License-Identifier: ISC
"""Several endpoints of one process (--also)."""

import os
import signal
import socket
import stat

import pytest

from harness import DEVNULL, PIPE
from peers import dial, dial_unix, half_close, listener, port_of, receive_all, udp

HOST = "127.0.0.1"


def ports(proc, number):
    """Of the sockets that it says it listens on, once it has said so of all."""
    pattern = r"\n".join([r"listening on \S+"] * number)
    text = proc._err.wait(lambda data: data.count(b": listening on ") == number and data.decode(),
                          pattern)
    return [int(line.rpartition(":")[2]) for line in text.splitlines()
            if "listening" in line and "unix:" not in line]


def say(conn, data):
    with conn:
        conn.sendall(data)
        half_close(conn)
        return receive_all(conn)


def test_endpoints_of_all_kinds(sockctl, tmp_path):
    paths = [tmp_path / "one", tmp_path / "two"]
    with listener() as passed:
        proc = sockctl("listen", "--count", "5", HOST, "0", "--also", "[::1]:0", "--also", paths[0],
                       "--also", f"unix:{paths[1]}", "--also", f"fd:{passed.fileno()}",
                       stdin=DEVNULL, fds=[passed.fileno()])
        first, second, _ = ports(proc, 5)
        assert first != second
        for conn, data in ((dial(first), b"a"), (dial(second, "::1"), b"b"),
                           (dial_unix(str(paths[0])), b"c"), (dial_unix(str(paths[1])), b"d"),
                           (dial(port_of(passed)), b"e")):
            assert say(conn, data) == b""
        proc.wait()
    assert proc.out == b"abcde"
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("which", [0, 1])
def test_the_first_connection_on_any_is_served(sockctl, which):
    proc = sockctl("listen", f"{HOST}:0", "--also", f"{HOST}:0", stdin=b"pong")
    found = ports(proc, 2)
    assert say(dial(found[which]), b"ping") == b"pong"
    proc.wait()
    assert proc.out == b"ping"
    for port in found:
        with pytest.raises(ConnectionRefusedError):
            dial(port)


def test_names_are_looked_up_one_after_the_other(sockctl, namespaces):
    proc = sockctl("listen", "-k", "localhost:0", "--also", "localhost:0", stdin=DEVNULL,
                   wrap=namespaces("hosts"))
    for port in set(ports(proc, 4)):
        for address in (HOST, "::1"):
            assert say(dial(port, address), b"x") == b""
    proc.stop()


def test_everything_is_taken_back_where_one_fails(sockctl, tmp_path):
    with listener() as taken:
        proc = sockctl("listen", tmp_path / "one", "--also", f"{HOST}:{port_of(taken)}")
        proc.fails(5, f"{HOST}:{port_of(taken)}", "EADDRINUSE")
    assert not os.listdir(tmp_path)
    proc = sockctl("listen", tmp_path / "one", "--also", tmp_path / "one")
    proc.fails(5, f"unix:{tmp_path}/one", "EADDRINUSE")
    assert not os.listdir(tmp_path)


def test_one_connection_is_no_listener(sockctl):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for words in ([f"fd:{theirs.fileno()}", "--also", f"{HOST}:0"],
                      [f"{HOST}:0", "--also", f"fd:{theirs.fileno()}"]):
            proc = sockctl("listen", *words, fds=[theirs.fileno()])
            proc.fails(5, f"fd:{theirs.fileno()}", "EINVAL")


def test_words(sockctl, tmp_path):
    for command in ("listen", "udp-recv"):
        sockctl(command, "0", "--also", "no port").fails(2, "--also: 'no port'")
        sockctl(command, "-4", "0", "--also", "[::1]:0").fails(2, "--also: '::1'", "--ipv4")
    sockctl("listen", "0", "--also", "tls:host:1").fails(2, "tls:host:1")
    sockctl("listen", "0", "--also", tmp_path / "x", "--allow", HOST).fails(2, "--mode")
    sockctl("listen", "0", "--also", "0", "--mode", "600").fails(2, "--mode")
    assert not os.listdir(tmp_path)


def test_mode_is_that_of_each_path(sockctl, tmp_path):
    proc = sockctl("listen", "--mode", "620", f"{HOST}:0", "--also", tmp_path / "x", stdin=PIPE)
    ports(proc, 2)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o620
    proc.stop()


def test_a_second_wildcard_exposes_a_program(sockctl):
    proc = sockctl("listen", "--exec", "cat", f"{HOST}:0", "--also", "0")
    proc.fails(2, "--expose")


def test_datagrams(sockctl, tmp_path):
    path = tmp_path / "socket"
    with udp() as passed:
        proc = sockctl("udp-recv", "--count", "4", f"{HOST}:0", "--also", path, "--also", "[::1]:0",
                       "--also", f"fd:{passed.fileno()}", fds=[passed.fileno()])
        first, second, third = ports(proc, 4)
        assert third == port_of(passed)
        for place in (f"{HOST}:{first}", f"[::1]:{second}", path, f"{HOST}:{third}"):
            sockctl("udp-send", place, "x").wait()
        proc.wait()
    assert proc.out == b"x\n" * 4
    assert not os.listdir(tmp_path)


def test_answers_come_from_where_the_question_went(sockctl, tmp_path):
    proc = sockctl("udp-recv", "--echo", f"{HOST}:0", "--also", f"{HOST}:0")
    with udp() as peer:
        for port in ports(proc, 2):
            peer.sendto(b"%d" % port, (HOST, port))
            assert peer.recvfrom(100) == (b"%d" % port, (HOST, port))
    proc.stop(signal.SIGINT)


def test_two_groups(sockctl, network):
    """Each is joined by the socket that has its address."""
    groups = ["239.1.2.3", "239.1.2.4"]
    proc = sockctl("udp-recv", "--count", "2", "--interface", "lo", f"{groups[0]}:5000",
                   "--also", f"{groups[1]}:5000", wrap=network.wrap)
    ports(proc, 2)
    for group in groups:
        sockctl("udp-send", "--interface", "lo", f"{group}:5000", group, wrap=network.wrap).wait()
    proc.wait()
    assert sorted(proc.out.split()) == [group.encode() for group in groups]
