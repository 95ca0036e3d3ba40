# SPDX-License-Identifier: ISC
"""Sessions of somebody at a terminal: its mode, the way back, and the key that leads out."""

import os
import re
import select
import shlex
import signal
import socket
import termios
from pathlib import Path

import pytest

from harness import DEADLINE, PROGRAM, SANITIZED, Task, refuses_more, wait_for
from peers import accept, dial, half_close, listener, port_of, receive, receive_all, reset
from terminal import CC

MENU = b"[q]uit"
MODES = pytest.mark.parametrize("mode", ["lines", "raw"])


@pytest.fixture
def session(sockctl, server, terminal):
    """session(OPTION...) returns the program and its peer, once the terminal is in its mode."""
    conns, procs = [], []

    def start(*options, changes=True, **how):
        proc = sockctl("connect", *options, "127.0.0.1", port_of(server), stdin=terminal.fd, **how)
        procs.append(proc)
        conns.append(accept(server))
        if "--raw-tty" in options:
            terminal.wait_raw()
        elif changes:
            terminal.wait_changed()
        return proc, conns[-1]

    yield start
    for conn in conns:
        conn.close()
    for proc in procs:
        proc.popen.wait(DEADLINE)


def options_of(mode):
    return ["--raw-tty"] if mode == "raw" else []


def test_lines_are_edited_here(session, terminal):
    _, conn = session()
    terminal.type(b"hellp\x7fo\n")
    assert receive(conn, 6) == b"hello\n"
    terminal.wait_screen(b"hellp\b \bo\r\n")


def test_raw_keys_go_at_once_and_unchanged(session, terminal):
    _, conn = session("--raw-tty")
    for keys in (b"a", b"\x03", b"\x04", b"\x1a", b"\x13", b"\r", b"\n", b"\x7f", b"\xff", b"\0"):
        terminal.type(keys)
        assert receive(conn, 1) == keys
    conn.close()


def test_raw_output_is_unchanged(session, terminal):
    proc, conn = session("--raw-tty", stdout=terminal.fd)
    conn.sendall(b"one\ntwo\x1b[H\r")
    terminal.wait_screen(b"one\ntwo\x1b[H\r")
    conn.close()
    proc.wait()


def test_messages_have_whole_line_ends_on_a_raw_terminal(session, terminal):
    """And plain ones before and after: the terminal itself completes them."""
    proc, conn = session("--raw-tty", "--trace", stderr=terminal.fd)
    conn.sendall(b"x")
    proc.wait_out(1)
    reset(conn)
    proc.wait(7)
    terminal.wait_screen(b"(ECONNRESET)\r\n")
    shown = bytes(terminal.screen.data)
    assert shown.count(b"\n") == shown.count(b"\r\n")
    assert b"\r\r" not in shown


WAYS_OUT = {
    "peer": 0, "reset": 7, "timeout": 6, "idle": 6, "reader": 141, "quit": 0, "close": 0,
    "SIGTERM": 143, "SIGINT": 130, "SIGHUP": 129, "SIGQUIT": 131, "SIGABRT": 1,
    "SIGUSR1": -signal.SIGUSR1, "SIGALRM": -signal.SIGALRM, "SIGSEGV": -signal.SIGSEGV,
    "SIGBUS": -signal.SIGBUS,
}


@MODES
@pytest.mark.parametrize("way", WAYS_OUT)
def test_the_terminal_is_as_it_was(session, terminal, mode, way):
    if SANITIZED and way in ("SIGSEGV", "SIGBUS"):
        pytest.skip("the sanitizer ends the process its own way")
    limits = {"timeout": ["--timeout", "0.5"], "idle": ["--idle-timeout", "0.5"]}
    reader, stdout = os.pipe()
    proc, conn = session(*options_of(mode), *limits.get(way, []), stdout=stdout)
    os.close(stdout)
    if way == "peer":
        conn.close()
    elif way == "reset":
        reset(conn)
    elif way == "quit":
        terminal.type(b"\x1dq")
    elif way == "close":
        terminal.type(b"\x1dc")
        assert receive_all(conn) == b""
        conn.close()
    elif way == "reader":
        os.close(reader)
    elif way.startswith("SIG"):
        proc.kill(getattr(signal, way))
    proc.wait(WAYS_OUT[way])
    assert terminal.attributes() == terminal.before
    if way != "reader":
        os.close(reader)


def test_the_terminal_is_as_it_was_when_the_last_message_comes(session, terminal):
    """What is told about the end must be readable."""
    proc, conn = session("--raw-tty", "-v", stderr=terminal.fd)
    conn.close()
    proc.wait()
    terminal.wait_screen(b", done\r\n")
    assert b"\r\r\n" not in bytes(terminal.screen.data)


