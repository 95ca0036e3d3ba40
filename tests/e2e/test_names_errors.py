# SPDX-License-Identifier: ISC
"""errors: every error of the system, of the resolver and of WinSock."""

import errno
import json
import os
import re
import socket

import pytest

from documents import BSD_ERRORS, WINSOCK_CALLS, WINSOCK_ERRORS


def entries(proc, status=0):
    proc.wait(status)
    return [json.loads(line) for line in proc.out.decode().splitlines()]


def test_every_errno_of_the_system(sockctl):
    listed = {e["number"]: e for e in entries(sockctl("errors", "--json")) if e["kind"] == "errno"}
    for number, name in errno.errorcode.items():
        assert name in [listed[number]["name"], *listed[number]["aliases"]]
        assert listed[number]["text"] == os.strerror(number)
    for name in dir(errno):
        if name.startswith("E"):
            (found,) = entries(sockctl("errors", "--json", name))
            assert found == listed[getattr(errno, name)]


def test_every_error_of_the_resolver(sockctl):
    listed = {e["name"]: e["number"] for e in entries(sockctl("errors", "--json"))
              if e["kind"] == "eai"}
    for name in dir(socket):
        if name.startswith("EAI_"):
            assert listed[name] == getattr(socket, name)


@pytest.mark.parametrize(("name", "number"), BSD_ERRORS.items())
def test_winsock(sockctl, name, number):
    for word in (name, f"WSA{name}", str(10000 + number), f"wsa{name.lower()}"):
        # The resolver's errors go by some of the same names.
        (found,) = [e for e in entries(sockctl("errors", "--json", word)) if e["kind"] == "errno"]
        assert found["winsock"] == f"WSA{name}"
        assert found["winsock_number"] == 10000 + number
        assert found["bsd_number"] == number
        assert found["number"] == getattr(errno, name)
    assert name in [row["name"] for row in entries(sockctl("errors", "--json", str(number)))] or (
        name == "EWOULDBLOCK")


@pytest.mark.parametrize(("name", "number"), WINSOCK_ERRORS.items())
def test_what_winsock_alone_has(sockctl, name, number):
    for word in (name, str(number)):
        (found,) = entries(sockctl("errors", "--json", word))
        assert (found["kind"], found["winsock"]) == ("winsock", name)
        assert found["winsock_number"] == number


@pytest.mark.parametrize(("call", "word"), WINSOCK_CALLS.items())
def test_calls_of_winsock(sockctl, call, word):
    (found,) = entries(sockctl("errors", "--json", call))
    assert found["kind"] == "winsock-call" and word in found["text"]


def test_by_number_and_text(sockctl):
    assert entries(sockctl("errors", "--json", "111"))[0]["name"] == "ECONNREFUSED"
    assert entries(sockctl("errors", "--json", "--", "-3"))[0]["name"] == "EAI_AGAIN"
    assert entries(sockctl("errors", "--json", "connection REFUSED"))[0]["name"] == "ECONNREFUSED"
    names = [e["name"] for e in entries(sockctl("errors", "--json", "network is"))]
    assert set(names) == {"ENETDOWN", "ENETUNREACH", "WSASYSNOTREADY"}


@pytest.mark.parametrize(("alias", "name"), [("EWOULDBLOCK", "EAGAIN"), ("EDEADLOCK", "EDEADLK"),
                                             ("ENOTSUP", "EOPNOTSUPP")])
def test_other_names_of_a_number_are_shown(sockctl, alias, name):
    proc = sockctl("errors", alias)
    proc.wait()
    words = proc.out.decode().split()
    assert (words[1], words[-1]) == (name, alias)


@pytest.mark.parametrize(("word", "near"), [("ECONNREFUSD", "ECONNREFUSED"), ("EAI_AGIAN", "EAI_AGAIN"),
                                            ("WSAEWOLDBLOCK", "WSAEWOULDBLOCK"),
                                            ("EWOLDBLOCK", "EWOULDBLOCK"),
                                            ("WSAStratup", "WSAStartup")])
def test_the_nearest_name_is_suggested(sockctl, word, near):
    proc = sockctl("errors", word)
    proc.fails(3, f"{word}: no such error; did you mean '{near}'?")
    assert proc.out == b""


def test_what_begins_a_name_is_no_error(sockctl):
    proc = sockctl("errors", "WSA")
    proc.fails(3, "WSA: no such error")
    assert proc.out == b""


def test_what_is_missing_is_named_and_the_rest_printed(sockctl):
    proc = sockctl("errors", "ENOSUCH", "EPIPE", "9999")
    proc.wait(3)
    assert proc.out.split()[:2] == [b"32", b"EPIPE"]
    assert ["ENOSUCH" in line for line in proc.lines] == [True, False]
    assert "9999" in proc.lines[1]


def test_texts_come_from_the_calls(sockctl):
    proc = sockctl("errors", "EAI_NONAME", "--trace")
    proc.wait()
    assert re.search(r"gai_strerror\(EAI_NONAME\) = Name or service not known", proc.err)
    assert re.search(r"hstrerror\(HOST_NOT_FOUND\) = Unknown host", proc.err)


def test_a_number_below_zero_needs_dashes(sockctl):
    sockctl("errors", "-3").fails(2, "-3", "'--'")
