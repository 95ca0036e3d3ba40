# SPDX-License-Identifier: ISC
"""The PROXY protocol: --send-proxy, --accept-proxy and --accept-proxy-from."""

import re
import signal
import socket
import struct

import pytest

from harness import DEVNULL, PIPE, wait_for
from peers import (accept, acknowledged, dial, dial_unix, port_of, receive, receive_all,
                   reset_by_peer, send_all, turned_down, unused_port)

PLACE = ("127.0.0.1", "0")
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
ENVIRONMENT = "env | grep SOCKCTL_ | sort"


def v2(body, command=1, family=0x11):
    return SIGNATURE + bytes([0x20 | command, family]) + struct.pack("!H", len(body)) + body


def ipv4(source="192.0.2.1", sport=1234, destination="198.51.100.7", dport=443):
    return (socket.inet_aton(source) + socket.inet_aton(destination) +
            struct.pack("!HH", sport, dport))


V1 = b"PROXY TCP4 192.0.2.1 198.51.100.7 1234 443\r\n"
HEADERS = [pytest.param(V1, id="v1"), pytest.param(v2(ipv4()), id="v2"),
           pytest.param(v2(ipv4() + b"\xe0\0\3abc"), id="v2 with an extension")]


def listen(sockctl, *options, **how):
    return sockctl("listen", "--accept-proxy", *options, *PLACE, **how)


@pytest.mark.parametrize("header", HEADERS)
def test_announced_client(sockctl, header):
    """Who is announced is the client, and what follows the header is the stream, in any pieces."""
    proc = listen(sockctl, "-k", "-v", "--exec", f"{ENVIRONMENT}; cat", stdin=DEVNULL)
    with dial(proc.port) as conn:
        send_all(conn, header + b"hello")
        answer = receive_all(conn).decode()
    assert "SOCKCTL_REMOTE_ADDRESS=192.0.2.1\n" in answer
    assert "SOCKCTL_REMOTE_PORT=1234\n" in answer
    assert "SOCKCTL_LOCAL_ADDRESS=198.51.100.7\n" in answer
    assert "SOCKCTL_LOCAL_PORT=443\n" in answer
    assert "SOCKCTL_SENDER_ADDRESS=127.0.0.1\n" in answer
    assert f"SOCKCTL_SENDER_LOCAL_PORT={proc.port}\n" in answer
    assert answer.endswith("hello")
    proc.wait_err("accepted connection 1 from 192.0.2.1:1234, announced by 127.0.0.1:")
    proc.stop()


@pytest.mark.parametrize("header", HEADERS)
def test_split_at_every_byte(sockctl, header):
    proc = listen(sockctl, "-k", "--exec", "cat", stdin=DEVNULL)
    for at in range(1, len(header)):
        with dial(proc.port) as conn:
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            conn.sendall(header[:at])
            wait_for(lambda conn=conn: acknowledged(conn), "the first piece taken")
            send_all(conn, header[at:] + b"x")
            assert receive_all(conn) == b"x"
    proc.stop()


@pytest.mark.parametrize("header", [
    pytest.param(b"PROXY UNKNOWN\r\n", id="v1 UNKNOWN"),
    pytest.param(v2(b"", command=0, family=0), id="v2 LOCAL"),
])
def test_proxy_that_speaks_for_itself(sockctl, header):
    proc = listen(sockctl, "--exec", ENVIRONMENT, stdin=DEVNULL)
    with dial(proc.port) as conn:
        send_all(conn, header)
        answer = receive_all(conn).decode()
    assert "SOCKCTL_REMOTE_ADDRESS=127.0.0.1\n" in answer
    assert "SENDER" not in answer
    proc.wait()


BAD = [
    pytest.param(b"GET / HTTP/1.0\r\n\r\n", "no PROXY header", id="none"),
    pytest.param(b"PROXY TCP4 192.0.2.1 198.51.100.7 1234 70000\r\n", "", id="port"),
    pytest.param(b"PROXY TCP4 " + b"1" * 200 + b"\r\n", "", id="v1 too long"),
    pytest.param(SIGNATURE + b"\x21\x11\xff\xff" + b"x" * 100, "", id="v2 too long"),
    pytest.param(v2(ipv4()[:8]), "", id="v2 too short"),
    pytest.param(v2(ipv4() + b"\x03\0\4\0\0\0\0"), "", id="checksum"),
    pytest.param(v2(ipv4() + b"\xe0\0\x20abc"), "", id="extension cut off"),
]


