# SPDX-License-Identifier: ISC
"""resolve: against dnsmasq for ordinary answers, and against a server that misbehaves."""

import json
import os
import re
import signal
import subprocess

import pytest

from harness import PIPE, Task, refuses_more, soonest, wait_for, write_all
from names_fixtures import make_host  # noqa: F811, F401: a fixture

DNSMASQ = """\
no-round-robin
local=/test/
local=/113.0.203.in-addr.arpa/
host-record=one.test,192.0.2.1
host-record=xn--bcher-kva.test,192.0.2.7
host-record=both.test,192.0.2.2,2001:db8::2
host-record=six.test,2001:db8::6
cname=alias.test,link.test
cname=link.test,one.test
host-record=local.test,127.0.0.1,::1
host-record=far.test,127.0.0.1,2001:db8::9
""" + "".join(
    f"host-record=hundred.test,198.51.100.{n}\n" for n in range(1, 101)
) + "".join(f"host-record=n{n}.test,198.18.{n // 250}.{n % 250 + 1}\n" for n in range(1000)) + (
    "host-record=mixed.test,192.0.2.11,2001:db8::11\nhost-record=mixed.test,192.0.2.12,2001:db8::12\n"
)

SERVICES = "http 80/tcp www\ndomain 53/tcp\ndomain 53/udp\ntftp 69/udp\n"


@pytest.fixture(scope="module")
def names(make_host):  # noqa: F811
    return make_host({"services": SERVICES}, {"127.0.0.1": DNSMASQ})


@pytest.fixture(scope="module")
def odd(make_host):  # noqa: F811
    return make_host({"services": SERVICES}, {"127.0.0.1": "odd"})


def lines(proc):
    return proc.out.decode().splitlines()


def objects(proc):
    return [json.loads(line) for line in lines(proc)]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["one.test"], ["192.0.2.1"]),
        (["one.test", "80"], ["192.0.2.1:80"]),
        (["one.test", "www"], ["192.0.2.1:80"]),
        (["one.test", "tftp"], ["192.0.2.1:69"]),
        (["one.test:www"], ["192.0.2.1:80"]),
        (["[2001:db8::6]:80"], ["six.test:http"]),
        (["one.test:80", "192.0.2.1:81"], ["one.test   192.0.2.1:80", "192.0.2.1  one.test:81"]),
        (["six.test"], ["2001:db8::6"]),
        (["six.test", "http"], ["[2001:db8::6]:80"]),
        (["both.test", "-4"], ["192.0.2.2"]),
        (["both.test", "-6"], ["2001:db8::2"]),
        (["alias.test"], ["192.0.2.1"]),
        (["alias.test", "--canonical"], ["192.0.2.1  one.test"]),
        (["192.0.2.1"], ["one.test"]),
        (["192.0.2.1", "80"], ["one.test:http"]),
        (["192.0.2.1", "http"], ["one.test:http"]),
        (["192.0.2.1", "81"], ["one.test:81"]),
        (["192.0.2.1", "69", "--type", "dgram"], ["one.test:tftp"]),
        (["2001:db8::6"], ["six.test"]),
        (["localhost"], ["127.0.0.1"]),
        (["one.test", "six.test"], ["one.test  192.0.2.1", "six.test  2001:db8::6"]),
        (["one.test", "localhost"], ["one.test   192.0.2.1", "localhost  127.0.0.1"]),
        (["-n", "localhost", "localhost"], ["localhost  127.0.0.1"] * 2),
        (["-s", "http", "one.test", "192.0.2.1"],
         ["one.test   192.0.2.1:80", "192.0.2.1  one.test:http"]),
        (["*", "80", "--flag", "AI_PASSIVE", "-4"], ["0.0.0.0:80"]),
        (["*", "--flag", "AI_PASSIVE", "-6"], ["::"]),
        (["*", "80", "-6"], ["[::1]:80"]),
        (["*"], ["127.0.0.1", "::1"]),
        (["*", "-4"], ["127.0.0.1"]),
        (["*", "http"], ["127.0.0.1:80", "[::1]:80"]),
        (["*", "--via", "getifaddrs", "-6"], ["::1"]),
        (["*", "--via", "getaddrinfo", "-4"], ["127.0.0.1"]),
        (["*", "--via", "getaddrinfo", "80", "-6"], ["[::1]:80"]),
        (["*", "localhost"], ["*          127.0.0.1", "*          ::1", "localhost  127.0.0.1"]),
        (["192.0.2.1", "--flag", "AI_NUMERICHOST"], ["192.0.2.1"]),
        (["192.0.2.1", "--via", "getaddrinfo"], ["192.0.2.1"]),
        (["192.0.2.1", "--flag", "NI_NUMERICHOST"], ["192.0.2.1"]),
        (["192.0.2.1", "80", "--flag", "NI_NUMERICSERV"], ["one.test:80"]),
        (["six.test", "80", "--flag", "NI_NUMERICHOST", "--flag", "AI_CANONNAME"],
         ["[2001:db8::6]:80  six.test"]),
        (["2001:db8::6", "80", "--flag", "NI_NUMERICHOST"], ["[2001:db8::6]:http"]),
        (["one.test", "-6", "--flag", "AI_V4MAPPED"], ["::ffff:192.0.2.1"]),
        (["one.test", "--via", "gethostbyname"], ["192.0.2.1"]),
        (["one.test", "http", "--via", "gethostbyname"], ["192.0.2.1:80"]),
        (["six.test", "-6", "--via", "gethostbyname"], ["2001:db8::6"]),
        (["192.0.2.1", "--via", "gethostbyaddr"], ["one.test"]),
        (["192.0.2.1", "http", "--via", "gethostbyaddr"], ["one.test:80"]),
    ],
)
def test_answers(sockctl, names, args, expected):
    proc = sockctl("resolve", *args, wrap=names.wrap)
    proc.wait()
    assert lines(proc) == expected
    assert proc.err == ""


