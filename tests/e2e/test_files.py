# SPDX-License-Identifier: ISC
"""Files that options name: what is read is never written, and what was there goes no sooner than it must."""

import os
import signal

import pytest

from harness import DEVNULL, PIPE
from peers import accept, dial, half_close, port_of, receive_all, unused_port

KEPT = b"what was there before"


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(KEPT)
    path.chmod(0o600)
    yield path
    assert path.read_bytes() == KEPT


@pytest.fixture(params=["same", "symbolic link", "hard link"])
def alias(request, kept, tmp_path):
    """Another name of the file, or the same."""
    if request.param == "same":
        return kept
    other = tmp_path / "alias"
    (other.symlink_to if request.param == "symbolic link" else other.hardlink_to)(kept)
    return other


@pytest.mark.parametrize("command", ["connect", "listen"])
@pytest.mark.parametrize("option", ["--output", "--trace"])
def test_input_file_is_never_written(sockctl, command, option, kept, alias):
    proc = sockctl(command, "--input", kept, f"{option}={alias}", "127.0.0.1", unused_port())
    proc.fails(2, f"{option}: '{alias}' is the file that --input reads; write to another")


@pytest.mark.parametrize("words", [
    "connect --output={} 127.0.0.1 1", "listen -k --output={} 127.0.0.1 0",
    "udp-send --trace={} 127.0.0.1 1", "resolve --trace={} --trace-format c 127.0.0.1",
    "connect --tls --keylog={} 127.0.0.1 1", "errors --trace={} EPIPE"])
def test_file_on_standard_input_is_never_written(sockctl, words, kept, alias):
    with kept.open("rb") as file:
        proc = sockctl(*words.format(alias).split(), stdin=file)
        proc.fails(2, "is the file that standard input reads")


def test_key_is_not_emptied_by_a_trace(sockctl, kept):
    proc = sockctl("connect", "--tls", "--ca", "other", "--ca", kept, "--trace", f"--trace={kept}",
                   "127.0.0.1", unused_port())
    proc.fails(2, "is the file that --ca reads")


@pytest.mark.parametrize("exists", [True, False], ids=["old", "new"])
def test_two_options_do_not_write_one_file(sockctl, tmp_path, exists):
    path = tmp_path / "both"
    if exists:
        path.write_bytes(b"")
    proc = sockctl("connect", f"--trace={path}", "--output", path, "127.0.0.1", unused_port())
    proc.fails(2, f"'{path}' is the file that --", "writes; write to another")
    assert path.exists() == exists


def test_devices_may_be_read_and_written(sockctl, server):
    proc = sockctl("connect", "--input", "/dev/null", "--output", "/dev/null", "--trace=/dev/null",
                   "127.0.0.1", port_of(server), stdin=DEVNULL)
    with accept(server) as conn:
        assert receive_all(conn) == b""
    proc.wait()


def test_output_stays_where_nobody_is_reached(sockctl, kept):
    proc = sockctl("connect", "--output", kept, "127.0.0.1", unused_port())
    proc.fails(5, "ECONNREFUSED")


@pytest.mark.parametrize("options", [[], ["-k"]], ids=["once", "many"])
def test_output_stays_where_nobody_comes(sockctl, kept, options):
    proc = sockctl("listen", *options, "--output", kept, "127.0.0.1", 0, stdin=PIPE)
    assert proc.port
    proc.stop(signal.SIGTERM)


@pytest.mark.parametrize("sandbox", ["auto", "off"])
@pytest.mark.parametrize("options", [[], ["--count", "2"]], ids=["once", "many"])
def test_output_is_emptied_by_the_first_client(sockctl, tmp_path, options, sandbox):
    out = tmp_path / "out"
    out.write_bytes(KEPT)
    proc = sockctl("listen", *options, f"--sandbox={sandbox}", "--output", out, "127.0.0.1", 0)
    for _ in range(2 if options else 1):
        with dial(proc.port) as conn:
            conn.sendall(b"new")
            half_close(conn)
            assert receive_all(conn) == b""
    proc.wait()
    assert out.read_bytes() == b"new" * (2 if options else 1)


def test_output_that_is_a_pipe(sockctl, server, tmp_path):
    """There is nothing to be emptied."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    proc = sockctl("connect", "--output", fifo, "127.0.0.1", port_of(server))
    with accept(server) as conn:
        conn.sendall(b"data")
    proc.wait()
    assert os.read(reader, 10) == b"data"
    os.close(reader)
