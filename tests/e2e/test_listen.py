# SPDX-License-Identifier: ISC
"""Where listen listens, whom it serves, and what it says about it."""

import re
import signal
import socket
import subprocess

import pytest

from harness import PIPE, wait_for
from peers import (dial, half_close, listener, port_of, receive, receive_all, reset, turned_down,
                   unused_port)


def sockets(*words):
    """The lines of ss about the port, without its header."""
    return subprocess.run(["ss", "-Hnt", *words], check=True, capture_output=True,
                          text=True).stdout.splitlines()


@pytest.mark.parametrize("words", ["127.0.0.1 0", "127.0.0.1:0", "localhost 0", "localhost:0",
                                   ":0", "0", "-4 0", "-4 localhost:0",
                                   "::ffff:127.0.0.1 0"])
def test_endpoint_forms(sockctl, words):
    proc = sockctl("listen", *words.split(), stdin=b"pong")
    with dial(proc.port) as conn:
        conn.sendall(b"ping")
        half_close(conn)
        assert receive_all(conn) == b"pong"
    proc.wait()
    assert proc.out == b"ping"


@pytest.mark.parametrize("words", ["::1 0", "[::1]:0", "localhost 0", "0", ":0", "-6 0", ":: 0"])
def test_endpoint_forms_of_ipv6(sockctl, namespaces, words):
    proc = sockctl("listen", *words.split(), stdin=b"pong", wrap=namespaces("hosts"))
    with dial(proc.port, "::1") as conn:
        conn.sendall(b"ping")
        half_close(conn)
        assert receive_all(conn) == b"pong"
    proc.wait()
    assert proc.out == b"ping"


@pytest.mark.parametrize("words", ["-6 0", "-6 localhost 0", "::1 0"])
def test_only_ipv6_when_asked(sockctl, namespaces, words):
    proc = sockctl("listen", *words.split(), wrap=namespaces("hosts"))
    with pytest.raises(ConnectionRefusedError):
        dial(proc.port, "127.0.0.1")
    dial(proc.port, "::1").close()
    proc.wait()


@pytest.mark.parametrize("words", ["-4 0", "-4 localhost 0", "127.0.0.1 0", "0.0.0.0 0"])
def test_only_ipv4_when_asked(sockctl, namespaces, words):
    proc = sockctl("listen", *words.split(), wrap=namespaces("hosts"))
    with pytest.raises(ConnectionRefusedError):
        dial(proc.port, "::1")
    dial(proc.port).close()
    proc.wait()


def test_one_port_for_all_addresses_of_a_name(sockctl, namespaces):
    proc = sockctl("listen", "-k", "localhost", "0", wrap=namespaces("hosts"))
    port = proc.port
    for address in ("127.0.0.1", "::1"):
        dial(port, address).close()
    proc.stop()
    said = [line for line in proc.lines if "listening on" in line]
    assert said and all(line.endswith(f":{port}") for line in said)


def test_says_where_it_listens(sockctl):
    port = unused_port()
    proc = sockctl("listen", "127.0.0.1", port)
    proc.wait_err(f"^sockctl: listen: listening on 127\\.0\\.0\\.1:{port}$")
    dial(port).close()
    proc.wait()
    assert len(proc.lines) == 1


def test_quiet(sockctl):
    port = unused_port()
    with listener(port=port):
        sockctl("listen", "-q", "127.0.0.1", port).fails(5, f"127.0.0.1:{port}", "EADDRINUSE")
    proc = sockctl("listen", "-q", "127.0.0.1", port, stdin=PIPE)
    conn = wait_for(lambda: accepted(port), "the listener")
    proc.stop()
    conn.close()
    assert proc.err == ""


def accepted(port):
    try:
        return dial(port)
    except ConnectionRefusedError:
        return None


