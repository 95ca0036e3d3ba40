# SPDX-License-Identifier: ISC
"""--exec and --exec-file: a program for each connection, which neither outlives it nor is cut off."""

import os
import re
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import crowd
from harness import CLOSED, DEVNULL, PIPE, Task, digest_of, wait_for
from peers import (MIB, accept, answer, dial, dial_unix, half_close, listener, port_of, receive,
                   receive_all, reset, reset_by_peer, send_all, sink, sink_slowly, turned_down,
                   unused_port)

PLACE = ("127.0.0.1", "0")


def talk(proc, data=b"", address="127.0.0.1"):
    with dial(proc.port, address) as conn:
        send_all(conn, data)
        return receive_all(conn)


def exists(pid):
    """Zombies do not count: whoever is to wait for them may be slow."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid):
    """Also those that have ended and that nobody has waited for."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return file.read().split()


def pids_in(conn, count):
    """What the program has said first: one process to a line."""
    file = conn.makefile("rb", buffering=0)
    return [int(file.readline()) for _ in range(count)]


def gone(*pids):
    wait_for(lambda: not any(exists(pid) for pid in pids), f"{pids} gone")


# Where no relay is needed the program has the socket itself; --idle-timeout needs one.
@pytest.fixture(params=[[], ["--idle-timeout", "1h"]], ids=["direct", "relay"])
def way(request):
    return request.param


def test_cat(sockctl, way):
    proc = sockctl("listen", *way, "--exec", "cat", *PLACE)
    assert talk(proc, b"hello") == b"hello"
    proc.wait()
    assert proc.out == b""


def test_bulk(sockctl, way):
    data = os.urandom(16 * MIB)
    proc = sockctl("listen", *way, "--exec", "cat", *PLACE)
    with dial(proc.port) as conn:
        sending = Task(send_all, conn, data)
        assert sink(conn) == digest_of(data)
        sending.result()
    proc.wait()


def test_answer_after_the_end_of_the_request(sockctl, way):
    proc = sockctl("listen", *way, "--exec", "n=$(wc -c); sleep 0.7; echo $n", *PLACE)
    assert talk(proc, b"12345").strip() == b"5"
    proc.wait()


def test_last_words_reach_a_slow_client(sockctl, way, random_file):
    """The program has long exited when they are read."""
    proc = sockctl("listen", *way, "--exec", f"head -c 4194304 {random_file}", *PLACE)
    with dial(proc.port, rcvbuf=8192) as conn:
        time.sleep(0.5)
        expected = random_file.read_bytes()[: 4 * MIB]
        assert sink_slowly(conn, 100_000, 0.001) == digest_of(expected)
    proc.wait()


def test_input_that_is_not_read_destroys_no_output(sockctl, way, random_file):
    """A reset for it would."""
    proc = sockctl("listen", *way, "--exec", f"head -c 1 > /dev/null; head -c 1048576 {random_file}",
                   *PLACE)
    with dial(proc.port) as conn:
        conn.sendall(b"x" * 100_000)
        assert sink(conn) == digest_of(random_file.read_bytes()[:MIB])
    proc.wait()


def test_program_that_reads_nothing(sockctl, way):
    proc = sockctl("listen", *way, "--exec", "echo done", *PLACE)
    with dial(proc.port) as conn:
        conn.sendall(b"x" * 100_000)
        assert receive_all(conn) == b"done\n"
    proc.wait()


def test_conversation(sockctl, way):
    proc = sockctl("listen", *way, "--exec", "while read x; do echo got $x; done", *PLACE)
    with dial(proc.port) as conn:
        for n in range(5):
            conn.sendall(b"%d\n" % n)
            assert receive(conn, 6) == b"got %d\n" % n
        half_close(conn)
        assert receive_all(conn) == b""
    proc.wait()


