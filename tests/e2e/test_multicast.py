# SPDX-License-Identifier: ISC
"""One datagram for many: multicast and broadcast, on a wire between two hosts."""

import json
import subprocess

import pytest

from harness import wait_for
from network import FAR4, FAR6, NEAR4, NEAR6

PORT = 5000

pytestmark = pytest.mark.needs("ip", "unshare", "nsenter")

LINK_FAR6 = "fe80::ff:fe00:2"  # what the kernel makes of the far host's link-layer address

GROUPS = [("239.1.2.3", FAR4), ("ff15::42", FAR6)]


def has_routes(host):
    """True once IPv6 is ready for multicast, which takes a moment on a new link."""
    def show(*words):
        return subprocess.run([*host.words, "ip", "-6", *words], check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    return ("ff00::/8 dev wire" in show("route", "show", "table", "local") and
            not show("address", "show", "tentative"))


@pytest.fixture
def network(network, request):
    if "ff" in request.node.name or "ipv6" in request.node.name:
        for host in (network.near, network.far):
            wait_for(lambda: has_routes(host), "routes for multicast")
    return network


@pytest.fixture
def recv(sockctl, network):
    """Receivers on the far host."""
    def start(*words, place=(PORT,)):
        proc = sockctl("udp-recv", *words, *place, wrap=network.far.words)
        proc.wait_err("listening")
        return proc

    return start


@pytest.fixture
def send(sockctl, network):
    """Sends from the near host."""
    network.near.do("route add 224.0.0.0/4 dev wire")

    def run(*words, status=0):
        proc = sockctl("udp-send", *words, wrap=network.wrap)
        proc.wait(status)
        return proc

    return run


@pytest.mark.parametrize("group, address", GROUPS)
def test_everybody_who_joined(recv, send, group, address):
    many = [recv("--join", f"{group}%wire", "--count", 2) for _ in range(2)]
    send(group, PORT, "one", "two")
    for proc in many:
        proc.wait()
        assert proc.out == b"one\ntwo\n"


@pytest.mark.parametrize("group, address", GROUPS)
def test_answers_come_from_the_hosts(recv, send, group, address):
    server = recv("--join", f"{group}%wire", "--reply", "here")
    proc = send("--json", "--replies", 1, "--wait", 20, group, PORT, "who?")
    assert json.loads(proc.out)["source"]["address"] == address
    server.stop()


@pytest.mark.parametrize("family, group, address", [
    ("-4", "224.0.0.1", FAR4), ("-6", "ff02::1", LINK_FAR6)])
def test_echo_that_is_asked_at_the_address_of_a_group(
        sockctl, network, send, family, group, address):
    """Every host is in these groups. An answer cannot come from there: it comes from the host."""
    server = sockctl("echo", family, PORT, wrap=network.far.words)
    server.wait_err("listening")
    proc = send("--json", "--interface", "wire", "--replies", 1, "--wait", 20, group, PORT, "who?")
    reply = json.loads(proc.out)
    assert (reply["source"]["address"].partition("%")[0], reply["data"]) == (address, "who?")
    server.stop()


@pytest.mark.parametrize("group, address", GROUPS)
def test_receiving_at_the_address_of_the_group(recv, send, group, address):
    """No --join is needed then."""
    proc = recv("--interface", "wire", "--count", 1, place=(group, PORT))
    send(group, PORT, "one")
    proc.wait()
    assert proc.out == b"one\n"


@pytest.mark.parametrize("group, source, other", [
    ("232.1.2.3", NEAR4, "10.99.0.7"), ("ff35::42", NEAR6, "2001:db8:99::7")])
def test_joining_at_the_address_of_the_group(recv, send, network, group, source, other):
    """Then it is as --join says, and no other source is let in."""
    network.near.do(f"address add {other} dev wire" + (" nodad" if ":" in other else ""))
    proc = recv("--join", f"{group}%wire,{source}", "--count", 1, place=(group, PORT))
    send("--bind", other, group, PORT, "from another")
    send("--bind", source, group, PORT, "from the source")
    proc.wait()
    assert proc.out == b"from the source\n"


@pytest.mark.parametrize("group, other, address", [
    ("239.1.2.3", "239.1.2.4", FAR4), ("ff15::42", "ff15::43", FAR6)])
def test_groups_of_others_are_not_ours(recv, send, group, other, address):
    """Without IP_MULTICAST_ALL=0 a socket gets what any program of the machine has joined."""
    stranger = recv("--join", f"{other}%wire")
    proc = recv("--join", f"{group}%wire", "--count", 2)
    send(other, PORT, "for the other")
    send(group, PORT, "one")
    send(address, PORT + 1, "nowhere")
    send(group, PORT, "two")
    proc.wait()
    assert proc.out == b"one\ntwo\n"
    stranger.wait_out(len("for the other\n"))
    stranger.stop()


@pytest.mark.parametrize("group, source, other", [
    ("232.1.2.3", NEAR4, "10.99.0.7"), ("ff35::42", NEAR6, "2001:db8:99::7")])
def test_source_specific(recv, send, network, group, source, other):
    network.near.do(f"address add {other} dev wire" + (" nodad" if ":" in other else ""))
    proc = recv("--join", f"{group}%wire,{source}", "--count", 1)
    send("--bind", other, group, PORT, "from another")
    send("--bind", source, group, PORT, "from the source")
    proc.wait()
    assert proc.out == b"from the source\n"


@pytest.mark.parametrize("group, address", GROUPS)
def test_hops(recv, send, group, address):
    proc = recv("--join", f"{group}%wire", "--json", "--count", 2)
    send(group, PORT, "near")
    send("--ttl", 9, group, PORT, "far")
    proc.wait()
    assert [json.loads(line)["hops"] for line in proc.out.splitlines()] == [1, 9]
    assert json.loads(proc.out.splitlines()[0])["destination"]["address"] == group


@pytest.mark.parametrize("group", ["239.1.2.3", "ff15::42"])
def test_loop(sockctl, network, send, group):
    """This machine gets what it sends, unless --no-loop is given."""
    proc = sockctl("udp-recv", "--join", f"{group}%wire", "--count", 1, PORT, wrap=network.wrap)
    proc.wait_err("listening")
    send("--no-loop", group, PORT, "silent")
    send(group, PORT, "heard")
    proc.wait()
    assert proc.out == b"heard\n"


def test_interface_decides_where_to(sockctl, network):
    """There is no route for the group."""
    proc = sockctl("udp-recv", "--join", "239.5.5.5%wire", "--count", 2, PORT,
                   wrap=network.far.words)
    proc.wait_err("listening")
    sockctl("udp-send", "239.5.5.5", PORT, "x", wrap=network.wrap).fails(5, "ENETUNREACH")
    sockctl("udp-send", "--interface", "wire", "239.5.5.5", PORT, "y", wrap=network.wrap).wait()
    sockctl("udp-send", "239.5.5.5%wire", PORT, "z", wrap=network.wrap).wait()
    proc.wait()
    assert proc.out == b"y\nz\n"
    proc = sockctl("udp-send", "--interface", "lo", "239.5.5.5%wire", PORT, "z", wrap=network.wrap)
    proc.fails(2, "'wire' is another interface than that of --interface")


def test_scope_of_an_ipv6_group(sockctl, network):
    proc = sockctl("udp-recv", "ff02::1234%wire", PORT, "--count", 1, wrap=network.far.words)
    proc.wait_err(r"listening on \[ff02::1234%wire\]:5000")
    sockctl("udp-send", "ff02::1234%wire", PORT, "x", wrap=network.wrap).wait()
    proc.wait()
    assert proc.out == b"x\n"


@pytest.mark.parametrize("address", ["10.99.0.255", "255.255.255.255"])
def test_broadcast(recv, sockctl, network, address):
    proc = recv("--reply", "here", "--count", 1)
    words = ["--interface", "wire", address, PORT, "x"]
    sockctl("udp-send", *words, wrap=network.wrap).fails(5, "EACCES", "--broadcast")
    sender = sockctl("udp-send", "--broadcast", "--replies", 1, *words, wrap=network.wrap)
    sender.wait()
    proc.wait()
    assert (proc.out, sender.out) == (b"x\n", b"here\n")


@pytest.mark.parametrize("group", ["239.1.2.3", "ff05::123"])
@pytest.mark.parametrize("named", [False, True], ids=["by route", "named"])
def test_says_which_interface_takes_a_group(sockctl, network, group, named):
    words = ["-6"] if ":" in group else ["-4"]
    network.near.do("route add 239.0.0.0/8 dev wire")
    proc = sockctl("udp-recv", "-v", *words, "--join", f"{group}%wire" if named else group, PORT,
                   wrap=network.wrap)
    proc.wait_err(f"receiving what is sent to {group} on wire$")
    proc.stop()


@pytest.mark.parametrize("command", [("udp-recv", "--join", "239.1.2.3", PORT),
                                     ("udp-send", "239.1.2.3", PORT, "x"),
                                     ("udp-send", "--connected", "239.1.2.3", PORT, "x")])
def test_a_group_without_a_route(sockctl, network, command):
    """The remedy is named."""
    proc = sockctl(*command, wrap=network.wrap)
    proc.fails(5, "239.1.2.3", "; --interface, or % and its name after the group")


def test_replies_to_a_group(sockctl, network):
    """As in DNS of a link, where questions and answers go to one group and port."""
    words = ["--join", "224.0.0.251%wire", "224.0.0.251%wire", "5353"]
    server = sockctl("udp-recv", "--count", 1, "--join", "224.0.0.251%wire", 5353,
                     wrap=network.far.words)
    server.wait_err("listening")
    asker = sockctl("udp-send", "-v", "--bind", ":5353", "--no-loop", "--replies", 1, *words,
                    "who is there?", wrap=network.wrap)
    server.wait()
    assert server.out == b"who is there?\n"
    asker.wait_err("receiving what is sent to 224.0.0.251 on wire$")
    sockctl("udp-send", "--source-port", 5353, *words, "me", wrap=network.far.words).wait()
    asker.wait()
    assert asker.out == b"me\n"


@pytest.mark.parametrize("group, address", GROUPS)
def test_replies_of_packets_to_a_group(sockctl, network, group, address):
    server = sockctl("raw-recv", "--count", 1, address, 253, wrap=network.far.words)
    server.wait_err("listening")
    asker = sockctl("raw-send", "-v", "--join", f"{group}%wire", "--wait", "1m", "--replies", 1, address,
                    253, "question", wrap=network.wrap)
    server.wait()
    sockctl("raw-send", f"{group}%wire", 253, "answer", wrap=network.far.words).wait()
    asker.wait()
    assert asker.out == b"answer\n"


def test_group_of_another_family(sockctl):
    proc = sockctl("udp-send", "--join", "ff02::fb%lo", "127.0.0.1", 5353, "x")
    proc.fails(2, "ff02::fb%lo: no group of the family of 127.0.0.1:5353")


def test_host_that_is_unreachable(sockctl, network):
    """An ICMP message from a router, of which connected sockets hear."""
    network.near.do("route add unreachable 203.0.113.0/24")
    sockctl("udp-send", "203.0.113.5", PORT, "x", wrap=network.wrap).fails(5, "EHOSTUNREACH")
