# SPDX-License-Identifier: ISC
"""What the original of a command line does and what ours does, so that both can be compared: bytes on
the wire, how a connection goes on, standard output, zero or not."""

import contextlib
import os
import re
import select
import shlex
import socket
import subprocess
import threading

from harness import DEADLINE, PROGRAM, wait_for
from peers import listener, port_of

SILENCES = (0.3, 2, 8)  # seconds after which nothing is taken to come: the next where the two differ


def explained(command, words):
    """The command line that ours prints, for a shell."""
    done = subprocess.run([*command, "--explain", *words], capture_output=True, text=True,
                          timeout=DEADLINE, check=True)
    line = done.stdout.strip()
    assert done.stderr == "" and "sockctl " in line
    program = shlex.quote(PROGRAM)
    if line.startswith("sockctl "):  # signals must find the program, not the shell
        return ["sh", "-c", f"exec {program} {line.removeprefix('sockctl ')}"]
    return ["sh", "-c", f'sockctl() {{ {program} "$@"; }}; {line}']


def run(words, stdin=b"", keep_open=False, awaited=0):
    """(zero or not, stdout, stderr) of a whole run; stdin stays open if asked, or until so many bytes
    have come out."""
    read, write = os.pipe()
    with subprocess.Popen(words, stdin=read, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as proc:
        os.close(read)
        try:
            os.write(write, stdin)
        except BrokenPipeError:
            pass  # it does not read
        early = proc.stdout.read(awaited)
        if not keep_open:
            os.close(write)
        try:
            out, err = proc.communicate(timeout=DEADLINE)
        finally:
            proc.kill()
            if keep_open:
                os.close(write)
    return proc.returncode == 0, early + out, err.decode()


class Patience:
    """How long nothing has to come, until it counts as nothing."""

    seconds = SILENCES[0]


def await_member(speaker, hearer):
    """Until what SPEAKER says comes to HEARER, which is not so before both were accepted."""
    heard = b""
    hearer.settimeout(Patience.seconds)
    while not heard:
        speaker.sendall(b".\n")
        with contextlib.suppress(TimeoutError):
            heard = hearer.recv(100)
    speaker.sendall(b"!\n")
    hearer.settimeout(DEADLINE)
    while not heard.endswith(b"!\n"):
        heard += hearer.recv(100)


def patiently(compare_once):
    """Calls a function that compares the two: again with more patience where they differ, for on a
    busy machine what comes late looks like nothing."""
    for seconds in SILENCES:
        Patience.seconds = seconds
        try:
            return compare_once()
        except (AssertionError, subprocess.TimeoutExpired):
            if seconds == SILENCES[-1]:
                raise
        finally:
            Patience.seconds = SILENCES[0]


def comes(conn):
    """What comes next: bytes, b"" for a FIN, "reset", or None for nothing in time."""
    if not select.select([conn], [], [], Patience.seconds)[0]:
        return None
    try:
        return conn.recv(65536)
    except ConnectionResetError:
        return "reset"


def all_that_comes(conn):
    """Pieces joined, and then how it went on."""
    data = b""
    while piece := comes(conn):
        if piece == "reset":
            break
        data += piece
    return data, piece


# How a server behaves: what it saw is compared.

def answers_late(conn):
    """It speaks once it has seen what there is to see."""
    seen = all_that_comes(conn)
    conn.sendall(b"answer\n")
    conn.shutdown(socket.SHUT_WR)
    return seen, all_that_comes(conn)


def speaks_first(conn):
    conn.sendall(b"hello\n")
    return all_that_comes(conn)


def closes_at_once(conn):
    conn.shutdown(socket.SHUT_WR)
    return all_that_comes(conn)


def serve(server, behave, results):
    server.settimeout(DEADLINE)
    conn, _ = server.accept()
    with conn:
        try:
            results.append(behave(conn))
        except OSError as error:
            results.append(error.errno)


def against_server(words, behave, stdin, **how):
    """Runs a client, P in the words being the port of a server, which tells what it saw."""
    results = []
    with listener() as server:
        port = str(port_of(server))
        thread = threading.Thread(target=serve, args=(server, behave, results), daemon=True)
        thread.start()
        run_words = [re.sub(r"\bPORT\b", port, word) for word in words]
        outcome = run(run_words, stdin, **how)
        thread.join(DEADLINE)
        assert results, outcome
    return outcome[0], outcome[1], outcome[2].replace(port, "PORT"), results[0]


def is_listening(port):
    """Whether somebody listens on a port of TCP (proc(5))."""
    wanted = f":{int(port):04X}"
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(name, encoding="ascii") as file:
            for line in file:
                words = line.split()
                if words[1].endswith(wanted) and words[3] == "0A":
                    return True
    return False


def has_socket(path):
    """Whether a Unix socket of that name takes connections or datagrams (proc(5))."""
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as file:
        rows = [line.split(maxsplit=7) for line in file]
    listens, takes_datagrams = "00010000", "0002"
    return any(len(row) == 8 and row[7].rstrip("\n") == path
               and (row[3] == listens or row[4] == takes_datagrams) for row in rows)


class Served:
    """A server under test, which is started with PORT or PATH in its words."""

    def __init__(self, words, place, stdin=b""):
        self.place = place
        words = [re.sub(r"\b(PORT|PATH)\b", str(place), word) for word in words]
        read, self.write = os.pipe()
        self.proc = subprocess.Popen(words, stdin=read, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE)
        os.close(read)
        os.write(self.write, stdin)
        wait_for(self.is_up, f"a server: {words}")

    def is_up(self):
        assert self.proc.poll() is None, self.proc.stderr.read()
        if isinstance(self.place, str):
            return has_socket(self.place)
        return is_listening(self.place)

    def dial(self):
        if isinstance(self.place, str):
            conn = socket.socket(socket.AF_UNIX)
        else:
            conn = socket.socket()
        conn.settimeout(DEADLINE)
        conn.connect(self.place if isinstance(self.place, str) else ("127.0.0.1", self.place))
        return conn

    def end_input(self):
        if self.write is not None:
            os.close(self.write)
        self.write = None

    def finish(self):
        """(zero or not, stdout, stderr)"""
        try:
            out, err = self.proc.communicate(timeout=DEADLINE)
        finally:
            self.proc.kill()
            self.end_input()
        port = str(self.place)
        text = re.sub(r"(?<=[ :])\d{5}\b", "N", err.decode().replace(port, "PLACE"))
        return self.proc.returncode == 0, out, text


def served(words, place, behave, stdin, ends_input, stops=False):
    server = Served(words, place, stdin)
    if ends_input:
        server.end_input()
    try:
        with server.dial() as conn:
            seen = behave(conn)
        if stops:
            behave_again = behave(server.dial())
            assert behave_again
            server.proc.terminate()
    finally:
        outcome = server.finish()
    return outcome, seen


def asks(conn):
    conn.sendall(b"question\n")
    seen = all_that_comes(conn)
    try:
        conn.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # it has left
    return seen, all_that_comes(conn)