def test_verbose_names_the_client(sockctl):
    proc = sockctl("listen", "-v", "127.0.0.1", "0")
    with dial(proc.port) as conn:
        source = port_of(conn)
    proc.wait()
    assert [line for line in proc.lines if "accepted" in line and f"127.0.0.1:{source}" in line]
    assert [line for line in proc.lines if "closed" in line]


def test_one_connection_only(sockctl):
    """A second client is refused at once instead of waiting for a service that never comes."""
    proc = sockctl("listen", "127.0.0.1", "0", stdin=PIPE)
    port = proc.port
    with dial(port) as conn:
        conn.sendall(b"x")
        proc.wait_out(1)
        with pytest.raises(ConnectionRefusedError):
            dial(port)
        proc.stdin.close()
    proc.wait()


def test_port_is_never_shared(sockctl):
    first = sockctl("listen", "127.0.0.1", "0", stdin=PIPE)
    second = sockctl("listen", "127.0.0.1", first.port)
    second.fails(5, f"127.0.0.1:{first.port}", "EADDRINUSE")
    first.stop()


def test_port_can_be_used_again_at_once(sockctl):
    """The side that ends first leaves the port in TIME_WAIT."""
    port = unused_port()
    for _ in range(2):
        proc = sockctl("listen", "127.0.0.1", port, stdin=b"bye")
        assert proc.port == port
        with dial(port) as conn:
            assert receive_all(conn) == b"bye"
        proc.wait()


def test_address_that_is_not_ours(sockctl):
    sockctl("listen", "192.0.2.1", "0").fails(5, "192.0.2.1:0", "EADDRNOTAVAIL")


def test_backlog_is_the_systems_largest(sockctl):
    with open("/proc/sys/net/core/somaxconn", encoding="ascii") as file:
        largest = int(file.read())
    proc = sockctl("listen", "-k", "127.0.0.1", "0")
    if not sockets("-l"):
        pytest.skip("ss is not installed")
    line, = sockets("-l", f"sport = :{proc.port}")
    assert int(line.split()[2]) == min(largest, socket.SOMAXCONN)
    proc.stop()


@pytest.mark.needs("ss")
def test_backlog_chosen(sockctl):
    proc = sockctl("listen", "--backlog", "7", "127.0.0.1", "0")
    line, = sockets("-l", f"sport = :{proc.port}")
    assert line.split()[2] == "7"
    proc.stop()


@pytest.mark.needs("ss")
def test_keepalive_finds_a_peer_that_is_gone(join, role):
    proc, conn = join(stdin=PIPE)
    conn.sendall(b"x")
    proc.wait_out(1)
    field = "dport" if role == "connect" else "sport"
    port = conn.getsockname()[1] if role == "connect" else conn.getpeername()[1]

    line, = sockets("-o", f"{field} = :{port}")
    assert re.search(r"timer:\(keepalive,(5\dsec|1min)", line), line
    proc.stop()


def test_burst_of_clients_is_not_dropped(sockctl):
    proc = sockctl("listen", "-k", "127.0.0.1", "0")
    port = proc.port
    conns = [dial(port) for _ in range(300)]
    for conn in conns:
        conn.sendall(b"x")
    proc.wait_out(300)
    for conn in conns:
        conn.close()
    proc.stop()


def test_inherited_listening_socket(sockctl):
    with listener() as sock:
        port = port_of(sock)
        proc = sockctl("listen", f"fd:{sock.fileno()}", stdin=b"pong", fds=[sock.fileno()])
        with dial(port) as conn:
            conn.sendall(b"ping")
            half_close(conn)
            assert receive_all(conn) == b"pong"
        proc.wait()
        assert proc.out == b"ping"


