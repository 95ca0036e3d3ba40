# SPDX-License-Identifier: ISC
"""nc and ncat as their users know them: the original and ours side by side, for each shape of command
line, and the command line that --explain prints beside both."""

import os
import re
import shlex
import socket
import ssl
import subprocess
import threading
import time

import pytest

from harness import DEADLINE, PROGRAM, wait_for
from peers import listener, port_of, receive_all, udp, unused_port
from netcats import OURS, compare_clients, compare_servers, explained, program_of
from originals import (Patience, Served, against_server, all_that_comes, answers_late, asks,
                       await_member, closes_at_once, is_listening, patiently, run, speaks_first)

CLIENTS = [
    ("openbsd", "127.0.0.1 PORT"), ("openbsd", "-N 127.0.0.1 PORT"),
    ("openbsd", "127.0.0.1 PORT -N"), ("openbsd", "-q1 127.0.0.1 PORT"),
    ("openbsd", "-q 0 127.0.0.1 PORT"), ("openbsd", "-w1 127.0.0.1 PORT"),
    ("openbsd", "-w 5 -N 127.0.0.1 PORT"), ("openbsd", "-4n 127.0.0.1 PORT"),
    ("openbsd", "-C 127.0.0.1 PORT"), ("openbsd", "-d 127.0.0.1 PORT"),
    ("openbsd", "-s 127.0.0.1 127.0.0.1 PORT"), ("openbsd", "-T lowdelay 127.0.0.1 PORT"),
    ("openbsd", "-T af21 -M 9 -m 1 -I 4096 -O 4096 -D 127.0.0.1 PORT"),
    ("openbsd", "-r 127.0.0.1 PORT"), ("openbsd", "-t 127.0.0.1 PORT"),
    ("ncat", "127.0.0.1 PORT"), ("ncat", "-C 127.0.0.1 PORT"),
    ("ncat", "--no-shutdown 127.0.0.1 PORT"), ("ncat", "-w 500ms -4 127.0.0.1 PORT"),
    ("ncat", "--recv-only 127.0.0.1 PORT"),
    ("ncat", "-t -s 127.0.0.1 -n 127.0.0.1 PORT"),
    ("traditional", "127.0.0.1 PORT"), ("traditional", "-q 1 -n 127.0.0.1 PORT"),
    ("traditional", "-w 2 127.0.0.1 PORT"), ("traditional", "-C 127.0.0.1 PORT"),
    ("busybox", "127.0.0.1 PORT"), ("busybox", "-w 5 127.0.0.1 PORT"),
]


@pytest.mark.parametrize("behave", [answers_late, speaks_first])
@pytest.mark.parametrize("dialect, line", CLIENTS)
def test_client(dialect, line, behave):
    compare_clients(dialect, shlex.split(line), behave)


@pytest.mark.parametrize("dialect, line", [
    ("ncat", "--send-only 127.0.0.1 PORT"),
    ("ncat", "-e /bin/cat 127.0.0.1 PORT"), ("ncat", "-c 'read x; echo $x' 127.0.0.1 PORT"),
    ("traditional", "-e /bin/cat 127.0.0.1 PORT"), ("busybox", "127.0.0.1 PORT -e cat"),
])
def test_client_of_few_words(dialect, line):
    compare_clients(dialect, shlex.split(line), speaks_first)


@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-d 127.0.0.1 PORT"), ("openbsd", "-w 1 127.0.0.1 PORT"),
    ("openbsd", "-W 1 127.0.0.1 PORT"), ("ncat", "--recv-only 127.0.0.1 PORT"),
    ("traditional", "127.0.0.1 PORT"),
])
def test_client_whose_input_stays_open(dialect, line):
    def behave(conn):
        conn.sendall(b"hello\n")
        conn.shutdown(socket.SHUT_WR)
        return all_that_comes(conn)

    compare_clients(dialect, line.split(), behave, stdin=b"", keep_open=True)


@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-v 127.0.0.1 PORT"), ("openbsd", "-vN localhost PORT"),
    ("ncat", "-v 127.0.0.1 PORT"), ("ncat", "-v -x /dev/null 127.0.0.1 PORT"), ("traditional", "-vn 127.0.0.1 PORT"),
])
def test_what_verbose_clients_say(dialect, line):
    compare_clients(dialect, line.split(), answers_late, says=True)


