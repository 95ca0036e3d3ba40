# SPDX-License-Identifier: ISC
"""sockets: what the kernel lists, beside ss and beside sockets that the test has made itself."""

import json
import os
import pty
import pwd
import re
import signal
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from harness import NO_LEAK_CHECK, PIPE, PROGRAM, wait_for
from peers import accept, dial, listener, port_of

MANY = [sys.executable, str(Path(__file__).with_name("many_sockets.py"))]

# How ss calls the states.
STATES = {"ESTAB": "ESTABLISHED", "UNCONN": "UNCONNECTED"}


def rows(proc):
    """The sockets that --json tells of."""
    proc.wait()
    return [json.loads(line) for line in proc.out.decode().splitlines()]


def from_ss(text):
    """(kind, state, receive queue, send queue, local, remote) of each line, as sockets writes them."""
    for line in text.splitlines():
        kind, state, received, sent, *places = line.split()
        if kind.startswith("u_"):
            # A name may hold blanks in theory; those of the test do not.
            local, remote = " ".join(places[:2]), " ".join(places[2:4])
            remote = "" if remote == "* 0" else remote
        else:
            local, remote = places[:2]
        if kind == "tcp" and state == "UNCONN":
            state = "CLOSED"
        yield kind, STATES.get(state, state), int(received), int(sent), local, remote


def from_sockets(text):
    for line in text.splitlines()[1:]:
        kind, state, received, sent, local, remote = re.split(r" {2,}", line)[:6]
        remote = "" if remote == "-" else remote
        if kind.startswith("u_") and remote:
            remote = f"* {remote.split()[1]}"  # ss does not look for the name of the peer
        yield kind, state, int(received), int(sent), local, remote


@pytest.mark.needs("ss", "ip")
def test_agrees_with_ss(sockctl, namespaces):
    commands = [["ss", "-tunaxH"], [PROGRAM, "sockets", "-tuxn"]]
    words = namespaces("none") + MANY
    proc = sockctl(*words[1:], 5000, json.dumps(commands), program=words[0])
    proc.wait()
    theirs, ours = json.loads(proc.out)
    theirs, ours = Counter(from_ss(theirs)), Counter(from_sockets(ours))
    assert sum(theirs.values()) >= 5000
    assert ours == theirs


@pytest.mark.needs("ss", "ip")
def test_ports_have_names(sockctl, namespaces):
    words = namespaces("none") + [
        sys.executable, "-c",
        "import socket, subprocess, sys\n"
        "server = socket.create_server(('127.0.0.1', 5432))\n"
        "subprocess.run(sys.argv[1:], check=True)\n", PROGRAM, "sockets", "-t"]
    named = sockctl(*words[1:], program=words[0])
    numbered = sockctl(*words[1:], "-n", program=words[0])
    filtered = sockctl(*words[1:], "-P", "postgresql", program=words[0])
    for proc in named, numbered, filtered:
        proc.wait()
    assert b"127.0.0.1:postgresql" in named.out
    assert b"127.0.0.1:5432" in numbered.out
    assert filtered.out == named.out


def test_one_connection(sockctl):
    """Both ends of a connection, with what waits in their queues, in JSON."""
    with listener() as server, dial(port_of(server)) as client, accept(server) as conn:
        client.sendall(b"x" * 700)
        wait_for(lambda: len(conn.recv(1000, socket.MSG_PEEK)) == 700, "700 bytes")
        found = rows(sockctl("sockets", "--json", "-P", port_of(client), "--process", os.getpid()))
        ports = port_of(client), port_of(server)
    assert {(row["local"]["port"], row["remote"]["port"]) for row in found} == {ports, ports[::-1]}
    assert all(row["protocol"] == "tcp" and row["state"] == "ESTABLISHED" for row in found)
    queues = {row["local"]["port"]: row["receive_queue"] for row in found}
    assert queues == {ports[0]: 0, ports[1]: 700}
    assert all(row["uid"] == os.getuid() for row in found)
    assert all(row["user"] == pwd.getpwuid(os.getuid()).pw_name for row in found)


