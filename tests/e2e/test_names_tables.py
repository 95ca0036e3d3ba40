# SPDX-License-Identifier: ISC
"""services, protocols, networks, hosts: the databases, whole and by word."""

import json
import re
import socket
import subprocess
from pathlib import Path

import pytest

from harness import CLOSED
from names_fixtures import make_host  # noqa: F401: a fixture

SERVICES = """\
# comment
echo 7/tcp
echo 7/udp
web 80/tcp http www # more names
old 80/udp
sctp-only 99/sctp
mine 1024/tcp
top 49151/udp
high 49152/tcp
last 65535/tcp
"""
PROTOCOLS = "ip 0 IP\ntcp 6 TCP\nudp 17 UDP\nodd 253 ODD strange\n"
NETWORKS = "loopback 127.0.0.0\nours 10.1 intranet home\nlink-local 169.254.0.0\n"
HOSTS = "192.0.2.1 one.example one uno\n2001:db8::1 one.example one\n192.0.2.2 two.example\n"


@pytest.fixture(scope="module")
def tables(make_host):  # noqa: F811
    return make_host({"services": SERVICES, "protocols": PROTOCOLS, "networks": NETWORKS,
                      "hosts": HOSTS})


@pytest.fixture(scope="module")
def empty(make_host):  # noqa: F811
    return make_host({"hosts": None})


def rows(proc):
    return [line.split() for line in proc.out.decode().splitlines()]


def objects(proc):
    return [json.loads(line) for line in proc.out.decode().splitlines()]


def getent(*args):
    output = subprocess.run(["getent", *args], stdout=subprocess.PIPE, check=False, text=True)
    return [line.split() for line in output.stdout.splitlines()]


def test_services_are_those_of_the_system(sockctl):
    proc = sockctl("services")
    proc.wait()
    assert rows(proc), "the system has no services"
    assert [[*row[:2], *row[3:]] for row in rows(proc)] == getent("services")


@pytest.mark.parametrize("table", ["protocols", "networks", "hosts"])
def test_tables_are_those_of_the_system(sockctl, table):
    proc = sockctl(table)
    proc.wait()
    assert rows(proc) == getent(table) + (ipv6_lines() if table == "hosts" else [])


def ipv6_lines():
    """Those of /etc/hosts, which gethostent() and so getent leave out."""
    lines = [line.partition("#")[0].split() for line in Path("/etc/hosts").read_text().splitlines()]
    return [words for words in lines if len(words) > 1 and ":" in words[0]]


def test_hosts_with_ipv6_addresses(sockctl, make_host):  # noqa: F811
    host = make_host({"hosts": "192.0.2.1 one\n2001:db8::1\tsix  # comment\n# 2001:db8::2 no\n"
                               "2001:DB8::3 three.example tri # drei\n2001:db8::4\n"
                               "::ffff:192.0.2.9 mapped\n2001:db8::xx bad\nfe80::1%lo zone\n"
                               "  ff02::1 last"})
    wanted = [["2001:db8::1", "six"], ["2001:db8::3", "three.example", "tri"], ["ff02::1", "last"]]
    proc = sockctl("hosts", "-6", wrap=host.wrap)
    proc.wait()
    assert rows(proc) == wanted
    proc = sockctl("hosts", wrap=host.wrap)
    proc.wait()
    assert rows(proc) == [["192.0.2.1", "one"], ["192.0.2.9", "mapped"], *wanted]
    proc = sockctl("hosts", "-4", "--json", wrap=host.wrap)
    proc.wait()
    assert [(o["name"], o["family"]) for o in objects(proc)] == [("one", "inet"), ("mapped", "inet")]


def test_hosts_that_cannot_be_read_to_the_end(sockctl, make_host):  # noqa: F811
    host = make_host({"hosts": None})
    sockctl("hosts", wrap=[*host.wrap, "sh", "-c", 'mkdir -p /etc/hosts && exec "$@"', "sh"]).fails(
        1, "/etc/hosts", "EISDIR")


@pytest.mark.parametrize("table", ["services", "protocols", "networks", "hosts"])
def test_json_is_the_same_table(sockctl, tables, table):
    text = sockctl(table, wrap=tables.wrap)
    proc = sockctl(table, "--json", wrap=tables.wrap)
    text.wait()
    proc.wait()
    for row, entry in zip(rows(text), objects(proc), strict=True):
        assert entry["name"] in row
        assert row[len(row) - len(entry["aliases"]):] == entry["aliases"]
    assert proc.out.isascii()