def test_inherited_connection(sockctl):
    """What a super-server accepted is served as if it had been accepted here."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        proc = sockctl("listen", f"fd:{theirs.fileno()}", stdin=b"pong", fds=[theirs.fileno()])
        theirs.close()
        ours.sendall(b"ping")
        half_close(ours)
        assert receive_all(ours) == b"pong"
        proc.wait()
        assert proc.out == b"ping"


def test_client_that_resets_before_it_is_accepted(sockctl):
    """It is served as any broken connection is; the next one does not suffer."""
    proc = sockctl("listen", "-k", "127.0.0.1", "0")
    port = proc.port
    for _ in range(20):
        reset(dial(port))
    with dial(port) as conn:
        conn.sendall(b"well")
        half_close(conn)
        proc.wait_out(4)
    proc.stop()


def test_options_are_set_on_the_listening_socket(sockctl):
    proc = sockctl("listen", "--set", "SO_RCVBUF=65536", "--get", "SO_RCVBUF", "127.0.0.1", "0")
    dial(proc.port).close()
    proc.wait()
    assert [line for line in proc.lines if "SO_RCVBUF" in line and "131072" in line], proc.err


# The kernel turns a socket of IPv6 into one of IPv4 only where its client came by that.
ONLY_IPV4 = "IPV6_ADDRFORM=AF_INET"


def test_option_that_fails_for_one_client_ends_that_one(sockctl):
    proc = sockctl("listen", "-k", "-v", "-o", ONLY_IPV4, "0", stdin=PIPE)
    assert turned_down(proc.port, "::1")
    line = proc.wait_err(ONLY_IPV4).string
    assert line.startswith("sockctl: listen: [::1]:") and "(EADDRNOTAVAIL)" in line
    proc.wait_err("closed .* not served")
    with dial(proc.port) as conn:
        conn.sendall(b"served")
        assert proc.wait_out(6) == b"served"
        proc.stop()


def test_option_that_fails_counts_where_clients_do(sockctl):
    proc = sockctl("listen", "--count", "2", "-o", ONLY_IPV4, "0", stdin=PIPE)
    assert turned_down(proc.port, "::1")
    with dial(proc.port) as conn:
        conn.sendall(b"served")
        assert proc.wait_out(6) == b"served"
    proc.stdin.close()
    proc.wait(5)


def test_option_that_fails_for_the_only_client(sockctl):
    proc = sockctl("listen", "-o", ONLY_IPV4, "0")
    assert turned_down(proc.port, "::1")
    proc.fails(5, ONLY_IPV4)


def test_option_that_cannot_be_read_is_not_the_servers_failure(sockctl):
    proc = sockctl("listen", "-k", "--get", "IPV6_V6ONLY", "127.0.0.1", "0", stdin=PIPE, stdout=PIPE)
    with dial(proc.port):
        proc.wait_err("IPV6_V6ONLY: .*EOPNOTSUPP")
        proc.stdout.close()  # which ends it
        proc.wait(128 + signal.SIGPIPE)


def test_bytes_are_passed_on_as_they_come(sockctl):
    proc = sockctl("listen", "127.0.0.1", "0", stdin=PIPE)
    with dial(proc.port) as conn:
        for n in range(5):
            proc.stdin.write(b"ping%d" % n)
            assert receive(conn, 5) == b"ping%d" % n
            conn.sendall(b"pong%d" % n)
            assert proc.wait_out(5 * (n + 1)).endswith(b"pong%d" % n)
        proc.stdin.close()
        assert receive_all(conn) == b""
    proc.wait()


def test_input_waits_for_a_client(sockctl):
    """Nothing that was there before the client came is lost."""
    proc = sockctl("listen", "127.0.0.1", "0", stdin=b"early" * 50000)
    with dial(proc.port) as conn:
        assert receive_all(conn) == b"early" * 50000
    proc.wait()


def test_input_and_output_files(sockctl, tmp_path):
    (tmp_path / "in").write_bytes(b"from a file")
    proc = sockctl("listen", "--input", tmp_path / "in", "--output", tmp_path / "out",
                   "127.0.0.1", "0")
    with dial(proc.port) as conn:
        conn.sendall(b"into a file")
        half_close(conn)
        assert receive_all(conn) == b"from a file"
    proc.wait()
    assert (tmp_path / "out").read_bytes() == b"into a file"
