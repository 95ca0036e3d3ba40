# SPDX-License-Identifier: ISC
"""Socket options by name: the table, values on fresh sockets, --set and --get on real ones."""

import json
import os
import re
import socket
import struct
import subprocess

import pytest

from documents import OPTION_TYPES
from harness import DEVNULL, PIPE
from peers import accept, dial, half_close, port_of, receive_all, udp, unused_port

# Values that differ from socket to socket or from moment to moment.
VOLATILE = {"SO_COOKIE", "SO_NETNS_COOKIE", "SO_INCOMING_CPU", "TCP_TIMESTAMP"}


def rows(proc, status=0):
    proc.wait(status)
    return [json.loads(line) for line in proc.out.decode().splitlines()]


def fresh(kind, level):
    family = socket.AF_UNIX if kind == "unix" else (
        socket.AF_INET6 if level == "IPPROTO_IPV6" else socket.AF_INET)
    types = {"udp": socket.SOCK_DGRAM, "raw": socket.SOCK_RAW}
    protocol = 0
    if kind == "raw":
        protocol = socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP
    sock = socket.socket(family, types.get(kind, socket.SOCK_STREAM), protocol)
    if kind == "listen":
        sock.listen(1)
    return sock


def number_of(row):
    """The value of a row as the int that the kernel has."""
    value = row["value"]
    if row["type"] in ("bool", "int", "size", "time"):
        return int(re.match(r"(-?0x[0-9a-f]+|-?\d+)", value)[1], 0)
    if row["type"] == "name":
        return getattr(socket, value, None)
    return None


@pytest.mark.parametrize("kind", ["tcp", "udp", "unix", "raw", "listen"])
def test_values_of_fresh_sockets(sockctl, kind):
    if kind == "raw" and os.geteuid():
        sockctl("options", "raw").fails(5, "raw", "EPERM")
        return
    found = rows(sockctl("options", kind, "--json"))
    checked = 0
    for row in found:
        assert row["socket"] == kind and row["meaning"]
        want = number_of(row) if "value" in row else None
        if want is None or row["name"] in VOLATILE or row["type"] == "time" and "TIMEO" in row["name"]:
            continue
        with fresh(kind, row["level"]) as sock:
            level = getattr(socket, row["level"])
            have = sock.getsockopt(level, row["number"], 8)
        have = int.from_bytes(have, "little", signed=False)
        bits = 8 * (8 if "RATE" in row["name"] else 4)
        assert have & (1 << bits) - 1 == want & (1 << bits) - 1, row
        checked += 1
    assert checked >= (20 if kind == "unix" else 60)


def test_each_value_was_asked_for(sockctl):
    proc = sockctl("options", "udp", "--json", "--trace")
    found = rows(proc)
    asked = set(re.findall(r"getsockopt\(\d+, \w+, (\w+),", proc.err))
    assert {row["name"] for row in found if "get" in row["access"]} == asked


def test_table(sockctl):
    found = {row["name"]: row for row in rows(sockctl("options", "--json"))}
    documented = """SO_ACCEPTCONN SO_BROADCAST SO_DEBUG SO_DONTROUTE SO_ERROR SO_KEEPALIVE SO_LINGER
        SO_OOBINLINE SO_RCVBUF SO_RCVLOWAT SO_RCVTIMEO SO_REUSEADDR SO_SNDBUF SO_SNDLOWAT
        SO_SNDTIMEO SO_TYPE TCP_NODELAY TCP_FASTOPEN TCP_USER_TIMEOUT IP_TTL IPV6_V6ONLY
        IP_ADD_MEMBERSHIP UDP_SEGMENT""".split()
    assert set(documented) <= set(found)
    for name in "SO_ACCEPTCONN", "SO_ERROR", "SO_TYPE":
        assert found[name]["access"] == ["get"]
    assert found["SO_LINGER"]["type"] == "linger"
    text = sockctl("options")
    text.wait()
    assert len(text.out.splitlines()) == len(rows(sockctl("options", "--json")))


def test_explains(sockctl):
    row, = rows(sockctl("options", "so_linger", "--json"))
    assert row["name"] == "SO_LINGER" and row["sockets"] == ["tcp", "udp", "unix", "raw", "listen"]
    assert row["fresh"][0] == "tcp=off" and row["since"] == "1.0"
    text = sockctl("options", "IP_MTU_DISCOVER")
    text.wait()
    for word in "discovery of the path MTU", "IPPROTO_IP", "IP_PMTUDISC_DO", "2.2", "at any time":
        assert word in text.out.decode()


