# SPDX-License-Identifier: ISC
"""Options of nc and ncat that fewer scripts give: the original and ours side by side, and the command
line that --explain prints beside both."""

import re
import shlex
import socket
import subprocess
import threading

import pytest

from harness import DEADLINE, wait_for
from netcats import OURS, compare_clients, compare_servers, explained, program_of
from originals import (Served, against_server, all_that_comes, answers_late, asks, comes, patiently, run, serve,
                       speaks_first)
from peers import listener, port_of, receive_all, udp, unix_listener, unused_port, unused_udp_port


def three(dialect, line):
    """The original, ours, and the command line that ours explains."""
    words = shlex.split(line)
    return [*program_of(dialect), *words], [*OURS[dialect], *words], explained(dialect, words)


def same_for_all(dialect, line, once):
    def compare_once():
        theirs, *ours = [once(command) for command in three(dialect, line)]
        assert ours == [theirs] * 2
        return theirs

    return patiently(compare_once)


def with_words(command, **places):
    """The command with what stands for words in capitals put in."""
    for name, place in places.items():
        command = [word.replace(name, str(place)) for word in command]
    return command


# Clients.

@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-nC -w 5 -q 1 127.0.0.1 PORT"), ("openbsd", "-b 127.0.0.1 PORT"),
    ("openbsd", "-T 0x10 -N 127.0.0.1 PORT"), ("openbsd", "-W 1 127.0.0.1 PORT"),
    ("openbsd", "-DN 127.0.0.1 PORT"),
    ("ncat", "--crlf --wait 2 -4 --nodns 127.0.0.1 PORT"), ("ncat", "--telnet 127.0.0.1 PORT"),
    ("ncat", "--source 127.0.0.1 127.0.0.1 PORT"), ("traditional", "-s 127.0.0.1 127.0.0.1 PORT"),
    ("traditional", "-T 0x10 127.0.0.1 PORT"), ("traditional", "-t 127.0.0.1 PORT"),
    ("traditional", "-b -q 1 127.0.0.1 PORT"), ("traditional", "-r 127.0.0.1 PORT"),
])
@pytest.mark.parametrize("behave", [answers_late, speaks_first])
def test_client(dialect, line, behave):
    compare_clients(dialect, shlex.split(line), behave)


@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-nvw 5 127.0.0.1 PORT"), ("openbsd", "-vN -4 localhost PORT"),
    ("ncat", "-nvw 5 127.0.0.1 PORT"),
])
def test_what_verbose_clients_say(dialect, line):
    compare_clients(dialect, line.split(), answers_late, says=True)


@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-N -p SOURCE 127.0.0.1 PORT"), ("openbsd", "-N -s 127.0.0.1 -p SOURCE 127.0.0.1 PORT"),
    ("ncat", "-p SOURCE 127.0.0.1 PORT"), ("ncat", "--source-port SOURCE -s 127.0.0.1 127.0.0.1 PORT"),
    ("traditional", "-q 1 -p SOURCE 127.0.0.1 PORT"), 
])
def test_source_port(dialect, line):
    def once(command):
        source = unused_port()
        outcome = against_server(with_words(command, SOURCE=source), lambda conn: (
            conn.getpeername()[1] == source, answers_late(conn)), b"question\n")
        return outcome[:2], outcome[3]

    assert same_for_all(dialect, line, once)[1][0]


@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-6N ::1 PORT"), ("openbsd", "-N ::1 PORT"), ("openbsd", "-6 -s ::1 -q 0 ::1 PORT"),
    ("openbsd", "-6z ::1 PORT"), ("ncat", "-6 ::1 PORT"), ("ncat", "-6z ::1 PORT"), ("ncat", "::1 PORT"),
])
def test_client_over_ipv6(dialect, line):
    def once(command):
        with listener("::1") as server:
            task = threading.Thread(target=serve, args=(server, answers_late, seen := []), daemon=True)
            task.start()
            outcome = run(with_words(command, PORT=port_of(server)), b"question\n")
            task.join(DEADLINE)
        return outcome[:2], seen if "z" not in line else 0

    assert same_for_all(dialect, line, once)[0][0]