@pytest.fixture
def job(server, terminal, tmp_path):
    """A session in the foreground of a shell."""
    terminal.start_shell(tmp_path)
    conns = []

    def start(*options):
        words = [PROGRAM, "connect", *options, "127.0.0.1", port_of(server)]
        terminal.run(" ".join(map(str, words)) + "; echo status $?")
        conns.append(accept(server))
        if "--raw-tty" in options:
            terminal.wait_raw()
        else:
            terminal.wait_changed()
        return conns[-1]

    yield start
    for conn in conns:
        conn.close()


def pid_of_job(shell):
    children = Path(f"/proc/{shell.pid}/task/{shell.pid}/children")
    return int(wait_for(lambda: children.read_text(encoding="ascii").split(), "a job")[0])


def test_in_the_background(terminal, server):
    """The terminal is not ours to change then."""
    terminal.start_shell("/")
    terminal.run(f"{PROGRAM} connect --raw-tty 127.0.0.1 {port_of(server)} &")
    with accept(server) as conn:
        conn.sendall(b"output\n")
        terminal.wait_screen(b"output\r\n")
        assert terminal.attributes() == terminal.before
        os.kill(pid_of_job(terminal.shell), signal.SIGTERM)
        assert receive_all(conn) == b""
    terminal.run("wait; echo over")
    terminal.wait_screen(b"over\r\n")
    assert terminal.attributes() == terminal.before


@MODES
@pytest.mark.parametrize("way", ["menu", "SIGTSTP", "SIGSTOP", "Ctrl-Z"])
def test_stopped_and_continued(job, terminal, mode, way):
    if (mode, way) == ("raw", "Ctrl-Z"):
        pytest.skip("goes to the peer")
    conn = job(*options_of(mode))
    inside = terminal.attributes()
    for again in range(2):
        if way == "menu":
            terminal.type(b"\x1dz")
        elif way == "Ctrl-Z":
            terminal.type(b"\x1a")
        else:
            os.kill(pid_of_job(terminal.shell), getattr(signal, way))
        terminal.wait_screen(b"Stopped", again + 1)
        terminal.wait_restored()
        terminal.run("fg")
        wait_for(lambda: terminal.attributes() == inside, "the mode of the session")
        line_end = b"\r" if mode == "raw" else b"\n"
        terminal.type(b"back" + line_end)
        assert receive(conn, 5) == b"back" + line_end
    conn.close()
    terminal.wait_restored()


@pytest.mark.needs("dash")
@MODES
def test_a_shell_that_leaves_the_terminal_alone(terminal, server, tmp_path, mode):
    """bash sets the terminal itself when a job stops; others count on the job."""
    terminal.start_shell(tmp_path, ["dash", "-i"])
    words = [PROGRAM, "connect", *options_of(mode), "127.0.0.1", port_of(server)]
    terminal.run(" ".join(map(str, words)))
    with accept(server) as conn:
        terminal.wait_changed()
        inside = terminal.attributes()
        terminal.type(b"\x1dz")
        terminal.wait_screen(b"Stopped")
        assert terminal.attributes() == terminal.before
        terminal.run("fg")
        wait_for(lambda: terminal.attributes() == inside, "the mode of the session")
        terminal.type(b"\x1dq")
        assert receive_all(conn) == b""
    terminal.run("echo ov''er")
    terminal.wait_screen(b"over\r\n")
    assert terminal.attributes() == terminal.before


@MODES
def test_ended_while_stopped(job, terminal, mode):
    """It is the shell's terminal then; nothing is changed."""
    job(*options_of(mode))
    pid = pid_of_job(terminal.shell)
    os.kill(pid, signal.SIGTSTP)
    terminal.wait_screen(b"Stopped")
    os.kill(pid, signal.SIGTERM)
    terminal.run("bg; wait; echo over")
    terminal.wait_screen(b"over\r\n")
    assert terminal.attributes() == terminal.before


def test_ctrl_c_ends_a_session_with_lines(job, terminal):
    conn = job()
    terminal.type(b"\x03")
    assert receive_all(conn) == b""
    terminal.wait_screen(b"status 130\r\n")
    assert terminal.attributes() == terminal.before


