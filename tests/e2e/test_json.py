# SPDX-License-Identifier: ISC
"""--json on commands that carry data: each line of stderr is one object, whatever happens."""

from harness import DEVNULL, PIPE
from peers import (accept, answer, dial, half_close, port_of, receive_all, reset, send_all,
                   unused_port)


def event(proc, name):
    found, = (e for e in proc.events if e["event"] == name)
    return found


def test_client(sockctl, server):
    proc = sockctl("connect", "--json", "127.0.0.1", port_of(server), stdin=b"12345")
    with accept(server) as conn:
        source = conn.getpeername()[1]
        answer(conn, b"123")
    proc.wait()
    assert proc.out == b"123"
    connected = event(proc, "connected")
    assert str(port_of(server)) in str(connected) and str(source) in str(connected)
    closed = event(proc, "closed")
    assert (closed["sent_bytes"], closed["received_bytes"]) == (5, 3)


def test_server(sockctl):
    proc = sockctl("listen", "--json", "127.0.0.1", "0", stdin=b"12345")
    with dial(proc.port) as conn:
        source = port_of(conn)
        send_all(conn, b"123")
        receive_all(conn)
    proc.wait()
    assert [e["event"] for e in proc.events if e["event"] != "stats"] == [
        "listening", "accepted", "closed"]
    assert event(proc, "listening")["address"] == "127.0.0.1"
    assert event(proc, "listening")["port"] == proc.port
    assert str(source) in str(event(proc, "accepted"))
    closed = event(proc, "closed")
    assert (closed["sent_bytes"], closed["received_bytes"]) == (5, 3)


def test_error(sockctl):
    port = unused_port()
    proc = sockctl("connect", "--json", "127.0.0.1", port)
    proc.wait(5)
    error = event(proc, "error")
    assert "ECONNREFUSED" in error.values()
    assert str(port) in str(error)


def test_reset(join):
    proc, conn = join("--json", stdin=PIPE)
    conn.sendall(b"x")
    proc.wait_out(1)
    reset(conn)
    proc.wait(7)
    assert "ECONNRESET" in event(proc, "error").values()


def test_name_that_is_no_text(sockctl):
    """JSON stays valid whatever the command line had."""
    for word in ('quote"back\\slash', "bell\x07", "\udcff\udcfe", "\u202e", "new\nline"):
        proc = sockctl("connect", "--json", f"unix:/nonexistent/{word}")
        proc.wait(5)
        assert event(proc, "error")
        assert "\x07" not in proc.err


def test_usage_error_is_for_people(sockctl):
    proc = sockctl("connect", "--json", "127.0.0.1", "80abc")
    proc.wait(2)
    assert "80abc" in proc.err


def test_many(sockctl):
    proc = sockctl("listen", "-k", "--count", "5", "--json", "127.0.0.1", "0", stdin=DEVNULL)
    for _ in range(5):
        with dial(proc.port) as conn:
            half_close(conn)
            receive_all(conn)
    proc.wait()
    names = [e["event"] for e in proc.events]
    assert names.count("accepted") == names.count("closed") == 5


def test_unix_socket(sockctl, tmp_path):
    proc = sockctl("listen", "--json", tmp_path / "socket", stdin=DEVNULL)
    proc.wait_err('"listening"')
    proc.stop()
    assert str(tmp_path / "socket") in str(event(proc, "listening"))


def test_trace_and_json_together(sockctl, server):
    """Each line is an object still, or it is no JSON at all."""
    proc = sockctl("connect", "--json", "--trace", "127.0.0.1", port_of(server))
    accept(server).close()
    proc.wait()
    assert proc.events
