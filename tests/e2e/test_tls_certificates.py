# SPDX-License-Identifier: ISC
"""Which certificates of servers are good, and what is said of each that is not."""

import itertools
import re

import pytest

from authority import CA
from tls_server import Server, echo

pytestmark = pytest.mark.tls

WEAK = ["--tls-set", "CipherString=DEFAULT@SECLEVEL=0"]


def der_of(text):
    """subjectAltName with one DNS name, whatever its bytes, as x509v3_config(5) takes DER."""
    data = text.encode()
    assert len(data) < 120
    return "DER:" + bytes([0x30, len(data) + 2, 0x82, len(data)]).hex() + data.hex()


def old_middle(a):
    middle = a.issue("old-middle", "Old Intermediate", by=a.root, constraints=CA, start=-100, days=-5)
    return a.server_with("by-old", middle, by=middle)


def leaf_as_issuer(a):
    leaf = a.issue("no-ca", "no authority", by=a.root, constraints="CA:FALSE")
    return a.server_with("by-leaf", leaf, by=leaf)


def too_long(a):
    first = a.issue("short-path", "Short Intermediate", by=a.root,
                    constraints="critical, CA:TRUE, pathlen:0")
    second = a.issue("one-more", "One More", by=first, constraints=CA)
    return a.server_with("too-long", second, first, by=second)


def limited(a):
    middle = a.issue("limited", "Limited Intermediate", by=a.root, constraints=CA,
                     extensions=["nameConstraints = critical, permitted;DNS:example.test"])
    return a.server_with("outside", middle, by=middle)


def of_another(a):
    other = a.issue("other-root", "Other Root", constraints=CA)
    return a.server_with("of-another", other, by=other)


def self_signed(a):
    made = a.issue("self-signed", "self", names="DNS:localhost")
    made.write_both()
    return made


numbers = itertools.count()


def issued(**how):
    return lambda a: a.server_with(f"faulty{next(numbers)}", **how)


# What is wrong: how to make it, the name that is connected to, and words of the one line.
FAULTS = {
    "expired": (issued(start=-100, days=-50.5), "localhost", "has expired on", "(50 days ago); renew"),
    "not yet valid": (issued(start=50, days=100), "localhost", "is valid only from",
                      "clock of this machine"),
    "self-signed": (self_signed, "localhost", "is self-signed", "--pin sha256:"),
    "untrusted root": (of_another, "localhost", "the authority 'Other Root' is not trusted here",
                       "--ca FILE"),
    "no chain": (lambda a: a.server_with("lonely", by=a.middle), "localhost",
                 "'Test Intermediate' that signed it is unknown", "should send the whole chain"),
    "expired intermediate": (old_middle, "localhost",
                             "the authority 'Old Intermediate' has expired", "a newer chain"),
    "leaf as issuer": (leaf_as_issuer, "localhost", "'no authority' signed it and is no authority"),
    "path length": (too_long, "localhost", "the chain is longer than 'Short Intermediate' allows"),
    "name constraint": (limited, "localhost",
                        "'Limited Intermediate' may not certify localhost (only example.test)"),
    "common name alone": (issued(cn="localhost", names=None), "localhost",
                          "names localhost only in its subject (CN)", "subjectAltName"),
    "wrong names": (issued(cn="localhost", names="DNS:a.test,DNS:b.test,DNS:c.test,DNS:d.test"),
                    "localhost", "is for a.test, b.test, c.test (1 more), not for localhost"),
    "NUL in a name": (issued(names=der_of("localhost\0.evil.test")), "localhost",
                      r"is for localhost\x00.evil.test, not for localhost"),
    "two labels": (issued(names="DNS:*.example.test"), "a.b.example.test", "*.example.test",
                   "not for a.b.example.test"),
    "bare domain": (issued(names="DNS:*.example.test"), "example.test", "not for example.test"),
    "wildcard of a top": (issued(names="DNS:*.test"), "a.test", "is for *.test, not for a.test"),
    "part of a label": (issued(names="DNS:l*.example.test"), "left.example.test",
                        "not for left.example.test"),
    "address": (issued(), "127.0.0.1", "does not name the address 127.0.0.1", "names localhost"),
    "address as a name": (issued(names="DNS:127.0.0.1"), "127.0.0.1",
                          "does not name the address 127.0.0.1"),
    "for clients": (issued(uses="clientAuth"), "localhost", "is not for servers", "clientAuth"),
    "critical extension": (issued(extensions=["1.2.3.4.5 = critical, ASN1:NULL"]), "localhost",
                           "a critical extension that is not understood (1.2.3.4.5)"),
    "short key": (issued(key="short"), "localhost", "its key is too short (RSA 1024)",
                  "SECLEVEL=1"),
    "SHA-1": (issued(digest="sha1"), "localhost", "is signed with a weak hash (ecdsa-with-SHA1)",
              "SECLEVEL=0"),
}