@MODES
def test_menu(session, terminal, mode):
    proc, conn = session(*options_of(mode))
    enter = b"\r" if mode == "raw" else b"\n"
    terminal.type(b"before\x1d")
    terminal.wait_screen(MENU)
    assert receive(conn, 6) == b"before"
    terminal.type(b"s")
    terminal.wait_screen(b"6 bytes sent, 0 bytes received")
    terminal.type(b"after" + enter)
    assert receive(conn, 6) == b"after" + enter
    terminal.type(b"\x1d\x1d" + enter)
    assert receive(conn, 2) == b"\x1d" + enter
    terminal.type(b"\x1dxy" + enter)
    assert receive(conn, 2) == b"y" + enter
    terminal.type(b"\x1dc")
    assert receive_all(conn) == b""
    conn.sendall(b"answer")
    proc.wait_out(6)
    assert proc.running()
    conn.close()
    proc.wait()


@MODES
def test_break(session, terminal, mode):
    _, conn = session(*options_of(mode))
    terminal.type(b"before\x1db")
    assert receive(conn, 6) == b"before"
    assert select.select([], [], [conn], DEADLINE)[2]
    conn.setblocking(False)
    assert conn.recv(1, socket.MSG_OOB) == b"\0"


def test_break_of_telnet(session, terminal):
    """Its command, in the place where it was asked for, and no escaped byte 255."""
    _, conn = session("--raw-tty", "--telnet")
    terminal.type(b"a\xff\x1db")
    assert receive(conn, 5) == b"a\xff\xff\xff\xf3"


def test_menu_needs_no_line_end(session, terminal):
    """With local editing, too."""
    _, conn = session()
    attributes = terminal.attributes()
    terminal.type(b"\x1d")
    terminal.wait_screen(MENU)
    wait_for(lambda: not terminal.attributes()[3] & (termios.ICANON | termios.ECHO), "keys")
    terminal.type(b"x")
    wait_for(lambda: terminal.attributes() == attributes, "lines again")
    conn.close()


@MODES
def test_menu_while_the_peer_takes_nothing(sockctl, terminal, mode):
    """What was typed and is not sent is no success."""
    with listener(rcvbuf=4096) as server:
        proc = sockctl("connect", *options_of(mode), "--set", "SO_SNDBUF=4096", "127.0.0.1",
                       port_of(server), stdin=terminal.fd)
        conn = accept(server)  # which is never read
    terminal.wait_changed()
    line = b"x" * 1000 + (b"\r" if mode == "raw" else b"\n")

    def waiting():
        terminal.type(line * 4 + b"\x1ds")
        found = re.findall(rb"(\d+) bytes waiting", bytes(terminal.screen.data))
        return found and int(found[-1]) > 8192  # more than is read at once

    wait_for(waiting, "a peer that takes nothing")
    terminal.type(b"\x1dq")
    proc.wait(7)
    conn.close()
    assert "ended before everything was sent" in proc.err
    assert terminal.attributes() == terminal.before


@MODES
def test_long_paste_while_the_peer_takes_nothing(session, terminal, mode):
    """It is not all kept in memory, and nothing is lost once the peer goes on reading."""
    data = b"".join(b"%099d\n" % number for number in range(60_000))
    proc, conn = session(*options_of(mode), "--set", "SO_SNDBUF=65536")
    pasting = Task(terminal.type, data)
    assert refuses_more(proc, terminal.master, pasting)
    assert receive(conn, len(data)) == data
    pasting.result()


@MODES
@pytest.mark.parametrize("way", ["client", "quit", "SIGTERM"])
def test_listener(sockctl, terminal, mode, way):
    """The terminal is taken when a client comes."""
    proc = sockctl("listen", *options_of(mode), "127.0.0.1", 0, stdin=terminal.fd)
    port = proc.port
    assert terminal.attributes() == terminal.before
    with dial(port) as conn:
        terminal.wait_changed()
        enter = b"\r" if mode == "raw" else b"\n"
        terminal.type(b"keys\x1db\x1d\x1d" + enter)  # the break is not in the stream
        assert receive(conn, 6) == b"keys\x1d" + enter
        conn.sendall(b"answer")
        proc.wait_out(6)
        if way == "quit":
            terminal.type(b"\x1dq")
        elif way == "SIGTERM":
            proc.kill(signal.SIGTERM)
        else:
            half_close(conn)
        assert receive_all(conn) == b""
    proc.wait(143 if way == "SIGTERM" else 0)
    assert terminal.attributes() == terminal.before


@pytest.mark.parametrize("words", [["--keep-open"], ["--forward", "localhost:1"], ["--broker"],
                                   ["--exec", "true"]], ids=" ".join)
def test_listener_with_other_parties(sockctl, words):
    sockctl("listen", "--raw-tty", *words, "127.0.0.1", "0").fails(2, "--raw-tty", words[0])


@pytest.mark.parametrize("word,key", [("^A", b"\x01"), ("^a", b"\x01"), ("^?", b"\x7f"),
                                      ("~", b"~"), ("^^", b"\x1e")])
