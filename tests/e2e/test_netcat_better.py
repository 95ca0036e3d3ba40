# SPDX-License-Identifier: ISC
"""Where nc and ncat of ours are better than the originals: a test for each entry of the lists in the
manual, and no entry without one."""

import os
import pty
import re
import socket
import subprocess
from pathlib import Path

import pytest

from harness import DEADLINE, Task, wait_for
from network import FAR4, HOLE4
from peers import accept, listener, port_of, receive, receive_all, reset, send_all, unused_port
from netcats import OURS, program_of
from originals import Served, await_member, run, serve, speaks_first

PAGES = {"openbsd": "sockctl-nc.1", "ncat": "sockctl-ncat.1"}
TESTED = set()


def entries(dialect):
    """The entries of the list in the manual, as lines of text."""
    page = Path(__file__).resolve().parents[2] / "man" / PAGES[dialect]
    text = page.read_text(encoding="utf-8").partition(".Ss What is better\n")[2].partition(".El\n")[0]
    return [" ".join(re.sub(r"^\.Fl (\S+)", r"-\1", line) for line in item.split("\n")).strip()
            for item in re.split(r"^\.It\n", text, flags=re.M)[1:]]


def better(dialect, words):
    """Marks a test as that of the entry that starts with WORDS."""
    TESTED.add((dialect, words))
    return lambda test: test


@pytest.mark.parametrize("dialect", PAGES)
def test_each_entry_has_a_test(dialect):
    for entry in entries(dialect):
        assert [words for of, words in TESTED if of == dialect and entry.startswith(words)], entry
    for of, words in TESTED:
        assert of != dialect or any(entry.startswith(words) for entry in entries(of)), words


def start(dialect, *words, stdin=b"", place=None):
    return Served([*OURS[dialect], *words], place or unused_port(), stdin)


def stop(server):
    server.proc.terminate()
    return server.finish()


@better("openbsd", "A transfer that was cut off is a failure")
def test_full_disk_is_a_failure():
    for program, ok in ((program_of("openbsd"), True), (OURS["openbsd"], False)):
        with listener() as server, open("/dev/full", "wb") as full:
            task = Task(serve, server, speaks_first, [])
            done = subprocess.run([*program, "-w", "1", "127.0.0.1", str(port_of(server))], stdout=full,
                                  stderr=subprocess.PIPE, input=b"", timeout=DEADLINE, check=False)
            task.result()
        assert (done.returncode == 0) == ok


@better("openbsd", "A transfer that was cut off is a failure")
@better("ncat", "A transfer that was cut off is a failure")
@pytest.mark.parametrize("dialect", PAGES)
def test_reset_is_a_failure(dialect):
    def cut(conn):
        conn.sendall(b"half")
        receive(conn, 5)
        reset(conn)
        return "reset"

    with listener() as server:
        task = Task(lambda: cut(accept(server)))
        done = run([*OURS[dialect], "127.0.0.1", str(port_of(server))], b"data\n", keep_open=True)
        task.result()
    assert not done[0] and done[1] == b"half"


@better("ncat", "A transfer that was cut off is a failure")
def test_program_that_fails_is_a_failure():
    server = start("ncat", "-l", "127.0.0.1", "PORT", "-c", "exit 3")
    with server.dial() as conn:
        assert receive_all(conn) == b""
    assert not server.finish()[0]


@better("openbsd", "The addresses of a name are tried at once")
@better("ncat", "The addresses of a name are tried at once")
@pytest.mark.needs("dnsmasq")
@pytest.mark.parametrize("dialect", PAGES)
def test_address_that_does_not_answer_holds_up_no_other(network, dialect):
    with network.names(both=[HOLE4, FAR4]), network.far.listener(FAR4) as server:
        task = Task(lambda: receive_all(accept(server)))
        # Only the end of the input may take a part of the limit, which the first address would use up.
        words = {"openbsd": ["-N"], "ncat": ["-w", "20"]}[dialect]
        done = run([*network.wrap, *OURS[dialect], *words, "both.test", str(port_of(server))], b"data\n")
        assert task.result() == b"data\n" and done[0]