@pytest.mark.parametrize("command, status, words", [
    ("exit 0", 0, []), ("exit 1", 1, ["exit status 1"]), ("exit 77", 1, ["exit status 77"]),
    ("kill -9 $$", 1, ["SIGKILL"]), ("kill -SEGV $$", 1, ["SIGSEGV"]),
    ("no-such-program-at-all", 1, ["exit status 127"]),
])
def test_status(sockctl, way, command, status, words):
    proc = sockctl("listen", *way, "--exec", command, *PLACE)
    assert talk(proc) == b""
    proc.wait(status)
    ours = [line for line in proc.complaints if line.startswith("sockctl: ")]
    assert len(ours) == (1 if status else 0)
    for word in words:
        assert word in ours[0]


def test_status_of_one_of_many_is_its_own(sockctl):
    proc = sockctl("listen", "-k", "-v", "--exec", "exit 3", *PLACE)
    for _ in range(3):
        assert talk(proc) == b""
    wait_for(lambda: sum("exit status 3" in line for line in proc.lines) == 3, "three ends")
    proc.stop()


def test_words_of_the_program_are_not_looked_at(sockctl):
    proc = sockctl("listen", *PLACE, "--exec-file", sys.executable, "-c",
                   "import sys; print(sys.argv[1:])", "a b", "$HOME", "*", "", "--help", "-k", "--")
    assert talk(proc) == b"['a b', '$HOME', '*', '', '--help', '-k', '--']\n"
    proc.wait()


def test_program_is_found_as_by_a_shell(sockctl, tmp_path):
    script = tmp_path / "bin" / "said"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\necho $0 $1\n")
    script.chmod(0o755)
    env = {**os.environ, "PATH": f"/nonexistent:{script.parent}:{os.environ['PATH']}"}
    for word, cwd in (("said", "/"), (str(script), "/"), ("./said", script.parent)):
        proc = sockctl("listen", *PLACE, "--exec-file", word, "it", env=env, cwd=cwd)
        assert talk(proc).split()[1] == b"it"
        proc.wait()


@pytest.mark.parametrize("kind, error", [("missing", "ENOENT"), ("directory", "EACCES"),
                                         ("plain", "EACCES"), ("empty", "ENOENT")])
def test_program_that_cannot_be_run_is_told_before_the_first_client(sockctl, tmp_path, kind, error):
    path = tmp_path / "program"
    if kind == "directory":
        path.mkdir()
    elif kind == "plain":
        path.write_text("no program")
    word = "" if kind == "empty" else path
    for command in ("listen", "connect"):
        proc = sockctl(command, "127.0.0.1", "1", "--exec-file", word)
        proc.fails(1, error)
        assert "listening" not in proc.err
    if kind == "missing":
        sockctl("listen", *PLACE, "--exec-file", "no-such-program").fails(1, "no-such-program")


@pytest.mark.parametrize("content, error", [("#!/no/interpreter\n", "ENOENT"),
                                            ("\x7fELF nonsense", "ENOEXEC")])
def test_program_that_only_the_kernel_refuses(sockctl, tmp_path, content, error):
    """It costs that client only, and says so."""
    path = tmp_path / "program"
    path.write_text(content)
    path.chmod(0o755)
    proc = sockctl("listen", *PLACE, "--exec-file", path)
    assert turned_down(proc.port)
    proc.wait(1)
    assert error in proc.err
    proc = sockctl("listen", "-k", *PLACE, "--exec-file", path)
    for _ in range(3):
        assert turned_down(proc.port)
    assert not children(proc.pid)
    proc.stop()


def environment(text):
    return dict(line.split("=", 1) for line in text.decode().split("\0") if "=" in line)


PRINT_ENVIRONMENT = "cat /proc/self/environ"


@pytest.mark.parametrize("address, place", [("127.0.0.1", PLACE), ("::1", ("::1", "0")),
                                            ("127.0.0.1", ("0", "--expose"))])
