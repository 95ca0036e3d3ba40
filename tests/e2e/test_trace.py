# SPDX-License-Identifier: ISC
"""--trace shows the calls that are made for the user, --trace-all all others as well, decoded."""

import re
from collections import Counter

import pytest

from harness import DEVNULL, NO_LEAK_CHECK, PIPE
from peers import accept, answer, dial, half_close, port_of, receive_all, unused_port
from tls_client import ask

STRACE = ["strace", "-f", "-qq", "-E", NO_LEAK_CHECK, "-e", "signal=none", "-e",
          "trace=%network", "-o"]
CALL = re.compile(r"\b(\w+)\((.*)\) = (-?\d+)( E\w+)?")

# How the kernel calls what the C library calls otherwise.
SYSTEM_CALLS = {"send": "sendto", "recv": "recvfrom", "accept": "accept4"}


def calls(text):
    """(name, arguments, result, error) of each line that tells a call."""
    return [match.groups() for match in map(CALL.search, text.splitlines()) if match]


def answer_of(conn, data):
    """What the other side says to DATA, which is all that it gets."""
    conn.sendall(data)
    half_close(conn)
    return receive_all(conn)


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


# What serves the program and not its user, by command line.
HOUSEKEEPING = {
    "connect": [r"^sigaction\(", r"^fcntl\(0, F_GETFL", r"^fstat\(0, ",
                r"^fcntl\(1, F_GETFL", r"^fstat\(1, ", r'^open\("/proc/self/fd/0"',
                r"F_GETPIPE_SZ", r"F_SETPIPE_SZ", r'^inet_pton\(AF_INET, "localhost", \?\)'],
    "listen": [r"^sigaction\(SIGCHLD", r"^prctl\(PR_SET_CHILD_SUBREAPER",
               r"^prctl\(PR_SET_PDEATHSIG", r"^sigprocmask\("],
}


def shown_by(lines, pattern):
    return [line for line in lines if re.search(pattern, line.partition(" ")[2])]


@pytest.mark.parametrize("option", ["--trace", "--trace-all"])
@pytest.mark.parametrize("command", HOUSEKEEPING)
def test_housekeeping(sockctl, server, tmp_path, command, option):
    """--trace shows what is done for the user, --trace-all the rest as well."""
    trace = f"{option}={tmp_path}/trace"
    if command == "connect":
        proc = sockctl("connect", trace, "-4", "localhost", port_of(server), stdin=b"ping",
                       stdout=PIPE)
        with accept(server) as conn:
            answer(conn, b"pong")
        assert proc.stdout.read() == b"pong"
    else:
        proc = sockctl("listen", trace, "--exec", "cat", "127.0.0.1", "0", stdin=DEVNULL)
        with dial(proc.port) as conn:
            assert answer_of(conn, b"ping") == b"ping"
    proc.wait()
    lines = (tmp_path / "trace").read_text().splitlines()
    found = [pattern for pattern in HOUSEKEEPING[command] if shown_by(lines, pattern)]
    assert found == (HOUSEKEEPING[command] if option == "--trace-all" else [])


@pytest.mark.parametrize("option", ["--trace", "--trace-all"])
def test_sandbox(sockctl, server, option):
    proc = sockctl("connect", option, "127.0.0.1", port_of(server), "-v")
    accept(server).close()
    proc.wait()
    confined, = re.findall(r"confined by (.*)|not confined", proc.err)
    for word, call in (("seccomp", "seccomp("), ("Landlock", "landlock_restrict_self("),
                       ("", "prctl(PR_SET_NO_NEW_PRIVS")):
        assert (call in proc.err) == (option == "--trace-all" and bool(confined) and word in confined)


def test_bytes_move_by_recv_and_send(sockctl, server):
    """And not inside the kernel, where nobody sees them."""
    proc = sockctl("connect", "--trace", "127.0.0.1", port_of(server), stdin=b"ping")
    with accept(server) as conn:
        answer(conn, b"pong")
    proc.wait()
    made = [(name, args.partition(", ")[2], result) for name, args, result, _ in calls(proc.err)
            if name in ("read", "write", "recv", "send", "splice", "sendfile") and result != "-1"]
    assert [(name, args.partition(",")[0], result) for name, args, result in made] == [
        ("read", '"ping"', "4"), ("send", '"ping"', "4"), ("read", '""', "0"),
        ("recv", '"pong"', "4"), ("write", '"pong"', "4"), ("recv", '""', "0")]
    assert 'read(0, "ping"' in proc.err and 'write(1, "pong"' in proc.err