def test_types_in_c_are_the_documents(sockctl):
    found = {row["name"]: row["c_type"] for row in rows(sockctl("options", *OPTION_TYPES, "--json"))}
    assert found == OPTION_TYPES


@pytest.mark.needs("cc")
def test_types_in_c_are_those_of_the_header_files(sockctl, tmp_path):
    """A compiler takes each member with the type that is shown, and each structure as a value."""
    headers = ("netinet/in.h", "netinet/tcp.h", "sys/socket.h", "sys/time.h", "linux/filter.h",
               "stdint.h")
    lines = ["#define _GNU_SOURCE", *(f"#include <{name}>" for name in headers)]
    checked = set()
    for row in rows(sockctl("options", "--json")):
        kind = row["c_type"].replace("[]", " *")
        lines.append(f"{kind} of_{row['level']}_{row['name']};")
        for member in filter(None, row.get("members", "").split("; ")):
            of, name = re.fullmatch(r"(.*?[ *])(\w+)", member).groups()
            lines.append(f"{of} *{row['level']}_{row['name']}_{name}({kind} *v) {{ return &v->{name}; }}")
            checked.add(name)
    assert {"l_onoff", "l_linger", "tv_sec", "tv_usec"} <= checked
    source = tmp_path / "types.c"
    source.write_text("\n".join(lines) + "\n")
    subprocess.run(["cc", "-Wall", "-Werror", "-fsyntax-only", source], check=True)


def test_unknown(sockctl):
    proc = sockctl("options", "SO_LINGR", "TCP_NODELAY")
    proc.fails(3, "'SO_LINGR'", "'SO_LINGER'")
    assert b"TCP_NODELAY" in proc.out
    sockctl("options", "tcp", "SO_LINGER").fails(2, "'tcp'", "alone")


def test_set_before_connecting(sockctl, server):
    """The peer sees what the option does."""
    proc = sockctl("connect", "--set", "TCP_MAXSEG=600", "-o", "TCP_NODELAY=off", "--get",
                   "tcp_nodelay", "--get", "SO_TYPE", "127.0.0.1", port_of(server))
    with accept(server) as conn:
        assert conn.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) <= 600
    proc.wait()
    assert [line.split(": ")[-1] for line in proc.complaints] == [
        "TCP_NODELAY=0", "SO_TYPE=SOCK_STREAM"]


def test_what_the_kernel_made_of_it(sockctl, server):
    proc = sockctl("connect", "--json", "--set", "SO_RCVBUF=64k", "--get", "SO_RCVBUF",
                   "127.0.0.1", port_of(server))
    accept(server).close()
    proc.wait()
    option, = [event for event in proc.events if event["event"] == "option"]
    assert (option["option"], option["value"]) == ("SO_RCVBUF", str(2 * 65536))


# A SYN that may carry data, which connect(2) therefore leaves for later.
LATE_SYN = ["--set", "TCP_FASTOPEN_CONNECT", "--set", "TCP_FASTOPEN_NO_COOKIE"]


@pytest.mark.parametrize("words", [
    ["connect"],
    ["connect", "--retry=1", "--retry-delay", "0"],
    ["connect", "--check"],
    ["connect", "--check", "--retry=1", "--retry-delay", "0"],
    ["echo", "--client", "--tcp"],
    ["echo", "--client", "--tcp", "--connections", "2"],
    ["echo", "--client", "--tcp", "--reconnect", "--count", "2"],
])
def test_a_closed_port_does_not_look_open_with_fast_open(sockctl, words):
    port = unused_port()
    plain = sockctl(*words, "127.0.0.1", port, stdin=DEVNULL)
    plain.wait(5)
    assert "ECONNREFUSED" in plain.err
    late = sockctl(*words, *LATE_SYN, "127.0.0.1", port, stdin=DEVNULL)
    late.wait(5)
    assert (late.out, late.err) == (plain.out, plain.err)


def test_only_open_ports_are_open_with_fast_open(sockctl, server):
    closed = unused_port()
    ports = f"{port_of(server)},{closed}"
    proc = sockctl("connect", "--check", *LATE_SYN, "127.0.0.1", ports)
    proc.wait(5)
    assert f"not open: {closed}: Connection refused (ECONNREFUSED)" in proc.err
    assert proc.out.startswith(f"{port_of(server)}".encode())
    assert proc.out.count(b"\n") == 1


