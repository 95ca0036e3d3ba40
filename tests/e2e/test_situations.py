# SPDX-License-Identifier: ISC
"""What networks and machines do to programs: packets that get lost, peers that fall silent,
connections that are killed, outputs that take nothing, descriptors that run out."""

import os
import select
import subprocess

import pytest

from harness import CLOSED, DEADLINE, DEVNULL, PIPE, Task, wait_for
from network import FAR4, NEAR4
from peers import accept, dial, half_close, port_of, receive_all, send_all

needs_network = pytest.mark.needs("ip", "unshare", "nsenter", "ss", "iptables")


@pytest.fixture
def far_join(sockctl, network, role):
    """As join, with the peer on the far host."""
    conns = []

    def start(*options, **how):
        if role == "connect":
            with network.far.listener(FAR4) as server:
                proc = sockctl("connect", *options, FAR4, port_of(server), wrap=network.wrap, **how)
                conn = accept(server)
        else:
            proc = sockctl("listen", *options, NEAR4, 0, wrap=network.wrap, **how)
            conn = network.far.within(dial, proc.port, NEAR4)
        conns.append(conn)
        return proc, conn

    yield start
    for conn in conns:
        conn.close()


def filter_packets(network, *rule):
    """What arrives at the near host goes through one rule of iptables(8)."""
    network.near.run("iptables", "-A", "INPUT", *rule)


@needs_network
def test_packets_get_lost(far_join, network):
    data, reply = os.urandom(512 << 10), os.urandom(512 << 10)
    filter_packets(network, "-m", "statistic", "--mode", "random", "--probability", "0.05",
                   "-j", "DROP")
    proc, conn = far_join(stdin=data)
    sending = Task(send_all, conn, reply)
    assert receive_all(conn) == data
    sending.result()
    proc.wait()
    assert proc.out == reply


@needs_network
def test_idle_peer_that_is_gone(far_join, network):
    """Nobody tells; probes that are not answered do."""
    proc, conn = far_join("--set", "TCP_KEEPIDLE=1", "--set", "TCP_KEEPINTVL=1", "--set",
                          "TCP_KEEPCNT=1", stdin=PIPE)
    conn.sendall(b"the last words\n")
    proc.wait_out(15)
    filter_packets(network, "-j", "DROP")
    proc.fails(7, "ETIMEDOUT")


@needs_network
def test_peer_that_is_gone_before_it_has_everything(far_join, network):
    proc, conn = far_join("--set", "TCP_USER_TIMEOUT=1000", stdin=PIPE)
    conn.sendall(b"go on\n")
    proc.wait_out(6)
    filter_packets(network, "-j", "DROP")
    proc.stdin.write(b"x" * 5000)
    proc.stdin.close()
    proc.fails(7, "ETIMEDOUT")


@needs_network
def test_patience_with_a_peer_that_is_gone_has_an_end(far_join, network):
    proc, conn = far_join("--idle-timeout", "0.5", stdin=PIPE)
    conn.sendall(b"the last words\n")
    proc.wait_out(15)
    filter_packets(network, "-j", "DROP")
    proc.fails(6, "idle")


@needs_network
def test_connection_that_the_administrator_kills(far_join, network):
    proc, conn = far_join(stdin=PIPE)
    conn.sendall(b"hello\n")
    proc.wait_out(6)
    network.near.run("ss", "-K", "state", "established")
    left = subprocess.run([*network.near.words, "ss", "-Htn", "state", "established"], check=True,
                          stdout=subprocess.PIPE).stdout
    if left:
        pytest.skip("the system cannot kill connections")
    proc.fails(7, "ECONNABORTED")


@needs_network
@pytest.mark.parametrize("answer, error", [
    ("tcp-reset", "ECONNREFUSED"),
    ("icmp-port-unreachable", "ECONNREFUSED"),
    ("icmp-host-unreachable", "EHOSTUNREACH"),
    ("icmp-admin-prohibited", "EHOSTUNREACH"),
])
def test_firewall_that_refuses(sockctl, network, answer, error):
    network.far.run("iptables", "-A", "INPUT", "-p", "tcp", "-j", "REJECT", "--reject-with", answer)
    sockctl("connect", FAR4, 80, wrap=network.wrap).fails(5, f"{FAR4}:80", error)