@pytest.fixture(scope="session")
def made(authority):
    """made(FUNCTION) is what that returned when it was first asked for."""
    known = {}
    return lambda function: known.get(function) or known.setdefault(function, function(authority))


@pytest.fixture(params=FAULTS)
def fault(request, made):
    make, name, *said = FAULTS[request.param]
    return made(make), ["--server-name", name], said


MODES = pytest.mark.parametrize("mode", [[], ["--check"]], ids=["session", "check"])


@MODES
def test_refused(secure, fault, mode):
    """In one line, and before a byte of ours has gone."""
    identity, name, said = fault
    proc, server = secure(echo, *name, *mode, identity=identity, stdin=b"x")
    proc.fails(8, *said)
    assert not proc.out
    assert isinstance(server.result(), OSError)


@MODES
def test_insecure_says_why_all_the_same(secure, fault, mode):
    """The warning is there with -q, and in JSON the reason."""
    identity, name, said = fault
    proc, _ = secure(echo, *name, *mode, "-q", "--insecure", identity=identity, stdin=b"x")
    proc.wait()
    assert len(proc.lines) == 1 and "NOT verified: the identity of the server is unknown" in proc.err
    proc, server = secure(echo, *name, *mode, "--json", "--insecure", identity=identity, stdin=b"x")
    proc.wait()
    event = next(e for e in proc.events if e["event"] == "secured")
    assert event["verified"] is False
    for word in said:
        assert word in event["reason"]
    assert mode or server.result() == b"x"


def test_no_extended_use_at_all(secure, authority):
    proc, server = secure(echo, identity=authority.server_with("any-use", uses=None), stdin=b"x")
    proc.wait()
    assert server.result() == b"x"


@pytest.mark.parametrize("name, host", [("DNS:*.example.test", "a.example.test"),
                                        ("DNS:LocalHost", "localhost"),
                                        ("IP:127.0.0.1", "127.0.0.1"),
                                        ("IP:fe80::1", "fe80::1%lo")])
def test_names_that_match(secure, authority, name, host):
    proc, server = secure(echo, "--server-name", host,
                          identity=authority.server_with("matching", names=name), stdin=b"x")
    proc.wait()
    assert server.result() == b"x"


@pytest.mark.parametrize("host, asked", [("localhost", "localhost"), ("127.0.0.1", None),
                                         ("LOCALHOST.", "LOCALHOST")])
def test_what_name_the_server_is_asked_for(secure, host, asked):
    names = []

    def note(_, name, __):
        names.append(name)

    proc, _ = secure(echo, "--server-name", host, options={"set_servername_callback": note},
                     stdin=b"")
    proc.wait()
    assert names == [asked]


CHAINS = {
    "whole": lambda a: [a.middle],
    "with the root": lambda a: [a.middle, a.root],
    "unordered": lambda a: [a.root, a.middle],
    "with a stranger": lambda a: [a.client, a.middle],
}


@MODES
@pytest.mark.parametrize("chain", CHAINS)
def test_chains_that_are_good(secure, authority, chain, mode):
    identity = authority.server_with("chained", *CHAINS[chain](authority), by=authority.middle)
    proc, _ = secure(echo, *mode, identity=identity, stdin=b"x")
    proc.wait()


@MODES
@pytest.mark.parametrize("trusted", ["server", "middle"])
def test_any_certificate_of_the_chain_may_be_trusted(secure, authority, trusted, mode):
    trust = getattr(authority, trusted).cert
    proc, _ = secure(echo, *mode, "--ca", trust, trust=False, stdin=b"x")
    proc.wait()


REVOKED = {
    "revoked": (lambda a, s: a.revocations("has", a.root, s), "it was revoked on", "(keyCompromise)"),
    "outdated": (lambda a, s: a.revocations("old", a.root, days=-5),
                 "the list of 'Test Root' given with --crl is out of date since"),
    "of another": (lambda a, s: a.revocations("other", a.middle),
                   "--crl has no list of 'Test Root'"),
    "clean": (lambda a, s: a.revocations("clean", a.root, a.client),),
}


