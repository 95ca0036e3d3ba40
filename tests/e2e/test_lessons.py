# SPDX-License-Identifier: ISC
"""What the topics of help teach is so: their commands make the calls, and print the lines, shown.

A server stands there as

      sockctl COMMAND... 127.0.0.1:7007

        CALL(ARGUMENTS) = RESULT [pid N]   comment
"""

import re
import shlex
import subprocess
import sys
from types import SimpleNamespace

import pytest

from harness import PROGRAM, wait_for
from peers import dial, half_close, receive_all

CALL = re.compile(r"(?:^|\s)(\w+)\((.*?)\) = (-?\d+|\?)(?=\s|$)(?:.*\[pid (\d+)\])?")
PARTS = re.compile(r'"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^\s,]+')


def topic(name):
    return subprocess.run([PROGRAM, "help", name], check=True, capture_output=True,
                          text=True).stdout.splitlines()


def servers():
    """The command line of each server, and the lines of its trace."""
    found = {}
    for line in topic("servers"):
        if line.startswith("  sockctl "):
            found[line.split(None, 1)[1]] = calls = []
        elif line.startswith("    ") and found:
            calls.append(line)
    return found


def parse(lines):
    """The calls that lines tell, whatever stands before and behind them."""
    found = [CALL.search(line) for line in lines]
    return [SimpleNamespace(name=m[1], args=PARTS.findall(m[2]), result=m[3], pid=m[4])
            for m in found if m]


def by_process(calls, names):
    """The calls of these names that have not failed, for each process, with names in the place of
    numbers of descriptors and processes."""
    forks = [call.result for call in calls if call.name == "fork"]
    children = {pid: f"child {number}" for number, pid in enumerate(forks)}
    seen = {}
    processes = {}
    for call in calls:
        if call.name not in names or call.result.startswith("-"):
            continue
        if call.name in ("fork", "waitpid"):
            if call.result not in children:
                continue  # none has ended
            call.result, call.args = children[call.result], []
        elif call.name != "socket" and call.name != "execve":
            if call.args[0] not in seen:
                continue  # of no connection, such as a pipe
            fd, call.args[0] = call.args[0], seen[call.args[0]]
            if call.name == "close":
                del seen[fd]
        if call.name == "close" and call.args == ["socket 0"]:
            continue  # the end of the server
        if call.name in ("socket", "accept4"):
            count = sum(c.name in ("socket", "accept4") for c in processes.get(None, []))
            call.result = seen[call.result] = f"socket {count}"
        processes.setdefault(children.get(call.pid), []).append(call)
    return processes


def has_arguments(shown, made):
    """Whether a call was made with the arguments that are shown; some are left out, and ports vary."""
    def plain(args):
        return [re.sub(r":\d+$", ":PORT", word) for arg in args for word in arg.split("|")]

    return set(plain(shown.args)) <= set(plain(made.args))


def talk_one_by_one(port):
    """Two clients, of whom the second speaks first."""
    with dial(port) as one, dial(port) as two:
        two.sendall(b"two\n")
        one.sendall(b"one\n")
        assert one.recv(100) == b"one\n"
        finish(one)
        assert two.recv(100) == b"two\n"
        finish(two)


def talk_at_once(port):
    with dial(port) as one, dial(port) as two:
        for conn, word in ((two, b"two\n"), (one, b"one\n")):
            conn.sendall(word)
            assert conn.recv(100) == word
        finish(one)
        finish(two)


def finish(conn):
    half_close(conn)
    assert receive_all(conn) == b""


def test_there_are_three_servers():
    assert len(servers()) == 3
    for line in topic("servers"):
        assert len(line) <= 80


@pytest.mark.parametrize("command", servers())
def test_trace_of_a_server(sockctl, tmp_path, command):
    traced = tmp_path / "trace"
    words = shlex.split(command.replace(":7007", ":0"))
    proc = sockctl(words[0], f"--trace={traced}", *words[1:])
    (talk_one_by_one if "--max-connections" in words else talk_at_once)(proc.port)
    shown = parse(servers()[command])
    names = {call.name for call in shown}
    shown = by_process(shown, names)

    def so_far():
        return by_process(parse(traced.read_text().splitlines()), names)

    wait_for(lambda: len(so_far().get(None, [])) >= len(shown[None]), "the end of the second client")
    proc.stop()
    made = so_far()
    assert shown.keys() == made.keys()
    for process, calls in shown.items():
        assert [(c.name, c.result) for c in calls] == [(c.name, c.result) for c in made[process]]
        for told, call in zip(calls, made[process]):
            assert has_arguments(told, call), (told, call)


@pytest.mark.skipif(sys.byteorder != "little", reason="it shows what a little-endian machine does")
def test_commands_of_byte_order(sockctl):
    steps = re.findall(r"^  \$ (.*)\n((?:  (?!\$).*\n)+)", "\n".join(topic("byte-order")) + "\n", re.M)
    assert len(steps) >= 2
    for command, printed in steps:
        command = re.sub(r"\bsockctl\b", shlex.quote(PROGRAM), command)
        done = subprocess.run(command, shell=True, check=True, capture_output=True, text=True)
        assert done.stdout == re.sub("^  ", "", printed, flags=re.M)


def test_byte_order_of_this_machine():
    assert f"This machine is {sys.byteorder}-endian" in "\n".join(topic("byte-order"))


@pytest.mark.needs("cc")
def test_somaxconn_is_that_of_the_header_files(sockctl, tmp_path):
    """The number that is listened with, and what the kernel makes of it."""
    source = tmp_path / "somaxconn.c"
    source.write_text("#include <sys/socket.h>\nnumber: SOMAXCONN\n")
    done = subprocess.run(["cc", "-E", "-P", source], check=True, capture_output=True, text=True)
    number = re.search(r"number: (\d+)", done.stdout)[1]
    assert f"it is {number} in the header files" in " ".join(topic("servers"))
    proc = sockctl("listen", "-k", "--trace", "127.0.0.1", 0)
    proc.wait_err(rf"listen\(\d+, {number}\) = 0")
    rows = sockctl("sockets", "-tln", "-P", proc.port)
    rows.wait()
    with open("/proc/sys/net/core/somaxconn", encoding="ascii") as file:
        limit = min(int(number), int(file.read()))
    assert rows.out.decode().splitlines()[1].split()[2:4] == ["0", str(limit)]
    proc.stop()
