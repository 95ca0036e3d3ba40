# SPDX-License-Identifier: ISC
"""--trace shows every call on sockets and databases, decoded."""

import re
from collections import Counter

import pytest

from harness import DEVNULL, NO_LEAK_CHECK
from peers import accept, answer, dial, half_close, port_of, receive_all, unused_port

STRACE = ["strace", "-f", "-qq", "-E", NO_LEAK_CHECK, "-e", "signal=none", "-e",
          "trace=%network", "-o"]
CALL = re.compile(r"\b(\w+)\((.*)\) = (-?\d+)( E\w+)?")

# How the kernel calls what the C library calls otherwise.
SYSTEM_CALLS = {"send": "sendto", "recv": "recvfrom", "accept": "accept4"}


def calls(text):
    """(name, arguments, result, error) of each line that tells a call."""
    return [match.groups() for match in map(CALL.search, text.splitlines()) if match]


def test_client(sockctl, server):
    proc = sockctl("connect", "--trace", "127.0.0.1", port_of(server), stdin=b"ping")
    with accept(server) as conn:
        assert answer(conn, b"pong") == b"ping"
    proc.wait()
    assert proc.out == b"pong"
    made = {name: (args, result) for name, args, result, _ in calls(proc.err)}
    args, fd = made["socket"]
    assert "AF_INET" in args and "SOCK_STREAM" in args
    args, _ = made["connect"]
    assert args.startswith(f"{fd}, ") and f"127.0.0.1:{port_of(server)}" in args
    args, result = made["shutdown"]
    assert args == f"{fd}, SHUT_WR" and result == "0"
    assert "SOL_SOCKET, SO_KEEPALIVE" in proc.err
    assert "close" in made


def test_server(sockctl):
    proc = sockctl("listen", "--trace", "127.0.0.1", "0", stdin=DEVNULL)
    with dial(proc.port) as conn:
        source = port_of(conn)
        conn.sendall(b"ping")
        half_close(conn)
        receive_all(conn)
    proc.wait()
    names = [name for name, *_ in calls(proc.err)]
    for name in ("socket", "setsockopt", "bind", "listen", "getsockname"):
        assert name in names
    assert "SO_REUSEADDR" in proc.err
    assert "SO_REUSEPORT" not in proc.err
    assert re.search(rf"accept4?\(.*127\.0\.0\.1:{source}", proc.err)


def test_failure_names_the_error(sockctl):
    port = unused_port()
    proc = sockctl("connect", "--trace", f"[::1]:{port}")
    proc.wait(5)
    assert re.search(rf"connect\(\d+, \[::1\]:{port}\) = -1 E(INPROGRESS|CONNREFUSED)", proc.err)
    assert "ECONNREFUSED" in proc.err


def test_name_lookup(sockctl, server):
    proc = sockctl("connect", "--trace", "localhost", port_of(server), "-4")
    accept(server).close()
    proc.wait()
    args, = (args for name, args, *_ in calls(proc.err) if name == "getaddrinfo")
    assert '"localhost"' in args


def test_numeric_addresses_are_not_looked_up_as_names(sockctl, server):
    proc = sockctl("connect", "--trace", "127.0.0.1", port_of(server))
    accept(server).close()
    proc.wait()
    for name, args, *_ in calls(proc.err):
        assert name != "getservbyname"
        assert name != "getaddrinfo" or "AI_NUMERICHOST" in args


def test_into_a_file(sockctl, server, tmp_path):
    proc = sockctl("connect", f"--trace={tmp_path}/trace", "127.0.0.1", port_of(server))
    accept(server).close()
    proc.wait()
    assert proc.err == ""
    names = [name for name, *_ in calls((tmp_path / "trace").read_text())]
    assert {"socket", "connect", "shutdown"} <= set(names)


def test_into_a_file_that_cannot_be_made(sockctl, server, tmp_path):
    proc = sockctl("connect", f"--trace={tmp_path}/no/trace", "127.0.0.1", port_of(server))
    proc.fails(1, "ENOENT")


@pytest.mark.parametrize("options", [[], ["--trace-format=c"]], ids=" ".join)
def test_into_a_file_that_is_full(sockctl, options):
    proc = sockctl("resolve", "--trace=/dev/full", *options, "localhost")
    proc.fails(1, "/dev/full", "ENOSPC")
    assert len(proc.lines) == 1


def test_data_is_safe_for_a_terminal(sockctl, server):
    proc = sockctl("connect", "--trace", "--crlf", "127.0.0.1", port_of(server),
                   stdin=bytes(range(256)))
    with accept(server) as conn:
        receive_all(conn)
        conn.sendall(bytes(range(256)))
    proc.wait()
    assert not [char for char in proc.err if char != "\n" and not char.isprintable()]


def socket_calls_of_kernel(strace_output):
    """What strace saw, without what the C library asks of the name service."""
    names = []
    for line in strace_output.splitlines():
        match = re.search(r"^(?:\d+ +)?(?:<\.\.\. )?(\w+)", line)
        if match and "unfinished" not in line and "resumed" not in line:
            names.append(match[1])
    return Counter(names)


@pytest.mark.needs("strace")
@pytest.mark.parametrize("options", [[], ["--crlf"], ["--telnet"]], ids=" ".join)
def test_no_socket_call_escapes(sockctl, server, tmp_path, options):
    """The same calls, in number and kind, as the kernel saw."""
    proc = sockctl("connect", f"--trace={tmp_path}/trace", *options, "127.0.0.1", port_of(server),
                   stdin=b"x" * 300000,
                   wrap=[*STRACE, tmp_path / "strace"])
    with accept(server) as conn:
        answer(conn, b"y" * 300000)
    proc.wait()
    seen = socket_calls_of_kernel((tmp_path / "strace").read_text())
    seen.pop("socketpair", None)  # the event loop's own, for its signals
    told = Counter(SYSTEM_CALLS.get(name, name)
                   for name, *_ in calls((tmp_path / "trace").read_text()))
    assert seen and {name: told[name] for name in seen} == seen


@pytest.mark.needs("strace")
def test_no_socket_call_of_a_listener_escapes(sockctl, tmp_path):
    proc = sockctl("listen", "-k", "--count", "3", f"--trace={tmp_path}/trace", "127.0.0.1", "0",
                   stdin=DEVNULL,
                   wrap=[*STRACE, tmp_path / "strace"])
    for _ in range(3):
        with dial(proc.port) as conn:
            conn.sendall(b"y" * 10000)
            half_close(conn)
            receive_all(conn)
    proc.wait()
    seen = socket_calls_of_kernel((tmp_path / "strace").read_text())
    seen.pop("socketpair", None)
    told = Counter(SYSTEM_CALLS.get(name, name)
                   for name, *_ in calls((tmp_path / "trace").read_text()))
    assert seen and {name: told[name] for name in seen} == seen


def test_both_sides_of_one_transfer(sockctl, tmp_path):
    """The bytes that the traced calls say they moved are the bytes that were there."""
    server = sockctl("listen", f"--trace={tmp_path}/listen", "--telnet", "127.0.0.1", "0",
                     stdin=DEVNULL)
    client = sockctl("connect", f"--trace={tmp_path}/connect", "--crlf", "127.0.0.1", server.port,
                     stdin=b"x" * 100000)
    client.wait()
    server.wait()
    for name, call in (("listen", "recv"), ("connect", "send")):
        moved = [int(result) for called, _, result, _ in calls((tmp_path / name).read_text())
                 if called == call and int(result) > 0]
        assert sum(moved) == 100000
