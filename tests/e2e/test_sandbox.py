# SPDX-License-Identifier: ISC
"""Once set up, the commands that carry data give up what they do not need. What the sandbox refuses
is tried from inside by tests/unit/test_sandbox.c; here is when it is entered, and what goes on."""

import os
import re
import socket
import struct
import subprocess
import time

import pytest

import peers
from harness import DEADLINE, DEVNULL, NO_LEAK_CHECK, PIPE, PROGRAM, wait_for

HERE = "127.0.0.1"
VERSION = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
AVAILABLE = re.search(r"^sandbox: (.*)$", VERSION, re.M)[1]

needs_filter = pytest.mark.skipif("seccomp" not in AVAILABLE, reason="no filter here")
needs_landlock = pytest.mark.skipif("Landlock" not in AVAILABLE, reason="no Landlock here")
needs_strace = pytest.mark.needs("strace")


def status_of(proc):
    """NoNewPrivs and Seccomp as /proc shows them."""
    with open(f"/proc/{proc.pid}/status", encoding="ascii") as file:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    return fields["NoNewPrivs"], fields["Seccomp"]


CONFINED, FREE = ("1", "2"), ("0", "0")


def test_version_tells():
    assert re.fullmatch(r"none|(seccomp)?(, )?(Landlock \d+)?", AVAILABLE)


@needs_filter
@pytest.mark.parametrize("options, state", [
    ([], CONFINED), (["-k"], CONFINED), (["--sandbox"], CONFINED), (["--sandbox=auto"], CONFINED),
    (["-k", "--forward", "127.0.0.1:1"], CONFINED), (["--sandbox=off"], FREE),
    (["--exec", "cat"], FREE), (["--exec-file", "cat"], FREE),
])
def test_servers_when_they_listen(sockctl, options, state):
    proc = sockctl("listen", HERE, 0, *options)
    assert proc.port
    assert status_of(proc) == state
    proc.kill(15)
    proc.wait(143)


@needs_filter
def test_connection_that_is_there_is_read_inside(sockctl, tmp_path):
    """From its first byte on, as one that is accepted."""
    with peers.listener() as sock, peers.dial(peers.port_of(sock)) as conn, \
            peers.accept(sock) as given:
        peers.send_all(conn, b"PROXY UNKNOWN\r\ndata")
        proc = sockctl("listen", "--accept-proxy", "--sandbox=on", f"--trace-all={tmp_path}/trace",
                       f"fd:{given.fileno()}", stdin=DEVNULL, fds=[given.fileno()])
        given.close()
        proc.wait()
    assert proc.out == b"data"
    names = re.findall(r"\b(seccomp|recv)\(", (tmp_path / "trace").read_text())
    assert names[0] == "seccomp" and "recv" in names


@needs_filter
@pytest.mark.parametrize("options, state", [([], CONFINED), (["--sandbox=off"], FREE)])
def test_client_when_it_is_connected(sockctl, server, options, state):
    proc = sockctl("connect", *options, HERE, peers.port_of(server), stdin=PIPE)
    with peers.accept(server) as conn:
        conn.sendall(b"banner")
        proc.wait_out(6)
        assert status_of(proc) == state
    proc.stdin.close()
    proc.wait()


@needs_filter
def test_datagram_commands(sockctl):
    receiver = sockctl("udp-recv", "--count", 1, HERE, 0)
    assert receiver.port and status_of(receiver) == CONFINED
    sender = sockctl("udp-send", HERE, receiver.port, stdin=PIPE)
    sender.stdin.write(b"one\n")
    receiver.wait()
    assert receiver.out == b"one\n" and status_of(sender) == CONFINED
    sender.stdin.close()
    sender.wait()


def test_said_when_everything_is_to_be_said(sockctl):
    for options, told in (([], False), (["-v"], True), (["--json"], False), (["--json", "-v"], True)):
        proc = sockctl("udp-recv", *options, HERE, 0)
        assert proc.port
        proc.kill(15)
        proc.wait(143)
        assert ("confined" in proc.err) == told
        if told and AVAILABLE != "none":
            assert f"{AVAILABLE}" in proc.err


@pytest.mark.parametrize("command", ["connect", "listen"])
def test_not_with_programs(sockctl, command):
    proc = sockctl(command, "--sandbox", "--exec", "cat", HERE, 1)
    proc.wait(2)
    assert proc.lines == [f"sockctl: {command}: --sandbox cannot go with --exec or --exec-file: "
                          "a program is not confined"]