@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-U PATH"), ("openbsd", "-NU PATH"), ("openbsd", "-w 1 -U PATH"), ("openbsd", "-U -W 1 PATH"),
    ("openbsd", "-zU PATH"), ("ncat", "-U PATH"), ("ncat", "--unixsock --recv-only PATH"),
])
def test_client_in_the_file_system(dialect, line, tmp_path):
    count = iter(range(100))

    def once(command):
        path = str(tmp_path / str(next(count)))
        with unix_listener(path) as server:
            task = threading.Thread(target=serve, args=(server, answers_late, seen := []), daemon=True)
            task.start()
            outcome = run(with_words(command, PATH=path), b"question\n")
            task.join(DEADLINE)
        return outcome[:2], seen if "z" not in line else 0

    assert same_for_all(dialect, line, once)[0][0]


@pytest.mark.parametrize("line", ["-i 300ms 127.0.0.1 PORT", "-v -i 1 127.0.0.1 PORT"])
def test_idle_limit_of_ncat(line):
    theirs, ours, native = (against_server(command, receive_all_or_reset, b"", keep_open=True)
                            for command in three("ncat", line))
    said = [text for text in theirs[2].splitlines() if "Version" not in text]
    assert said[-1].startswith("Ncat: Idle timeout expired (") and ours[2].splitlines() == said
    assert ours[:2] == theirs[:2] == native[:2] == (False, b"")
    assert (theirs[3], ours[3]) == (b"", "reset")  # the manual says so


def receive_all_or_reset(conn):
    try:
        return receive_all(conn)
    except ConnectionResetError:
        return "reset"


@pytest.mark.parametrize("line", ["-l -i 300ms 127.0.0.1 PORT"])
def test_idle_limit_of_a_server_of_ncat(line):
    def once(command):
        server = Served(command, unused_port())
        with server.dial() as conn:
            receive_all_or_reset(conn)
        return server.finish()

    theirs, ours, native = map(once, three("ncat", line))
    assert theirs == ours == (False, b"", "Ncat: Idle timeout expired (300 ms). QUITTING.\n")
    assert native[:2] == ours[:2]


@pytest.mark.parametrize("ends_input", [True, False])
def test_server_that_only_receives(ends_input):
    """Its input is read and sent to nobody, but its end is."""
    def once(command):
        server = Served(command, unused_port(), b"ignored\n")
        with server.dial() as conn:
            conn.sendall(b"first\n")
            seen = [server.proc.stdout.read(6), comes(conn)]
            if ends_input:
                server.end_input()
                seen.append(comes(conn))
            conn.sendall(b"last\n")
            conn.shutdown(socket.SHUT_WR)
            seen.append(comes(conn))
        return seen, server.finish()[:2]

    seen = same_for_all("ncat", "-l --recv-only 127.0.0.1 PORT", once)[0]
    assert seen == [b"first\n", None, *([b""] if ends_input else []), b""]


def test_server_that_only_sends():
    def once(command):
        server = Served(command, unused_port(), b"banner\n")
        server.end_input()
        with server.dial() as conn:
            seen = all_that_comes(conn)
        return seen, server.finish()[:2]

    assert same_for_all("ncat", "-lp PORT --send-only", once)[0] == (b"banner\n", b"")


# Servers.

@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-lD PORT"), ("openbsd", "-lt PORT"), ("openbsd", "-lb PORT"),
    ("openbsd", "-l -T lowdelay PORT"), ("openbsd", "-l -I 4096 -O 4096 PORT"), ("openbsd", "-l -M 9 -m 1 PORT"),
    ("openbsd", "-lN -w 5 PORT"),
    ("ncat", "--listen --crlf --source-port PORT"),
    ("ncat", "-lt PORT"), ("ncat", "-l4 PORT"), ("ncat", "-ln PORT"),
    ("ncat", "-l PORT --deny 10.0.0.0/8"), ("ncat", "-l PORT --allow 127.0.0.0/8,10.0.0.1"),
    
    ("traditional", "-l -p PORT -s 127.0.0.1"), ("traditional", "-l -p PORT -w 5"), ("traditional", "-ltp PORT"),
    ("busybox", "-l -p PORT -w 5"),
])
def test_server(dialect, line):
    compare_servers(dialect, line.split(), asks)


