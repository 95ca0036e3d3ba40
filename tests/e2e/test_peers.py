# SPDX-License-Identifier: ISC
"""The comparison in the README, row by row: what this program and its peers do in the same case."""

import os
import re
import select
import socket
import subprocess
import time
from pathlib import Path

import pytest

import peers
from harness import DEVNULL, PIPE, PROGRAM, Proc, wait_for
from network import HOLE4, OTHER4

README = Path(__file__).resolve().parents[2] / "README.md"
TOOLS = ["sockctl", "nc", "ncat", "socat"]
NONE = "–"
ENOUGH = 2  # seconds after which what has not happened does not happen soon

pytestmark = [pytest.mark.peers, pytest.mark.needs(*TOOLS[1:], "ip", "unshare", "nsenter")]


def table():
    """The cells of the README: {row: [cell of each tool]}."""
    lines = re.findall(r"^\| (.*) \|$", README.read_text(encoding="utf-8"), re.M)
    rows = [[cell.strip() for cell in line.split(" | ")] for line in lines]
    return {first: cells for first, *cells in rows if len(cells) == len(TOOLS) and first}


class Case:
    """One tool in one case."""

    def __init__(self, tool, request, tmp_path):
        self.tool, self.request, self.tmp = tool, request, tmp_path
        self.procs = []

    def start(self, *words, **how):
        proc = Proc(*words, program=PROGRAM if self.tool == "sockctl" else self.tool, **how)
        self.procs.append(proc)
        return proc

    def connect(self, port, *options, host="127.0.0.1", **how):
        """Starts a client; options are those of the tool, or for socat of its address."""
        if self.tool == "socat":
            return self.start("-", ",".join([f"TCP:{host}:{port}", *options]), **how)
        first = ["connect"] if self.tool == "sockctl" else []
        return self.start(*first, *options, host, port, **how)

    def close(self):
        for proc in self.procs:
            if proc.running():
                proc.popen.kill()
            proc.finish()


@pytest.fixture(params=TOOLS)
def case(request, tmp_path):
    case = Case(request.param, request, tmp_path)
    yield case
    case.close()


def ends(proc, within=ENOUGH):
    return bool(select.select([proc.pidfd], [], [], within)[0])


def served(case, *options, **how):
    """A client and the server's end of its connection."""
    with peers.listener() as server:
        proc = case.connect(peers.port_of(server), *options, **how)
        return proc, peers.accept(server)


def late_answer(case):
    """Whether a server that reads to the end, and takes a second for the answer, can be asked."""
    def ask(*options):
        proc, conn = served(case, *options, stdin=b"question")
        with conn:
            conn.settimeout(ENOUGH)
            try:
                while conn.recv(100):
                    pass
            except TimeoutError:
                return "not asked"
            ends(proc, 1)  # gives up
            try:
                conn.sendall(b"answer")
                conn.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            proc.ended()
        return "arrives" if proc.out == b"answer" else "is lost"

    outcome = ask()
    if outcome == "not asked" and ask("-N") == "arrives":
        outcome = "needs `-N`"
    return outcome


def reset(case):
    proc, conn = served(case, stdin=PIPE)
    conn.sendall(b"half of it")
    proc.wait_out(10)
    peers.reset(conn)
    return str(proc.ended())


def full_disk(case):
    with open("/dev/full", "wb") as full:
        proc, conn = served(case, stdin=DEVNULL, stdout=full)
    with conn:
        conn.sendall(b"data")
    return str(proc.ended())


def reader_leaves(case):
    proc, conn = served(case, stdin=PIPE, stdout=PIPE)
    with conn:
        conn.sendall(b"x")
        assert os.read(proc.stdout.fileno(), 1) == b"x"
        proc.stdout.close()
        return "ends at once" if ends(proc) else "stays"


def deadline(case):
    """A name server that is silent."""
    namespaces = case.request.getfixturevalue("namespaces")
    options = {"sockctl": ["--timeout", "1"], "nc": ["-w", "1"], "ncat": ["-w", "1"],
               "socat": ["connect-timeout=1"]}[case.tool]
    proc = case.connect(80, *options, host="host.test", wrap=namespaces("silent"))
    return "`--timeout`" if ends(proc, 1 + ENOUGH) else NONE


def dead_address(case):
    """A name whose first address does not answer, and whose second does."""
    network = case.request.getfixturevalue("network")
    network.replace("/etc/hosts", f"{HOLE4} name\n{OTHER4} name\n")
    with network.appearing(OTHER4), network.far.listener(OTHER4) as server:
        start = time.monotonic()
        case.connect(peers.port_of(server), host="name", stdin=PIPE, wrap=network.wrap)
        wait_for(network.near.connecting, "connecting")
        if not select.select([server], [], [], ENOUGH)[0]:
            return "waits"
    # RFC 8305 has the next attempt after 250 ms.
    return "the next after 0.25 s" if time.monotonic() - start > 0.2 else "another order"


def listening_addresses(pid):
    """Where a process listens."""
    found = subprocess.run(["ss", "-Hltnp"], check=True, stdout=subprocess.PIPE, text=True).stdout
    lines = [line.split() for line in found.splitlines() if f"pid={pid}," in line]
    return sorted(line[3].rpartition(":")[0] for line in lines)


