# SPDX-License-Identifier: ISC
"""Connections over several paths (--mptcp), and what becomes of them where that cannot be."""

import contextlib
import hashlib
import os
import select
import subprocess

import pytest

from harness import DEVNULL, PIPE, Task, take, wait_for, write_all
from network import Host, Network
from peers import accept, dial, half_close, port_of, receive_all

SWITCH = "/proc/sys/net/mptcp/enabled"
HOST = "127.0.0.1"


def kernel_has_it():
    try:
        with open(SWITCH, encoding="ascii") as file:
            return file.read().strip() == "1"
    except FileNotFoundError:
        return False


needs_kernel = pytest.mark.skipif(not kernel_has_it(), reason="the kernel has no MPTCP")


def protocols(proc):
    return [e["protocol"] for e in proc.events if e["event"] in ("connected", "accepted")]


@needs_kernel
@pytest.mark.parametrize("ours, theirs, expected", [
    (True, True, "mptcp"), (True, False, "tcp"), (False, True, "tcp"), (False, False, "tcp")])
def test_both_sides_say_what_it_became(sockctl, ours, theirs, expected):
    words = ["--json"]
    server = sockctl("listen", *words, *["--mptcp"] * theirs, f"{HOST}:0", stdin=b"pong")
    client = sockctl("connect", *words, *["--mptcp"] * ours, f"{HOST}:{server.port}", stdin=b"ping")
    client.wait()
    server.wait()
    assert (client.out, server.out) == (b"pong", b"ping")
    assert protocols(client) == protocols(server) == [expected]


@needs_kernel
def test_text(sockctl):
    server = sockctl("listen", "-v", "--mptcp", f"{HOST}:0", stdin=DEVNULL)
    client = sockctl("connect", "-v", "--mptcp", f"{HOST}:{server.port}")
    client.wait_err("connected to .* by mptcp$")
    server.wait_err("accepted .* by mptcp$")
    client.wait()
    server.wait()


def test_plain_connections_are_as_before(sockctl, server):
    proc = sockctl("connect", "-v", "--mptcp", f"{HOST}:{port_of(server)}", stdin=b"ping")
    with accept(server) as conn:
        assert receive_all(conn) == b"ping"
    proc.wait()
    proc.wait_err("connected to .* by tcp$")
    proc = sockctl("listen", "--mptcp", f"{HOST}:0", stdin=b"pong")
    with dial(proc.port) as conn:
        half_close(conn)
        assert receive_all(conn) == b"pong"
    proc.wait()


@needs_kernel
def test_addresses_of_a_name_and_other_kinds(sockctl, tmp_path):
    proc = sockctl("listen", "--count", "2", "--mptcp", f"{HOST}:0", "--also", tmp_path / "x",
                   stdin=DEVNULL)
    proc.wait_err("listening on unix:")
    for place in (f"{HOST}:{proc.port}", tmp_path / "x"):
        sockctl("connect", place, stdin=b"x").wait()
    proc.wait()
    assert proc.out == b"xx"


@needs_kernel
@pytest.mark.parametrize("party", [["--exec", "cat"], ["--forward"]])
def test_programs_and_forwards(sockctl, server, party):
    if party == ["--forward"]:
        party = ["--forward", f"{HOST}:{port_of(server)}"]
    proc = sockctl("listen", "--mptcp", "--stats", *party, f"{HOST}:0")
    client = sockctl("connect", "--mptcp", f"{HOST}:{proc.port}", stdin=b"x" * 300000)
    if party[0] == "--forward":
        with accept(server) as conn:
            conn.sendall(receive_all(conn))
    client.wait()
    assert client.out == b"x" * 300000
    proc.wait()


@needs_kernel
def test_a_torn_stream_is_a_reset(sockctl):
    server = sockctl("listen", "--mptcp", f"{HOST}:0", stdin=DEVNULL)
    client = sockctl("connect", "--mptcp", f"{HOST}:{server.port}", stdin=PIPE)
    os.write(client.stdin.fileno(), b"part")
    server.wait_out(4)
    client.popen.kill()
    client.popen.wait()
    server.fails(7, "ECONNRESET")


def switched_off(host):
    host.run("sh", "-c", f"echo 0 > {SWITCH}")


@pytest.mark.skipif(bool(Network.obstacle()), reason="making a network takes root")
@needs_kernel
def test_a_kernel_that_has_it_switched_off(sockctl, network):
    switched_off(network.near)
    server = sockctl("listen", "-v", "--mptcp", f"{HOST}:0", stdin=b"pong", wrap=network.wrap)
    client = sockctl("connect", "-v", "--mptcp", f"{HOST}:{server.port}", stdin=b"ping",
                     wrap=network.wrap)
    client.wait()
    server.wait()
    assert (client.out, server.out) == (b"pong", b"ping")
    client.wait_err("by tcp$")
    server.wait_err("by tcp$")