def test_another_key(session, terminal, word, key):
    proc, conn = session("--raw-tty", "--escape", word)
    terminal.type(b"\x1d")
    assert receive(conn, 1) == b"\x1d"
    terminal.type(key + b"q")
    proc.wait()
    assert receive_all(conn) == b""


def test_no_key(session, terminal):
    proc, conn = session("--raw-tty", "--escape", "none")
    terminal.type(b"\x1dq")
    assert receive(conn, 2) == b"\x1dq"
    half_close(conn)
    proc.wait()
    assert terminal.attributes() == terminal.before


def test_no_key_leaves_lines_alone(session, terminal):
    _, conn = session("--escape", "none", changes=False)
    terminal.type(b"\x1d\n")
    assert receive(conn, 2) == b"\x1d\n"
    assert terminal.attributes() == terminal.before
    conn.close()


@pytest.mark.parametrize("word", ["", "^]x", "ab", "^1", "\x01"])
def test_words_that_are_no_key(sockctl, word):
    sockctl("connect", "--escape", word, "127.0.0.1", "1").fails(2, "--escape", "^]")


def test_the_key_is_data_where_input_is_no_terminal(sockctl, server):
    proc = sockctl("connect", "127.0.0.1", port_of(server), stdin=b"\x1dq\n")
    with accept(server) as conn:
        assert receive_all(conn) == b"\x1dq\n"
    proc.wait()


def test_raw_needs_a_terminal(sockctl):
    sockctl("connect", "--raw-tty", "127.0.0.1", "1").fails(2, "--raw-tty", "standard input")


def test_the_key_is_told(session, terminal):
    """Where no other key leads out."""
    proc, _ = session("--raw-tty")
    proc.wait_err(r"the key \^\] opens the menu")
    terminal.type(b"\x1dq")
    proc.wait()


def test_a_mode_of_the_users_own_is_kept(session, terminal):
    terminal.before[CC][termios.VEOL] = b"\x05"
    terminal.before[3] &= ~termios.ECHOE
    termios.tcsetattr(terminal.fd, termios.TCSANOW, terminal.before)
    proc, conn = session()
    conn.close()
    proc.wait()
    assert terminal.attributes() == terminal.before


@pytest.mark.needs("top", "script")
@pytest.mark.parametrize("way", ["end", "SIGTERM", "suspend"])
def test_monitor(sockctl, terminal, tmp_path, way):
    """A screen that is drawn again and again, and quits by a single key."""
    server = sockctl("listen", "--exec", "script -qec 'TERM=vt100 top -d 0.2' /dev/null",
                     "127.0.0.1", 0)
    terminal.start_shell(tmp_path)
    terminal.run(f"{PROGRAM} connect --raw-tty 127.0.0.1 {server.port}; echo status $?")
    terminal.wait_raw()
    terminal.wait_screen(b"load average", 2)
    if way == "suspend":
        terminal.type(b"\x1dz")
        terminal.wait_screen(b"Stopped")
        terminal.wait_restored()
        terminal.run("fg")
        terminal.wait_raw()
    if way == "SIGTERM":
        os.kill(pid_of_job(terminal.shell), signal.SIGTERM)
        terminal.wait_screen(b"status 143\r\n")
        server.popen.wait(DEADLINE)
    else:
        terminal.type(b"q")
        server.wait()
    terminal.wait_restored()


@pytest.mark.needs("vi", "script")
@pytest.mark.parametrize("way", ["end", "SIGTERM", "suspend"])
def test_full_screen_program(sockctl, terminal, tmp_path, way):
    path = tmp_path / "text"
    editor = f"TERM=vt100 vi -n {shlex.quote(str(path))}"
    server = sockctl("listen", "--exec", f"script -qec {shlex.quote(editor)} /dev/null",
                     "127.0.0.1", 0)
    terminal.start_shell(tmp_path)
    terminal.run(f"{PROGRAM} connect --raw-tty 127.0.0.1 {server.port}; echo status $?")
    terminal.wait_raw()
    terminal.wait_screen(b"~")
    terminal.type(b"ihello\rworld\x1b")
    if way == "suspend":
        terminal.type(b"\x1dz")
        terminal.wait_screen(b"Stopped")
        terminal.wait_restored()
        terminal.run("fg")
        terminal.wait_raw()
    if way == "SIGTERM":
        os.kill(pid_of_job(terminal.shell), signal.SIGTERM)
        terminal.wait_screen(b"status 143\r\n")
        server.popen.wait(30)
    else:
        terminal.type(b":wq\r")
        if way == "end":
            terminal.wait_screen(b"status 0\r\n")
        server.wait()
        assert path.read_bytes() == b"hello\nworld\n"
    terminal.wait_restored()