def test_columns_are_aligned(sockctl, tables):
    proc = sockctl("services", wrap=tables.wrap)
    proc.wait()
    lines = proc.out.decode().splitlines()
    assert len({re.search(r"\d+/", line).start() for line in lines}) == 1
    assert not any(line.endswith(" ") for line in lines)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["web"], ["web 80/tcp"]),
        (["www"], ["web 80/tcp"]),
        (["echo"], ["echo 7/tcp", "echo 7/udp"]),
        (["80"], ["web 80/tcp", "old 80/udp"]),
        (["80/udp"], ["old 80/udp"]),
        (["http/tcp"], ["web 80/tcp"]),
        (["7", "--proto", "udp"], ["echo 7/udp"]),
        (["sctp-only"], ["sctp-only 99/sctp"]),
        (["last", "echo/udp"], ["last 65535/tcp", "echo 7/udp"]),
    ],
)
def test_services_by_word(sockctl, tables, words, found):
    proc = sockctl("services", *words, wrap=tables.wrap)
    proc.wait()
    assert [" ".join(row[:2]) for row in rows(proc)] == found


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--range", "80"], ["web", "old"]),
        (["--range", "1024-49152"], ["mine", "top", "high"]),
        (["--range", "well-known"], ["echo", "echo", "web", "old", "sctp-only"]),
        (["--range", "registered"], ["mine", "top"]),
        (["--range", "dynamic"], ["high", "last"]),
        (["--proto", "udp"], ["echo", "old", "top"]),
        (["--proto", "udp", "--range", "1-100"], ["echo", "old"]),
    ],
)
def test_services_chosen(sockctl, tables, options, names):
    proc = sockctl("services", *options, wrap=tables.wrap)
    proc.wait()
    assert [row[0] for row in rows(proc)] == names


def test_classes_of_ports(sockctl, tables):
    proc = sockctl("services", "--json", wrap=tables.wrap)
    proc.wait()
    classes = {entry["port"]: entry["class"] for entry in objects(proc)}
    assert classes == {7: "well-known", 80: "well-known", 99: "well-known", 1024: "registered",
                       49151: "registered", 49152: "dynamic", 65535: "dynamic"}


@pytest.mark.parametrize(
    ("table", "word", "row"),
    [
        ("protocols", "tcp", ["tcp", "6", "TCP"]),
        ("protocols", "strange", ["odd", "253", "ODD", "strange"]),
        ("protocols", "253", ["odd", "253", "ODD", "strange"]),
        ("protocols", "0", ["ip", "0", "IP"]),
        ("networks", "ours", ["ours", "10.1.0.0", "intranet", "home"]),
        ("networks", "home", ["ours", "10.1.0.0", "intranet", "home"]),
        ("networks", "10.1.0.0", ["ours", "10.1.0.0", "intranet", "home"]),
        ("networks", "10.1", ["ours", "10.1.0.0", "intranet", "home"]),
        ("networks", "127", ["loopback", "127.0.0.0"]),
        ("hosts", "192.0.2.1", ["192.0.2.1", "one.example", "one", "uno"]),
        ("hosts", "2001:db8::1", ["2001:db8::1", "one.example", "one"]),
        ("hosts", "two.example", ["192.0.2.2", "two.example"]),
    ],
)
def test_by_word(sockctl, tables, table, word, row):
    proc = sockctl(table, word, wrap=tables.wrap)
    proc.wait()
    assert rows(proc) == [row]


def test_hosts_of_both_families(sockctl, tables):
    for options, addresses in (
        ([], ["2001:db8::1", "192.0.2.1"]),
        (["-4"], ["192.0.2.1"]),
        (["-6"], ["2001:db8::1"]),
    ):
        proc = sockctl("hosts", "one", *options, wrap=tables.wrap)
        proc.wait()
        assert [row[0] for row in rows(proc)] == addresses


@pytest.mark.parametrize("table", ["services", "protocols", "networks", "hosts"])
def test_what_is_missing_is_named_and_the_rest_printed(sockctl, tables, table):
    there = {"services": "web", "protocols": "tcp", "networks": "ours", "hosts": "two.example"}
    proc = sockctl(table, "no-such.test", there[table], "nor-this.test",
                   wrap=tables.wrap)
    proc.wait(4 if table == "hosts" else 3)  # nobody answers for names of hosts
    assert [row[0 if table != "hosts" else 1] for row in rows(proc)] == [there[table]]
    assert len(proc.lines) == 2
    assert "no-such.test" in proc.lines[0] and "nor-this.test" in proc.lines[1]