@better("openbsd", "-lk serves many clients at once")
def test_clients_are_served_at_once():
    server = start("openbsd", "-lk", "127.0.0.1", "PORT", stdin=b"")
    with server.dial() as first, server.dial() as second:
        second.sendall(b"second\n")
        assert server.proc.stdout.read(7) == b"second\n"
        first.sendall(b"first\n")
        assert server.proc.stdout.read(6) == b"first\n"
        os.write(server.write, b"to all\n")
        assert receive(first, 7) == receive(second, 7) == b"to all\n"
    stop(server)


@better("openbsd", "-l listens for IPv4 and IPv6")
@better("ncat", "One socket listens for IPv4 and IPv6")
@pytest.mark.parametrize("dialect", PAGES)
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_both_families(dialect, address):
    server = start(dialect, "-l", "PORT", stdin=b"hello\n")
    server.end_input()
    with socket.create_connection((address, server.place), DEADLINE) as conn:
        assert receive(conn, 6) == b"hello\n"
    assert server.finish()[0]


@better("openbsd", "No other process can listen on the same port")
def test_port_is_served_by_one_program():
    first = start("openbsd", "-l", "127.0.0.1", "PORT")
    assert not run([*OURS["openbsd"], "-l", "127.0.0.1", str(first.place)])[0]
    first.dial().close()
    first.finish()


@better("openbsd", "-lU replaces the file of a dead socket, and no other")
@pytest.mark.parametrize("dialect", PAGES)
def test_file_that_is_no_socket_is_kept(tmp_path, dialect):
    path = tmp_path / "file"
    path.write_text("precious")
    assert not run([*OURS[dialect], "-lU", str(path)])[0]
    assert path.read_text() == "precious"


def can_dial(path):
    with socket.socket(socket.AF_UNIX) as conn:
        return conn.connect_ex(path) == 0


@better("openbsd", "-lU replaces the file of a dead socket, and no other")
@better("ncat", "The file of a Unix socket is removed at the end")
@pytest.mark.parametrize("dialect", PAGES)
def test_file_of_a_dead_socket_is_replaced_and_removed(tmp_path, dialect):
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    server = Served([*OURS[dialect], "-lU", "PATH"], path)
    wait_for(lambda: can_dial(path), "a socket of its own")
    server.end_input()
    server.finish()
    assert not os.path.exists(path)


@better("openbsd", "-w covers look-ups and the dialogue with proxies")
@better("ncat", "Times are limits of look-ups and proxies, too")
@pytest.mark.parametrize("dialect, option", [("openbsd", "-x"), ("ncat", "--proxy")])
def test_silent_proxy_is_given_up(dialect, option):
    with listener() as proxy:
        words = [option, f"127.0.0.1:{port_of(proxy)}", "-w", "1", "192.0.2.1", "80"]
        done = run([*OURS[dialect], *words], keep_open=True)
    assert not done[0]


@better("openbsd", "-w covers look-ups and the dialogue with proxies")
@better("ncat", "Times are limits of look-ups and proxies, too")
@pytest.mark.parametrize("dialect", PAGES)
def test_silent_name_server_is_given_up(network, dialect):
    with network.bad_names("silent"):
        assert not run([*network.wrap, *OURS[dialect], "-w", "1", "name.test", "80"], keep_open=True)[0]


@better("openbsd", "Many ports are tried at once")
def test_lines_about_ports_come_in_any_order():
    with listener() as one, listener() as two:
        ports = [str(port_of(sock)) for sock in (one, two)]
        said = [sorted(re.sub(r"^nc\.openbsd: ", "nc: ", line) for line in
                       run([*program, "-zv", "127.0.0.1", *ports])[2].splitlines())
                for program in (program_of("openbsd"), OURS["openbsd"])]
    assert len(said[0]) == 2 and said[0] == said[1]


def is_gone(pid):
    return not os.path.exists(f"/proc/{pid}")


@better("openbsd", "A program that was started for a client ends with it")
@better("ncat", "A program that was started for a client ends with it")
@pytest.mark.parametrize("dialect", PAGES)
def test_program_ends_with_its_client(dialect):
    server = start(dialect, "-l", "127.0.0.1", "PORT", "-e", "/bin/sh -c 'echo $$; exec sleep 1000'")
    conn = server.dial()
    pid = int(receive(conn, 1) + conn.recv(20))
    reset(conn)
    server.finish()
    wait_for(lambda: is_gone(pid), "the end of the program")