@pytest.mark.parametrize("data, words", BAD)
def test_bad_header(sockctl, data, words):
    """It is reset and named, and does not end a server that serves one."""
    proc = listen(sockctl, "-v", stdin=DEVNULL)
    with dial(proc.port) as conn:
        conn.sendall(data)
        assert reset_by_peer(conn)
    proc.wait_err(rf"refused 127\.0\.0\.1:\d+: .*{words}")
    with dial(proc.port) as conn:
        send_all(conn, V1 + b"good")
        receive_all(conn)
    proc.wait()
    assert proc.out == b"good"


def test_end_in_the_header(sockctl):
    proc = listen(sockctl, "-kv", stdin=DEVNULL)
    with dial(proc.port) as conn:
        send_all(conn, V1[:10])
        assert reset_by_peer(conn)
    proc.wait_err("it ended in its PROXY header")
    proc.stop()


def test_access_is_for_the_announced(sockctl):
    proc = listen(sockctl, "-kv", "--allow", "192.0.2.0/24", "--exec", "echo served", stdin=DEVNULL)
    with dial(proc.port) as conn:
        send_all(conn, V1)
        assert receive_all(conn) == b"served\n"
    with dial(proc.port) as conn:
        conn.sendall(V1.replace(b"192.0.2.1", b"192.0.3.1"))
        assert reset_by_peer(conn)
    proc.wait_err(r"refused 192\.0\.3\.1:1234")
    with dial(proc.port) as conn:
        conn.sendall(b"PROXY UNKNOWN\r\n")  # the proxy itself is not allowed
        assert reset_by_peer(conn)
    proc.stop()


def test_sender_that_is_not_the_proxy(sockctl):
    proc = listen(sockctl, "-kv", "--accept-proxy-from", "192.0.2.0/24", stdin=DEVNULL)
    assert turned_down(proc.port)
    proc.wait_err("refused 127.0.0.1:")
    proc.stop()


def test_anybody_could_claim_anything(sockctl):
    sockctl("listen", "--accept-proxy", "0").fails(2, "--accept-proxy-from")
    proc = sockctl("listen", "--accept-proxy-from", "127.0.0.1", "0", stdin=DEVNULL)
    with dial(proc.port) as conn:
        send_all(conn, V1 + b"x")
        receive_all(conn)
    proc.wait()
    assert proc.out == b"x"


def test_over_a_unix_socket(sockctl, tmp_path):
    proc = sockctl("listen", "--accept-proxy", "--exec", ENVIRONMENT, tmp_path / "s", stdin=DEVNULL)
    proc.wait_err("listening")
    with dial_unix(str(tmp_path / "s")) as conn:
        send_all(conn, V1)
        assert b"SOCKCTL_REMOTE_ADDRESS=192.0.2.1\n" in receive_all(conn)
    proc.wait()


def test_those_who_stall_hold_up_nobody(sockctl):
    """More of them than may arrive at once, from as many addresses as needed."""
    proc = listen(sockctl, "-k", "--exec", "cat", stdin=DEVNULL)
    stalled = []
    for n in range(2000):
        sock = socket.socket()
        sock.bind((f"127.0.1.{n % 50 + 1}", 0))
        sock.connect(("127.0.0.1", proc.port))
        sock.send(b"P")
        stalled.append(sock)
        if n % 200 == 0:
            with dial(proc.port) as conn:
                send_all(conn, V1 + b"good")
                assert receive_all(conn) == b"good"
    wait_for(lambda: proc.descriptors() < 1100, "no more than 1,024 of them")
    for sock in stalled:
        sock.close()
    proc.stop()


def test_time_for_the_header(sockctl):
    proc = listen(sockctl, "-kv", "--handshake-timeout", "0.3", stdin=DEVNULL)
    with dial(proc.port) as conn:
        conn.sendall(V1[:3])
        assert reset_by_peer(conn)
    proc.wait_err("no answer in time during the PROXY header")
    proc.stop()