def test_words(sockctl, tmp_path):
    for command in ("connect", "listen"):
        sockctl(command, "--mptcp", tmp_path / "x").fails(2, "--mptcp")
        sockctl(command, "--mptcp", "--udp", "h:1").fails(2, "--mptcp")
    sockctl("connect", "--mptcp", "--check", "h:1").fails(2, "--mptcp")
    sockctl("connect", "--mptcp", "fd:0").fails(2, "--mptcp")


class Paths:
    """Two hosts with two wires between them, both of which MPTCP may use."""

    def __init__(self):
        self.near, self.far = Host(), Host()
        self.near.do("link set lo up")
        self.far.do("link set lo up")
        for number in (1, 2):
            wire = f"wire{number}"
            self.near.do(f"link add {wire} address 02:00:00:00:00:01 type veth peer name {wire} "
                         f"address 02:00:00:00:00:02 netns {self.far.holder.pid}")
            for host, end in ((self.near, 1), (self.far, 2)):
                host.do(f"address add 10.98.{number}.{end}/24 dev {wire}", f"link set {wire} up",
                        # Known from the start, for the first packets of a link may get lost.
                        f"neighbour add 10.98.{number}.{3 - end} "
                        f"lladdr 02:00:00:00:00:0{3 - end} dev {wire}")
        for host in (self.near, self.far):
            host.run("ip", "mptcp", "limits", "set", "subflow", "2", "add_addr_accepted", "2")
            host.run("sh", "-c", "echo 1 > /proc/sys/net/mptcp/add_addr_timeout")
        self.far.run("ip", "mptcp", "endpoint", "add", "10.98.2.2", "dev", "wire2", "signal")

    def cut_first(self):
        """What the network managers of both sides do when a link goes down: MPTCP is told not to
        wait for it."""
        self.near.do("link set wire1 down")
        self.near.run("ip", "mptcp", "endpoint", "delete", "id", "0", "10.98.1.1")
        self.far.run("ip", "mptcp", "endpoint", "delete", "id", "0", "10.98.1.2")

    def number(self):
        """Of the paths that are in use."""
        return len(self.near.output("ss", "-Htn", "state", "established").splitlines())

    def close(self):
        self.near.close()
        self.far.close()


@pytest.fixture
def paths():
    """Makes two hosts, which end with the test."""
    obstacle = Network.obstacle()
    if obstacle:
        pytest.skip(obstacle)
    if subprocess.run(["ip", "mptcp", "limits"], check=False, capture_output=True).returncode:
        pytest.skip("ip(8) knows nothing of MPTCP")
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(contextlib.closing(Paths()))


def start_transfer(sockctl, paths, sends, first):
    """Returns client and server once both paths are in use, and has sent the first byte."""
    def has_second_path():
        # The kernel tells the other side of an address now and then in vain.
        try:
            return wait_for(lambda: paths.number() == 2, "the second path", within=3)
        except AssertionError:
            return False

    words = ["--mptcp", "--limit-rate", "3M"]
    for _ in range(8):
        server = sockctl("listen", *words, "0.0.0.0:0", stdin=DEVNULL if sends else PIPE,
                         wrap=paths.far.words)
        client = sockctl("connect", *words, f"10.98.1.2:{server.port}",
                         stdin=PIPE if sends else DEVNULL, wrap=paths.near.words)
        sender = client if sends else server
        os.write(sender.stdin.fileno(), first)
        if has_second_path():
            return client, server
        sender.stdin.close()
        client.wait()
        server.wait()
    pytest.skip("the kernel opens no second path here")


@needs_kernel
@pytest.mark.parametrize("direction", ["from the client", "from the server"])
def test_a_wire_that_goes_down_in_mid_transfer(sockctl, paths, direction):
    """The file arrives whole, and both sides know it. Now and then the kernel never delivers what it
    has received on the second path; then both programs wait for it, and it is tried again."""
    data = os.urandom(6 << 20)
    sends = direction == "from the client"
    for _ in range(4):
        wires = paths()
        client, server = start_transfer(sockctl, wires, sends, data[:1])
        sender, receiver = (client, server) if sends else (server, client)
        Task(write_all, take(sender.stdin), data[1:])
        receiver.wait_out(1 << 20)
        wires.cut_first()
        assert len(receiver.out) < len(data)  # or it was no mid-transfer
        if select.select([receiver.pidfd], [], [], 12)[0]:
            break
        for proc in (client, server):
            proc.popen.kill()
            proc.popen.wait()
    client.wait()
    server.wait()
    assert hashlib.sha256(receiver.out).digest() == hashlib.sha256(data).digest()