@better("openbsd", "A program that was started for a client ends with it")
@better("ncat", "A program that was started for a client ends with it")
@pytest.mark.parametrize("dialect", PAGES)
def test_program_speaks_after_the_end_of_its_input(dialect):
    server = start(dialect, "-l", "127.0.0.1", "PORT", "-e", "/bin/sh -c 'wc -c'")
    with server.dial() as conn:
        send_all(conn, b"12345")
        assert receive_all(conn).strip() == b"5"
    assert server.finish()[0]


@better("openbsd", "Lines about clients show their addresses as numbers")
def test_clients_are_shown_by_address():
    server = start("openbsd", "-lv", "127.0.0.1", "PORT")
    server.dial().close()
    server.end_input()
    assert re.search(r"127\.0\.0\.1 N\b", server.finish()[2].replace(" PLACE", " N"))


@better("openbsd", "CR LF is right also where the two come apart")
def test_line_ends_that_come_apart():
    with listener() as server:
        words = [*OURS["openbsd"], "-CN", "127.0.0.1", str(port_of(server))]
        with subprocess.Popen(words, stdin=subprocess.PIPE) as proc:
            conn = accept(server)
            proc.stdin.write(b"one\r")
            proc.stdin.flush()
            assert receive(conn, 4) == b"one\r"
            proc.stdin.write(b"\ntwo\n")
            proc.stdin.close()
            assert receive_all(conn) == b"\ntwo\r\n"
            conn.close()
            proc.wait(DEADLINE)


@better("openbsd", "CR LF is right also where the two come apart")
def test_telnet_commands_are_no_output():
    will_echo, do_terminal, dont_echo, wont_terminal = (
        b"\xff\xfb\x01", b"\xff\xfd\x18", b"\xff\xfe\x01", b"\xff\xfc\x18")

    def negotiate(conn):
        conn.sendall(b"before" + will_echo + b"between" + do_terminal + b"after\n")
        answer = receive(conn, 6)
        conn.close()
        return answer

    with listener() as server:
        task = Task(lambda: negotiate(accept(server)))
        done = run([*OURS["openbsd"], "-td", "127.0.0.1", str(port_of(server))])
    assert done[1] == b"beforebetweenafter\n"
    assert task.result() == dont_echo + wont_terminal


@better("openbsd", "With a terminal as standard input, the end of the peer is the end")
def test_end_of_the_peer_at_a_terminal():
    master, terminal = pty.openpty()
    with listener() as server:
        words = [*OURS["openbsd"], "127.0.0.1", str(port_of(server))]
        with subprocess.Popen(words, stdin=terminal, stdout=subprocess.PIPE) as proc:
            conn = accept(server)
            conn.sendall(b"bye\n")
            conn.close()
            assert proc.stdout.read() == b"bye\n" and proc.wait(DEADLINE) == 0
    os.close(master)
    os.close(terminal)


@better("ncat", "A client that does not read does not stall the others")
def test_client_that_does_not_read():
    server = start("ncat", "-lk", "--broker", "127.0.0.1", "PORT")
    with server.dial() as deaf, server.dial() as sender, server.dial() as reader:
        data = bytes(8 << 20)
        await_member(sender, reader)
        task = Task(receive, reader, len(data))
        sending = Task(send_all, sender, data)
        assert len(task.result()) == len(data)
        sending.result()
        deaf.close()
    stop(server)


@better("ncat", "With -i , a connection that both sides have ended is a success")
def test_idle_limit_and_a_whole_connection():
    server = start("ncat", "-l", "-i", "2", "127.0.0.1", "PORT", stdin=b"hello\n")
    server.end_input()
    with server.dial() as conn:
        conn.shutdown(socket.SHUT_WR)
        assert receive_all(conn) == b"hello\n"
    assert server.finish()[0]


