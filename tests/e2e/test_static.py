# SPDX-License-Identifier: ISC
"""The program without shared libraries, whose table of OpenSSL's functions the linker has filled."""

import os
import subprocess
from pathlib import Path

import pytest

from harness import DEVNULL, PROGRAM
from tls_server import VERSIONS, Server, echo

STATIC = Path(PROGRAM).resolve().parent / "tests" / "e2e" / "sockctl-static"

pytestmark = [
    pytest.mark.tls,
    pytest.mark.skipif(not STATIC.exists(), reason="the static program was not built"),
]


@pytest.mark.needs("readelf")
def test_it_is_static():
    headers = subprocess.run(["readelf", "-lW", STATIC], check=True, stdout=subprocess.PIPE).stdout
    assert b"INTERP" not in headers and b"DYNAMIC" not in headers
    told = subprocess.run([STATIC, "--version"], check=True, stdout=subprocess.PIPE).stdout
    assert b"\ntls: OpenSSL 3, linked " in told


@pytest.mark.parametrize("version", VERSIONS)
def test_client(sockctl, authority, version):
    """The library must not be looked for where there is none."""
    server = Server(authority.server, echo, maximum_version=VERSIONS[version])
    proc = sockctl("connect", "--tls", "--ca", authority.root.cert, "127.0.0.1", server.port,
                   stdin=b"request", program=STATIC, env={"PATH": os.environ["PATH"]})
    proc.wait()
    assert proc.out == b"request" == server.result()


def test_server(sockctl, authority):
    server = sockctl("listen", "--tls", "--cert", authority.server.both, "127.0.0.1", 0,
                     stdin=DEVNULL, program=STATIC)
    sockctl("connect", "--tls", "--ca", authority.root.cert, "127.0.0.1", server.port,
            stdin=b"request").wait()
    server.wait()
    assert server.out == b"request"


def test_certificate_that_is_refused(sockctl, authority):
    server = Server(authority.server, echo)
    sockctl("connect", "--tls", "127.0.0.1", server.port, program=STATIC).fails(
        8, "the authority 'Test Root'", "--ca FILE")
