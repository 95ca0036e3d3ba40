# SPDX-License-Identifier: ISC
"""socat as its users know it: the original and ours side by side for each shape of command line, and
the command line that --explain prints beside both."""

import os
import random
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest

import originals
from authority import Authority
from harness import DEADLINE, HAS_TLS, PROGRAM, wait_for
from originals import (Served, against_server, all_that_comes, answers_late, asks, closes_at_once,
                       comes, is_listening, run, served, speaks_first)
from peers import accept, dial, dial_unix, listener, port_of, receive, receive_all, udp, unused_port, unused_udp_port
from proxies import Scripted, granting

ROOT = Path(__file__).resolve().parents[2]
OURS = [PROGRAM, "socat"]
# The original loses an answer that takes longer than half a second, which is no rare thing here.
THEIRS = ["socat", "-t", "9"]


def explained(words):
    return originals.explained(OURS, words)


def explain(line):
    done = subprocess.run([*OURS, "--explain", *shlex.split(line)], capture_output=True, text=True,
                          timeout=DEADLINE, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(autouse=True)
def original():
    if not shutil.which("socat"):
        pytest.skip("socat is not installed")


# Connecting

def compare(line, behave, stdin=b"question\n", **how):
    words = shlex.split(line)
    theirs = against_server([*THEIRS, *words], behave, stdin, **how)
    assert theirs[0], theirs
    for command in ([*OURS, *words], explained(words)):
        ours = against_server(command, behave, stdin, **how)
        assert (ours[:2], ours[3]) == (theirs[:2], theirs[3])


CLIENTS = [
    "- TCP:127.0.0.1:PORT", "TCP:127.0.0.1:PORT -", "STDIO TCP4:127.0.0.1:PORT",
    "- tcp-connect:localhost:PORT,pf=ip4", "- TCP4:localhost:PORT",
    "-T 9 - TCP:127.0.0.1:PORT", "-d -ls -lp x -lh -lu -D -g -b 100 - TCP:127.0.0.1:PORT",
    "- TCP:127.0.0.1:PORT,nodelay,keepalive,keepidle=10,sndbuf=65536,rcvbuf=65536,tos=16,linger=5",
    "- TCP:127.0.0.1:PORT,connect-timeout=9,retry=2,interval=0.1",
    "- TCP:127.0.0.1:PORT,bind=127.0.0.1,reuseaddr,shut-down,end-close,cool-write,nonblock",
    "-,ignoreeof TCP:127.0.0.1:PORT", "- TCP:127.0.0.1:PORT,shut-none", "- TCP:127.0.0.1:PORT,crnl",
    "STDIN!!STDOUT TCP:127.0.0.1:PORT", "0!!1 TCP:127.0.0.1:PORT", "FD:0!!FD:1 TCP:127.0.0.1:PORT",
]


@pytest.mark.parametrize("behave", [answers_late, speaks_first])
@pytest.mark.parametrize("line", CLIENTS)
def test_client(line, behave):
    compare(line, behave)


def half_closes(conn):
    """It says all, and hears all."""
    conn.sendall(b"question\n")
    conn.shutdown(socket.SHUT_WR)
    return receive_all(conn)


@pytest.mark.parametrize("line", [
    "TCP:127.0.0.1:PORT EXEC:cat", "TCP:127.0.0.1:PORT EXEC:'tr a-z A-Z'", "TCP:127.0.0.1:PORT PIPE",
    "TCP:127.0.0.1:PORT SYSTEM:'echo hi; cat'", "SYSTEM:'cat >/dev/null; echo end' TCP:127.0.0.1:PORT",
    "TCP:127.0.0.1:PORT SYSTEM:'cat >&2; echo error >&2',stderr",
    "TCP:127.0.0.1:PORT EXEC:\"'sh -c \\\"cat >&2\\\"'\",stderr",
])
def test_program(line):
    compare(line, half_closes)


@pytest.mark.parametrize("line", [
    "-u - TCP:127.0.0.1:PORT", "-U TCP:127.0.0.1:PORT -", "-u OPEN:FILE TCP:127.0.0.1:PORT",
    "-u FILE:FILE,rdonly TCP:127.0.0.1:PORT", "-u ./FILE TCP:127.0.0.1:PORT",
])
def test_only_sending(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILE").write_bytes(b"file\n")
    compare(line, receive_all)


@pytest.mark.parametrize("line", ["-u TCP:127.0.0.1:PORT -", "-U - TCP:127.0.0.1:PORT"])
def test_only_receiving(line):
    def behave(conn):
        seen = comes(conn)
        conn.sendall(b"hello\n")
        conn.shutdown(socket.SHUT_WR)
        return seen, all_that_comes(conn)

    compare(line, behave)


@pytest.mark.parametrize("line", [
    "-u TCP:127.0.0.1:PORT OPEN:f,creat", "-u TCP:127.0.0.1:PORT CREATE:f",
    "-u TCP:127.0.0.1:PORT OPEN:f,creat,trunc", "-u TCP:127.0.0.1:PORT OPEN:f,creat,append",
    "-u TCP:127.0.0.1:PORT OPEN:f,wronly", "-u TCP:127.0.0.1:PORT GOPEN:f", "-u TCP:127.0.0.1:PORT ./f",
    "-u TCP:127.0.0.1:PORT OPEN:new,creat", "-u TCP:127.0.0.1:PORT ./new",
    "-!!CREATE:f TCP:127.0.0.1:PORT", "TCP:127.0.0.1:PORT 'OPEN:in!!OPEN:f,creat,trunc'",
    "TCP:127.0.0.1:PORT FILE:f", "TCP:127.0.0.1:PORT FILE:in,rdwr",
])
def test_file(line, tmp_path, monkeypatch):
    """What is in the files afterwards is the same."""
    def left(command):
        monkeypatch.chdir(tmp_path)
        for file in os.listdir():
            os.unlink(file)
        (tmp_path / "in").write_bytes(b"input\n")
        (tmp_path / "f").write_bytes(b"much longer than what comes\n")
        outcome = against_server(command, answers_late, b"question\n")
        return outcome[0], outcome[1], outcome[3], {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    words = shlex.split(line)
    theirs = left([*THEIRS, *words])
    assert left([*OURS, *words]) == theirs
    os.chdir(tmp_path)
    (tmp_path / "f").touch()
    native = explained(words)
    assert left(native) == theirs


@pytest.mark.parametrize("line", ["- UNIX-CONNECT:PATH", "- UNIX:PATH", "- PATH", "UNIX-CLIENT:PATH -"])
def test_unix_client(line, tmp_path):
    results = []
    for number, make in enumerate((lambda words: [*THEIRS, *words], lambda words: [*OURS, *words], explained)):
        path = str(tmp_path / f"socket{number}")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen()
            seen = []
            thread = threading.Thread(target=originals.serve, args=(server, answers_late, seen), daemon=True)
            thread.start()
            outcome = run(make(shlex.split(line.replace("PATH", path))), b"question\n")
            thread.join(DEADLINE)
            results.append((outcome[:2], seen))
    assert results[0] == results[1] == results[2]
    assert results[0] == ((True, b"answer\n"), [((b"question\n", b""), (b"", b""))])


# Listening

def compare_servers(line, behave=asks, stdin=b"banner\n", ends_input=True, place=None, stops=False):
    words = shlex.split(line)
    outcomes = []
    for command in ([*THEIRS, *words], [*OURS, *words], explained(words)):
        where = place or unused_port()
        if place and os.path.exists(place):
            os.unlink(place)
        outcome = served(command, where, behave, stdin, ends_input, stops)
        outcomes.append((outcome[0][0] or stops, outcome[0][1], outcome[1]))
    assert outcomes[0] == outcomes[1] == outcomes[2]


@pytest.mark.parametrize("line", [
    "TCP-LISTEN:PORT -", "- TCP-L:PORT,reuseaddr", "TCP4-LISTEN:PORT,bind=127.0.0.1 -",
    "TCP-LISTEN:PORT,range=127.0.0.1/32,backlog=5 STDIO", "TCP6-LISTEN:PORT -",
    "TCP-LISTEN:PORT,range=127.0.0.0:255.0.0.0 -",
])
def test_server(line):
    compare_servers(line)


@pytest.mark.parametrize("line", [
    "UNIX-LISTEN:PATH -", "UNIX-L:PATH,mode=600,unlink-early -", "UNIX-LISTEN:PATH EXEC:cat",
])
def test_unix_server(line, tmp_path):
    compare_servers(line, place=str(tmp_path / "PATH"))


@pytest.mark.parametrize("line", [
    "TCP-LISTEN:PORT,reuseaddr,fork EXEC:cat", "TCP-L:PORT,fork SYSTEM:'cat; echo end'", "TCP-L:PORT,fork PIPE",
    "TCP4-LISTEN:PORT,fork,bind=localhost,max-children=3 EXEC:'cat -n'",
    "TCP-L:PORT,fork SYSTEM:'cat >&2; echo error >&2',stderr", "-T 9 TCP-L:PORT,fork,range=127.0.0.1/8 EXEC:cat",
])
def test_server_with_a_program(line):
    compare_servers(line, half_closes, stdin=b"", stops=True)


@pytest.mark.parametrize("line", ["UNIX-L:PATH,fork EXEC:cat", "UNIX-LISTEN:PATH,fork,unlink-early,mode=0666 PIPE"])
def test_unix_server_with_a_program(line, tmp_path):
    compare_servers(line, half_closes, stdin=b"", stops=True, place=str(tmp_path / "PATH"))


@pytest.mark.parametrize("line", [
    "TCP-LISTEN:PORT,fork TCP:127.0.0.1:TARGET", "TCP-L:PORT,fork,reuseaddr TCP4:localhost:TARGET",
    "TCP-L:PORT TCP:127.0.0.1:TARGET,connect-timeout=9", "TCP-LISTEN:PORT,fork UNIX-CONNECT:SOCKET",
    "TCP-L:PORT,bind=127.0.0.1,fork TCP:127.0.0.1:TARGET,keepalive",
    "TCP:127.0.0.1:TARGET TCP-LISTEN:PORT",
])
def test_forward(line, tmp_path):
    """A server behind it that answers each client in capitals."""
    path = str(tmp_path / "socket")

    def answer(conn):
        with conn:
            conn.settimeout(DEADLINE)
            conn.sendall(receive_all(conn).upper())

    def serve(server):
        while True:
            try:
                conn = server.accept()[0]
            except OSError:
                return
            threading.Thread(target=answer, args=(conn,), daemon=True).start()

    with listener() as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(path)
        unix.listen()
        for server in (tcp, unix):
            server.settimeout(None)
            threading.Thread(target=serve, args=(server,), daemon=True).start()
        line = line.replace("TARGET", str(port_of(tcp))).replace("SOCKET", path)
        try:
            compare_servers(line, half_closes, stdin=b"", stops="fork" in line)
        finally:
            tcp.shutdown(socket.SHUT_RDWR)
            unix.shutdown(socket.SHUT_RDWR)


def test_forward_from_unix(tmp_path):
    with listener() as tcp:
        threading.Thread(target=originals.serve, args=(tcp, receive_all, seen := []), daemon=True).start()
        path = str(tmp_path / "socket")
        server = Served([*OURS, f"UNIX-LISTEN:{path}", f"TCP:127.0.0.1:{port_of(tcp)}"], path)
        with dial_unix(path) as conn:
            conn.sendall(b"question\n")
        assert server.finish()[0] and seen == [b"question\n"]


def test_file_for_each_client(tmp_path):
    """-U and a file: each client gets all of it."""
    path = tmp_path / "page"
    path.write_bytes(b"page\n")

    compare_servers(f"-U TCP-LISTEN:PORT,fork OPEN:{path},rdonly", receive_all, stdin=b"", stops=True)


# Datagrams

class Started:
    """A program and the processes that it has made."""

    def __init__(self, command, stdout=None):
        self.proc = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stdout,
                                     start_new_session=True)

    def __enter__(self):
        return self.proc

    def __exit__(self, *_):
        if self.proc.poll() is None or self.proc.returncode:
            os.killpg(self.proc.pid, signal.SIGKILL)
        self.proc.communicate()


def exchange(command, port):
    """What each of two clients is answered."""
    with Started(command):
        wait_for(lambda: is_bound(port), "a server")
        answers = []
        for word in (b"one", b"two"):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.settimeout(DEADLINE)
                sock.connect(("127.0.0.1", port))
                sock.send(word)
                answers.append(sock.recv(100))
        return answers


def is_bound(port):
    for name in ("/proc/net/udp", "/proc/net/udp6"):
        with open(name, encoding="ascii") as file:
            if any(line.split()[1].endswith(f":{port:04X}") for line in file):
                return True
    return False


@pytest.mark.parametrize("line", [
    "UDP-LISTEN:PORT,fork,reuseaddr UDP:127.0.0.1:TARGET", "UDP4-LISTEN:PORT,fork PIPE",
    "UDP-RECVFROM:PORT,fork PIPE", "UDP-RECVFROM:PORT,fork UDP4-SENDTO:127.0.0.1:TARGET",
    "UDP-LISTEN:PORT,fork EXEC:cat", "UDP-L:PORT,bind=127.0.0.1,fork SYSTEM:cat",
])
def test_datagram_server(line):
    with udp() as target:
        def answer():
            while True:
                try:
                    data, peer = target.recvfrom(100)
                    target.sendto(data, peer)
                except OSError:
                    return

        target.settimeout(None)
        threading.Thread(target=answer, daemon=True).start()
        for make in (lambda words: ["socat", *words], lambda words: [*OURS, *words], explained):
            port = unused_udp_port()
            words = [word.replace("PORT", str(port)).replace("TARGET", str(port_of(target))) for word in shlex.split(line)]
            assert exchange(make(words), port) == [b"one", b"two"]


def test_datagrams_to_a_stream():
    with listener() as target:
        for make in (lambda words: ["socat", *words], lambda words: [*OURS, *words], explained):
            port = unused_udp_port()
            threading.Thread(target=originals.serve, args=(target, lambda conn: conn.sendall(conn.recv(100).upper()), []),
                             daemon=True).start()
            words = [f"UDP-LISTEN:{port}", f"TCP:127.0.0.1:{port_of(target)}"]
            with Started(make(words)):
                wait_for(lambda p=port: is_bound(p), "a server")
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                    sock.settimeout(DEADLINE)
                    sock.connect(("127.0.0.1", port))
                    sock.send(b"question")
                    assert sock.recv(100) == b"QUESTION"


@pytest.mark.parametrize("line", [
    "-u UDP-RECV:PORT -", "-u UDP4-RECV:PORT,bind=127.0.0.1 STDOUT", "-u UDP-RECVFROM:PORT,fork -",
    "UDP-RECV:PORT -",
])
def test_receiving_datagrams(line):
    for make in (lambda words: ["socat", *words], lambda words: [*OURS, *words], explained):
        port = unused_udp_port()
        words = [word.replace("PORT", str(port)) for word in shlex.split(line)]
        with Started(make(words), stdout=subprocess.PIPE) as proc:
            wait_for(lambda p=port: is_bound(p), "a receiver")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                for word in (b"one\n", b"two\n"):
                    sock.sendto(word, ("127.0.0.1", port))
            got = b""
            while len(got) < 8:
                got += os.read(proc.stdout.fileno(), 100)
            assert sorted(got.splitlines()) == [b"one", b"two"]


@pytest.mark.parametrize("line", ["- UDP:127.0.0.1:PORT", "- UDP4-SENDTO:127.0.0.1:PORT", "-t 1 - UDP-CONNECT:localhost:PORT,pf=ip4"])
def test_datagram_client(line):
    with udp() as sock:
        def answer():
            data, peer = sock.recvfrom(100)
            sock.sendto(data.upper(), peer)

        words = shlex.split(line.replace("PORT", str(port_of(sock))))
        for command in (["socat", *words], [*OURS, *words], explained(words)):
            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            assert run(command, b"question\n")[:2] == (True, b"QUESTION\n")
            thread.join()


@pytest.mark.parametrize("line", [
    "- UDP-SENDTO:127.0.0.1:PORT", "-u - UDP:127.0.0.1:PORT", "-u - UDP-DATAGRAM:127.0.0.1:PORT,broadcast",
])
def test_sending_datagrams(line):
    with udp() as sock:
        words = shlex.split(line.replace("PORT", str(port_of(sock))))
        for command in (["socat", *words], [*OURS, *words], explained(words)):
            assert run(command, b"message\n")[:2] == (True, b"")
            assert sock.recv(100) == b"message\n"


def test_unix_datagrams(tmp_path):
    path = str(tmp_path / "socket")
    for number, make in enumerate((lambda words: ["socat", *words], lambda words: [*OURS, *words], explained)):
        path = str(tmp_path / f"socket{number}")
        with Started(make(["-u", f"UNIX-RECV:{path}", "-"]), stdout=subprocess.PIPE) as proc:
            wait_for(lambda p=path: os.path.exists(p), "a receiver")
            assert run(make(["-u", "-", f"UNIX-SENDTO:{path}"]), b"message\n")[0]
            assert os.read(proc.stdout.fileno(), 100) == b"message\n"


def test_abstract_names():
    name = f"sockctl-test-{os.getpid()}"
    with Started([*OURS, f"ABSTRACT-LISTEN:{name}", "EXEC:cat"]) as server:
        wait_for(lambda: f"@{name}" in Path("/proc/net/unix").read_text(encoding="ascii"), "a server")
        assert run([*THEIRS, "-", f"ABSTRACT-CONNECT:{name}"], b"question\n")[:2] == (True, b"question\n")
        assert server.wait(DEADLINE) == 0


# Terminals and users

@pytest.mark.parametrize("line", ["-,raw,echo=0 TCP:127.0.0.1:PORT", "STDIO,raw,echo=0 TCP:127.0.0.1:PORT"])
def test_terminal(line, terminal):
    """Each key goes as it is typed, and none is shown."""
    for make in (lambda words: ["socat", *words], lambda words: [*OURS, *words], explained):
        with listener() as server:
            words = make(shlex.split(line.replace("PORT", str(port_of(server)))))
            with subprocess.Popen(words, stdin=terminal.fd, stdout=terminal.fd, stderr=subprocess.DEVNULL,
                                  start_new_session=True, preexec_fn=terminal.own) as proc:
                with accept(server) as conn:
                    terminal.wait_raw()
                    terminal.type(b"a\x03b")
                    assert receive(conn, 3) == b"a\x03b"
                    conn.sendall(b"seen")
                    terminal.wait_screen(b"seen")
                proc.wait(DEADLINE)
            terminal.wait_restored()
            assert terminal.screen.data == b"seen"
            terminal.screen.data.clear()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("line", ["TCP-LISTEN:PORT,reuseaddr,su=nobody EXEC:'id -un'", "TCP-L:PORT,fork,su=nobody SYSTEM:'id -un'"])
def test_user(line):
    for make in (lambda words: ["socat", *words], lambda words: [*OURS, *words], explained):
        port = unused_port()
        with Started(make(shlex.split(line.replace("PORT", str(port))))):
            wait_for(lambda p=port: is_listening(p), "a server")
            with dial(port) as conn:
                assert receive_all(conn) == b"nobody\n"


# What is said of a command line

@pytest.mark.parametrize("line, named", [
    ("PTY,link=/tmp/x TCP:h:1", "PTY"), ("TUN:192.0.2.1/24 UDP:h:1", "TUN"), ("VSOCK-L:1 TCP:h:1", "VSOCK-L"),
    ("TCP-L:1 VSOCK:2:1", "VSOCK"), ("SCTP-L:1 -", "SCTP-L"), ("TCP:h:1 EXEC:bash,pty,stderr", "pty"),
    ("OPENSSL-L:1,cert=c -", "verify"), ("dtls:h:1 -", "dtls"), ("UDP-DATAGRAM:192.0.2.255:1,broadcast -", "UDP-DATAGRAM"),
    ("TPC:h:1 -", "TCP-CONNECT"), ("TCP-L:1,frok -", "fork"), ("TCP-L:1,nosuch -", "nosuch"), ("NOSUCH:1 -", "NOSUCH"),
    ("TCP-L:1,lowport -", "lowport"), ("TCP-L:1,tcpwrap -", "tcpwrap"), ("TCP:h:1,fork -", "fork"),
    ("TCP:h:1,range=192.0.2.0/24 -", "range"), ("TCP:h:1,mode=600 -", "mode"), ("TCP:h:1,creat -", "creat"),
    ("-,fork TCP:h:1", "fork"), ("TCP:h:1 EXEC:date,sndbuf=1", "sndbuf"), ("TCP-L:1,fork TCP:h:1,bind=192.0.2.1", "bind"),
    ("TCP-L:1,fork TCP:h:1,retry=3", "retry"), ("TCP-L:1,fork TCP:h:1,nodelay", "nodelay"), ("TCP-L:1,fork TCP4:name:1", "TCP"),
    ("UNIX-L:s,unlink-close=0 -", "unlink-close"), ("TCP-L:1,fork=x -", "fork"),
    ("TCP:h:1,bind -", "bind"), ("TCP:h:1,pf=ipx -", "pf"), ("TCP-L:1,range=192.0.2.1:255.0.255.0 -", "range"),
    ("TCP:h:1,null-eof -", "null-eof"), ("TCP:h:1,shut-null -", "shut-null"), ("TCP:h:1 -,crnl", "crnl"),
    ("TCP:h:1,ignoreeof -", "ignoreeof"), ("TCP:h:1 OPEN:/etc/passwd,ignoreeof", "ignoreeof"),
    ("OPENSSL:h:1,commonname= -", "commonname"), ("OPENSSL:h:1,snihost=x -", "snihost"), ("TCP:h:1,cafile=x -", "cafile"),
    ("TCP:h:1 SYSTEM:'echo $SOCAT_PEERADDR'", "SOCAT_"), ("TCP:h:1,crnl EXEC:cat", "crnl"),
    ("- -", "socket"), ("- EXEC:cat", "socket"), ("TCP-L:1 TCP-L:2", "joined"), ("TCP:h:1!!TCP:h:2 -", "socket"),
    ("-t 5 - UDP-L:1", "-T"), ("TCP-L:1,fork,shut-none TCP:h:1", "shut-none"), ("-u UNIX-RECV:s,group=root -", "group"),
    ("-u TCP:h:1 TCP:h:2", "-u"), ("-u TCP:h:1 EXEC:cat", "-u"), ("-u UDP-RECV:1 TCP:h:1", "udp-recv"),
    ("-u - UDP-RECV:1", "UDP-RECV"), ("UDP-RECVFROM:1 -", "UDP-LISTEN"), ("-u - UDP-LISTEN:1", "UDP-SENDTO"),
    ("-T 5 -u UDP-RECV:1 -", "-T"), ("-x -u UDP-RECV:1 -", "-x"), ("-b 100 - UDP:h:1", "-b"),
    ("-r f - TCP:h:1", "-r"), ("-s - TCP:h:1", "-s"), ("-L f - TCP:h:1", "-L"), ("-ly - TCP:h:1", "-ly"),
    ("-V", "--version"), ("-t x - TCP:h:1", "-t"), ("-u -U - TCP:h:1", "--right-to-left"),
    ("TCP:h:1 OPEN:/nosuch/file", "/nosuch/file"), ("-u TCP:h:1 OPEN:/nosuch", "/nosuch"), ("TCP:h:1 PIPE:/nosuch", "mkfifo"),
    ("TCP:h -", "HOST:PORT"), ("TCP:h:1:2 -", "HOST:PORT"), ("STDIO:1 TCP:h:1", "STDIO"), ("TCP-L -", "PORT"),
    ("TCP:--exec=id:1 -", "--exec=id"), ("TCP:h:--exec=id -", "--exec=id"), ("TCP-L:-k -", "-k"),
    ("TCP-L:1,bind=--exec=id -", "--exec=id"), ("PROXY:a@b:h:1 -", "proxy"), ("TCP:h:1 EXEC:", "command"),
    ("TCP:h:1", "ADDRESS ADDRESS"), ("- TCP:h:1 -", "one word too many"), ("\"TCP:h:1,bind='x\" -", "'"),
    ("'TCP:h:1\\' -", "\\"), ("'TCP:[::1:1' -", "HOST:PORT"), ("FD:x TCP:h:1", "x"),
])
def test_what_is_refused_is_named(line, named):
    done = subprocess.run([*OURS, *shlex.split(line)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=DEADLINE, check=False)
    assert done.returncode == 2 and done.stdout == "" and named in done.stderr
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith("sockctl: socat: ")
    assert explain(line) == (2, "", done.stderr)


@pytest.mark.parametrize("line, printed", [
    ("- UNIX-CONNECT:sock", "connect unix:sock"), ("- UNIX:@x", "connect unix:./@x"), ("- ABSTRACT:x", "connect unix:@x"),
    ("- TCP6:[::1]:80", "connect -6 ::1 80"), ("-, TCP:h:80", "connect h 80"), ("TCP-L:80,fork TCP6:[::1]:81", "listen -k 80 --forward '[::1]:81'"),
    ("TCP-L:1 TCP4:localhost:80", "listen 1 --forward 127.0.0.1:80"), ("TCP-L:1 TCP6:localhost:80", "listen 1 --forward '[::1]:80'"),
    ("TCP:a:1 TCP:b:2", "connect a 1 --forward b:2"), ("TCP:a:1 TCP:b:2,bind=192.0.2.1", "connect --bind 192.0.2.1 b 2 --forward a:1"),
    ("TCP:a:1 PROXY:p:b:2", "connect --proxy http://p:8080 b 2 --forward a:1"),
    ("- SOCKS4:p:h:1,socksport=9,socksuser=me", "connect --proxy socks4://me@p:9 h 1"),
    ("- SOCKS5:p:9:h:1", "connect --proxy socks5h://p:9 h 1"), ("- SOCKS5-CONNECT:p:h:1", "connect --proxy socks5h://p:1080 h 1"),
    ("- PROXY:p:h:1,proxyauthfile=f,resolve", "connect --proxy http://p:8080 --proxy-auth-file f --proxy-dns local h 1"),
    ("- SSL:h:1,verify=0", "connect --insecure tls:h:1"), ("- OPENSSL:h:1,cafile=c,cert=x,key=y", "connect --ca c --cert x --key y tls:h:1"),
    ("- OPENSSL:[::1]:1,cn=n,snihost=n,capath=/c", "connect --ca /c --server-name n 'tls:[::1]:1'"),
    ("- OPENSSL:h:1,cipher=HIGH,min-proto-version=TLS1.2", "connect --tls-min 1.2 --tls-set CipherString=HIGH tls:h:1"),
    ("OPENSSL-LISTEN:1,cert=c,verify=0,fork TCP:h:2", "listen -k --tls --cert c 1 --forward h:2"),
    ("OPENSSL-L:1,cert=c,key=k,cafile=a,commonname=n -", "listen --tls --cert c --key k --client-ca a --allow-name CN:n --allow-name DNS:n 1"),
    ("TCP-L:1,fork SSL:h:2,cafile=a,cert=c,key=k", "listen -k 1 --ca a --forward-cert c --forward-key k --forward tls:h:2"),
    ("-,raw,echo=0,escape=0x1d TCP:h:1", "connect --raw-tty --escape '^]' h 1"),
    ("TCP-L:1,fork,su=nobody,max-children=3,backlog=9,interface=lo -", "listen -k --interface lo --user nobody --max-connections 3 --backlog 9 1"),
    ("TCP-L:1,range=[2001:db8::]/32 -", "listen --allow 2001:db8::/32 1"), ("TCP-L:1,range=192.0.2.0:255.255.255.0 -", "listen --allow 192.0.2.0/24 1"),
    ("TCP6-L:1 -", "listen 1"), ("TCP6-L:1,ipv6only=1 -", "listen -6 1"), ("TCP-L:1,pf=ip4 -", "listen -4 1"), ("-4 TCP-L:1 -", "listen -4 1"),
    ("-u UDP-RECV:5,ip-add-membership=239.0.0.1:lo,reuseaddr -", "udp-recv --raw --set SO_REUSEADDR --join 239.0.0.1%lo 5 </dev/null"),
    ("-u UDP-RECVFROM:5 -", "udp-recv --raw --count 1 5 </dev/null"), ("UDP-L:5 TCP:h:1", "listen -u 5 --forward tcp:h:1"),
    ("TCP-L:5 UDP:h:1", "listen 5 --forward udp:h:1"), ("-T 3 UDP-L:5,fork -", "listen -u -k --until idle --idle-timeout 3 5"),
    ("-t 0.5 - UDP:h:1", "connect -u --wait 500ms h 1"), ("-t0 - TCP:h:1", "connect --quit-delay 1ms h 1"),
    ("-t 9 TCP-L:1,fork TCP:h:1", "listen -k 1 --forward h:1"), ("-lf log -d -d - TCP:h:1", "connect -v h 1 2>>log"),
    ("-lflog -d3 - TCP:h:1", "connect -vv h 1 2>>log"), ("-dd -v - TCP:h:1", "connect -v --hex h 1"),
    ("- TCP:h:1,nodelay,linger=0,sp=99", "connect --source-port 99 --set TCP_NODELAY --set SO_LINGER=0 h 1"),
    ("- TCP:h:1,keepalive=0", "connect --set SO_KEEPALIVE=0 h 1"), ("TCP:h:1 SYSTEM:'a; b',stderr", "connect h 1 --exec 'exec 2>&1; a; b'"),
    ("TCP:h:1 EXEC:'a b',stderr", "connect h 1 --exec-file sh -c 'exec \"$@\" 2>&1' sh a b"), ("FD:5 TCP:h:1", "connect h 1 >&5 0>&5"),
    ("STDERR TCP:h:1", "connect h 1 >&2 0>&2"), ("-u - UDP4-DATAGRAM:239.0.0.1:1,ip-multicast-ttl=3", "connect -u -4 --set IP_MULTICAST_TTL=3 --wait 1ms 239.0.0.1 1 >/dev/null"),
    ("-u - UDP-SENDTO:h:1", "connect -u --wait 1ms h 1 >/dev/null"),
])
def test_explanation(line, printed):
    """The tests above run most of them; what these say would need another network."""
    assert explain(line) == (0, f"sockctl {printed}\n", "")


def tables():
    """The names that the tables of types and of options have: {name: whether it is refused}."""
    for file in ("types", "options"):
        text = (ROOT / "src" / "compat" / "socat" / f"{file}.c").read_text(encoding="utf-8")
        for macro, name in re.findall(r"^\t(?:\{|(SET|NEVER)\()\"([\w-]+)\"", text, re.M):
            yield file, name, macro == "NEVER"


def test_manual_has_what_is_known():
    page = re.sub(r"\\&", "", (ROOT / "man" / "sockctl-socat.1").read_text(encoding="utf-8"))
    words = set(re.findall(r"[\w-]+", " ".join(line for line in page.splitlines() if line.startswith((".Cm", ".It Cm")))))
    names = list(tables())
    assert len(names) > 150
    for file, name, is_refused in names:
        assert is_refused or name in words, (file, name)


def test_help_has_what_is_explained():
    """The table of "help socat" is what --explain says."""
    text = subprocess.run([PROGRAM, "help", "socat"], capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^  (\S.*?)(?:  +|\n      )(sockctl .*)$", text, re.M)
    assert len(rows) >= 18
    for theirs, ours in rows:
        assert explain(theirs.removeprefix("socat ")) == (0, ours + "\n", "")


def test_secrets_are_not_explained():
    status, out, err = explain("- PROXY:p:h:1,proxyauth=user:secret")
    assert (status, err) == (0, "") and "secret" not in out and "http://user:PASSWORD@p:8080" in out


def test_warning_of_a_program_for_everybody():
    port = unused_port()
    server = Served([*OURS, f"TCP-LISTEN:{port}", "EXEC:cat"], port)
    dial(port).close()
    assert "every host that can reach this machine" in server.finish()[2]


def test_silence():
    """As the original, ours says nothing of what goes well; -d has it said."""
    for options, says in ([], False), (["-d"], True):
        port = unused_port()
        server = Served([*OURS, *options, f"TCP-LISTEN:{port}", "PIPE"], port)
        dial(port).close()
        assert ("listening" in server.finish()[2]) == says


def test_statuses_are_ours():
    done = subprocess.run([*OURS, "-", "TCP:127.0.0.1:1"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=DEADLINE, check=False)
    assert done.returncode == 5 and "Connection refused (ECONNREFUSED)" in done.stderr


def test_slow_answer_is_not_lost():
    def behave(conn):
        receive_all(conn)
        time.sleep(1)  # twice as long as the original waits
        conn.sendall(b"answer\n")

    outcome = against_server([*OURS, "-", "TCP:127.0.0.1:PORT"], behave, b"question\n")
    assert outcome[:2] == (True, b"answer\n")


# Quotes

SHOW = "import sys; print(sys.argv[1:])"
QUOTED = [
    "a b", "a  b", r"\"a b\" c", "'a b' c", r"\'a b\' c", r"a\ b c", r"a\\ b c", r"a\,b", r"a\:b", "(a,b) {c:d} [e!!f]",
    r'"a,b:c!!d"', "'a,b:c'", r"'\"a b\" c'", "\"'a b' c\"", r'"\'a b\'"', "a!b", "]a)", '""', "''", r"a\tb", r"a\\tb",
    r"'a\\tb'", "x'y'z", 'x"y"z', "(x'y'z)", '{x"y z"}', r"\(a", r"'(a'", "(a (b) c)", r"[a\]]", "a=b", r"\\\\", "$HOME;", "é",
]


@pytest.mark.parametrize("kind", ["EXEC", "SYSTEM"])
@pytest.mark.parametrize("quoted", QUOTED)
def test_quotes(quoted, kind, tmp_path, monkeypatch):
    """The program gets the words that it gets from the original.

    A short path: the original miscounts the words of some lengths ("miscalculated string lengths").
    """
    monkeypatch.chdir(tmp_path)
    show = tmp_path / "show"
    show.write_text(f"#!/bin/sh\nexec python3 -c '{SHOW}' \"$@\"\n")
    show.chmod(0o755)
    address = f"{kind}:./show {quoted}"
    theirs = subprocess.run(["socat", "-u", address, "-"], stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE,
                            check=False)
    ours = against_server([*OURS, "TCP:127.0.0.1:PORT", address], receive_all, b"")
    assert ours[3] == theirs.stdout


def test_no_word_breaks_it():
    """Whatever is typed, it is explained or refused."""
    chance = random.Random(7)
    pieces = ["TCP", "-", ":", ",", "=", "!!", "\\", "'", '"', "(", ")", "[", "]", "{", "}", "EXEC", "h", "80", "fork", "bind",
              "OPEN", "UDP-LISTEN", "UNIX-L", "/", "retry", "PROXY", "OPENSSL-L", "@", "0", "~", "é", "\x1b", "pf", "range",
              "STDIO", " ", "PIPE", "proxyauth", "SYSTEM", "\n", "%", "-x", "FD", "SOCKS5", "cert"]
    for _ in range(300):
        words = ["".join(chance.choices(pieces, k=chance.randint(0, 9))) for _ in range(2)]
        done = subprocess.run([*OURS, "--explain", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=DEADLINE, check=False)
        assert done.returncode in (0, 2), (words, done)
        assert (done.returncode == 0) == done.stdout.startswith("sockctl ") or "Usage" in done.stdout, (words, done)
        assert "\x1b" not in done.stderr and len(done.stderr.splitlines()) <= 1, (words, done)


# TLS and proxies

@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    if not HAS_TLS:
        pytest.skip("built without TLS")
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize("line, ends_well", [
    ("- OPENSSL:localhost:PORT,cafile=ROOT", True), ("- SSL:localhost:PORT,verify=0", True),
    ("- OPENSSL:127.0.0.1:PORT,cafile=ROOT,commonname=localhost,openssl-min-proto-version=TLS1.2", True),
    ("TCP:127.0.0.1:1 -", False), ("- OPENSSL:localhost:PORT", False),
    ("- OPENSSL:localhost:PORT,cafile=ROOT,commonname=other.example", False),
])
def test_tls_client(line, ends_well, authority):
    """Who is verified is who the original verifies."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server.both)

    def behave(conn):
        try:
            with context.wrap_socket(conn, server_side=True) as secured:
                data = secured.recv(100)
                secured.sendall(data.upper())
                secured.unwrap()
        except (ssl.SSLError, OSError):
            pass
        return True

    words = shlex.split(line.replace("ROOT", str(authority.root.cert)))
    for command in ([*THEIRS, *words], [*OURS, *words], explained(words)):
        if "PORT" in line:
            outcome = against_server(command, behave, b"question\n")
        else:
            outcome = run(command)
        assert outcome[:2] == (ends_well, b"QUESTION\n" if ends_well else b"")


@pytest.mark.parametrize("options, wants_client", [("verify=0", False), ("cafile=ROOT", True)])
def test_tls_server(options, wants_client, authority):
    server = authority.server.both
    words = [f"OPENSSL-LISTEN:PORT,fork,reuseaddr,cert={server},{options}".replace("ROOT", str(authority.root.cert)),
             "EXEC:cat"]
    context = ssl.create_default_context(cafile=authority.root.cert)
    if wants_client:
        context.load_cert_chain(authority.client.both)
    for make in (lambda words: ["socat", *words], lambda words: [*OURS, *words], explained):
        port = unused_port()
        with Started(make([word.replace("PORT", str(port)) for word in words])):
            wait_for(lambda p=port: is_listening(p), "a server")
            with dial(port) as conn, context.wrap_socket(conn, server_hostname="localhost") as secured:
                secured.sendall(b"question\n")
                assert secured.recv(100) == b"question\n"


@pytest.mark.parametrize("scheme, line", [
    ("http", "- PROXY:127.0.0.1:target.example:80,proxyport=PORT"),
    ("http", "- PROXY:127.0.0.1:192.0.2.1:80,proxyport=PORT,proxyauth=user:secret"),
    ("socks4", "- SOCKS4:127.0.0.1:127.0.0.1:80,socksport=PORT,socksuser=me"),
    ("socks4a", "- SOCKS4A:127.0.0.1:target.example:80,socksport=PORT,socksuser=me"),
])
def test_proxy(scheme, line):
    """It is asked for the same target with the same name of a user."""
    requests = []
    native = () if "secret" in line else (explained,)  # which shows no secret
    for make in (lambda words: [*THEIRS, *words], lambda words: [*OURS, *words], *native):
        proxy = Scripted(scheme, *granting(scheme))
        port = str(port_of(proxy.listener))

        def answer(proxy=proxy):
            conn = proxy.conn()
            seen = receive_all(conn)
            conn.sendall(seen.upper())
            conn.close()

        threading.Thread(target=answer, daemon=True).start()
        assert run(make(shlex.split(line.replace("PORT", port))), b"question\n")[:2] == (True, b"QUESTION\n")
        request = proxy.requests[0]
        if scheme == "http":
            lines = [one for one in request.split(b"\r\n") if one.startswith(b"Proxy-Auth")]
            request = [request.split()[1], *lines]
        requests.append(request)
        proxy.close()
    assert all(request == requests[0] for request in requests)