def test_stalled_ones_do_not_count(sockctl):
    proc = listen(sockctl, "--count", "2", stdin=DEVNULL)
    with dial(proc.port) as stalled:
        stalled.sendall(V1[:3])
        for word in (b"one", b"two"):
            with dial(proc.port) as conn:
                send_all(conn, V1 + word)
                receive_all(conn)
        proc.wait()
        assert reset_by_peer(stalled)
    assert proc.out == b"onetwo"


@pytest.mark.parametrize("word, start", [("v1", b"PROXY TCP4 127.0.0.1 127.0.0.1 "),
                                         ("v2", SIGNATURE + b"\x21\x11\0\x0c")])
def test_connect_sends_it(sockctl, server, word, start):
    proc = sockctl("connect", f"--send-proxy={word}", "127.0.0.1", port_of(server), stdin=b"data")
    conn = accept(server)
    data = receive_all(conn)
    conn.close()
    assert data.startswith(start)
    assert data.endswith(b"data")
    assert (b"%d %d\r\n" % (conn_port(data), port_of(server)) in data or
            struct.pack("!H", port_of(server)) in data)
    proc.wait()


def announced(sockctl, server, *words):
    """The bytes that come before the data."""
    proc = sockctl("connect", *words, "127.0.0.1", port_of(server), stdin=b"data")
    with accept(server) as conn:
        data = receive_all(conn)
    proc.wait()
    assert data.endswith(b"data")
    return data[:-4]


def ends_of(head):
    """Source and destination of a header of version 2 for IPv4."""
    a, b, x, y = struct.unpack("!4s4sHH", head[16:28])
    return (socket.inet_ntoa(a), x), (socket.inet_ntoa(b), y)


def test_ends_as_they_are_given(sockctl, server):
    words = ["--send-proxy", "--send-proxy-source", "192.0.2.1:1234"]
    head = announced(sockctl, server, *words)
    assert ends_of(head) == (("192.0.2.1", 1234), ("127.0.0.1", port_of(server)))
    head = announced(sockctl, server, *words, "--send-proxy-destination", "198.51.100.7:443")
    assert head == v2(ipv4())
    head = announced(sockctl, server, "--send-proxy", "--send-proxy-destination", "198.51.100.7:443")
    assert ends_of(head)[0][0] == "127.0.0.1" and ends_of(head)[1] == ("198.51.100.7", 443)


@pytest.mark.parametrize("words, head", [
    (["--send-proxy=v1", "--send-proxy-source", "192.0.2.1:1234", "--send-proxy-destination",
      "198.51.100.7:443"], V1),
    (["--send-proxy=v1", "--send-proxy-source", "[2001:db8::1]:1", "--send-proxy-destination",
      "[2001:db8::2]:2"], b"PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n"),
    (["--send-proxy=v1", "--send-proxy-local"], b"PROXY UNKNOWN\r\n"),
    (["--send-proxy", "--send-proxy-local"], v2(b"", command=0, family=0)),
    (["--send-proxy", "--send-proxy-local", "--send-proxy-tlv", "alpn=6832", "--send-proxy-tlv",
      "0xe0=", "--send-proxy-tlv", "5=00ff"],
     v2(b"\1\0\2h2" b"\xe0\0\0" b"\5\0\2\0\xff", command=0, family=0)),
    (["--send-proxy", "--send-proxy-source", "unix:/a", "--send-proxy-destination", "unix:/b"],
     v2(b"/a".ljust(108, b"\0") + b"/b".ljust(108, b"\0"), family=0x31)),
])
def test_header_word_for_word(sockctl, server, words, head):
    assert announced(sockctl, server, *words) == head


def test_value_from_a_file(sockctl, server, tmp_path):
    (tmp_path / "value").write_bytes(bytes(range(256)))
    head = announced(sockctl, server, "--send-proxy", "--send-proxy-tlv",
                     f"0xe1=@{tmp_path}/value")
    assert head[28:] == b"\xe1\1\0" + bytes(range(256))