@pytest.mark.parametrize(
    "args",
    [["services"], ["services", "web"], ["protocols"], ["protocols", "6"], ["networks"],
     ["networks", "ours"], ["hosts"]],  # hosts have other sources, too
)
def test_missing_file(sockctl, empty, args):
    proc = sockctl(*args, wrap=empty.wrap)
    proc.fails(1, f"/etc/{args[0]}", "No such file or directory", "netbase")
    assert proc.out == b""


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["services", "65536"], ["65536", "0 to 65535"]),
        (["services", "99999999999999999999/tcp"], ["0 to 65535"]),
        (["services", "--range", "5-2"], ["5-2", "0 to 65535"]),
        (["services", "--range", "1-65536"], ["1-65536"]),
        (["services", "53/tcp", "--proto", "udp"], ["53/tcp", "--proto"]),
        (["protocols", "256"], ["256", "0 to 255"]),
        (["hosts", "x" * 254], ["254", "253"]),
        (["hosts", ""], ["empty"]),
        (["hosts", "-4", "-6"], ["--ipv4", "--ipv6"]),
    ],
)
def test_usage(sockctl, args, words):
    sockctl(*args).fails(2, *words)


@pytest.mark.parametrize("word", ["80abc", "+80", "-80", " 80", "0x50"])
def test_words_that_are_no_numbers_are_names(sockctl, tables, word):
    proc = sockctl("services", "--", word, wrap=tables.wrap)
    proc.fails(3, word.strip())


def test_range_without_services(sockctl, tables):
    sockctl("services", "--range", "60000", wrap=tables.wrap).fails(3, "no such service")
    sockctl("services", "web", "--range", "60000", wrap=tables.wrap).fails(3, "web")


@pytest.mark.parametrize(
    ("args", "calls"),
    [
        (["services"], ["setservent(0)", "getservent()", "endservent()"]),
        (["services", "web"], ['getservbyname("web", NULL)']),
        (["services", "80/tcp"], ['getservbyport(80, "tcp")']),
        (["services", "7", "80"], ["setservent(1)", "getservbyport(7, NULL)",
                                   "getservbyport(80, NULL)", "endservent()"]),
        (["services", *"7 80 web 80/tcp web".split()],
         ["setservent(1)", "getservent()", "endservent()"]),
        (["protocols"], ["setprotoent(0)", "getprotoent()", "endprotoent()"]),
        (["protocols", "tcp"], ['getprotobyname("tcp")']),
        (["protocols", "6"], ["getprotobynumber(6)"]),
        (["networks"], ["setnetent(0)", "getnetent()", "endnetent()"]),
        (["networks", "ours"], ['getnetbyname("ours")']),
        (["networks", "10.1.0.0"], ["getnetbyaddr(167837696, AF_INET)"]),
        (["hosts"], ["sethostent(0)", "gethostent()", "endhostent()"]),
        (["hosts", "one", "192.0.2.2"], ["sethostent(1)", 'gethostbyname2("one", AF_INET6)',
                                         'gethostbyname2("one", AF_INET)',
                                         "gethostbyaddr(192.0.2.2, 4, AF_INET)",
                                         "endhostent()"]),
    ],
)
def test_trace_shows_the_calls(sockctl, tables, args, calls):
    proc = sockctl(*args, "--trace", wrap=tables.wrap)
    proc.wait()
    made = [line.split(" ", 1)[1] for line in proc.lines]
    at = 0
    for call in calls:
        at = next(i for i in range(at, len(made)) if made[i].startswith(call + " = ")) + 1


def test_hostile_entries(sockctl, make_host):  # noqa: F811
    host = make_host({
        "services": b"evil\x1b[2J 7/tcp \xff \xe2\x80\xae\n" + "日本 8/tcp x\nm 9/tcp y\n".encode(),
        "hosts": b"192.0.2.1 evil\x1b[2J al\xffias\n",
    })
    proc = sockctl("services", wrap=host.wrap)
    proc.wait()
    lines = proc.out.decode().splitlines()  # valid UTF-8
    assert lines[0].split() == [r"evil\x1b[2J", "7/tcp", "well-known", r"\xff", r"\xe2\x80\xae"]
    # A wide character takes two columns of the terminal.
    assert lines[1].index("8/tcp") + 2 == lines[2].index("9/tcp") == lines[0].index("7/tcp")
    proc = sockctl("hosts", "--json", wrap=host.wrap)
    proc.wait()
    assert proc.out.isascii() and b"\x1b" not in proc.out
    assert objects(proc)[0]["aliases"] == [r"al\xffias"]
    proc = sockctl("resolve", "192.0.2.1", wrap=host.wrap)
    proc.wait()
    assert proc.out == rb"evil\x1b[2J" + b"\n"


@pytest.mark.parametrize("table", ["services", "protocols", "networks", "errors"])
def test_full_disk(sockctl, table):
    with open("/dev/full", "wb") as full:
        sockctl(table, stdout=full).fails(1, "standard output", "ENOSPC")


def test_reader_goes_away(sockctl):
    ours, theirs = socket.socketpair()
    theirs.close()
    proc = sockctl("services", stdout=ours)
    proc.wait(141)
    ours.close()
    assert proc.err == ""


def test_closed_stdin(sockctl):
    sockctl("protocols", "tcp", stdin=CLOSED).wait()