def localhost(case):
    namespaces = case.request.getfixturevalue("namespaces")
    port = peers.unused_port()
    words = {"sockctl": ["listen", "localhost", port], "nc": ["-l", "localhost", port],
             "ncat": ["-l", "localhost", port],
             "socat": [f"TCP-LISTEN:{port},bind=localhost", "-"]}[case.tool]
    proc = case.start(*words, wrap=namespaces("hosts"), stdin=PIPE)
    if case.tool == "sockctl":
        proc.wait_err("127.0.0.1")
    addresses = wait_for(lambda: listening_addresses(proc.pid), "listening")
    return "both loopbacks" if addresses == ["127.0.0.1", "[::1]"] else f"`{addresses[0]}` only"


def clients(case):
    """What is written is for all clients; the first does not read."""
    port = peers.unused_port()
    words = {"sockctl": ["listen", "-k", "127.0.0.1", port], "nc": ["-lk", "127.0.0.1", port],
             "ncat": ["-lk", "127.0.0.1", port], "socat": [f"TCP-LISTEN:{port},fork", "-"]}[case.tool]
    proc = case.start(*words, stdin=PIPE)
    wait_for(lambda: listening_addresses(proc.pid), "listening")
    with peers.dial(port) as lazy, peers.dial(port) as reader:
        lazy.sendall(b"1\n")
        proc.wait_out(2)
        if case.tool != "nc":
            reader.sendall(b"2\n")
            proc.wait_out(4)
        total, size = 0, 16 * peers.MIB
        os.set_blocking(proc.stdin.fileno(), False)
        written = 0
        while total < size:
            ready, writable, _ = select.select(
                [reader], [proc.stdin] if written < size else [], [], ENOUGH)
            if writable:
                written += os.write(proc.stdin.fileno(), bytes(min(65536, size - written)))
            elif not ready:
                break
            if ready:
                total += len(reader.recv(peers.MIB))
    if total == size:
        return "others go on"
    if case.tool == "socat":
        return "share the input"
    return "wait" if total == 0 else "stall"


def file_in_the_way(case):
    path = case.tmp / "file"
    path.write_text("precious")
    words = {"sockctl": ["listen", path], "nc": ["-lU", path], "ncat": ["-lU", path],
             "socat": [f"UNIX-LISTEN:{path}", "-"]}[case.tool]
    proc = case.start(*words, stdin=PIPE)
    wait_for(lambda: ends(proc, 0) or not path.is_file(), "end or loss")
    return "is kept" if path.is_file() else "is deleted"


def crlf(case):
    option = "crnl" if case.tool == "socat" else "-C"
    proc, conn = served(case, option, stdin=PIPE)
    with conn:
        received = b""
        for piece in (b"c\r", b"\n"):
            proc.stdin.write(piece)
            while select.select([conn], [], [], 0.5)[0]:
                received += conn.recv(100)
    return {b"c\r\n": "`\\r\\n`", b"c\r\r\n": "`\\r\\r\\n`"}[received]


def telnet(case):
    if case.tool == "socat":
        return NONE
    proc, conn = served(case, "-t", stdin=PIPE)
    with conn:
        conn.sendall(b"\xff\xfd\x01x")
        wait_for(lambda: b"x" in proc.out, "text")
    return "are removed" if proc.out == b"x" else "are left"


def urgent(case):
    proc, conn = served(case, stdin=DEVNULL)
    with conn:
        conn.sendall(b"ab")
        proc.wait_out(2)
        conn.send(b"!", socket.MSG_OOB)
        conn.sendall(b"cd")
        wait_for(lambda: proc.out.endswith(b"cd"), "the rest")
    return {b"ab!cd": "is kept", b"abcd": "is lost"}[proc.out]


def confined(case):
    if case.tool == "sockctl":
        version = case.start("--version")
        version.ended()
        if b"seccomp" not in version.out:
            pytest.skip("built without the sandbox")
    proc, conn = served(case, stdin=PIPE)
    with conn:
        conn.sendall(b"x")
        proc.wait_out(1)  # all is set up
        return "yes" if proc.status_field("Seccomp") == 2 else "no"


def json_events(case):
    words = {"sockctl": ["connect", "--help"], "nc": ["-h"], "ncat": ["--help"],
             "socat": ["-hhh"]}[case.tool]
    proc = case.start(*words)
    proc.ended()
    return "`--json`" if "json" in (proc.out.decode() + proc.err).lower() else NONE


ROWS = {
    "an answer a second after the end of the question": late_answer,
    "exit status after a reset": reset,
    "exit status when the disk is full": full_disk,
    "the reader of stdout goes away": reader_leaves,
    "one deadline over look-up, connecting and transfer": deadline,
    "the first address of a name does not answer": dead_address,
    "listening on `localhost`": localhost,
    "one of many clients does not read": clients,
    "a file where the Unix socket should be": file_in_the_way,
    "`\\r`, and later `\\n`, with CRLF on": crlf,
    "telnet commands in the output": telnet,
    "an urgent byte": urgent,
    "confined while it runs (seccomp)": confined,
    "events as JSON": json_events,
}


def test_every_row_is_tested():
    assert list(table()) == list(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_cell_is_true(case, row):
    assert ROWS[row](case) == table()[row][TOOLS.index(case.tool)]