def test_fast_open_reaches_a_server_that_speaks_first(sockctl, server):
    """Though nothing is there to send, and nothing that a SYN could wait for."""
    proc = sockctl("connect", *LATE_SYN, "127.0.0.1", port_of(server), stdin=PIPE)
    with accept(server) as conn:
        conn.sendall(b"hello\n")
        proc.wait_out(6)
        proc.stdin.write(b"thanks")
        proc.stdin.close()
        assert receive_all(conn) == b"thanks"
    proc.wait()


def test_fast_open_measures_as_usual(sockctl):
    server = sockctl("echo", "--tcp", "127.0.0.1", 0)
    for words in ([], ["--reconnect"]):
        proc = sockctl("echo", "--client", "--tcp", "--count", "3", *words, *LATE_SYN,
                       "127.0.0.1", server.port)
        proc.wait()
        assert b"3 received" in proc.out
    server.stop()


def test_set_on_a_listener(sockctl):
    """Connections have what their listener was given; what needs one waits for it."""
    proc = sockctl("listen", "--set", "TCP_MAXSEG=700", "--set", "TCP_QUICKACK=off", "--get",
                   "TCP_QUICKACK", "--trace", "127.0.0.1", 0)
    with dial(proc.port) as conn:
        assert conn.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) <= 700
    proc.wait()
    assert "TCP_QUICKACK=0" in proc.err
    before, after = proc.err.split("accept4(", 1)
    assert "TCP_MAXSEG, 700" in before and "TCP_QUICKACK, 0" not in before
    assert "setsockopt" in after and "TCP_QUICKACK, 0" in after


