# SPDX-License-Identifier: ISC
"""Each exit status has its cause, and each failure one clear line."""

import os
import re
import socket

import pytest

from harness import DEVNULL, PIPE, Task, soonest
from peers import (MIB, accept, dial, half_close, port_of, receive, receive_all, reset,
                   reset_by_peer, send_all, unused_port)

# 1: local input or output


@pytest.mark.parametrize("amount", [1, 4 * MIB])
def test_full_disk(join, amount):
    with open("/dev/full", "wb") as full:
        proc, conn = join(stdin=PIPE, stdout=full)
    sending = Task(send_quietly, conn, bytes(amount))
    proc.fails(1, "ENOSPC")
    sending.result()


def send_quietly(conn, data):
    try:
        conn.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        pass


def test_limit_on_the_size_of_a_file(join, tmp_path):
    with open(tmp_path / "out", "wb") as out:
        proc, conn = join(stdin=PIPE, stdout=out, shell="ulimit -f 64")
    sending = Task(send_quietly, conn, bytes(4 * MIB))
    proc.fails(1, "EFBIG")
    sending.result()


def test_input_that_does_not_exist(sockctl, server, tmp_path):
    proc = sockctl("connect", "--input", tmp_path / "nothing", "127.0.0.1", port_of(server))
    proc.fails(1, tmp_path / "nothing", "ENOENT")


def test_output_that_cannot_be_made(sockctl, server, tmp_path):
    proc = sockctl("connect", "--output", tmp_path / "no" / "out", "127.0.0.1", port_of(server))
    proc.fails(1, tmp_path / "no" / "out", "ENOENT")


def join_in_vain(sockctl, role, server, stdin):
    """Starts it with an input that fails. Returns it, and whether that looked torn to the peer."""
    try:
        if role == "connect":
            proc = sockctl("connect", "127.0.0.1", port_of(server), stdin=stdin)
            conn = accept(server)
        else:
            proc = sockctl("listen", "127.0.0.1", 0, stdin=stdin)
            conn = dial(proc.port)
    except ConnectionResetError:  # as soon as it was connected
        return proc, True
    with conn:
        return proc, reset_by_peer(conn)


def test_directory_as_input(sockctl, role, server, tmp_path):
    directory = os.open(tmp_path, os.O_RDONLY)
    proc, is_torn = join_in_vain(sockctl, role, server, directory)
    os.close(directory)
    assert is_torn
    proc.fails(1, "EISDIR")


def test_input_that_is_only_writable(sockctl, role, server, tmp_path):
    with open(tmp_path / "file", "wb") as file:
        proc, is_torn = join_in_vain(sockctl, role, server, file)
    assert is_torn
    proc.fails(1, "EBADF")


def test_output_that_is_only_readable(join):
    with open("/dev/null", "rb") as null:
        proc, conn = join(stdin=PIPE, stdout=null)
    conn.sendall(b"x")
    proc.fails(1, "EBADF")


# 3, 4: names


def test_unknown_service(sockctl):
    sockctl("connect", "127.0.0.1", "nosuchservice").fails(3, "nosuchservice")


@pytest.mark.parametrize("command", ["connect", "listen"])
def test_unknown_name(sockctl, command, namespaces):
    proc = sockctl(command, "nosuchhost.example", "80", wrap=namespaces("nxdomain"))
    proc.fails(3, "nosuchhost.example", "(EAI_NONAME)")


@pytest.mark.parametrize("command", ["connect", "listen"])
def test_name_server_that_fails(sockctl, command, namespaces):
    proc = sockctl(command, "host.example", "80", wrap=namespaces("servfail"))
    proc.fails(4, "host.example")


def test_numeric_address_needs_no_name_server(sockctl, namespaces):
    """The look-up would take seconds where the name server is silent."""
    proc = sockctl("connect", "--timeout", "3", "127.0.0.1", "9", wrap=namespaces("silent"))
    proc.fails(5, "127.0.0.1:9", "ECONNREFUSED")


def test_short_forms_of_addresses_are_names(sockctl, namespaces):
    """inet_aton would take them for 127.0.0.1."""
    for word in ("127.1", "0x7f000001", "2130706433", "0177.0.0.1"):
        proc = sockctl("connect", word, "9", wrap=namespaces("nxdomain"))
        proc.fails(3, word)


