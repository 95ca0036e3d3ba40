# SPDX-License-Identifier: ISC
"""connect --proxy through real proxies from the system's packages."""

import subprocess

import pytest

from harness import DEVNULL, PROGRAM
from peers import (MIB, accept, dial, half_close, port_of, receive, receive_all, send_all, sink,
                   unused_port)

pytestmark = pytest.mark.peers

KINDS = {
    "microsocks": ("socks5", "socks5h"),
    "danted": ("socks4", "socks5", "socks5h"),
    "tinyproxy": ("http",),
}
CASES = [pytest.param(name, scheme, marks=pytest.mark.needs(name))
         for name, schemes in KINDS.items() for scheme in schemes]


@pytest.mark.parametrize("name, scheme", CASES)
def test_both_directions(sockctl, real, server, name, scheme):
    proc = sockctl("connect", "--proxy", f"{scheme}://127.0.0.1:{real(name).port}", "127.0.0.1",
                   port_of(server), stdin=b"request")
    conn = accept(server)
    assert conn.recv(7) == b"request"
    conn.sendall(b"answer")
    conn.close()
    proc.wait()
    assert proc.out == b"answer"


@pytest.mark.parametrize("name, scheme", CASES)
def test_a_mebibyte_up(sockctl, real, server, name, scheme, random_file):
    data = random_file.read_bytes()[:MIB]
    proc = sockctl("connect", "--proxy", f"{scheme}://127.0.0.1:{real(name).port}", "127.0.0.1",
                   port_of(server), stdin=data)
    conn = accept(server)
    total, _ = sink(conn)
    conn.close()
    proc.wait()
    assert total == MIB


@pytest.mark.parametrize("name, scheme, status", [
    pytest.param("microsocks", "socks5", 5, marks=pytest.mark.needs("microsocks")),
    pytest.param("danted", "socks5", 5, marks=pytest.mark.needs("danted")),
    pytest.param("danted", "socks4", 9, marks=pytest.mark.needs("danted")),
    pytest.param("tinyproxy", "http", 9, marks=pytest.mark.needs("tinyproxy")),  # it says 500
])
def test_target_that_refuses(sockctl, real, name, scheme, status):
    sockctl("connect", "--proxy", f"{scheme}://127.0.0.1:{real(name).port}", "127.0.0.1",
            unused_port()).fails(status, "proxy")


@pytest.mark.parametrize("name, scheme", [
    pytest.param("microsocks", "socks5h", marks=pytest.mark.needs("microsocks")),
    pytest.param("tinyproxy", "http", marks=pytest.mark.needs("tinyproxy")),
])
def test_credentials(sockctl, real, server, name, scheme):
    at = f"127.0.0.1:{real(name, user='zaphod', password='qwerty').port}"
    proc = sockctl("connect", "--proxy", f"{scheme}://zaphod:qwerty@{at}", "127.0.0.1",
                   port_of(server))
    accept(server).close()
    proc.wait()
    for word in (f"{scheme}://{at}", f"{scheme}://zaphod:other@{at}"):
        sockctl("connect", "--proxy", word, "--retry", "127.0.0.1", port_of(server)).fails(9)


@pytest.mark.needs("microsocks", "tinyproxy", "danted")
def test_chain_of_three_kinds(sockctl, real, server):
    chain = [("socks5", "microsocks"), ("http", "tinyproxy"), ("socks4", "danted")]
    words = [f"--proxy={scheme}://127.0.0.1:{real(name).port}" for scheme, name in chain]
    proc = sockctl("connect", *words, "127.0.0.1", port_of(server), "--until", "peer")
    conn = accept(server)
    conn.sendall(b"answer")
    conn.close()
    proc.wait()
    assert proc.out == b"answer"


@pytest.mark.parametrize("name, scheme", CASES)
def test_forward(sockctl, real, server, name, scheme):
    """The client ends first, and the answer comes all the same."""
    proc = sockctl("listen", "--forward", f"127.0.0.1:{port_of(server)}",
                   "--proxy", f"{scheme}://127.0.0.1:{real(name).port}", "127.0.0.1", 0,
                   stdin=DEVNULL)
    with dial(proc.port) as client:
        client.sendall(b"request")
        half_close(client)
        conn = accept(server)
        assert receive(conn, 7) == b"request"
        conn.sendall(b"answer")
        conn.close()
        assert receive_all(client) == b"answer"
    proc.wait()


@pytest.mark.needs("microsocks", "tinyproxy")
def test_forward_through_a_chain(sockctl, real, server, random_file):
    data = random_file.read_bytes()[:MIB]
    chain = [("socks5h", "microsocks"), ("http", "tinyproxy")]
    words = [f"--proxy={scheme}://127.0.0.1:{real(name).port}" for scheme, name in chain]
    proc = sockctl("listen", "--forward", f"127.0.0.1:{port_of(server)}", *words, "127.0.0.1", 0,
                   stdin=DEVNULL)
    with dial(proc.port) as client:
        send_all(client, data)
        conn = accept(server)
        total, _ = sink(conn)
        conn.close()
        assert receive_all(client) == b""
    assert total == MIB
    proc.wait()


@pytest.mark.needs("microsocks", "ssh", "/usr/sbin/sshd")
def test_ssh_proxy_command(real, tmp_path):
    server = real("sshd")
    socks = real("microsocks")
    key = tmp_path / "sshd0" / "key"
    done = subprocess.run(
        ["ssh", "-F", "none", "-i", key, "-o", "StrictHostKeyChecking=no", "-o",
         "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o",
         f"ProxyCommand={PROGRAM} connect --proxy socks5h://127.0.0.1:{socks.port} %h %p",
         "-p", str(server.port), "127.0.0.1", "cat"],
        input=b"through and back", capture_output=True, timeout=60, check=False)
    assert done.stdout == b"through and back", done.stderr
    assert done.returncode == 0
