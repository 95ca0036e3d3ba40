# SPDX-License-Identifier: ISC
"""--trace-format c: a program that does again what a command did, with the same bytes.

Each test traces a command that meets a peer, compiles the program that this gives, lets it meet the
same peer, and compares what both sides got.
"""

import os
import re
import signal
import socket
import subprocess
from contextlib import closing

import pytest

from harness import DEADLINE, DEVNULL, PIPE, Task, wait_for
from peers import accept, answer, dial, half_close, listener, port_of, receive_all, reset, send_all
from peers import receive, udp, unused_port, unused_udp_port

pytestmark = pytest.mark.needs("cc")

HOST = "127.0.0.1"
BINARY = b'p"i\\ng??/ ??= \x001\xff\n' + bytes(range(256))
LARGE = os.urandom(100000)


@pytest.fixture
def traced(sockctl, tmp_path):
    """Starts a command whose trace is a program."""

    def start(command, *args, **how):
        return sockctl(command, f"--trace={tmp_path}/trace.c", "--trace-format", "c", *args, **how)

    return start


def source(tmp_path):
    return (tmp_path / "trace.c").read_text()


@pytest.fixture
def program(sockctl, tmp_path):
    """Compiles the trace and starts it: returns the process."""

    def start(*args, stdin=DEVNULL, **how):
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", tmp_path / "again",
                        tmp_path / "trace.c"], check=True)
        return sockctl(*args, program=str(tmp_path / "again"), stdin=stdin, **how)

    return start


def body(text):
    """The statements of main(), without what stands around them."""
    return text.partition("\nint main(")[2]


def listens(port, family=socket.AF_INET, kind=socket.SOCK_STREAM):
    """Whether somebody has the port."""
    with socket.socket(family, kind) as sock:
        try:
            sock.bind(("::1" if family == socket.AF_INET6 else HOST, port))
        except OSError:
            return True
    return False


def dial_soon(port, address=HOST):
    """A connection to a program that is about to listen."""

    def connect():
        try:
            return dial(port, address)
        except ConnectionRefusedError:
            return None

    return wait_for(connect, "a program that listens")


# connect


@pytest.mark.parametrize("ours, theirs", [
    (b"ping", b"pong\n"), (BINARY, BINARY[::-1]), (LARGE, LARGE[::-1]), (b"", b"banner"), (b"x", b"")],
    ids=["words", "binary", "large", "received", "sent"])
@pytest.mark.parametrize("options", [[], ["--crlf"], ["--hex"], ["--input"]], ids=" ".join)
def test_connect(traced, program, server, tmp_path, options, ours, theirs):
    if options == ["--input"]:
        (tmp_path / "input").write_bytes(ours)
        options = ["--input", tmp_path / "input"]
    proc = traced("connect", *options, HOST, port_of(server), stdin=ours)
    with accept(server) as conn:
        got = answer(conn, theirs)
    proc.wait()
    again = program()
    with accept(server) as conn:
        assert answer(conn, theirs) == got
    again.wait()
    assert again.out == proc.out == theirs
    assert again.err == ""


@pytest.mark.parametrize("options", [
    ["--set", "SO_LINGER=5"], ["--get", "SO_RCVBUF", "--get", "TCP_INFO", "--get", "SO_RCVTIMEO"],
    ["--recv-exactly", "5"], ["--recv-flag", "MSG_WAITALL"], ["--send-flag", "MSG_MORE"], ["-v"],
    ["--bind", HOST], ["--exec", "cat; echo done"], ["--oob=now"]], ids=" ".join)
def test_connect_with_options(traced, program, server, options):
    proc = traced("connect", *options, HOST, port_of(server), stdin=b"ping")
    with accept(server) as conn:
        got = converse(conn)
    proc.wait()
    again = program()
    with accept(server) as conn:
        assert converse(conn) == got
    again.wait()
    assert again.out == proc.out


