# SPDX-License-Identifier: ISC
"""Unix domain sockets: what is made in the file system, what is removed, and what is left alone."""

import json
import os
import re
import signal
import socket
import stat

import pytest

from harness import DEVNULL, NO_LEAK_CHECK, PIPE, wait_for
from peers import answer, dial_unix, half_close, receive_all

STRACE = ["strace", "-f", "-qq", "-E", NO_LEAK_CHECK, "-o", "/dev/null"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "socket"


def listening(proc):
    proc.wait_err(": listening on ")
    return proc


def talk(proc, name):
    """A whole conversation with a listener whose stdin is b"pong"."""
    with dial_unix(name) as conn:
        conn.sendall(b"ping")
        half_close(conn)
        assert receive_all(conn) == b"pong"
    proc.wait()
    assert proc.out == b"ping"


@pytest.mark.parametrize("form", ["unix:{}", "{}"])
def test_path(sockctl, path, form):
    proc = sockctl("listen", form.format(path), stdin=b"pong")
    proc.wait_err(f"^sockctl: listen: listening on unix:{path}$")
    talk(proc, str(path))
    assert not path.exists()


def test_relative_path(sockctl, tmp_path):
    for word in ("unix:here", "./here"):
        proc = listening(sockctl("listen", word, stdin=b"pong", cwd=tmp_path))
        talk(proc, str(tmp_path / "here"))
        assert not os.listdir(tmp_path)


def test_abstract_name(sockctl, tmp_path):
    name = f"sockctl-{os.getpid()}"
    proc = sockctl("listen", f"unix:@{name}", stdin=b"pong", cwd=tmp_path)
    proc.wait_err(f"listening on unix:@{name}$")
    assert not os.listdir(tmp_path)
    talk(proc, f"\0{name}")


def test_send_buffers(sockctl, path):
    """Large ones unless another size is asked for, which the clients of a listener get as well."""
    with socket.socket(socket.AF_UNIX) as plain:
        usual = plain.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    for words, fits in (([], lambda size: size > usual),
                        (["--set", "SO_SNDBUF=50000"], lambda size: size == 100000)):
        words += ["--get", "SO_SNDBUF"]
        server = listening(sockctl("listen", *words, path, stdin=b"pong"))
        client = sockctl("connect", *words, path, stdin=b"ping")
        for proc in (server, client):
            proc.wait()
            size = int(re.search(r"SO_SNDBUF=(\d+)", proc.err)[1])
            assert fits(size), proc.describe()


def test_both_ends(sockctl, path):
    server = listening(sockctl("listen", path, stdin=b"pong"))
    client = sockctl("connect", path, stdin=b"ping")
    client.wait()
    server.wait()
    assert (client.out, server.out) == (b"pong", b"ping")


def test_longest_path(sockctl, tmp_path):
    path = tmp_path / ("p" * (107 - len(str(tmp_path)) - 1))
    server = listening(sockctl("listen", path, stdin=b"pong"))
    client = sockctl("connect", path, stdin=b"ping")
    client.wait()
    server.wait()
    assert client.out == b"pong"


def test_mode(sockctl, path):
    proc = listening(sockctl("listen", "--mode", "620", path, stdin=PIPE))
    assert stat.S_IMODE(path.stat().st_mode) == 0o620
    proc.stop()


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


@as_root
@pytest.mark.parametrize("word", ["daemon", "1"])
@pytest.mark.parametrize("options, mode", [([], 0o660), (["--mode", "0620"], 0o620)])
@pytest.mark.parametrize("command", ["listen", "echo"])
def test_group(sockctl, path, command, word, options, mode):
    words = ["--tcp"] if command == "echo" else []
    proc = listening(sockctl(command, *words, "--group", word, *options, path, stdin=PIPE))
    found = path.stat()
    assert (found.st_gid, stat.S_IMODE(found.st_mode)) == (1, mode)
    proc.stop()
    assert not path.exists()


@as_root
@pytest.mark.needs("strace")
def test_no_other_group_may_connect_meanwhile(sockctl, path):
    """It is looked at while the file is given to its group, which is before it has its mode."""
    proc = sockctl("listen", "--group", "daemon", path, stdin=PIPE, umask=0, wrap=[
        "strace", "-D", "-qq", "-o", "/dev/null", "-E", NO_LEAK_CHECK, "-e", "trace=fchownat",
        "-e", "inject=fchownat:delay_enter=300000"])
    wait_for(path.exists, "the socket")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    listening(proc)
    proc.stop()


@as_root
def test_a_group_that_may_not_be_given(sockctl, tmp_path):
    """The file does not stay."""
    tmp_path.chmod(0o777)
    path = tmp_path / "socket"
    for folder in path.parents[1:4]:
        folder.chmod(folder.stat().st_mode | 0o011)
    wrap = ["setpriv", "--reuid=65534", "--clear-groups", "--regid=65534"]
    proc = sockctl("listen", "--group", "daemon", path, wrap=wrap)
    proc.fails(5, str(path), "group", "EPERM", "no member")
    assert not path.exists()


def test_words_of_a_group(sockctl, path):
    for word in ("no-such-group", "-1", "4294967295", ""):
        for command in ("listen", "echo"):
            sockctl(command, f"--group={word}", path).fails(2, f"--group: '{word}'")
    for command in ("listen", "echo"):
        sockctl(command, "--group", "0", "127.0.0.1:0").fails(2, "has no group")
    assert not path.exists()


@pytest.mark.parametrize("umask", [0, 0o027])
def test_only_its_owner_may_connect_without_being_asked(sockctl, path, umask):
    proc = listening(sockctl("listen", path, stdin=PIPE, umask=umask))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    proc.stop()


@pytest.mark.needs("strace")
def test_mode_from_the_first_moment(sockctl, path):
    """There is no time in which others could connect: it is looked at while bind() returns."""
    proc = sockctl("listen", path, stdin=PIPE, umask=0, wrap=[
        "strace", "-D", "-qq", "-o", "/dev/null", "-E", NO_LEAK_CHECK, "-e", "trace=bind",
        "-e", "inject=bind:delay_exit=300000"])
    wait_for(path.exists, "the socket")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "listening" not in proc.err
    listening(proc)
    proc.stop()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT],
                         ids=lambda n: n.name)