@pytest.mark.needs("ip")
def test_star_is_every_address_of_this_machine(sockctl):
    """Those that the kernel lists, whatever they are."""
    proc = sockctl("resolve", "*", "--json")
    proc.wait()
    listed = json.loads(subprocess.run(["ip", "-j", "address"], check=True, capture_output=True).stdout)
    wanted = [a["local"] for link in listed for a in link["addr_info"]]
    found = [json.loads(line)["address"].partition("%")[0] for line in lines(proc)]
    assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_names_outside_ascii(sockctl, names, locale):
    env = {**os.environ, "LC_ALL": locale}
    proc = sockctl("resolve", "bücher.test", wrap=names.wrap, env=env)
    proc.wait()
    assert lines(proc) == ["192.0.2.7"]
    proc = sockctl("resolve", "-", stdin="bücher.test\n".encode(), wrap=names.wrap, env=env)
    proc.wait()
    assert lines(proc) == ["bücher.test\t192.0.2.7"]
    proc = sockctl("resolve", "xn--bcher-kva.test", "-c", "-f", "AI_CANONIDN", wrap=names.wrap,
                   env=env)
    proc.wait()
    assert lines(proc) == ["192.0.2.7  bücher.test"]


def test_the_loop_gives_the_same(sockctl, names):
    for args in (["both.test"], ["192.0.2.1", "80"], ["hundred.test"], ["alias.test", "-c"]):
        direct = sockctl("resolve", *args, wrap=names.wrap)
        loop = sockctl("resolve", "--timeout", "20", *args, wrap=names.wrap)
        direct.wait()
        loop.wait()
        assert sorted(lines(loop)) == sorted(lines(direct)) != []


def test_a_hundred_addresses(sockctl, names):
    proc = sockctl("resolve", "hundred.test", wrap=names.wrap)
    proc.wait()
    assert sorted(lines(proc)) == sorted(f"198.51.100.{n}" for n in range(1, 101))