SERVERS = [
    ("openbsd", "-l PORT"), ("openbsd", "-l -p PORT"), ("openbsd", "-l 127.0.0.1 PORT"),
    ("openbsd", "-lp PORT -s 127.0.0.1"), ("openbsd", "-lN PORT"), ("openbsd", "-l -q 1 PORT"),
    ("openbsd", "-ln PORT"), ("openbsd", "-4l PORT"), ("openbsd", "-l -w 1 PORT"),
    ("openbsd", "-lC PORT"), ("openbsd", "-dl PORT"),
    ("ncat", "-l PORT"), ("ncat", "-l 127.0.0.1 PORT"), ("ncat", "-lp PORT"),
    ("ncat", "-l --no-shutdown PORT"), ("ncat", "-lC PORT"),
    ("openbsd", "-l -W 1 PORT"), ("openbsd", "-lW 2 PORT"),
    ("ncat", "-l --recv-only PORT"), ("ncat", "-l PORT -m 3 -i 9"), ("ncat", "-l PORT --allow 127.0.0.1"),
    ("traditional", "-l -p PORT"), ("traditional", "-lnp PORT"),
    ("traditional", "-l -p PORT -q 1"),
    ("busybox", "-l -p PORT"), ("busybox", "-lp PORT"),
]


@pytest.mark.parametrize("ends_input", [True, False])
@pytest.mark.parametrize("dialect, line", SERVERS)
def test_server(dialect, line, ends_input):
    if line == "-l -q 1 PORT" and ends_input:
        pytest.skip("the original stops reading at the end of its input: a question that comes then is lost")
    compare_servers(dialect, line.split(), asks, ends_input=ends_input)


@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-lv PORT"), ("openbsd", "-lvnp PORT"), ("ncat", "-lvnp PORT"),
    ("ncat", "-lv 127.0.0.1 PORT"), ("traditional", "-lvnp PORT"),
])
def test_what_verbose_servers_say(dialect, line):
    compare_servers(dialect, line.split(), asks, says=True)


@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-lk PORT"), ("openbsd", "-kl -p PORT"), ("ncat", "-lk PORT"), ("openbsd", "-lkU PATH"),
])
def test_server_that_serves_on(dialect, line, tmp_path):
    place = str(tmp_path / "socket") if "PATH" in line else None
    compare_servers(dialect, line.split(), asks, stdin=b"", place=place, stops=True)


@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-lU PATH"), ("openbsd", "-lvNU PATH"), ("ncat", "-lU PATH"),
    ("ncat", "-lvU PATH"),
])
def test_server_in_the_file_system(dialect, line, tmp_path):
    compare_servers(dialect, line.split(), asks, place=str(tmp_path / "socket"), says="v" in line)


@pytest.mark.parametrize("dialect, line", [
    ("traditional", "-l -p PORT -e /bin/cat"), ("ncat", "-l PORT -e /bin/cat"), ("busybox", "-l -p PORT -e cat"),
    ("traditional", "-l -p PORT -c 'cat; echo end'"),
])
def test_server_with_a_program(dialect, line):
    compare_servers(dialect, shlex.split(line), asks, stdin=b"")


# Which ports are open.

def lines_of(dialect, words, ours=False):
    """(zero or not, stdout, lines of stderr in any order)."""
    command = OURS[dialect] if ours else program_of(dialect)
    outcome = run([*command, *words])
    return outcome[0], outcome[1], sorted(
        re.sub(r"\d\.\d\d sec", "TIME sec", line).replace("nc.openbsd: ", "nc: ") for line in outcome[2].splitlines()
        if not line.startswith("Ncat: Version"))


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-z 127.0.0.1 PORT"), ("openbsd", "-zv 127.0.0.1 PORT"),
    ("openbsd", "-zv localhost PORT"), ("openbsd", "-zvn 127.0.0.1 PORT"),
    ("openbsd", "-zvw3 127.0.0.1 PORT"), ("openbsd", "-w 1 -z localhost PORT"),
    ("openbsd", "-v -z -w 2 127.0.0.1 1 PORT"), ("openbsd", "-z 127.0.0.1 1-2 PORT"),
    ("openbsd", "-zr 127.0.0.1 PORT"),
    ("ncat", "-z 127.0.0.1 PORT"), ("ncat", "-zv 127.0.0.1 PORT"), ("ncat", "-zw 2 localhost PORT"),
    ("traditional", "-zvn 127.0.0.1 PORT"), ("traditional", "-z -w 1 127.0.0.1 PORT"),
])
def test_check(dialect, line, is_open):
    with listener() as server:
        port = port_of(server)
        if not is_open:
            server.close()
        words = [str(port) if word == "PORT" else word for word in line.split()]
        theirs = lines_of(dialect, words)
        assert lines_of(dialect, words, ours=True) == theirs
        native = run(explained(dialect, words))
        assert native[:2] == theirs[:2]