@pytest.mark.parametrize("options", [[], ["-k"]], ids=["once", "keep-open"])
def test_removed_on_signals(sockctl, path, number, options):
    proc = listening(sockctl("listen", *options, path, stdin=PIPE))
    proc.stop(number)
    assert not path.exists()


def test_removed_on_signals_while_serving(sockctl, path):
    proc = listening(sockctl("listen", path, stdin=PIPE))
    with dial_unix(str(path)) as conn:
        conn.sendall(b"x")
        proc.wait_out(1)
        proc.stop()
    assert not path.exists()


def test_removed_after_a_timeout(sockctl, path):
    sockctl("listen", "--timeout", "0.1", path, stdin=PIPE).wait(6)
    assert not path.exists()


def test_removed_after_a_failure(sockctl, path):
    with open("/dev/full", "wb") as full:
        proc = listening(sockctl("listen", path, stdin=PIPE, stdout=full))
    with dial_unix(str(path)) as conn:
        conn.sendall(b"x")
        proc.wait(1)
    assert not path.exists()


@pytest.mark.needs("strace")
@pytest.mark.parametrize("words", [["listen"], ["listen", "-k"], ["echo"]])
@pytest.mark.parametrize("call", ["listen", "getsockname"])
def test_removed_when_it_cannot_listen(sockctl, path, words, call):
    proc = sockctl(*words, path, wrap=[*STRACE, "-e", f"inject={call}:error=ENOBUFS"])
    proc.fails(5, "ENOBUFS")
    assert not path.exists()


@pytest.mark.needs("strace")
@pytest.mark.parametrize("words", [["listen"], ["echo", "--udp"], ["udp-recv"],
                                   ["udp-send", "--replies", "1", "--bind"]])
def test_removed_when_nobody_can_tell_later_whose_it_is(sockctl, path, tmp_path, words):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
        peer.bind(str(tmp_path / "peer"))
        if "--bind" in words:
            words = [*words, f"unix:{path}", tmp_path / "peer"]
        else:
            words = [*words, path]
        proc = sockctl(*words, wrap=[*STRACE, "-P", path, "-e", "inject=newfstatat,lstat:error=EIO"])
        proc.fails(5, "EIO")
    assert not path.exists()


def test_removed_after_the_reader_downstream_went_away(sockctl, path):
    proc = listening(sockctl("listen", path, stdin=PIPE, stdout=PIPE))
    with dial_unix(str(path)) as conn:
        conn.sendall(b"x")
        proc.stdout.close()
        proc.wait(141)
    assert not path.exists()