def converse(conn):
    """What the other side says to some words and then their end."""
    conn.sendall(b"pong\n")
    half_close(conn)
    return receive_all(conn)


@pytest.mark.parametrize("address, family", [("::1", socket.AF_INET6), ("localhost", socket.AF_INET)])
def test_connect_by_other_addresses(traced, program, address, family):
    with closing(listener("::1" if family == socket.AF_INET6 else HOST)) as server:
        for start in (lambda: traced("connect", "-6" if family == socket.AF_INET6 else "-4", address,
                                     port_of(server), stdin=b"ping"), program):
            proc = start()
            with accept(server) as conn:
                assert answer(conn, b"pong") == b"ping"
            proc.wait()
            assert proc.out == b"pong"


@pytest.mark.parametrize("name", ["path", "@abstract-{}"])
def test_connect_unix(traced, program, tmp_path, name):
    name = name.format(os.getpid()) if name[0] == "@" else str(tmp_path / name)
    with socket.socket(socket.AF_UNIX) as server:
        server.settimeout(DEADLINE)
        server.bind(name.replace("@", "\0"))
        server.listen()
        for start in (lambda: traced("connect", f"unix:{name}", stdin=b"ping"), program):
            proc = start()
            with accept(server) as conn:
                assert answer(conn, b"pong") == b"ping"
            proc.wait()
            assert proc.out == b"pong"


def test_port_is_the_argument(traced, program, server):
    proc = traced("connect", HOST, port_of(server), stdin=b"ping")
    with accept(server) as conn:
        answer(conn, b"")
    proc.wait()
    with closing(listener()) as other:
        again = program(port_of(other))
        with accept(other) as conn:
            assert answer(conn, b"") == b"ping"
        again.wait()


def test_failure_that_is_new(traced, program, server, tmp_path):
    proc = traced("connect", HOST, port_of(server), stdin=b"ping")
    with accept(server) as conn:
        answer(conn, b"")
    proc.wait()
    again = program(unused_port())
    again.wait(1)
    assert again.err == "connect: Connection refused\n"
    assert "if (connect(" in body(source(tmp_path))


def test_failure_that_was_there(traced, program):
    port = unused_port()
    traced("connect", HOST, port).wait(5)
    again = program()
    again.wait()
    assert "Connection refused" in again.err


def test_check(traced, program, server):
    traced("connect", "--check", HOST, port_of(server)).wait()
    accept(server).close()
    program().wait()
    accept(server).close()


def test_style(traced, server, tmp_path):
    """What a reader finds: designated initialisers, checks, waiting."""
    proc = traced("connect", HOST, port_of(server), "--set", "SO_LINGER=5", stdin=b"ping")
    with accept(server) as conn:
        answer(conn, b"pong")
    proc.wait()
    text = source(tmp_path)
    assert text.startswith("#define _GNU_SOURCE\n") and text.endswith("\treturn 0;\n}\n")
    assert (f"in_port_t port = htons(argc > 1 ? (in_port_t)atoi(argv[1]) : {port_of(server)});"
            in text)
    assert (".sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}"
            in text)
    assert "&(struct linger){.l_onoff = 1, .l_linger = 5}" in text
    assert re.search(r"\tint (fd\d+) = socket\(AF_INET, .*\n\tif \(\1 < 0\)\n\t\tfail\(\"socket\"\);",
                     text)
    assert re.search(r"\tif \(connect\((fd\d+), .*\) < 0 && errno != EINPROGRESS\) // = -1 .*\n"
                     r"\t\tfail\(\"connect\"\);\n\tawait_connected\(\1\);\n", text)
    assert re.search(r'\tsend_all\(fd\d+, "ping", 4, .*\);.*\n', text)
    assert re.search(r'\trecv_all\(fd\d+, buf, 4, .*\n\tif \(write\(1, buf, 4\) != 4\)', text)
    assert "SIGINT" not in text
    assert "pair" not in text  # which only some programs need


# listen


