# SPDX-License-Identifier: ISC
"""Where connect connects to, and what it says about it."""

import socket

import pytest

from harness import CLOSED, DEVNULL, PIPE, Task
from peers import accept, answer, listener, port_of, receive, receive_all, send_all, unused_port


def serve(server, reply=b"pong\n"):
    return Task(lambda: answer(accept(server), reply))


@pytest.mark.parametrize("words", [
    "127.0.0.1 {}", "127.0.0.1:{}", "localhost {}", "localhost:{}", ":{}",
    "-4 localhost {}", "-- 127.0.0.1 {}",
])
def test_endpoint_forms(sockctl, server, words):
    request = serve(server)
    proc = sockctl("connect", *words.format(port_of(server)).split(), stdin=b"ping\n")
    proc.wait()
    assert request.result() == b"ping\n"
    assert proc.out == b"pong\n"
    assert proc.err == ""


@pytest.mark.parametrize("words", ["::1 {}", "[::1]:{}", "[::1%lo]:{}", "-6 localhost {}"])
def test_endpoint_forms_of_ipv6(sockctl, namespaces, words):
    with listener("::1") as server:
        request = serve(server)
        proc = sockctl("connect", *words.format(port_of(server)).split(), stdin=b"ping\n",
                       wrap=namespaces("hosts"))
        proc.wait()
        assert request.result() == b"ping\n"
        assert proc.out == b"pong\n"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_each_address_of_a_name_is_tried(sockctl, namespaces, address):
    with listener(address) as server:
        request = serve(server)
        proc = sockctl("connect", "localhost", port_of(server), stdin=b"x",
                       wrap=namespaces("hosts"))
        proc.wait()
        assert request.result() == b"x"


def test_service_name(sockctl):
    proc = sockctl("connect", "127.0.0.1", "tcpmux")
    proc.fails(5, "127.0.0.1:1:", "ECONNREFUSED")


def test_inherited_descriptor(sockctl):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        proc = sockctl("connect", f"fd:{theirs.fileno()}", stdin=b"ping", fds=[theirs.fileno()])
        theirs.close()
        assert answer(ours, b"pong") == b"ping"
        proc.wait()
        assert proc.out == b"pong"


def test_inherited_descriptor_of_both_families(sockctl, server):
    """IPv4 is IPv4, though the socket has it as a mapped address."""
    with socket.socket(socket.AF_INET6) as theirs:
        theirs.connect(("::ffff:127.0.0.1", port_of(server)))
        own, port = port_of(theirs), port_of(server)
        conn = accept(server)
        proc = sockctl("connect", "-v", "--json", "--stats", f"fd:{theirs.fileno()}", stdin=b"ping",
                       fds=[theirs.fileno()])
    with conn:
        assert answer(conn, b"pong") == b"ping"
    proc.wait()
    assert proc.out == b"pong"
    assert "ffff" not in proc.err
    connected, = (e for e in proc.events if e["event"] == "connected")
    assert connected["remote"] == {"family": "inet", "address": "127.0.0.1", "port": port}
    assert connected["local"] == {"family": "inet", "address": "127.0.0.1", "port": own}


def test_bytes_are_passed_on_as_they_come(sockctl, server):
    """Nothing is held back until more arrives, in either direction."""
    proc = sockctl("connect", "127.0.0.1", port_of(server), stdin=PIPE)
    with accept(server) as conn:
        for n in range(5):
            proc.stdin.write(b"ping%d" % n)
            assert receive(conn, 5) == b"ping%d" % n
            conn.sendall(b"pong%d" % n)
            assert proc.wait_out(5 * (n + 1)).endswith(b"pong%d" % n)
        proc.stdin.close()
        assert receive_all(conn) == b""
    proc.wait()


def test_bytes_arrive_before_anything_is_sent(sockctl, server):
    proc = sockctl("connect", "127.0.0.1", port_of(server), stdin=PIPE)
    with accept(server) as conn:
        conn.sendall(b"220 ready\r\n")
        proc.wait_out(11)
        proc.stdin.close()
    proc.wait()
    assert proc.out == b"220 ready\r\n"


def test_input_and_output_files(sockctl, server, tmp_path):
    (tmp_path / "in").write_bytes(b"from a file")
    request = serve(server, b"into a file")
    proc = sockctl("connect", "--input", tmp_path / "in", "--output", tmp_path / "out",
                   "127.0.0.1", port_of(server), stdin=CLOSED)
    proc.wait()
    assert request.result() == b"from a file"
    assert (tmp_path / "out").read_bytes() == b"into a file"
    assert proc.out == b""