@pytest.mark.parametrize("dialect, line", [
    ("ncat", "-l PORT -c 'read x; echo $x'"), ("ncat", "-l 127.0.0.1 PORT --sh-exec cat"),
    ("ncat", "-l 127.0.0.1 PORT --exec '/bin/echo one two'"),
])
def test_server_with_a_program(dialect, line):
    compare_servers(dialect, shlex.split(line), asks, stdin=b"")


@pytest.mark.parametrize("option, admits", [
    ("--allow 10.0.0.1", False), ("--deny 127.0.0.1", False),
    ("--allowfile FILE", True), ("--denyfile FILE", False), ("--allow localhost", True), ("--deny localhost", False),
    ("-4 --deny localhost", False), ("--deny localhost/8", False), ("--allow localhost --deny 127.0.0.1", False),
    ("--allowfile NAMES", True), ("--deny 10.0.0.1,localhost", False),
])
def test_who_is_admitted(option, admits, tmp_path):
    """Who is not is hung up on, and the server waits for the next."""
    (tmp_path / "FILE").write_text("127.0.0.1\n")
    (tmp_path / "NAMES").write_text("10.0.0.1 localhost\n")

    def once(command):
        server = Served(command, unused_port(), b"banner\n")
        try:
            with server.dial() as conn:
                return all_that_comes(conn)[0]
        except ConnectionResetError:
            return b""
        finally:
            server.proc.terminate()
            server.finish()

    line = f"-lk 127.0.0.1 PORT {re.sub('FILE|NAMES', lambda name: str(tmp_path / name[0]), option)}"
    assert same_for_all("ncat", line, once) == (b"banner\n" if admits else b"")


@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-6l PORT"), ("openbsd", "-l ::1 PORT"), ("openbsd", "-6l ::1 PORT"), ("ncat", "-6l PORT"),
    ("ncat", "-l ::1 PORT"),
])
def test_server_over_ipv6(dialect, line):
    def once(command):
        server = Served(command, unused_port())
        server.end_input()
        try:
            with socket.create_connection(("::1", server.place), DEADLINE) as conn:
                seen = asks(conn)
        finally:
            outcome = server.finish()
        return outcome[:2], seen

    assert same_for_all(dialect, line, once)[0] == (True, b"question\n")


@pytest.mark.parametrize("words", [["-m", "1"], ["--max-conns", "2"]])
def test_more_clients_than_are_served(words):
    """One that is too many is not answered."""
    def once(command):
        server = Served(command, unused_port())
        try:
            with server.dial() as one:
                one.sendall(b"one\n")
                first = one.recv(100)
                with server.dial() as two:
                    two.sendall(b"two\n")
                    return first, all_that_comes(two)[0]
        finally:
            server.proc.terminate()
            server.finish()

    seen = same_for_all("ncat", shlex.join(["-lk", *words, "127.0.0.1", "PORT", "-e", "/bin/cat"]), once)
    assert seen == (b"one\n", b"" if words[1] == "1" else b"two\n")


# Datagrams.

def is_bound(port):
    wanted = f":{port:04X}"
    for name in ("/proc/net/udp", "/proc/net/udp6"):
        with open(name, encoding="ascii") as file:
            if any(line.split()[1].endswith(wanted) for line in file):
                return True
    return False


@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-u -w 1 127.0.0.1 PORT"), ("openbsd", "-u -W 1 127.0.0.1 PORT"),
    ("openbsd", "-4bu -w 1 127.0.0.1 PORT"),
    ("openbsd", "-u -W 1 -p SOURCE 127.0.0.1 PORT"),
    ("traditional", "-u -w 1 127.0.0.1 PORT"), ("traditional", "-u -q 1 127.0.0.1 PORT"),
])
def test_datagram_client(dialect, line):
    def once(command):
        with udp() as sock:
            def answer():
                data, peer = sock.recvfrom(100)
                seen.append((data, "SOURCE" not in line or peer[1] == source))
                sock.sendto(data.upper(), peer)

            source, seen = unused_udp_port(), []
            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            outcome = run(with_words(command, PORT=port_of(sock), SOURCE=source), b"question\n",
                          keep_open="-W" in line)
            thread.join(DEADLINE)
        return outcome, seen

    outcome, seen = same_for_all(dialect, line, once)
    assert outcome[:2] == (True, seen[0][0].upper()) and seen[0][1]