def test_environment(sockctl, address, place):
    stale = {"TCPREMOTEHOST": "stale", "TCPREMOTEINFO": "stale", "LISTEN_FDS": "3",
             "LISTEN_PID": "1", "NOTIFY_SOCKET": "/nonexistent/x", "MINE": "kept"}
    proc = sockctl("listen", "--exec", PRINT_ENVIRONMENT, *place, env={**os.environ, **stale})
    with dial(proc.port, address) as conn:
        remote = port_of(conn)
        env = environment(receive_all(conn))
    proc.wait()
    for names, value in ((("PROTO", "SOCKCTL_PROTO"), "TCP"),
                         (("TCPLOCALIP", "SOCKCTL_LOCAL_ADDRESS"), address),
                         (("TCPREMOTEIP", "SOCKCTL_REMOTE_ADDRESS"), address),
                         (("TCPLOCALPORT", "SOCKCTL_LOCAL_PORT"), str(proc.port)),
                         (("TCPREMOTEPORT", "SOCKCTL_REMOTE_PORT"), str(remote)),
                         (("MINE",), "kept")):
        for name in names:
            assert env[name] == value
    assert not {"TCPREMOTEHOST", "TCPREMOTEINFO", "LISTEN_FDS", "LISTEN_PID",
                "NOTIFY_SOCKET"} & set(env)


def test_environment_of_a_unix_socket(sockctl, tmp_path):
    path = tmp_path / "socket"
    proc = sockctl("listen", "--exec", PRINT_ENVIRONMENT, path)
    proc.wait_err("listening")
    with dial_unix(str(path)) as conn:
        env = environment(receive_all(conn))
    proc.wait()
    assert env["PROTO"] == env["SOCKCTL_PROTO"] == "UNIX"
    assert env["UNIXLOCALPATH"] == env["SOCKCTL_LOCAL_ADDRESS"] == str(path)
    assert (env["UNIXREMOTEPID"], env["UNIXREMOTEEUID"], env["UNIXREMOTEEGID"]) == (
        str(os.getpid()), str(os.getuid()), str(os.getgid()))
    assert not [name for name in env if name.startswith("TCP")]


def block_all_signals():
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


def test_clean_slate(sockctl, way):
    """No descriptor but three, default signals, the limits of before, a group of its own."""
    with open("/dev/null", "rb") as leaked:
        script = ("ls /proc/self/fd; grep -E 'Sig(Ign|Blk)' /proc/self/status; ulimit -n;"
                  "grep flags /proc/self/fdinfo/0; ps -o pgid= -p $$; echo $$")
        proc = sockctl("listen", *way, "--exec", script, *PLACE,
                       shell="trap '' HUP PIPE TERM CHLD", preexec_fn=block_all_signals,
                       wrap=["prlimit", "--nofile=300:4000"], fds=[leaked.fileno()])
        words = talk(proc).decode().split()
    proc.wait()
    # The fourth is the folder that ls reads.
    assert words[:4] == ["0", "1", "2", "3"]
    assert words[4:8] == ["SigBlk:", "0" * 16, "SigIgn:", "0" * 16]
    assert words[8] == "300"
    assert words[9] == "flags:" and not int(words[10], 8) & os.O_NONBLOCK
    assert words[11] == words[12]


def test_stderr_is_ours(sockctl, way):
    proc = sockctl("listen", *way, "--exec", "echo out; echo err >&2", *PLACE)
    assert talk(proc) == b"out\n"
    proc.wait()
    assert "err" in proc.complaints


@pytest.mark.parametrize("stdin", [PIPE, CLOSED, DEVNULL])
def test_stdin_and_stdout_are_left_alone(sockctl, stdin):
    proc = sockctl("listen", "--exec", "cat", *PLACE, stdin=stdin,
                   stdout=CLOSED if stdin is CLOSED else PIPE)
    if stdin is PIPE:
        proc.stdin.write(b"not for them")
    assert talk(proc, b"hello") == b"hello"
    proc.wait()