def strace(sockctl, tmp_path, calls, inject, *words, **how):
    log = tmp_path / "calls"
    options = ["strace", "-f", "-qq", "-E", NO_LEAK_CHECK, "-o", log, "-e", f"trace={calls}"]
    for fault in inject:
        options += ["-e", f"inject={fault}"]
    return sockctl(*words, wrap=options, **how), log


@needs_filter
@needs_strace
@pytest.mark.parametrize("mode, status", [("auto", 0), ("on", 1)])
def test_without_support(sockctl, tmp_path, server, mode, status):
    """A kernel that has neither."""
    proc, _ = strace(sockctl, tmp_path, "seccomp,landlock_create_ruleset",
                     ["seccomp:error=ENOSYS", "landlock_create_ruleset:error=ENOSYS"],
                     "connect", "-v", f"--sandbox={mode}", HERE, peers.port_of(server), stdin=b"data")
    with peers.accept(server) as conn:
        if status == 0:
            assert peers.receive_all(conn) == b"data"
    proc.wait(status)
    if status:
        assert proc.lines[-1] == (
            "sockctl: connect: sandbox: this system or build has neither seccomp nor Landlock; "
            "--sandbox=auto takes what there is")
    else:
        assert any("not confined" in line for line in proc.lines)


@needs_filter
@needs_landlock
@needs_strace
@pytest.mark.parametrize("call, lacking", [
    ("seccomp", "no seccomp"), ("landlock_create_ruleset", "no Landlock"),
])
@pytest.mark.parametrize("mode, status", [("auto", 0), ("on", 1)])
def test_half_of_it(sockctl, tmp_path, call, lacking, mode, status):
    """Half a sandbox is better than none, but not what --sandbox=on promises."""
    proc, _ = strace(sockctl, tmp_path, call, [f"{call}:error=ENOSYS"],
                     "udp-recv", "-v", f"--sandbox={mode}", "--count", 1, HERE, 0)
    if status == 0:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"data", (HERE, proc.port))
    proc.wait(status)
    if status == 0:
        assert any("confined by" in line for line in proc.lines)
    else:
        assert (f"sockctl: udp-recv: sandbox: this system or build has {lacking}; "
                "--sandbox=auto takes what there is") in proc.lines


@needs_filter
@needs_landlock
@needs_strace
@pytest.mark.parametrize("call", ["prctl", "landlock_add_rule", "landlock_restrict_self", "seccomp"])
def test_failure_is_no_secret(sockctl, tmp_path, call):
    """What the kernel has but does not give ends the run: nothing is served without it."""
    when = ":when=2" if call == "seccomp" else ""  # the first asks whether there is such a thing
    proc, _ = strace(sockctl, tmp_path, call, [f"{call}:error=ENOMEM{when}"],
                     "listen", "-k", tmp_path / "socket")
    proc.wait(1)
    assert proc.lines == ["sockctl: listen: sandbox: Cannot allocate memory (ENOMEM)"]
    assert not (tmp_path / "socket").exists()


@needs_filter
@needs_strace
@pytest.mark.parametrize("number", [1, 3])
def test_no_call_of_a_transfer_is_refused(sockctl, tmp_path, clients, number):
    """Data both ways; then every call that failed is looked at."""
    proc, log = strace(sockctl, tmp_path, "all", [], "listen", "-k", "--count", number, HERE, 0,
                       stdin=PIPE)
    conns = clients(proc.port, number)
    for conn in conns:
        conn.sendall(b"question")
    proc.wait_out(8 * number)
    proc.stdin.write(b"answer")
    proc.stdin.close()
    for conn in conns:
        conn.shutdown(socket.SHUT_WR)
        assert peers.receive_all(conn) == b"answer"
    proc.wait()
    text = log.read_text(encoding="utf-8")
    confined = text.index("seccomp(SECCOMP_SET_MODE_FILTER")
    refused = [line for line in text[confined:].splitlines()
               if re.search(r"= -1 (EPERM|EACCES|ENOSYS)\b", line)]
    assert not refused


def test_names_are_looked_up_inside(sockctl, server):
    """A forwarder asks for its target again and again."""
    proc = sockctl("listen", "-k", "--forward", f"localhost:{peers.port_of(server)}", HERE, 0)
    for _ in range(3):
        with peers.dial(proc.port) as client:
            with peers.accept(server) as conn:
                client.sendall(b"to the target")
                client.shutdown(socket.SHUT_WR)
                assert peers.receive_all(conn) == b"to the target"
    proc.kill(15)
    proc.wait(143)


def answered(sockctl, cwd, place):
    """What one that sends a question to PLACE by `connect -u` gets back."""
    proc = sockctl("connect", "-u", "--sandbox=on", *place, cwd=cwd, stdin=PIPE)
    proc.stdin.write(b"question")
    proc.wait_out(8)
    proc.stop()
    return proc.out