def test_families_in_turn_as_connect_tries_them(sockctl, names):
    proc = sockctl("resolve", "mixed.test", wrap=names.wrap)
    proc.wait()
    assert len(lines(proc)) == 4
    families = [":" in line for line in lines(proc)]
    assert families in ([True, False] * 2, [False, True] * 2)
    dialled = sockctl("connect", "mixed.test", "9", "--trace", wrap=names.wrap)
    dialled.wait(5)
    tried = re.findall(r"connect\(\d+, \[?([^]]*?)\]?:9\)", dialled.err)
    assert tried == lines(proc)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("local.test", "rule 6: higher precedence"),  # ::1 before 127.0.0.1
        ("far.test", "rule 1: usable destination"),  # 127.0.0.1 before what has no route
    ],
)
def test_long_names_the_rule(sockctl, names, name, rule):
    proc = sockctl("resolve", name, "--long", "--type", "stream", wrap=names.wrap)
    proc.wait()
    assert len(lines(proc)) == 2
    assert lines(proc)[0].endswith(f"  {rule}")
    assert " stream " in lines(proc)[1] and "rule" not in lines(proc)[1]


def test_long_has_all_types(sockctl, names):
    proc = sockctl("resolve", "one.test", "--long", "--json", wrap=names.wrap)
    proc.wait()
    assert [entry.get("type") for entry in objects(proc)] == ["stream", "dgram", "raw"]
    assert [entry.get("protocol") for entry in objects(proc)] == ["tcp", "udp", None]


def test_json_fields(sockctl, names):
    proc = sockctl("resolve", "alias.test", "http", "-c", "--json", wrap=names.wrap)
    proc.wait()
    assert objects(proc) == [{"name": "alias.test", "address": "192.0.2.1", "family": "inet",
                              "port": 80, "canonical": "one.test"}]
    proc = sockctl("resolve", "2001:db8::6", "80", "--json", wrap=names.wrap)
    proc.wait()
    assert objects(proc) == [{"name": "six.test", "address": "2001:db8::6", "family": "inet6",
                              "port": 80, "service": "http", "protocol": "tcp"}]
    proc = sockctl("resolve", "alias.test", "--via", "gethostbyname", "--json", wrap=names.wrap)
    proc.wait()
    assert objects(proc) == [{"name": "alias.test", "address": "192.0.2.1", "family": "inet",
                              "length": 4, "canonical": "one.test", "aliases": ["alias.test", "link.test"]}]


@pytest.mark.parametrize(
    ("args", "call"),
    [
        (["one.test"], r'getaddrinfo\("one.test", NULL, \{0, AF_UNSPEC, 0, 0\}, .*192.0.2.1.*\) = 0'),
        (["one.test", "80", "-4", "--type", "dgram", "--flag", "AI_CANONNAME"],
         r'getaddrinfo\("one.test", "80", \{AI_CANONNAME\|AI_NUMERICSERV, AF_INET, SOCK_DGRAM, 0\}'),
        (["192.0.2.1"], r'getnameinfo\(192.0.2.1:0, "one.test", NULL, NI_NAMEREQD\) = 0'),
        (["192.0.2.1", "--flag", "NI_NOFQDN", "--flag", "NI_DGRAM"],
         r"NI_NOFQDN\|NI_NAMEREQD\|NI_DGRAM\) = 0"),
        (["one.test", "--via", "gethostbyname"],
         r'gethostbyname\("one.test"\) = \{one.test, \[\], AF_INET, 4, \[192.0.2.1\]\}'),
        (["six.test", "-6", "--via", "gethostbyname"], r'gethostbyname2\("six.test", AF_INET6\) = \{'),
        (["192.0.2.1", "--via", "gethostbyaddr"], r"gethostbyaddr\(192.0.2.1, 4, AF_INET\) = \{"),
    ],
)
@pytest.mark.parametrize("loop", [[], ["--timeout", "20"]])
def test_trace_shows_the_call(sockctl, names, args, call, loop):
    proc = sockctl("resolve", *args, *loop, "--trace", wrap=names.wrap)
    proc.wait()
    made = [line for line in proc.lines if re.search(r" get(addrinfo|nameinfo|hostby)", line)]
    assert len(made) == 1
    assert re.search(call, made[0])


@pytest.mark.parametrize("flag", ["AI_ADDRCONFIG", "AI_ALL", "AI_CANONNAME", "AI_NUMERICHOST",
                                  "AI_NUMERICSERV", "AI_PASSIVE", "AI_V4MAPPED"])