def test_record(tmp_path):
    """What ncat -o and --append-output leave, and that -x has the bytes."""
    def left(command, name):
        path = tmp_path / name
        for more in ([], ["--append-output"], []):
            words = ["-o", str(path), *more, "127.0.0.1", "PORT"]
            made = explained("ncat", words) if command is None else [*command, *words]
            assert against_server(made, answers_late, b"question\n")[0]
            yield path.read_bytes()

    theirs = list(left(program_of("ncat"), "theirs"))
    assert theirs[1] == 2 * theirs[0] and b"question" in theirs[0]
    assert list(left(OURS["ncat"], "ours")) == theirs
    assert list(left(None, "native")) == theirs


@pytest.mark.parametrize("dialect, option", [
    ("ncat", "-x"), ("traditional", "-o"), ("busybox", "-o"), ("openbsd", "--hex-dump"),
])
def test_hex_dump(tmp_path, dialect, option):
    has_one = dialect in ("ncat", "traditional")  # Debian builds busybox without it
    for command in ([program_of(dialect)] if has_one else []) + [OURS[dialect]]:
        dump = tmp_path / "dump"
        words = [option, str(dump), "127.0.0.1", "PORT"]
        assert against_server([*command, *words], closes_at_once, b"question\n")[0]
        assert "71 75 65 73 74 69 6f 6e" in dump.read_text().replace("  ", " ")


@pytest.mark.parametrize("dialect, option", [
    ("openbsd", "-i"), ("traditional", "-i"), ("busybox", "-i"), ("ncat", "-d"), ("openbsd", "--delay"),
])
def test_pause_between_lines(dialect, option):
    stdin = b"a\nb\n"
    words = [option, "1", "--send-only", "127.0.0.1", "PORT"]
    for command in ([*OURS[dialect], *words], explained(dialect, words)):
        began = time.monotonic()
        assert against_server(command, receive_all, stdin)[3] == stdin
        assert time.monotonic() - began >= 1


def pieces(conn):
    """What each call brings, up to the end."""
    found = []
    while piece := conn.recv(100):
        found.append(piece)
    return found


@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-i 1 -N 127.0.0.1 PORT"), ("traditional", "-i 1 -q 0 127.0.0.1 PORT"),
])
def test_lines_come_apart(dialect, line):
    compare_clients(dialect, line.split(), pieces, b"a\nb\nc\n")


def test_delay_of_ncat():
    """All lines come in the end."""
    compare_clients("ncat", ["-d", "300ms", "127.0.0.1", "PORT"], receive_all, b"a\nb\n")


@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-v nosuch.invalid 80"), ("openbsd", "-zv nosuch.invalid 80"),
    ("openbsd", "nosuch.invalid 80"), ("ncat", "nosuch.invalid 80"),
    ("ncat", "127.0.0.1 1"), ("ncat", "-v 127.0.0.1 1"), ("openbsd", "127.0.0.1 1"),
    ("busybox", "127.0.0.1 1"), ("openbsd", "-vU /nosuch/socket"),
])
def test_failure(dialect, line):
    assert lines_of(dialect, line.split(), ours=True) == lines_of(dialect, line.split())


@pytest.mark.parametrize("dialect, line", [
    ("openbsd", "-f"), ("openbsd", "127.0.0.1 99999"), ("openbsd", "-l -z 5"), ("openbsd", ""),
    ("openbsd", "-w abc h 1"), ("ncat", "--nosuch"), ("ncat", "-l 99999"), ("ncat", ""),
    ("ncat", "-w abc h 1"), ("ncat", "-z 127.0.0.1 1 2"), ("traditional", "-f"),
    ("ncat", "-l --proxy-type socks5 1"), ("ncat", "-m 3 127.0.0.1 1"),
    ("ncat", "-e cat -c cat 127.0.0.1 1"),
])
def test_status_of_a_command_line_that_is_wrong(dialect, line):
    def status(command):
        return subprocess.run([*command, *line.split()], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=DEADLINE, check=False).returncode

    assert status(OURS[dialect]) == status(program_of(dialect))