def test_multicast_group(sockctl):
    """An option whose value is a group and an interface, on a socket of datagrams."""
    proc = sockctl("udp-recv", "--count", "1", "--set", "IP_ADD_MEMBERSHIP=239.1.2.3%lo",
                   "0.0.0.0:0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                          struct.pack("4s4si", b"", socket.inet_aton("127.0.0.1"), 1))
        sender.sendto(b"to the group", ("239.1.2.3", proc.port))
    proc.wait()
    assert proc.out == b"to the group\n"


@pytest.mark.parametrize("word, status, words", [
    ("SO_RCVBUFF=1", 3, ["'SO_RCVBUFF'", "'SO_RCVBUF'"]),
    ("nodelay", 3, ["'nodelay'", "'TCP_NODELAY'"]),
    ("SO_RCVBUF", 2, ["SO_RCVBUF needs a value", "64k"]),
    ("SO_RCVBUF=much", 2, ["SO_RCVBUF", "'much'", "64k"]),
    ("SO_TYPE=1", 2, ["SO_TYPE can only be read"]),
    ("TCP_NODELAY=2", 2, ["'2'", "on or off"]),
    ("IP_TTL=256", 5, ["IP_TTL=256", "EINVAL"]),
    ("TCP_CONGESTION=none", 5, ["TCP_CONGESTION=none", "ENOENT"]),
])
def test_bad_settings(sockctl, server, word, status, words):
    proc = sockctl("connect", "--set", word, "127.0.0.1", port_of(server))
    proc.fails(status, *words)


def test_get_what_is_not_there(sockctl, server):
    sockctl("connect", "--get", "SO_TYP", "127.0.0.1", port_of(server)).fails(3, "'SO_TYPE'")
    sockctl("connect", "--get", "SO_DETACH_FILTER", "::1", 1).fails(2, "can only be set")


# Options that stand for socket options, beside --set.


@pytest.mark.parametrize("words, value", [
    ("--set IP_TTL=3 --ttl 7 --get IP_TTL", "IP_TTL=7"),
    ("--ttl 7 --set IP_TTL=3 --get IP_TTL", "IP_TTL=3"),
    ("--ttl 7 --set ip_ttl=3 --ttl 9 --get IP_TTL", "IP_TTL=9"),
    ("--set IP_TTL=3 --ttl 7 --set IP_MULTICAST_TTL=2 --get IP_MULTICAST_TTL", "IP_MULTICAST_TTL=2"),
    ("--set IP_TTL=3 --set IP_TTL=4 --get IP_TTL", "IP_TTL=4"),
    ("--set SO_BROADCAST=off --broadcast --get SO_BROADCAST", "SO_BROADCAST=1"),
    ("--broadcast --set SO_BROADCAST=off --get SO_BROADCAST", "SO_BROADCAST=0"),
    ("--set IP_MULTICAST_LOOP --no-loop --get IP_MULTICAST_LOOP", "IP_MULTICAST_LOOP=0"),
    ("--set SO_BINDTODEVICE=none --interface lo --get SO_BINDTODEVICE", "SO_BINDTODEVICE=lo"),
])
def test_the_last_one_wins(sockctl, words, value):
    with udp() as peer:
        proc = sockctl("udp-send", *words.split(), "127.0.0.1", port_of(peer), "x")
        proc.wait()
        assert peer.recv(10) == b"x"
    assert proc.lines == [f"sockctl: udp-send: {value}"]


@pytest.mark.parametrize("option, name", [
    ("--reset", "SO_LINGER"), ("--oob", "SO_OOBINLINE"), ("--recv-exactly=9", "SO_RCVLOWAT")])
@pytest.mark.parametrize("command", ["connect", "listen"])
def test_option_that_cannot_stand_beside_its_socket_option(sockctl, command, option, name):
    proc = sockctl(command, option, "--set", f"{name.lower()}=1", "127.0.0.1", unused_port())
    proc.fails(2, f"{option.partition('=')[0]} and --set {name} exclude each other")


def test_datagrams_in_segments_of_the_users_size(sockctl):
    with udp() as peer:
        proc = sockctl("udp-send", "--set", "UDP_SEGMENT=1000", "--whole", "--get", "UDP_SEGMENT",
                       "127.0.0.1", port_of(peer), stdin=b"x" * 3500)
        assert [len(peer.recv(9999)) for _ in range(4)] == [1000, 1000, 1000, 500]
        proc.wait()
    assert proc.lines == ["sockctl: udp-send: UDP_SEGMENT=1000"]


def test_answers_in_segments_of_the_users_size(sockctl):
    proc = sockctl("udp-recv", "--echo", "--count", 1, "--set", "UDP_SEGMENT=4", "127.0.0.1", 0)
    with udp() as peer:
        peer.sendto(b"0123456789", ("127.0.0.1", proc.port))
        assert [peer.recv(99) for _ in range(3)] == [b"0123", b"4567", b"89"]
    proc.wait()


def test_groups_of_others_where_the_user_wants_them(sockctl):
    proc = sockctl("udp-recv", "--join", "239.1.2.3%lo", "--set", "IP_MULTICAST_ALL=on",
                   "--get", "IP_MULTICAST_ALL", "0.0.0.0", 0)
    proc.wait_err("IP_MULTICAST_ALL=1$")
    proc.stop()


@pytest.mark.parametrize("words, is_changed", [([], True), (["--set", "TCP_KEEPIDLE=300"], False)],
                         ids=["usual", "the user's"])
def test_probes_of_a_half_closed_client(sockctl, words, is_changed):
    """A program whose client has ended its side is told soon when that is gone, or when the user says."""
    proc = sockctl("listen", *words, "--trace-all", "--exec", "cat >/dev/null; sleep 1000",
                   "127.0.0.1", 0)
    with dial(proc.port) as conn:
        half_close(conn)
        proc.wait_err("setsockopt.*TCP_KEEPINTVL, .?5")
        assert bool(re.search("setsockopt.*TCP_KEEPIDLE, .?5", proc.err)) == is_changed
    proc.stop()


def test_source_port_of_the_users_own_kind(sockctl, server):
    proc = sockctl("connect", "--source-port", unused_port(), "--set", "SO_REUSEADDR=off",
                   "--get", "SO_REUSEADDR", "127.0.0.1", port_of(server))
    accept(server).close()
    proc.wait()
    assert proc.lines == ["sockctl: connect: SO_REUSEADDR=0"]


def test_wildcard_socket_for_ipv6_alone(sockctl):
    proc = sockctl("listen", "-k", "--set", "IPV6_V6ONLY=on", 0, stdin=PIPE)
    port = int(proc.wait_err(r"listening on :(\d+)$|listening on \[::\]:(\d+)$").expand(r"\1\2"))
    dial(port, "::1").close()
    with pytest.raises(ConnectionRefusedError):
        dial(port)
    proc.stop()


def test_one_socket_for_both_families(sockctl):
    proc = sockctl("listen", "-k", "--set", "IPV6_V6ONLY=off", "::", 0, stdin=PIPE)
    dial(proc.port).close()
    proc.stop()