# Leaving, on either side.


LEFT_ALONE = "sleep 1000 & echo $$; echo $!; wait"


def test_reset_hangs_up_the_whole_group(sockctl, way):
    proc = sockctl("listen", "-k", *way, "--exec", LEFT_ALONE, *PLACE)
    conn = dial(proc.port)
    conn.sendall(b"data")
    pids = pids_in(conn, 2)
    assert all(map(exists, pids))
    reset(conn)
    gone(*pids)
    wait_for(lambda: not children(proc.pid), "no zombie")
    proc.wait_err("127.0.0.1:.*ECONNRESET")
    proc.stop()


@pytest.mark.parametrize("leave", [socket.socket.close, reset])
def test_who_only_looks_is_no_failure(sockctl, way, leave):
    """Health checks say nothing, and leave whatever is said to them."""
    proc = sockctl("listen", "-kv", "--count", "1", *way, "--exec",
                   "echo hi; cat > /dev/null; echo there; echo again; true", *PLACE)
    conn = dial(proc.port)
    assert receive(conn, 3) == b"hi\n"
    leave(conn)
    proc.wait()
    assert re.search(", (left|done)$", proc.err, re.M)
    if leave == reset:
        assert ", left\n" in proc.err
    assert "EPIPE" not in proc.err and "ECONNRESET" not in proc.err


def test_hang_up_is_a_signal_that_can_be_heard(sockctl, way, tmp_path):
    proc = sockctl("listen", *way, "--exec",
                   f"trap 'echo heard > {tmp_path}/heard; exit' HUP; echo $$; "
                   "while :; do sleep 0.1; done", *PLACE)
    conn = dial(proc.port)
    pids_in(conn, 1)
    reset(conn)
    proc.wait(7)
    assert (tmp_path / "heard").read_text() == "heard\n"


def test_who_does_not_hear_is_killed(sockctl, way):
    """Also what is stopped, and also in its whole group."""
    proc = sockctl("listen", "-k", *way, "--exec",
                   "trap '' HUP TERM; sleep 1000 & echo $$; echo $!; kill -STOP $!; "
                   "while :; do sleep 1; done", *PLACE)
    conn = dial(proc.port)
    pids = pids_in(conn, 2)
    started = time.monotonic()
    reset(conn)
    gone(*pids)
    assert time.monotonic() - started >= 1.5  # it was given time
    wait_for(lambda: not children(proc.pid), "no zombie")
    proc.stop()


def test_writer_without_a_reader_ends(sockctl, way):
    proc = sockctl("listen", *way, "--exec", "echo $$; exec yes", *PLACE)
    conn = dial(proc.port)
    pid, = pids_in(conn, 1)
    receive(conn, 100_000)
    conn.close()
    gone(pid)
    proc.wait(7)


def test_client_that_closes_a_unix_socket(sockctl, way, tmp_path):
    """It is certainly gone; what it has said is dealt with."""
    path = tmp_path / "socket"
    proc = sockctl("listen", "-k", *way, "--exec",
                   f"echo $$; cat > {tmp_path}/said; sleep 1000", path)
    proc.wait_err("listening")
    conn = dial_unix(str(path))
    pid, = pids_in(conn, 1)
    conn.sendall(b"last words")
    conn.close()
    gone(pid)
    assert (tmp_path / "said").read_bytes() == b"last words"
    proc.stop()


def test_client_that_closes_is_told_from_one_that_half_closes(sockctl, namespaces, tmp_path):
    """TCP says the same for both. Probes find out, once its kernel has forgotten the connection."""
    script = tmp_path / "script.py"
    script.write_text(CLOSING_CLIENTS)
    proc = sockctl(script, program=sys.executable, wrap=namespaces("none"),
                   env={**os.environ, "PYTHONPATH": os.path.dirname(__file__)})
    proc.wait(0, within=60)
    assert proc.out == b"ended when it should\n", proc.err