def test_flags_of_getaddrinfo(sockctl, names, flag):
    proc = sockctl("resolve", "192.0.2.1", "80", "--flag", flag.lower(), "--trace", wrap=names.wrap)
    proc.wait()
    flags = re.search(r'getaddrinfo\("192.0.2.1", "80", \{([A-Z_0-9|]+),', proc.err)[1]
    assert set(flags.split("|")) == {flag, "AI_NUMERICSERV"}


@pytest.mark.parametrize("flag", ["NI_DGRAM", "NI_NAMEREQD", "NI_NOFQDN", "NI_NUMERICHOST",
                                  "NI_NUMERICSERV"])
def test_flags_of_getnameinfo(sockctl, names, flag):
    proc = sockctl("resolve", "192.0.2.1", "80", "--flag", flag, "--trace", wrap=names.wrap)
    proc.wait()
    flags = re.search(r"getnameinfo\(.*, ([A-Z_|]+)\) = 0", proc.err)[1]
    assert set(flags.split("|")) - {"NI_NAMEREQD"} == {flag} - {"NI_NAMEREQD"}
    assert ("NI_NAMEREQD" in flags) == (flag != "NI_NUMERICHOST")


# Everything from here on is how it fails.


@pytest.mark.parametrize("via", ["getaddrinfo", "gethostbyname"])
@pytest.mark.parametrize(
    ("name", "status"),
    [("nx.test", 3), ("empty.test", 3), ("servfail.test", 4), ("silent.test", 4), ("refused.test", 4),
     ("garbage.test", 4), ("127.1", 3), ("0x7f000001", 3)],
)
@pytest.mark.parametrize("loop", [[], ["--timeout", "20"]])
def test_statuses(sockctl, odd, via, name, status, loop):
    proc = sockctl("resolve", name, "--via", via, *loop, wrap=odd.wrap)
    proc.fails(status, f"resolve: {name}: ")
    assert proc.out == b""


def test_address_without_a_name(sockctl, names):
    for via in ("getnameinfo", "gethostbyaddr"):
        sockctl("resolve", "203.0.113.1", "--via", via, wrap=names.wrap).fails(3, "203.0.113.1")
    proc = sockctl("resolve", "203.0.113.1", "-f", "NI_NOFQDN", wrap=names.wrap)
    proc.fails(3, "203.0.113.1")


@pytest.mark.needs("cc")
def test_trace_in_c_makes_the_calls(sockctl, names, tmp_path):
    for args in (["local.test", "80", "--long"], ["192.0.2.1", "--via", "gethostbyaddr"]):
        proc = sockctl("resolve", *args, f"--trace={tmp_path}/calls.c", "--trace-format", "c",
                       wrap=names.wrap)
        proc.wait()
        for words in (["cc", "-Werror=implicit", "-o", f"{tmp_path}/calls", f"{tmp_path}/calls.c"],
                      [*names.wrap, f"{tmp_path}/calls"]):
            assert subprocess.run(words, check=False).returncode == 0


def test_status_of_a_missing_service(sockctl, names):
    sockctl("resolve", "-s", "nosuch", "one.test", wrap=names.wrap).fails(3, "nosuch")
    sockctl("resolve", "-s", "nosuch", "192.0.2.1", wrap=names.wrap).fails(3, "nosuch")
    sockctl("resolve", "192.0.2.1:nosuch", wrap=names.wrap).fails(3, "192.0.2.1: ", "nosuch")


def test_half_an_answer_is_one(sockctl, odd):
    proc = sockctl("resolve", "half.test", wrap=odd.wrap)
    proc.wait()
    assert lines(proc) == ["192.0.2.1"]


def test_truncated_answers_are_asked_for_again(sockctl, odd):
    proc = sockctl("resolve", "truncated.test", "-4", wrap=odd.wrap)
    proc.wait()
    assert len(lines(proc)) == 100


@pytest.mark.parametrize("args", [["hostile.test"], ["hostile.test", "-c"], ["192.0.2.1"],
                                  ["hostile.test", "--via", "gethostbyname", "-l"],
                                  ["192.0.2.1", "--via", "gethostbyaddr"]])
@pytest.mark.parametrize("json_too", [[], ["--json"], ["-v", "--trace"]])
def test_hostile_names_steer_no_terminal(sockctl, odd, args, json_too):
    proc = sockctl("resolve", *args, *json_too, wrap=odd.wrap)
    proc.popen.wait()
    proc.wait(proc.popen.returncode)
    assert proc.popen.returncode in (0, 3, 4)
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]|\xe2\x80\xae|\xff", proc.out)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", proc.err)