@needs_filter
@needs_landlock
@pytest.mark.parametrize("place", [[HERE, "0"], ["::1", "0"], ["./socket"]], ids=" ".join)
@pytest.mark.parametrize("target", [f"udp:{HERE}:{{}}", "udp:localhost:{}", f"tcp:{HERE}:{{}}",
                                    "./target"])
def test_datagrams_are_forwarded_from_inside(sockctl, tmp_path, place, target):
    echo = sockctl("echo", HERE, 0)
    end = sockctl("udp-recv", "--sandbox=on", "--echo", "./target", cwd=tmp_path, stdin=DEVNULL)
    end.wait_err("listening")
    proc = sockctl("listen", "-uk", "--sandbox=on", *place, "--forward", target.format(echo.port),
                   cwd=tmp_path, stdin=DEVNULL)
    proc.wait_err("listening")
    place = [place[0], proc.port] if place[1:] else place
    assert answered(sockctl, tmp_path, place) == b"question"
    for server in (proc, end, echo):
        server.stop()


def listening(kind, path):
    """A socket that listens, and the words that connect to it."""
    if kind in ("tcp", "name"):
        sock = peers.listener()
        return sock, f"{HERE if kind == 'tcp' else 'localhost'}:{peers.port_of(sock)}"
    sock = socket.socket(socket.AF_UNIX,
                         socket.SOCK_STREAM if kind == "unix" else socket.SOCK_SEQPACKET)
    sock.settimeout(DEADLINE)
    sock.bind(str(path))
    sock.listen()
    return sock, f"{kind}:{path}"


@needs_filter
@needs_landlock
@pytest.mark.parametrize("first", ["tcp", "name", "unix", "seqpacket"])
@pytest.mark.parametrize("second", ["tcp", "name", "unix"])
def test_two_connections_are_joined_inside(sockctl, tmp_path, first, second):
    ends = [listening(kind, tmp_path / name) for kind, name in ((first, "1"), (second, "2"))]
    (one, word), (two, target) = ends
    with one, two:
        proc = sockctl("connect", "--sandbox=on", word, "--forward", target, stdin=DEVNULL)
        with peers.accept(one) as near, peers.accept(two) as far:
            for source, sink in ((near, far), (far, near)):
                source.sendall(b"from the other")
                assert peers.receive(sink, 14) == b"from the other"
            assert status_of(proc) == CONFINED
            near.shutdown(socket.SHUT_WR)
            assert far.recv(1) == b""
            far.shutdown(socket.SHUT_WR)
            proc.wait()


@needs_landlock
@needs_strace
@pytest.mark.parametrize("words, host, ports, reads", [
    (["connect", "-z", "--sandbox"], HERE, "{}", False),
    (["connect", "-z"], "localhost", "{}", True),
    (["connect", "-z", "--any"], HERE, "{},1", True),  # names of services are shown
    (["connect", "-z", "--any", "-n", "--sandbox"], HERE, "{},1", False),
    (["echo", "--client", "--count", "1"], HERE, "{}", False),
    (["echo", "--client", "--count", "1"], "localhost", "{}", True),
    (["echo", "--client", "--udp", "--count", "1"], HERE, "{}", True),
])
def test_files_of_names_only_where_there_are_names(sockctl, tmp_path, words, host, ports, reads):
    echo = sockctl("echo", "localhost", 0)
    proc, log = strace(sockctl, tmp_path, "landlock_add_rule", [], *words, host, ports.format(echo.port))
    proc.wait()
    echo.stop()
    assert ("LANDLOCK_RULE_PATH_BENEATH" in log.read_text(encoding="utf-8")) == reads


@needs_filter
@needs_strace
@pytest.mark.parametrize("host, options, confined", [
    (HERE, [], False), (HERE, ["--json"], True), (HERE, ["--json", "-n"], False),
    (HERE, ["--banner=1ms"], True), (HERE, ["--sandbox"], True), (HERE, ["--tls"], True),
    ("localhost", [], True), ("localhost", ["--sandbox=off"], False),
])
def test_check_is_confined_where_it_reads(sockctl, tmp_path, server, host, options, confined):
    """A name, and services that are shown, are looked up; a connection alone brings no bytes."""
    proc, log = strace(sockctl, tmp_path, "seccomp", [], "connect", "-z", "--timeout", "1", *options,
                       host, peers.port_of(server), stdin=DEVNULL)
    proc.wait(6 if "--tls" in options else 0)
    assert ("SECCOMP_SET_MODE_FILTER" in log.read_text(encoding="utf-8")) == confined