CLOSING_CLIENTS = r"""
import os, subprocess, time
from harness import PROGRAM, wait_for
from peers import dial, half_close
from test_exec import exists, pids_in

with open("/proc/sys/net/ipv4/tcp_fin_timeout", "w") as file:
    file.write("1")
server = subprocess.Popen([PROGRAM, "listen", "-k", "--exec", "echo $$; sleep 1000", "127.0.0.1",
                           "7"], stderr=subprocess.PIPE)
server.stderr.readline()
half, full = dial(7), dial(7)
(alive,), (dead,) = pids_in(half, 1), pids_in(full, 1)
half_close(half)
full.close()
wait_for(lambda: not exists(dead), "the end of whose client has closed", 30)
time.sleep(1)
assert exists(alive)
server.terminate()
server.wait()
print("ended when it should")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_our_end_is_theirs(sockctl, way, number):
    proc = sockctl("listen", "-k", *way, "--exec", LEFT_ALONE, *PLACE)
    conns = [dial(proc.port) for _ in range(5)]
    pids = [pid for conn in conns for pid in pids_in(conn, 2)]
    proc.kill(number)
    proc.wait(128 + number, within=1.5)
    assert not any(map(exists, pids))
    for conn in conns:
        conn.close()


def test_our_end_is_theirs_who_do_not_hear(sockctl):
    proc = sockctl("listen", "--exec", "trap '' HUP TERM; echo $$; while :; do sleep 1; done",
                   *PLACE)
    with dial(proc.port) as conn:
        pid, = pids_in(conn, 1)
        proc.stop()
        assert not exists(pid)


def test_our_death_is_theirs(sockctl, way):
    """Nobody is left to see to it: the kernel does."""
    proc = sockctl("listen", "-k", *way, "--exec", "echo $$; exec sleep 1000", *PLACE)
    with dial(proc.port) as conn:
        pid, = pids_in(conn, 1)
        proc.kill(signal.SIGKILL)
        proc.wait(-signal.SIGKILL)
        gone(pid)


def test_who_leaves_the_group_holds_up_nothing(sockctl, way, tmp_path):
    """What it writes later is lost in every mode alike, and it lives on."""
    ready, fifo = tmp_path / "ready", tmp_path / "fifo"
    os.mkfifo(ready)
    os.mkfifo(fifo)
    proc = sockctl("listen", "-k", *way, "--exec",
                   f"setsid sh -c 'echo $$; echo > {ready}; cat {fifo}; echo late' 2>/dev/null & "
                   f"read _ < {ready}; echo now", *PLACE)
    with dial(proc.port) as conn:
        pid, = pids_in(conn, 1)
        assert receive_all(conn) == b"now\n"
    proc.stop()
    assert exists(pid)
    fifo.write_bytes(b"")  # and it ends
    wait_for(lambda: not exists(pid), "an end")


def test_who_stays_in_the_group_is_waited_for(sockctl, way, tmp_path):
    """Its output belongs to that of the program, to the last byte."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    proc = sockctl("listen", *way, "--exec", f"(cat {fifo}; echo late) & echo now", *PLACE)
    with dial(proc.port) as conn:
        assert receive(conn, 4) == b"now\n"
        fifo.write_bytes(b"x" * 100000)
        assert receive_all(conn) == b"x" * 100000 + b"late\n"
    proc.wait()


def test_deadline(sockctl):
    proc = sockctl("listen", "--timeout", "0.5", "--exec", LEFT_ALONE, *PLACE)
    with dial(proc.port) as conn:
        pids = pids_in(conn, 2)
        proc.wait(6)
        assert not any(map(exists, pids))


def test_idle_timeout(sockctl):
    proc = sockctl("listen", "-k", "--idle-timeout", "0.3", "--exec", LEFT_ALONE, *PLACE)
    with dial(proc.port) as conn:
        pids = pids_in(conn, 2)
        gone(*pids)
        assert reset_by_peer(conn)
    proc.wait_err("idle")
    proc.stop()


