# SPDX-License-Identifier: ISC
"""What people type wrong is answered in one line, with the word and what to type instead."""

import difflib
import os
import shlex
import socket
import subprocess
from pathlib import Path

import pytest

from harness import DEADLINE, DEVNULL, HAS_TLS, PROGRAM

LONG = "x" * 100_000
LINK_LOCAL = "a link-local address needs its interface: fe80::1%eth0, or --interface eth0"


# Each file has command lines, as a shell takes them, after the status that they end with, and below
# each, indented, what is said: the word that is wrong, and the remedy.
TABLES = Path(__file__).with_name("mistakes")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Where they are run: a directory, a file, a certificate with its key and a key of another."""
    path = tmp_path_factory.mktemp("mistakes")
    (path / "dir").mkdir()
    (path / "file").write_text("hi\n")
    for words in ("req -x509 -nodes -subj /CN=localhost -newkey ec -pkeyopt "
                  "ec_paramgen_curve:P-256 -keyout key.pem -out cert.pem",
                  "genpkey -algorithm ed25519 -out other.pem"):
        subprocess.run(["openssl", *words.split()], cwd=path, check=True, capture_output=True)
    return path


def interfaces():
    """The list of those of this machine, for which the tables have INTERFACES."""
    names = [name for _, name in socket.if_nameindex()]
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return "this machine has " + ", ".join(names[:8]) + more


def answer(line, place):
    """The command line with its status and what it says, as the tables have it."""
    ran = subprocess.run([PROGRAM, *shlex.split(line)], cwd=place, stdin=DEVNULL,
                         capture_output=True, timeout=DEADLINE, check=False)
    said = ran.stderr.decode().replace(interfaces(), "this machine has INTERFACES").splitlines()
    assert ran.stdout == b"" and 1 <= len(said) <= 2, (line, ran)
    return [f"{ran.returncode} {line}", *(f"  {text}" for text in said)]


@pytest.mark.parametrize("name", sorted(os.listdir(TABLES)))
def test_usual_mistakes(place, name):
    if name == "tls" and not HAS_TLS:
        pytest.skip("built without TLS")
    expected = (TABLES / name).read_text().splitlines()
    lines = [text.partition(" ")[2] for text in expected if text[0] != " "]
    answers = [text for line in lines for text in answer(line, place)]
    assert answers == expected, "\n".join(difflib.unified_diff(expected, answers, lineterm="", n=1))


@pytest.mark.parametrize("kind, lines", [
    (socket.SOCK_STREAM, ["listen 127.0.0.1 {}", "echo 127.0.0.1 {}"]),
    (socket.SOCK_DGRAM, ["udp-recv 127.0.0.1 {}", "udp-send -p {} 127.0.0.1 9 x"]),
])
def test_port_in_use(sockctl, kind, lines):
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            holder.listen()
        number = holder.getsockname()[1]
        for line in lines:
            proc = sockctl(*line.format(number).split(), stdin=DEVNULL)
            proc.fails(5, "Address already in use; 'sockctl sockets --processes "
                          f"--port {number}' shows by whom (EADDRINUSE)")


@pytest.mark.parametrize("words", [
    (LONG,), ("-" + LONG,), ("help", LONG), ("help", "connect", LONG),
    ("connect", LONG), ("connect", LONG, 80), ("connect", "a", LONG), ("connect", "--" + LONG),
    ("connect", "/" + LONG), ("connect", "fd:" + LONG), ("connect", "--timeout", LONG, "a", 1),
    ("connect", "-o", LONG, "a", 1), ("connect", "-o", "SO_RCVBUF=" + LONG, "a", 1),
    ("connect", "--input", LONG, "a", 1), ("connect", "--proxy", LONG, "a", 1),
    ("connect", "--bind", LONG, "a", 1), ("connect", "--interface", LONG, "a", 1),
    ("connect", "--send-flag", LONG, "a", 1), ("connect", "-p", LONG, "a", 1),
    ("listen", LONG), ("listen", "--allow", LONG, 0), ("listen", "--mode", LONG, "./u"),
    ("udp-send", "--hex", "127.0.0.1", 9, LONG), ("udp-recv", "--join", LONG, 0),
    ("raw-send", "a", LONG), ("resolve", LONG), ("resolve", "--type", LONG, "a"),
    ("errors", LONG), ("services", LONG), ("protocols", LONG), ("hosts", LONG), ("networks", LONG),
    ("options", LONG), ("descriptor", LONG), ("address", LONG), ("sockets", "-P", LONG),
    ("sockets", "--state", LONG), ("sockets", LONG),
])
def test_a_long_word_is_cut(sockctl, words):
    proc = sockctl(*words, stdin=DEVNULL)
    proc.ended()
    assert proc.popen.returncode in (1, 2, 3)
    assert len(proc.lines) == 1 and len(proc.lines[0]) <= 500
    assert "… (10000" in proc.lines[0] or "of 100000 bytes is too long" in proc.lines[0]
    assert "x" * 65 not in proc.lines[0]


@pytest.mark.parametrize("words, status, said", [
    (("errors", "ECONNREFUSD"), 3, "ECONNREFUSD: no such error; did you mean 'ECONNREFUSED'?"),
    (("errors", "WSA"), 3, "WSA: no such error; did you mean 'WSAEINTR'?"),
    (("services", "htp"), 3, "htp: no such service; did you mean 'http'?"),
    (("services", "htpp/tcp"), 3, "htpp/tcp: no such service; did you mean 'http'?"),
    (("services", "60999"), 3, "60999: no such service; 'sockctl services' lists them"),
    (("protocols", "tpc"), 3, "tpc: no such protocol; did you mean 'tcp'?"),
    (("hosts", "localhots"), 3, "localhots: no such host; did you mean 'localhost'?"),
    (("address", "10.0.0.0/-1"), 2, "'10.0.0.0/-1' has no length from 0 to 32 after its slash"),
    (("address", "10.0.0.1/8/8"), 2, "'10.0.0.1/8/8' has no length from 0 to 32 after its slash"),
    (("address", "10.0.0.1/x"), 2, "'10.0.0.1/x' has no length from 0 to 32 after its slash"),
    (("address", "::1/64/3"), 2, "'::1/64/3' has no length from 0 to 128 after its slash"),
    (("address", "10.0.0.1/255.255.240.0"), 2, "'10.0.0.1/255.255.240.0' has no length from 0 to 32 "
                                               "after its slash; that netmask is /20"),
    (("address", "10.0.0.1/255.0.255.0"), 2,
     "'10.0.0.1/255.0.255.0' has no length from 0 to 32 after its slash"),
    (("listen", "--deny", "::ffff:0:0/95", "0"), 2,
     "--deny: '::ffff:0:0/95' is a range that no client comes from; write IPv4 ranges such as "
     "0.0.0.0/0"),
    (("connect", "socks5://127.0.0.1:1080"), 2,
     "'socks5://127.0.0.1:1080' is a URL; write its HOST and PORT"),
    (("connect", "git+ssh://host/path"), 2, "'git+ssh://host/path' is a URL; write its HOST and PORT"),
    (("listen", "--forward", "a:1", "--forward", "b:2", "0"), 2,
     "--forward and --forward exclude each other; give one of them"),
    (("listen", "-e", "a", "-e", "b", "localhost:0"), 2,
     "--exec and --exec exclude each other; give one of them"),
    (("connect", "--input", "a", "--input", "b", "a", "1"), 2,
     "--input and --input exclude each other; give one of them"),
    (("listen", "--chat", "--broker", "0"), 2,
     "--broker and --chat exclude each other; give one of them"),
    (("listen", "0.0.0.0"), 2, "'0.0.0.0' has no port; write HOST PORT or HOST:PORT"),
    (("connect", "u.sock"), 2,
     "'u.sock' has no port; write HOST PORT or HOST:PORT, or ./u.sock for a socket"),
    (("udp-send", "@name"), 2,
     "'@name' has no port; write HOST PORT or HOST:PORT, or unix:@name for an abstract socket"),
    (("udp-send", "@name", "x"), 2,
     "'@name' is no host name or address; write unix:@name for an abstract socket"),
    (("udp-send", "u.sock", "x"), 3,
     "u.sock:x: no such service: x (EAI_SERVICE); write ./u.sock for a socket"),
    (("listen", "u.sock"), 3,
     ":u.sock: no such service: u.sock (EAI_SERVICE); write ./u.sock for a socket"),
    (("listen", "@name"), 2, "'@name' is neither a port number nor the name of a service; write "
                             "unix:@name for an abstract socket"),
    (("connect", "[fe80::1]:9"), 5,
     f"[fe80::1]:9: {LINK_LOCAL}: Invalid argument (EINVAL)"),
    (("connect", "--bind", "fe80::1", "::1", "9"), 5,
     f"[::1]:9: from fe80::1: {LINK_LOCAL}: Invalid argument (EINVAL)"),
    (("listen", "[fe80::1]:0"), 5, f"[fe80::1]:0: Invalid argument; {LINK_LOCAL} (EINVAL)"),
    (("udp-send", "[fe80::1]:9", "x"), 5, f"[fe80::1]:9: Invalid argument; {LINK_LOCAL} (EINVAL)"),
    (("raw-send", "fe80::1", "99", "x"), 5, f"fe80::1: Invalid argument; {LINK_LOCAL} (EINVAL)"),
    (("listen", "--allow", "2001:db8::1%lo", "0"), 2,
     "--allow: '2001:db8::1%lo' has an interface, which belongs to link-local addresses (fe80::/10) "
     "only"),
    (("listen", "--allow", "x%lo", "0"), 2,
     "--allow: 'x%lo' is no address such as fe80::1%eth0 or fe80::%eth0/64"),
    (("connect", "--bind", ":99999", "a", "1"), 2,
     "--bind: ':99999' is no numeric ADDRESS, ADDRESS:PORT or :PORT"),
    (("connect", "-p", "7", "--bind", ":9", "a", "1"), 2,
     "--bind: ':9' names a port, and --source-port another"),
    (("udp-send", "--hex", "localhost", "9", "aaa:bbb"), 2, "aaa:bbb: not pairs of hexadecimal digits"),
    (("udp-send", "--hex", "localhost", "9", "a:b"), 2, "a:b: not pairs of hexadecimal digits"),
    (("listen", "--exec", "", "localhost:0"), 2, "--exec: the command is empty"),
    (("connect", "--exec", " ", "a", "1"), 2, "--exec: the command is empty"),
])
def test_the_word_and_the_remedy(sockctl, words, status, said):
    proc = sockctl(*words, stdin=DEVNULL)
    proc.wait(status)
    assert proc.lines == [f"sockctl: {words[0]}: {said}"]


@pytest.mark.parametrize("kind, words, more, said", [
    (socket.SOCK_STREAM, ["udp-send"], ["x"], "see 'sockctl connect unix:PATH'"),
    (socket.SOCK_DGRAM, ["connect"], [], "--udp or udp-send for datagrams"),
    (socket.SOCK_DGRAM, ["connect", "--check"], [], "--udp or udp-send for datagrams"),
])
def test_a_socket_of_another_type(sockctl, tmp_path, kind, words, more, said):
    with socket.socket(socket.AF_UNIX, kind) as server:
        server.bind(str(tmp_path / "socket"))
        if kind == socket.SOCK_STREAM:
            server.listen()
        proc = sockctl(*words, tmp_path / "socket", *more)
        proc.fails(5, tmp_path / "socket", said, "(EPROTOTYPE)")


@pytest.mark.parametrize("words", [
    ["5254001234ab"], ["52:54:00:12:34:ab"], ["0x5254001234ab"], ["0x52 0x54 00 12 34 ab"],
    ["5254:0012:34ab"],
])
def test_bytes_as_people_write_them(sockctl, words):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(DEADLINE)
        sockctl("udp-send", "--hex", *sock.getsockname(), *words, stdin=DEVNULL).wait()
        assert sock.recv(100) == bytes.fromhex("5254001234ab")
        proc = sockctl("udp-send", "--hex", *sock.getsockname(), stdin=words[0].encode() + b"\n")
        proc.wait()
        assert sock.recv(100) == bytes.fromhex("5254001234ab")
