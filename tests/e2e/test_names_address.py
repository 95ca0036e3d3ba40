# SPDX-License-Identifier: ISC
"""address: every form of an address, checked against another implementation of them."""

import ipaddress
import json
import random
import re
import socket
import struct
import subprocess
import sys

import pytest


def records(proc):
    proc.wait()
    return [json.loads(line) for line in proc.out.decode().splitlines()]


def spaced(data):
    return data.hex(" ")


def some_addresses():
    rng = random.Random(6724)
    yield from ("0.0.0.0", "255.255.255.255", "127.0.0.1", "192.0.2.1")
    for _ in range(40):
        yield str(ipaddress.IPv4Address(rng.getrandbits(32)))
    yield from ("::", "::1", "2001:db8::1", "2001:db8:0:1:1:1:1:1", "2001:0:0:1:0:0:0:1")
    for _ in range(40):
        # Runs of zeroes are where canonical forms go wrong.
        groups = [rng.choice((0, 0, rng.getrandbits(16))) for _ in range(8)]
        groups[0] = groups[0] or 0x2001
        yield str(ipaddress.IPv6Address(struct.pack("!8H", *groups)))


def test_forms_of_ipv4(sockctl):
    words = [word for word in some_addresses() if ":" not in word]
    for word, record in zip(words, records(sockctl("address", "--json", *words)), strict=True):
        address = ipaddress.IPv4Address(word)
        network_order = struct.unpack("=I", address.packed)[0]
        assert record.pop("class")
        assert record == {
            "address": word,
            "family": "inet",
            "hex": f"0x{int(address):08x}",
            "bytes": spaced(address.packed),
            "number": int(address),
            "htonl": network_order,
            "inet_addr": network_order,
            "inet_ntoa": word,
            "reverse": address.reverse_pointer,
            "mapped": f"::ffff:{word}",
        }


def test_forms_of_ipv6(sockctl):
    words = [word for word in some_addresses() if ":" in word]
    spelled = [ipaddress.IPv6Address(word).exploded.upper() for word in words]
    for word, record in zip(words, records(sockctl("address", "--json", *spelled)), strict=True):
        address = ipaddress.IPv6Address(word)
        assert record.pop("class")
        record.pop("embedded", None)
        assert record == {
            "address": str(address),
            "family": "inet6",
            "expanded": address.exploded,
            "hex": f"0x{int(address):032x}",
            "bytes": spaced(address.packed),
            "reverse": address.reverse_pointer,
        }


@pytest.mark.parametrize("number", [0, 1, 80, 255, 256, 8080, 65535, 65536, 2130706433, 4294967295])
def test_forms_of_numbers(sockctl, number):
    swapped = socket.htonl(number)
    for word in (str(number), hex(number)):
        (record,) = records(sockctl("address", "--json", word))
        expected = {
            "number": number,
            "hex": hex(number),
            "bytes": spaced(struct.pack("=I", number)),
            "htonl": swapped,
            "htonl_bytes": spaced(struct.pack("!I", number)),
            "ntohl": swapped,
            "address": str(ipaddress.IPv4Address(number)),
        }
        if number < 65536:
            expected["htons"] = expected["ntohs"] = socket.htons(number)
            expected["htons_bytes"] = spaced(struct.pack("!H", number))
        assert record == expected


@pytest.mark.parametrize(
    "word",
    ["192.0.2.77/26", "10.0.0.0/8", "0.0.0.0/0", "192.0.2.1/32", "192.0.2.1/31", "192.0.2.1/30",
     "2001:db8::ffff/64", "::/0", "2001:db8::1/128", "2001:db8::1/127", "fe80::/10"],
)
def test_ranges(sockctl, word):
    net = ipaddress.ip_network(word, strict=False)
    (record,) = records(sockctl("address", "--json", word))
    plain = net.version == 6 or net.prefixlen > 30
    assert record["address"] == str(ipaddress.ip_interface(word).ip)
    assert record["prefix"] == net.prefixlen
    assert record["netmask"] == str(net.netmask)
    assert record["network"] == str(net.network_address)
    assert record["first"] == str(net[0] if plain else net[1])
    assert record["last"] == str(net[-1] if plain else net[-2])
    assert record.get("broadcast") == (None if plain else str(net.broadcast_address))
    assert record["count"] == str(net.num_addresses)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("127.0.0.1", "is_loopback"), ("::1", "is_loopback"), ("0.0.0.0", "is_unspecified"),
        ("::", "is_unspecified"), ("224.0.0.1", "is_multicast"), ("ff02::1", "is_multicast"),
        ("169.254.1.1", "is_link_local"), ("fe80::1", "is_link_local"), ("10.0.0.1", "is_private"),
        ("fec0::1", "is_site_local"), ("8.8.8.8", "is_global"), ("2620:fe::fe", "is_global"),
    ],
)
def test_classes(sockctl, word, kind):
    (record,) = records(sockctl("address", "--json", word))
    assert getattr(ipaddress.ip_address(word), kind)
    assert record["class"] == kind.removeprefix("is_").replace("_", "-")