def test_until_peer(sockctl):
    """The end of the client can be made the end of its program."""
    proc = sockctl("listen", "--until", "peer", "--exec", LEFT_ALONE, *PLACE)
    with dial(proc.port) as conn:
        pids = pids_in(conn, 2)
        half_close(conn)
        assert receive_all(conn) == b""
        gone(*pids)
    proc.wait()


def test_what_goes_on_in_the_background_holds_its_connection(sockctl, way):
    """As long as it has something to say."""
    proc = sockctl("listen", *way, "--exec", "(sleep 0.7; echo late) & echo early", *PLACE)
    assert talk(proc) == b"early\nlate\n"
    proc.wait()


def test_what_goes_on_in_silence_does_not(sockctl, way):
    proc = sockctl("listen", "-k", *way, "--exec",
                   "sleep 1000 < /dev/null > /dev/null 2>&1 & echo $!", *PLACE)
    with dial(proc.port) as conn:
        pid, = pids_in(conn, 1)
        assert receive_all(conn) == b""
    assert exists(pid)
    proc.stop()
    assert not exists(pid)


def test_nobody_is_left(sockctl, way):
    proc = sockctl("listen", "-k", *way, "--exec", "cat", *PLACE)
    before = proc.port and proc.descriptors()
    for n in range(100):
        assert talk(proc, b"%d" % n) == b"%d" % n
    wait_for(lambda: not children(proc.pid), "no zombie")
    wait_for(lambda: proc.descriptors() == before, "no descriptor left")
    proc.stop()


def test_two_hundred_at_once(sockctl):
    proc = sockctl("listen", "-k", "--exec", "cat", *PLACE)
    before = proc.port and proc.descriptors()
    crowd.talk(proc.port, 200, 50_000, at_once=lambda: wait_for(
        lambda: len(children(proc.pid)) == 200, "200 programs"))
    wait_for(lambda: not children(proc.pid), "no child left")
    wait_for(lambda: proc.descriptors() == before, "no descriptor left")
    proc.stop()
    assert not proc.complaints


@pytest.mark.needs("prlimit")
def test_few_descriptors(sockctl):
    """Those for whom no program can be started yet wait, and are not lost."""
    proc = sockctl("listen", "-k", "--exec", "cat", *PLACE, wrap=["prlimit", "--nofile=64"])
    crowd.talk(proc.port, 500, 1000)
    proc.stop()
    assert len([line for line in proc.complaints if "accepting no connections" in line]) == 1
    assert len(proc.complaints) == 1


@pytest.mark.skipif(os.getuid() == 0, reason="root has no limit of processes")
def test_few_processes(sockctl):
    proc = sockctl("listen", "-k", "--exec", "cat", *PLACE, shell="ulimit -u 40")
    crowd.talk(proc.port, 100, 1000)
    proc.stop()


# What is in between, and what is told.


def test_filters(sockctl):
    proc = sockctl("listen", "--crlf", "--hex", "--exec", "echo hello; cat", *PLACE)
    assert talk(proc, b"there\n") == b"hello\r\nthere\r\n"
    proc.wait()
    assert "there" in proc.err


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_closing_line(sockctl, way, kind, tmp_path):
    """The bytes are counted even where nobody has seen them."""
    place = PLACE if kind == "tcp" else [tmp_path / "socket"]
    proc = sockctl("listen", "--json", *way, "--exec", "wc -c; head -c 100000 /dev/zero; exit 4",
                   *place)
    proc.wait_err('"listening"')
    with dial(proc.port) if kind == "tcp" else dial_unix(str(place[0])) as conn:
        send_all(conn, b"x" * 70_000)
        assert len(receive_all(conn)) == 100_006
    proc.wait(1)
    closed, = (e for e in proc.events if e["event"] == "closed")
    assert (closed["sent_bytes"], closed["received_bytes"]) == (100_006, 70_000)
    assert (closed["how"], closed["status"]) == ("program failed", 1)
    exited, = (e for e in proc.events if e["event"] == "exited")
    assert exited["exit_status"] == 4