@pytest.mark.parametrize("args", [["silent.test"], ["silent.test", "half.test", "nx.test"],
                                  ["silent.test", "--via", "gethostbyname"],
                                  ["192.0.2.1", "silent.test", "--via", "getaddrinfo"]])
def test_timeout_is_exact(sockctl, odd, args):
    def run():
        proc = sockctl("resolve", *args, "--timeout", "0.3", wrap=odd.wrap)
        seconds = proc.wait(6)
        assert "timed out looking up silent.test" in proc.lines[-1]
        for name in ("half.test", "192.0.2.1"):
            assert (name in args) == any(line.startswith(name) for line in lines(proc))
        assert seconds >= 0.3
        return seconds

    assert soonest(run, 0.5) < 0.5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("loop", [[], ["--timeout", "20"]])
@pytest.mark.parametrize("command", ["resolve", "hosts"])
def test_signals_end_it_at_once(sockctl, make_host, command, number, loop):  # noqa: F811
    host = make_host({"resolv.conf": "nameserver 127.0.0.1\noptions timeout:30\n"},
                     {"127.0.0.1": "odd"})
    if command == "hosts":
        loop = []
    proc = sockctl(command, "silent.test", *loop, "-v", "--trace-all", wrap=host.wrap)
    # The check of the word makes two such calls, the look-up the others.
    wait_for(lambda: proc.err.count("inet_pton") > 2, "a look-up")
    proc.kill(number)
    proc.wait(128 + number, within=5)


def test_many_names_in_order(sockctl, names):
    wanted = [f"n{n}.test" for n in range(1000)]
    proc = sockctl("resolve", "-", stdin="\n".join(wanted).encode(), wrap=names.wrap)
    proc.wait()
    assert [line.split("\t")[0] for line in lines(proc)] == wanted
    assert lines(proc)[777] == "n777.test\t198.18.3.28"


@pytest.mark.parametrize("jobs", [1, 3, 64])
def test_jobs_bound_what_is_asked_at_once(sockctl, names, jobs):
    wanted = "".join(f"n{n}.test\n" for n in range(300)).encode()
    proc = sockctl("resolve", "-", "--jobs", jobs, stdin=PIPE, wrap=names.wrap)
    # More names than may be asked at once, and no end of them, so that all threads stay.
    os.write(proc.stdin.fileno(), wanted)
    proc.wait_out(len(wanted) + 300 * len("\t198.18.0.1"))
    assert proc.status_field("Threads") <= jobs + 1
    proc.stdin.close()
    proc.wait()
    assert len(lines(proc)) == 300


def test_answers_come_while_stdin_is_open(sockctl, names):
    proc = sockctl("resolve", "-", stdin=PIPE, wrap=names.wrap)
    for name, address in (("one.test", "192.0.2.1"), ("six.test", "2001:db8::6")):
        before = len(proc.out)
        os.write(proc.stdin.fileno(), f"{name}\n".encode())
        proc.wait_out(before + len(f"{name}\t{address}\n"))
        assert lines(proc)[-1] == f"{name}\t{address}"
    proc.stdin.close()
    proc.wait()


def test_names_behind_a_late_one_are_bounded(sockctl, make_host):  # noqa: F811
    """Answers are given in order, so that those behind it wait; no more names are read meanwhile."""
    host = make_host({"resolv.conf": "nameserver 127.0.0.1\noptions timeout:30\n"},
                     {"127.0.0.1": "odd"})
    proc = sockctl("resolve", "-", "--via", "getaddrinfo", "--jobs", 2, "-v", stdin=PIPE,
                   wrap=host.wrap)
    names = b"silent.test\n" + b"192.0.2.1\n" * 400_000
    feeding = Task(write_all, os.dup(proc.stdin.fileno()), names)
    assert refuses_more(proc, proc.stdin, feeding)
    proc.stop()
    proc.stdin.close()
    feeding.result()
    assert set(lines(proc)) == {"192.0.2.1\t192.0.2.1"}
    assert 0 < len(lines(proc)) < 1000