def test_parts_of_an_address(sockctl):
    found = records(sockctl("address", "--json", "fe80::1%lo", "[::1]:443", "127.0.0.1:80",
                            "ff02::1", "::ffff:192.0.2.1", "64:ff9b::192.0.2.1"))
    assert found[0]["zone"] == "lo" and found[0]["address"] == "fe80::1"
    assert found[1]["port"] == 443 and found[2]["port"] == 80
    assert found[3]["scope"] == "link-local"
    assert found[4]["embedded"] == found[5]["embedded"] == "192.0.2.1"


def test_unix_addresses(sockctl):
    found = records(sockctl("address", "--json", "unix:@name", "/run/x", "unix:rel"))
    assert found == [
        {"path": "@name", "family": "unix", "class": "abstract", "length": 7,
         "bytes": spaced(b"\0name")},
        {"path": "/run/x", "family": "unix", "class": "pathname", "length": 9,
         "bytes": spaced(b"/run/x\0")},
        {"path": "rel", "family": "unix", "class": "pathname", "length": 6,
         "bytes": spaced(b"rel\0")},
    ]


def fields_of(found, struct):
    return [(f["field"], f["offset"], f["size"], f["bytes"]) for f in found
            if f["struct"] == struct and "bytes" in f]


def wholes(found):
    """(structure, size, header) of each structure."""
    return [(f["struct"], f["size"], f["header"]) for f in found if "header" in f]


STORAGE = ("sockaddr_storage", 128, "<sys/socket.h>")


def test_layout_of_sockaddr_in(sockctl):
    found = records(sockctl("address", "--json", "--sockaddr", "192.0.2.1:80"))
    family = spaced(struct.pack("=H", socket.AF_INET))
    address = spaced(bytes([192, 0, 2, 1]))
    assert wholes(found) == [("sockaddr", 16, "<sys/socket.h>"), ("sockaddr_in", 16, "<netinet/in.h>"),
                             STORAGE]
    assert fields_of(found, "sockaddr") == [
        ("sa_family", 0, 2, family),
        ("sa_data", 2, 14, f"00 50 {address}" + " 00" * 8),
    ]
    assert fields_of(found, "sockaddr_in") == [
        ("sin_family", 0, 2, family),
        ("sin_port", 2, 2, "00 50"),
        ("sin_addr", 4, 4, address),
        ("sin_addr.s_addr", 4, 4, address),
        ("sin_zero", 8, 8, "00" + " 00" * 7),
    ]
    assert [f.get("value") for f in found if f["struct"] == "sockaddr_in"] == [
        "length 16", "AF_INET (2)", "80", "192.0.2.1", "0xc0000201 in host order", "padding"]
    # What no field of struct sockaddr_storage has.
    assert [(f["offset"], f["size"]) for f in found if "field" not in f and "header" not in f] == [
        (2, 126)]


def test_layout_of_sockaddr_in6(sockctl):
    found = records(sockctl("address", "--json", "--sockaddr", "[fe80::1%lo]:443"))
    family = spaced(struct.pack("=H", socket.AF_INET6))
    index = spaced(struct.pack("=I", socket.if_nametoindex("lo")))
    assert wholes(found)[1:] == [("sockaddr_in6", 28, "<netinet/in.h>"), STORAGE]
    assert fields_of(found, "sockaddr_in6") == [
        ("sin6_family", 0, 2, family),
        ("sin6_port", 2, 2, "01 bb"),
        ("sin6_flowinfo", 4, 4, "00 00 00 00"),
        ("sin6_addr", 8, 16, spaced(socket.inet_pton(socket.AF_INET6, "fe80::1"))),
        ("sin6_addr.s6_addr", 8, 16, spaced(socket.inet_pton(socket.AF_INET6, "fe80::1"))),
        ("sin6_scope_id", 24, 4, index),
    ]


def test_layout_of_sockaddr_un(sockctl):
    found = records(sockctl("address", "--json", "--sockaddr", "/run/x", "unix:@x"))
    family = spaced(struct.pack("=H", socket.AF_UNIX))
    assert wholes(found)[1:3] == [("sockaddr_un", 110, "<sys/un.h>"), STORAGE]
    assert fields_of(found, "sockaddr_un") == [
        ("sun_family", 0, 2, family),
        ("sun_path", 2, 108, spaced(b"/run/x\0")),
        ("sun_family", 0, 2, family),
        ("sun_path", 2, 108, spaced(b"\0x")),
    ]
    values = [f["value"] for f in found if f["struct"] == "sockaddr_un"]
    assert values == ["length 9", "AF_UNIX (1)", "/run/x", "length 4", "AF_UNIX (1)", "@x"]