def test_dead_socket_is_replaced(sockctl, path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    talk(listening(sockctl("listen", path, stdin=b"pong")), str(path))
    assert not path.exists()


def test_live_socket_is_left_alone(sockctl, path):
    first = listening(sockctl("listen", path, stdin=b"pong"))
    sockctl("listen", path).fails(5, path, "EADDRINUSE")
    talk(first, str(path))


def test_live_socket_with_a_full_queue_is_left_alone(sockctl, path):
    """Such a server is busy, not dead."""
    with socket.socket(socket.AF_UNIX) as sock, socket.socket(socket.AF_UNIX) as client:
        sock.bind(str(path))
        sock.listen(0)
        client.connect(str(path))
        sockctl("listen", path).fails(5, path, "EADDRINUSE")
        assert path.exists()


def test_datagram_socket_in_use_is_left_alone(sockctl, path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(path))
        sockctl("listen", path).fails(5, path)
        assert path.exists()


def test_file_is_left_alone(sockctl, path):
    path.write_text("content")
    sockctl("listen", path).fails(5, path)
    assert path.read_text() == "content"


def test_directory_is_left_alone(sockctl, path):
    path.mkdir()
    sockctl("listen", path).fails(5, path)
    assert path.is_dir()


@pytest.mark.parametrize("target", ["dead", "file", "nothing"])
def test_symbolic_link_is_left_alone(sockctl, path, tmp_path, target):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "dead"))
    (tmp_path / "file").write_text("content")
    path.symlink_to(tmp_path / target)
    sockctl("listen", path).fails(5, path)
    assert path.is_symlink()
    assert (tmp_path / "dead").exists()
    assert (tmp_path / "file").read_text() == "content"


def test_successors_socket_is_not_removed(sockctl, path):
    """What is there at the end is removed only if it is what was made at the start."""
    proc = listening(sockctl("listen", path, stdin=PIPE))
    path.unlink()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
        proc.stop()
        assert path.exists()


def test_directory_that_does_not_exist(sockctl, tmp_path):
    proc = sockctl("listen", tmp_path / "no" / "socket")
    proc.fails(5, tmp_path / "no" / "socket", "ENOENT")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user to become")
def test_directory_of_somebody_else(sockctl, tmp_path):
    tmp_path.chmod(0o755)
    proc = sockctl("listen", "unix:socket", user=65534, cwd=tmp_path)
    proc.fails(5, "socket", "EACCES")


def test_name_is_made_safe_for_the_terminal(sockctl, tmp_path):
    proc = sockctl("listen", f"{tmp_path}/a\x1b[31mb", stdin=DEVNULL)
    proc.wait_err("listening on ")
    with dial_unix(f"{tmp_path}/a\x1b[31mb") as conn:
        answer(conn, b"")
    proc.wait()
    assert "\x1b" not in proc.err and "[31mb" in proc.err


ODD = "o\\dd\x1b"
ESCAPED = r"o\\dd\x1b"


def test_odd_path_is_escaped_once(sockctl, tmp_path):
    path = f"{tmp_path}/{ODD}"
    shown = f"unix:{tmp_path}/{ESCAPED}"
    sockctl("connect", path).fails(5, f"{shown}: No such file")
    server = sockctl("listen", "-v", "--exec", 'printf %s "$SOCKCTL_LOCAL_ADDRESS"', path)
    server.wait_err(re.escape(f": listening on {shown}") + "$")
    table = sockctl("sockets", "-A", path)
    table.wait()
    assert f" {shown.removeprefix('unix:')} " in table.out.decode()
    client = sockctl("connect", "-v", "--trace", path)
    client.wait()
    assert client.out.decode() == path
    assert f"connected to {shown}" in client.err
    assert re.search(r"\bconnect\(\d+, " + re.escape(shown + ")"), client.err)
    server.wait()


def test_odd_path_is_true_in_json(sockctl, tmp_path):
    path = f"{tmp_path}/{ODD}"
    server = sockctl("listen", "--json", path)
    server.wait_err('"listening"')
    listed = sockctl("sockets", "--json", "-A", path)
    listed.wait()
    assert json.loads(listed.out)["local"]["path"] == path
    client = sockctl("connect", "--json", path)
    client.wait()
    server.wait()
    assert server.events[0]["path"] == path
    assert client.events[0]["remote"]["path"] == path


def test_abstract_name_with_zeros(sockctl):
    """As /proc/net/unix shows it, so that what was shown can be chosen."""
    name = f"sockctl-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{name}\0\0")
        server.listen()
        listed = sockctl("sockets", "--json", "-A", f"@{name}@@")
        listed.wait()
    assert json.loads(listed.out)["local"]["path"] == f"@{name}@@"


def test_clients_of_a_listener_that_stays(sockctl, path):
    proc = listening(sockctl("listen", "-k", "--count", "3", path, stdin=DEVNULL))
    for _ in range(3):
        with dial_unix(str(path)) as conn:
            conn.sendall(b"x")
            half_close(conn)
            assert receive_all(conn) == b""
    proc.wait()
    assert proc.out == b"xxx"
    assert not path.exists()