@pytest.mark.parametrize("address, family", [(HOST, socket.AF_INET), ("::1", socket.AF_INET6)])
@pytest.mark.parametrize("options", [[], ["--telnet"], ["--oob"], ["-v"]], ids=" ".join)
def test_listen(traced, program, address, family, options):
    """Where the kernel chose a port, it is what the program takes unless it is told another."""
    proc = traced("listen", *options, address, 0, stdin=b"ping")
    port = proc.port
    with dial(port, address) as conn:
        assert converse(conn) == b"ping"
    proc.wait()
    for other in (None, unused_port()):
        again = program(*([other] if other else []))
        with dial_soon(other or port, address) as conn:
            assert converse(conn) == b"ping"
        again.wait()
        assert again.out == proc.out == b"pong\n"


def test_listen_on_all_addresses(traced, program):
    proc = traced("listen", "0", stdin=b"ping")
    port = proc.port
    with dial(port) as conn:
        assert converse(conn) == b"ping"
    proc.wait()
    again = program(unused_port())
    with dial_soon(int(again.args[1])) as conn:
        assert converse(conn) == b"ping"
    again.wait()
    assert again.out == b"pong\n"


def test_listen_for_several(traced, program):
    proc = traced("listen", "-k", "--count", "2", HOST, 0, stdin=DEVNULL)
    for start in (proc, None):
        again = start or program(unused_port())
        port = proc.port if start else int(again.args[1])
        for word in (b"one\n", b"two\n"):
            with dial_soon(port) as conn:
                conn.sendall(word)
                half_close(conn)
                assert receive_all(conn) == b""
        again.wait()
        assert again.out == b"one\ntwo\n"


def test_listen_unix(traced, program, tmp_path):
    path = str(tmp_path / "socket")

    def meet(proc):
        wait_for(lambda: os.path.exists(path), "the socket")
        with socket.socket(socket.AF_UNIX) as conn:
            conn.settimeout(DEADLINE)
            wait_for(lambda: conn.connect_ex(path) == 0, "a program that listens")
            assert converse(conn) == b"ping"
        proc.wait()
        assert proc.out == b"pong\n"
        assert not os.path.exists(path)

    meet(traced("listen", f"unix:{path}", stdin=b"ping"))
    meet(program())


@pytest.mark.parametrize("command", [["--exec", "tr a-z A-Z"], ["--exec-file", "cat"]], ids=" ".join)
def test_listen_with_a_program(traced, program, tmp_path, command):
    proc = traced("listen", HOST, 0, *command, stdin=DEVNULL)
    with dial(proc.port) as conn:
        got = converse(conn)
    proc.wait()
    again = program(unused_port())
    with dial_soon(int(again.args[1])) as conn:
        assert converse(conn) == got
    again.wait()
    text = source(tmp_path)
    block, = re.findall(r"\n\tif \(fork\(\) == 0\) \{ // = (\d+)\n((?:\t\t.*\n)+)\t\}\n", text)
    pid, statements = block
    assert re.findall(r"\b(?:dup2|execve)\(", statements) == ["dup2(", "dup2(", "execve("]
    assert statements.endswith("\t\t_exit(127);\n")
    marked = [line for line in text.splitlines() if f" [pid {pid}]" in line]
    assert marked and all(line in statements for line in marked)
    assert "dup2(" not in text.replace(statements, "")


def test_program_that_is_killed(traced, program, tmp_path):
    """When its client has gone; the number of the process is that of the fork."""
    command = ["--exec-file", "sh", "-c", "echo $$; exec sleep 1000"]
    proc = traced("listen", HOST, 0, *command, stdin=DEVNULL)

    def meet(port):
        conn = dial_soon(port)
        child = int(receive_line(conn))
        reset(conn)
        return child

    children = [meet(proc.port)]
    proc.ended()
    assert re.search(r"\n\tpid_t (child\d+) = fork\(\);\n\tif \(\1 == 0\) \{ // = "
                     rf"{children[0]}\n(?s:.*)\n\tif \(kill\(\1, SIGHUP\) < 0 && errno != ESRCH\) // = 0\n",
                     source(tmp_path))
    again = program(unused_port())
    children.append(meet(int(again.args[1])))
    again.wait()
    assert not [child for child in children if os.path.exists(f"/proc/{child}")]