@pytest.mark.parametrize("command", ["connect", "listen"])
@pytest.mark.parametrize("option, named", [
    ("--set NOSUCH=1", "NOSUCH"), ("--set SO_RCVBUG=1", "'SO_RCVBUF'"), ("--set =1", "''"),
    ("--get NOSUCH", "NOSUCH"), ("--get SO_TYPE=1", "SO_TYPE=1"), ("--get SO_TYPO", "'SO_TYPE'"),
])
def test_unknown_socket_option(sockctl, command, option, named):
    sockctl(command, *option.split(), "127.0.0.1", "80").fails(3, named)


# 5: could not connect or listen


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_refused(sockctl, host):
    port = unused_port()
    proc = sockctl("connect", host, port)
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    proc.fails(5, f"sockctl: connect: {shown}: Connection refused (ECONNREFUSED)")


def test_refused_by_every_address_of_a_name(sockctl):
    port = unused_port()
    proc = sockctl("connect", "localhost", port)
    proc.wait(5)
    assert "ECONNREFUSED" in proc.err and str(port) in proc.err
    assert len(proc.lines) <= 3


def test_unreachable(sockctl, namespaces):
    proc = sockctl("connect", "192.0.2.1", "80", wrap=namespaces("none"))
    proc.fails(5, "192.0.2.1:80", "ENETUNREACH")


def test_unix_socket_that_does_not_exist(sockctl, tmp_path):
    sockctl("connect", f"unix:{tmp_path}/none").fails(5, f"{tmp_path}/none", "ENOENT")


def test_unix_socket_that_nobody_serves(sockctl, tmp_path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "dead"))
    sockctl("connect", tmp_path / "dead").fails(5, tmp_path / "dead", "ECONNREFUSED")


def test_descriptor_that_is_not_open(sockctl):
    proc = sockctl("connect", "fd:99")
    proc.fails(5, "fd:99", "EBADF")


def test_descriptor_that_is_no_socket(sockctl, tmp_path):
    with open(tmp_path / "file", "wb") as file:
        proc = sockctl("connect", f"fd:{file.fileno()}", fds=[file.fileno()])
        proc.fails(5, f"fd:{file.fileno()}", "ENOTSOCK")


@pytest.mark.parametrize("words", [
    ["connect"], ["connect", "--check"], ["listen"], ["echo"], ["echo", "--client", "--tcp"],
    ["echo", "--client", "--udp"], ["udp-recv"], ["udp-send"],
])
def test_interface_that_does_not_exist(sockctl, words):
    port = unused_port()
    proc = sockctl(*words, "--interface", "nosuch", "127.0.0.1", port)
    proc.fails(5, f"127.0.0.1:{port}: interface nosuch", "No such device", "; this machine has lo",
               "(ENODEV)")


@pytest.mark.parametrize("words", [
    ["connect"], ["connect", "--check"], ["echo", "--client", "--tcp"],
    ["echo", "--client", "--udp"], ["udp-send"],
])
def test_source_that_is_no_address_of_ours(sockctl, words):
    port = unused_port()
    proc = sockctl(*words, "--bind", "192.0.2.1", "127.0.0.1", port)
    proc.fails(5, f"127.0.0.1:{port}: from 192.0.2.1", "no interface of this machine has",
               "EADDRNOTAVAIL")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user to become")
def test_privileged_port(sockctl):
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
        if int(file.read()) <= 1:
            pytest.skip("every port is free for all here")
    proc = sockctl("listen", "127.0.0.1", "1", user=65534)
    proc.fails(5, "127.0.0.1:1", "EACCES")


# 6: time (test_timeouts.py has more)


def test_silent_accept_times_out(sockctl, server):
    def run():
        proc = sockctl("connect", "--timeout", "1", "127.0.0.1", port_of(server), stdin=PIPE)
        with accept(server):
            return proc.fails(6, "timed out")

    assert 1 <= soonest(run, 1.2) < 1.2


def test_silent_name_server_times_out(sockctl, namespaces):
    """Neither the look-up nor the thread that makes it holds up the end."""
    def run():
        start = sockctl("--version", wrap=namespaces("silent")).wait()  # and that of a name server
        proc = sockctl("connect", "--timeout", "1", "host.example", "80", wrap=namespaces("silent"))
        took = proc.fails(6, "timed out")
        assert took >= 1
        return took - start

    assert soonest(run, 1.2) < 1.2


