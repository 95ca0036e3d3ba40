# SPDX-License-Identifier: ISC
"""Hosts with an /etc and name servers of their own, for tests of names and tables."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FILES = {
    "nsswitch.conf": "hosts: files dns\nservices: files\nprotocols: files\nnetworks: files\n",
    "resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
    "hosts": "127.0.0.1 localhost\n::1 ip6-localhost\n",
    "passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "group": "root:x:0:\n",
}


class Host:
    """A process that holds name spaces; `wrap` are the words that put a command into them."""

    def __init__(self, directory, files, servers):
        etc = directory / "etc"
        etc.mkdir()
        for name, content in (FILES | files).items():
            if content is not None:
                (etc / name).write_bytes(content if isinstance(content, bytes)
                                         else content.encode())
        words = [sys.executable, Path(__file__).with_name("names_host.py"), etc]
        for address, server in servers.items():
            if server != "odd":  # the configuration of dnsmasq
                config = directory / f"dnsmasq-{address}"
                config.write_text(server)
                server = f"dnsmasq:{config}"
            words.append(f"{address}={server}")
        self.holder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        pid = self.holder.stdout.readline().decode().strip()
        if not pid and self.holder.wait() == 77:
            self.close()
            pytest.skip("the system does not allow name spaces")
        assert pid, "the host did not come up"
        self.wrap = ["nsenter", "-t", pid, "-m", "-n", "--"]

    def close(self):
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()


@pytest.fixture(scope="module")
def make_host(tmp_path_factory):
    """make_host(files, servers): the files of /etc by name (None for none), servers by address."""
    hosts = []
    if not shutil.which("nsenter"):
        pytest.skip("nsenter is not installed")

    def make(files=None, servers=None):
        if "odd" not in (servers or {}).values() and servers and not shutil.which("dnsmasq"):
            pytest.skip("dnsmasq is not installed")
        hosts.append(Host(tmp_path_factory.mktemp("host"), files or {}, servers or {}))
        return hosts[-1]

    yield make
    for host in hosts:
        host.close()
