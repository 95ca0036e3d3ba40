# SPDX-License-Identifier: ISC
"""-vv names the states that both directions of a connection go through."""

import os

import pytest

from harness import PIPE, Task, refuses_more, write_all
from peers import MIB, accept, dial, half_close, listener, port_of, receive_all, reset


def states(proc):
    """The lines about states, without what stands in front of all of them."""
    return [line.split(": ", 2)[2] for line in proc.lines if " -> " in line]


def connect(sockctl, server, *options, **how):
    proc = sockctl("connect", *options, "127.0.0.1", port_of(server), **how)
    return proc, accept(server)


def test_a_complete_conversation(sockctl, server):
    proc, conn = connect(sockctl, server, "-vv", stdin=b"request")
    assert receive_all(conn) == b"request"
    there = f"127.0.0.1:{port_of(server)}"
    proc.wait_err("draining -> shut")
    conn.close()
    proc.wait()
    assert states(proc) == [f"standard input -> {there}: open -> draining",
                            f"standard input -> {there}: draining -> shut",
                            f"{there} -> standard output: open -> draining",
                            f"{there} -> standard output: draining -> shut"]


@pytest.mark.parametrize("copy", [False, True], ids=["spliced", "copied"])
def test_what_drains_waits_for_its_destination(sockctl, copy):
    with listener(rcvbuf=4096) as slow:
        proc, conn = connect(sockctl, slow, "-vv", *(["--crlf"] if copy else []), stdin=PIPE)
        fd = os.dup(proc.stdin.fileno())
        proc.stdin.close()
        kept = os.dup(fd)
        feeding = Task(write_all, fd, bytes(64 * MIB))
        assert refuses_more(proc, kept, feeding)
        assert not states(proc)
        sinking = Task(receive_all, conn)
        feeding.result()
        os.close(kept)
        proc.wait_err("standard input -> .*: open -> draining")
        proc.wait_err("standard input -> .*: draining -> shut")
        assert len(sinking.result()) == 64 * MIB
        conn.close()
        proc.wait()


def test_a_reset(sockctl, server):
    proc, conn = connect(sockctl, server, "-vv", stdin=PIPE)
    conn.sendall(b"x")
    proc.wait_out(1)
    reset(conn)
    proc.wait(7)
    there = f"127.0.0.1:{port_of(server)}"
    assert states(proc) == [f"{there} -> standard output: open -> failed (ECONNRESET)"]


def test_a_forward(sockctl, server):
    target = f"127.0.0.1:{port_of(server)}"
    proc = sockctl("listen", "-vv", "127.0.0.1", 0, "--forward", target, stdin=None)
    with dial(proc.port) as conn, accept(server) as other:
        client = "127.0.0.1:%d" % conn.getsockname()[1]
        half_close(conn)
        assert other.recv(1) == b""
        proc.wait_err("draining -> shut")
        other.close()
        assert conn.recv(1) == b""
    proc.wait()
    assert states(proc) == [f"{client} -> {target}: open -> draining",
                            f"{client} -> {target}: draining -> shut",
                            f"{target} -> {client}: open -> draining",
                            f"{target} -> {client}: draining -> shut"]


def test_json(sockctl, server):
    proc, conn = connect(sockctl, server, "-vv", "--json", stdin=b"x")
    assert receive_all(conn) == b"x"
    reset(conn)
    proc.wait(7)
    flows = [event for event in proc.events if event["event"] == "flow"]
    there = f"127.0.0.1:{port_of(server)}"
    assert [(flow["from"], flow["to"], flow["before"], flow["after"], flow.get("errno"))
            for flow in flows] == [
        ("standard input", there, "open", "draining", None),
        ("standard input", there, "draining", "shut", None),
        (there, "standard output", "open", "failed", "ECONNRESET")]
    assert all(flow["connection"] == 1 for flow in flows)


@pytest.mark.parametrize("options", [[], ["-v"], ["--json"], ["-v", "--json"]])
def test_only_where_it_is_asked_for(sockctl, server, options):
    proc, conn = connect(sockctl, server, *options, stdin=b"x")
    assert receive_all(conn) == b"x"
    conn.close()
    proc.wait()
    assert not any("draining" in line for line in proc.lines)