@needs_network
def test_firewall_that_resets(far_join, network):
    """In the middle of what the peer sends."""
    proc, conn = far_join(stdin=PIPE)
    conn.sendall(b"hello\n")
    proc.wait_out(6)
    network.far.run("iptables", "-A", "INPUT", "-p", "tcp", "-j", "REJECT", "--reject-with",
                    "tcp-reset")
    proc.stdin.write(b"x" * 5000)
    proc.fails(7, "ECONNRESET")


def test_client_that_half_closes_before_a_non_blocking_pipe_has_anything(sockctl):
    data = os.urandom(1 << 20)
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    proc = sockctl("listen", "127.0.0.1", 0, stdin=reader)
    os.close(reader)
    with dial(proc.port) as conn:
        half_close(conn)
        receiving = Task(receive_all, conn)
        for start in range(0, len(data), 1 << 18):
            os.write(writer, data[start : start + (1 << 18)])
        os.close(writer)
        assert receiving.result() == data
    proc.wait()


TABLES = ["services", "protocols", "networks", "hosts", "errors", "options", "options tcp",
          "options SO_LINGER", "address 127.0.0.1", "descriptor", "sockets", "services http",
          "resolve localhost", "resolve 127.0.0.1", "errors --json", "help --words"]


@pytest.mark.parametrize("words", TABLES)
def test_table_that_cannot_be_written(sockctl, words):
    with open("/dev/full", "wb") as full:
        proc = sockctl(*words.split(), stdout=full)
        proc.wait(1)
    assert "standard output" in proc.err and "ENOSPC" in proc.err


@pytest.mark.parametrize("words", TABLES)
def test_table_without_an_output(sockctl, words):
    proc = sockctl(*words.split(), stdout=CLOSED)
    proc.wait(1)
    assert "standard output" in proc.err and "EBADF" in proc.err


@pytest.mark.parametrize("words", TABLES)
def test_table_without_a_reader(sockctl, words):
    reader, writer = os.pipe()
    os.close(reader)
    proc = sockctl(*words.split(), stdout=writer)
    os.close(writer)
    proc.wait(141)
    assert not proc.complaints


@pytest.mark.parametrize("command", ["connect", "listen", "echo", "udp-send", "udp-recv"])
@pytest.mark.parametrize("limit", range(4, 16))
def test_hardly_any_descriptors(sockctl, server, command, limit):
    """It works, or says that there are too few. With less than these the loader gives up."""
    words = {
        "connect": ["connect", "127.0.0.1", port_of(server)],
        "listen": ["listen", "--timeout", "0.01", "127.0.0.1", 0],
        "echo": ["echo", "--client", "--timeout", "0.01", "127.0.0.1", port_of(server)],
        "udp-send": ["udp-send", "127.0.0.1", port_of(server), "hello"],
        "udp-recv": ["udp-recv", "--timeout", "0.01", "127.0.0.1", 0],
    }[command]
    proc = sockctl(*words, stdin=DEVNULL, stdout=DEVNULL, shell=f"ulimit -n {limit}")
    if command == "connect":
        if server in select.select([server, proc.pidfd], [], [], DEADLINE)[0]:
            accept(server).close()
    wait_for(lambda: not proc.running(), "the end")
    if proc.popen.wait() in (0, 6):
        return
    assert proc.popen.returncode in (1, 5), proc.describe()
    wait_for(lambda: proc.complaints, "a message")
    assert "EMFILE" in proc.err or "descriptors" in proc.err, proc.describe()


@pytest.mark.memory
def test_nothing_is_left_of_five_thousand(sockctl):
    """No descriptor and no memory of those who came, said something and went."""
    proc = sockctl("listen", "-k", "127.0.0.1", 0, stdin=DEVNULL, stdout=DEVNULL)
    port = proc.port

    def visit(number):
        for _ in range(number):
            with dial(port) as conn:
                conn.sendall(b"hello\n")
                half_close(conn)
                receive_all(conn)

    visit(500)
    descriptors, memory = proc.descriptors(), proc.status_field("VmRSS")
    visit(5000)
    wait_for(lambda: proc.descriptors() <= descriptors, f"no more than {descriptors} descriptors")
    assert proc.status_field("VmRSS") <= memory + 512
    proc.stop()