def test_output_file_is_replaced(sockctl, server, tmp_path):
    out = tmp_path / "out"
    out.write_bytes(b"something longer that was there before")
    serve(server, b"new")
    sockctl("connect", "--output", out, "127.0.0.1", port_of(server)).wait()
    assert out.read_bytes() == b"new"


def test_bind_chooses_the_source_address(sockctl, server):
    proc = sockctl("connect", "--bind", "127.0.0.2", "127.0.0.1", port_of(server))
    with accept(server) as conn:
        assert conn.getpeername()[0] == "127.0.0.2"
    proc.wait()


@pytest.mark.parametrize("options", ["--bind 127.0.0.3:{}", "-s 127.0.0.3:{}",
                                     "-s 127.0.0.3 -p {}"])
def test_bind_chooses_address_and_port(sockctl, server, options):
    source = unused_port()
    proc = sockctl("connect", *options.format(source).split(), "127.0.0.1", port_of(server))
    with accept(server) as conn:
        assert conn.getpeername() == ("127.0.0.3", source)
    proc.wait()


def test_source_port(sockctl, server):
    source = unused_port()
    proc = sockctl("connect", "--source-port", source, "127.0.0.1", port_of(server))
    with accept(server) as conn:
        assert conn.getpeername() == ("127.0.0.1", source)
    proc.wait()


def test_source_address_that_is_not_ours(sockctl, server):
    proc = sockctl("connect", "--bind", "192.0.2.1", "127.0.0.1", port_of(server))
    proc.fails(5, "EADDRNOTAVAIL")


def test_interface(sockctl, server):
    proc = sockctl("connect", "--interface", "lo", "127.0.0.1", port_of(server))
    accept(server).close()
    proc.wait()


def test_interface_that_does_not_exist(sockctl, server):
    proc = sockctl("connect", "--interface", "nosuch0", "127.0.0.1", port_of(server))
    assert proc.wait(5) < 10
    assert "nosuch0" in proc.err


def test_socket_option_is_set_before_connecting_and_shown_after(sockctl, server):
    proc = sockctl("connect", "--set", "SO_RCVBUF=65536", "--set", "TCP_NODELAY",
                   "--get", "SO_RCVBUF", "--get", "TCP_NODELAY", "--get", "SO_TYPE",
                   "127.0.0.1", port_of(server))
    accept(server).close()
    proc.wait()
    assert proc.out == b""
    for name, value in (("SO_RCVBUF", "131072"), ("TCP_NODELAY", "1"), ("SO_TYPE", "SOCK_STREAM")):
        assert [line for line in proc.lines if name in line and value in line], proc.err


def test_maximum_segment_size_is_set_before_the_handshake(sockctl, server):
    proc = sockctl("connect", "-o", "TCP_MAXSEG=1000", "127.0.0.1", port_of(server), stdin=PIPE)
    with accept(server) as conn:
        assert conn.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) <= 1000
        proc.stdin.close()
    proc.wait()


def test_quiet_without_being_asked(sockctl, server):
    serve(server)
    proc = sockctl("connect", "127.0.0.1", port_of(server), stdin=DEVNULL)
    proc.wait()
    assert proc.err == ""


def test_verbose_names_both_ends_and_counts(sockctl, server):
    proc = sockctl("connect", "-v", "127.0.0.1", port_of(server), stdin=b"12345")
    with accept(server) as conn:
        source = conn.getpeername()[1]
        send_all(conn, b"123")
        receive_all(conn)
    proc.wait()
    assert f"127.0.0.1:{port_of(server)}" in proc.err
    assert f"127.0.0.1:{source}" in proc.err
    assert "5" in proc.err.replace(str(source), "") and "3" in proc.err


def test_control_characters_of_a_name_never_reach_the_terminal(sockctl):
    proc = sockctl("connect", "bad\x1b[31mname\x07.invalid", "80")
    proc.wait(proc.popen.wait())
    assert proc.popen.returncode in (2, 3, 4)
    assert "\x1b" not in proc.err and "\x07" not in proc.err
    assert "[31mname" in proc.err


def test_host_name_too_long_for_any_resolver(sockctl):
    name = ".".join(["a" * 50] * 6)
    proc = sockctl("connect", name, "80")
    proc.fails(2, "253")