@pytest.mark.needs("cc")
def test_layout_is_that_of_the_header_files(sockctl, tmp_path):
    """A compiler agrees with each size, offset and type, given the headers that are named."""
    found = records(sockctl("address", "--json", "--sockaddr", "127.0.0.1", "::1", "/run/x"))
    lines = sorted({f"#include {f['header']}" for f in found if "header" in f})
    lines += ["#include <stddef.h>", "#include <stdint.h>"]
    for f in found:
        struct = f"struct {f['struct']}"
        if "header" in f:
            lines.append(f'_Static_assert(sizeof({struct}) == {f["size"]}, "");')
        elif "field" in f:
            field = f"(({struct} *)0)->{f['field']}"
            lines += [f'_Static_assert(offsetof({struct}, {f["field"]}) == {f["offset"]}, "");',
                      f'_Static_assert(sizeof({field}) == {f["size"]}, "");',
                      f'_Static_assert(__builtin_types_compatible_p(__typeof__({field}), '
                      f'{f["c_type"]}), "{f["field"]}");']
    assert sum("types_compatible" in line for line in lines) >= 16
    source = tmp_path / "layout.c"
    source.write_text("\n".join(lines) + "\n")
    subprocess.run(["cc", "-std=gnu11", "-Wall", "-Werror", "-fsyntax-only", source], check=True)


@pytest.mark.parametrize(
    ("ranges", "inside", "outside"),
    [
        (["10.0.0.0/8"], ["10.0.0.0", "10.255.255.255", "10.1.0.0/16"], ["11.0.0.0", "10.0.0.0/7"]),
        (["10.0.0.0/8"], ["::ffff:10.1.2.3"], ["::1"]),
        (["fe80::/10", "::1"], ["fe80::1%lo", "::1", "[febf::]:80"], ["::2", "127.0.0.1"]),
        (["0.0.0.0/0"], ["8.8.8.8:53"], ["::"]),
    ],
)
def test_membership(sockctl, ranges, inside, outside):
    options = [word for r in ranges for word in ("--in", r)]
    sockctl("address", *options, *inside).wait()
    for word in outside:
        sockctl("address", *options, word).fails(3, word)
    proc = sockctl("address", *options, *inside, *outside)
    proc.wait(3)
    assert [line.split()[0] for line in proc.out.decode().splitlines()] == inside
    assert len(proc.lines) == len(outside)


def test_records_of_text(sockctl):
    proc = sockctl("address", "192.0.2.1", "80")
    proc.wait()
    first, second = proc.out.decode().split("\n\n")
    assert re.search(r"^class +documentation$", first, re.M)
    assert re.search(r"^htons +\d+$", second, re.M)


@pytest.mark.parametrize(
    ("words", "calls"),
    [
        (["192.0.2.1"], [r'inet_pton\(AF_INET, "192.0.2.1", c0 00 02 01\) = 1',
                         r"inet_ntop\(AF_INET, c0 00 02 01, 46\) = 192.0.2.1",
                         r"ntohl\(\d+\) = 3221225985", r'inet_addr\("192.0.2.1"\) = \d+',
                         r"inet_ntoa\(\d+\) = 192.0.2.1"]),
        (["::1"], [r'inet_pton\(AF_INET6, "::1", (00 ){15}01\) = 1',
                   r"inet_ntop\(AF_INET6, (00 ){15}01, 46\) = ::1"]),
        (["80"], [f"htonl\\(80\\) = {socket.htonl(80)}", f"htons\\(80\\) = {socket.htons(80)}",
                  f"ntohl\\(80\\) = {socket.ntohl(80)}", f"ntohs\\(80\\) = {socket.ntohs(80)}"]),
    ],
)
def test_trace_shows_the_conversions(sockctl, words, calls):
    proc = sockctl("address", *words, "--trace")
    proc.wait()
    for call in calls:
        assert re.search(rf" {call} <", proc.err), call


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], ["ADDRESS"]),
        (["localhost"], ["localhost", "no address"]),
        (["127.1"], ["127.1", "inet_aton", "127.0.0.1"]),
        (["0300.0.2.1"], ["0300.0.2.1"]),
        (["1.2.3.256"], ["1.2.3.256"]),
        (["::g"], ["::g"]),
        (["10.0.0.0/33"], ["0 to 32"]),
        (["::/129"], ["0 to 128"]),
        (["10.0/8"], ["10.0/8"]),
        (["4294967296"], ["4294967296", "0 to 4294967295"]),
        (["0x100000000"], ["0 to 4294967295"]),
        (["-1"], ["'--'"]),
        (["--", "-1"], ["-1"]),
        (["127.0.0.1:70000"], ["127.0.0.1:70000"]),
        (["x/" + "y" * 107], ["x/y"]),
        (["\x1b[2J"], [r"\x1b[2J"]),
        (["--in", "10.0.0/8", "1.2.3.4"], ["10.0.0/8"]),
        (["--in", "10.0.0.0/8", "80"], ["80", "--in"]),
        (["--sockaddr", "80"], ["80", "--sockaddr"]),
        (["--sockaddr", "--in", "::/0", "::1"], ["--sockaddr", "--in"]),
    ],
)
def test_usage(sockctl, args, words):
    proc = sockctl("address", *args)
    proc.fails(2, *words)
    assert proc.out == b""


def test_byte_order_of_this_machine(sockctl):
    (record,) = records(sockctl("address", "--json", "1"))
    assert record["bytes"] == ("01 00 00 00" if sys.byteorder == "little" else "00 00 00 01")