def test_broken_connection_in_the_closing_line(sockctl, way):
    proc = sockctl("listen", "--json", *way, "--exec", "echo $$; sleep 1000", *PLACE)
    conn = dial(proc.port)
    pids_in(conn, 1)
    reset(conn)
    proc.wait(7)
    closed, = (e for e in proc.events if e["event"] == "closed")
    assert (closed["how"], closed["status"]) == ("broken", 7)
    exited, = (e for e in proc.events if e["event"] == "exited")
    assert exited["signal"] == "SIGHUP"


@pytest.mark.parametrize(("number", "name"), [
    (signal.SIGKILL, "SIGKILL"), (signal.SIGRTMIN + 3, "SIGRTMIN+3")])
def test_name_of_the_signal(sockctl, number, name):
    proc = sockctl("listen", "--json", "--exec", f"kill -{int(number)} $$", *PLACE)
    dial(proc.port).close()
    proc.wait(1)
    exited, = (e for e in proc.events if e["event"] == "exited")
    assert exited["signal"] == name
    assert f"killed by {name}" in proc.err


def test_trace_shows_how_it_is_done(sockctl):
    proc = sockctl("listen", "--trace", "--exec", "cat", *PLACE)
    assert talk(proc, b"x") == b"x"
    proc.wait()
    fd = re.search(r"accept4\(.*\) = (\d+)", proc.err)[1]
    child = re.search(r" fork\(\) = (\d+)", proc.err)[1]
    for call in (rf" dup2\({fd}, 0\) = 0", rf" dup2\({fd}, 1\) = 1",
                 r' execve\("/bin/sh", \["sh", "-c", "cat"\], environ\)',
                 rf" waitpid\(-1, .*\) = {child}"):
        assert re.search(call, proc.err), call


# Who may use it.


@pytest.mark.parametrize("place", [["0"], [":0"], ["0.0.0.0", "0"], ["::", "0"], ["-4", "0"],
                                   ["-6", "0"]], ids=" ".join)
@pytest.mark.parametrize("option", [["--exec", "cat"], ["-e", "cat"]], ids=" ".join)
def test_open_doors_are_refused(sockctl, option, place):
    proc = sockctl("listen", *option, *place)
    proc.fails(2, "--allow", "--expose", "localhost")


def test_open_doors_are_refused_with_a_file(sockctl):
    sockctl("listen", "0", "--exec-file", "cat").fails(2, "--expose")


@pytest.mark.parametrize("words", [["0", "--expose"], ["0", "--allow", "127.0.0.0/8"],
                                   ["0.0.0.0", "0", "--allow", "127.0.0.1"], ["127.0.0.2", "0"],
                                   ["localhost", "0"]], ids=" ".join)
def test_doors_that_were_opened_on_purpose(sockctl, words):
    proc = sockctl("listen", "--exec", "cat", *words)
    with dial(proc.port, "127.0.0.2" if words[0] == "127.0.0.2" else "127.0.0.1") as conn:
        send_all(conn, b"x")
        assert receive_all(conn) == b"x"
    proc.wait()


def test_one_address_that_is_named_is_a_choice(sockctl):
    """Refused by the system, for it is none of ours, and not by us."""
    sockctl("listen", "--exec", "cat", "192.0.2.1", "0").fails(5, "EADDRNOTAVAIL")