@MODES
@pytest.mark.parametrize("insecure", [False, True])
@pytest.mark.parametrize("kind", REVOKED)
def test_lists_of_what_is_revoked(secure, authority, kind, insecure, mode):
    identity = authority.server_with("listed")
    make, *said = REVOKED[kind]
    words = ["--crl", make(authority, identity), *(["--insecure", "--json"] if insecure else [])]
    proc, server = secure(echo, *mode, *words, identity=identity, stdin=b"x")
    if said and not insecure:
        proc.fails(8, *said)
        return
    proc.wait()
    if insecure:
        event = next(e for e in proc.events if e["event"] == "secured")
        assert event["verified"] is not bool(said)
        assert all(word in event["reason"] for word in said)


def test_pins(secure, made):
    """The right key is enough, also as the second of two and for a certificate that has expired."""
    identity = made(FAULTS["expired"][0])
    right, wrong = identity.pin(), "sha256:" + "0" * 64
    for words in (["--pin", right], ["--pin", wrong, "--pin", right]):
        proc, server = secure(echo, *words, "-v", identity=identity, trust=False, stdin=b"x")
        proc.wait()
        assert server.result() == b"x"
        assert "has expired on" in proc.err
    secure(echo, "--pin", wrong, identity=identity, trust=False)[0].fails(8, right)
    proc, _ = secure(echo, "--check", "--expires-within", "1d", "--pin", right, identity=identity,
                     trust=False)
    proc.fails(8, "has expired on", "(50 days ago)")
    # With an authority, both must hold.
    secure(echo, "--pin", right, identity=identity)[0].fails(8, "has expired on")


def test_what_the_remedy_for_a_weak_certificate_accepts(secure, made):
    for kind in ("short key", "SHA-1"):
        proc, server = secure(echo, *WEAK, identity=made(FAULTS[kind][0]), stdin=b"x")
        proc.wait()
        assert server.result() == b"x"


# What strangers put into certificates.

@pytest.mark.parametrize("name", ["\x1b[2J\x1b]0;x\x07.test", "\u202egro.elpmaxe", "a\nb: c.test",
                                  "\x9b31mred"], ids=ascii)
@pytest.mark.parametrize("words", [[], ["--show-certificates"], ["--json", "--show-certificates"]],
                         ids=" ".join)
def test_names_are_shown_escaped(secure, authority, name, words):
    identity = authority.server_with("hostile", names=der_of(name), cn=name.replace("\n", ""))
    proc, _ = secure(echo, *words, identity=identity, stdin=b"")
    proc.wait(8)
    assert "for localhost" in proc.err
    text = proc.err.replace("\n", "")
    assert text.isprintable() and "\u202e" not in text
    assert proc.events if "--json" in words else all(
        re.match(r"sockctl: connect: |  ", line) for line in proc.lines)


@pytest.mark.parametrize("words", [[], ["--show-certificates"], ["--json", "--show-certificates"]],
                         ids=" ".join)
def test_ten_thousand_names(secure, authority, words):
    names = ",".join(f"DNS:{n}.a" for n in range(10_000))
    identity = authority.server_with("many-names", names=names)
    proc, _ = secure(echo, *words, identity=identity, stdin=b"")
    proc.wait(8)
    assert "(9997 more), not for localhost" in proc.err
    assert len(proc.err) < 4000


def test_chain_of_more_than_is_read(secure, authority):
    large = authority.server_with("large", names=",".join(f"DNS:{n:05}.test" for n in range(8000)))
    proc, _ = secure(echo, identity=large, stdin=b"")
    proc.fails(8)
    assert len(proc.err) < 400


def test_chain_of_twenty(secure, authority):
    """More than is shown in full; all of them are verified."""
    chain = [authority.root]
    for n in range(19):
        chain.append(authority.issue(f"link{n}", f"Link {n}", by=chain[-1], constraints=CA))
    identity = authority.server_with("twenty", *reversed(chain[1:]), by=chain[-1])
    proc, _ = secure(echo, "--show-certificates", identity=identity, stdin=b"x")
    proc.wait()
    assert proc.out == b"x"
    assert len(proc.err) < 16_000