def test_processes_are_told_apart(sockctl):
    proc = sockctl("listen", "--trace", "--exec", "cat", "127.0.0.1", "0", stdin=DEVNULL)
    with dial(proc.port) as conn:
        answer_of(conn, b"ping")
    proc.wait()
    pid, = re.findall(r" fork\(\) = (\d+) <[\d.]+>$", proc.err, re.M)
    theirs = [line.split()[1].partition("(")[0] for line in proc.lines
              if line.endswith(f" [pid {pid}]")]
    assert theirs == ["dup2", "dup2", "fcntl", "fcntl", "execve"]
    assert proc.err.count("[pid ") == len(theirs)


def test_threads_are_told_apart(sockctl, server):
    proc = sockctl("connect", "--trace", "localhost", port_of(server), "-4")
    accept(server).close()
    proc.wait()
    tid, = re.findall(r" getaddrinfo\(.* \[tid (\d+)\]$", proc.err, re.M)
    assert int(tid) != proc.pid
    assert proc.err.count("[tid ") == 1


@pytest.mark.parametrize("option", ["--trace", "--trace-all"])
@pytest.mark.parametrize("word", ["c", "C", "text"])
def test_file_with_the_name_of_a_format(sockctl, tmp_path, option, word):
    """Somebody who meant the format gets no file."""
    proc = sockctl("resolve", f"{option}={word}", "127.0.0.1", cwd=tmp_path)
    proc.fails(2, f"'--trace-format {word.lower()}'", f"'{option}=./{word}'")
    assert not list(tmp_path.iterdir())
    sockctl("resolve", f"{option}=./{word}", "127.0.0.1", cwd=tmp_path).wait()
    assert (tmp_path / word).exists()


def test_both_traces_at_once(sockctl):
    sockctl("resolve", "--trace", "--trace-all", "127.0.0.1").fails(2, "--trace", "--trace-all")


def socket_calls_of_kernel(strace_output):
    """What strace saw, without what the C library asks of the name service."""
    names = []
    for line in strace_output.splitlines():
        match = re.search(r"^(?:\d+ +)?(?:<\.\.\. )?(\w+)", line)
        if match and "unfinished" not in line and "resumed" not in line:
            names.append(match[1])
    return Counter(names)


def assert_told(folder):
    """The trace has each call that strace saw, in number and kind."""
    seen = socket_calls_of_kernel((folder / "strace").read_text())
    seen.pop("socketpair", None)  # the event loop's own, for its signals
    told = Counter(SYSTEM_CALLS.get(name, name)
                   for name, *_ in calls((folder / "trace").read_text()))
    assert seen and {name: told[name] for name in seen} == seen


@pytest.mark.needs("strace")
@pytest.mark.parametrize("option", ["--trace", "--trace-all"])
@pytest.mark.parametrize("options", [[], ["--crlf"], ["--telnet"]], ids=" ".join)
def test_no_socket_call_escapes(sockctl, server, tmp_path, options, option):
    """The same calls, in number and kind, as the kernel saw."""
    proc = sockctl("connect", f"{option}={tmp_path}/trace", *options, "127.0.0.1", port_of(server),
                   stdin=b"x" * 300000,
                   wrap=[*STRACE, tmp_path / "strace"])
    with accept(server) as conn:
        answer(conn, b"y" * 300000)
    proc.wait()
    assert_told(tmp_path)


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
    assert_told(tmp_path)


@pytest.mark.needs("strace")
@pytest.mark.tls
@pytest.mark.parametrize("mode", [["-k"], ["-k", "--exec", "cat"], ["-k", "--forward"],
                                  ["-k", "--forward", "tls:"]], ids=" ".join)
def test_no_socket_call_of_a_tls_server_escapes(sockctl, authority, tmp_path, mode):
    own = ["--tls", "--cert", authority.server.both]
    behind = None
    if "--forward" in mode:
        tls = mode[2:] == ["tls:"]
        behind = sockctl("listen", "-k", *(own if tls else []), "--exec", "cat", "127.0.0.1", "0",
                         stdin=DEVNULL)
        mode = ["-k", "--forward", f"{'tls:' if tls else ''}127.0.0.1:{behind.port}", *(
            ["--ca", authority.root.cert] if tls else [])]
    proc = sockctl("listen", *own, *mode, "--count", "3", f"--trace={tmp_path}/trace",
                   "127.0.0.1", "0", stdin=DEVNULL, wrap=[*STRACE, tmp_path / "strace"])
    for _ in range(3):
        ask(proc.port, b"y" * 10000)
    proc.wait()
    if behind:
        behind.stop()
    assert_told(tmp_path)


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