def test_lines_of_stdin(sockctl, names):
    text = b"\n  one.test  \r\nsix.test http\na b c\nx\0y\n" + b"x" * 254 + b"\nbad[name\n192.0.2.1 80"
    proc = sockctl("resolve", "-", stdin=text, wrap=names.wrap)
    proc.wait(2)
    assert lines(proc) == ["one.test\t192.0.2.1", "six.test\t[2001:db8::6]:80",
                           "192.0.2.1\tone.test:http"]
    assert [re.search(r"line (\d+)", line)[1] for line in proc.lines] == ["4", "5", "6", "7"]


def test_failures_among_many(sockctl, odd):
    proc = sockctl("resolve", "-", stdin=b"half.test\nnx.test\nservfail.test\nhalf.test\n",
                   wrap=odd.wrap)
    proc.wait(3)
    assert lines(proc) == ["half.test\t192.0.2.1"] * 2
    assert [line.split(": ")[2] for line in proc.lines] == ["nx.test", "servfail.test"]


def test_no_names_at_all(sockctl):
    proc = sockctl("resolve", "-")
    proc.wait()
    assert proc.out == b"" and proc.err == ""


def test_full_disk(sockctl):
    for args in (["127.0.0.1", "--flag", "NI_NUMERICHOST"], ["127.0.0.1", "-w", "9"]):
        with open("/dev/full", "wb") as full:
            sockctl("resolve", *args, "--flag", "AI_NUMERICHOST", "--flag", "NI_NUMERICHOST",
                    stdout=full).fails(1, "standard output", "ENOSPC")


def test_reader_goes_away(sockctl):
    proc = sockctl("resolve", "-", stdin=PIPE, stdout=PIPE)
    proc.stdout.close()
    proc.stdout = None
    proc.wait(141)
    assert proc.err == ""


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], ["NAME"]),
        (["localhost", "80abc"], ["80abc"]),
        (["localhost", "65536"], ["65536", "0 to 65535"]),
        (["localhost", "+80"], ["+80"]),
        (["x" * 254], ["254", "253"]),
        ([""], ["empty"]),
        (["a b"], ["a b"]),
        (["::1%nosuch"], ["::1%nosuch"]),
        (["localhost:65536"], ["localhost:65536"]),
        (["a:b:c"], ["a:b:c"]),
        (["localhost", "-4", "-6"], ["--ipv4"]),
        (["localhost", "--flag", "AI_PASIVE"], ["AI_PASIVE", "AI_PASSIVE"]),
        (["localhost", "--flag", "NI_DGRAM"], ["localhost", "getnameinfo"]),
        (["localhost", "--via", "gethostbyaddr"], ["localhost", "gethostbyaddr"]),
        (["localhost", "--via", "getnameinfo"], ["localhost", "getnameinfo"]),
        (["localhost", "--via", "magic"], ["magic", "getaddrinfo"]),
        (["localhost", "--jobs", "0"], ["--jobs", "1 to 1024"]),
        (["localhost", "--type", "seq"], ["seq", "stream"]),
        (["--via", "getifaddrs", "localhost"], ["'localhost'", "'*'"]),
    ],
)
def test_usage(sockctl, args, words):
    sockctl("resolve", *args).fails(2, *words)


def test_numeric_words_ask_nobody(sockctl, odd):
    """The server never answers, so whoever asked it would be late."""
    proc = sockctl("resolve", "-n", "192.0.2.1", "::1", "127.1", "--via", "getaddrinfo",
                   "--timeout", "5", wrap=odd.wrap)
    proc.wait(3)
    assert lines(proc) == ["192.0.2.1  192.0.2.1", "::1        ::1"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_while_it_waits_for_names(sockctl, number):
    """What was asked for is answered before."""
    proc = sockctl("resolve", "-v", "-", stdin=PIPE)
    proc.stdin.write(b"localhost\n")
    proc.wait_out(4)
    proc.stop(number)
    assert "waiting for names on standard input" in proc.err


def test_line_that_is_no_name(sockctl):
    """It is bounded, however much of it there is."""
    proc = sockctl("resolve", "-", stdin=b"x" * 300_000)
    proc.fails(1, "standard input", "a line is longer than 65536 bytes")