def test_inherited_sockets_are_open_doors_too(sockctl):
    with listener("0.0.0.0") as sock:
        fd = sock.fileno()
        sockctl("listen", "--exec", "cat", f"fd:{fd}", fds=[fd]).fails(2, "--expose")
        proc = sockctl("listen", "--exec", "cat", "--expose", f"fd:{fd}", fds=[fd])
        with dial(port_of(sock)) as conn:
            send_all(conn, b"x")
            assert receive_all(conn) == b"x"
        proc.wait()


def test_unix_socket_is_for_its_owner(sockctl, tmp_path):
    path = tmp_path / "socket"
    proc = sockctl("listen", "--exec", "cat", path)
    proc.wait_err("listening")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with dial_unix(str(path)) as conn:
        send_all(conn, b"x")
        assert receive_all(conn) == b"x"
    proc.wait()


@pytest.mark.parametrize("words", ["--exec cat --forward 127.0.0.1:1", "--exec cat --input x",
                                   "--exec cat --output x", "--exec cat --exec-file cat",
                                   "--expose", "--forward 127.0.0.1:1 --expose"])
def test_contradictions(sockctl, words):
    sockctl("listen", "127.0.0.1", "0", *words.split()).fails(2, "--")


# The other side may have a program as well.


def test_connect(sockctl, server, way):
    proc = sockctl("connect", *way, "--exec", "echo question; cat > /dev/null", "127.0.0.1",
                   port_of(server), stdin=PIPE)
    with accept(server) as conn:
        assert receive(conn, 9) == b"question\n"
        conn.sendall(b"answer")
        half_close(conn)
        assert receive_all(conn) == b""
    proc.wait()
    assert proc.out == b""


def test_connect_status(sockctl, server):
    proc = sockctl("connect", "127.0.0.1", port_of(server), "--exec-file", "sh", "-c", "exit 9")
    with accept(server) as conn:
        assert receive_all(conn) == b""
    proc.fails(1, "exit status 9")


def test_connect_does_not_start_it_in_vain(sockctl, tmp_path):
    proc = sockctl("connect", "127.0.0.1", unused_port(), "--exec", f"touch {tmp_path}/started")
    proc.fails(5, "ECONNREFUSED")
    assert not (tmp_path / "started").exists()


def test_both_ends(sockctl):
    server = sockctl("listen", "--exec", "read x; echo you said $x", *PLACE)
    client = sockctl("connect", "127.0.0.1", server.port, "--exec",
                     "echo hello; read x; test \"$x\" = 'you said hello'")
    client.wait()
    server.wait()


# As the manual shows it.


def recipe():
    """The program of the server of the manual's recipe, which test_examples.py runs as a whole."""
    page = Path(__file__).parents[2] / "man" / "sockctl-listen.1"
    text = page.read_text(encoding="utf-8").partition("Remote execution")[2]
    command = text.partition("\n$ ")[2].partition("\n\\(haC")[0].replace("\\(aq", "'")
    words = shlex.split(command)
    return words[words.index("--exec") + 1]


@pytest.mark.parametrize("program, output", [
    ("#!/bin/sh\necho hello from there; exit 5\n", "hello from there\nexit status 5\n"),
    ("#!/bin/sh\necho complaint >&2\n", "complaint\nexit status 0\n"),
    (None, "compiled\nexit status 0\n"),
], ids=["script", "stderr", "compiled"])
def test_remote_execution(sockctl, tmp_path, program, output):
    """A program is sent, runs there, and its output and status come back."""
    file = tmp_path / "program"
    if program is None:
        source = tmp_path / "program.c"
        source.write_text('#include <stdio.h>\nint main(void) { return puts("compiled") < 0; }\n')
        if subprocess.run(["cc", "-o", file, source], check=False).returncode:
            pytest.skip("needs a compiler")
    else:
        file.write_text(program)
    server = sockctl("listen", "-k", "--exec", recipe(), *PLACE)
    for _ in range(2):
        client = sockctl("connect", "127.0.0.1", server.port, stdin=file.read_bytes())
        client.wait()
        assert client.out.decode() == output
    server.stop()