def test_unix_socket_is_removed_from_inside(sockctl, tmp_path):
    for words in (["listen"], ["udp-recv"]):
        path = tmp_path / "socket"
        proc = sockctl(*words, path, stdin=DEVNULL)
        proc.wait_err("listening on")
        assert path.exists()
        proc.kill(15)
        proc.wait(143)
        assert not path.exists()


def test_relative_path_is_removed_from_inside(sockctl, tmp_path):
    proc = sockctl("listen", "unix:socket", cwd=tmp_path)
    proc.wait_err("listening on")
    assert (tmp_path / "socket").exists()
    proc.kill(15)
    proc.wait(143)
    assert not (tmp_path / "socket").exists()


@needs_strace
def test_outputs_that_are_opened_again(sockctl, tmp_path):
    """A named pipe as stdout, whose mode must stay as it is, is opened once more for the client."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(path, os.O_WRONLY)
    proc, log = strace(sockctl, tmp_path, "openat", [], "listen", HERE, 0, stdout=writer)
    with peers.dial(proc.port) as conn:
        conn.sendall(b"data")
    proc.wait()
    assert re.search(r'"/proc/self/fd/1".* = \d+\n', log.read_text(encoding="utf-8"))
    assert os.get_blocking(writer)
    os.close(writer)
    assert os.read(reader, 100) == b"data"
    os.close(reader)


@needs_filter
def test_threads_are_confined(sockctl, server):
    """The thread that looked up the name of where it listens is there before."""
    proc = sockctl("listen", "-k", "localhost", 0)
    assert proc.port

    def seccomp_of(tid):
        with open(f"/proc/{proc.pid}/task/{tid}/status", encoding="ascii") as file:
            return re.search(r"^Seccomp:\t(\d)$", file.read(), re.M)[1]

    wait_for(lambda: {seccomp_of(tid) for tid in os.listdir(f"/proc/{proc.pid}/task")} == {"2"},
             "confined threads")
    proc.kill(15)
    proc.wait(143)


SHIFT = 13 * 3600 + 45 * 60  # seconds of a time zone that no machine is in by chance


@pytest.fixture
def zone(tmp_path):
    """An environment whose time zone is in a file (tzfile(5))."""
    path = tmp_path / "zone"
    block = b"TZif2" + bytes(15) + struct.pack(">6l", 0, 0, 0, 0, 1, 4) + struct.pack(">lbb", SHIFT, 0, 0) + b"FAR\0"
    path.write_bytes(block * 2 + b"\nFAR-13:45\n")
    return {**os.environ, "TZ": f":{path}"}


def is_local(text, since):
    """Whether the first time in TEXT is that of the zone, not before SINCE."""
    shown = re.search(r"\b(\d\d):(\d\d):(\d\d)\.\d{6}\b", text)
    hours, minutes, seconds = map(int, shown.groups())
    passed = (hours * 3600 + minutes * 60 + seconds - SHIFT - int(since)) % 86400
    return passed <= time.time() - since + 1


def test_local_time_of_streams(sockctl, server, zone):
    since = time.time()
    client = sockctl("connect", "--hex", HERE, peers.port_of(server), env=zone)
    with peers.accept(server) as conn:
        conn.sendall(b"data")
    client.wait()
    assert is_local(client.err, since)
    host = sockctl("listen", "--hex", HERE, 0, env=zone)
    with peers.dial(host.port) as conn:
        conn.sendall(b"data")
    host.wait()
    assert is_local(host.err, since)


def test_local_time_of_datagrams(sockctl, zone):
    since = time.time()
    with peers.udp() as sock:
        host = sockctl("udp-recv", "--hex", "--count", 1, HERE, 0, env=zone)
        sock.sendto(b"data", (HERE, host.port))
        host.wait()
        assert is_local(host.out.decode(), since)
        client = sockctl("udp-send", "--hex", "--replies", 1, HERE, sock.getsockname()[1], "be ef", env=zone)
        _, source = sock.recvfrom(10)
        sock.sendto(b"data", source)
        client.wait()
    assert is_local(client.out.decode(), since)


@needs_filter
@needs_strace
@pytest.mark.parametrize("options, count", [([], 0), (["--hex"], 1)])
def test_zone_is_read_only_to_be_shown(sockctl, tmp_path, server, zone, options, count):
    proc, log = strace(sockctl, tmp_path, "openat", [], "connect", *options, HERE, peers.port_of(server),
                       env=zone)
    peers.accept(server).close()
    proc.wait()
    assert log.read_text(encoding="utf-8").count("/zone") == count