@better("ncat", "With -i , the peer of an idle connection receives a reset")
def test_idle_peer_learns_that_it_was_cut_off():
    server = start("ncat", "-lk", "-i", "1", "127.0.0.1", "PORT")
    with server.dial() as idle, server.dial() as other:
        idle.settimeout(0)

        def is_reset():
            other.sendall(b"word\n")  # it is not idle
            try:
                idle.recv(1)
            except BlockingIOError:
                return False
            except ConnectionResetError:
                return True
            raise AssertionError("an end of file")

        wait_for(is_reset, "the end of the idle connection")
        assert server.proc.poll() is None
        other.sendall(b"last\n")
        wait_for(lambda: server.proc.stdout.readline() == b"last\n", "what the other sends")
    stop(server)


@pytest.mark.peers
@pytest.mark.needs("microsocks")
@better("openbsd", "If a proxy refuses, the message names the proxy")
@better("ncat", "With -v and a proxy, the line names the target")
@pytest.mark.parametrize("dialect, option", [("openbsd", "-x"), ("ncat", "--proxy-type socks5 --proxy")])
def test_words_about_proxies(real, dialect, option):
    proxy = f"127.0.0.1:{real('microsocks').port}"
    words = [*option.split(), proxy, "127.0.0.1"]
    refused = run([*OURS[dialect], "-v", *words, "1"])
    assert not refused[0] and proxy in refused[2] and "uccess" not in refused[2]
    with listener() as server:
        task = Task(lambda: receive(accept(server), 1))
        port = str(port_of(server))
        done = run([*OURS[dialect], "-v", *words, port], b"x")
        task.result()
    assert done[0] and {"openbsd": f"Connection to 127.0.0.1 {port} port [tcp/*] succeeded!",
                        "ncat": f"Ncat: Connected to 127.0.0.1:{port}."}[dialect] in done[2].splitlines()


@better("openbsd", "With several ports and -q , the next port has its turn")
def test_each_port_has_its_time():
    for program, visits_both in ((program_of("openbsd"), False), (OURS["openbsd"], True)):
        with listener() as one, listener() as two:
            first = Task(lambda server=one: receive_all(accept(server)))
            done = run([*program, "-q", "1", "127.0.0.1", str(port_of(one)), str(port_of(two))], b"data\n")
            assert done[0] and first.result() == b"data\n"
            two.settimeout(0)
            if visits_both:
                two.accept()[0].close()
            else:
                with pytest.raises(BlockingIOError):
                    two.accept()


@better("ncat", "-d is a pause between lines")
def test_lines_have_pauses_between():
    def first_piece(conn):
        piece = conn.recv(100)
        receive_all(conn)
        return piece

    for program, first in ((program_of("ncat"), b"one\ntwo\n"), (OURS["ncat"], b"one\n")):
        with listener() as server:
            task = Task(lambda sock=server: first_piece(accept(sock)))
            assert run([*program, "-d", "1", "127.0.0.1", str(port_of(server))], b"one\ntwo\n")[0]
            assert task.result() == first


@better("ncat", "The dump of -x also has directions and times")
def test_dump_has_directions(tmp_path):
    def answer(conn):
        conn.sendall(b"answer")
        return receive_all(conn)

    with listener() as server:
        task = Task(lambda: answer(accept(server)))
        words = ["-x", str(tmp_path / "dump"), "127.0.0.1", str(port_of(server))]
        assert run([*OURS["ncat"], *words], b"question", awaited=len(b"answer"))[0]
        task.result()
    text = (tmp_path / "dump").read_text()
    assert re.search(r"^> .*\d:\d\d:\d\d|^\d+:\d\d:\d\d.*>", text, re.M) and "<" in text, text


@better("ncat", "The dump of -x also has directions and times")
def test_dump_to_a_full_disk_is_a_failure():
    with listener() as server:
        words = ["-x", "/dev/full", "127.0.0.1", str(port_of(server))]
        assert not run([*OURS["ncat"], *words], b"question")[0]


@better("ncat", "The line with the version of ncat is left out")
def test_version_is_not_said():
    with listener() as server:
        task = Task(lambda: receive_all(accept(server)))
        said = run([*OURS["ncat"], "-v", "127.0.0.1", str(port_of(server))])[2]
        task.result()
    assert "Version" not in said and "Connected to 127.0.0.1" in said