@pytest.mark.parametrize("family, host", [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_filters(sockctl, family, host):
    with socket.create_server((host, 0), family=family) as server, \
            socket.create_connection((host, port_of(server))), accept(server):
        port = port_of(server)

        def states(*options):
            """Of sockets of this process, for others may have had the port before."""
            found = rows(sockctl("sockets", "--json", "-P", port, "--process", os.getpid(),
                                 *options))
            return sorted(row["state"] for row in found)

        assert states() == ["ESTABLISHED", "ESTABLISHED", "LISTEN"]
        assert states("-l") == ["LISTEN"]
        assert states("-s", "listening,syn-sent") == ["LISTEN"]
        assert states("-s", "ESTAB") == ["ESTABLISHED", "ESTABLISHED"]
        assert states("-s", "connected", "-s", "listen") == states()
        assert states("-u") == []
        assert states("-t", "-4" if family == socket.AF_INET else "-6") == states()
        assert states("-6" if family == socket.AF_INET else "-4") == []
        assert len(rows(sockctl("sockets", "--json", "-P", f":{port}"))) >= 3
        assert states("-A", host) == states()
        assert states("-A", "127.0.0.0/8", "-A", "::1/128") == states()
        assert states("-A", "192.0.2.0/24") == []
        assert states("--user", os.getuid()) == states()
        assert states("--user", "nobody" if os.getuid() == 0 else "root") == []
        assert states("-P", "1-65535", "-s", "listen").count("LISTEN") >= 1


def test_process_filter(sockctl):
    name = Path("/proc/self/comm").read_text(encoding="utf-8").strip()
    with listener() as server:
        port = port_of(server)
        found = rows(sockctl("sockets", "--json", "-lP", port, "--process", name))
        assert [row["local"]["port"] for row in found] == [port]
        found = rows(sockctl("sockets", "--json", "-lP", port, "--process", os.getpid(),
                             "--process", name))
        assert [row["local"]["port"] for row in found] == [port]


@pytest.mark.parametrize("word", ["no-such-process", "4194305"])
def test_no_such_process(sockctl, word):
    """It is told from one that has no sockets; what is watched may be yet to come."""
    proc = sockctl("sockets", "--json", "--process", word)
    proc.wait(3)
    assert proc.out == b""
    assert json.loads(proc.lines[-1])["object"] == word
    proc = sockctl("sockets", "-n", "--watch=0.1", "--process", word)
    proc.wait_out(100)  # two lists, of which only the titles are there
    proc.stop()
    with subprocess.Popen(["sleep", "1000"]) as idle:
        proc = sockctl("sockets", "--json", "--process", idle.pid)
        proc.wait()
        idle.kill()
    assert proc.out == b""


def test_process_with_a_long_name(sockctl, tmp_path):
    """The kernel keeps 15 characters of a name."""
    program = tmp_path / "a-name-of-some-length"
    program.symlink_to(sys.executable)
    server = subprocess.Popen(
        [program, "-c", "import socket, sys; s = socket.create_server(('127.0.0.1', 0)); "
                        "print(s.getsockname()[1], flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with server:
        port = int(server.stdout.readline())
        for word in "a-name-of-some-", program.name:
            found = rows(sockctl("sockets", "--json", "-t", "--process", word))
            assert [row["local"]["port"] for row in found] == [port]
        sockctl("sockets", "--process", "a-name-of-some").wait(3)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
@pytest.mark.needs("setpriv")
def test_processes_of_others(sockctl):
    """An empty list would say that they have no sockets."""
    proc = sockctl("--reuid", "65534", "--clear-groups", PROGRAM, "sockets", "--process",
                   os.getpid(), program="setpriv")
    proc.wait(1)
    proc.wait_err(f"sockets: {os.getpid()}: only its user and root can see the sockets")


def test_list_of_ports(sockctl):
    with listener() as first, listener() as second:
        ports = port_of(first), port_of(second)
        found = rows(sockctl("sockets", "--json", "-l", "--process", os.getpid(), "--port",
                             ",".join(map(str, ports))))
        assert {row["local"]["port"] for row in found} == set(ports)


def test_processes(sockctl):
    name = Path("/proc/self/comm").read_text(encoding="utf-8").strip()
    with listener() as server:
        text = sockctl("sockets", "-lnpP", port_of(server))
        row, = rows(sockctl("sockets", "--json", "-lpP", port_of(server)))
        text.wait()
        owner = {"name": name, "pid": os.getpid(), "fd": server.fileno()}
        assert row["processes"] == [owner]
        assert row["inode"] == os.fstat(server.fileno()).st_ino
        assert f"{name}(pid={os.getpid()},fd={server.fileno()})" in text.out.decode()


def test_unix_sockets(sockctl, tmp_path):
    path = tmp_path / "a socket"
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(path))
        server.listen(7)
        client.connect(str(path))
        with server.accept()[0] as conn:
            served, listening = sorted(rows(sockctl("sockets", "--json", "-A", path)),
                                       key=lambda row: row["state"])
            ours, = [row for row in rows(sockctl("sockets", "-x", "--json"))
                     if row["inode"] == os.fstat(client.fileno()).st_ino]
            assert listening["state"] == "LISTEN" and listening["send_queue"] == 7
            assert listening["inode"] == os.fstat(server.fileno()).st_ino
            assert served["peer_inode"] == ours["inode"]
            assert ours["peer_inode"] == os.fstat(conn.fileno()).st_ino
            assert ours["remote"] == {"family": "unix", "path": str(path)}
            assert ours["type"] == "stream" and ours["state"] == "ESTABLISHED"


def test_no_limit_and_backlog(sockctl):
    """What the kernel writes as its greatest number, and where it puts the queue of a listener."""
    with socket.create_server(("127.0.0.1", 0), backlog=77) as server:
        with socket.create_connection(server.getsockname()) as client:
            proc = sockctl("sockets", "--listening", "--long", "-P", port_of(server))
            proc.wait()
            details = proc.out.decode()
            assert "backlog=77" in details and "queue=1" in details
            assert "sacked=" not in details and "unacked=" not in details
            assert "max_pacing_rate=unlimited" in details and str(2**64 - 1) not in details
            row, = rows(sockctl("sockets", "--listening", "-L", "--json", "-P", port_of(server)))
            assert row["tcp_info"]["backlog"] == 77 and "sacked" not in row["tcp_info"]
            row = next(row for row in rows(sockctl("sockets", "-L", "--json", "-P", port_of(client)))
                       if row["state"] == "ESTABLISHED")
            assert "snd_ssthresh" not in row["tcp_info"]


def test_measurements(sockctl):
    """--long shows what TCP_INFO tells the owner of the socket."""
    with listener() as server, dial(port_of(server)) as client, accept(server) as conn:
        client.sendall(b"x" * 5000)
        received = 0
        while received < 5000:
            received += len(conn.recv(5000))
        row, = [row for row in rows(sockctl("sockets", "-L", "--json", "-P", port_of(client)))
                if row["local"]["port"] == port_of(server)]
        text = sockctl("sockets", "-nL", "-P", port_of(client))
        text.wait()
        control = conn.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)
    assert row["tcp_info"]["bytes_received"] == 5000
    assert row["congestion"].encode() == control.rstrip(b"\0")
    assert b"bytes_received=5000" in text.out


def test_watch(sockctl):
    with listener() as first:
        proc = sockctl("sockets", "--json", "--watch=0.1", "-tl", "--process", os.getpid())
        line = f'"port":{port_of(first)}'.encode()
        proc._out.wait(lambda data: data.count(line) >= 2, "a second look")
        with listener() as second:
            line = f'"port":{port_of(second)}'.encode()
            proc._out.wait(lambda data: line in data, "the new socket")
    proc.stop(signal.SIGINT)


def test_watch_ends_with_its_reader(sockctl):
    """At once, however long it is until the next look."""
    proc = sockctl("sockets", "--watch=1h", "-tl", stdout=PIPE)
    assert proc.stdout.read(1)
    proc.stdout.close()
    proc.wait(141)


def test_watch_on_a_terminal(sockctl):
    """Each look replaces the one before, and lines that do not fit are counted."""
    ours, theirs = pty.openpty()
    os.system(f"stty rows 4 < {os.ttyname(theirs)}")
    with listener(), listener(), listener(), listener():
        proc = sockctl("sockets", "--watch=0.1", "-tln", "--process", os.getpid(), stdout=theirs)
        os.close(theirs)
        seen = b""
        while seen.count(b"\x1b[H") < 3:
            seen += os.read(ours, 4096)
        proc.stop(signal.SIGINT)
    os.close(ours)
    assert seen.startswith(b"\x1b[2J\x1b[H")
    frame = seen.split(b"\x1b[H")[1]
    lines = frame.split(b"\n")
    assert len(lines) == 4, "three lines, and the cursor on the fourth"
    assert lines[2].startswith(b"... and 3 more")


def test_q_ends_the_watching(sockctl, terminal):
    terminal.resize(24, 80)
    proc = sockctl("sockets", "--watch=1h", "-tl", stdin=terminal.fd, stdout=terminal.fd)
    terminal.wait_screen(b"PROTO")
    terminal.wait_changed()
    terminal.type(b"x")
    assert proc.running()
    terminal.type(b"q")
    proc.wait(0)
    terminal.wait_restored()


@pytest.mark.parametrize("words", [["--json"], []])
def test_keys_are_left_alone(sockctl, terminal, words):
    """Without a list that is refreshed in place, what is typed is for others."""
    proc = sockctl("sockets", "--watch=1h", "-tl", *words, stdin=terminal.fd, stdout=PIPE)
    assert proc.stdout.read(1)
    proc.stdout.close()
    proc.wait(141)
    assert terminal.attributes() == terminal.before


@pytest.mark.needs("strace")
def test_asks_netlink(sockctl):
    proc = sockctl("-E", NO_LEAK_CHECK, "-f", "-e", "trace=openat,open,socket", PROGRAM,
                   "sockets", "-n", program="strace")
    proc.wait()
    # The sanitizers read /proc/self when they start.
    assert "/proc/net" not in proc.err
    assert re.search(r"socket\(AF_NETLINK, SOCK_RAW\|SOCK_CLOEXEC, NETLINK_SOCK_DIAG\)", proc.err)


@pytest.mark.needs("ip", "unshare", "nsenter")
def test_scope_of_link_local_addresses(sockctl, network):
    """The address alone names no place."""
    place = "[fe80::ff:fe00:1%wire]"
    wait_for(lambda: "tentative" not in network.near.output("ip", "address", "show", "dev", "wire"),
             "an address to bind to")
    server = sockctl("listen", "-k", f"{place}:5000", stdin=PIPE, wrap=network.wrap)
    server.wait_err("listening")
    client = sockctl("connect", f"{place}:5000", stdin=PIPE, wrap=network.wrap)
    client.stdin.write(b"x")
    server.wait_out(1)
    text = sockctl("sockets", "-tn", wrap=network.wrap)
    text.wait()
    places = re.findall(r"(\S*fe80\S*):\d+", text.out.decode())
    assert places == [place] * 5  # of the listening socket, and both of the two connected ones
    found = rows(sockctl("sockets", "--json", "-t", "-s", "established", wrap=network.wrap))
    assert [row[end]["address"] for row in found for end in ("local", "remote")] == [
        place.strip("[]")] * 4
    client.stop()
    server.stop()


@pytest.mark.needs("strace")
@pytest.mark.parametrize("call", ["sendto", "recvfrom"])
def test_netlink_that_fails(sockctl, call):
    """No list is not an empty list."""
    proc = sockctl("sockets", "-t", wrap=["strace", "-qq", "-o", "/dev/null", "-E", NO_LEAK_CHECK,
                                          "-e", f"inject={call}:error=ENOBUFS"])
    proc.fails(1, "ENOBUFS")
    assert not proc.out
    assert proc.lines[-1] == "sockctl: sockets: No buffer space available (ENOBUFS)"


@pytest.mark.needs("strace")
def test_process_that_cannot_be_read_for_want_of_memory(sockctl):
    """The first of them; the folder of all processes is read before."""
    proc = sockctl("sockets", "-t", "--processes",
                   wrap=["strace", "-qq", "-o", "/dev/null", "-E", NO_LEAK_CHECK,
                         "-e", "inject=getdents64:error=ENOMEM:when=2"])
    proc.fails(1, "ENOMEM")
    assert not proc.out


@pytest.mark.parametrize("options, words", [
    (["-s", "lsten"], ["'lsten'", "did you mean 'listen'"]),
    (["-s", ""], ["--state", "''"]),
    (["-P", "65536"], ["--port", "'65536'", "0 to 65535"]),
    (["-P", "no-such-service"], ["'no-such-service'"]),
    (["-A", "127.1"], ["--address", "'127.1'"]),
    (["-A", "::1/129"], ["'::1/129'", "128"]),
    (["-4", "-6"], ["--ipv4", "--ipv6"]),
    (["-l", "-s", "listen"], ["--listening", "--state"]),
    (["--watch=0"], ["'0'", "100ms"]),
    (["tcp"], ["'tcp'"]),
])
def test_bad_words(sockctl, options, words):
    proc = sockctl("sockets", *options)
    proc.fails(2, *words)
    assert not proc.out


def test_unknown_user(sockctl):
    sockctl("sockets", "--user", "no-such-user").fails(3, "no-such-user", "no such user")


def test_full_disk(sockctl):
    with open("/dev/full", "wb") as full:
        sockctl("sockets", stdout=full).fails(1, "standard output", "ENOSPC")
