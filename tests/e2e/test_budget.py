# SPDX-License-Identifier: ISC
"""What starting costs: the system calls of whole runs, the libraries that are mapped, and the pages
that are touched. A number here may go down; what would make it go up has to be worth that in each
run of a script."""

import os
import re
import subprocess
from pathlib import Path

import pytest

import peers
from harness import DEVNULL, PROGRAM, SANITIZED
from names_fixtures import make_host  # noqa: F401: a fixture

HERE = "127.0.0.1"
FEATURES = re.search(r"^features:(.*)$", subprocess.run(
    [PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout, re.M)[1].split()

# Libraries are looked for in no other folder.
PLAIN_LOADER = ["env", "-u", "LD_LIBRARY_PATH", "-u", "LD_PRELOAD"]

pytestmark = [
    pytest.mark.needs("strace"),
    pytest.mark.skipif(SANITIZED, reason="sanitizers make calls of their own"),
    pytest.mark.skipif("static" not in FEATURES, reason="each library more is mapped by ten calls"),
]


@pytest.fixture
def counted(sockctl, tmp_path):
    """Runs the program; returns it and its calls, one a line."""

    def run(*words, wrap=(), conversation=None, **how):
        log = tmp_path / "calls"
        strace = ["strace", "-f", "-qq", "-e", "signal=none", "-o", log]
        proc = sockctl(*words, wrap=[*wrap, *PLAIN_LOADER, *strace], **how)
        if conversation:
            conversation(proc)
        proc.wait()
        return proc, [line for line in log.read_text(encoding="utf-8").splitlines()
                      if "resumed>" not in line]

    return run


@pytest.fixture(scope="module")
def plain(make_host):  # noqa: F811
    """A host whose names are in files alone, whatever this one's nsswitch.conf(5) says."""
    cache = Path("/etc/ld.so.cache")
    return make_host({
        "services": "http 80/tcp www\n",
        "protocols": "tcp 6 TCP\n",
        "networks": "loopback 127.0.0.0\n",
        "ld.so.cache": cache.read_bytes() if cache.exists() else None,
    })


def libraries(calls):
    """The names of the shared libraries that were opened."""
    opened = (re.search(r'openat\(AT_FDCWD, "([^"]*\.so[^"]*)", .*\) = \d+$', call) for call in calls)
    return {os.path.basename(found[1]) for found in opened if found} - {"ld.so.cache"}


def check(calls, budget):
    assert len(calls) <= budget, f"{len(calls)} calls:\n" + "\n".join(calls)
    assert {name.split(".")[0] for name in libraries(calls)} <= {"libc"}


def test_version(counted):
    check(counted("--version")[1], 40)


def test_check_of_a_port(counted, server):
    check(counted("connect", "-z", HERE, peers.port_of(server), stdin=DEVNULL)[1], 69)


def test_check_of_a_port_as_netcat(counted, server):
    """What stands in front of it, the command line of another program, asks the kernel for nothing."""
    ours = counted("connect", "-z", HERE, peers.port_of(server), stdin=DEVNULL)[1]
    check(counted("nc", "-z", HERE, peers.port_of(server), stdin=DEVNULL)[1], len(ours) + 2)


def test_check_of_a_port_by_the_name_of_netcat(counted, server, tmp_path):
    """Nor does the name by which the program is called."""
    name, log = tmp_path / "nc", tmp_path / "calls"
    name.symlink_to(PROGRAM)
    words = ["-z", HERE, str(peers.port_of(server))]
    subprocess.run([*PLAIN_LOADER, "strace", "-f", "-qq", "-e", "signal=none", "-o", log, name, *words],
                   stdin=subprocess.DEVNULL, check=True)
    by_name = log.read_text(encoding="utf-8").splitlines()
    assert len(by_name) <= len(counted("connect", *words, stdin=DEVNULL)[1]) + 2


@pytest.mark.parametrize("source, budget", [("file", 120), ("pipe", 133)])
def test_a_line_each_way(counted, server, tmp_path, source, budget):
    """A pipe is opened anew, so that it need not block; a file never does."""
    line = tmp_path / "line"
    line.write_bytes(b"question\n")

    def converse(_proc):
        with peers.accept(server) as conn:
            assert peers.receive(conn, 9) == b"question\n"
            conn.sendall(b"answer\n")

    def run():
        with open(line, "rb") as file:
            proc, calls = counted("connect", HERE, peers.port_of(server), conversation=converse,
                                  stdin=file if source == "file" else line.read_bytes())
        assert proc.out == b"answer\n"
        return calls

    # The peer and the kernel can be late, which costs some calls more.
    check(min((run() for _ in range(5)), key=len), budget)


@pytest.mark.parametrize("words, budget", [
    (["services", "http"], 77), (["protocols", "tcp"], 64), (["networks", "loopback"], 74),
    (["resolve", "localhost"], 80),
])
def test_names(counted, plain, words, budget):
    check(counted(*words, wrap=plain.wrap)[1], budget)


def faults(*words):
    """The page faults of a run, at best: now and then the kernel takes a page back."""

    def run():
        actions = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in range(3)]
        pid = os.posix_spawnp(words[0], [str(word) for word in words], os.environ,
                              file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
        assert status == 0
        return usage.ru_minflt

    return min(run() for _ in range(5))


@pytest.mark.parametrize("words, budget", [(["--version"], 36), (["connect", "-z", HERE], 56)])
def test_pages(server, words, budget):
    """Beside a program that does nothing. A table with pointers is a page to copy for each 4 KiB."""
    port = [peers.port_of(server)] if HERE in words else []
    assert faults(PROGRAM, *words, *port) - faults("true") <= budget


@pytest.mark.parametrize("command, line, words", [
    ("services", "s{0} {0}/tcp a{0}\ns{0} {0}/udp\n", ["s{0}", "a{0}", "{0}", "{0}/udp"]),
    ("protocols", "p{0} {0} P{0}\n", ["p{0}", "P{0}", "{0}"]),
    ("networks", "n{0} 10.{0}.0.0 a{0}\n", ["n{0}", "a{0}", "10.{0}"]),
])
def test_many_look_ups_read_the_file_once(counted, make_host, command, line, words):  # noqa: F811
    numbers = range(1, 250)
    host = make_host({command: "".join(line.format(n) for n in numbers)})
    proc, calls = counted(command, *(word.format(n) for n in numbers for word in words),
                          wrap=host.wrap)
    assert proc.err == ""
    assert len(proc.out.splitlines()) >= len(numbers) * len(words)
    assert sum(f'"/etc/{command}"' in call for call in calls) == 1


def test_many_look_ups_find_what_single_ones_find(sockctl, make_host):  # noqa: F811
    """Also the first of several entries, and in the order of the words."""
    host = make_host({"services": "a 1/tcp x\nb 1/udp x\nc 1/tcp\nx 2/sctp\n"})

    def look_up(*words):
        proc = sockctl("services", *words, wrap=host.wrap)
        proc.wait()
        return [line.split() for line in proc.out.splitlines()]

    words = ["x", "1", "c", "x/sctp", "1/udp", "b", "a/tcp"]
    assert look_up(*words) == [line for word in words for line in look_up(word)]