def test_datagram_client_of_ncat():
    """It has no end of its own but that of its input with --send-only."""
    def once(command):
        with udp() as sock:
            outcome = run(with_words(command, PORT=port_of(sock)), b"question\n")
            return outcome, sock.recv(100)

    assert same_for_all("ncat", "-u --send-only 127.0.0.1 PORT", once) == ((True, b"", ""), b"question\n")


@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-lu PORT"), ("openbsd", "-lu -p PORT"), ("openbsd", "-ul 127.0.0.1 PORT"),
    ("ncat", "-lu PORT"), ("ncat", "--udp --listen 127.0.0.1 PORT"),
    ("traditional", "-lup PORT"), ("ncat", "-lu PORT -e /bin/cat"), ("traditional", "-lup PORT -e /bin/cat"),
])
def test_datagram_server(dialect, line):
    """What comes is printed, or what a program says comes back."""
    def once(command):
        port = unused_udp_port()
        with subprocess.Popen(with_words(command, PORT=port), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as proc:
            try:
                wait_for(lambda: is_bound(port), "a server")
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                    sock.settimeout(DEADLINE)
                    sock.connect(("127.0.0.1", port))
                    sock.send(b"question\n")
                    if "-e" in line:
                        return sock.recv(100)
                    printed = proc.stdout.readline()
                    proc.stdin.write(b"answer\n")
                    proc.stdin.flush()
                    return printed, sock.recv(100)
            finally:
                proc.kill()

    assert same_for_all(dialect, line, once) == (
        b"question\n" if "-e" in line else (b"question\n", b"answer\n"))


@pytest.mark.parametrize("line", ["-u -e '/bin/echo hello' 127.0.0.1 PORT", "-u -c 'echo hello; read x; echo $x' 127.0.0.1 PORT"])
def test_datagram_client_with_a_program(line):
    """The program speaks first, and may be answered."""
    def once(command):
        with udp() as sock:
            def answer():
                data, peer = sock.recvfrom(100)
                seen.append(data)
                if "-c" in line:
                    sock.sendto(b"again\n", peer)
                    seen.append(sock.recv(100))

            seen = []
            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            outcome = run(with_words(command, PORT=port_of(sock)))
            thread.join(DEADLINE)
        return outcome[:2], seen

    assert same_for_all("ncat", line, once)[1] == [b"hello\n", b"again\n"][:2 if "-c" in line else 1]


def test_datagrams_of_unix(tmp_path):
    """-uU: the server's answers find a client that has a name of its own."""
    count = iter(range(100))

    def once(command):
        path = str(tmp_path / str(next(count)))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
            server.bind(path)
            server.settimeout(DEADLINE)
            outcome = run(with_words(command, PATH=path), b"question\n")
            return outcome[:2], server.recv(100)

    assert same_for_all("openbsd", "-uU -w 1 PATH", once)[1] == b"question\n"


# A connection that is handed over.

def test_connection_is_passed():
    """-F: the descriptor comes over the socket that is standard output."""
    def once(command):
        ours, theirs = socket.socketpair()
        with ours, listener() as server:
            with theirs:
                proc = subprocess.Popen(with_words(command, PORT=port_of(server)), stdin=subprocess.DEVNULL,
                                        stdout=theirs)
            ours.settimeout(DEADLINE)
            fds = socket.recv_fds(ours, 100, 1)[1]
            with socket.socket(fileno=fds[0]) as conn, server.accept()[0] as peer:
                conn.sendall(b"hello\n")
                return peer.recv(100), proc.wait(DEADLINE)

    assert same_for_all("openbsd", "-F 127.0.0.1 PORT", once) == (b"hello\n", 0)