def test_extensions_and_checksum_are_seen(sockctl):
    """Sent by us and taken by us: as an event, and with -vv."""
    for words in (["--json"], ["-vv"]):
        behind = listen(sockctl, *words, stdin=DEVNULL)
        proc = sockctl("connect", "--send-proxy", "--send-proxy-source", "192.0.2.1:1",
                       "--send-proxy-destination", "192.0.2.2:2", "--send-proxy-tlv",
                       "authority=" + b"example.org".hex(), "--send-proxy-tlv", "0xe0=",
                       "--send-proxy-crc", "127.0.0.1", behind.port)
        proc.wait()
        behind.wait()
        if words == ["-vv"]:
            assert re.search("the PROXY header of connection 1 is of version 2 "
                             "authority=6578616d706c652e6f7267 0xe0= crc32c=[0-9a-f]{8}$",
                             behind.err, re.MULTILINE)
            continue
        event, = [one for one in behind.events if one["event"] == "accepted"]
        assert event["remote"]["address"] == "192.0.2.1"
        assert event["tlvs"][:2] == [
            {"number": 2, "name": "authority", "value": b"example.org".hex()},
            {"number": 0xe0, "value": ""}]
        assert event["tlvs"][2]["name"] == "crc32c" and len(event["tlvs"]) == 3


def test_forward_announces_what_it_is_told(sockctl, server):
    proc = sockctl("listen", "--forward", f"127.0.0.1:{port_of(server)}", "--send-proxy",
                   "--send-proxy-source", "192.0.2.1:1234", "--send-proxy-tlv", "alpn=6832",
                   *PLACE)
    with dial(proc.port) as client:
        send_all(client, b"data")
        with accept(server) as conn:
            data = receive_all(conn)
    assert ends_of(data) == (("192.0.2.1", 1234), ("127.0.0.1", proc.port))
    assert data[28:] == b"\1\0\2h2data"
    proc.wait()


def conn_port(data):
    return int(data.split()[4]) if data.startswith(b"PROXY") else 0


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_forward_announces_its_client(sockctl, version):
    """Through two of us the program sees the client that came first."""
    behind = listen(sockctl, "-k", "--exec", ENVIRONMENT, stdin=DEVNULL)
    before = sockctl("listen", "-k", "--accept-proxy", f"--send-proxy={version}",
                     "--forward", f"127.0.0.1:{behind.port}", *PLACE)
    with dial(before.port) as conn:
        send_all(conn, V1)
        answer = receive_all(conn)
    assert b"SOCKCTL_REMOTE_ADDRESS=192.0.2.1\n" in answer
    assert b"SOCKCTL_LOCAL_PORT=443\n" in answer
    before.stop()
    behind.stop()


def test_value_from_a_file_that_cannot_be_read(sockctl, tmp_path):
    words = ["connect", "--send-proxy", "--send-proxy-tlv"]
    sockctl(*words, f"1=@{tmp_path}/none", "h", "1").fails(1, f"{tmp_path}/none", "ENOENT")
    sockctl(*words, f"1=@{tmp_path}", "h", "1").fails(1, tmp_path, "EISDIR")
    sockctl(*words, "1=@/dev/zero", "h", "1").fails(2, "/dev/zero", "4096")


def test_peer_that_refuses_it(sockctl, server):
    """A reset in answer to the header is a broken connection, which another try may cure."""
    proc = sockctl("connect", "--send-proxy", "127.0.0.1", port_of(server), stdin=PIPE)
    conn = accept(server)
    receive(conn, 16)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()
    proc.fails(7, "ECONNRESET")