@pytest.mark.parametrize("dialect", ["openbsd", "ncat"])
def test_paths_are_escaped(dialect, tmp_path):
    """A terminal obeys nothing in the name of a file."""
    place = str(tmp_path / "a\x1b[31mb")
    said = run([*OURS[dialect], "-vU", place])[2]
    server = Served([*OURS[dialect], "-lvU", "PATH"], place)
    said += run([*OURS[dialect], *(["-N"] if dialect == "openbsd" else []), "-vU", place])[2]
    server.end_input()
    said += server.finish()[2]
    assert "\x1b" not in said and said.count("\\x1b[31m") >= 2


@pytest.mark.parametrize("dialect, line, status", [
    ("openbsd", "-V 1 h 1", 1), ("openbsd", "-S h 1", 1), ("openbsd", "-Z h 1", 1),
    ("openbsd", "-P user h 1", 1), ("ncat", "--lua-exec f h 1", 2),
    ("ncat", "-g 1 h 1", 2), ("ncat", "--sctp h 1", 2), ("busybox", "-f /dev/tty", 1),
    ("busybox", "127.0.0.1 20-30", 1), ("traditional", "127.0.0.1 20 21", 1), ("openbsd", "-k 127.0.0.1 20", 1),
    ("ncat", "--broker -l -d 1 20", 2), ("ncat", "--proxy-type http -l 20", 2), ("ncat", "--proxy p -l 20", 2),
    ("ncat", "--allow 10.0.0.1 127.0.0.1 20", 2), ("ncat", "--chat 127.0.0.1 20", 2),
    ("openbsd", "-zk 127.0.0.1 20", 1), ("ncat", "-e cat -c cat -l 20", 2),
])
def test_what_is_refused_is_named(dialect, line, status):
    done = subprocess.run([*OURS[dialect], *line.split()], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == status and done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    option = next((word for word in line.split() if word.startswith("-")), "")
    assert "is not supported: " in done.stderr or "go" in done.stderr
    assert option in done.stderr or dialect in ("openbsd", "traditional", "busybox")


@pytest.mark.parametrize("words, names", [
    (["--allowfile", "FILE"], "no address"), (["--allow", ","], "no address"),
    (["--allowfile", "."], "Is a directory"), (["--denyfile", "."], "Is a directory"),
])
def test_list_without_an_address_admits_nobody(tmp_path, words, names):
    """As with the original, where it cannot be read or is empty: everybody would be the opposite."""
    (tmp_path / "FILE").write_text("# nobody\n\n")
    done = subprocess.run([*OURS["ncat"], "--explain", "-l", *words, "-e", "cat", "80"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 2 and names in done.stderr and not done.stdout


@pytest.mark.parametrize("dialect, words, named", [
    ("openbsd", ["-z", "--", "--exec=id", "1", "2"], "--exec=id"), ("openbsd", ["-e", "cat", "--", "-h", "1"], "-h"),
    ("openbsd", ["h", "--", "--exec=id"], "--exec=id"), ("ncat", ["-l", "--", "--exec=id"], "--exec=id"),
    ("openbsd", ["-l", "-s", "--exec=id", "1"], "--exec=id"), ("openbsd", ["-l", "-p", "--exec=id"], "--exec=id"),
])
def test_hosts_and_ports_never_become_options(dialect, words, named):
    done = subprocess.run([*OURS[dialect], "--explain", *words], capture_output=True, text=True,
                          timeout=DEADLINE, check=False)
    assert done.returncode and not done.stdout and f"'{named}' is no " in done.stderr


@pytest.mark.parametrize("mode", ["--broker", "--chat"])
def test_who_serves_a_room_reads_nothing(mode):
    """What clients say goes to the others alone."""
    for command in (program_of("ncat"), OURS["ncat"], explained("ncat", ["-l", mode, "127.0.0.1", "PORT"])):
        if command[0] != "sh":
            command = [*command, "-l", mode, "127.0.0.1", "PORT"]
        server = Served(command, unused_port())
        try:
            with server.dial() as one, server.dial() as other:
                await_member(one, other)
        finally:
            server.proc.terminate()
            said = server.finish()[1]
        assert said == b""


@pytest.mark.parametrize("words", [["-l", "--ssl", "-k"], ["--broker"]])
def test_servers_of_few_words(words):
    """A certificate is made where none is given, and what joins connections listens."""
    for command in (program_of("ncat"), OURS["ncat"], explained("ncat", [*words, "127.0.0.1", "PORT"])):
        if command[0] != "sh":
            command = [*command, *words, "127.0.0.1", "PORT"]
        server = Served(command, unused_port())
        try:
            with server.dial() as conn:
                if "--ssl" in words:
                    context = ssl.create_default_context()
                    context.check_hostname = False
                    context.verify_mode = ssl.CERT_NONE
                    with context.wrap_socket(conn) as secured:
                        assert secured.version()
        finally:
            server.proc.terminate()
            server.finish()


def waiting(sock):
    """The datagrams that have come."""
    found = []
    try:
        while True:
            found.append(sock.recv(100))
    except TimeoutError:
        return found


@pytest.mark.parametrize("line, is_open, says, count", [
    ("-zuv 127.0.0.1 PORT", True, "Connection to 127.0.0.1 PORT port [udp/*] succeeded!\n", 4),
    ("-zuv 127.0.0.1 PORT", False, "", 0), ("-zu 127.0.0.1 PORT", True, "", -1),
])
def test_check_of_datagrams(line, is_open, says, count):
    """With -v the original asks by datagrams, and believes what does not come back."""
    def compare_once():
        with udp() as sock:
            port = str(port_of(sock))
            if not is_open:
                sock.close()
            words = line.replace("PORT", port).split()
            native = explained("openbsd", words)
            for command in ([*program_of("openbsd"), *words], [*OURS["openbsd"], *words], native):
                outcome = run(command)
                assert outcome[:2] == (is_open, b"")
                assert command is native or outcome[2].replace(port, "PORT") == says
                if is_open:
                    sock.settimeout(Patience.seconds)
                    assert len(waiting(sock)) in (count, count + 1)

    patiently(compare_once)


@pytest.mark.parametrize("options", ["-w 1", "-q 1"])
def test_datagrams(options):
    """One goes, the answer comes, and it is over by itself."""
    with udp() as sock:
        def answer():
            data, peer = sock.recvfrom(100)
            sock.sendto(data.upper(), peer)

        for command in (program_of("openbsd") if options == "-w 1" else OURS["openbsd"],
                        OURS["openbsd"]):
            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            words = ["-u", *options.split(), "127.0.0.1", str(port_of(sock))]
            assert run([*command, *words], b"question\n") == (True, b"QUESTION\n", "")
            thread.join()


def test_native_statuses():
    environment = dict(os.environ, SOCKCTL_STATUS="native")
    done = subprocess.run([*OURS["openbsd"], "-z", "127.0.0.1", "1"], env=environment,
                          stdin=subprocess.DEVNULL, timeout=DEADLINE, check=False)
    assert done.returncode == 5


@pytest.mark.parametrize("name", ["nc", "netcat", "nc.openbsd", "ncat", "nc.traditional"])
def test_names_of_the_program(tmp_path, name):
    (tmp_path / name).symlink_to(PROGRAM)
    words = [tmp_path / name, "--explain", "127.0.0.1", "80"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=DEADLINE, check=True)
    assert done.stdout.startswith("sockctl connect ") and done.stderr == ""
    assert ("write" in done.stdout) == (name == "ncat")
    assert ("--until peer" in done.stdout) == (name == "nc.traditional")


@pytest.mark.parametrize("how", ["option", "variable"])
def test_choice_of_the_dialect(how):
    words = [PROGRAM, "nc", *(["--dialect", "busybox"] if how == "option" else []), "--explain", "h", "1"]
    environment = dict(os.environ, SOCKCTL_NC="busybox" if how == "variable" else "")
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=DEADLINE,
                          check=True)
    assert done.stdout == "sockctl connect --shutdown write --until peer h 1\n"


def test_secrets_are_not_explained():
    words = ["--explain", "--proxy", "p", "--proxy-auth", "user:secret", "h", "1"]
    done = subprocess.run([*OURS["ncat"], *words], capture_output=True, text=True,
                          timeout=DEADLINE, check=True)
    assert "secret" not in done.stdout + done.stderr and "user:PASSWORD@p:3128" in done.stdout


@pytest.mark.parametrize("dialect, option", [("ncat", "--proxy"), ("openbsd", "-x")])
@pytest.mark.parametrize("url", ["user:secret@p:1", "http://user:secret@p:1"])
def test_secrets_in_the_wrong_place_are_not_shown(dialect, option, url):
    done = subprocess.run([*OURS[dialect], "--explain", option, url, "h", "1"], capture_output=True,
                          text=True, timeout=DEADLINE, check=False)
    assert done.returncode and "HOST:PORT" in done.stderr
    assert "secret" not in done.stdout + done.stderr


# What scripts do.

SCRIPTS = {
    "grep": "nc -zv 127.0.0.1 PORT 2>&1 | grep -q succeeded && echo up || echo down",
    "wait": "until nc -z 127.0.0.1 PORT; do sleep 0.1; done; echo up",
    "health": "nc -z -w 2 127.0.0.1 PORT >/dev/null 2>&1 || exit 1; echo healthy",
    "request": "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -N 127.0.0.1 PORT | head -1",
    "variable": 'answer=$(echo stats | nc -w 1 127.0.0.1 PORT); echo "$answer"',
    "tar": "mkdir t && echo text > t/f && tar -cf - t | nc -N 127.0.0.1 PORT",
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_script(script, tmp_path):
    def outcome(name, program):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "nc").write_text(f'#!/bin/sh\nexec {shlex.join(program)} "$@"\n')
        (folder / "nc").chmod(0o755)
        with listener() as server:
            results = []
            port = port_of(server)

            def serve_on():
                while True:
                    try:
                        conn, _ = server.accept()
                    except OSError:
                        return
                    with conn:
                        data, end = all_that_comes(conn)
                        results.append((data if script != "tar" else len(data), end))
                        try:
                            conn.sendall(b"HTTP/1.0 200 OK\n")
                        except OSError:
                            pass

            threading.Thread(target=serve_on, daemon=True).start()
            done = subprocess.run(["sh", "-c", SCRIPTS[script].replace("PORT", str(port))],
                                  cwd=folder, capture_output=True, text=True, timeout=DEADLINE,
                                  env=dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}"),
                                  check=False)
            # What checks a port is gone before it was accepted.
            return done.returncode, done.stdout, results if script not in ("wait", "grep", "health") else 0

    ours = outcome("ours", OURS["openbsd"])
    assert ours == outcome("theirs", program_of("openbsd"))
    assert ours[0] == 0


def test_server_in_a_loop():
    """while true; do ... | nc -l -p P -q 1; done, which many a small web server is."""
    port = unused_port()
    command = f"while true; do printf 'HTTP/1.0 200 OK\r\n\r\nhello' | {shlex.join(OURS['openbsd'])} -l -p {port} -q 1 >/dev/null; done"
    with subprocess.Popen(["sh", "-c", command], start_new_session=True) as shell:
        try:
            for _ in range(3):
                wait_for(lambda: is_listening(port), "a server")
                with socket.create_connection(("127.0.0.1", port), DEADLINE) as conn:
                    conn.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    data = b""
                    while piece := conn.recv(100):
                        data += piece
                    assert data.endswith(b"hello")
                wait_for(lambda: not is_listening(port) or True, "the next one")
        finally:
            os.killpg(shell.pid, 9)


def test_shell_on_a_fifo(tmp_path):
    """rm -f f; mkfifo f; cat f | sh -i 2>&1 | nc -l PORT > f"""
    port = unused_port()
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    command = f"cat {fifo} | sh 2>&1 | {shlex.join(OURS['openbsd'])} -l 127.0.0.1 {port} > {fifo}"
    with subprocess.Popen(["sh", "-c", command], start_new_session=True) as shell:
        try:
            wait_for(lambda: is_listening(port), "a server")
            with socket.create_connection(("127.0.0.1", port), DEADLINE) as conn:
                conn.sendall(b"echo $((6 * 7))\n")
                assert conn.recv(100) == b"42\n"
            shell.wait(DEADLINE)
        finally:
            if shell.poll() is None:
                os.killpg(shell.pid, 9)