# 7: the connection broke


@pytest.mark.parametrize("stdin", [PIPE, DEVNULL, b"x"], ids=["idle", "ended", "fed"])
def test_reset_after_data(join, stdin):
    """What came before the reset is kept, and the reset is no end of file."""
    proc, conn = join(stdin=stdin)
    conn.sendall(bytes(100000))
    if stdin == b"x":
        receive(conn, 1)
    proc.wait_out(100000)
    reset(conn)
    proc.fails(7, "Connection reset by peer (ECONNRESET)")
    assert proc.out == bytes(100000)


def test_reset_while_sending(join):
    proc, conn = join(stdin=bytes(8 * MIB))
    receive(conn, 100000)
    reset(conn)
    proc.fails(7)
    assert re.search("ECONNRESET|EPIPE", proc.err)


def test_reset_while_sending_a_file(join, random_file):
    with open(random_file, "rb") as file:
        proc, conn = join(stdin=file)
    receive(conn, 100000)
    reset(conn)
    proc.fails(7)
    assert re.search("ECONNRESET|EPIPE", proc.err)


def test_reset_at_once(join):
    """Also where the kernel reports it as the outcome of connecting."""
    proc, conn = join(stdin=bytes(MIB))
    reset(conn)
    proc.fails(7)
    assert re.search("ECONNRESET|EPIPE", proc.err)


def test_peer_closes_before_it_has_everything(join):
    """Its kernel answers what is left with a reset."""
    proc, conn = join(stdin=bytes(32 * MIB))
    receive(conn, 100000)
    conn.close()
    proc.fails(7)
    assert re.search("ECONNRESET|EPIPE", proc.err)


def test_peer_closes_with_unread_input(join):
    proc, conn = join(stdin=PIPE)
    proc.stdin.write(bytes(1000))
    receive(conn, 1)
    conn.close()
    proc.fails(7, "ECONNRESET")


def test_reset_after_both_directions_ended_is_no_failure(join):
    """Everything was delivered and acknowledged both ways."""
    proc, conn = join(stdin=b"request")
    assert receive_all(conn) == b"request"
    send_all(conn, b"reply")
    proc.wait()
    assert proc.out == b"reply"


# 0: nothing to complain about


def test_success_says_nothing(join):
    proc, conn = join(stdin=b"x")
    send_all(conn, b"y")
    receive_all(conn)
    proc.wait()
    assert not proc.complaints


def test_verbosity_does_not_change_the_result(sockctl):
    port = unused_port()
    for options in ([], ["-v"], ["-v", "-v"], ["-q"], ["--json"]):
        sockctl("connect", *options, "127.0.0.1", port).wait(5)
    for options in ([], ["-v"], ["--json"]):
        proc = sockctl("listen", *options, f"unix:@sockctl-{os.getpid()}-{port}", stdin=PIPE)
        proc.wait_err("listening")
        proc.stop()


@pytest.mark.parametrize("stream", ["help", "--help", "--version", "connect --help",
                                    "help listen"])
def test_help_that_cannot_be_written(sockctl, stream):
    with open("/dev/full", "wb") as full:
        proc = sockctl(*stream.split(), stdout=full)
    proc.wait(1)
    assert "ENOSPC" in proc.err


@pytest.mark.parametrize("words", ["--version", "help", "--help", "help connect", "connect --help",
                                   "help listen", "listen --help"])
def test_help_goes_to_stdout(sockctl, words):
    proc = sockctl(*words.split())
    proc.wait()
    text = proc.out.decode()
    assert text and not proc.err
    assert all(len(line) <= 80 for line in text.splitlines())


def test_client_of_a_listener_that_broke_gets_the_next_one(sockctl):
    """A listener's outcome is its connection's."""
    proc = sockctl("listen", "127.0.0.1", "0", stdin=PIPE)
    with dial(proc.port) as conn:
        conn.sendall(b"x")
        proc.wait_out(1)
        reset(conn)
    proc.fails(7, "ECONNRESET")


def test_half_close_is_no_failure(join):
    proc, conn = join(stdin=PIPE)
    half_close(conn)
    proc.stdin.close()
    assert receive_all(conn) == b""
    proc.wait()