@pytest.mark.parametrize("words, named", [
    (["connect", "--send-proxy=v3", "h", "1"], "v3"),
    (["connect", "--send-proxy", "fd:0"], "fd:0"),
    (["listen", "--send-proxy", "0"], "--forward"),
    (["listen", "--accept-proxy-from", "nonsense", "0"], "nonsense"),
    (["connect", "--send-proxy-crc", "h", "1"], "--send-proxy"),
    (["connect", "--send-proxy", "--send-proxy-source", "192.0.2.1", "h", "1"], "192.0.2.1"),
    (["connect", "--send-proxy", "--send-proxy-source", "name:1", "h", "1"], "numeric address"),
    (["connect", "--send-proxy", "--send-proxy-source", "192.0.2.1:1",
      "--send-proxy-destination", "[::1]:1", "h", "1"], "one family"),
    (["connect", "--send-proxy=v1", "--send-proxy-crc", "h", "1"], "v2"),
    (["connect", "--send-proxy=v1", "--send-proxy-local", "--send-proxy-tlv", "1=00", "h", "1"],
     "v2"),
    (["connect", "--send-proxy=v1", "--send-proxy-source", "unix:/x", "h", "1"], "v2"),
    (["connect", "--send-proxy", "--send-proxy-tlv", "alpn", "h", "1"], "TYPE=HEX"),
    (["connect", "--send-proxy", "--send-proxy-tlv", "alpn=6", "h", "1"], "pairs of hex digits"),
    (["connect", "--send-proxy", "--send-proxy-tlv", "256=00", "h", "1"], "0 to 255"),
    (["connect", "--send-proxy", "--send-proxy-tlv", "crc32c=00000000", "h", "1"],
     "--send-proxy-crc"),
    (["connect", "--send-proxy", "--send-proxy-tlv", "unique_id=" + "00" * 129, "h", "1"], "128"),
    (["connect", "--send-proxy", "--send-proxy-tlv", "1=" + "00" * 4097, "h", "1"], "4096"),
    (["connect", "--send-proxy", "--send-proxy-tlv", "1=" + "00" * 4090, "h", "1"], "too long"),
    (["connect", "--send-proxy", "--send-proxy-local", "--send-proxy-source", "::1", "h", "1"],
     "--send-proxy-local"),
])
def test_wrong_command_line(sockctl, words, named):
    sockctl(*words).fails(2, named)


@pytest.mark.needs("haproxy")
@pytest.mark.parametrize("send", [
    pytest.param("send-proxy", id="v1"),
    pytest.param("send-proxy-v2", id="v2"),
    pytest.param("send-proxy-v2 proxy-v2-options crc32c,unique-id", id="v2-tlv"),
])
def test_behind_haproxy(sockctl, tmp_path, send):
    """The real thing in front, with checksum and extensions."""
    behind = listen(sockctl, "-kv", "--exec", ENVIRONMENT, stdin=DEVNULL)
    port = unused_port()
    config = tmp_path / "haproxy.cfg"
    config.write_text(HAPROXY.format(bind=f"127.0.0.1:{port}",
                                     server=f"127.0.0.1:{behind.port} {send}"))
    proxy = sockctl("-db", "-f", config, program="haproxy")
    conn = wait_for(lambda: dial_if_open(port), "haproxy listening")
    with conn:  # an end before haproxy has connected would abort it
        answer = receive_all(conn)
        assert b"SOCKCTL_REMOTE_PORT=%d\n" % conn.getsockname()[1] in answer
    assert b"SOCKCTL_LOCAL_PORT=%d\n" % port in answer
    assert b"SOCKCTL_SENDER_LOCAL_PORT=%d\n" % behind.port in answer
    end_proxy(proxy)
    behind.stop()


def dial_if_open(port):
    try:
        return dial(port)
    except ConnectionRefusedError:
        return None


def end_proxy(proxy):
    proxy.kill(signal.SIGTERM)
    proxy.ended()


HAPROXY = """
global
    maxconn 100
defaults
    mode tcp
    timeout connect 10s
    timeout client 30s
    timeout server 30s
frontend in
    bind {bind}
    unique-id-format %ts
    default_backend out
backend out
    server one {server}
"""


@pytest.mark.needs("haproxy")
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_before_haproxy(sockctl, server, tmp_path, version):
    """It takes our header, and passes on the client that was announced."""
    config = tmp_path / "haproxy.cfg"
    config.write_text(HAPROXY.format(bind=f"{tmp_path}/in accept-proxy",
                                     server=f"127.0.0.1:{port_of(server)} send-proxy"))
    proxy = sockctl("-db", "-f", config, program="haproxy")
    wait_for(lambda: (tmp_path / "in").exists(), "haproxy listening")
    front = sockctl("listen", "-k", f"--send-proxy={version}", "--forward", tmp_path / "in", *PLACE)
    with dial(front.port) as conn:
        send_all(conn, b"data")
        source = conn.getsockname()[1]
        other = accept(server)
        data = receive_all(other)
        other.close()
    assert data == b"PROXY TCP4 127.0.0.1 127.0.0.1 %d %d\r\ndata" % (source, front.port)
    front.stop()
    end_proxy(proxy)