def receive_line(conn):
    line = b""
    while not line.endswith(b"\n"):
        line += conn.recv(1)
    return line


def test_program_that_cannot_be_started(traced, program, tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/nonexistent/interpreter\n")
    script.chmod(0o755)
    proc = traced("listen", HOST, 0, "--exec-file", script, stdin=DEVNULL)
    dial(proc.port).close()
    proc.ended()
    again = program(unused_port())
    dial_soon(int(again.args[1])).close()
    again.wait()
    assert "execve: No such file or directory" in again.err


def test_forward(traced, program, server):
    proc = traced("listen", "--forward", f"{HOST}:{port_of(server)}", HOST, 0)
    for start in (proc, None):
        again = start or program(unused_port())
        with dial_soon(proc.port if start else int(again.args[1])) as conn:
            sending = Task(send_all, conn, LARGE)
            with accept(server) as other:
                talking = Task(lambda: (other.sendall(b"banner"), half_close(other)))
                assert receive_all(other) == LARGE
                talking.result()
            sending.result()
            assert receive_all(conn) == b"banner"
        again.wait()


# Datagrams


def datagrams(sock, count):
    return [sock.recv(70000) for _ in range(count)]


@pytest.mark.parametrize("options", [[], ["--connected"], ["--send-flag", "MSG_CONFIRM"]], ids=" ".join)
@pytest.mark.parametrize("messages", [
    ["hello"], ["hello", "again"], ["same"] * 20 + ["end"], ["", "x"], ["0123456789" * 3000]],
    ids=["one", "two", "many", "empty", "long"])
def test_udp_send(traced, program, options, messages):
    with udp() as sock:
        traced("udp-send", *options, HOST, port_of(sock), *messages).wait()
        got = datagrams(sock, len(messages))
        assert got == [message.encode() for message in messages]
        program().wait()
        assert datagrams(sock, len(messages)) == got


@pytest.mark.parametrize("options", [[], ["--connected"]], ids=" ".join)
def test_udp_send_with_replies(traced, program, options):
    with udp() as sock:
        def reply():
            data, source = sock.recvfrom(100)
            sock.sendto(data.upper(), source)

        for start in (lambda: traced("udp-send", *options, "--replies", 1, HOST, port_of(sock), "ping"),
                      program):
            proc = start()
            reply()
            proc.wait()
            assert proc.out == b"PING\n"


@pytest.mark.parametrize("options, answered", [
    ([], None), (["--json"], None), (["--reply", "pong"], b"pong"), (["--echo"], b"ping"),
    (["--hex"], None)], ids=str)
def test_udp_recv(traced, program, options, answered):
    proc = traced("udp-recv", *options, "--count", "2", HOST, 0)

    def meet(port):
        with udp() as sock, udp() as other:
            for each in (sock, other):
                each.sendto(b"ping", (HOST, port))
                if answered:
                    assert each.recvfrom(100) == (answered, (HOST, port))

    meet(proc.port)
    proc.wait()
    again = program(unused_udp_port())
    port = int(again.args[1])
    wait_for(lambda: listens(port, kind=socket.SOCK_DGRAM), "a program that receives")
    meet(port)
    again.wait()
    assert again.out == proc.out


def test_udp_recv_in_segments(traced, program, sockctl):
    """Datagrams that the kernel hands over as one are several."""
    words = ["same"] * 20
    proc = traced("udp-recv", "--count", len(words), HOST, 0)
    sockctl("udp-send", HOST, proc.port, *words).wait()
    proc.wait()
    again = program(unused_udp_port())
    port = int(again.args[1])
    wait_for(lambda: listens(port, kind=socket.SOCK_DGRAM), "a program that receives")
    sockctl("udp-send", HOST, port, *words).wait()
    again.wait()
    assert again.out == proc.out == b"same\n" * len(words)


def test_unix_datagrams(traced, program, tmp_path):
    """An answer goes to the name that the kernel chose for the sender, each time another one."""
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(DEADLINE)
        sock.bind(path)
        for start in (lambda: traced("udp-send", "--replies", 1, f"unix:{path}", "ping"), program):
            proc = start()
            data, source = sock.recvfrom(100)
            assert data == b"ping"
            sock.sendto(b"pong", source)
            proc.wait()
            assert proc.out == b"pong\n"


def test_datagrams_from_stdin(traced, program):
    """connect --udp: what one read brings is a datagram, and an answer is waited for."""
    with udp() as sock:
        for start in (lambda: traced("connect", "--udp", "--wait", "100ms", HOST, port_of(sock), stdin=b"ping"),
                      program):
            proc = start()
            data, peer = sock.recvfrom(100)
            assert data == b"ping"
            sock.sendto(b"pong", peer)
            proc.wait()
            assert proc.out == b"pong"


@pytest.mark.parametrize("how", [[], ["--exec", "cat"]], ids=" ".join)
def test_datagrams_of_one_peer(traced, program, how):
    """listen --udp, whose input and output are ours or a program's."""
    proc = traced("listen", "--udp", "--count", 2, *how, HOST, 0, stdin=DEVNULL if how else PIPE)

    def meet(port):
        with udp() as sock:
            sock.connect((HOST, port))
            sock.send(b"one\n")
            assert not how or sock.recv(100) == b"one\n"
            sock.send(b"two\n")

    meet(proc.port)
    proc.ended()
    again = program(unused_udp_port())
    port = int(again.args[1])
    wait_for(lambda: listens(port, kind=socket.SOCK_DGRAM), "a program that receives")
    meet(port)
    again.wait()
    assert again.out == proc.out == (b"" if how else b"one\ntwo\n")


def test_messages_of_a_connection(traced, program, tmp_path):
    """seqpacket:, from both sides."""
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.settimeout(DEADLINE)
        server.bind(path)
        server.listen()
        for start in (lambda: traced("connect", f"seqpacket:{path}", stdin=b"ping"), program):
            proc = start()
            with accept(server) as conn:
                assert conn.recv(100) == b"ping"
                conn.send(b"one")
                conn.send(b"two")
            proc.wait()
            assert proc.out == b"onetwo"


def test_messages_of_a_client(traced, program, tmp_path):
    path = str(tmp_path / "socket")

    def meet(proc):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as conn:
            conn.settimeout(DEADLINE)
            wait_for(lambda: conn.connect_ex(path) == 0, "a program that listens")
            conn.send(b"one")
            conn.send(b"two")
            conn.shutdown(socket.SHUT_WR)
            assert conn.recv(100) == b"ping"
        proc.wait()
        assert proc.out == b"onetwo"

    meet(traced("listen", f"seqpacket:{path}", stdin=b"ping"))
    meet(program())


def test_several_paths(traced, program, server):
    """--mptcp, where the peer has plain TCP."""
    proc = traced("connect", "--mptcp", HOST, port_of(server), stdin=b"ping")
    with accept(server) as conn:
        got = converse(conn)
    proc.wait()
    again = program()
    with accept(server) as conn:
        assert converse(conn) == got == b"ping"
    again.wait()
    assert again.out == proc.out == b"pong\n"


def test_listen_on_two_endpoints(traced, program, tmp_path):
    """--also, and a Unix socket that has a group and a mode."""
    path = str(tmp_path / "socket")
    proc = traced("listen", "-k", "--count", 2, "--also", f"unix:{path}", "--mode", "0660",
                  "--group", os.getgid(), HOST, 0, stdin=DEVNULL)

    def meet(proc, port):
        with dial_soon(port) as conn:
            assert converse(conn) == b""
        assert os.stat(path).st_mode & 0o777 == 0o660
        with socket.socket(socket.AF_UNIX) as conn:
            conn.settimeout(DEADLINE)
            conn.connect(path)
            assert converse(conn) == b""
        proc.wait()
        assert proc.out == b"pong\npong\n"
        assert not os.path.exists(path)

    meet(proc, proc.port)
    again = program(unused_port())
    meet(again, int(again.args[1]))


# Echo


def test_echo(traced, program):
    proc = traced("echo", HOST, 0)
    port = proc.port

    def meet(port):
        with dial_soon(port) as conn:
            conn.sendall(b"stream")
            half_close(conn)
            assert receive_all(conn) == b"stream"
        with udp() as sock:
            sock.sendto(b"datagram", (HOST, port))
            assert sock.recv(100) == b"datagram"

    meet(port)
    proc.stop(signal.SIGINT)
    again = program(unused_port())
    meet(int(again.args[1]))
    again.wait()


def listeners(port):
    """How many sockets listen on a port."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)


def test_echo_with_threads(traced, program, tmp_path):
    """Each thread is a function. A client whose port and whose server's are the same as before meets the
    same one, for so the kernel chooses among sockets that share a port."""
    proc = traced("echo", "--threads", 3, HOST, 0)
    port = proc.port

    def meet(sources):
        wait_for(lambda: listeners(port) == 3, "the sockets of all threads")
        for number, source_port in enumerate(sources):
            word = f"word {number}".encode()
            with socket.socket() as conn:
                conn.settimeout(DEADLINE)
                conn.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                conn.bind((HOST, source_port))
                conn.connect((HOST, port))
                conn.sendall(word)
                assert receive(conn, len(word)) == word
                yield port_of(conn)
                reset(conn)

    sources = list(meet([0] * 8))
    proc.stop(signal.SIGINT)
    text = source(tmp_path)
    assert re.findall(r"^static void \*(run\d+)\(void \*arg\)$", text, re.M) == ["run1", "run2"]
    for number, function in enumerate(text.split("\n// What thread ")[1:], 1):
        tids = set(re.findall(r" \[tid (\d+)\]$", function, re.M))
        assert len(tids) <= 1 and function.startswith(f"{number} does.")
        assert f"\terrno = pthread_create(&thread{number}, NULL, run{number}, NULL);" in body(text)
        assert f"\terrno = pthread_join(thread{number}, NULL);" in body(text)
    again = program()
    assert list(meet(sources)) == sources
    again.wait()


@pytest.mark.parametrize("protocol", ["--tcp", "--udp"])
def test_echo_client(traced, program, sockctl, protocol):
    server = sockctl("echo", HOST, 0)
    proc = traced("echo", "--client", protocol, HOST, server.port, "word")
    proc.wait()
    again = program()
    again.wait()
    assert again.out == proc.out == b"word\n" or again.err == ""
    server.stop()


# What looks things up


@pytest.mark.parametrize("command", [
    ["resolve", "localhost"], ["resolve", HOST, 80], ["resolve", "--via", "gethostbyname", "localhost"],
    ["resolve", "--flag", "AI_NUMERICHOST", "::1"], ["options", "tcp"], ["options", "udp"],
    ["options", "SO_LINGER"], ["descriptor"], ["descriptor", "tcp"], ["descriptor", "udp"],
    ["descriptor", "unix"], ["services", "http", "80/tcp"], ["protocols", "tcp", "6"],
    ["networks"], ["hosts"], ["address", HOST, "::1"], ["address", "258"], ["errors", "EAI_NONAME"],
    ["sockets", "--udp"]], ids=lambda words: " ".join(map(str, words)))
def test_look_up(traced, program, command):
    traced(*command).wait()
    program().wait()


@pytest.mark.parametrize("command", [
    ["resolve", "localhost"], ["resolve", "localhost", 80], ["resolve", "::1", "80", "--flag",
     "AI_NUMERICHOST"], ["resolve", HOST], ["resolve", HOST, 80],
    ["resolve", "--via", "gethostbyname", "localhost"]], ids=lambda words: " ".join(map(str, words)))
def test_same_answer(traced, program, command):
    proc = traced(*command)
    proc.wait()
    again = program()
    again.wait()
    assert again.out == proc.out != b""


@pytest.mark.parametrize("command, shown", [
    (["services", "http"], "http 80/tcp\n"), (["protocols", "udp"], "udp 17\n"),
    (["networks", "loopback"], "loopback 0x7f000000\n"),
    (["address", "258"], "33619968\n33619968\n513\n513\n0.0.1.2\n"),
    (["errors", "EAI_NONAME"], "Name or service not known\n")], ids=str)
def test_answer_of_calls(traced, program, command, shown):
    traced(*command).wait()
    again = program()
    again.wait()
    assert shown in again.out.decode()


def test_look_up_that_fails(traced, program):
    traced("resolve", "--flag", "AI_NUMERICHOST", "nowhere").wait(3)
    again = program()
    again.wait()
    assert again.err == "getaddrinfo: Name or service not known\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs privilege to bind to an interface")
def test_name_of_an_interface(traced, program, tmp_path):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        bound.bind(("::1", 0))
        traced("sockets", "--udp").wait()
    program().wait()
    assert "if_indextoname(" in source(tmp_path)


# The program as such


@pytest.mark.parametrize("option", ["--trace", "--trace-all"])
def test_all_calls_compile(sockctl, server, tmp_path, option):
    """Also what serves sockctl alone stands in it, as comments."""
    proc = sockctl("connect", f"{option}={tmp_path}/trace.c", "--trace-format=c", HOST,
                   port_of(server), stdin=b"ping")
    with accept(server) as conn:
        answer(conn, b"pong")
    proc.wait()
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-c", "-o", tmp_path / "trace.o",
                    tmp_path / "trace.c"], check=True)
    assert ("\t// sigaction(SIGTERM, {handler}, NULL) = 0\n" in source(tmp_path)) == (
        option == "--trace-all")


def test_large_program(traced, program, server, tmp_path):
    """What is too large to be kept is written while it grows."""
    data = os.urandom(3 << 20)
    proc = traced("connect", HOST, port_of(server), stdin=data)
    with accept(server) as conn:
        assert answer(conn, b"pong") == data
    proc.wait()
    assert len(source(tmp_path)) > 4 << 20
    again = program()
    with accept(server) as conn:
        assert answer(conn, b"pong") == data
    again.wait()
    assert again.out == b"pong"


def test_same_calls_as_the_text(traced, sockctl, tmp_path):
    traced("options", "udp").wait()
    text = sockctl("options", "udp", "--trace")
    text.wait()
    made = [re.match(r"[\d.]+ (\w+)\(", line)[1] for line in text.lines]
    found = re.findall(r"^\t(?:if \(|int \w+ = )(\w+)\(.* // = ", body(source(tmp_path)), re.M)
    assert found == made


def test_on_stderr_without_trace(sockctl):
    proc = sockctl("options", "SO_LINGER", "--trace-format=c")
    proc.wait()
    assert proc.err.startswith("#define _GNU_SOURCE\n") and proc.err.endswith("\treturn 0;\n}\n")


def test_as_json(sockctl):
    proc = sockctl("options", "SO_LINGER", "--trace-format=c", "--json")
    proc.wait()
    lines = [event["line"] for event in proc.events if event["event"] == "call"]
    assert lines[0] == "#define _GNU_SOURCE" and lines[-1] == "}"


def test_bad_format(sockctl):
    sockctl("options", "--trace-format", "d").fails(2, "--trace-format", "'d'", "text, c")
